"""Planning: a listing, its analysed footage, a storyboard and a placement become an edit.

Slots are opened in the storyboard's order (see `shots`), filled together (see `choice`), stretched
or thinned to the wanted length, framed and captioned. What could not be shown is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit import captions
from video_pipeline.edit.choice import Opening, choose
from video_pipeline.edit.framing import enlargement, frame_window, free_side
from video_pipeline.edit.model import Cut, Edit, LeftOut, OverlayUse, SourceRef
from video_pipeline.edit.moments import Reel, Window
from video_pipeline.edit.pointing import located
from video_pipeline.edit.shots import Brief, Draft, Shot, named, open_slot
from video_pipeline.errors import FootageError
from video_pipeline.presets.placements import Placement

_LARGEST_ENLARGEMENT = 2.0  # beyond this a viewer sees that pixels are missing
_RUNNERS_UP = 3


def plan(brief: Brief, analyses: Mapping[str, Analysis]) -> Edit:
    """Choose what to show. `analyses` holds one table per source, by the source's name.

    Raises ListingError when a note points at a file or time that is not there, FootageError when
    nothing in the footage can be used.
    """
    reels = {name: Reel(name, analysis) for name, analysis in analyses.items()}
    places = located(brief.listing, {name: a.footage for name, a in analyses.items()})
    draft = Draft()
    for slot in brief.storyboard.slots:
        open_slot(slot, brief, reels, places, draft)
    picks = choose(
        [
            Opening(
                name=shot.slot.name,
                windows=shot.windows,
                optional=shot.optional,
                weight=2.0 if shot.slot.needs in ("flaw", "hardware", "stitching") else 1.0,
                repeats=shot.repeats,
            )
            for shot in draft.shots
        ]
    )
    chosen = [(s, w) for s, w in zip(draft.shots, picks, strict=True) if w is not None]
    if not chosen:
        raise FootageError(
            "nothing in this footage can be used",
            where=", ".join(reels),
            mend="film the item in daylight, hold each view still for two seconds",
        )
    _report_unfilled(draft, picks)
    chosen = _to_length(chosen, brief, reels)
    chosen, hurried = _within_limit(chosen, brief, reels)
    draft.warnings.extend(hurried)
    cuts = tuple(_cut(shot, window, brief, analyses) for shot, window in chosen)
    draft.warnings.extend(dict.fromkeys(shot.warning for shot, _ in chosen if shot.warning))
    draft.warnings.extend(_softness(cuts, brief.placement))
    draft.warnings.extend(f"no badge for {r.file}: {r.reason}. {r.mend}" for r in brief.refusals)
    edit = Edit(
        sku=brief.listing.sku,
        listing=brief.listing.path.name,
        storyboard=brief.storyboard.name,
        placement=brief.placement.name,
        width=brief.placement.width,
        height=brief.placement.height,
        rate=brief.placement.rate,
        sources={
            name: SourceRef(str(analysis.footage.path), analysis.footage.digest)
            for name, analysis in analyses.items()
            if any(cut.source == name for cut in cuts)
        },
        cuts=cuts,
        left_out=tuple(draft.left_out),
        keep_sound=brief.listing.sound.keep,
        warnings=tuple(draft.warnings),
    )
    short = brief.storyboard.min_s - edit.duration_s
    if short > 0.5:
        draft.warnings.append(
            f"the clip is {edit.duration_s:.1f} s long, {short:.1f} s shorter than it should be: "
            "film more steady, close views"
        )
    return replace(edit, warnings=tuple(draft.warnings))


def _to_length(
    chosen: list[tuple[Shot, Window]], brief: Brief, reels: Mapping[str, Reel]
) -> list[tuple[Shot, Window]]:
    """Bring the clip to the storyboard's length: thin out second shots, or let shots run longer."""
    board = brief.storyboard
    longest = min(board.max_s, brief.placement.max_s or board.max_s)
    shortest = max(board.min_s, brief.placement.min_s or 0.0)
    while _total(chosen) > longest:
        spare = [i for i, (shot, _) in enumerate(chosen) if shot.optional]
        if not spare:
            break
        chosen = [c for i, c in enumerate(chosen) if i != spare[-1]]
    frame = 1 / brief.placement.rate
    for stretch in (1.0, 1.6, 2.2):  # first within each slot's limits, then beyond if need be
        for i, (shot, window) in enumerate(chosen):
            missing = Fraction(shortest) - Fraction(_total(chosen)).limit_denominator(10_000)
            if missing <= 0:
                return chosen
            if shot.slot.needs == "flaw":
                continue
            reel = reels[window.source]
            room = Fraction(shot.slot.max_s * stretch).limit_denominator(1000) - window.length
            frames = int(min(missing + frame, room) / frame)
            others = [w for _, w in chosen if w is not window]
            chosen[i] = (shot, _longest(reel, shot, window, frames * frame, others))
    return chosen


