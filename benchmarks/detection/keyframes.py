"""Measure the key frames that a seller gets: `python -m benchmarks.detection.keyframes FOLDER...`.

The tables of `python -m benchmarks.detection` judge pictures one by one. Here every labelled clip
is analysed as the product does it, with looks that rest, tracks, motion and focus, and its key
frames are picked by `edit.keyframes`; then each is held against the label of its moment. Folders
are laid out as `footage.py` says.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.detection.footage import PARTS, WHOLE
from benchmarks.detection.measures import APART_S
from video_pipeline.analysis.scan import analyse
from video_pipeline.edit.keyframes import pick_keyframes
from video_pipeline.footage.probe import probe
from video_pipeline.store import Store
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.detectors import detector

MOST = 5


@dataclass(frozen=True)
class Label:
    """What a moment of a clip shows, by its label; `arguable` as in `footage.Sample`."""

    shows: bool
    arguable: bool


@dataclass(frozen=True)
class Clip:
    """A labelled clip: its kind of footage, file, seconds, and the label of a part at a time."""

    group: str
    path: Path
    seconds: float
    label: Callable[[str, float], Label | None]


@dataclass(frozen=True)
class Picked:
    """The key frames of one part in one clip that shows it: how many are right, of how many.

    `asked` is how many would fit, at most `MOST`; fewer are `picked` where scores are too low.
    `unarguable` are those of `picked` whose label is no border case, `right_of_those` of them
    right.
    """

    group: str
    part: str
    clip: str
    asked: int
    picked: int
    right: int
    unarguable: int
    right_of_those: int


def clips(folder: Path) -> Iterator[Clip]:
    """The labelled clips under a folder."""
    if (folder / "videos.csv").is_file():
        spans: dict[str, list[dict[str, str]]] = {}
        with (folder / "videos.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                spans.setdefault(row["file"], []).append(row)
        for name, rows in spans.items():
            end = max(float(row["t_end"]) for row in rows)
            yield Clip("real video", folder / "videos" / name, end, _by_span(rows))
    for path in sorted(folder.glob("*/truth.json")):
        told = json.loads(path.read_text())
        seconds = len(told["frames"]) / told["meta"]["fps"]
        yield Clip("synthetic takes", path.parent / "take.mp4", seconds, _by_frame(told))


def _by_span(rows: Sequence[dict[str, str]]) -> Callable[[str, float], Label | None]:
    def label(part: str, t: float) -> Label | None:
        for row in rows:
            if float(row["t_start"]) <= t < float(row["t_end"]):
                return Label(row[part] == "1", "border" in row["note"])
        return None

    return label


def _by_frame(told: dict[str, Any]) -> Callable[[str, float], Label | None]:
    def label(part: str, t: float) -> Label | None:
        frames = told["frames"]
        frame = frames[min(round(t * told["meta"]["fps"]), len(frames) - 1)]
        shows = bool(frame[f"shows_{part}"])
        return Label(shows, shows and frame.get("label") in WHOLE)

    return label


def pick(clip: Clip, seeing: Detector, store: Store) -> Iterator[Picked]:
    """Analyse a clip, and hold its key frames of every part that it shows against its labels."""
    asked = {part: _asked(clip, part) for part in PARTS}
    if not any(asked.values()):
        return
    analysis = analyse(probe(clip.path), store, seeing)
    for part in PARTS:
        if not asked[part]:
            continue
        frames = pick_keyframes({clip.path.name: analysis}, (part,), asked[part])
        labels = [label for f in frames if (label := clip.label(part, float(f.t)))]
        clear = [label for label in labels if not label.arguable]
        yield Picked(
            group=clip.group,
            part=part,
            clip=clip.path.name if clip.group == "real video" else clip.path.parent.name,
            asked=asked[part],
            picked=len(labels),
            right=sum(label.shows for label in labels),
            unarguable=len(clear),
            right_of_those=sum(label.shows for label in clear),
        )


def _asked(clip: Clip, part: str) -> int:
    """How many key frames of the part fit into the spans that show it, `MOST` at most."""
    count, last = 0, -APART_S
    for t in np.arange(0.0, clip.seconds, 0.1):
        label = clip.label(part, float(t))
        if label and label.shows and t - last >= APART_S:
            count, last = count + 1, float(t)
    return min(count, MOST)


def table(rows: Sequence[Picked]) -> str:
    """One line for each part of each kind of footage: of all clips that show it, and by clip."""
    lines = [
        "| part | footage | clips | key frames right, mean by clip | border cases apart "
        "| clips without any |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for part in PARTS:
        for group in dict.fromkeys(row.group for row in rows):
            mine = [r for r in rows if (r.part, r.group) == (part, group)]
            some = [r.right / r.picked for r in mine if r.picked]
            clear = [r.right_of_those / r.unarguable for r in mine if r.unarguable]
            lines.append(
                f"| {part} | {group} | {len(mine)} | {_mean(some)} | {_mean(clear)} "
                f"| {sum(not r.picked for r in mine)} |"
            )
    return "\n".join(lines)


def _mean(shares: Sequence[float]) -> str:
    return f"{np.mean(shares):.2f} of {len(shares)}" if shares else "–"


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, analyse, print the table and a line for every clip."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--detector", help="its name")
    asked = parser.parse_args(words)
    cv2.setNumThreads(1)
    seeing = detector(asked.detector)
    rows: list[Picked] = []
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.begin()
        for labelled in asked.folders:
            for clip in clips(labelled):
                rows += pick(clip, seeing, store)
    print(table(rows))
    for row in rows:
        print(f"- {row.clip}, {row.part}: {row.right} of {row.picked} right, {row.asked} asked for")


if __name__ == "__main__":
    main()
