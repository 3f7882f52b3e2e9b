"""Wording: every fact stays, no promise gets in, values cannot change the sentence."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from video_pipeline import resources
from video_pipeline.errors import ListingError
from video_pipeline.listing.model import Listing
from video_pipeline.trust.wording import (
    forbidden,
    load_wording,
    promises,
    read_wording,
    reserved,
)

FOLDER = resources.shipped("presets") / "wording"
SHIPPED = sorted(FOLDER.glob("*.yaml"))
FACTS = {
    "provider": "Atelier Examiners",
    "result": "authentic",
    "date": "30 October 2026",
    "certificate": "AT-1",
    "host": "atelier.org",
    "brand": "Orsetta",
}
# Written out here, apart from the code's own list.
NEVER = ("guarant", "warrant", "100%", "100 %", "certified by", "genuine", "official", "endors")


def changed(folder: Path, **changes: Any) -> Path:
    content = yaml.safe_load((FOLDER / "en.yaml").read_text("utf-8")) | changes
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def test_there_is_wording() -> None:
    assert [path.stem for path in SHIPPED if path.stem == "en"] == ["en"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("test", [False, True])
def test_shipped_wording_states_all_and_promises_nothing(path: Path, test: bool) -> None:
    wording = read_wording(path)
    lines = wording.lines(FACTS, test=test)
    sentence = wording.sentence(FACTS, test=test)
    for text in (" ".join(lines), sentence):
        assert all(fact in text for fact in FACTS.values())
        assert not any(word in text.casefold() for word in NEVER)
        assert "{" not in text
    content = yaml.safe_load(path.read_text("utf-8"))
    assert not any(word in str(content).casefold() for word in NEVER)
    assert (lines[0] == content["test_line"]) is test
    assert sentence.startswith(content["test_sentence"]) is test


def test_english_is_the_agreed_template() -> None:
    wording = load_wording("en")
    assert wording.lines(FACTS, test=False) == (
        "Examined by Atelier Examiners",
        "Result: authentic",
        "30 October 2026",
        "Certificate AT-1",
        "Check at atelier.org",
        "Not affiliated with Orsetta.",
    )
    assert wording.written(date(2026, 3, 1)) == "1 March 2026"


def test_values_are_not_filled_again() -> None:
    facts = FACTS | {"provider": "{brand} {0} {__class__}", "brand": "{host}"}
    line = load_wording().lines(facts, test=False)[0]
    assert line == "Examined by {brand} {0} {__class__}"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"authentic": "guaranteed authentic"}, "promises"),
        ({"sentence": "Certified by {brand}"}, "promises"),
        ({"test_line": "100 % sure"}, "promises"),
        ({"authentic": "garantiert echt"}, "promises"),
        ({"authentic": "正品保证"}, "promises"),
        ({"lines": ["Examined by {provider}"]}, "leaves out {apart}"),
        ({"apart": "Nobody else is in this"}, "leaves out {brand}"),
        ({"sentence": "Examined by {provider}"}, "leaves out"),
        ({"date": "{day} {month}"}, "date"),
        ({"authentic": "품질 보장"}, "promises"),
        ({"authentic": "มีใบรับประกัน"}, "promises"),
        ({"authentic": "أصلية مضمونة"}, "promises"),
        ({"test_line": "Test {brand}"}, "which is not a field"),
        ({"colour": "red"}, "colour"),
        ({"lines": []}, "lines"),
    ],
)
def test_wrong_wording_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ListingError) as error:
        read_wording(changed(tmp_path, **changes))
    assert any(says in problem.message for problem in error.value.problems)


def test_own_wording_comes_first(tmp_path: Path) -> None:
    (tmp_path / "wording").mkdir()
    changed(tmp_path, authentic="echt").rename(tmp_path / "wording" / "en.yaml")
    assert load_wording("en", tmp_path).words.authentic == "echt"
    for name in ("tlh", "../issuers/demo", "en/../en"):
        with pytest.raises(ListingError, match="no wording for the language"):
            load_wording(name, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "Guaranty", "GARANTÍA", "garanzia", "100%", "officially", "保証", "garansi", "offizieller",
        "ufficiale", "oficial", "certifié authentique", "zertifiziert echt", "100 pour cent",
        "担保", "擔保", "假一赔十", "百分之百", "官方", "保證", "公式", "絶対本物", "100％", "100٪",
        "보증", "정품 보장", "공식 판매", "รับประกัน", "การันตี", "แท้แน่นอน", "ضمان", "مضمونة",
        "رسمي", "sans aucun doute", "risikofrei", "sin duda", "dijamin asli", "cam kết",
        "chính hãng",
        unicodedata.normalize("NFD", "đảm bảo"),
    ],
)  # fmt: skip
def test_promises_are_found(text: str) -> None:
    assert forbidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "Examined by A",
        "Result: authentic",
        "Garland & Grant",
        "AT-100",
        "Officine Garance",
        "Sans doute de 1987",
        "Bảo tàng",
        "Resmini",
        "保証書付き",  # the shop's card, which comes with a piece
        "保卡",
        "보증서 있음",
        "رمضان",
    ],
)
def test_facts_are_not_promises(text: str) -> None:
    assert forbidden(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "An authentic piece", "Authentique", "Auténtica", "Echt", "Examined", "geprüft", "Verified",
        "vérifiée", "Certified", "Zertifikat", "bersertifikat", "diperiksa", "xác thực", "asli",
        "正品", "鉴定", "鑑定済み", "本物", "정품", "인증서", "ของแท้", "أصلية", "شهادة",
    ],
)  # fmt: skip
def test_a_storyboard_may_not_say_what_a_badge_is_for(text: str) -> None:
    assert reserved(text)


@pytest.mark.parametrize(
    "text", ["Previous owner", "The condition first", "Rechts und links", "先看成色", "美品"]
)
def test_plain_words_are_no_badges(text: str) -> None:
    assert reserved(text) is None


def listing(**words: Any) -> Listing:
    said = {"brand": "Orsetta", "model": "Pouch", "note": "A scuff", "includes": "Box"} | words
    return Listing.model_validate(
        {
            "sku": "S",
            "item": {
                "brand": said["brand"],
                "model": said["model"],
                "material": said.get("material"),
                "size": {"label": said.get("label")},
            },
            "condition": {
                "grade": "good",
                "notes": [
                    {"part": "side", "flaw": "none"},
                    {"part": "side", "flaw": "scuff", "words": said["note"]},
                ],
            },
            "story": {name: said.get(name) for name in ("headline", "special", "previous_owner")},
            "includes": ["Dust bag", said["includes"]],
            "footage": ["a.mp4"],
        }
    )


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("headline", "story.headline"),
        ("special", "story.special"),
        ("previous_owner", "story.previous_owner"),
        ("material", "item.material"),
        ("label", "item.size.label"),
        ("brand", "item.brand"),
        ("model", "item.model"),
        ("note", "condition.notes.1.words"),
        ("includes", "includes.1"),
    ],
)
def test_promises_in_the_seller_s_own_words_are_named(name: str, field: str) -> None:
    (warning,) = promises(listing(**{name: "Certified authentic, always"}))
    assert warning.startswith(f"{field} says 'Certified authentic'")


def test_plain_words_of_a_seller_are_no_promise() -> None:
    assert promises(listing(headline="Bought in Florence", special="From one owner")) == ()
    assert len(promises(listing(headline="100% real", special="guaranteed"))) == 2
