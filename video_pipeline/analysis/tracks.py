"""Tracks: what is seen once may be a glint; what stays while the camera moves is a part.

The detector looks a few times a second. Here its looks are held against their neighbours of the
same shot: boxes are moved along by the camera's motion, and a part that the looks before and after
saw too keeps its score, while one that nobody else saw loses half of it. Looks in between, at which
the detector rested, take what was last seen, moved along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from video_pipeline.geometry import Box
from video_pipeline.vision.detector import NOTHING, Detection, Part, Seen

_SAME_PART = 0.15  # IoU from which two boxes are one part: hands shake and boxes flicker
_ALONE = 0.5  # what is left of a score that no neighbour confirms
_NEAR_S = 0.9  # s: looks farther apart say nothing of each other


@dataclass(frozen=True)
class Look:
    """One look at the footage.

    `seen` is None where the detector rested. `shift` is how far the picture's content moved since
    the look before, as shares of the picture's width and height. `cut` starts another shot.
    """

    t: Fraction
    seen: Seen | None
    shift: tuple[float, float]
    cut: bool


def steadied(looks: Sequence[Look]) -> list[Seen]:
    """What was seen at every look, in time order, with scores that tracks bear out."""
    hardware = _steadied(looks, [look.seen.hardware if look.seen else None for look in looks])
    stitching = _steadied(looks, [look.seen.stitching if look.seen else None for look in looks])
    return [Seen(metal, seams) for metal, seams in zip(hardware, stitching, strict=True)]


def _steadied(looks: Sequence[Look], found: list[Detection | None]) -> list[Detection]:
    out: list[Detection] = []
    last: int | None = None
    for i, detection in enumerate(found):
        if looks[i].cut:
            last = None
        if detection is not None:
            out.append(_confirmed(detection, _neighbours(looks, found, i)))
            last = i
        elif last is None:
            out.append(NOTHING)
        else:
            dx, dy = looks[i].shift
            out.append(_moved(out[-1], dx, dy))
    return out


def _neighbours(
    looks: Sequence[Look], found: list[Detection | None], i: int
) -> list[tuple[Detection, float, float]]:
    """The looks before and after `i` in its shot, each with the way from it to `i`."""
    out = []
    for step in (-1, 1):
        dx = dy = 0.0
        j = i
        while 0 <= j + step < len(looks):
            # A look's shift leads from the look before to it.
            edge = j if step < 0 else j + 1
            if looks[edge].cut:
                break
            dx, dy = dx - step * looks[edge].shift[0], dy - step * looks[edge].shift[1]
            j += step
            other = found[j]
            if abs(looks[j].t - looks[i].t) > _NEAR_S:
                break
            if other is not None:
                out.append((other, dx, dy))
                break
    return out


def _confirmed(detection: Detection, near: list[tuple[Detection, float, float]]) -> Detection:
    """The detection, its score lowered by as much as the looks beside it don't bear it out."""
    if not near or not detection.parts:
        return detection
    bearing = max(
        max((_borne_out(part, other, dx, dy) for part in detection.parts[:3]), default=0.0)
        for other, dx, dy in near
    )
    share = _ALONE + (1 - _ALONE) * bearing
    return replace(detection, score=detection.score * share)


def _borne_out(part: Part, other: Detection, dx: float, dy: float) -> float:
    """0..1: how surely another look, moved by dx and dy, saw this part too."""
    best = 0.0
    for theirs in other.parts:
        moved = _shifted(theirs.box, dx, dy)
        if moved is not None and moved.iou(part.box) >= _SAME_PART:
            best = max(best, min(1.0, theirs.score / max(part.score, 1e-6)))
    return best


def _moved(detection: Detection, dx: float, dy: float) -> Detection:
    parts = []
    for part in detection.parts:
        box = _shifted(part.box, dx, dy)
        if box is not None:
            parts.append(replace(part, box=box))
    return Detection(detection.score, tuple(parts))


def _shifted(box: Box, dx: float, dy: float) -> Box | None:
    """The box moved along and cut to the picture; None when it left."""
    x0, x1 = max(box.x0 + dx, 0.0), min(box.x1 + dx, 1.0)
    y0, y1 = max(box.y0 + dy, 0.0), min(box.y1 + dy, 1.0)
    return Box(x0, y0, x1, y1) if x1 - x0 > 0.01 and y1 - y0 > 0.01 else None
