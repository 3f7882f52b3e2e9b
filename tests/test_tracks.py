"""What stays while the camera moves is a part; what is seen once may be a glint."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.analysis.tracks import Look, steadied
from video_pipeline.geometry import Box
from video_pipeline.vision.detector import Detection, Part, Seen

CLASP = Box(0.4, 0.4, 0.6, 0.6)


def seen(score: float, box: Box = CLASP) -> Seen:
    return Seen(hardware=Detection(score, (Part(box, score),)))


def look(i: int, what: Seen | None, shift: tuple[float, float] | None = (0.0, 0.0)) -> Look:
    return Look(Fraction(i, 5), what, shift)


def scores(looks: list[Look]) -> list[float]:
    return [found.hardware.score for found in steadied(looks)]


def test_a_part_that_stays_keeps_its_score() -> None:
    assert scores([look(i, seen(0.8)) for i in range(5)]) == pytest.approx([0.8] * 5)


def test_a_part_seen_once_loses_half_of_it() -> None:
    looks = [look(i, seen(0.8) if i == 2 else Seen()) for i in range(5)]
    assert scores(looks) == pytest.approx([0, 0, 0.4, 0, 0])


def test_one_neighbour_is_witness_enough() -> None:
    looks = [look(0, Seen()), look(1, seen(0.8)), look(2, seen(0.8)), look(3, Seen())]
    assert scores(looks)[1:3] == pytest.approx([0.8, 0.8])


def test_what_no_other_look_can_bear_out_counts_half() -> None:
    assert scores([look(0, seen(0.8))]) == pytest.approx([0.4])
    nowhere = Seen(hardware=Detection(0.8))
    assert scores([look(i, nowhere) for i in range(3)]) == pytest.approx([0.4] * 3)


def chain(*at: float, alike: int) -> Seen:
    """Links a tenth of the picture wide, at those places from the left; so many carry the score."""
    links = tuple(Part(Box(x, 0.4, x + 0.1, 0.5), 0.8) for x in at)
    return Seen(hardware=Detection(0.8, links, alike))


def test_a_score_is_borne_out_by_the_parts_that_carry_it_alone() -> None:
    both = look(0, chain(0.1, 0.7, 0.4, alike=2))
    for again, left in (((0.7, 0.1), 0.8), ((0.1,), 0.6), ((0.4,), 0.4), ((0.85,), 0.4)):
        assert scores([both, look(1, chain(*again, alike=1))])[0] == pytest.approx(left)


def test_a_part_that_leaves_the_picture_takes_its_score_along() -> None:
    pan = [look(i, None, shift=(0.05, 0.0)) for i in range(2, 7)]
    start = [look(0, chain(0.8, 0.2, alike=1)), look(1, chain(0.8, 0.2, alike=1))]
    assert scores([*start, *pan]) == pytest.approx([0.8, 0.8, 0.8, 0.8, 0.4, 0, 0])
    start = [look(0, chain(0.8, 0.2, alike=2)), look(1, chain(0.8, 0.2, alike=2))]
    assert scores([*start, *pan]) == pytest.approx([0.8, 0.8, 0.8, 0.8, 0.6, 0.4, 0.4])


def test_a_thin_seam_is_followed_too() -> None:
    thin = seen(0.8, Box(0.2, 0.4, 0.8, 0.406))
    assert scores([look(0, thin), look(1, thin), look(2, None, (0.1, 0.1))])[2] > 0.79


def test_a_part_is_followed_where_the_camera_moves_it() -> None:
    away = Box(0.1, 0.4, 0.3, 0.6)
    moved = [look(0, seen(0.8, away)), look(1, seen(0.8), shift=(0.3, 0.0))]
    stood = [look(0, seen(0.8, away)), look(1, seen(0.8))]
    assert scores(moved) == pytest.approx([0.8, 0.8])
    assert scores(stood) == pytest.approx([0.4, 0.4])


def test_nothing_is_borne_out_where_no_track_leads() -> None:
    looks = [
        look(0, seen(0.8)),
        look(1, seen(0.8)),
        look(2, seen(0.6), shift=None),
        look(3, Seen()),
    ]
    assert scores(looks) == pytest.approx([0.8, 0.8, 0.3, 0])


def test_a_look_without_detector_takes_what_was_last_seen_moved_along() -> None:
    looks = [look(0, seen(0.8)), look(1, None, shift=(0.1, 0.05)), look(2, seen(0.8))]
    between = steadied(looks)[1].hardware
    assert between.score == pytest.approx(0.8)
    assert between.boxes[0].as_list() == [0.5, 0.45, 0.7, 0.65]


def test_nothing_is_carried_along_a_way_that_is_not_known() -> None:
    looks = [look(0, seen(0.8)), look(1, None, shift=None), look(2, None), look(3, seen(0.8))]
    assert scores(looks)[1:3] == [0, 0]
    assert not any(found.hardware.boxes for found in steadied(looks)[1:3])


def test_a_blind_look_neither_confirms_nor_denies() -> None:
    shows = [(0, Seen()), (1, seen(0.8)), (3, seen(0.8)), (4, Seen())]
    ends = [look(i, what) for i, what in shows]
    blind = replace(look(2, None), blind=True)
    assert scores([*ends[:2], blind, *ends[2:]]) == pytest.approx([0, 0.8, 0, 0.8, 0])
    assert scores([*ends[:2], look(2, Seen()), *ends[2:]]) == pytest.approx([0, 0.4, 0, 0.4, 0])


def test_a_track_goes_on_behind_a_blind_look() -> None:
    blind = replace(look(2, None, (0.1, 0.0)), blind=True)
    looks = [look(0, seen(0.8)), look(1, seen(0.8)), blind, look(3, None, (0.1, 0.0))]
    dark, after = (found.hardware for found in steadied(looks)[2:])
    assert (dark.score, dark.boxes) == (0, ())
    assert after.score == pytest.approx(0.8)
    assert after.boxes[0].as_list() == [0.6, 0.4, 0.8, 0.6]


def test_parts_alike_stay_together_while_they_are_moved_along() -> None:
    ends = look(0, chain(0.1, 0.7, 0.4, alike=2))
    looks = [ends, look(1, None, shift=(0.1, 0.0)), look(2, None, shift=(-0.35, 0.0))]
    here, there, gone = (found.hardware for found in steadied(looks))
    assert here.around == Box(0.1, 0.4, 0.7 + 0.1, 0.5)
    assert there.around is not None
    assert there.around.as_list() == [0.2, 0.4, 0.9, 0.5]
    assert gone.around is not None
    assert gone.around.as_list() == [0.45, 0.4, 0.55, 0.5]
    assert len(gone.parts) == 2


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from(["sees", "rests", "blind"]),
            st.none() | st.floats(-1, 1),
        ),
        max_size=12,
    )
)
def test_scores_never_grow_and_boxes_stay_inside(
    told: list[tuple[float, str, float | None]],
) -> None:
    looks = [
        replace(
            look(i, seen(score) if how == "sees" else None,
                 shift=None if shift is None else (shift, -shift)),
            blind=how == "blind",
        )
        for i, (score, how, shift) in enumerate(told)
    ]  # fmt: skip
    best = max((score for score, how, _ in told if how == "sees"), default=0.0)
    found = steadied(looks)
    assert len(found) == len(looks)
    assert found == steadied(looks)
    for one, each in zip(looks, found, strict=True):
        assert 0 <= each.hardware.score <= best
        assert not (one.blind and (each.hardware.score or each.hardware.parts))
        for box in each.hardware.boxes:
            assert 0 <= box.x0 < box.x1 <= 1
            assert 0 <= box.y0 < box.y1 <= 1
