"""The choice: all places together, exactly, with lengths that suit; the wishes are obeyed."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from fractions import Fraction

from footage_tables import table
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.edit.choice import Objective, Opening, choose
from video_pipeline.edit.lengths import (
    Span,
    Target,
    fit_lengths,
    least_priced,
    lengths_cost,
    options,
    rebates,
)
from video_pipeline.edit.windows import Window

RATE = Fraction(30)
LONG = Target(shortest=0, longest=3000, limit=None, rate=RATE)
UNLIKE = 2**64 - 1


def windows(spans: list[tuple[int, int, int]]) -> tuple[Window, ...]:
    """Windows of two seconds from `(start in tenths, score in hundredths, fingerprint)`."""
    (moment, *_) = table((1, {})).moments
    return tuple(
        Window(
            "take.mp4", Fraction(start, 10), Fraction(2), Fraction(3),
            (replace(moment, fingerprint=mark),), score / 100, 1.0, (),
        )
        for start, score, mark in spans
    )  # fmt: skip


def opening(name: str, found: tuple[Window, ...], room: int = 90, **more: object) -> Opening:
    span = Span(shortest=45, wanted=60, longest=75, room=room)
    return Opening(name, found, (span,) * len(found), **more)  # type: ignore[arg-type]


def picked(openings: list[Opening], target: Target = LONG) -> list[Window | None]:
    choice = choose(Objective(openings, target))
    return [
        None if k is None else o.windows[k] for o, k in zip(openings, choice.picks, strict=True)
    ]


span = st.tuples(st.integers(0, 150), st.integers(20, 100), st.integers(0, 2**64 - 1))
place = st.tuples(
    st.lists(span, min_size=0, max_size=3),
    st.sampled_from(["hook", "hero", "hardware", "end"]),
    st.booleans(),
    st.booleans(),
    st.integers(30, 120),
    st.sampled_from([1, 2]),
)
clip = st.builds(
    Target,
    shortest=st.integers(0, 400),
    longest=st.integers(400, 600),
    limit=st.sampled_from([None, 150, 300]),
    rate=st.just(RATE),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(place, min_size=1, max_size=4), clip)
def test_no_other_combination_is_better(
    places: list[tuple[list[tuple[int, int, int]], str, bool, bool, int, int]], target: Target
) -> None:
    openings = [
        opening(
            name,
            tuple(replace(w, length=Fraction(seconds)) for w in windows(row)),
            room,
            optional=optional,
            needed=not optional and room % 2 == 0,
            repeats=repeats,
        )
        for row, name, optional, repeats, room, seconds in places
    ]
    objective = Objective(openings, target)
    choice = choose(objective)
    free = [not o.needed or not o.windows for o in openings]
    every = itertools.product(
        *(
            [*range(len(o.windows)), *([None] if may else [])]
            for o, may in zip(openings, free, strict=True)
        )
    )
    best = max(objective.value(picks) for picks in every)
    assert choice.proven
    assert choice.value >= best - 1e-9
    assert abs(objective.value(choice.picks) - choice.value) < 1e-6


lengths = st.builds(
    lambda shortest, more, beyond, room, held: Span(
        shortest, shortest + more, shortest + more + beyond, room, min(held, shortest + more)
    ),
    st.integers(5, 12), st.integers(0, 5), st.integers(0, 5), st.integers(5, 18),
    st.sampled_from([0, 100]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(lengths, min_size=1, max_size=3), st.integers(0, 60), st.booleans())
def test_no_other_lengths_cost_less(spans: list[Span], aim: int, beat: bool) -> None:
    beats = tuple(range(0, 60, 15)) if beat else ()
    target = Target(aim, aim + 10, aim + 40, Fraction(30), beats)
    cost, frames = fit_lengths(spans, target)
    every = itertools.product(*(options(span, target) for span in spans))
    best = min(lengths_cost(spans, tried, target) for tried in every)
    assert cost <= best + 1e-9
    assert abs(cost - lengths_cost(spans, frames, target)) < 1e-9
    for span, length in zip(spans, frames, strict=True):
        held = span.held + target.beat if span.held else 0
        assert 0 < length <= max(span.room, held)
    least = sum(least_priced(span, target) for span in spans) - rebates(target)
    assert (least <= cost + 1e-9).all()


def test_cuts_fall_on_the_beat_where_there_is_music() -> None:
    spans = [Span(shortest=30, wanted=50, longest=75, room=90) for _ in range(6)]
    beats = tuple(range(0, 1000, 16))
    _, frames = fit_lengths(spans, Target(0, 3000, None, RATE, beats))
    assert all(end in beats for end in itertools.accumulate(frames))
    _, free = fit_lengths(spans, Target(0, 3000, None, RATE))
    assert free == (50,) * 6


def test_a_clip_that_would_be_too_short_stretches_all_its_cuts_a_little() -> None:
    spans = [Span(shortest=45, wanted=60, longest=75, room=90) for _ in range(6)]
    _, frames = fit_lengths(spans, Target(420, 900, None, RATE))
    assert sum(frames) >= 410
    assert max(frames) - min(frames) <= 6


def test_the_placements_limit_is_kept_and_words_give_way_last() -> None:
    note = Span(shortest=75, wanted=150, longest=150, room=60, held=150, read=True)
    view = Span(shortest=30, wanted=60, longest=75, room=90)
    _, (read, seen) = fit_lengths([note, view], Target(0, 900, 200, RATE))
    assert (read, seen) == (150, 50) or (read + seen <= 200 and read == 150)


def test_the_same_view_is_not_shown_twice_when_there_is_another() -> None:
    best, second = windows([(0, 90, 0), (50, 80, UNLIKE)])
    found = picked([opening("hook", (best, second)), opening("hero", (best, second))])
    assert {w.start for w in found if w} == {best.start, second.start}


def test_an_optional_slot_stays_empty_rather_than_repeat() -> None:
    (only,) = windows([(0, 60, 0)])
    places = [opening("hardware", (only,)), opening("hardware", (only,), optional=True)]
    assert picked(places) == [only, None]


def test_a_stretch_is_not_shown_twice_side_by_side_for_want_of_another() -> None:
    (only,) = windows([(0, 80, 0)])
    metal, seam = opening("hardware", (only,), weight=2), opening("stitching", (only,), weight=2)
    assert picked([metal, seam]).count(None) == 1
    assert picked([metal, replace(seam, needed=True)])[1] == only


def test_a_slot_without_footage_stays_empty() -> None:
    assert picked([opening("stitching", ())]) == [None]


def test_two_shots_of_one_slot_follow_the_take() -> None:
    found = windows([(100, 90, 0x5555555555555555), (20, 85, 0xAAAAAAAAAAAAAAAA)])
    shown = picked([opening("hardware", found), opening("hardware", found)])
    assert [w.start for w in shown if w] == [2, 10]


def test_neighbours_in_the_clip_are_not_neighbours_in_the_take() -> None:
    near, far = 0b111111111111111, UNLIKE
    hero = windows([(0, 90, 0)])
    details = windows([(22, 80, near), (90, 78, far)])
    assert picked([opening("hero", hero), opening("hardware", details)])[1] == details[1]


def test_a_repeat_is_forgiven_at_a_distance_but_not_side_by_side() -> None:
    best, second = windows([(0, 90, 0), (50, 50, UNLIKE)])
    hook = opening("hook", (best, second), repeats=True)
    hero = opening("hero", (best,))
    assert picked([hook, hero])[0] == second
    detail = opening("hardware", windows([(100, 90, 0x5555555555555555)]))
    assert picked([hook, detail, hero])[0] == best


def test_a_cut_does_not_run_on_into_what_another_shows() -> None:
    found = windows([(0, 90, 0), (22, 80, UNLIKE)])
    places = [opening("hero", found[:1]), opening("hardware", found[1:])]
    choice = choose(Objective(places, Target(400, 900, None, RATE)))
    assert choice.frames[0] <= 66 < choice.frames[1]


def test_too_many_like_places_are_not_searched_for_ever() -> None:
    """The best that was found is taken, no pick of which could be bettered alone, and said so."""
    found = windows([(15 * n, 80 + n % 3, (n % 4) * 0x1111111111111111) for n in range(12)])
    places = [opening(f"slot {n}", found, repeats=n % 2 == 0) for n in range(13)]
    objective = Objective(places, LONG)
    begun = time.process_time()
    choice = choose(objective)
    assert time.process_time() - begun < 5
    assert not choice.proven
    for i, k in itertools.product(range(13), range(12)):
        other = [*choice.picks[:i], k, *choice.picks[i + 1 :]]
        assert objective.value(other) <= choice.value + 1e-9
    assert abs(objective.value(choice.picks) - choice.value) < 1e-9


def test_a_cut_with_too_little_room_may_be_shorter_than_its_shortest() -> None:
    """What another pick leaves of a view can suit a limit better: no bound may leave that out."""
    brief, after, far = windows([(0, 90, 0), (12, 80, UNLIKE), (90, 81, UNLIKE)])
    brief = replace(brief, length=Fraction(1))
    places = [opening("hero", (brief,)), opening("hardware", (far, after), needed=True)]
    objective = Objective(places, Target(0, 81, 81, RATE))
    choice = choose(objective)
    assert choice.picks == (0, 1)
    assert choice.frames == (36, 45)
    assert choice.value > objective.value((0, 0))


def test_many_words_that_any_view_could_carry_are_proven_too() -> None:
    """Places of a story: each could show the same few views, which all look a little alike."""
    found = windows([(17 * n, 80 - 2 * n, 2 ** (5 * n) - 1) for n in range(12)])
    kinds = [found[:5], found[3:6], found[:5], found[5:12], found[5:12], found[:5], found[4:11]]
    kinds += [found[4:11], found[:5], found[3:6], found[3:6], found[:5]]
    places = [
        opening(f"slot {n}", kind, repeats=len(kind) == 5, optional=n in (4, 7), room=60 + 5 * n)
        for n, kind in enumerate(kinds)
    ]
    for aim in (LONG, Target(450, 900, None, RATE), Target(300, 450, 600, RATE)):
        objective = Objective(places, aim)
        begun = time.process_time()
        choice = choose(objective)
        assert choice.proven
        assert time.process_time() - begun < 1
        for i, k in itertools.product(range(12), range(3)):
            other = [*choice.picks[:i], k, *choice.picks[i + 1 :]]
            assert objective.value(other) <= choice.value + 1e-9


def test_what_a_clip_usually_asks_is_proven() -> None:
    found = windows([(20 * n, 60 + 3 * n, 0x123456789ABCDEF * (n + 1) % 2**64) for n in range(24)])
    whole, metal, seams = found[:8], found[8:16], found[16:]
    kinds = [found[4:12], whole, metal, metal, seams, seams, whole, found[12:20]]
    places = [opening(f"slot {n}", kind, repeats=n in (0, 6, 7)) for n, kind in enumerate(kinds)]
    assert choose(Objective(places, LONG)).proven
