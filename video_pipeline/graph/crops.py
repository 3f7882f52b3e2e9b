"""Crops: the window of the source that fills the output, resting or moving.

The path stands here once more, as the expression that ffmpeg evaluates; a test holds it against
`Crop.at`, which everything else asks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Bend, Crop
from video_pipeline.graph.colour import lit, normalised
from video_pipeline.graph.vernier import told, vernier
from video_pipeline.light import NEUTRAL, Light

# A crop this near to the output's shape fills it: crops are rounded to even pixels.
_ROUNDING = Fraction(2, 100)
BARS = (0x1F, 0x1A, 0x15)  # RGB: the theme's ink, around a crop that does not fill the output
_TERMS = 24  # of a sum, in one group
_MOST_SLID = 1500  # frames: each is four words in the command, which has its limit
# What pad, fillborders and a crop by even pixels take as it is.
_SLIDES = {f"{kind}{chroma}p" for kind in ("yuv", "yuvj") for chroma in (420, 422, 444)} | {
    f"yuv{chroma}p{depth}le" for chroma in (420, 422, 444) for depth in (10, 12)
}
_ROOM = 6  # px around a moving window: its fraction of two pixels, and what cubic weights reach


def cropped(
    picture: Any,
    crop: Crop,
    footage: Footage,
    size: tuple[int, int],
    frames: int,
    *,
    light: Light = NEUTRAL,
) -> Any:
    """The picture cut out of the upright source, normalised and brought to the output's `size`.

    `frames` is how many live frames the cut has; bars around it stay out of its `light`.
    """
    width, height = size
    across, down = fitted(crop, width, height)
    if crop.rests:
        key = crop.path[0]
        picture = picture.filter("crop", crop.width, crop.height, key.x, key.y)
        picture = _lasting(normalised(picture, footage.colour, (across, down)), footage, frames)
    elif (slid := _slid(picture, crop, footage, (across, down), frames)) is not None:
        picture = slid
    else:
        picture = _moving(picture, crop, footage, (across, down), frames)
    picture = lit(picture, light)
    if (across, down) != (width, height):
        x, y = (width - across) // 4 * 2, (height - down) // 4 * 2
        picture = picture.filter(
            "pad", width, height, x, y, color="0x{:02X}{:02X}{:02X}".format(*BARS)
        )
    return picture


def fitted(crop: Crop, width: int, height: int) -> tuple[int, int]:
    """How large a crop stands in the output: all of it, or with bars beside it; even numbers."""
    across, down = Fraction(width, crop.width), Fraction(height, crop.height)
    if abs(across / down - 1) <= _ROUNDING:
        return width, height
    grow = min(across, down)
    return (
        min(width, max(2, round(crop.width * grow / 2) * 2)),
        min(height, max(2, round(crop.height * grow / 2) * 2)),
    )


def _lasting(picture: Any, footage: Footage, frames: int) -> Any:
    """A photo's one picture as often as it is needed; footage as it is."""
    if not footage.still:
        return picture
    return picture.filter("loop", loop=frames - 1, size=1).filter("setpts", "N/FRAME_RATE/TB")


def _slid(
    picture: Any, crop: Crop, footage: Footage, size: tuple[int, int], frames: int
) -> Any | None:
    """A window that moves and keeps its size, by a vernier; None where that cannot be.

    A photo's picture is better brought to its size once.
    """
    if footage.still or footage.pixel_format not in _SLIDES:
        return None
    if crop.zoom[0] != crop.zoom[1] or frames > _MOST_SLID:
        return None
    grown = crop.growth * crop.zoom[0]
    corners = crop.corners(np.arange(frames, dtype=np.float64), frames)
    ways = []
    for axis, whole in enumerate((crop.width, crop.height)):
        length = whole / grown
        way = vernier(corners[:, axis] + (whole - length) / 2, length, size[axis])
        if way is None:
            return None
        ways.append(way)
    x, y = ways
    x_before, x_after = x.beyond(footage.width)
    y_before, y_after = y.beyond(footage.height)
    if x_before or x_after or y_before or y_after:
        # Of what is read there nothing is shown, but the scaler reaches a few pixels over an edge.
        size_read = footage.width + x_before + x_after, footage.height + y_before + y_after
        picture = picture.filter("pad", *size_read, x_before, y_before)
        picture = picture.filter("fillborders", x_before, x_after, y_before, y_after, mode="smear")
    picture = picture.filter(
        "crop",
        x.read,
        y.read,
        told([start + x_before for start in x.starts]),
        told([start + y_before for start in y.starts]),
    )
    window = (*size, told(x.steps), told(y.steps))
    return normalised(picture, footage.colour, (x.scaled, y.scaled), window)


