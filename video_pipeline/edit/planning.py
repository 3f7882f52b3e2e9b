"""Planning: a listing, its analysed footage, a storyboard and a placement become an edit.

Slots are opened in the storyboard's order, filled together (see `choice`), stretched or thinned to
the wanted length, framed and captioned. What could not be shown is said, with what came nearest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit import captions
from video_pipeline.edit.choice import Opening, choose
from video_pipeline.edit.framing import enlargement, frame_window, free_side
from video_pipeline.edit.model import Candidate, Cut, Edit, LeftOut, OverlayUse, SourceRef
from video_pipeline.edit.moments import Reel, Window, best_windows, window_around
from video_pipeline.errors import FootageError, ListingError, Problem
from video_pipeline.geometry import Box
from video_pipeline.listing.model import ListingFile, Note, Seen
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.storyboards import Need, Slot, Storyboard
from video_pipeline.trust.claims import Claim, Refusal

_LARGEST_ENLARGEMENT = 2.0  # beyond this a viewer sees that pixels are missing
_RUNNERS_UP = 3
# Slots whose words matter more than a new view: they may show again what was shown before.
_CARRIES_WORDS = ("condition", "proof", "end")
_MAY_REPEAT = ("hook", *_CARRIES_WORDS)


@dataclass(frozen=True)
class Brief:
    """Everything an edit is made from, besides the footage."""

    listing: ListingFile
    storyboard: Storyboard
    placement: Placement
    scale: GradeScale
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Shot:
    """One place in the clip while it is being planned."""

    slot: Slot
    need: Need
    length: Fraction
    windows: tuple[Window, ...]
    optional: bool
    overlays: tuple[tuple[str, dict[str, Any]], ...]
    note: Note | None = None
    box: Box | None = None
    warning: str = ""
    # Words that have to be read: the last frame is held until this long when the view is shorter.
    least: Fraction = Fraction(0)


@dataclass
class _Draft:
    """What is gathered while planning."""

    shots: list[_Shot] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def plan(brief: Brief, analyses: Mapping[str, Analysis]) -> Edit:
    """Choose what to show. `analyses` holds one table per source, by the source's name.

    Raises ListingError when a note points at a file or time that is not there, FootageError when
    nothing in the footage can be used.
    """
    reels = [Reel(name, analysis) for name, analysis in analyses.items()]
    located = _located(brief.listing, reels)
    draft = _Draft()
    for slot in brief.storyboard.slots:
        _open(slot, brief, reels, located, draft)
    picks = choose(
        [
            Opening(
                name=shot.slot.name,
                windows=shot.windows,
                optional=shot.optional,
                weight=2.0 if shot.slot.needs in ("flaw", "hardware", "stitching") else 1.0,
                repeats=shot.slot.name in _MAY_REPEAT,
            )
            for shot in draft.shots
        ]
    )
    chosen = [(s, w) for s, w in zip(draft.shots, picks, strict=True) if w is not None]
    if not chosen:
        raise FootageError(
            "nothing in this footage can be used",
            where=", ".join(reel.name for reel in reels),
            mend="film the item in daylight, hold each view still for two seconds",
        )
    _report_unfilled(draft, picks)
    chosen = _to_length(chosen, brief, reels)
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


def _open(
    slot: Slot,
    brief: Brief,
    reels: Sequence[Reel],
    located: Mapping[int, tuple[str, Fraction]],
    draft: _Draft,
) -> None:
    if slot.needs == "flaw":
        _open_flaws(slot, brief, reels, located, draft)
    elif slot.needs == "certificate":
        _open_proof(slot, brief, reels, draft)
    else:
        _open_view(slot, brief, reels, located, draft)


def _open_view(
    slot: Slot,
    brief: Brief,
    reels: Sequence[Reel],
    located: Mapping[int, tuple[str, Fraction]],
    draft: _Draft,
) -> None:
    not_filmed = [n for i, n in enumerate(brief.listing.condition.notes) if i not in located]
    overlays = tuple(_words(slot, brief, not_filmed))
    text = " ".join(captions.note_text(n) for n in not_filmed) if slot.name == "condition" else ""
    length = _whole_frames(brief.storyboard.seconds_for(slot, text), brief)
    least = length if slot.name in _CARRIES_WORDS else Fraction(0)
    windows, nearest = best_windows(reels, slot.needs, length)
    need, warning = slot.needs, ""
    if not windows and slot.must != "may":
        # A short source may still hold a short shot.
        length = _whole_frames(slot.min_s, brief)
        windows, nearest = best_windows(reels, slot.needs, length)
    if not windows and slot.must == "must":
        need = "any"
        windows, _ = best_windows(reels, need, length)
        warning = _unfilled(slot, nearest)
        if not windows:
            # Its words must be said, so the least bad picture carries them.
            _, least_bad = best_windows(reels, need, length)
            windows = [least_bad] if least_bad else []
            if least_bad:
                warning = f"the {slot.name} shot is poor: {', '.join(least_bad.faults)}"
    if not windows:
        draft.left_out.append(LeftOut(slot.name, _unfilled(slot, nearest), _candidate(nearest)))
        return
    for number in range(slot.shots):
        draft.shots.append(
            _Shot(
                slot=slot,
                need=need,
                length=length,
                windows=tuple(windows),
                optional=number > 0 or slot.must == "may",
                overlays=overlays,
                warning=warning,
                least=least,
            )
        )


def _open_flaws(
    slot: Slot,
    brief: Brief,
    reels: Sequence[Reel],
    located: Mapping[int, tuple[str, Fraction]],
    draft: _Draft,
) -> None:
    notes = brief.listing.condition.notes
    for index, note in enumerate(notes):
        if index not in located:
            draft.left_out.append(
                LeftOut(
                    slot.name,
                    f"'{captions.note_line(note)}' has no shot of its own: the listing does not "
                    "say when the footage shows it (add seen: {time: …}); its words are shown "
                    "with the grade",
                    None,
                )
            )
            continue
        source, at = located[index]
        wanted = brief.storyboard.seconds_for(slot, captions.note_text(note))
        length = _whole_frames(wanted, brief)
        window = window_around(_reel(reels, source), at, length)
        faults = f": {', '.join(window.faults)}" if window.faults else ""
        draft.shots.append(
            _Shot(
                slot=slot,
                need="flaw",
                length=length,
                windows=(window,),
                optional=False,
                overlays=tuple(
                    (name, captions.condition_note(note, index + 1, len(notes)))
                    for name in slot.overlays
                ),
                note=note,
                least=length,
                box=note.seen.region if note.seen else None,
                warning=f"the view of '{captions.note_line(note)}' is poor{faults}"
                if faults
                else "",
            )
        )


def _open_proof(slot: Slot, brief: Brief, reels: Sequence[Reel], draft: _Draft) -> None:
    if brief.placement.burn_in != "badge":
        reason = f"{brief.placement.title} does not allow a badge in the picture"
        draft.left_out.append(LeftOut(slot.name, reason, None))
        return
    if not brief.claims:
        reason = "no certificate in the listing"
        if brief.refusals:
            reason = f"no certificate could be verified: {brief.refusals[0].reason}"
        draft.left_out.append(LeftOut(slot.name, reason, None))
        return
    length = _whole_frames(slot.seconds, brief)
    seen = [c.seen for c in brief.listing.certificates if c.seen and c.seen.time is not None]
    windows: list[Window] = []
    if seen:  # shown on camera: that view is the proof's own
        source, at = _place(seen[0], reels, brief.listing, "certificates")
        windows = [window_around(_reel(reels, source), at, length)]
    if not windows:
        windows, _ = best_windows(reels, "whole", length)
    if not windows:
        windows, _ = best_windows(reels, "any", length)
    for claim in brief.claims:
        draft.shots.append(
            _Shot(
                slot=slot,
                need="certificate" if seen else "whole",
                length=length,
                least=length,
                windows=tuple(windows),
                optional=False,
                overlays=tuple(
                    (name, captions.badge(claim, brief.listing.item)) for name in slot.overlays
                ),
            )
        )


def _words(
    slot: Slot, brief: Brief, not_filmed: list[Note]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each overlay of a slot says; overlays that have nothing to say are passed over."""
    listing = brief.listing
    for name in slot.overlays:
        if name == "hook":
            yield name, captions.hook(listing)
        elif name == "title":
            yield name, captions.title(listing.item)
        elif name == "label":
            yield name, captions.label(slot.needs)
        elif name == "grade":
            yield name, captions.grade(listing, brief.scale, not_filmed)
        elif name == "end-card":
            yield name, captions.end_card(listing, brief.scale)
        elif name == "price" and listing.price:
            yield name, {"amount_text": captions.money(listing.price)}


