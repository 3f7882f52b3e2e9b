"""Locales: which language answers a tag, and how a region writes figures and dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from video_pipeline import locales
from video_pipeline.overlays.language import Language, language, languages
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement
from video_pipeline.resources import shipped
from video_pipeline.trust.wording import load_wording

DAY = date(2026, 10, 30)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"), ("en-GB", "en"), ("EN_us", "en"), ("fr-CA", "fr"), ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"), ("zh-SG", "zh-Hans"), ("zh-HK", "zh-Hant"), ("zh-TW", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"), ("zh_Hant_HK", "zh-Hant"), ("in", "id"), ("ar-SA", "ar"),
        ("ko-KR", "ko"), ("ZH-HANT", "zh-Hant"),
    ],
)  # fmt: skip
def test_a_tag_is_answered_by_the_words_of_its_language_and_script(tag: str, code: str) -> None:
    assert language(tag).code == code
    # The edit keeps the tag, and what is kept is answered alike.
    assert Language(language(tag).tag).code == code
    assert load_scale("house", None, tag).title == load_scale("house", None, code).title
    assert load_wording(tag).words == load_wording(code).words


def test_the_nearest_region_answers() -> None:
    there = ("pt", "pt-BR", "pt-AO", "zh-Hans")
    assert locales.nearest("pt-BR", there) == "pt-BR"
    assert locales.nearest("pt-PT", there) == "pt"
    assert locales.nearest("pt-MZ", ("pt-BR", "pt-AO")) == "pt-AO"
    assert locales.nearest("zh-TW", there) is None  # another script is no answer
    assert locales.nearest("xx", there) is None
    assert locales.nearest("xx", ("xx",)) == "xx"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", "30 October 2026"), ("en-GB", "30 October 2026"), ("en-US", "October 30, 2026"),
        ("de", "30. Oktober 2026"), ("fr", "30 octobre 2026"), ("es", "30 de octubre de 2026"),
        ("zh-Hans", "2026年10月30日"), ("zh-HK", "2026年10月30日"), ("ja", "2026年10月30日"),
        ("ko", "2026년 10월 30일"), ("th", "30 ตุลาคม ค.ศ. 2026"), ("ar", "30 أكتوبر 2026"),
        ("ar-EG", "٣٠ أكتوبر ٢٠٢٦"), ("vi", "30 tháng 10, 2026"),
    ],
)  # fmt: skip
def test_a_date_follows_the_region(tag: str, said: str) -> None:
    assert locales.day(DAY, language(tag).locale) == said
    assert load_wording(tag).written(DAY) == said


@pytest.mark.parametrize(
    ("tag", "currency", "said"),
    [
        ("ja", "JPY", "¥198,000"),
        ("th", "THB", "฿198,000"),
        ("zh-TW", "TWD", "$198,000"),
        ("zh-TW", "KRW", "₩198,000"),
    ],
)
def test_money_where_the_sign_is_the_language_s_own(tag: str, currency: str, said: str) -> None:
    assert locales.money(Decimal(198_000), currency, locales.locale_of(tag)) == said


def test_only_arabic_is_written_from_right_to_left() -> None:
    assert {code for code in languages() if Language(code).rtl} == {"ar"}
    assert language("ar-EG").rtl


def test_a_place_that_mirrors_its_buttons_keeps_the_other_side_clear() -> None:
    place = load_placement("tiktok")
    arabic = place.facing(rtl=True)
    assert (arabic.safe.left, arabic.safe.right) == (place.safe.right, place.safe.left)
    assert (arabic.safe.top, arabic.safe.bottom) == (place.safe.top, place.safe.bottom)
    assert arabic.facing(rtl=True) == arabic  # mirrored once, however often it is asked
    assert place.facing(rtl=False) == place
    assert load_placement("shorts").facing(rtl=True) == load_placement("shorts")


def test_a_list_is_joined_as_the_language_joins_it() -> None:
    texts = ("box", "dust bag", "card")
    for tag, said in (
        ("en", "box, dust bag and card"),
        ("ja", "box、dust bag、card"),
        ("ar", "box وdust bag وcard"),
    ):
        assert locales.listed(texts, language(tag).locale) == said


def test_a_region_of_a_person_s_own(tmp_path: Path) -> None:
    (tmp_path / "i18n").mkdir()
    text = (shipped("overlays") / "i18n/en.yaml").read_text("utf-8")
    (tmp_path / "i18n/en-US.yaml").write_text(text.replace("Discolouration", "Discoloration"))
    assert language("en-US", tmp_path).word("flaw", "discoloration") == "Discoloration"
    assert language("en-AU", tmp_path).word("flaw", "discoloration") == "Discolouration"
