"""Bars of a footage file, measured over looks all through it, and kept in the store.

Footage without any, which is nearly all, is known by its first looks.
"""

from __future__ import annotations

import json
import math
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from video_pipeline.footage.decode import frames, glances
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import NO_BARS, Bars
from video_pipeline.store import Store, digest_of
from video_pipeline.vision.bars import BarSearch

BARS_VERSION = "1"
_LONG_SIDE = 960  # px: edges are found to two pixels in a picture of 1080 x 1920
_LOOKS = 24
_ENOUGH = 8  # looks; where a file can be entered at fewer places, it is read on from its start
_READ_S = Fraction(60)


def bars_of(footage: Footage, store: Store) -> Bars:
    """The bars of a file's whole picture, whatever is cut off it already; a photo has none.

    Their edges are even, and never in the bars themselves. Raises FootageError.
    """
    if footage.still:
        return NO_BARS
    footage = footage.without(NO_BARS)
    key = digest_of(
        [
            *("bars", BARS_VERSION, footage.digest, _LONG_SIDE, _LOOKS),
            *(av.__version__, cv2.__version__, np.__version__),
        ]
    )

    def write(part: Path) -> None:
        part.write_text(json.dumps(astuple(_measured(footage))), encoding="utf-8")

    path = store.make("analysis", key, ".json", write)
    return Bars(*json.loads(path.read_text(encoding="utf-8")))


def _measured(footage: Footage) -> Bars:
    search, size = BarSearch(), (0, 0)
    for picture in glances(footage, long_side=_LONG_SIDE, most=_LOOKS):
        search.look(picture)
        size = picture.shape[1], picture.shape[0]
        if search.hopeless:
            return NO_BARS
    if search.looks < _ENOUGH:
        until = min(footage.duration, _READ_S)
        for t, picture in frames(footage, long_side=_LONG_SIDE, every_s=until / _LOOKS):
            search.look(picture)
            size = picture.shape[1], picture.shape[0]
            if search.hopeless or t >= until:
                break
    return _enlarged(search.found(), size, footage.whole) if search.looks else NO_BARS


def _enlarged(bars: Bars, size: tuple[int, int], whole: tuple[int, int]) -> Bars:
    """Bars of a small picture in pixels of the whole one: even, and rather too wide."""
    if not bars:
        return NO_BARS
    across, down = whole[0] / size[0], whole[1] / size[1]
    left, top, right, bottom = (
        math.ceil(width * scale / 2) * 2
        for width, scale in zip(astuple(bars), (across, down) * 2, strict=True)
    )
    # Of an odd side, the odd pixel goes with a bar.
    return Bars(
        left,
        top,
        right + (whole[0] % 2 if left or right else 0),
        bottom + (whole[1] % 2 if top or bottom else 0),
    )