def _located(listing: ListingFile, reels: Sequence[Reel]) -> dict[int, tuple[str, Fraction]]:
    """For each note that says when it is seen: its source and time. Reports all that don't fit."""
    places: dict[int, tuple[str, Fraction]] = {}
    problems: list[Problem] = []
    for index, note in enumerate(listing.condition.notes):
        if note.seen is None or note.seen.time is None:
            continue
        try:
            places[index] = _place(note.seen, reels, listing, f"condition.notes.{index}.seen")
        except ListingError as error:
            problems.extend(error.problems)
    if problems:
        raise ListingError(
            "some notes point at footage that is not there",
            where=listing.path.name,
            problems=problems,
        )
    return places


def _place(
    seen: Seen, reels: Sequence[Reel], listing: ListingFile, key: str
) -> tuple[str, Fraction]:
    where = f"{listing.path.name}: {key}"
    names = [reel.name for reel in reels]
    if seen.file is None and len(reels) > 1:
        raise _pointing(
            where, "does not say which file it means", f"add file: one of {', '.join(names)}"
        )
    matches = [r for r in reels if seen.file is None or r.name == seen.file]
    matches = matches or [r for r in reels if r.analysis.footage.path.name == seen.file]
    if not matches:
        raise _pointing(where, f"names the file '{seen.file}'", f"use one of {', '.join(names)}")
    at = seen.seconds or Fraction(0)
    if at >= matches[0].end:
        raise _pointing(
            where,
            f"points at {float(at):.1f} s, but {matches[0].name} ends at "
            f"{float(matches[0].end):.1f} s",
            "give a time inside the file",
        )
    return matches[0].name, at


