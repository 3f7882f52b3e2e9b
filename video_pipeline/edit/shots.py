"""Shots: a storyboard's slots opened for one listing, each with the windows that could fill it.

What no footage can fill is left out and said, with what came nearest. Words that must be said find
a picture all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from video_pipeline.edit import captions
from video_pipeline.edit.model import Candidate, LeftOut
from video_pipeline.edit.moments import Reel, Window, best_windows, window_around
from video_pipeline.edit.pointing import Place, place_of
from video_pipeline.edit.story import Unsaid, story_line
from video_pipeline.errors import UsageError
from video_pipeline.geometry import Box
from video_pipeline.listing.model import ListingFile, Note
from video_pipeline.overlays.language import ENGLISH, Language
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.storyboards import STORY_LINE, Need, Slot, Storyboard
from video_pipeline.trust.claims import Claim, Refusal

# Overlays that must be readable whatever the view behind them, and overlays that matter more than
# a new view: their slots may show again what was shown before.
_DOCUMENTS = {"grade", "certification-badge", "end-card"}
_MAY_REPEAT = {"hook", STORY_LINE, *_DOCUMENTS}
# A card of unfilmed notes stays within every safe area with so many of them and so many characters.
_CARD_NOTES, _CARD_CHARACTERS = 4, 280


@dataclass(frozen=True)
class Brief:
    """Everything an edit is made from, besides the footage."""

    listing: ListingFile
    storyboard: Storyboard
    placement: Placement
    scale: GradeScale
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    words: Language = ENGLISH  # what is not the seller's own is said in it


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

    @property
    def repeats(self) -> bool:
        """Whether it may show again what was shown before."""
        return not _MAY_REPEAT.isdisjoint(self.slot.overlays)


@dataclass
class Draft:
    """What is gathered while planning."""

    shots: list[Shot] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def open_slot(
    slot: Slot,
    brief: Brief,
    reels: Mapping[str, Reel],
    places: Mapping[int, Place],
    draft: Draft,
) -> None:
    """Add the shots of one slot to the draft, or say there why it stays empty.

    `places` holds the place of each note that has one. Raises UsageError when the storyboard asks
    for an overlay that nothing can fill.
    """
    if slot.needs == "flaw":
        _open_flaws(slot, brief, reels, places, draft)
    elif slot.needs == "certificate":
        _open_proof(slot, brief, reels, draft)
    elif "grade" in slot.overlays:
        not_filmed = [n for i, n in enumerate(brief.listing.condition.notes) if i not in places]
        for card in _cards(not_filmed, brief):
            words = captions.grade(brief.listing, brief.scale, card, brief.words)
            text = " ".join([words["grade"], *words["notes"]])
            _open_view(slot, brief, reels, draft, text=text, grade=words)
    elif slot.text:
        _open_line(slot, brief, reels, draft)
    else:
        _open_view(slot, brief, reels, draft)


def _open_line(slot: Slot, brief: Brief, reels: Mapping[str, Reel], draft: Draft) -> None:
    """A view for the slot's text; without its facts only a 'must' slot stays, without words."""
    line = story_line(slot.text, brief.listing, brief.words)
    if isinstance(line, Unsaid):
        draft.left_out.append(LeftOut(slot.name, line.reason, None))
        if slot.must == "must":
            _open_view(replace(slot, overlays=(), text=""), brief, reels, draft)
        return
    text = " ".join(line.values())
    _open_view(slot, brief, reels, draft, text=text, **{STORY_LINE: line})


def _open_view(
    slot: Slot,
    brief: Brief,
    reels: Mapping[str, Reel],
    draft: Draft,
    *,
    text: str = "",
    **given: dict[str, Any],
) -> None:
    overlays = _overlays(slot, brief, **given)
    if slot.overlays and not overlays and slot.must != "must":
        reason = f"the listing has nothing for its {' and '.join(slot.overlays)}"
        draft.left_out.append(LeftOut(slot.name, reason, None))
        return
    wanted = _whole_frames(brief.storyboard.seconds_for(slot, text), brief)
    documents = not _DOCUMENTS.isdisjoint(slot.overlays)
    spoken = slot.must == "must" or documents
    lengths = [wanted]
    if slot.must != "may":  # footage cut short may still hold a short shot
        lengths.append(_whole_frames(slot.min_s, brief))
    if spoken:
        lengths.append(_whole_frames(slot.min_s / 2, brief))
    least = Fraction(0)
    if spoken or text:
        least = wanted if documents or text else _whole_frames(slot.min_s, brief)
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


def _cards(notes: Sequence[Note], brief: Brief) -> list[list[Note]]:
    """Notes shared out over cards on which each can be read whole; one empty card for no notes."""
    cards: list[list[Note]] = [[]]
    used = 0
    for note in notes:
        size = len(captions.note_line(note, brief.words))
        if cards[-1] and (len(cards[-1]) == _CARD_NOTES or used + size > _CARD_CHARACTERS):
            cards.append([])
            used = 0
        cards[-1].append(note)
        used += size
    return cards


