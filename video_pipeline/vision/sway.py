"""Sway: how far the whole picture moved between two frames, to a fraction of a pixel.

Corners are followed from one picture into the other, and the one movement that most of them agree
on is taken for the camera's. What a hand or a swinging strap does is outvoted.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_CORNERS, _QUALITY, _APART = 240, 0.01, 9  # of cv2.goodFeaturesToTrack; px
_WINDOW, _LEVELS = (21, 21), 3  # of the search around each: movements of up to 80 px or so
_OFF = 1.0  # px: a corner that lies farther from the common movement does not agree with it
_LEAST_AGREEING, _LEAST_SHARE = 12, 0.4


def picture_moved(
    before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> tuple[float, float] | None:
    """How far the middle of the picture moved, px right and down, between two grey ones HxW.

    Corners (Shi and Tomasi 1994) followed by pyramids of Lucas and Kanade's method (Bouguet 2001),
    and the turn, growth and shift that most of them share (RANSAC). None where there are too few
    corners, or where they do not agree. Raises ValueError when the sizes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"sizes differ: {before.shape} and {after.shape}")
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, _QUALITY, _APART)
    if corners is None or len(corners) < _LEAST_AGREEING:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, corners, np.empty_like(corners), winSize=_WINDOW, maxLevel=_LEVELS
    )
    kept = found.ravel() == 1
    if kept.sum() < _LEAST_AGREEING:
        return None
    matrix, agrees = cv2.estimateAffinePartial2D(
        corners[kept], there[kept], ransacReprojThreshold=_OFF
    )
    if matrix is None or agrees.sum() < max(_LEAST_AGREEING, _LEAST_SHARE * len(corners)):
        return None
    middle = (np.array(before.shape[::-1], np.float64) - 1) / 2
    dx, dy = matrix[:, :2] @ middle + matrix[:, 2] - middle
    return float(dx), float(dy)
