"""Where things truly are in synthetic takes, frame by frame.

A take is a folder with `take.mp4`, `truth.json` (boxes of metal parts and of seams) and `masks.npz`
(at half resolution, an index a pixel that says what it shows).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box

_BAG = (20, 30, 31, 32)  # stitches, leather, lining, zip tape: chains and straps lie anywhere
_LEAST = 0.002  # of the picture: smaller parts are specks


@dataclass(frozen=True)
class Take:
    """One take: its frames a second, and all that each frame shows, by need."""

    name: str
    file: Path
    rate: float
    boxes: dict[str, list[tuple[tuple[str, Box], ...]]]
    shows: dict[str, list[bool]]
    bad: list[bool]

    def good(self, need: str, first: int, count: int) -> bool:
        """Whether these frames have no fault and most of them show what is needed."""
        shows = self.shows[need][first : first + count]
        return not any(self.bad[first : first + count]) and sum(shows) >= 0.6 * count

    def course(self, need: str, first: int, count: int, near: Box | None) -> list[Box | None]:
        """One thing's box in `count` frames from `first` on; None where it is not seen.

        In the middle frame it is the one whose middle is nearest to that of `near`, or the largest;
        from there it is followed to both sides by its kind and by how its boxes overlap.
        """
        rows = self.boxes[need][first : first + count]
        middle = len(rows) // 2
        found: list[Box | None] = [None] * len(rows)
        if not rows[middle]:
            return found
        kind, box = max(rows[middle], key=lambda part: part[1].area)
        if near:
            kind, box = min(rows[middle], key=lambda part: math.dist(part[1].centre, near.centre))
        found[middle] = box
        for steps in (range(middle + 1, len(rows)), range(middle - 1, -1, -1)):
            last = box
            for i in steps:
                same = [b for k, b in rows[i] if k == kind and b.iou(last) > 0]
                if same:
                    last = max(same, key=last.iou)
                    found[i] = last
        return found


def takes(folder: Path) -> list[Take]:
    """All takes directly in a folder."""
    return [_take(told) for told in sorted(folder.glob("*/truth.json"))]


def _take(told: Path) -> Take:
    truth = json.loads(told.read_text())
    width, height = truth["meta"]["size"]
    index = np.load(told.parent / "masks.npz")["index"]
    rows = truth["frames"]
    return Take(
        told.parent.name,
        told.parent / "take.mp4",
        float(truth["meta"]["fps"]),
        {
            "hardware": [_parts(row.get("hardware", {}), width, height) for row in rows],
            "stitching": [_parts(row.get("stitching", {}), width, height) for row in rows],
            "whole": [_bag(mask) for mask in index],
        },
        {
            "hardware": [bool(row["shows_hardware"]) for row in rows],
            "stitching": [bool(row["shows_stitching"]) for row in rows],
            "whole": [row["label"] == "hero" for row in rows],
        },
        [bool(row["bad"]) for row in rows],
    )


def _parts(told: dict[str, Any], width: int, height: int) -> tuple[tuple[str, Box], ...]:
    found = []
    for part in told.get("boxes", ()):
        x, y, w, h = part["box"]
        if w > 0 and h > 0:
            box = Box(x / width, y / height, (x + w) / width, (y + h) / height)
            found.append((str(part["kind"]), box))
    return tuple(found)


def _bag(mask: NDArray[np.uint8]) -> tuple[tuple[str, Box], ...]:
    ys, xs = np.nonzero(np.isin(mask, _BAG))
    if len(xs) < _LEAST * mask.size:
        return ()
    # A few stray pixels are not the bag's edge.
    x0, x1 = np.quantile(xs, (0.005, 0.995)) / mask.shape[1]
    y0, y1 = np.quantile(ys, (0.005, 0.995)) / mask.shape[0]
    return (
        (("bag", Box(float(x0), float(y0), float(x1), float(y1))),) if x0 < x1 and y0 < y1 else ()
    )
