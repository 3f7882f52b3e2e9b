"""Scene: one swatch, from its ground to its exposure."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training.classes import LEATHER, OTHER
from training.swatches import mistaken, parts
from training.swatches.surfaces import (
    F32,
    U8,
    Canvas,
    Dice,
    any_surface,
    bevel,
    blank,
    gradient,
    lay,
    made_up_room,
)

Draw = Callable[[Dice, Canvas, F32], None]

# What stands twice is drawn twice as often.
_PARTS: tuple[Draw, ...] = (
    *(parts.seam, parts.seam, parts.rivets, parts.rings, parts.buckle),
    *(parts.plate, parts.letters, parts.zip_fastener, parts.chain),
)
_MISTAKEN: tuple[Draw, ...] = (
    *(mistaken.printed_words, mistaken.printed_words, mistaken.monogram, mistaken.perforation),
    *(mistaken.watch, mistaken.pearls, mistaken.buttons, mistaken.fingers, mistaken.ceramic),
    *(mistaken.ribs, mistaken.ruled_lines, mistaken.bokeh, mistaken.film, mistaken.film),
    *(mistaken.crease, mistaken.crease, mistaken.emblem, mistaken.emblem, mistaken.face),
    *(mistaken.handle, mistaken.handle, mistaken.handle, mistaken.phone, mistaken.phone),
)


def _ground(dice: Dice, canvas: Canvas) -> None:
    canvas.light[:], index = any_surface(dice, canvas.side)
    canvas.index[:] = index


def _panel(dice: Dice, canvas: Canvas) -> None:
    """A piece of something with a thick edge laid over the rest; often a piece of leather."""
    s = canvas.side
    corners = (dice.uniform(-0.3, 1.3, (int(dice.integers(3, 7)), 2)) * s).astype(np.int32)
    mask = blank(canvas)
    cv2.fillPoly(mask, [cv2.convexHull(corners)], 1)
    mask = (cv2.GaussianBlur(mask.astype(np.float32), (0, 0), dice.uniform(1, 12)) > 0.5).astype(
        np.uint8
    )
    surface, index = any_surface(dice, s)
    rim = bevel(mask, dice.uniform(2, 9))
    lit = 0.55 + 0.45 * rim / max(float(rim.max()), 1e-6)
    lay(canvas, mask, surface * lit[..., None], index, dice)
    if index == LEATHER and dice.random() < 0.5:
        edge, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if edge:
            inset = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=int(dice.integers(6, 16)))
            path, _ = cv2.findContours(inset, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            if path:
                parts.stitch(dice, canvas, path[0][:, 0].astype(np.float32), dice.uniform(6, 20))


def swatch(dice: Dice, side: int = 384) -> tuple[U8, U8]:
    """A picture HxWx3 BGR and its index mask HxW."""
    canvas = Canvas(np.zeros((side, side, 3), np.float32), np.full((side, side), OTHER, np.uint8))
    room = made_up_room(dice)
    _ground(dice, canvas)
    for _ in range(int(dice.integers(0, 3))):
        _panel(dice, canvas)
    only_fakes = dice.random() < 0.4
    for _ in range(int(dice.integers(1, 4))):
        _one_of(dice, _MISTAKEN)(dice, canvas, room)
    if not only_fakes:
        for _ in range(int(dice.integers(1, 4))):
            _one_of(dice, _PARTS)(dice, canvas, room)
        if dice.random() < 0.25:
            mistaken.fingers(dice, canvas, room)
    exposed = canvas.light * (0.2 / max(float(np.median(canvas.light)), 0.03)) ** dice.uniform(
        0.2, 1
    )
    exposed *= 2 ** dice.normal(0, 0.4) * (1 + dice.normal(0, 0.06, 3)).astype(np.float32)
    shaded = exposed * gradient(dice, side, 0.6)[..., None]
    toned = 1 - np.exp(-1.6 * np.maximum(shaded, 0))  # a film's shoulder
    picture = (255 * np.clip(toned, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    return np.ascontiguousarray(picture[..., ::-1]), canvas.index


def _one_of(dice: Dice, choices: tuple[Draw, ...]) -> Draw:
    return choices[int(dice.integers(len(choices)))]
