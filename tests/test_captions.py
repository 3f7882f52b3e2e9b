"""Captions: what is said on screen is what the seller wrote."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.edit.captions import money
from video_pipeline.listing.model import Price
from video_pipeline.listing.prices import current_currencies
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


@settings(deadline=None)
@given(currency=st.sampled_from(sorted(current_currencies())), data=st.data())
def test_money_is_never_rounded(currency: str, data: st.DataObject) -> None:
    decimals = data.draw(st.integers(0, get_currency_precision(currency)))
    amount = Decimal(data.draw(st.integers(0, 10**13))).scaleb(-decimals)
    said = money(Price(amount=amount, currency=currency))
    figures = re.search(r"[0-9][0-9,.]*$", said)
    assert figures is not None
    assert Decimal(figures[0].replace(",", "")) == amount


def test_every_currency_can_be_written() -> None:
    for currency in current_currencies():
        assert unwritable(money(Price(amount=Decimal(12), currency=currency))) == ()
