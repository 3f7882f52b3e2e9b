"""Stitching, found without learning: rows of like, evenly spaced, collinear marks.

Thread segments (or the needle holes between them) are small blobs. Each blob and each of its
neighbours propose a step; the walk that repeats this step from blob to blob, both ways, is a row.
How surprising a row is, given how crowded the place is with blobs anyway, is judged a contrario
(Desolneux, Moisan and Morel 2000): grain and weave are crowded, so their accidental rows surprise
nobody. Rows with like rows on both sides are cloth, baskets or print, not a seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.detector import NOTHING, Detection, Part
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.picture import box_of_pixels, grey_of, ramp, working

_WORKING_SIDE = 960
_SCALES = (1.6, 2.6, 4.4)  # sigma of the blobs, px at the working size
# Pitches, px at the working size, at which stitches make blobs of each scale; together with its
# neighbour each pitch has two scales, and the dear one of small marks is spared in close-ups.
_PITCHES = ((0.0, 22.0), (0.0, math.inf), (13.0, math.inf))
_LEAST_MARK = 2.0  # grey levels after the band-pass
_MOST_BLOBS = 350
_NEIGHBOURS = 5
_MOST_STEPS = 12  # each way
_TOLERANCE = 0.24  # of the step
_FARTHEST = 14.0  # sigmas of the blobs from one stitch to the next
_BESIDE = 0.3  # of the step: how well a mark beside the row must match
_CELL = 2  # px, for counting blobs
_LIKE = 2.2  # ratio of contrasts between marks of one thread
_VALLEY = 0.45  # between two stitches the mark falls below this share of its peak
_FEWEST = 6
_LEAST_PITCH = 7.0  # px at the working size: below, single stitches can't be told
_HALF = 40.0  # summed worth that counts as shown
_MOST_BOXES = 6
_SAME_SEAM = 0.03  # share of the picture between rows of one seam
_LEVELS = (0.0, 2.0, 4.0, 8.0, 16.0)  # heights of marks, for counting like ones
_LEAST_SURPRISE = 7.0
_MOST_ROWS = 5  # per scale and polarity
_FLANKS = (0.8, 1.2, 1.6, 2.0, 2.5)  # of the step, to either side

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One row of stitches.

    `surprise` is minus the natural logarithm of how many such rows chance would make here;
    `jitter` is the misses' root mean square in steps; `contrast` is in grey levels after the
    band-pass; `valley` is the depth between stitches (0 deep, 1 none, below 0 dark gaps); `lie`
    is above 0 where marks lie along the row and below where they stand upright on it, like zip
    teeth; `flanked` is 0..1, the share of the row that has like marks at both sides.
    """

    box: Box
    stitches: int
    pitch_px: float
    surprise: float
    jitter: float
    contrast: float
    valley: float
    lie: float
    flanked: float


def stitches_shown(picture: NDArray[np.uint8], pitch_px: float | None = None) -> Detection:
    """Score a BGR picture HxWx3 by its three best rows of stitches; each part is one seam.

    Badly exposed pictures are marked down; blurred ones have no rows left. Where the pitch of the
    stitches is about known, px of the picture, only marks that fit it are looked for.
    """
    light = exposure(grey_of(picture)).score
    if light == 0:
        return NOTHING
    shrunk = max(1.0, max(picture.shape[:2]) / _WORKING_SIDE)
    rows = rows_of_stitches(picture, None if pitch_px is None else pitch_px / shrunk)
    weight = sum(_worth(row) for row in rows[:3]) * light
    score = weight**2 / (weight**2 + _HALF**2)
    parts = tuple(
        Part(box, score, detail_px=round(pitch * shrunk, 1)) for box, pitch in _seams(rows)
    )
    return Detection(score, parts)


