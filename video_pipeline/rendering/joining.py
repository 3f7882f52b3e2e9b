"""Joining: pieces and sound become one mp4 by stream copy, with exact timestamps.

No frame is decoded. Every picture lasts exactly one frame of the output rate, picture and sound
both start at zero, and no edit list is written: some platforms ignore them, some reject them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import av.error
from av.packet import Packet

from video_pipeline.errors import RenderError
from video_pipeline.graph import AAC_FRAME, SAMPLE_RATE
from video_pipeline.rendering.pieces import Encoded
from video_pipeline.toolchain import disk_error

_KEPT = "it was kept from an earlier run and is thrown away now; run the same command again"
_UNREADABLE = (av.error.InvalidDataError, av.error.EOFError)
_MUXING = {"movflags": "+faststart", "use_editlist": "0", "fflags": "+bitexact"}


class DamagedError(RenderError):
    """A finished piece or sound is not what its description says; `file` is where it is kept."""

    def __init__(self, message: str, file: Path, *, mend: str) -> None:
        super().__init__(message, where=file.name, mend=mend)
        self.file = file


def join(pieces: Sequence[Encoded], sound: Path, rate: Fraction, out: Path) -> None:
    """Write the clip: all `pieces` in order and the AAC file `sound`, to `out`.

    Raises DamagedError when a piece is not what its description says or cannot be read,
    RenderError when the disk is full.
    """
    frames = sum(piece.frames for piece in pieces)
    try:
        _mux(pieces, sound, rate, frames, out)
    except (OSError, av.error.FFmpegError) as error:
        plain = disk_error(error, str(out.parent)) if isinstance(error, OSError) else None
        raise plain or RenderError(f"the clip could not be joined: {error}") from error


def _mux(pieces: Sequence[Encoded], sound: Path, rate: Fraction, frames: int, out: Path) -> None:
    tick = 1 / rate
    options = {**_MUXING, "video_track_timescale": str(rate.numerator)}
    with (
        _opened(pieces[0].path) as first,
        _opened(sound) as heard,
        av.open(str(out), "w", format="mp4", options=options) as clip,
    ):
        if not first.streams.video:
            raise _short(pieces[0], 0)
        if not heard.streams.audio:
            raise DamagedError("the finished sound is empty", sound, mend=_KEPT)
        header = first.streams.video[0].codec_context.extradata
        picture = clip.add_stream_from_template(first.streams.video[0])
        picture.time_base = tick
        track = clip.add_stream_from_template(heard.streams.audio[0])
        track.time_base = Fraction(1, SAMPLE_RATE)
        # The sound ends with the picture or just before it, never after.
        samples = int(frames * tick * SAMPLE_RATE)
        heard_packets = _packets(heard, heard.streams.audio[0], sound)
        sounds = enumerate(islice(heard_packets, samples // AAC_FRAME))
        pictures = enumerate(_pictures(pieces, header))
        packets = heapq.merge(
            ((place * tick, 0, place, packet) for place, packet in pictures),
            (
                (Fraction(place * AAC_FRAME, SAMPLE_RATE), 1, place, packet)
                for place, packet in sounds
            ),
            key=lambda entry: entry[:2],
        )
        for _, is_sound, place, packet in packets:
            packet.stream = track if is_sound else picture
            packet.time_base = Fraction(1, SAMPLE_RATE) if is_sound else tick
            packet.pts = packet.dts = place * AAC_FRAME if is_sound else place
            packet.duration = AAC_FRAME if is_sound else 1
            clip.mux(packet)


def _pictures(pieces: Sequence[Encoded], header: bytes | None) -> Iterator[Packet[Any]]:
    for piece in pieces:
        count = 0
        with _opened(piece.path) as container:
            if not container.streams.video:
                raise _short(piece, 0)
            stream = container.streams.video[0]
            if stream.codec_context.extradata != header:
                raise RenderError(
                    "two pieces were encoded with different settings",
                    where=piece.path.name,
                    mend="clear the cache with: video-pipeline doctor --clear-cache",
                )
            for packet in _packets(container, stream, piece.path):
                count += 1
                yield packet
        if count != piece.frames:
            raise _short(piece, count)


def _opened(file: Path) -> av.container.InputContainer:
    try:
        return av.open(str(file))
    except _UNREADABLE as error:
        raise _unreadable(file) from error


def _packets(
    container: av.container.InputContainer, stream: Any, file: Path
) -> Iterator[Packet[Any]]:
    """The packets that hold something."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except _UNREADABLE as error:
        raise _unreadable(file) from error


def _unreadable(file: Path) -> DamagedError:
    return DamagedError("a finished part of the clip cannot be read", file, mend=_KEPT)


def _short(piece: Encoded, count: int) -> DamagedError:
    return DamagedError(
        f"a piece holds {count} pictures where {piece.frames} were planned",
        piece.path,
        mend="the footage may be damaged there; choose another moment" if piece.fresh else _KEPT,
    )
