"""Fitting text into a box: cleaning, wrapping, shrinking, and the ellipsis when nothing else helps.

Lines break where Unicode allows it (`breaks`); inside a word, after its hyphens or between its
letters, only where it is too wide for a line. The largest size at which the text fits with whole
words wins, but a line less is worth a little size; the lines are then balanced, so that no single
word is left alone at the end. Text that runs leftwards is laid out that way (`bidi`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from video_pipeline.overlays import bidi
from video_pipeline.overlays.breaks import chances, clusters
from video_pipeline.overlays.fonts import Shaped, Typeface
from video_pipeline.overlays.scripts import JOINERS

ELLIPSIS = "…"
_SIZE_STEP_PX = 2.0
_WORTH_A_LINE = 0.85  # a line less is worth setting the text down to this share of its size
# No box of an overlay holds more than this; longer text is cut before the expensive part.
_MOST_CHARACTERS = 2000
# Accents stacked higher than this are pranks, and would climb over the line above. Hebrew, Arabic,
# Thai and the scripts of India need more of their own.
_MOST_MARKS = 2
_MOST_MARKS_OF_A_SCRIPT = 4
_VIRAMA = 9  # the combining class of the signs that join consonants
_EMOJI_AFTER_JOINER = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
# Signs that few fonts have and that plainer ones stand for: what a Chinese keyboard gives for "…",
# ligatures out of a PDF, a Japanese firm's "Ltd.".
_PLAINER = str.maketrans(
    {"⋯": "…", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "㈱": "(株)", "㈲": "(有)"}
)
# A separator between two facts says nothing at the end of a line, nor does a space that holds words
# together which had to be parted.
_DROPPED_AT_END = " ·\u00a0"
# A word up to this long is left out whole before an ellipsis rather than cut.
_SHORT_WORD = 14
_TRAILING = " ,;:.-–—/·、，。；：،؛।"
_CLEAR_EMS = 0.04  # left free between the ink of two lines that reach beyond their own


@dataclass(frozen=True)
class Fitted:
    """Text set in lines. All measures in pixels.

    `ascent_px` reaches from the first baseline up and `descent_px` from the last one down, both
    far enough that nothing written is cut off; `height_px` is the whole box. `cap_px` is the
    height of capitals, for optical alignment, or of what is written in other scripts where that
    is higher. `truncated` says that the text ends in an ellipsis, `leftwards` that it reads from
    right to left.
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
    leftwards: bool = False

    @property
    def text(self) -> tuple[str, ...]:
        """The lines as strings."""
        return tuple(line.text for line in self.lines)


def clean(text: str) -> str:
    """The text without what cannot be drawn or would deceive.

    Control characters, bidirectional controls, zero-width characters, soft hyphens, variation
    selectors and halves of surrogate pairs are dropped; white space becomes single spaces; accents
    are composed (NFC) and piles of them are cut; a typewriter's apostrophe inside a word becomes a
    real one, and a sign that few fonts have the plainer one that it stands for. Joiners stay where
    writing needs them: after a virama, between Arabic letters (RFC 5892, appendix A), and between
    emoji.
    """
    kept: list[str] = []
    marks = 0
    # Selectors go first: one may stand between an emoji and the joiner after it.
    composed = [
        c for c in unicodedata.normalize("NFC", text.translate(_PLAINER)) if not _selects(c)
    ]
    for i, c in enumerate(composed):
        category = unicodedata.category(c)
        if c in "\t\n\r\v\f\x85" or category in ("Zs", "Zl", "Zp"):
            kept.append("\u00a0" if c in "\u00a0\u202f\u2007" else " ")
            marks = 0
        elif c in JOINERS:
            if kept and i + 1 < len(composed) and _joins(kept[-1], c, composed[i + 1]):
                kept.append(c)
        elif category in ("Cc", "Cf", "Cs"):
            continue
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= (_MOST_MARKS_OF_A_SCRIPT if "\u0590" <= c <= "\u109f" else _MOST_MARKS):
                kept.append(c)
        else:
            kept.append(c)
            marks = len(unicodedata.normalize("NFD", c)) - 1 if "À" <= c <= "\u1fff" else 0
    plain = re.sub(" +", " ", "".join(kept)).strip(" \u00a0")
    return re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])", "’", plain)


