"""Crops: the window of the source that fills the output, resting or gliding.

The easing stands here twice, as numbers and as the expression that ffmpeg evaluates; a test holds
one against the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.graph.colour import normalised

# A crop this near to the output's shape fills it: crops are rounded to even pixels.
_ROUNDING = Fraction(2, 100)
BARS = (0x1F, 0x1A, 0x15)  # RGB: the theme's ink, around a crop that does not fill the output


def cropped(picture: Any, crop: Crop, footage: Footage, width: int, height: int) -> Any:
    """The picture cut out of the upright source, normalised and brought to the output's size."""
    across, down = _fitted(crop, width, height)
    if len(crop.path) == 1:
        key = crop.path[0]
        picture = picture.filter("crop", crop.width, crop.height, key.x, key.y)
        picture = normalised(picture, footage.colour, (across, down))
    else:
        # A gliding crop moves in whole pixels of the enlarged picture, so its steps are as small
        # as the output can show; full chroma keeps them from being two pixels wide.
        left, right = min(k.x for k in crop.path), max(k.x for k in crop.path)
        top, bottom = min(k.y for k in crop.path), max(k.y for k in crop.path)
        grow_x, grow_y = Fraction(across, crop.width), Fraction(down, crop.height)
        reach_w, reach_h = right - left + crop.width, bottom - top + crop.height
        size = max(across, round(reach_w * grow_x)), max(down, round(reach_h * grow_y))
        picture = picture.filter("crop", reach_w, reach_h, left, top)
        picture = normalised(picture, footage.colour, size, "yuv444p")
        picture = picture.filter(
            "crop",
            across,
            down,
            _along([(k.frame, (k.x - left) * grow_x) for k in crop.path]),
            _along([(k.frame, (k.y - top) * grow_y) for k in crop.path]),
        ).filter("format", "yuv420p")
    if (across, down) != (width, height):
        x, y = (width - across) // 4 * 2, (height - down) // 4 * 2
        picture = picture.filter(
            "pad", width, height, x, y, color="0x{:02X}{:02X}{:02X}".format(*BARS)
        )
    return picture


def _fitted(crop: Crop, width: int, height: int) -> tuple[int, int]:
    """How large a crop stands in the output: all of it, or with bars beside it; even numbers."""
    across, down = Fraction(width, crop.width), Fraction(height, crop.height)
    if abs(across / down - 1) <= _ROUNDING:
        return width, height
    grow = min(across, down)
    return (
        min(width, max(2, round(crop.width * grow / 2) * 2)),
        min(height, max(2, round(crop.height * grow / 2) * 2)),
    )


def _along(points: Sequence[tuple[int, Fraction]]) -> str:
    """An ffmpeg expression in `n` that eases (smoothstep) from point to point."""
    if len({value for _, value in points}) == 1:
        return f"{float(points[0][1]):.3f}"
    expression = f"{float(points[-1][1]):.3f}"
    for (f0, v0), (f1, v1) in reversed(list(pairwise(points))):
        u = f"clip((n-{f0})/{f1 - f0},0,1)"
        step = f"{float(v0):.3f}+({float(v1 - v0):.3f})*{u}*{u}*(3-2*{u})"
        expression = f"if(lt(n,{f1}),{step},{expression})"
    return expression


def position(path: Sequence[CropKey], frame: int) -> tuple[float, float]:
    """Where the crop's corner is at a frame: the same easing as the graph draws."""
    if frame <= path[0].frame or len(path) == 1:
        return float(path[0].x), float(path[0].y)
    for a, b in pairwise(path):
        if frame < b.frame:
            u = (frame - a.frame) / (b.frame - a.frame)
            u = u * u * (3 - 2 * u)
            return a.x + (b.x - a.x) * u, a.y + (b.y - a.y) * u
    return float(path[-1].x), float(path[-1].y)
