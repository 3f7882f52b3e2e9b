"""Prices: an amount is shown exactly as it was written, or it is a mistake.

A clip that asks for 1.25 where the seller meant 1250 is worse than no clip. So the currency must be
one that is paid with today, and the amount may not have more decimals than that currency: nothing
after this has to round. Pages keep the digits as written, so `1.250` and `1.25` can be told apart.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from babel.core import get_global
from babel.numbers import get_currency_precision, get_territory_currencies

from video_pipeline.handwriting.pages import Mistake, Page
from video_pipeline.handwriting.spelling import did_you_mean

_CODE = re.compile(r"[A-Z]{3}")
# 1 to 3 digits, then three more: how a thousands separator is written.
_THOUSANDS = re.compile(r"([1-9][0-9]{0,2})\.([0-9]{3})")
# What people write for a currency whose code has other letters.
_SPOKEN: Final = {"NTD": "TWD", "RMB": "CNY", "UKP": "GBP", "YEN": "JPY"}
# Of two codes equally near to a mistyped one, these are the likelier.
_USUAL: Final = (
    "EUR", "USD", "GBP", "JPY", "CNY", "CHF", "HKD", "SGD", "KRW", "TWD", "AUD", "CAD",
)  # fmt: skip
_COUNT: Final = ("none", "one", "two", "three", "four")


@lru_cache(maxsize=1)
def current_currencies() -> frozenset[str]:
    """The ISO 4217 codes that are legal tender somewhere today, as Babel (CLDR) knows them."""
    return frozenset(
        code
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory)
    )


def price_mistakes(page: Page) -> list[Mistake]:
    """A currency nobody pays with, or an amount with more decimals than its currency has.

    What the model finds itself (no number, no three letters) is left to it.
    """
    price = page.value.get("price") if isinstance(page.value, dict) else None
    if not isinstance(price, dict):
        return []
    currency, amount = price.get("currency"), price.get("amount")
    if not isinstance(currency, str) or not _CODE.fullmatch(currency):
        return []
    if currency not in current_currencies():
        message = (
            f"'price.currency' is '{currency}'; expected the ISO 4217 code of a currency in use, "
            "such as EUR, USD, JPY or CNY"
        )
        return [Mistake(page.line(("price", "currency")), message, _meant(currency))]
    mistakes = [
        *_too_fine(page, "amount", amount, currency),
        *_too_fine(page, "was", price.get("was"), currency),
    ]
    return mistakes or _no_drop(page, amount, price.get("was"))


def _too_fine(page: Page, key: str, amount: object, currency: str) -> list[Mistake]:
    """An amount with more decimals than its currency has."""
    decimals = _decimals(amount)
    allowed = get_currency_precision(currency)
    if not isinstance(amount, str) or decimals <= allowed:
        return []
    message = (
        f"'price.{key}' is '{amount[:40]}', with {_count(decimals)} "
        f"{'decimal' if decimals == 1 else 'decimals'}; {currency} has {_count(allowed)}"
    )
    return [Mistake(page.line(("price", key)), message, _rewritten(amount.strip(), allowed))]


def _no_drop(page: Page, amount: object, was: object) -> list[Mistake]:
    """A price before that is not above the one asked now: no drop, and not to be shown as one."""
    now, before = _number(amount), _number(was)
    if now is None or before is None or before > now:
        return []
    message = f"'price.was' is '{before}'; expected more than the amount, {now}"
    return [Mistake(page.line(("price", "was")), message, "leave 'was' out")]


def _number(amount: object) -> Decimal | None:
    try:
        number = Decimal(amount) if isinstance(amount, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _meant(code: str) -> str:
    """Advice for an unknown code: the usual one, what replaced it, or the nearest."""
    if code in _SPOKEN:
        return f"did you mean '{_SPOKEN[code]}'?"
    followers = Counter(
        now
        for territory, history in get_global("territory_currencies").items()
        if any(code == past and tender for past, _, _, tender in history)
        for now in get_territory_currencies(territory)
    )
    if followers:
        return f"'{code}' is no longer in use; did you mean '{followers.most_common(1)[0][0]}'?"
    return did_you_mean(code, _USUAL) or did_you_mean(code, current_currencies())


def _decimals(amount: object) -> int:
    """How many digits are written after the point; 0 for what is no number."""
    try:
        exponent = Decimal(amount).as_tuple().exponent if isinstance(amount, str) else 0
    except InvalidOperation:
        return 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rewritten(amount: str, allowed: int) -> str:
    """What an amount with too many decimals most likely means, written so that it is clear."""
    ways = []
    if thousands := _THOUSANDS.fullmatch(amount):
        ways.append("".join(thousands.groups()))
    exact = amount.rstrip("0").rstrip(".")
    if _decimals(exact) <= allowed:
        ways.append(exact)
    else:
        ways.append(f"at most {_count(allowed)} decimals" if allowed else "no decimals")
    return "write " + " or ".join(ways)


def _count(number: int) -> str:
    return _COUNT[number] if number < len(_COUNT) else str(number)
