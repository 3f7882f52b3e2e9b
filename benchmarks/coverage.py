"""How far `coverage` may be believed: `python -m benchmarks.coverage FOLDER... [--cache DIR]`.

FOLDERs are laid out as `detection/footage.py` says. Of every clip the windows that pass for
hardware, stitching or something whole are held against the labels, a window being right when at
least half of it is labelled so; and the kinds of metal parts, where the truth tells them.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from benchmarks.detection.footage import WHOLE
from video_pipeline.analysis.scan import LONG_SIDE, analyse
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import Window, best_windows
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box
from video_pipeline.presets.coverage import LookAt, load_expectations
from video_pipeline.store import Store
from video_pipeline.vision.detectors import detector
from video_pipeline.vision.picture import working

SHOWS: tuple[LookAt, ...] = ("hardware", "stitching", "whole")
# What the truth calls by finer names than the detector.
_SAME_KIND = {"puller": "zip", "foil_print": "plate", "feet": "rivet"}
_SAME_PART = 0.15  # IoU


@dataclass(frozen=True)
class Clip:
    """One labelled clip: spans of seconds and what each shows."""

    group: str
    path: Path
    spans: tuple[tuple[float, float, frozenset[str]], ...]

    def right(self, window: Window, shows: str) -> bool:
        """Whether at least half of a window is labelled as showing it."""
        start, end = float(window.start), float(window.end)
        there = sum(
            max(0.0, min(end, b) - max(start, a)) for a, b, what in self.spans if shows in what
        )
        return there >= (end - start) / 2


def clips(folder: Path) -> Iterator[Clip]:
    """All labelled clips of a folder."""
    if (folder / "videos.csv").is_file():
        spans: dict[str, list[tuple[float, float, frozenset[str]]]] = {}
        with (folder / "videos.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                what = {n for n in ("hardware", "stitching") if row[n] == "1"}
                what |= {"whole"} if row["kind"] == "whole" else set()
                span = (float(row["t_start"]), float(row["t_end"]), frozenset(what))
                spans.setdefault(row["file"], []).append(span)
        for name, told in spans.items():
            yield Clip("real video", folder / "videos" / name, tuple(told))
    for truth in sorted(folder.glob("*/truth.json")):
        told_frames = json.loads(truth.read_text())
        step = 1 / told_frames["meta"]["fps"]
        frames = []
        for i, frame in enumerate(told_frames["frames"]):
            what = {n for n in ("hardware", "stitching") if frame[f"shows_{n}"]}
            what |= {"whole"} if frame["label"] in WHOLE else set()
            frames.append((i * step, (i + 1) * step, frozenset(what)))
        yield Clip("synthetic takes", truth.parent / "take.mp4", tuple(frames))


def windows(folder: Path, store: Store) -> None:
    """Print how many of the windows that pass are right."""
    length = Fraction(load_expectations("bag").seconds).limit_denominator(1000)
    counts: dict[tuple[str, str], Counter[str]] = {}
    for clip in clips(folder):
        reel = Reel(clip.path.name, analyse(probe(clip.path), store, detector()))
        for shows in SHOWS:
            passing, _ = best_windows([reel], shows, length)
            has = any(shows in what for _, _, what in clip.spans)
            count = counts.setdefault((clip.group, shows), Counter())
            count["windows"] += len(passing)
            count["right"] += sum(clip.right(w, shows) for w in passing)
            count["clips"] += has
            count["told"] += has and bool(passing)
            count["false"] += bool(passing) and not has
    print("| footage | shows | windows that pass | right | clips that have it | told | told of "
          "clips that lack it |\n|---|---|---:|---:|---:|---:|---:|")  # fmt: skip
    for (group, shows), c in counts.items():
        print(f"| {group} | {shows} | {c['windows']} | {c['right']} | {c['clips']} | {c['told']} | "
              f"{c['false']} |")  # fmt: skip


def kinds(folder: Path, every: int = 20) -> None:
    """Print how often the kind of a metal part is right on synthetic takes, where it is known."""
    said: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for truth in sorted(folder.glob("*/truth.json")):
        told = json.loads(truth.read_text())
        width, height = told["meta"]["size"]
        with av.open(str(truth.parent / "take.mp4")) as container:
            for i, frame in enumerate(container.decode(video=0)):
                if i % every:
                    continue
                picture = np.ascontiguousarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
                true = [
                    (Box(x / width, y / height, (x + w) / width, (y + h) / height), part["kind"])
                    for part in told["frames"][i]["hardware"]["boxes"]
                    for x, y, w, h in [part["box"]]
                    if w > 0 and h > 0
                ]
                for part in detector().detect(working(picture, LONG_SIDE)).hardware.parts[:4]:
                    if part.kind is None:
                        continue
                    best = max(true, key=lambda t, box=part.box: t[0].iou(box), default=None)
                    kind = None
                    if best is not None and best[0].iou(part.box) >= _SAME_PART:
                        kind = _SAME_KIND.get(best[1], best[1])
                    said[part.kind] += 1
                    right[part.kind] += kind == part.kind
    if said:
        print("\n| kind | said | right |\n|---|---:|---:|")
        for kind, count in sorted(said.items()):
            print(f"| {kind} | {count} | {right[kind]} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    for one in given.folders:
        windows(one, Store(given.cache))
        kinds(one)
