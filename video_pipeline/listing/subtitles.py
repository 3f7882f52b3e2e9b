"""Subtitles: what is said in a footage file, read from the SRT or VTT that the seller supplied.

Both forms are read alike, whatever a program or a person has made of them: with or without BOM, any
line ends, dots or commas, numbers or none. What cannot be read is told by line, for a caption that
quietly goes missing is a word of the seller's that is not said.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from video_pipeline.errors import ListingError, Problem

SUFFIXES: Final = (".srt", ".vtt")
_MOST_BYTES: Final = 2_000_000
_MOST_TOLD: Final = 20
_TIME: Final = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES: Final = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_TAG: Final = re.compile(r"</?[A-Za-z0-9][^<>]*>|\{\\[^{}]*\}")
_MEND: Final = "write it as 00:00:01,500 --> 00:00:04,000"


@dataclass(frozen=True)
class Line:
    """What is said from `start` to `end`, seconds of the file it is said in."""

    start: Fraction
    end: Fraction
    text: str


def read_subtitles(path: Path) -> tuple[Line, ...]:
    """The lines of an SRT or VTT file, in order of time, on one row each and without markup.

    Raises ListingError with every mistake by line, such as a time that cannot be read, or when the
    file holds no line at all.
    """
    text = _text(path)
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines: list[Line] = []
    problems: list[Problem] = []
    number, end = 0, len(rows)
    while number < end:
        row = rows[number]
        if "-->" not in row:
            number += 1
            continue
        said = number + 1
        while said < end and rows[said].strip() and "-->" not in rows[said]:
            said += 1
        # Where no empty row stands between two captions, the next one's number is no words.
        next_up = said < end and "-->" in rows[said] and rows[said - 1].strip().isdecimal()
        last = said - 1 if next_up and said - 1 > number else said
        times = _times(row)
        where = f"{path.name}:{number + 1}"
        if times is None:
            problems.append(Problem(where, f"the times '{row.strip():.60}' cannot be read", _MEND))
        elif times[0] >= times[1]:
            problems.append(Problem(where, "it ends before it begins", _MEND))
        else:
            words = " ".join(rows[number + 1 : last])
            words = " ".join(html.unescape(_TAG.sub("", words)).split())
            if words:
                lines.append(Line(*times, words))
        number = said
    if not lines and not problems:
        problems.append(Problem(path.name, "there is no line in it", _MEND))
    if problems:
        shown = problems[:_MOST_TOLD]
        raise ListingError("the captions have mistakes", where=path.name, problems=shown)
    return tuple(sorted(lines, key=lambda line: (line.start, line.end)))


def _times(row: str) -> tuple[Fraction, Fraction] | None:
    found = _TIMES.fullmatch(row)
    if found is None:
        return None
    parts = found.groups()
    if any(int(parts[n]) > 59 for n in (1, 2, 5, 6)):
        return None
    start, end = (
        int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + Fraction(f"0.{part or 0}")
        for hours, minutes, seconds, part in (parts[:4], parts[4:])
    )
    return start, end


def _text(path: Path) -> str:
    """The file's text: UTF-8 or UTF-16 with its mark, else as old programs for Windows wrote it."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _not_subtitles(path, "it is too large to be captions")
        raw = path.read_bytes()
    except OSError as error:
        raise _not_subtitles(path, f"it cannot be read: {error.strerror or error}") from error
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        raise _not_subtitles(path, "it is no text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _not_subtitles(path: Path, message: str) -> ListingError:
    return ListingError(
        "the captions cannot be read",
        where=path.name,
        problems=[Problem(path.name, message, "name a .srt or .vtt file")],
    )
