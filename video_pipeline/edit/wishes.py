"""Wishes: what a person decides before the choice is made. A pin must be shown, a ban must not.

Wishes are obeyed or the plan fails and says which of them, or what of the listing, is in the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from video_pipeline.edit.pointing import Place
from video_pipeline.errors import ListingError, Problem, UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.listing.clock import seconds_of
from video_pipeline.presets.storyboards import Storyboard

PIN_WORDS: Final = "write it as SLOT=FILE@TIME, such as hardware=clip2.mov@12.4"
_TOO_NEAR: Final = Fraction(1, 5)  # s: the footage is looked at about ten times a second
BAN_WORDS: Final = "write it as FILE or FILE@FROM-TO, such as clip1.mov@0-3"


@dataclass(frozen=True)
class Pin:
    """The slot must show what `source` shows at `at`, seconds."""

    slot: str
    source: str
    at: Fraction

    def __str__(self) -> str:
        return f"--pin {self.slot}={self.source}@{_seconds(self.at)}"


@dataclass(frozen=True)
class Ban:
    """Nothing of `source` in `[start, end)` may be shown, seconds; no `end` means to its end."""

    source: str
    start: Fraction = Fraction(0)
    end: Fraction | None = None

    def __str__(self) -> str:
        if self.end is None and not self.start:
            return f"--ban {self.source}"
        end = "" if self.end is None else _seconds(self.end)
        return f"--ban {self.source}@{_seconds(self.start)}-{end}"

    def holds(self, source: str, at: Fraction) -> bool:
        """Whether it bans that moment, or one so near that no look lies between."""
        after = self.end is None or at < self.end + _TOO_NEAR
        return source == self.source and self.start - _TOO_NEAR < at and after


@dataclass(frozen=True)
class Wishes:
    """All pins and bans of a plan."""

    pins: tuple[Pin, ...] = ()
    bans: tuple[Ban, ...] = ()

    def banned_of(self, footage: Footage, name: str) -> list[tuple[Fraction, Fraction]]:
        """The stretches of one source that must not be shown, seconds."""
        beyond = footage.duration + 1
        return [
            (ban.start, beyond if ban.end is None else ban.end)
            for ban in self.bans
            if ban.source == name
        ]


def pin_of(text: str) -> Pin:
    """A pin as it is written: `SLOT=FILE@TIME`. Raises UsageError."""
    slot, is_pin, rest = text.partition("=")
    source, is_timed, time = rest.rpartition("@")
    if not (is_pin and is_timed and slot and source):
        raise UsageError(f"'{text}' is not a pin", where="--pin", mend=PIN_WORDS)
    return Pin(slot.strip(), source, _time(time, "--pin", text))


def ban_of(text: str) -> Ban:
    """A ban as it is written: `FILE`, or `FILE@FROM-TO` where either may be left out.

    Raises UsageError.
    """
    source, is_timed, times = text.rpartition("@")
    if not is_timed:
        return Ban(text)
    first, is_span, last = times.partition("-")
    if not (source and is_span):
        raise UsageError(f"'{text}' is not a ban", where="--ban", mend=BAN_WORDS)
    start = _time(first, "--ban", text) if first.strip() else Fraction(0)
    end = _time(last, "--ban", text) if last.strip() else None
    if end is not None and end <= start:
        raise UsageError(f"'{text}' ends before it begins", where="--ban", mend=BAN_WORDS)
    return Ban(source, start, end)


def check_wishes(
    wishes: Wishes,
    storyboard: Storyboard,
    footage: Mapping[str, Footage],
    places: Mapping[str, Place],
) -> None:
    """Hold the wishes against each other, the storyboard, the footage and the listing.

    `places` are where the listing points, each by what points there. Raises ListingError with
    everything that stands in the way.
    """
    problems = [
        *_unknown(wishes, storyboard, footage),
        *_conflicts(wishes, storyboard),
        *_pointing(wishes, footage, places),
    ]
    if problems:
        raise ListingError("these wishes cannot all be met", problems=problems)


def _unknown(
    wishes: Wishes, storyboard: Storyboard, footage: Mapping[str, Footage]
) -> Iterator[Problem]:
    slots = [slot.name for slot in storyboard.slots]
    for pin in wishes.pins:
        if pin.slot not in slots:
            mend = did_you_mean(pin.slot, slots) or f"there are: {', '.join(slots)}"
            yield Problem(str(pin), f"'{storyboard.name}' has no slot '{pin.slot}'", mend)
        elif storyboard.slot(pin.slot).needs == "flaw":
            yield Problem(
                str(pin),
                "flaws are shown where the listing says that they are seen",
                "change seen: of the note in the listing",
            )
    wished: list[Pin | Ban] = [*wishes.pins, *wishes.bans]
    for wish in wished:
        found = footage.get(wish.source)
        at = wish.at if isinstance(wish, Pin) else wish.start
        if found is None:
            names = list(footage)
            mend = did_you_mean(wish.source, names) or f"there are: {', '.join(names)}"
            yield Problem(str(wish), f"there is no footage file '{wish.source}'", mend)
        elif at >= found.duration:
            yield Problem(
                str(wish),
                f"{found.name} ends at {found.duration_s:.1f} s",
                "give a time inside the file",
            )


def _conflicts(wishes: Wishes, storyboard: Storyboard) -> Iterator[Problem]:
    for pin in wishes.pins:
        for ban in wishes.bans:
            if ban.holds(pin.source, pin.at):
                yield Problem(
                    str(pin),
                    f"it is ruled out by {ban}",
                    f"drop one of the two, or keep them {float(_TOO_NEAR):g} s apart",
                )
    shots = {slot.name: slot.shots for slot in storyboard.slots}
    for name, pins in Counter(pin.slot for pin in wishes.pins).items():
        if pins > shots.get(name, pins):
            yield Problem(
                f"--pin {name}",
                f"{pins} pins are more than the {shots[name]} that this slot may show",
                "drop some, or raise shots: in a storyboard of your own",
            )


def _pointing(
    wishes: Wishes, footage: Mapping[str, Footage], places: Mapping[str, Place]
) -> Iterator[Problem]:
    for what, place in places.items():
        for ban in wishes.bans:
            if place.at is not None and ban.holds(place.source, place.at):
                yield _said_there(ban, what, place)
        left = footage[place.source].duration
        bans = sorted((b for b in wishes.bans if b.source == place.source), key=lambda b: b.start)
        if place.at is None and bans and _all_banned(bans, left):
            yield _said_there(bans[0], what, place)


def _all_banned(bans: Sequence[Ban], duration: Fraction) -> bool:
    """Whether bans in order of their start leave nothing of a file worth the name."""
    free_from = Fraction(0)
    for ban in bans:
        if ban.start > free_from + _TOO_NEAR:
            return False
        free_from = max(free_from, duration if ban.end is None else ban.end)
    return free_from + _TOO_NEAR >= duration


def _said_there(ban: Ban, what: str, place: Place) -> Problem:
    at = "" if place.at is None else f" at {_seconds(place.at)} s"
    return Problem(
        str(ban),
        f"the listing says that {what} is seen in {place.source}{at}",
        "change the ban, or seen: in the listing",
    )


def _time(text: str, where: str, whole: str) -> Fraction:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' in '{whole}' is no time", where=where, mend=str(error)
        ) from None


def _seconds(value: Fraction) -> str:
    return f"{float(value):g}"
