"""Parts: what is looked for. Seams of thread, and metal in every form that bags have it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.classes import BUCKLE, CHAIN, CLASP, OTHER, PLATE, RING, RIVET, THREAD, ZIP
from training.swatches.surfaces import (
    F32,
    METALS,
    U8,
    Canvas,
    Dice,
    bevel,
    blank,
    dye,
    ink,
    lay,
    matte,
    mirror,
    noise,
    plain,
)

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX,
         cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)  # fmt: skip
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def polished(dice: Dice, canvas: Canvas, room: F32, mask: U8, index: int, radius: float) -> None:
    """Metal of a drawn mask; one in six is lacquer, plastic or a print of that shape instead."""
    height = bevel(mask, radius) * dice.uniform(0.7, 1.6)
    if dice.random() < 0.16:
        fake = matte(dice, height * dice.choice([0.0, 1.0]), dye(dice), dice.uniform(0, 1.5))
        lay(canvas, mask, fake, OTHER, dice)
        return
    metal = METALS[int(dice.integers(len(METALS)))]
    lay(canvas, mask, mirror(dice, height, metal, room), index, dice)


def curve(dice: Dice, side: int) -> F32:
    """A gently bent path across the picture, Nx2 px, one point each pixel."""
    a, bend = dice.uniform(0, 6.28), dice.normal(0, 0.35)
    middle = dice.uniform(0.1, 0.9, 2) * side
    t = np.linspace(-0.8, 0.8, 2 * side)
    forward, aside = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
    path = middle + side * (t[:, None] * forward + (bend * t**2)[:, None] * aside)
    if dice.random() < 0.3:
        start, end = sorted(dice.uniform(0, 1, 2))
        path = path[int(start * len(path)) : int(end * len(path))]
    return np.asarray(path, np.float32)


def seam(dice: Dice, canvas: Canvas, room: F32) -> None:
    """One to three parallel rows of stitches in a groove."""
    path = curve(dice, canvas.side)
    if len(path) < 40:
        return
    pitch = dice.uniform(5, 26)
    step = np.gradient(path, axis=0)
    aside = np.stack([-step[:, 1], step[:, 0]], 1) / (
        np.linalg.norm(step, axis=1, keepdims=True) + 1e-6
    )
    gap = pitch * dice.uniform(0.7, 3)
    if dice.random() < 0.5:  # the piece ends beside its seam
        fold(dice, canvas, path + aside * gap * dice.uniform(0.5, 1.2))
    colour = None
    for row in range(int(dice.choice([1, 1, 2, 2, 3]))):
        colour = stitch(dice, canvas, path + aside * gap * row, pitch, colour)


def fold(dice: Dice, canvas: Canvas, path: Any) -> None:
    line = blank(canvas)
    cv2.polylines(line, [np.asarray(path, np.int32)], False, 255, int(dice.integers(1, 4)))
    dark = cv2.GaussianBlur(line.astype(np.float32) / 255, (0, 0), dice.uniform(0.7, 3))
    canvas.light *= np.clip(1 - dice.uniform(0.4, 1) * dark, 0.05, 1)[..., None]


def stitch(dice: Dice, canvas: Canvas, path: F32, pitch: float, colour: F32 | None = None) -> F32:
    """Draw one row of thread along a path, and say its colour."""
    s = canvas.side
    if colour is None:
        under = np.median(canvas.light.reshape(-1, 3)[:: s // 2], axis=0)
        tone = dice.random() < 0.45
        colour = under * dice.uniform(0.5, 2.2) + 0.01 if tone else dye(dice) * 0.8 + 0.05
        if not tone and dice.random() < 0.4:
            colour = np.array([0.7, 0.64, 0.5]) * dice.uniform(0.6, 1.3)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    gap, thick = dice.uniform(0.12, 0.35), max(1.0, pitch * dice.uniform(0.14, 0.32))
    slant = dice.choice([0.0, 0.0, dice.uniform(-0.5, 0.5)])
    mask, holes, groove = blank(canvas), blank(canvas), blank(canvas)
    cv2.polylines(groove, [path.astype(np.int32)], False, 255, max(1, round(thick)))
    for start in np.arange(0, along[-1] - pitch, pitch):
        ends = [
            start + pitch * gap / 2 + dice.normal(0, 0.02) * pitch,
            start + pitch * (1 - gap / 2),
        ]
        p = np.stack([np.interp(ends, along, path[:, i]) for i in (0, 1)], 1)
        d = p[1] - p[0]
        n = np.array([-d[1], d[0]]) * slant / 2
        p = p + np.stack([-n, n]) + dice.normal(0, 0.02 * pitch, (2, 2))
        ends16 = np.round(p * 16).astype(int)
        a, b = (tuple(int(v) for v in e) for e in ends16)
        cv2.line(mask, a, b, 1, max(1, round(thick)), cv2.LINE_8, 4)
        for e in (a, b):
            cv2.circle(holes, e, max(8, round(thick * 8)), 255, -1, cv2.LINE_8, 4)
    dark = cv2.GaussianBlur(groove.astype(np.float32) / 255, (0, 0), thick) * dice.uniform(0, 0.6)
    dark += cv2.GaussianBlur(holes.astype(np.float32) / 255, (0, 0), 0.7) * dice.uniform(0, 0.8)
    canvas.light *= np.clip(1 - dark, 0.1, 1)[..., None]
    height = bevel(mask, thick / 2 + 0.5) + 0.3 * noise(dice, s, 4, 1)
    lay(canvas, mask, matte(dice, height, np.asarray(colour, np.float32), 0.15), THREAD, dice)
    return np.asarray(colour, np.float32)


def place(
    dice: Dice, canvas: Canvas, low: float = 0.05, high: float = 0.25
) -> tuple[int, int, int]:
    x, y = (int(v) for v in dice.uniform(0.05, 0.95, 2) * canvas.side)
    return x, y, max(4, int(np.exp(dice.uniform(np.log(low), np.log(high))) * canvas.side))


def rivets(dice: Dice, canvas: Canvas, room: F32) -> None:
    x, y, r = place(dice, canvas, 0.015, 0.09)
    step = dice.normal(0, 4 * r, 2)
    mask = blank(canvas)
    for i in range(int(dice.integers(1, 6))):
        cv2.circle(mask, (int(x + i * step[0]), int(y + i * step[1])), r, 1, -1)
    polished(dice, canvas, room, mask, RIVET, r * dice.uniform(0.3, 1.0))


def rings(dice: Dice, canvas: Canvas, room: F32) -> None:
    x, y, r = place(dice, canvas)
    mask, wire = blank(canvas), max(2, round(r * dice.uniform(0.12, 0.4)))
    shape = (r, int(r * dice.uniform(0.4, 1)))
    stop = int(dice.choice([360, 360, 300, 180]))
    cv2.ellipse(mask, (x, y), shape, int(dice.integers(360)), 0, stop, 1, wire)
    if stop == 180:
        cv2.line(mask, (x - r, y), (x + r, y), 1, wire)
    polished(dice, canvas, room, mask, RING, wire / 2)


def turned(
    dice: Dice, x: int, y: int, w: float, h: float, a: float | None = None
) -> NDArray[np.int32]:
    turn = float(dice.uniform(0, 180) if a is None else a)
    return np.asarray(cv2.boxPoints(((float(x), float(y)), (float(w), float(h)), turn)), np.int32)


def buckle(dice: Dice, canvas: Canvas, room: F32) -> None:
    x, y, r = place(dice, canvas, 0.08)
    wire, mask, a = max(3, round(r * dice.uniform(0.15, 0.4))), blank(canvas), dice.uniform(0, 180)
    w, h = 2 * r, 2 * r * dice.uniform(0.5, 1)
    frame = turned(dice, x, y, w, h, a)
    cv2.polylines(mask, [frame], True, 1, wire)
    if dice.random() < 0.7:
        a, b = (frame[0] + frame[1]) // 2, (frame[2] + frame[3]) // 2
        cv2.line(mask, tuple(int(v) for v in a), tuple(int(v) for v in b), 1, max(2, wire * 2 // 3))
    polished(dice, canvas, room, mask, BUCKLE if dice.random() < 0.7 else CLASP, wire / 2)


def plate(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A plate or a lock: one or more slabs on each other, engraved or not."""
    x, y, r = place(dice, canvas, 0.05)
    w, h, a = 2 * r, 2 * r * dice.uniform(0.3, 1), dice.uniform(0, 180)
    levels = int(dice.choice([1, 1, 2, 3]))
    for level in range(levels):
        mask, k = blank(canvas), 1 - level * dice.uniform(0.25, 0.45)
        if k <= 0.1:
            break
        if dice.random() < 0.6:
            cv2.fillPoly(mask, [turned(dice, x, y, w * k, h * k, a)], 1)
        else:
            cv2.ellipse(mask, (x, y), (int(w * k / 2), int(h * k / 2)), a, 0, 360, 1, -1)
        mask = (cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.08 * r + 0.5) > 0.5).astype(
            np.uint8
        )
        polished(
            dice, canvas, room, mask, PLATE if levels == 1 else CLASP, dice.uniform(2, 0.3 * r + 3)
        )
    if dice.random() < 0.5:
        word = "".join(dice.choice(list(LETTERS), int(dice.integers(2, 8))))
        size = w / 22 / len(word) * dice.uniform(0.7, 1.2)
        tall = int(10 * size)
        drawn, font = blank(canvas), FONTS[int(dice.integers(5))]
        at = (int(x - w * 0.35), y + tall)
        cv2.putText(drawn, word, at, font, size, 255, max(1, int(size * 2)), cv2.LINE_AA)
        ink(canvas, drawn, dice.choice([0.02, 0.05, 1.2]))


