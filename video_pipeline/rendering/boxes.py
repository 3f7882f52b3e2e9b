"""The boxes of an mp4 file, as far as a check needs them: their order and whether one is there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}
_MOST_BOXES = 10_000


@dataclass(frozen=True)
class Mp4Box:
    """One box: its path of four-letter names and where its content lies in the file."""

    path: str
    start: int
    size: int


def boxes(file: Path) -> tuple[Mp4Box, ...]:
    """All boxes down to the sample tables, in file order (ISO/IEC 14496-12). Empty if not mp4."""
    with file.open("rb") as stream:
        end = stream.seek(0, 2)
        return tuple(_walk(stream, 0, end, "", [0]))


def _walk(stream: BinaryIO, start: int, end: int, path: str, count: list[int]) -> Iterator[Mp4Box]:
    at = start
    while at + 8 <= end:
        count[0] += 1
        if count[0] > _MOST_BOXES:
            return
        stream.seek(at)
        size, name = struct.unpack(">I4s", stream.read(8))
        head = 8
        if size == 1 and at + 16 <= end:
            size, head = struct.unpack(">Q", stream.read(8))[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            return
        here = f"{path}/{name.decode('latin-1')}"
        yield Mp4Box(here, at + head, size - head)
        if name in _PARENTS:
            yield from _walk(stream, at + head, at + size, here, count)
        at += size
