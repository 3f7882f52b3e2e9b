"""Windows: stretches of footage, each judged for what a slot of the storyboard needs.

A window is good when what the slot needs is in the picture throughout, sharp, well lit and held
still. Every judgement is kept in parts, so that a pick, or a refusal, can be explained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.model import Analysis, Moment
from video_pipeline.presets.storyboards import Need
from video_pipeline.vision.fingerprint import distance

# Below these a stretch is not offered to a buyer at all, whatever it shows.
WORST_EXPOSURE = 0.35
WORST_SHARPNESS = 0.35
WORST_MOTION = 0.9  # picture widths a second, the pace of a whip pan
WORST_SHAKE = 0.6  # picture widths a second, from one look to the next
# The picture brightens or darkens that much between two looks while the camera rests: the phone is
# hunting for its exposure.
LIGHT_JUMP = 0.06
_JUMP_MOTION, _JUMP_BITS = 0.6, 18  # picture widths a second; bits of 64
# From here on a window counts as showing what is needed. A single frame does so from 0.5 on; a
# window is a second or two of handheld footage and is judged by its weak moments too, so the figure
# is lower: on labelled clips these let hardly any wrong window through (benchmarks/RESULTS.md).
SHOWS: dict[Need, float] = {
    "whole": 0.4,
    "hardware": 0.47,
    "stitching": 0.38,
    "flaw": 0.0,
    "certificate": 0.0,
    "any": 0.0,
}


@dataclass(frozen=True)
class Window:
    """A stretch `[start, start + length)` of one source, judged for one need.

    fit       0..1: how well the needed thing is shown, over the whole window
    quality   0..1: sharpness, light and steadiness together
    faults    why it cannot be used, in plain words; empty when it can
    """

    source: str
    start: Fraction
    length: Fraction
    moments: tuple[Moment, ...]
    fit: float
    quality: float
    faults: tuple[str, ...]

    @property
    def score(self) -> float:
        """How good a pick it is, 0..1."""
        return self.fit * (0.4 + 0.6 * self.quality)

    @property
    def end(self) -> Fraction:
        """Where it ends, seconds."""
        return self.start + self.length

    @property
    def middle(self) -> Moment:
        """The moment in the middle: it stands for the window in pictures and comparisons."""
        return self.moments[len(self.moments) // 2]

    def overlap(self, other: Window) -> float:
        """Share of the shorter window that lies in the other; 0 for different sources."""
        if self.source != other.source:
            return 0.0
        shared = min(self.end, other.end) - max(self.start, other.start)
        return max(0.0, float(shared / min(self.length, other.length)))

    @property
    def reason(self) -> str:
        """Why it was considered, in words and numbers."""
        return f"fit {self.fit:.2f}, picture quality {self.quality:.2f}"


class Reel:
    """One analysed source as columns, so that windows are judged quickly."""

    def __init__(self, name: str, analysis: Analysis) -> None:
        self.name = name
        self.analysis = analysis
        rows = analysis.moments
        self.times = [m.t for m in rows]
        self.seconds = np.array([float(m.t) for m in rows])
        self.sharpness = _column(rows, "sharpness")
        self.exposure = _column(rows, "exposure")
        self.motion = _column(rows, "motion")
        self.shake = _column(rows, "shake")
        # Where neither the motion nor the picture carries over, the footage was cut there too.
        unlike = [0, *(distance(a.fingerprint, b.fingerprint) for a, b in pairwise(rows))]
        self.cut = np.array([m.cut for m in rows]) | (
            (self.motion > _JUMP_MOTION) & (np.array(unlike) >= _JUMP_BITS)
        )
        luma = _column(rows, "luma")
        change = np.abs(np.diff(luma, prepend=luma[0]))
        self.jump = (change > LIGHT_JUMP) & (self.motion < 0.5) & ~self.cut
        hardware, stitching, whole = (
            _column(rows, name) for name in ("hardware", "stitching", "whole")
        )
        everywhere = np.ones(len(rows))
        self.shows: dict[Need, NDArray[np.float64]] = {
            "whole": whole,
            "hardware": hardware,
            "stitching": stitching,
            "flaw": everywhere,
            "certificate": everywhere,
            "any": np.maximum(0.1, np.maximum(np.maximum(hardware, stitching), 0.9 * whole)),
        }
        # Decoding may stop before the stated end; nothing after the last picture can be used.
        step = self.seconds[-1] / max(1, len(rows) - 1)
        self.end = min(analysis.footage.duration, self.times[-1] + Fraction(step))

    def windows(self, need: Need, length: Fraction) -> Iterator[Window]:
        """Every window of that length, one starting at each analysed moment."""
        for first, start in enumerate(self.times):
            if start + length > self.end:
                return
            yield self.window(need, first, length)

    def window(self, need: Need, first: int, length: Fraction) -> Window:
        """The window that starts at moment number `first`."""
        start = self.times[first]
        last = int(np.searchsorted(self.seconds, float(start + length) - 1e-6))
        part = slice(first, max(last, first + 1))
        shows = self.shows[need][part]
        # The weakest fifth counts as much as the average: a buyer sees the whole cut.
        fit = 0.5 * float(shows.mean()) + 0.5 * float(np.quantile(shows, 0.2))
        steadiness = np.exp(-self.shake[part] / 0.6) * np.exp(-self.motion[part] / 1.2)
        quality = self.sharpness[part] * self.exposure[part] * (0.3 + 0.7 * steadiness)
        return Window(
            source=self.name,
            start=start,
            length=length,
            moments=self.analysis.moments[part],
            fit=fit,
            quality=float(np.clip(quality.mean(), 0.0, 1.0)),
            faults=tuple(self._faults(need, part, fit)),
        )

    def _faults(self, need: Need, part: slice, fit: float) -> Iterator[str]:
        if self.cut[part.start + 1 : part.stop].any():
            yield "the footage cuts to something else"
        light = self.exposure[part]
        if light.min() < WORST_EXPOSURE:
            worst = self.analysis.moments[part.start + int(light.argmin())]
            yield "too dark" if worst.luma < 0.5 else "too bright"
        if float(np.quantile(self.sharpness[part], 0.15)) < WORST_SHARPNESS:
            yield "out of focus"
        if self.jump[part].any():
            yield "the light changes"
        if float(np.quantile(self.motion[part], 0.9)) > WORST_MOTION:
            yield "the camera moves too fast"
        elif float(np.quantile(self.shake[part], 0.8)) > WORST_SHAKE:
            yield "the camera shakes"
        if fit < SHOWS[need]:
            yield f"{_WORDS[need]} too small, too far or not in the picture"


_WORDS: dict[Need, str] = {
    "whole": "the whole item is",
    "hardware": "hardware is",
    "stitching": "stitching is",
    "flaw": "the flaw is",
    "certificate": "the certificate is",
    "any": "the item is",
}


def best_windows(
    reels: Sequence[Reel], need: Need, length: Fraction, most: int = 12
) -> tuple[list[Window], Window | None]:
    """The best usable windows, apart from each other, and the nearest one that is not usable."""
    usable: list[Window] = []
    nearest: Window | None = None
    for reel in reels:
        for window in reel.windows(need, length):
            if not window.faults:
                usable.append(window)
            elif nearest is None or _nearness(window, need) > _nearness(nearest, need):
                nearest = window
    usable.sort(key=lambda w: (-w.score, w.source, w.start))
    kept: list[Window] = []
    for window in usable:
        if all(window.overlap(other) < 0.5 for other in kept):
            kept.append(window)
        if len(kept) == most:
            break
    return kept, nearest


def window_around(reel: Reel, at: Fraction, wanted: Fraction) -> Window:
    """The window of a reel that shows the time `at`, for what a seller pointed at.

    It stays within the clean stretch around `at`, so it may be shorter than `wanted`; the rest is
    then held (see Cut.hold). Where there is no clean stretch it is short and carries its faults.
    """
    here = int(np.abs(reel.seconds - float(at)).argmin())
    clean = (
        (reel.exposure >= WORST_EXPOSURE)
        & (reel.sharpness >= WORST_SHARPNESS)
        & (reel.motion <= WORST_MOTION)
        & ~reel.jump
    )
    first = last = here
    if clean[here]:
        while first > 0 and clean[first - 1] and not reel.cut[first]:
            first -= 1
        while last + 1 < len(clean) and clean[last + 1] and not reel.cut[last + 1]:
            last += 1
    else:
        first, last = max(0, here - 2), min(len(clean) - 1, here + 2)
    if first == last:
        last = min(len(clean) - 1, first + 1)
        first = max(0, last - 1)
    step = Fraction(reel.seconds[1] - reel.seconds[0]).limit_denominator(1000)
    end = min(reel.end, reel.times[last] + (step if last == len(clean) - 1 else 0))
    room = end - reel.times[first]
    if room <= wanted:
        return reel.window("flaw", first, room)
    # More than enough: the window in which the time pointed at is nearest to the middle.
    starts = [i for i in range(first, last + 1) if reel.times[i] + wanted <= end]
    middle = at - wanted / 2
    return reel.window("flaw", min(starts, key=lambda i: abs(reel.times[i] - middle)), wanted)


def _nearness(window: Window, need: Need) -> float:
    if need in ("hardware", "stitching", "whole"):
        peak = max(float(getattr(moment, need)) for moment in window.moments)
    else:
        peak = window.fit
    return peak + window.fit - 0.15 * len(window.faults)


def _column(rows: Sequence[Moment], name: str) -> NDArray[np.float64]:
    return np.array([float(getattr(row, name)) for row in rows])
