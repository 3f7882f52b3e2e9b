"""On screen: where what an overlay follows stands in the output, frame by frame.

The trail is told in times and shares of the footage; the cut's start, crop and held frames bring it
to the output's pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from video_pipeline.edit.model import Cut, OverlayUse
from video_pipeline.footage.model import Footage
from video_pipeline.graph import fitted
from video_pipeline.overlays.callout import Callout, Spot, call_out
from video_pipeline.overlays.drawing import Canvas, Drawing


def call_outs(
    cut: Cut,
    footage: Mapping[str, Footage],
    drawn: Sequence[tuple[OverlayUse, Drawing]],
    canvas: Canvas,
    *,
    rate: Fraction,
    own: Path | None = None,
) -> Iterator[tuple[OverlayUse, Callout]]:
    """The overlays of a cut that follow something, each with its callout.

    `drawn` are the cut's other overlays, which they keep off. One that can be drawn in no frame is
    left out. Raises as `overlays.drawing.draw` does.
    """
    for use in cut.overlays:
        if use.follows is None:
            continue
        size = canvas.width, canvas.height
        callout = call_out(
            use.template,
            way_of(use, cut, footage[cut.source], size, rate),
            [one for other, one in drawn if other.first < use.last and use.first < other.last],
            canvas,
            rate=float(rate),
            own=own,
        )
        if callout is not None:
            yield use, callout


def way_of(
    use: OverlayUse, cut: Cut, footage: Footage, size: tuple[int, int], rate: Fraction
) -> list[Spot | None]:
    """What `use` follows in each of its frames, in pixels of the output; None where it is not seen.

    `size` is the output's. Where the cut holds its last frame, it rests.
    """
    if use.follows is None:
        return [None] * (use.last - use.first)
    live = cut.frames - cut.hold
    drawn = fitted(cut.crop, *size)
    # The bars beside a crop that does not fill the output, as graph.crops has them.
    beside, above = ((whole - part) // 4 * 2 for whole, part in zip(size, drawn, strict=True))
    way: list[Spot | None] = []
    for frame in range(use.first, use.last):
        number = min(frame, live - 1)
        box = use.follows.at(cut.start + number / rate)
        if box is None:
            way.append(None)
            continue
        x, y, width, height = cut.crop.at(number, live)
        across, down = drawn[0] / width, drawn[1] / height
        middle = box.centre
        way.append(
            Spot(
                beside + (middle[0] * footage.width - x) * across,
                above + (middle[1] * footage.height - y) * down,
                box.width * footage.width * across / 2,
                box.height * footage.height * down / 2,
            )
        )
    return way
