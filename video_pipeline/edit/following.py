"""Following: what a cut shows, as one box that moves calmly through its moments.

A detector's boxes flicker: the best one is a clasp now and a zip a moment later, some looks see
nothing, and edges jump. Here one part is picked and held to, and its course is rid of leaps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.model import Moment
from video_pipeline.edit.windows import Window
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box, Trail
from video_pipeline.listing.model import Note
from video_pipeline.presets.storyboards import Need

Follow = Callable[[Footage, Box, Fraction, tuple[Fraction, Fraction], Fraction], Trail]
"""Follows what is in a box at a time of the footage, from when to when, so often a second."""

_LOOK_AGAIN = Fraction(1, 2)  # s: no look at the subject is older (analysis.scan)
_HALF = 2  # looks on either side that a median is taken over: half a second in all
# What speaks against a box: that the detector likes another one of the moment better, and that it
# is elsewhere or of another size than the one before (shares of the picture; logarithms of size).
# To take no box of a moment costs something too.
_RANK, _ELSEWHERE, _OTHER_SIZE, _PASSED_OVER = 0.1, 2.0, 0.3, 0.15


@dataclass(frozen=True)
class Course:
    """Where what is shown is, at each moment of a window.

    `seconds` (n) counts from the window's start; `centre` and `size` (n, 2) are shares of the
    picture, across and down.
    """

    seconds: NDArray[np.float64]
    centre: NDArray[np.float64]
    size: NDArray[np.float64]


def follow(
    window: Window,
    need: Need,
    box: Box | Trail | None = None,
    largest: tuple[float, float] = (1.0, 1.0),
) -> Course | None:
    """The course of what a window shows for a need: the seller's `box`, which is taken to rest
    where it was not followed, the detector's part or the subject. None where nothing stands out
    at any moment.

    Several parts are followed as one where they fit into `largest` together, shares of the
    picture across and down; else one of them is.
    """
    if box is not None:
        seen = pointed_at(window, box)
    else:
        choices = [_shown(moment, need, largest) for moment in window.moments]
        if not any(choices):
            choices = [(m.subject,) if m.subject else () for m in window.moments]
        seen = _one_part(_fresh([(m.t, c) for m, c in zip(window.moments, choices, strict=True)]))
    if not seen:
        return None
    rows = np.array([(*b.centre, b.width, b.height) for _, b in seen])
    calm = _calmed(rows)
    seconds = np.array([float(t) for t, _ in seen]) - float(window.start)
    return Course(seconds, calm[:, :2], calm[:, 2:])


def trail_of(
    note: Note | None, window: Window, footage: Footage, rate: Fraction, follow: Follow | None
) -> Trail | None:
    """Where the flaw that a note has a box for is all through a window, or None without a box.

    None too where it is lost at every moment.
    """
    seen = note.seen if note else None
    if follow is None or seen is None or seen.region is None or seen.seconds is None:
        return None
    trail = follow(footage, seen.region, seen.seconds, (window.start, window.end), rate)
    return trail if pointed_at(window, trail) else None


def pointed_at(window: Window, box: Box | Trail) -> list[tuple[Fraction, Box]]:
    """Where what a seller has drawn a box around is at the moments at which it is seen."""
    if isinstance(box, Box):
        return [(moment.t, box) for moment in window.moments]
    places = [(moment.t, box.at(moment.t)) for moment in window.moments]
    return [(t, place) for t, place in places if place is not None]


def _shown(moment: Moment, need: Need, largest: tuple[float, float]) -> tuple[Box, ...]:
    """Boxes to choose among: around all parts that carry the score, then each of them."""
    if need not in ("hardware", "stitching"):
        return (moment.subject,) if moment.subject else ()
    parts = moment.parts_of(need)
    around = Box.around(parts)
    if around is None or around.width > largest[0] or around.height > largest[1]:
        return parts
    return tuple(dict.fromkeys((around, *parts)))


def _fresh(
    choices: Sequence[tuple[Fraction, tuple[Box, ...]]],
) -> list[tuple[Fraction, tuple[Box, ...]]]:
    """Without moments at which nobody may have looked again, so that an old look's boxes stand."""
    before: tuple[Box, ...] = ()
    stands = _LOOK_AGAIN
    fresh = []
    for t, boxes in choices:
        if boxes is not before and boxes != before:
            before, stands = boxes, t + _LOOK_AGAIN
        elif t < stands:
            continue
        if boxes:
            fresh.append((t, boxes))
    return fresh


def _one_part(choices: Sequence[tuple[Fraction, tuple[Box, ...]]]) -> list[tuple[Fraction, Box]]:
    """At most one box of each moment's, so that all together leap least and please most.

    The cheapest way through all boxes, in time order (Viterbi's algorithm); a moment whose boxes
    are all out of the way is passed over.
    """
    boxes = [(i, rank, box) for i, (_, some) in enumerate(choices) for rank, box in enumerate(some)]
    if not boxes:
        return []
    moment = np.array([i for i, _, _ in boxes])
    place = np.array([(*b.centre, np.log(b.width), np.log(b.height)) for _, _, b in boxes])
    apart = place[:, None, :] - place[None, :, :]
    leap = _ELSEWHERE * np.hypot(apart[..., 0], apart[..., 1])
    leap += _OTHER_SIZE * np.abs(apart[..., 2:]).sum(axis=-1)
    leap += _PASSED_OVER * (moment[:, None] - moment[None, :] - 1)
    cost = _RANK * np.array([rank for _, rank, _ in boxes]) + _PASSED_OVER * moment
    origin = np.full(len(boxes), -1)
    own = cost - _PASSED_OVER * moment
    for here, earlier in enumerate(np.searchsorted(moment, moment).tolist()):
        if earlier:
            ways = cost[:earlier] + leap[here, :earlier]
            best = int(ways.argmin())
            if ways[best] + own[here] < cost[here]:
                cost[here], origin[here] = ways[best] + own[here], best
    last = int((cost + _PASSED_OVER * (len(choices) - 1 - moment)).argmin())
    picked = []
    while last >= 0:
        picked.append((choices[moment[last]][0], boxes[last][2]))
        last = int(origin[last])
    return picked[::-1]


def _calmed(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running medians of each column."""
    around = np.arange(len(rows))[:, None] + np.arange(-_HALF, _HALF + 1)
    calm: NDArray[np.float64] = np.sort(rows[around.clip(0, len(rows) - 1)], axis=1)[:, _HALF]
    return calm
