"""Captions: what is said on screen is what the seller wrote."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision, parse_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline import locales
from video_pipeline.edit.captions import label, measures, money, note_line, title
from video_pipeline.listing.model import Item, Note, Price, Size
from video_pipeline.listing.prices import current_currencies
from video_pipeline.overlays.language import Language, languages
from video_pipeline.overlays.sheet import unwritable


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("1250", "EUR", "€1,250"),
        ("1250.00", "EUR", "€1,250"),
        ("99.5", "USD", "US$99.50"),
        ("180000", "JPY", "JP¥180,000"),
        ("1.250", "KWD", "KWD\u00a01.250"),
        ("1250", "CHF", "CHF\u00a01,250"),
        ("0", "EUR", "€0"),
        ("-0", "EUR", "€0"),
        ("1e3", "EUR", "€1,000"),
        # Reading refuses these; even so, nothing is rounded.
        ("99.995", "EUR", "€99.995"),
        ("0.004", "EUR", "€0.004"),
        ("99.5", "JPY", "JP¥99.5"),
    ],
)
def test_money_is_said_as_written(amount: str, currency: str, said: str) -> None:
    assert money(Price(amount=Decimal(amount), currency=currency)) == said


@pytest.mark.parametrize(
    ("code", "amount", "currency", "said"),
    [
        ("fr", "1250", "EUR", "1 250 €"),
        ("fr", "99.5", "USD", "99,50 $US"),
        ("de", "1250.00", "EUR", "1.250 €"),
        ("es", "99.5", "EUR", "99,50 €"),
        ("it", "1250", "CHF", "1.250 CHF"),
        ("id", "12500000", "IDR", "Rp 12.500.000"),
        ("vi", "12500000", "VND", "12.500.000 ₫"),
        ("en-US", "99.5", "USD", "$99.50"),
        ("zh-Hans", "13800", "CNY", "¥13,800"),
        ("zh-HK", "13800", "HKD", "HK$13,800"),
        ("zh-TW", "58000", "TWD", "$58,000"),
        ("ko", "2450000", "KRW", "₩2,450,000"),
        ("ko", "1850", "EUR", "€1,850"),
        ("ar", "1850", "EUR", "1,850 €"),
        ("ar-EG", "1850.5", "EUR", "١٬٨٥٠٫٥٠ €"),
        ("en", "0", "JPY", "JP¥0"),
        ("de", "999999999999", "IDR", "999.999.999.999 IDR"),
    ],
)
def test_money_is_said_as_the_language_says_it(
    code: str, amount: str, currency: str, said: str
) -> None:
    written = money(Price(amount=Decimal(amount), currency=currency), Language(code))
    assert re.sub("[\u00a0\u202f]", " ", written).replace("\u200f", "") == said


@settings(deadline=None)
@given(
    currency=st.sampled_from(sorted(current_currencies())),
    code=st.sampled_from((*languages(), "en-US", "ar-EG", "es-MX", "hi")),
    data=st.data(),
)
def test_money_is_never_rounded(currency: str, code: str, data: st.DataObject) -> None:
    decimals = data.draw(st.integers(0, get_currency_precision(currency)))
    amount = Decimal(data.draw(st.integers(0, 10**13))).scaleb(-decimals)
    words = Language(code)
    said = money(Price(amount=amount, currency=currency), words)
    figures = re.search(r"\d([\d,.٬٫\u00a0\u202f]*\d)?", said)
    assert figures is not None
    # int() reads the digits of every script; Babel reads those of ours.
    plain = re.sub(r"\d", lambda digit: str(int(digit[0])), figures[0])
    assert parse_decimal(plain, words.locale, numbering_system="default") == amount


def test_every_currency_can_be_written() -> None:
    for code in languages():
        locale = Language(code).locale
        # Every sign that is not plain letters, and one currency that stands by its code.
        signs = {
            sign: c for c in current_currencies() if not (sign := locales.sign(c, locale)).isascii()
        }
        for currency in (*signs.values(), "CHF"):
            said = money(Price(amount=Decimal(12), currency=currency), Language(code))
            assert unwritable(said) == ()


# --- in other languages --------------------------------------------------------------------------

SCUFF = Note(part="corner", flaw="scuff", severity="light", words="Seen from below")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "Corner: light scuff. Seen from below"),
        ("fr", "Coin : éraflure, intensité faible. Seen from below"),
        ("de", "Ecke: Schramme, leicht. Seen from below"),
        ("es", "Esquina: rozadura, intensidad leve. Seen from below"),
        ("it", "Angolo: abrasione, intensità lieve. Seen from below"),
        ("id", "Sudut: lecet, ringan. Seen from below"),
        ("vi", "Góc: vết trầy, nhẹ. Seen from below"),
        ("zh-Hans", "边角：擦伤，轻微。Seen from below"),
        ("zh-Hant", "邊角：擦傷，輕微。Seen from below"),
        ("ja", "角：擦り傷（わずか）。Seen from below"),
        ("ko", "모서리: 긁힘, 약함. Seen from below"),
        ("th", "มุม: รอยถลอก เล็กน้อย · Seen from below"),
        ("ar", "الزاوية: كشط، خفيف. Seen from below"),
    ],
)
def test_a_note_is_said_in_the_language_and_the_sellers_words_as_written(
    code: str, said: str
) -> None:
    assert note_line(SCUFF, Language(code)).replace("\u00a0", " ") == said
    none = Note(part="corner", flaw="none")
    assert "light" not in note_line(none) and "leicht" not in note_line(none, Language("de"))
    assert note_line(none, Language("de")) == "Ecke: kein Makel gefunden"


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (Size(width_cm=24, height_cm=16, depth_cm=6), "W 24 × H 16 × D 6 cm"),
        (Size(width_cm=24.5, label="Small"), "Small, W 24.5 cm"),
        (Size(depth_cm=6, height_cm=16), "H 16 × D 6 cm"),
        (Size(label="38"), "38"),
        (Size(), ""),
    ],
)
def test_a_size_is_said_as_it_was_taken(size: Size, said: str) -> None:
    assert measures(size).replace("\u00a0", " ") == said
    details = title(Item(brand="B", model="M", year=2021, size=size))["details"]
    assert [d.replace("\u00a0", " ") for d in details] == ["2021", *([said] if said else [])]


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("de", "B 24,5 × H 16 × T 6 cm"),
        ("en-US", "W 9.6 × H 6.3 × D 2.4 in"),
        ("zh-Hans", "宽 24.5 × 高 16 × 厚 6厘米"),
        ("zh-Hant", "寬 24.5 × 高 16 × 厚 6 公分"),
        ("ja", "幅 24.5 × 高さ 16 × マチ 6 cm"),
        ("ar", "العرض 24.5 × الارتفاع 16 × العمق 6 سم"),
        ("ar-EG", "العرض ٢٤٫٥ × الارتفاع ١٦ × العمق ٦ سم"),
    ],
)
def test_a_size_is_said_as_the_language_says_it(tag: str, said: str) -> None:
    size = Size(width_cm=24.5, height_cm=16, depth_cm=6)
    assert measures(size, Language(tag)).replace("\u00a0", " ") == said


def test_a_seller_s_braces_stay_braces() -> None:
    note = SCUFF.model_copy(update={"words": "{note} {words} {Part}"})
    assert note_line(note) == "Corner: light scuff. {note} {words} {Part}"


def test_labels_follow_the_language() -> None:
    assert label("hardware") == {"text": "Hardware"}
    assert label("stitching", Language("it")) == {"text": "Cuciture"}
