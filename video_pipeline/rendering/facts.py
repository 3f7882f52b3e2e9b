"""Facts: what a finished clip is, whoever made it, read from the file and from nothing else.

Its boxes and packets are read and it is played from start to end (`playing`). Nothing is judged
here; one set of facts is held against as many placements as are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av.error

from video_pipeline.errors import FootageError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import open_media, picture_stream, probe
from video_pipeline.footage.salvage import packets
from video_pipeline.rendering.boxes import boxes
from video_pipeline.rendering.playing import Played, play


@dataclass(frozen=True)
class PictureFacts:
    """The picture as its header and packets tell it.

    `size` is (width, height) as stored, `tags` primaries, transfer and matrix (ITU-T H.273),
    `level` H.264's level times ten, 0 where there is none. `times` are those of all pictures,
    seconds, in order; `keys` counts which of them begin a group.
    """

    codec: str
    profile: str
    level: int
    size: tuple[int, int]
    shape: Fraction
    pixel_format: str
    tags: tuple[int, int, int]
    limited_range: bool
    times: tuple[Fraction, ...]
    keys: tuple[int, ...]
    bytes: int


@dataclass(frozen=True)
class SoundFacts:
    """The first sound track; `codec` is empty where nothing here can decode it. Seconds."""

    codec: str
    profile: str
    sample_rate: int
    channels: int
    start_s: float
    length_s: float


@dataclass(frozen=True)
class Facts:
    """Everything that is known of one file. `boxes` are the paths of its mp4 boxes, in order."""

    footage: Footage
    boxes: tuple[str, ...]
    brand: bytes
    bytes: int
    picture: PictureFacts
    sound: SoundFacts | None
    played: Played


def facts_of(file: Path, played: Callable[[Footage], Played] | None = None) -> Facts:
    """Read and play a file; `played` tells otherwise than by playing it what that would show.

    Raises FootageError when it cannot be read at all, or is a photo.
    """
    footage = probe(file)  # says in plain words what is wrong with a file that is no video
    if footage.still:
        raise FootageError("this is a photo, not a clip", where=str(file), mend="name an mp4")
    heard = footage.audio_stream is not None
    return Facts(
        footage=footage,
        boxes=tuple(box.path for box in boxes(file)),
        brand=_brand(file),
        bytes=file.stat().st_size,
        picture=_picture(footage),
        sound=_sound(footage),
        played=played(footage) if played else play(file, heard=heard),
    )


def _brand(file: Path) -> bytes:
    with file.open("rb") as stream:
        head = stream.read(12)
    return head[8:] if head[4:8] == b"ftyp" else b"qt  "


def _picture(footage: Footage) -> PictureFacts:
    with open_media(footage.path) as container:
        stream = picture_stream(container, footage)
        context = stream.codec_context
        base = Fraction(stream.time_base or 1)
        shown: list[tuple[Fraction, bool]] = []
        size = 0
        # Where it can be read no further, playing it says so.
        with suppress(av.error.FFmpegError):
            for packet in packets(container, stream):
                if packet.pts is not None and packet.size:
                    shown.append((packet.pts * base, packet.is_keyframe))
                    size += packet.size
        shown.sort()
        return PictureFacts(
            codec=context.name,
            profile=str(context.profile),
            level=_level(context.extradata) if context.name == "h264" else 0,
            size=(context.width, context.height),
            shape=Fraction(stream.sample_aspect_ratio or 1),
            pixel_format=str(context.pix_fmt),
            tags=(int(context.color_primaries), int(context.color_trc), int(context.colorspace)),
            limited_range=int(context.color_range) == 1,
            times=tuple(time for time, _ in shown),
            keys=tuple(place for place, (_, key) in enumerate(shown) if key),
            bytes=size,
        )


def _level(header: bytes | None) -> int:
    """AVCLevelIndication of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    return header[3] if header and len(header) > 3 and header[0] == 1 else 0


def _sound(footage: Footage) -> SoundFacts | None:
    with open_media(footage.path) as container:
        if not container.streams.audio:
            return None
        if footage.audio_stream is None:
            return SoundFacts("", "", 0, 0, 0.0, 0.0)
        stream = container.streams.audio[0]
        context = stream.codec_context
        base = Fraction(stream.time_base or 1)
        return SoundFacts(
            codec=context.name,
            profile=str(context.profile or ""),
            sample_rate=context.sample_rate,
            channels=context.layout.nb_channels,
            start_s=float((stream.start_time or 0) * base),
            length_s=float((stream.duration or 0) * base),
        )