def _moving(picture: Any, crop: Crop, footage: Footage, size: tuple[int, int], frames: int) -> Any:
    """A window that moves and may grow, to a fraction of a pixel.

    The crop filter moves by whole pixels of its input and zoompan by whole source pixels, which
    shows as trembling; perspective reads between pixels. It is dear, so it gets no more than
    the window: what the path reaches is brought to the output's scale, crop takes the whole pixels
    of the way, by twos for the halved chroma, and perspective what is left of it, and the zoom.
    """
    corners = crop.corners(np.arange(frames, dtype=np.float64), frames)
    x, y = (
        _Axis.along(axis, crop, frames, corners, (whole, out))
        for axis, whole, out in ((0, footage.width, size[0]), (1, footage.height, size[1]))
    )
    picture = picture.filter("crop", x.reach, y.reach, x.first, y.first)
    picture = _lasting(normalised(picture, footage.colour, (x.scaled, y.scaled)), footage, frames)
    if (x.pane, y.pane) != (x.scaled, y.scaled):
        picture = picture.filter("crop", x.pane, y.pane, x.whole_pixels("n"), y.whole_pixels("n"))
    # perspective counts its frames from one.
    left, right = x.edges("(in-1)")
    top, bottom = y.edges("(in-1)")
    picture = picture.filter(
        "perspective",
        **{"x0": left, "y0": top, "x1": right, "y1": top},
        **{"x2": left, "y2": bottom, "x3": right, "y3": bottom},
        interpolation="cubic",
        sense="source",
        eval="frame",
    )
    return picture.filter("crop", *size, 0, 0)


def _summed(terms: Sequence[str]) -> str:
    """Signed terms as one sum in groups: ffmpeg's expressions may nest a hundred deep, and each
    term of a plain sum nests once more.
    """
    groups = range(0, len(terms), _TERMS)
    return "".join(f"+({''.join(terms[first : first + _TERMS])})" for first in groups)


@dataclass(frozen=True)
class _Axis:
    """A moving window along one axis.

    The path reaches from pixel `first` on over `reach` source pixels, brought to `scaled` ones.
    The window is then `window` pixels long and its corner at the expression `corner`; `pane` pixels
    around it are handed on, to fill `out`. Where it is enlarged, `zoom` says how much.
    """

    first: int
    reach: int
    scaled: int
    window: float
    corner: str
    pane: int
    out: int
    zoom: str

    @classmethod
    def along(
        cls,
        axis: int,
        crop: Crop,
        frames: int,
        corners: NDArray[np.float64],
        sizes: tuple[int, int],
    ) -> _Axis:
        """Axis 0 (across) or 1 (down) of a crop whose window's corners these are.

        `sizes` are those of the source and of what is filled, along this axis.
        """
        whole, out = sizes
        size = (crop.width, crop.height)[axis]
        length = size / crop.growth
        inset = (size - length) / 2
        near, far = (
            float(edge) + inset for edge in (corners[:, axis].min(), corners[:, axis].max())
        )
        first = max(0, math.floor(near) // 2 * 2)
        reach = min(math.ceil((far + length - first) / 2) * 2, whole - first)
        scaled = max(out, round(reach * out / length / 2) * 2)
        grow = scaled / reach
        start = float(crop.path[0].x if axis == 0 else crop.path[0].y)
        corner = f"{(start + inset - first) * grow:.6g}"
        for bend in crop.bends(frames):
            pace = (bend.x, bend.y)[axis] * grow
            if pace:
                corner += f"+({pace:.9g})*({_travelled(bend)})"
        moves = crop.moved(np.arange(frames, dtype=np.float64))[:, axis] * grow
        corner += _summed([f"{move:+.2f}*eq(N,{n})" for n, move in enumerate(moves) if move])
        begun, ended = crop.zoom
        return cls(
            first,
            reach,
            scaled,
            length * grow,
            corner,
            min(out + _ROOM, scaled),
            out,
            f"({begun:.6g}+({(ended - begun) / max(1, frames - 1):.9g})*N)",
        )

    def whole_pixels(self, frame: str) -> str:
        """Where the pane begins: an even number of pixels, two or three before the window."""
        return self._even_before(self.corner.replace("N", frame))

    def _even_before(self, corner: str) -> str:
        return f"clip(2*floor(({corner})/2)-2,0,{self.scaled - self.pane})"

    def edges(self, frame: str) -> tuple[str, str]:
        """What of the pane is drawn over its whole length, so that the window fills `out`."""
        corner, zoom = self.corner.replace("N", frame), self.zoom.replace("N", frame)
        # A steadied corner is long, so it is worked out once and remembered.
        near = f"st(0,{corner})+{self.window / 2:.6f}*(1-1/{zoom})-{self._even_before('ld(0)')}"
        return near, f"{near}+{self.window * self.pane / self.out:.6f}/{zoom}"


def _travelled(bend: Bend) -> str:
    """`Bend.travelled` as ffmpeg evaluates it; N stands for the frame's number."""
    since = f"(N-{bend.frame})"
    if bend.spread == 0:
        return f"max({since},0)"
    near = f"max(0,1-abs({since})/{bend.spread})"
    return f"max({since},0)+{bend.spread / 6:.9g}*pow({near},3)"
