"""Slots: a storyboard's slots opened for one listing, each with the windows that could fill it.

What no footage can fill is left out and said, with what came nearest. Words that must be said find
a picture all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from video_pipeline.edit import captions
from video_pipeline.edit.brief import Brief
from video_pipeline.edit.burned_in import refused_line
from video_pipeline.edit.lengths import Span
from video_pipeline.edit.model import LeftOut
from video_pipeline.edit.pointing import Place, place_of
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.story import Unsaid, story_line
from video_pipeline.edit.views import first_filled, named, other_views, views
from video_pipeline.edit.windows import Window, pointed, window_around
from video_pipeline.edit.wishes import Pin
from video_pipeline.errors import UsageError
from video_pipeline.geometry import Box
from video_pipeline.listing.model import Note
from video_pipeline.overlays.language import Language
from video_pipeline.presets.storyboards import STORY_LINE, Need, Slot
from video_pipeline.trust.claims import Claim, Shown

# Overlays that must be readable whatever the view behind them, and overlays that matter more than
# a new view: their slots may show again what was shown before.
_DOCUMENTS = {"grade-card", "certification-badge", "end-card"}
_LISTS = {"measurements", "inclusions"}
_MAY_REPEAT = {"hook", "price", STORY_LINE, *_LISTS, *_DOCUMENTS}
# A card of unfilmed notes stays within every safe area with so many of them and so many characters.
_CARD_NOTES, _CARD_CHARACTERS = 4, 280
# Windows that a slot may choose among; fewer where what is said matters more than the view.
_WINDOWS, _WINDOWS_TO_REPEAT = 12, 5


@dataclass(frozen=True)
class Setup:
    """One shot of the clip while it is being planned: what it is for and what could fill it.

    `wanted` is how long it should stand, seconds. Up to `held` seconds its last frame is held when
    the view is shorter; `read` says that words have to be read in `wanted`.
    """

    slot: Slot
    need: Need
    wanted: Fraction
    windows: tuple[Window, ...]
    optional: bool
    overlays: tuple[tuple[str, dict[str, Any]], ...]
    held: Fraction = Fraction(0)
    read: bool = False
    note: Note | None = None
    box: Box | None = None
    warning: str = ""
    pin: Pin | None = None

    @property
    def needed(self) -> bool:
        """Whether it may never stay empty: what must be said, and what a person asked for."""
        spoken = not _DOCUMENTS.isdisjoint(self.slot.overlays)
        return not self.optional and (
            self.slot.must == "must" or spoken or self.note is not None or self.pin is not None
        )

    @property
    def repeats(self) -> bool:
        """Whether it may show again what was shown before."""
        return not _MAY_REPEAT.isdisjoint(self.slot.overlays)

    def span(self, window: Window, rate: Fraction, flaws_s: Fraction | None = None) -> Span:
        """The lengths it could have with that window, in frames.

        Nothing is shown off longer than `flaws_s`, the shortest that a flaw is shown.
        """
        room = window.room
        if self.slot.beauty and flaws_s is not None:
            room = min(room, flaws_s)
        wanted = round(self.wanted * rate)
        return Span(
            shortest=min(round(Fraction(self.slot.min_s) * rate), wanted),
            wanted=wanted,
            longest=max(round(Fraction(self.slot.max_s) * rate), wanted)
            if not self.note
            else wanted,
            room=int(room * rate),
            held=round(self.held * rate),
            read=self.read,
        )


@dataclass
class Draft:
    """What is gathered while planning."""

    setups: list[Setup] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def open_slot(
    slot: Slot,
    brief: Brief,
    reels: Mapping[str, Reel],
    places: Mapping[int, Place],
    draft: Draft,
) -> None:
    """Add the setups of one slot to the draft, or say there why it stays empty.

    `places` holds the place of each note that has one. Raises UsageError when the storyboard asks
    for an overlay that nothing can fill.
    """
    if slot.needs == "flaw":
        _open_flaws(slot, brief, reels, places, draft)
    elif slot.needs == "certificate":
        _open_proof(slot, brief, reels, draft)
    elif "grade-card" in slot.overlays:
        not_filmed = [n for i, n in enumerate(brief.listing.condition.notes) if i not in places]
        for number, card in enumerate(cards(not_filmed, brief.words)):
            words = captions.grade(brief.listing, brief.scale, card, brief.words)
            text = " ".join([words["grade"], *words["notes"]])
            _open_view(
                slot, brief, reels, draft, text=text, card=number, given={"grade-card": words}
            )
    elif slot.text:
        _open_line(slot, brief, reels, draft)
    else:
        lists = [said for name, said in _overlays(slot, brief) if name in _LISTS]
        _open_view(slot, brief, reels, draft, text=" ".join(map(captions.listed, lists)))


def _open_line(slot: Slot, brief: Brief, reels: Mapping[str, Reel], draft: Draft) -> None:
    """A view for the slot's text; without its facts only a 'must' slot stays, without words."""
    line = story_line(slot.text, brief.listing, brief.words)
    if isinstance(line, Unsaid):
        reason = brief.why_out(*line.facts) or line.reason
    else:
        reason = refused_line(" ".join(line.values()), brief.placement, brief.listing)
    if isinstance(line, Unsaid) or reason:
        draft.left_out.append(LeftOut(slot.name, reason, None))
        if slot.must == "must":
            _open_view(replace(slot, overlays=(), text=""), brief, reels, draft)
        return
    text = " ".join(line.values())
    _open_view(slot, brief, reels, draft, text=text, given={STORY_LINE: line})


