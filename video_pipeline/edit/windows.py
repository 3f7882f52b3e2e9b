"""Windows: stretches of clean footage, each judged for what a slot of the storyboard needs.

A window is good when what the slot needs is in the picture throughout, sharp, well lit and held
still. Every judgement is kept in parts, so that a pick, or a refusal, can be explained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.model import Moment
from video_pipeline.edit.reel import CUT, Flags, Reel
from video_pipeline.presets.storyboards import Need

# From here on a window counts as showing what is needed: measured on labelled clips, see
# "Windows" in benchmarks/RESULTS.md. A single frame does so from 0.5 on; a window is a second or
# two of handheld footage and is judged by its weak moments too, so the figures are lower.
SHOWS: Mapping[Need, float] = {
    "whole": 0.45,
    "hardware": 0.45,
    "stitching": 0.45,
    "flaw": 0.0,
    "certificate": 0.0,
    "any": 0.0,
}
_APART = 0.5  # two windows that share so much of the shorter one are one choice
_NO_ROUNDING = 1e-6  # s


@dataclass(frozen=True)
class Window:
    """A stretch `[start, start + length)` of one source, judged for one need.

    room      seconds that it may run from `start` on while it stays in its shot; at least `length`
    fit       0..1: how well the needed thing is shown, over the whole window
    quality   0..1: sharpness, light and steadiness together
    faults    why it cannot be used, in plain words; empty when it can
    """

    source: str
    start: Fraction
    length: Fraction
    room: Fraction
    moments: tuple[Moment, ...]
    fit: float
    quality: float
    faults: tuple[str, ...]

    @cached_property
    def score(self) -> float:
        """How good a pick it is, 0..1."""
        return self.fit * (0.4 + 0.6 * self.quality)

    @cached_property
    def end(self) -> Fraction:
        """Where it ends, seconds."""
        return self.start + self.length

    @cached_property
    def seconds(self) -> tuple[float, float]:
        """Where it starts and ends, rounded."""
        return float(self.start), float(self.end)

    @property
    def middle(self) -> Moment:
        """The moment in the middle: it stands for the window in pictures and comparisons."""
        return self.moments[len(self.moments) // 2]

    def overlap(self, other: Window) -> float:
        """Share of the shorter window that lies in the other; 0 for different sources."""
        if self.source != other.source or self.end <= other.start or other.end <= self.start:
            return 0.0
        shared = min(self.end, other.end) - max(self.start, other.start)
        return max(0.0, float(shared / min(self.length, other.length)))

    @property
    def reason(self) -> str:
        """Why it was considered, in words and numbers."""
        sharp, light = (
            float(np.mean([getattr(m, name) for m in self.moments]))
            for name in ("sharpness", "exposure")
        )
        moving = float(np.mean([m.motion for m in self.moments]))
        return (
            f"shown {self.fit:.2f}, sharp {sharp:.2f}, light {light:.2f}, "
            f"camera {moving:.2f} widths/s"
        )


def window(reel: Reel, need: Need, first: int, length: Fraction, room: Fraction) -> Window:
    """The window that starts at moment number `first`, whatever its faults."""
    judged = _judged(reel, need, length, np.array([first]))
    return judged.window(0, room)


def best_windows(
    reels: Sequence[Reel], need: Need, length: Fraction, most: int = 12
) -> tuple[list[Window], Window | None]:
    """The best usable windows, apart from each other, and the nearest one that is not usable."""
    usable: list[Window] = []
    nearest: tuple[float, Window] | None = None
    for reel in reels:
        kept, near = _best(reel, need, length, most)
        usable.extend(kept)
        if near is not None and (nearest is None or near[0] > nearest[0]):
            nearest = near
    usable.sort(key=lambda w: (-w.score, w.source, w.start))
    return usable[:most], nearest[1] if nearest else None


@lru_cache(maxsize=64)
def _best(
    reel: Reel, need: Need, length: Fraction, most: int
) -> tuple[Sequence[Window], tuple[float, Window] | None]:
    """Kept, since several slots of a storyboard ask for the same."""
    return _judged(reel, need, length).best(most)


def window_around(reel: Reel, need: Need, at: Fraction, wanted: Fraction) -> Window:
    """The window of a reel that shows the time `at`, for what a person pointed at.

    It stays within the clean run around `at`, so it may be shorter than `wanted`; the rest is then
    held (see Cut.hold). Where there is no clean run it is short and carries its faults, but never
    what is banned.
    """
    far = np.abs(reel.seconds - float(at)) + np.where(reel.banned, np.inf, 0.0)
    here = int(far.argmin())
    first, last = next(((a, b) for a, b in reel.runs if a <= here < b), _beside(reel, here))
    end = max(reel.end_of(last), reel.times[last - 1])
    if end <= reel.times[first]:  # a single look: it stands for the time until the next
        end = reel.times[last] if last < len(reel.times) else reel.end
    room = end - reel.times[first]
    if room <= wanted:
        return window(reel, need, first, room, room)
    # More than enough: the window in which the time pointed at is nearest to the middle.
    starts = [i for i in range(first, last) if reel.times[i] + wanted <= end]
    middle = at - wanted / 2
    best = min(starts, key=lambda i: abs(reel.times[i] - middle))
    return window(reel, need, best, wanted, end - reel.times[best])


def pointed(reel: Reel, at: Fraction | None, wanted: Fraction) -> tuple[Window, ...]:
    """The window that shows a time, or the best ones of a file that shows nothing else."""
    if at is not None:
        return (window_around(reel, "flaw", at, wanted),)
    windows, _ = best_windows([reel], "flaw", wanted, most=4)
    return tuple(windows) or (window_around(reel, "flaw", reel.end / 2, wanted),)


def _beside(reel: Reel, here: int) -> tuple[int, int]:
    """A few moments around one, `[first, last)`, without what is banned."""
    first, last = here, here + 1
    while first > max(0, here - 2) and not reel.banned[first - 1]:
        first -= 1
    while last < min(len(reel.times), here + 3) and not reel.banned[last]:
        last += 1
    return first, last


@dataclass(frozen=True)
class _Judged:
    """All windows of one length, one starting at each moment `first`, as columns."""

    reel: Reel
    need: Need
    length: Fraction
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    fit: NDArray[np.float64]
    quality: NDArray[np.float64]

    def best(self, most: int) -> tuple[list[Window], tuple[float, Window] | None]:
        """The best clean windows that show enough; and the nearest other, with how near it is."""
        if not len(self.first):
            return [], None
        inside = self._inside
        enough = self.fit >= SHOWS[self.need]
        at = self.reel.seconds[self.first]
        apart = (1 - _APART) * float(self.length) - _NO_ROUNDING
        left = np.where(inside & enough, self.fit * (0.4 + 0.6 * self.quality), -1.0)
        kept: list[int] = []
        while len(kept) < most and left.max() >= 0:
            kept.append(int(left.argmax()))
            left[np.abs(at - at[kept[-1]]) <= apart] = -1.0
        near = self._nearness(inside, enough)
        i = int(np.argmax(near))
        nearest = (
            None if not np.isfinite(near[i]) else (float(near[i]), self.window(i, self.length))
        )
        return [self.window(k, self._room(k)) for k in kept], nearest

    def window(self, i: int, room: Fraction) -> Window:
        first, last = int(self.first[i]), int(self.last[i])
        return Window(
            source=self.reel.name,
            start=self.reel.times[first],
            length=self.length,
            room=room,
            moments=self.reel.analysis.moments[first:last],
            fit=float(self.fit[i]),
            quality=float(self.quality[i]),
            faults=tuple(self._faults(i)),
        )

    @cached_property
    def _inside(self) -> Flags:
        """Which windows lie in one clean run."""
        inside: Flags = self.reel.clean_until[self.first] >= (
            self.reel.seconds[self.first] + float(self.length) - _NO_ROUNDING
        )
        return inside

    def _room(self, i: int) -> Fraction:
        """How long a window may run: to the end of its shot, where what is seen changes."""
        first = int(self.first[i])
        ends = [self.reel.end_of(b) for a, b in self.reel.shots if a <= first < b]
        return max(ends[0] - self.reel.times[first], self.length) if ends else self.length

    @cached_property
    def _beyond(self) -> NDArray[np.intp]:
        """Where each window's faults end: a fault may begin between its last look and the next."""
        return np.where(self._inside, self.last, np.minimum(self.last + 1, len(self.reel.times)))

    def _nearness(self, inside: Flags, enough: Flags) -> NDArray[np.float64]:
        """How near each unusable window comes to being a pick; minus infinity for usable ones."""
        peak = _sorted_rows(self.reel.shows[self.need], self.first, self.last)[1]
        faulty = np.zeros(len(self.first))
        beyond = self._beyond
        for flags in (*self.reel.faults.values(), self.reel.cut):
            faulty += _counts(flags, self.first, beyond) > 0
        near = peak + self.fit - 0.15 * (faulty + ~enough)
        banned = _counts(self.reel.banned, self.first, self.last) > 0
        return np.where((inside & enough) | banned, -np.inf, near)

    def _faults(self, i: int) -> Iterator[str]:
        first, last = int(self.first[i]), int(self._beyond[i])
        if self.reel.cut[first + 1 : last].any():
            yield CUT
        for fault, flags in self.reel.faults.items():
            if flags[first:last].any():
                yield fault
        if self.fit[i] < SHOWS[self.need]:
            yield f"{_WORDS[self.need]} too small, too far or not in the picture"


