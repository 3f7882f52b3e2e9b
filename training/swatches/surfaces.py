"""Surfaces: what a swatch is made of, and the light that falls on it.

Everything is drawn in linear light. A height HxW in px gives normals; a matte surface is lit by
one lamp, a mirror shows a made-up room.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.classes import LEATHER, OTHER

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Dice = np.random.Generator
# Reflectances of polished metals in linear light: gold and silver after Lagarde, the rest by eye.
METALS = (
    (1.0, 0.77, 0.34), (0.91, 0.78, 0.42), (0.97, 0.96, 0.92), (0.56, 0.57, 0.58),
    (0.16, 0.16, 0.18), (0.95, 0.64, 0.54), (0.62, 0.48, 0.26), (0.40, 0.37, 0.33),
)  # fmt: skip


@dataclass
class Canvas:
    """A picture in the making: linear RGB HxWx3 and the index class of every pixel HxW."""

    light: F32
    index: U8

    @property
    def side(self) -> int:
        """Both edges, px."""
        return int(self.index.shape[0])


def noise(dice: Dice, side: int, size: float, octaves: int = 3) -> F32:
    """Smooth noise HxW of unit deviation; `size` of its largest features in px."""
    out = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        cells = max(2, round(side / size * 2**octave))
        rough = dice.normal(0, 1, (cells + 3, cells + 3)).astype(np.float32)
        out += cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC) / 1.7**octave
    return out / max(float(out.std()), 1e-6)


def gradient(dice: Dice, side: int, strength: float) -> F32:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    a = dice.uniform(0, 6.28)
    return np.exp(strength * dice.uniform(0, 2) * (x * np.cos(a) + y * np.sin(a))).astype(
        np.float32
    )


def made_up_room(dice: Dice) -> F32:
    """What metal mirrors, by direction: a dim room with windows and dark things, 64x64x3."""
    size = 64
    room = np.full((size, size, 3), dice.uniform(0.01, 0.2), np.float32)
    room += dice.uniform(0, 0.8) * np.linspace(1, 0, size, dtype=np.float32)[:, None, None] ** 2
    for _ in range(int(dice.integers(4, 12))):
        x, y = (int(v) for v in dice.integers(0, size, 2))
        w, h = (int(v) for v in dice.integers(3, 34, 2))
        tint = (1 + dice.normal(0, 0.1, 3)) * dice.choice([0.005, 0.02, 0.08, 1.0, 2.0, 4.0, 8.0])
        cv2.rectangle(room, (x, y), (x + w, y + h), tuple(float(t) for t in np.abs(tint)), -1)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), dice.uniform(0.5, 1.8)), np.float32)


def dye(dice: Dice, dullest: float = 0.0) -> F32:
    """A dye: any hue, dark more often than bright, in linear light."""
    hue = dice.choice([dice.random(), dice.uniform(0.02, 0.12)])
    value = dice.uniform(0.1, 0.95) ** dice.choice([1.0, 2.2])
    return (
        np.array(colorsys.hsv_to_rgb(hue, dice.uniform(dullest, 0.95) ** 1.8, value), np.float32)
        ** 2
    )


def normals(height: F32) -> tuple[F32, F32]:
    height = np.asarray(height, np.float32)
    return (
        cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / 8),
        cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / 8),
    )


def matte(dice: Dice, height: F32, colour: F32, gloss: float) -> F32:
    """A dyed surface lit from one side: diffuse, and a sheen by `gloss` 0..1."""
    dx, dy = normals(height)
    a = dice.uniform(0, 6.28)
    sun = np.array([np.cos(a) * 0.6, np.sin(a) * 0.6, 0.8])
    length = np.sqrt(dx * dx + dy * dy + 1)
    facing = np.clip((-dx * sun[0] - dy * sun[1] + sun[2]) / length, 0, 1)
    sheen = gloss * facing ** dice.uniform(12, 80)
    return np.asarray(facing[..., None] * colour + 0.5 * sheen[..., None], np.float32)


def mirror(dice: Dice, height: F32, metal: tuple[float, ...], room: F32) -> F32:
    """Polished or brushed metal of that height, HxW px, mirroring the room."""
    dx, dy = normals(height + dice.uniform(0, 0.4) ** 2 * noise(dice, height.shape[0], 20, 2))
    length = np.sqrt(dx * dx + dy * dy + 1)
    turn = dice.uniform(-0.25, 0.25, 2)
    u = np.clip((-dx / length * 0.6 + 0.5 + turn[0]) * 63, 0, 63).astype(np.float32)
    v = np.clip((-dy / length * 0.6 + 0.5 + turn[1]) * 63, 0, 63).astype(np.float32)
    seen = cv2.remap(room, u, v, cv2.INTER_LINEAR)
    return np.asarray(seen * np.array(metal, np.float32), np.float32)


def bevel(mask: U8, radius: float) -> F32:
    """A height for a drawn mask: its rim rounded to a quarter circle of that radius, px."""
    inside = np.minimum(cv2.distanceTransform(mask, cv2.DIST_L2, 3), np.float32(radius))
    return np.asarray(np.sqrt(np.maximum(radius**2 - (radius - inside) ** 2, 0)), np.float32)


def lay(canvas: Canvas, mask: U8, surface: F32, index: int | None, dice: Dice) -> None:
    """Lay a surface over the canvas where the mask is, with its shadow on what lies below."""
    shift = dice.normal(0, 3, 2)
    away = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    moved = cv2.warpAffine(mask.astype(np.float32), away,
                           (canvas.side, canvas.side))  # fmt: skip
    shadow = cv2.GaussianBlur(moved, (0, 0), dice.uniform(1, 5)) * dice.uniform(0.2, 0.8)
    canvas.light *= (1 - shadow)[..., None]
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.6)[..., None]
    canvas.light[:] = canvas.light * (1 - soft) + surface * soft
    if index is not None:
        canvas.index[mask > 0] = index


def blank(canvas: Canvas) -> U8:
    return np.zeros((canvas.side, canvas.side), np.uint8)


def ink(canvas: Canvas, drawn: U8, colour: Any) -> None:
    """Print a mask of 0..255 on the canvas, flat."""
    share = drawn[..., None].astype(np.float32) / 255
    canvas.light[:] = canvas.light * (1 - share) + np.asarray(colour, np.float32) * share


def leather(dice: Dice, side: int) -> F32:
    """Leather, HxWx3: grain of some size on soft folds."""
    grain = noise(dice, side, dice.uniform(3, 14), 2) * dice.uniform(0, 0.7)
    if dice.random() < 0.3:  # pebbles: cells with creases between them
        grain = -np.abs(grain) * 2
    folds = noise(dice, side, dice.uniform(80, 400)) * dice.uniform(0, 3) ** 2
    colour = dye(dice) * (1 + 0.08 * noise(dice, side, 120)[..., None])
    return matte(dice, np.asarray(grain + folds, np.float32), colour, dice.uniform(0, 0.8))


def cloth(dice: Dice, side: int) -> F32:
    """Woven, knitted or printed cloth, HxWx3."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    a, pitch = dice.uniform(0, 3.14), dice.uniform(3, 26)
    u, v = (x * np.cos(a) + y * np.sin(a)) / pitch, (y * np.cos(a) - x * np.sin(a)) / pitch
    u += 0.1 * noise(dice, side, 60)
    kind = int(dice.integers(6))
    weave = (
        np.abs(np.sin(3.14 * u)) * np.abs(np.cos(3.14 * v)),
        np.abs(np.sin(3.14 * (u + np.abs(((v * 0.7) % 1) - 0.5)))),  # knit: rows of chevrons
        np.abs(np.sin(3.14 * (u + v))),  # twill
        (np.sin(3.14 * u) > dice.uniform(-0.5, 0.8)).astype(np.float32),  # stripes
        ((np.sin(3.14 * u) > 0) ^ (np.sin(3.14 * v) > 0)).astype(np.float32),  # checks
        np.abs(np.sin(3.14 * u) * np.sin(3.14 * v)) ** 4,  # dots
    )[kind].astype(np.float32)
    deep = pitch * 0.3 if kind < 3 else 0.0
    first, second = dye(dice), dye(dice)
    share = (weave * (0.3 if kind < 3 and dice.random() < 0.7 else 1.0))[..., None]
    folds = noise(dice, side, dice.uniform(60, 200)) * dice.uniform(0, 15)
    height = np.asarray(weave * deep + folds + 0.2 * noise(dice, side, 4, 1), np.float32)
    return matte(dice, height, np.asarray(first * (1 - share) + second * share, np.float32), 0.05)


def plain(dice: Dice, side: int) -> F32:
    colour = dye(dice) if dice.random() < 0.5 else np.full(3, dice.uniform(0.3, 1), np.float32)
    rough = noise(dice, side, dice.uniform(30, 300)) * dice.uniform(0, 0.25)
    return np.asarray(colour * np.exp(rough)[..., None], np.float32)


def wood(dice: Dice, side: int) -> F32:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    a = dice.uniform(0, 3.14)
    across = (x * np.cos(a) + y * np.sin(a)) / dice.uniform(4, 40)
    rings = np.sin(across + 2 * noise(dice, side, 200))[..., None] * dice.uniform(0.1, 0.5)
    brown = np.array([0.35, 0.18, 0.08], np.float32) * dice.uniform(0.2, 1.5)
    return np.asarray(brown * np.exp(rings), np.float32)


def any_surface(dice: Dice, side: int) -> tuple[F32, int]:
    which = dice.random()
    if which < 0.55:
        return leather(dice, side), LEATHER
    if which < 0.75:
        return cloth(dice, side), OTHER
    return (plain if dice.random() < 0.6 else wood)(dice, side), OTHER
