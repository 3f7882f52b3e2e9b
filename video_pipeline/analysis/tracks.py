"""Tracks: what is seen once may be a glint; what stays while the camera moves is a part.

The detector looks a few times a second. Each of its looks is held against its witnesses, the
nearest looks before and after at which the detector looked too, with all boxes moved along by the
camera's motion:

- a score counts in full where a witness saw all the parts that carry it, half where none saw any of
  them, and in between for as many as were seen again; a score without parts counts half;
- a look at which the detector rested takes what was last seen, moved along, and of its score as
  much as the picture still holds of the parts that carry it;
- a blind look, too blurred or too badly lit to see by, is no witness, and nothing is shown at it;
- where it is not known how the picture moved, at a cut or where two pictures have no match, every
  track ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from video_pipeline.geometry import Box
from video_pipeline.vision.detector import NOTHING, Detection, Part, Seen

_SAME_PART = 0.15  # IoU from which two boxes are one part: hands shake and boxes flicker
_ALONE = 0.5  # what is left of a score that no other look confirms
_NEAR_S = 0.9  # s: looks farther apart say nothing of each other
_THINNEST = 0.001  # of the picture: when less is left of a part at the rim, it has left


@dataclass(frozen=True)
class Look:
    """One look at the footage.

    `seen` is None where the detector rested, and where the look is `blind`: too blurred or too
    badly lit to see anything by. `shift` is how far the picture's content moved since the look
    before, as shares of the picture's width and height; None where that is not known: at the first
    look, at a cut, and where the two pictures have no match.
    """

    t: Fraction
    seen: Seen | None
    shift: tuple[float, float] | None
    blind: bool = False


def steadied(looks: Sequence[Look]) -> list[Seen]:
    """What was seen at every look, in time order, with scores that tracks bear out."""
    hardware = _steadied(looks, [look.seen.hardware if look.seen else None for look in looks])
    stitching = _steadied(looks, [look.seen.stitching if look.seen else None for look in looks])
    return [Seen(metal, seams) for metal, seams in zip(hardware, stitching, strict=True)]


def _steadied(looks: Sequence[Look], found: Sequence[Detection | None]) -> list[Detection]:
    out: list[Detection] = []
    followed = NOTHING
    for i, (look, detection) in enumerate(zip(looks, found, strict=True)):
        if detection is not None:
            followed = _confirmed(detection, _witnesses(looks, found, i))
        elif look.shift is None:
            followed = NOTHING
        else:
            followed = _moved(followed, *look.shift)
        out.append(NOTHING if look.blind else followed)
    return out


def _witnesses(
    looks: Sequence[Look], found: Sequence[Detection | None], i: int
) -> Iterator[Detection]:
    """What the detector saw at the nearest looks before and after `i`, moved along to `i`."""
    for step in (-1, 1):
        dx = dy = 0.0
        j = i
        while 0 <= j + step < len(looks):
            # A look's shift leads from the look before to it.
            shift = looks[j if step < 0 else j + 1].shift
            j += step
            if shift is None or abs(looks[j].t - looks[i].t) > _NEAR_S:
                break
            dx, dy = dx - step * shift[0], dy - step * shift[1]
            other = found[j]
            if other is not None:
                yield _moved(other, dx, dy)
                break


def _confirmed(detection: Detection, witnesses: Iterator[Detection]) -> Detection:
    """The detection, its score lowered by as much as no witness bears it out."""
    borne_out = max((_borne_out(detection, other) for other in witnesses), default=0.0)
    return replace(detection, score=detection.score * (_ALONE + (1 - _ALONE) * borne_out))


def _borne_out(detection: Detection, other: Detection) -> float:
    """0..1: how surely another look saw the parts too that carry the score; 0 without parts."""
    again = [_seen_again(part, other) for part in detection.carrying]
    return sum(again) / len(again) if again else 0.0


def _seen_again(part: Part, other: Detection) -> float:
    """0..1: how surely another look saw this part too."""
    again = (theirs.score for theirs in other.parts if theirs.box.iou(part.box) >= _SAME_PART)
    return min(1.0, max(again, default=0.0) / max(part.score, 1e-6))


def _moved(detection: Detection, dx: float, dy: float) -> Detection:
    """The detection moved along; of its score, as much as is left of the parts that carry it."""
    boxes = [_shifted(part.box, dx, dy) for part in detection.parts]
    there = [replace(p, box=box) for p, box in zip(detection.parts, boxes, strict=True) if box]
    carrying = [box for box in boxes[: detection.alike] if box]
    before = sum(part.box.area for part in detection.carrying)
    left = min(sum(box.area for box in carrying) / before, 1.0) if before else 1.0
    return Detection(detection.score * left, tuple(there), len(carrying))


def _shifted(box: Box, dx: float, dy: float) -> Box | None:
    """The box moved along and cut to the picture; None when it left."""
    x0, x1 = max(box.x0 + dx, 0.0), min(box.x1 + dx, 1.0)
    y0, y1 = max(box.y0 + dy, 0.0), min(box.y1 + dy, 1.0)
    return Box(x0, y0, x1, y1) if x1 - x0 > _THINNEST and y1 - y0 > _THINNEST else None
