"""Veiling: what a person wants masked, followed through its footage, and never let out of sight.

The box that a person drew is followed both ways from its picture, at full rate, for as long as it
is surely seen. What lies between two sightings is covered too. Where it is lost, nobody knows where
it is: the whole picture counts as covered for a while, so no cut can run on from where it was seen
into where it may still be. Nothing is looked for by itself: what nobody stated is not masked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np

from video_pipeline.analysis.trailing import LONG_SIDE
from video_pipeline.footage.decode import frames
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import WHOLE, Box, Veil, VeilStep
from video_pipeline.store import Store, digest_of
from video_pipeline.vision.picture import grey_of
from video_pipeline.vision.tracking import Grey, Spot, followed, marked

VEIL_VERSION = "1"
_RATE = Fraction(30)  # looks a second at the most
_FAR = Fraction(20)  # s either way; farther from the picture that was pointed at it counts as lost
_BLINK = Fraction(2, 5)  # s: lost no longer than that, it is between where it was seen
_LOST = Fraction(2)  # s that everything is covered after it was lost, and before it was found
_MARGIN, _LEAST_MARGIN = 0.25, 0.01  # of its longer side; of the picture
_CHUNK = Fraction(1)  # s that are held to be gone through backwards
_ALWAYS = Fraction(10**6)

Sighting = tuple[Fraction, Box]


def veil(footage: Footage, what: str, box: Box, at: Fraction, store: Store) -> Veil:
    """What covers the thing in `box` at the time `at`, in times of the source.

    From the store, or followed now. A photo's thing rests.
    """
    if footage.still:
        return Veil(what, (VeilStep(Fraction(0), _ALWAYS, _roomy(box)),))
    key = digest_of(
        [
            *("veil", VEIL_VERSION, footage.picture_digest, LONG_SIDE, box.as_list(), str(at)),
            *(av.__version__, cv2.__version__, np.__version__),
        ]
    )

    def write(part: Path) -> None:
        rows = [
            [str(step.start), str(step.end), *(round(v, 5) for v in _edges(step.box))]
            for step in _steps(_sightings(footage, box, at), at)
        ]
        part.write_text(json.dumps(rows), encoding="utf-8")

    path = store.make("analysis", key, ".json", write)
    rows = json.loads(path.read_text(encoding="utf-8"))
    return Veil(
        what, tuple(VeilStep(Fraction(a), Fraction(b), Box(*edges)) for a, b, *edges in rows)
    )


def _sightings(footage: Footage, box: Box, at: Fraction) -> list[Sighting]:
    """When and where it is surely seen, in time order."""
    every = 1 / min(footage.rate, _RATE)
    early: list[tuple[Fraction, Grey]] = []
    later = _looks(footage, max(Fraction(0), at - 3 * every), every)
    for t, grey in later:  # the picture on show at `at` may have begun before it
        if early and t > at:
            first, ahead = early[-1], (t, grey)
            break
        early.append((t, grey))
    else:
        if not early:
            return []
        first, ahead = early[-1], None
    spot = marked(first[1], box)
    found = [(first[0], _hull(spot, first[1]))]

    def onward() -> Iterator[tuple[Fraction, Grey]]:
        if ahead is not None:
            yield ahead
            yield from later

    found += _followed(spot, first, onward())
    back = _followed(spot, first, _backwards(footage, first[0], every))
    return [*reversed(back), *found]


def _followed(
    spot: Spot, first: tuple[Fraction, Grey], looks: Iterator[tuple[Fraction, Grey]]
) -> list[Sighting]:
    """The sightings on the way from `first`, until it is lost for longer than a blink."""
    found: list[Sighting] = []
    start, before = first
    last = start
    for t, grey in looks:
        spot = followed(spot, before, grey)
        before = grey
        if spot.seen:
            last = t
            found.append((t, _hull(spot, grey)))
        elif abs(t - last) > _BLINK:
            break
        if abs(t - start) > _FAR:
            break
    return found


def _looks(footage: Footage, since: Fraction, every: Fraction) -> Iterator[tuple[Fraction, Grey]]:
    for t, picture in frames(footage, long_side=LONG_SIDE, every_s=every, since=since):
        yield t, grey_of(picture)


def _backwards(
    footage: Footage, before: Fraction, every: Fraction
) -> Iterator[tuple[Fraction, Grey]]:
    """The pictures before a time, the latest first."""
    while before > 0:
        since = max(Fraction(0), before - _CHUNK)
        chunk = []
        for t, grey in _looks(footage, since, every):
            if t >= before:
                break
            chunk.append((t, grey))
        yield from reversed(chunk)
        before = since


def _steps(found: list[Sighting], at: Fraction) -> list[VeilStep]:
    """What is covered when: around every sighting, between them, and all where it may be."""
    if not found:
        return [VeilStep(Fraction(0), _ALWAYS, WHOLE)]
    steps = [VeilStep(found[0][0] - _LOST, found[0][0], WHOLE)]
    for (a, box), (b, other) in pairwise(found):
        between = Box.around((_roomy(box), _roomy(other))) or box
        # In a blink it may have been anywhere near.
        steps.append(VeilStep(a, b, _roomy(between) if b - a > _BLINK / 4 else between))
    end = found[-1][0]
    steps.append(VeilStep(end, max(end, at) + _LOST, WHOLE))
    return steps


def _hull(spot: Spot, picture: Grey) -> Box:
    """The upright box around the spot's four corners, however it has turned."""
    height, width = picture.shape
    x0, y0, x1, y1 = spot.box
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    there = (corners @ spot.moved[:, :2].T + spot.moved[:, 2]) / (width, height)
    (left, top), (right, bottom) = there.min(axis=0), there.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def _roomy(box: Box) -> Box:
    across = _MARGIN * box.width + _LEAST_MARGIN
    down = _MARGIN * box.height + _LEAST_MARGIN
    return Box(box.x0 - across, box.y0 - down, box.x1 + across, box.y1 + down)


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x0, box.y0, box.x1, box.y1
