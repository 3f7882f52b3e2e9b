"""Commands for previews: the few frames of a loop, small, and every format encoded from them.

Only the spans that the loop shows are decoded, once, into a file of raw frames; the formats are
encoded from that. One thread and bit-exact flags give the same bytes again.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import ffmpeg

from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop
from video_pipeline.graph.command import SCALING, command, from_disk
from video_pipeline.graph.crops import BARS, cropped
from video_pipeline.graph.picture import jpeg, squared, ticking, veiled
from video_pipeline.presets.previews import LoopFormat, Rung

_EXACT = {"map_metadata": -1, "fflags": "+bitexact", "flags:v": "+bitexact", "threads": 1}
_GIF_PALETTE = {"stats_mode": "full"}


@dataclass(frozen=True)
class Span:
    """What is seen of one footage: `frames` frames from `start` on, through `crop`."""

    footage: Footage
    start: Fraction
    frames: int
    crop: Crop


@dataclass(frozen=True)
class RawFrames:
    """A file of raw frames, 4:2:0 BT.709 of limited range, `width` x `height` at `rate`."""

    path: Path
    width: int
    height: int
    rate: Fraction

    @property
    def frame_bytes(self) -> int:
        """How many bytes one frame takes."""
        return self.width * self.height * 3 // 2


@dataclass(frozen=True)
class Tiles:
    """A strip of small pictures: `width` pixels each, one for `every` frames, in `columns`."""

    width: int
    every: int
    columns: int


def raw_frames(span: Span, into: RawFrames) -> list[str]:
    """The command that writes all frames of a span, one after another, raw."""
    size = into.width, into.height
    picture = squared(ticking(span.footage, span.start, span.frames, into.rate), span.footage)
    picture = veiled(picture, span.footage, span.start, span.frames, into.rate)
    picture = cropped(picture, span.crop, span.footage, size, span.frames)
    # Footage that ends too early repeats its last picture: a loop's length is known before.
    picture = picture.filter("tpad", stop_mode="clone", stop=span.frames)
    picture = picture.filter("trim", end_frame=span.frames)
    return command(
        ffmpeg.output(
            picture.filter("format", "yuv420p"),
            str(into.path),
            **{
                "c:v": "rawvideo",
                "f": "rawvideo",
                "fps_mode": "passthrough",
                "fflags": "+bitexact",
            },
        )
    )


def loop_file(frames: RawFrames, form: LoopFormat, rung: Rung, out: Path) -> list[str]:
    """The command that encodes raw frames as a loop without sound, as a rung asks for."""
    size = scaled_size(frames, rung.width)
    picture = _thinned(frames, rung.every)
    if form == "gif":
        picture = _scaled(picture, size, "bt470", "pc").filter("format", "gbrp").split()
        colours = picture[0].filter("palettegen", max_colors=rung.quality, **_GIF_PALETTE)
        picture = ffmpeg.filter(
            [picture[1], colours],
            "paletteuse",
            dither="bayer",
            bayer_scale=4,
            diff_mode="rectangle",
        )
    elif form == "webp":  # VP8's own matrix and range
        picture = _scaled(picture, size, "bt470", "tv").filter("format", "yuv420p")
    else:
        picture = _scaled(picture, size, "bt709", "tv").filter("format", "yuv420p")
    return command(ffmpeg.output(picture, str(out), **_ENCODERS[form](rung), **_EXACT))


def strip(frames: RawFrames, count: int, tiles: Tiles, out: Path) -> list[str]:
    """The command that lays raw frames, `count` in all, out in rows as one JPEG."""
    size = scaled_size(frames, tiles.width)
    number = ceil(count / tiles.every)
    picture = _scaled(_thinned(frames, tiles.every), size, "bt709", "tv")
    rows = f"{min(tiles.columns, number)}x{ceil(number / tiles.columns)}"
    return jpeg(picture.filter("tile", rows, color="0x{:02X}{:02X}{:02X}".format(*BARS)), out)


def scaled_size(frames: RawFrames, width: int) -> tuple[int, int]:
    """How large raw frames stand at another width: even numbers, their shape kept."""
    return width, max(2, round(frames.height * width / frames.width / 2) * 2)


def _thinned(frames: RawFrames, every: int) -> Any:
    """Every `every`-th of the frames, each shown that much longer."""
    picture = from_disk(
        frames.path,
        "rawvideo",
        f="rawvideo",
        pixel_format="yuv420p",
        video_size=(frames.width, frames.height),
        framerate=str(frames.rate),
    ).video
    if every > 1:
        picture = picture.filter("framestep", every)
    return picture.filter(
        "setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv"
    )


def _scaled(picture: Any, size: tuple[int, int], matrix: str, span: str) -> Any:
    return picture.filter(
        "scale",
        *size,
        in_color_matrix="bt709",
        in_range="tv",
        out_color_matrix=matrix,
        out_range=span,
        flags=SCALING,
    )


def _avif(rung: Rung) -> dict[str, Any]:
    return {
        "c:v": "libsvtav1",
        "preset": 9,  # 10 and above are not meant for being looked at, says the encoder
        "crf": rung.quality,
        "g": 300,
        "svtav1-params": "lp=1",
        **_TAGS,
        "loop": 0,
        "f": "avif",
    }


def _webp(rung: Rung) -> dict[str, Any]:
    return {
        "c:v": "libwebp_anim",
        "quality": rung.quality,
        "compression_level": 2,
        "loop": 0,
        "f": "webp",
    }


def _gif(_rung: Rung) -> dict[str, Any]:
    return {"c:v": "gif", "loop": 0, "f": "gif"}


def _mp4(rung: Rung) -> dict[str, Any]:
    return {
        "c:v": "libx264",
        "profile:v": "high",
        "preset": "veryfast",
        "crf": rung.quality,
        "bf": 0,  # timestamps without an edit list: the first frame is due at once
        "g": 300,
        "pix_fmt": "yuv420p",
        **_TAGS,
        "movflags": "+faststart",
        "f": "mp4",
    }


_TAGS = {
    "colorspace": "bt709",
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "color_range": "tv",
}
_ENCODERS = {"avif": _avif, "webp": _webp, "gif": _gif, "mp4": _mp4}
