"""Decoding: frames of a footage file in time order, upright, small, with exact times.

At most one frame is held at a time. What is damaged is passed over and told to the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from video_pipeline.footage.model import Footage
from video_pipeline.footage.photo import photo
from video_pipeline.footage.probe import open_media, picture_stream, start_of
from video_pipeline.footage.salvage import Damage, bounded, pictures

Picture = NDArray[np.uint8]


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
    BGR, uint8, height x width x 3, turned upright, its long side at most `long_side` pixels.
    Frames before `since` are passed over. A photo yields its picture once, at 0. The times of what
    could not be decoded are added to `damage`.
    """
    if footage.still:
        yield Fraction(0), photo(footage, long_side)
        return
    scale = min(1.0, long_side / max(footage.width, footage.height))
    width = max(2, round(footage.width * scale / 2) * 2)
    height = max(2, round(footage.height * scale / 2) * 2)
    turned = footage.rotation in (90, 270)
    stored = (height, width) if turned else (width, height)
    quarter_turns = -(footage.rotation // 90)  # np.rot90 turns counter-clockwise
    due = Fraction(0)
    with open_media(footage.path) as container:
        start = start_of(container)
        stream = bounded(picture_stream(container, footage))
        if since > 0 and footage.indexed and stream.time_base is not None:
            container.seek(int((since + start) / stream.time_base), stream=stream)
        for frame in pictures(container, stream, start, damage if damage is not None else []):
            if frame.pts is None or frame.time_base is None:
                continue
            t = frame.pts * frame.time_base - start
            if t < since or t < due:
                continue
            due = t + every_s - Fraction(1, 240)  # a frame a hair early is as good
            picture = frame.reformat(width=stored[0], height=stored[1], format="bgr24")
            array = picture.to_ndarray()
            if footage.mirrored:
                array = array[::-1]
            yield t, np.ascontiguousarray(np.rot90(array, quarter_turns))
