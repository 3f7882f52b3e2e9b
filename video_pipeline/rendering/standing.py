"""Standing: the finished edit's overlays are held against the placement's safe area and each other.

Planning and drawing see to both; an edit is a file that a person may have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from video_pipeline.edit.model import Cut, OverlayUse
from video_pipeline.errors import RenderError, UsageError
from video_pipeline.overlays.drawing import Canvas, Drawing, Place


def check_standing(
    cut: Cut, number: int, drawn: Sequence[tuple[OverlayUse, Drawing]], canvas: Canvas
) -> None:
    """Hold the overlays of one cut, as drawn without scrims, against the safe area and each other.

    Raises RenderError for one that leaves the safe area, UsageError for two that lie on each other
    at the same time.
    """
    safe = canvas.safe
    where = f"cut {number} ('{cut.slot}')"
    for use, drawing in drawn:
        over = {
            "left": safe.left - drawing.x,
            "top": safe.top - drawing.y,
            "right": drawing.x + drawing.width - (canvas.width - safe.right),
            "bottom": drawing.y + drawing.height - (canvas.height - safe.bottom),
        }
        side = max(over, key=lambda name: over[name])
        if over[side] > 0:
            raise RenderError(
                f"the overlay '{use.template}' leaves the safe area by {over[side]} pixels at the "
                f"{side}",
                where=where,
                mend="say less in it, or give the placement a larger safe area",
            )
    for (a, one), (b, other) in combinations(drawn, 2):
        shared = min(a.last, b.last) - max(a.first, b.first)
        if shared > 0 and _place(one).overlaps(_place(other)):
            raise UsageError(
                f"the overlays '{a.template}' and '{b.template}' lie on each other for {shared} "
                "frames",
                where=where,
                mend="give one of them another 'anchor', or let them take turns: 'first' and "
                "'last' say from which frame to which each stands",
            )


def _place(drawing: Drawing) -> Place:
    return Place(drawing.anchor, drawing.x, drawing.y, drawing.width, drawing.height)
