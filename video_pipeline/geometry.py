"""Boxes and crops: the shapes that listings, analysis, edits and rendering all speak about."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MOST_ZOOM = 1.5  # beyond this a picture brought to the output's size first has grown soft


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
class Bars:
    """What is cut off each side of an upright picture, in pixels: rims that hold no picture."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __bool__(self) -> bool:
        return any((self.left, self.top, self.right, self.bottom))

    @property
    def words(self) -> str:
        """'120 pixels at the top and 120 at the bottom'; empty where there are none."""
        sides = (
            (self.top, "top"),
            (self.bottom, "bottom"),
            (self.left, "left"),
            (self.right, "right"),
        )
        told = [f"{width} at the {side}" for width, side in sides if width]
        return " and ".join(told).replace(" at", " pixels at", 1)

    def inside(self, whole: tuple[int, int]) -> tuple[int, int]:
        """Width and height of what is left of a picture of that size."""
        return whole[0] - self.left - self.right, whole[1] - self.top - self.bottom

    def within(self, box: Box, whole: tuple[int, int]) -> Box | None:
        """A box of the whole picture as one of what is left; None where nothing of it is left."""
        width, height = self.inside(whole)
        x0, x1 = (min(1.0, max(0.0, (x * whole[0] - self.left) / width)) for x in (box.x0, box.x1))
        y0, y1 = (min(1.0, max(0.0, (y * whole[1] - self.top) / height)) for y in (box.y0, box.y1))
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


NO_BARS = Bars()


@dataclass(frozen=True)
class CropKey:
    """Where the crop's top left corner is at one frame of the cut, in source pixels."""

    frame: int
    x: int
    y: int


