"""Hardware, found without learning: metal is where bright glints stand next to dark reflections.

Polished metal mirrors the room. Within a few pixels it goes from bright to dark, through smooth
ramps, as glints (bright and narrow) beside lines of shadow (dark and narrow). Leather does not
have the range, a silhouette before a white backdrop has no narrow parts, print has no ramps. Gold
and brass tones speak for it a little more; steel and gunmetal have no colour to go by.

What it can't tell: glossy stones, lacquer and glitter look the same, and so does coarse knitwear
in hard light.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.detector import Detection
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.picture import box_of_pixels, grey_of, working

_WORKING_SIDE = 480
_STEP = 4  # the metal map is kept at a quarter of the working size
_SHARE = 0.04  # of the picture: how much metal fills a close-up
_HALF = 0.18  # strength that counts as shown
_MOST_BOXES = 6

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class ClassicalHardware:
    """Finds metal parts shown large and sharp."""

    name: str = "hardware"
    version: str = "classical-2"

    def detect(self, picture: NDArray[np.uint8]) -> Detection:
        """Score a BGR picture HxWx3 by the metal in it; boxes hold one cluster each.

        A texture that glitters everywhere is no clasp, so the mean over the picture is taken off
        the strongest places. Badly exposed pictures are marked down.
        """
        small = working(picture, _WORKING_SIDE)
        if min(small.shape[:2]) < 32:
            return Detection(0.0, ())
        metal = metallic(small)
        most = max(1, round(metal.size * _SHARE))
        top = float(np.partition(metal.ravel(), -most)[-most:].mean())
        strength = max(top - 0.7 * float(metal.mean()), 0.0)
        strength *= exposure(grey_of(small)).score
        return Detection(strength**2 / (strength**2 + _HALF**2), _clusters(metal))


def metallic(small: NDArray[np.uint8]) -> F32:
    """How metallic each place looks, 0..1, at a quarter of the size of a BGR picture HxWx3."""
    lab: F32 = np.asarray(
        cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), dtype=np.float32
    )
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 0.8)
    narrow = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
    high, low = cv2.dilate(light, wide), cv2.erode(light, wide)
    span = high - low
    place = (light - low) / np.maximum(span, 1)
    between = ((place > 0.3) & (place < 0.7)).astype(np.float32)
    ramps = _part(cv2.GaussianBlur(between, (0, 0), 4), 0.15, 0.35) * _part(span, 30, 70)
    glints = _part(cv2.morphologyEx(light, cv2.MORPH_TOPHAT, narrow), 8, 50)
    shadows = _part(cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, narrow), 8, 50)
    both = np.sqrt(_quarter(glints) * _quarter(shadows))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    # Gold and brass lie within some 14 degrees of hue 83 in Lab, whatever the light's brightness.
    yellow = np.exp(-np.square((hue - 83) / 14)) * _part(chroma, 8, 20)
    tone = 0.5 + 0.5 * _quarter(yellow.astype(np.float32))
    metal = _quarter(ramps) ** 0.75 * both**0.25 * tone
    return np.asarray(metal, dtype=np.float32)


def _clusters(metal: F32) -> tuple[Box, ...]:
    """Boxes around the metallic places, the heaviest first."""
    floor = max(0.5 * float(np.percentile(metal, 99)), 0.05)
    mask = (metal >= floor).astype(np.uint8)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    weight = np.bincount(labels.ravel(), weights=metal.ravel(), minlength=count)
    heaviest = sorted(range(1, count), key=lambda i: -weight[i])[:_MOST_BOXES]
    boxes = []
    for i in heaviest:
        x, y, w, h, area = (int(v) for v in stats[i])
        if area >= 6:
            boxes.append(box_of_pixels((x, y, x + w, y + h), metal.shape))
    return tuple(boxes)


def _part(values: ArrayLike, low: float, high: float) -> F32:
    return np.asarray(np.clip((np.asarray(values) - low) / (high - low), 0, 1), dtype=np.float32)


def _quarter(values: F32) -> F32:
    size = (max(1, values.shape[1] // _STEP), max(1, values.shape[0] // _STEP))
    smooth = cv2.GaussianBlur(values, (0, 0), 4)
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
