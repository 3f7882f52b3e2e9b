"""Analysis tables made by hand, for tests that need decisions and no pictures."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from video_pipeline.analysis.model import Analysis, Moment
from video_pipeline.footage.model import Colour, Footage
from video_pipeline.geometry import Box

# Far apart in every bit, so that no two segments look alike.
_FINGERPRINTS = [(0x9E3779B97F4A7C15 * (n + 1)) % 2**64 for n in range(64)]


def footage(
    name: str = "take.mp4", seconds: float = 20, width: int = 1080, height: int = 1920
) -> Footage:
    """A footage value without a file behind it."""
    return Footage(
        path=Path("/nowhere") / name, digest=name, width=width, height=height,
        duration=Fraction(seconds).limit_denominator(1000), rate=Fraction(30), rotation=0,
        codec="h264", pixel_format="yuv420p", colour=Colour("sdr", "bt709", "bt709", False),
        video_stream=0, audio_stream=None, audio_codec=None,
    )  # fmt: skip


def moment(t: Fraction, **changes: Any) -> Moment:
    """A sharp, well lit, steady moment that shows nothing in particular."""
    values: dict[str, Any] = {
        "t": t, "sharpness": 1.0, "luma": 0.5, "exposure": 1.0, "motion": 0.05, "shake": 0.02,
        "whole": 0.0, "subject": Box(0.2, 0.3, 0.8, 0.7), "hardware": 0.0, "hardware_boxes": (),
        "stitching": 0.0, "stitching_boxes": (), "cut": False, "fingerprint": 0,
    }  # fmt: skip
    return Moment(**{**values, **changes})


def table(
    *segments: tuple[float, dict[str, Any]],
    name: str = "take.mp4",
    width: int = 1080,
    height: int = 1920,
    change: Callable[[Fraction, dict[str, Any]], dict[str, Any]] = lambda _t, values: values,
) -> Analysis:
    """An analysis of segments `(seconds, what each of their moments has)`, ten moments a second."""
    moments: list[Moment] = []
    for number, (seconds, values) in enumerate(segments):
        for _ in range(round(seconds * 10)):
            t = Fraction(len(moments), 10)
            given = {"fingerprint": _FINGERPRINTS[number], **values}
            moments.append(moment(t, **change(t, given)))
    length = len(moments) / 10
    return Analysis(footage(name, length, width, height), tuple(moments))
