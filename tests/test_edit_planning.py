"""Planning: slots filled, flaws honoured, lengths kept, and what is missing said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from footage_tables import table

from video_pipeline.edit.brief import Brief
from video_pipeline.edit.file import check_edit, edit_as_json, read_edit, write_edit
from video_pipeline.edit.model import Edit
from video_pipeline.edit.planning import plan
from video_pipeline.edit.story import read_storyboard
from video_pipeline.errors import FootageError, ListingError, UsageError
from video_pipeline.geometry import Box, Crop, CropKey
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement
from video_pipeline.presets.storyboards import load_storyboard
from video_pipeline.trust.claims import Claim, Refusal, Shown

CLAIM = Claim(
    "C-1", "https://issuer.example/x", "An Issuer", "authentic", date(2026, 1, 1), None,
    "https://issuer.example/check/C-1", ("Examined by An Issuer",), "Examined.", "00", "k",
)  # fmt: skip

WHOLE: dict[str, Any] = {"whole": 0.9}
METAL: dict[str, Any] = {"hardware": 0.9}
SEAM: dict[str, Any] = {"stitching": 0.9}
RICH = ((4, WHOLE), (4, METAL), (4, {}), (4, SEAM), (4, WHOLE), (4, METAL))


@pytest.fixture
def brief(write_listing: Callable[..., Path], tmp_path: Path) -> Callable[..., Brief]:
    def make(
        claims: tuple[Claim, ...] = (), refusals: tuple[Refusal, ...] = (), **changes: Any
    ) -> Brief:
        (tmp_path / "take.mp4").touch()
        listing = read_listing(write_listing([tmp_path / "take.mp4"], **changes))
        return Brief(
            listing, load_storyboard("showcase"), load_placement("tiktok"), load_scale("house"),
            claims, refusals,
        )  # fmt: skip

    return make


def note(time: float | None = None, words: str = "A mark", **seen: Any) -> dict[str, Any]:
    value: dict[str, Any] = {"part": "corner", "flaw": "scuff", "severity": "light", "words": words}
    if time is not None:
        value["seen"] = {"time": time, **seen}
    return value


def condition(*notes: dict[str, Any]) -> dict[str, Any]:
    return {"scale": "house", "grade": "good", "notes": list(notes)}


def slots(edit: Edit) -> list[str]:
    return [cut.slot for cut in edit.cuts]


def test_rich_footage_fills_the_whole_storyboard_in_its_order(brief: Callable[..., Brief]) -> None:
    edit = plan(brief((CLAIM,), condition=condition(note(9.0))), {"take.mp4": table(*RICH)})
    assert slots(edit) == [
        "hook", "hero", "hardware", "hardware", "stitching", "flaw", "condition", "proof", "end",
    ]  # fmt: skip
    assert edit.left_out == ()
    assert 15 <= edit.duration_s <= 30


def test_what_a_shot_shows_is_what_its_slot_asks(brief: Callable[..., Brief]) -> None:
    analysis = table(*RICH)
    edit = plan(brief(condition=condition()), {"take.mp4": analysis})
    for cut in edit.cuts:
        middle = cut.start + cut.frames / edit.rate / 2
        shown = min(analysis.moments, key=lambda m: abs(m.t - middle))
        if cut.slot in ("hardware", "stitching"):
            assert getattr(shown, cut.slot) == 0.9
        if cut.slot == "hero":
            assert shown.whole == 0.9


def test_missing_hardware_is_said_with_the_nearest_candidate(brief: Callable[..., Brief]) -> None:
    soft = {**METAL, "sharpness": 0.1}
    edit = plan(brief(condition=condition()), {"take.mp4": table((6, WHOLE), (4, soft), (6, SEAM))})
    (missing,) = [o for o in edit.left_out if o.slot == "hardware"]
    assert "out of focus" in missing.reason
    assert missing.nearest is not None
    assert 6 <= missing.nearest.t <= 9


def test_a_flaw_is_never_shorter_than_the_hero_and_long_enough_to_read(
    brief: Callable[..., Brief],
) -> None:
    words = "A long remark that takes its time to be read by a buyer on a small screen"
    edit = plan(brief(condition=condition(note(9.0, words))), {"take.mp4": table(*RICH)})
    flaw = next(cut for cut in edit.cuts if cut.slot == "flaw")
    hero = next(cut for cut in edit.cuts if cut.slot == "hero")
    assert flaw.frames >= hero.frames
    assert flaw.frames / edit.rate >= len(words) / 15


def test_a_flaw_with_a_short_clean_view_is_held(brief: Callable[..., Brief]) -> None:
    dark = {"exposure": 0.05, "luma": 0.1}
    analysis = table((6, WHOLE), (3, dark), (1, {}), (3, dark), (4, SEAM), (4, METAL))
    edit = plan(brief(condition=condition(note(9.4))), {"take.mp4": analysis})
    flaw = next(cut for cut in edit.cuts if cut.slot == "flaw")
    assert flaw.hold > 0
    assert flaw.start >= 9
    assert flaw.start + (flaw.frames - flaw.hold) / edit.rate <= 10


def test_every_flaw_is_shown_even_when_the_clip_gets_long(brief: Callable[..., Brief]) -> None:
    notes = [note(t, f"Mark number {t}") for t in range(1, 12)]
    edit = plan(brief((CLAIM,), condition=condition(*notes)), {"take.mp4": table(*RICH)})
    assert slots(edit).count("flaw") == 11
    assert slots(edit).count("hardware") <= 1


def test_an_unfilmed_note_is_told_with_the_grade(brief: Callable[..., Brief]) -> None:
    edit = plan(brief(condition=condition(note())), {"take.mp4": table(*RICH)})
    grade = next(u for c in edit.cuts for u in c.overlays if u.template == "grade-card")
    assert grade.fields["notes"] == ["Corner: light scuff. A mark"]
    assert any("seen:" in o.reason for o in edit.left_out if o.slot == "flaw")


def test_the_proof_stands_over_the_clean_view_of_the_certificates_code(
    brief: Callable[..., Brief],
) -> None:
    box = Box(0.3, 0.4, 0.6, 0.55)
    dark = Shown("take.mp4", Fraction(4), Fraction(8), Fraction(6), box)
    clean = Shown("take.mp4", Fraction(13), Fraction(15), Fraction(14), box)
    footage = table((4, WHOLE), (4, {"exposure": 0.1, "luma": 0.1}), (4, METAL), (4, {}), (4, SEAM))

    def proof(*shown: Shown, **changes: Any) -> Any:
        claims = (replace(CLAIM, shown=shown),)
        edit = plan(brief(claims, **changes), {"take.mp4": footage})
        return next(cut for cut in edit.cuts if cut.slot == "proof")

    assert proof(dark, clean).start <= 14 <= proof(dark, clean).start + 3
    assert not 4 <= proof(dark).start + 1 <= 8
    # What the seller says goes first.
    stated = [{"file": "certificate.jwt", "seen": {"time": 9.5}}]
    assert 8 <= proof(clean, certificates=stated).start <= 10


def test_the_proof_shows_no_view_again_that_was_just_shown(brief: Callable[..., Brief]) -> None:
    # The whole piece is to be seen once only.
    metal = {**METAL, "whole": 0.0}
    take = table((4, WHOLE), (4, metal), (4, {**SEAM, "whole": 0.0}), (8, metal))
    cuts = {cut.slot: cut for cut in plan(brief((CLAIM,)), {"take.mp4": take}).cuts}
    grade, proof = cuts["condition"], cuts["proof"]
    assert grade.start < 4 <= proof.start
    assert [use.template for use in proof.overlays] == ["certification-badge"]


def test_no_badge_without_a_claim(brief: Callable[..., Brief]) -> None:
    refusal = Refusal("certificate.jwt", "it expired", "Ask for a new one.")
    edit = plan(brief(refusals=(refusal,), condition=condition()), {"take.mp4": table(*RICH)})
    assert "proof" not in slots(edit)
    assert not any(u.template == "certification-badge" for c in edit.cuts for u in c.overlays)
    assert any("it expired" in warning for warning in edit.warnings)
    assert any(o.slot == "proof" and "it expired" in o.reason for o in edit.left_out)


def test_a_note_pointing_nowhere_is_an_error_that_names_it(brief: Callable[..., Brief]) -> None:
    with pytest.raises(ListingError) as caught:
        plan(
            brief(condition=condition(note(5.0), note(99.0))),
            {"take.mp4": table(*RICH), "other.mp4": table((5, {}), name="other.mp4")},
        )
    messages = [problem.message for problem in caught.value.problems]
    assert len(messages) == 2
    assert any("which file" in message for message in messages)


def test_poor_footage_still_says_what_must_be_said(brief: Callable[..., Brief]) -> None:
    blurred = {"sharpness": 0.1, "motion": 2.0}
    edit = plan(brief(condition=condition(note())), {"take.mp4": table((8, blurred))})
    assert "condition" in slots(edit)
    assert any("poor" in warning for warning in edit.warnings)


def test_footage_too_short_for_anything_is_refused(brief: Callable[..., Brief]) -> None:
    with pytest.raises(FootageError):
        plan(brief(condition=condition()), {"take.mp4": table((0.5, WHOLE))})


def test_a_short_clip_is_warned_about(brief: Callable[..., Brief]) -> None:
    edit = plan(brief(condition=condition()), {"take.mp4": table((3, WHOLE))})
    assert any("shorter than it should be" in warning for warning in edit.warnings)


def test_cuts_stay_inside_their_footage(brief: Callable[..., Brief]) -> None:
    analysis = table(*RICH)
    edit = plan(brief((CLAIM,), condition=condition(note(23.9))), {"take.mp4": analysis})
    check_edit(edit, {"take.mp4": analysis.footage}, "edit.json")
    for cut in edit.cuts:
        assert cut.start + (cut.frames - cut.hold) / edit.rate <= analysis.footage.duration


def test_an_edit_survives_its_file(brief: Callable[..., Brief], tmp_path: Path) -> None:
    edit = plan(brief((CLAIM,), condition=condition(note(9.0))), {"take.mp4": table(*RICH)})
    write_edit(edit, tmp_path / "edit.json")
    assert read_edit(tmp_path / "edit.json") == edit
    assert "OR-2219-0417" not in str(edit_as_json(edit))


def test_mistakes_in_an_edit_are_all_reported(brief: Callable[..., Brief], tmp_path: Path) -> None:
    analysis = table(*RICH)
    edit = plan(brief(condition=condition()), {"take.mp4": analysis})
    first, second, *rest = edit.cuts
    spoilt = Edit(
        **{
            **vars(edit),
            "cuts": (
                first.__class__(**{**vars(first), "start": Fraction(500)}),
                second.__class__(**{**vars(second), "source": "gone.mp4"}),
                *rest,
            ),
        }
    )
    with pytest.raises(ListingError) as caught:
        check_edit(spoilt, {"take.mp4": analysis.footage}, "edit.json")
    assert len(caught.value.problems) == 2
    (tmp_path / "broken.json").write_text('{"sku": 3}')
    with pytest.raises(ListingError):
        read_edit(tmp_path / "broken.json")


@pytest.mark.parametrize(
    ("crop", "problem"),
    [
        (Crop(1080, 1920, ()), "no size or no place"),
        (Crop(540, 960, (CropKey(0, 0, 0), CropKey(9, 541, 0))), "leaves the picture at frame 9"),
        (Crop(540, 960, (CropKey(9, 0, 0), CropKey(9, 4, 0))), "not in rising order"),
        (Crop(540, 960, (CropKey(-1, 0, 0),)), "below 0"),
        (Crop(540, 960, (CropKey(0, 0, 0),), ease=-3), "below 0"),
        (Crop(540, 960, (CropKey(0, 0, 0),), zoom=(1.0, 2.0)), "zoom is not between 1 and 1.5"),
        (Crop(540, 960, (CropKey(0, 0, 0),), zoom=(0.9, 1.0)), "zoom is not between 1 and 1.5"),
    ],
)
def test_a_crop_that_cannot_be_made_is_told(
    brief: Callable[..., Brief], crop: Crop, problem: str
) -> None:
    analysis = table(*RICH)
    edit = plan(brief(condition=condition()), {"take.mp4": analysis})
    spoilt = replace(edit, cuts=(replace(edit.cuts[0], crop=crop), *edit.cuts[1:]))
    with pytest.raises(ListingError) as caught:
        check_edit(spoilt, {"take.mp4": analysis.footage}, "edit.json")
    assert problem in caught.value.problems[0].message


def test_a_slot_may_ask_for_a_push_in(brief: Callable[..., Brief], tmp_path: Path) -> None:
    given = brief(condition=condition())
    slots = tuple(
        replace(slot, move="push-in") if slot.name == "hero" else slot
        for slot in given.storyboard.slots
    )
    edit = plan(
        replace(given, storyboard=replace(given.storyboard, slots=slots)),
        {"take.mp4": table(*RICH)},
    )
    zooms = {cut.slot: cut.crop.zoom for cut in edit.cuts}
    assert zooms.pop("hero")[1] > 1
    assert set(zooms.values()) == {(1.0, 1.0)}
    write_edit(edit, tmp_path / "edit.json")
    assert read_edit(tmp_path / "edit.json") == edit


def test_planning_is_repeatable(brief: Callable[..., Brief]) -> None:
    one, two = (
        plan(brief((CLAIM,), condition=condition(note(9.0))), {"take.mp4": table(*RICH)})
        for _ in range(2)
    )
    assert one == two


def test_an_earned_badge_is_shown_even_where_no_view_is_good(brief: Callable[..., Brief]) -> None:
    dark = {"exposure": 0.05, "luma": 0.1}
    for analysis in (table((2.2, WHOLE), (6, dark)), table((8, dark))):
        edit = plan(brief((CLAIM,), condition=condition()), {"take.mp4": analysis})
        assert "proof" in slots(edit)
        assert "end" in slots(edit)


def test_unfilmed_notes_are_all_readable_on_cards_of_their_own(brief: Callable[..., Brief]) -> None:
    notes = [note(words=f"Remark {n}: " + "something to know before buying " * 5) for n in range(9)]
    edit = plan(brief(condition=condition(*notes)), {"take.mp4": table(*RICH)})
    cards = [c for c in edit.cuts if c.slot == "condition"]
    said = [line for c in cards for use in c.overlays for line in use.fields["notes"]]
    assert len(said) == 9
    assert len(cards) > 3
    for card in cards:
        (use,) = card.overlays
        canvas = Canvas(edit.width, edit.height, load_placement("reels").safe)
        assert not any(box.truncated for box in draw("grade-card", use.fields, canvas).texts)


def test_a_clip_never_passes_its_placements_limit(brief: Callable[..., Brief]) -> None:
    words = "A remark of a seller who has much to say about a little mark and says all of it " * 3
    notes = [note(float(t), words.strip()) for t in range(1, 13)]
    edit = plan(brief(condition=condition(*notes)), {"take.mp4": table(*RICH)})
    assert edit.duration_s <= 60
    assert any("to read" in warning for warning in edit.warnings)
    assert slots(edit).count("flaw") == 12


def test_a_clip_of_too_many_flaws_is_said_not_to_fit(brief: Callable[..., Brief]) -> None:
    notes = [note(0.5 + t, f"Mark {t}") for t in range(12)]
    hasty = replace(load_placement("tiktok"), max_s=20.0)
    asked = replace(brief(condition=condition(*notes)), placement=hasty)
    edit = plan(asked, {"take.mp4": table(*RICH)})
    assert slots(edit).count("flaw") == 12  # none is left out to keep a clip short
    assert any("cannot be posted" in warning for warning in edit.warnings)


def test_a_file_that_shows_one_flaw_needs_no_time(brief: Callable[..., Brief]) -> None:
    seen = {"part": "corner", "flaw": "scuff", "seen": {"file": "corner.mp4"}}
    analyses = {
        "take.mp4": table(*RICH),
        "corner.mp4": table((2, {"sharpness": 0.1}), (4, {}), name="corner.mp4"),
    }
    edit = plan(brief(condition=condition(seen)), analyses)
    flaw = next(cut for cut in edit.cuts if cut.slot == "flaw")
    assert flaw.source == "corner.mp4"
    assert flaw.start >= Fraction(19, 10)


def test_files_of_one_name_are_told_apart_by_their_folder(brief: Callable[..., Brief]) -> None:
    front, back = table(*RICH, name="front/take.mp4"), table((8, {}), name="back/take.mp4")
    seen = note(3.0, file="back/take.mp4")
    edit = plan(brief(condition=condition(seen)), {"take.mp4": front, "take-2.mp4": back})
    flaw = next(cut for cut in edit.cuts if cut.slot == "flaw")
    assert flaw.source == "take-2.mp4"


def test_a_storyboard_with_an_overlay_that_nothing_fills_is_refused(
    brief: Callable[..., Brief],
) -> None:
    made = brief(condition=condition())
    (first, *rest) = made.storyboard.slots
    board = replace(made.storyboard, slots=(replace(first, overlays=("titel",)), *rest))
    with pytest.raises(UsageError, match="titel"):
        plan(replace(made, storyboard=board), {"take.mp4": table(*RICH)})


def test_a_document_slot_of_another_name_is_timed_by_its_words(brief: Callable[..., Brief]) -> None:
    made = brief(condition=condition(*[note(words="Word " * 20) for _ in range(4)]))
    named = tuple(
        replace(s, name="zustand") if s.name == "condition" else s for s in made.storyboard.slots
    )
    edit = plan(
        replace(made, storyboard=replace(made.storyboard, slots=named)), {"take.mp4": table(*RICH)}
    )
    cards = [c for c in edit.cuts if c.slot == "zustand"]
    for card in cards:
        text = " ".join(card.overlays[0].fields["notes"])
        assert card.frames / edit.rate >= len(text) / 15


def test_words_are_not_lost_for_want_of_another_view(brief: Callable[..., Brief]) -> None:
    """A price that has to be revealed is said over a view that was shown before."""
    asked = replace(brief(condition=condition()), storyboard=read_storyboard("price-reveal"))
    edit = plan(asked, {"take.mp4": table((2.6, WHOLE), (2, METAL), (3, {"sharpness": 0.1}))})
    assert "price" in slots(edit)
    assert not [left for left in edit.left_out if left.slot == "price"]
