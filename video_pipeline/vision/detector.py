"""The door that every detector stands behind: classical, learned, or one of your own.

A detector looks at one picture and says how well it *shows* hardware and stitching, and where.
Callers know this interface only, so that a detector can be replaced without touching them.
Detectors are found by name among the entry points of the group `video_pipeline.detectors`: a
package that declares one there is offered beside those that ship.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box

SHOWN_FROM = 0.5  # a score from which a buyer could inspect the part in the picture


@dataclass(frozen=True)
class Part:
    """One place where something was found.

    box        where, as shares of the picture
    score      0..1, how surely and how well this place shows it
    kind       "zip", "chain", "topstitch", ...; None where the detector can't tell
    detail_px  size of the detail that a buyer inspects, in pixels of the picture as given: for
               seams the pitch of the stitches, for metal the smaller side of the part; None where
               it could not be measured
    """

    box: Box
    score: float
    kind: str | None = None
    detail_px: float | None = None


@dataclass(frozen=True)
class Detection:
    """How well a picture shows one thing, and where.

    score  0..1; SHOWN_FROM and more means that a buyer could inspect the part in this picture
    parts  single parts, the one that shows the most first; a picture may have parts and a low
           score (seen, but small or soft)
    alike  how many of the first parts show about as much as each other: they carry the score
           together, as both ends of a chain do, or the rivets of a strap
    """

    score: float
    parts: tuple[Part, ...] = ()
    alike: int = 1

    @property
    def shown(self) -> bool:
        """Whether a buyer could inspect it."""
        return self.score >= SHOWN_FROM

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where the parts are, in their order."""
        return tuple(part.box for part in self.parts)

    @property
    def carrying(self) -> tuple[Part, ...]:
        """The parts that carry the score: the first one, and those that are alike."""
        return self.parts[: self.alike]

    @property
    def around(self) -> Box | None:
        """The box around the parts that carry the score: what to frame. None without parts."""
        return Box.around(part.box for part in self.carrying)


NOTHING = Detection(0.0)


@dataclass(frozen=True)
class Seen:
    """What a detector saw in one picture."""

    hardware: Detection = NOTHING
    stitching: Detection = NOTHING


@dataclass(frozen=True)
class Tint:
    """A colour that a detector draws with, BGR 0..255 each, and what it means in plain words."""

    colour: tuple[int, int, int]
    means: str


class Detector(Protocol):
    """Finds hardware and stitching in a picture.

    `name` is what people call it by. `version` changes whenever results may change, and belongs
    into every cache key that holds them.
    """

    @property
    def name(self) -> str:
        """The name it is chosen by."""
        ...

    @property
    def version(self) -> str:
        """Which results to expect."""
        ...

    @property
    def legend(self) -> tuple[Tint, ...]:
        """What the colours of `explain` mean."""
        ...

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        """Look at a BGR picture, HxWx3, of any size. Deterministic; never changes `picture`."""
        ...

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What it saw, drawn: a BGR picture of the same shape, the evidence tinted onto it."""
        ...
