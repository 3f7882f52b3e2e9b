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

_FINENESS = 1 / 16  # px of the output between two neighbouring places that a window may take
_MOST_STEPS = 256  # px of the output that are scaled beside those shown
_OFF = 1 / 16  # px of the output: how far an edge may be off since both lengths are whole numbers


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

    It begins at `corners` (n,), source pixels, and is met to a 32nd of an output pixel. None where
    a few more pixels are not enough for that: near scales like 1 and 1/2 all places coincide.
    """
    for more in range(0, _MOST_STEPS + 1, 2):
        scaled = out + more
        read = round(length * scaled / out / 2) * 2
        pitch = read / scaled
        if abs(pitch * out / length - 1) * out / 2 > _OFF:
            continue
        steps = np.arange(0, more + 1, 2)
        places = steps * pitch % 2
        # What is between its edges is met in the middle.
        wanted = corners + (length - pitch * out) / 2
        order = np.sort(places)
        widest = float(np.diff(order, append=order[0] + 2).max())
        if widest > _FINENESS * pitch and not (more == 0 and _met(wanted, pitch)):
            continue
        rest = wanted[:, None] - steps * pitch
        off = np.abs(rest - 2 * np.rint(rest / 2))
        best = off.argmin(axis=1)
        starts = 2 * np.rint(rest[np.arange(len(wanted)), best] / 2)
        return Vernier(read, scaled, tuple(map(int, starts)), tuple(int(n) for n in steps[best]))
    return None


def _met(wanted: NDArray[np.float64], pitch: float) -> bool:
    """Whether even source pixels are all that is asked for."""
    return bool((np.abs(wanted - 2 * np.rint(wanted / 2)) <= _FINENESS / 2 * pitch).all())


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
