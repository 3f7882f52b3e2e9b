"""Boxes of QuickTime and MP4 files, opened and written anew, for what ffmpeg will not write."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from zoo.dynamic import hdr10_plus

_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}


def _changed(data: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    """The boxes in `data`, each body as `change(kind, body)` gives it; parents are gone into."""
    out, at = b"", 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        body = data[at + head : at + size]
        if kind in _PARENTS:
            body = _changed(body, change)
        body = change(kind, body)
        out += (
            struct.pack(">I4s", len(body) + 8, kind) + body if head == 8 else data[at : at + size]
        )
        at += size
    return out


def _patch(path: Path, change: Callable[[bytes, bytes], bytes]) -> None:
    """Change a file whose `moov` is its last box, so that nothing in it points elsewhere after."""
    data = path.read_bytes()
    path.write_bytes(_changed(data, change))


def dolby_vision(path: Path) -> None:
    """Say that the picture is Dolby Vision 8.4: a `dvvC` box (Dolby's "Dolby Vision Streams Within
    the ISO Base Media File Format", 3.2): version 1.0, profile 8, level 4, RPU and base layer
    there, compatible with HLG (4).
    """
    fields = 8 << 9 | 4 << 3 | 1 << 2 | 0 << 1 | 1
    record = bytes((1, 0)) + struct.pack(">H", fields) + bytes([4 << 4]) + bytes(19)

    def change(kind: bytes, body: bytes) -> bytes:
        if kind != b"stsd":
            return body
        size = struct.unpack_from(">I", body, 8)[0]
        more = struct.pack(">I4s", 8 + len(record), b"dvvC") + record
        entry = struct.pack(">I", size + len(more)) + body[12 : 8 + size] + more
        return body[:8] + entry + body[8 + size :]

    _patch(path, change)


def spatial_sound(path: Path) -> None:
    """Make the first sound track one that nobody decodes, as phones write theirs (`apac`)."""
    done: list[bool] = []

    def change(kind: bytes, body: bytes) -> bytes:
        if kind == b"stsd" and body[12:16] == b"mp4a" and not done:
            done.append(True)
            return body[:12] + b"apac" + body[16:]
        return body

    _patch(path, change)


def metadata_track(path: Path) -> None:
    """Make of the timecode track one of timed metadata (`mebx`), as phones write several."""

    def change(kind: bytes, body: bytes) -> bytes:
        if kind == b"hdlr":
            return body.replace(b"tmcd", b"meta")
        if kind == b"stsd" and body[12:16] == b"tmcd":
            return body[:12] + b"mebx" + body[16:]
        return body

    _patch(path, change)


PATCHES = {
    "dolby vision": dolby_vision,
    "hdr10+": hdr10_plus,
    "spatial sound": spatial_sound,
    "metadata track": metadata_track,
}


def found(data: bytes, kind: bytes) -> bytes:
    """The body of the first box of that kind, wherever it lies in well-formed data."""
    at = data.index(kind) - 4
    size = struct.unpack_from(">I", data, at)[0]
    return data[at + 8 : at + size]
