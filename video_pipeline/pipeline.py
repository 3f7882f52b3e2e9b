"""The sentence of the project, as functions that every door calls.

A listing says what the seller states; footage is what the camera saw; analysis finds what each
moment shows; an edit chooses what to show; overlays say what must be said; trust decides what may
be claimed; rendering makes it; delivery packs it for each placement.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.analysis.scan import analyse
from video_pipeline.delivery.folder import Clip, deliver
from video_pipeline.delivery.publishing import KEY_FRAMES, MANIFEST, check_target, published
from video_pipeline.delivery.stills import Still, write_keyframes
from video_pipeline.edit.file import check_edit, is_edit, read_edit, write_edit
from video_pipeline.edit.honesty import unsaid_notes
from video_pipeline.edit.keyframes import pick_keyframes
from video_pipeline.edit.model import Edit
from video_pipeline.edit.planning import plan
from video_pipeline.edit.shots import Brief
from video_pipeline.errors import (
    ClaimError,
    ListingError,
    PipelineError,
    Problem,
    RenderError,
    UsageError,
)
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.listing.footage_paths import check_seen, resolve_footage
from video_pipeline.listing.model import ListingFile
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.storyboards import Storyboard, load_storyboard
from video_pipeline.progress import Listener, Step, silent
from video_pipeline.rendering.check import Finding, check
from video_pipeline.rendering.joining import DamagedError, join
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.rendering.pieces import Encoded, Piece, encode
from video_pipeline.rendering.sound import make_track
from video_pipeline.replacing import replaced
from video_pipeline.store import Store, file_digest
from video_pipeline.trust.badge import verify
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.wording import load_wording, promises

# Rules of `check` that depend on what the seller gave, not on how the clip was made.
_SELLERS_RULES = {"duration", "bytes"}
_STORYBOARD = "showcase"


@dataclass(frozen=True)
class Settings:
    """Where things are kept and looked up; None means the shipped folders."""

    store: Store
    presets: Path | None = None
    overlays: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """A listing with everything that was found out about it before any decision."""

    listing: ListingFile
    footage: Mapping[str, Footage]
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Rendered:
    """One clip in the output folder."""

    placement: str
    file: Path
    duration_s: float
    bytes: int
    pieces: int
    encoded: int
    claims: tuple[str, ...]
    warnings: tuple[str, ...]
    edit: Edit


def open_footage(paths: Sequence[Path]) -> dict[str, Footage]:
    """Probe footage files; names them by file name, with a number where two are alike."""
    footage: dict[str, Footage] = {}
    for path in paths:
        found = probe(path)
        name, number = found.name, 1
        while name in footage:
            number += 1
            name = f"{found.path.stem}-{number}{found.path.suffix}"
        footage[name] = found
    return footage


def prepare(listing_path: Path, settings: Settings, *, require_badge: bool = False) -> Prepared:
    """Read a listing, probe its footage and verify its certificates.

    Raises ListingError, FootageError, or ClaimError when a badge is required and not earned.
    """
    listing = _read(listing_path, settings)
    paths = resolve_footage(listing)
    check_seen(listing, paths)
    return _verified(listing, open_footage(paths), settings, require_badge=require_badge)


def _read(listing_path: Path, settings: Settings) -> ListingFile:
    return read_listing(
        listing_path,
        settings.presets,
        writable=lambda text: unwritable(text, settings.overlays),
    )


def _verified(
    listing: ListingFile, footage: Mapping[str, Footage], settings: Settings, *, require_badge: bool
) -> Prepared:
    """A listing whose footage is open, with its certificates verified."""
    # A person's presets folder need not hold every kind of preset.
    own = settings.presets / "issuers" if settings.presets else None
    issuers = own if own is not None and own.is_dir() else None
    claims, refusals = verify(
        listing,
        now=datetime.now(UTC),
        issuers_folder=issuers,
        wording=load_wording(own=settings.presets),
    )
    if require_badge and not claims:
        first = refusals[0] if refusals else None
        raise ClaimError(
            f"no certificate could be verified: {first.reason}"
            if first
            else "the listing names no certificate",
            where=first.file if first else listing.path.name,
            mend=first.mend if first else "add one under certificates:, or leave --require-badge",
        )
    return Prepared(listing, footage, claims, refusals)


def analyse_all(
    footage: Mapping[str, Footage], settings: Settings, listener: Listener = silent
) -> dict[str, Analysis]:
    """What each moment of each file shows."""
    return {name: analyse(item, settings.store, listener) for name, item in footage.items()}


def plan_listing(
    prepared: Prepared,
    placement: Placement,
    analyses: Mapping[str, Analysis],
    settings: Settings,
    storyboard: Storyboard,
) -> Edit:
    """Choose what to show of a prepared listing on one placement."""
    brief = Brief(
        listing=prepared.listing,
        storyboard=storyboard,
        placement=placement,
        scale=load_scale(prepared.listing.condition.scale, settings.presets),
        claims=prepared.claims,
        refusals=prepared.refusals,
        words=settings.overlays,
    )
    return plan(brief, analyses)


def prepare_and_plan(
    listing_path: Path,
    placement: str,
    settings: Settings,
    *,
    storyboard: str = _STORYBOARD,
    listener: Listener = silent,
) -> Edit:
    """The edit of a listing for one placement."""
    place = load_placement(placement, settings.presets)
    board = load_storyboard(storyboard, settings.presets)
    prepared = prepare(listing_path, settings)
    analyses = analyse_all(prepared.footage, settings, listener)
    return plan_listing(prepared, place, analyses, settings, board)


def write_plan(
    listing_path: Path,
    edit_path: Path | None,
    placement: str,
    settings: Settings,
    *,
    storyboard: str = _STORYBOARD,
    force: bool = False,
    listener: Listener = silent,
) -> tuple[Edit, Path]:
    """Plan a listing and write the edit to `edit_path`, or SKU.edit.json in the working folder.

    Returns the edit as it stands in its file, and that file. Raises UsageError, before any work,
    when another file stands there, or an edit and `force` is not given: it may hold a person's
    changes.
    """
    edit_path = edit_path or Path(f"{_read(listing_path, settings).sku}.edit.json")
    if edit_path.exists():
        _check_replaceable(edit_path, listing_path, force=force)
    edit = prepare_and_plan(
        listing_path, placement, settings, storyboard=storyboard, listener=listener
    )
    told = portable(edit, listing_path, edit_path)
    with replaced(edit_path) as part:
        write_edit(told, part)
    return told, edit_path


def _check_replaceable(edit_path: Path, listing_path: Path, *, force: bool) -> None:
    if listing_path.exists() and edit_path.samefile(listing_path):
        raise UsageError(
            "this is the listing itself", where=str(edit_path), mend="name another file"
        )
    if not is_edit(edit_path):
        raise UsageError(
            "something other than an edit stands here",
            where=str(edit_path),
            mend="name another file with --output",
        )
    if not force:
        raise UsageError(
            "there is an edit already, and you may have changed it",
            where=str(edit_path),
            mend="add --force to replace it, or name another file with --output",
        )


def portable(edit: Edit, listing_path: Path, edit_path: Path) -> Edit:
    """The edit with its paths told from where its file will stand."""
    home = edit_path.resolve().parent
    sources = {
        name: replace(source, path=os.path.relpath(source.path, home))
        for name, source in edit.sources.items()
    }
    return replace(edit, listing=os.path.relpath(listing_path.resolve(), home), sources=sources)


def write_key_frames(
    paths: Sequence[Path],
    output: Path,
    shows: Sequence[str],
    most: int,
    settings: Settings,
    *,
    listener: Listener = silent,
) -> tuple[Still, ...]:
    """The best frames of footage files, as JPEGs in `output` with one contact sheet.

    `output` is complete or untouched. Raises UsageError when it holds anything but earlier key
    frames or a word is not known, FootageError for a file that is no video.
    """
    pick_keyframes({}, shows, most)  # a mistyped word is refused before anything is looked at
    footage = open_footage(paths)
    check_target(output, None)
    with _whole_folder(output, None) as folder:
        analyses = analyse_all(footage, settings, listener)
        stills = write_keyframes(pick_keyframes(analyses, shows, most), footage, folder)
        files = sorted(path for path in folder.iterdir() if path.is_file())
        manifest = {"kind": KEY_FRAMES, "files": {path.name: file_digest(path) for path in files}}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return tuple(replace(still, file=output / still.file.name) for still in stills)


def render(
    path: Path,
    output: Path | None,
    settings: Settings,
    *,
    placements: Sequence[str] | None = None,
    storyboard: str | None = None,
    require_badge: bool = False,
    listener: Listener = silent,
) -> list[Rendered]:
    """Render a listing or an edit, whichever the file is.

    Raises UsageError when an edit comes with what it has decided already.
    """
    if not is_edit(path):
        return render_listing(
            path,
            output,
            ["tiktok"] if placements is None else placements,
            settings,
            storyboard=storyboard or _STORYBOARD,
            require_badge=require_badge,
            listener=listener,
        )
    for option, given, what in (
        ("--placement", placements, "for one placement"),
        ("--storyboard", storyboard, "after one storyboard"),
    ):
        if given is not None:
            raise UsageError(
                f"an edit is made {what} already",
                where=option,
                mend="leave it out, or plan the listing again",
            )
    return render_edit(path, output, settings, require_badge=require_badge, listener=listener)


def render_listing(
    listing_path: Path,
    output: Path | None,
    placements: Sequence[str],
    settings: Settings,
    *,
    storyboard: str = _STORYBOARD,
    require_badge: bool = False,
    listener: Listener = silent,
) -> list[Rendered]:
    """Everything: from a listing file to a finished output folder, one clip per placement."""
    places = [load_placement(name, settings.presets) for name in dict.fromkeys(placements)]
    if not places:
        raise UsageError("no placement is named", where="--placement", mend="name one: tiktok")
    board = load_storyboard(storyboard, settings.presets)
    prepared = prepare(listing_path, settings, require_badge=require_badge)
    output = output or Path("out") / prepared.listing.sku
    check_target(output, prepared.listing.sku)
    # A folder that cannot be written is found out now, not after minutes of work.
    with _whole_folder(output, prepared.listing.sku) as folder:
        analyses = analyse_all(prepared.footage, settings, listener)
        edits = [
            (plan_listing(prepared, place, analyses, settings, board), place) for place in places
        ]
        clips = _render(
            prepared,
            edits,
            analyses,
            folder,
            settings,
            require_badge=require_badge,
            listener=listener,
        )
        return _rendered(clips, output)


def render_edit(
    edit_path: Path,
    output: Path | None,
    settings: Settings,
    *,
    require_badge: bool = False,
    listener: Listener = silent,
) -> list[Rendered]:
    """Render an edit that a person has changed by hand.

    The badge is earned anew: a badge in the edit is drawn only for a certificate that this run
    verified, whatever the file says. What the edit no longer says of the listing's flaws is warned
    of.
    """
    edit = read_edit(edit_path)
    home = edit_path.resolve().parent
    place = load_placement(edit.placement, settings.presets)
    listing = _read((home / edit.listing).resolve(), settings)
    wanted = [(home / source.path).resolve() for source in edit.sources.values()]
    footage = dict(zip(edit.sources, open_footage(wanted).values(), strict=True))
    for name, source in edit.sources.items():
        if footage[name].digest != source.digest:
            raise ListingError(
                f"{source.path} is not the file that this edit was made for",
                where=edit_path.name,
                problems=[Problem(name, "its content has changed", "plan it again")],
            )
    if (edit.width, edit.height, edit.rate) != (place.width, place.height, place.rate):
        raise ListingError(
            f"the edit is {edit.width} x {edit.height} at {edit.rate} frames/s, which is not what "
            f"'{place.name}' asks for",
            where=edit_path.name,
            problems=[Problem(edit_path.name, "its size or rate was changed", "plan it again")],
        )
    check_edit(edit, footage, edit_path.name)
    prepared = _verified(listing, footage, settings, require_badge=require_badge)
    unsaid = unsaid_notes(edit, listing, settings.overlays)
    warnings = (f"the edit no longer says a flaw of the listing: {line}" for line in unsaid)
    edit = replace(edit, warnings=tuple(dict.fromkeys((*edit.warnings, *warnings))))
    output = output or Path("out") / prepared.listing.sku
    check_target(output, prepared.listing.sku)
    with _whole_folder(output, prepared.listing.sku) as folder:
        analyses = analyse_all(footage, settings, listener)
        clips = _render(
            prepared,
            [(edit, place)],
            analyses,
            folder,
            settings,
            require_badge=require_badge,
            listener=listener,
        )
        return _rendered(clips, output)


def _render(
    prepared: Prepared,
    edits: Sequence[tuple[Edit, Placement]],
    analyses: Mapping[str, Analysis],
    folder: Path,
    settings: Settings,
    *,
    require_badge: bool,
    listener: Listener,
) -> list[Clip]:
    """Draw, encode, join, check and pack the edits into `folder`."""
    sku = prepared.listing.sku
    drawn = [
        draw_overlays(
            edit,
            place,
            item=prepared.listing.item,
            claims=prepared.claims,
            store=settings.store,
            own=settings.overlays,
        )
        for edit, place in edits
    ]
    for (_, place), overlays in zip(edits, drawn, strict=True):
        if require_badge and not overlays.claims:
            raise ClaimError(
                f"the certificate is verified, but no shot of the clip for '{place.name}' shows it",
                where=prepared.listing.path.name,
                mend="leave --require-badge, or choose a placement and a storyboard with a badge",
            )
    pieces = [
        Piece(cut, prepared.footage[cut.source], layers, place)
        for (edit, place), overlays in zip(edits, drawn, strict=True)
        for cut, layers in zip(edit.cuts, overlays.layers, strict=True)
    ]
    frames = sum(piece.cut.frames for piece in pieces)
    done = 0

    def count(encoded: Encoded) -> None:
        nonlocal done
        done += encoded.frames
        listener(Step("encoding", sku, done, frames))

    listener(Step("encoding", sku, 0, frames))
    encoded = encode(pieces, settings.store, count)
    clips: list[Clip] = []
    place_in = 0
    for (edit, place), overlays in zip(edits, drawn, strict=True):
        own = encoded[place_in : place_in + len(edit.cuts)]
        place_in += len(edit.cuts)
        listener(Step("joining", place.name, place_in, len(pieces)))
        track = make_track(edit, prepared.footage, place, settings.store)
        file = folder / f"{sku}.{place.name}.mp4"
        try:
            join(own, track.path, edit.rate, file)
        except DamagedError as error:
            settings.store.drop(error.file)
            raise
        findings = check(file, place)
        warnings = (
            *edit.warnings,
            *promises(prepared.listing),
            *((track.warning,) if track.warning else ()),
        )
        clips.append(
            Clip(edit, place, file, tuple(own), overlays, (*warnings, *_judged(findings, file)))
        )
    listener(Step("packing", sku, 0, 1))
    deliver(
        folder,
        listing=prepared.listing,
        footage=prepared.footage,
        analyses=analyses,
        clips=clips,
        claims=prepared.claims,
        refusals=prepared.refusals,
    )
    listener(Step("packing", sku, 1, 1))
    return clips


@contextmanager
def _whole_folder(output: Path, sku: str | None) -> Iterator[Path]:
    """`published`, with errors that name the folder a person asked for, not the private one."""
    with published(output, sku) as folder:
        try:
            yield folder
        except PipelineError as error:
            error.where = error.where.replace(str(folder), str(output))
            error.mend = error.mend.replace(str(folder), str(output))
            raise


def _judged(findings: Sequence[Finding], file: Path) -> list[str]:
    """Findings about the seller's material, as warnings. Raises RenderError for our own faults."""
    for finding in findings:
        if finding.rule not in _SELLERS_RULES:
            raise RenderError(
                f"the finished clip failed its check of {finding.rule}: wanted {finding.want}, "
                f"got {finding.got}",
                where=file.name,
                mend="run with --debug and report this",
            )
    return [f"{f.rule}: wanted {f.want}, got {f.got}; {f.mend}" for f in findings]


def _rendered(clips: Sequence[Clip], output: Path) -> list[Rendered]:
    """What each clip cost and holds; a piece that several clips share is counted once."""
    counted: set[Path] = set()
    rendered = []
    for clip in clips:
        fresh = {piece.path for piece in clip.pieces if piece.fresh} - counted
        counted |= fresh
        rendered.append(
            Rendered(
                placement=clip.placement.name,
                file=output / clip.file.name,
                duration_s=round(clip.edit.duration_s, 3),
                bytes=clip.file.stat().st_size,
                pieces=len(clip.pieces),
                encoded=len(fresh),
                claims=clip.overlays.claims,
                warnings=clip.warnings,
                edit=clip.edit,
            )
        )
    return rendered
