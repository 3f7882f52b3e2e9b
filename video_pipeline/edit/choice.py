"""Choice: one window for each slot, chosen together rather than one after the other.

The sum of all picks' scores is made as large as possible, less a penalty for showing the same
stretch twice and for pictures that look alike. The search keeps the best partial plans slot by slot
(beam search), which is exact as long as fewer plans than the beam's width are worth keeping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from video_pipeline.edit.moments import Window
from video_pipeline.vision.fingerprint import distance

_BEAM = 256
_ALIKE_BITS = 12  # of 64: below this two pictures look like one to a viewer
_OVERLAP_COST = 0.8
_ALIKE_COST = 0.25
_OPTIONAL_FACTOR = 4.0  # a second shot has to be a second view
# A shot that nobody needs must add something, or it is left out.
_WORTH_SHOWING = 0.1


@dataclass(frozen=True)
class Opening:
    """A place in the clip and the windows that could fill it, best first.

    `optional` places may stay empty. `weight` says how much this pick matters to the whole.
    `repeats` marks a place that may show again what was shown before (an end card).
    """

    name: str
    windows: tuple[Window, ...]
    optional: bool = False
    weight: float = 1.0
    repeats: bool = False


@dataclass(frozen=True)
class _Plan:
    value: float
    picks: tuple[Window | None, ...]


def choose(openings: Sequence[Opening]) -> tuple[Window | None, ...]:
    """A window for each opening, or None where it stays empty."""
    plans = [_Plan(0.0, ())]
    for place, opening in enumerate(openings):
        grown: list[_Plan] = []
        for plan in plans:
            if opening.optional or not opening.windows:
                grown.append(_Plan(plan.value, (*plan.picks, None)))
            for window in opening.windows:
                added = gain(opening, window, openings[:place], plan.picks)
                if opening.optional and added < _WORTH_SHOWING:
                    continue
                grown.append(_Plan(plan.value + added, (*plan.picks, window)))
        grown.sort(key=lambda p: -p.value)  # stable: earlier windows win a tie
        plans = grown[:_BEAM]
    return plans[0].picks


def gain(
    opening: Opening,
    window: Window,
    before: Sequence[Opening],
    picks: Sequence[Window | None],
) -> float:
    """What a window adds to a clip in which the openings `before` show `picks`."""
    cost = 0.0
    last = len(before) - 1
    for number, (place, other) in enumerate(zip(before, picks, strict=True)):
        if other is None:
            continue
        # Repeating is forgiven at a distance; side by side it looks like a mistake.
        forgiven = (opening.repeats or place.repeats) and number < last
        factor = 0.3 if forgiven else 1.0
        if opening.optional:
            factor *= _OPTIONAL_FACTOR
        cost += factor * _OVERLAP_COST * window.overlap(other)
        bits = distance(window.middle.fingerprint, other.middle.fingerprint)
        if bits < _ALIKE_BITS:
            cost += factor * _ALIKE_COST * (1 - bits / _ALIKE_BITS)
    return opening.weight * (window.score - cost)
