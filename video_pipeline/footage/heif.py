"""HEIC and AVIF photos: where the picture lies in the file, how it is turned, and its pixels.

Phones cut a photo into tiles, which a grid puts together again (ISO/IEC 23008-12); what else such a
file holds, thumbnails and maps of depth and light, is not looked at. PyAV decodes the tiles; the
ffmpeg program puts them together itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from video_pipeline.errors import FootageError
from video_pipeline.footage.model import Colour
from video_pipeline.footage.screen import on_screen

_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"miaf"}
_DECODERS = {b"hvc1": "hevc", b"av01": "libdav1d"}
_MOST_META = 16 << 20  # bytes; a phone's is a few thousand
_MOST_TILES = 2048


@dataclass(frozen=True)
class HeifPhoto:
    """The photo of a file.

    `place` is where ffmpeg finds it; `size` is (width, height) before turning. `rotation` and
    `mirrored` are as a Footage has them. `layout` is (columns, rows) of tiles, one in all where
    there is no grid. `coding` are four numbers of ITU-T H.273, where the file states them:
    primaries, transfer, matrix, full range. `profile` is its ICC profile.
    """

    place: str
    size: tuple[int, int]
    rotation: int
    mirrored: bool
    layout: tuple[int, int]
    decoder: str
    tiles: tuple[tuple[bytes, bytes], ...]
    coding: tuple[int, int, int, int] | None
    profile: bytes


@dataclass
class _Item:
    kind: bytes = b""
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    made_of: tuple[int, ...] = ()
    inside: bool = False
    extents: list[tuple[int, int]] = field(default_factory=list)

    def property(self, kind: bytes) -> bytes:
        return next((body for found, body in self.properties if found == kind), b"")


def is_heif_photo(head: bytes) -> bool:
    """Whether a file that begins so holds a photo in HEIF, and is not a film in the same boxes."""
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS


def read_heif(path: Path) -> HeifPhoto:
    """Read where a photo lies in its file.

    Raises FootageError when the file is damaged or puts its photo together in a way that no camera
    does.
    """
    try:
        photo = _photo(path)
    except (struct.error, ValueError, IndexError, KeyError, OSError) as error:
        raise FootageError(
            "the photo is damaged", where=str(path), mend="copy it from the phone once more"
        ) from error
    if photo is None:
        raise FootageError(
            "this kind of HEIC or AVIF photo cannot be read",
            where=str(path),
            mend="save it as JPEG",
        )
    return photo


def first_tile(photo: HeifPhoto, path: Path) -> VideoFrame:
    """The first tile, decoded: it knows what the file may not state. Raises FootageError."""
    return next(_decoded(photo, path, 1))


def heif_picture(photo: HeifPhoto, colour: Colour, path: Path) -> NDArray[np.uint8]:
    """The whole picture as stored, BGR, uint8, in the colours that an SDR screen shows.

    Raises FootageError when it does not decode.
    """
    columns, rows = photo.layout
    width, height = photo.size
    whole = np.zeros((0, 0, 3), np.uint8)
    for place, frame in enumerate(_decoded(photo, path, len(photo.tiles))):
        tile = on_screen(frame, colour, (frame.width, frame.height))
        down, across = tile.shape[:2]
        if not place:
            if columns * across < width or rows * down < height:
                raise _damaged(path)
            whole = np.zeros((height, width, 3), np.uint8)
        y, x = place // columns * down, place % columns * across
        room = whole[y : y + down, x : x + across]
        room[:] = tile[: room.shape[0], : room.shape[1]]
    return whole


def _decoded(photo: HeifPhoto, path: Path, count: int) -> Iterator[VideoFrame]:
    """The first `count` tiles, in order, one at a time."""
    for config, data in photo.tiles[:count]:
        decoder: Any = av.CodecContext.create(photo.decoder, "r")
        decoder.extradata = config
        try:
            frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
        except av.error.FFmpegError as error:
            raise _damaged(path) from error
        if not frames:
            raise _damaged(path)
        yield frames[0]


def _damaged(path: Path) -> FootageError:
    return FootageError(
        "the photo is damaged", where=str(path), mend="copy it from the phone once more"
    )


def _photo(path: Path) -> HeifPhoto | None:
    meta = _meta(path)
    items, primary = _items(meta)
    main = items[primary]
    tiled = main.kind == b"grid"
    grids = [number for number, item in items.items() if item.kind == b"grid"]
    if tiled:
        layout = _content(main, meta, path)
        rows, columns = layout[2] + 1, layout[3] + 1
        width, height = struct.unpack_from(">II" if layout[1] & 1 else ">HH", layout, 4)
        parts = [items[number] for number in main.made_of]
        if len(parts) != rows * columns or len(parts) > _MOST_TILES:
            raise ValueError("tiles are missing")
    else:
        rows = columns = 1
        width, height = struct.unpack_from(">II", main.property(b"ispe"), 4)
        parts = [main]
    kind = parts[0].kind
    if kind not in _DECODERS or any(part.kind != kind for part in parts):
        return None
    config = b"hvcC" if kind == b"hvc1" else b"av1C"
    rotation, mirrored = _turned(main)
    colours = [body for found, body in (*main.properties, *parts[0].properties) if found == b"colr"]
    coding = next((c for c in colours if c[:4] == b"nclx"), b"")
    numbers = struct.unpack_from(">HHHB", coding, 4) if coding else None
    profile = next((c[4:] for c in colours if c[:4] in (b"prof", b"rICC")), b"")
    return HeifPhoto(
        # ffmpeg counts grids in the order of their items, and knows other items by number.
        place=f"g:{grids.index(primary)}" if tiled else f"i:{primary}",
        size=(width, height),
        rotation=rotation,
        mirrored=mirrored,
        layout=(columns, rows),
        decoder=_DECODERS[kind],
        tiles=tuple((part.property(config), _content(part, meta, path)) for part in parts),
        coding=(*numbers[:3], numbers[3] >> 7) if numbers else None,
        profile=profile,
    )


def _turned(item: _Item) -> tuple[int, bool]:
    """The clockwise turn, and whether rows are flipped before it, of all that is asked for."""
    rotation, mirrored = 0, False
    for kind, body in item.properties:
        if kind == b"irot":
            rotation = (rotation - 90 * (body[0] & 3)) % 360
        elif kind == b"imir":  # 0 turns it upside down, 1 swaps left and right
            rotation = (-rotation + 180 * (body[0] & 1)) % 360
            mirrored = not mirrored
    return rotation, mirrored


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        size = size or len(data) - at
        if size < 8 or at + size > len(data):
            raise ValueError("a box that is longer than its file")
        yield kind, data[at + 8 : at + size]
        at += size


def _meta(path: Path) -> dict[bytes, bytes]:
    """The boxes within the file's `meta` box, by kind."""
    with path.open("rb") as file:
        while head := file.read(8):
            size, kind = struct.unpack(">I4s", head)
            if kind == b"meta":
                if not 12 <= size <= _MOST_META:
                    raise ValueError("a meta box of no usual size")
                return dict(_boxes(file.read(size - 8)[4:]))
            if size < 8:
                break
            file.seek(size - 8, 1)
    raise ValueError("no meta box")


