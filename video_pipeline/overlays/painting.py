"""Painting: from an SVG to pixels.

resvg hands its pixels on as a PNG alone, and packing that takes longer than all the rest. So what
nearly every overlay consists of is painted here: rectangles, discs, the modules of QR codes, and
glyphs, whose outlines HarfBuzz fills, and pictures. How much of a pixel they cover is computed, not
sampled. A drawing that holds anything else goes to resvg whole.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import resvg_py
import uharfbuzz as hb
from numpy.typing import NDArray

from video_pipeline.errors import RenderError
from video_pipeline.overlays.writing import Block, Outline, Picture, outlined

TOOLS: Final = (
    f"resvg {resvg_py.__version__} {resvg_py.__resvg_version__}, "
    f"harfbuzz {hb.version_string()}, painting 1"
)
"""What decides the pixels of an SVG, besides the SVG: part of every drawing's digest."""

Pixels = NDArray[np.uint8]
_Plane = NDArray[np.float32]
_Colour = tuple[int, int, int]
_Marked = tuple[Sequence[Block], Sequence[Picture]]  # what stands in the SVG as marks
_Bounds = tuple[float, float, float, float]  # left, top, right, bottom

_NUMBER = r"-?[\d.]+(?:e-?\d+)?"
_TRANSFORM = re.compile(
    rf"translate\(({_NUMBER}) ({_NUMBER})\)"
    rf"|matrix\(({_NUMBER}) 0 0 ({_NUMBER}) ({_NUMBER}) ({_NUMBER})\)"
)
_MODULES = re.compile(rf"M({_NUMBER}) ({_NUMBER})h({_NUMBER})v({_NUMBER})H{_NUMBER}z")
# What is painted here, and the attributes that are understood.
_PLAIN: Final = {
    "svg": {"width", "height", "viewBox"},
    "g": {"class", "transform", "data-block", "data-picture"},
    "rect": {"x", "y", "width", "height", "rx", "fill", "fill-opacity", "stroke", "stroke-opacity",
             "stroke-width"},
    "circle": {"cx", "cy", "r", "fill", "fill-opacity"},
    "path": {"d", "fill", "shape-rendering"},
}  # fmt: skip


def picture(
    root: ET.Element, blocks: Sequence[Block] = (), pictures: Sequence[Picture] = ()
) -> Pixels:
    """The pixels of a drawing: RGBA, straight alpha, `(height, width, 4)` uint8.

    `root` is its `<svg>` with its size in whole pixels and a view box, `blocks` what is written on
    it, `pictures` what it shows. Fully transparent pixels carry the overlay's mean colour instead
    of black, so that a renderer that halves the colour resolution draws no dark fringe.
    """
    try:
        return _without_fringe(_painted(root, (blocks, pictures)))
    except _OtherError:
        return rasterise(outlined(ET.tostring(root, encoding="unicode"), blocks, pictures))


def rasterise(svg: str) -> Pixels:
    """The pixels of any SVG of shapes, by resvg; what they are is said at `picture`."""
    try:
        png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    except ValueError as error:
        raise RenderError(
            f"The overlay could not be drawn: {error}", mend="Check the template."
        ) from error
    decoded = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.ndim != 3 or decoded.shape[2] != 4:
        raise RenderError("The overlay could not be drawn.", mend="Check the template.")
    return _without_fringe(np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA), dtype=np.uint8))


def _without_fringe(pixels: Pixels) -> Pixels:
    clear = np.flatnonzero(pixels.view(np.uint32) == 0)  # black and transparent
    seen = pixels.shape[0] * pixels.shape[1] - len(clear)
    if len(clear) and seen:
        mean = np.array(cv2.mean(pixels)[:3]) * (seen + len(clear)) / seen
        pixels.reshape(-1, 4)[clear, :3] = np.rint(mean).astype(np.uint8)
    return pixels


class _OtherError(Exception):
    """The drawing holds what is not painted here."""


