"""Camera motion and cuts, from two neighbouring pictures of one recording."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.vision.picture import grey_of, working

_MOTION_SIDE = 160
_CUT_SIDE = 96
_CUT = 0.5


def camera_motion(
    before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> tuple[float, float, float]:
    """How far the picture moved between two grey pictures HxW of the same size.

    Hands back dx, dy (to the right, downwards) as shares of the picture's *width*, and a
    confidence 0..1. Phase correlation (Kuglin and Hines 1975) under a Hann window; shifts beyond
    about half the picture can't be told.

    Raises ValueError when the sizes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"sizes differ: {before.shape} and {after.shape}")
    a = working(before, _MOTION_SIDE).astype(np.float32)
    b = working(after, _MOTION_SIDE).astype(np.float32)
    height, width = a.shape
    if min(height, width) < 8 or a.std() < 1 or b.std() < 1:
        return 0.0, 0.0, 0.0
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (dx, dy), response = cv2.phaseCorrelate(a - a.mean(), b - b.mean(), window)
    return dx / width, dy / width, min(max(float(response), 0.0), 1.0)


def cut_score(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """0 the same shot … 1 surely another one, for two BGR pictures HxWx3 of the same size.

    Two witnesses must agree. Structure: after undoing the motion between them, the pictures no
    longer correlate (correlation does not see brightness, so darkening is no cut). Colour: the
    shares of hues have changed. A whip pan passes the first and fails the second, and its smear
    is taken as an excuse.
    """
    if before.shape != after.shape:
        raise ValueError(f"sizes differ: {before.shape} and {after.shape}")
    a, b = working(before, _CUT_SIDE), working(after, _CUT_SIDE)
    structure = 1 - _aligned_correlation(grey_of(a), grey_of(b))
    colour = _colour_change(a, b)
    return float(min(max(structure, 0.0), 1.0) * colour)


def is_cut(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Did the picture change as only an edit can? BGR pictures HxWx3; small ones will do."""
    return cut_score(before, after) >= _CUT


def _aligned_correlation(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    dx, dy, _ = camera_motion(before, after)
    height, width = before.shape
    x, y = round(dx * width), round(dy * width)
    best = 0.0
    for shift_x, shift_y in {(0, 0), (x, y)}:
        a = before[max(-shift_y, 0) : height - max(shift_y, 0)]
        a = a[:, max(-shift_x, 0) : width - max(shift_x, 0)]
        b = after[max(shift_y, 0) : height - max(-shift_y, 0)]
        b = b[:, max(shift_x, 0) : width - max(-shift_x, 0)]
        if a.size < 0.25 * before.size or a.shape != b.shape:
            continue
        best = max(best, _correlation(a, b))
    return best


def _correlation(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    left = a.astype(np.float64) - a.mean()
    right = b.astype(np.float64) - b.mean()
    scale = float(np.sqrt((left**2).mean() * (right**2).mean()))
    if scale < 1.0:
        return 1.0 if left.std() < 2 and right.std() < 2 else 0.0
    return float((left * right).mean() / scale)


def _colour_change(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """1 minus the overlap of two smoothed histograms over Lab, lightness relative to its mean."""
    histograms = []
    for picture in (before, after):
        lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).astype(np.float32)
        light = lab[..., 0]
        lab[..., 0] = np.clip(128 + 48 * (light - light.mean()) / (light.std() + 8), 0, 255)
        h = cv2.calcHist([lab], [0, 1, 2], None, [8, 24, 24], [0, 256, 64, 192, 64, 192])
        h = np.stack([cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in h])
        histograms.append(h / max(float(h.sum()), 1e-9))
    return float(1 - np.minimum(*histograms).sum())
