"""Coverage: what a buyer of each kind of item expects to see, and how to film what is missing.

One file for each category of the listing says which views there are and how each can be known to
be shown. A view that nobody can tell for sure says so: it is never called shown, and may name what
to look through instead. `presets/advice/filming.yaml` answers faults of footage with what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from video_pipeline.presets.shelf import Confidence, Figure, Written, names, read_preset
from video_pipeline.presets.storyboards import Must

# hardware, stitching: a detector sees it. flaws, certificates: the listing says when the footage
# shows it. includes: the listing names it, no more. nobody: it takes a person to look.
KnownBy = Literal["hardware", "stitching", "flaws", "certificates", "includes", "nobody"]
LookAt = Literal["whole", "hardware", "stitching"]
_REQUIRABLE = ("hardware", "stitching", "flaws", "certificates")


@dataclass(frozen=True)
class View:
    """One view that a buyer expects.

    `key` is what `--require` calls it, `name` what a seller does. `look_at` names the frames that
    a person may look through when `known_by` is 'nobody'. `film` says how to film it.
    """

    key: str
    name: str
    must: Must
    known_by: KnownBy
    look_at: LookAt | None
    film: str


@dataclass(frozen=True)
class Expectations:
    """What a buyer of one category expects, from `presets/coverage/<category>.yaml`.

    `seconds` is how long a view has to stand, clean, to count as shown.
    """

    category: str
    title: str
    seconds: float
    views: tuple[View, ...]

    @property
    def requirable(self) -> tuple[str, ...]:
        """The keys of the views that can be known to be shown."""
        return tuple(view.key for view in self.views if view.known_by in _REQUIRABLE)


@dataclass(frozen=True)
class Advice:
    """What to do about each fault of footage, from `presets/advice/filming.yaml`.

    `faults` are pairs: words of a fault, and what to do. `not_filmable` are flaws that no camera
    sees.
    """

    faults: tuple[tuple[str, str], ...]
    not_filmable: tuple[str, ...]

    def against(self, faults: Sequence[str]) -> str:
        """What to do about these faults, the first two that are known; empty for none."""
        known = (do for fault in faults for words, do in self.faults if words in fault)
        return " ".join(list(dict.fromkeys(known))[:2])


def category_names(own: Path | None = None) -> tuple[str, ...]:
    """The categories whose views are written down, in alphabetical order."""
    return names("coverage", own)


def load_expectations(category: str, own: Path | None = None) -> Expectations:
    """What a buyer of that category expects, from the folder `own` or the shipped one.

    Raises UsageError for an unknown category, ListingError when the file has mistakes.
    """
    page = read_preset("coverage", category, _Page, own)
    return Expectations(
        category=category,
        title=page.title,
        seconds=page.seconds.value,
        views=tuple(
            View(v.view, v.name, v.must, v.known_by, v.look_at, v.film) for v in page.views
        ),
    )


def load_advice(own: Path | None = None) -> Advice:
    """What to do about faults, from the folder `own` or the shipped one.

    Raises ListingError when the file has mistakes.
    """
    page = read_preset("advice", "filming", _AdvicePage, own)
    return Advice(
        faults=tuple((entry.fault, entry.do) for entry in page.faults),
        not_filmable=page.not_filmable,
    )


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Sentence = Annotated[str, Field(min_length=10, max_length=240)]


class _View(Written):
    view: Word = Field(description="A short key; --require takes it.")
    name: Annotated[str, Field(min_length=2, max_length=60)]
    must: Must
    known_by: KnownBy
    look_at: LookAt | None = None
    film: Sentence
    source: str = Field(min_length=3, description="Who says that buyers look at this.")
    confidence: Confidence

    @model_validator(mode="after")
    def _one_who_knows(self) -> Self:
        if self.look_at and self.known_by != "nobody":
            raise ValueError("'look_at' only with 'known_by: nobody'")
        return self


class _Page(Written):
    """A category's file as it is written."""

    title: str = Field(description="What the category is called in running text: 'a bag'.")
    checked: date = Field(description="The day on which the sources were last read.")
    about: str | None = Field(default=None, description="What else to know.")
    seconds: Figure[Annotated[float, Field(ge=0.5, le=10)]]
    views: Annotated[tuple[_View, ...], Field(min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Views can be told apart, and flaws are always asked for."""
        keys = [view.view for view in self.views]
        if len(set(keys)) < len(keys):
            raise ValueError("views of different keys")
        if not any(v.known_by == "flaws" and v.must == "must" for v in self.views):
            raise ValueError("a view with 'known_by: flaws' and 'must: must'; flaws are always due")
        return self


class _Fault(Written):
    fault: Annotated[str, Field(min_length=3)] = Field(description="Words of the fault.")
    do: Sentence
    source: str = Field(min_length=3, description="Where the advice comes from.")


class _AdvicePage(Written):
    """The file of advice as it is written."""

    title: str
    checked: date = Field(description="The day on which the sources were last read.")
    about: str | None = Field(default=None, description="What else to know.")
    faults: Annotated[tuple[_Fault, ...], Field(min_length=1)]
    not_filmable: tuple[Word, ...] = Field(description="Flaws of a listing that no camera sees.")
