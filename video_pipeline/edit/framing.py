"""Framing: which part of the source picture fills the output, and how it moves.

A crop rests wherever it can, since handheld footage moves enough by itself; it glides once, eased,
when the detail would otherwise leave the safe area. Pixels are never enlarged by choice beyond
1.5 times.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from video_pipeline.analysis.model import Moment
from video_pipeline.edit.windows import Window
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box, Crop, CropKey
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.storyboards import Need

MOST_ENLARGED = 1.5
_MOST_ZOOM = 1.35
_ROOM_AROUND = 1.08  # a whole item keeps this much room when the picture is fitted around it


def frame_window(
    window: Window, need: Need, footage: Footage, placement: Placement, box: Box | None = None
) -> Crop:
    """The crop of a window: around `box` when the seller gave one, else around what is shown."""
    boxes = [box] * len(window.moments) if box else [_shown(m, need) for m in window.moments]
    # What a seller has drawn a box around is shown whole; a detector's box is only a hint.
    show_all = box is not None or need in ("whole", "certificate")
    width, height = _size(boxes, need, footage, placement, show_all=show_all)
    across = _path(
        [
            _wanted(b.centre[0] if b else 0.5, footage.width, width, _aim_x(placement))
            for b in boxes
        ],
        [b.x0 * footage.width for b in boxes if b],
        [b.x1 * footage.width for b in boxes if b],
        footage.width - width,
        width,
    )
    down = _path(
        [
            _wanted(b.centre[1] if b else 0.5, footage.height, height, _aim_y(placement, need))
            for b in boxes
        ],
        [b.y0 * footage.height for b in boxes if b],
        [b.y1 * footage.height for b in boxes if b],
        footage.height - height,
        height,
    )
    frames = round(window.length * placement.rate)
    if across[0] == across[1] and down[0] == down[1]:
        return Crop(width, height, (CropKey(0, across[0], down[0]),))
    return Crop(
        width,
        height,
        (CropKey(0, across[0], down[0]), CropKey(max(1, frames - 1), across[1], down[1])),
    )


def free_side(
    window: Window, crop: Crop, footage: Footage, placement: Placement, box: Box | None = None
) -> str:
    """Where words cover less of what is shown: "top" or "bottom" of the safe area.

    Judged by `box` when the seller gave one, else by what stands out from its surroundings.
    """
    boxes = [box] if box else [m.subject for m in window.moments if m.subject]
    if not boxes:
        return ""
    corner = float(np.mean([key.y for key in crop.path]))
    scale = enlargement(crop, placement)
    shift = (placement.height - crop.height * scale) / 2
    edges = np.median([(b.y0, b.y1) for b in boxes], axis=0) * footage.height
    above, below = (shift + (float(edge) - corner) * scale for edge in edges)
    room_above = above - placement.safe.top
    room_below = placement.height - placement.safe.bottom - below
    return "top" if room_above > room_below else "bottom"


def enlargement(crop: Crop, placement: Placement) -> float:
    """How many output pixels one source pixel becomes, along a line."""
    return min(placement.width / crop.width, placement.height / crop.height)


def _shown(moment: Moment, need: Need) -> Box | None:
    if need == "hardware" and moment.hardware_boxes:
        return Box.around(moment.hardware_boxes)
    if need == "stitching" and moment.stitching_boxes:
        return Box.around(moment.stitching_boxes)
    return moment.subject


def _size(
    boxes: Sequence[Box | None],
    need: Need,
    footage: Footage,
    placement: Placement,
    *,
    show_all: bool,
) -> tuple[int, int]:
    aspect = placement.width / placement.height
    width = min(footage.width, footage.height * aspect)
    known = [b for b in boxes if b]
    if known:
        box_width = float(np.median([b.width for b in known])) * footage.width
        box_height = float(np.median([b.height for b in known])) * footage.height
        if show_all and box_width > width:
            # The item is wider than an upright picture: show it all, with room above and below.
            wide = min(float(footage.width), box_width * _ROOM_AROUND)
            return _even(wide), _even(float(footage.height))
        if need in ("hardware", "stitching", "flaw"):
            safe_width = 1 - (placement.safe.left + placement.safe.right) / placement.width
            room = 0.7 * safe_width * width / max(box_width, 0.5 * box_height, 1.0)
            sharp = MOST_ENLARGED * width / placement.width
            width /= float(np.clip(room, 1.0, max(1.0, min(_MOST_ZOOM, sharp))))
    return _even(width), _even(width / aspect)


def _path(
    wanted: Sequence[float],
    starts: Sequence[float],
    ends: Sequence[float],
    reach: int,
    size: int,
) -> tuple[int, int]:
    """Where the crop's corner stands at the first and at the last frame, along one axis."""
    if reach <= 0:
        return 0, 0
    places = np.clip(np.asarray(wanted), 0, reach)
    rest = float(np.median(places))
    if not starts or _kept(rest, starts, ends, size) >= 0.95:
        return _even(rest), _even(rest)
    time = np.linspace(0, 1, len(places))
    slope, offset = np.polyfit(time, places, 1) if len(places) > 2 else (0.0, rest)
    first, last = (float(np.clip(v, 0, reach)) for v in (offset, offset + slope))
    if abs(last - first) < 0.06 * size:
        return _even(rest), _even(rest)
    return _even(first), _even(last)


def _kept(corner: float, starts: Sequence[float], ends: Sequence[float], size: int) -> float:
    """Share of moments whose box's inner part lies inside the crop."""
    inside = [
        corner <= a + 0.15 * (b - a) and b - 0.15 * (b - a) <= corner + size
        for a, b in zip(starts, ends, strict=True)
    ]
    return sum(inside) / len(inside)


def _wanted(centre: float, whole: int, size: int, aim: float) -> float:
    return centre * whole - aim * size


def _aim_x(placement: Placement) -> float:
    return (placement.safe.left + placement.width - placement.safe.right) / 2 / placement.width


def _aim_y(placement: Placement, need: Need) -> float:
    # Words stand at the foot of the safe area, so what is shown stands in its upper part.
    top, bottom = placement.safe.top, placement.height - placement.safe.bottom
    share = 0.5 if need in ("whole", "any") else 0.42
    return (top + share * (bottom - top)) / placement.height


def _even(value: float) -> int:
    return max(0, int(value / 2) * 2)
