"""Shots inside a take, and the windows in them: judged fairly, faults told in words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from footage_tables import table
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.edit import reel as faults
from video_pipeline.edit.keyframes import pick_keyframes
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.shots import find_shots
from video_pipeline.edit.windows import best_windows, window, window_around
from video_pipeline.geometry import Box

HARDWARE = {"hardware": 0.9}
STITCHING = {"stitching": 0.9}
WHOLE = {"whole": 0.9}
DARK = {"exposure": 0.1, "luma": 0.1}


def reel(*segments: tuple[float, dict[str, object]], **more: object) -> Reel:
    return Reel("take.mp4", table(*segments, **more))  # type: ignore[arg-type]


def spans(take: Reel) -> list[tuple[float, float, str]]:
    return [(float(s.start), float(s.end), s.label) for s in find_shots(take)]


def test_a_take_without_a_cut_falls_into_shots_of_one_thing_each() -> None:
    whip = {"motion": 2.0, "shake": 0.5}
    take = reel((3, WHOLE), (1, whip), (3, HARDWARE), (2, STITCHING), (1, {"sharpness": 0.1}))
    shots = spans(take)
    assert [label for *_, label in shots] == ["whole", "hardware", "stitching"]
    (a0, a1, _), (b0, b1, _), (c0, c1, _) = shots
    assert a0 >= 0 and a1 <= 3  # nothing of the whip pan
    assert b0 >= 4 and b1 == pytest.approx(7) == c0
    assert c1 <= 9


def test_a_shot_says_what_a_person_wants_to_know_of_it() -> None:
    (shot,) = find_shots(reel((3, {**HARDWARE, "sharpness": 0.8})))
    assert shot.shows["hardware"] == pytest.approx(0.9)
    assert shot.sharpness == pytest.approx(0.8)
    assert shot.exposure == 1.0
    assert 0 < shot.steadiness <= 1
    assert shot.start <= shot.best.t < shot.end
    assert shot.subject is not None


@pytest.mark.parametrize(
    ("word", "values"),
    [
        (faults.SOFT, {"sharpness": 0.1}),
        (faults.DARK, DARK),
        (faults.BRIGHT, {"exposure": 0.1, "luma": 0.9}),
        (faults.FAST, {"motion": 2.0}),
        (faults.SHAKY, {"shake": 0.7}),
    ],
)
def test_each_fault_has_its_word(word: str, values: dict[str, object]) -> None:
    good, nearest = best_windows([reel((4, {**HARDWARE, **values}))], "hardware", Fraction(2))
    assert not good
    assert nearest is not None
    assert nearest.faults == (word,)


def test_focus_that_is_lost_ends_a_shot_though_the_picture_could_pass_elsewhere() -> None:
    crisp, hunting = ({**HARDWARE, "sharpness": value} for value in (0.95, 0.42))
    (_, first_end, _), (second_start, *_) = spans(reel((3, crisp), (0.6, hunting), (3, crisp)))
    assert first_end <= 3
    assert second_start >= 3.6
    assert spans(reel((3, {**HARDWARE, "sharpness": 0.42}))) == [(0, 3, "hardware")]


@pytest.mark.parametrize("luma", [0.14, 0.78])
def test_the_worse_lit_side_of_a_jump_of_light_is_not_offered(luma: float) -> None:
    """A phone that hunts for its exposure: the detector still sees the clasp, a buyer doesn't."""
    take = reel((3, {**HARDWARE, "luma": 0.46}), (2, {**HARDWARE, "luma": luma}))
    assert spans(take)[0][1] <= 3
    assert len(spans(take)) == 1
    late = window(take, "hardware", 35, Fraction(1), Fraction(1))
    assert late.faults == ((faults.DARK if luma < 0.5 else faults.BRIGHT),)


