"""Which way each character of a line runs: the bidirectional algorithm (UAX #9).

The text has been cleaned before, so it holds no embeddings, overrides or isolates: what is left of
the algorithm are the rules for weak and neutral characters, for brackets, and for levels. Rule
numbers are those of Unicode Standard Annex #9, revision 50.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

# Languages written from right to left, for texts that have no letters of their own.
_RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur", "ps", "sd", "ckb", "yi", "dv", "ug"))
# The brackets that pair (BidiBrackets.txt of Unicode 16) and that listings are known to use.
_PAIRS = (
    "()", "[]", "{}", "⁽⁾", "₍₎", "⟨⟩", "〈〉", "《》", "「」", "『』", "【】", "〔〕", "（）",
    "［］", "｛｝", "｢｣",
)  # fmt: skip
_CLOSES = {pair[0]: pair[1] for pair in _PAIRS}
_OPENED_BY = {close: opened for opened, close in _CLOSES.items()}
_NEUTRAL = frozenset(("B", "S", "WS", "ON"))


def reads_leftwards(lang: str) -> bool:
    """Whether a language is written from right to left."""
    return lang.partition("-")[0].partition("_")[0] in _RIGHT_TO_LEFT


def direction(text: str, lang: str = "") -> int:
    """The paragraph's level (P2, P3): 0 from left to right, 1 from right to left.

    The first letter decides; a text without letters follows `lang`.
    """
    for c in text:
        kind = unicodedata.bidirectional(c)
        if kind == "L":
            return 0
        if kind in ("R", "AL"):
            return 1
    return int(reads_leftwards(lang))


def levels(text: str, base: int) -> tuple[int, ...] | None:
    """The embedding level of each character; None when all of it runs from left to right."""
    kinds = [unicodedata.bidirectional(c) or "L" for c in text]
    if base == 0 and not any(k in ("R", "AL", "AN") for k in kinds):
        return None
    around = "R" if base else "L"
    _letters(kinds, around)
    _numbers(kinds, around)
    _brackets(text, kinds, around)
    _neutral(kinds, around)
    # I1, I2
    if base:
        return tuple(1 if k == "R" else 2 for k in kinds)
    return tuple({"L": 0, "R": 1}.get(k, 2) for k in kinds)


def visual_runs(levels: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(start, end, level) of the runs of one level, from left to right on the line (L2)."""
    runs: list[tuple[int, int, int]] = []
    start = 0
    for i in range(1, len(levels) + 1):
        if i == len(levels) or levels[i] != levels[start]:
            runs.append((start, i, levels[start]))
            start = i
    for level in range(max(levels, default=0), 0, -1):
        i = 0
        while i < len(runs):
            j = i
            while j < len(runs) and runs[j][2] >= level:
                j += 1
            runs[i:j] = reversed(runs[i:j])
            i = max(j, i + 1)
    yield from runs


def _letters(kinds: list[str], around: str) -> None:
    """Rules W1 to W3, in place: marks as their letters, digits as Arabic ones after Arabic."""
    before = around
    for i, kind in enumerate(kinds):  # W1
        if kind in ("NSM", "BN"):
            kinds[i] = before
        before = kinds[i]
    strong = around
    for i, kind in enumerate(kinds):  # W2, W3
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[i] = "AN"
    kinds[:] = ["R" if k == "AL" else k for k in kinds]


def _numbers(kinds: list[str], around: str) -> None:
    """Rules W4 to W7, in place: what stands in or beside a number belongs to it."""
    for i in range(1, len(kinds) - 1):  # W4
        left, right = kinds[i - 1], kinds[i + 1]
        if left == right and (
            (kinds[i] == "ES" and left == "EN") or (kinds[i] == "CS" and left in ("EN", "AN"))
        ):
            kinds[i] = left
    i = 0
    while i < len(kinds):  # W5
        j = i
        while j < len(kinds) and kinds[j] == "ET":
            j += 1
        if j > i and "EN" in (kinds[i - 1] if i else "", kinds[j] if j < len(kinds) else ""):
            kinds[i:j] = ["EN"] * (j - i)
        i = max(j, i + 1)
    strong = around
    for i, kind in enumerate(kinds):  # W6, W7
        if kind in ("ES", "ET", "CS"):
            kinds[i] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[i] = "L"


def _strong(kind: str) -> str:
    """A kind as N0 to N2 see it: numbers count as written from right to left."""
    return "R" if kind in ("R", "EN", "AN") else kind if kind == "L" else ""


def _pairs(text: str, kinds: list[str]) -> list[tuple[int, int]]:
    """Where brackets that belong together stand (BD16), in the order of the opening ones."""
    waiting: list[int] = []
    pairs: list[tuple[int, int]] = []
    for i, c in enumerate(text):
        if kinds[i] != "ON":
            continue
        if c in _CLOSES:
            if len(waiting) == 63:  # BD16 gives up there
                break
            waiting.append(i)
        elif c in _OPENED_BY:
            for depth in range(len(waiting) - 1, -1, -1):
                if text[waiting[depth]] == _OPENED_BY[c]:
                    pairs.append((waiting[depth], i))
                    del waiting[depth:]
                    break
    return sorted(pairs)


def _brackets(text: str, kinds: list[str], around: str) -> None:
    """Rule N0, in place: both brackets of a pair run the same way."""
    for opened, closed in _pairs(text, kinds):
        within = {_strong(k) for k in kinds[opened + 1 : closed]} - {""}
        if not within:
            continue
        way = around
        if around not in within:
            earlier = (s for k in reversed(kinds[:opened]) if (s := _strong(k)))
            if next(earlier, around) != around:
                way = next(iter(within))
        for at in (opened, closed):
            kinds[at] = way
            mark = at + 1
            while mark < len(kinds) and unicodedata.bidirectional(text[mark]) == "NSM":
                kinds[mark] = way
                mark += 1


def _neutral(kinds: list[str], around: str) -> None:
    """Rules N1 and N2, in place."""
    i = 0
    while i < len(kinds):
        j = i
        while j < len(kinds) and kinds[j] in _NEUTRAL:
            j += 1
        if j > i:
            left = _strong(kinds[i - 1]) if i else around
            right = _strong(kinds[j]) if j < len(kinds) else around
            kinds[i:j] = [left if left == right else around] * (j - i)
        i = max(j, i + 1)
