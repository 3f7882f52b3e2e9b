"""Previews: what the loop on a listing's page is like, and how many bytes each format may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import lcm
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from video_pipeline.presets.placements import Pixels, SafeArea
from video_pipeline.presets.shelf import Figure, Written, names, read_preset

LoopFormat = Literal["avif", "webp", "gif", "mp4"]
LOOP_FORMATS: tuple[LoopFormat, ...] = get_args(LoopFormat)
PosterFormat = Literal["avif", "webp", "jpeg"]


class Rung(Written):
    """One way to encode a loop: how wide, every how many frames, at which quality.

    `quality` is the encoder's own: crf for AVIF and mp4, 0 to 100 for WebP, colours for GIF.
    `share` is about how large it comes out beside the ladder's first rung.
    """

    width: Pixels
    every: Annotated[int, Field(ge=1, le=15)]
    quality: Annotated[int, Field(ge=1, le=256)]
    share: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class LoopBudget:
    """The most bytes that a format may take, and its ladder, best rung first."""

    max_bytes: int
    ladder: tuple[Rung, ...]


@dataclass(frozen=True)
class Preview:
    """One kind of preview from `presets/previews/<name>.yaml`.

    `width`, `height` and `rate` are those of the frames that every format is encoded from.
    `posters` are widths in pixels, and `qualities` those of the poster formats, 0 to 100.
    The strip has a tile of `strip_width` pixels for every `strip_every` frames.
    """

    width: int
    height: int
    rate: Fraction
    min_s: float
    max_s: float
    whole_s: float
    detail_s: float
    formats: Mapping[LoopFormat, LoopBudget]
    posters: tuple[int, ...]
    qualities: Mapping[PosterFormat, int]
    strip_width: int
    strip_every: int
    strip_columns: int

    @property
    def safe(self) -> SafeArea:
        """What to keep clear at each edge: nothing, no app draws over a page."""
        return SafeArea(0, 0, 0, 0)

    @property
    def step(self) -> int:
        """Frames by which a loop's length goes up, so that every rung takes them evenly."""
        every = [rung.every for budget in self.formats.values() for rung in budget.ladder]
        return lcm(*every, self.strip_every)

    def with_budgets(self, budgets: Mapping[LoopFormat, int]) -> Preview:
        """The same with other bytes for these formats."""
        return replace(
            self,
            formats={
                name: replace(budget, max_bytes=budgets.get(name, budget.max_bytes))
                for name, budget in self.formats.items()
            },
        )


def preview_names(own: Path | None = None) -> tuple[str, ...]:
    """The previews that can be named, in alphabetical order."""
    return names("previews", own)


def load_preview(name: str = "listing", own: Path | None = None) -> Preview:
    """The preview of that name, from the person's presets folder `own` or the shipped ones.

    Raises UsageError for an unknown name, ListingError when the file has mistakes.
    """
    page = read_preset("previews", name, _Page, own)
    return Preview(
        width=page.width.value,
        height=page.height.value,
        rate=Fraction(page.rate.value),
        min_s=page.min_s.value,
        max_s=page.max_s.value,
        whole_s=page.whole_s.value,
        detail_s=page.detail_s.value,
        formats={
            name: LoopBudget(entry.max_bytes.value, entry.ladder.value)
            for name, entry in page.formats.items()
        },
        posters=page.posters.widths.value,
        qualities={
            "avif": page.posters.avif.value,
            "webp": page.posters.webp.value,
            "jpeg": page.posters.jpeg.value,
        },
        strip_width=page.strip.width.value,
        strip_every=page.strip.every.value,
        strip_columns=page.strip.columns.value,
    )


Quality = Annotated[int, Field(ge=1, le=100)]
Length = Annotated[float, Field(ge=0.4, le=30)]


class _Format(Written):
    max_bytes: Figure[Annotated[int, Field(gt=0)]]
    ladder: Figure[Annotated[tuple[Rung, ...], Field(min_length=1, max_length=12)]]

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if any(a.share <= b.share for a, b in pairwise(self.ladder.value)):
            raise ValueError("a ladder whose shares fall from rung to rung")
        return self


class _Posters(Written):
    widths: Figure[Annotated[tuple[Pixels, ...], Field(min_length=1, max_length=8)]]
    jpeg: Figure[Quality]
    webp: Figure[Quality]
    avif: Figure[Quality]


class _Strip(Written):
    width: Figure[Pixels]
    every: Figure[Annotated[int, Field(ge=1, le=60)]]
    columns: Figure[Annotated[int, Field(ge=1, le=20)]]


class _Page(Written):
    """A preview's file as it is written."""

    title: str = Field(description="Where it is for, as people say it.")
    checked: date = Field(description="The day on which the sources were last read.")
    about: str | None = Field(default=None, description="What else to know about it.")
    width: Figure[Pixels]
    height: Figure[Pixels]
    rate: Figure[Annotated[int, Field(ge=6, le=60)]]
    min_s: Figure[Length]
    max_s: Figure[Length]
    whole_s: Figure[Length]
    detail_s: Figure[Length]
    formats: dict[LoopFormat, _Format] = Field(min_length=1)
    posters: _Posters
    strip: _Strip

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.min_s.value > self.max_s.value:
            raise ValueError("min_s that is not above max_s")
        if self.whole_s.value > self.max_s.value:
            raise ValueError("whole_s that is not above max_s")
        return self
