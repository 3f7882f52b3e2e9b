"""Rendering: from a listing, or an edit, to a finished output folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.delivery.folder import Clip, deliver
from video_pipeline.delivery.publishing import published
from video_pipeline.edit.corrections import as_filmed
from video_pipeline.edit.coverage import Coverage
from video_pipeline.edit.file import check_edit, is_edit, read_edit
from video_pipeline.edit.honesty import promising_lines, unsaid_notes
from video_pipeline.edit.model import Edit
from video_pipeline.edit.story import read_storyboard
from video_pipeline.errors import (
    ClaimError,
    ListingError,
    Problem,
    RenderError,
    UsageError,
)
from video_pipeline.pipeline.coverage import check_requirable, coverage_of
from video_pipeline.pipeline.planning import STORYBOARD, plan_listing
from video_pipeline.pipeline.preparing import (
    Prepared,
    Settings,
    analyse_all,
    open_sources,
    prepare,
    read_checked,
    verified,
)
from video_pipeline.pipeline.steadying import windowed
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.previews import load_preview
from video_pipeline.progress import Listener, Step, silent
from video_pipeline.rendering import budget
from video_pipeline.rendering.check import Finding, check
from video_pipeline.rendering.joining import DamagedError, join
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.rendering.pieces import Encoded, Piece, encode
from video_pipeline.rendering.sound import make_track
from video_pipeline.trust.wording import promises

# Rules of `check` that depend on what the seller gave, not on how the clip was made.
_SELLERS_RULES = {"duration", "bytes"}


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
    coverage: Coverage


def render(
    path: Path,
    output: Path | None,
    settings: Settings,
    *,
    placements: Sequence[str] | None = None,
    storyboard: str | None = None,
    require_badge: bool = False,
    required: Sequence[str] = (),
    listener: Listener = silent,
) -> list[Rendered]:
    """Render a listing or an edit, whichever the file is.

    `required` names views that the footage has to show. Raises UsageError when an edit comes with
    what it has decided already, and FootageError, before anything is rendered, when one is missing.
    """
    if not is_edit(path):
        return render_listing(
            path,
            output,
            ["tiktok"] if placements is None else placements,
            settings,
            storyboard=storyboard or STORYBOARD,
            require_badge=require_badge,
            required=required,
            listener=listener,
        )
    for option, given, what in (
        ("--placement", placements, "for one placement"),
        ("--storyboard", storyboard, "after one storyboard"),
        ("--lang", settings.lang, "in one language"),
    ):
        if given is not None:
            raise UsageError(
                f"an edit is made {what} already",
                where=option,
                mend="leave it out, or plan the listing again",
            )
    return render_edit(
        path,
        output,
        settings,
        require_badge=require_badge,
        required=required,
        listener=listener,
    )


def render_listing(
    listing_path: Path,
    output: Path | None,
    placements: Sequence[str],
    settings: Settings,
    *,
    storyboard: str = STORYBOARD,
    require_badge: bool = False,
    required: Sequence[str] = (),
    listener: Listener = silent,
) -> list[Rendered]:
    """Everything: from a listing file to a finished output folder, one clip per placement."""
    places = [load_placement(name, settings.presets) for name in dict.fromkeys(placements)]
    if not places:
        raise UsageError("no placement is named", where="--placement", mend="name one: tiktok")
    board = read_storyboard(storyboard, settings.presets, settings.words)
    prepared = prepare(listing_path, settings, require_badge=require_badge)

    def planned(analyses: Mapping[str, Analysis]) -> list[tuple[Edit, Placement]]:
        return [
            (plan_listing(prepared, place, analyses, settings, board, listener=listener), place)
            for place in places
        ]

    return _publish(
        prepared,
        planned,
        output,
        settings,
        require_badge=require_badge,
        required=required,
        listener=listener,
    )


def render_edit(
    edit_path: Path,
    output: Path | None,
    settings: Settings,
    *,
    require_badge: bool = False,
    required: Sequence[str] = (),
    listener: Listener = silent,
) -> list[Rendered]:
    """Render an edit that a person has changed by hand.

    The badge is earned anew: a badge in the edit is drawn only for a certificate that this run
    verified, whatever the file says. What the edit no longer says of the listing's flaws is warned
    of.
    """
    edit = read_edit(edit_path)
    if edit.as_filmed or settings.as_filmed:
        edit = as_filmed(edit)
    settings = replace(settings, lang=edit.lang)
    home = edit_path.resolve().parent
    place = load_placement(edit.placement, settings.presets)
    listing = read_checked((home / edit.listing).resolve(), settings)
    footage = open_sources(edit, edit_path)
    if (edit.width, edit.height, edit.rate) != (place.width, place.height, place.rate):
        raise ListingError(
            f"the edit is {edit.width} x {edit.height} at {edit.rate} frames/s, which is not what "
            f"'{place.name}' asks for",
            where=edit_path.name,
            problems=[Problem(edit_path.name, "its size or rate was changed", "plan it again")],
        )
    check_edit(edit, footage, edit_path.name)
    prepared = verified(listing, footage, settings, require_badge=require_badge)
    unsaid = unsaid_notes(edit, listing, settings.overlays)
    warnings = [f"the edit no longer says a flaw of the listing: {line}" for line in unsaid]
    if settings.detector is not None:
        warnings.append(
            f"the edit has chosen its shots already: '{settings.detector.name}' finds the key "
            "frames beside the clip and changes nothing in it; to choose anew, plan the listing"
        )
    edit = replace(edit, warnings=tuple(dict.fromkeys((*edit.warnings, *warnings))))
    return _publish(
        prepared,
        lambda _analyses: [(edit, place)],
        output,
        settings,
        require_badge=require_badge,
        required=required,
        listener=listener,
    )


def _publish(
    prepared: Prepared,
    choose: Callable[[Mapping[str, Analysis]], list[tuple[Edit, Placement]]],
    output: Path | None,
    settings: Settings,
    *,
    require_badge: bool,
    required: Sequence[str],
    listener: Listener,
) -> list[Rendered]:
    """Look at the footage, choose, and render into an output folder that is whole or untouched."""
    check_requirable(prepared, required, settings)
    output = output or Path("out") / prepared.listing.sku
    # A folder that cannot be written is found out now, not after minutes of work.
    with published(output, prepared.listing.sku) as folder:
        analyses = analyse_all(prepared.footage, settings, listener)
        coverage = coverage_of(prepared, analyses, settings, required)
        clips = _render(
            prepared,
            choose(analyses),
            analyses,
            folder,
            settings,
            coverage=coverage,
            require_badge=require_badge,
            listener=listener,
        )
        return _rendered(clips, coverage, output)


def _render(
    prepared: Prepared,
    edits: Sequence[tuple[Edit, Placement]],
    analyses: Mapping[str, Analysis],
    folder: Path,
    settings: Settings,
    *,
    coverage: Coverage,
    require_badge: bool,
    listener: Listener,
) -> list[Clip]:
    """Draw, encode, join, check and pack the edits into `folder`."""
    sku = prepared.listing.sku
    made = [windowed(edit, prepared.footage, settings.store, listener) for edit, _ in edits]
    edits = [(edit, place) for (edit, _), (_, place) in zip(made, edits, strict=True)]
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
        Piece(cut, prepared.footage[cut.source], layers, place, measured=measured)
        for (_, place), (_, cuts), overlays in zip(edits, made, drawn, strict=True)
        for measured in (budget.may_exceed(place, sum(cut.frames for cut in cuts)),)
        for cut, layers in zip(cuts, overlays.layers, strict=True)
    ]
    encoded = _encode(pieces, settings, sku, listener)
    clips: list[Clip] = []
    place_in = 0
    for (edit, place), overlays in zip(edits, drawn, strict=True):
        here = slice(place_in, place_in + len(edit.cuts))
        place_in = here.stop
        track = make_track(edit, prepared.footage, place, settings.store)
        own, heavy = encoded[here], None
        sound_bytes = track.path.stat().st_size
        if again := budget.within(pieces[here], own, sound_bytes):
            heavy = budget.too_tight(pieces[here], own, sound_bytes)
            first, own = own, _encode(again, settings, sku, listener)
            own = [
                replace(one, fresh=one.fresh or was.fresh)
                for one, was in zip(own, first, strict=True)
            ]
        listener(Step("joining", place.name, place_in, len(pieces)))
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
            *promising_lines(edit, prepared.listing),
            *((track.warning,) if track.warning else ()),
            *((heavy,) if heavy else ()),
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
        coverage=coverage,
        claims=prepared.claims,
        refusals=prepared.refusals,
        preview=load_preview(own=settings.presets),
        own=settings.overlays,
    )
    listener(Step("packing", sku, 1, 1))
    return clips


def _encode(
    pieces: Sequence[Piece], settings: Settings, sku: str, listener: Listener
) -> list[Encoded]:
    """Encode pieces and tell how far it has come."""
    frames = sum(piece.cut.frames for piece in pieces)
    done = 0

    def count(encoded: Encoded) -> None:
        nonlocal done
        done += encoded.frames
        listener(Step("encoding", sku, done, frames))

    listener(Step("encoding", sku, 0, frames))
    return encode(pieces, settings.store, count)


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


def _rendered(clips: Sequence[Clip], coverage: Coverage, output: Path) -> list[Rendered]:
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
                coverage=coverage,
            )
        )
    return rendered
