"""Quality: is what the picture shows sharp, well lit and clean, at the very place that matters?

A picture may be crisp on the table behind and soft on the clasp; so everything here is measured
inside a box where one is given. Whether fingers cover a part is not told: skin and pale leather
have the same colours, and a guess would cost honest pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.picture import cut_out
from video_pipeline.vision.sharpness import sharpness

_CLIPPED_HIGH, _CLIPPED_LOW = 250, 5  # of 255: nothing can be told from there on
_FINE, _COARSE = 0.8, 2.0  # px, sigmas at which the gradient is taken
_FEWEST_EDGES = 60  # px of edge in a direction, or it says nothing
_LEAST_EDGE = 6.0  # grey levels per px
_LEAST_SIDE = 16  # px: of a smaller part neither blur of motion nor noise can be told
_FLATTEST = 0.5  # share of the picture whose noise is read: edges are no noise


@dataclass(frozen=True)
class Quality:
    """How good a picture is, or the part of it inside a box.

    sharpness     0 blurred … 1 crisp (see vision.sharpness)
    motion_blur   0 none … 1 smeared along one direction; None where the part is too small, or has
                  too few edges to tell
    luma          mean brightness 0..1
    exposure      0 unusable … 1 well exposed (see vision.exposure)
    clipped_high  share of pixels burnt out
    clipped_low   share of pixels drowned in black
    noise         standard deviation of the sensor's noise in grey levels of 255; None where the
                  part is too small to tell
    """

    sharpness: float
    motion_blur: float | None
    luma: float
    exposure: float
    clipped_high: float
    clipped_low: float
    noise: float | None


def quality(grey: NDArray[np.uint8], box: Box | None = None) -> Quality:
    """Measure a grey picture HxW, or the part of it inside `box`."""
    part = cut_out(grey, box)
    light = exposure(part)
    return Quality(
        sharpness=sharpness(grey, box),
        motion_blur=motion_blur(part),
        luma=light.luma,
        exposure=light.score,
        clipped_high=float((part >= _CLIPPED_HIGH).mean()),
        clipped_low=float((part <= _CLIPPED_LOW).mean()),
        noise=noise(part),
    )


def motion_blur(grey: NDArray[np.uint8]) -> float | None:
    """How much wider the edges across one direction are than those across another, 0..1.

    A lens blurs all directions alike; shake smears one, and spares the edges along it. The width
    of edges is read in eight directions from the ratio of gradients at two scales, as in
    vision.sharpness. Handed back is how far the ratios of the crispest and of the softest
    direction lie apart, as a share of the most that they can; None below 16 px of a side, and where
    fewer than three directions have edges enough.
    """
    if min(grey.shape) < _LEAST_SIDE:
        return None
    real = grey.astype(np.float32)
    fine_x, fine_y = _gradient(real, _FINE)
    coarse_x, coarse_y = _gradient(real, _COARSE)
    strength = np.hypot(coarse_x, coarse_y)
    edge = strength > max(_LEAST_EDGE, float(np.percentile(strength, 92)))
    ratio = np.hypot(fine_x, fine_y)[edge] / strength[edge]
    angle = np.arctan2(coarse_y[edge], coarse_x[edge]) % math.pi
    sector = np.floor(angle / math.pi * 8).astype(int) % 8
    # The gradient of a wide edge is the same at both scales, that of a narrow one is not.
    crisp = [
        float(np.quantile(ratio[sector == i], 0.7))
        for i in range(8)
        if (sector == i).sum() >= _FEWEST_EDGES
    ]
    if len(crisp) < 3:
        return None
    widest, narrowest = min(crisp), max(crisp)
    most = _COARSE / _FINE
    return min(max((narrowest - widest) / (most - 1), 0.0), 1.0)


def noise(grey: NDArray[np.uint8]) -> float | None:
    """Standard deviation of the noise of a grey picture HxW, in grey levels of 255.

    The method of Immerkaer 1996, on the flatter half of the picture. None below 16 px of a side.
    """
    if min(grey.shape) < _LEAST_SIDE:
        return None
    real = grey.astype(np.float32)
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    rest = np.abs(cv2.filter2D(real, cv2.CV_32F, mask))[1:-1, 1:-1]
    dx, dy = _gradient(real, 2.0)
    slope = np.hypot(dx, dy)[1:-1, 1:-1]
    flat = rest[slope <= np.quantile(slope, _FLATTEST)]
    return float(math.sqrt(math.pi / 2) / 6 * flat.mean())


def _gradient(real: NDArray[np.float32], sigma: float) -> tuple[NDArray[np.float32], ...]:
    smooth = cv2.GaussianBlur(real, (0, 0), sigma)
    return tuple(
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, dx, 1 - dx, ksize=1), dtype=np.float32)
        for dx in (1, 0)
    )
