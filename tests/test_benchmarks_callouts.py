"""The benchmark of callouts: what a seller points at, and where that truly is."""

from __future__ import annotations

from pathlib import Path

from benchmarks.callouts.__main__ import Pointed, Tally, pointed, truth_of
from benchmarks.framing.truth import Take
from video_pipeline.geometry import Box


def take(frames: int) -> Take:
    """A clasp that goes to the right and is away from frame 60 on; a chain that is too wide."""
    chain = ("chain", Box(0.0, 0.1, 1.0, 0.2))
    rows = [
        (chain, ("clasp", Box(0.2 + 0.002 * i, 0.4, 0.3 + 0.002 * i, 0.5))) if i < 60 else (chain,)
        for i in range(frames)
    ]
    bad = [i >= 50 for i in range(frames)]
    boxes = {"hardware": rows, "stitching": [() for _ in range(frames)]}
    return Take("t", Path("t"), 30.0, boxes, {}, bad)  # type: ignore[arg-type]


def test_clear_views_of_whole_parts_are_pointed_at() -> None:
    found = list(pointed(take(120)))
    assert [(one.frame, one.kind) for one in found] == [(24, "clasp"), (48, "clasp")]


def test_the_truth_is_followed_while_it_is_there() -> None:
    known = truth_of(take(120), Pointed(24, "hardware", "clasp", Box(0.248, 0.4, 0.348, 0.5)))
    assert sorted(known) == list(range(60))
    assert known[0].x0 == 0.2


def test_shares_are_of_what_was_drawn() -> None:
    tally = Tally(1, 60, 40, 20, 19, 40, 6)
    assert tally.row() == "1 | 60 | 66.7% | 100.0% | 33.3% | 95.0% | 6.0"
