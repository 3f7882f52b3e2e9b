"""Measure the detectors on labelled footage: `python benchmarks/detection.py FOLDER [--every N]`.

FOLDER is laid out in one of two ways:
- `photos.csv` with `photos/`, `videos.csv` with `videos/`: labels by hand, per photo and per span;
- takes `<name>/take.mp4` with `truth.json`, and `stills/*.jpg` each with a `.json`: exact truth.

Prints a Markdown table: average precision and ROC-AUC (with 95 % bootstrap intervals, drawn over
clips, since frames of one clip are alike), how often positives and negatives score 0.5 and more,
the median IoU of the best box with the nearest true one, and milliseconds per frame on one core.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from video_pipeline.geometry import Box
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.hardware import ClassicalHardware
from video_pipeline.vision.stitching import ClassicalStitching

LONG_SIDE = 960
DRAWS = 500


@dataclass(frozen=True)
class Sample:
    """One labelled picture; `truth` and `boxes` by detector name."""

    group: str
    clip: str
    picture: NDArray[np.uint8]
    truth: dict[str, bool]
    boxes: dict[str, tuple[Box, ...]]


@dataclass(frozen=True)
class Judged:
    """What one detector said of one sample; `iou` is None where no true box is known."""

    group: str
    clip: str
    shows: bool
    score: float
    iou: float | None
    seconds: float


def samples(folder: Path, every: int) -> Iterator[Sample]:
    """All labelled pictures under `folder`; every `every`-th frame of videos."""
    if (folder / "photos.csv").is_file():
        yield from _photos(folder)
    if (folder / "videos.csv").is_file():
        yield from _spans(folder, every)
    for truth in sorted(folder.glob("*/truth.json")):
        yield from _take(truth, every)
    for still in sorted(folder.glob("stills/*.json")):
        yield from _still(still)


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


def interval(judged: list[Judged], measure: Any) -> str:
    """The measure with its 95 % interval, by drawing whole clips with replacement."""
    shows = np.array([j.shows for j in judged])
    score = np.array([j.score for j in judged])
    clips: dict[str, list[int]] = {}
    for i, j in enumerate(judged):
        clips.setdefault(j.clip, []).append(i)
    members = [np.array(m) for m in clips.values()]
    dice = np.random.default_rng(1)
    drawn = []
    for _ in range(DRAWS):
        picked = np.concatenate(
            [members[k] for k in dice.integers(len(members), size=len(members))]
        )
        drawn.append(measure(shows[picked], score[picked]))
    found = np.array(drawn)
    found = found[~np.isnan(found)]
    value = measure(shows, score)
    if len(members) < 3 or found.size < DRAWS / 2:
        return f"{value:.3f}"
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{value:.3f} ({low:.2f}–{high:.2f})"


def table(judged: dict[str, list[Judged]]) -> str:
    """The Markdown table, one line per detector and kind of footage."""
    lines = [
        "| detector | footage | frames | showing | AP | ROC-AUC | ≥ 0.5 of showing "
        "| ≥ 0.5 of others | best-box IoU | ms/frame |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, results in judged.items():
        for group in dict.fromkeys(j.group for j in results):
            part = [j for j in results if j.group == group]
            shows = np.array([j.shows for j in part])
            high = np.array([j.score >= 0.5 for j in part])
            ious = [j.iou for j in part if j.iou is not None]
            ms = 1000 * float(np.mean([j.seconds for j in part]))
            lines.append(
                f"| {name} | {group} | {len(part)} | {shows.sum()} "
                f"| {interval(part, average_precision)} | {interval(part, roc_auc)} "
                f"| {_share(high[shows])} | {_share(high[~shows])} "
                f"| {f'{np.median(ious):.2f}' if ious else '–'} | {ms:.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, look at everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=15, help="of videos, every N-th frame")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    detectors: tuple[Detector, ...] = (ClassicalHardware(), ClassicalStitching())
    judged: dict[str, list[Judged]] = {f"{d.name} {d.version}": [] for d in detectors}
    for sample in samples(asked.folder, max(1, asked.every)):
        for detector, results in zip(detectors, judged.values(), strict=True):
            results.append(_judge(detector, sample))
    if not any(judged.values()):
        sys.exit(f"{asked.folder}: no labelled footage there (photos.csv, videos.csv, truth.json)")
    print(table(judged))


def _judge(detector: Detector, sample: Sample) -> Judged:
    start = time.process_time()
    found = detector.detect(sample.picture)
    seconds = time.process_time() - start
    shows = sample.truth[detector.name]
    true = sample.boxes.get(detector.name, ())
    iou = None
    if shows and true:
        iou = max((found.boxes[0].iou(t) for t in true), default=0.0) if found.boxes else 0.0
    return Judged(sample.group, sample.clip, shows, found.score, iou, seconds)


def _share(values: NDArray[np.bool_]) -> str:
    return f"{values.mean():.2f}" if values.size else "–"


def _fit(picture: NDArray[Any]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture, dtype=np.uint8)


def _photos(folder: Path) -> Iterator[Sample]:
    with (folder / "photos.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            picture = cv2.imread(str(folder / "photos" / row["file"]))
            if picture is None:
                continue
            boxes = {}
            for name in ("hardware", "stitching"):
                if row[f"box_{name}"]:
                    boxes[name] = (Box(*(float(v) for v in row[f"box_{name}"].split(","))),)
            truth = {name: row[name] == "1" for name in ("hardware", "stitching")}
            yield Sample("real photos", row["file"], _fit(picture), truth, boxes)


def _spans(folder: Path, every: int) -> Iterator[Sample]:
    rows: dict[str, list[dict[str, str]]] = {}
    with (folder / "videos.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["file"], []).append(row)
    for name, spans in rows.items():
        for t, picture in _frames(folder / "videos" / name, every):
            for span in spans:
                if float(span["t_start"]) <= t < float(span["t_end"]):
                    truth = {n: span[n] == "1" for n in ("hardware", "stitching")}
                    yield Sample("real video", name, _fit(picture), truth, {})
                    break


def _frames(path: Path, every: int) -> Iterator[tuple[float, NDArray[Any]]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        start = None
        for i, frame in enumerate(container.decode(stream)):
            t = float(frame.time or 0)
            start = t if start is None else start
            if i % every == every // 2:
                picture = frame.to_ndarray(format="bgr24")
                turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4
                yield t - start, np.rot90(picture, k=turns)


def _take(path: Path, every: int) -> Iterator[Sample]:
    told = json.loads(path.read_text())
    for t, picture in _frames(path.parent / "take.mp4", every):
        i = min(round(t * told["meta"]["fps"]), len(told["frames"]) - 1)
        yield _told(told["frames"][i], told["meta"]["size"], "synthetic takes", path, picture)


def _still(path: Path) -> Iterator[Sample]:
    told = json.loads(path.read_text())
    picture = cv2.imread(str(path.with_suffix(".jpg")))
    if picture is not None and "shows_hardware" in told:
        yield _told(told, told["size"], "synthetic stills", path, picture)


def _told(
    frame: dict[str, Any], size: list[int], group: str, path: Path, picture: NDArray[Any]
) -> Sample:
    width, height = size
    boxes = {}
    for name in ("hardware", "stitching"):
        found = []
        for part in frame.get(name, {}).get("boxes", ()):
            x, y, w, h = part["box"]
            if w > 0 and h > 0:
                found.append(Box(x / width, y / height, (x + w) / width, (y + h) / height))
        boxes[name] = tuple(found)
    truth = {name: bool(frame[f"shows_{name}"]) for name in ("hardware", "stitching")}
    clip = path.parent.name if path.name == "truth.json" else path.stem
    return Sample(group, clip, _fit(picture), truth, boxes)


if __name__ == "__main__":
    main()
