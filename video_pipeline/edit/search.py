"""Search: one option for each place, all together worth the most, without trying every way.

Branch and bound: a way is dropped only when even its best imaginable ending is worth no more than
a whole one already found. What the places from one on can be worth together, what they cost each
other included, is found first, from the last one backwards, each search bounding the next (Russian
doll search, Verfaillie, Lemaitre and Schiex 1996). Ways are tried a block at a time, the most
promising first, because arrays are added up much faster than numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 256  # ways that are continued together
# Ways that are continued, for the dolls and for the whole. A clip of a minute's footage takes some
# thousands; only where many places could each show any of many like windows are there more. So many
# take about a second.
MOST_STEPS = 30_000
_A_WHOLE_WAY = 500  # steps that a whole way counts for: to value it takes so much longer
_MOST_CHANGES = 60  # that are tried on a way that was found last
_BETTER = 1e-9

Way = tuple[int, ...]
"""The number of an option for each place."""


@dataclass(frozen=True)
class Found:
    """The best way; `proven` is false where the search was cut short."""

    way: Way
    value: float
    proven: bool


class Search:
    """Places, one at least, with their options, one place's after another's.

    `worth` (n,) is what each option adds at the most; `cost` (n, n), symmetrical and nowhere below
    0, what two options of different places cost together; `sizes` says how many options each place
    has, at least one.
    """

    def __init__(
        self, worth: NDArray[np.float64], cost: NDArray[np.float64], sizes: Sequence[int]
    ) -> None:
        self.worth, self.cost, self.places = worth, cost, len(sizes)
        self.first = np.concatenate([[0], np.cumsum(sizes)])  # each place's first option
        self.doll = np.zeros(self.places + 1)  # what the places from each on are worth at the most
        self.best = -np.inf
        self.steps = 0

    def run(self, value: Callable[[Way], float]) -> Found:
        """The way of the highest `value`, which is never above what its options add and cost."""
        tail: Way = ()
        for place in range(self.places - 1, 0, -1):
            self.best, tail = self._begun(place, tail)
            for worth, way in self._ways(place):
                self.best, tail = worth, way
            # Cut short, less is known: no more than its best option and all others together.
            bound = float(self.worth[self._options(place)].max()) + self.doll[place + 1]
            self.doll[place] = self.best if self.steps < MOST_STEPS else bound
        _, best = self._begun(0, tail)
        self.best, self.steps = value(best), 0
        for _, way in self._ways(0):
            self.steps += _A_WHOLE_WAY
            if (worth := value(way)) > self.best + _BETTER:
                self.best, best = worth, way
        if self.steps < MOST_STEPS:
            return Found(best, self.best, proven=True)
        return self._bettered(best, value)

    def _options(self, place: int) -> slice:
        return slice(int(self.first[place]), int(self.first[place + 1]))

    def _begun(self, place: int, tail: Way) -> tuple[float, Way]:
        """A way from `place` on that ends like `tail`, and its worth."""
        options = self._options(place)
        behind = self.cost[options, list(tail)].sum(axis=1)
        alone = self.worth[list(tail)].sum() - self.cost[np.ix_(tail, tail)].sum() / 2
        worth = self.worth[options] - behind + alone
        k = int(worth.argmax())
        return float(worth[k]), (options.start + k, *tail)

    def _ways(self, place: int) -> Iterator[tuple[float, Way]]:
        """Whole ways from `place` on that may be worth more than `best`, and what at the most."""
        blocks = [
            _Block(place, np.zeros(1), np.zeros((1, 0), int), self.worth[None, self.first[place] :])
        ]
        while blocks and self.steps < MOST_STEPS:
            block = blocks.pop()
            if block.place < self.places - 1:
                blocks.extend(self._continued(block))
                continue
            worth = block.so_far[:, None] + block.left
            for n in np.argsort(-worth, axis=None, kind="stable"):
                if worth.flat[n] <= self.best + _BETTER or self.steps >= MOST_STEPS:
                    break
                self.steps += 1
                row, k = divmod(int(n), worth.shape[1])
                way = (*block.ways[row].tolist(), int(self.first[block.place]) + k)
                yield float(worth.flat[n]), way

    def _continued(self, block: _Block) -> list[_Block]:
        """The ways of a block with each option of its place, in blocks, the best one last."""
        options = self._options(block.place)
        size, after = options.stop - options.start, options.stop
        worth = block.so_far[:, None] + block.left[:, :size]
        rows, k = np.nonzero(worth + self.doll[block.place + 1] > self.best + _BETTER)
        self.steps += len(rows)
        so_far = worth[rows, k]
        left = block.left[rows, size:] - self.cost[options.start + k, after:]
        bound = so_far + self._ahead(block.place + 1, left)
        kept = np.flatnonzero(bound > self.best + _BETTER)
        kept = kept[np.argsort(-bound[kept], kind="stable")]
        ways = np.column_stack([block.ways[rows], options.start + k])
        parts = [kept[n : n + _BLOCK] for n in range(0, len(kept), _BLOCK)]
        return [_Block(block.place + 1, so_far[p], ways[p], left[p]) for p in reversed(parts)]

    def _ahead(self, place: int, left: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the places from `place` on can add at the most (ways,), given what is `left`.

        The next few may each add their best option, and those after them, together, what they are
        worth less what each spends at the least on what came before.
        """
        begin = self.first[place]
        starts = self.first[place:-1] - begin
        each = np.maximum.reduceat(left, starts, axis=1)
        spent = np.minimum.reduceat(self.worth[begin:] - left, starts, axis=1)
        none = np.zeros((len(left), 1))
        alone = np.hstack([none, np.cumsum(each, axis=1)])
        spent_on = np.hstack([np.cumsum(spent[:, ::-1], axis=1)[:, ::-1], none])
        ahead: NDArray[np.float64] = (alone + self.doll[place:] - spent_on).min(axis=1)
        return ahead

    def _bettered(self, way: Way, value: Callable[[Way], float]) -> Found:
        """The way with single options changed as long as that makes it better."""
        best, before, tried = self.best, -np.inf, 0
        while best > before and tried < _MOST_CHANGES:
            before = best
            for place in range(self.places):
                for k in range(self.first[place], self.first[place + 1]):
                    other = (*way[:place], k, *way[place + 1 :])
                    most = self.worth[list(other)].sum() - self.cost[np.ix_(other, other)].sum() / 2
                    if most <= best + _BETTER or tried >= _MOST_CHANGES:
                        continue
                    tried += 1
                    if (found := value(other)) > best + _BETTER:
                        way, best = other, found
        return Found(way, best, proven=False)


@dataclass(frozen=True)
class _Block:
    """Ways up to a place: their worth, options, and what each later option would add to each."""

    place: int
    so_far: NDArray[np.float64]  # (ways,)
    ways: NDArray[np.int64]  # (ways, places so far)
    left: NDArray[np.float64]  # (ways, options from `place` on)
