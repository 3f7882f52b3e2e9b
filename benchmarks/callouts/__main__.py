"""Measure callouts on synthetic takes: `python -m benchmarks.callouts FOLDER [--placement NAME]`.

FOLDER holds takes as `benchmarks/framing/truth.py` says. A seller is played: every 0.8 s, in a
picture without a fault, the two smallest metal parts or seams that are 2 % to 40 % of the picture
wide and high and lie whole in it are pointed at by their true box. Each is followed through a cut
of 2, 3 or 4 s, in turn, that has the moment pointed at in its middle where the take is long enough,
and framed for the placement as planning would. Of the output's frames are counted

    followed   those for whose time the trail says where the thing is
    drawn      those in which the ring is seen, beside a condition note
    inside     those of the drawn whose ring's middle, brought back to the footage, lies in the true
               box of that thing in that frame; where the truth has no such box, it does not

Cuts go through whatever the take does then: the thing leaves the picture, the phone whips, hunts
for focus or light. A ring that is not drawn there is right; the share drawn says what it costs.
The true box is that of a part of the same kind that overlaps the box a frame before the most.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

from benchmarks.framing.truth import Take, takes
from video_pipeline.analysis.scan import analyse
from video_pipeline.analysis.trailing import trail
from video_pipeline.edit.captions import condition_note
from video_pipeline.edit.framing import frame_window
from video_pipeline.edit.model import Cut
from video_pipeline.edit.onscreen import call_outs, ringed
from video_pipeline.edit.placing import placed_on, shown_in
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import window
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box
from video_pipeline.listing.model import Note
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.store import Store
from video_pipeline.vision.detectors import detector

EVERY_S = 0.8
LENGTHS_S = (2, 3, 4)
SMALLEST, LARGEST = 0.02, 0.4
AT_ONCE = 2


@dataclass
class Tally:
    """What is counted over cuts."""

    cuts: int = 0
    frames: int = 0
    followed: int = 0
    drawn: int = 0
    inside: int = 0
    followed_inside: int = 0
    keys: int = 0

    def add(self, other: Tally) -> None:
        """Take in what another counted."""
        for field in fields(self):
            name = field.name
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self) -> str:
        """The cells of a table's row."""

        def share(part: int, whole: int) -> str:
            return f"{100 * part / whole:.1f}%" if whole else "–"

        return (
            f"{self.cuts} | {self.frames} | {share(self.followed, self.frames)} | "
            f"{share(self.followed_inside, self.followed)} | {share(self.drawn, self.frames)} | "
            f"{share(self.inside, self.drawn)} | {self.keys / max(1, self.cuts):.1f}"
        )


@dataclass(frozen=True)
class Pointed:
    """A thing that is pointed at in a frame of a take: its kind and its box there."""

    frame: int
    need: str
    kind: str
    box: Box


def pointed(take: Take) -> Iterator[Pointed]:
    """What the seller points at in a take."""
    step = round(EVERY_S * take.rate)
    for frame in range(step, len(take.bad) - step, step):
        if take.bad[frame]:
            continue
        clear = [
            Pointed(frame, need, kind, box)
            for need in ("hardware", "stitching")
            for kind, box in take.boxes[need][frame]
            if min(box.width, box.height) >= SMALLEST and max(box.width, box.height) <= LARGEST
            if min(box.x0, box.y0) > 0.01 and max(box.x1, box.y1) < 0.99
        ]
        yield from sorted(clear, key=lambda one: one.box.area)[:AT_ONCE]


def truth_of(take: Take, at: Pointed) -> dict[int, Box]:
    """The thing's true box in every frame in which it can be followed from the one pointed at."""
    boxes = take.boxes[at.need]
    found = {at.frame: at.box}
    for frames in (range(at.frame + 1, len(boxes)), range(at.frame - 1, -1, -1)):
        last = at.box
        for frame in frames:
            same = [box for kind, box in boxes[frame] if kind == at.kind and box.iou(last) > 0]
            if not same:
                break
            last = max(same, key=last.iou)
            found[frame] = last
    return found


def measured(take: Take, at: Pointed, seconds: int, seen: Seen) -> Tally:
    """Follow, frame and draw one cut, and hold it against the truth."""
    footage, reel, placement = seen.footage, seen.reel, seen.placement
    rate = placement.rate
    time = Fraction(at.frame) / Fraction(take.rate).limit_denominator(1001)
    length = Fraction(seconds)
    start = max(Fraction(0), min(time - length / 2, reel.end - length))
    first = max(i for i, t in enumerate(reel.times) if t <= start)
    view = window(reel, "flaw", first, length, length)
    way = trail(footage, at.box, time, (view.start, view.end), rate, store=seen.store)
    crop = frame_window(view, "flaw", footage, placement, way)
    note = condition_note(Note(part="hardware", flaw="scratch", words="As seen"), 1, 2)
    count = int(length * rate)
    shown = shown_in(view, "flaw", crop, footage, placement, frames=count, box=way)
    (said,) = placed_on([("condition-note", note)], shown, placement, count).overlays
    uses = (said, *ringed(way, count))
    cut = Cut("flaw", take.name, view.start, count, crop, uses, "", "")
    canvas = Canvas(placement.width, placement.height, placement.safe)
    words = [(said, draw("condition-note", note, canvas, anchor=said.anchor))]
    truth = truth_of(take, at)

    def inside(frame: int, place: tuple[float, float]) -> bool:
        t = cut.start + frame / rate
        box = truth.get(min(round(float(t) * take.rate), len(take.bad) - 1))
        return box is not None and box.x0 <= place[0] <= box.x1 and box.y0 <= place[1] <= box.y1

    tally = Tally(cuts=1, frames=count, keys=len(way.keys))
    for frame in range(count):
        box = way.at(cut.start + frame / rate)
        tally.followed += box is not None
        tally.followed_inside += box is not None and inside(frame, box.centre)
    callouts = list(call_outs(cut, {take.name: footage}, words, canvas, rate=rate))
    for _, callout in callouts:
        for frame in range(count):
            if callout is None or callout.shown(frame) <= 0:
                continue
            tally.drawn += 1
            x, y, width, height = crop.at(frame, count)
            across, down = callout.middle(frame)
            place = (
                (x + across * width / placement.width) / footage.width,
                (y + down * height / placement.height) / footage.height,
            )
            tally.inside += inside(frame, place)
    return tally


@dataclass(frozen=True)
class Seen:
    """A take as the pipeline sees it."""

    footage: Footage
    reel: Reel
    placement: Placement
    store: Store


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, follow everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--placement", default="tiktok")
    parser.add_argument("--each", action="store_true", help="print every cut")
    asked = parser.parse_args(words)
    placement, store, seeing = load_placement(asked.placement), Store(), detector()
    store.begin()
    print("| take | cuts | frames | followed | inside | drawn | inside | keys a cut |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    total = Tally()
    for take in takes(asked.folder):
        footage = probe(take.file)
        seen = Seen(footage, Reel(take.name, analyse(footage, store, seeing)), placement, store)
        sums = Tally()
        for number, at in enumerate(pointed(take)):
            tally = measured(take, at, LENGTHS_S[number % len(LENGTHS_S)], seen)
            if asked.each:
                print(f"| {take.name} {at.kind} {at.frame} | {tally.row()} |", flush=True)
            sums.add(tally)
        print(f"| {take.name} | {sums.row()} |", flush=True)
        total.add(sums)
    if not total.cuts:
        sys.exit(f"{asked.folder}: no take there (truth.json, take.mp4, masks.npz)")
    print(f"| all | {total.row()} |")


if __name__ == "__main__":
    main()