@dataclass(frozen=True)
class _Frame:
    """Where the coordinates of an element lie on the picture: `x * across + left`, in pixels."""

    across: float
    down: float
    left: float
    top: float

    def within(self, transform: str) -> _Frame:
        """The frame of what such a `transform` is said of."""
        if not transform:
            return self
        said = _TRANSFORM.fullmatch(transform)
        if said is None:
            raise _OtherError
        x, y, *matrix = said.groups()
        if x is not None:
            return replace(
                self,
                left=self.left + self.across * float(x),
                top=self.top + self.down * float(y),
            )
        across, down, left, top = map(float, matrix)
        return _Frame(
            self.across * across,
            self.down * down,
            self.left + self.across * left,
            self.top + self.down * top,
        )

    def box(self, x: float, y: float, width: float, height: float) -> _Bounds:
        """The edges of a rectangle on the picture."""
        xs = sorted((self.left + self.across * at) for at in (x, x + width))
        ys = sorted((self.top + self.down * at) for at in (y, y + height))
        return xs[0], ys[0], xs[1], ys[1]


def _painted(root: ET.Element, marked: _Marked) -> Pixels:
    """Raises _OtherError for a drawing that holds something else."""
    try:
        width, height = int(root.get("width", "")), int(root.get("height", ""))
        seen = [float(value) for value in root.get("viewBox", f"0 0 {width} {height}").split()]
        pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        frame = _Frame(width / seen[2], height / seen[3], 0, 0)
        _known(root)
        for child in root:
            _paint(child, frame, pixels, marked)
    except (ValueError, IndexError) as error:
        raise _OtherError from error
    return pixels


def _known(element: ET.Element) -> str:
    """The name of an element that is understood with all it says."""
    name = str(element.tag).rpartition("}")[2]
    if name not in _PLAIN or not _PLAIN[name].issuperset(element.keys()):
        raise _OtherError
    return name


def _paint(element: ET.Element, frame: _Frame, pixels: Pixels, marked: _Marked) -> None:
    name = _known(element)
    if name == "g":
        block = element.get("data-block")
        inner = frame.within(element.get("transform", ""))
        if block is not None:
            _write(pixels, marked[0][int(block)], inner)
        shown = element.get("data-picture")
        if shown is not None:
            _show(pixels, marked[1][int(shown)], inner)
        for child in element:
            _paint(child, inner, pixels, marked)
    elif name == "rect":
        _rectangle(pixels, element, frame)
    elif name == "circle":
        r = _number(element, "r")
        box = frame.box(_number(element, "cx") - r, _number(element, "cy") - r, 2 * r, 2 * r)
        _fill(pixels, element, box, r * abs(frame.down))
    elif name == "path" and element.get("shape-rendering") == "crispEdges":
        _modules(pixels, element, frame)
    else:
        raise _OtherError


def _rectangle(pixels: Pixels, element: ET.Element, frame: _Frame) -> None:
    width, height = _number(element, "width"), _number(element, "height")
    radius = max(0.0, _number(element, "rx"))
    if radius > min(width, height) / 2 + 1e-3:  # an ellipse at each corner, or no rectangle
        raise _OtherError
    box = frame.box(_number(element, "x"), _number(element, "y"), width, height)
    _fill(pixels, element, box, radius * abs(frame.down))
    ink = _colour(element.get("stroke", "none"))
    if ink:
        half = _number(element, "stroke-width", 1) * abs(frame.down) / 2
        opacity = _number(element, "stroke-opacity", 1)
        _lay_shape(pixels, box, radius * abs(frame.down), ink, opacity=opacity, stroke=half)


def _fill(pixels: Pixels, element: ET.Element, box: _Bounds, radius: float) -> None:
    ink = _colour(element.get("fill", "#000000"))
    if ink:
        _lay_shape(pixels, box, radius, ink, opacity=_number(element, "fill-opacity", 1))


def _modules(pixels: Pixels, element: ET.Element, frame: _Frame) -> None:
    """The dark modules of a QR code: a pixel is one's when its middle is."""
    path, ink = element.get("d", ""), _colour(element.get("fill", "#000000"))
    if ink is None or _MODULES.sub("", path):
        raise _OtherError
    runs = np.array(_MODULES.findall(path), np.float64)
    ends = np.stack([runs[:, :2], runs[:, :2] + runs[:, 2:]])
    ends = ends * (frame.across, frame.down) + (frame.left, frame.top)
    corners = np.ceil(np.sort(ends, axis=0) - 0.5).clip(0).astype(int)
    whole, dark = pixels.view(np.uint32)[..., 0], np.array([*ink, 255], np.uint8).view(np.uint32)
    for (x0, y0), (x1, y1) in zip(*corners.tolist(), strict=True):
        whole[y0:y1, x0:x1] = dark


