"""Shots: a storyboard's slots opened for one listing, each with the windows that could fill it.

What no footage can fill is left out and said, with what came nearest. Words that must be said find
a picture all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from video_pipeline.edit import captions
from video_pipeline.edit.model import Candidate, LeftOut
from video_pipeline.edit.moments import Reel, Window, best_windows, window_around
from video_pipeline.edit.pointing import place_of
from video_pipeline.geometry import Box
from video_pipeline.listing.model import ListingFile, Note
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.storyboards import Need, Slot, Storyboard
from video_pipeline.trust.claims import Claim, Refusal

# Slots whose words must be readable whatever the view, and slots whose words matter more than a
# new view: those may show again what was shown before.
_CARRIES_WORDS = ("condition", "proof", "end")
MAY_REPEAT = ("hook", *_CARRIES_WORDS)


@dataclass(frozen=True)
class Brief:
    """Everything an edit is made from, besides the footage."""

    listing: ListingFile
    storyboard: Storyboard
    placement: Placement
    scale: GradeScale
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    words: Path | None = None  # the person's overlays folder


@dataclass(frozen=True)
class Shot:
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
class Draft:
    """What is gathered while planning."""

    shots: list[Shot] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def open_slot(
    slot: Slot,
    brief: Brief,
    reels: Sequence[Reel],
    located: Mapping[int, tuple[str, Fraction]],
    draft: Draft,
) -> None:
    """Add the shots of one slot to the draft, or say there why it stays empty.

    `located` holds, for each note that says when it is seen, its source and time.
    """
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
    draft: Draft,
) -> None:
    not_filmed = [n for i, n in enumerate(brief.listing.condition.notes) if i not in located]
    overlays = tuple(_words(slot, brief, not_filmed))
    text = (
        " ".join(captions.note_text(n, brief.words) for n in not_filmed)
        if slot.name == "condition"
        else ""
    )
    wanted = _whole_frames(brief.storyboard.seconds_for(slot, text), brief)
    spoken = slot.must == "must" or slot.name in _CARRIES_WORDS
    lengths = [wanted]
    if slot.must != "may":  # footage cut short may still hold a short shot
        lengths.append(_whole_frames(slot.min_s, brief))
    if spoken:
        lengths.append(_whole_frames(slot.min_s / 2, brief))
    least = Fraction(0)
    if spoken:
        least = wanted if slot.name in _CARRIES_WORDS else _whole_frames(slot.min_s, brief)
    windows, need, problem = _views(slot, reels, slot.needs, lengths, spoken=spoken)
    if not windows:
        _, nearest = _first_filled(reels, slot.needs, lengths)
        draft.left_out.append(LeftOut(slot.name, problem, named(nearest) if nearest else None))
        return
    for number in range(slot.shots):
        draft.shots.append(
            Shot(
                slot=slot,
                need=need,
                length=windows[0].length,
                windows=tuple(windows),
                optional=number > 0 or slot.must == "may",
                overlays=overlays,
                warning=problem,
                least=least,
            )
        )


def _views(
    slot: Slot, reels: Sequence[Reel], need: Need, lengths: Sequence[Fraction], *, spoken: bool
) -> tuple[list[Window], Need, str]:
    """Windows for a slot, what they show, and what is wrong with them, in words.

    Where words must be said (`spoken`), another view carries them when the needed one is missing,
    and if need be the least bad one.
    """
    windows, nearest = _first_filled(reels, need, lengths)
    if windows or not spoken:
        return windows, need, "" if windows else _unfilled(slot, nearest)
    windows, least_bad = _first_filled(reels, "any", lengths)
    if windows or least_bad is None:
        return windows, "any", _unfilled(slot, nearest)
    faults = ", ".join(least_bad.faults)
    return [least_bad], "any", f"the {slot.name} shot is poor: {faults}"


def _first_filled(
    reels: Sequence[Reel], need: Need, lengths: Sequence[Fraction]
) -> tuple[list[Window], Window | None]:
    """The best windows of the longest length that has any; and the nearest that is not usable."""
    nearest: Window | None = None
    for length in lengths:
        windows, near = best_windows(reels, need, length)
        if windows:
            return windows, None
        nearest = near or nearest
    return [], nearest


def _open_flaws(
    slot: Slot,
    brief: Brief,
    reels: Sequence[Reel],
    located: Mapping[int, tuple[str, Fraction]],
    draft: Draft,
) -> None:
    notes = brief.listing.condition.notes
    for index, note in enumerate(notes):
        if index not in located:
            draft.left_out.append(
                LeftOut(
                    slot.name,
                    f"'{captions.note_line(note, brief.words)}' has no shot of its own: the "
                    "listing does not say when the footage shows it (add seen: {time: …}); its "
                    "words are shown with the grade",
                    None,
                )
            )
            continue
        source, at = located[index]
        wanted = brief.storyboard.seconds_for(slot, captions.note_text(note, brief.words))
        length = _whole_frames(wanted, brief)
        window = window_around(_reel(reels, source), at, length)
        faults = f": {', '.join(window.faults)}" if window.faults else ""
        draft.shots.append(
            Shot(
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
                warning=f"the view of '{captions.note_line(note, brief.words)}' is poor{faults}"
                if faults
                else "",
            )
        )


def _open_proof(slot: Slot, brief: Brief, reels: Sequence[Reel], draft: Draft) -> None:
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
    if seen:  # shown on camera: that view is the proof's own
        source, at = place_of(seen[0], reels, brief.listing, "certificates")
        window = window_around(_reel(reels, source), at, length)
        windows, need, problem = [window], slot.needs, ", ".join(window.faults)
    else:
        lengths = (length, length / 2, length / 4)
        windows, need, problem = _views(slot, reels, "whole", lengths, spoken=True)
    for claim in brief.claims:
        draft.shots.append(
            Shot(
                slot=slot,
                need=need,
                length=length,
                least=length,
                warning=problem,
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
            yield name, captions.label(slot.needs, brief.words)
        elif name == "grade":
            yield name, captions.grade(listing, brief.scale, not_filmed, brief.words)
        elif name == "end-card":
            yield name, captions.end_card(listing, brief.scale)
        elif name == "price" and listing.price:
            yield name, {"amount_text": captions.money(listing.price)}


def _unfilled(slot: Slot, nearest: Window | None) -> str:
    if nearest is None:
        return f"no stretch of footage is long enough for the {slot.name} shot"
    at = float(nearest.start)
    return (
        f"no shot for {slot.name}; nearest at {at:.1f} s of {nearest.source}: "
        f"{', '.join(nearest.faults)}"
    )


def named(window: Window) -> Candidate:
    """A window as the edit names it: where, how good, and why or why not."""
    reason = ", ".join(window.faults) or window.reason
    return Candidate(window.source, window.start, round(window.score, 3), reason)


def _reel(reels: Sequence[Reel], name: str) -> Reel:
    return next(reel for reel in reels if reel.name == name)


def _whole_frames(seconds: float, brief: Brief) -> Fraction:
    rate = brief.placement.rate
    return Fraction(round(seconds * float(rate))) / rate
