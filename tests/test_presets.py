"""Presets: every shipped file loads, every figure says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from video_pipeline.edit.story import read_storyboard
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.overlays.language import Language, languages
from video_pipeline.presets.coverage import category_names, load_expectations
from video_pipeline.presets.encoders import HARDWARE, load_encoder
from video_pipeline.presets.grades import load_scale, scale_names
from video_pipeline.presets.placements import BURNABLE, load_placement, placement_names
from video_pipeline.presets.previews import load_preview, preview_names
from video_pipeline.presets.storyboards import load_storyboard, storyboard_names
from video_pipeline.resources import shipped

KINDS = ("placements", "storyboards", "grades", "coverage", "previews", "encoders")
FILES = [p for kind in KINDS for p in sorted((shipped("presets") / kind).glob("*.yaml"))]


def numbers(value: Any, way: str = "", sourced: bool = False) -> Iterator[tuple[str, bool]]:
    """Every number of a preset, and whether a `source` stands beside or around it."""
    if isinstance(value, dict):
        sourced = sourced or bool(str(value.get("source", "")).strip())
        for key, inner in value.items():
            yield from numbers(inner, f"{way}.{key}", sourced)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from numbers(inner, f"{way}.{i}", sourced)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield way, sourced


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_figure_has_a_source(path: Path) -> None:
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert value["checked"]
    found = list(numbers(value))
    assert found
    # How many shots a slot may take is a count of the storyboard's own, not a measured figure.
    assert [way for way, sourced in found if not sourced and not way.endswith(".shots")] == []


def test_everything_shipped_loads() -> None:
    assert set(placement_names()) == {
        "amazon", "depop", "douyin", "ebay", "etsy", "facebook-reels", "lazada", "master",
        "pinterest", "poshmark", "reels", "shopee", "shorts", "tiktok", "tiktok-ads", "tiktok-shop",
        "tiktok-shop-id", "tiktok-shop-jp", "wechat-store", "whatsapp", "xiaohongshu",
    }  # fmt: skip
    assert {"house", "japan", "ebay", "therealreal"} <= set(scale_names())
    assert "showcase" in storyboard_names()
    loaded = (
        [load_placement(n).name for n in placement_names()]
        + [load_storyboard(n).name for n in storyboard_names()]
        + [load_scale(n).name for n in scale_names()]
        + [load_expectations(n).category for n in category_names()]
        + list(preview_names())
        + [load_encoder(n).name for n in HARDWARE]
    )
    assert [load_preview(n).rate for n in preview_names()] == [30]
    assert sorted(loaded) == sorted(p.stem for p in FILES)


def test_placements_share_their_picture() -> None:
    """What decides a piece's pixels is equal, so that a piece serves all three."""
    placements = [load_placement(n) for n in ("tiktok", "reels", "shorts")]
    for p in placements:
        assert (p.width, p.height, p.rate) == (1080, 1920, Fraction(30))
        assert p.loudness_lufs == -14
        assert p.burn_in == set(BURNABLE)
        assert (p.crf, p.preset, p.max_kbps) == (
            placements[0].crf, placements[0].preset, placements[0].max_kbps,
        )  # fmt: skip
    assert placements[0].safe.bottom >= 500


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        load_placement("tiktoc")
    assert caught.value.message == "there is no placement 'tiktoc'"
    assert caught.value.mend.startswith("did you mean 'tiktok'?")
    with pytest.raises(UsageError, match=r"no storyboard '\.\./showcase'"):
        load_storyboard("../showcase")
    with pytest.raises(UsageError, match="no grade scale 'placements/tiktok'"):
        load_scale("placements/tiktok")
    with pytest.raises(UsageError) as caught:
        load_scale("house").grade("verygood")
    assert caught.value.mend == "did you mean 'very-good'?"