def _views(
    slot: Slot, reels: Mapping[str, Reel], need: Need, lengths: Sequence[Fraction], *, spoken: bool
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
    reels: Mapping[str, Reel], need: Need, lengths: Sequence[Fraction]
) -> tuple[list[Window], Window | None]:
    """The best windows of the longest length that has any; and the nearest that is not usable."""
    nearest: Window | None = None
    for length in lengths:
        windows, near = best_windows(list(reels.values()), need, length)
        if windows:
            return windows, None
        nearest = near or nearest
    return [], nearest


def _open_flaws(
    slot: Slot,
    brief: Brief,
    reels: Mapping[str, Reel],
    places: Mapping[int, Place],
    draft: Draft,
) -> None:
    notes = brief.listing.condition.notes
    for index, note in enumerate(notes):
        line = captions.note_line(note, brief.words)
        if index not in places:
            reason = (
                f"'{line}' has no shot of its own: the listing does not say when the footage shows "
                "it (add seen: {time: …}); its words are shown with the grade"
            )
            draft.left_out.append(LeftOut(slot.name, reason, None))
            continue
        text = captions.note_text(note, brief.words)
        length = _whole_frames(brief.storyboard.seconds_for(slot, text), brief)
        windows = _pointed(places[index], reels, length)
        view = windows[0]
        warning = ""
        if view.faults:
            warning = f"the view of '{line}' is poor: {', '.join(view.faults)}"
        elif view.length < length / 2:
            warning = (
                f"the clean view of '{line}' lasts {float(view.length):.1f} s and is held still "
                f"while its note is read: film it for {float(length):.0f} s"
            )
        words = captions.condition_note(note, index + 1, len(notes))
        draft.shots.append(
            Shot(
                slot=slot,
                need="flaw",
                length=length,
                windows=windows,
                optional=False,
                overlays=_overlays(slot, brief, **{"condition-note": words}),
                note=note,
                least=length,
                box=note.seen.region if note.seen else None,
                warning=warning,
            )
        )


def _pointed(place: Place, reels: Mapping[str, Reel], length: Fraction) -> tuple[Window, ...]:
    """The window that shows a place, or the best ones of a file that shows nothing else."""
    reel = reels[place.source]
    if place.at is not None:
        return (window_around(reel, place.at, length),)
    windows, _ = best_windows([reel], "flaw", length, most=4)
    return tuple(windows) or (window_around(reel, reel.end / 2, length),)


def _open_proof(slot: Slot, brief: Brief, reels: Mapping[str, Reel], draft: Draft) -> None:
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
    footage = {name: reel.analysis.footage for name, reel in reels.items()}
    for claim in brief.claims:
        seen = brief.listing.certificates[claim.entry].seen
        place = place_of(seen, footage, f"{brief.listing.path.name}: certificates.{claim.entry}")
        if place:  # shown on camera: that view is the proof's own
            windows: Sequence[Window] = _pointed(place, reels, length)
            need, problem = slot.needs, ", ".join(windows[0].faults)
        else:
            lengths = (length, length / 2, length / 4)
            windows, need, problem = _views(slot, reels, "whole", lengths, spoken=True)
        words = captions.badge(claim, brief.listing.item)
        draft.shots.append(
            Shot(
                slot=slot,
                need=need,
                length=length,
                least=length,
                warning=problem,
                windows=tuple(windows),
                optional=False,
                overlays=_overlays(slot, brief, **{"certification-badge": words}),
            )
        )


def _overlays(
    slot: Slot, brief: Brief, **given: dict[str, Any]
) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What each overlay of a slot says; one that has nothing to say is passed over."""
    listing = brief.listing
    say: dict[str, Callable[[], dict[str, Any] | None]] = {
        "hook": lambda: captions.hook(listing),
        "title": lambda: captions.title(listing.item, brief.words),
        "label": lambda: captions.label(slot.needs, brief.words),
        "end-card": lambda: captions.end_card(listing, brief.scale, brief.words),
        "price": lambda: captions.price(listing, brief.words),
    }
    spoken: list[tuple[str, dict[str, Any]]] = []
    for name in slot.overlays:
        if name not in say and name not in given:
            raise UsageError(
                f"nothing can fill the overlay '{name}' of the slot '{slot.name}'",
                where=f"storyboard '{brief.storyboard.name}'",
                mend=f"use {', '.join(sorted({*say, *given}))}",
            )
        fields = given[name] if name in given else say[name]()
        if fields is not None:
            spoken.append((name, fields))
    return tuple(spoken)


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


def _whole_frames(seconds: float, brief: Brief) -> Fraction:
    rate = brief.placement.rate
    return Fraction(round(seconds * float(rate))) / rate