def _open_view(
    slot: Slot,
    brief: Brief,
    reels: Mapping[str, Reel],
    draft: Draft,
    *,
    text: str = "",
    card: int = 0,
    given: Mapping[str, dict[str, Any]] | None = None,
) -> None:
    overlays = _overlays(slot, brief, **(given or {}))
    if slot.overlays and not overlays and slot.must != "must":
        reason = f"the listing has nothing for its {' and '.join(slot.overlays)}"
        if "price" in slot.overlays:
            reason = brief.why_out("price") or reason
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
    read = documents or bool(text)
    held = Fraction(0)
    if spoken or read:
        held = wanted if read else _whole_frames(slot.min_s, brief)
    setup = Setup(
        slot=slot,
        need=slot.needs,
        wanted=wanted,
        windows=(),
        optional=slot.must == "may",
        overlays=overlays,
        held=held,
        read=read,
    )
    pins = [pin for pin in brief.wishes.pins if pin.slot == slot.name]
    pinned = [_pinned(p, setup, reels) for p in sorted(pins, key=lambda p: (p.source, p.at))]
    # The cards of one slot share its pins.
    draft.setups.extend(pinned[: slot.shots])
    if len(pinned) >= slot.shots:
        return
    windows, need, problem = views(slot, reels, slot.needs, lengths, spoken=spoken)
    windows = windows[: _WINDOWS_TO_REPEAT if setup.repeats else _WINDOWS]
    if not windows:
        if not pinned:
            _, nearest = first_filled(reels, slot.needs, lengths)
            draft.left_out.append(LeftOut(slot.name, problem, named(nearest) if nearest else None))
        return
    if card:  # what is read matters, not the view: the cards after the first take their turns
        windows = [windows[card % len(windows)]]
    for number in range(len(pinned), slot.shots):
        draft.setups.append(
            replace(
                setup,
                need=need,
                windows=tuple(windows),
                optional=number > 0 or slot.must == "may",
                warning=problem,
            )
        )


