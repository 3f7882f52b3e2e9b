"""Shots: the stretches of a take that are steady, sharp, well lit and of one thing, described.

Where they begin and end is found by the reel; here each gets what a person wants to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from video_pipeline.analysis.model import Moment
from video_pipeline.edit.reel import DETAILS, Reel
from video_pipeline.geometry import Box
from video_pipeline.presets.storyboards import Need

_SURELY = 0.4  # a shot that shows less of each thing is of none of them


@dataclass(frozen=True)
class Shot:
    """One shot `[start, end)` of a source, exact seconds.

    shows       0..1 for each of DETAILS: how surely it is seen, over the whole shot
    sharpness, exposure, steadiness    0..1, means over the shot
    best        the moment that stands for the shot: the one of the best picture
    subject     box of what is shown at that moment, or None
    """

    source: str
    start: Fraction
    end: Fraction
    shows: Mapping[Need, float]
    sharpness: float
    exposure: float
    steadiness: float
    best: Moment
    subject: Box | None

    @property
    def label(self) -> Need:
        """What it shows above all; "any" when nothing is surely seen."""
        return _label(self.shows)


def find_shots(reel: Reel) -> tuple[Shot, ...]:
    """The shots of a source, in time order."""
    return tuple(_shot(reel, first, last) for first, last in reel.shots)


def _shot(reel: Reel, first: int, last: int) -> Shot:
    part = slice(first, last)
    best = reel.analysis.moments[first + int(np.argmax(reel.quality[part]))]
    shows: dict[Need, float] = {name: float(reel.shows[name][part].mean()) for name in DETAILS}
    return Shot(
        source=reel.name,
        start=reel.times[first],
        end=reel.end_of(last),
        shows=shows,
        sharpness=float(reel.sharpness[part].mean()),
        exposure=float(reel.exposure[part].mean()),
        steadiness=float(reel.steadiness[part].mean()),
        best=best,
        subject=Box.around(best.parts_of(_label(shows))) or best.subject,
    )


def _label(shows: Mapping[Need, float]) -> Need:
    top = max(DETAILS, key=lambda name: shows[name])
    return top if shows[top] >= _SURELY else "any"
