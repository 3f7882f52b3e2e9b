"""Locales: which of the languages there are answers a tag, and how figures are written in it.

A tag is BCP 47: `fr`, `zh-Hant`, `en-GB`. Its language and script choose words, its region only how
figures, dates and money are written. All that comes from CLDR, by way of Babel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.core import get_global, parse_locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_currency_symbol,
)
from babel.units import format_unit

from video_pipeline.errors import UsageError

# CLDR's plain English is American; the words here are British.
_PLAIN: Final = {"en": "en-GB"}
# Regions that measure in inches (CLDR's measurementData, which Babel leaves out).
_INCHES: Final = frozenset({"US", "LR"})
_CM_PER_INCH: Final = Decimal("2.54")
# Babel knows in which digits a locale writes, and writes 0 to 9 all the same. Where each kind of
# digits begins: https://github.com/unicode-org/cldr/blob/main/common/supplemental/numberingSystems.xml
_ZEROS: Final = {"arab": "\u0660", "arabext": "\u06f0", "beng": "\u09e6", "deva": "\u0966"}
# Signs as wide as a Chinese character would stand off from the figures.
_NARROW: Final = str.maketrans("￥￦", "¥₩")


@lru_cache(maxsize=64)
def locale_of(tag: str) -> Locale:
    """How the language and region of `tag` write figures and dates. Raises UsageError."""
    found = _parsed(_PLAIN.get(tag, tag))
    if found is None:
        raise UsageError(
            f"nobody knows how '{tag}' writes figures and dates",
            mend="use the language's ISO 639 code, such as pl, or with a region, such as pl-PL",
        )
    return found


def normal(tag: str) -> str:
    """The usual form of a tag: 'zh_tw' is 'zh-Hant-TW'. What nobody knows stays as it is."""
    found = _parsed(tag)
    return tag if found is None else str(found).replace("_", "-")


def nearest(tag: str, there: Iterable[str]) -> str | None:
    """Which of the tags `there` speaks the language of `tag` in its script; None when none does.

    'zh' and 'zh-SG' are answered by 'zh-Hans', 'zh-HK' by 'zh-Hant', 'en-GB' by 'en'. A tag of the
    same region goes before one without, and that before another region's.
    """
    names = sorted(there)
    folded = tag.replace("_", "-").casefold()
    for name in names:
        if name.casefold() == folded:
            return name
    wanted = _parsed(tag)
    if wanted is None:
        return None
    alike = [
        (locale.territory != wanted.territory, locale.territory is not None, name)
        for name in names
        if (locale := _parsed(name)) and _tongue(locale) == _tongue(wanted)
    ]
    return min(alike)[-1] if alike else None


def rtl(locale: Locale) -> bool:
    """Whether its lines begin at the right."""
    return locale.text_direction == "rtl"


def figure(number: Decimal | float, locale: Locale) -> str:
    """A number as it stands in a text: '24.5', '24,5'."""
    return digits(format_decimal(number, locale=locale, numbering_system=_system(locale)), locale)


def day(when: date, locale: Locale) -> str:
    """A date in words: '30 October 2026', '2026年10月30日'."""
    return digits(format_date(when, format="long", locale=locale), locale)


def listed(texts: Iterable[str], locale: Locale) -> str:
    """Several texts as one: 'box, dust bag and card'. Their own figures stay as they are."""
    return format_list(list(texts), locale=locale)


def in_inches(locale: Locale) -> bool:
    """Whether lengths are taken in inches there; they are in centimetres everywhere else."""
    return locale.territory in _INCHES


def length(cm: float, locale: Locale, *, unit: bool = True) -> str:
    """A length: '24.5 cm', '24,5 cm', where inches are used '9.6 in', without `unit` '24.5'.

    Inches are rounded to a tenth, centimetres not at all.
    """
    inches = in_inches(locale)
    exact = Decimal(str(cm))
    number = round(exact / _CM_PER_INCH, 1) if inches else exact
    if not unit:
        return figure(number, locale)
    kind = "length-inch" if inches else "length-centimeter"
    text = format_unit(number, kind, "short", locale=locale, numbering_system=_system(locale))
    return digits(text, locale).replace(" ", "\u00a0")


def sign(currency: str, locale: Locale) -> str:
    """How a currency is written there: '€', 'US$', or its code."""
    return get_currency_symbol(currency, locale).translate(_NARROW)


def money(amount: Decimal, currency: str, locale: Locale, *, by_code: bool = False) -> str:
    """An amount as it is written for buyers: '€1,250', 'US$99.50', 'CHF 1,250', '1 250 €'.

    Nothing is rounded: a whole amount stands without decimals, any other with those of its
    currency, or with more should it have more. With `by_code` the currency is its ISO 4217 code.
    """
    amount = amount.copy_abs()  # it is never below 0, but may be written -0
    decimals = 0
    if amount != amount.to_integral_value():
        written = -int(amount.as_tuple().exponent)
        decimals = max(get_currency_precision(currency), written)
    usual, _, _ = locale.currency_formats["standard"].pattern.partition(";")
    figures = re.sub(r"0\.0+", "0" + ("." + "0" * decimals if decimals else ""), usual, count=1)
    shown = currency if by_code else sign(currency, locale)
    pattern = figures.replace("¤", "¤¤" if by_code else "¤")
    if shown[-1].isalpha():  # letters need a space before the figures (CLDR's currencySpacing)
        pattern = re.sub(r"(¤+)(?=[#0])", "\\1\u00a0", pattern)
    text = format_currency(
        amount,
        currency,
        format=pattern,
        locale=locale,
        currency_digits=False,
        numbering_system=_system(locale),
    )
    return digits(text, locale).translate(_NARROW)


def digits(text: str, locale: Locale) -> str:
    """The figures of `text`, which are ours, in the digits of the locale: '٢٠٢٦' in Egypt."""
    zero = _ZEROS.get(locale.default_numbering_system)
    if zero is None:
        return text
    return text.translate({ord("0") + n: chr(ord(zero) + n) for n in range(10)})


def _system(locale: Locale) -> str:
    """The signs between figures go with the digits."""
    usual = locale.default_numbering_system
    return usual if usual in _ZEROS else "latn"


@lru_cache(maxsize=256)
def _parsed(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return None


def _tongue(locale: Locale) -> tuple[str, str | None]:
    """Language and script; the likely one where none is said."""
    if locale.script:
        return locale.language, locale.script
    likely = get_global("likely_subtags")
    full = likely.get(f"{locale.language}_{locale.territory}") or likely.get(locale.language)
    return locale.language, parse_locale(full)[2] if full else None
