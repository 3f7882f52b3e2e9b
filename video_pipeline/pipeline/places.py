"""Places: the picture of where an app draws over a clip."""

from __future__ import annotations

from pathlib import Path

from video_pipeline.overlays.guide import write_guide
from video_pipeline.presets.placements import Placement
from video_pipeline.replacing import replaced


def draw_guide(placement: Placement, file: Path) -> None:
    """Write a placement's safe area as a PNG of the clip's size, whole or not at all.

    Raises UsageError when something other than a file stands there, RenderError when it cannot be
    written.
    """
    with replaced(file, "--picture") as part:
        write_guide(placement, part)
