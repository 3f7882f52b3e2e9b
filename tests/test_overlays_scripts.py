"""Type in every script: what HarfBuzz, ICU and the bidirectional algorithm make of it here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.overlays import bidi
from video_pipeline.overlays.breaks import chances, clusters
from video_pipeline.overlays.fonts import Face, Shaped, Typeface
from video_pipeline.overlays.sheet import Sheet, unwritable, written
from video_pipeline.overlays.theme import theme
from video_pipeline.overlays.typesetting import clean, fit

SENTENCES = {
    "ar": "حقيبة Juno بحالة ممتازة، السعر 1,250 € (شامل الشحن)",
    "fa": "می‌خواهم کیف دستی چرم",
    "he": "תיק עור במצב מצוין, מחיר 1,250 ₪ (כולל משלוח), שָׁלוֹם",
    "th": "กระเป๋าหนังแท้สภาพดีมากพร้อมกล่อง ที่นี่ น้ำ ฿1,250",
    "hi": "क्षतिग्रस्त कोना, हार्डवेयर पर हल्की खरोंच; श्री राष्ट्र",
    "ja": "「使用感の少ない美品です。」ショッピングバッグ、箱付き。",
    "zh-Hans": "品质“良好”，（全套包装）——附发票…",
    "zh-Hant": "品質「良好」，（全套包裝）附發票。",
    "ko": "정품 인증 완료 가방입니다. 상태가 아주 좋습니다",
    "vi": "Túi xách Ế Ỗ Ậ Ữ Ằ, được giữ gìn rất kỹ",
    "el": "Τσάντα από γνήσιο δέρμα Ά Ώ",
    "ru": "Сумка из кожи, отличное состояние Й Ё",
    "en": "A find ✨ 👜 ❤️ 👩‍👩‍👧 👍🏽 🇫🇷 1️⃣ ❤️‍🔥 ✔ ★",
}
BEGINS_NO_LINE = "、。，！？：；」』）】ー々ァィゥェォッャュョぁぃぅぇぉっゃゅょ…"
ENDS_NO_LINE = "「『（【"


def typefaces() -> Iterator[Typeface]:
    look = theme()
    for style in ("title", "note"):
        yield look.face(style, None)


SERIF, SANS = typefaces()


def glyphs(text: str, lang: str = "en", face: Typeface = SANS) -> list[int]:
    return [g.gid for g in laid(text, lang, face).glyphs]


def laid(text: str, lang: str = "en", face: Typeface = SANS) -> Shaped:
    levels = bidi.levels(text, bidi.direction(text, lang))
    return face.shape(text, lang=lang, levels=levels)


def seen(text: str, base: int) -> str:
    """The characters in the order of the line, without mirroring."""
    levels = bidi.levels(text, base) or (0,) * len(text)
    runs = bidi.visual_runs(levels)
    return "".join(text[a:b][:: -1 if level % 2 else 1] for a, b, level in runs)


@pytest.mark.parametrize("lang", SENTENCES)
def test_every_language_can_be_written_in_every_style(lang: str) -> None:
    assert unwritable(SENTENCES[lang]) == ()
    for face in (SERIF, SANS):
        shaped = laid(clean(SENTENCES[lang]), lang, face)
        assert 0 not in {g.gid for g in shaped.glyphs}  # no box


def test_no_script_but_its_own_is_opened() -> None:
    def opened(text: str) -> list[str]:
        fresh = Typeface("fresh", tuple(Face(f.path) for f in SERIF.faces))
        fresh.shape(text)
        assert fresh.missing(text) == ()
        return [f.path.name.partition("-")[0] for f in fresh.faces if f.opened]

    assert opened("Größe 1,250 € – “fine” Ж") == ["CormorantGaramond"]
    assert "NotoSerifCJK" not in opened("กล่อง ✨ شامل क्ष")
    assert "NotoSansCJK" not in opened("良好")


@pytest.mark.parametrize(
    ("text", "base", "line"),
    [
        # Letters stand for themselves; the expected lines follow from the rules of UAX #9.
        ("abc אבג def", 0, "abc גבא def"),
        ("אבג abc דהו", 1, "והד abc גבא"),
        ("מחיר 1,250 €", 1, "€ 1,250 ריחמ"),  # W4: the comma is the number's
        ("מחיר €1,250", 1, "€1,250 ריחמ"),  # W5: so is a currency sign that touches it
        ("سعر 12-30", 1, "30-12 رعس"),  # W2: after Arabic letters a hyphen parts numbers
        ("אב 12-30", 1, "12-30 בא"),
        ("אב (cd) ef", 1, "ef )cd( בא"),  # N0: the brackets follow what came before
        ("a (אב) b", 0, "a (בא) b"),
        ("אב! ", 1, " !בא"),
        ("أ.ب 3%", 1, "%3 ب.أ"),
    ],
)
def test_the_order_of_mixed_lines(text: str, base: int, line: str) -> None:
    assert seen(text, base) == line


def test_brackets_are_mirrored_and_prices_stay_whole() -> None:
    text = "(אב) 1,250"
    shaped = laid(text, "he")
    assert "".join(text[g.cluster] for g in shaped.glyphs) == "1,250 )בא("
    of = {g.cluster: g.gid for g in shaped.glyphs}
    assert [of[0], of[3]] == [glyphs(")")[0], glyphs("(")[0]]


@pytest.mark.parametrize(
    ("text", "lang", "level"),
    [("حقيبة Juno", "en", 1), ("Juno حقيبة", "ar", 0), ("1,250 €", "ar", 1), ("1,250 €", "de", 0)],
)
def test_the_first_letter_decides_the_direction(text: str, lang: str, level: int) -> None:
    assert bidi.direction(text, lang) == level


def test_arabic_letters_join_and_lam_alef_is_one() -> None:
    alone = glyphs("ب", "ar")
    first, middle, last = reversed(glyphs("ببب", "ar"))
    assert len({*alone, first, middle, last}) >= 3
    assert not {*glyphs("لا", "ar")} & {*glyphs("ا", "ar"), *glyphs("ل", "ar")}
    # A joiner that forbids joining is meant, and kept.
    assert clean("می‌خواهم") == "می‌خواهم"
    assert glyphs("می‌خ", "fa") != glyphs("میخ", "fa")


def test_letter_spacing_keeps_arabic_and_hindi_together() -> None:
    for text in ("حقيبة", "हार्डवेयर"):
        assert SANS.shape(text, spaced=True).spaced == 1
    assert SANS.shape("bag", spaced=True).spaced == 3


def test_conjuncts_are_drawn_and_never_parted() -> None:
    assert len(glyphs("क्ष", "hi")) == 1
    assert len(glyphs("र्क", "hi")) == 2  # the letter, and the hook above it
    assert clusters("क्षति") == (0, 3)
    # The vowel sign i is written before its consonant.
    assert glyphs("कि", "hi")[1] == glyphs("क", "hi")[0]


def test_thai_marks_stack_and_words_are_known() -> None:
    assert SANS.reach(laid("ปี่", "th"))[0] > SANS.reach(laid("ปี", "th"))[0]
    text = "กระเป๋าหนังแท้สภาพดี"
    ends = (0, *chances(text, "th").good, len(text))
    assert [text[a:b] for a, b in pairwise(ends)] == ["กระเป๋า", "หนัง", "แท้", "สภาพ", "ดี"]


@pytest.mark.parametrize("text", ["ẾỖẬỮẰ", "ếỗậữằ"])
@pytest.mark.parametrize("face", [SERIF, SANS], ids=["serif", "sans"])
def test_vietnamese_accents_are_the_fonts_own_however_typed(text: str, face: Typeface) -> None:
    assert clean(unicodedata.normalize("NFD", text)) == text
    shaped = face.shape(text, lang="vi")
    assert [g.face for g in shaped.glyphs] == [0] * len(text)


def test_languages_get_their_own_chinese_characters() -> None:
    for face in (SERIF, SANS):
        forms = {lang: tuple(glyphs("骨直", lang, face)) for lang in ("ja", "zh-Hans", "zh-Hant")}
        assert len(set(forms.values())) == 3
    # In a listing in English the other characters tell.
    assert glyphs("骨の", "en")[0] == glyphs("骨", "ja")[0]
    assert glyphs("骨", "en") == glyphs("骨", "zh-Hans")


@pytest.mark.parametrize("emoji", ["👜", "❤️", "👩‍👩‍👧", "👍🏽", "🇫🇷", "1️⃣", "❤️‍🔥", "👩🏽‍💻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_an_emoji_is_one_picture(emoji: str) -> None:
    shaped = SERIF.shape(clean(emoji))
    assert len([g for g in shaped.glyphs if SERIF.faces[g.face].outline(g.gid)]) == 1
    assert {SERIF.faces[g.face].path.name for g in shaped.glyphs} == {"NotoEmoji-Medium.ttf"}


def test_a_greek_word_is_in_one_face() -> None:
    assert len({g.face for g in SERIF.shape("από").glyphs}) == 1


@pytest.mark.parametrize(
    ("text", "lang", "parts"),
    [
        ("정품 인증 완료", "ko", ["정품 ", "인증 ", "완료"]),
        ("「良好。」箱", "zh-Hans", ["「良", "好。」", "箱"]),
        ("バッグ、", "ja", ["バッグ、"]),
        ("a gold-plated · clasp", "en", ["a ", "gold-plated · ", "clasp"]),
        ("no “quoted” word", "en", ["no ", "“quoted” ", "word"]),
        ("1\u202f250\u00a0€", "fr", ["1\u202f250\u00a0€"]),
    ],
)
def test_where_lines_may_break(text: str, lang: str, parts: list[str]) -> None:
    ends = (0, *chances(text, lang).good, len(text))
    assert [text[a:b] for a, b in pairwise(ends)] == parts


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("a\u200db", "ab"),
        ("क्\u200dष", "क्\u200dष"),
        ("\u200dक", "क"),
        ("👩\ufe0f\u200d👧", "👩\u200d👧"),
        ("👩\u200d", "👩"),
        ("👜\u200dx", "👜x"),
        ("ab\u2066\u202eאב\u2069\u061c", "abאב"),
        ("葛\U000e0100", "葛"),
        ("\u05e9\u05c1\u05bc\u05b8", unicodedata.normalize("NFC", "\u05e9\u05c1\u05bc\u05b8")),
        ("น้ำ", "น้ำ"),
        ("\ud83d \udc5c", ""),
    ],
)
def test_joiners_stay_only_where_writing_needs_them(given_text: str, cleaned: str) -> None:
    assert clean(given_text) == cleaned


def test_text_stands_where_its_reader_begins() -> None:
    sheet = Sheet(800, 800, theme())
    column = sheet.column(40, 40, 700)
    column.text("حقيبة", "note")
    column.text("Juno", "note")
    arabic, own = written(sheet)
    assert arabic.right == pytest.approx(740)
    assert own.x == 40
    assert column.widest == 700


HOSTILE = {
    "a word": "ก" * 10_000,
    "a word of clusters": "क्ष" * 4000,
    "emoji only": "👩‍👩‍👧" * 300,
    "zalgo": "Z" + "\u0301\u0323" * 200 + "algo",
    "only marks": "\u0301\u0e49\u093f",
    "one letter": "ي",
    "brackets": "([{" * 500 + "א",
    "commas": "、" * 400,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("face", [SERIF, SANS], ids=["serif", "sans"])
def test_hostile_text_is_set(name: str, face: Typeface) -> None:
    fitted = fit(HOSTILE[name], face, 400, lines=3, sizes=(60, 30))
    assert len(fitted.lines) <= 3
    assert fitted.width_px <= 400.01


@pytest.mark.parametrize("text", ["   ", "\ud83d", "\u202e\u2066", "\u200d"])
def test_nothing_to_write_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="nothing"):
        fit(text, SANS, 400, lines=1, sizes=(30, 30))


WORDS = [w for text in SENTENCES.values() for w in clean(text).split()]


@settings(max_examples=120, deadline=None)
@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=14),
    width=st.integers(180, 900),
    lines=st.integers(1, 4),
    lang=st.sampled_from(sorted(SENTENCES)),
    serif=st.booleans(),
    spacing=st.sampled_from([0.0, 0.14]),
)
def test_any_mixture_keeps_to_its_box_and_its_order(
    words: list[str], width: int, lines: int, lang: str, serif: bool, spacing: float
) -> None:
    face = SERIF if serif else SANS
    wanted = " ".join(words)
    fitted = fit(wanted, face, width, lines=lines, sizes=(60, 30), spacing=spacing, lang=lang)
    assert len(fitted.lines) <= lines
    assert fitted.width_px <= width + 0.01
    # Every letter in order, none parted, and what is left out is told by an ellipsis.
    letters = {*clusters(wanted), len(wanted)}
    at = 0
    for k, line in enumerate(fitted.lines):
        text = line.text
        if fitted.truncated and k == len(fitted.lines) - 1:
            assert text.endswith("…")
            text = text[:-1]
        start = wanted.index(text, at)
        assert wanted[at:start].strip() == ""
        at = start + len(text)
        assert {start, at} <= letters
        assert not text or {g.cluster for g in line.glyphs} <= set(range(len(line.text)))
    assert fitted.truncated or wanted[at:].strip() == ""
    # Ink stays within the box, and lines that reach far do not touch.
    k = fitted.size_px
    reaches = [face.reach(line) for line in fitted.lines]
    assert reaches[0][0] * k <= fitted.ascent_px + 0.01
    assert reaches[-1][1] * k <= fitted.descent_px + 0.01
    for (_, below), (above, _) in pairwise(reaches):
        if above > face.ascent or below > face.descent:
            assert (above + below) * k <= fitted.line_height_px


@settings(max_examples=80, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from("品質良好全套包装使用感"), st.sampled_from(BEGINS_NO_LINE + "「（の")
        ),
        min_size=2,
        max_size=25,
    ),
    width=st.integers(220, 700),
    lang=st.sampled_from(["ja", "zh-Hans", "zh-Hant", "en"]),
)
def test_what_may_not_begin_or_end_a_line_does_not(
    pairs: list[tuple[str, str]], width: int, lang: str
) -> None:
    text = "".join(a + b for a, b in pairs) + "箱"
    fitted = fit(text, SANS, width, lines=9, sizes=(40, 30), lang=lang)
    whole = fitted.text[:-1] if fitted.truncated else fitted.text
    for line in whole[1:]:
        assert line[0] not in BEGINS_NO_LINE
    for line in whole[:-1]:
        assert line[-1] not in ENDS_NO_LINE
