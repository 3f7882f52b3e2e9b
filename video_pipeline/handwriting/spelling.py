"""Spelling: the nearest valid word for a mistyped one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The entry of `words` that `word` most likely meant, or None when nothing is near.

    Case and the choice of space, '_' or '-' do not count. Ratcliff/Obershelp similarity of at
    least 0.6 (difflib's own default) is near; of equals the first in alphabetical order wins.
    """
    by_form: dict[str, str] = {}
    for candidate in sorted(words):
        by_form.setdefault(_form(candidate), candidate)
    # Similarity costs the product of both lengths; no valid word is longer than this.
    form = _form(word[:80])
    if form in by_form:
        return by_form[form]
    found = difflib.get_close_matches(form, by_form, n=1)
    return by_form[found[0]] if found else None


def by_nearness(word: str, words: Iterable[str]) -> list[str]:
    """All `words`, the most similar to `word` first, for showing the beginning of a long list."""
    form = _form(word[:80])
    return sorted(words, key=lambda w: (-difflib.SequenceMatcher(None, _form(w), form).ratio(), w))


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`did you mean 'corner-wear'?`, or nothing when no word is near."""
    found = nearest(word, words)
    return f"did you mean '{found}'?" if found else ""


def _form(word: str) -> str:
    return re.sub(r"[\s_-]+", "-", word.strip().casefold())
