"""Wishes and variants: pins and bans are obeyed, or the plan fails and says what is in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from footage_tables import table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit.brief import Brief
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.edit.planning import plan, plan_variants
from video_pipeline.edit.story import read_storyboard
from video_pipeline.edit.wishes import Ban, Pin, Wishes, ban_of, pin_of
from video_pipeline.errors import FootageError, ListingError, PipelineError, UsageError
from video_pipeline.listing.model import NamedCertificate, Seen
from video_pipeline.listing.reading import read_listing
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement
from video_pipeline.presets.storyboards import load_storyboard
from video_pipeline.trust.claims import Claim

WHOLE: dict[str, Any] = {"whole": 0.9}
METAL: dict[str, Any] = {"hardware": 0.9}
SEAM: dict[str, Any] = {"stitching": 0.9}
NOTE = {
    "part": "corner", "flaw": "scuff", "severity": "light",
    "seen": {"file": "a.mp4", "time": 9.0},
}  # fmt: skip
TAKES = {
    "a.mp4": table((4, WHOLE), (4, METAL), (4, {}), (4, SEAM), name="a.mp4"),
    "b.mp4": table((4, METAL), (4, WHOLE), (2, {"exposure": 0.1, "luma": 0.1}), name="b.mp4"),
}


@pytest.fixture
def brief(write_listing: Callable[..., Path], tmp_path: Path) -> Callable[..., Brief]:
    def make(pins: str = "", bans: str = "", notes: tuple[Any, ...] = ()) -> Brief:
        for name in TAKES:
            (tmp_path / name).touch()
        condition = {"scale": "house", "grade": "good", "notes": list(notes)}
        path = write_listing([tmp_path / name for name in TAKES], condition=condition)
        wishes = Wishes(
            tuple(pin_of(pin) for pin in pins.split()), tuple(ban_of(ban) for ban in bans.split())
        )
        return Brief(
            read_listing(path), load_storyboard("showcase"), load_placement("tiktok"),
            load_scale("house"), (), (), wishes=wishes,
        )  # fmt: skip

    return make


def live(cut: Cut, edit: Edit) -> tuple[Fraction, Fraction]:
    """From when to when of its source a cut shows."""
    return cut.start, cut.start + Fraction(cut.frames - cut.hold) / edit.rate


def test_how_pins_and_bans_are_written() -> None:
    assert pin_of("hardware=clip2.mov@12.4") == Pin("hardware", "clip2.mov", Fraction(62, 5))
    assert pin_of("hero=a=b@c.mov@0:01.5") == Pin("hero", "a=b@c.mov", Fraction(3, 2))
    assert ban_of("clip1.mov@0-3") == Ban("clip1.mov", Fraction(0), Fraction(3))
    assert ban_of("clip1.mov@2-") == Ban("clip1.mov", Fraction(2), None)
    assert ban_of("clip1.mov") == Ban("clip1.mov")
    for wish in (pin_of("hero=a.mov@1"), ban_of("a.mov@1-2"), ban_of("a.mov@3-"), ban_of("a.mov")):
        option, _, text = str(wish).partition(" ")
        assert (pin_of if option == "--pin" else ban_of)(text) == wish


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (pin_of, "hardware"), (pin_of, "hardware=clip.mov"), (pin_of, "=clip.mov@1"),
        (pin_of, "hardware=clip.mov@soon"), (ban_of, "clip.mov@3"), (ban_of, "clip.mov@3-1"),
        (ban_of, "@1-2"), (ban_of, "clip.mov@x-2"),
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_read_says_how_to_write_it(
    read: Callable[[str], Any], text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert "such as" in caught.value.mend


def test_a_pin_is_shown_and_said(brief: Callable[..., Brief]) -> None:
    edit = plan(brief(pins="hardware=b.mp4@1.5 hero=b.mp4@6"), TAKES)
    hero = next(cut for cut in edit.cuts if cut.slot == "hero")
    hardware = [cut for cut in edit.cuts if cut.slot == "hardware"]
    assert hero.source == "b.mp4" and live(hero, edit)[0] <= 6 <= live(hero, edit)[1]
    assert any(
        c.source == "b.mp4" and live(c, edit)[0] <= 1.5 <= live(c, edit)[1] for c in hardware
    )
    assert hero.why.startswith("pinned by you")


def test_a_pin_on_a_poor_view_is_obeyed_and_warned_of(brief: Callable[..., Brief]) -> None:
    edit = plan(brief(pins="hero=b.mp4@9"), TAKES)
    hero = next(cut for cut in edit.cuts if cut.slot == "hero")
    assert hero.source == "b.mp4" and hero.start >= 8
    assert any("--pin hero=b.mp4@9" in w and "too dark" in w for w in edit.warnings)


@pytest.mark.parametrize(
    ("pins", "bans", "says"),
    [
        ("hardwear=b.mp4@1", "", "did you mean 'hardware'"),
        ("hardware=c.mp4@1", "", "there is no footage file 'c.mp4'"),
        ("hardware=b.mp4@99", "", "ends at 10.0 s"),
        ("flaw=b.mp4@1", "", "change seen:"),
        ("hardware=b.mp4@1", "b.mp4@0-2", "ruled out by --ban b.mp4@0-2"),
        ("hero=a.mp4@1 hero=b.mp4@6", "", "2 pins are more than the 1"),
        (
            "",
            "a.mp4@8.5-9.5",
            "the listing says that 'Corner: light scuff' is seen in a.mp4 at 9 s",
        ),
        ("", "a.mp4", "is seen in a.mp4 at 9 s"),
        ("hero=a.mp4@2.02", "a.mp4@2.05-2.06", "ruled out by --ban a.mp4@2.05-2.06"),
        ("", "a.mp4@9.05-9.06", "is seen in a.mp4 at 9 s"),
        ("proof=b.mp4@1", "", "stays empty: no certificate"),
    ],
)
def test_wishes_that_cannot_be_met_say_what_is_in_the_way(
    brief: Callable[..., Brief], pins: str, bans: str, says: str
) -> None:
    with pytest.raises(ListingError) as caught:
        plan(brief(pins, bans, notes=(NOTE,)), TAKES)
    assert any(says in f"{p.message}; {p.mend}" for p in caught.value.problems)


def test_all_conflicts_are_told_at_once(brief: Callable[..., Brief]) -> None:
    with pytest.raises(ListingError) as caught:
        plan(brief("hardwear=b.mp4@1 hero=b.mp4@99", "c.mp4"), TAKES)
    assert len(caught.value.problems) == 3


def test_when_everything_is_banned_it_says_so(brief: Callable[..., Brief]) -> None:
    with pytest.raises(FootageError) as caught:
        plan(brief(bans="a.mp4 b.mp4"), TAKES)
    assert "ban less" in caught.value.mend


tenths = st.integers(0, 180)
pins = st.tuples(
    st.sampled_from(
        ["hook", "hero", "hardware", "stitching", "condition", "end", "closing", "flaw", "proof"]
    ),
    st.sampled_from(list(TAKES)), tenths,
)  # fmt: skip
bans = st.tuples(st.sampled_from(list(TAKES)), tenths, st.integers(2, 60))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(pins, max_size=3), st.lists(bans, max_size=3), st.booleans(),
    st.sampled_from(["showcase", "silent-loop", "authentication"]),
)  # fmt: skip
def test_any_wishes_are_obeyed_or_the_plan_says_which_conflict(
    brief: Callable[..., Brief],
    wanted: list[tuple[str, str, int]],
    unwanted: list[tuple[str, int, int]],
    flaw: bool,
    board: str,
) -> None:
    wishes = Wishes(
        tuple(Pin(slot, source, Fraction(t, 10) + Fraction(1, 40)) for slot, source, t in wanted),
        tuple(
            Ban(source, Fraction(t, 10) + Fraction(1, 20), Fraction(t, 10) + Fraction(n, 30))
            for source, t, n in unwanted
        ),
    )
    asked = replace(
        brief(notes=(NOTE,) if flaw else ()), wishes=wishes, storyboard=read_storyboard(board)
    )
    try:
        edit = plan(asked, TAKES)
    except PipelineError as error:
        told = [str(p.where) for p in getattr(error, "problems", ())]
        wished = {str(wish) for wish in (*wishes.pins, *wishes.bans)}
        assert isinstance(error, FootageError) or any(
            where in wished or where.startswith("--pin") for where in told
        )
        return
    for pin in wishes.pins:
        assert any(
            cut.slot == pin.slot
            and cut.source == pin.source
            and live(cut, edit)[0] - Fraction(1, 5) <= pin.at <= live(cut, edit)[1] + Fraction(1, 5)
            for cut in edit.cuts
        )
    for ban in wishes.bans:
        for cut in edit.cuts:
            start, end = live(cut, edit)
            shown = cut.source == ban.source and start < (ban.end or end) and ban.start < end
            assert not shown


def test_variants_open_differently_and_share_their_body(brief: Callable[..., Brief]) -> None:
    first, *others = plan_variants(brief(notes=(NOTE,)), TAKES, 3)
    assert first == plan(brief(notes=(NOTE,)), TAKES)
    assert len(others) == 2
    for other in others:
        bodies = [[replace(c, runners_up=()) for c in edit.cuts[1:]] for edit in (first, other)]
        assert bodies[0] == bodies[1]
    openings = [(edit.cuts[0].source, *live(edit.cuts[0], edit)) for edit in (first, *others)]
    for i, (source, start, end) in enumerate(openings):
        for other_source, other_start, other_end in openings[:i]:
            shared = min(end, other_end) - max(start, other_start)
            assert source != other_source or shared <= Fraction(1, 5) * (end - start)


def test_fewer_variants_come_back_when_no_other_view_could_open_the_clip(
    brief: Callable[..., Brief],
) -> None:
    dark = {"exposure": 0.1, "luma": 0.1}
    poor = {
        "a.mp4": table((3, WHOLE), (13, dark), name="a.mp4"),
        "b.mp4": table((10, dark), name="b.mp4"),
    }
    assert len(plan_variants(brief(), poor, 4)) <= 2


def test_a_runner_up_can_be_put_in_a_cut_s_place_as_it_stands(brief: Callable[..., Brief]) -> None:
    edit = plan(brief(), TAKES)
    for cut in edit.cuts:
        for other in cut.runners_up:
            assert other.crop is not None
            assert "less for the clip" in other.reason
            source = TAKES[other.source]
            assert other.t + Fraction(cut.frames - cut.hold) / edit.rate <= source.footage.duration
            right = max(key.x for key in other.crop.path) + other.crop.width
            assert right <= source.footage.width


def test_a_pinned_end_of_a_loop_is_shown_rather_than_a_loop(brief: Callable[..., Brief]) -> None:
    asked = replace(brief(pins="hero=b.mp4@6"), storyboard=read_storyboard("silent-loop"))
    edit = plan(asked, TAKES)
    hero = edit.cuts[0]
    assert hero.slot == "hero" and hero.source == "b.mp4"
    assert live(hero, edit)[0] <= 6 <= live(hero, edit)[1]
    assert any("pinned" in warning for warning in edit.warnings)


def test_a_loop_has_no_variants(brief: Callable[..., Brief]) -> None:
    asked = replace(brief(), storyboard=read_storyboard("silent-loop"))
    with pytest.raises(UsageError, match="is a loop"):
        plan_variants(asked, TAKES, 2)


def test_a_variant_s_opening_is_not_what_comes_next(brief: Callable[..., Brief]) -> None:
    takes = {**TAKES, "a.mp4": table((6, WHOLE), (2, METAL), name="a.mp4")}
    for edit in plan_variants(brief(bans="b.mp4"), takes, 3):
        hook, following = edit.cuts[:2]
        shared = min(live(hook, edit)[1], live(following, edit)[1]) - max(
            hook.start, following.start
        )
        assert shared <= Fraction(1, 5) * (live(hook, edit)[1] - hook.start)


def test_why_there_are_fewer_variants_is_said(brief: Callable[..., Brief]) -> None:
    (pinned,) = plan_variants(brief(pins="hook=b.mp4@1"), TAKES, 3)
    assert any("the opening is pinned" in warning for warning in pinned.warnings)


def test_bans_that_together_leave_nothing_where_a_note_points_are_a_conflict(
    brief: Callable[..., Brief],
) -> None:
    note = {**NOTE, "seen": {"file": "b.mp4"}}
    for bans in ("b.mp4@0-5 b.mp4@5-", "b.mp4@0-9.95", "b.mp4"):
        with pytest.raises(ListingError) as caught:
            plan(brief(bans=bans, notes=(note,)), TAKES)
        assert "is seen in b.mp4" in caught.value.problems[0].message


def test_nothing_is_shown_for_a_time_that_cannot_be_read(brief: Callable[..., Brief]) -> None:
    """A file that breaks off says that it is longer than what can be decoded."""
    whole = TAKES["a.mp4"]
    broken = {**TAKES, "a.mp4": Analysis(whole.footage, whole.moments[:60])}
    for asked in (brief(notes=(NOTE,)), brief(pins="hero=a.mp4@12")):
        with pytest.raises(ListingError) as caught:
            plan(asked, broken)
        assert "can only be read up to 6.0 s" in caught.value.problems[0].message


def test_two_pins_of_one_slot_follow_the_take(brief: Callable[..., Brief]) -> None:
    edit = plan(brief(pins="hardware=a.mp4@7 hardware=a.mp4@4.6"), TAKES)
    first, second = (cut for cut in edit.cuts if cut.slot == "hardware")
    assert first.start < second.start


def test_a_certificate_shown_behind_what_can_be_read_is_told_too(
    brief: Callable[..., Brief],
) -> None:
    whole = TAKES["a.mp4"]
    broken = {**TAKES, "a.mp4": Analysis(whole.footage, whole.moments[:60])}
    asked = brief()
    shown = NamedCertificate(file="c.jwt", seen=Seen(file="a.mp4", time=12))
    claim = Claim(
        "C-1", "https://issuer.example/x", "An Issuer", "authentic", date(2026, 1, 1), None,
        "https://issuer.example/check/C-1", ("Examined by An Issuer",), "Examined.", "00", "k",
    )  # fmt: skip
    listing = asked.listing.model_copy(update={"certificates": (shown,)})
    with pytest.raises(ListingError) as caught:
        plan(replace(asked, listing=listing, claims=(replace(claim, entry=0),)), broken)
    assert "certificate C-1 is pointed at 12 s" in caught.value.problems[0].message
