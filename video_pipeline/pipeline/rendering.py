"""Rendering: from a listing, or an edit, to a finished output folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.delivery.folder import Clip, deliver
from video_pipeline.delivery.posting import Desk
from video_pipeline.delivery.publishing import published
from video_pipeline.edit.burned_in import burnable, held_to
from video_pipeline.edit.corrections import as_filmed
from video_pipeline.edit.coverage import Coverage
from video_pipeline.edit.file import check_edit, is_edit, read_edit
from video_pipeline.edit.honesty import masked, promising_lines, unsaid_notes
from video_pipeline.edit.model import Edit
from video_pipeline.edit.placing import clearing
from video_pipeline.edit.story import read_storyboard
from video_pipeline.errors import (
    ClaimError,
    ListingError,
    Problem,
    UsageError,
)
from video_pipeline.footage.probe import unchanged
from video_pipeline.listing.model import ListingFile
from video_pipeline.pipeline.coverage import check_requirable, coverage_of
from video_pipeline.pipeline.encoding import encode_all, pieces_of
from video_pipeline.pipeline.hearing import Sounds, open_music
from video_pipeline.pipeline.planning import STORYBOARD, plan_listing
from video_pipeline.pipeline.preparing import (
    Prepared,
    Settings,
    analyse_all,
    dressed,
    open_sources,
    prepare,
    read_checked,
    still_claimed,
    verified,
)
from video_pipeline.pipeline.sharing import Sharing, shared_pictures
from video_pipeline.pipeline.sightings import seen_on_camera
from video_pipeline.pipeline.steadying import windowed
from video_pipeline.pipeline.veiling import check_covered, open_looks
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.previews import load_preview
from video_pipeline.progress import Listener, Step, silent
from video_pipeline.rendering import budget
from video_pipeline.rendering.check import Made, judge
from video_pipeline.rendering.facts import facts_of
from video_pipeline.rendering.finding import judged
from video_pipeline.rendering.joining import DamagedError, join
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.rendering.playing import play_joined, play_pieces
from video_pipeline.rendering.rehearsal import Chosen, choose
from video_pipeline.rendering.sound import make_track
from video_pipeline.trust.claims import Refusal
from video_pipeline.trust.credentials import c2pa_library
from video_pipeline.trust.masking import Mask, told_by_sku
from video_pipeline.trust.wording import promises


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
    sharing: Sharing = "alike",
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
            sharing=sharing,
            require_badge=require_badge,
            required=required,
            listener=listener,
        )
    for option, given, what in (
        ("--placement", placements, "for one placement"),
        ("--storyboard", storyboard, "after one storyboard"),
        ("--lang", settings.lang, "in one language"),
        ("--share-picture", None if sharing == "alike" else sharing, "for one placement"),
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
    stated: Path | ListingFile,
    output: Path | None,
    placements: Sequence[str],
    settings: Settings,
    *,
    storyboard: str = STORYBOARD,
    sharing: Sharing = "alike",
    require_badge: bool = False,
    required: Sequence[str] = (),
    begun: Callable[[Prepared], None] = lambda _: None,
    listener: Listener = silent,
) -> list[Rendered]:
    """Everything: from a listing, or its file, to a finished output folder, one clip per placement.

    `sharing` says which placements may have one picture, see `pipeline.sharing`. `begun` is called
    once everything is found out about the listing and before any work is done.
    """
    places = [load_placement(name, settings.presets) for name in dict.fromkeys(placements)]
    if not places:
        raise UsageError("no placement is named", where="--placement", mend="name one: tiktok")
    board = read_storyboard(storyboard, settings.presets, settings.words)
    chosen = choose(settings.encoder, places, settings.presets)
    prepared = prepare(stated, settings, require_badge=require_badge)

    for place in places:
        prepared.allow(place)
    begun(prepared)

    def planned(
        prepared: Prepared, analyses: Mapping[str, Analysis]
    ) -> list[tuple[Edit, Placement]]:
        edits = []
        for one in shared_pictures(places, board, rtl=settings.words.rtl, how=sharing):
            edit = plan_listing(prepared, one.plan_as, analyses, settings, board, listener=listener)
            edits.append((replace(edit, clears=one.clears), one.place))
        return edits

    return _publish(
        prepared,
        planned,
        output,
        settings,
        chosen=chosen,
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
    edit = dressed(edit, settings)
    settings = replace(settings, lang=edit.lang, theme=edit.theme)
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
    place = clearing(edit, place, settings.presets, rtl=settings.words.rtl)
    check_edit(edit, footage, edit_path.name)
    prepared = replace(
        verified(listing, footage, settings, require_badge=require_badge),
        sounds=Sounds(music=open_music(edit, edit_path)),
    )
    prepared.allow(place)
    edit = masked(edit, Mask(listing.item.serial))
    item = prepared.listing.item
    edit, kept_out = held_to(edit, place, names=(item.brand, item.model), own=settings.overlays)
    # Words of a note that may not stand in the picture are not missed in it.
    shown, _ = burnable(prepared.listing, place.posted(edit.post_by))
    unsaid = unsaid_notes(edit, shown, settings.overlays)
    warnings = list(kept_out)
    warnings += [f"the edit no longer says a flaw of the listing: {line}" for line in unsaid]
    if settings.detector is not None:
        warnings.append(
            f"the edit has chosen its shots already: '{settings.detector.name}' finds the key "
            "frames beside the clip and changes nothing in it; to choose anew, plan the listing"
        )
    edit = replace(edit, warnings=tuple(dict.fromkeys((*edit.warnings, *warnings))))
    return _publish(
        prepared,
        lambda _prepared, _analyses: [(edit, place)],
        output,
        settings,
        chosen=choose(settings.encoder, [place], settings.presets),
        require_badge=require_badge,
        required=required,
        listener=listener,
    )


def _publish(
    prepared: Prepared,
    planned: Callable[[Prepared, Mapping[str, Analysis]], list[tuple[Edit, Placement]]],
    output: Path | None,
    settings: Settings,
    *,
    chosen: Chosen,
    require_badge: bool,
    required: Sequence[str],
    listener: Listener,
) -> list[Rendered]:
    """Look at the footage, choose, and render into an output folder that is whole or untouched."""
    check_requirable(prepared, required, settings)
    output = output or Path("out") / prepared.listing.sku
    if settings.identity is not None:
        c2pa_library()  # told now, not after minutes of work
        settings.identity.check_outside(output)
    # A folder that cannot be written is found out now, not after minutes of work.
    with published(output, prepared.listing.sku) as folder, unchanged(prepared.footage.values()):
        analyses = analyse_all(prepared.footage, settings, listener)
        coverage = coverage_of(prepared, analyses, settings, required)
        prepared = seen_on_camera(prepared, analyses, settings)
        edits = planned(prepared, analyses)
        for _, place in edits:
            prepared.allow(place)
        check_covered((edit for edit, _ in edits), prepared.footage)
        clips = _render(
            prepared,
            edits,
            open_looks(analyses, prepared.footage),
            folder,
            settings,
            chosen=chosen,
            coverage=coverage,
            require_badge=require_badge,
            listener=listener,
        )
        still_claimed(prepared, settings)
        return _rendered(clips, coverage, output)


def _render(
    prepared: Prepared,
    edits: Sequence[tuple[Edit, Placement]],
    analyses: Mapping[str, Analysis],
    folder: Path,
    settings: Settings,
    *,
    chosen: Chosen,
    coverage: Coverage,
    require_badge: bool,
    listener: Listener,
) -> list[Clip]:
    """Draw, encode, join, check and pack the edits into `folder`."""
    sku = prepared.listing.sku
    made = [
        windowed(edit, prepared.footage, settings.store, listener, jobs=settings.jobs)
        for edit, _ in edits
    ]
    edits = [(edit, place) for (edit, _), (_, place) in zip(made, edits, strict=True)]
    drawn = [
        draw_overlays(
            replace(edit, cuts=cuts),
            place,
            prepared.footage,
            item=prepared.listing.item,
            claims=prepared.told_at(place, settings).claims,
            store=settings.store,
            own=settings.overlays,
        )
        for (edit, place), (_, cuts) in zip(edits, made, strict=True)
    ]
    for (_, place), overlays in zip(edits, drawn, strict=True):
        if require_badge and not overlays.claims:
            raise ClaimError(
                f"the certificate is verified, but no shot of the clip for '{place.name}' shows it",
                where=prepared.listing.path.name,
                mend="leave --require-badge, or choose a placement and a storyboard with a badge",
            )
    pieces = pieces_of(
        [
            (edit, place, cuts, overlays)
            for (edit, place), (_, cuts), overlays in zip(edits, made, drawn, strict=True)
        ],
        prepared.footage,
        chosen,
    )
    encoded = encode_all(pieces, settings, sku, listener)
    clips: list[Clip] = []
    place_in = 0
    for (edit, place), overlays in zip(edits, drawn, strict=True):
        here = slice(place_in, place_in + len(edit.cuts))
        place_in = here.stop
        music = prepared.sounds.music
        track = make_track(edit, prepared.footage, place, settings.store, music)
        own, heavy = encoded[here], None
        sound_bytes = track.path.stat().st_size
        if again := budget.within(pieces[here], own, sound_bytes):
            heavy = budget.too_tight(pieces[here], own, sound_bytes)
            first, own = own, encode_all(again, settings, sku, listener)
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
        played = play_pieces(own, edit.rate, settings.store, settings.jobs)
        seen = partial(play_joined, pieces=played, rate=edit.rate, store=settings.store)
        findings = judge(facts_of(file, seen), place, Made(edit, overlays.standing)).findings
        warnings = (
            *edit.warnings,
            *(refusal.warning for refusal in prepared.refusals if refusal.shown),
            *promises(prepared.listing),
            *told_by_sku(prepared.listing),
            *promising_lines(edit, prepared.listing),
            *((track.warning,) if track.warning else ()),
            *overlays.notes,
            *((heavy,) if heavy else ()),
            *((told,) if (told := chosen.told(place, edit.frames)) else ()),
        )
        clips.append(
            Clip(
                *(edit, place, file, tuple(own), played, overlays),
                tuple(dict.fromkeys((*warnings, *judged(findings, file)))),
            )
        )
    listener(Step("packing", sku, 0, 1))
    deliver(
        folder,
        listing=prepared.listing,
        footage=prepared.footage,
        music=prepared.sounds.music,
        analyses=analyses,
        clips=clips,
        coverage=coverage,
        claims=prepared.claims,
        refusals=[
            _as_allowed(refusal, [place for _, place in edits]) for refusal in prepared.refusals
        ],
        scale=load_scale(prepared.listing.condition.scale, settings.presets),
        identity=settings.identity,
        preview=load_preview(own=settings.presets),
        own=settings.overlays,
        store=settings.store,
        desk=Desk(
            prepared.listing,
            load_scale(prepared.listing.condition.scale, settings.presets, settings.words.tag),
            prepared.claims,
            prepared.refusals,
            settings.words,
            settings.presets,
            settings.overlays,
        ),
    )
    listener(Step("packing", sku, 1, 1))
    return clips


def _as_allowed(refusal: Refusal, places: Sequence[Placement]) -> Refusal:
    """A refusal, with its words for buyers where a placement lets its state be told."""
    told = any(place.consequences[refusal.state] == "text" for place in places)
    return refusal if told else replace(refusal, wording="")


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
