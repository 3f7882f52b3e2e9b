"""Steadying: a cut's window goes along with the camera's shake, inside the real picture.

What is shown moves through the picture; the calmest way near that is what the person who filmed
meant, and the rest is shake. A pan is calm, so it stays a pan. The window is moved by the shake, as
far as there is picture to move over: a little larger picture makes room, and where that is not
enough, only the quicker part of the shake is taken out. Nothing is ever made up at an edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.sway import Sway
from video_pipeline.edit.framing import MOST_ENLARGED, enlargement
from video_pipeline.edit.model import Cut, Steady
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop, Steadied
from video_pipeline.graph import fitted, shown_until
from video_pipeline.presets.placements import Placement

MOST_CLOSER = 1.05
MOST_FRAMES = 450  # of a steadied cut: each is a word in the command, which has its limit
# From this many turns a second on a movement is shake; the first for which there is room.
_CUTOFFS_HZ = (0.5, 0.7, 1.0, 1.4, 2.0)
_VISIBLE_HZ = 1.0  # slower swaying does not look like shaking
_VISIBLE = 0.002  # of the shown width: half of the time the picture is farther off than that
_ASIDE = 0.02  # of the crop's width: what is shown may stand so much elsewhere to make room
_SLACK = 0.01  # px: moves are rounded to so much
_AROUND = Fraction(1, 10)  # s before and after a cut that are read with it


def stretch_of(cut: Cut, rate: Fraction) -> tuple[Fraction, Fraction]:
    """The stretch of a cut's source, seconds, whose sway has to be known to steady it."""
    end = cut.start + (cut.frames - cut.hold) / rate
    return max(Fraction(0), cut.start - _AROUND), end + _AROUND


def has_room(cut: Cut, footage: Footage, placement: Placement) -> bool:
    """Whether the window of a cut could move at all, so that its sway is worth reading."""
    beside = footage.width > cut.crop.width and footage.height > cut.crop.height
    return not footage.still and (beside or _most_closer(cut, placement) >= 1.01)


def steadied(cut: Cut, sway: Sway, footage: Footage, placement: Placement) -> Cut:
    """The cut, steadied where its shake is seen and there is room; else as it is."""
    shake = _Shake(cut, sway, footage, placement.rate)
    if not shake.known or shake.seen < _VISIBLE:
        return cut
    most = _most_closer(cut, placement)
    steps = [1.0, *(1 + n / 100 for n in range(1, 6) if 1 + n / 100 <= most)]
    for cutoff in _CUTOFFS_HZ:
        for closer in steps:
            if window := shake.without(cutoff, closer):
                return replace(cut, steady=Steady(closer, farthest(window)))
    return cut


def _most_closer(cut: Cut, placement: Placement) -> float:
    """How many times larger a cut may stand; below 1 where it is too large as it is."""
    size = (placement.width, placement.height)
    if fitted(cut.crop, *size) != size:
        return 1.0  # between bars the whole item is shown, and none of it is cut off
    return min(MOST_CLOSER, MOST_ENLARGED / enlargement(cut.crop, placement))


def steady_window(cut: Cut, sway: Sway | None, footage: Footage, rate: Fraction) -> Crop | None:
    """The window of a cut that is to be steadied; None where it cannot be."""
    shake = _Shake(cut, sway, footage, rate) if sway else None
    if cut.steady is None or shake is None or not shake.known:
        return None
    windows = (shake.without(cutoff, cut.steady.closer) for cutoff in _CUTOFFS_HZ)
    return next((window for window in windows if window), None)


def farthest(window: Crop) -> float:
    """How far a steadied window is moved at the most, source pixels."""
    moves = np.array(window.moves if isinstance(window, Steadied) else [(0.0, 0.0)])
    return round(float(np.hypot(*moves.T).max()), 1)


def told(steady: Steady | None) -> str:
    """The steadying in plain words; empty for none."""
    if steady is None:
        return ""
    larger = f", {100 * (steady.closer - 1):.0f} % larger to make room" if steady.closer > 1 else ""
    return f"the window moved by up to {steady.most_px:g} px against the camera's shake{larger}"


class _Shake:
    """What of a cut's movement is shake, and how its window can go along with it."""

    def __init__(self, cut: Cut, sway: Sway, footage: Footage, rate: Fraction) -> None:
        self.crop, self.rate = cut.crop, float(rate)
        self.frames = cut.frames - cut.hold
        self.size = np.array((footage.width, footage.height))
        times = np.array([float(t) for t in sway.times])
        # What ffmpeg shows is the last frame that has begun.
        due = [float(shown_until(footage, cut.start, n, rate)) for n in range(self.frames)]
        shown = np.searchsorted(times, due) - 1
        self.known = 3 < self.frames <= MOST_FRAMES and shown[0] >= 0 and not footage.still
        self.places = sway.places[np.maximum(shown, 0)]

    @property
    def seen(self) -> float:
        """How far off its calm way the picture is for half of the time, of the shown width."""
        off = self.places - calm(self.places, _VISIBLE_HZ, self.rate)
        return float(np.median(np.hypot(*off.T))) / self.crop.width * max(self.crop.zoom)

    def without(self, cutoff_hz: float, closer: float) -> Steadied | None:
        """The window that leaves out what is quicker; None where the picture ends before."""
        moves = self.places - calm(self.places, cutoff_hz, self.rate)
        window = Steadied(
            self.crop.width,
            self.crop.height,
            self.crop.path,
            self.crop.ease,
            self.crop.zoom,
            closer,
            tuple(map(tuple, moves)),
        )
        aside = np.zeros(2)
        seen = np.array([window.at(n, self.frames) for n in range(self.frames)])
        for axis in (0, 1):
            near, length = seen[:, axis], seen[:, axis + 2]
            least = float((-near).max()) + _SLACK
            most = float((self.size[axis] - length - near).min()) - _SLACK
            least, most = (max(least, -self._aside), min(most, self._aside))
            if least > most:
                return None
            aside[axis] = min(max(0.0, least), most)
        return replace(window, moves=tuple(_rounded(moves + aside)))

    @property
    def _aside(self) -> float:
        return _ASIDE * self.crop.width


def calm(places: NDArray[np.float64], cutoff_hz: float, rate: float) -> NDArray[np.float64]:
    """The calmest way (n, 2) near some places (n, 2) that came `rate` times a second.

    Weighed are the squares of the distance and of the jerk (Whittaker 1923), so that an even pace
    and an even change of pace pass unchanged; of a movement that turns `cutoff_hz` times a second
    half is left, of quicker ones soon nothing.
    """
    jerk = np.diff(np.eye(len(places)), 3, axis=0)
    weight = (2 * np.sin(np.pi * cutoff_hz / rate)) ** -6
    way: NDArray[np.float64] = np.linalg.solve(np.eye(len(places)) + weight * jerk.T @ jerk, places)
    return way


def _rounded(moves: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    for x, y in np.round(moves, 2):
        yield float(x), float(y)
