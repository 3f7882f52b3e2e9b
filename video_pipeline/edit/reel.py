"""Reels: one analysed source as columns, what is wrong at each moment, and where its shots lie.

A seller films one long take; a cut detector sees one scene in it. Here a shot begins and ends where
a moment has a fault, where the footage was cut, and where what is seen changes. A stretch that is
refused says which of the faults it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from video_pipeline.analysis.model import Analysis, Moment
from video_pipeline.presets.storyboards import Need
from video_pipeline.vision.fingerprint import distance

Flags = NDArray[np.bool_]

# Below these a moment is not offered to a buyer at all, whatever it shows.
WORST_EXPOSURE = 0.35
WORST_SHARPNESS = 0.35
# The lens lost its focus, though the picture may be crisp enough for a plainer thing: so much of
# the sharpness is left that the same take had within a second.
_FOCUS_LOST = 0.5
WORST_MOTION = 0.9  # picture widths a second, the pace of a whip pan
WORST_SHAKE = 0.25  # picture widths a second from look to look, over half a second
# The picture brightens or darkens that much between two looks while the camera rests: the phone is
# hunting for its exposure, and the worse lit side of the jump is not offered.
LIGHT_JUMP = 0.06
_JUMP_MOTION, _JUMP_BITS = 0.6, 18  # picture widths a second; bits of 64
_WELL_LIT = 0.46  # mean brightness that phones expose for (18 % grey, gamma coded)
_NEAR = 8  # looks: what belongs to the same handling of the phone, 0.8 s

DETAILS: tuple[Need, ...] = ("whole", "hardware", "stitching")  # what a shot can be of
SHORTEST_SHOT_S = 0.5
# A change of what is seen has to explain so much of the squared difference, summed over looks, to
# start a new shot: two seconds of footage that differ by a third from the two seconds before.
_CHANGE = 0.5
_SHORTEST_PART = 5  # looks

# In the words of the seller, and in the order in which they are told.
CUT = "the footage cuts to something else"
DARK, BRIGHT = "too dark", "too bright"
SOFT = "out of focus"
LIGHT = "the light changes"
FAST = "the camera moves too fast"
SHAKY = "the camera shakes"
BANNED = "you asked not to show it"


class Reel:
    """One analysed source as columns, one row a moment, so that stretches are judged quickly."""

    def __init__(
        self, name: str, analysis: Analysis, bans: Sequence[tuple[Fraction, Fraction]] = ()
    ) -> None:
        """`bans` are stretches `[start, end)` that must not be shown, seconds."""
        self.name = name
        self.analysis = analysis
        self.bans = tuple(bans)
        rows = analysis.moments
        self.times = [m.t for m in rows]
        self.seconds = np.array([float(m.t) for m in rows])
        self.sharpness = _column(rows, "sharpness")
        self.exposure = _column(rows, "exposure")
        self.motion = _column(rows, "motion")
        self.shake = _column(rows, "shake")
        self.luma = _column(rows, "luma")
        # Where neither the motion nor the picture carries over, the footage was cut there too.
        unlike = [0, *(distance(a.fingerprint, b.fingerprint) for a, b in pairwise(rows))]
        self.cut: Flags = np.array([m.cut for m in rows]) | (
            (self.motion > _JUMP_MOTION) & (np.array(unlike) >= _JUMP_BITS)
        )
        change = np.abs(np.diff(self.luma, prepend=self.luma[0]))
        self.jump: Flags = (change > LIGHT_JUMP) & (self.motion < 0.5) & ~self.cut
        hardware, stitching, whole = (
            _column(rows, name) for name in ("hardware", "stitching", "whole")
        )
        everywhere = np.ones(len(rows))
        # A detail is shown by going near it: while the whole item is in the picture with room
        # around it, the same metal is a lesser view.
        near = 1 - 0.3 * np.clip((whole - 0.5) / 0.5, 0, 1)
        self.shows: Mapping[Need, NDArray[np.float64]] = {
            "whole": whole,
            "hardware": hardware * near,
            "stitching": stitching * near,
            "flaw": everywhere,
            "certificate": everywhere,
            "any": np.maximum(0.1, np.maximum(np.maximum(hardware, stitching), 0.9 * whole)),
        }
        self.banned = self._within(self.bans)
        self._parts: dict[tuple[int, int], list[tuple[int, int]]] = {}
        # Decoding may stop before the stated end; nothing after the last picture can be used.
        step = self.seconds[-1] / max(1, len(rows) - 1)
        self.end = min(analysis.footage.duration, self.times[-1] + Fraction(step))
        if len(rows) == 1:
            self.end = analysis.footage.duration

    def without(self, stretches: Sequence[tuple[Fraction, Fraction]]) -> Reel:
        """The same reel, of which those stretches must not be shown either."""
        reel = copy(self)  # what was seen is the same, and so is what was worked out from that
        for name in ("clean", "runs", "clean_until", "shots"):
            reel.__dict__.pop(name, None)
        reel.bans = (*self.bans, *stretches)
        reel.banned = self._within(reel.bans)
        reel.faults = {**self.faults, BANNED: reel.banned}
        return reel

    @cached_property
    def steadiness(self) -> NDArray[np.float64]:
        """0..1 at each moment: 1 on a tripod, a half in a pan that takes three seconds.

        At 30 pictures a second such a pan smears a 1080 pixel wide picture by 10 pixels.
        """
        steady: NDArray[np.float64] = np.exp(-self.shake / 0.6) * np.exp(-self.motion / 0.5)
        return steady

    @cached_property
    def quality(self) -> NDArray[np.float64]:
        """0..1 at each moment: sharpness, light and steadiness together."""
        worth = self.sharpness * self.exposure * (0.3 + 0.7 * self.steadiness)
        return np.clip(worth, 0.0, 1.0)

    @cached_property
    def faults(self) -> Mapping[str, Flags]:
        """For each fault, at which moments the footage has it."""
        dark = self.exposure < WORST_EXPOSURE
        poor = dark | self._worse_lit
        # A lone soft or hasty look between good ones is the measure's slip, not the phone's.
        sharp = _rolling(np.median, self.sharpness, 3)
        best = _rolling(lambda near, axis: np.quantile(near, 0.75, axis=axis), sharp, 2 * _NEAR + 1)
        return {
            DARK: poor & (self.luma < 0.5),
            BRIGHT: poor & (self.luma >= 0.5),
            SOFT: (sharp < WORST_SHARPNESS) | (sharp < _FOCUS_LOST * best),
            LIGHT: self.jump,
            FAST: _rolling(np.median, self.motion, 3) > WORST_MOTION,
            SHAKY: _rolling(np.mean, self.shake, 5) > WORST_SHAKE,
            BANNED: self.banned,
        }

    @cached_property
    def clean(self) -> Flags:
        """Which moments have no fault."""
        spotless: Flags = ~np.any(list(self.faults.values()), axis=0)
        return spotless

    @cached_property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """Stretches `[first, last)` of moments without a fault and without a cut inside."""
        found = []
        first: int | None = None
        for i, clean in enumerate([*self.clean, False]):
            broken = not clean or (i < len(self.times) and self.cut[i])
            if first is not None and broken:
                found.append((first, i))
                first = None
            if clean and first is None:
                first = i
        return tuple(found)

    @cached_property
    def clean_until(self) -> NDArray[np.float64]:
        """When the run of each moment ends, seconds; minus infinity where it lies in none."""
        ends = np.full(len(self.times), -np.inf)
        for first, last in self.runs:
            ends[first:last] = float(self.end_of(last))
        return ends

    @cached_property
    def shots(self) -> tuple[tuple[int, int], ...]:
        """Runs parted where what is seen changes, as moments `[first, last)`; see `shots.Shot`."""
        columns = np.stack([self.shows[name] for name in DETAILS], axis=1)
        return tuple(
            (first + a, first + b)
            for first, last in self.runs
            for a, b in self._parted(columns, first, last)
            if float(self.end_of(first + b)) - self.seconds[first + a] >= SHORTEST_SHOT_S
        )

    def _parted(self, columns: NDArray[np.float64], first: int, last: int) -> list[tuple[int, int]]:
        if (first, last) not in self._parts:
            self._parts[first, last] = _parted(columns[first:last])
        return self._parts[first, last]

    def _within(self, bans: Sequence[tuple[Fraction, Fraction]]) -> Flags:
        """Which looks lie in one of the stretches, or lead into it: it may begin between two."""
        last = max(self.analysis.footage.duration, self.times[-1] + 1)
        within: Flags = np.zeros(len(self.times), dtype=np.bool_)
        for a, b in bans:
            within |= np.array(
                [start < b and a < end for start, end in pairwise([*self.times, last])]
            )
        return within

    def at(self, time: Fraction) -> int:
        """The number of the moment at a time that was looked at, or of the next."""
        return int(np.searchsorted(self.seconds, float(time)))

    def end_of(self, last: int) -> Fraction:
        """When a stretch of moments `[first, last)` ends, exact seconds.

        A cut comes somewhere between two looks; a fault creeps in, and may have begun in the last
        good look.
        """
        if last >= len(self.times):
            return self.end
        if not self.clean[last]:
            return self.times[max(last - 2, 0)]
        return self.times[last - 1] if self.cut[last] else self.times[last]

    @cached_property
    def _worse_lit(self) -> Flags:
        """The side of each jump of the light that is farther from a good exposure.

        It reaches to the next jump, cut or hasty move: what comes then is another view.
        """
        edges = self.jump | self.cut | (self.motion > WORST_MOTION)
        # A jump that takes a few looks is one jump.
        starts = [int(i) for i in np.flatnonzero(edges) if i == 0 or not edges[i - 1]]
        bounds = [0, *starts, len(edges)]
        worse = np.zeros(len(edges), dtype=np.bool_)
        for (a, b), (_, c) in pairwise(pairwise(bounds)):
            if b == a or not self.jump[b]:
                continue
            after = b + int(np.argmin(edges[b:c])) if not edges[b:c].all() else c
            if after == c:
                continue
            before_luma = float(np.median(self.luma[a:b]))
            after_luma = float(np.median(self.luma[after:c]))
            if abs(before_luma - after_luma) < 2 * LIGHT_JUMP:
                continue
            if abs(before_luma - _WELL_LIT) > abs(after_luma - _WELL_LIT):
                worse[a:b] = True
            else:
                worse[b:c] = True
        return worse


def _column(rows: Sequence[Moment], name: str) -> NDArray[np.float64]:
    return np.array([float(getattr(row, name)) for row in rows])


def _rolling(
    measure: Callable[..., NDArray[np.float64]], values: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """The measure over `size` neighbouring moments, at each of them."""
    around = sliding_window_view(np.pad(values, size // 2, mode="edge"), size)
    return np.asarray(measure(around, axis=1), dtype=np.float64)


def _parted(columns: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Rows parted where their level changes, by the least squared difference plus a price a part.

    Optimal partitioning (Jackson et al. 2005), exact. No part is shorter than `_SHORTEST_PART`
    rows, unless it is all of them.
    """
    rows = len(columns)
    sums = np.vstack([np.zeros(columns.shape[1]), np.cumsum(columns, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((columns**2).sum(axis=1))])
    cost = np.full(rows + 1, np.inf)
    cost[0] = -_CHANGE
    parts = np.zeros(rows + 1, dtype=int)
    for end in range(1, rows + 1):
        starts = np.arange(0, max(1, end - _SHORTEST_PART + 1))
        spread = squares[end] - squares[starts]
        spread = spread - ((sums[end] - sums[starts]) ** 2).sum(axis=1) / (end - starts)
        total = cost[starts] + spread + _CHANGE
        parts[end] = int(np.argmin(total))
        cost[end] = float(total[parts[end]])
    found = []
    end = rows
    while end > 0:
        found.append((int(parts[end]), end))
        end = int(parts[end])
    return found[::-1]
