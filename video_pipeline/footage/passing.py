"""Passing over: pictures that are neither looked at nor referred to need not be decoded.

Phones and editing programs write some pictures that no other picture is predicted from, and mark
them. Of those only the ones that somebody will look at are worth their cost; without the rest, all
others decode to the very same pixels. Which will be looked at is known by their times alone, from
packets read a little ahead.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av.error

_AHEAD = 17  # packets: H.264 and HEVC let no picture overtake more than 16 others
_H264_SLICES = range(1, 6)  # ITU-T H.264, table 7-1
_HEVC_SLICES = range(10)  # ITU-T H.265, table 7-1: below 10, even types are not referred to
_START = b"\x00\x00\x01"


def passed_over(
    read: Iterator[Any],
    context: Any,
    due: Callable[[Fraction], bool],
    base: Fraction,
    start: Fraction,
) -> Iterator[Any]:
    """The packets of an H.264 or HEVC stream without those whose pictures nobody needs.

    `due` is asked about each picture's time, seconds after `start`, in time order, and says whether
    it will be looked at. Packets whose time is not told are all kept, as are those of other codecs.
    Raises FFmpegError where the packets end in one, after all that came before.
    """
    layers = _layers_of(context)
    waiting: deque[tuple[Any, int | None]] = deque()
    times: list[int] = []
    decided: dict[int, bool] = {}
    highest = 0

    def judge(at_most: int) -> None:
        while len(times) > at_most:
            pts = heapq.heappop(times)
            decided[pts] = due(pts * base - start) or decided.get(pts, False)

    def kept(packet: Any, layer: int | None) -> bool:
        if packet.pts is None or packet.is_discard:
            return True
        looked_at = decided.pop(packet.pts, True)
        # A picture of a lower layer may be referred to from a higher one.
        return looked_at or layer is None or layer < highest

    broken: av.error.FFmpegError | None = None
    while True:
        try:
            packet = next(read, None)
        except av.error.FFmpegError as error:
            broken, packet = error, None
        if packet is not None:
            layer, free = layers(packet) if packet.size else (0, False)
            highest = max(highest, layer)
            waiting.append((packet, layer if free else None))
            if packet.pts is not None and not packet.is_discard:
                heapq.heappush(times, packet.pts)
        judge(0 if packet is None else _AHEAD)
        while waiting and (
            packet is None or len(waiting) > 2 * _AHEAD or waiting[0][0].pts in decided
        ):
            one = waiting.popleft()
            if kept(*one):
                yield one[0]
        if packet is None:
            break
    if broken:  # told where it belongs: after all that came before it
        raise broken


def _layers_of(context: Any) -> Callable[[Any], tuple[int, bool]]:
    """What says of a packet its temporal layer, and whether no picture of that refers to it."""
    head = bytes(context.extradata or b"")
    if context.name == "h264":
        size = (head[4] & 3) + 1 if head[:1] == b"\x01" and len(head) > 4 else 0
        return lambda packet: _h264(packet, size)
    if context.name == "hevc":
        size = (head[21] & 3) + 1 if head[:1] == b"\x01" and len(head) > 21 else 0
        return lambda packet: _hevc(packet, size)
    return lambda packet: (0, False)


def _h264(packet: Any, size: int) -> tuple[int, bool]:
    for first, _ in _units(packet, size):
        if first & 31 in _H264_SLICES:
            return 0, not first & 0x60  # nal_ref_idc
    return 0, False


def _hevc(packet: Any, size: int) -> tuple[int, bool]:
    for first, second in _units(packet, size):
        kind = first >> 1 & 63
        if kind in _HEVC_SLICES:
            return max((second & 7) - 1, 0), kind % 2 == 0
    return 0, False


def _units(packet: Any, size: int) -> Iterator[tuple[int, int]]:
    """The first two bytes of each unit, whose lengths of `size` bytes go before; 0: start codes."""
    if not size:
        data = bytes(packet)
        at = data.find(_START)
        while 0 <= at < len(data) - 4:
            yield data[at + 3], data[at + 4]
            at = data.find(_START, at + 3)
        return
    view = memoryview(packet)
    at = 0
    while at + size + 2 <= len(view):
        yield view[at + size], view[at + size + 1]
        at += size + int.from_bytes(view[at : at + size], "big")