def _pinned(pin: Pin, setup: Setup, reels: Mapping[str, Reel]) -> Setup:
    """The setup with nothing to choose but what the pin shows."""
    view = window_around(reels[pin.source], setup.need, pin.at, setup.wanted)
    warning = f"the view of {pin} is poor: {', '.join(view.faults)}" if view.faults else ""
    # Its words are read, and a buyer has to see it: what is short is held.
    least = min(setup.wanted, Fraction(setup.slot.min_s))
    return replace(
        setup,
        windows=(view,),
        optional=False,
        held=max(setup.held, least),
        warning=warning,
        pin=pin,
    )


def cards(notes: Sequence[Note], words: Language) -> list[list[Note]]:
    """Notes shared out over cards on which each can be read whole; one empty card for no notes."""
    shared: list[list[Note]] = [[]]
    used = 0
    for note in notes:
        size = len(captions.note_line(note, words))
        if shared[-1] and (len(shared[-1]) == _CARD_NOTES or used + size > _CARD_CHARACTERS):
            shared.append([])
            used = 0
        shared[-1].append(note)
        used += size
    return shared


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
        windows = pointed(reels[places[index].source], places[index].at, length)
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
        draft.setups.append(
            Setup(
                slot=slot,
                need="flaw",
                wanted=length,
                held=length,
                read=True,
                windows=windows,
                optional=False,
                overlays=_overlays(slot, brief, **{"condition-note": words}),
                note=note,
                box=note.seen.region if note.seen else None,
                warning=warning,
            )
        )


def _open_proof(slot: Slot, brief: Brief, reels: Mapping[str, Reel], draft: Draft) -> None:
    if reason := brief.placement.keeps_out("badge"):
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
    pins = iter([pin for pin in brief.wishes.pins if pin.slot == slot.name])
    addressed = not brief.placement.keeps_out("address")
    marked = not brief.placement.keeps_out("logo")
    for claim in captions.badges(brief.claims, addressed=addressed):
        seen = brief.listing.certificates[claim.entry].seen
        place = place_of(seen, footage, f"{brief.listing.path.name}: certificates.{claim.entry}")
        pin = next(pins, None)
        sighting = None
        if pin:
            place = Place(pin.source, pin.at)
        elif place is None:
            sighting = _sighting(claim, reels, length)
            place = Place(sighting.source, sighting.best) if sighting else None
        if place:  # shown on camera: that view is the proof's own
            windows: Sequence[Window] = pointed(reels[place.source], place.at, length)
            need, problem = slot.needs, ", ".join(windows[0].faults)
        else:
            lengths = (length, length / 2, length / 4)
            windows, need, problem = views(slot, reels, "whole", lengths, spoken=True)
            before = draft.setups[-1] if draft.setups else None
            if before and (
                others := other_views(windows, before.windows, before.wanted, reels, lengths)
            ):
                windows, need = others[:_WINDOWS_TO_REPEAT], "any"
        words = captions.badge(claim, brief.listing.item, addressed=addressed, marked=marked)
        draft.setups.append(
            Setup(
                slot=slot,
                need=need,
                wanted=length,
                held=length,
                read=True,
                warning=problem,
                pin=pin,
                windows=tuple(windows),
                optional=False,
                box=sighting.box if sighting else None,
                overlays=_overlays(slot, brief, **{"certification-badge": words}),
            )
        )


def _sighting(claim: Claim, reels: Mapping[str, Reel], length: Fraction) -> Shown | None:
    """The longest stretch that shows the certificate's code and is fit to be shown."""
    for shown in claim.shown:
        if not pointed(reels[shown.source], shown.best, length)[0].faults:
            return shown
    return None


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
        "measurements": lambda: captions.measurements(listing.item, brief.words),
        "inclusions": lambda: captions.inclusions(listing),
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
            # A price that was higher before is said with the one before.
            drop = name == "price" and "was_text" in fields
            spoken.append(("price-drop" if drop else name, fields))
    return tuple(spoken)


def _whole_frames(seconds: float, brief: Brief) -> Fraction:
    rate = brief.placement.rate
    return Fraction(round(seconds * float(rate))) / rate
