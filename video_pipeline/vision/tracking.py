"""Tracking: one marked spot held on to from picture to picture of one recording.

A `Spot` is taken from the picture in which somebody drew a box. Each further picture is asked two
things. Where did the surface around it go? Sparse optical flow (Lucas and Kanade 1981, pyramids
after Bouguet 2000), checked forwards and backwards (Kalal et al. 2010), agreed on by a similarity
(RANSAC, Fischler and Bolles 1981). And is it still there? What stands at that place is laid over
how the spot looked, and correlated: what does not look like it is not it, whatever the flow says,
so a finger that wipes over it is not followed. Once lost, it is looked for in the whole picture
and believed only on a far better likeness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box

Grey = NDArray[np.uint8]
Affine = NDArray[np.float64]

# Likeness is a correlation, 1 for the same picture. Below the first it is not said to be seen; only
# from the second on is it said to be found again; from the third to the second of these two its
# looks are renewed, since a surface that turns or a light that moves changes them.
SEEN = 0.55
_FOUND_AGAIN = 0.75
_RENEW, _RENEWABLE = 0.85, 0.6
_AROUND = 0.7  # of the box's longer side: how much of the surface around it is held on to
_LEAST_AROUND = 20.0  # px
_LONG = 112  # px, the longer side of the patch in which looks are compared
_LEAST_POINTS = 6
_MOST_POINTS = 90
_BACK_AGAIN = 1.0  # px between where a point began and where it comes back to
_AGREES = 2.0  # px from the similarity
_LEAST_VISIBLE = 0.7  # of the box inside the picture
_BLOCKS = 4  # a patch is judged in so many blocks across and down, for what covers one side of it
_FLAT = 2.5  # grey levels of standard deviation; flatter blocks say nothing
_WINDOW, _LEVELS = (17, 17), 3  # of the flow: px that are compared, pyramid


@dataclass(frozen=True)
class Spot:
    """A marked spot while it is followed.

    `looks` is how it looked first and how it looked when its looks were last renewed, as patches
    with some of the surface around. `patch` leads from the first picture's pixels to those of a
    patch, `moved` from the first picture's pixels to those of the latest. `inner` is the box
    within a patch: left, top, right, bottom. `likeness` is -1..1; `seen` is whether the spot may
    be said to be where `moved` has it.
    """

    box: tuple[float, float, float, float]
    looks: tuple[Grey, Grey]
    patch: Affine
    inner: tuple[int, int, int, int]
    moved: Affine
    likeness: float
    seen: bool

    def box_in(self, width: int, height: int) -> Box:
        """Where it is in a picture of that size, as an upright box that may reach out of it."""
        x0, y0, x1, y1 = self.box
        x, y = _applied(self.moved, np.array([((x0 + x1) / 2, (y0 + y1) / 2)]))[0]
        grown = float(np.hypot(*self.moved[:, 0])) / 2
        across, down = (x1 - x0) * grown, (y1 - y0) * grown
        return Box(
            (x - across) / width, (y - down) / height, (x + across) / width, (y + down) / height
        )


def marked(picture: Grey, box: Box) -> Spot:
    """The spot in `box` of a grey picture HxW, to be followed from there."""
    height, width = picture.shape
    x0, y0, x1, y1 = box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height
    around = max(_AROUND * max(x1 - x0, y1 - y0), _LEAST_AROUND)
    left, top = x0 - around, y0 - around
    across, down = x1 - x0 + 2 * around, y1 - y0 + 2 * around
    scale = min(1.0, _LONG / max(across, down))
    patch = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    size = max(8, round(across * scale)), max(8, round(down * scale))
    inner = (
        int(around * scale),
        int(around * scale),
        size[0] - int(around * scale),
        size[1] - int(around * scale),
    )
    look = _warped(picture, patch, size)
    still = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    return Spot((x0, y0, x1, y1), (look, look), patch, inner, still, 1.0, True)


def followed(spot: Spot, before: Grey, after: Grey) -> Spot:
    """The spot in the picture `after`, given where it was in the one `before`; same sizes, HxW."""
    step = _flow(before, after, _region(spot)) if spot.seen else None
    if step is not None:
        moved = _settled(spot, after, _joined(step, spot.moved))
        likeness, whole = _likeness(spot, after, moved)
        if likeness >= SEEN and _plausible(moved):
            looks = spot.looks
            if _RENEWABLE <= likeness < _RENEW and whole:
                looks = (looks[0], _patch_of(spot, after, moved))
            return replace(spot, looks=looks, moved=moved, likeness=likeness, seen=True)
    return _found_again(spot, after)


def _found_again(spot: Spot, after: Grey) -> Spot:
    """The spot where the whole picture looks most like it, if it does beyond doubt; else lost."""
    lost = replace(spot, likeness=0.0, seen=False)
    turn = spot.moved[:, :2]
    grown = float(np.hypot(*turn[:, 0]))
    small = min(1.0, 480 / max(after.shape))
    best: tuple[float, Affine] | None = None
    scene = cv2.resize(after, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    scale = float(spot.patch[0, 0]) / grown / small
    for look in reversed(spot.looks):
        height, width = look.shape
        size = round(width / scale), round(height / scale)
        if min(size) < 8 or size[0] >= scene.shape[1] or size[1] >= scene.shape[0]:
            continue
        # As it last lay in the picture, turned about its middle.
        angle = np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))
        lying = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
        model = cv2.warpAffine(look, lying, (width, height), borderMode=cv2.BORDER_REPLICATE)
        model = cv2.resize(model, size, interpolation=cv2.INTER_AREA)
        scores = cv2.matchTemplate(scene, model, cv2.TM_CCOEFF_NORMED)
        _, score, _, (x, y) = cv2.minMaxLoc(scores)
        if best is None or score > best[0]:
            middle = np.array(((x + size[0] / 2) / small, (y + size[1] / 2) / small))
            x0, y0, x1, y1 = spot.box
            shift = middle - turn @ np.array(((x0 + x1) / 2, (y0 + y1) / 2))
            best = float(score), np.column_stack([turn, shift])
    if best is None or best[0] < SEEN:
        return lost
    moved = _settled(spot, after, best[1])
    likeness, _ = _likeness(spot, after, moved)
    if likeness < _FOUND_AGAIN or not _plausible(moved):
        return lost
    return replace(spot, moved=moved, likeness=likeness, seen=True)


def _flow(before: Grey, after: Grey, region: NDArray[np.float64]) -> Affine | None:
    """How the surface in a region (corners, 4x2) went on, as a similarity; None if none is sure."""
    mask = np.zeros(before.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(region).astype(np.int32), 255)
    points = cv2.goodFeaturesToTrack(before, _MOST_POINTS, 0.01, 4, mask=mask)
    if points is None or len(points) < _LEAST_POINTS:
        return None
    return _agreed(before, after, np.asarray(points, np.float32))


def _agreed(before: Grey, after: Grey, points: NDArray[np.float32]) -> Affine | None:
    there, found = _flowed(before, after, points)
    back, found_back = _flowed(after, before, there)
    off = np.linalg.norm(back - points, axis=-1).ravel()
    kept = found & found_back & (off < _BACK_AGAIN)
    if kept.sum() < _LEAST_POINTS:
        return None
    similarity, agree = cv2.estimateAffinePartial2D(
        points[kept], there[kept], ransacReprojThreshold=_AGREES
    )
    if similarity is None or agree.sum() < max(_LEAST_POINTS, 0.4 * kept.sum()):
        return None
    return np.asarray(similarity, np.float64)


def _flowed(
    before: Grey, after: Grey, points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where the points went, and which of them were found."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, np.zeros_like(points), winSize=_WINDOW, maxLevel=_LEVELS
    )
    return np.asarray(there, np.float32), np.asarray(found).ravel() == 1


def _settled(spot: Spot, picture: Grey, moved: Affine) -> Affine:
    """The same place, brought to lie on how the spot looked: flow adds up its errors, looks don't.

    The latest looks settle it first, then the first ones if they still can.
    """
    for look in reversed(spot.looks):
        points = cv2.goodFeaturesToTrack(look, _MOST_POINTS, 0.01, 4)
        if points is None or len(points) < _LEAST_POINTS:
            continue
        now = _patch_of(spot, picture, moved)
        slip = _agreed(look, now, np.asarray(points, np.float32))
        if slip is None:
            continue
        corners = _corners(look.shape[1], look.shape[0])
        if np.abs(_applied(slip, corners) - corners).max() > 0.12 * max(look.shape):
            continue
        # First picture -> patch -> slipped patch -> first picture -> latest picture.
        better = _joined(moved, _joined(_inverse(spot.patch), _joined(slip, spot.patch)))
        if _likeness(spot, picture, better)[0] >= _likeness(spot, picture, moved)[0]:
            moved = better
    return moved


def _likeness(spot: Spot, picture: Grey, moved: Affine) -> tuple[float, bool]:
    """How like the spot that place looks, and whether nothing covers any side of it."""
    height, width = picture.shape
    x0, y0, x1, y1 = spot.box
    grid = np.array([(x, y) for x in np.linspace(x0, x1, 5) for y in np.linspace(y0, y1, 5)])
    place = _applied(moved, grid)
    inside = ((place >= 0) & (place <= (width - 1, height - 1))).all(axis=1)
    if inside.mean() < _LEAST_VISIBLE:
        return 0.0, False
    now = _patch_of(spot, picture, moved)
    known = _warped(
        np.full_like(picture, 255), _joined(spot.patch, _inverse(moved)), now.shape[::-1]
    )
    left, top, right, bottom = spot.inner
    more = max(2, (right - left + bottom - top) // 12)
    inner = (
        slice(max(0, top - more), bottom + more),
        slice(max(0, left - more), right + more),
    )
    best, whole = -1.0, False
    for look in spot.looks:
        valid = known > 250
        spotted = _correlation(look[inner], now[inner], valid[inner])
        around = _correlation(look, now, valid)
        if spotted is None:  # too flat to be told from any other place but by what is around it
            spotted = around if around is not None else 0.0
        score = min(spotted, 0.5 + (around or 0.0))
        if score > best:
            best, whole = score, _uncovered(look, now, valid)
    return best, whole


def _uncovered(look: Grey, now: Grey, valid: NDArray[np.bool_]) -> bool:
    rows = np.array_split(np.arange(look.shape[0]), _BLOCKS)
    columns = np.array_split(np.arange(look.shape[1]), _BLOCKS)
    for r in rows:
        for c in columns:
            part = slice(r[0], r[-1] + 1), slice(c[0], c[-1] + 1)
            likeness = _correlation(look[part], now[part], valid[part])
            if likeness is not None and likeness < 0.3:
                return False
    return True


def _correlation(a: Grey, b: Grey, valid: NDArray[np.bool_]) -> float | None:
    """Pearson's correlation of two pictures; None where the first is too flat to tell."""
    if valid.sum() < 0.5 * valid.size or not valid.size:
        return None
    one, other = a[valid].astype(np.float64), b[valid].astype(np.float64)
    one -= one.mean()
    other -= other.mean()
    spread = one.std()
    if spread < _FLAT:
        return None
    return float((one * other).mean() / (spread * max(float(other.std()), 1.0)))


