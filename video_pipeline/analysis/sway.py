"""Sway: how the camera moved through one stretch of a recording, frame by frame.

The scan looks ten times a second, which is too seldom to see a hand tremble. So the few stretches
that a clip shows are read once more, every frame of them, small, and what was found is kept in the
store under the footage and the stretch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.footage.decode import frames
from video_pipeline.footage.model import Footage
from video_pipeline.store import Store, digest_of
from video_pipeline.vision.picture import grey_of
from video_pipeline.vision.sway import picture_moved

SWAY_VERSION = "1"  # another number for other values
LONG_SIDE = 640  # px: movements are told to about a tenth of such a pixel


@dataclass(frozen=True)
class Sway:
    """Where what is shown stood, at each frame of a stretch.

    `times` are exact, seconds from the footage's start. `places` (n, 2) says how far it has moved
    to the right and down since the first of them, in source pixels.
    """

    times: tuple[Fraction, ...]
    places: NDArray[np.float64]


def sway(footage: Footage, start: Fraction, end: Fraction, store: Store) -> Sway | None:
    """The sway from `start` to `end`, seconds, from the store or found now.

    None where two neighbouring frames do not agree on one movement, or there are fewer than two.
    """
    libraries = (av.__version__, cv2.__version__, np.__version__)
    key = digest_of(
        ["sway", SWAY_VERSION, LONG_SIDE, footage.picture_digest, str(start), str(end), *libraries]
    )

    def write(part: Path) -> None:
        found = _found(footage, start, end)
        rows = found and [
            [str(t), round(float(x), 3), round(float(y), 3)]
            for t, (x, y) in zip(found.times, found.places, strict=True)
        ]
        part.write_text(json.dumps(rows), encoding="utf-8")

    rows = json.loads(store.make("analysis", key, ".json", write).read_text(encoding="utf-8"))
    if rows is None:
        return None
    return Sway(tuple(Fraction(t) for t, _, _ in rows), np.array([(x, y) for _, x, y in rows]))


def _found(footage: Footage, start: Fraction, end: Fraction) -> Sway | None:
    times: list[Fraction] = []
    places = [np.zeros(2)]
    before: NDArray[np.uint8] | None = None
    for t, picture in frames(footage, long_side=LONG_SIDE, every_s=Fraction(0), since=start):
        if t > end:
            break
        grey = grey_of(picture)
        if before is not None:
            moved = picture_moved(before, grey)
            if moved is None:
                return None
            places.append(places[-1] + np.array(moved) * (footage.width / grey.shape[1]))
        times.append(t)
        before = grey
    return Sway(tuple(times), np.array(places)) if len(times) > 1 else None
