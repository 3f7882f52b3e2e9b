"""Callouts: a ring around something that moves, and a line from it to the words that speak of it.

The ring and the line are drawn once from the template, as any overlay is, and laid into the few
pixels that they pass over, between pixels where need be. Where what is ringed is not known, or the
ring would leave the safe area or touch words, there is none: it fades out before and in after.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.errors import UsageError
from video_pipeline.overlays.drawing import DESIGN_WIDTH, Canvas, Drawing, draw
from video_pipeline.overlays.templates import head_of
from video_pipeline.overlays.theme import ATELIER
from video_pipeline.presets.placements import SafeArea

# Pixels at a picture 1080 wide.
AIR = 14.0  # kept clear between what is ringed and its ring, at least
_GAP = 2.0  # between the middle of the ring's stroke and the line: half a stroke
_LEAST = 52.0  # half of the smallest ring
_MOST_AROUND = 40.0  # between a large thing and its ring
_CORNER = 40.0  # the line meets a panel's edge no nearer to its corner
_SHORTEST = 28.0  # a line
_STEP = 4  # rings are drawn in steps of so many pixels and brought to their size from there
_FADE = 6  # frames at 30 a second
_BRIEF = 15  # frames at 30 a second: a ring that would stand more briefly is none
_FORM = "callout 1"  # of the frames made here: another one for other pixels from the same drawings


@dataclass(frozen=True)
class Spot:
    """What is to be ringed, in one frame: its middle and half its size, pixels of the canvas."""

    x: float
    y: float
    half_width: float
    half_height: float


@dataclass(frozen=True)
class _Ring:
    """A ring in one frame: its middle, half its size, its corners' radius, how much it is shown."""

    x: float
    y: float
    across: float
    down: float
    radius: float
    shown: float = 1.0

    def edge(self, angle: float, gap: float) -> float:
        """How far from its middle the ring, and `gap` more, ends in a direction; radians."""
        near, far = 0.0, self.across + self.down + gap
        for _ in range(30):
            middle = (near + far) / 2
            x = abs(middle * math.cos(angle)) - (self.across - self.radius)
            y = abs(middle * math.sin(angle)) - (self.down - self.radius)
            outside = math.hypot(max(x, 0), max(y, 0)) + min(max(x, y), 0) - self.radius
            near, far = (middle, far) if outside < gap else (near, middle)
        return far


