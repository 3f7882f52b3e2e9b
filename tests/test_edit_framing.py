"""Framing: inside the picture, on the detail, and at rest wherever it can be."""

from __future__ import annotations

from fractions import Fraction

from footage_tables import footage, table
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.edit.framing import MOST_ENLARGED, enlargement, frame_window, free_side
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import Window, window
from video_pipeline.geometry import Box
from video_pipeline.presets.placements import load_placement

TIKTOK = load_placement("tiktok")


def window_of(values: dict[str, object], **shape: int) -> Window:
    reel = Reel("take.mp4", table((4, values), **shape))  # type: ignore[arg-type]
    return window(reel, "hardware", 0, Fraction(3), Fraction(4))


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


def test_a_moving_detail_is_followed_by_one_glide() -> None:
    def moving(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        x = 0.1 + 0.2 * float(t)
        return {**values, "hardware_boxes": (Box(x, 0.4, x + 0.1, 0.6),)}

    analysis = table((4, {}), width=1920, height=1080, change=moving)
    view = window(Reel("take.mp4", analysis), "hardware", 0, Fraction(3), Fraction(4))
    crop = frame_window(view, "hardware", analysis.footage, TIKTOK)
    assert [key.frame for key in crop.path] == [0, 89]
    assert crop.path[1].x - crop.path[0].x > 600
    for key, t in zip(crop.path, (0.0, 2.9), strict=True):
        centre = (0.15 + 0.2 * t) * 1920
        assert key.x < centre < key.x + crop.width


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


def test_words_stand_where_the_item_leaves_room() -> None:
    for box, side in ((Box(0.2, 0.5, 0.8, 0.7), "top"), (Box(0.2, 0.1, 0.8, 0.4), "bottom")):
        window = window_of({"subject": box})
        crop = frame_window(window, "whole", footage(), TIKTOK)
        assert free_side(window, crop, footage(), TIKTOK) == side


def test_a_sellers_box_wider_than_the_crop_is_shown_whole() -> None:
    box = Box(0.05, 0.3, 0.95, 0.7)
    window = window_of({}, width=1920, height=1080)
    crop = frame_window(window, "flaw", footage(width=1920, height=1080), TIKTOK, box)
    assert crop.path[0].x <= 0.05 * 1920
    assert crop.path[0].x + crop.width >= 0.95 * 1920
