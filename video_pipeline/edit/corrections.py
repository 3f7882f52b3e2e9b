"""Corrections: what is done to a cut's picture beside framing it, told and taken out together.

A buyer judges the item by the picture. So whatever changes it is global, bounded, and listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from video_pipeline.edit import light, steadying
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.light import NEUTRAL


@dataclass(frozen=True)
class Corrections:
    """A cut's corrections in plain words, each empty where there is none."""

    light: str
    steady: str

    def __bool__(self) -> bool:
        return bool(self.light or self.steady)


def told(cut: Cut) -> Corrections:
    """What was corrected of a cut."""
    return Corrections(light.told(cut.light), steadying.told(cut.steady))


def as_filmed(edit: Edit) -> Edit:
    """The edit with every correction taken out, and saying so."""
    cuts = tuple(replace(cut, light=NEUTRAL, steady=None) for cut in edit.cuts)
    return replace(edit, cuts=cuts, as_filmed=True)
