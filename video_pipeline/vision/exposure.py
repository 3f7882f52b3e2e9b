"""Exposure: is there light enough, and not too much, to judge an item by the picture?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from video_pipeline.vision.picture import ramp, working

_WORKING_SIDE = 320
_HIGH = 250  # video white after compression wavers a few steps below 255
_LOW = 8


@dataclass(frozen=True)
class Exposure:
    """How a picture is exposed.

    luma          mean brightness, 0..1
    clipped_high  share of pixels at white
    clipped_low   share of pixels at black
    score         0 unusable … 1 well exposed
    """

    luma: float
    clipped_high: float
    clipped_low: float
    score: float


def exposure(grey: NDArray[np.uint8]) -> Exposure:
    """Judge a grey picture HxW.

    A white backdrop or a black bag is no mistake, so clipped pixels weigh only beyond a third of
    the picture, and brightness is judged by the pixels that are not clipped.
    """
    small = working(grey, _WORKING_SIDE)
    counts = np.bincount(small.ravel(), minlength=256).astype(np.float64)
    total = float(counts.sum())
    high = float(counts[_HIGH:].sum()) / total
    low = float(counts[: _LOW + 1].sum()) / total
    levels = np.arange(256)
    luma = float((counts * levels).sum()) / total / 255
    inner = counts[_LOW + 1 : _HIGH]
    if inner.sum() < 0.02 * total:
        return Exposure(luma, high, low, 0.0)
    shares = np.cumsum(inner) / inner.sum()
    # Far percentiles: most of a close-up may be one plain piece of leather.
    darkest, middle, bright, brightest = (
        int(np.searchsorted(shares, q)) + _LOW + 1 for q in (0.002, 0.5, 0.98, 0.998)
    )
    score = (
        max(ramp(bright, 55, 105), ramp(luma, 0.15, 0.3))  # nothing bright, nor bright on the whole
        * ramp(middle, 242, 205)  # half of what is left is nearly white: washed out
        * ramp(brightest - darkest, 8, 30)  # fog, or a lens cap
        * ramp(high, 0.9, 0.5)
        * ramp(low, 0.85, 0.4)
    )
    return Exposure(luma, high, low, score)
