"""The scene: a marked corner, nine patches of colour and a counter, and how to read them back.

Everything lies in large areas at shares of the picture, so that it survives halved chroma, strong
compression and any scaling. The top left corner is white, the top right one grey, those below are
black: no turn and no mirror leaves that as it is. The counter is a strip of upright bars, the
digits of the frame's number in Gray's code, the lowest at the left: two neighbouring numbers differ
in one bar, and no bar is the same in one field and another in the other for long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zoo.colours import Floats, apart, lab

DIGITS = 9
STRIP = (0.70, 0.82)  # from top to bottom, as shares of the height
_CORNER = 0.2, 0.14  # of the width and of the height
_ROWS = (0.17, 0.34, 0.51, 0.68)
_GROUND = 72
# 8-bit R'G'B' in BT.709: a light and a dark skin and four colours of a colour chart, the leather of
# the sample's bag, and two greys of a ramp whose ends are the corners.
PATCHES = {
    "light skin": (194, 150, 130), "dark skin": (115, 82, 68), "red": (175, 54, 60),
    "green": (70, 148, 73), "blue": (56, 61, 150), "leather": (150, 90, 60),
    "yellow": (200, 170, 31), "dark grey": (52, 52, 52), "middle grey": (118, 118, 118),
}  # fmt: skip
LEVELS = {"tl": 255, "tr": 118, "bl": 0, "br": 0}


def drawn(width: int, height: int) -> Floats:
    """The scene without its counter, `(height, width, 3)`, BT.709 R'G'B' from 0 to 1."""
    scene = np.full((height, width, 3), _GROUND / 255)
    across, down = round(_CORNER[0] * width), round(_CORNER[1] * height)
    for corner, level in LEVELS.items():
        y = slice(0, down) if corner[0] == "t" else slice(-down, None)
        x = slice(0, across) if corner[1] == "l" else slice(-across, None)
        scene[y, x] = level / 255
    for place, colour in enumerate(PATCHES.values()):
        row, column = divmod(place, 3)
        scene[
            round(_ROWS[row] * height) : round(_ROWS[row + 1] * height),
            round(column * width / 3) : round((column + 1) * width / 3),
        ] = np.array(colour) / 255
    return scene


def counted(scene: NDArray[np.floating], number: int, low: float, high: float) -> None:
    """Write a number into a plane `(height, width)` with two levels of grey."""
    height, width = scene.shape
    top, bottom = (round(share * height) for share in STRIP)
    digits = (np.arange(width) * DIGITS // width).astype(int)
    scene[top:bottom] = np.where(((number ^ number >> 1) >> digits) & 1, high, low)


def orientation_of(rgb: Floats) -> str:
    """ "upright", or where the white corner, then the grey one, is found."""
    found = {name: level_at(rgb, name) for name in LEVELS}
    order = sorted(found, key=lambda name: -found[name])
    clear = found[order[0]] - found[order[1]] > 0.2 and found[order[1]] - found[order[2]] > 0.15
    if not clear:
        return f"unclear: {found}"
    return "upright" if order[:2] == ["tl", "tr"] else f"white {order[0]}, grey {order[1]}"


def level_at(rgb: Floats, corner: str) -> float:
    """How bright a corner is, 0 to 1."""
    height, width = rgb.shape[:2]
    y = 0.03, 0.10
    x = 0.04, 0.14
    if corner[0] == "b":
        y = 1 - y[1], 1 - y[0]
    if corner[1] == "r":
        x = 1 - x[1], 1 - x[0]
    return float(_part(rgb, y, x, height, width).mean())


def colours_of(rgb: Floats) -> dict[str, float]:
    """How far each patch is from what it should be, CIEDE2000."""
    height, width = rgb.shape[:2]
    far = {}
    for place, (name, colour) in enumerate(PATCHES.items()):
        row, column = divmod(place, 3)
        y = _ROWS[row] + 0.06, _ROWS[row] + 0.11
        x = (column + 0.35) / 3, (column + 0.65) / 3
        seen = _part(rgb, y, x, height, width).mean(axis=(0, 1))
        far[name] = float(apart(lab(seen), lab(np.array(colour) / 255)))
    return far


def number_of(rgb: Floats) -> int:
    """The number that a picture shows; -1 where its bars are neither black nor white."""
    height, width = rgb.shape[:2]
    strip = rgb[round(0.73 * height) : round(0.79 * height)].mean(axis=(0, 2))
    bars = [
        float(strip[int((d + 0.35) * width / DIGITS) : int((d + 0.65) * width / DIGITS) + 1].mean())
        for d in range(DIGITS)
    ]
    if any(0.3 < level < 0.7 for level in bars):
        return -1
    code = sum(1 << d for d, level in enumerate(bars) if level > 0.5)
    number = 0
    while code:
        number, code = number ^ code, code >> 1
    return number


def _part(
    rgb: Floats, y: tuple[float, float], x: tuple[float, float], height: int, width: int
) -> Floats:
    return rgb[
        int(y[0] * height) : int(y[1] * height) + 1, int(x[0] * width) : int(x[1] * width) + 1
    ]
