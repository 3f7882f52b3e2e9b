"""Commands that try something: whether an encoder works, whether a file plays from start to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import ffmpeg

from video_pipeline.graph.audio import SAMPLE_RATE
from video_pipeline.graph.colour import told
from video_pipeline.graph.command import SCALING, command, from_disk
from video_pipeline.graph.encoding import encoded
from video_pipeline.presets.encoders import Encoder
from video_pipeline.presets.placements import Placement
from video_pipeline.toolchain import CONTAINERS, MOST_PIXELS

# A picture that changes by less than this share of full scale does not move (freezedetect's own
# -60 dB); it is told from this long on, and black from this long on, seconds.
_STILL_NOISE = 0.001
STILL_S = 1.0
BLACK_S = 0.2


def watched(media: Path, *, sound: bool) -> list[str]:
    """The command that plays a file from start to end, once.

    Its log holds every complaint, the stretches in which the picture is black or stands still, and,
    with `sound`, loudness and true peak (EBU R 128) of the first sound.
    """
    source = from_disk(media, CONTAINERS, max_pixels=MOST_PIXELS)
    picture = source.video.filter("blackdetect", d=BLACK_S, pic_th=0.98, pix_th=0.06)
    # Enough to tell whether anything moves, at a fraction of the work.
    picture = picture.filter("scale", -2, 480, flags="area")
    picture = picture.filter("freezedetect", n=_STILL_NOISE, d=STILL_S)
    heard = [source.audio.filter("ebur128", peak="true")] if sound else []
    return command(ffmpeg.output(picture, *heard, "-", f="null"), log="level+info")


def trial(encoder: str, out: Path) -> list[str]:
    """The command that tries an encoder ("x264", "aac" or "webp") on a tenth of a second."""
    if encoder == "aac":
        given = ffmpeg.input(f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f="lavfi", t=0.1)
        return command(ffmpeg.output(given, str(out), **{"c:a": "aac", "f": "mp4"}))
    given = ffmpeg.input("color=c=gray:s=128x128:r=30", f="lavfi", t=0.1)
    kinds = {"x264": ("libx264", "mp4"), "webp": ("libwebp_anim", "webp")}
    codec, form = kinds[encoder]
    return command(ffmpeg.output(given, str(out), **{"c:v": codec, "f": form}))


def rehearsal(
    take: Path, frames: range, placement: Placement, encoder: Encoder, out: Path
) -> list[str]:
    """The command that encodes frames of a take, counted at the placement's rate, as a piece is.

    They fill the placement's picture; what does not fit is cut off.
    """
    return encoded(_filling(take, frames, placement), out, placement, encoder)


def likeness(
    clip: Path,
    take: Path,
    frames: range,
    placement: Placement,
    *,
    by: Literal["psnr", "libvmaf"],
) -> list[str]:
    """The command whose log says how like its take a rehearsal is.

    "psnr" says `min:`, that of its least like frame (dB, all planes); "libvmaf" says `VMAF score:`,
    the harmonic mean over every third frame.
    """
    options = {"n_subsample": 3, "n_threads": 2, "pool": "harmonic_mean"}
    shown = _counted(from_disk(clip, "mov,mp4").video, placement)
    meant = _filling(take, frames, placement)
    both = ffmpeg.filter([shown, meant], by, **(options if by == "libvmaf" else {}))
    return command(ffmpeg.output(both, "-", f="null"), log="info")


def _filling(take: Path, frames: range, placement: Placement) -> Any:
    wide, high = placement.width, placement.height
    picture = from_disk(take, "mov,mp4", threads=1).video
    picture = picture.filter("fps", fps=str(placement.rate), start_time=0)
    picture = picture.filter("trim", start_frame=frames.start, end_frame=frames.stop)
    picture = picture.filter(
        "scale", wide, high, force_original_aspect_ratio="increase", flags=SCALING
    )
    picture = picture.filter("crop", wide, high).filter("setsar", 1)
    picture = told(picture.filter("format", "yuv420p"))
    return _counted(picture, placement)


def _counted(picture: Any, placement: Placement) -> Any:
    """Frame times as whole ticks of the rate, from 0 on."""
    rate = placement.rate
    return picture.filter("settb", f"{rate.denominator}/{rate.numerator}").filter("setpts", "N")
