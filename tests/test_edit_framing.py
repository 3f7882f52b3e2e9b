"""Framing: inside the picture, on the detail, and at rest wherever it can be."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from footage_tables import footage, table
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numbered import piece_of, planes

from video_pipeline.analysis.scan import analyse
from video_pipeline.edit import windows
from video_pipeline.edit.framing import (
    MOST_ENLARGED,
    PUSH_IN,
    enlargement,
    frame_window,
    safe_area,
)
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.travel import MOST_ACCELERATION, MOST_JERK, MOST_SPEED
from video_pipeline.edit.windows import Window
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box, Crop
from video_pipeline.presets.placements import load_placement
from video_pipeline.store import Store
from video_pipeline.toolchain import run
from video_pipeline.vision.detectors import detector

TIKTOK = load_placement("tiktok")


def window_of(values: dict[str, object], **shape: int) -> Window:
    reel = Reel("take.mp4", table((4, values), **shape))  # type: ignore[arg-type]
    return windows.window(reel, "hardware", 0, Fraction(3), Fraction(4))


boxes = st.tuples(
    st.floats(0, 0.8), st.floats(0, 0.8), st.floats(0.05, 0.2), st.floats(0.05, 0.2)
).map(lambda b: Box(b[0], b[1], b[0] + b[2], b[1] + b[3]))


@settings(max_examples=100, deadline=None)
@given(
    box=boxes,
    width=st.integers(200, 4000),
    height=st.integers(200, 4000),
    need=st.sampled_from(["whole", "hardware", "stitching", "flaw", "any"]),
)
def test_a_crop_lies_in_the_picture_and_has_even_sides(
    box: Box, width: int, height: int, need: str
) -> None:
    values = {"hardware_boxes": (box,), "stitching_boxes": (box,), "subject": box}
    window = window_of(values, width=width, height=height)
    crop = frame_window(window, need, footage(width=width, height=height), TIKTOK)  # type: ignore[arg-type]
    assert crop.width % 2 == crop.height % 2 == 0
    for key in crop.path:
        assert key.x >= 0 <= key.y
        assert key.x + crop.width <= width
        assert key.y + crop.height <= height


@settings(max_examples=60, deadline=None)
@given(box=boxes)
def test_a_detail_is_never_enlarged_by_choice_beyond_the_limit(box: Box) -> None:
    window = window_of({"hardware_boxes": (box,)}, width=2160, height=3840)
    crop = frame_window(window, "hardware", footage(width=2160, height=3840), TIKTOK)
    assert enlargement(crop, TIKTOK) <= MOST_ENLARGED + 0.01


def test_a_resting_detail_gets_a_resting_crop_with_the_detail_in_the_safe_area() -> None:
    box = Box(0.7, 0.4, 0.8, 0.6)
    window = window_of({"hardware_boxes": (box,)}, width=1920, height=1080)
    crop = frame_window(window, "hardware", footage(width=1920, height=1080), TIKTOK)
    assert len(crop.path) == 1
    scale = TIKTOK.width / crop.width
    left = (box.x0 * 1920 - crop.path[0].x) * scale
    right = (box.x1 * 1920 - crop.path[0].x) * scale
    assert TIKTOK.safe.left <= left < right <= TIKTOK.width - TIKTOK.safe.right


def test_all_parts_that_carry_the_score_are_framed() -> None:
    ends = (Box(0.2, 0.4, 0.25, 0.5), Box(0.4, 0.4, 0.45, 0.5))
    shape = {"width": 1920, "height": 1080}
    both = window_of({"hardware_boxes": ends}, **shape)
    around = window_of({"hardware_boxes": (Box(0.2, 0.4, 0.45, 0.5),)}, **shape)
    crop = frame_window(both, "hardware", footage(**shape), TIKTOK)
    assert crop == frame_window(around, "hardware", footage(**shape), TIKTOK)
    assert crop.path[0].x <= 0.2 * 1920
    assert crop.path[0].x + crop.width >= 0.45 * 1920


def moving_window(
    boxes: Sequence[Box | None], need: str = "hardware", width: int = 1920, height: int = 1080
) -> Window:
    """A window at whose moments, ten a second, these boxes were seen."""

    def seen(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        box = boxes[int(t * 10)]
        return {**values, f"{need}_boxes": (box,) if box else ()}

    seconds = len(boxes) / 10
    reel = Reel("take.mp4", table((seconds, {}), width=width, height=height, change=seen))
    length = Fraction(len(boxes), 10)
    return windows.window(reel, need, 0, length, length)  # type: ignore[arg-type]


def liveliness(crop: Crop, frames: int) -> tuple[float, float, float]:
    """The largest speed, acceleration and jerk of a path: widths of the output, seconds."""
    way = crop.corners(np.arange(frames, dtype=float), frames) / crop.width
    first, second, third = (
        float(np.hypot(*(np.diff(way, order, axis=0) * 30.0**order).T).max()) for order in (1, 2, 3)
    )
    return first, second, third


def kept(crop: Crop, boxes: Sequence[Box | None], width: int = 1920, height: int = 1080) -> float:
    """The share of these boxes, ten a second, that lie whole in the safe area."""
    (left, right), (top, bottom) = safe_area(crop, TIKTOK)
    inside = []
    for i, box in enumerate(boxes):
        if box is None:
            continue
        x, y, across, _ = crop.at(3 * i, 3 * len(boxes))
        scale = crop.width / across
        # From the crop's corner in its widths, as the output shows it.
        x0, x1 = ((v * width - x) / crop.width * scale for v in (box.x0, box.x1))
        y0, y1 = ((v * height - y) / crop.width * scale for v in (box.y0, box.y1))
        inside.append(left <= x0 and x1 <= right and top <= y0 and y1 <= bottom)
    return sum(inside) / len(inside)


def small_box(x: float, y: float = 0.45, width: float = 0.08, height: float = 0.15) -> Box:
    """A box around a middle, cut to the picture."""
    return Box(
        max(0.0, x - width / 2), max(0.0, y - height / 2),
        min(1.0, x + width / 2), min(1.0, y + height / 2),
    )  # fmt: skip


def test_a_pan_is_followed_at_one_even_pace() -> None:
    boxes = [small_box(0.2 + 0.2 * i / 10) for i in range(30)]
    window = moving_window(boxes)
    crop = frame_window(window, "hardware", footage(width=1920, height=1080), TIKTOK)
    assert [key.frame for key in crop.path] == [0, 89]
    assert kept(crop, boxes) == 1
    speed, acceleration, jerk = liveliness(crop, 90)
    assert 0.3 < speed < 0.7
    assert acceleration < 0.01 > jerk / 30


def test_a_pan_that_comes_to_rest_is_followed_with_a_bend() -> None:
    boxes = [small_box(0.2 + 0.2 * min(i, 15) / 10) for i in range(40)]
    crop = frame_window(moving_window(boxes), "hardware", footage(width=1920, height=1080), TIKTOK)
    assert kept(crop, boxes) >= 0.98
    assert 2 <= len(crop.path) <= 4


def test_a_swing_to_one_side_and_back_is_followed() -> None:
    boxes = [small_box(0.5 + 0.2 * np.sin(2 * np.pi * i / 50)) for i in range(60)]
    crop = frame_window(moving_window(boxes), "hardware", footage(width=1920, height=1080), TIKTOK)
    assert kept(crop, boxes) >= 0.95
    assert 3 <= len(crop.path) <= 6


def test_what_is_too_wild_to_be_followed_is_not_chased() -> None:
    boxes = [small_box(0.5 + 0.35 * np.sin(i / 4)) for i in range(60)]
    crop = frame_window(moving_window(boxes), "hardware", footage(width=1920, height=1080), TIKTOK)
    assert crop.rests


def test_flickering_boxes_do_not_move_the_crop() -> None:
    def flickering(i: int) -> Box | None:
        if i % 5 == 3:
            return None
        if i in (7, 8, 21):  # a glint far away
            return small_box(0.85, 0.2)
        return small_box(0.4 + 0.012 * (-1) ** i, 0.45, 0.08 + 0.02 * (i % 3))

    boxes = [flickering(i) for i in range(30)]
    crop = frame_window(moving_window(boxes), "hardware", footage(width=1920, height=1080), TIKTOK)
    assert crop.rests
    assert kept(crop, [small_box(0.4)]) == 1


def test_one_part_is_held_to_while_two_take_turns() -> None:
    """The detector likes now the clasp better, now the zip: the crop does not swing between."""
    clasp, zipper = small_box(0.3), small_box(0.7)

    def seen(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        turn = int(t * 10) % 6 < 3
        return {**values, "hardware_boxes": (clasp, zipper) if turn else (zipper, clasp)}

    analysis = table((3, {}), width=1920, height=1080, change=seen)
    window = windows.window(Reel("take.mp4", analysis), "hardware", 0, Fraction(3), Fraction(3))
    crop = frame_window(window, "hardware", analysis.footage, TIKTOK)
    assert crop.rests
    assert max(kept(crop, [clasp]), kept(crop, [zipper])) == 1


any_box = st.one_of(st.none(), boxes)


@settings(max_examples=60, deadline=None)
@given(
    seen=st.lists(any_box, min_size=4, max_size=50),
    width=st.integers(300, 2600),
    height=st.integers(300, 2600),
    push_in=st.booleans(),
    need=st.sampled_from(["hardware", "stitching"]),
)
def test_whatever_is_seen_the_path_keeps_its_bounds(
    seen: list[Box | None], width: int, height: int, push_in: bool, need: str
) -> None:
    window = moving_window(seen, need, width, height)
    source = footage(width=width, height=height)
    crop = frame_window(window, need, source, TIKTOK, push_in=push_in)  # type: ignore[arg-type]
    frames = 3 * len(seen)
    speed, acceleration, jerk = liveliness(crop, frames) if frames > 3 else (0.0, 0.0, 0.0)
    rounding = 1 + 0.2 * 300 / crop.width  # keys stand on whole pixels
    assert speed <= MOST_SPEED * rounding
    assert acceleration <= MOST_ACCELERATION * rounding
    assert jerk <= MOST_JERK * rounding
    assert len(crop.path) <= 6
    for frame in range(frames):
        x, y, across, down = crop.at(frame, frames)
        assert x >= -0.01 <= y
        assert x + across <= width + 0.01
        assert y + down <= height + 0.01


@settings(max_examples=40, deadline=None)
@example(start=0.5, speed=0.04296875, tremble=0.00390625, seconds=3.75)  # rest keeps 92 %
@given(
    start=st.floats(0.15, 0.85),
    speed=st.floats(-0.25, 0.25),
    tremble=st.floats(0, 0.015),
    seconds=st.floats(1.5, 6),
)
def test_what_moves_evenly_stays_in_the_safe_area(
    start: float, speed: float, tremble: float, seconds: float
) -> None:
    """A hand that trembles pans over a part: 98 % of its looks are safe, or all but one."""
    hand = np.random.default_rng(1).normal(0, tremble, (60, 2)).clip(-2 * tremble, 2 * tremble)
    middles = [start + speed * i / 10 + hand[i, 0] for i in range(int(seconds * 10))]
    # What comes too near to the picture's edge cannot be kept away from the output's.
    inside = [x for x in middles if 0.1 < x < 0.88]
    seen = [small_box(x, 0.45 + hand[i, 1]) for i, x in enumerate(inside)]
    if len(seen) < 10 or len(inside) < len(middles):
        return
    window = moving_window(seen)
    crop = frame_window(window, "hardware", footage(width=1920, height=1080), TIKTOK)
    assert kept(crop, seen) >= min(0.98, 1 - 1 / len(seen) - 1e-9)


@pytest.mark.parametrize(
    ("width", "height", "largest"), [(2160, 3840, PUSH_IN), (1080, 1920, PUSH_IN), (720, 1280, 1.0)]
)
def test_a_push_in_grows_slowly_and_never_beyond_what_pixels_allow(
    width: int, height: int, largest: float
) -> None:
    window = window_of({"subject": Box(0.2, 0.3, 0.8, 0.7)}, width=width, height=height)
    source = footage(width=width, height=height)
    crop = frame_window(window, "whole", source, TIKTOK, push_in=True)
    assert crop.zoom == (1.0, pytest.approx(largest))
    assert largest <= 1.06
    assert enlargement(crop, TIKTOK) <= MOST_ENLARGED or crop.rests
    widths = [crop.at(n, 90)[2] for n in range(90)]
    steps = np.diff(widths)
    assert (steps <= 0).all()
    assert np.ptp(steps) < 0.01 * width / 100  # evenly: no frame grows more than another
    assert not frame_window(window, "whole", source, TIKTOK).zoom[1] > 1


@settings(max_examples=40, deadline=None)
@given(boxes, st.integers(600, 4000), st.sampled_from(["whole", "hardware", "flaw", "any"]))
def test_a_push_in_keeps_what_a_rest_keeps(box: Box, width: int, need: str) -> None:
    source = footage(width=width, height=width * 9 // 16)
    values = {"hardware_boxes": (box,), "subject": box}
    window = window_of(values, width=source.width, height=source.height)
    rest = frame_window(window, need, source, TIKTOK)  # type: ignore[arg-type]
    pushed = frame_window(window, need, source, TIKTOK, push_in=True)  # type: ignore[arg-type]
    assert enlargement(pushed, TIKTOK) <= max(MOST_ENLARGED + 0.01, enlargement(rest, TIKTOK))
    every = [box] * 30
    # Room for the growth itself: a box that just fits at rest is larger than the area at its end.
    (left, right), _ = safe_area(pushed, TIKTOK)
    grown = box.width * source.width / pushed.width * pushed.zoom[1]
    if kept(rest, every, source.width, source.height) == 1 and grown < right - left - 0.1:
        assert kept(pushed, every, source.width, source.height) >= 0.98


def test_a_known_pan_through_ffmpeg(
    make_clip: MakeClip, tiny_presets: Path, store: Store, tmp_path: Path
) -> None:
    """A bag crosses a wide picture at a known speed: looked at, framed, rendered, found again."""
    take = make_clip(
        "crossing.mp4", "-f", "lavfi", "-i", "color=0xd8d2c8:s=960x540:r=30:d=3.2",
        "-f", "lavfi", "-i", "color=0x6b3a1e:s=130x150:r=30:d=3.2",
        "-filter_complex", "[0][1]overlay=x=130+110*t:y=170,noise=alls=6:all_seed=3",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p",
    )  # fmt: skip
    tiny = load_placement("tiny", tiny_presets)
    source = probe(take)
    reel = Reel("crossing.mp4", analyse(source, store, detector()))
    window = windows.window(reel, "any", 1, Fraction(27, 10), Fraction(27, 10))
    crop = frame_window(window, "any", source, tiny)
    frames = 81
    speed, acceleration, jerk = liveliness(crop, frames)
    assert 0.1 < speed < MOST_SPEED
    assert acceleration < MOST_ACCELERATION
    assert jerk < MOST_JERK
    out = tmp_path / "out.mp4"
    piece = piece_of(source, tiny, start=window.start, frames=frames, crop=crop)
    run(piece.command(out), deadline_s=60)
    safe, inside = tiny.safe, []
    for picture in planes(out, "rgb24"):
        rows, columns = np.nonzero(picture[..., 2] < 120)
        inside.append(
            safe.left <= columns.min()
            and columns.max() < tiny.width - safe.right
            and safe.top <= rows.min()
            and rows.max() < tiny.height - safe.bottom
        )
    assert len(inside) == frames
    assert np.mean(inside) >= 0.98


def test_a_whole_item_wider_than_the_crop_is_shown_whole() -> None:
    box = Box(0.2, 0.2, 0.8, 0.9)
    window = window_of({"subject": box}, width=1920, height=1080)
    crop = frame_window(window, "whole", footage(width=1920, height=1080), TIKTOK)
    assert crop.path[0].x <= 0.2 * 1920
    assert crop.path[0].x + crop.width >= 0.8 * 1920


def test_the_sellers_box_decides() -> None:
    box = Box(0.05, 0.4, 0.15, 0.6)
    window = window_of({"subject": Box(0.8, 0.4, 0.9, 0.6)}, width=1920, height=1080)
    crop = frame_window(window, "flaw", footage(width=1920, height=1080), TIKTOK, box)
    assert crop.path[0].x <= box.x0 * 1920


def test_a_sellers_box_wider_than_the_crop_is_shown_whole() -> None:
    box = Box(0.05, 0.3, 0.95, 0.7)
    window = window_of({}, width=1920, height=1080)
    crop = frame_window(window, "flaw", footage(width=1920, height=1080), TIKTOK, box)
    assert crop.path[0].x <= 0.05 * 1920
    assert crop.path[0].x + crop.width >= 0.95 * 1920


def test_a_whole_item_higher_than_a_wide_picture_is_shown_whole() -> None:
    """With bars beside it; what fits fills the picture."""
    amazon, shape = load_placement("amazon"), {"width": 1080, "height": 1920}
    tall, low = Box(0.1, 0.3, 0.9, 0.8), Box(0.1, 0.4, 0.9, 0.6)
    crop = frame_window(window_of({"subject": tall}, **shape), "whole", footage(**shape), amazon)
    (key,) = crop.path
    assert key.y <= 0.3 * 1920
    assert key.y + crop.height >= 0.8 * 1920
    fills = frame_window(window_of({"subject": low}, **shape), "whole", footage(**shape), amazon)
    assert fills.width / fills.height == pytest.approx(16 / 9, abs=0.01)


@pytest.mark.parametrize("name", ["master", "reels"])
def test_a_flaw_leaves_its_note_the_foot_of_the_safe_area(name: str) -> None:
    place, shape = load_placement(name), {"width": 1080, "height": 1920}
    box = Box(0.35, 0.4, 0.65, 0.6)
    window = window_of({"subject": Box(0.1, 0.3, 0.9, 0.8)}, **shape)
    crop = frame_window(window, "flaw", footage(**shape), place, box)
    (key,) = crop.path
    bottom = (box.y1 * 1920 - key.y) * place.width / crop.width
    assert bottom <= place.height - place.safe.bottom - 340  # as high as a note of three lines
    assert (box.y0 * 1920 - key.y) * place.width / crop.width >= place.safe.top
