"""Changes of the light: by how much a phone turned exposure and white balance between two looks.

Two shots show different things, so their mean colours tell nothing of the light: a bag is not
grey. What two neighbouring looks both show is the same thing, and where its colour changes, the
light did, or the phone's idea of it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.light import DISPLAY_GAMMA

_DARKEST, _BRIGHTEST = 24, 232  # of 255: beyond, codes no longer follow the light
_LEAST_SHARED = 0.2  # of the picture, to speak for it
_MOST_SPREAD = 0.12  # stops between the middle half of the pixels: more, and it is not one change
_SIDE = 96  # px: light changes all over the picture
_NEAR = 0.25  # stops around the median that are averaged


def light_change(
    before: NDArray[np.uint8], after: NDArray[np.uint8], shift: tuple[float, float]
) -> tuple[float, float, float] | None:
    """By how many stops red, green and blue became brighter between two small BGR pictures HxWx3.

    `shift` is how far the picture's content moved, to the right and down, as shares of its width
    and height. Pixels that both pictures show, neither drowned nor burnt out, are compared; the
    mean of those near the median counts, since codes are whole numbers and a median of their
    quotients would be deaf to a slow change. None where too little is shared, or where the pixels
    do not agree on one change. Raises ValueError when the sizes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"sizes differ: {before.shape} and {after.shape}")
    share = min(1.0, _SIDE / max(before.shape[:2]))
    # As floats: a mean of whole numbers is no whole number, and it is small changes that count.
    one, other = (
        cv2.resize(p.astype(np.float32), None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        for p in (before, after)
    )
    height, width = one.shape[:2]
    move = np.array([[1, 0, shift[0] * width], [0, 1, shift[1] * height]], np.float64)
    size = (width, height)
    # Smoothed, so that an edge which lies a fraction of a pixel off does not speak.
    a, b = (cv2.GaussianBlur(p, (0, 0), max(0.8, 1.5 * share)) for p in (one, other))
    moved = cv2.warpAffine(a, move, size, flags=cv2.INTER_LINEAR)
    there = cv2.warpAffine(np.ones((height, width), np.float32), move, size)
    inside = (np.minimum(moved, b).min(axis=2) > _DARKEST) & (
        np.maximum(moved, b).max(axis=2) < _BRIGHTEST
    )
    shared = inside & (there > 0.999)
    if shared.mean() < _LEAST_SHARED:
        return None
    stops = DISPLAY_GAMMA * np.log2(b[shared] / moved[shared])
    low, middle, high = np.percentile(stops, (25, 50, 75), axis=0)
    if float((high - low).max()) > _MOST_SPREAD:
        return None
    blue, green, red = (
        float(column[np.abs(column - median) <= _NEAR].mean())
        for column, median in zip(stops.T, middle, strict=True)
    )
    return red, green, blue
