"""Hardware, found without learning: metal is where bright glints stand next to dark reflections.

Polished metal mirrors the room. Within a few pixels it goes from bright to dark, through smooth
ramps, as glints (bright and narrow) beside lines of shadow (dark and narrow). Leather does not
have the range, a silhouette before a white backdrop has no narrow parts, print has no ramps.
Three cues are added up, each of them weighed by what it can't be mistaken for:

- ramps with glints and shadows, more so in gold and brass tones: polished metal in good light;
- glints beside shadows alone, where they stand out of their surroundings: zips, chains, studs;
- glints beside shadows that have no colour amid strong colour: steel and gunmetal on dyed leather.

What it can't tell: glossy stones, lacquer and glitter look the same, and so does coarse knitwear
in hard light. Silver on black leather has the first two cues only.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.detector import NOTHING, Detection, Part
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.picture import box_of_pixels, grey_of, smaller_side_px, working

_WORKING_SIDE = 480
_STEP = 4  # the metal map is kept at a quarter of the working size
_WIDE = 12.0  # sigma of "the surroundings", px of the metal map: a tenth of a picture's long side
_ABOVE = 1.2  # times the surroundings' mean that a place must exceed to stand out
_SHARE = 0.03  # of the picture: how much metal fills a close-up
_GLITTER, _COLOURLESS = 0.4, 0.8  # weights of the second and third cue, beside 1 for the first
_HALF = 0.45  # strength that counts as shown
_MOST_BOXES = 6
_NARROW = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
_RAMP = np.ones((13, 13), np.uint8)  # a square is separable, and does as well here as a disc

F32 = NDArray[np.float32]


def metal_shown(picture: NDArray[np.uint8]) -> Detection:
    """Score a BGR picture HxWx3 by the metal in it; each part is one cluster of it.

    A texture that glitters everywhere is no clasp, so the mean over the picture is taken off the
    strongest places. Badly exposed pictures are marked down.
    """
    small = working(picture, _WORKING_SIDE)
    if min(small.shape[:2]) < 32:
        return NOTHING
    light = exposure(grey_of(small)).score
    if light == 0:
        return NOTHING
    metal = metallic(small)
    most = max(1, round(metal.size * _SHARE))
    top = float(np.partition(metal.ravel(), -most)[-most:].mean())
    strength = max(top - 0.7 * float(metal.mean()), 0.0) * light
    score = strength**2 / (strength**2 + _HALF**2)
    parts = tuple(
        Part(box, score, detail_px=smaller_side_px(box, picture.shape)) for box in _clusters(metal)
    )
    return Detection(score, parts)


def metallic(small: NDArray[np.uint8]) -> F32:
    """How metallic each place looks, from 0 up, at a quarter of the size of a BGR picture HxWx3.

    1 is polished gold in good light; places where all the cues agree may exceed it.
    """
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), dtype=np.uint8)
    light = cv2.GaussianBlur(cv2.extractChannel(lab, 0), (0, 0), 0.8)
    high, low = cv2.dilate(light, _RAMP), cv2.erode(light, _RAMP)
    span = cv2.subtract(high, low)
    # Half-way between dark and bright, not at either end as print is.
    place = cv2.absdiff(cv2.addWeighted(high, 0.5, low, 0.5, 0), light)
    between = cv2.compare(place, cv2.convertScaleAbs(span, alpha=0.2), cv2.CMP_LT)
    half_way = _quarter(between, 1 / 255, smooth=1)
    ramps = _smooth(_part(half_way, 0.15, 0.35) * _part(_quarter(span), 30, 70))
    glints = _quarter(cv2.morphologyEx(light, cv2.MORPH_TOPHAT, _NARROW), smooth=1)
    shadows = _quarter(cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, _NARROW), smooth=1)
    both = np.sqrt(glints * shadows)  # of lightness: about 10 on a zip, 2 on grain
    colour = cv2.resize(lab, half_way.shape[::-1], interpolation=cv2.INTER_AREA)
    a, b = (colour[..., i].astype(np.float32) - 128 for i in (1, 2))
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a))
    # Gold and brass lie within some 14 degrees of hue 83 in Lab, whatever the light's brightness.
    gold = np.exp(-np.square((hue - 83) / 14)) * _part(chroma, 8, 20)
    tone = 0.5 + 0.5 * _smooth(np.asarray(gold, dtype=np.float32))
    polished = ramps**0.75 * _part(both, 0, 30) ** 0.25 * tone
    around = _surroundings(chroma)
    colourless = _part(around - _smooth(chroma), 10, 30) * _part(around, 25, 35)
    metal = (
        np.maximum(polished - _ABOVE * _surroundings(polished), 0)
        + _GLITTER * _part(both - _ABOVE * _surroundings(both), 0, 8)
        + _COLOURLESS * colourless * _part(both, 0, 10)
    )
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


def _quarter(values: Any, scale: float = 100 / 255, smooth: float = 0) -> F32:
    """A map at a quarter of the size, its 8 bits made the unit of CIE lightness or another."""
    size = (max(1, values.shape[1] // _STEP), max(1, values.shape[0] // _STEP))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA).astype(np.float32) * scale
    return _smooth(small, smooth) if smooth else small


def _smooth(values: F32, sigma: float = 1.0) -> F32:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), dtype=np.float32)


def _surroundings(values: F32) -> F32:
    return _smooth(values, _WIDE)
