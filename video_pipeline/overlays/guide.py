"""The guide: a placement's picture with what must stay clear, for a designer or a doubting seller.

The app's own buttons and captions cover what is hatched; overlays stand in what is light.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.overlays.drawing import DESIGN_WIDTH
from video_pipeline.overlays.painting import rasterise
from video_pipeline.overlays.sheet import Sheet, blocks
from video_pipeline.overlays.theme import theme
from video_pipeline.overlays.writing import outlined
from video_pipeline.presets.placements import Placement

# Pixels at a picture 1080 wide.
_HATCH = 36  # from one line of the hatching to the next
_PAD, _GAP = 48, 40


def write_guide(placement: Placement, file: Path, own: Path | None = None) -> None:
    """Write that picture as a PNG."""
    coded = cv2.imencode(".png", cv2.cvtColor(guide(placement, own), cv2.COLOR_RGBA2BGR))[1]
    file.write_bytes(coded.tobytes())


def guide(placement: Placement, own: Path | None = None) -> NDArray[np.uint8]:
    """The picture of a placement's safe area, `(height, width, 4)` uint8 RGBA, at the clip's size.

    `own` is a person's overlays folder, whose theme gives the colours.
    """
    width, height, safe = placement.width, placement.height, placement.safe
    unit = min(width, height) / DESIGN_WIDTH
    across, down = width - safe.left - safe.right, height - safe.top - safe.bottom
    weight = 3 * unit
    sheet = Sheet(across / unit, down / unit, theme(own), own)
    column = sheet.column(_PAD, _PAD, sheet.width - 2 * _PAD)
    said = [column.text(placement.title, "heading", "ink", lines=3)]
    for line in (
        f"{width} × {height}",
        f"x {safe.left} – {width - safe.right}",
        f"y {safe.top} – {height - safe.bottom}",
    ):
        column.gap(_GAP)
        said.append(column.text(line, "text", "muted"))
    lines = "".join(
        f'<path d="M{x:g} 0L{x - height:g} {height:g}"/>'
        for x in np.arange(0, width + height, _HATCH * unit)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="{width}" height="{height}" fill="{sheet.colour("sand")}"/>'
        f'<g stroke="{sheet.colour("rule")}" stroke-width="{2 * unit:g}">{lines}</g>'
        f'<rect x="{safe.left}" y="{safe.top}" width="{across}" height="{down}" '
        f'fill="{sheet.colour("paper")}" stroke="{sheet.colour("ink")}" stroke-width="{weight:g}"/>'
        f'<g transform="translate({safe.left} {safe.top}) scale({unit:g})">{"".join(said)}</g>'
        "</svg>"
    )
    return rasterise(outlined(svg, blocks(sheet)))
