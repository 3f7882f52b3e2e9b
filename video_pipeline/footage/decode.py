"""Decoding: frames of a footage file in time order, upright, small, with exact times.

At most one frame is held at a time. What is damaged is passed over and told to the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

import av.error
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from video_pipeline.footage.animation import ANIMATED_WEBP, animation
from video_pipeline.footage.model import Footage
from video_pipeline.footage.passing import passed_over
from video_pipeline.footage.photo import photo
from video_pipeline.footage.probe import open_media, picture_stream, start_of
from video_pipeline.footage.salvage import Damage, bounded, pictures
from video_pipeline.footage.screen import on_screen

Picture = NDArray[np.uint8]

_HAIR = Fraction(1, 240)  # s: a frame that much early is as good


def frames(
    footage: Footage,
    *,
    long_side: int,
    every_s: Fraction,
    since: Fraction = Fraction(0),
    damage: Damage | None = None,
) -> Iterator[tuple[Fraction, Picture]]:
    """Yield `(time, picture)` about every `every_s` seconds from `since` on, in time order.

    `time` is the frame's exact presentation time, seconds from the footage's start. `picture` is
    BGR, uint8, height x width x 3, turned upright, its long side at most `long_side` pixels, in
    the colours that an SDR screen shows; of two interlaced fields it is one. Frames before `since`
    are passed over. A photo yields its picture once, at 0. The times of what could not be decoded
    are added to `damage`; what need not be decoded is not tried.
    """
    if footage.still:
        yield Fraction(0), photo(footage, long_side)
        return
    stored = _stored_size(footage, long_side)
    due = _pace(since, every_s)
    if footage.codec == ANIMATED_WEBP:
        for t, picture in animation(footage):
            if due(t):
                yield t, _inside(_shrunk(picture, stored), footage)
        return
    with open_media(footage.path) as container:
        ahead = _pace(since, every_s)
        told: Damage = [] if damage is None else damage
        for t, frame in _timed(container, footage, since, told, ahead):
            if not due(t):
                continue
            yield t, _upright(frame, footage, stored)


def glances(footage: Footage, *, long_side: int, most: int) -> Iterator[Picture]:
    """Up to `most` pictures from all through a film, as `frames` gives them, for little work.

    Key frames alone are decoded, so there are fewer where a file has fewer, and none of a file
    that cannot be entered in its middle.
    """
    if footage.still or footage.untimed or not footage.indexed:
        return
    stored = _stored_size(footage, long_side)
    with open_media(footage.path) as container:
        start = start_of(container)
        stream = bounded(picture_stream(container, footage))
        stream.codec_context.skip_frame = "NONKEY"
        base = Fraction(stream.time_base or 1)
        seen: set[int | None] = set()
        for number in range(most):
            try:
                container.seek(
                    int((number * footage.duration / most + start) / base), stream=stream
                )
            except av.error.FFmpegError:
                return  # a damaged index
            frame = next(pictures(container, stream, start, []), None)
            if frame is not None and frame.pts not in seen:
                seen.add(frame.pts)
                yield _upright(frame, footage, stored)


def _pace(since: Fraction, every_s: Fraction) -> Callable[[Fraction], bool]:
    """Asked about times in their order: is a picture due at this one?"""
    next_s = since

    def due(t: Fraction) -> bool:
        nonlocal next_s
        if t < next_s:
            return False
        next_s = t + every_s - _HAIR
        return True

    return due


def _timed(
    container: InputContainer,
    footage: Footage,
    since: Fraction,
    damage: Damage,
    due: Callable[[Fraction], bool],
) -> Iterator[tuple[Fraction, VideoFrame]]:
    """Decoded frames with their times, from `since` on or from some time before.

    Frames that are not `due` may be missing.
    """
    start = start_of(container)
    stream = bounded(picture_stream(container, footage))
    base = Fraction(stream.time_base or 1)
    if since > 0 and footage.indexed and not footage.untimed:
        container.seek(int((since + start) / base), stream=stream)
    first: int | None = None
    t = -1 / footage.rate
    choose = partial(passed_over, context=stream.codec_context, due=due, base=base, start=start)
    plain = footage.untimed or footage.interlaced  # counted by packets; two of them a picture
    for frame in pictures(container, stream, start, damage, iter if plain else choose):
        if footage.untimed:  # what the file does not say is counted by its packets
            t += 1 / footage.rate
            if frame.dts is not None:
                first = frame.dts if first is None else first
                t = max(t, (frame.dts - first) * base)
        elif frame.pts is not None and frame.time_base is not None:
            t = frame.pts * frame.time_base - start
        else:  # one whose time got lost follows the one before
            t += 1 / footage.rate
        yield t, frame


def _stored_size(footage: Footage, long_side: int) -> tuple[int, int]:
    """Width and height, as stored, to which frames are brought: with their bars, if any."""
    scale = min(1.0, long_side / max(footage.width, footage.height))
    width, height = (max(2, round(side * scale / 2) * 2) for side in footage.whole)
    return (height, width) if footage.rotation in (90, 270) else (width, height)


def _upright(frame: VideoFrame, footage: Footage, stored: tuple[int, int]) -> Picture:
    picture = _small(frame, footage, stored)
    if footage.mirrored:
        picture = picture[::-1]
    turned = np.rot90(picture, -(footage.rotation // 90))  # it turns counter-clockwise
    return np.ascontiguousarray(_inside(turned, footage))


def _inside(picture: Picture, footage: Footage) -> Picture:
    """An upright picture of any size without its bars; rather a pixel less than one of them."""
    bars, whole = footage.bars, footage.whole
    if not bars:
        return picture
    height, width = picture.shape[:2]
    left, right = (math.ceil(side * width / whole[0]) for side in (bars.left, bars.right))
    top, bottom = (math.ceil(side * height / whole[1]) for side in (bars.top, bars.bottom))
    return picture[top : height - bottom, left : width - right]


def _small(frame: VideoFrame, footage: Footage, stored: tuple[int, int]) -> Picture:
    if not footage.interlaced:
        return on_screen(frame, footage.colour, stored)
    field = on_screen(frame, footage.colour, (stored[0], frame.height))[::2]
    return _shrunk(field, stored)


def _shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
