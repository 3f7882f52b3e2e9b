"""What every ffmpeg command shares: how a footage file is opened and how the program is called."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from video_pipeline.footage.model import Footage
from video_pipeline.toolchain import CONTAINERS, MOST_PIXELS, PHOTOS, ffmpeg_path

SCALING = "lanczos+accurate_rnd+full_chroma_int+bitexact"

# Sources are opened a hair early, since ffmpeg reads times in microseconds and would otherwise
# drop a frame whose time rounds down.
EARLY = Fraction(1, 2000)

# Above so many pixels one thread decodes: each more of them holds several whole pictures, at 4K of
# 10 bits 25 MB each, and pieces are decoded side by side anyway.
_LARGE = 2560 * 1440


def command(output: Any, log: str = "error") -> list[str]:
    """The whole command line of an ffmpeg-python output."""
    quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", log, "-y"]
    return [str(ffmpeg_path()), *quiet, *ffmpeg.get_args(output)]


def from_disk(path: Path, formats: str, **more: Any) -> Any:
    """A file as input, in one of these formats and from this disk alone; `more` are its options.

    Every file enters a command here: no playlist, no address, and no name that could be taken for
    a protocol, since it is absolute. What a container refers to outside itself is never followed:
    ffmpeg's `enable_drefs` and `use_absolute_path` stay off.
    """
    return ffmpeg.input(
        str(path.absolute()), protocol_whitelist="file", format_whitelist=formats, **more
    )


def opened(footage: Footage, start: Fraction, length: Fraction, **more: Any) -> Any:
    """A footage file as input, from `start` on, for `length` seconds; a photo's one picture.

    `more` are further input options of footage.
    """
    if footage.still:
        form = PHOTOS[footage.codec]
        return from_disk(footage.path, form, f=form)
    early = max(Fraction(0), start - EARLY)
    if math.prod(footage.whole) > _LARGE:
        more = {"threads": 1, **more}
    since = {} if footage.untimed and not early else {"ss": f"{float(early):.6f}"}
    if footage.turned_by_tag:  # counter-clockwise here
        more["display_rotation"] = 360 - footage.rotation
    return from_disk(
        footage.path,
        CONTAINERS,
        **since,
        reinit_filter=0,
        t=f"{float(length):.6f}",
        max_pixels=MOST_PIXELS,
        **more,
    )