def _pointing(where: str, message: str, mend: str) -> ListingError:
    return ListingError(message, where=where, problems=(Problem(where, message, mend),))


def _to_length(
    chosen: list[tuple[_Shot, Window]], brief: Brief, reels: Sequence[Reel]
) -> list[tuple[_Shot, Window]]:
    """Bring the clip to the storyboard's length: thin out second shots, or let shots run longer."""
    board = brief.storyboard
    longest = min(board.max_s, brief.placement.max_s or board.max_s)
    shortest = max(board.min_s, brief.placement.min_s or 0.0)
    while _total(chosen) > longest:
        spare = [i for i, (shot, _) in enumerate(chosen) if shot.optional]
        if not spare:
            break
        chosen = [c for i, c in enumerate(chosen) if i != spare[-1]]
    by_name = {reel.name: reel for reel in reels}
    frame = 1 / brief.placement.rate
    for stretch in (1.0, 1.6, 2.2):  # first within each slot's limits, then beyond if need be
        for i, (shot, window) in enumerate(chosen):
            missing = Fraction(shortest) - Fraction(_total(chosen)).limit_denominator(10_000)
            if missing <= 0:
                return chosen
            if shot.slot.needs == "flaw":
                continue
            reel = by_name[window.source]
            room = Fraction(shot.slot.max_s * stretch).limit_denominator(1000) - window.length
            frames = int(min(missing + frame, room) / frame)
            longer = _longest(reel, shot, window, frames, frame, chosen)
            chosen[i] = (shot, longer)
    return chosen


def _longest(
    reel: Reel,
    shot: _Shot,
    window: Window,
    frames: int,
    frame: Fraction,
    chosen: Sequence[tuple[_Shot, Window]],
) -> Window:
    """The window, up to `frames` output frames longer while it stays good and repeats nothing."""
    first = reel.times.index(window.start)
    for more in range(frames, 0, -3):
        length = window.length + more * frame
        if window.start + length > reel.end:
            continue
        grown = reel.window(shot.need, first, length)
        known = set(window.faults)
        others = [w for _, w in chosen if w is not window]
        repeats = any(grown.overlap(w) > window.overlap(w) + 0.05 for w in others)
        if set(grown.faults) <= known and not repeats:
            return grown
    return window


def _cut(shot: _Shot, window: Window, brief: Brief, analyses: Mapping[str, Analysis]) -> Cut:
    live = int(window.length * brief.placement.rate)
    frames = max(live, round(shot.least * brief.placement.rate))
    crop = frame_window(
        window, shot.need, analyses[window.source].footage, brief.placement, shot.box
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
        shows=captions.note_line(shot.note) if shot.note else shot.need,
        why=f"best of {len(shot.windows)} for {shot.slot.name}: {window.reason}"
        if not shot.note
        else f"the listing points here: {window.reason}",
        runners_up=tuple(_named(w) for w in others[:_RUNNERS_UP]),
        hold=frames - live,
    )


def _report_unfilled(draft: _Draft, picks: Sequence[Window | None]) -> None:
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


def _unfilled(slot: Slot, nearest: Window | None) -> str:
    if nearest is None:
        return f"no stretch of footage is long enough for the {slot.name} shot"
    at = float(nearest.start)
    return (
        f"no shot for {slot.name}; nearest at {at:.1f} s of {nearest.source}: "
        f"{', '.join(nearest.faults)}"
    )


def _candidate(window: Window | None) -> Candidate | None:
    return _named(window) if window else None


def _named(window: Window) -> Candidate:
    reason = ", ".join(window.faults) or window.reason
    return Candidate(window.source, window.start, round(window.score, 3), reason)


def _reel(reels: Sequence[Reel], name: str) -> Reel:
    return next(reel for reel in reels if reel.name == name)


def _total(chosen: Sequence[tuple[_Shot, Window]]) -> float:
    return float(sum(max(w.length, s.least) for s, w in chosen))


def _whole_frames(seconds: float, brief: Brief) -> Fraction:
    rate = brief.placement.rate
    return Fraction(round(seconds * float(rate))) / rate
