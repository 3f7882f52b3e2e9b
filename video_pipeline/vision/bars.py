"""Bars: rims that hold no picture, as a screen recording or a film on an upright phone has them.

A dark backdrop is no bar. A bar is of one colour, the same in every look, on two opposite sides and
about as wide on both; and where it ends, the picture begins along most of that side at once, which
no bag before black velvet does. Where a picture is dark up to the bar itself this cannot be told,
and nothing is found.
"""

from __future__ import annotations

from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import NO_BARS, Bars

_LEAST_LOOKS = 3
_FLAT = 12  # 8-bit steps: what strong compression does to a colour
_MOSTLY = 0.98  # of a row's pixels are of its colour
_OTHER = 24  # 8-bit steps from the bar's colour: this is picture
_ALONG = 0.5  # of the side: so much of the picture beside the bar was once unlike it
_LEAST = 0.02  # of the side: narrower rims are a codec's
_MOST = 0.45  # of the side: a wider bar would leave a slit
_ALIKE = 0.04  # of the side: two opposite bars differ no more in width
_SOFT = 8  # px over which compression and scaling blur an edge
_CLEAR = 0.6  # of the difference farther in: from there on it is picture


class BarSearch:
    """Pictures of one footage, one after another and of one size, and the bars they all have.

    No picture is held. Where it is `hopeless` no further one can change that there are none.
    """

    def __init__(self) -> None:
        self.looks = 0
        # Top and bottom as rows, left and right as columns: seen from the rim inwards.
        self._pairs: dict[int, tuple[_Side, _Side]] = {}

    @property
    def hopeless(self) -> bool:
        """Whether no two opposite sides are of one colour."""
        return self.looks > 0 and not self._pairs

    def look(self, picture: NDArray[np.uint8]) -> None:
        """Look at one more picture, BGR, uint8, height x width x 3."""
        signed = picture.astype(np.int16)
        if self.looks == 0:
            self._pairs = {axis: (_Side(_seen(signed, axis, end=False)),
                                  _Side(_seen(signed, axis, end=True)))
                           for axis in (0, 1)}  # fmt: skip
        self.looks += 1
        for axis, pair in list(self._pairs.items()):
            for end, side in enumerate(pair):
                side.look(_seen(signed, axis, end=bool(end)))
            if not all(side.flat[0] for side in pair) or not pair[0].like(pair[1]):
                del self._pairs[axis]

    def found(self) -> Bars:
        """The bars, in pixels of these pictures."""
        if self.looks < _LEAST_LOOKS:
            return NO_BARS
        wide = {axis: tuple(side.width for side in pair) for axis, pair in self._pairs.items()}
        found = {}
        for axis, pair in self._pairs.items():
            across = wide.get(1 - axis, (0, 0))
            widths = tuple(side.edge(*across) for side in pair)
            length = len(pair[0].flat)
            if min(widths) >= _LEAST * length and abs(widths[0] - widths[1]) <= _ALIKE * length:
                found[axis] = widths
        top, bottom = found.get(0, (0, 0))
        left, right = found.get(1, (0, 0))
        return Bars(left, top, right, bottom)


class _Side:
    """What is known of a side of the picture: its rows from the rim inwards, or its columns."""

    def __init__(self, first: NDArray[np.int16]) -> None:
        self.colour = np.median(first[0], axis=0).astype(np.int16)
        self.flat = np.ones(len(first), bool)
        self.unlike: NDArray[np.uint8] = np.zeros(first.shape[:2], np.uint8)

    def look(self, seen: NDArray[np.int16]) -> None:
        apart = np.abs(seen - self.colour).max(axis=-1).astype(np.uint8)
        np.maximum(self.unlike, apart, out=self.unlike)
        self.flat &= (apart <= _FLAT).mean(axis=1) >= _MOSTLY

    def like(self, other: _Side) -> bool:
        return bool(np.abs(self.colour - other.colour).max() <= _FLAT)

    @property
    def width(self) -> int:
        return sum(1 for _ in takewhile(bool, self.flat))

    def edge(self, before: int, after: int) -> int:
        """Where the picture begins, 0 where that cannot be told.

        `before` and `after` are left out of each row: they may belong to bars of the other axis.
        """
        first = self.width
        if first > _MOST * len(self.flat):
            return 0
        beside = self.unlike[first : first + _SOFT, before : self.unlike.shape[1] - after]
        if beside.size == 0 or (beside.max(axis=0) > _OTHER).mean() < _ALONG:
            return 0
        means = beside.mean(axis=1)
        return first + int(np.argmax(means >= _CLEAR * means.max()))


def _seen(picture: NDArray[np.int16], axis: int, *, end: bool) -> NDArray[np.int16]:
    """The picture with that side's rim as its first row."""
    turned = picture if axis == 0 else picture.transpose(1, 0, 2)
    return turned[::-1] if end else turned
