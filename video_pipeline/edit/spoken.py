"""Spoken: which words of the footage are heard in a clip, and when, as captions to read.

An edit keeps what is said by the source's time; so captions follow whatever becomes of the cuts.
Only what is heard is written: of a line that a cut breaks off, the words inside it. A caption that
could not be read stands a little longer where there is time, and is left out where there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from video_pipeline.edit.model import Cut, Edit
from video_pipeline.listing.subtitles import Line
from video_pipeline.overlays.typesetting import clean

# Netflix's timed text style guide: no caption stands less than 5/6 s.
LEAST_S = Fraction(5, 6)
_MOST_CHARACTERS = 84  # two lines of 42, from the same guide


@dataclass(frozen=True)
class Caption:
    """Words to read from frame `first` of the clip up to `last`."""

    first: int
    last: int
    text: str


@dataclass(frozen=True)
class _Heard:
    """The words `since` to `until` of a line, heard from frame `first` to `last`."""

    line: Line
    since: int
    until: int
    first: int
    last: int

    @property
    def text(self) -> str:
        words = self.line.text.split()
        said = " ".join(words[self.since : self.until])
        before = "… " if self.since else ""
        return before + said + (" …" if self.until < len(words) else "")


def captions_of(edit: Edit) -> tuple[Caption, ...]:
    """The captions of a clip, one after the other, each long enough to be read."""
    heard: list[_Heard] = []
    at = 0
    for cut in edit.cuts:
        for one in _heard(cut, edit.spoken.get(cut.source, ()), at, edit.rate):
            last = heard[-1] if heard else None
            if last and (last.line, last.until, last.last) == (one.line, one.since, one.first):
                heard[-1] = replace(last, until=one.until, last=one.last)
            else:
                heard.append(one)
        at += cut.frames
    return tuple(_readable([c for one in heard for c in _split(one)], at, edit.rate))


def as_srt(captions: Sequence[Caption], rate: Fraction) -> str:
    """The captions as a SubRip file."""
    return "\n".join(
        f"{number}\n{_clock(c.first / rate, ',')} --> {_clock(c.last / rate, ',')}\n"
        f"{_plain(c.text)}\n"
        for number, c in enumerate(captions, start=1)
    )


def as_vtt(captions: Sequence[Caption], rate: Fraction) -> str:
    """The captions as a WebVTT file."""
    cues = [
        f"{_clock(c.first / rate, '.')} --> {_clock(c.last / rate, '.')}\n"
        + _plain(c.text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        + "\n"
        for c in captions
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _plain(text: str) -> str:
    """Words without the sign that would begin a caption in either form."""
    return text.replace("-->", "→")


def _clock(seconds: Fraction, point: str) -> str:
    ms = round(seconds * 1000)
    minutes, ms = divmod(ms, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{ms // 1000:02d}{point}{ms % 1000:03d}"


def _heard(cut: Cut, lines: Sequence[Line], at: int, rate: Fraction) -> Iterator[_Heard]:
    """What is heard of a source's lines in a cut; its sound runs on under a held frame."""
    start, end = cut.start, cut.start + cut.frames / rate
    for line in lines:
        since, until = max(line.start, start), min(line.end, end)
        if since >= until:
            continue
        text = clean(line.text)
        inside = [n for n, t in enumerate(_middles(text, line)) if since <= t < until]
        if inside:
            yield _Heard(
                replace(line, text=text),
                inside[0],
                inside[-1] + 1,
                at + round((since - start) * rate),
                at + round((until - start) * rate),
            )


def _middles(text: str, line: Line) -> list[Fraction]:
    """About when each word of a line is said: it takes time as it has letters."""
    words = text.split()
    share = (line.end - line.start) / max(1, sum(len(word) + 1 for word in words))
    middles, t = [], line.start
    for word in words:
        middles.append(t + (len(word) + 1) * share / 2)
        t += (len(word) + 1) * share
    return middles


def _split(heard: _Heard) -> Iterator[Caption]:
    """One caption, or several after each other where it has more words than two lines hold."""
    words = heard.text.split()
    parts = math.ceil(len(heard.text) / _MOST_CHARACTERS)
    each = len(heard.text) / parts if parts else 0
    rows: list[list[str]] = [[]]
    for word in words:
        if rows[-1] and len(rows) < parts and len(" ".join([*rows[-1], word])) > each:
            rows.append([])
        rows[-1].append(word)
    letters = sum(len(word) for word in words)
    first, spent = heard.first, 0
    for row in rows:
        spent += sum(len(word) for word in row)
        last = heard.first + round((heard.last - heard.first) * spent / max(1, letters))
        yield Caption(first, last, " ".join(row))
        first = last


def _readable(captions: Sequence[Caption], frames: int, rate: Fraction) -> Iterator[Caption]:
    """Captions that do not overlap, the short ones longer where there is time, or left out."""
    least, free = math.ceil(LEAST_S * rate), 0
    for number, caption in enumerate(captions):
        first = max(caption.first, free)
        following = captions[number + 1].first if number + 1 < len(captions) else frames
        last = max(caption.last, min(first + least, following, frames))
        first = max(free, min(first, last - least))
        if last - first >= least:
            yield Caption(first, last, caption.text)
            free = last
