"""The vernier: whole pixels reach places between pixels, and where they cannot, it says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numbered import piece_of, planes

from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey, Steadied
from video_pipeline.graph.vernier import Vernier, told, vernier
from video_pipeline.presets.placements import load_placement
from video_pipeline.toolchain import run


@settings(max_examples=60, deadline=None)
@given(
    st.floats(200, 3000),
    st.sampled_from([270, 480, 720, 1080, 1920]),
    st.lists(st.floats(0, 900), min_size=1, max_size=40),
)
def test_every_place_is_met_to_a_fraction_of_a_pixel(
    length: float, out: int, corners: list[float]
) -> None:
    way = vernier(np.array(corners), length, out)
    assume(way is not None)
    assert isinstance(way, Vernier)
    pitch = way.read / way.scaled
    middles = np.array(corners) + length / 2
    assert np.abs(way.places + pitch * out / 2 - middles).max() <= pitch / 23
    assert abs(pitch * out - length) / 2 <= 0.38 * pitch  # the edges, all through alike
    assert not any(number % 2 for number in (way.read, way.scaled, *way.starts, *way.steps))
    assert 0 <= min(way.steps) <= max(way.steps) <= way.scaled - out


@pytest.mark.parametrize("closer", [1.01, 1.02, 1.03, 1.04, 1.05])
@pytest.mark.parametrize("out", [720, 1080, 1280, 1920])
def test_what_steadying_asks_for_can_be_had(closer: float, out: int) -> None:
    assert vernier(np.array([3.3, 4.1]), out / closer, out) is not None


@pytest.mark.parametrize("length", [1080, 540, 2160])
def test_where_all_places_coincide_there_is_none(length: int) -> None:
    assert vernier(np.array([10.3, 11.7]), length, 1080) is None


def test_what_asks_for_nothing_between_pixels_gets_nothing_beside() -> None:
    way = vernier(np.array([10.0, 12.0, 20.0]), 540, 1080)
    assert way == Vernier(540, 1080, (10, 12, 20), (0, 0, 0))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-200, 4000), min_size=1, max_size=1500))
def test_a_number_for_each_frame_is_told_within_what_ffmpeg_takes(numbers: list[int]) -> None:
    words = told(numbers)
    for n in {0, len(numbers) // 2, len(numbers) - 1}:
        assert eval(words, {"__builtins__": {}, "gte": lambda a, b: a >= b, "n": n}) == numbers[n]
    groups = words.split(")+(")
    assert len(groups) + max(group.count("gte") for group in groups) < 100  # each nests once


@pytest.mark.parametrize(
    "coding",
    ["yuv420p", "yuvj420p", "yuv444p", "yuv420p10le"],
)
def test_at_the_pictures_edge_nothing_is_made_up(
    make_clip: MakeClip, tiny_presets: Path, tmp_path: Path, coding: str
) -> None:
    """What is read beyond the picture is not seen, in whatever way pixels are kept."""
    footage = probe(
        make_clip(
            f"flat-{coding}.mp4", "-f", "lavfi", "-i",
            "color=c=0x808080:s=284x506:r=30:d=1,format=" + coding,
            "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", coding,
        )
    )  # fmt: skip
    rng = np.random.default_rng(1)
    moves = tuple((float(x), float(y)) for x, y in rng.choice([-3.3, 0.4, 3.3], (20, 2)))
    closer = 1.05
    crop = Steadied(270, 480, (CropKey(0, 7, 13),), 6, (1.0, 1.0), closer, moves)
    piece = piece_of(footage, load_placement("tiny", tiny_presets), frames=20, crop=crop)
    command = piece.command(tmp_path / "out.mp4")
    assert "perspective" not in " ".join(command)
    run(command, deadline_s=60)
    pictures = planes(tmp_path / "out.mp4", "yuv444p").astype(int)
    assert len(pictures) == 20
    grey = round(16 + 219 * 128 / 255)
    assert np.abs(pictures[:, 0] - grey).max() <= 2
    assert np.abs(pictures[:, 1:] - 128).max() <= 2


def test_what_grows_is_still_read_between_pixels(make_clip: MakeClip, tiny_presets: Path) -> None:
    footage = probe(make_clip("grows.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=1"))
    growing = Crop(202, 360, (CropKey(0, 200, 0),), zoom=(1.0, 1.06))
    tiny = load_placement("tiny", tiny_presets)
    words = " ".join(piece_of(footage, tiny, frames=20, crop=growing).command(Path("out.mp4")))
    assert "perspective" in words
