"""Fitting text into a box: cleaning, wrapping, shrinking, and the ellipsis when nothing else helps.

Lines break at spaces and between Chinese or Japanese characters; after hyphens and slashes only
where a word is too wide for its line. The largest size at which the text fits with whole words
wins, but a line less is worth a little size; the lines are then balanced, so that no single word
is left alone at the end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from video_pipeline.overlays.fonts import Shaped, Typeface

ELLIPSIS = "…"
_SIZE_STEP_PX = 2.0
_WORTH_A_LINE = 0.85  # a line less is worth setting the text down to this share of its size
# No box of an overlay holds more than this; longer text is cut before the expensive part.
_MOST_CHARACTERS = 2000
# Accents stacked higher than this are pranks, and would climb over the line above.
_MOST_MARKS = 2
_BREAK = re.compile(
    r"(?<= )(?=[^ ·])"
    r"|(?<=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])(?=[\u3041-\u9fff\uf900-\ufaff])"
)
_BREAK_IN_WORD = re.compile(r"(?<=[\-‐–—/])(?=[^ ])")
# A separator between two facts says nothing at the end of a line.
_DROPPED_AT_END = " ·"
# A word up to this long is left out whole before an ellipsis rather than cut.
_SHORT_WORD = 14
_TRAILING = " ,;:.-–—/·"


@dataclass(frozen=True)
class Fitted:
    """Text set in lines. All measures in pixels.

    `ascent_px` reaches from the first baseline up and `descent_px` from the last one down, both
    far enough that nothing written is cut off; `height_px` is the whole box. `cap_px` is the
    height of capitals, for optical alignment. `truncated` says that the text ends in an ellipsis.
    """

    lines: tuple[Shaped, ...]
    size_px: float
    line_height_px: float
    width_px: float
    height_px: float
    ascent_px: float
    descent_px: float
    cap_px: float
    spacing: float
    truncated: bool

    @property
    def text(self) -> tuple[str, ...]:
        """The lines as strings."""
        return tuple(line.text for line in self.lines)


def clean(text: str) -> str:
    """The text without what cannot be drawn or would deceive.

    Control characters, bidirectional overrides, zero-width characters, soft hyphens and variation
    selectors are dropped; white space becomes single spaces; accents are composed (NFC) and piles
    of them are cut; a typewriter's apostrophe inside a word becomes a real one.
    """
    kept: list[str] = []
    marks = 0
    for c in unicodedata.normalize("NFC", text):
        category = unicodedata.category(c)
        if c in "\t\n\r\v\f\x85" or category in ("Zs", "Zl", "Zp"):
            kept.append("\u00a0" if c in "\u00a0\u202f\u2007" else " ")
            marks = 0
        elif category in ("Cc", "Cf", "Cs") or "\ufe00" <= c <= "\ufe0f":
            continue
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= _MOST_MARKS:
                kept.append(c)
        else:
            kept.append(c)
            marks = 0
    plain = re.sub(" +", " ", "".join(kept)).strip(" \u00a0")
    return re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])", "’", plain)


def fit(
    text: str,
    face: Typeface,
    width_px: float,
    *,
    lines: int,
    sizes: tuple[float, float],
    leading: float = 1.2,
    spacing: float = 0.0,
) -> Fitted:
    """Set `text` in at most `lines` lines of `width_px`, as large as `sizes` (from, to) allow.

    `leading` is the line height and `spacing` the letter spacing, both in ems. Text that does not
    fit at the smallest size has its long words broken, and then ends in an ellipsis.
    Raises ValueError for an empty text, or a box that cannot hold one letter.
    """
    wanted = clean(text)
    if not wanted or lines < 1:
        raise ValueError("there is nothing to set")
    cut_early = len(wanted) > _MOST_CHARACTERS
    wanted = wanted[:_MOST_CHARACTERS].rstrip()
    words = [w for w in _BREAK.split(wanted) if w]
    setting = _Setting(face, spacing)
    largest, smallest = max(sizes), min(sizes)

    widest_word = max(setting.width(w) for w in words)
    tries = [
        *((n, size) for n in range(1, lines) for size in _sizes(largest, smallest, _WORTH_A_LINE)),
        *((lines, size) for size in _sizes(largest, smallest, 0)),
    ]
    for most, size in [] if cut_early else tries:
        room = width_px / size
        if widest_word <= room and len(setting.wrap(words, room)) <= most:
            rows = setting.balance(words, room, most)
            return _fitted(setting, rows, size, leading)

    room = width_px / smallest
    pieces = [piece for w in words for piece in setting.broken(w, room)]
    rows = setting.wrap(pieces, room)
    truncated = cut_early or len(rows) > lines
    if truncated:
        rows = [*rows[: lines - 1], setting.ended(" ".join(rows[lines - 1 : lines]), room)]
    return _fitted(setting, rows, smallest, leading, truncated=truncated)


def _sizes(largest: float, smallest: float, share: float) -> Iterator[float]:
    """From the largest size down in steps, not below `smallest` nor `share` of the largest."""
    size, least = largest, max(smallest, share * largest)
    while size > least:
        yield size
        size -= _SIZE_STEP_PX
    yield least


class _Setting:
    """One face with one letter spacing: widths in ems, and the wrapping that follows from them."""

    def __init__(self, face: Typeface, spacing: float) -> None:
        self.face = face
        self.spacing = spacing

    def shape(self, text: str) -> Shaped:
        return self.face.shape(text, spaced=self.spacing != 0)

    def width(self, text: str) -> float:
        return self.shape(text.rstrip()).width(self.spacing)

    def wrap(self, words: list[str], room: float) -> list[str]:
        """Fill line after line; a word wider than the room gets a line of its own."""
        rows: list[str] = []
        line = ""
        for word in words:
            if line and self.width(line + word) > room:
                rows.append(line.rstrip(_DROPPED_AT_END))
                line = word
            else:
                line += word
        return [*rows, line.rstrip()] if line.strip() else rows

    def balance(self, words: list[str], room: float, rows: int) -> list[str]:
        """The same number of rows in the narrowest width that still gives it."""
        if rows < 2:
            return self.wrap(words, room)
        narrow, wide = max(self.width(w) for w in words), room
        for _ in range(7):
            middle = (narrow + wide) / 2
            if len(self.wrap(words, middle)) <= rows:
                wide = middle
            else:
                narrow = middle
        return self.wrap(words, wide)

    def broken(self, word: str, room: float) -> list[str]:
        """The word in pieces that fit: at its hyphens, else between letters, never in an accent."""
        if self.width(word) <= room:
            return [word]
        parts = _BREAK_IN_WORD.split(word)
        if len(parts) > 1:
            return [piece for part in parts for piece in self.broken(part, room)]
        starts = sorted({g.cluster for g in self.shape(word).glyphs}) or [0]
        pieces: list[str] = []
        begin = 0
        for at, end in zip(starts, [*starts[1:], len(word)], strict=True):
            if at > begin and self.width(word[begin:end]) > room:
                pieces.append(word[begin:at])
                begin = at
        return [*pieces, word[begin:]]

    def ended(self, row: str, room: float) -> str:
        """As much of the row as fits with an ellipsis after it, in whole words where it can."""
        kept = row
        while kept:
            candidate = kept.rstrip(_TRAILING) + ELLIPSIS
            if self.width(candidate) <= room:
                inside = len(kept) < len(row) and row[len(kept)] != " " and kept[-1] != " "
                word = kept.rpartition(" ")[0].rstrip(_TRAILING) if inside else ""
                return (
                    word + ELLIPSIS
                    if len(kept) - len(word) <= _SHORT_WORD < len(kept)
                    else candidate
                )
            kept = kept[:-1]
            while kept and unicodedata.combining(kept[-1]):
                kept = kept[:-1]
        return ELLIPSIS


def _fitted(
    setting: _Setting, rows: list[str], size: float, leading: float, *, truncated: bool = False
) -> Fitted:
    face = setting.face
    shaped = tuple(setting.shape(row) for row in rows)
    # A borrowed face or a stacked accent may reach further than the face's own line.
    ascent = max(face.ascent, face.reach(shaped[0])[0]) * size
    descent = max(face.descent, face.reach(shaped[-1])[1]) * size
    line_height = leading * size
    return Fitted(
        lines=shaped,
        size_px=size,
        line_height_px=line_height,
        width_px=max(s.width(setting.spacing) for s in shaped) * size,
        height_px=ascent + line_height * (len(shaped) - 1) + descent,
        ascent_px=ascent,
        descent_px=descent,
        cap_px=face.cap_height * size,
        spacing=setting.spacing,
        truncated=truncated,
    )