def _within_limit(
    chosen: list[tuple[Shot, Window]], brief: Brief, reels: Mapping[str, Reel]
) -> tuple[list[tuple[Shot, Window]], list[str]]:
    """Hold a clip to the placement's own limit, each shot giving up time above its shortest."""
    limit = brief.placement.max_s
    excess = _total(chosen) - limit if limit else 0.0
    if excess <= 0:
        return chosen, []
    lengths = [float(max(window.length, shot.least)) for shot, window in chosen]
    spare = [
        max(0.0, length - shot.slot.min_s)
        for length, (shot, _) in zip(lengths, chosen, strict=True)
    ]
    share = min(1.0, excess / sum(spare)) if sum(spare) else 0.0
    frame = 1 / brief.placement.rate
    shortened = []
    for (shot, window), length, give in zip(chosen, lengths, spare, strict=True):
        kept = int((length - share * give) / float(frame)) * frame
        first = reels[window.source].times.index(window.start)
        view = reels[window.source].window(shot.need, first, min(window.length, kept))
        shortened.append((replace(shot, least=min(shot.least, kept)), view))
    warning = (
        f"the notes take {_total(chosen):.0f} s to read, {brief.placement.title} allows "
        f"{limit:g} s: they stand more briefly than a viewer needs; shorten them"
    )
    return shortened, [warning]


def _longest(
    reel: Reel, shot: Shot, window: Window, more: Fraction, others: Sequence[Window]
) -> Window:
    """The window, up to `more` seconds longer while it stays good and repeats nothing."""
    first = reel.times.index(window.start)
    step = Fraction(1, 10)
    while more > 0:
        if window.start + window.length + more <= reel.end:
            grown = reel.window(shot.need, first, window.length + more)
            repeats = any(grown.overlap(w) > window.overlap(w) + 0.05 for w in others)
            if set(grown.faults) <= set(window.faults) and not repeats:
                return grown
        more -= step
    return window


def _cut(shot: Shot, window: Window, brief: Brief, analyses: Mapping[str, Analysis]) -> Cut:
    live = int(window.length * brief.placement.rate)
    frames = max(live, round(shot.least * brief.placement.rate))
    crop = frame_window(
        window,
        shot.need,
        analyses[window.source].footage,
        brief.placement,
        shot.box,
        push_in=shot.slot.move == "push-in",
    )
    side = free_side(window, crop, analyses[window.source].footage, brief.placement, shot.box)
    others = [w for w in shot.windows if w.start != window.start or w.source != window.source]
    return Cut(
        slot=shot.slot.name,
        source=window.source,
        start=window.start,
        frames=frames,
        crop=crop,
        overlays=tuple(OverlayUse(name, fields, 0, frames, side) for name, fields in shot.overlays),
        shows=captions.note_line(shot.note, brief.words) if shot.note else shot.need,
        why=f"best of {len(shot.windows)} for {shot.slot.name}: {window.reason}"
        if not shot.note
        else f"the listing points here: {window.reason}",
        runners_up=tuple(named(w) for w in others[:_RUNNERS_UP]),
        hold=frames - live,
    )


def _report_unfilled(draft: Draft, picks: Sequence[Window | None]) -> None:
    filled = {s.slot.name for s, w in zip(draft.shots, picks, strict=True) if w is not None}
    for shot in draft.shots:
        if shot.slot.name not in filled:
            filled.add(shot.slot.name)
            reason = "nothing that was not already shown"
            draft.left_out.append(LeftOut(shot.slot.name, reason, None))


def _softness(cuts: Sequence[Cut], placement: Placement) -> Iterator[str]:
    worst = max((enlargement(cut.crop, placement) for cut in cuts), default=0.0)
    if worst > _LARGEST_ENLARGEMENT:
        yield (
            f"some footage is enlarged {worst:.1f} times and looks soft: film upright, in 1080p "
            "or more"
        )


def _total(chosen: Sequence[tuple[Shot, Window]]) -> float:
    return float(sum(max(w.length, s.least) for s, w in chosen))
