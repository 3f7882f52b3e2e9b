"""Key frames: the single best moments for each thing a buyer wants to see, apart and unlike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from video_pipeline.analysis.model import Analysis, Moment
from video_pipeline.errors import UsageError
from video_pipeline.geometry import Box
from video_pipeline.vision.fingerprint import distance
from video_pipeline.vision.picture import ramp

SHOWN = ("hardware", "stitching", "whole")
_APART_S = 0.8
_ALIKE_BITS = 8
# Brightness as a share of what is usual in the recording: the phone is still hunting for its
# exposure, or a shadow fell on the item, and crisp as the moment may be, it is not the best one.
_ODD_LIGHT, _USUAL_LIGHT = 0.4, 0.8
_LEAST = 0.2  # below this a frame does not show the thing at all


@dataclass(frozen=True)
class KeyFrame:
    """One picked moment: what it shows, how well (0..1), and where in the picture."""

    source: str
    t: Fraction
    shows: str
    score: float
    box: Box | None


def pick_keyframes(
    analyses: Mapping[str, Analysis], shows: Sequence[str], most: int
) -> tuple[KeyFrame, ...]:
    """Up to `most` key frames for each of `shows`, best first.

    Raises UsageError for a word that is not among SHOWN.
    """
    for word in shows:
        if word not in SHOWN:
            raise UsageError(
                f"nothing is known of '{word}'", where="--show", mend=f"use {', '.join(SHOWN)}"
            )
    return tuple(frame for word in shows for frame in _best(analyses, word, most))


def _best(analyses: Mapping[str, Analysis], word: str, most: int) -> list[KeyFrame]:
    ranked = sorted(
        (
            (_score(moment, word, usual), name, moment)
            for name, analysis in analyses.items()
            for usual in [median(m.luma for m in analysis.moments)]
            for moment in analysis.moments
        ),
        key=lambda entry: (-entry[0], entry[1], entry[2].t),
    )
    kept: list[tuple[float, str, Moment]] = []
    for score, name, moment in ranked:
        if len(kept) == most or score < _LEAST:
            break
        if all(_apart(name, moment, other_name, other) for _, other_name, other in kept):
            kept.append((score, name, moment))
    return [
        KeyFrame(name, moment.t, word, round(score, 4), _box(moment, word))
        for score, name, moment in kept
    ]


def _score(moment: Moment, word: str, usual_luma: float) -> float:
    shown: float = getattr(moment, word)
    steady = 1 / (1 + moment.motion)  # a frame taken while the camera rests is the sharper one
    darker, brighter = moment.luma / max(usual_luma, 1e-3), usual_luma / max(moment.luma, 1e-3)
    light = moment.exposure * ramp(min(darker, brighter), _ODD_LIGHT, _USUAL_LIGHT)
    return shown * (0.4 + 0.6 * moment.sharpness * light * steady)


def _apart(name: str, moment: Moment, other_name: str, other: Moment) -> bool:
    if name == other_name and abs(moment.t - other.t) < _APART_S:
        return False
    return distance(moment.fingerprint, other.fingerprint) >= _ALIKE_BITS


def _box(moment: Moment, word: str) -> Box | None:
    if word == "whole":
        return moment.subject
    return Box.around(moment.parts_of(word))
