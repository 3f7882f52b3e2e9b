"""Colour: whatever a camera wrote becomes 8-bit BT.709, limited range."""

from __future__ import annotations

from typing import Any

from video_pipeline.footage.model import Colour
from video_pipeline.footage.screen import KNEE, PEAK, WHITE_NITS, WIDE
from video_pipeline.graph.command import SCALING
from video_pipeline.light import NEARLY_WHITE, Light

# ffmpeg's scale filter has its own names for matrices.
_SCALE_MATRIX = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}
_HDR_TRANSFER = {"hlg": "arib-std-b67", "pq": "smpte2084"}


def normalised(
    picture: Any,
    colour: Colour,
    size: tuple[int, int] | None,
    window: tuple[int, int, str, str] | None = None,
) -> Any:
    """Bring any source to 8-bit 4:2:0 BT.709, limited range, at `size` if given.

    `window` is what of that size is kept, as the crop filter's width, height and place.
    """

    def scaled(picture: Any, **how: str) -> Any:
        where = {"w": size[0], "h": size[1]} if size else {}
        picture = picture.filter("scale", **where, **how, flags=SCALING)
        return picture.filter("crop", *window) if window else picture

    matrix = _SCALE_MATRIX.get(colour.matrix, colour.matrix)
    span = "pc" if colour.full_range else "tv"
    if colour.transfer == "sdr" and colour.primaries in WIDE:
        picture = scaled(
            picture,
            in_color_matrix=matrix,
            in_range=span,
            out_color_matrix=matrix,
            out_range="tv",
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
        picture = scaled(
            picture,
            in_color_matrix=matrix,
            in_range=span,
            out_color_matrix="bt709",
            out_range="tv",
        )
    else:
        if size:
            picture = scaled(picture)
        picture = picture.filter("format", "yuv420p10le")
        # What zscale is not asked to change, it takes from the picture, which may not say it.
        picture = picture.filter(
            "setparams",
            color_primaries=colour.primaries,
            color_trc=_HDR_TRANSFER[colour.transfer],
            colorspace=colour.matrix,
        )
        picture = picture.filter(
            "zscale",
            tin=_HDR_TRANSFER[colour.transfer],
            min=colour.matrix,
            pin=colour.primaries,
            rin="full" if colour.full_range else "limited",
            t="linear",
            npl=WHITE_NITS,
            agamma=int(colour.transfer != "hlg"),  # HLG's screen mixes red, green and blue
        )
        picture = picture.filter("format", "gbrpf32le").filter("zscale", p="709")
        picture = picture.filter("tonemap", "mobius", param=KNEE, peak=f"{PEAK:.6f}", desat=0)
        picture = picture.filter("zscale", t="709", m="709", r="limited")
    return told(picture.filter("format", "yuv420p")).filter("setsar", 1)


def lit(picture: Any, light: Light) -> Any:
    """A normalised picture in another light: `Light.on`, as ffmpeg evaluates it.

    In ten bits, so that going to RGB and back costs no step of the picture's eight.
    """
    if light.neutral:
        return picture
    picture = picture.filter(
        "scale", in_color_matrix="bt709", in_range="tv", out_range="pc", flags=SCALING
    ).filter("format", "gbrp10le")
    fade = f"clip((1-val/maxval)/{1 - NEARLY_WHITE:.6g},0,1)"
    red, green, blue = (
        f"clip(round(val*(1+({factor - 1:.9g})*{fade})),0,maxval)" for factor in light.factors
    )
    picture = picture.filter("lutrgb", r=red, g=green, b=blue)
    picture = picture.filter(
        "scale", in_range="pc", out_color_matrix="bt709", out_range="tv", flags=SCALING
    )
    return told(picture.filter("format", "yuv420p"))


def told(picture: Any) -> Any:
    """The picture, said to be what it is: BT.709 in limited range."""
    return picture.filter(
        "setparams",
        color_primaries="bt709",
        color_trc="bt709",
        colorspace="bt709",
        range="tv",
    )
