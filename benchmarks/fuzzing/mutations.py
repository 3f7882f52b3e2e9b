"""Mutations: what happens to files on the way here, and what is done to them on purpose.

Every choice is made by the `random.Random` handed in, so that a number gives the same input again.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from random import Random

# Numbers that sit on the edge of a type, a size or a sense.
_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_BOXES = (
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"stts", b"stss", b"ctts", b"stsc",
    b"stsz", b"stco", b"elst", b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"avcC", b"hvcC", b"mdat",
    b"ftyp", b"esds", b"dref", b"moof", b"traf", b"trun", b"tfhd", b"udta",
)  # fmt: skip
_HOSTILE = (
    "-1", "0", "1e999", "NaN", "-Infinity", "9" * 400, "0x7fffffffffffffff", "1/0", "00:99:99",
    "true", "null", "~", "''", "[]", "{}", "[[[[]]]]", "!!python/object/apply:os.system [id]",
    "&a [*a]", "*a", "<<: *a", "../../../etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin",
    "http://127.0.0.1/", "file:///etc/passwd", "concat:a|b", "-i", "--output=/tmp/x", "%05d",
    "$(id)", "`id`", "; id", "'\"<script>&amp;", "{{ 7*7 }}", "{% for i in range(99999) %}x",
    "{{ ''.__class__.__mro__ }}", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\u202e\u2066abc",
    "\ufeff", "\u0000", "\ud83d", "a" * 5000, "e\u0301" * 200, "\u0600\u06dd", "שלום", "\r\n",
    "<!DOCTYPE x [<!ENTITY a 'aaaa'>]>", "&a;", "2026-13-45", "1.7976931348623157e308",
)  # fmt: skip


def damaged(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A file of bytes with one to six things done to it."""
    done = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        random.choice(_BYTES)(done, others, random)
    return bytes(done)


def misspelt(text: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A file of text with one to four things done to it; now and then bytes instead."""
    if random.random() < 0.15:
        return damaged(text, others, random)
    done = text.decode("utf-8", "replace")
    for _ in range(random.choice((1, 1, 2, 4))):
        done = random.choice(_WORDS)(done, random)
    return done.encode("utf-8", "surrogatepass")


def repacked(book: bytes, random: Random) -> bytes:
    """A workbook with one of the texts inside misspelt, and packed again so that it opens."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as old, zipfile.ZipFile(packed, "w") as new:
        spoilt = random.choice(old.namelist())
        for name in old.namelist():
            inside = old.read(name)
            new.writestr(name, misspelt(inside, [], random) if name == spoilt else inside)
    return packed.getvalue()


def _span(data: bytearray, random: Random, most: int = 4096) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    # Half of all damage is done where the headers are.
    if random.random() < 0.5:
        start = random.randrange(min(len(data), 1024) + 1)
    return start, min(len(data), start + 1 + int(most * random.random() ** 3))


def _flip(data: bytearray, _: Sequence[bytes], random: Random) -> None:
    for _time in range(random.choice((1, 1, 4, 32))):
        if data:
            data[_span(data, random, 1)[0] % len(data)] ^= 1 << random.randrange(8)


def _zero(data: bytearray, _: Sequence[bytes], random: Random) -> None:
    start, end = _span(data, random)
    data[start:end] = bytes(end - start)


def _noise(data: bytearray, _: Sequence[bytes], random: Random) -> None:
    start, end = _span(data, random)
    data[start:end] = random.randbytes(end - start)


def _cut(data: bytearray, _: Sequence[bytes], random: Random) -> None:
    del data[random.randrange(len(data) + 1) :]


def _drop(data: bytearray, _: Sequence[bytes], random: Random) -> None:
    start, end = _span(data, random)
    del data[start:end]


def _repeat(data: bytearray, _: Sequence[bytes], random: Random) -> None:
    start, end = _span(data, random)
    data[start:start] = data[start:end] * random.choice((1, 2, 16))


def _splice(data: bytearray, others: Sequence[bytes], random: Random) -> None:
    other = random.choice(others) if others else b""
    data[random.randrange(len(data) + 1) :] = other[random.randrange(len(other) + 1) :]


def _edge(data: bytearray, _: Sequence[bytes], random: Random) -> None:
    size, form = random.choice(((1, "B"), (2, "H"), (4, "I")))
    start = _span(data, random)[0]
    value = random.choice([edge for edge in _EDGES if edge < 1 << 8 * size])
    data[start : start + size] = struct.pack(random.choice("<>") + form, value)


def _box(data: bytearray, others: Sequence[bytes], random: Random) -> None:
    """A wrong number in a box of an mp4, or another name for it."""
    found = [at for name in _BOXES if (at := data.find(name)) >= 0]
    if not found:
        _edge(data, others, random)
        return
    at = random.choice(found)
    if random.random() < 0.15:
        data[at : at + 4] = random.choice(_BOXES)
        return
    place = at + random.choice((-4, 4, 8, 12, 16, 20, 24, 28, 32, 40))
    data[max(0, place) : max(0, place) + 4] = struct.pack(">I", random.choice(_EDGES))


_BYTES: tuple[Callable[[bytearray, Sequence[bytes], Random], None], ...] = (
    _flip, _flip, _zero, _noise, _cut, _drop, _repeat, _splice, _edge, _edge, _box, _box, _box,
)  # fmt: skip


def _line(text: str, random: Random) -> str:
    """A line put elsewhere, twice, or away; or one indented otherwise."""
    lines = text.split("\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(4)
    if kind == 0:
        lines.insert(to, lines[at])
    elif kind == 1:
        del lines[at]
    elif kind == 2:
        lines[at] = random.choice(("  ", "\t", "- ", "      ")) + lines[at]
    else:
        lines[at], lines[to] = lines[to], lines[at]
    return "\n".join(lines)


def _value(text: str, random: Random) -> str:
    """What stands behind a colon replaced by something hostile."""
    ends = [at for at, char in enumerate(text) if char == ":"]
    if not ends:
        return text + random.choice(_HOSTILE)
    at = random.choice(ends) + 1
    end = next((i for i in range(at, len(text)) if text[i] in "\n,}]"), len(text))
    value = random.choice(_HOSTILE)
    quoted = random.random() < 0.5
    return f"{text[:at]} {repr(value) if quoted else value}{text[end:]}"


def _word(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(_HOSTILE) + text[at:]


def _chop(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] if random.random() < 0.5 else text[at:]


def _deep(text: str, random: Random) -> str:
    """Brackets upon brackets, or aliases that double."""
    at = random.randrange(len(text) + 1)
    depth = random.choice((30, 300, 20_000))
    if random.random() < 0.3:
        laughs = "a0: &a0 [x]\n" + "".join(
            f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
        )
        return laughs + text
    opening, closing = random.choice(
        (("[", "]"), ('{"a":', "}"), ("[", ""), ("(", ")"), ("<a>", ""))
    )
    return text[:at] + opening * depth + closing * depth + text[at:]


def _letter(text: str, random: Random) -> str:
    if not text:
        return text
    at = random.randrange(len(text))
    return (
        text[:at] + chr(random.choice((*range(32, 127), 0, 9, 27, 0x202E, 0xFFFE))) + text[at + 1 :]
    )


_WORDS: tuple[Callable[[str, Random], str], ...] = (
    _line, _line, _value, _value, _value, _word, _chop, _deep, _letter, _letter,
)  # fmt: skip