def _seams(rows: list[Row]) -> list[tuple[Box, float]]:
    """Boxes of seams and the pitch of their best row, px of the working size, worthiest first.

    A seam is made of the rows that continue or accompany one another.
    """
    seams: list[tuple[Box, float, float]] = []
    for row in rows:
        worth = _worth(row)
        if worth <= 0:
            continue
        box = row.box
        pitch = row.pitch_px
        apart: list[tuple[Box, float, float]] = []
        for other, weight, other_pitch in seams:
            gap = max(
                max(box.x0, other.x0) - min(box.x1, other.x1),
                max(box.y0, other.y0) - min(box.y1, other.y1),
            )
            if gap <= _SAME_SEAM:
                box = Box.around((box, other)) or box
                pitch = other_pitch  # rows come best first
                worth += weight
            else:
                apart.append((other, weight, other_pitch))
        seams = [*apart, (box, worth, pitch)]
    seams.sort(key=lambda seam: -seam[1])
    return [(box, pitch) for box, _, pitch in seams[:_MOST_BOXES]]


def _worth(row: Row) -> float:
    """A row's surprise, less where stitches are too small, too faint, or part of a lattice."""
    return (
        row.surprise
        * ramp(row.pitch_px, _LEAST_PITCH, 12)
        * ramp(row.contrast, 2, 6)
        * ramp(row.flanked, 0.7, 0.3)
        * ramp(row.lie, -1.0, -0.4)
    )


