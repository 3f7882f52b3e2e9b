"""Languages: every word is there, can be written, and fits where it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
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
from video_pipeline.presets.storyboards import load_storyboard, storyboard_names
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
    "vi": "Tình trạng", "en": "Condition", "zh-Hans": "成色", "zh-Hant": "狀況", "ja": "状態",
    "ko": "상태", "th": "สภาพ", "ar": "الحالة",
}  # fmt: skip
# What is written in each language beside Latin letters, as the first words of Unicode's names.
SCRIPTS = {
    "zh-Hans": {"CJK"}, "zh-Hant": {"CJK"}, "ja": {"CJK", "HIRAGANA", "KATAKANA"},
    "ko": {"HANGUL"}, "th": {"THAI"}, "ar": {"ARABIC"},
}  # fmt: skip
# Words that a language shares with English; any other that equals the English was forgotten.
SHARED = {
    ("de", "flaw", "patina"),
    ("de", "label", "height"),
    ("de", "label", "reference"),
    ("es", "label", "reference"),
    ("es", "part", "base"),
    ("es", "part", "interior"),
    ("fr", "label", "height"),
    ("fr", "part", "bracelet"),
    ("id", "flaw", "patina"),
    ("id", "label", "reference"),
    ("it", "flaw", "patina"),
    ("it", "part", "base"),
}
# Written out here, apart from the code's own list: what no language may say.
NEVER = re.compile(
    r"gu?arant|garanz|garansi|jamin|warrant|bảo đảm|đảm bảo|cam kết|保证|保證|保証|担保|擔保"
    r"|보증|보장"
    r"|รับประกัน|การันตี|ضمان|مضمون|كفالة|100\s*%",
    re.IGNORECASE,
)
STEADY = {"en", "fr", "de", "es", "it", "id", "vi"}
"""What the typefaces that have always shipped can write."""
DRAWABLE = [code for code in languages() if not unwritable(str(WORDS[code]))]


def _texts(code: str) -> Iterator[str]:
    """Everything that stands on screen in a language and is not the seller's."""
    for words in WORDS[code].values():
        yield from words.values()
    words = load_wording(code).words
    yield from (words.authentic, *words.lines, words.sentence, words.test_line, words.test_sentence)
    scale = load_scale("house", None, code)
    yield from (scale.title, scale.owner, *(grade.words for grade in scale.grades))
    for name in storyboard_names():
        yield from (slot.text for slot in load_storyboard(name, None, code).slots if slot.text)


def test_the_languages_are_those_the_docs_name() -> None:
    assert set(languages()) == set(LABELS)
    assert set(DRAWABLE) >= STEADY


@pytest.mark.parametrize("code", languages())
def test_every_language_has_every_word_with_its_fields(code: str) -> None:
    english, here = WORDS["en"], WORDS[code]
    assert {kind: list(words) for kind, words in here.items()} == {
        kind: list(words) for kind, words in english.items()
    }
    for kind, words in here.items():
        for key, text in words.items():
            fields = {f.casefold() for f in re.findall(r"\{\w+\}", text)}
            wanted = {f.casefold() for f in re.findall(r"\{\w+\}", english[kind][key])}
            assert fields == wanted, (kind, key)
            assert text.strip() and text == unicodedata.normalize("NFC", text), (kind, key)
            assert not forbidden(text), (kind, key)
            # A number in a sentence would need the plural forms of its language.
            # "1 of 3" counts nothing that has a name.
            if key != "counter":
                assert not fields & {"{count}", "{number}", "{total}", "{index}", "{n}"}
    # Two flaws that read alike would be one to a buyer.
    assert len(set(here["flaw"].values())) == len(here["flaw"])
    assert len(set(here["severity"].values())) == 4
    assert Language(code).word("label", "condition") == LABELS[code]


def test_no_line_was_left_in_english() -> None:
    same = {
        (code, kind, key)
        for code, groups in WORDS.items()
        for kind, words in groups.items()
        for key, text in words.items()
        if code != "en" and text == WORDS["en"][kind][key] and re.search(r"[A-Za-z]", _bare(text))
    }
    assert same == SHARED


@pytest.mark.parametrize("code", languages())
def test_a_language_is_written_in_its_own_letters(code: str) -> None:
    """Neither a Cyrillic a in a Latin word nor an English word in a Chinese line."""
    scripts = SCRIPTS.get(code, {"LATIN"})
    for text in _texts(code):
        letters = [c for c in _bare(text) if c.isalpha()]
        # KATAKANA-HIRAGANA is the long vowel's sign, which either may have.
        found = {re.split("[ -]", unicodedata.name(c))[0] for c in letters}
        assert found <= scripts, text


# Signs that tell the two ways of writing Chinese apart.
_SIMPLIFIED, _TRADITIONAL = "边链锁内里纹测试证号询无关联卖剂", "邊鏈鎖鍊內裡線紋測試證號詢無關聯賣"


def test_the_two_ways_of_writing_chinese_are_not_mixed() -> None:
    simplified, traditional = "".join(_texts("zh-Hans")), "".join(_texts("zh-Hant"))
    assert not set(simplified) & set(_TRADITIONAL)
    assert not set(traditional) & (set(_SIMPLIFIED) - set(_TRADITIONAL) - set("内里"))
    assert "里" not in traditional and "内" not in traditional


@pytest.mark.parametrize("code", languages())
def test_no_language_promises(code: str) -> None:
    for text in _texts(code):
        assert not NEVER.search(text), text
        assert not forbidden(text), text


@pytest.mark.parametrize("code", languages())
def test_every_language_has_a_wording_and_grades(code: str) -> None:
    wording = load_wording(code)
    facts = {"provider": "P", "result": wording.words.authentic, "date": "D", "certificate": "C",
             "host": "h.org", "brand": "B"}  # fmt: skip
    sentence = wording.sentence(facts, test=True)
    # So the words that only a badge may say are known in this language.
    assert reserved(sentence) and reserved(wording.words.authentic)
    scale = load_scale("house", None, code)
    assert len({grade.words for grade in scale.grades}) == 6
    # A line of a storyboard may say nothing that is for a badge.
    for name in storyboard_names():
        for slot in load_storyboard(name, None, code).slots:
            assert not reserved(re.sub(r"\{.*?\}", "", slot.text))


@pytest.mark.parametrize("code", DRAWABLE)
def test_every_word_of_a_language_can_be_written(code: str) -> None:
    for text in _texts(code):
        assert unwritable(text.replace("\n", " ")) == ()


def test_every_line_takes_its_time_to_read() -> None:
    board = load_storyboard("showcase")
    # A Chinese or Japanese sign says about as much as two letters.
    assert board.reading_s("角スレ") == board.reading_s("abcdef")


def _bare(text: str) -> str:
    """A text without its fields."""
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{\w+\}", "", text)


def _longest(kind: str, code: str) -> str:
    return max(WORDS[code][kind], key=lambda key: len(WORDS[code][kind][key]))


@pytest.mark.parametrize("code", DRAWABLE)
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


@pytest.mark.parametrize("code", ["pl", "pl-PL", "../en", "", "english", "sr-Latn", "en-u-nu-arab"])
def test_a_language_without_words_is_refused_naming_those_there_are(code: str) -> None:
    with pytest.raises(UsageError) as caught:
        language(code)
    assert repr(code) in caught.value.message
    assert "ar, de, en, es, fr, id, it, ja, ko, th, vi, zh-Hans, zh-Hant" in caught.value.mend


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
