"""Measure framing on synthetic takes: `python -m benchmarks.framing FOLDER [--placement NAME]`.

FOLDER holds takes as `truth.py` says. Windows of two seconds are framed for the placement, one
starting at every moment that was looked at: those that planning may take for what they show
("planned"), those that by the truth show it and are free of faults ("good"), which are more and
move more, and those of them in which planning finds no fault either but that it may not see what
is asked ("usable"): the others are refused whatever they show. Printed is a Markdown table; by the
truth, in how many frames is

    centre   the middle of what is shown inside the safe area
    whole    all of it, where it is smaller than the safe area by the margin that is aimed for

of the frames in which that depends on the crop: a crop of that size could have it there, which
nothing can for what stands at the picture's own edge, and another could not; beside it what a crop
in the middle of the picture would have. Footage as upright as the output leaves nothing to choose
unless it is enlarged. "of all" is the share of all frames that show it in which all of it is
inside, whatever a crop could do; beside it in how many it is larger than the safe area less that
margin, and in how many it stands where no crop of that size could have it inside. Then the share of
cuts at rest, and the largest speed, acceleration and jerk, in widths of the output and seconds.
Analysis is kept in the cache: only a first run takes minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.framing.truth import Take, takes
from video_pipeline.analysis.scan import analyse
from video_pipeline.edit.following import follow
from video_pipeline.edit.framing import MARGIN, frame_window, safe_area
from video_pipeline.edit.reel import BRIGHT, CUT, DARK, FAST, LIGHT, SHAKY, SOFT, Reel
from video_pipeline.edit.travel import MOST_ACCELERATION, MOST_JERK, MOST_SPEED
from video_pipeline.edit.windows import Window, window
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box, Crop, CropKey
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.storyboards import Need
from video_pipeline.store import Store
from video_pipeline.vision.detectors import detector

LENGTH = Fraction(2)
_CAMERA = {CUT, DARK, BRIGHT, SOFT, LIGHT, FAST, SHAKY}
NEEDS: tuple[Need, ...] = ("whole", "hardware", "stitching")


@dataclass
class Tally:
    """What is counted over windows; `kept` is [ours, a crop in the middle] of `could`."""

    cuts: int = 0
    resting: int = 0
    keys: int = 0
    centre: list[int] = field(default_factory=lambda: [0, 0, 0])  # could, ours, middle
    whole: list[int] = field(default_factory=lambda: [0, 0, 0])
    # Frames in which it is seen; all of it is inside; it is too large; it is out of reach.
    seen: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    fastest: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])

    def add(self, other: Tally) -> None:
        """Take in what another counted."""
        self.cuts += other.cuts
        self.resting += other.resting
        self.keys = max(self.keys, other.keys)
        self.centre = [a + b for a, b in zip(self.centre, other.centre, strict=True)]
        self.whole = [a + b for a, b in zip(self.whole, other.whole, strict=True)]
        self.seen = [a + b for a, b in zip(self.seen, other.seen, strict=True)]
        self.fastest = [max(a, b) for a, b in zip(self.fastest, other.fastest, strict=True)]

    def row(self) -> str:
        """The cells of a table's row."""

        def share(counts: Sequence[int]) -> str:
            could, *kept = counts
            if not could:
                return "–"
            ours, middle = (f"{100 * k / could:.1f}%" for k in kept)
            return f"{ours} of {could} (middle {middle})"

        speeds = " | ".join(f"{v:.2f}" for v in self.fastest)
        resting = f"{100 * self.resting / self.cuts:.0f}%" if self.cuts else "–"
        frames, inside, large, away = self.seen
        of_all = "–"
        if frames:
            told = (f"{100 * n / frames:.1f}%" for n in (inside, large, away))
            of_all = "{} of {} (too large {}, out of reach {})".format(next(told), frames, *told)
        kept = f"{share(self.centre)} | {share(self.whole)} | {of_all}"
        return f"{self.cuts} | {kept} | {resting} | {speeds}"


