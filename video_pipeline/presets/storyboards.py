"""Storyboards: the slots of a clip, what each must show and say, and for how long.

The honesty test is checked when a storyboard is read: a flaw is never shown more briefly than the
hero shot, or any other shot that merely shows the piece, and it stands long enough for its note to
be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from video_pipeline.handwriting.pages import Loc, Mistake, Page, dotted
from video_pipeline.presets.shelf import Figure, Spoken, Written, names, read_preset, said

Need = Literal["whole", "hardware", "stitching", "flaw", "certificate", "any"]
Must = Literal["must", "should", "may"]
Repeat = Literal["once", "each-note"]
Faults = Callable[[str], Iterable[tuple[str, str]]]
"""What is wrong with a slot's text, each fault with how to mend it."""

STORY_LINE = "story-line"
"""The overlay that says a slot's text."""
# Overlays that are there to be read: their slots last as long as their words take.
_READ = frozenset(
    (STORY_LINE, "condition-note", "grade-card", "certification-badge", "end-card", "measurements",
     "inclusions")
)  # fmt: skip
Move = Literal["rest", "push-in"]


@dataclass(frozen=True)
class Slot:
    """One place in the storyboard.

    `needs` is what the picture has to show: 'flaw' is a moment that a note names, 'certificate' a
    verified claim (the whole item serves when no footage shows the certificate). 'must' slots are
    never left out, 'should' slots only for want of footage, 'may' slots give way first. Seconds
    are per shot; `shots` is the most that may be shown, one after another. `overlays` are template
    names. 'each-note' repeats the slot for every condition note that was found in the footage.
    `text` is the template of what the overlay 'story-line' says; empty where the slot has none.
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
    text: str = ""

    @property
    def beauty(self) -> bool:
        """Whether it merely shows the piece: neither a flaw, nor words that take their time."""
        return _is_beauty(self.needs, self.overlays)

    move: Move = "rest"


@dataclass(frozen=True)
class Storyboard:
    """One storyboard from `presets/storyboards/<name>.yaml`, slots in the order of the clip.

    `min_s` and `max_s` are aimed at. 'must' slots may exceed `max_s`, since no flaw is left out to
    keep a clip short; the limit of the placement is the hard one. `reading_cps` is the characters
    a second at which a viewer reads. A `loop` is played again and again: its last shot runs into
    its first.
    """

    name: str
    title: str
    min_s: float
    max_s: float
    reading_cps: float
    slots: tuple[Slot, ...]
    loop: bool = False

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


def load_storyboard(
    name: str,
    own: Path | None = None,
    lang: str | None = None,
    faults: Faults | None = None,
) -> Storyboard:
    """The storyboard of that name, from the person's presets folder `own` or the shipped ones.

    `lang` is the language of its texts; left out, they are English or in the first language there
    is. `faults` holds each text, in every language, against rules of its own. Raises UsageError
    for an unknown name or a language that the file lacks, ListingError when the file has mistakes.
    """
    page = read_preset(
        "storyboards", name, _Page, own, lambda p: _text_mistakes(p, faults) if faults else ()
    )
    return Storyboard(
        name=name,
        title=page.title,
        min_s=page.min_s.value,
        max_s=page.max_s.value,
        reading_cps=page.reading_cps.value,
        loop=page.loop,
        slots=tuple(
            Slot(
                name=s.name,
                needs=s.needs,
                must=s.must,
                move=s.move,
                seconds=s.seconds.prefer,
                min_s=s.seconds.min,
                max_s=s.seconds.max,
                overlays=s.said_by,
                repeat=s.repeat,
                shots=s.shots,
                text=said(s.text, lang, f"the storyboard '{name}'") if s.text else "",
            )
            for s in page.slots
        ),
    )


def _is_beauty(needs: Need, overlays: tuple[str, ...]) -> bool:
    return needs != "flaw" and _READ.isdisjoint(overlays)


def _text_mistakes(page: Page, faults: Faults) -> Iterator[Mistake]:
    """What is wrong with the texts of a page that may have other mistakes too."""
    slots = page.value.get("slots") if isinstance(page.value, dict) else None
    for number, slot in enumerate(slots if isinstance(slots, list) else ()):
        text = slot.get("text") if isinstance(slot, dict) else None
        way: Loc = ("slots", number, "text")
        texts = text if isinstance(text, dict) else {"": text}
        for lang, words in texts.items():
            loc = (*way, lang) if lang else way
            for message, mend in faults(words) if isinstance(words, str) else ():
                yield Mistake(page.line(loc), f"'{dotted(loc)}' {message}", mend)


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
    text: Spoken | None = Field(
        default=None, description="What is said: a template over the listing, or one by language."
    )

    @property
    def said_by(self) -> tuple[str, ...]:
        """The overlays of the slot; its text is said by one of its own."""
        return (STORY_LINE,) if self.text else self.overlays

    @model_validator(mode="after")
    def _one_way_to_repeat(self) -> Self:
        if self.repeat == "each-note" and (self.shots > 1 or self.needs != "flaw"):
            raise ValueError("'repeat: each-note' only with 'needs: flaw' and one shot")
        return self

    @model_validator(mode="after")
    def _one_thing_to_say(self) -> Self:
        """Two overlays would stand on one another, and a text is said once."""
        if self.text and (self.overlays or self.shots > 1 or self.needs in ("flaw", "certificate")):
            raise ValueError(
                "a 'text' only without 'overlays', with one shot and without 'needs: flaw' or "
                "'needs: certificate'"
            )
        if "label" in self.overlays and self.needs not in ("whole", "hardware", "stitching"):
            raise ValueError("the overlay 'label' only where something is needed that has a name")
        if STORY_LINE in self.overlays:
            raise ValueError(f"'text' in place of the overlay '{STORY_LINE}'")
        return self


class _Page(Written):
    """A storyboard's file as it is written."""

    title: str = Field(description="What the storyboard is for.")
    checked: date = Field(description="The day on which the sources were last read.")
    about: str | None = Field(default=None, description="What else to know.")
    min_s: Figure[Seconds]
    max_s: Figure[Seconds]
    reading_cps: Figure[Annotated[float, Field(ge=5, le=30)]]
    loop: bool = Field(default=False, description="Whether the last shot runs into the first.")
    slots: Annotated[tuple[_Slot, ...], Field(min_length=1, max_length=24)]

    @model_validator(mode="after")
    def _honest(self) -> Self:
        """Slots can be told apart, and no flaw is shorter than what shows the piece off."""
        if self.min_s.value > self.max_s.value:
            raise ValueError("min_s that is not above max_s")
        slot_names = [slot.name for slot in self.slots]
        if len(set(slot_names)) < len(slot_names):
            raise ValueError("slots of different names")
        beauty = [s.seconds.max for s in self.slots if _is_beauty(s.needs, s.said_by)]
        hero = max(beauty, default=0.0)
        flaws = [s for s in self.slots if s.needs == "flaw"]
        if not flaws:
            raise ValueError("a slot with 'needs: flaw'; flaws are always shown")
        for flaw in flaws:
            if flaw.seconds.min < hero or flaw.must != "must" or flaw.repeat != "each-note":
                raise ValueError(
                    f"a slot '{flaw.name}' with 'must: must', 'repeat: each-note' and at least "
                    f"{hero:g} s, the longest that the hero or another shot of the piece may stand"
                )
            if "condition-note" not in flaw.overlays:
                raise ValueError(f"the overlay 'condition-note' on the slot '{flaw.name}'")
        if not any("grade-card" in s.overlays for s in self.slots):
            raise ValueError("a slot with the overlay 'grade-card', which also says unfilmed notes")
        first, last = self.slots[0], self.slots[-1]
        if self.loop and (len(self.slots) < 2 or last.said_by or last.needs != first.needs):
            raise ValueError(
                "with 'loop: true' a last slot without words that needs what the first one needs"
            )
        return self