def _selects(c: str) -> bool:
    """Whether a character only chooses between looks of the one before it."""
    return "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"


def _joins(before: str, joiner: str, after: str) -> bool:
    """Whether a joiner between these two characters changes what is written."""
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(after)[0] == "L"
    if unicodedata.bidirectional(before) == "AL":
        return unicodedata.bidirectional(after) == "AL"
    return (
        joiner == "\u200d"
        and _EMOJI_AFTER_JOINER.match(before) is not None
        and _EMOJI_AFTER_JOINER.match(after) is not None
    )


def fit(
    text: str,
    face: Typeface,
    width_px: float,
    *,
    lines: int,
    sizes: tuple[float, float],
    leading: float = 1.2,
    spacing: float = 0.0,
    lang: str = "en",
) -> Fitted:
    """Set `text` in at most `lines` lines of `width_px`, as large as `sizes` (from, to) allow.

    `leading` is the line height and `spacing` the letter spacing, both in ems. `lang` decides how
    lines break, which forms Chinese characters take, and the direction of a text without letters.
    Text that does not fit at the smallest size has its long words broken, and then ends in an
    ellipsis. Raises ValueError for an empty text, or a box that cannot hold one letter.
    """
    wanted = clean(text)
    if not wanted or lines < 1:
        raise ValueError("there is nothing to set")
    cut_early = len(wanted) > _MOST_CHARACTERS
    if cut_early:
        end = max(i for i in clusters(wanted[: _MOST_CHARACTERS + 1]) if i <= _MOST_CHARACTERS)
        wanted = wanted[: end or _MOST_CHARACTERS].rstrip()
    setting = _Setting(wanted, face, spacing, lang)
    words = setting.words
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
            return _fitted(setting, [setting.shape(row) for row in rows], size, leading)

    room = width_px / smallest
    pieces = [piece for w in words for piece in setting.broken(w, room)]
    rows = setting.wrap(pieces, room)
    shaped = [setting.shape(row) for row in rows[:lines]]
    truncated = cut_early or len(rows) > lines
    if truncated:
        shaped[-1] = setting.ended(rows[len(shaped) - 1], room)
    return _fitted(setting, shaped, smallest, leading, truncated=truncated)


def _sizes(largest: float, smallest: float, share: float) -> Iterator[float]:
    """From the largest size down in steps, not below `smallest` nor `share` of the largest."""
    size, least = largest, max(smallest, share * largest)
    while size > least:
        yield size
        size -= _SIZE_STEP_PX
    yield least


Span = tuple[int, int]  # from one index of the text to another


