"""Lengths: how many frames each cut of a clip stands, found for all of them together.

Every cut wants its storyboard's length, a note the time it takes to read; the clip as a whole wants
to be neither shorter nor longer than the storyboard says, may not exceed its placement, and cuts on
the beat where there is one. What all that costs is added up and made as small as can be, exactly:
dynamic programming over the frame at which each cut ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from video_pipeline.edit.music import Score
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.storyboards import Storyboard

# Prices, in the coin of a pick's score (0..1).
_OFF = 0.1  # for a cut twice or half as long as it wants, rising with the square
_BEYOND = 0.3  # more, for a cut twice as long as its slot allows
_UNREAD = 3.0  # more, for words that stand half as long as it takes to read them
_HELD = 0.1  # for a cut that is nothing but one frame held
_SHORT, _LONG = 0.15, 0.1  # for each second of the clip too few or too many
_FORBIDDEN = 10.0  # for each second beyond the placement's limit
_OFF_BEAT = 0.05  # for a cut halfway between two beats
_MOST_STRETCHED = 2.2  # times a slot's longest, for a clip that would be too short


@dataclass(frozen=True)
class Span:
    """What one cut asks for, in frames: `shortest` ≤ `wanted` ≤ `longest` of its slot.

    `room` is how many the footage has. Up to `held` frames the last one may be held to make a cut
    longer than that, and on to the next beat; `read` is true where words are read in `wanted`.
    """

    shortest: int
    wanted: int
    longest: int
    room: int
    held: int = 0
    read: bool = False


@dataclass(frozen=True)
class Target:
    """What the clip as a whole asks for, in frames.

    `limit` is the placement's own, or None. `beats` are the frames on which music has its beats;
    none where there is no music. Lengths are tried in steps of `step` frames, one by one to beats.
    """

    shortest: int
    longest: int
    limit: int | None
    rate: Fraction
    beats: tuple[int, ...] = ()

    @property
    def step(self) -> int:
        """Frames from one length that is tried to the next."""
        return 1 if self.beats else max(1, round(self.rate / 10))

    @property
    def beat(self) -> int:
        """Frames from one beat to the next; 0 where there is no music."""
        return round(np.median(np.diff(self.beats))) if len(self.beats) > 1 else 0


def target(storyboard: Storyboard, placement: Placement, score: Score | None = None) -> Target:
    """What a storyboard asks for on a placement; where there is music, on its beats."""
    rate = placement.rate
    longest = min(storyboard.max_s, placement.max_s or storyboard.max_s)
    shortest = min(longest, max(storyboard.min_s, placement.min_s or 0.0))
    beats: tuple[int, ...] = ()
    if score and not storyboard.loop:
        # Notes may make a clip longer than is asked for, and its last cut ends on a beat too.
        beats = score.frames(rate, round((2 * Fraction(longest) + 60) * rate))
    return Target(
        shortest=round(Fraction(shortest) * rate),
        longest=round(Fraction(longest) * rate),
        limit=None if placement.max_s is None else int(Fraction(placement.max_s) * rate),
        rate=rate,
        beats=beats,
    )


def lengths_cost(spans: Sequence[Span], frames: Sequence[int], target: Target) -> float:
    """What a clip of cuts of these lengths costs."""
    ends = list(accumulate(frames))
    total = ends[-1] if ends else 0
    beats = _off_beat(target, total + 1)
    return (
        sum(_cost(span, length) for span, length in zip(spans, frames, strict=True))
        + float(sum(beats[end] for end in ends))
        + float(_total_cost(np.array([total]), target)[0])
    )


def fit_lengths(spans: Sequence[Span], target: Target) -> tuple[float, tuple[int, ...]]:
    """The least cost, and the frames of each cut that cost it."""
    return _fit([options(span, target) for span in spans], target)


@lru_cache(maxsize=16)
def prices(target: Target) -> NDArray[np.float64]:
    """Prices of one frame that the length of a whole clip may be worth, a few of each kind.

    From what a frame too few costs (below 0: a frame more is worth something) to one too many.
    """
    rate = float(target.rate)
    knees = [-_SHORT / rate, 0.0, _LONG / rate]
    if target.limit is not None:
        knees.append((_LONG + _FORBIDDEN) / rate)
    return np.unique(np.concatenate([np.linspace(a, b, 7) for a, b in pairwise(knees)]))


@lru_cache(maxsize=4096)
def least_priced(span: Span, target: Target) -> NDArray[np.float64]:
    """What one cut costs at the least if each of its frames costs a price too, for all `prices`."""
    priced = options(span, target)
    frames, costs = np.array(list(priced)), np.array(list(priced.values()))
    least: NDArray[np.float64] = (costs + prices(target)[:, None] * frames).min(axis=1)
    return least


def rebates(target: Target) -> NDArray[np.float64]:
    """How much each price, for every frame of a clip, is at the most above what its length costs.

    So the lengths of a clip cost no less than `least_priced` of all its cuts less this. The cost of
    the whole rises ever faster, so that the difference is greatest where it bends.
    """
    bends = np.array([0, target.shortest, target.longest, target.limit or target.longest])
    above = prices(target)[:, None] * bends - _total_cost(bends, target)
    most: NDArray[np.float64] = above.max(axis=1)
    return most


def _fit(rows: Sequence[Mapping[int, float]], target: Target) -> tuple[float, tuple[int, ...]]:
    """Dynamic programming over the frame at which each cut ends; `rows` price its lengths."""
    most = sum(max(row) for row in rows) + 1
    off_beat = _off_beat(target, most)
    best = np.full(most, np.inf)
    best[0] = 0.0
    taken: list[NDArray[np.intp]] = []
    for row in rows:
        following = np.full(most, np.inf)
        chosen = np.zeros(most, dtype=np.intp)
        for frames, cost in row.items():
            reached = best[: most - frames] + cost
            better = reached < following[frames:]
            following[frames:][better] = reached[better]
            chosen[frames:][better] = frames
        best = following + off_beat
        taken.append(chosen)
    best = best + _total_cost(np.arange(most), target)
    end = int(np.argmin(best))
    cost = float(best[end])
    lengths = []
    for chosen in reversed(taken):
        lengths.append(int(chosen[end]))
        end -= lengths[-1]
    return cost, tuple(reversed(lengths))


@lru_cache(maxsize=4096)
def options(span: Span, target: Target) -> Mapping[int, float]:
    """The lengths a cut may have, each with its price."""
    # What is held while it is read may be held on to the next beat.
    held = span.held + target.beat if span.held else 0
    highest = max(min(span.room, round(_MOST_STRETCHED * span.longest)), held)
    lowest = min(span.shortest, highest)
    lengths = {
        *range(span.wanted, lowest - 1, -target.step),
        *range(span.wanted, highest + 1, target.step),
        lowest,
    }
    return {frames: _cost(span, frames) for frames in sorted(lengths) if frames <= highest}


def _cost(span: Span, frames: int) -> float:
    missing = max(0.0, 1 - frames / span.wanted)
    over = max(0.0, frames / span.wanted - 1)
    cost = _OFF * (over**2 + (2 * missing) ** 2)
    cost += _BEYOND * max(0.0, frames / span.longest - 1)
    cost += _HELD * max(0.0, 1 - span.room / frames)
    return cost + (_UNREAD * 2 * missing if span.read else 0.0)


def _total_cost(frames: NDArray[np.int64], target: Target) -> NDArray[np.float64]:
    short = np.maximum(0, target.shortest - frames) * _SHORT
    long = np.maximum(0, frames - target.longest) * _LONG
    beyond = np.zeros(len(frames))
    if target.limit is not None:
        beyond = np.maximum(0, frames - target.limit) * _FORBIDDEN
    cost: NDArray[np.float64] = (short + long + beyond) / float(target.rate)
    return cost


@lru_cache(maxsize=64)
def _off_beat(target: Target, frames: int) -> NDArray[np.float64]:
    if len(target.beats) < 2:
        return np.zeros(frames)
    beats = np.array(target.beats)
    grid = np.arange(frames)
    distance = np.abs(grid[:, None] - beats[None, :]).min(axis=1)
    half = target.beat / 2
    off: NDArray[np.float64] = _OFF_BEAT * np.minimum(1.0, distance / half)
    return off