def _items(meta: dict[bytes, bytes]) -> tuple[dict[int, _Item], int]:
    """The items of a file by their numbers, and which of them is the photo."""
    items: dict[int, _Item] = {}
    version, info = meta[b"iinf"][0], meta[b"iinf"]
    for kind, body in _boxes(info[8 if version else 6 :]):
        if kind == b"infe" and body[0] in (2, 3):
            form = ">HH4s" if body[0] == 2 else ">IH4s"
            number, _, what = struct.unpack_from(form, body, 4)
            items[number] = _Item(what)
    _associate(items, meta[b"iprp"])
    _locate(items, meta[b"iloc"])
    references = meta.get(b"iref", bytes(4))
    wide = "I" if references[0] else "H"
    for kind, body in _boxes(references[4:]):
        source, count = struct.unpack_from(f">{wide}H", body)
        if kind == b"dimg" and source in items:
            start = struct.calcsize(f">{wide}H")
            items[source].made_of = struct.unpack_from(f">{count}{wide}", body, start)
    chosen = meta[b"pitm"]
    (primary,) = struct.unpack_from(">I" if chosen[0] else ">H", chosen, 4)
    return items, primary


def _associate(items: dict[int, _Item], body: bytes) -> None:
    parts = dict(_boxes(body))
    known = list(_boxes(parts[b"ipco"]))
    told = parts[b"ipma"]
    wide, long = told[0] > 0, told[3] & 1
    (entries,) = struct.unpack_from(">I", told, 4)
    at = 8
    for _ in range(entries):
        number, count = struct.unpack_from(">IB" if wide else ">HB", told, at)
        at += 5 if wide else 3
        which = struct.unpack_from(f">{count}{'H' if long else 'B'}", told, at)
        at += count * (2 if long else 1)
        if number in items:
            places = [place & (0x7FFF if long else 0x7F) for place in which]
            items[number].properties = [known[place - 1] for place in places if place]


def _locate(items: dict[int, _Item], body: bytes) -> None:
    version, sizes, more = body[0], body[4], body[5]
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, more >> 4
    index_size = more & 15 if version else 0
    at = 6

    def number(size: int) -> int:
        nonlocal at
        value = body[at : at + size]
        if len(value) < size:
            raise ValueError("a list of places that ends early")
        at += size
        return int.from_bytes(value, "big")

    for _ in range(number(4 if version == 2 else 2)):
        item = items.get(number(4 if version == 2 else 2), _Item())
        item.inside = bool(version and number(2) & 15)
        number(2)  # whether the data lies in another file; there is none
        base = number(base_size)
        for _ in range(number(2)):
            number(index_size)
            offset = base + number(offset_size)
            item.extents.append((offset, number(length_size)))


def _content(item: _Item, meta: dict[bytes, bytes], path: Path) -> bytes:
    """The bytes of an item, from the file or from its `idat` box."""
    size = path.stat().st_size
    if sum(length for _, length in item.extents) > size:
        raise ValueError("an item that is longer than its file")
    if item.inside:
        return b"".join(meta[b"idat"][at : at + length] for at, length in item.extents)
    with path.open("rb") as file:
        parts = []
        for at, length in item.extents:
            file.seek(at)
            parts.append(file.read(length))
    return b"".join(parts)
