"""Storyboards: the slots of a clip, what each must show and for how long.

The honesty test is checked when a storyboard is read: a flaw is never shown more briefly than the
hero shot, and it stands long enough for its note to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from video_pipeline.presets.shelf import Figure, Written, names, read_preset

Need = Literal["whole", "hardware", "stitching", "flaw", "certificate", "any"]
Must = Literal["must", "should", "may"]
Repeat = Literal["once", "each-note"]
Move = Literal["rest", "push-in"]


@dataclass(frozen=True)
class Slot:
    """One place in the storyboard.

    `needs` is what the picture has to show: 'flaw' is a moment that a note names, 'certificate' a
    verified claim (the whole item serves when no footage shows the certificate). 'must' slots are
    never left out, 'should' slots only for want of footage, 'may' slots give way first. Seconds
    are per shot; `shots` is the most that may be shown, one after another. `overlays` are template
    names. 'each-note' repeats the slot for every condition note that was found in the footage.
    `move` is what the picture does beside following what is shown: 'push-in' lets it slowly grow.
    """

    name: str
    needs: Need
    must: Must
    seconds: float
    min_s: float
    max_s: float
    overlays: tuple[str, ...]
    repeat: Repeat
    shots: int
    move: Move = "rest"


@dataclass(frozen=True)
class Storyboard:
    """One storyboard from `presets/storyboards/<name>.yaml`, slots in the order of the clip.

    `min_s` and `max_s` are aimed at. 'must' slots may exceed `max_s`, since no flaw is left out to
    keep a clip short; the limit of the placement is the hard one. `reading_cps` is the characters
    a second at which a viewer reads.
    """

    name: str
    title: str
    min_s: float
    max_s: float
    reading_cps: float
    slots: tuple[Slot, ...]

    def slot(self, name: str) -> Slot:
        """The slot of that name. Raises KeyError."""
        for slot in self.slots:
            if slot.name == name:
                return slot
        raise KeyError(name)

    def reading_s(self, text: str) -> float:
        """Seconds in which `text` can be read."""
        return len(" ".join(text.split())) / self.reading_cps

    def seconds_for(self, slot: Slot, text: str = "") -> float:
        """How long one shot of `slot` should stand: its own seconds, or longer to read `text`.

        Reading goes before the slot's `max_s`, which limits only what the footage would allow.
        """
        return max(slot.seconds, self.reading_s(text))


def storyboard_names(own: Path | None = None) -> tuple[str, ...]:
    """The storyboards that can be named, in alphabetical order."""
    return names("storyboards", own)


def load_storyboard(name: str, own: Path | None = None) -> Storyboard:
    """The storyboard of that name, from the person's presets folder `own` or the shipped ones.

    Raises UsageError for an unknown name, ListingError when the file has mistakes.
    """
    page = read_preset("storyboards", name, _Page, own)
    return Storyboard(
        name=name,
        title=page.title,
        min_s=page.min_s.value,
        max_s=page.max_s.value,
        reading_cps=page.reading_cps.value,
        slots=tuple(
            Slot(
                name=s.name,
                needs=s.needs,
                must=s.must,
                move=s.move,
                seconds=s.seconds.prefer,
                min_s=s.seconds.min,
                max_s=s.seconds.max,
                overlays=s.overlays,
                repeat=s.repeat,
                shots=s.shots,
            )
            for s in page.slots
        ),
    )


Seconds = Annotated[float, Field(ge=0.5, le=600)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class _Seconds(Written):
    """How long one shot stands, and why."""

    prefer: Seconds
    min: Seconds
    max: Seconds
    source: str = Field(min_length=3, description="Where the figures come from.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.prefer <= self.max:
            raise ValueError("min, prefer and max in rising order")
        return self


class _Slot(Written):
    name: Word = Field(description="The slot's name, as the report shows it.")
    needs: Need
    must: Must
    move: Move = "rest"
    seconds: _Seconds
    shots: Annotated[int, Field(ge=1, le=6)] = 1
    overlays: Annotated[tuple[Word, ...], Field(max_length=4)] = ()
    repeat: Repeat = "once"

    @model_validator(mode="after")
    def _one_way_to_repeat(self) -> Self:
        if self.repeat == "each-note" and (self.shots > 1 or self.needs != "flaw"):
            raise ValueError("'repeat: each-note' only with 'needs: flaw' and one shot")
        return self


class _Page(Written):
    """A storyboard's file as it is written."""

    title: str = Field(description="What the storyboard is for.")
    checked: date = Field(description="The day on which the sources were last read.")
    about: str | None = Field(default=None, description="What else to know.")
    min_s: Figure[Seconds]
    max_s: Figure[Seconds]
    reading_cps: Figure[Annotated[float, Field(ge=5, le=30)]]
    slots: Annotated[tuple[_Slot, ...], Field(min_length=1, max_length=24)]

    @model_validator(mode="after")
    def _honest(self) -> Self:
        """Slots can be told apart, and no flaw is shorter than the hero shot."""
        if self.min_s.value > self.max_s.value:
            raise ValueError("min_s that is not above max_s")
        slot_names = [slot.name for slot in self.slots]
        if len(set(slot_names)) < len(slot_names):
            raise ValueError("slots of different names")
        hero = max((s.seconds.max for s in self.slots if s.name == "hero"), default=0.0)
        flaws = [s for s in self.slots if s.needs == "flaw"]
        if not flaws:
            raise ValueError("a slot with 'needs: flaw'; flaws are always shown")
        for flaw in flaws:
            if flaw.seconds.min < hero or flaw.must != "must" or flaw.repeat != "each-note":
                raise ValueError(
                    f"a slot '{flaw.name}' with 'must: must', 'repeat: each-note' and at least "
                    f"{hero:g} s, the longest that the hero shot may stand"
                )
            if "condition-note" not in flaw.overlays:
                raise ValueError(f"the overlay 'condition-note' on the slot '{flaw.name}'")
        if not any("grade" in s.overlays for s in self.slots):
            raise ValueError("a slot with the overlay 'grade', which also says unfilmed notes")
        return self