class Callout:
    """A ring and its line over some frames.

    `x`, `y` (even) is where the pictures' top left corner stands on the canvas, `width` and
    `height` (even) their size; `digest` names everything that decides their pixels.
    """

    def __init__(
        self,
        template: str,
        rings: Sequence[_Ring],
        end: tuple[float, float] | None,
        canvas: Canvas,
        *,
        unit: float,
        own: Path | None,
        theme: str,
    ) -> None:
        self._rings, self._end, self._unit = tuple(rings), end, unit
        # What is drawn here is a part: the whole was held against the safe area.
        everywhere = Canvas(canvas.width, canvas.height, SafeArea(0, 0, 0, 0))
        self._drawn: dict[tuple[int, int, int], Drawing] = {}
        for ring in self._rings:
            if ring.shown > 0:
                size = self._size(ring)
                if size not in self._drawn:
                    width, height, radius = size
                    fields = {"part": "ring", "width": width, "height": height, "radius": radius}
                    self._drawn[size] = draw(template, fields, everywhere, own=own, theme=theme)
        self._dense = {size: _dense(drawing.pixels) for size, drawing in self._drawn.items()}
        lengths = [self._line(ring)[2] for ring in self._rings if ring.shown > 0]
        self._leader: Drawing | None = None
        if end is not None and max(lengths, default=0.0) >= _SHORTEST * unit:
            fields = {"part": "leader", "length": math.ceil(max(lengths) / unit / 8) * 8}
            self._leader = draw(template, fields, everywhere, own=own, theme=theme)
            self._dense_leader = _dense(self._leader.pixels)
        self.x, self.y, self.width, self.height = self._bounds(canvas)
        said = {
            "form": _FORM,
            "drawings": [d.digest for d in (*self._drawn.values(), self._leader) if d],
            "rings": [
                [round(v, 3) for v in (r.x, r.y, r.across, r.down, r.shown)] for r in self._rings
            ],
            "end": end,
            "box": [self.x, self.y, self.width, self.height],
            "versions": [cv2.__version__, np.__version__],
        }
        self.digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._rings)

    def shown(self, frame: int) -> float:
        """How much of the ring is to be seen in a frame, 0..1."""
        return self._rings[frame].shown

    def middle(self, frame: int) -> tuple[float, float]:
        """The ring's middle in a frame, pixels of the canvas."""
        return self._rings[frame].x, self._rings[frame].y

    def frame(self, number: int) -> NDArray[np.uint8]:
        """The picture of a frame: RGBA with straight alpha, `(height, width, 4)` uint8."""
        ring = self._rings[number]
        sheet = np.zeros((self.height, self.width, 4), np.uint8)
        if ring.shown <= 0:
            return sheet
        if self._leader is not None:
            angle, start, length = self._line(ring)
            if length >= _SHORTEST * self._unit:
                self._lay_line(sheet, ring, angle, start, length)
        drawing = self._drawn[self._size(ring)]
        # The drawing's own size stands for its step; what is left of the ring's is scaled.
        width, height, _ = self._size(ring)
        across, down = 2 * ring.across / (width * self._unit), 2 * ring.down / (height * self._unit)
        way = np.array(
            [
                [across, 0, ring.x - self.x - across * drawing.width / 2],
                [0, down, ring.y - self.y - down * drawing.height / 2],
            ]
        )
        # From the middle of a pixel to the middle of another.
        way[:, 2] += way[:, :2] @ (0.5, 0.5) - 0.5
        _lay(sheet, self._dense[self._size(ring)], way, ring.shown)
        return sheet

    def _lay_line(
        self, sheet: NDArray[np.uint8], ring: _Ring, angle: float, start: float, length: float
    ) -> None:
        """The drawn line hangs down from its top; as much of it as reaches from ring to panel."""
        assert self._leader is not None  # noqa: S101 - its only caller asks
        grown = length * ring.shown  # it is drawn out towards the words
        line = self._dense_leader[: max(2, round(grown))]
        x = ring.x + start * math.cos(angle) - self.x
        y = ring.y + start * math.sin(angle) - self.y
        cos, sin = math.sin(angle), -math.cos(angle)  # down the drawing is along `angle`
        way = np.array([[cos, -sin, x], [sin, cos, y]])
        way[:, 2] -= way[:, :2] @ (line.shape[1] / 2 - 0.5, -0.5) + 0.5
        _lay(sheet, line, way, ring.shown)

    def _line(self, ring: _Ring) -> tuple[float, float, float]:
        """The line's direction, how far from the ring's middle it begins, and its length."""
        if self._end is None:
            return 0.0, 0.0, 0.0
        dx, dy = self._end[0] - ring.x, self._end[1] - ring.y
        angle = math.atan2(dy, dx)
        start = ring.edge(angle, _GAP * self._unit)
        return angle, start, max(0.0, math.hypot(dx, dy) - start)

    def _size(self, ring: _Ring) -> tuple[int, int, int]:
        """The ring's width, height and radius in whole steps, pixels at 1080 wide."""
        steps = (2 * ring.across, 2 * ring.down, ring.radius)
        width, height, radius = (max(1, round(v / self._unit / _STEP)) * _STEP for v in steps)
        return width, height, min(radius, width // 2, height // 2)

    def _bounds(self, canvas: Canvas) -> tuple[int, int, int, int]:
        shown = [ring for ring in self._rings if ring.shown > 0]
        more = 12 * self._unit  # the ring's own thickness
        low = np.min([(r.x - r.across, r.y - r.down) for r in shown], axis=0) - more
        high = np.max([(r.x + r.across, r.y + r.down) for r in shown], axis=0) + more
        if self._leader is not None and self._end is not None:
            low, high = np.minimum(low, self._end), np.maximum(high, self._end)
        x, y = (max(0, math.floor(v / 2) * 2) for v in low)
        right, bottom = (
            min(whole, math.ceil(v / 2) * 2)
            for v, whole in zip(high, (canvas.width, canvas.height), strict=True)
        )
        return x, y, right - x, bottom - y


def call_out(
    template: str,
    way: Sequence[Spot | None],
    beside: Sequence[Drawing],
    canvas: Canvas,
    *,
    rate: float,
    own: Path | None = None,
    theme: str = ATELIER,
) -> Callout | None:
    """A ring around `way`, one spot a frame (None where it is not known), or None for no ring.

    `beside` is what else stands in those frames: the ring keeps off all of it, and its line leads
    to the nearest. It arrives when they have. Raises as `drawing.draw` does, and UsageError for a
    template that speaks for a certificate.
    """
    if head_of(template, own).claim:
        raise UsageError(
            f"the overlay '{template}' speaks for a certificate and can follow nothing",
            mend="take 'follows' off it in the edit",
        )
    unit = min(canvas.width, canvas.height) / DESIGN_WIDTH
    rings = [None if spot is None else _around(spot, unit) for spot in way]
    free = [
        ring is not None
        and _inside(ring, canvas, unit)
        and not any(_touches(ring, drawing, unit) for drawing in beside)
        for ring in rings
    ]
    speed = rate / 30
    wait = round(max((drawing.motion.enter for drawing in beside), default=0) * speed)
    # Where words come and go without motion, so does the ring.
    fade = round(_FADE * speed) if wait or not beside else 0
    shown = _shown([False] * wait + free[wait:], fade, round(_BRIEF * speed))
    if not any(shown):
        return None
    hidden = _Ring(0.0, 0.0, 1.0, 1.0, 1.0, 0.0)
    drawn = [
        _Ring(r.x, r.y, r.across, r.down, r.radius, s) if r is not None and s > 0 else hidden
        for r, s in zip(rings, shown, strict=True)
    ]
    end = _end(drawn, beside, unit)
    return Callout(template, drawn, end, canvas, unit=unit, own=own, theme=theme)


def _around(spot: Spot, unit: float) -> _Ring:
    """A circle around what is as wide as high; else its corners are as round as its air allows."""
    a, b = spot.half_width / unit, spot.half_height / unit
    diagonal = math.sqrt(2)
    around = min((diagonal - 1) * max(a, b) + AIR, _MOST_AROUND)
    across, down = max(a + around, _LEAST), max(b + around, _LEAST)
    # A corner of the box stays `AIR` inside the rounded corner.
    spare = min(across - a, down - b)
    radius = min(across, down, (diagonal * spare - AIR) / (diagonal - 1))
    return _Ring(spot.x, spot.y, across * unit, down * unit, radius * unit)


def _inside(ring: _Ring, canvas: Canvas, unit: float) -> bool:
    safe, more = canvas.safe, 4 * unit
    return (
        ring.x - ring.across - more >= safe.left
        and ring.y - ring.down - more >= safe.top
        and ring.x + ring.across + more <= canvas.width - safe.right
        and ring.y + ring.down + more <= canvas.height - safe.bottom
    )


def _touches(ring: _Ring, drawing: Drawing, unit: float) -> bool:
    more = 12 * unit
    return (
        ring.x + ring.across + more > drawing.x
        and ring.x - ring.across - more < drawing.x + drawing.width
        and ring.y + ring.down + more > drawing.y
        and ring.y - ring.down - more < drawing.y + drawing.height
    )


def _shown(free: Sequence[bool], fade: int, brief: int) -> list[float]:
    """How much is shown in each frame: fading in after what is not free, and out before it."""
    shown = [0.0] * len(free)
    first = 0
    while first < len(free):
        last = first
        while last < len(free) and free[last]:
            last += 1
        if last - first >= max(brief, 1):
            for i in range(first, last):
                near = min(i - first + 1, last - i) / (fade + 1)
                shown[i] = min(1.0, near)
        first = max(last, first + 1)
    return shown


def _end(
    rings: Sequence[_Ring], beside: Sequence[Drawing], unit: float
) -> tuple[float, float] | None:
    """Where the line ends: on the nearest edge of the nearest words, once for all frames."""
    shown = [ring for ring in rings if ring.shown > 0]
    if not beside:
        return None
    x, y = (float(v) for v in np.median([(r.x, r.y) for r in shown], axis=0))

    def nearest(drawing: Drawing) -> tuple[float, float]:
        corner = min(_CORNER * unit, drawing.width / 2)
        across = min(max(x, drawing.x + corner), drawing.x + drawing.width - corner)
        return across, float(drawing.y if y < drawing.y else drawing.y + drawing.height)

    ends = [nearest(drawing) for drawing in beside]
    return min(ends, key=lambda end: math.dist(end, (x, y)))


def _dense(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Colours as much as they are opaque: what is clear would darken the edges otherwise."""
    dense = pixels.astype(np.float32)
    dense[..., :3] *= dense[..., 3:] / 255
    return dense


def _lay(
    sheet: NDArray[np.uint8], dense: NDArray[np.float32], way: NDArray[np.float64], shown: float
) -> None:
    """Lay a drawing, as `_dense` has it, onto a clear sheet along `way`; what is denser stays."""
    height, width = dense.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    there = corners @ way[:, :2].T + way[:, 2]
    x0, y0 = np.maximum(np.floor(there.min(axis=0)).astype(int) - 2, 0)
    x1, y1 = np.minimum(
        np.ceil(there.max(axis=0)).astype(int) + 2, (sheet.shape[1], sheet.shape[0])
    )
    if x0 >= x1 or y0 >= y1:
        return
    local = way.copy()
    local[:, 2] -= (x0, y0)
    laid = cv2.warpAffine(dense, local, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    inked = np.nonzero(laid[..., 3])  # a ring is mostly clear
    values = laid[inked]
    colour, alpha = values[:, :3], values[:, 3:]
    new = np.hstack([colour * 255 / alpha, alpha * shown])
    new = np.rint(np.clip(new, 0, 255)).astype(np.uint8)
    part = sheet[y0:y1, x0:x1]
    before = part[inked]
    part[inked] = np.where(new[:, 3:] > before[:, 3:], new, before)
