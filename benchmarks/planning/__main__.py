"""Measure how long planning takes: `python -m benchmarks.planning FOLDER... [--placement NAME]`.

The sample's listing, with its certificate, is planned by every storyboard from tables that are in
the cache: of the sample's own take, of each labelled take, and of two sources of a minute, which
are takes one after another; of those also with six notes. CPU milliseconds in this process, the
median of some runs, the first left out:

search     the choice of windows and lengths
placing    laying out overlays and finding their places
rest       everything else: windows, framing, light

and whether the choice is proven to be the best.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choosing.footage import takes
from video_pipeline.analysis.model import Analysis
from video_pipeline.analysis.scan import analyse
from video_pipeline.edit import planning
from video_pipeline.edit.slots import Brief
from video_pipeline.edit.story import read_storyboard
from video_pipeline.footage.probe import probe
from video_pipeline.listing.model import Note, Seen
from video_pipeline.pipeline.planning import brief_of
from video_pipeline.pipeline.preparing import Prepared, Settings, prepare
from video_pipeline.presets.placements import load_placement
from video_pipeline.resources import shipped
from video_pipeline.store import Store
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.detectors import detector

STORYBOARDS = (
    "showcase", "flaw-tour", "story", "authentication", "price-reveal", "silent-loop",
)  # fmt: skip
MINUTE_S = 60


@dataclass
class Clock:
    """CPU seconds that some functions of the planning room took, by what they do."""

    taken: dict[str, float] = field(default_factory=dict)
    proven: bool = True

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time added to `name`."""

        def run(*given: Any, **named: Any) -> Any:
            begun = time.process_time()
            found = function(*given, **named)
            self.taken[name] = self.taken.get(name, 0.0) + time.process_time() - begun
            self.proven = self.proven and getattr(found, "proven", True)
            return found

        return run


def measured(brief: Brief, tables: dict[str, Analysis], runs: int) -> tuple[dict[str, float], bool]:
    """Median CPU ms of the parts of one plan, and whether its choice is proven."""
    choose, placed_on = planning.choose, planning.placed_on
    rows: list[dict[str, float]] = []
    proven = True
    for _ in range(runs + 1):
        clock = Clock()
        planning.choose = clock.timed("search", choose)
        planning.placed_on = clock.timed("placing", placed_on)
        try:
            begun = time.process_time()
            planning.plan(brief, tables)
            whole = time.process_time() - begun
        finally:
            planning.choose, planning.placed_on = choose, placed_on
        search, placing = clock.taken.get("search", 0.0), clock.taken.get("placing", 0.0)
        rows.append({"search": search, "placing": placing, "rest": whole - search - placing})
        proven = clock.proven
    return {n: 1000 * float(np.median([r[n] for r in rows[1:]])) for n in rows[0]}, proven


def sources(
    folders: Sequence[Path], store: Store, seeing: Detector
) -> dict[str, dict[str, Analysis]]:
    """Tables by what they are called: each take, and two minutes of takes in a row."""
    found = {
        take.name: analyse(probe(take.path), store, seeing)
        for take in takes(folders)
        if take.frames[0].blur_px is not None
    }
    tables = {name: {"take.mp4": table} for name, table in found.items()}
    if found:
        tables["a minute"] = {"take.mp4": _in_a_row(list(found.values()))}
        tables["another minute"] = {"take.mp4": _in_a_row(list(found.values())[::-1])}
    return tables


def _in_a_row(tables: Sequence[Analysis]) -> Analysis:
    moments, shift = [], Fraction(0)
    for table in tables:
        moments += [replace(m, t=m.t + shift) for m in table.moments]
        shift += table.footage.duration
        if shift >= MINUTE_S:
            break
    return Analysis(replace(tables[0].footage, duration=shift), tuple(moments))


def with_notes(prepared: Prepared, number: int, seconds: float) -> Prepared:
    """The listing with so many notes, evenly spaced over the footage."""
    notes = tuple(
        Note(
            part="corner",
            flaw="scratch",
            severity="light",
            words=f"Scratch number {n + 1}, about 1 cm long",
            seen=Seen(
                file="take.mp4",
                time=round(seconds * (n + 0.5) / number, 1),
                box=(0.3, 0.4, 0.7, 0.6),
            ),
        )
        for n in range(number)
    )
    condition = prepared.listing.condition.model_copy(update={"notes": notes})
    listing = prepared.listing.model_copy(update={"condition": condition})
    return replace(prepared, listing=listing)


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, plan everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--placement", default="tiktok")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args(words)
    seeing = detector()
    settings = Settings(Store(), detector=seeing)
    settings.store.begin()
    sample = prepare(shipped("samples") / "cognac-pouch" / "listing.yaml", settings)
    placement = load_placement(asked.placement)
    own = {n: analyse(f, settings.store, seeing) for n, f in sample.footage.items()}
    cases = [("the sample", sample, own)]
    for name, tables in sources(asked.folders, settings.store, seeing).items():
        cases.append((name, with_notes(sample, 0, 1.0), tables))
        if "minute" in name:
            seconds = tables["take.mp4"].footage.duration_s
            cases.append((f"{name}, six notes", with_notes(sample, 6, seconds), tables))
    print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
    print("| storyboard | footage | search | placing | rest | proven |")
    print("|---|---|---:|---:|---:|---|")
    for name in STORYBOARDS:
        board = read_storyboard(name, None, settings.words)
        for what, prepared, tables in cases:
            brief = replace(brief_of(prepared, placement, settings, board), follow=None)
            parts, proven = measured(brief, tables, asked.runs)
            told = " | ".join(f"{parts[n]:.0f}" for n in ("search", "placing", "rest"))
            print(f"| {name} | {what} | {told} | {'yes' if proven else 'no'} |", flush=True)


if __name__ == "__main__":
    main()
