"""A detector that another package brought: everything it answers is held against the interface.

Its faults are its maker's to mend, not the seller's and not ours, so every one of them is told as
one plain error that names the detector and its package.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from video_pipeline.errors import UsageError
from video_pipeline.geometry import Box
from video_pipeline.vision.detector import Detection, Detector, Part, Seen, Tint
from video_pipeline.vision.starting import in_a_line, starting


class AnswerError(ValueError):
    """What is wrong with an answer, as the end of "the detector … gave …"."""


@dataclass(frozen=True)
class Brought:
    """Somebody else's detector. Every member raises UsageError for what the interface forbids."""

    detector: Detector
    name: str
    package: str

    @property
    def version(self) -> str:
        """Its own word."""
        with self._held():
            return str(self.detector.version)

    @property
    def legend(self) -> tuple[Tint, ...]:
        """What its colours mean, in its own words."""
        with self._held():
            return tuple(_tint(told) for told in self.detector.legend)

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        """What it saw."""
        with self._held():
            # It gets a copy: the same picture is measured after it has looked.
            return _seen(self.detector.detect(picture.copy()))

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What it drew."""
        with self._held():
            drawn = self.detector.explain(picture.copy())
            if not isinstance(drawn, np.ndarray):
                raise AnswerError(f"{_kind(drawn)} for the picture that explains")
            if drawn.shape != picture.shape or drawn.dtype != np.uint8:
                raise AnswerError(
                    f"a picture that explains of {drawn.shape} {drawn.dtype}, not of "
                    f"{picture.shape} uint8"
                )
            return np.ascontiguousarray(drawn)

    @contextmanager
    def _held(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # whatever a stranger's code may raise
            said = (
                f"gave {error}"
                if isinstance(error, AnswerError)
                else f"failed: {type(error).__name__}: {in_a_line(error)}"
            )
            raise UsageError(
                f"the detector '{self.name}' of {self.package} {said}",
                mend="tell its maker, or choose another one with --detector",
            ) from error


def bring(point: EntryPoint) -> Brought:
    """Start the detector that an entry point names. Raises UsageError when that fails."""
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.module
    with starting(
        f"the detector '{point.name}' of {package}",
        where=point.value,
        mend="install the package that brings it once more, or choose another detector",
    ):
        made: Detector = point.load()()
        for member in ("version", "legend", "detect", "explain"):
            getattr(made, member)
    return Brought(made, point.name, package)


def _seen(answer: object) -> Seen:
    """The answer in our own plain values. Raises AnswerError."""
    if not isinstance(answer, Seen):
        raise AnswerError(f"{_kind(answer)} for an answer")
    return Seen(_detection(answer.hardware), _detection(answer.stitching))


def _detection(told: object) -> Detection:
    if not isinstance(told, Detection):
        raise AnswerError(f"{_kind(told)} for a detection")
    parts = tuple(_part(part) for part in told.parts)
    if not (isinstance(told.alike, int) and 0 <= told.alike <= max(1, len(parts))):
        raise AnswerError(f"a count of {told.alike!r} parts that are alike, of {len(parts)}")
    return Detection(_score(told.score), parts, told.alike)


def _part(told: object) -> Part:
    if not isinstance(told, Part):
        raise AnswerError(f"{_kind(told)} for a part")
    if told.kind is not None and not _printable(told.kind):
        raise AnswerError(f"a kind that is no word: {told.kind!r}")
    size = told.detail_px
    if size is not None and not (isinstance(size, Real) and 0 < float(size) < math.inf):
        raise AnswerError(f"a size of a detail that is no number of pixels: {size!r}")
    size = None if size is None else float(size)
    return Part(_box(told.box), _score(told.score), told.kind, size)


def _score(told: object) -> float:
    if not (isinstance(told, Real) and 0 <= float(told) <= 1):  # NaN is neither
        raise AnswerError(f"a score that is not between 0 and 1: {told!r}")
    return float(told)


def _box(told: object) -> Box:
    if not isinstance(told, Box):
        raise AnswerError(f"{_kind(told)} for a box")
    if not (0 <= told.x0 < told.x1 <= 1 and 0 <= told.y0 < told.y1 <= 1):
        raise AnswerError(f"a box that is not inside the picture: {told.as_list()}")
    return Box(float(told.x0), float(told.y0), float(told.x1), float(told.y1))


def _tint(told: object) -> Tint:
    if not isinstance(told, Tint):
        raise AnswerError(f"{_kind(told)} for a tint")
    if not _printable(told.means):
        raise AnswerError(f"a tint whose meaning is no words: {told.means!r}")
    blue, green, red = (int(value) for value in told.colour)
    if not all(0 <= value <= 255 for value in (blue, green, red)):
        raise AnswerError(f"a tint that is no colour: {told.colour!r}")
    return Tint((blue, green, red), told.means)


def _printable(told: object) -> bool:
    return isinstance(told, str) and bool(told.strip()) and told.isprintable()


def _kind(told: object) -> str:
    return "nothing" if told is None else f"a {type(told).__name__}"