def rows_of_stitches(picture: NDArray[np.uint8], pitch: float | None = None) -> list[Row]:
    """Rows of stitches in a BGR picture HxWx3, the worthiest first.

    With a pitch, px at the working size, only rows of marks that are about of that size.
    """
    grey = grey_of(working(picture, _WORKING_SIDE))
    if min(grey.shape) < 32:
        return []
    rows: list[Row] = []
    for sigma, (least, most) in zip(_SCALES, _PITCHES, strict=True):
        if pitch is not None and not least <= pitch < most:
            continue
        shrink = max(1, int(sigma / 1.1))
        size = (grey.shape[1] // shrink, grey.shape[0] // shrink)
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if shrink > 1 else grey
        near = _smooth(small.astype(np.float32), sigma / shrink)
        dog = cv2.subtract(near, _smooth(near, 1.3 * sigma / shrink))
        for marks in (dog, -dog):
            rows += _rows(np.asarray(marks, dtype=np.float32), sigma, shrink)
    rows.sort(key=lambda row: (-_worth(row), -row.surprise))
    kept: list[Row] = []
    for row in rows:
        if all(row.box.iou(other.box) < 0.3 for other in kept):
            kept.append(row)
    return kept


def _smooth(values: F32, sigma: float) -> F32:
    reach = 2 * math.ceil(3 * sigma) + 1
    return np.asarray(cv2.GaussianBlur(values, (reach, reach), sigma), dtype=np.float32)


class _Blobs:
    """The marks of one scale and polarity: `at` Nx2 (x, y) px, `height` N, and their picture."""

    def __init__(self, marks: F32, sigma: float) -> None:
        self.marks = marks
        self.at, self.height = _peaks(marks)
        self.lookup = _Lookup(self.at, self.height, marks.shape, _BESIDE * _FARTHEST * sigma)


def _peaks(marks: F32) -> tuple[F32, F32]:
    """The strongest local maxima: places Nx2 (x, y) in px of `marks`, and heights N."""
    top = cv2.dilate(marks, np.ones((3, 3), np.uint8))
    peak = np.asarray(cv2.compare(marks, np.maximum(top, _LEAST_MARK), cv2.CMP_GE))
    peak[:2] = peak[-2:] = 0
    peak[:, :2] = peak[:, -2:] = 0
    places = cv2.findNonZero(peak)
    if places is None:
        return np.empty((0, 2), dtype=np.float32), np.empty(0, dtype=np.float32)
    xs, ys = places.reshape(-1, 2).T
    height = marks[ys, xs]
    if len(xs) > _MOST_BLOBS:
        best = np.sort(np.argpartition(-height, _MOST_BLOBS)[:_MOST_BLOBS])
        ys, xs, height = ys[best], xs[best], height[best]
    # Where between the pixels: the top of the parabola through three.
    at = np.stack([xs, ys], axis=1).astype(np.float32)
    for axis, (dy, dx) in enumerate(((0, 1), (1, 0))):
        before, after = marks[ys - dy, xs - dx], marks[ys + dy, xs + dx]
        bend = np.maximum(2 * height - before - after, 1e-3)
        at[:, axis] += np.clip((after - before) / (2 * bend), -0.5, 0.5)
    return at, height


def _proposals(
    blobs: _Blobs, sigma: float, least: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (first, second) of like neighbours at least `least` px apart, a valley between."""
    at, height = blobs.at, blobs.height
    n = len(at)
    x, y = at[:, 0], at[:, 1]
    squared = np.square(x[None] - x[:, None]) + np.square(y[None] - y[:, None])
    squared[squared < (2.6 * sigma) ** 2] = np.inf
    k = min(_NEIGHBOURS, n - 1)
    first = np.tile(np.arange(n), k)
    second = np.empty(n * k, dtype=np.intp)
    far = np.empty(n * k, dtype=np.float32)
    # The few nearest one after another: many times faster than any sorting of the rows.
    every = np.arange(n)
    for i in range(0, n * k, n):
        second[i : i + n] = nearest = squared.argmin(axis=1)
        far[i : i + n] = squared[every, nearest]
        squared[every, nearest] = np.inf
    good = (far < (_FARTHEST * sigma) ** 2) & (far > least**2)
    ratio = height[first] / height[second]
    good &= (ratio < _LIKE) & (ratio > 1 / _LIKE)
    first, second = first[good], second[good]
    dip = _dip(at[first], at[second], np.minimum(height[first], height[second]), blobs.marks)
    good = dip < _VALLEY
    pair = np.minimum(first, second)[good] * n + np.maximum(first, second)[good]
    one, other = np.divmod(np.unique(pair), n)
    return one, other


def _dip(a: F32, b: F32, height: F32, marks: F32) -> F32:
    """The lowest mark between a and b, as a share of `height`."""
    low = np.full(len(a), np.inf, dtype=np.float32)
    for share in (0.35, 0.5, 0.65):
        place = np.rint(a + share * (b - a)).astype(np.intp)
        low = np.minimum(low, marks[place[:, 1], place[:, 0]])
    return np.asarray(low / height, dtype=np.float32)


def _rows(marks: F32, sigma_full: float, shrink: int) -> list[Row]:
    """The rows of one scale and one polarity, the most surprising first."""
    blobs = _Blobs(marks, sigma_full / shrink)
    at, n = blobs.at, len(blobs.at)
    if n < _FEWEST:
        return []
    first, second = _proposals(blobs, sigma_full / shrink, _LEAST_PITCH / shrink)
    if not len(first):
        return []
    walked, jitter = _walk(blobs, first, second)
    count = (walked >= 0).sum(axis=1)
    many = count >= _FEWEST
    if not many.any():
        return []
    walked, count, jitter, first = walked[many], count[many], jitter[many], first[many]
    pitch = np.linalg.norm(at[second[many]] - at[first], axis=1)
    crowd = blobs.lookup.density(at[first], 3.0 * pitch, blobs.height[first])
    hit = 1 - np.exp(-crowd * math.pi * (_TOLERANCE * pitch) ** 2)
    surprise = -np.log(np.clip(hit, 0.01, 0.95)) * (count - 2) - math.log(n * _NEIGHBOURS)
    rows: list[Row] = []
    used = np.zeros(n, dtype=bool)
    for i in np.argsort(-surprise, kind="stable")[:60]:
        if surprise[i] < _LEAST_SURPRISE or len(rows) >= _MOST_ROWS:
            break
        ids = walked[i][walked[i] >= 0]
        if used[ids].mean() > 0.4:
            continue
        used[ids] = True
        rms = math.sqrt(float(jitter[i]) / (count[i] - 2))
        shape = _shape_of(blobs, ids, float(pitch[i]))
        rows.append(
            Row(*shape[:1], len(ids), float(pitch[i]) * shrink, float(surprise[i]), rms, *shape[1:])
        )
    return rows


def _walk(
    blobs: _Blobs, first: NDArray[np.intp], second: NDArray[np.intp]
) -> tuple[NDArray[np.int32], F32]:
    """Follow every proposal both ways: blobs met (-1 for none), summed squares of the misses."""
    at, height = blobs.at, blobs.height
    step0 = at[second] - at[first]
    pitch = np.linalg.norm(step0, axis=1)
    pairs = len(first)
    walked = np.full((pairs, 2, _MOST_STEPS), -1, dtype=np.int32)
    jitter = np.zeros((pairs, 2), dtype=np.float32)
    # Both ways at once: the first half goes on from `second`, the other half back from `first`.
    live = np.arange(2 * pairs)
    here: NDArray[Any] = np.concatenate([second, first])
    step = np.concatenate([step0, -step0])
    span = np.concatenate([pitch, pitch])
    base = np.concatenate([height[first], height[first]])
    for turn in range(_MOST_STEPS):
        found, miss = blobs.lookup.nearest(at[here] + step)
        ok = (found >= 0) & (miss <= _TOLERANCE * span)
        kept = np.flatnonzero(ok)
        live, here, found, step = live[kept], here[kept], found[kept], step[kept]
        span, base, miss = span[kept], base[kept], miss[kept]
        like = height[found] / base
        new = at[found] - at[here]
        ok = (like < _LIKE) & (like > 1 / _LIKE)
        ok &= np.abs(np.hypot(new[:, 0], new[:, 1]) - span) <= 0.3 * span
        low = _dip(at[here], at[found], height[found], blobs.marks)
        kept = np.flatnonzero(ok & (low < _VALLEY + 0.15))
        if not len(kept):
            break
        live, here, span, base = live[kept], found[kept], span[kept], base[kept]
        way, pair = np.divmod(live, pairs)
        jitter[pair, way] += np.square(miss[kept] / span)
        walked[pair, way, turn] = here
        step = 0.5 * (step[kept] + new[kept])
    ends = np.stack([first, second], axis=1).astype(np.int32)
    return np.concatenate([ends, walked.reshape(pairs, -1)], axis=1), jitter.sum(axis=1)


def _shape_of(
    blobs: _Blobs, ids: NDArray[np.int32], pitch: float
) -> tuple[Box, float, float, float, float]:
    """Box, contrast, valley, lie and flanked of one row; see `Row`."""
    marks = blobs.marks
    points, tall = blobs.at[ids], blobs.height[ids]
    centred = points - points.mean(axis=0)
    xx, yy = np.square(centred).sum(axis=0)
    angle = 0.5 * math.atan2(2 * float(centred[:, 0] @ centred[:, 1]), float(xx - yy))
    along = np.array([math.cos(angle), math.sin(angle)], dtype=np.float32)
    across = np.array([-along[1], along[0]], dtype=np.float32)
    order = np.argsort(centred @ along, kind="stable")
    points, tall = points[order], tall[order]
    valley = _dip(points[:-1], points[1:], np.minimum(tall[:-1], tall[1:]), marks)
    rows, columns = marks.shape

    shifts = np.stack([along, -along, across, -across]) * (0.25 * pitch)
    place = np.rint(points + shifts[:, None]).astype(np.intp)
    x = np.minimum(np.maximum(place[..., 0], 0), columns - 1)
    y = np.minimum(np.maximum(place[..., 1], 0), rows - 1)
    level = (marks[y, x] / tall).mean(axis=1)
    lie = float(level[:2].mean() - level[2:].mean())
    middle = float(np.median(tall))
    far = np.array(_FLANKS, dtype=np.float32)[:, None, None] * pitch * across
    beside = np.concatenate([points + far, points - far]).reshape(-1, 2)
    found, miss = blobs.lookup.nearest(beside)
    like = blobs.height[found] / middle
    there = (found >= 0) & (miss < _BESIDE * pitch) & (like > 0.5) & (like < 2)
    sides = there.reshape(2, -1, len(points)).any(axis=1).mean(axis=1)
    seen = (found >= 0).reshape(2, -1).mean(axis=1) > 0.6
    # At the rim only one side can be seen; it speaks for both.
    flanked = float(sides[seen].min()) if seen.any() else 0.0
    x0, y0 = points.min(axis=0) - 0.35 * pitch
    x1, y1 = points.max(axis=0) + 0.35 * pitch
    box = box_of_pixels((float(x0), float(y0), float(x1), float(y1)), marks.shape)
    return box, middle, float(np.median(valley)), lie, flanked


class _Lookup:
    """Which blob stands nearest to a point, within reach, by a raster of the picture."""

    def __init__(self, at: F32, height: F32, shape: tuple[int, ...], reach: float) -> None:
        self._at = at
        rows, columns = shape
        r = math.ceil(reach)
        dy, dx = np.mgrid[-r : r + 1, -r : r + 1].reshape(2, -1)
        far = np.hypot(dx, dy)
        order = np.argsort(-far, kind="stable")
        order = order[far[order] <= reach]
        place = np.rint(at).astype(np.intp)
        # Every blob paints its disc into a frame wide enough, all the farthest pixels first: what
        # is painted last, and stays, is the nearest blob.
        wide = columns + 2 * r
        spot = (place[:, 1] + r) * wide + place[:, 0] + r
        owner = np.full((rows + 2 * r) * wide, -1, dtype=np.int32)
        owner[(dy * wide + dx)[order, None] + spot] = np.arange(len(at), dtype=np.int32)
        self._owner, self._margin, self._wide, self._shape = owner, r, wide, (rows, columns)
        self._totals = []
        cells = place // _CELL
        for level in _LEVELS:
            tall = cells[height >= level]
            marked = np.zeros((rows // _CELL + 1, columns // _CELL + 1), dtype=np.uint8)
            marked[tall[:, 1], tall[:, 0]] = 1
            self._totals.append(cv2.integral(marked))

    def nearest(self, points: F32) -> tuple[NDArray[np.int32], F32]:
        """For points Nx2: indices of blobs (-1 outside the picture) and distances in px.

        The distance is infinite where no blob is within reach.
        """
        rows, columns = self._shape
        place = np.rint(points).astype(np.intp)
        x, y = place[:, 0], place[:, 1]
        inside = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
        owner = self._owner[((y + self._margin) * self._wide + x + self._margin) * inside]
        found = np.where(inside, np.maximum(owner, 0), -1)
        gap = points - self._at[found]
        far = np.where(owner >= 0, np.hypot(gap[:, 0], gap[:, 1]), np.float32(np.inf))
        return found, far.astype(np.float32)

    def density(self, points: F32, reach: F32, height: F32) -> NDArray[np.float64]:
        """Blobs per square px, near each point, that a mark of that height could be taken for.

        Near is the square of half side `reach`; the height is rounded down to a few levels.
        """
        rows, columns = (side // _CELL + 1 for side in self._shape)
        low = ((points - reach[:, None]) / _CELL).astype(np.intp)
        high = ((points + reach[:, None]) / _CELL).astype(np.intp) + 1
        x0, y0 = np.clip(low[:, 0], 0, columns - 1), np.clip(low[:, 1], 0, rows - 1)
        x1, y1 = np.clip(high[:, 0], x0 + 1, columns), np.clip(high[:, 1], y0 + 1, rows)
        level = np.maximum(np.searchsorted(_LEVELS, height / _LIKE, side="right") - 1, 0)
        t = np.stack(self._totals)
        number = t[level, y1, x1] - t[level, y0, x1] - t[level, y1, x0] + t[level, y0, x0]
        return np.asarray(number / ((x1 - x0) * (y1 - y0) * _CELL**2), dtype=np.float64)
