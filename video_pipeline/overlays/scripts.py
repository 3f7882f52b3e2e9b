"""The script each character of a text belongs to, as HarfBuzz knows it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import uharfbuzz as hb

# What shaping reads and nobody sees: joiners.
JOINERS = "\u200c\u200d"
# In Chinese and Japanese these are as wide as a character; Latin has them narrow.
WIDE_BESIDE_HAN = "“”‘’…—"


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """The ISO 15924 code of a character's script; empty for what all scripts share."""
    buffer = hb.Buffer()
    buffer.add_str(character)
    buffer.guess_segment_properties()
    return str(buffer.script or "")


def is_wide(character: str) -> bool:
    """Whether a character fills a square: Han, kana, and their punctuation."""
    return unicodedata.east_asian_width(character) in ("W", "F") or character in WIDE_BESIDE_HAN


def spans(values: list[str]) -> Iterator[tuple[int, int]]:
    """(start, end) of each run of one value."""
    start = 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i] != values[start]:
            yield start, i
            start = i


def scripts(text: str) -> list[str]:
    """The script of each character; what scripts share belongs to the letter before it."""
    found = [script_of(c) for c in text]
    current = next((s for s in found if s), "")
    for i, script in enumerate(found):
        current = found[i] = script or current
    return found