def _region(spot: Spot) -> NDArray[np.float64]:
    height, width = spot.looks[0].shape
    return _applied(_joined(spot.moved, _inverse(spot.patch)), _corners(width, height))


def _patch_of(spot: Spot, picture: Grey, moved: Affine) -> Grey:
    height, width = spot.looks[0].shape
    return _warped(picture, _joined(spot.patch, _inverse(moved)), (width, height))


def _warped(picture: Grey, way: Affine, size: tuple[int, int]) -> Grey:
    """The picture along `way`, a little softened: noise and grain are no looks."""
    # Read at a few times its size where it is made much smaller, so that fine texture averages out.
    finer = min(4, max(1, int(1 / float(np.hypot(*way[:, 0])))))
    patch = cv2.warpAffine(
        picture, way * finer, (size[0] * finer, size[1] * finer), flags=cv2.INTER_LINEAR
    )
    if finer > 1:
        patch = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(patch, (3, 3), 0), dtype=np.uint8)


def _plausible(moved: Affine) -> bool:
    return 0.3 < float(np.hypot(*moved[:, 0])) < 3.3


def _corners(width: float, height: float) -> NDArray[np.float64]:
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


def _applied(way: Affine, points: NDArray[np.float64]) -> NDArray[np.float64]:
    there: NDArray[np.float64] = points @ way[:, :2].T + way[:, 2]
    return there


def _joined(second: Affine, first: Affine) -> Affine:
    """`first`, then `second`."""
    turn = second[:, :2] @ first[:, :2]
    return np.column_stack([turn, second[:, :2] @ first[:, 2] + second[:, 2]])


def _inverse(way: Affine) -> Affine:
    return np.asarray(cv2.invertAffineTransform(way), np.float64)
