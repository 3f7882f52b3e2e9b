"""Measure any detector on labelled footage: `python -m benchmarks.detection FOLDER [--every N]`.

FOLDER is laid out as `footage.py` says. Prints Markdown tables: average precision and ROC-AUC
with 95 % bootstrap intervals, without and with arguable pictures; the share of right ones among
the best five key frames of a clip; false alarms on distractors; the median IoU of the best box;
milliseconds a frame on one core; and average precision by source. `--page` writes the worst
errors as pictures.
"""

from __future__ import annotations

import argparse
import heapq
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.detection.footage import PARTS, Labelled, Sample
from benchmarks.detection.measures import SHOWN, Judged
from benchmarks.detection.page import WORST, Wrong, picture_url, write_page
from benchmarks.detection.tables import by_source, table
from video_pipeline.vision.detector import Detection, Detector
from video_pipeline.vision.detectors import detector


def chosen(name: str | None) -> Detector:
    """A detector by its name, or by `module:attribute`."""
    if name and ":" in name:
        module, attribute = name.split(":", 1)
        made: Detector = getattr(importlib.import_module(module), attribute)()
        return made
    return detector(name)


def judge(sample: Sample, part: str, found: Detection) -> Judged:
    """Hold what was found against the truth."""
    true, iou = sample.boxes.get(part, ()), None
    if sample.truth[part] and true:
        iou = max((found.boxes[0].iou(t) for t in true), default=0.0) if found.boxes else 0.0
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


class Worst:
    """Keeps the worst errors of one part as they come by, so that no pictures pile up.

    An error is a score on the wrong side of 0.5.
    """

    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, Wrong]] = []
        self._misses: list[tuple[float, int, Wrong]] = []
        self._count = 0

    def offer(self, sample: Sample, judged: Judged, found: Detection, seeing: Detector) -> None:
        """Take it in when it is an error, and among the worst so far."""
        if (judged.score >= SHOWN) == judged.shows:
            return
        heap = self._misses if judged.shows else self._alarms
        badness = -judged.score if judged.shows else judged.score
        if len(heap) >= WORST and badness <= heap[0][0]:
            return
        drawn = sample.picture.copy()
        height, width = drawn.shape[:2]
        for box in found.boxes[:3]:
            corner = (int(box.x0 * width), int(box.y0 * height))
            other = (int(box.x1 * width), int(box.y1 * height))
            cv2.rectangle(drawn, corner, other, (40, 40, 255), max(2, width // 160))
        caption = f"{sample.clip} {sample.t:.1f} s" + (" (arguable)" if sample.arguable else "")
        why = picture_url(seeing.explain(sample.picture))
        wrong = Wrong(judged.score, caption, picture_url(drawn), why)
        self._count += 1
        (heapq.heappush if len(heap) < WORST else heapq.heapreplace)(
            heap, (badness, self._count, wrong)
        )

    def sections(self, part: str) -> list[tuple[str, list[Wrong]]]:
        """For the page, the worst first."""
        return [
            (f"{part}: {title}", [wrong for *_, wrong in sorted(heap, key=lambda e: -e[0])])
            for title, heap in (("seen where none is shown", self._alarms),
                                ("shown and not seen", self._misses))
        ]  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, look at everything, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detector", help="a name, or module:attribute")
    parser.add_argument("--every", type=int, default=15, help="of videos, every N-th frame")
    parser.add_argument("--page", type=Path, help="write the worst errors as an HTML page")
    asked = parser.parse_args(words)
    cv2.setNumThreads(1)
    seeing = chosen(asked.detector)
    judged: dict[str, list[Judged]] = {part: [] for part in PARTS}
    worst = {part: Worst() for part in PARTS}
    seconds = []
    labelled = Labelled([asked.folder], max(1, asked.every))
    for sample in labelled:
        start = time.process_time()
        seen = seeing.detect(sample.picture)
        seconds.append(time.process_time() - start)
        for part in PARTS:
            found = getattr(seen, part)
            judged[part].append(judge(sample, part, found))
            if asked.page:
                worst[part].offer(sample, judged[part][-1], found, seeing)
    if not seconds:
        sys.exit(f"{asked.folder}: no labelled footage there (photos.csv, videos.csv, truth.json)")
    print(labelled)
    print(f"{seeing.name} {seeing.version}: {1000 * np.median(seconds):.1f} ms a frame, median")
    for part in PARTS:
        print(f"\n{part}\n\n{table(judged[part])}")
        if any(j.group == "real photos" for j in judged[part]):
            print(f"\n{by_source(judged[part])}")
    if asked.page:
        sections = [section for part in PARTS for section in worst[part].sections(part)]
        write_page(f"{seeing.name} on {asked.folder.name}", sections, asked.page)


if __name__ == "__main__":
    main()
