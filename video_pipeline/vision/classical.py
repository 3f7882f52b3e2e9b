"""Hardware and stitching, found without learning: no weights, and every reason can be drawn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.vision.detector import Seen, Tint
from video_pipeline.vision.hardware import metal_shown, metallic
from video_pipeline.vision.picture import working
from video_pipeline.vision.stitching import rows_of_stitches, stitches_shown

_METAL_SIDE = 480  # px, long side: what the metal map is made at
_MOST_ROWS = 12
_METAL = Tint((40, 40, 255), "glints and shadows as on metal, the redder the surer")
_ROW = Tint((255, 120, 30), "a row of stitches; 12 x 15px: 12 of them, 15 px apart")


@dataclass(frozen=True)
class Classical:
    """Finds hardware by its glints and stitching by its rhythm."""

    name: str = "classical"
    version: str = "4"
    legend: tuple[Tint, ...] = (_METAL, _ROW)

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        """Look at a BGR picture HxWx3."""
        return Seen(metal_shown(picture), stitches_shown(picture))

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture with metal tinted red, and a blue frame and the pitch at every row found."""
        drawn = picture.astype(np.float32) * 0.75
        height, width = picture.shape[:2]
        if min(height, width) < 32:
            return drawn.astype(np.uint8)
        metal = np.clip(metallic(working(picture, _METAL_SIDE)), 0, 1)
        share = 0.7 * cv2.resize(metal, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
        drawn += (np.array(_METAL.colour, dtype=np.float32) - drawn) * share
        out = np.ascontiguousarray(np.clip(drawn, 0, 255), dtype=np.uint8)
        thick = max(1, round(max(height, width) / 480))
        for row in rows_of_stitches(picture)[:_MOST_ROWS]:
            box = row.box
            corner = (round(box.x0 * width), round(box.y0 * height))
            other = (round(box.x1 * width), round(box.y1 * height))
            cv2.rectangle(out, corner, other, _ROW.colour, thick)
            cv2.putText(
                out,
                f"{row.stitches} x {row.pitch_px:.0f}px",
                (corner[0], max(12, corner[1] - 4)),
                cv2.FONT_HERSHEY_SIMPLEX,
                0.45 * thick,
                _ROW.colour,
                thick,
                cv2.LINE_AA,
            )
        return out
