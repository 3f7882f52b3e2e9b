"""Probing: what a footage file holds, checked by decoding its first picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
import av.video.frame
import av.video.stream
import numpy as np

from video_pipeline.errors import FootageError, PipelineError
from video_pipeline.footage.animation import is_animated_webp, probe_animation
from video_pipeline.footage.coding import FULL_RANGE, coded_colour
from video_pipeline.footage.model import Colour, Footage
from video_pipeline.footage.photo import photo_codec, probe_photo
from video_pipeline.footage.salvage import bounded, check_memory, packets, pictures
from video_pipeline.store import file_digest
from video_pipeline.toolchain import CONTAINERS, MOST_PIXELS

OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": CONTAINERS,
    "max_pixels": str(MOST_PIXELS),
}

_UNINDEXED = {"mpegts", "mpeg"}


def open_media(path: Path) -> av.container.InputContainer:
    """Open a media file for reading, refusing everything that is not plain media.

    Raises FootageError when it is missing, empty, or no video a camera writes.
    """
    _check_there(path)
    try:
        # A damaged file's words need not be UTF-8.
        return av.open(
            str(path.resolve()),
            mode="r",
            options=OPEN_OPTIONS,
            timeout=60,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        if isinstance(error, MemoryError):
            check_memory()
        raise _unreadable(path) from error


def probe(path: Path) -> Footage:
    """Read what a footage file holds.

    The first picture is decoded, since only a picture shows its true rotation and range. Raises
    FootageError when the file is missing, empty, damaged beyond use, or neither video nor photo.
    """
    _check_there(path)
    stamp = _stamp(path)
    if codec := photo_codec(path):
        return probe_photo(path, codec)
    if is_animated_webp(path):
        return probe_animation(path)
    with open_media(path) as container:
        stream = _main_video(container, path)
        frame = _first_frame(container, stream, path)
        width, height = frame.width, frame.height
        sample_aspect = stream.sample_aspect_ratio or Fraction(1)
        # No camera's pixels are further from square; a wilder shape is damage.
        if Fraction(1, 8) <= sample_aspect <= 8:
            width = round(width * sample_aspect)
        rotation, mirrored = _orientation(frame)
        tagged = 0 if rotation or mirrored else _tagged(stream)
        rotation = rotation or tagged
        if rotation in (90, 270):
            width, height = height, width
        stated = container.format.name != "mpeg" and _duration(container, stream)
        duration = stated or _counted(path, stream.index)
        if duration <= 0:
            raise FootageError(
                "the file does not say how long it is",
                where=str(path),
                mend="open it in a player and save it again as mp4",
            )
        audio = _first_decodable_audio(container)
        digest = file_digest(path)
        if _stamp(path) != stamp:
            raise FootageError(
                "the file is still being written",
                where=str(path),
                mend="wait until it is copied, and try again",
            )
        return Footage(
            path=path.absolute(),
            digest=digest,
            width=width,
            height=height,
            duration=duration,
            rate=Fraction(stream.average_rate or stream.guessed_rate or 30),
            rotation=rotation,
            mirrored=mirrored,
            codec=stream.codec_context.name,
            pixel_format=frame.format.name,
            colour=_colour(frame, stream),
            video_stream=stream.index,
            audio_stream=audio.index if audio else None,
            audio_codec=audio.codec_context.name if audio else None,
            picture_from=_late(container, stream),
            indexed=container.format.name not in _UNINDEXED,
            turned_by_tag=bool(tagged),
            interlaced=bool(frame.interlaced_frame),
            # AVI holds no times; where pictures are stored out of order, none can be told.
            untimed=container.format.name == "avi" and stream.codec_context.has_b_frames,
        )


@contextmanager
def unchanged(footage: Iterable[Footage]) -> Iterator[None]:
    """A stretch of work that is worth nothing when a file changes or goes away meanwhile.

    Raises FootageError, naming the file, at its end or in the place of an error that it caused.
    """
    before = {item.path: _stamp(item.path) for item in footage}

    def check() -> None:
        for path, stamp in before.items():
            if (now := _stamp(path)) != stamp:
                raise FootageError(
                    "the file has changed while it was used" if now else "the file has gone",
                    where=str(path),
                    mend="leave it in its place, as it is, until the command has ended",
                )

    try:
        yield
    except PipelineError:
        check()
        raise
    check()


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when somebody writes a file; None when it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def picture_stream(
    container: av.container.InputContainer, footage: Footage
) -> av.video.stream.VideoStream:
    """The stream of an opened file that holds the footage's picture."""
    return next(s for s in container.streams.video if s.index == footage.video_stream)


def start_of(container: av.container.InputContainer) -> Fraction:
    """The container's own first time, seconds; subtract it to count from the first moment shown."""
    told = Fraction(container.start_time or 0, 1_000_000)
    # It is told in microseconds; the stream that begins there knows it exactly.
    for stream in container.streams:
        exact = (stream.start_time or 0) * Fraction(stream.time_base or 0)
        if abs(exact - told) < Fraction(1, 500_000):
            return exact
    return told


def _check_there(path: Path) -> None:
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise FootageError(
            "its name, or that of a folder above it, is not text", where=str(path), mend="rename it"
        ) from None
    if not path.exists():
        raise FootageError("there is no such file", where=str(path), mend="check the name")
    # A pipe or a device may never end; it is not even opened.
    if path.is_dir() or not path.is_file():
        raise FootageError("this is not a file", where=str(path), mend="name a video file")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except PermissionError as error:
        raise FootageError(
            "the file cannot be read", where=str(path), mend="check its permissions"
        ) from error
    if empty:
        raise FootageError(
            "the file is empty", where=str(path), mend="copy it from the phone once more"
        )


