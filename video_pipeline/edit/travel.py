"""Travel: the calmest path of a crop that keeps what is shown inside the safe area.

A crop rests wherever it can, since handheld footage moves enough by itself. Where it cannot, it
goes at one even pace, and only where that will not do does it change its pace, as seldom and as
little as it can. Few keys say all of it, so that a person can read and change it; `geometry.Crop`
rounds their corners.

Speed, acceleration and jerk are held under bounds, whatever the boxes do. All three are linear in
the keys, so a path that is too lively is drawn towards rest until it holds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Crop, CropKey

# In widths of the output's picture. A pan across the whole picture takes a second at the least;
# from rest to that pace and back takes 0.8 s each.
MOST_SPEED = 1.0  # widths / s
MOST_ACCELERATION = 2.5  # widths / s²
MOST_JERK = 6.5  # widths / s³
EASE_S = 0.4  # how long a change of pace takes before its key, and after
_MOST_KEYS = 6
# How far outside its corridor what is shown may be, in widths, for a path that is calmer.
_FORGIVEN = 0.03
# What each costs beside leaving the corridor by a width: being away from the aim by one, a pace of
# one a second, a change of pace by one a second. Squares of them all are weighed.
_OFF_AIM, _PACE, _BEND = 0.01, 0.004, 0.002
_WORTH_A_KEY = 0.7  # of what is off limits, squared, no more may be left for a key to be worth it
# A path is worth moving for when it keeps so many more of all moments than rest does, or enough of
# them where rest does not.
_WORTH_MOVING, _ENOUGH = 0.1, 0.98
_ROUNDS = 12


@dataclass(frozen=True)
class Corridor:
    """Where a crop's corner may be for what is shown to be in the safe area.

    `frames` (n) are output frames in rising order. `low`, `high` and `aim` (n, 2) are places of the
    corner, across and down, in widths of the crop: the limits, and where it would be best.
    """

    frames: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    aim: NDArray[np.float64]

    def within(self, reach: tuple[float, float]) -> Corridor:
        """The same, as far as the corner can go: from 0 to `reach`, across and down."""
        low, high, aim = (np.clip(v, 0, reach) for v in (self.low, self.high, self.aim))
        return Corridor(self.frames, low, high, aim)

    def outside(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far places of the corner (n, 2) are off limits, signed; 0 within."""
        over: NDArray[np.float64] = np.maximum(places - self.high, 0) - np.maximum(
            self.low - places, 0
        )
        return over

    def kept(self, places: NDArray[np.float64]) -> float:
        """The share of moments, 0..1, at which places of the corner (n, 2) are within limits."""
        return float((np.abs(self.outside(places)).max(axis=1) <= _FORGIVEN).mean())


def travel(
    corridor: Corridor, reach: tuple[float, float], frames: int, rate: Fraction
) -> list[tuple[int, float, float]]:
    """The keys `(frame, x, y)` of the calmest path, in widths of the crop.

    `reach` is how far the corner may go, across and down; `frames` is the length of the cut.
    """
    corridor = corridor.within(reach)
    rest, rests = _rest(corridor)
    if rests.all() or frames < 3:
        return [(0, float(rest[0]), float(rest[1]))]
    ease = ease_frames(rate)
    keys, best = _few(corridor, frames, ease, rate)
    best[:, rests] = rest[rests]
    best = np.clip(best, 0, reach)
    best = rest + (best - rest) * _calmness(keys, best, ease, rate)
    kept = corridor.kept(_weights(keys, corridor.frames, ease) @ best)
    at_rest = corridor.kept(rest)
    if at_rest >= _ENOUGH or kept < min(at_rest + _WORTH_MOVING, _ENOUGH):
        return [(0, float(rest[0]), float(rest[1]))]
    return [(key, float(x), float(y)) for key, (x, y) in zip(keys, best, strict=True)]


def ease_frames(rate: Fraction) -> int:
    """How many frames a change of pace takes before its key, and after."""
    return max(1, round(EASE_S * rate))


