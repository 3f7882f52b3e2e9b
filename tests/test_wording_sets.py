"""Wording sets: a placement may say of certificates what others do not, and nothing less."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from test_edit_moviepy import CLAIM, badged, grey, shown
from test_layers import claim_of
from test_trust_wording import FACTS, NEVER

from video_pipeline.errors import ListingError
from video_pipeline.presets.placements import USUAL, load_placement, placement_names
from video_pipeline.resources import shipped
from video_pipeline.trust.badge import marks, retold
from video_pipeline.trust.claims import Refusal
from video_pipeline.trust.wording import load_wording, read_set, wording_sets

FOLDER = shipped("presets") / "wording"
SETS = sorted(FOLDER.glob("*/*.yaml"))
MARKET = "Not a check by this marketplace."
__all__ = ["grey"]  # a fixture


def written(folder: Path, name: str = "shop/en.yaml", **said: Any) -> Path:
    """A person's own set, with its source unless it is taken out."""
    page = {"source": "our own choice", "checked": "2026-11-26", **said}
    path = folder / "wording" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in page.items() if value is not None}
    path.write_text(yaml.safe_dump(kept, allow_unicode=True), "utf-8")
    return path


@pytest.mark.parametrize("path", SETS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_set_states_all_and_promises_nothing(path: Path) -> None:
    usual = load_wording(path.stem)
    wording = read_set(path, usual)
    lines, sentence = wording.lines(FACTS, test=False), wording.sentence(FACTS, test=False)
    dual = wording.dual_lines([FACTS, FACTS], test=False)
    for text in (" ".join(lines), sentence, " ".join(dual or ())):
        assert all(fact in text for fact in FACTS.values() if fact != FACTS["result"])
        assert not any(word in text.casefold() for word in NEVER)
        assert "{" not in text
    assert sentence != usual.sentence(FACTS, test=False)  # else it has no reason to be there
    assert sentence.startswith(usual.sentence(FACTS, test=False).rstrip(".。"))
    assert wording.words.source and wording.words.checked


def test_every_set_speaks_every_language_and_every_file_names_its_source() -> None:
    languages = {path.stem for path in FOLDER.glob("*.yaml")}
    for name in wording_sets()[1:]:
        assert {path.stem for path in (FOLDER / name).glob("*.yaml")} == languages
    for path in FOLDER.rglob("*.yaml"):
        page = yaml.safe_load(path.read_text("utf-8"))
        assert page["source"] and page["checked"], path


def test_placements_name_sets_that_are_there() -> None:
    named = {name: load_placement(name).wording for name in placement_names()}
    assert set(named.values()) <= set(wording_sets())
    market = {"ebay", "poshmark", "tiktok-shop"}
    assert {name for name, chosen in named.items() if chosen != USUAL} == market


def test_a_set_says_otherwise_what_it_holds_and_the_rest_as_usual(tmp_path: Path) -> None:
    written(tmp_path, sentence="{provider}: {result}, {date}, {certificate}, {host}. {apart}")
    own, usual = load_wording("en", tmp_path, "shop"), load_wording("en")
    assert own.sentence(FACTS, test=False) == (
        "Atelier Examiners: authentic, 30 October 2026, AT-1, atelier.org. "
        "Not affiliated with Orsetta."
    )
    assert own.lines(FACTS, test=False) == usual.lines(FACTS, test=False)
    # Language by language: what it has no file for is said as usual.
    assert load_wording("fr", tmp_path, "shop").words == load_wording("fr").words
    # The person's file of a shipped set comes first, alone.
    written(tmp_path, "marketplace/de.yaml", apart="Nicht {brand}, nicht wir.")
    assert load_wording("de", tmp_path, "marketplace").words.apart == "Nicht {brand}, nicht wir."
    assert MARKET in load_wording("en-US", tmp_path, "marketplace").words.apart


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": None}, "source"),
        ({"checked": None}, "checked"),
        ({"apart": "We sell what we like."}, "'apart' leaves out {brand}"),
        ({"sentence": "{provider}: {result}"}, "'sentence' leaves out {apart}"),
        ({"lines": ["{provider} {result} {date} {host} {apart}"]}, "leaves out {certificate}"),
        ({"apart": "Official, unlike {brand}."}, "promises"),
        ({"authentic": "100% sure"}, "promises"),
        ({"apart": "{brand} and {place}"}, "{place}, which is not a field"),
        ({"lines": []}, "lines"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_set_cannot_say_less_or_more(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ListingError) as error:
        load_wording("en", tmp_path, "shop")
    assert path.name in str(error.value.where)
    assert any(says in problem.message for problem in error.value.problems)


def test_a_set_that_is_not_there_is_told(tmp_path: Path) -> None:
    for name in ("shpo", "../issuers"):
        with pytest.raises(ListingError, match="no wording set") as error:
            load_wording("en", tmp_path, name)
        assert "usual, marketplace" in error.value.problems[0].mend


def test_claims_are_retold_in_every_part_and_stay_the_same_claims() -> None:
    nord, sued = claim_of("Nord", "aa"), claim_of("Sued", "bb")
    (dual,) = marks((nord, sued), load_wording("en"))
    dual = replace(dual, entry=1)
    waiting = Refusal("n 1", "no result", "wait", "submitted", "Sent.", None, "Nord", "N-1")
    silent = Refusal("n 2", "gone", "wait", "revoked")
    words = load_wording("en", None, "marketplace")
    (told,), (sent, quiet) = retold([dual], [waiting, silent], words)
    for claim in (told, *told.parts):
        assert claim.lines[-1] == f"Not affiliated with Orsetta. {MARKET}"
        assert MARKET in claim.wording
    blank = {"lines": (), "wording": "", "parts": ()}
    assert replace(told, **blank) == replace(dual, **blank)
    assert sent.wording == words.submitted("Nord", "N-1", test=False)
    assert quiet == silent
    assert retold(*retold([dual], [], words), load_wording("en"))[0][0].lines == dual.lines


def test_a_script_draws_the_words_of_the_placement(
    grey: Path,
    tiny_presets: Path,
    tmp_path: Path,
) -> None:
    named = {"value": "marketplace", "source": "a test", "confidence": "choice"}
    page = yaml.safe_load((tiny_presets / "placements/tiny.yaml").read_text("utf-8"))
    (tmp_path / "placements").mkdir()
    (tmp_path / "placements/tiny.yaml").write_text(yaml.safe_dump(page | {"wording": named}))
    usual = shown(badged(grey), tiny_presets)
    (other,), _ = retold([CLAIM], (), load_wording("en", None, "marketplace"))
    there = shown(badged(grey), tmp_path)
    assert not np.array_equal(there, usual)
    assert np.array_equal(there, shown(badged(grey), tiny_presets, (other,)))


def test_two_placements_with_other_words_share_all_but_the_badge(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    tiny_presets: Path,
    knowing_cache: Path,
    tmp_path: Path,
) -> None:
    page = yaml.safe_load((tiny_presets / "placements/tiny.yaml").read_text("utf-8"))
    named = {"value": "marketplace", "source": "a test", "confidence": "choice"}
    (tmp_path / "own/placements").mkdir(parents=True)
    for name, changes in {"tiny": {}, "twin": {}, "market": {"wording": named}}.items():
        text = yaml.safe_dump(page | changes)
        (tmp_path / "own/placements" / f"{name}.yaml").write_text(text, "utf-8")
    sample = shipped("samples") / "cognac-pouch/certificate.jwt"
    listing = short_listing(certificates=[{"file": str(sample), "seen": {"time": 2.0}}])
    out = tmp_path / "out"
    done = run_cli(
        "render", listing, "--presets", tmp_path / "own", "--placement", "tiny,twin,market",
        "-o", out, "--require-badge", "--json", "--cache", knowing_cache,
    )  # fmt: skip
    assert done.code == 0, done.out
    first, *others = [clip["pieces"] for clip in done.json["clips"]]
    assert first["encoded"] == first["total"]
    assert [pieces["encoded"] for pieces in others] == [
        0,
        1,
    ]  # equal words: nothing; other words: the badge's piece alone

    clips = json.loads((out / "manifest.json").read_text("utf-8"))["clips"]
    badges = [
        use["fields"]["lines"]
        for clip in clips
        for cut in clip["edit"]["cuts"]
        for use in cut["overlays"]
        if use["template"] == "certification-badge"
    ]
    assert [MARKET in lines[-1] for lines in badges] == [False, False, True]
    sku = clips[0]["edit"]["sku"]
    posts = {
        clip["placement"]: json.loads((out / f"{sku}.{clip['placement']}.post.json").read_text())
        for clip in clips
    }
    assert {name: MARKET in post["caption"] for name, post in posts.items()} == {
        "tiny": False, "twin": False, "market": True,
    }  # fmt: skip
    assert MARKET in next(out.glob("*.report.html")).read_text("utf-8")
