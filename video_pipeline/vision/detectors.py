"""The detectors there are, by name: those that ship, and those other packages bring.

A package brings one by an entry point of the group `video_pipeline.detectors`, whose name is what
people call it by and whose object makes a `Detector` when called without arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.vision.brought import bring
from video_pipeline.vision.classical import Classical
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.learned import Learned

GROUP = "video_pipeline.detectors"
DEFAULT = "learned"
# Known here too, so that they are found in a checkout that nobody installed, and nobody can take
# their names over. A test holds this against the entry points in pyproject.toml.
SHIPPED: dict[str, Callable[[], Detector]] = {"learned": Learned, "classical": Classical}


def detector_names() -> tuple[str, ...]:
    """All that can be chosen, those that ship first."""
    brought = sorted(point.name for point in _brought())
    return (*SHIPPED, *dict.fromkeys(brought))


def detector(name: str | None = None) -> Detector:
    """The detector of that name, or the one that measures best.

    Raises UsageError when there is none of that name, or when it can't be started.
    """
    wanted = name or DEFAULT
    made: Detector
    if wanted in SHIPPED:
        made = SHIPPED[wanted]()
    elif point := next((p for p in _brought() if p.name == wanted), None):
        made = bring(point)
    else:
        raise _unknown(wanted)
    str(made.version)  # what it needs is missed now, not after minutes of work
    return made


def _unknown(wanted: str) -> UsageError:
    names = detector_names()
    return UsageError(
        f"there is no detector '{wanted}'",
        mend=f"{did_you_mean(wanted, names)} there are: {', '.join(names)}".strip(),
    )


def _brought() -> Iterator[EntryPoint]:
    """Entry points of other packages; a name that ships can't be taken over."""
    return (point for point in entry_points(group=GROUP) if point.name not in SHIPPED)