def letters(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Letters cut from metal, as a brand puts on a flap."""
    x, y, r = place(dice, canvas, 0.04, 0.2)
    mask, size = blank(canvas), r / 12
    word = "".join(dice.choice(list(LETTERS), int(dice.integers(1, 4))))
    thick = max(2, int(r * dice.uniform(0.15, 0.35)))
    cv2.putText(mask, word, (x - r, y + r), FONTS[int(dice.integers(5))], size, 1, thick)
    polished(dice, canvas, room, mask, PLATE, thick / 2)


def zip_fastener(dice: Dice, canvas: Canvas, room: F32) -> None:
    path = curve(dice, canvas.side)
    if len(path) < 60:
        return
    pitch, wide = dice.uniform(3.5, 14), dice.uniform(0.8, 1.6)
    tape = blank(canvas)
    cv2.polylines(tape, [path.astype(np.int32)], False, 1, max(3, int(pitch * dice.uniform(4, 8))))
    lay(canvas, tape, plain(dice, canvas.side) * 0.4, OTHER, dice)
    along = np.arange(len(path), dtype=np.float32)
    mask, spread = blank(canvas), max(1, int(pitch * wide))
    for i, start in enumerate(np.arange(0, len(path) - 2 * pitch, pitch / 2)):
        p = np.array([np.interp(start, along, path[:, k]) for k in (0, 1)])
        q = np.array([np.interp(start + 1.5, along, path[:, k]) for k in (0, 1)])
        n = np.array([-(q - p)[1], (q - p)[0]]) / (np.linalg.norm(q - p) + 1e-6)
        out = n * spread * (1 if i % 2 else -1)
        a, b = (tuple(int(v * 16) for v in e) for e in (p - out * 0.25, p + out))
        cv2.line(mask, a, b, 1, max(1, round(pitch * 0.32)), cv2.LINE_8, 4)
    polished(dice, canvas, room, mask, ZIP, pitch * 0.25)
    solid = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    canvas.index[(solid > 0) & (canvas.index == OTHER) & (cv2.dilate(
        (canvas.index == ZIP).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)] = ZIP  # fmt: skip
    if dice.random() < 0.6:  # slider and puller
        i = int(dice.integers(len(path)))
        x, y = (int(v) for v in path[i])
        pull, a = blank(canvas), dice.uniform(0, 180)
        r = max(5, int(pitch * dice.uniform(1.5, 3.5)))
        cv2.fillPoly(pull, [turned(dice, x, y, r, r * 1.3, a)], 1)
        cv2.fillPoly(pull, [turned(dice, x + r, y + r, r * 0.8, r * 3.0, a)], 1)
        polished(dice, canvas, room, pull, ZIP, r * 0.3)


def chain(dice: Dice, canvas: Canvas, room: F32) -> None:
    path = curve(dice, canvas.side)
    link = dice.uniform(10, 46)
    wire = max(2, round(link * dice.uniform(0.14, 0.26)))
    metal = METALS[int(dice.integers(len(METALS)))]
    real = dice.random() > 0.1
    for i, at in enumerate(np.arange(0, len(path) - 2, link * dice.uniform(0.55, 0.75))):
        x, y = (int(v) for v in path[int(at)])
        d = path[min(int(at) + 2, len(path) - 1)] - path[int(at)]
        a = float(np.degrees(np.arctan2(d[1], d[0]))) + dice.normal(0, 6)
        mask = blank(canvas)
        flat = 0.32 if i % 2 else dice.uniform(0.5, 0.7)
        cv2.ellipse(mask, (x, y), (int(link / 2), max(1, int(link / 2 * flat))), a, 0, 360, 1, wire)
        x0, y0, m = max(x - int(link), 0), max(y - int(link), 0), int(2 * link)
        part = (slice(y0, y0 + m), slice(x0, x0 + m))
        if not mask[part].any() or min(mask[part].shape) < 8:
            continue
        side = min(mask[part].shape)
        cell = (slice(y0, y0 + side), slice(x0, x0 + side))
        small = Canvas(canvas.light[cell], canvas.index[cell])
        height = bevel(mask[cell], wire / 2)
        if real:
            lay(small, mask[cell], mirror(dice, height, metal, room), CHAIN, dice)
        else:
            lay(
                small,
                mask[cell],
                matte(dice, height, np.array(metal, np.float32), 0.3),
                OTHER,
                dice,
            )