@dataclass(frozen=True)
class Bend:
    """A change of pace, in source pixels a frame, spread over `spread` frames either side."""

    frame: int
    spread: int
    x: float
    y: float

    def travelled(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many frames' worth of the change have been travelled at some frames.

        A ramp with a rounded corner: the acceleration rises and falls in straight lines, so the
        jerk is the change of pace over the square of `spread`, and never more.
        """
        since = frames - self.frame
        ramp: NDArray[np.float64] = np.maximum(since, 0.0)
        if self.spread:
            near = np.maximum(0.0, 1 - np.abs(since) / self.spread)
            ramp += near**3 * (self.spread / 6)
        return ramp


@dataclass(frozen=True)
class Crop:
    """A window over the source picture, resting or travelling along its keys.

    It goes from key to key at an even pace. Where the pace changes, the change is spread over
    `ease` frames before and after the key, or fewer where the next key is nearer. Before its first
    and after its last key it rests. `zoom` is how many times larger the picture stands at the
    cut's first and last frame, growing evenly about the window's middle.
    """

    width: int
    height: int
    path: tuple[CropKey, ...]
    ease: int = 12
    zoom: tuple[float, float] = (1.0, 1.0)

    @property
    def rests(self) -> bool:
        """Whether it shows the same window all through."""
        return self.zoom == (1.0, 1.0) and len({(key.x, key.y) for key in self.path}) == 1

    @property
    def growth(self) -> float:
        """How many times larger the picture stands all through, beside its zoom."""
        return 1.0

    def moved(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """By how much the window is moved off its path, (n, 2), at some frames; source pixels."""
        return np.zeros((len(at), 2))

    def bends(self, frames: int) -> tuple[Bend, ...]:
        """The changes of pace in a cut of `frames` frames; the first starts the movement."""
        keys = list(self.path)
        if keys[0].frame > 0:
            keys.insert(0, CropKey(0, keys[0].x, keys[0].y))
        if keys[-1].frame < frames - 1:
            keys.append(CropKey(frames - 1, keys[-1].x, keys[-1].y))
        bends = []
        pace = (0.0, 0.0)
        for number, (a, b) in enumerate(pairwise(keys)):
            length = b.frame - a.frame
            new = ((b.x - a.x) / length, (b.y - a.y) / length)
            # A cut that starts in motion has no before to ease out of.
            spread = min(self.ease, length, a.frame - keys[number - 1].frame) if number else 0
            if new != pace:
                bends.append(Bend(a.frame, spread, new[0] - pace[0], new[1] - pace[1]))
            pace = new
        return tuple(bends)

    def corners(self, at: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
        """The window's top left corners, (n, 2), at some frames of a cut of `frames` frames.

        In source pixels, as if it were not enlarged.
        """
        start = self.path[0]
        places = np.tile(np.array((start.x, start.y), np.float64), (len(at), 1))
        for bend in self.bends(frames):
            places += bend.travelled(at)[:, None] * (bend.x, bend.y)
        return places

    def at(self, frame: float, frames: int) -> tuple[float, float, float, float]:
        """What is seen at a frame of a cut of `frames` frames: x, y, width, height in pixels."""
        x, y = (float(v) for v in self.corners(np.array([frame], np.float64), frames)[0])
        zoom = self.zoom[0] + (self.zoom[1] - self.zoom[0]) * frame / max(1, frames - 1)
        zoom *= self.growth
        width, height = self.width / zoom, self.height / zoom
        return x + (self.width - width) / 2, y + (self.height - height) / 2, width, height


@dataclass(frozen=True)
class Steadied(Crop):
    """A crop that goes along with the camera's shake, so that what it shows does not shake.

    `closer` is how many times larger the picture stands all through, which gives the window room.
    `moves` says for each frame by how many source pixels the window is moved to the right and down.
    """

    closer: float = 1.0
    moves: tuple[tuple[float, float], ...] = ((0.0, 0.0),)

    @property
    def rests(self) -> bool:
        """Whether it shows the same window all through: it is there for not doing so."""
        return False

    @property
    def growth(self) -> float:
        """How many times larger the picture stands all through, beside its zoom."""
        return self.closer

    def moved(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """By how much the window is moved off its path, (n, 2), at some frames; source pixels."""
        numbers = np.clip(np.rint(at), 0, len(self.moves) - 1).astype(np.intp)
        return np.array(self.moves)[numbers]

    def corners(self, at: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
        """The path's corners and the moves together; see `Crop.corners`."""
        return super().corners(at, frames) + self.moved(at)


@dataclass(frozen=True)
class TrailKey:
    """Where what is followed was at a time of its source: middle and size, shares of the picture.

    With a confidence of 0 it was not seen from then until the next key.
    """

    t: Fraction
    x: float
    y: float
    width: float
    height: float
    confidence: float


@dataclass(frozen=True)
class Trail:
    """The way of one thing through its footage, as a few keys in rising order of time.

    Between two keys it goes at an even pace. Before the first key and after the last it is not
    known; a single key is a thing that rests.
    """

    keys: tuple[TrailKey, ...]

    @property
    def sound(self) -> bool:
        """Whether it has keys, each with a size, in rising order."""
        rising = all(a.t < b.t for a, b in pairwise(self.keys))
        return bool(self.keys) and rising and all(k.width > 0 < k.height for k in self.keys)

    def at(self, t: Fraction) -> Box | None:
        """Where it is at a time of the source, or None when it is not seen then."""
        keys = self.keys
        if len(keys) == 1:
            return _box_of(keys[0]) if keys[0].confidence > 0 else None
        after = bisect_right(keys, t, key=lambda key: key.t)
        if after == 0 or (after == len(keys) and t > keys[-1].t):
            return None
        a, b = keys[after - 1], keys[min(after, len(keys) - 1)]
        if a.confidence <= 0:
            return None
        return _box_of(a, b, float((t - a.t) / (b.t - a.t)) if b.t > a.t else 0.0)


WHOLE = Box(0.0, 0.0, 1.0, 1.0)
"""The whole picture."""


@dataclass(frozen=True)
class VeilStep:
    """From `start` to `end`, seconds of the source, what is in `box` is covered."""

    start: Fraction
    end: Fraction
    box: Box


@dataclass(frozen=True)
class Veil:
    """What covers one stated thing of a source while it may be seen."""

    what: str
    steps: tuple[VeilStep, ...]

    def over(self, first: Fraction, last: Fraction) -> Box | None:
        """All that is covered at any time from `first` to `last`."""
        return Box.around(s.box for s in self.steps if s.start <= last and first <= s.end)

    @property
    def shut(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """When the whole picture is covered, or about to be, since nobody knows where it is."""
        near = Fraction(1, 10)
        return tuple(
            (max(Fraction(0), s.start - near), s.end + near) for s in self.steps if s.box == WHOLE
        )

    @property
    def followed(self) -> tuple[Fraction, Fraction] | None:
        """From when to when it is covered where it is; None where it could not be followed."""
        known = [step for step in self.steps if step.box != WHOLE]
        return (max(Fraction(0), known[0].start), known[-1].end) if known else None


def _box_of(a: TrailKey, b: TrailKey | None = None, share: float = 0.0) -> Box:
    b = b or a
    x, y, width, height = (
        one + (other - one) * share
        for one, other in (
            (a.x, b.x), (a.y, b.y), (a.width, b.width), (a.height, b.height)
        )
    )  # fmt: skip
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