def _rest(corridor: Corridor) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Where to rest, across and down, and whether what is shown stays in the safe area then."""
    low, high = corridor.low.max(axis=0), corridor.high.min(axis=0)
    forgiven = np.where(low > high, _FORGIVEN, 0.0)
    low, high = low - forgiven, high + forgiven
    # Where even that is no place for all, half way between the hardest two.
    place = np.clip(np.median(corridor.aim, axis=0), low, np.maximum(low, high))
    return np.where(low > high, (low + high) / 2, place), low <= high


def _few(
    corridor: Corridor, frames: int, ease: int, rate: Fraction
) -> tuple[list[int], NDArray[np.float64]]:
    """The frames of as few keys as will do, and their best places (k, 2).

    One key after another is put where it helps most. Each has to be worth it, though it may take
    the next one to show that: a swing to one side and back needs two.
    """
    found = [([0, frames - 1], *_solved([0, frames - 1], corridor, ease, rate))]
    while found[-1][2].max() > _FORGIVEN and len(found[-1][0]) < _MOST_KEYS:
        wider = [(keys, *_solved(keys, corridor, ease, rate)) for keys in _more(found[-1][0], ease)]
        if not wider:
            break
        found.append(min(wider, key=lambda one: float(np.square(one[2]).sum())))
    keys, best, _ = min(
        found, key=lambda one: float(np.square(one[2]).sum()) / _WORTH_A_KEY ** len(one[0])
    )
    return keys, best


def _solved(
    keys: Sequence[int], corridor: Corridor, ease: int, rate: Fraction
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The best places (k, 2) for keys at these frames, and how far off limits each moment is (n).

    Least squares over the moments that are off limits, again until they stay the same: what is
    weighed is convex, so this is Newton's method.
    """
    path = _weights(keys, corridor.frames, ease)
    paces = np.diff(np.eye(len(keys)), axis=0) * (float(rate) / np.diff(keys))[:, None]
    bends = np.diff(paces, axis=0)
    count = len(corridor.frames)
    calm = _PACE * paces.T @ paces / len(paces) + _BEND * bends.T @ bends
    calm += _OFF_AIM / count * path.T @ path
    best = np.zeros((len(keys), 2))
    for axis in (0, 1):
        pull = _OFF_AIM / count * path.T @ corridor.aim[:, axis]
        best[:, axis] = np.linalg.solve(calm, pull)
        before = None
        for _ in range(_ROUNDS):
            over = corridor.outside(path @ best)[:, axis]
            sides = np.sign(over)
            if before is not None and (sides == before).all():
                break
            before = sides
            bound = np.where(sides > 0, corridor.high[:, axis], corridor.low[:, axis])
            rows = path[sides != 0]
            best[:, axis] = np.linalg.solve(
                calm + rows.T @ rows / count, pull + rows.T @ bound[sides != 0] / count
            )
    return best, np.abs(corridor.outside(path @ best)).max(axis=1)


def _weights(keys: Sequence[int], at: NDArray[np.float64], ease: int) -> NDArray[np.float64]:
    """How much each key counts at the frames `at`, (n, k): `Crop.corner`, which is linear."""
    unit = [Crop(1, 1, tuple(CropKey(f, int(f == g), 0) for f in keys), ease) for g in keys]
    return np.stack([crop.corners(at, keys[-1] + 1)[:, 0] for crop in unit], axis=1)


def _more(keys: Sequence[int], ease: int) -> Iterator[list[int]]:
    """The keys and one more, so far from the others that no two changes of pace overlap."""
    for frame in range(ease, keys[-1] - ease + 1, max(1, ease // 2)):
        if all(abs(frame - key) >= 2 * ease for key in keys[1:-1]):
            yield sorted([*keys, frame])


def _calmness(keys: Sequence[int], places: NDArray[np.float64], ease: int, rate: Fraction) -> float:
    """The share of its movement, 0..1, that a path may keep under the bounds."""
    paces = np.diff(places, axis=0) * (float(rate) / np.diff(keys))[:, None]
    bends = np.hypot(*np.diff(paces, axis=0).T) if len(keys) > 2 else np.zeros(1)
    ease_s = ease / float(rate)
    return min(
        1.0,
        MOST_SPEED / max(float(np.hypot(*paces.T).max()), 1e-9),
        MOST_ACCELERATION * ease_s / max(float(bends.max()), 1e-9),
        MOST_JERK * ease_s**2 / max(float(bends.max()), 1e-9),
    )