def own_folder(tmp_path: Path, kind: str, name: str, *changes: tuple[str, str]) -> Path:
    text = (shipped("presets") / kind / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert re.search(old, text), old
        text = re.sub(old, new, text, count=1)
    (tmp_path / kind).mkdir()
    (tmp_path / kind / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_an_own_preset_goes_before_the_shipped_one(tmp_path: Path) -> None:
    own = own_folder(tmp_path, "placements", "tiktok", ("value: 60\n", "value:\n"))
    assert load_placement("tiktok", own) == replace(load_placement("tiktok"), max_s=None)
    assert load_placement("reels", own) == load_placement("reels")
    (own / "placements" / "web.yaml").write_text("title: Web\n")
    assert "web" in placement_names(own)
    with pytest.raises(ListingError) as caught:
        load_placement("web", own)
    assert "'checked' is missing" in caught.value.problems[0].message


def the_problem(own: Path, kind: str, name: str) -> str:
    load = {"placements": load_placement, "storyboards": load_storyboard, "grades": load_scale}
    with pytest.raises(ListingError) as caught:
        load[kind](name, own)
    (problem,) = caught.value.problems
    assert problem.where.startswith(f"{name}.yaml:")
    return problem.message


@pytest.mark.parametrize(
    ("kind", "name", "old", "new", "message"),
    [
        ("placements", "tiktok", r"width: \{value: 1080", "width: {value: 1081", "an even number"),
        ("placements", "tiktok", r"rate: \{value: 30", "rate: {value: 1/0", "30000/1001"),
        ("placements", "tiktok", "value: 220", "value: 1300", "at least a quarter"),
        ("placements", "tiktok", "value: 9\n", "value: 90\n", "not above max_s"),
        ("placements", "tiktok", "confidence: low", "confidence: sure", "high, medium, low"),
        ("placements", "shorts", "(?s)min_s:.*?confidence", "min_s:\n  value: 1\n  confidence",
         "'min_s.source' is missing"),
        ("storyboards", "showcase", "prefer: 2.5, min: 2.5, max: 6.0", "prefer: 2, min: 2, max: 6",
         "at least 2.5 s, the longest that the hero or another shot of the piece may stand"),
        ("storyboards", "showcase", "each-note", "once", "'repeat: each-note'"),
        ("storyboards", "showcase", "needs: flaw", "needs: whole", "only with 'needs: flaw'"),
        ("storyboards", "showcase", "name: end", "name: hero", "slots of different names"),
        ("storyboards", "showcase", "needs: hardware", "needs: hardwear", "one of whole"),
        ("storyboards", "showcase", r"overlays: \[hook\]", "text: Hello\n    overlays: [hook]",
         "a 'text' only without 'overlays'"),
        ("storyboards", "showcase", r"overlays: \[hook\]", "overlays: [story-line]",
         "'text' in place of the overlay 'story-line'"),
        ("storyboards", "showcase", r"overlays: \[hook\]", "overlays: [label]",
         "the overlay 'label' only where"),
        ("storyboards", "showcase", r"(?s)shots: 2\n    overlays: \[label\]",
         "shots: 2\n    text: x", "with one shot"),
        ("storyboards", "showcase", "title: Sh", "loop: true\ntitle: Sh",
         "a last slot without words"),
        ("storyboards", "silent-loop", "prefer: 2.5, min: 2.0, max: 2.5",
         "prefer: 2.5, min: 2.0, max: 2.6", "at least 2.6 s"),
        ("storyboards", "story", "      en: ", "      english: ",
         "…'; expected the code of a language, such as en or fr"),
        ("storyboards", "story", "      en: .*", "      en: [a, b]", "'slots.2.text.en' is [a, b]"),
        ("storyboards", "showcase", r"overlays: \[hook\]", "text: [a]", "'slots.0.text' is [a]"),
        ("grades", "house", "en: .New: ", f"en: \"{'N' * 80}: ", "at most 80 characters"),
        ("storyboards", "showcase", "needs: whole", "needs: whole\n    move: pushin", "push-in"),
        ("grades", "house", "rank: 9", "rank: 10", "differ in name and in rank"),
    ],
)  # fmt: skip
def test_wrong_presets_are_refused(
    tmp_path: Path, kind: str, name: str, old: str, new: str, message: str
) -> None:
    own = own_folder(tmp_path, kind, name, (old, new))
    assert message in the_problem(own, kind, name)


def test_showcase_is_honest_and_of_the_right_length() -> None:
    board = load_storyboard("showcase")
    assert [s.name for s in board.slots] == [
        "hook", "hero", "hardware", "stitching", "flaw", "condition", "proof", "end",
    ]  # fmt: skip
    flaw, hero = board.slot("flaw"), board.slot("hero")
    assert flaw.min_s >= hero.max_s
    assert flaw.repeat == "each-note"
    one_flaw = sum(s.seconds * s.shots for s in board.slots)
    assert board.min_s <= one_flaw <= board.max_s
    assert board.min_s <= one_flaw + 3 * flaw.seconds <= board.max_s
    words = "Two short scratches beside the clasp, to be seen when the light falls from the side"
    assert board.seconds_for(flaw, words) == pytest.approx(len(words) / 15)
    assert board.seconds_for(flaw, "Scuff") == flaw.seconds
    with pytest.raises(KeyError):
        board.slot("reveal")


BOARDS = {p.stem: yaml.safe_load(p.read_text("utf-8")) for p in FILES
          if p.parent.name == "storyboards"}  # fmt: skip
# Written out here, apart from the code's own list: overlays that only say what is shown.
SHOWN_OFF = ({"hook"}, {"title"}, {"label"}, {"price"}, set())


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_is_honest(name: str) -> None:
    slots = BOARDS[name]["slots"]
    flaws = [s for s in slots if s["needs"] == "flaw"]
    beauty = [s for s in slots if set(s.get("overlays", ())) in SHOWN_OFF and "text" not in s]
    assert "hero" in {s["name"] for s in beauty}
    longest = max(s["seconds"]["max"] for s in beauty)
    for flaw in flaws:
        assert flaw["seconds"]["min"] >= longest
        assert (flaw["must"], flaw["repeat"]) == ("must", "each-note")
        assert flaw["overlays"] == ["condition-note"]
    assert len(flaws) == 1
    assert any(s.get("overlays") == ["grade-card"] and s["must"] == "must" for s in slots)
    # The badge is only ever drawn for a claim: its slot needs one and may fall away.
    for slot in slots:
        if "certification-badge" in slot.get("overlays", ()):
            assert (slot["needs"], slot["must"]) == ("certificate", "may")


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_fits_its_length_and_speaks_every_language(name: str) -> None:
    for code in languages():
        board = load_storyboard(name, None, code)
        seconds = sum(s.seconds for s in board.slots)
        assert board.min_s <= seconds <= board.max_s
        assert board.reading_cps == 15


def test_the_boards_are_told_apart_by_what_they_are_for() -> None:
    order = {name: [s["name"] for s in page["slots"]] for name, page in BOARDS.items()}
    assert order["flaw-tour"].index("flaw") < order["flaw-tour"].index("hero")
    assert order["price-reveal"].index("flaw") < order["price-reveal"].index("price")
    assert {"owner", "since", "special"} <= set(order["story"])
    assert "proof" in order["authentication"] and "text" not in str(BOARDS["authentication"])
    assert not {"hook", "end"} & set(order["silent-loop"])
    assert [name for name, page in BOARDS.items() if page.get("loop")] == ["silent-loop"]
    said = {o for s in BOARDS["silent-loop"]["slots"] for o in s.get("overlays", ())}
    assert said == {"condition-note", "grade-card"}


def test_words_in_a_language_that_a_preset_lacks_are_refused(tmp_path: Path) -> None:
    own_folder(tmp_path, "storyboards", "flaw-tour", ("(?m)^      fr: .*\n", ""))
    with pytest.raises(UsageError, match="'flaw-tour' has no words in the language 'fr'") as caught:
        read_storyboard("flaw-tour", tmp_path, Language("fr"))
    assert "en, de, es" in caught.value.mend
    assert read_storyboard("flaw-tour", tmp_path, Language("de")).slots[0].text
    own_folder(tmp_path, "grades", "house", ("(?m)^  fr: .*\n", ""))
    with pytest.raises(UsageError, match="grade scale 'house' has no words in the language 'fr'"):
        load_scale("house", tmp_path, "fr")
    # Other owners' words are nobody else's to translate.
    assert load_scale("ebay", None, "fr") == load_scale("ebay")
    assert load_scale("house", None, "fr") != load_scale("house")
    assert load_scale("house", None, "en") == load_scale("house")


def test_scales_are_ordered_and_owned() -> None:
    house = load_scale("house")
    assert house.grade_names == ("new", "like-new", "excellent", "very-good", "good", "fair")
    assert load_scale("japan").grade_names == ("N", "S", "SA", "A", "AB", "B", "BC", "C")
    owners = [load_scale(n).owner for n in scale_names()]
    assert len(set(owners)) == len(owners)
    for scale in map(load_scale, scale_names()):
        ranks = [g.rank for g in scale.grades]
        assert ranks == sorted(ranks, reverse=True)
        assert scale.grade(scale.grade_names[0]).words


def test_the_master_clears_every_vertical_placement() -> None:
    master = load_placement("master")
    for name in placement_names():
        place = load_placement(name)
        if (place.width, place.height) == (master.width, master.height):
            for edge in ("top", "right", "bottom", "left"):
                assert getattr(master.safe, edge) >= getattr(place.safe, edge), (name, edge)