class _Setting:
    """One text in one face with one letter spacing: its widths in ems, and the wrapping of it."""

    def __init__(self, text: str, face: Typeface, spacing: float, lang: str) -> None:
        self.text = text
        self.face = face
        self.spacing = spacing
        self.lang = lang
        self.base = bidi.direction(text, lang)
        self.levels = bidi.levels(text, self.base)
        self.chances = chances(text, lang)
        self.words = list(pairwise((0, *self.chances.good, len(text))))

    def shape(self, span: Span, tail: str = "") -> Shaped:
        """The text from one index to another, and what is set after it."""
        start, end = span
        levels = None
        if self.levels is not None:
            levels = self.levels[start:end] + (self.base,) * len(tail)
        return self.face.shape(
            self.text[start:end] + tail, spaced=self.spacing != 0, lang=self.lang, levels=levels
        )

    def width(self, span: Span) -> float:
        return self.shape(self.trimmed(span, " \u00a0")).width(self.spacing)

    def trimmed(self, span: Span, of: str) -> Span:
        """The span without these characters at its end."""
        return span[0], span[0] + len(self.text[span[0] : span[1]].rstrip(of))

    def wrap(self, words: list[Span], room: float) -> list[Span]:
        """Fill line after line; a word wider than the room gets a line of its own."""
        rows: list[Span] = []
        start, end = words[0]
        for word in words[1:]:
            if self.width((start, word[1])) > room:
                rows.append(self.trimmed((start, end), _DROPPED_AT_END))
                start = word[0]
            end = word[1]
        return [*rows, self.trimmed((start, end), " ")]

    def balance(self, words: list[Span], room: float, rows: int) -> list[Span]:
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

    def broken(self, word: Span, room: float) -> list[Span]:
        """The word in pieces that fit: where it may be parted, else between letters."""
        if self.width(word) <= room:
            return [word]
        inside = [i for i in self.chances.poor if word[0] < i < word[1]]
        pieces: list[Span] = []
        for part in pairwise((word[0], *inside, word[1])):
            begin = at = part[0]
            for end in self._letter_ends(part):
                if at > begin and self.width((begin, end)) > room:
                    pieces.append((begin, at))
                    begin = at
                at = end
            pieces.append((begin, part[1]))
        return pieces

    def _letter_ends(self, span: Span) -> list[int]:
        """Where each letter of a span ends: one letter and its marks, or one picture."""
        text = self.text[span[0] : span[1]]
        return [span[0] + i for i in (*clusters(text)[1:], len(text))]

    def ended(self, row: Span, room: float) -> Shaped:
        """As much of the row as fits with an ellipsis after it, in whole words where it can."""
        start, last = row
        for end in reversed(self._letter_ends(row)):
            kept = self.trimmed((start, end), _TRAILING)
            candidate = self.shape(kept, ELLIPSIS)
            if candidate.width(self.spacing) <= room:
                text = self.text
                inside = end < last and text[end] != " " and text[end - 1] != " "
                space = text.rfind(" ", start, end)
                word = (
                    self.trimmed((start, max(space, start)), _TRAILING) if inside else row[:1] * 2
                )
                if end - word[1] <= _SHORT_WORD < end - start:
                    return self.shape(word, ELLIPSIS)
                return candidate
        return self.shape((start, start), ELLIPSIS)


def _fitted(
    setting: _Setting,
    shaped: list[Shaped],
    size: float,
    leading: float,
    *,
    truncated: bool = False,
) -> Fitted:
    face = setting.face
    reaches = [face.reach(line) for line in shaped]
    borrowed = [face.reach(line, borrowed=True) for line in shaped]
    # A borrowed face or a stacked accent may reach further than the face's own line.
    ascent = max(face.ascent, reaches[0][0]) * size
    descent = max(face.descent, reaches[-1][1]) * size
    line_height = leading
    for (above, below), lent, lent_below in zip(
        pairwise(reaches), borrowed[:-1], borrowed[1:], strict=True
    ):
        beyond = above[1] > face.descent or below[0] > face.ascent
        if beyond or any((*lent, *lent_below)):
            line_height = max(line_height, above[1] + below[0] + _CLEAR_EMS)
    line_height *= size
    # What climbs over the face's own line pushes the whole down, so that it stays in its panel.
    cap = face.cap_height + max(0.0, reaches[0][0] - face.ascent)
    return Fitted(
        lines=tuple(shaped),
        size_px=size,
        line_height_px=line_height,
        width_px=max(s.width(setting.spacing) for s in shaped) * size,
        height_px=ascent + line_height * (len(shaped) - 1) + descent,
        ascent_px=ascent,
        descent_px=descent,
        cap_px=max(cap, borrowed[0][0]) * size,
        spacing=setting.spacing,
        truncated=truncated,
        leftwards=setting.base == 1,
    )
