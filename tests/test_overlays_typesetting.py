"""Fitting text, and the fonts it is fitted with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.errors import UsageError
from video_pipeline.overlays.fonts import Typeface, typeface
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.overlays.typesetting import clean, fit
from video_pipeline.resources import shipped

NEEDED = "€£¥₺₽$·–—“”‘’…×éßñüöäåøæœçğışİąćęłńóśźżčřžűőþð½№™®©°²%&@#/\\{}[]<>АБВгдщЖя"


@pytest.fixture(scope="module")
def serif() -> Typeface:
    return typeface("serif", ["CormorantGaramond-SemiBold.ttf", "Inter-Medium.ttf"])


@pytest.fixture(scope="module")
def sans() -> Typeface:
    return typeface("sans", ["Inter-Regular.ttf"])


@pytest.mark.parametrize(
    "file",
    [
        "CormorantGaramond-SemiBold.ttf",
        "Inter-Regular.ttf",
        "Inter-Medium.ttf",
        "Inter-SemiBold.ttf",
    ],
)
def test_shipped_fonts_cover_what_listings_need(file: str) -> None:
    assert typeface(file, [file]).missing(NEEDED) == ()


def test_shipped_fonts_are_small_and_carry_their_licences() -> None:
    folder = shipped("overlays") / "fonts"
    fonts = sorted(folder.glob("*.?tf"))
    assert sum(p.stat().st_size for p in fonts) < 13_500_000
    for family in {p.name.partition("-")[0] for p in fonts}:
        licence = "Noto" if family.startswith("Noto") else family
        text = (folder / f"{licence}-OFL.txt").read_text(encoding="utf-8")
        assert "SIL OPEN FONT LICENSE Version 1.1" in text
    recipe = (folder / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in fonts if f"`{p.name}`" not in recipe] == []


def test_a_missing_letter_is_borrowed_from_the_next_face(serif: Typeface) -> None:
    faces = [g.face for g in serif.shape("aβa").glyphs]
    assert faces == [0, 1, 0]
    assert serif.missing("aβ漢👜漢") == ("漢", "👜")


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("Hand-stitched, the seller's “best” – 100 % β Ж €", ""),
        ("A ✨ find ✨ 良好 ok", ""),
        ("A ሀ find ሀ", "ሀ"),
        # The variation selector and the joiners go anyway; only what would be seen is told.
        ("ሀ\ufe0f", "ሀ"),
        ("ሀ\u200dለ", "ሀለ"),
        ("👩\u200d👧", ""),
        ("fine\ufe0f\u200d", ""),
        # Where nothing would be seen at all, everything is told.
        ("\u200b\ufe0f", "\u200b\ufe0f"),
        # Written in capitals it needs a letter that the fonts lack.
        ("ŉ", "ŉ"),
    ],
)
def test_what_cannot_be_written_is_known_beforehand(text: str, lost: str) -> None:
    assert unwritable(text) == tuple(lost)


def test_what_can_be_written_is_asked_of_the_persons_own_theme(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    text = (shipped("overlays") / "themes/atelier.yaml").read_text(encoding="utf-8")
    alone = text.replace("    - Inter-Medium.ttf\n    - NotoNaskh", "    - NotoNaskh", 1)
    alone = alone.replace("    - NotoSerif-Regular.ttf\n", "", 1)
    assert len(text.splitlines()) - len(alone.splitlines()) == 2
    (tmp_path / "themes/atelier.yaml").write_text(alone)
    assert unwritable("aβ") == ()
    assert unwritable("aβ", tmp_path) == ("β",)


def test_a_font_that_is_not_there_or_not_a_font(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not there"):
        typeface("x", ["Nothing.ttf"])
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts/Bad.ttf").write_bytes(b"not a font")
    with pytest.raises(UsageError, match="font"):
        typeface("x", ["Bad.ttf"], tmp_path)


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("  a \t\n b  ", "a b"),
        ("a\u202eb\u200bc\u00add\ufe0f", "abcd"),
        ("e\u0301", "é"),
        ("o" + "\u0334" * 9, "o\u0334\u0334"),
        ("the seller's 5'2 'quoted'", "the seller’s 5'2 'quoted'"),
        ("\ud800\x00\x1b", ""),
        ("只背过两次⋯⋯", "只背过两次……"),
        ("ﬁne craft, ㈱オルラ", "fine craft, (株)オルラ"),
    ],
)
def test_cleaning(given_text: str, cleaned: str) -> None:
    assert clean(given_text) == cleaned


def test_text_shrinks_only_as_far_as_it_must(sans: Typeface) -> None:
    short = fit("Two words", sans, 800, lines=1, sizes=(60, 30))
    assert (short.size_px, short.truncated, len(short.lines)) == (60, False, 1)
    longer = fit("Two words and then some more of them", sans, 800, lines=1, sizes=(60, 30))
    assert 30 < longer.size_px < 60
    assert not longer.truncated


def test_lines_are_balanced_and_whole_words(sans: Typeface) -> None:
    fitted = fit("one two three four five six seven eight", sans, 420, lines=2, sizes=(40, 40))
    assert " ".join(fitted.text) == "one two three four five six seven eight"
    widths = [line.width(0) for line in fitted.lines]
    assert min(widths) > 0.7 * max(widths)


def test_separators_do_not_hang_at_the_ends_of_lines(sans: Typeface) -> None:
    fitted = fit("Cognac calfskin · gold-plated · 2014", sans, 330, lines=3, sizes=(40, 40))
    assert len(fitted.text) > 1
    for line in fitted.text:
        assert line.strip(" ·") == line


def test_hyphens_break_only_when_they_must(sans: Typeface) -> None:
    assert fit("a gold-plated clasp", sans, 300, lines=3, sizes=(40, 40)).text == (
        "a gold-plated", "clasp",
    )  # fmt: skip
    assert fit("gold-plated", sans, 150, lines=2, sizes=(40, 40)).text == ("gold-", "plated")


def test_a_short_number_and_what_it_counts_stand_on_one_line(sans: Typeface) -> None:
    text = "Sent for authentication on 3 March 2026; no answer yet"
    for width in range(430, 560, 10):
        lines = fit(text, sans, width, lines=4, sizes=(34, 34)).text
        assert sum("3 March" in line for line in lines) == 1
    # Where there is no room for both, they part after all.
    assert fit("12 Wochen", sans, 140, lines=2, sizes=(34, 34)).text == ("12", "Wochen")


def test_chinese_breaks_between_characters() -> None:
    # No shipped face has Chinese; the fallback box of the first face still has a width to wrap.
    face = typeface("sans", ["Inter-Regular.ttf"])
    assert len(fit("稀少品質良好", face, 120, lines=6, sizes=(40, 40)).lines) > 1


def test_what_does_not_fit_ends_in_an_ellipsis(sans: Typeface) -> None:
    fitted = fit("word " * 200, sans, 400, lines=3, sizes=(40, 30))
    assert fitted.truncated
    assert len(fitted.lines) == 3
    assert fitted.text[-1].endswith("word…")
    assert fitted.width_px <= 400


def test_nothing_to_set_is_refused(sans: Typeface) -> None:
    with pytest.raises(ValueError, match="nothing"):
        fit("\u200b", sans, 100, lines=1, sizes=(30, 30))


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8", max_codepoint=0x24F), min_size=1, max_size=120),
    width=st.integers(60, 900),
    lines=st.integers(1, 5),
    spacing=st.sampled_from([0.0, 0.2]),
)
def test_fitted_text_never_leaves_its_box(
    text: str, width: int, lines: int, spacing: float
) -> None:
    face = typeface("serif", ["CormorantGaramond-SemiBold.ttf", "Inter-Medium.ttf"])
    wanted = clean(text)
    if not wanted:
        return
    fitted = fit(text, face, width, lines=lines, sizes=(60, 30), spacing=spacing)
    assert 1 <= len(fitted.lines) <= lines
    assert fitted.width_px <= width + 0.01
    assert 30 <= fitted.size_px <= 60
    above, below = face.reach(fitted.lines[0])[0], face.reach(fitted.lines[-1])[1]
    assert fitted.ascent_px >= above * fitted.size_px - 0.01
    assert fitted.descent_px >= below * fitted.size_px - 0.01
    if not fitted.truncated:
        assert "".join("".join(fitted.text).split()).replace("·", "") == "".join(
            wanted.split()
        ).replace("·", "")
