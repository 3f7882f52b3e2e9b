"""Choice: one window for each place of the clip, all chosen together, and the best there is.

One sum is made as large as possible: what each pick is worth, less what repetition costs (the same
stretch again, pictures that look alike, a jump cut), less what the lengths cost that follow from
the picks (see `lengths`). The search is exact (see `search`). Should it take too many steps, the
best clip found is taken, no single pick of which could be bettered, and said to be that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from video_pipeline.edit.lengths import Span, Target, fit_lengths, least_priced, prices, rebates
from video_pipeline.edit.search import Search
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
        # The same as plain numbers: single ones are read from lists much faster than from arrays.
        self._gain: list[list[float]] = [gains.tolist() for gains in self.gains]
        self._repeats: dict[tuple[int, int], list[list[float]]] = {
            pair: costs.tolist() for pair, costs in self.repetition.items()
        }

    def options(self, i: int) -> list[int | None]:
        """What may be picked for an opening: its windows, and None where it may stay empty."""
        opening = self.openings[i]
        free = not opening.needed or not opening.windows
        return [*range(len(opening.windows)), *([None] if free else [])]

    def variants(self, i: int, k: int) -> list[Span]:
        """The span of a pick, and what other picks could make of it that may cost less.

        With less room a cut only loses lengths, unless that is less than the shortest it may have:
        then it may be shorter still.
        """
        span, (source, start, end) = self.openings[i].spans[k], self._places[i][k]
        if max(end - start, span.held) >= span.shortest:
            return [span]
        rooms = {
            begin - start
            for places in self._places
            for other, begin, _ in places
            if other == source and begin >= end and begin - start < span.shortest
        }
        return [span, *(replace(span, room=min(span.room, room)) for room in sorted(rooms))]

    def worth(self, picks: Sequence[int | None]) -> float:
        """What the picks are worth, less what repetition costs."""
        filled = [(i, k) for i, k in enumerate(picks) if k is not None]
        total: float = sum(self._gain[i][k] for i, k in filled)
        total -= sum(self.empty[i] for i, k in enumerate(picks) if k is None)
        return total - sum(
            self._repeats[i, j][k][m] for n, (i, k) in enumerate(filled) for j, m in filled[n + 1 :]
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
    openings = objective.openings
    if not openings:
        return Choice((), (), objective.value(()))
    # Those that may repeat others come last: they bind least.
    order = sorted(range(len(openings)), key=lambda i: (openings[i].repeats, i))
    options = [(i, k) for i in order for k in objective.options(i)]
    sizes = [len(objective.options(i)) for i in order]
    search = Search(_worths(objective, options, sizes), _costs(objective, options), sizes)

    def picked(way: tuple[int, ...]) -> tuple[int | None, ...]:
        picks = dict(options[n] for n in way)
        return tuple(picks[i] for i in range(len(openings)))

    found = search.run(lambda way: objective.value(picked(way)))
    picks = picked(found.way)
    return Choice(picks, objective.lengths(picks)[1], found.value, found.proven)


def _worths(
    objective: Objective, options: Sequence[tuple[int, int | None]], sizes: Sequence[int]
) -> NDArray[np.float64]:
    """What each option adds at the most, all that its lengths cost already taken off.

    What the length of the whole costs is shared out as a price of every frame (Lagrangian
    relaxation): of all prices, the one that promises least is nearest to the truth.
    """
    worth = np.array(
        [-objective.empty[i] if k is None else objective.gains[i][k] for i, k in options]
    )
    spent = np.zeros((len(options), len(prices(objective.target))))
    for n, (i, k) in enumerate(options):
        if k is not None:
            priced = [least_priced(span, objective.target) for span in objective.variants(i, k)]
            spent[n] = np.min(priced, axis=0)
    most = worth[:, None] - spent
    most[: sizes[0]] += rebates(objective.target)
    promised = np.maximum.reduceat(most, np.cumsum([0, *sizes[:-1]])).sum(axis=0)
    nearest: NDArray[np.float64] = most[:, int(promised.argmin())]
    return nearest


def _costs(objective: Objective, options: Sequence[tuple[int, int | None]]) -> NDArray[np.float64]:
    """What each two options cost together."""
    place = np.array([i for i, _ in options])
    cost = np.zeros((len(options), len(options)))
    rows = {i: np.flatnonzero(place == i) for i in set(place.tolist())}
    for (i, j), repetition in objective.repetition.items():
        # An empty place comes after its windows, and costs nobody anything.
        some, others = (rows[p][: len(objective.gains[p])] for p in (i, j))
        cost[np.ix_(some, others)] = repetition
        cost[np.ix_(others, some)] = repetition.T
    return cost


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
        np.array([w.seconds for w in windows]).T for windows in (rows, columns)
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
