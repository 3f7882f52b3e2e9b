"""Looking at one picture: the same detector that scans footage, on a photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.scan import LONG_SIDE
from video_pipeline.errors import FootageError
from video_pipeline.vision.detector import Detection, Detector, Part
from video_pipeline.vision.picture import grey_of, working
from video_pipeline.vision.quality import Quality, quality


@dataclass(frozen=True)
class Shown:
    """One part that a picture shows, and how good the picture is there."""

    part: Part
    quality: Quality


@dataclass(frozen=True)
class Photo:
    """A photo: what it shows, and how good it is; `explained` is what the detector drew, BGR."""

    file: Path
    hardware: Detection
    stitching: Detection
    hardware_shown: tuple[Shown, ...]
    stitching_shown: tuple[Shown, ...]
    quality: Quality
    explained: NDArray[np.uint8] | None = None


def look_at(file: Path, detector: Detector, *, explain: bool = False) -> Photo:
    """Detect on one picture file, upright by its EXIF tag.

    Sizes of details are told in pixels of the file itself. Raises FootageError when it is missing
    or no picture.
    """
    if not file.is_file():
        raise FootageError("there is no such file", where=str(file), mend="check the name")
    content = np.fromfile(file, dtype=np.uint8)
    pixels = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if pixels is None:
        raise FootageError(
            "this file cannot be read as a picture", where=str(file), mend="use a JPEG or PNG file"
        )
    whole = np.asarray(pixels, dtype=np.uint8)
    picture = working(whole, LONG_SIDE)
    enlarged = max(whole.shape[:2]) / max(picture.shape[:2])
    seen = detector.detect(picture)
    grey = grey_of(picture)

    hardware, stitching = (_in_the_file(d, enlarged) for d in (seen.hardware, seen.stitching))

    def shown(detection: Detection) -> tuple[Shown, ...]:
        return tuple(Shown(part, quality(grey, part.box)) for part in detection.parts)

    return Photo(
        file,
        hardware,
        stitching,
        shown(hardware),
        shown(stitching),
        quality(grey),
        detector.explain(picture) if explain else None,
    )


def _in_the_file(detection: Detection, enlarged: float) -> Detection:
    """The same with sizes of details in pixels of the file."""
    return replace(detection, parts=tuple(
        part if part.detail_px is None
        else replace(part, detail_px=round(part.detail_px * enlarged, 1))
        for part in detection.parts
    ))  # fmt: skip
