"""Boxes and crops: the shapes that listings, analysis, edits and rendering all speak about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle as shares of the displayed picture: 0,0 is top left, 1,1 is bottom right."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x0 < self.x1 and self.y0 < self.y1):
            raise ValueError(f"an empty box: {self}")

    @property
    def width(self) -> float:
        """Share of the picture's width."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Share of the picture's height."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Share of the picture's area."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, as (x, y) shares."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        w = min(self.x1, other.x1) - max(self.x0, other.x0)
        h = min(self.y1, other.y1) - max(self.y0, other.y0)
        if w <= 0 or h <= 0:
            return 0.0
        return w * h / (self.area + other.area - w * h)

    def as_list(self) -> list[float]:
        """`[x0, y0, x1, y1]`, rounded to four digits: for JSON."""
        return [round(v, 4) for v in (self.x0, self.y0, self.x1, self.y1)]

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box | None:
        """The smallest box that holds all `boxes`, or None when there is none."""
        kept = list(boxes)
        if not kept:
            return None
        return cls(
            min(b.x0 for b in kept),
            min(b.y0 for b in kept),
            max(b.x1 for b in kept),
            max(b.y1 for b in kept),
        )


@dataclass(frozen=True)
class CropKey:
    """The crop's top left corner at one frame of the cut; it eases from one key to the next."""

    frame: int
    x: int
    y: int


@dataclass(frozen=True)
class Crop:
    """A window of constant size over the source picture, resting or gliding along its keys."""

    width: int
    height: int
    path: tuple[CropKey, ...]
