"""Facts: what a finished clip is, whoever made it, read from the file and from nothing else.

Its boxes and packets are read and it is played once from start to end. Nothing is judged here; one
set of facts is held against as many placements as are asked for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av.error

from video_pipeline import graph
from video_pipeline.errors import FootageError, RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import open_media, picture_stream, probe
from video_pipeline.footage.salvage import packets
from video_pipeline.rendering.boxes import boxes
from video_pipeline.rendering.sound import Loudness, heard_in
from video_pipeline.toolchain import run

_DEADLINE_S = 900
_COMPLAINTS = ("[warning]", "[error]", "[fatal]", "[panic]")


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
class Stretch:
    """From where to where something lasts, seconds; `end_s` is None for the end of the clip."""

    start_s: float
    end_s: float | None


@dataclass(frozen=True)
class Played:
    """What playing it from start to end showed; `loudness` is None where nothing could be heard."""

    complaint: str
    black: tuple[Stretch, ...]
    still: tuple[Stretch, ...]
    loudness: Loudness | None


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


def facts_of(file: Path) -> Facts:
    """Read and play a file. Raises FootageError when it cannot be read at all, or is a photo."""
    footage = probe(file)  # says in plain words what is wrong with a file that is no video
    if footage.still:
        raise FootageError("this is a photo, not a clip", where=str(file), mend="name an mp4")
    sound = _sound(footage)
    return Facts(
        footage=footage,
        boxes=tuple(box.path for box in boxes(file)),
        brand=_brand(file),
        bytes=file.stat().st_size,
        picture=_picture(footage),
        sound=sound,
        played=_played(file, heard=sound is not None and bool(sound.codec)),
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


def _played(file: Path, *, heard: bool) -> Played:
    try:
        log = run(
            graph.watched(file, sound=heard), deadline_s=_DEADLINE_S, what="playing the clip"
        ).stderr
    except RenderError as error:
        return Played(error.message, (), (), None)
    complaint = next((line for line in log.splitlines() if any(c in line for c in _COMPLAINTS)), "")
    loudness = None
    if heard:
        try:
            loudness = heard_in(log, file)
        except RenderError:
            loudness = None
    return Played(complaint, tuple(_black(log)), tuple(_still(log)), loudness)


def _black(log: str) -> Iterator[Stretch]:
    for found in re.finditer(r"black_start:([\d.]+) black_end:([\d.]+)", log):
        yield Stretch(float(found.group(1)), float(found.group(2)))


def _still(log: str) -> Iterator[Stretch]:
    """Stretches without movement; one that lasts to the end of the clip is told no end."""
    start = math.nan
    for kind, value in re.findall(r"freeze_(start|end): ([\d.]+)", log):
        if kind == "start":
            start = float(value)
        else:
            yield Stretch(start, float(value))
            start = math.nan
    if not math.isnan(start):
        yield Stretch(start, None)
