"""Measure detectors on labelled footage: `python -m benchmarks.detection FOLDER... [--every N]`.

Folders are laid out as `footage.py` says. Without `--detector` all that are installed look at the
same pictures and stand next to each other; the usual one comes last, held against the first.
Prints Markdown tables of all that `measures.Figures` tells, with 95 % bootstrap intervals, and
milliseconds a picture on one core. `--json` writes the same figures to a file, `--page` the worst
errors as pictures.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.detection.footage import PARTS, Labelled, Sample
from benchmarks.detection.measures import Judged
from benchmarks.detection.page import Worst, write_page
from benchmarks.detection.tables import OF_SOURCES, Measured, by_fifths, measured, side_by_side
from video_pipeline.vision.detector import Detection, Detector
from video_pipeline.vision.detectors import DEFAULT, detector, detector_names


def chosen(name: str) -> Detector:
    """A detector by its name, or by `module:attribute`."""
    if ":" in name:
        module, attribute = name.split(":", 1)
        made: Detector = getattr(importlib.import_module(module), attribute)()
        return made
    return detector(name)


def judge(sample: Sample, part: str, found: Detection) -> Judged:
    """Hold what was found against the truth."""
    true, iou = sample.boxes.get(part, ()), None
    if sample.truth[part] and true:
        iou = max(found.around.iou(t) for t in true) if found.around else 0.0
    return Judged(
        sample.group,
        sample.source,
        sample.clip,
        sample.t,
        sample.truth[part],
        found.score,
        iou,
        sample.arguable,
        sample.distractor,
    )


@dataclass
class Watched:
    """One detector, what it said of every picture by part, its worst errors and what it cost."""

    seeing: Detector
    judged: dict[str, list[Judged]] = field(default_factory=lambda: {p: [] for p in PARTS})
    worst: dict[str, Worst] = field(default_factory=lambda: {p: Worst() for p in PARTS})
    seconds: list[float] = field(default_factory=list)

    def look(self, sample: Sample, keep_worst: bool) -> None:
        """At one picture."""
        start = time.process_time()
        seen = self.seeing.detect(sample.picture)
        self.seconds.append(time.process_time() - start)
        for part in PARTS:
            found = getattr(seen, part)
            self.judged[part].append(judge(sample, part, found))
            if keep_worst:
                self.worst[part].offer(sample, self.judged[part][-1], found, self.seeing)

    @property
    def ms(self) -> float:
        """Milliseconds a picture, the median."""
        return 1000 * float(np.median(self.seconds))


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, look at everything, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument(
        "--detector",
        action="append",
        help="a name, or module:attribute; may be given more than once",
    )
    parser.add_argument("--every", type=int, default=15, help="of videos, every N-th frame")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--page", type=Path, help="write the worst errors as an HTML page")
    asked = parser.parse_args(words)
    cv2.setNumThreads(1)
    names = asked.detector or sorted(detector_names(), key=lambda name: name == DEFAULT)
    watched = {name: Watched(chosen(name)) for name in names}
    labelled = Labelled(asked.folders, max(1, asked.every))
    for sample in labelled:
        for each in watched.values():
            each.look(sample, keep_worst=asked.page is not None)
    if not labelled.pictures:
        folders = ", ".join(map(str, asked.folders))
        sys.exit(f"{folders}: no labelled footage there (photos.csv, videos.csv, truth.json)")
    found = {part: measured({n: w.judged[part] for n, w in watched.items()}) for part in PARTS}
    tell(labelled, watched, found)
    if asked.json:
        figures = json.dumps(as_json(labelled, watched, found), indent=2)
        asked.json.write_text(figures + "\n", encoding="utf-8")
    if asked.page:
        sections = [
            section
            for name, each in watched.items()
            for part, worst in each.worst.items()
            for section in worst.sections(f"{name}, {part}")
        ]
        write_page(f"{', '.join(watched)} on {labelled}", sections, asked.page)


def tell(labelled: Labelled, watched: Mapping[str, Watched], found: Mapping[str, Measured]) -> None:
    """Print the tables."""
    print(f"{labelled}\n")
    for name, each in watched.items():
        print(f"- {name}: version {each.seeing.version}, {each.ms:.1f} ms a picture, median")
    for part in PARTS:
        print(f"\n{side_by_side(part, found[part])}")
        print(f"\n{by_fifths(f'{part}, calibration', found[part])}")
        photos = {
            name: [j for j in each.judged[part] if j.group == "real photos"]
            for name, each in watched.items()
        }
        if any(photos.values()):
            by_source = measured(photos, "source")
            print(f"\n{side_by_side(f'{part}, photos by source', by_source, OF_SOURCES)}")


def as_json(
    labelled: Labelled, watched: Mapping[str, Watched], found: Mapping[str, Measured]
) -> dict[str, Any]:
    """The same figures for a program; what could not be told is null."""
    return {
        "pictures": labelled.pictures,
        "unreadable": labelled.unreadable,
        "every": labelled.every,
        "detectors": {
            name: {"version": each.seeing.version, "ms": each.ms} for name, each in watched.items()
        },
        "figures": {
            part: {
                group: {name: asdict(figures) for name, figures in by_name.items()}
                for group, by_name in groups.items()
            }
            for part, groups in found.items()
        },
    }


if __name__ == "__main__":
    main()
