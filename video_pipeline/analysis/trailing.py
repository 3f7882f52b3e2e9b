"""Trailing: what a person has drawn a box around, followed through a stretch of its footage.

The stretch is read once, at its full rate, and held small and grey: it is followed forwards and
backwards from the picture that the person pointed at. The trail is kept in the store, as few keys.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.footage.decode import frames
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box, Trail, TrailKey
from video_pipeline.store import Store, digest_of
from video_pipeline.vision.picture import grey_of
from video_pipeline.vision.tracking import Grey, followed, marked

TRAIL_VERSION = "1"  # of the trails: another number for other keys from the same footage
LONG_SIDE = 960  # px
MOST_OFF = 0.004  # of the picture's longer side: the keys are never farther from what was followed
_LONGEST = Fraction(20)  # s; what is held in memory is bounded
_BRIEF = Fraction(1, 5)  # s: what is seen no longer than that among what is not was luck


def trail(
    footage: Footage,
    box: Box,
    at: Fraction,
    span: tuple[Fraction, Fraction],
    rate: Fraction,
    *,
    store: Store,
) -> Trail:
    """Where the thing in `box` at the time `at` is during `span`, looked at `rate` times a second.

    From the store, or followed now. `span` is from when to when, seconds of the source; at most 20
    of them are followed. A photo's thing rests.
    """
    if footage.still:
        return Trail((_key(Fraction(0), box, 1.0),))
    key = digest_of(
        [
            *("trail", TRAIL_VERSION, footage.picture_digest, LONG_SIDE, MOST_OFF),
            *(box.as_list(), str(at), [str(t) for t in span], str(rate)),
            *(av.__version__, cv2.__version__, np.__version__),
        ]
    )

    def write(part: Path) -> None:
        keys = _simplified(_followed(footage, box, at, span, rate), footage)
        rows = [{**asdict(key), "t": str(key.t)} for key in keys]
        part.write_text(json.dumps(rows), encoding="utf-8")

    path = store.make("analysis", key, ".json", write)
    rows = json.loads(path.read_text(encoding="utf-8"))
    return Trail(tuple(TrailKey(**{**row, "t": Fraction(row["t"])}) for row in rows))


def _followed(
    footage: Footage,
    box: Box,
    at: Fraction,
    span: tuple[Fraction, Fraction],
    rate: Fraction,
) -> list[TrailKey]:
    """What is found at each picture of the span, in time order."""
    first, last = min(span[0], at), max(span[1], at)
    if last - first > _LONGEST:
        first, last = max(first, at - _LONGEST / 2), min(last, at + _LONGEST / 2)
    # A picture is on show until the next one: the one on show at `at` may have begun before it.
    since = max(Fraction(0), first - 2 / min(rate, footage.rate))
    seen: list[tuple[Fraction, Grey]] = []
    for t, picture in frames(footage, long_side=LONG_SIDE, every_s=1 / rate, since=since):
        if t > last + 1 / rate:
            break
        seen.append((t, grey_of(picture)))
    if not seen:
        return []
    start = max((i for i, (t, _) in enumerate(seen) if t <= at), default=0)
    spot = marked(seen[start][1], box)
    found = {start: spot}
    for way in (1, -1):
        now, i = spot, start
        while 0 <= i + way < len(seen):
            now = followed(now, seen[i][1], seen[i + way][1])
            i += way
            found[i] = now
    height, width = seen[0][1].shape
    keys = [
        _key(t, found[i].box_in(width, height), found[i].likeness if found[i].seen else 0.0)
        for i, (t, _) in enumerate(seen)
    ]
    return _without_luck(keys, start)


def _without_luck(keys: list[TrailKey], start: int) -> list[TrailKey]:
    """Without short sightings between losses; the one that was pointed at stays."""
    kept = list(keys)
    for a, b in _runs(keys):
        brief = keys[b - 1].t - keys[a].t < _BRIEF
        if keys[a].confidence > 0 and brief and not a <= start < b:
            kept[a:b] = [_hidden(key) for key in keys[a:b]]
    return kept


def _simplified(keys: list[TrailKey], footage: Footage) -> list[TrailKey]:
    """As few of the keys as say the same to `MOST_OFF`; of what is not seen, when it begins.

    What is lost is lost from the picture on in which it was still seen: until the next is looked
    at, nobody knows.
    """
    told: list[TrailKey] = []
    for a, b in _runs(keys):
        if keys[a].confidence <= 0:
            if told:
                told[-1] = _hidden(told[-1])
            continue
        rows = np.array(
            [(float(k.t), k.x, k.y, k.width / 2, k.height / 2) for k in keys[a:b]], np.float64
        )
        long = max(footage.width, footage.height)
        rows[:, (1, 3)] *= footage.width / long
        rows[:, (2, 4)] *= footage.height / long
        told.extend(keys[a + i] for i in _corners_of(rows))
    return told


def _corners_of(rows: NDArray[np.float64]) -> list[int]:
    """Rows (time, then values) that all others lie near on straight lines between.

    Douglas and Peucker 1973, with the distance at the same time instead of that to the line.
    """
    kept = {0, len(rows) - 1}
    open_spans = [(0, len(rows) - 1)]
    while open_spans:
        a, b = open_spans.pop()
        if b - a < 2:
            continue
        share = ((rows[a:b, 0] - rows[a, 0]) / (rows[b, 0] - rows[a, 0]))[:, None]
        off = np.abs(rows[a:b, 1:] - (rows[a, 1:] + share * (rows[b, 1:] - rows[a, 1:]))).max(
            axis=1
        )
        worst = int(off.argmax())
        if off[worst] > MOST_OFF:
            kept.add(a + worst)
            open_spans += [(a, a + worst), (a + worst, b)]
    return sorted(kept)


def _runs(keys: list[TrailKey]) -> list[tuple[int, int]]:
    """Stretches `[a, b)` that are all seen or all not."""
    runs: list[tuple[int, int]] = []
    for i, key in enumerate(keys):
        if runs and (keys[i - 1].confidence > 0) == (key.confidence > 0):
            runs[-1] = runs[-1][0], i + 1
        else:
            runs.append((i, i + 1))
    return runs


def _hidden(key: TrailKey) -> TrailKey:
    return TrailKey(key.t, key.x, key.y, key.width, key.height, 0.0)


def _key(t: Fraction, box: Box, confidence: float) -> TrailKey:
    x, y, width, height = (round(v, 5) for v in (*box.centre, box.width, box.height))
    return TrailKey(t, x, y, width, height, round(confidence, 2))
