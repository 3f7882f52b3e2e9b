"""Sharpness: how wide are the edges, whatever the picture shows?

The width of an edge says how blurred it is; its height says only how strong the contrast is.
Around an edge that the lens blurred by a Gaussian of s pixels, the gradient at scale a is in
proportion to 1/sqrt(s² + a²), so the ratio of the gradients at two scales gives s alone:

    R = |∇ at a| / |∇ at b|,   s² = (b² − R² a²) / (R² − 1)      (a < b)

(the two-scale form of Elder and Zucker 1998; Zhuo and Sim 2011 use it for defocus maps).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.picture import cut_out, ramp, working

_WORKING_SIDE = 960
_FINE = 0.8
_COARSE = 2.4
_DIFFERENCE = 1 / 3  # px²: what the central difference itself blurs, at both scales
_QUANTILE = 0.6  # of the edges: a close-up may rightly have a soft background
_CRISP_PX = 0.4  # of Gaussian sigma: sharp for a viewer on a phone
_SOFT_PX = 1.8
_BAND = 96  # px: of a large picture every other band of rows is read, which says the same
_LARGE = 5 * _BAND
_RIM = 8  # px at either edge of a band where its neighbour is missing


def sharpness(grey: NDArray[np.uint8], box: Box | None = None) -> float:
    """0 blurred … 1 crisp, of a grey picture HxW or of the part inside `box`.

    Judged by the sharper of the strong edges, since a close-up may rightly have a soft
    background. A part without any edge above the noise scores 0: nothing there to inspect.
    """
    part = cut_out(working(grey, _WORKING_SIDE), box)
    blur = edge_blur_px(part)
    return 0.0 if blur is None else ramp(blur, _SOFT_PX, _CRISP_PX)


def edge_blur_px(grey: NDArray[np.uint8]) -> float | None:
    """Gaussian sigma of the sharper strong edges of a grey picture HxW, in its own pixels.

    None when it has no edges.
    """
    if min(grey.shape) < 8:
        return None
    real, rims = _bands(grey.astype(np.float32))
    coarse = _gradient(real, _COARSE)
    floor = max(1.5, float(np.percentile(coarse[::4, ::4], 90)))
    # Ridges of the coarse gradient only: flanks would read too wide, ridges of the fine one are
    # found on noise as well.
    ridge = (coarse >= floor) & (coarse >= cv2.dilate(coarse, np.ones((3, 3), np.uint8)))
    ridge[[0, -1]] = ridge[:, [0, -1]] = ridge[rims] = False
    ys, xs = np.divmod(np.flatnonzero(ridge), ridge.shape[1])
    if len(ys) < 12:
        return None
    # The fine gradient is wanted at the ridges alone, one pixel in a hundred.
    fine = _smooth(real, _FINE)
    ratio = np.hypot(fine[ys, xs + 1] - fine[ys, xs - 1], fine[ys + 1, xs] - fine[ys - 1, xs])
    ratio /= coarse[ys, xs]
    r = float(np.quantile(ratio, _QUANTILE))
    r = min(max(r, 1.0001), _COARSE / _FINE - 1e-4)
    squared = (_COARSE**2 - r**2 * _FINE**2) / (r**2 - 1) - _DIFFERENCE
    return float(np.sqrt(max(squared, 0.0)))


def _bands(real: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Every other band of a large picture, one below the other, and the rows where they meet."""
    if real.shape[0] < _LARGE:
        return real, np.empty(0, dtype=np.intp)
    starts = range(_BAND // 2, real.shape[0] - _BAND // 2, 2 * _BAND)
    bands = [real[start : start + _BAND] for start in starts]
    meets = np.cumsum([len(band) for band in bands])[:-1]
    rims = (meets[:, None] + np.arange(-_RIM, _RIM)).ravel()
    return np.concatenate(bands), rims[rims < sum(len(band) for band in bands)]


def _gradient(real: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    smooth = _smooth(real, sigma)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1)
    return np.asarray(cv2.magnitude(dx, dy), dtype=np.float32)


def _smooth(real: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    reach = 2 * math.ceil(3 * sigma) + 1  # beyond three sigma lie three thousandths of the weight
    return np.asarray(cv2.GaussianBlur(real, (reach, reach), sigma), dtype=np.float32)
