"""EDL: an edit as a CMX 3600 list, which nearly every editing program reads.

One track, names of eight characters, whole frames at one rate: that is all the form has. What it
has no words for stands in comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from video_pipeline.edit.model import Edit
from video_pipeline.edit.timeline import Clip, pictures, sounds
from video_pipeline.footage.model import Footage
from video_pipeline.overlays.typesetting import clean

_REEL = 8  # characters


def as_edl(edit: Edit, footage: Mapping[str, Footage], own: Path | None = None) -> str:
    """The edit as the text of an `.edl` file. Times of every source count at the edit's rate.

    Raises UsageError for an overlay template that is not there.
    """
    reels = reel_names(footage)
    heard = {clip.cut for clip in sounds(edit, footage)}
    lines = [f"TITLE: {clean(f'{edit.sku} {edit.placement}')}", "FCM: NON-DROP FRAME", ""]
    for number, clip in enumerate(pictures(edit, own), start=1):
        channels = "AA/V" if clip.cut in heard and not clip.held else "V"
        lines.extend(_event(number, clip, edit.rate, reels[clip.source], channels))
        lines.append(f"* FROM CLIP NAME: {clean(footage[clip.source].name)}")
        cut = edit.cuts[clip.cut - 1]
        lines.append(f"* {clean(f'{clip.name}: {cut.shows}')}")
        lines.extend(
            f"* {_timecode(clip.at + mark.frame, edit.rate)} {mark.text}" for mark in clip.marks
        )
    return "\n".join(lines) + "\n"


def reel_names(footage: Mapping[str, Footage]) -> dict[str, str]:
    """A name of up to eight letters and figures for each source; none twice."""
    reels: dict[str, str] = {}
    for name, source in footage.items():
        plain = re.sub(r"[^A-Z0-9]", "", source.path.stem.upper()) or "FOOTAGE"
        reel, number = plain[:_REEL], 1
        while reel in reels.values():
            number += 1
            reel = f"{plain[: _REEL - len(str(number))]}{number}"
        reels[name] = reel
    return reels


def off_frame(edit: Edit) -> int:
    """How many in-points lie between two frames of the edit's rate, and move to the nearer one."""
    return sum((cut.start * edit.rate).denominator != 1 for cut in edit.cuts)


def _event(number: int, clip: Clip, rate: Fraction, reel: str, channels: str) -> Iterator[str]:
    first = round(clip.start * rate)
    times = (first, first + (1 if clip.held else clip.frames), clip.at, clip.at + clip.frames)
    codes = " ".join(_timecode(time, rate) for time in times)
    yield f"{number:03d}  {reel:{_REEL}} {channels:5} C        {codes}"
    if clip.held:
        yield f"M2   {reel:{_REEL}} 000.0                {_timecode(first, rate)}"


def _timecode(frame: int, rate: Fraction) -> str:
    """Hours, minutes, seconds and frames, without dropping any: 29.97 counts as 30 does."""
    base = round(rate)
    seconds, frames = divmod(frame, base)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"
