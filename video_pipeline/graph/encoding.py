"""How pictures are encoded: the arguments of every encoder, and a command that does nothing else.

They decide pixels, so they are part of every piece's command and with it of its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ffmpeg

from video_pipeline.graph.command import command, from_disk
from video_pipeline.presets.encoders import X264, Encoder
from video_pipeline.presets.placements import Placement

# Where the graphics' own memory is, for an encoder that takes pictures from nowhere else.
_DEVICE: Final[Mapping[str, list[str]]] = {
    "vaapi": ["-init_hw_device", "vaapi=graphics", "-filter_hw_device", "graphics"]
}


@dataclass(frozen=True)
class Pass:
    """One of the two passes of a piece that has to fit a number of bytes.

    `log` is the path, without x264's endings, of what the first pass measured; it writes that file
    and else encodes as a single pass would. The second has `kbps` to spend: None in the first.
    """

    log: Path
    kbps: int | None = None


def encoded(
    picture: Any,
    out: Path,
    placement: Placement,
    encoder: Encoder = X264,
    one_of_two: Pass | None = None,
    **more: Any,
) -> list[str]:
    """The command that encodes a chain's pictures, of a placement's size and rate, as a piece.

    Two passes are x264's alone. `more` are options in place of the usual ones, for who compares
    them.
    """
    options = {**_OWN[encoder.name](placement, encoder, one_of_two), **_common(placement), **more}
    picture = picture.filter("format", "nv12" if encoder.name in ("qsv", "vaapi") else "yuv420p")
    if encoder.name in _DEVICE:
        picture = picture.filter("hwupload")
    whole = command(ffmpeg.output(picture, str(out), **options))
    program, *rest = whole
    return [program, *_DEVICE.get(encoder.name, []), *rest]


def finished(pictures: Path, out: Path, placement: Placement, **more: Any) -> list[str]:
    """The command that encodes finished pictures (a yuv4mpegpipe file) as a piece is encoded."""
    return encoded(from_disk(pictures, "yuv4mpegpipe").video, out, placement, **more)


def _common(placement: Placement) -> dict[str, Any]:
    """What every piece has, whoever encodes it."""
    return {
        # No B-frames: they would save up to 14 % of the bytes (benchmarks/RESULTS.md) and cost
        # timestamps that are exact without an edit list.
        "bf": 0,
        "g": round(2 * placement.rate),
        "colorspace": "bt709",
        "color_primaries": "bt709",
        "color_trc": "bt709",
        "color_range": "tv",
        "fps_mode": "passthrough",
        "video_track_timescale": placement.rate.numerator,
        "map_metadata": -1,
        "fflags": "+bitexact",
        "flags:v": "+bitexact+cgop",
        "f": "mp4",
    }


def _bounded(placement: Placement) -> dict[str, Any]:
    return {"maxrate": f"{placement.max_kbps}k", "bufsize": f"{2 * placement.max_kbps}k"}


def _x264(placement: Placement, _: Encoder, one_of_two: Pass | None) -> dict[str, Any]:
    return {
        "c:v": "libx264",
        "profile:v": "high",
        "preset": placement.preset,
        # Left out by x264 at its quickest speeds, where it costs no time and saves a fifth of the
        # rate or more at equal VMAF (benchmarks/RESULTS.md). Adaptive quantization stays on: VMAF
        # likes it off, and leather loses its grain.
        **({"trellis": 1} if placement.preset in ("superfast", "veryfast") else {}),
        **_quality(placement, one_of_two),
        **_bounded(placement),
        # One thread a piece: x264's output depends on its thread count, and pieces run side by
        # side anyway.
        "threads": 1,
        # One header for all pieces, whatever their content and pass: they are joined as they are.
        "x264-params": "open-gop=0:stitchable=1",
        "pix_fmt": "yuv420p",
    }


def _quality(placement: Placement, one_of_two: Pass | None) -> dict[str, Any]:
    if one_of_two is None:
        return {"crf": placement.crf}
    log = {"passlogfile": str(one_of_two.log)}
    if one_of_two.kbps is None:  # a full first pass, since its picture is the one that is kept
        return {"crf": placement.crf, "pass": 1, "fastfirstpass": 0, **log}
    return {"b:v": f"{one_of_two.kbps}k", "pass": 2, **log}


def _nvenc(placement: Placement, encoder: Encoder, _: Pass | None) -> dict[str, Any]:
    return {
        "c:v": "h264_nvenc",
        "profile:v": "high",
        "preset": encoder.speed,
        "tune": "hq",
        "rc": "vbr",
        "cq": encoder.quality(placement.crf),
        "b:v": 0,  # else its own 2 Mbit/s would be aimed at
        **_bounded(placement),
        "spatial-aq": 1,
        "forced-idr": 1,
    }


def _videotoolbox(placement: Placement, encoder: Encoder, _: Pass | None) -> dict[str, Any]:
    return {
        "c:v": "h264_videotoolbox",
        "profile:v": "high",
        "allow_sw": 0,  # the system's own software encoder is no better than x264
        "realtime": 0,
        "prio_speed": encoder.speed,
        "q:v": encoder.quality(placement.crf),
    }


def _qsv(placement: Placement, encoder: Encoder, _: Pass | None) -> dict[str, Any]:
    return {
        "c:v": "h264_qsv",
        "profile:v": "high",
        "preset": encoder.speed,
        "q:v": encoder.quality(placement.crf),
        "idr_interval": 0,
        "forced_idr": 1,
    }


def _vaapi(placement: Placement, encoder: Encoder, _: Pass | None) -> dict[str, Any]:
    return {
        "c:v": "h264_vaapi",
        "profile:v": "high",
        "rc_mode": "CQP",
        "qp": encoder.quality(placement.crf),
        "idr_interval": 0,
    }


_OWN: Final[Mapping[str, Callable[[Placement, Encoder, Pass | None], dict[str, Any]]]] = {
    "x264": _x264,
    "nvenc": _nvenc,
    "videotoolbox": _videotoolbox,
    "qsv": _qsv,
    "vaapi": _vaapi,
}
