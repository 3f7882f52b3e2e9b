"""Colour: whatever a camera wrote becomes 8-bit BT.709, limited range."""

from __future__ import annotations

from typing import Any

from video_pipeline.footage.model import Colour
from video_pipeline.graph.command import SCALING

# ffmpeg's scale filter has its own names for matrices.
_SCALE_MATRIX = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}
# What is wider than BT.709 to the eye; PAL's and NTSC's own primaries are as good as its.
_WIDE = {"bt2020", "smpte431", "smpte432"}
_HDR_TRANSFER = {"hlg": "arib-std-b67", "pq": "smpte2084"}


def normalised(picture: Any, colour: Colour, size: tuple[int, int] | None) -> Any:
    """Bring any source to 8-bit 4:2:0 BT.709, limited range, at `size` if given."""
    where = {"w": size[0], "h": size[1]} if size else {}
    matrix = _SCALE_MATRIX.get(colour.matrix, colour.matrix)
    span = "pc" if colour.full_range else "tv"
    if colour.transfer == "sdr" and colour.primaries in _WIDE:
        picture = picture.filter(
            "scale",
            **where,
            in_color_matrix=matrix,
            in_range=span,
            out_color_matrix=matrix,
            out_range="tv",
            flags=SCALING,
        )
        picture = picture.filter("format", "yuv444p10le").filter(
            "zscale",
            tin="709",
            min=colour.matrix,
            pin=colour.primaries,
            rin="limited",
            t="709",
            m="709",
            p="709",
            r="limited",
        )
    elif colour.transfer == "sdr":
        picture = picture.filter(
            "scale",
            **where,
            in_color_matrix=matrix,
            in_range=span,
            out_color_matrix="bt709",
            out_range="tv",
            flags=SCALING,
        )
    else:
        if size:
            picture = picture.filter("scale", **where, flags=SCALING)
        picture = picture.filter("format", "yuv420p10le")
        picture = picture.filter(
            "zscale",
            tin=_HDR_TRANSFER[colour.transfer],
            min=colour.matrix,
            pin=colour.primaries,
            rin="full" if colour.full_range else "limited",
            t="linear",
            npl=203,  # ITU-R BT.2408: HDR reference white
        )
        picture = picture.filter("format", "gbrpf32le").filter("zscale", p="709")
        picture = picture.filter("tonemap", "mobius", desat=0)
        picture = picture.filter("zscale", t="709", m="709", r="limited")
    picture = picture.filter("format", "yuv420p")
    return picture.filter(
        "setparams",
        color_primaries="bt709",
        color_trc="bt709",
        colorspace="bt709",
        range="tv",
    ).filter("setsar", 1)