def _main_video(container: av.container.InputContainer, path: Path) -> av.video.stream.VideoStream:
    # Cover art and thumbnails are video streams too; the picture that moves is the largest.
    moving = [s for s in container.streams.video if not _is_still(s)]
    if moving and not any(s.codec_context for s in moving):
        raise FootageError(
            "the coding of its picture is not known here",
            where=str(path),
            mend="export it as mp4 from the phone or an editor",
        )
    moving = [s for s in moving if s.codec_context]
    if not moving:
        raise FootageError(
            "there is no picture in this file", where=str(path), mend="name a video file"
        )

    def area(stream: Any) -> int:
        return (stream.codec_context.width or 0) * (stream.codec_context.height or 0)

    # An animated AVIF holds its first picture once more, as a photo.
    return max(moving, key=lambda stream: (area(stream), stream.frames != 1))


def _is_still(stream: Any) -> bool:
    disposition = getattr(stream, "disposition", None)
    attached = getattr(type(disposition), "attached_pic", None)
    return bool(attached and disposition & attached)


def _first_frame(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, path: Path
) -> av.video.frame.VideoFrame:
    # After a damaged start a later key frame may still decode.
    for frame in pictures(container, bounded(stream), Fraction(0), []):
        return frame
    context = stream.codec_context
    if context.width * context.height > MOST_PIXELS:
        raise FootageError(
            f"its picture of {context.width} x {context.height} is larger than 8K",
            where=str(path),
            mend="export it smaller",
        )
    check_memory()
    raise FootageError(
        "no picture in this file can be decoded",
        where=str(path),
        mend="copy it from the phone once more, or film it again",
    )


def _orientation(frame: av.video.frame.VideoFrame) -> tuple[int, bool]:
    """The clockwise turn of the display matrix, and whether the rows are flipped before it.

    The matrix maps a point of the stored picture, x to the right and y downwards, to
    (a x + c y, b x + d y); its first four numbers are a, b, unused, c, and the fifth is d
    (ISO/IEC 14496-12, 6.2.2). ffmpeg turns by quarters and flips alike; any other angle, which no
    phone writes, is taken for none.
    """
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return 0, False
    a, b, _, c, d = (int(n) for n in np.frombuffer(data, dtype=np.int32)[:5])
    angle = math.degrees(math.atan2(b, a))
    quarters = round(angle / 90)
    rotation = quarters * 90 % 360 if abs(angle - quarters * 90) < 1 else 0
    return rotation, a * d - b * c < 0


def _tagged(stream: av.video.stream.VideoStream) -> int:
    """The clockwise turn of an old tag, as programs wrote it before there was a matrix in Matroska.

    Nobody else reads it any more, yet whoever copied a phone's clip to mkv then has it sideways.
    """
    told = {name.lower(): value for name, value in stream.metadata.items()}.get("rotate", "0")
    turn = int(told) if told.lstrip("-").isdecimal() else 0
    return turn % 360 if turn % 90 == 0 else 0


def _duration(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Fraction:
    if stream.duration is not None and stream.time_base is not None:
        return _late(container, stream) + stream.duration * Fraction(stream.time_base)
    return Fraction(container.duration or 0, 1_000_000)


def _counted(path: Path, index: int) -> Fraction:
    """The length of a file that does not state it, as browsers record: read to its last picture.

    Nor do old program streams; what ffmpeg makes up for them falls short.
    """
    end = Fraction(0)
    with open_media(path) as container, suppress(av.error.FFmpegError):
        stream = container.streams[index]
        for packet in packets(container, stream):
            if packet.pts is not None and packet.size:
                base = Fraction(packet.time_base or 0)
                end = max(end, (packet.pts + (packet.duration or 0)) * base)
        end -= start_of(container)
    return end


def _late(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Fraction:
    late = (stream.start_time or 0) * Fraction(stream.time_base or 0) - start_of(container)
    return max(Fraction(0), late)


def _first_decodable_audio(container: av.container.InputContainer) -> Any | None:
    for stream in container.streams.audio:
        try:
            if stream.codec_context is not None and stream.codec_context.name:
                return stream
        except (AttributeError, av.error.FFmpegError):
            continue  # a track ffmpeg has no decoder for, such as a phone's spatial sound
    return None


def _colour(frame: av.video.frame.VideoFrame, stream: av.video.stream.VideoStream) -> Colour:
    context = stream.codec_context
    # Untagged pictures: BT.601 for standard definition, BT.709 above, as players read them.
    hd = max(frame.width, frame.height) >= 1280 or min(frame.width, frame.height) >= 720
    usual = "bt709" if hd else "smpte170m"
    return coded_colour(
        int(context.color_primaries),
        int(context.color_trc),
        int(context.colorspace),
        full_range=int(context.color_range) == FULL_RANGE or "yuvj" in frame.format.name,
        usual=(usual, usual),
    )


def _unreadable(path: Path) -> FootageError:
    with path.open("rb") as file:
        head = file.read(4096)
    if b"\0" not in head:
        return FootageError(
            "this is a text file, not a video", where=str(path), mend="name the video itself"
        )
    if b"ftyp" in head[:16]:
        return FootageError(
            "the video is cut off: the part that says where its pictures are is missing",
            where=str(path),
            mend="copy it from the phone once more; it was not copied to its end",
        )
    return FootageError(
        "this file cannot be read as a video",
        where=str(path),
        mend="export it as mp4 from the phone or an editor",
    )
