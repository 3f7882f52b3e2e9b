"""Framing: which part of the source picture fills the output, and how it moves.

What a cut shows is followed (`following`), the crop is made as small as that and the pixels allow,
and its calmest path is found along which what is shown stays in the placement's safe area
(`travel`). Pixels are never enlarged by choice beyond 1.5 times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from video_pipeline.edit.following import Course, follow
from video_pipeline.edit.travel import Corridor, ease_frames, travel
from video_pipeline.edit.windows import Window
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box, Crop, CropKey, Trail
from video_pipeline.presets.placements import Picture
from video_pipeline.presets.storyboards import Need

MOST_ENLARGED = 1.5
_LARGEST_ENLARGEMENT = 2.0  # beyond this a viewer sees that pixels are missing
PUSH_IN = 1.06  # how many times larger the picture stands at the end of a push-in
_MOST_CLOSER = 1.35
_ROOM_AROUND = 1.08  # a whole item keeps this much room when the picture is fitted around it
MARGIN = 0.04  # of the crop's width, kept clear within the safe area: boxes are not exact
# How far above the middle of the safe area things stand, in halves of its height: a label takes a
# line at its foot, a flaw's note much more of it.
_HIGHER = {"hardware": 0.16, "stitching": 0.16, "certificate": 0.16, "flaw": 0.4}
_FARTHER = 0.03  # of the crop's width: a push-in may take what is outside so much farther out


def frame_window(
    window: Window,
    need: Need,
    footage: Footage,
    placement: Picture,
    box: Box | Trail | None = None,
    *,
    push_in: bool = False,
) -> Crop:
    """The crop of a window: around `box` when the seller gave one, else around what is shown.

    With `push_in` the picture slowly grows, as far as its pixels allow; so does a photo's, which
    would stand still otherwise.
    """
    push_in = push_in or footage.still
    course = follow(window, need, box, _largest(footage, placement))
    # What a seller has drawn a box around is shown whole; a detector's box is only a hint.
    show_all = box is not None or need in ("whole", "certificate")
    width, height = _size(course, need, footage, placement, show_all=show_all)
    crop = Crop(width, height, (CropKey(0, 0, 0),), ease_frames(placement.rate))
    frames = max(1, int(window.length * placement.rate))
    reach = (footage.width - width, footage.height - height)
    if course is None:
        middle = (0, reach[0] / 2 / width, reach[1] / 2 / width)
        zoom = _zooms(crop, placement, push_in=push_in)[0]
        return replace(crop, path=_whole_pixels([middle], width, reach), zoom=zoom)
    framed: list[tuple[float, Crop]] = []
    for zoom in _zooms(crop, placement, push_in=push_in):
        zoomed = replace(crop, zoom=zoom)
        corridor = _corridor(course, zoomed, need, footage, placement, frames=frames)
        keys = travel(corridor, (reach[0] / width, reach[1] / width), frames, placement.rate)
        path = replace(zoomed, path=_whole_pixels(keys, width, reach))
        places = path.corners(corridor.frames, frames) / width
        framed.append((float(np.abs(corridor.outside(places)).max()), path))
    # What is inside the safe area must not be pushed out of it, and what is outside not far.
    resting, _ = framed[-1]
    limit = MARGIN if resting <= MARGIN else resting + _FARTHER
    return next(path for off, path in framed if off <= limit)


def _largest(footage: Footage, placement: Picture) -> tuple[float, float]:
    """How much of the picture a crop that fills the output can show, as shares across and down."""
    aspect = placement.width / placement.height
    width = min(float(footage.width), footage.height * aspect)
    return width / footage.width, width / aspect / footage.height


def _zooms(crop: Crop, placement: Picture, *, push_in: bool) -> list[tuple[float, float]]:
    """The zooms to be tried, the largest first."""
    most = min(PUSH_IN, MOST_ENLARGED / enlargement(crop, placement)) if push_in else 1.0
    return [(1.0, round(1 + (most - 1) * share, 4)) for share in (1, 0.5) if most > 1] + [
        (1.0, 1.0)
    ]


def enlargement(crop: Crop, placement: Picture) -> float:
    """How many output pixels one source pixel becomes at most, along a line."""
    fills = min(placement.width / crop.width, placement.height / crop.height)
    return fills * max(crop.zoom) * crop.growth


def softness(crops: Sequence[Crop], placement: Picture) -> tuple[str, ...]:
    """What is to be said where a viewer sees that pixels are missing."""
    worst = max((enlargement(crop, placement) for crop in crops), default=0.0)
    if worst <= _LARGEST_ENLARGEMENT:
        return ()
    return (
        f"some footage is enlarged {worst:.1f} times and looks soft: film upright, in 1080p or "
        "more",
    )


def safe_area(crop: Crop, placement: Picture) -> tuple[tuple[float, float], tuple[float, float]]:
    """The placement's safe area as this crop shows it: from where to where, across and down.

    In widths of the crop, from its corner, before any zoom.
    """
    safe = placement.safe
    scale = min(placement.width / crop.width, placement.height / crop.height)
    beside = (placement.width - crop.width * scale) / 2
    above = (placement.height - crop.height * scale) / 2
    drawn = crop.width * scale
    return (
        ((safe.left - beside) / drawn, (placement.width - safe.right - beside) / drawn),
        ((safe.top - above) / drawn, (placement.height - safe.bottom - above) / drawn),
    )


def _size(
    course: Course | None, need: Need, footage: Footage, placement: Picture, *, show_all: bool
) -> tuple[int, int]:
    aspect = placement.width / placement.height
    width = min(footage.width, footage.height * aspect)
    if course:
        # As large as it is but for a quarter of the time.
        share = np.quantile(course.size, 0.75, axis=0)
        box_width, box_height = (float(v) for v in share * (footage.width, footage.height))
        if show_all and box_width > width:
            # The item is wider than an upright picture: show it all, with room above and below.
            wide = min(float(footage.width), box_width * _ROOM_AROUND)
            return _even(wide), _even(float(footage.height))
        if show_all and box_height > width / aspect:
            # Higher than a wide picture: show it all, with room beside it.
            high = min(float(footage.height), box_height * _ROOM_AROUND)
            return _even(width), _even(high)
        if need in ("hardware", "stitching", "flaw"):
            safe_width = 1 - (placement.safe.left + placement.safe.right) / placement.width
            room = 0.7 * safe_width * width / max(box_width, 0.5 * box_height, 1.0)
            sharp = MOST_ENLARGED * width / placement.width
            width /= float(np.clip(room, 1.0, max(1.0, min(_MOST_CLOSER, sharp))))
    return _even(width), _even(width / aspect)


def _corridor(
    course: Course,
    crop: Crop,
    need: Need,
    footage: Footage,
    placement: Picture,
    *,
    frames: int,
) -> Corridor:
    """Where the crop's corner may be for what is shown to lie in the safe area."""
    whole = np.array((footage.width, footage.height)) / crop.width
    middle = np.array((crop.width, crop.height)) / crop.width / 2
    at = course.seconds * float(placement.rate)
    start_zoom, end_zoom = crop.zoom
    grown = (start_zoom + (end_zoom - start_zoom) * at / max(1, frames - 1))[:, None]
    start, end = np.array(safe_area(crop, placement)).T
    room = (end - start) / 2 / grown
    centred = course.centre * whole - middle - ((start + end) / 2 - middle) / grown
    spare = room - course.size * whole / 2
    # What is larger than the safe area may lie anyhow that fills it, its middle still inside.
    free = np.where(spare >= 0, np.maximum(0, spare - MARGIN), np.minimum(-spare, 0.8 * room))
    # Words stand at the foot of the safe area, so what is shown stands in its upper part.
    higher = np.array((0.0, _HIGHER.get(need, 0.0))) * room
    return Corridor(
        frames=at,
        low=centred - free,
        high=centred + free,
        aim=np.clip(centred + higher, centred - free, centred + free),
    )


def _whole_pixels(
    keys: Sequence[tuple[int, float, float]], width: int, reach: tuple[int, int]
) -> tuple[CropKey, ...]:
    path = tuple(
        CropKey(frame, min(round(x * width), reach[0]), min(round(y * width), reach[1]))
        for frame, x, y in keys
    )
    first = path[0]
    if all((key.x, key.y) == (first.x, first.y) for key in path):
        # A crop at rest lies on even pixels, as the halved chroma of footage does.
        return (CropKey(0, first.x // 2 * 2, first.y // 2 * 2),)
    return path


def _even(value: float) -> int:
    return max(0, int(value / 2) * 2)
