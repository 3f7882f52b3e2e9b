"""Commands that try something: whether an encoder works, whether a file decodes."""

from __future__ import annotations

from pathlib import Path

import ffmpeg

from video_pipeline.graph.audio import SAMPLE_RATE
from video_pipeline.graph.command import command


def decoded(media: Path) -> list[str]:
    """The command that decodes a file from start to end and reports every complaint."""
    return command(ffmpeg.output(ffmpeg.input(str(media)), "-", f="null"), log="warning")


def trial(encoder: str, out: Path) -> list[str]:
    """The command that tries an encoder ("x264", "aac" or "webp") on a tenth of a second."""
    if encoder == "aac":
        given = ffmpeg.input(f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f="lavfi", t=0.1)
        return command(ffmpeg.output(given, str(out), **{"c:a": "aac", "f": "mp4"}))
    given = ffmpeg.input("color=c=gray:s=128x128:r=30", f="lavfi", t=0.1)
    kinds = {"x264": ("libx264", "mp4"), "webp": ("libwebp_anim", "webp")}
    codec, form = kinds[encoder]
    return command(ffmpeg.output(given, str(out), **{"c:v": codec, "f": form}))
