"""Where text may be parted: between lines (UAX #14) and between letters (UAX #29), told by ICU.

ICU knows the words of Thai, Lao, Khmer and Burmese by its dictionaries, and what may not begin or
end a line in Chinese, Japanese and Korean. Japanese is broken between phrases and Korean between
words where the line has room for them, as a designer would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

_STRICT = frozenset(("zh", "ja", "ko"))
_BY_PHRASE = frozenset(("ja", "ko"))
# A separator between two facts: it stands at the end of a line, where it is left out.
_SEPARATOR = "·"
# UAX #14 breaks after these inside a word; a word is only parted there when it must be.
_INSIDE_WORDS = "-‐–—/"
# A short number and the word it counts, such as "2 cm" or "3 March", stand on one line.
_COUNTS = re.compile(r"(?<![\w.,])\d{1,3} $")


@dataclass(frozen=True)
class Chances:
    """Indices at which a line may begin: `good` between words, `poor` inside them as well."""

    good: tuple[int, ...]
    poor: tuple[int, ...]


@lru_cache(maxsize=512)
def chances(text: str, lang: str = "en") -> Chances:
    """Where `text` may be broken, both ends left out.

    `text` must not hold surrogates. `lang` is a language code such as "ja" or "zh-Hant".
    """
    wanted = text_language(text, lang)
    family = wanted.partition("-")[0]
    # Strict: no small kana and no mark of a long vowel begins a line.
    rules = f"{wanted}-u-lb-strict" if family in _STRICT else wanted
    good = poor = _ends(text, rules)
    if family in _BY_PHRASE:
        allowed = set(poor)
        good = [i for i in _ends(text, f"{rules}-lw-phrase") if i in allowed]
    return Chances(
        tuple(
            i
            for i in good
            if text[i] != _SEPARATOR
            and text[i - 1] not in _INSIDE_WORDS
            and not (text[i].isalpha() and _COUNTS.search(text, max(0, i - 5), i))
        ),
        tuple(i for i in poor if text[i] != _SEPARATOR),
    )


@lru_cache(maxsize=512)
def clusters(text: str) -> tuple[int, ...]:
    """The index at which each letter, as a reader counts them, begins."""
    from icu4py.breakers import CharacterBreaker  # noqa: PLC0415 (maps 30 MB; only to write)

    return tuple(accumulate((len(c) for c in list(CharacterBreaker(text, "en"))[:-1]), initial=0))


def _ends(text: str, lang: str) -> list[int]:
    from icu4py.breakers import LineBreaker  # noqa: PLC0415

    # The segments' own numbers count UTF-16 units; their lengths do not.
    return list(accumulate(len(s) for s in LineBreaker(text, lang)))[:-1]


def text_language(text: str, lang: str) -> str:
    """The language whose forms and rules the Chinese characters of a text want.

    That is `lang` if it is Chinese, Japanese or Korean; else what kana or hangul betray, else
    simplified Chinese; `lang` itself for text in other scripts.
    """
    if lang.partition("-")[0] in _STRICT or text.isascii() or max(text) < "\u1100":
        return lang
    if any("\u3041" <= c <= "\u30ff" and c not in "・ー" for c in text):
        return "ja"
    if any("\uac00" <= c <= "\ud7a3" for c in text):
        return "ko"
    if any("\u3400" <= c <= "\u9fff" for c in text):
        return "zh-Hans"
    return lang