def _number(element: ET.Element, name: str, otherwise: float = 0) -> float:
    return float(element.get(name, otherwise))


def _colour(value: str) -> _Colour | None:
    """The colour of a fill or stroke; None for none."""
    if value == "none":
        return None
    if not re.fullmatch("#[0-9A-Fa-f]{6}", value):
        raise _OtherError
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:], 16)


def _lay_shape(
    pixels: Pixels,
    box: _Bounds,
    radius: float,
    ink: _Colour,
    *,
    opacity: float,
    stroke: float = 0,
) -> None:
    """Lay a rectangle with round corners, or with `stroke` a line of twice that width around it."""
    height, width = pixels.shape[:2]
    outer = (box[0] - stroke, box[1] - stroke, box[2] + stroke, box[3] + stroke)
    inner = (box[0] + stroke, box[1] + stroke, box[2] - stroke, box[3] - stroke)
    x0, y0 = (max(0, math.floor(at)) for at in outer[:2])
    x1, y1 = (min(most, math.ceil(at)) for most, at in zip((width, height), outer[2:], strict=True))
    round_out = radius + stroke if radius else 0

    def cover(rows: tuple[int, int], columns: tuple[int, int]) -> _Plane:
        area = _covered(outer, round_out, rows, columns)
        if stroke:
            area -= _covered(inner, max(0.0, radius - stroke), rows, columns)
        return area * np.float32(opacity)

    edge = math.ceil(radius + 2 * stroke) + 1
    left, top, right, low = x0 + edge, y0 + edge, x1 - edge, y1 - edge
    if left >= right or top >= low:
        _lay(pixels[y0:y1, x0:x1], ink, cover((y0, y1), (x0, x1)))
        return
    for rows, columns in (
        ((y0, top), (x0, x1)),
        ((low, y1), (x0, x1)),
        ((top, low), (x0, left)),
        ((top, low), (right, x1)),
    ):
        _lay(pixels[slice(*rows), slice(*columns)], ink, cover(rows, columns))
    if not stroke:  # the middle, covered whole
        _lay(pixels[top:low, left:right], ink, np.full((1, 1), opacity, np.float32))


def _covered(
    box: _Bounds, radius: float, rows: tuple[int, int], columns: tuple[int, int]
) -> _Plane:
    """How much of each pixel lies in a rectangle with round corners, 0..1."""
    x, y = np.arange(*columns, dtype=np.float32), np.arange(*rows, dtype=np.float32)
    across = np.clip(np.minimum(x + 1, box[2]) - np.maximum(x, box[0]), 0, 1)
    down = np.clip(np.minimum(y + 1, box[3]) - np.maximum(y, box[1]), 0, 1)
    area = np.multiply.outer(down, across)
    if radius:
        # Beyond the middle of its corner in both ways, a pixel is cut by the corner's circle.
        dx = np.maximum(box[0] + radius - x - 0.5, x + 0.5 - box[2] + radius)
        dy = np.maximum(box[1] + radius - y - 0.5, y + 0.5 - box[3] + radius)[:, None]
        circle = np.clip(radius + 0.5 - np.hypot(dx, dy), 0, 1)
        area = np.where((dx > 0) & (dy > 0), np.minimum(area, circle), area)
    return np.asarray(area, np.float32)


def _lay(under: Pixels, ink: _Colour, cover: _Plane) -> None:
    """Lay a colour over a part of the picture, in place, as opaque as `cover` (0..1) says.

    One value of `cover` stands for all.
    """
    if under.size:
        whole, flat = _as_numbers(under)
        whole[:] = _mixed(under[:1, :1] if flat else under, ink, cover)


