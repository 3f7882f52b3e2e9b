"""Looking at one picture: the same detectors that scan footage, on a photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from video_pipeline.analysis.scan import LONG_SIDE, detectors
from video_pipeline.errors import FootageError
from video_pipeline.vision.detector import Detection
from video_pipeline.vision.exposure import Exposure, exposure
from video_pipeline.vision.picture import grey_of, working
from video_pipeline.vision.sharpness import sharpness


@dataclass(frozen=True)
class Look:
    """What one picture shows, and how good it is."""

    file: Path
    hardware: Detection
    stitching: Detection
    sharpness: float
    exposure: Exposure


def look_at(file: Path) -> Look:
    """Detect on one picture file, upright by its EXIF tag.

    Raises FootageError when it is missing or no picture.
    """
    if not file.is_file():
        raise FootageError("there is no such file", where=str(file), mend="check the name")
    content = np.fromfile(file, dtype=np.uint8)
    pixels = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if pixels is None:
        raise FootageError(
            "this file cannot be read as a picture", where=str(file), mend="use a JPEG or PNG file"
        )
    picture = working(np.asarray(pixels, dtype=np.uint8), LONG_SIDE)
    hardware, stitching = detectors()
    grey = grey_of(picture)
    return Look(
        file, hardware.detect(picture), stitching.detect(picture), sharpness(grey), exposure(grey)
    )
