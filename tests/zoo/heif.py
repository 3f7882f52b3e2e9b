"""Writing HEIC photos as a phone does: tiles of HEVC, turned and mirrored by properties.

ISO/IEC 23008-12 (HEIF) and 14496-12; Pillow and the shipped ffmpeg write none.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.toolchain import ffmpeg_path
from zoo.boxes import found

_TILE = 128  # px


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _coded(planes: NDArray[np.generic], form: str) -> tuple[bytes, bytes]:
    """One picture as HEVC: its decoder's configuration, and its bytes."""
    height, width = planes.shape[1:]
    flat = [planes[0].ravel(), *(plane[::2, ::2].ravel() for plane in planes[1:])]
    kind = np.uint16 if "10" in form else np.uint8
    out = subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-f", "rawvideo", "-pix_fmt", form,
         "-s", f"{width}x{height}", "-i", "pipe:0", "-c:v", "libx265", "-preset", "ultrafast",
         "-x265-params", "log-level=none:crf=8:info=0", "-tag:v", "hvc1", "-movflags",
         "+empty_moov+default_base_moof", "-f", "mp4", "-"],
        input=np.concatenate(flat).astype(kind).tobytes(), check=True, capture_output=True,
    ).stdout  # fmt: skip
    return found(out, b"hvcC"), found(out, b"mdat")


def write(
    path: Path,
    planes: NDArray[np.generic],
    *,
    form: str = "yuv420p",
    quarters: int = 0,
    mirror: int | None = None,
    colour: bytes = b"",
    thumbnail: bool = True,
) -> None:
    """A HEIC photo of Y, Cb, Cr planes `(3, height, width)`, in tiles where it is larger than one.

    A reader turns it by `quarters` counter-clockwise, then mirrors it: 0 turns it upside down, 1
    swaps left and right. `colour` is the body of a `colr` property.
    """
    height, width = planes.shape[1:]
    rows, columns = -(-height // _TILE), -(-width // _TILE)
    edges = ((0, 0), (0, rows * _TILE - height), (0, columns * _TILE - width))
    padded = np.pad(planes, edges, mode="edge")
    coded = [
        _coded(padded[:, y : y + _TILE, x : x + _TILE], form)
        for y in range(0, rows * _TILE, _TILE)
        for x in range(0, columns * _TILE, _TILE)
    ]
    tiles = range(1, len(coded) + 1)
    grid = len(coded) + 1
    small = grid + 1
    little = planes[:, : height // 8 * 8 : 4, : width // 8 * 8 : 4]
    if thumbnail:
        coded.append(_coded(little, form))

    def size(w: int, h: int) -> bytes:
        return _full(b"ispe", 0, 0, struct.pack(">II", w, h))

    properties = [_box(b"hvcC", coded[0][0]), size(_TILE, _TILE), size(width, height)]
    of_grid = [3]
    if colour:
        properties.append(_box(b"colr", colour))
        of_grid.append(len(properties))
    if quarters:
        properties.append(_box(b"irot", bytes([quarters])))
        of_grid.append(0x80 | len(properties))
    if mirror is not None:
        properties.append(_box(b"imir", bytes([mirror])))
        of_grid.append(0x80 | len(properties))
    of_small = []
    if thumbnail:
        properties += [_box(b"hvcC", coded[-1][0]), size(*little.shape[:0:-1])]
        of_small = [0x80 | len(properties) - 1, len(properties)]

    kinds = dict.fromkeys(tiles, b"hvc1") | {grid: b"grid"}
    kinds |= {small: b"hvc1"} if thumbnail else {}
    entries = [
        _full(b"infe", 2, int(item in tiles), struct.pack(">HH4s", item, 0, kind), b"\0")
        for item, kind in kinds.items()
    ]
    belongs = {
        **{tile: [0x81, 2] for tile in tiles},
        grid: of_grid,
        **({small: of_small} if thumbnail else {}),
    }
    associations = b"".join(
        struct.pack(">HB", item, len(which)) + bytes(which) for item, which in belongs.items()
    )
    references = _box(b"dimg", struct.pack(f">HH{len(tiles)}H", grid, len(tiles), *tiles))
    references += _box(b"thmb", struct.pack(">HHH", small, 1, grid)) if thumbnail else b""
    layout = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    head = _box(b"ftyp", b"heic", bytes(4), b"mif1heic")

    def meta(first: int) -> bytes:
        places = struct.pack(">HHHHII", grid, 1, 0, 1, 0, len(layout))
        at = first
        for item, (_, data) in zip([*tiles, small], coded, strict=False):
            places += struct.pack(">HHHHII", item, 0, 0, 1, at, len(data))
            at += len(data)
        return _full(
            b"meta", 0, 0,
            _full(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
            _full(b"pitm", 0, 0, struct.pack(">H", grid)),
            _full(b"iloc", 1, 0, struct.pack(">BBH", 0x44, 0, len(kinds)), places),
            _full(b"iinf", 0, 0, struct.pack(">H", len(kinds)), *entries),
            _full(b"iref", 0, 0, references),
            _box(b"iprp", _box(b"ipco", *properties),
                 _full(b"ipma", 0, 0, struct.pack(">I", len(belongs)), associations)),
            _box(b"idat", layout),
        )  # fmt: skip

    first = len(head) + len(meta(0)) + 8
    path.write_bytes(head + meta(first) + _box(b"mdat", *(data for _, data in coded)))
