"""On screen: where what an overlay follows stands in the output, frame by frame.

The trail is told in times and shares of the footage; the cut's start, crop and held frames bring it
to the output's pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.edit.model import Cut, OverlayUse
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop, Trail
from video_pipeline.graph import fitted
from video_pipeline.overlays.callout import Callout, Spot, call_out
from video_pipeline.overlays.drawing import Canvas, Drawing
from video_pipeline.overlays.theme import ATELIER

_CALLOUT = "flaw-callout"


def ringed(trail: Trail | None, frames: int) -> Iterator[OverlayUse]:
    """The callout of a flaw that is followed over a whole cut; none for one that is not."""
    if trail is not None:
        yield OverlayUse(_CALLOUT, {}, 0, frames, follows=trail)


def call_outs(
    cut: Cut,
    footage: Mapping[str, Footage],
    drawn: Sequence[tuple[OverlayUse, Drawing]],
    canvas: Canvas,
    *,
    rate: Fraction,
    own: Path | None = None,
    theme: str = ATELIER,
) -> Iterator[tuple[OverlayUse, Callout | None]]:
    """The overlays of a cut that follow something, each with its callout.

    `drawn` are the cut's other overlays, which they keep off. One that can be drawn in no frame has
    none. Raises as `overlays.drawing.draw` does.
    """
    for use in cut.overlays:
        if use.follows is None:
            continue
        size = canvas.width, canvas.height
        yield (
            use,
            call_out(
                use.template,
                way_of(use, cut, footage[cut.source], size, rate),
                [one for other, one in drawn if other.first < use.last and use.first < other.last],
                canvas,
                rate=float(rate),
                own=own,
                theme=theme,
            ),
        )


def way_of(
    use: OverlayUse, cut: Cut, footage: Footage, size: tuple[int, int], rate: Fraction
) -> list[Spot | None]:
    """What `use` follows in each of its frames, in pixels of the output; None where it is not seen.

    `size` is the output's. Where the cut holds its last frame, it rests.
    """
    if use.follows is None:
        return [None] * (use.last - use.first)
    live = cut.frames - cut.hold
    boxes = [use.follows.at(cut.start + min(frame, live - 1) / rate) for frame in range(cut.frames)]
    unseen = (np.nan,) * 4
    shares = np.array([(b.x0, b.y0, b.x1, b.y1) if b else unseen for b in boxes])
    placed = on_screen(shares, cut.crop, footage, size, live)
    return [
        Spot((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2) if seen else None
        for seen, (x0, y0, x1, y1) in zip(boxes, placed.tolist(), strict=True)
    ][use.first : use.last]


def on_screen(
    boxes: NDArray[np.float64], crop: Crop, footage: Footage, size: tuple[int, int], live: int
) -> NDArray[np.float64]:
    """Where boxes of the source's picture, one a frame, stand in the output; both (n, 4).

    In shares of the displayed source picture, and in pixels of an output of that `size`. After
    `live` frames the crop rests, as a held frame does.
    """
    across, down = fitted(crop, *size)
    frames = np.minimum(np.arange(len(boxes)), live - 1).astype(np.float64)
    zoom = crop.zoom[0] + (crop.zoom[1] - crop.zoom[0]) * frames / max(1, live - 1)
    zoom = zoom * crop.growth
    whole = np.array((crop.width, crop.height), np.float64)
    seen = whole / zoom[:, None]
    corner = crop.corners(frames, live) + (whole - seen) / 2
    scale = np.array((across, down)) / seen
    beside = np.array(
        [(part - own) // 4 * 2 for part, own in zip(size, (across, down), strict=True)]
    )
    pixels = boxes.reshape(-1, 2, 2) * (footage.width, footage.height)
    placed: NDArray[np.float64] = (pixels - corner[:, None]) * scale[:, None] + beside
    return placed.reshape(-1, 4)
