"""Fit the judgement: `python -m training.judge FOLDER... [--out judgement.json]`.

Folders are laid out as `benchmarks/detection/footage.py` says. What the network and the measures
found in every labelled picture (vision.learned.evidence) is weighed by a logistic regression, a
dozen numbers for each part. Every kind of footage weighs the same, drawn ones half, and so that one
picture in four shows the part, about as in a seller's take. Scores are calibrated on sources left
out.

Prints how well pictures are judged by weights and a calibration that their own source had no part
in, and writes weights fitted on all. No pixel, and nothing that a pixel could be made from, enters
the file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.footage import PARTS, Labelled, Sample
from benchmarks.detection.measures import Judged
from benchmarks.detection.tables import by_fifths, measured, side_by_side
from video_pipeline.vision.learned import parts_and_evidence

F64 = NDArray[np.float64]
SHOWN = 0.25  # of pictures
DRAWN = 0.5  # what drawn footage weighs, beside real footage: its truth counts pixels
RIDGE = 0.2  # of the weights, beside a mean loss of one picture
EVIDENCE = {
    "hardware": (
        *("metal", "metal_focus", "thread_spread", "leather", "focus", "light"),
        *("looks_like_fittings", "looks_like_leatherwork"),
    ),
    "stitching": (
        *("thread", "thread_focus", "rhythm", "light"),
        *(f"looks_like_{name}" for name in ("fittings", "leatherwork", "straps", "machines")),
    ),
}


def fitted(x: F64, shows: NDArray[np.bool_], weight: F64, ridge: float = RIDGE) -> F64:
    """Weights and, last, the intercept, for rows of evidence NxF, by Newton's method.

    `weight` N of each row, summing to 1; the ridge holds evidence of unit deviation.
    """
    mean = weight @ x
    spread = np.sqrt(weight @ (x - mean) ** 2) + 1e-9
    unit = np.c_[(x - mean) / spread, np.ones(len(x))]
    penalty = ridge * np.diag([1.0] * x.shape[1] + [0.0])
    found = np.zeros(unit.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(unit @ found, -30, 30)))
        slope = unit.T @ (weight * (p - shows)) + penalty @ found
        bend = (unit * (weight * p * (1 - p))[:, None]).T @ unit + penalty
        step = np.linalg.solve(bend + 1e-9 * np.eye(len(bend)), slope)
        found = found - step
        if np.abs(step).max() < 1e-9:
            break
    scaled = found[:-1] / spread
    return np.append(scaled, found[-1] - scaled @ mean)


def weights_of(
    groups: NDArray[np.str_], shows: NDArray[np.bool_], arguable: NDArray[np.bool_]
) -> F64:
    """What each picture weighs; an arguable one counts a quarter, drawn kinds of footage half."""
    out = np.where(arguable, 0.25, 1.0)
    for group in np.unique(groups):
        for value, share in ((True, SHOWN), (False, 1 - SHOWN)):
            rows = (groups == group) & (shows == value)
            if rows.any():
                out[rows] *= share / out[rows].sum()
        if group.startswith("synthetic"):
            out[groups == group] *= DRAWN
    return np.asarray(out / out.sum())


def without_own_source(
    x: F64, shows: NDArray[np.bool_], groups: NDArray[np.str_], sources: NDArray[np.str_],
    arguable: NDArray[np.bool_], ridge: float = RIDGE,
) -> F64:  # fmt: skip
    """Scores 0..1 of every row, not calibrated, by weights fitted on all other sources."""
    out = np.zeros(len(shows))
    for source in np.unique(sources):
        away, here = sources != source, sources == source
        weight = weights_of(groups[away], shows[away], arguable[away])
        found = fitted(x[away], shows[away], weight, ridge)
        out[here] = scores_of(x[here] @ found[:-1] + found[-1])
    return out


def scores_of(odds: F64) -> F64:
    """Scores 0..1 of log odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def odds_of(scores: F64) -> F64:
    """Log odds of scores."""
    kept = np.clip(scores, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(kept / (1 - kept)))


def calibration(told: F64, shows: NDArray[np.bool_], weight: F64) -> tuple[float, float]:
    """Slope and shift of log odds that make scores of unseen sources mean what they say (Platt)."""
    slope, shift = fitted(odds_of(told)[:, None], shows, weight, 1e-6)
    return float(slope), float(shift)


def calibrated(
    x: F64, shows: NDArray[np.bool_], groups: NDArray[np.str_], sources: NDArray[np.str_],
    arguable: NDArray[np.bool_],
) -> F64:  # fmt: skip
    """Weights and, last, the intercept, fitted on all rows and calibrated on sources left out."""
    weight = weights_of(groups, shows, arguable)
    told = without_own_source(x, shows, groups, sources, arguable)
    slope, shift = calibration(told, shows, weight)
    found = slope * fitted(x, shows, weight)
    found[-1] += shift
    return found


def held_out(
    x: F64, shows: NDArray[np.bool_], groups: NDArray[np.str_], sources: NDArray[np.str_],
    arguable: NDArray[np.bool_],
) -> F64:  # fmt: skip
    """Calibrated scores 0..1 of every row, its own source kept out of weights and calibration.

    Each source is judged by what `calibrated` makes of all others, which leaves out each of those
    in turn to calibrate. Needs three sources.
    """
    out = np.zeros(len(shows))
    for source in np.unique(sources):
        away, here = sources != source, sources == source
        found = calibrated(x[away], shows[away], groups[away], sources[away], arguable[away])
        out[here] = scores_of(x[here] @ found[:-1] + found[-1])
    return out


def gather(labelled: Labelled) -> tuple[list[Sample], list[dict[str, float]]]:
    """All labelled pictures, without their pixels, and the evidence found in each."""
    seen, found = [], []
    for sample in labelled:
        _, evidence = parts_and_evidence(sample.picture)
        seen.append(sample.without_picture())
        found.append(evidence)
    return seen, found


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, fit, tell and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=15, help="of videos, every N-th frame")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(words)
    cv2.setNumThreads(1)
    labelled = Labelled(asked.folders, max(1, asked.every))
    seen, found = gather(labelled)
    print(labelled)
    if len({(s.group, s.source) for s in seen}) < 3:
        sys.exit("pictures of three sources are needed: two to fit on, and one to calibrate by")
    groups = np.array([s.group for s in seen])
    sources = np.array([f"{s.group}/{s.source}" for s in seen])
    arguable = np.array([s.arguable for s in seen])
    parts = {}
    for part in PARTS:
        names = EVIDENCE[part]
        x = np.array([[e[name] for name in names] for e in found])
        shows = np.array([s.truth[part] for s in seen])
        tell(part, seen, held_out(x, shows, groups, sources, arguable))
        weights = calibrated(x, shows, groups, sources, arguable)
        parts[part] = {
            "intercept": round(float(weights[-1]), 4),
            "weights": {n: round(float(w), 4) for n, w in zip(names, weights[:-1], strict=True)},
        }
    if asked.out:
        asked.out.write_text(json.dumps({"parts": parts}, indent=2) + "\n", encoding="utf-8")


def tell(part: str, seen: Sequence[Sample], scores: F64) -> None:
    """Print how well pictures are judged by what other sources taught."""
    rows = [
        Judged(s.group, s.source, s.clip, s.t, s.truth[part], float(score), None,
               s.arguable, s.distractor)
        for s, score in zip(seen, scores, strict=True)
    ]  # fmt: skip
    found = measured({"own source held out": rows})
    print(f"\n{side_by_side(part, found)}\n\n{by_fifths(f'{part}, calibration', found)}")


if __name__ == "__main__":
    main()
