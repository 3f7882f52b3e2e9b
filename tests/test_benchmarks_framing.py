"""The benchmark of framing: truth is followed from frame to frame, and counted as it says."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from footage_tables import table

from benchmarks.framing.__main__ import Tally, measured
from benchmarks.framing.truth import Take, takes
from video_pipeline.edit import windows
from video_pipeline.edit.reel import Reel
from video_pipeline.geometry import Box
from video_pipeline.presets.placements import SafeArea, load_placement

ZIP = Box(0.1, 0.1, 0.3, 0.2)


def told(frames: int) -> dict[str, object]:
    """A clasp that crosses the picture, and a zip that stays; the last frame is bad."""
    rows = []
    for i in range(frames):
        clasp = {"box": [20 + 2 * i, 60, 20, 20], "kind": "clasp", "frac": 0.02}
        zipper = {"box": [20, 10, 40, 10], "kind": "zip", "frac": 0.02}
        rows.append(
            {
                "hardware": {"boxes": [clasp, zipper]},
                "shows_hardware": True,
                "shows_stitching": False,
                "label": "hero",
                "bad": ["blurred"] if i == frames - 1 else [],
            }
        )
    return {"meta": {"size": [200, 100], "fps": 30}, "frames": rows}


@pytest.fixture
def take(tmp_path: Path) -> Take:
    folder = tmp_path / "take"
    folder.mkdir()
    (folder / "truth.json").write_text(json.dumps(told(60)))
    index = np.zeros((60, 50, 100), np.uint8)
    index[:, 10:40, 20:80] = 30
    np.savez(folder / "masks.npz", index=index)
    (found,) = takes(tmp_path)
    return found


def test_one_part_is_followed_by_its_kind_and_place(take: Take) -> None:
    near_clasp = take.course("hardware", 0, 60, Box(0.4, 0.6, 0.5, 0.8))
    assert [round(100 * b.x0) for b in near_clasp if b] == list(range(10, 70))
    near_zip = take.course("hardware", 0, 60, Box(0.1, 0.1, 0.3, 0.3))
    assert set(near_zip) == {ZIP}
    (bag,) = set(take.course("whole", 0, 60, None))
    assert bag is not None
    assert bag.as_list() == pytest.approx([0.2, 0.2, 0.79, 0.78], abs=0.02)
    assert take.course("stitching", 0, 60, None) == [None] * 60
    assert take.good("hardware", 0, 59)
    assert not take.good("hardware", 0, 60)
    assert not take.good("stitching", 0, 59)


def test_frames_are_counted_in_which_the_crop_decides(take: Take) -> None:
    tiktok = load_placement("tiktok")
    clasps = [Box(0.1 + 0.03 * i, 0.6, 0.2 + 0.03 * i, 0.8) for i in range(20)]

    def seen(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        return {**values, "hardware_boxes": (clasps[int(t * 10)],)}

    analysis = table((2, {}), width=1600, height=800, change=seen)
    window = windows.window(Reel("take", analysis), "hardware", 0, Fraction(2), Fraction(2))
    tally = measured(window, "hardware", take, analysis.footage, tiktok)
    could, ours, middle = tally.centre
    # The clasp leaves the reach of any safe area at the left edge only.
    assert 50 <= could <= 60
    assert ours == could > middle
    assert tally.cuts == 1
    assert tally.resting == 0
    assert tally.fastest[0] > 0.3
    # Where a crop could have all of it inside, and has, or has it anyhow, it is inside of all.
    frames, inside, large, away = tally.seen
    assert frames == 60
    assert large == 0
    assert tally.whole[1] <= inside <= frames - away
    assert away > 0  # at the left edge
    row = Tally()
    row.add(tally)
    assert row.row().startswith(f"1 | 100.0% of {could} (middle ")


def test_a_take_as_upright_as_the_output_counts_for_nothing(take: Take) -> None:
    analysis = table((2, {"hardware_boxes": (ZIP,)}), width=540, height=960)
    window = windows.window(Reel("take", analysis), "hardware", 0, Fraction(2), Fraction(2))
    tally = measured(window, "hardware", take, analysis.footage, load_placement("tiktok"))
    assert tally.centre == tally.whole == [0, 0, 0]
    assert tally.resting == 1


def test_what_is_larger_than_the_safe_area_is_told_apart(take: Take) -> None:
    analysis = table((2, {"subject": Box(0.2, 0.2, 0.8, 0.8)}), width=540, height=960)
    window = windows.window(Reel("take", analysis), "whole", 0, Fraction(2), Fraction(2))
    tiktok = load_placement("tiktok")
    wide, narrow = (
        replace(tiktok, safe=SafeArea(top=100, right=100, bottom=100, left=left))
        for left in (100, 500)
    )
    tally = measured(window, "whole", take, analysis.footage, wide)
    assert tally.seen == [60, 60, 0, 0]
    tally = measured(window, "whole", take, analysis.footage, narrow)
    assert tally.seen == [60, 0, 60, 0]
    assert tally.whole == [0, 0, 0]
    assert "(too large 100.0%, out of reach 0.0%)" in tally.row()
