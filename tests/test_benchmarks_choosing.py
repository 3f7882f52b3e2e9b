"""The benchmark of the choice: it runs on labelled takes and tells right from wrong."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from benchmarks.choosing.__main__ import Pick, main
from benchmarks.choosing.footage import Frame, Take, takes
from benchmarks.choosing.rivals import evenly, thumbnail


def take_of(*spans: tuple[float, set[str], bool]) -> Take:
    """A take of `(seconds, what it shows, spoilt)`, ten frames a second."""
    frames: list[Frame] = []
    for seconds, shows, bad in spans:
        for _ in range(round(seconds * 10)):
            kept = frozenset(shows)
            frames.append(Frame(len(frames) / 10, kept, kept, bad, 9.0 if bad else 2.0))
    return Take("take", Path("take.mp4"), tuple(frames))


def test_a_pick_is_held_against_the_truth_of_all_its_frames() -> None:
    take = take_of((2, {"hardware"}, False), (1, {"hardware"}, True), (2, set(), False))
    good = Pick(take, "hardware", 0.5, 1.7)
    assert (good.share("shows"), good.bad, good.sharp_enough) == (1.0, False, True)
    late = Pick(take, "hardware", 1.5, 2.5)
    assert late.bad and not late.sharp_enough
    assert Pick(take, "hardware", 3.2, 4.4).share("shows") == 0
    assert Pick(take, "stitching", 0.5, 1.7).share("shows") == 0
    assert take.has("hardware") and not take.has("stitching")


def test_what_one_would_use_instead_gives_as_many_moments(short_take: Path) -> None:
    assert evenly(short_take, 12, 3) == [2, 6, 10]
    found = thumbnail(short_take, 12, 3)
    assert [int(t // 4) for t in found] == [0, 1, 2]


def test_it_measures_a_folder_of_either_kind(
    short_take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "drawn" / "one"
    drawn.mkdir(parents=True)
    shutil.copy(short_take, drawn / "take.mp4")
    rows = [
        {
            "t": n / 10, "label": "hardware" if n < 25 else "bad", "shows_hardware": n < 25,
            "shows_stitching": False, "blur": {"frame_px": 2.0},
        }
        for n in range(120)
    ]  # fmt: skip
    (drawn / "truth.json").write_text(json.dumps({"frames": rows}), encoding="utf-8")
    filmed = tmp_path / "filmed"
    (filmed / "videos").mkdir(parents=True)
    shutil.copy(short_take, filmed / "videos" / "a.mp4")
    with (filmed / "videos.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "t_start", "t_end", "hardware", "stitching", "kind", "note"])
        table.writerow(["a.mp4", 0, 6, 1, 0, "closeup", ""])
        table.writerow(["a.mp4", 6, 12, 0, 1, "closeup", "border: far"])
    assert [take.name for take in takes([tmp_path / "drawn", filmed])] == ["one", "a.mp4"]
    main([str(tmp_path / "drawn"), str(filmed)])
    told = capsys.readouterr().out
    assert "| video-pipeline |" in told
    assert "| evenly spaced |" in told
    assert "| hardware | 1 of 1 |" in told
    assert "| stitching | 0 of 1 |" in told  # a border case is nobody's to have
    assert "Planning one source of" in told