def measured(
    window: Window, need: Need, take: Take, footage: Footage, placement: Placement
) -> Tally:
    """Frame a window and hold it against the truth."""
    crop = frame_window(window, need, footage, placement)
    frames = int(window.length * placement.rate)
    course = follow(window, need)
    near = None
    if course:
        i = len(course.seconds) // 2
        (x, y), (w, h) = course.centre[i], course.size[i]
        near = Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    first = round(float(window.start) * take.rate)
    truth = take.course(need, first, round(float(window.length) * take.rate), near)
    middle = replace(
        crop,
        path=(CropKey(0, (footage.width - crop.width) // 2, (footage.height - crop.height) // 2),),
    )
    tally = Tally(1, int(crop.rests), len(crop.path), fastest=_liveliness(crop, frames, placement))
    safe = np.array(safe_area(crop, placement)).T * crop.width  # from, to; each across, down
    reach = np.array((footage.width - crop.width, footage.height - crop.height))
    size = np.array((footage.width, footage.height))
    for frame in range(frames):
        box = truth[min(len(truth) - 1, round(frame * take.rate / float(placement.rate)))]
        if box is None:
            continue
        low, high = np.array((box.x0, box.y0)) * size, np.array((box.x1, box.y1)) * size
        centre = (low + high) / 2
        corners = [c.corners(np.array([frame], float), frames)[0] for c in (crop, middle)]
        for counts, start, end in ((tally.centre, centre, centre), (tally.whole, low, high)):
            least, most = np.maximum(end - safe[1], 0), np.minimum(start - safe[0], reach)
            places = [(c >= least - 0.5).all() and (c <= most + 0.5).all() for c in corners]
            fits = (end - start <= safe[1] - safe[0] - 2 * MARGIN * crop.width).all()
            anyhow = (least <= 0).all() and (most >= reach).all()
            if counts is tally.whole:
                could = fits and not (least > most).any()
                shown = low >= corners[0] + safe[0] - 0.5, high <= corners[0] + safe[1] + 0.5
                tally.seen[0] += 1
                tally.seen[1] += int(all(side.all() for side in shown))
                tally.seen[2] += int(not fits)
                tally.seen[3] += int(fits and not could)
            if not fits or anyhow or (least > most).any():
                continue
            counts[0] += 1
            for place, inside in enumerate(places, start=1):
                counts[place] += int(inside)
    return tally


def _liveliness(crop: Crop, frames: int, placement: Placement) -> list[float]:
    way = crop.corners(np.arange(frames, dtype=float), frames) / crop.width
    out = []
    for order in (1, 2, 3):
        steps = np.diff(way, order, axis=0) * float(placement.rate) ** order
        out.append(float(np.hypot(*steps.T).max()) if len(steps) else 0.0)
    return out


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, frame everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--placement", default="tiktok")
    asked = parser.parse_args(words)
    placement = load_placement(asked.placement)
    seeing, store = detector(), Store()
    store.begin()
    total = {kind: Tally() for kind in ("planned", "good", "usable")}
    measures = "cuts | centre | whole | of all | at rest | speed | acc. | jerk"
    print(f"| take | shown | windows | {measures} |")
    print("|---|---|---|---:|---|---|---|---:|---:|---:|---:|")
    for take in takes(asked.folder):
        footage = probe(take.file)
        reel = Reel(take.name, analyse(footage, store, seeing))
        for need in NEEDS:
            sums = {kind: Tally() for kind in total}
            starts = [i for i, t in enumerate(reel.times) if t + LENGTH <= reel.end]
            for view in (window(reel, need, i, LENGTH, LENGTH) for i in starts):
                first, count = round(float(view.start) * take.rate), round(2 * take.rate)
                good = take.good(need, first, count)
                kinds = [
                    *(["planned"] if not view.faults else []),
                    *(["good"] if good else []),
                    *(["usable"] if good and not set(view.faults) & _CAMERA else []),
                ]
                if kinds:
                    tally = measured(view, need, take, footage, placement)
                    for kind in kinds:
                        sums[kind].add(tally)
            for kind, tally in sums.items():
                total[kind].add(tally)
                if tally.cuts:
                    print(f"| {take.name} | {need} | {kind} | {tally.row()} |", flush=True)
    if not any(tally.cuts for tally in total.values()):
        sys.exit(f"{asked.folder}: no take there (truth.json, take.mp4, masks.npz)")
    for kind, tally in total.items():
        print(f"| all | | {kind} | {tally.row()} |")
    keys = max(tally.keys for tally in total.values())
    print(
        f"\nBounds: {MOST_SPEED:g} widths/s, {MOST_ACCELERATION:g} widths/s², "
        f"{MOST_JERK:g} widths/s³. At most {keys} keys a cut."
    )


if __name__ == "__main__":
    main()
