"""Commands that try something: whether an encoder works, whether a file plays from start to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from video_pipeline.graph.audio import SAMPLE_RATE
from video_pipeline.graph.colour import told
from video_pipeline.graph.command import SCALING, command, from_disk
from video_pipeline.graph.encoding import encoded
from video_pipeline.graph.picture import as_jpeg
from video_pipeline.presets.encoders import Encoder
from video_pipeline.presets.placements import Placement
from video_pipeline.toolchain import CONTAINERS, MOST_PIXELS

# A picture that changes by less than this share of full scale does not move (freezedetect's own
# -60 dB); it is told from this long on, and black from this long on, seconds.
STILL_NOISE = 0.001
STILL_S = 1.0
BLACK_S = 0.2
# A picture is black when this share of its pixels is no brighter than this share of its range.
_BLACK_PIXELS, _BLACK_LEVEL = 0.98, 0.06
# Enough to tell whether anything moves, at a fraction of the work.
_SMALL = 480  # px high


def watched(media: Path, *, picture: bool = True, sound: bool) -> list[str]:
    """The command that plays a file from start to end, once.

    Its log holds every complaint, the stretches in which the picture is black or stands still, and,
    with `sound`, loudness and true peak (EBU R 128) of the first sound. Without `picture` the sound
    alone is played.
    """
    source = from_disk(media, CONTAINERS, max_pixels=MOST_PIXELS)
    played = [source.audio.filter("ebur128", peak="true")] if sound else []
    if picture:
        seen = source.video.filter(
            "blackdetect", d=BLACK_S, pic_th=_BLACK_PIXELS, pix_th=_BLACK_LEVEL
        )
        seen = seen.filter("scale", -2, _SMALL, flags="area")
        played.insert(0, seen.filter("freezedetect", n=STILL_NOISE, d=STILL_S))
    return command(ffmpeg.output(*played, "-", f="null"), log="level+info")


def watched_piece(
    piece: Path, shown: Sequence[int], last: int, *, strip: Path, ends: Path
) -> list[str]:
    """The command that plays a piece from start to end, once, and keeps what else is wanted of it.

    Its log holds every complaint, each black picture and, for every stretch of like pictures, when
    it begins, be it of one picture. `strip` becomes a JPEG of the pictures whose numbers are
    `shown`, small, side by side; `ends` the first picture and that numbered `last`, raw.
    """
    seen = from_disk(piece, "mov,mp4").video
    seen = seen.filter(
        "blackframe", amount=round(_BLACK_PIXELS * 100), thresh=16 + int(_BLACK_LEVEL * 219) + 1
    )
    seen = seen.filter("scale", -2, _SMALL, flags="area")
    seen = seen.filter("freezedetect", n=STILL_NOISE, d="1us").split()
    row = seen[0].filter("select", _either(shown)).filter("tile", f"{len(shown)}x1")
    edges = seen[1].filter("select", _either((0, last)))
    return command(
        ffmpeg.merge_outputs(
            as_jpeg(row, strip),
            ffmpeg.output(edges, str(ends), f="rawvideo", fps_mode="passthrough"),
        ),
        log="level+info",
    )


def trial(encoder: str, out: Path) -> list[str]:
    """The command that tries an encoder ("x264", "aac" or "webp") on a tenth of a second."""
    if encoder == "aac":
        given = ffmpeg.input(f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f="lavfi", t=0.1)
        return command(ffmpeg.output(given, str(out), **{"c:a": "aac", "f": "mp4"}))
    given = ffmpeg.input("color=c=gray:s=128x128:r=30", f="lavfi", t=0.1)
    kinds = {"x264": ("libx264", "mp4"), "webp": ("libwebp_anim", "webp")}
    codec, form = kinds[encoder]
    return command(ffmpeg.output(given, str(out), **{"c:v": codec, "f": form}))


def _either(numbers: Sequence[int]) -> str:
    return "+".join(f"eq(n,{number})" for number in dict.fromkeys(numbers))


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
