"""Contrast: how well the writing of an overlay stands out from what is behind it, and the scrim
that is laid under it where it does not.

Contrast is that of WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of two relative luminances
(https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). Large type is held to the same 4.5 as small.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.overlays.drawing import Drawing
from video_pipeline.overlays.painting import picture as painted
from video_pipeline.overlays.writing import TextBox
from video_pipeline.store import digest_of

LEAST = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA."""

# A scrim aims a little higher: encoding and the frames between those looked at take some away.
_AIM = 4.7
# Of the pixels behind a line, in all pictures together, so many may have less than is told.
_WORST = 5  # per cent
_AROUND = 0.12  # em: what lies so near to letters is behind them too
_EYE = 0.08  # em: finer texture than a stroke is wide is seen as its mean
# The scrim is as strong as it has to be this far around the lines, and fades out over the rest.
_REACH, _FADE = 0.25, 3.4  # em: a shorter fade looks like a smudged box

Pixels = NDArray[np.uint8]
_Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Scrim:
    """A soft panel behind the lines of an overlay: its grey (0 black, 255 white), how opaque it is
    behind them (0..1), and the box of the lines in pixels of the canvas: x0, y0, x1, y1.
    """

    grey: int
    strength: float
    box: tuple[float, float, float, float]
    em: float


def luminance(colour: NDArray[np.generic]) -> NDArray[np.float32]:
    """WCAG 2.2 relative luminance of sRGB colours `(..., 3)`, 0..255: 0 black, 1 white."""
    shares = np.asarray(colour, np.float32) / np.float32(255)
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]), np.float32)


def bare(drawing: Drawing) -> Pixels:
    """The drawing without its writing: what of it stands behind the letters. RGBA."""
    root = ET.fromstring(drawing.svg)  # noqa: S314 (it was checked when it was drawn)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.get("class") == "writing":
                parent.remove(child)
    return painted(root)


def readable_anywhere(drawing: Drawing) -> bool:
    """Whether its own panels give every line enough contrast, whatever the footage shows.

    So it is where a line is lighter, or darker, than its panel over black and over white alike.
    """
    panel = bare(drawing)
    for line in drawing.texts:
        behind, own = panel[_behind(line, drawing)], _light(line)
        black, white = (luminance(_over(behind, np.float32(grey))) for grey in (0, 255))
        darkest, lightest = float(black.min()), float(white.max())
        lighter = own > lightest and (own + 0.05) / (lightest + 0.05) >= LEAST
        darker = own < darkest and (darkest + 0.05) / (own + 0.05) >= LEAST
        if not (lighter or darker):
            return False
    return True


def measured(drawing: Drawing, pictures: Sequence[Pixels], scrim: Scrim | None = None) -> float:
    """The least contrast of its lines with what is behind them in `pictures`.

    `pictures` are what the footage shows behind the drawing: RGB, `(height, width, 3)` as it has.
    A line's contrast is that which 95 % of the pixels behind it reach, in all pictures together,
    with texture finer than its strokes averaged.
    """
    panel = bare(drawing)
    return min(
        (_line_contrast(line, drawing, panel, pictures, scrim) for line in drawing.texts),
        default=21.0,
    )


def scrim_for(drawing: Drawing, pictures: Sequence[Pixels]) -> Scrim | None:
    """The weakest scrim with which every line has enough contrast; None where none is needed."""
    panel = bare(drawing)
    weak = [
        line
        for line in drawing.texts
        if _line_contrast(line, drawing, panel, pictures, None) < LEAST
    ]
    if not weak:
        return None
    lights = [_light(line) for line in weak]
    # Black or white, whichever the worst of the lines stands out from more: one of them gives 4.58.
    on_black, on_white = (min(lights) + 0.05) / 0.05, 1.05 / (max(lights) + 0.05)
    grey = 0 if on_black >= on_white else 255
    scrim = Scrim(
        grey,
        1.0,
        (
            min(line.x for line in weak),
            min(line.y for line in weak),
            max(line.right for line in weak),
            max(line.bottom for line in weak),
        ),
        max(line.size for line in weak),
    )

    def enough(percent: int) -> bool:
        tried = replace(scrim, strength=percent / 100)
        return all(_line_contrast(line, drawing, panel, pictures, tried) >= _AIM for line in weak)

    low, high = 0, 100  # more strength never means less contrast once it is enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return replace(scrim, strength=high / 100)


