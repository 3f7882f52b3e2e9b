"""Working pictures: every measure looks at a picture of a known size, so that its pixels mean
the same whether the phone wrote 540 or 2160 of them.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box


def working(picture: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    """`picture` (HxW or HxWx3) with its long side at most `long_side` px; never enlarged."""
    height, width = picture.shape[:2]
    if min(height, width) < 1:
        raise ValueError(f"an empty picture: {picture.shape}")
    scale = long_side / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(picture)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _u8(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def grey_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma (Rec. 601 weights) of a BGR picture HxWx3; a grey one HxW is handed back as it is."""
    return picture if picture.ndim == 2 else _u8(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def cut_out(picture: NDArray[np.uint8], box: Box | None) -> NDArray[np.uint8]:
    """The part of `picture` inside `box`, at least one pixel; all of it when `box` is None."""
    if box is None:
        return picture
    height, width = picture.shape[:2]
    x0 = min(max(int(box.x0 * width), 0), width - 1)
    y0 = min(max(int(box.y0 * height), 0), height - 1)
    x1 = min(max(round(box.x1 * width), x0 + 1), width)
    y1 = min(max(round(box.y1 * height), y0 + 1), height)
    return picture[y0:y1, x0:x1]


def box_of_pixels(edges: tuple[float, float, float, float], shape: tuple[int, ...]) -> Box:
    """The box from pixel edges x0, y0, x1, y1 in a picture of that shape (height, width, ...).

    Kept inside the picture and never empty.
    """
    height, width = shape[:2]
    x0, y0, x1, y1 = edges
    left = min(max(x0, 0.0), width - 1.0)
    top = min(max(y0, 0.0), height - 1.0)
    right = min(max(x1, left + 1.0), float(width))
    bottom = min(max(y1, top + 1.0), float(height))
    return Box(left / width, top / height, right / width, bottom / height)


def smaller_side_px(box: Box, shape: tuple[int, ...]) -> float:
    """The smaller side of a box in pixels of a picture of that shape, to a tenth."""
    return round(min(box.width * shape[1], box.height * shape[0]), 1)


def ramp(value: float, low: float, high: float) -> float:
    """0 at `low`, 1 at `high`, straight in between; `low` may be the larger one."""
    return min(max(0.0, (value - low) / (high - low)), 1.0)  # of 0.0 and -0.0 the first


def _u8(values: Any) -> NDArray[np.uint8]:
    return np.asarray(values, dtype=np.uint8)
