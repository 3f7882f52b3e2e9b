"""The door that every detector stands behind, classical today and learned tomorrow.

A detector looks at one picture and says how well it *shows* one kind of part, and where. Callers
know this interface only, so that a detector can be replaced without touching them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box


@dataclass(frozen=True)
class Detection:
    """What a detector found in one picture.

    `score` is 0..1; 0.5 and more means that a buyer could inspect the part in this picture.
    `boxes` are best first; a picture may have boxes and a low score (seen, but small or soft).
    """

    score: float
    boxes: tuple[Box, ...]


class Detector(Protocol):
    """Finds one kind of part.

    `name` says what it finds ("hardware", "stitching"). `version` changes whenever results may
    change, and belongs into every cache key that holds them.
    """

    @property
    def name(self) -> str:
        """What it finds."""
        ...

    @property
    def version(self) -> str:
        """Which results to expect."""
        ...

    def detect(self, picture: NDArray[np.uint8]) -> Detection:
        """Look at a BGR picture, HxWx3, of any size. Deterministic; never changes `picture`."""
        ...
