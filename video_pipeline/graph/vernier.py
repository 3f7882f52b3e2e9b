"""The vernier: a window that moves between pixels, made of two that move by whole ones.

The scale filter lays its pixels `pitch` source pixels apart. A window that begins `steps` of them
after source pixel `start` begins at `start + steps * pitch`. So, as with the two scales of a
caliper, whole numbers reach places between pixels, and crop and scale do in a few milliseconds a
frame what `perspective` needs fifty for. The picture is read once, not twice, and always over all
phases of the scaler, so that its sharpness does not pulse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MOST_STEPS = 256  # px of the output that are scaled beside those shown
# What is tried in turn, px of the output: how far an edge may be off, all through the cut, since
# both lengths are whole numbers; and how far two neighbouring places may lie apart. A pitch like
# 20/21 has few places, and needs an edge a little off to have more.
_BOUNDS = ((1 / 16, 1 / 24), (3 / 8, 1 / 24), (3 / 8, 1 / 12))
_MET = 1 / 48  # px of the output: where no more than this is asked for, pixels will do


@dataclass(frozen=True)
class Vernier:
    """A window's way along one axis, in even pixels, since chroma has half of them.

    `read` source pixels, from `starts` on, are brought to `scaled` ones, and the window begins
    `steps` of those later; one start, which may lie outside the picture, and one step for a frame.
    """

    read: int
    scaled: int
    starts: tuple[int, ...]
    steps: tuple[int, ...]

    @property
    def places(self) -> NDArray[np.float64]:
        """Where the window begins at each frame, source pixels."""
        return np.array(self.starts) + np.array(self.steps) * (self.read / self.scaled)

    def beyond(self, whole: int) -> tuple[int, int]:
        """How far it reads before the first and after the last of `whole` pixels, at the most."""
        return max(0, -min(self.starts)), max(0, max(self.starts) + self.read - whole)


def vernier(corners: NDArray[np.float64], length: float, out: int) -> Vernier | None:
    """The vernier for a window of `length` source pixels that fills `out` (even).

    It begins at `corners` (n,), source pixels, and its middle is met to a 48th of an output pixel,
    at unlucky scales to a 24th. None where a few more pixels are not enough for that: at scales
    like 1 and 1/2 all places coincide.
    """
    for off, apart in _BOUNDS:
        for more in range(0, _MOST_STEPS + 1, 2):
            scaled = out + more
            read = round(length * scaled / out / 2) * 2
            pitch = read / scaled
            if abs(pitch * out / length - 1) * out / 2 > off:
                continue
            steps = np.arange(0, more + 1, 2)
            # What is between its edges is met in the middle.
            wanted = corners + (length - pitch * out) / 2
            if more == 0:
                fine = bool((np.abs(wanted - 2 * np.rint(wanted / 2)) <= _MET * pitch).all())
            else:
                places = np.sort(steps * pitch % 2)
                fine = float(np.diff(places, append=places[0] + 2).max()) <= apart * pitch
            if fine:
                return _along(wanted, read, scaled, steps)
    return None


def _along(wanted: NDArray[np.float64], read: int, scaled: int, steps: NDArray[np.int_]) -> Vernier:
    """For each wanted place the start and the one of `steps` that together come nearest."""
    rest = wanted[:, None] - steps * (read / scaled)
    starts = 2 * np.rint(rest / 2)
    best = np.abs(rest - starts).argmin(axis=1)
    chosen = starts[np.arange(len(wanted)), best]
    return Vernier(read, scaled, tuple(map(int, chosen)), tuple(map(int, steps[best])))


def told(numbers: Sequence[int]) -> str:
    """One number for each frame `n`, as an expression of ffmpeg's.

    ffmpeg's expressions may nest a hundred deep and each term of a sum nests once more, so terms
    stand in groups.
    """
    changes = np.diff(numbers, prepend=0)
    terms = [f"{change:+d}*gte(n,{n})" for n, change in enumerate(changes) if change]
    group = max(1, math.isqrt(len(terms)))
    sums = ("".join(terms[first : first + group]) for first in range(0, len(terms), group))
    return "+".join(f"({one})" for one in sums) or "0"