def _lay_mask(under: Pixels, ink: _Colour, mask: Pixels) -> None:
    """The same with a mask of 0..255; on a flat panel each degree of it is mixed once."""
    whole, flat = _as_numbers(under)
    if flat:
        degrees = np.arange(256, dtype=np.float32)[None] / np.float32(255)
        whole[:] = _mixed(under[:1, :1], ink, degrees)[0][mask]
    else:
        whole[:] = _mixed(under, ink, mask.astype(np.float32) / np.float32(255))


def _as_numbers(pixels: Pixels) -> tuple[NDArray[np.uint32], bool]:
    """Each pixel's four bytes as one number, and whether all are the same."""
    whole = pixels.view(np.uint32)[..., 0]
    return whole, bool((whole == whole[0, 0]).all())


def _mixed(under: Pixels, ink: _Colour, cover: _Plane) -> NDArray[np.uint32]:
    """A colour over others, straight alpha, each pixel's four bytes as one number."""
    below = under[..., 3:].astype(np.float32) / 255 * (1 - cover[..., None])
    alpha = cover[..., None] + below
    mixed = np.asarray(ink, np.float32) * cover[..., None] + under[..., :3] * below
    mixed = np.divide(mixed, alpha, out=np.zeros_like(mixed), where=alpha > 0)
    rounded = np.rint(np.concatenate([mixed, alpha * 255], axis=-1)).astype(np.uint8)
    return np.asarray(rounded.view(np.uint32)[..., 0])


def _write(pixels: Pixels, block: Block, frame: _Frame) -> None:
    """Fill the glyphs of a block, all in one mask."""
    mask = hb.RasterDraw()
    for across, left, glyphs in _runs(block, frame):
        for glyph in glyphs:
            mask.transform = (
                across * glyph.scale, 0, 0, -frame.down * glyph.scale,
                left + across * glyph.x, frame.top + frame.down * glyph.y,
            )  # fmt: skip
            glyph.face.trace(glyph.gid, mask)
    drawn = mask.render()
    if drawn is None:
        raise _OtherError
    extents = drawn.extents
    if not (extents.width and extents.height):
        return
    # Rows are counted upwards by HarfBuzz; here y was turned, so they run downwards.
    cover = np.frombuffer(drawn.buffer, np.uint8).reshape(extents.height, extents.stride)
    x0, y0 = max(0, extents.x_origin), max(0, extents.y_origin)
    x1 = min(pixels.shape[1], extents.x_origin + extents.width)
    y1 = min(pixels.shape[0], extents.y_origin + extents.height)
    if x0 < x1 and y0 < y1:
        part = cover[
            y0 - extents.y_origin : y1 - extents.y_origin,
            x0 - extents.x_origin : x1 - extents.x_origin,
        ]
        _lay_mask(pixels[y0:y1, x0:x1], _colour(block.colour) or (0, 0, 0), part)


def _show(pixels: Pixels, shown: Picture, frame: _Frame) -> None:
    """Lay a picture over what is there, made smaller by the mean of the pixels it covers."""
    box = frame.box(shown.x, shown.y, shown.width, shown.height)
    x0, y0, x1, y1 = (max(0, round(at)) for at in box)
    under = pixels[y0:y1, x0:x1]
    decoded = cv2.imdecode(np.frombuffer(shown.png, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.shape[2:] != (4,) or not under.size:
        raise _OtherError
    own = np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA), np.float32)
    own[..., :3] *= own[..., 3:] / 255
    size = (under.shape[1], under.shape[0])
    own = np.asarray(cv2.resize(own, size, interpolation=cv2.INTER_AREA), np.float32)
    left = 1 - own[..., 3:] / 255  # of what is under it
    alpha = own[..., 3:] + under[..., 3:] * left
    colour = own[..., :3] + under[..., :3] * (under[..., 3:] / np.float32(255)) * left
    colour = np.divide(colour * 255, alpha, out=np.zeros_like(colour), where=alpha > 0)
    under[:] = np.rint(np.concatenate([colour, alpha], axis=-1)).clip(0, 255)


def _runs(block: Block, frame: _Frame) -> Iterator[tuple[float, float, Sequence[Outline]]]:
    """How far apart and from where the glyphs of each line lie on the picture."""
    for line in block.lines:
        if block.turned:
            yield -frame.across, frame.left + frame.across * line.turn, line.glyphs
        else:
            yield frame.across, frame.left, line.glyphs
