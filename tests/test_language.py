"""Languages: every word is there, can be written, and fits where it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from video_pipeline.errors import UsageError
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.overlays.language import Language, language, languages
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import SafeArea
from video_pipeline.resources import shipped
from video_pipeline.trust.wording import forbidden, load_wording, reserved

WORDS = {
    code: yaml.safe_load((shipped("overlays") / f"i18n/{code}.yaml").read_text("utf-8"))
    for code in languages()
}
# The narrowest safe area that is known: what fits here fits everywhere.
EVERYWHERE = Canvas(1080, 1920, SafeArea(top=288, right=192, bottom=672, left=120))
LABELS = {
    "fr": "État", "de": "Zustand", "es": "Estado", "it": "Stato", "id": "Kondisi",
    "vi": "Tình trạng", "en": "Condition",
}  # fmt: skip


def test_the_languages_are_those_the_docs_name() -> None:
    assert set(languages()) == set(LABELS) == {"en", "fr", "de", "es", "it", "id", "vi"}


@pytest.mark.parametrize("code", languages())
def test_every_language_has_every_word_with_its_fields(code: str) -> None:
    english, here = WORDS["en"], WORDS[code]
    assert {kind: set(words) for kind, words in here.items()} == {
        kind: set(words) for kind, words in english.items()
    }
    for kind, words in here.items():
        for key, text in words.items():
            fields = {f.casefold() for f in re.findall(r"\{\w+\}", text)}
            wanted = {f.casefold() for f in re.findall(r"\{\w+\}", english[kind][key])}
            assert fields == wanted, (kind, key)
            assert unwritable(text) == (), (kind, key)
            assert not forbidden(text), (kind, key)
    # Two flaws that read alike would be one to a buyer.
    assert len(set(here["flaw"].values())) == len(here["flaw"])
    assert len(set(here["severity"].values())) == 4
    assert Language(code).word("label", "condition") == LABELS[code]


@pytest.mark.parametrize("code", languages())
def test_every_language_has_a_wording_and_grades(code: str) -> None:
    wording = load_wording(code)
    facts = {"provider": "P", "result": wording.words.authentic, "date": "D", "certificate": "C",
             "host": "h.org", "brand": "B"}  # fmt: skip
    sentence = wording.sentence(facts, test=True)
    assert unwritable(sentence) == ()
    assert reserved(sentence)  # so the words that only a badge may say are known in this language
    scale = load_scale("house", None, code)
    assert len({grade.words for grade in scale.grades}) == 6
    for text in (scale.title, scale.owner, *(grade.words for grade in scale.grades)):
        assert unwritable(text) == ()


def _longest(kind: str, code: str) -> str:
    return max(WORDS[code][kind], key=lambda key: len(WORDS[code][kind][key]))


@pytest.mark.parametrize("code", languages())
def test_the_longest_words_fit_the_narrowest_safe_area(code: str) -> None:
    wording = load_wording(code)
    facts = {"provider": "Example Authentication", "result": wording.words.authentic,
             "date": "30 September 2026", "certificate": "EX-2025-004417",
             "host": "certificates.example.org", "brand": "Maison Orla"}  # fmt: skip
    scale = load_scale("house", None, code)
    longest = max((grade.words for grade in scale.grades), key=len)
    cards: list[tuple[str, dict[str, Any]]] = [
        ("condition-note", {
            "part": _longest("part", code), "flaw": _longest("flaw", code),
            "severity": _longest("severity", code), "words": "Worn", "index": 10, "total": 12,
        }),
        ("label", {"text": Language(code).word("part", "hardware")}),
        *(("grade-card", {"grade": grade.words, "scale_title": scale.title, "owner": scale.owner,
                     "notes": ["Note"]}) for grade in scale.grades),
        ("end-card", {"brand": "B", "model": "M", "grade_text": longest, "sku": "A-1"}),
        ("certification-badge", {
            "lines": list(wording.lines(facts, test=False)), "certificate_id": "EX-2025-004417",
            "issuer_name": "Example Authentication", "brand": "Maison Orla",
            "check_url": "https://certificates.example.org/c/EX-2025-004417",
        }),
    ]  # fmt: skip
    for template, fields in cards:
        drawing = draw(template, fields, EVERYWHERE, lang=code)
        # Half a word may say the opposite: "Vom Verkäufer angegeben, nicht…".
        assert not [box.text for box in drawing.texts if box.truncated], template


def test_an_overlay_is_drawn_in_its_language() -> None:
    fields = {"part": "corner", "flaw": "scuff", "severity": "light", "words": "Seen below"}
    said = {code: " ".join(box.text for box in draw("condition-note", fields, EVERYWHERE,
            lang=code).texts) for code in ("en", "fr", "de")}  # fmt: skip
    assert said["en"] == "CORNER Scuff Light “Seen below”"
    assert said["fr"].replace("\u00a0", " ") == "COIN Éraflure Intensité faible « Seen below »"
    assert said["de"] == "ECKE Schramme Leicht „Seen below“"


@pytest.mark.parametrize("code", ["pl", "FR", "../en", "", "english"])
def test_a_language_without_words_is_refused_naming_those_there_are(code: str) -> None:
    with pytest.raises(UsageError) as caught:
        language(code)
    assert repr(code) in caught.value.message
    assert "de, en, es, fr, id, it, vi" in caught.value.mend


def test_a_language_of_a_persons_own(tmp_path: Path) -> None:
    (tmp_path / "i18n").mkdir()
    text = (shipped("overlays") / "i18n/en.yaml").read_text("utf-8")
    (tmp_path / "i18n/pl.yaml").write_text(text.replace("Corner", "Róg"), encoding="utf-8")
    assert "pl" in languages(tmp_path)
    polish = language("pl", tmp_path)
    assert polish.word("part", "corner") == "Róg"
    assert str(polish.locale) == "pl"
    (tmp_path / "i18n/xx.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="nobody knows how 'xx' writes figures"):
        language("xx", tmp_path)
    # A file of their own need not be whole where one of that name is shipped.
    (tmp_path / "i18n/fr.yaml").write_text("part: {corner: Angle}\n", encoding="utf-8")
    assert language("fr", tmp_path).word("part", "corner") == "Angle"
    assert language("fr", tmp_path).word("part", "back") == "Dos"
    (tmp_path / "i18n/pl.yaml").write_text("part: {corner: Róg}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="There is no word for 'back' among the part"):
        language("pl", tmp_path).word("part", "back")
