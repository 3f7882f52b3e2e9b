"""Rules for the words on the picture, as they were drawn: clear of the app's own, and legible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from video_pipeline.overlays.drawing import Drawing
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.finding import Finding

LEAST_LINE = 0.02  # of the picture's height, from a line's ascenders to its descenders


@dataclass(frozen=True)
class Standing:
    """Where an overlay stands and how high its smallest line of words is, in output pixels.

    `box` is left, top, width, height at rest; `line_px` is 0 for an overlay without words.
    """

    box: tuple[int, int, int, int]
    line_px: float

    @classmethod
    def of(cls, drawing: Drawing) -> Standing:
        """How a drawing stands."""
        lines = [text.height for text in drawing.texts if text.text.strip()]
        box = (drawing.x, drawing.y, drawing.width, drawing.height)
        return cls(box, round(min(lines, default=0.0), 1))


def words(standing: Mapping[str, Standing], placement: Placement) -> Iterator[Finding]:
    """Everything about the overlays of a clip; `standing` is by the names that a manifest uses."""
    safe = placement.safe
    least = LEAST_LINE * placement.height
    for name, one in standing.items():
        x, y, width, height = one.box
        over = max(
            safe.left - x,
            safe.top - y,
            x + width - (placement.width - safe.right),
            y + height - (placement.height - safe.bottom),
        )
        if over > 0:
            yield Finding(
                "safe area", "clear of what the app covers", f"'{name}' lies {over} px under it",
                f"render the listing for {placement.title}, or say less there",
            )  # fmt: skip
        if 0 < one.line_px < least:
            yield Finding(
                "legibility", f"lines at least {least:.0f} px high",
                f"{one.line_px:.0f} px in '{name}'", "say less there, or choose a larger theme",
            )  # fmt: skip
