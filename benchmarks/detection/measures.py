"""Measures of detectors, with intervals drawn over sources: pictures of one source are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 500
SHOWN = 0.5  # a score from which a detector says: shown
APART_S = 0.5  # s between two key frames of one clip
BINS = 5  # of scores, for calibration


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


def calibration_error(shows: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """How far scores are from what they promise: the expected calibration error over `BINS`.

    Naeini, Cooper and Hauskrecht 2015: the mean over pictures of the distance between the mean
    score of their bin and the share of it that shows the part.
    """
    if not len(shows):
        return float("nan")
    bins = reliability(shows, score)
    return sum(b.pictures * abs(b.said - b.shown) for b in bins) / len(shows)


@dataclass(frozen=True)
class Bin:
    """Pictures with scores from `low` to below `high`: their mean score, and the share showing."""

    low: float
    high: float
    pictures: int
    said: float
    shown: float


def reliability(shows: NDArray[np.bool_], score: NDArray[np.float64]) -> tuple[Bin, ...]:
    """Bins of equal width that hold any picture; a score of 1 is in the last."""
    number = np.minimum((score * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(
            int(i) / BINS,
            (int(i) + 1) / BINS,
            int((number == i).sum()),
            float(score[number == i].mean()),
            float(shows[number == i].mean()),
        )
        for i in np.unique(number)
    )


def share_said(_: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """The share that is said to show the part."""
    return float((score >= SHOWN).mean()) if len(score) else float("nan")


@dataclass(frozen=True)
class Figure:
    """A measure with its 95 % interval, and over how many pictures or clips it was taken.

    `value` is None where there is nothing to take it from. No interval is told by fewer than three
    sources, nor where all draws agree: it would claim to be certain.
    """

    value: float | None
    low: float | None
    high: float | None
    of: int

    def __str__(self) -> str:
        return self.told()

    def told(self, form: str = ".2f") -> str:
        """For a table."""
        if self.value is None:
            return "–"
        if self.low is None or self.high is None:
            return format(self.value, form)
        return f"{self.value:{form}} ({self.low:{form}} to {self.high:{form}})"


def figure(units: Sequence[str], measure: Callable[[NDArray[np.intp]], float]) -> Figure:
    """A measure of rows, with its interval by drawing whole units with replacement.

    The same units are drawn in the same order every time, so that a difference of two detectors
    on the same rows has an interval of its own.
    """
    value = measure(np.arange(len(units))) if units else float("nan")
    if np.isnan(value):
        return Figure(None, None, None, len(units))
    rows: dict[str, list[int]] = {}
    for row, unit in enumerate(units):
        rows.setdefault(unit, []).append(row)
    members = [np.array(found) for found in rows.values()]
    dice = np.random.default_rng(1)
    drawn = dice.integers(len(members), size=(DRAWS, len(members)))
    draws = np.array([measure(np.concatenate([members[k] for k in some])) for some in drawn])
    draws = draws[~np.isnan(draws)]
    if len(members) < 3 or draws.size < DRAWS / 2 or np.ptp(draws) < 1e-9:
        return Figure(float(value), None, None, len(units))
    low, high = np.quantile(draws, (0.025, 0.975))
    return Figure(float(value), float(low), float(high), len(units))


def over(judged: Sequence[Judged], measure: Measure, unit: str = "source") -> Figure:
    """A measure of what was judged; sources are drawn, or clips where there is but one source."""
    shows, score = _told(judged)
    units = [str(getattr(j, unit)) for j in judged]
    return figure(units, lambda rows: measure(shows[rows], score[rows]))


def lead(judged: Sequence[Judged], other: Sequence[Judged], unit: str = "source") -> Figure:
    """How much more average precision this has than another detector on the same pictures."""
    shows, score = _told(judged)
    _, theirs = _told(other)
    units = [str(getattr(j, unit)) for j in judged]
    return figure(
        units,
        lambda rows: (
            average_precision(shows[rows], score[rows])
            - average_precision(shows[rows], theirs[rows])
        ),
    )


def _told(judged: Sequence[Judged]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    return np.array([j.shows for j in judged], bool), np.array([j.score for j in judged], float)


@dataclass(frozen=True)
class Figures:
    """All measures of one detector for one part on one kind of footage.

    ap, roc_auc         of the scores; `clear_ap` without arguable pictures
    lead, clear_lead    average precision above that of the detector it is held against
    key_frames          of a clip's best, the share that is right; the mean of clips
    false_alarms        of distractors, the share that is said to show the part
    said_of_others      the same of all pictures that do not show it
    calibration_error   0 where a score is the share of pictures that show the part
    iou                 the median of the best box, where the true one is known
    """

    pictures: int
    showing: int
    arguable: int
    ap: Figure
    clear_ap: Figure
    lead: Figure
    clear_lead: Figure
    roc_auc: Figure
    key_frames: Figure
    false_alarms: Figure
    said_of_others: Figure
    calibration_error: Figure
    iou: Figure
    reliability: tuple[Bin, ...]


def figures(judged: Sequence[Judged], other: Sequence[Judged], unit: str = "source") -> Figures:
    """Everything that is measured, held against another detector on the same pictures."""
    clear = [j for j in judged if not j.arguable]
    shares = top_frames(judged)
    right = np.array(list(shares.values()))
    boxed = [j for j in judged if j.iou is not None]
    iou = np.array([j.iou for j in boxed], float)
    return Figures(
        pictures=len(judged),
        showing=sum(j.shows for j in judged),
        arguable=len(judged) - len(clear),
        ap=over(judged, average_precision, unit),
        clear_ap=over(clear, average_precision, unit),
        lead=lead(judged, other, unit),
        clear_lead=lead(clear, [j for j in other if not j.arguable], unit),
        roc_auc=over(judged, roc_auc, unit),
        key_frames=figure(list(shares), lambda rows: float(right[rows].mean())),
        false_alarms=over([j for j in judged if j.distractor], share_said, unit),
        said_of_others=over([j for j in judged if not j.shows], share_said, unit),
        calibration_error=over(judged, calibration_error, unit),
        iou=figure([getattr(j, unit) for j in boxed], lambda rows: float(np.median(iou[rows]))),
        reliability=reliability(*_told(judged)),
    )


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
