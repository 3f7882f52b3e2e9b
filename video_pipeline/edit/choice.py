"""Choice: one window for each place of the clip, all chosen together, and the best there is.

One sum is made as large as possible: what each pick is worth, less what repetition costs (the same
stretch again, pictures that look alike, a jump cut), less what the lengths cost that follow from
the picks (see `lengths`). The search is exact: branch and bound, which drops a branch only when
even its best imaginable ending is worth no more than a clip already found. Should it take too many
steps, the best clip found is taken, no single pick of which could be bettered, and said to be that.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from video_pipeline.edit.lengths import Span, Target, fit_lengths, least_cost
from video_pipeline.edit.windows import Window

_ALIKE_BITS = 12  # of 64: below this two pictures look like one to a viewer
_OVERLAP_COST = 1.5  # showing a stretch again, side by side, is worse than an empty place
_ALIKE_COST = 0.25
_JUMP_CUT_COST = 0.1  # neighbours in the clip that are near in the take, and not much unlike
_JUMP_CUT_S, _JUMP_CUT_BITS = 1.0, 20
_FORGIVEN = 0.2  # of the cost of repeating, at a distance, where a place may repeat
_OPTIONAL_FACTOR = 4.0  # a second shot has to be a second view
# A shot that nobody needs must add something, or it is left out.
_WORTH_SHOWING = 0.1
# Of a place that should be filled, and has footage that could; of one whose words would be lost.
_EMPTY_COST, _UNSAID_COST = 1.0, 3.0
_NEVER = 1e6  # a combination that is not a choice
# Steps of the search, each way. A clip of a minute's footage takes a few hundred; only where many
# places could each show any of many like windows are there too many ways to prove one the best.
_MOST_STEPS = 2500


@dataclass(frozen=True)
class Opening:
    """A place in the clip and the windows that could fill it, best first.

    `spans` says for each window which lengths it could have here. `optional` places may stay empty,
    `needed` ones must not; the others may at a price.
    `weight` says how much this pick matters to the whole. `repeats` marks a place that may show
    again what was shown before (an end card). Other places of one `name` follow the take's order.
    """

    name: str
    windows: tuple[Window, ...]
    spans: tuple[Span, ...]
    optional: bool = False
    needed: bool = False
    weight: float = 1.0
    repeats: bool = False


@dataclass(frozen=True)
class Choice:
    """The best clip: for each opening the number of its window, or None; frames of each pick.

    `proven` is false where the search was cut short: it is the best that was found.
    """

    picks: tuple[int | None, ...]
    frames: tuple[int, ...]
    value: float
    proven: bool = True


class Objective:
    """What the clips of some openings are worth; picks are numbers of windows, or None."""

    def __init__(self, openings: Sequence[Opening], target: Target) -> None:
        self.openings = openings
        self.target = target
        self._fitted = lru_cache(maxsize=None)(lambda spans: fit_lengths(spans, target))
        self._places = [
            [(w.source, int(w.start * target.rate), int(w.end * target.rate)) for w in o.windows]
            for o in openings
        ]
        self.gains = [_gains(opening) for opening in openings]
        self.empty = [_empty_cost(opening) for opening in openings]
        self.repetition = {
            (i, j): _repetition(openings, i, j)
            for j in range(len(openings))
            for i in range(j)
            if openings[i].windows and openings[j].windows
        }

    def worth(self, picks: Sequence[int | None]) -> float:
        """What the picks are worth, less what repetition costs."""
        filled = [(i, k) for i, k in enumerate(picks) if k is not None]
        total = sum(float(self.gains[i][k]) for i, k in filled)
        total -= sum(self.empty[i] for i, k in enumerate(picks) if k is None)
        return total - sum(
            float(self.repetition[i, j][k, m]) for i, k in filled for j, m in filled if i < j
        )

    def lengths(self, picks: Sequence[int | None]) -> tuple[float, tuple[int, ...]]:
        """What the lengths that suit the picks best cost, and those lengths in frames."""
        return self._fitted(tuple(self.spans(picks)))

    def spans(self, picks: Sequence[int | None]) -> list[Span]:
        """The spans of the picks, none with room to run on into what another one shows."""
        return _spans(self.openings, self._places, picks)

    def value(self, picks: Sequence[int | None]) -> float:
        """What a clip of these picks is worth with the lengths that suit them best."""
        return self.worth(picks) - self.lengths(picks)[0]


def choose(objective: Objective) -> Choice:
    """The picks and lengths of the highest value; the first found among equals."""
    return _Search(objective).run()


def _gains(opening: Opening) -> NDArray[np.float64]:
    scores = np.array([opening.weight * window.score for window in opening.windows])
    return scores - (_WORTH_SHOWING if opening.optional else 0.0)


def _empty_cost(opening: Opening) -> float:
    """What it costs to leave a place empty."""
    if opening.optional or not opening.windows:
        return 0.0
    if opening.needed:
        return _NEVER
    return _UNSAID_COST if opening.repeats else _EMPTY_COST


def _spans(
    openings: Sequence[Opening],
    places: Sequence[Sequence[tuple[str, int, int]]],
    picks: Sequence[int | None],
) -> list[Span]:
    """The spans of the picks; none has room to run on into what another one shows.

    `places` are the windows' sources, and when they begin and end, in whole frames.
    """
    picked = [(places[i][k], openings[i].spans[k]) for i, k in enumerate(picks) if k is not None]
    spans = []
    for (source, start, end), span in picked:
        following = [
            begin - start for (other, begin, _), _ in picked if other == source and begin >= end
        ]
        spans.append(replace(span, room=min([span.room, *following])))
    return spans


def _repetition(openings: Sequence[Opening], i: int, j: int) -> NDArray[np.float64]:
    """What each pick of opening `j` costs after each of `i`, which comes before it."""
    before, after = openings[i], openings[j]
    same, overlap, gap = _in_time(before.windows, after.windows)
    bits = _unlike(before.windows, after.windows)
    cost = _OVERLAP_COST * overlap + _ALIKE_COST * np.clip(1 - bits / _ALIKE_BITS, 0, 1)
    if (before.repeats or after.repeats) and j - i > 1:
        # Repeating is forgiven at a distance; side by side it looks like a mistake.
        cost = cost * _FORGIVEN
    if after.optional:
        cost = cost * _OPTIONAL_FACTOR
    if j - i == 1:
        near = same & (np.abs(gap) < _JUMP_CUT_S) & (overlap == 0) & (bits < _JUMP_CUT_BITS)
        cost = cost + _JUMP_CUT_COST * near
    cost = after.weight * cost
    if before.name == after.name and not after.repeats:
        cost = cost + _NEVER * (same & (gap < 0))
    return cost


def _in_time(
    rows: Sequence[Window], columns: Sequence[Window]
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """For each pair: one source? share of the shorter that overlaps; seconds from row to column.

    The gap is below 0 where the column's window starts first.
    """
    same = np.array([[a.source == b.source for b in columns] for a in rows])
    (start_a, end_a), (start_b, end_b) = (
        (
            np.array([float(w.start) for w in windows]),
            np.array([float(w.end) for w in windows]),
        )
        for windows in (rows, columns)
    )
    shared = np.minimum(end_a[:, None], end_b) - np.maximum(start_a[:, None], start_b)
    shorter = np.minimum((end_a - start_a)[:, None], end_b - start_b)
    overlap = np.where(same, np.clip(shared / np.maximum(shorter, 1e-9), 0, 1), 0.0)
    first = start_a[:, None] <= start_b
    gap = np.where(first, start_b - end_a[:, None], end_b - start_a[:, None])
    gap = np.where(first, np.maximum(gap, 0.0), np.minimum(gap, -1e-9))
    return same, overlap, gap


def _unlike(rows: Sequence[Window], columns: Sequence[Window]) -> NDArray[np.int64]:
    a, b = (
        np.array([w.middle.fingerprint for w in windows], dtype=np.uint64)
        for windows in (rows, columns)
    )
    bits: NDArray[np.int64] = np.bitwise_count(a[:, None] ^ b).astype(np.int64)
    return bits


class _Search:
    """Branch and bound over the openings, those that may repeat others last: they bind least.

    What the openings from a place on can be worth together, repetition among them included, is
    found first, from the last one backwards, each search bounding the next (Russian doll search,
    Verfaillie, Lemaitre and Schiex 1996).
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        openings = objective.openings
        # From here on a place is a place in this order, until a clip is finished.
        self.order = sorted(range(len(openings)), key=lambda i: (openings[i].repeats, i))
        self.openings = [openings[i] for i in self.order]
        self.gains = [objective.gains[i] for i in self.order]
        self.empty = [objective.empty[i] for i in self.order]
        self.free = [not o.needed or not o.windows for o in self.openings]
        self.costs = {
            (a, b): objective.repetition[i, j] if i < j else objective.repetition[j, i].T
            for (a, i), (b, j) in itertools.combinations(enumerate(self.order), 2)
            if openings[i].windows and openings[j].windows
        }
        self.least_cost = lru_cache(maxsize=None)(self._least_cost)
        # What the openings from each place on are worth at the most.
        self.doll = [0.0] * (len(openings) + 1)
        self.best = Choice((), (), -np.inf)
        self.whole = False
        self.steps = 0

    def run(self) -> Choice:
        for place in range(len(self.doll) - 2, 0, -1):
            self.best = Choice((), (), -np.inf)
            self._descend(place, 0.0, (), self.gains[place:])
            # Cut short, less is known: no more than its first place and all others at their best.
            bound = self._most(place, self.gains[place]) + self.doll[place + 1]
            self.doll[place] = self.best.value if self.steps < _MOST_STEPS else bound
        self.best, self.steps, self.whole = Choice((), (), -np.inf), 0, True
        self._descend(0, 0.0, (), self.gains)
        return self.best if self.steps < _MOST_STEPS else self._bettered()

    def _bettered(self) -> Choice:
        """The best clip found, with single picks changed as long as that makes it better."""
        picks, value, before = list(self.best.picks), self.best.value, -np.inf
        while value > before:
            before = value
            for i, opening in enumerate(self.objective.openings):
                free = not opening.needed or not opening.windows
                tried: list[int | None] = [*range(len(opening.windows)), *([None] * free)]
                for k in tried:
                    other = [*picks[:i], k, *picks[i + 1 :]]
                    if (found := self.objective.value(other)) > value + 1e-9:
                        picks, value = other, found
        return Choice(tuple(picks), self.objective.lengths(picks)[1], value, proven=False)

    def _descend(
        self,
        place: int,
        so_far: float,
        picks: tuple[int | None, ...],
        gains: Sequence[NDArray[np.float64]],
    ) -> None:
        """Try every pick of the opening at `place`, the most promising first.

        `gains` are what the picks of each opening from `place` on would add, given `picks`.
        """
        if place == len(self.free):
            self._finish(so_far, picks)
            return
        self.steps += 1
        if self.steps >= _MOST_STEPS:
            return
        ahead = self._ahead(place + 1, gains[1:])
        options: list[tuple[float, int | None]] = [
            (float(gains[0][k]), int(k)) for k in np.argsort(-gains[0], kind="stable")
        ]
        if self.free[place]:
            options.append((-self.empty[place], None))
            options.sort(key=lambda option: -option[0])
        for gain, k in options:
            if not self._promising(so_far + gain + ahead, picks):
                return
            left = gains[1:]
            if k is not None:
                left = [
                    g - self.costs[place, place + n][k] if len(g) else g
                    for n, g in enumerate(left, start=1)
                ]
            following = (*picks, k)
            if self._promising(so_far + gain + self._ahead(place + 1, left), following):
                self._descend(place + 1, so_far + gain, following, left)

    def _ahead(self, place: int, gains: Sequence[NDArray[np.float64]]) -> float:
        """What the openings from `place` on can add at the most, with those gains."""
        least, alone, spent = self.doll[place], 0.0, 0.0
        for n, gain in enumerate(gains):
            if not len(gain):
                continue
            # Whatever is picked here, so much of it is spent on repeating what came before.
            if not self.free[place + n]:
                spent += float((self.gains[place + n] - gain).min())
            alone += self._most(place + n, gain)
            least = min(least, alone + self.doll[place + n + 1])
        return min(least, self.doll[place] - spent)

    def _most(self, place: int, gains: NDArray[np.float64]) -> float:
        """What one opening can add at the most."""
        return max(float(gains.max()), -self.empty[place]) if len(gains) else 0.0

    def _promising(self, at_most: float, picks: tuple[int | None, ...]) -> bool:
        cost = self.least_cost(tuple(k is None for k in picks)) if self.whole else 0.0
        return at_most - cost > self.best.value + 1e-9

    def _least_cost(self, empty: tuple[bool, ...]) -> float:
        """What the lengths cost at the least, once it is known which first places stay empty."""
        rows = [
            (
                () if place < len(empty) and empty[place] else self.openings[place].spans,
                self.free[place] and place >= len(empty),
            )
            for place in map(self.order.index, range(len(self.order)))
        ]
        spans, undecided = [row[0] for row in rows], [row[1] for row in rows]
        return least_cost(spans, undecided, self.objective.target)

    def _finish(self, picked: float, picks: tuple[int | None, ...]) -> None:
        cost, frames = 0.0, tuple[int, ...]()
        if self.whole:
            picks = tuple(picks[place] for place in map(self.order.index, range(len(self.order))))
            cost, frames = self.objective.lengths(picks)
        if picked - cost > self.best.value + 1e-9:
            self.best = Choice(picks, frames, picked - cost)
