"""The subject: what stands out from its surroundings, and whether all of it is in the picture.

The picture's rim is taken to be surroundings (the boundary prior of Wei et al. 2012); what looks
unlike every part of the rim is the subject. Close-ups fill the rim with the item itself, so
little stands out of them, and their `whole` is low, as it should be. A buckle that stands out of
leather is told from a bag before a wall by its size and by its surroundings, which are more
strongly coloured than most rooms are. A bag before a red or orange wall pays for that.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.picture import box_of_pixels, ramp, working

_WORKING_SIDE = 96
_RIM = 0.04  # of the short side
_PIECES = 6  # rim pieces per side
_RING = (5, 9)  # px of the working size: dilated so much, the subject's surroundings begin and end
# Lab chroma of surroundings: nearly all walls, tables and floors lie below, dyed leather above.
_ROOM_CHROMA, _LEATHER_CHROMA = 25, 40
_STRONG_COLOUR = 0.3  # what is left of `whole` then: unlikely, not impossible


@dataclass(frozen=True)
class Subject:
    """What stands out: its box (None when nothing does), and 0..1 whether it is a whole item."""

    box: Box | None
    whole: float


def subject(picture: NDArray[np.uint8]) -> Subject:
    """Find what stands out in a BGR picture HxWx3."""
    small = working(picture, _WORKING_SIDE)
    height, width = small.shape[:2]
    if min(height, width) < 16:
        return Subject(None, 0.0)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), dtype=np.uint8)
    mask, contrast = _outstanding(_unlike_rim(small))
    if mask is None:
        return Subject(None, 0.0)
    ys, xs = np.nonzero(mask)
    x0, y0, x1, y1 = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
    box = box_of_pixels((x0, y0, x1, y1), mask.shape)
    return Subject(box, _wholeness(mask, contrast, box) * _in_a_room(lab, mask))


def _unlike_rim(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Lab distance of every pixel to the nearest colour of the rim."""
    height, width = small.shape[:2]
    smooth = cv2.bilateralFilter(small, 5, 30, 3)
    lab = np.array(
        cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), dtype=np.float32
    )
    # Shadows on the backdrop change lightness far more than colour.
    lab[..., 0] *= 0.6
    rim = max(2, round(_RIM * min(height, width)))
    sides = (lab[:rim], lab[-rim:], lab[:, :rim].swapaxes(0, 1), lab[:, -rim:].swapaxes(0, 1))
    colours = np.array(
        [
            np.median(piece.reshape(-1, 3), axis=0)
            for side in sides
            for piece in np.array_split(side, _PIECES, axis=1)
        ],
        dtype=np.float32,
    )
    # |x - c|² = |x|² - 2 x·c + |c|²: one product of matrices instead of a pass for every colour.
    pixels = lab.reshape(-1, 3)
    cross = (np.square(colours).sum(axis=1) - 2 * (pixels @ colours.T)).min(axis=1)
    squared = np.maximum(np.square(pixels).sum(axis=1) + cross, 0)
    nearest = np.sqrt(squared).reshape(height, width)
    return np.asarray(cv2.GaussianBlur(nearest, (0, 0), 1.2), dtype=np.float32)


def _outstanding(unlike: NDArray[np.float32]) -> tuple[NDArray[np.bool_] | None, float]:
    """The mask of what stands out, holes filled, and how far it stands out."""
    scaled = np.clip(unlike * 4, 0, 255).astype(np.uint8)
    level, mask = cv2.threshold(scaled, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if level < 4 * 3:
        mask = (scaled >= 4 * 3).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return None, 0.0
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    if areas.max() < 0.004 * mask.size:
        return None, 0.0
    # A strap or a chain may be cut off from the body; crumbs are left behind.
    kept = 1 + np.flatnonzero(areas >= 0.25 * areas.max())
    found = np.isin(labels, kept).astype(np.uint8)
    contours, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(found, contours, -1, 1, cv2.FILLED)
    whole_mask = found.astype(bool)
    outside = unlike[~whole_mask]
    ground = float(np.median(outside)) if outside.size else 0.0
    return whole_mask, float(np.median(unlike[whole_mask])) - ground


def _wholeness(mask: NDArray[np.bool_], contrast: float, box: Box) -> float:
    area = float(mask.mean())
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    touch = float(edge.mean())
    # Running off two sides over a good length: a part of something larger.
    second = sorted(float(side.mean()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))[-2]
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    hull = float(cv2.contourArea(cv2.convexHull(points)))
    solid = float(mask.sum()) / max(hull, 1.0)
    off_centre = max(abs(box.centre[0] - 0.5), abs(box.centre[1] - 0.5))
    return (
        min(ramp(area, 0.03, 0.1), ramp(area, 0.8, 0.6))
        * ramp(touch, 0.3, 0.05)
        * ramp(second, 0.6, 0.2)
        * ramp(contrast, 3, 9)
        * ramp(solid, 0.35, 0.65)
        * ramp(off_centre, 0.4, 0.2)
    )


def _in_a_room(lab: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """1 when the surroundings are as pale as rooms are, less when they could be dyed leather.

    `lab` is HxWx3 in OpenCV's 8 bits. Looked at are a ring around the subject and the rim.
    """
    chroma = np.hypot(lab[..., 1].astype(np.float32) - 128, lab[..., 2].astype(np.float32) - 128)
    filled = mask.astype(np.uint8)
    near, far = (cv2.dilate(filled, np.ones((k, k), np.uint8)) for k in _RING)
    ring = chroma[far > near]
    sides = (chroma[:3], chroma[-3:], chroma[:, :3], chroma[:, -3:])
    rim = np.concatenate([side.ravel() for side in sides])
    strongest = max(float(np.median(part)) for part in (ring, rim) if part.size)
    pale = ramp(strongest, _LEATHER_CHROMA, _ROOM_CHROMA)
    return _STRONG_COLOUR + (1 - _STRONG_COLOUR) * pale
