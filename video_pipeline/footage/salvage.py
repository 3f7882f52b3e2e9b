"""Salvage: the pictures of a file that may be damaged, or made to do harm, one after another.

Decoding happens in this process, in a library written in C. What reaches it is bounded: the pixels
of a picture, the threads that each hold some, and, where a door has asked for it (`vigil`), the
time of a single call. What does not decode is passed over and remembered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av.container
import av.error
import av.video.frame
import av.video.stream

from video_pipeline.toolchain import MOST_PIXELS, STILL_S
from video_pipeline.vigil import within

# A file may hold hours of packets of which none decodes; nobody should wait for its end.
_MOST_BARREN_S = STILL_S

_LEAST_BYTES = 256 << 20  # what decoding an honest file may well take

Damage = list[Fraction]
"""Times at which something did not decode, seconds from the footage's start, in reading order."""


def bounded(stream: av.video.stream.VideoStream) -> av.video.stream.VideoStream:
    """The stream, with limits on what decoding a picture of it may take."""
    context = stream.codec_context
    pixels = max(1, (context.width or 1) * (context.height or 1))
    context.options = {**context.options, "max_pixels": str(MOST_PIXELS)}
    stream.thread_type = "AUTO"
    # Each thread holds pictures of its own: as many as of 8K would be held by two.
    context.thread_count = max(1, min(os.cpu_count() or 1, 2 * MOST_PIXELS // pixels, 16))
    return stream


def check_memory() -> None:
    """Raise MemoryError where memory is short.

    A decoder also says so of a damaged file that asks for more than any machine has.
    """
    bytearray(_LEAST_BYTES)


def packets(container: av.container.InputContainer, stream: Any) -> Iterator[Any]:
    """The packets of a stream as far as the container can be read.

    Raises FFmpegError at the place where it cannot be read any further; who can do with what came
    before catches it.
    """
    found = container.demux(stream)
    while True:
        with within(container.name):
            packet = next(found, None)
        if packet is None:
            return
        yield packet


def pictures(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    start: Fraction,
    damage: Damage,
    choose: Callable[[Iterator[Any]], Iterator[Any]] = iter,
) -> Iterator[av.video.frame.VideoFrame]:
    """The pictures of a stream from where the container stands, as far as they can be read.

    Pictures that the decoder had to make up in part are damage too. `start` is the container's own
    first time. `choose` may leave packets out that need not be decoded. Reading ends where the
    container cannot be read any further.
    """
    base = Fraction(stream.time_base or 1)
    at = Fraction(0)
    last_good = time.monotonic()
    seen = False
    read = choose(packets(container, stream))
    while True:
        try:
            packet = next(read, None)
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                check_memory()
            damage.append(at)
            return
        if packet is None:
            return
        if packet.pts is not None:
            at = packet.pts * base - start
        try:
            with within(container.name):
                decoded = packet.decode()
        except av.error.EOFError:
            return
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                check_memory()
            damage.append(at)
            if time.monotonic() - last_good > _MOST_BARREN_S:
                return
            continue
        for frame in decoded:
            # A stream that was cut open begins with pictures that lack what they refer to.
            if frame.is_corrupt and seen:
                damage.append(at)
                continue
            seen = True
            yield frame
        last_good = time.monotonic()
