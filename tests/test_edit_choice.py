"""The choice: together, not one after the other; windows are judged fairly."""

from __future__ import annotations

import itertools
from fractions import Fraction

from footage_tables import table
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.edit.choice import Opening, choose, gain
from video_pipeline.edit.keyframes import pick_keyframes
from video_pipeline.edit.moments import Reel, Window, best_windows, window_around
from video_pipeline.geometry import Box

HARDWARE = {"hardware": 0.9}
STITCHING = {"stitching": 0.9}
WHOLE = {"whole": 0.9}
DARK = {"exposure": 0.1, "luma": 0.1}


def windows(spans: list[tuple[int, int, int]]) -> tuple[Window, ...]:
    """Windows from `(start in tenths, score in hundredths, fingerprint)`."""
    analysis = table((20.0, {}))
    return tuple(
        Window(
            "take.mp4", Fraction(start, 10), Fraction(2),
            (analysis.moments[0].__class__(**{**vars(analysis.moments[0]), "fingerprint": mark}),),
            score / 100, 1.0, (),
        )
        for start, score, mark in spans
    )  # fmt: skip


def value(openings: list[Opening], picks: tuple[Window | None, ...]) -> float:
    total = 0.0
    for place, (opening, window) in enumerate(zip(openings, picks, strict=True)):
        if window is not None:
            total += gain(opening, window, openings[:place], picks[:place])
    return total


span = st.tuples(st.integers(0, 150), st.integers(20, 100), st.integers(0, 2**64 - 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(span, min_size=1, max_size=3), min_size=1, max_size=4))
def test_no_other_combination_is_better(spans: list[list[tuple[int, int, int]]]) -> None:
    openings = [Opening(f"slot {n}", windows(row)) for n, row in enumerate(spans)]
    picks = choose(openings)
    best = max(
        value(openings, combination)
        for combination in itertools.product(*(o.windows for o in openings))
    )
    assert value(openings, picks) >= best - 1e-9


def test_the_same_view_is_not_shown_twice_when_there_is_another() -> None:
    best, second = windows([(0, 90, 0), (50, 80, 2**64 - 1)])
    picks = choose([Opening("hook", (best, second)), Opening("hero", (best, second))])
    assert {w.start for w in picks if w} == {best.start, second.start}


def test_an_optional_slot_stays_empty_rather_than_repeat() -> None:
    (only,) = windows([(0, 60, 0)])
    picks = choose([Opening("hardware", (only,)), Opening("hardware", (only,), optional=True)])
    assert picks == (only, None)


def test_a_slot_without_footage_stays_empty() -> None:
    assert choose([Opening("stitching", ())]) == (None,)


def test_windows_with_faults_are_not_offered_and_the_nearest_says_why() -> None:
    reel = Reel("take.mp4", table((3, {}), (3, {**HARDWARE, **DARK}), (3, {})))
    good, nearest = best_windows([reel], "hardware", Fraction(2))
    assert good == []
    assert nearest is not None
    assert 3 <= nearest.start <= 4
    assert "too dark" in nearest.faults


def test_each_fault_has_its_word() -> None:
    cases = {
        "out of focus": {"sharpness": 0.1},
        "too dark": DARK,
        "too bright": {"exposure": 0.1, "luma": 0.9},
        "the camera moves too fast": {"motion": 2.0},
        "the camera shakes": {"shake": 1.0},
    }
    for words, values in cases.items():
        reel = Reel("take.mp4", table((4, {**HARDWARE, **values})))
        good, nearest = best_windows([reel], "hardware", Fraction(2))
        assert not good, words
        assert nearest is not None
        assert nearest.faults == (words,)


def test_a_jump_of_light_while_the_camera_rests_is_a_fault() -> None:
    reel = Reel("take.mp4", table((2, {**WHOLE, "luma": 0.5}), (2, {**WHOLE, "luma": 0.75})))
    good, _ = best_windows([reel], "whole", Fraction(2))
    assert all(w.end <= 2 or w.start >= 2 for w in good)
    assert Reel("take.mp4", table((4, WHOLE))).window("whole", 10, Fraction(2)).faults == ()


def test_a_cut_inside_a_window_is_a_fault() -> None:
    def with_cut(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        return {**values, "cut": t == 2}

    reel = Reel("take.mp4", table((4, WHOLE), change=with_cut))
    good, _ = best_windows([reel], "whole", Fraction(3, 2))
    assert good
    assert all(w.end <= 2 or w.start >= 2 for w in good)


def test_the_sellers_moment_is_kept_inside_its_clean_stretch() -> None:
    reel = Reel("take.mp4", table((5, DARK), (1.5, {}), (5, DARK)))
    window = window_around(reel, Fraction(57, 10), Fraction(4))
    assert window.faults == ()
    assert window.start >= 5
    assert window.end <= Fraction(65, 10)
    assert window.start <= Fraction(57, 10) < window.end


@settings(max_examples=80, deadline=None)
@given(
    at=st.integers(0, 199),
    wanted=st.integers(10, 60),
    bad=st.sets(st.integers(0, 199), max_size=60),
)
def test_a_pointed_window_always_lies_in_the_footage(at: int, wanted: int, bad: set[int]) -> None:
    def spoilt(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        return {**values, **DARK} if t * 10 in bad else values

    reel = Reel("take.mp4", table((20, {}), change=spoilt))
    window = window_around(reel, Fraction(at, 10), Fraction(wanted, 10))
    assert 0 <= window.start < window.end <= reel.end
    assert window.length <= Fraction(wanted, 10)
    assert window.start - Fraction(1, 5) <= Fraction(at, 10) <= window.end + Fraction(1, 5)


def test_the_box_of_a_key_frame_is_around_all_parts_that_carry_its_score() -> None:
    ends = (Box(0.2, 0.4, 0.25, 0.5), Box(0.6, 0.4, 0.7, 0.45))
    analysis = table((2, {"hardware": 0.9, "hardware_boxes": ends}))
    (frame,) = pick_keyframes({"take.mp4": analysis}, ["hardware"], 1)
    assert frame.box == Box(0.2, 0.4, 0.7, 0.5)


def test_a_repeat_is_forgiven_at_a_distance_but_not_side_by_side() -> None:
    best, second = windows([(0, 90, 0), (50, 50, 2**64 - 1)])
    hook = Opening("hook", (best, second), repeats=True)
    hero = Opening("hero", (best,))
    assert choose([hook, hero])[0] == second
    detail = Opening("hardware", windows([(100, 90, 0x5555555555555555)]))
    assert choose([hook, detail, hero])[0] == best
