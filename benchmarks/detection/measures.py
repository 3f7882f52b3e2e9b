"""Measures of detectors, with intervals drawn over sources: frames of one clip are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 500
SHOWN = 0.5  # a score from which a detector says: shown
APART_S = 0.5  # s between two key frames of one clip


@dataclass(frozen=True)
class Judged:
    """What a detector said of one part in one sample; `iou` is None where no true box is known."""

    group: str
    source: str
    clip: str
    t: float
    shows: bool
    score: float
    iou: float | None
    arguable: bool
    distractor: bool


Measure = Callable[[NDArray[np.bool_], NDArray[np.float64]], float]


def average_precision(shows: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under precision over recall, steps; equal scores are taken together."""
    if not shows.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    shows, score = shows[order], score[order]
    last = np.append(score[1:] != score[:-1], True)
    hits = np.cumsum(shows)[last]
    precision = hits / (np.flatnonzero(last) + 1)
    return float((np.diff(hits, prepend=0) * precision).sum() / hits[-1])


def roc_auc(shows: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """The chance that a positive outscores a negative; ties count half."""
    high, low = score[shows][:, None], score[~shows][None]
    if not high.size or not low.size:
        return float("nan")
    return float((high > low).mean() + 0.5 * (high == low).mean())


def interval(judged: Sequence[Judged], measure: Measure, unit: str = "clip") -> str:
    """The measure with its 95 % interval, by drawing whole clips or sources with replacement."""
    shows = np.array([j.shows for j in judged])
    score = np.array([j.score for j in judged])
    if not len(shows):
        return "–"
    members: dict[str, list[int]] = {}
    for i, j in enumerate(judged):
        members.setdefault(getattr(j, unit), []).append(i)
    units = [np.array(m) for m in members.values()]
    dice = np.random.default_rng(1)
    drawn = []
    for _ in range(DRAWS):
        picked = np.concatenate([units[k] for k in dice.integers(len(units), size=len(units))])
        drawn.append(measure(shows[picked], score[picked]))
    found = np.array(drawn)
    found = found[~np.isnan(found)]
    value = measure(shows, score)
    if np.isnan(value):
        return "–"
    if len(units) < 3 or found.size < DRAWS / 2:
        return f"{value:.2f}"
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def top_frames(judged: Sequence[Judged], most: int = 5) -> dict[str, float]:
    """By clip that shows the part at all: how many of its best key frames show it, 0..1.

    Key frames are the best scores at least half a second apart; a clip that shows the part for a
    shorter time than all of them need is asked for as many as fit.
    """
    clips: dict[str, list[Judged]] = {}
    for j in judged:
        clips.setdefault(j.clip, []).append(j)
    out = {}
    for clip, frames in clips.items():
        possible = _apart([f for f in frames if f.shows], most)
        if len(frames) > 1 and possible:
            picked = _apart(sorted(frames, key=lambda f: -f.score), len(possible))
            out[clip] = sum(f.shows for f in picked) / len(picked)
    return out


def _apart(frames: Sequence[Judged], most: int) -> list[Judged]:
    kept: list[Judged] = []
    for frame in frames:
        if len(kept) < most and all(abs(frame.t - other.t) >= APART_S for other in kept):
            kept.append(frame)
    return kept


def false_alarms(judged: Sequence[Judged]) -> tuple[float, int]:
    """The share of distractors that are said to show the part, and how many distractors."""
    said = [j.score >= SHOWN for j in judged if j.distractor]
    return (float(np.mean(said)) if said else float("nan")), len(said)
