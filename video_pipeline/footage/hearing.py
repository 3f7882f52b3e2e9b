"""Hearing: the sound of a file as samples, and music as a file that is known to play.

Nothing but what is here reads sound into Python; whatever is heard in a clip, ffmpeg cuts from the
files themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from video_pipeline.errors import FootageError
from video_pipeline.store import file_digest
from video_pipeline.toolchain import SOUNDS

MOST_MUSIC_S = 3600
_RATE = 22_050  # enough to hear where beats fall


@dataclass(frozen=True)
class MusicFile:
    """A file of music: `stream` is the first track that decodes, `digest` the bytes' SHA-256."""

    path: Path
    digest: str
    stream: int
    duration: Fraction


def probe_music(path: Path) -> MusicFile:
    """Read a file of music to its end; its true length is known by that alone.

    Raises FootageError when it is missing, holds no sound that decodes, or is over an hour long.
    """
    try:
        with _opened(path) as container:
            tracks = [stream.index for stream in container.streams.audio]
            stated = (container.duration or 0) / 1_000_000
        if stated > MOST_MUSIC_S:
            raise FootageError(
                "the music is over an hour long", where=str(path), mend="cut it to one piece"
            )
        for index in tracks:
            count = sum(len(part) for _, part in _parts(path, index, _RATE))
            if count:
                return MusicFile(path.absolute(), file_digest(path), index, Fraction(count, _RATE))
    except (av.error.FFmpegError, OSError) as error:
        raise FootageError(
            "this file cannot be read as music",
            where=str(path),
            mend="save it as mp3, m4a, wav or flac",
        ) from error
    raise FootageError(
        "there is no sound in this file that can be decoded",
        where=str(path),
        mend="save it as mp3, m4a, wav or flac",
    )


def samples(path: Path, stream: int, rate: int, *, stereo: bool = False) -> NDArray[np.float32]:
    """One track of a file, `(samples,)` float32 at `rate`, from the file's first moment on.

    In `stereo` it is `(samples, 2)`.
    Packets that do not decode are passed over; where nothing is heard there are zeros.
    """
    parts = list(_parts(path, stream, rate, stereo=stereo))
    length = max((round(at * rate) + len(part) for at, part in parts), default=0)
    wave = np.zeros((length, 2) if stereo else length, dtype=np.float32)
    for at, part in parts:
        first = round(at * rate)
        # What stands before the first moment shown is the encoder's own run-up.
        kept = part[max(0, -first) :]
        wave[max(0, first) : max(0, first) + len(kept)] = kept
    return wave


def _opened(path: Path) -> av.container.InputContainer:
    # Absolute, so that no name can be taken for a protocol.
    options = {"protocol_whitelist": "file", "format_whitelist": f"{SOUNDS},avi,mpegts,mpeg"}
    return av.open(
        str(path.resolve()), mode="r", options=options, timeout=60, metadata_errors="replace"
    )


def _parts(
    path: Path, index: int, rate: int, *, stereo: bool = False
) -> Iterator[tuple[Fraction, NDArray[np.float32]]]:
    """What a track holds, in order, each part with the time at which it is heard."""
    resampler = AudioResampler(format="flt", layout="stereo" if stereo else "mono", rate=rate)
    with _opened(path) as container:
        start = Fraction(container.start_time or 0, 1_000_000)
        stream: Any = container.streams[index]
        try:
            if stream.codec_context is None or not stream.codec_context.name:
                return
        except (AttributeError, av.error.FFmpegError):
            return  # a track that ffmpeg has no decoder for
        origin, count = Fraction(0), 0
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in decoded:
                if not count:
                    origin = (frame.pts or 0) * Fraction(frame.time_base or 0) - start
                frame.pts = None
                for heard in resampler.resample(frame):
                    part = np.asarray(heard.to_ndarray(), dtype=np.float32)
                    part = part.reshape(-1, 2) if stereo else part.reshape(-1)
                    yield origin + Fraction(count, rate), part
                    count += len(part)
