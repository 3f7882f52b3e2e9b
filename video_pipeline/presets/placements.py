"""Placements: where a clip will be posted, and what that place asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import AfterValidator, Field, model_validator

from video_pipeline.presets.shelf import Confidence, Figure, Written, names, read_preset

BurnIn = Literal["none", "text", "badge"]
# x264's "ultrafast" is left out: it leaves High profile.
Speed = Literal["superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"]


@dataclass(frozen=True)
class SafeArea:
    """Pixels to keep clear at each edge: the app draws its own buttons there."""

    top: int
    right: int
    bottom: int
    left: int


class Picture(Protocol):
    """What framing has to know of where a picture goes: its size, its rate, what is kept clear."""

    @property
    def width(self) -> int:
        """Pixels across."""
        ...

    @property
    def height(self) -> int:
        """Pixels down."""
        ...

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        ...

    @property
    def safe(self) -> SafeArea:
        """What to keep clear at each edge."""
        ...


@dataclass(frozen=True)
class Placement:
    """One placement from `presets/placements/<name>.yaml`.

    `rate` is the constant frame rate; times in an edit are whole frames of it. Limits that no
    source states are None and are not enforced. `preset` is x264's speed, `max_kbps` the most that
    a second of picture may take; `cover` is (width, height) in pixels.
    """

    name: str
    title: str
    width: int
    height: int
    rate: Fraction
    min_s: float | None
    max_s: float | None
    max_bytes: int | None
    crf: int
    loudness_lufs: float
    true_peak_dbtp: float
    audio_kbps: int
    safe: SafeArea
    burn_in: BurnIn
    cover: tuple[int, int]
    preset: str
    max_kbps: int


def placement_names(own: Path | None = None) -> tuple[str, ...]:
    """The placements that can be named, in alphabetical order."""
    return names("placements", own)


def load_placement(name: str, own: Path | None = None) -> Placement:
    """The placement of that name, from the person's presets folder `own` or the shipped ones.

    Raises UsageError for an unknown name, ListingError when the file has mistakes.
    """
    page = read_preset("placements", name, _Page, own)
    return Placement(
        name=name,
        title=page.title,
        width=page.width.value,
        height=page.height.value,
        rate=Fraction(page.rate.value),
        min_s=page.min_s.value,
        max_s=page.max_s.value,
        max_bytes=page.max_bytes.value,
        crf=page.crf.value,
        loudness_lufs=page.loudness_lufs.value,
        true_peak_dbtp=page.true_peak_dbtp.value,
        audio_kbps=page.audio_kbps.value,
        safe=SafeArea(
            top=page.safe.top.value,
            right=page.safe.right.value,
            bottom=page.safe.bottom.value,
            left=page.safe.left.value,
        ),
        burn_in=page.burn_in.value,
        cover=page.cover.value,
        preset=page.preset.value,
        max_kbps=page.max_kbps.value,
    )


@dataclass(frozen=True)
class Sourced:
    """One figure of a placement as its file gives it; None for a limit that no source states."""

    name: str
    value: Any
    source: str
    confidence: Confidence
    note: str | None


def figures(name: str, own: Path | None = None) -> tuple[Sourced, ...]:
    """Every figure of a placement beside its source, in the order of the file's model.

    Raises what `load_placement` raises.
    """
    page = read_preset("placements", name, _Page, own)
    found = {field: getattr(page, field) for field in _Page.model_fields}
    found |= {f"safe.{edge}": getattr(page.safe, edge) for edge in _Safe.model_fields}
    return tuple(
        Sourced(field, figure.value, figure.source, figure.confidence, figure.note)
        for field, figure in found.items()
        if isinstance(figure, Figure)
    )


def about(name: str, own: Path | None = None) -> str:
    """What else there is to know about a placement; empty when its file says nothing more."""
    return read_preset("placements", name, _Page, own).about or ""


def _rate(text: str) -> str:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 120:
        raise ValueError("frames per second such as 30 or 30000/1001")
    return text


def _even(pixels: int) -> int:
    if pixels % 2:
        raise ValueError("an even number of pixels (4:2:0 colour halves both sides)")
    return pixels


Pixels = Annotated[int, Field(ge=16, le=8192), AfterValidator(_even)]
Margin = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class _Safe(Written):
    top: Figure[Margin]
    right: Figure[Margin]
    bottom: Figure[Margin]
    left: Figure[Margin]


class _Page(Written):
    """A placement's file as it is written."""

    title: str = Field(description="The place's name, as people say it.")
    checked: date = Field(description="The day on which the sources were last read.")
    about: str | None = Field(default=None, description="What else to know about the place.")
    width: Figure[Pixels]
    height: Figure[Pixels]
    rate: Figure[Annotated[str, AfterValidator(_rate)]]
    min_s: Figure[Seconds | None]
    max_s: Figure[Seconds | None]
    max_bytes: Figure[Annotated[int, Field(gt=0)] | None]
    crf: Figure[Annotated[int, Field(ge=0, le=51)]]
    loudness_lufs: Figure[Annotated[float, Field(ge=-40, le=-5)]]
    true_peak_dbtp: Figure[Annotated[float, Field(ge=-9, le=0)]]
    audio_kbps: Figure[Annotated[int, Field(ge=32, le=512)]]
    safe: _Safe
    burn_in: Figure[BurnIn]
    cover: Figure[tuple[Pixels, Pixels]]
    preset: Figure[Speed]
    max_kbps: Figure[Annotated[int, Field(ge=500, le=100_000)]]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """The safe area leaves room, and the limits do not cross."""
        safe = self.safe
        wide = self.width.value - safe.left.value - safe.right.value
        high = self.height.value - safe.top.value - safe.bottom.value
        if wide < self.width.value / 4 or high < self.height.value / 4:
            raise ValueError("a safe area that leaves at least a quarter of each side clear")
        low, most = self.min_s.value, self.max_s.value
        if low is not None and most is not None and low > most:
            raise ValueError("min_s that is not above max_s")
        return self
