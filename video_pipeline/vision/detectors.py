"""The detectors there are, by name: those that ship, and those other packages bring.

A package brings one by an entry point of the group `video_pipeline.detectors`, whose name is what
people call it by and whose object makes a `Detector` when called without arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import numpy as np
from numpy.typing import NDArray

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.vision.classical import Classical
from video_pipeline.vision.detector import Detection, Detector, Seen
from video_pipeline.vision.learned import Learned

GROUP = "video_pipeline.detectors"
DEFAULT = "learned"
_SHIPPED: dict[str, Callable[[], Detector]] = {"learned": Learned, "classical": Classical}


@dataclass(frozen=True)
class Checked:
    """A detector of somebody else's, whose answers are held against the interface."""

    detector: Detector
    name: str

    @property
    def version(self) -> str:
        """Its own word."""
        return str(self.detector.version)

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        """What it saw. Raises UsageError where that is no answer."""
        seen = self.detector.detect(picture)
        for detection in (seen.hardware, seen.stitching):
            for fault in _faults(detection):
                raise UsageError(
                    f"the detector '{self.name}' gave {fault}",
                    mend="tell its maker, or choose another one with --detector",
                )
        return seen

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What it drew."""
        return self.detector.explain(picture)


def detector_names() -> tuple[str, ...]:
    """All that can be chosen, those that ship first."""
    brought = sorted(point.name for point in _brought())
    return (*_SHIPPED, *dict.fromkeys(brought))


def detector(name: str | None = None) -> Detector:
    """The detector of that name, or the one that measures best.

    Raises UsageError when there is none of that name, or when it can't be started.
    """
    wanted = name or DEFAULT
    if wanted in _SHIPPED:
        made = _SHIPPED[wanted]()
        str(made.version)  # what it needs is missed now, not after minutes of work
        return made
    for point in _brought():
        if point.name == wanted:
            return Checked(_started(point), wanted)
    names = detector_names()
    raise UsageError(
        f"there is no detector '{wanted}'",
        mend=f"{did_you_mean(wanted, names)} there are: {', '.join(names)}".strip(),
    )


def _brought() -> Iterator[EntryPoint]:
    """Entry points of other packages; a name that ships can't be taken over."""
    return (point for point in entry_points(group=GROUP) if point.name not in _SHIPPED)


def _started(point: EntryPoint) -> Detector:
    try:
        made: Detector = point.load()()
        for part in ("version", "detect", "explain"):
            getattr(made, part)
    except Exception as error:  # whatever a stranger's code may raise
        raise UsageError(
            f"the detector '{point.name}' cannot be started: {error}",
            where=point.value,
            mend="install the package that brings it once more, or choose another detector",
        ) from error
    return made


def _faults(detection: Detection) -> Iterator[str]:
    scores = (detection.score, *(part.score for part in detection.parts))
    if not all(math.isfinite(score) and 0 <= score <= 1 for score in scores):
        yield "a score that is not between 0 and 1"
    for box in detection.boxes:
        if not (0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1):
            yield f"a box that is not inside the picture: {box.as_list()}"