_WORDS: Mapping[Need, str] = {
    "whole": "the whole item is",
    "hardware": "hardware is",
    "stitching": "stitching is",
    "flaw": "the flaw is",
    "certificate": "the certificate is",
    "any": "the item is",
}


def _judged(
    reel: Reel, need: Need, length: Fraction, first: NDArray[np.intp] | None = None
) -> _Judged:
    if first is None:
        first = np.flatnonzero(reel.seconds + float(length) <= float(reel.end) + _NO_ROUNDING)
    ends = reel.seconds[first] + float(length) - _NO_ROUNDING
    last = np.maximum(np.searchsorted(reel.seconds, ends), first + 1)
    # The weakest fifth counts as much as the average: a buyer sees the whole cut.
    weak, _ = _sorted_rows(reel.shows[need], first, last)
    fit = 0.5 * _means(reel.shows[need], first, last) + 0.5 * weak
    return _Judged(reel, need, length, first, last, fit, _means(reel.quality, first, last))


def _means(
    column: NDArray[np.float64], first: NDArray[np.intp], last: NDArray[np.intp]
) -> NDArray[np.float64]:
    sums = np.concatenate([[0.0], np.cumsum(column)])
    means: NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)
    return means


def _counts(flags: Flags, first: NDArray[np.intp], last: NDArray[np.intp]) -> NDArray[np.int64]:
    sums = np.concatenate([[0], np.cumsum(flags)])
    counts: NDArray[np.int64] = sums[last] - sums[first]
    return counts


def _sorted_rows(
    column: NDArray[np.float64], first: NDArray[np.intp], last: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lower fifth and the peak of the column over each window `[first, last)`."""
    if not len(first):
        return np.zeros(0), np.zeros(0)
    counts = last - first
    steps = np.arange(int(counts.max()))
    rows = column[np.minimum(first[:, None] + steps, len(column) - 1)]
    rows = np.sort(np.where(steps < counts[:, None], rows, np.inf), axis=1)
    place = 0.2 * (counts - 1)
    below = place.astype(int)
    above = np.minimum(below + 1, counts - 1)
    each = np.arange(len(first))
    share = place - below
    weak = rows[each, below] * (1 - share) + rows[each, above] * share
    return weak, rows[each, counts - 1]