def test_a_lone_soft_look_does_not_end_a_shot() -> None:
    def slip(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        return {**values, "sharpness": 0.1} if t == 2 else values

    assert spans(reel((4, HARDWARE), change=slip)) == [(0, 4, "hardware")]


def test_windows_with_faults_are_not_offered_and_the_nearest_says_why() -> None:
    take = reel((3, {}), (3, {**HARDWARE, **DARK}), (3, {}))
    good, nearest = best_windows([take], "hardware", Fraction(2))
    assert good == []
    assert nearest is not None
    assert 3 <= nearest.start <= 4
    assert faults.DARK in nearest.faults


def test_a_window_that_is_not_offered_always_says_why() -> None:
    for values in (HARDWARE, DARK, {}):
        _, nearest = best_windows([reel((4, values))], "hardware", Fraction(3, 2))
        assert nearest is None or nearest.faults


def test_a_cut_inside_a_window_is_a_fault() -> None:
    def with_cut(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        return {**values, "cut": t == 2}

    good, _ = best_windows([reel((4, WHOLE), change=with_cut)], "whole", Fraction(3, 2))
    assert good
    assert all(w.end <= 2 or w.start >= 2 for w in good)


def test_a_detail_seen_from_afar_is_a_lesser_view() -> None:
    near, far = reel((3, HARDWARE)), reel((3, {**HARDWARE, **WHOLE}))
    ((close, *_), _), ((wide, *_), _) = (
        best_windows([take], "hardware", Fraction(2)) for take in (near, far)
    )
    assert close.score > wide.score


def test_room_ends_where_what_is_seen_changes() -> None:
    take = reel((4, HARDWARE), (4, STITCHING))
    (first, *_), _ = best_windows([take], "hardware", Fraction(2))
    assert first.start + first.room <= 4


def test_the_sellers_moment_is_kept_inside_its_clean_stretch() -> None:
    view = window_around(
        reel((5, DARK), (1.5, {}), (5, DARK)), "flaw", Fraction(57, 10), Fraction(4)
    )
    assert view.faults == ()
    assert view.start >= 5
    assert view.end <= Fraction(65, 10)
    assert view.start <= Fraction(57, 10) < view.end


stretch = st.tuples(st.integers(0, 190), st.integers(1, 40))


@settings(max_examples=80, deadline=None)
@given(
    at=st.integers(0, 199),
    wanted=st.integers(10, 60),
    bad=st.sets(st.integers(0, 199), max_size=60),
    bans=st.lists(stretch, max_size=2),
)
def test_a_pointed_window_always_lies_in_the_footage_and_never_in_a_ban(
    at: int, wanted: int, bad: set[int], bans: list[tuple[int, int]]
) -> None:
    def spoilt(t: Fraction, values: dict[str, object]) -> dict[str, object]:
        return {**values, **DARK} if t * 10 in bad else values

    banned = [(Fraction(a, 10) + Fraction(1, 33), Fraction(a + n, 10)) for a, n in bans]
    take = Reel("take.mp4", table((20, {}), change=spoilt), banned)
    here = min(range(200), key=lambda i: abs(take.seconds[i] - at / 10))
    if take.banned[here]:
        return
    view = window_around(take, "flaw", Fraction(at, 10), Fraction(wanted, 10))
    assert 0 <= view.start < view.end <= take.end
    assert view.length <= Fraction(wanted, 10)
    assert view.start - Fraction(1, 5) <= Fraction(at, 10) <= view.end + Fraction(1, 5)
    assert not any(view.start < b and a < view.end for a, b in banned)


@settings(max_examples=40, deadline=None)
@given(bans=st.lists(stretch, max_size=3), length=st.integers(8, 30))
def test_no_window_is_offered_in_a_ban(bans: list[tuple[int, int]], length: int) -> None:
    banned = [(Fraction(a, 10) + Fraction(1, 33), Fraction(a + n, 10)) for a, n in bans]
    take = Reel("take.mp4", table((10, HARDWARE), (10, WHOLE)), banned)
    for need in ("hardware", "whole", "any"):
        good, nearest = best_windows([take], need, Fraction(length, 10))  # type: ignore[arg-type]
        for view in (*good, *([nearest] if nearest else [])):
            end = view.start + max(view.length, view.room if view in good else view.length)
            assert not any(view.start < b and a < end for a, b in banned)


def test_the_box_of_a_key_frame_is_around_all_parts_that_carry_its_score() -> None:
    ends = (Box(0.2, 0.4, 0.25, 0.5), Box(0.6, 0.4, 0.7, 0.45))
    analysis = table((2, {"hardware": 0.9, "hardware_boxes": ends}))
    (frame,) = pick_keyframes({"take.mp4": analysis}, ["hardware"], 1)
    assert frame.box == Box(0.2, 0.4, 0.7, 0.5)


@given(
    bans=st.lists(st.tuples(st.integers(0, 79), st.integers(1, 30)), min_size=1, max_size=3),
    asked=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_a_reel_without_a_stretch_is_the_reel_with_that_ban(
    bans: list[tuple[int, int]], asked: bool
) -> None:
    stretches = [(Fraction(a, 10), Fraction(a + b, 10)) for a, b in bans]
    rows = table((3, WHOLE), (1, DARK), (2, HARDWARE), (2, STITCHING))
    take = Reel("take.mp4", rows, [(Fraction(1), Fraction(3, 2))])
    if asked:  # what was worked out before must not stand for the rest
        _ = take.shots, take.clean_until, best_windows([take], "any", Fraction(1))
    fresh = Reel("take.mp4", rows, (*take.bans, *stretches))
    less = take.without(stretches)
    assert (less.bans, less.runs, less.shots) == (fresh.bans, fresh.runs, fresh.shots)
    assert less.clean_until.tolist() == fresh.clean_until.tolist()
    assert best_windows([less], "any", Fraction(1)) == best_windows([fresh], "any", Fraction(1))
    assert take.shots == Reel("take.mp4", rows, take.bans).shots