def with_scrim(drawing: Drawing, scrim: Scrim, size: tuple[int, int]) -> Drawing:
    """The drawing on its scrim, in a box of its own on a canvas of `size` (width, height).

    The scrim's soft edge may leave the safe area, never the canvas: it holds nothing to read.
    """
    edge = (_REACH + _FADE) * scrim.em
    x0, y0, x1, y1 = scrim.box
    left, top = (int(max(0, at) // 2 * 2) for at in (x0 - edge, y0 - edge))
    left, top = min(left, drawing.x), min(top, drawing.y)
    right = max(min(size[0], x1 + edge), drawing.x + drawing.width)
    bottom = max(min(size[1], y1 + edge), drawing.y + drawing.height)
    width, height = (int(-(-(b - a) // 2) * 2) for a, b in ((left, right), (top, bottom)))
    under = np.zeros((height, width), np.float32) + _opacity(scrim, left, top, (width, height))
    over = np.zeros((height, width), np.float32)
    colour = np.full((height, width, 3), float(scrim.grey), np.float32)
    x, y = drawing.x - left, drawing.y - top
    place = np.s_[y : y + drawing.height, x : x + drawing.width]
    over[place] = drawing.pixels[..., 3] / np.float32(255)
    under *= 1 - over
    alpha = over + under
    share = np.divide(over, alpha, out=np.zeros_like(over), where=alpha > 0)[place][..., None]
    colour[place] = drawing.pixels[..., :3] * share + colour[place] * (1 - share)
    pixels = np.dstack([colour, alpha * 255])
    return replace(
        drawing,
        pixels=np.rint(pixels).astype(np.uint8),
        x=left,
        y=top,
        digest=digest_of([drawing.digest, "scrim", scrim.grey, scrim.strength, scrim.box]),
    )


def _opacity(scrim: Scrim, left: float, top: float, size: tuple[int, int]) -> _Plane:
    """The scrim's alpha on a piece of the canvas, `(height, width)`: smooth to its very edge."""
    x0, y0, x1, y1 = scrim.box
    reach, fade = _REACH * scrim.em, _FADE * scrim.em
    across, down = (
        np.maximum(0, np.maximum(low - reach - at, at - high - reach))
        for low, high, at in (
            (x0, x1, left + np.arange(size[0]) + 0.5),
            (y0, y1, top + np.arange(size[1]) + 0.5),
        )
    )
    away = np.clip(np.hypot(down[:, None], across[None, :]) / fade, 0, 1)
    fall = away**3 * (10 + away * (6 * away - 15))  # no edge where it begins and none where it ends
    return np.asarray(scrim.strength * (1 - fall), np.float32)


def _line_contrast(
    line: TextBox,
    drawing: Drawing,
    panel: Pixels,
    pictures: Sequence[Pixels],
    scrim: Scrim | None,
) -> float:
    """The contrast of one line that all but a few of the pixels behind it exceed."""
    area, own = _behind(line, drawing), _light(line)
    eye = max(1, round(_EYE * line.size))
    found = []
    for picture in pictures:
        behind = picture[area].astype(np.float32)
        if scrim is not None:
            behind += (scrim.grey - behind) * np.float32(scrim.strength)
        light = cv2.blur(luminance(_over(panel[area], behind)), (eye, eye))
        high, low = np.maximum(light, own), np.minimum(light, own)
        found.append(((high + 0.05) / (low + 0.05)).ravel())
    return float(np.percentile(np.concatenate(found), _WORST))


def _over(panel: Pixels, behind: _Plane | np.float32) -> _Plane:
    """The colours of a panel over what is behind it, mixed as a player mixes them."""
    alpha = panel[..., 3:].astype(np.float32) / 255
    return np.asarray(panel[..., :3] * alpha + behind * (1 - alpha), np.float32)


def _behind(line: TextBox, drawing: Drawing) -> tuple[slice, slice]:
    """The rows and columns of a drawing that a line's letters stand on."""
    near = _AROUND * line.size
    top, left = (max(0, int(at - near)) for at in (line.y - drawing.y, line.x - drawing.x))
    low, right = line.bottom - drawing.y + near, line.right - drawing.x + near
    return slice(top, int(low) + 1), slice(left, int(right) + 1)


def _light(line: TextBox) -> float:
    """The luminance of a line's letters."""
    colour = [int(line.colour[i : i + 2], 16) for i in (1, 3, 5)]
    return float(luminance(np.array(colour, np.uint8)))
