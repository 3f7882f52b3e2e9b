"""What is mistaken for hardware and stitching: print, cloth, watches, hands, crockery, film."""

from __future__ import annotations

import cv2
import numpy as np

from training.classes import LEATHER, OTHER
from training.swatches.parts import FONTS, LETTERS, curve, fold, place, turned
from training.swatches.surfaces import (
    F32,
    METALS,
    Canvas,
    Dice,
    bevel,
    blank,
    dye,
    ink,
    lay,
    leather,
    matte,
    mirror,
    noise,
    plain,
)


def printed_words(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Words, logos and captions: flat, of one colour."""
    tint = dye(dice) if dice.random() < 0.5 else dice.choice([0.02, 1.0])
    size, font = dice.uniform(0.3, 3.5), FONTS[int(dice.integers(5))]
    x, y = (int(v) for v in dice.uniform(-0.2, 0.8, 2) * canvas.side)
    drawn = blank(canvas)
    for line in range(int(dice.integers(1, 8))):
        word = "".join(dice.choice([*LETTERS, " "], int(dice.integers(3, 24))))
        at = (x, y + int(line * 32 * size))
        cv2.putText(drawn, word, at, font, size, 255, max(1, int(size * 2)), cv2.LINE_AA)
    ink(canvas, drawn, tint)
    canvas.index[drawn > 127] = OTHER


def monogram(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A canvas printed all over with signs."""
    drawn = blank(canvas)
    step, size = int(dice.integers(24, 80)), dice.uniform(0.4, 1.8)
    words = ["".join(dice.choice(list(LETTERS), 2)) for _ in range(2)]
    for i, y in enumerate(range(0, canvas.side + step, step)):
        for j, x in enumerate(range(-(i % 2) * step // 2, canvas.side, step)):
            if (i + j) % 2:
                cv2.putText(drawn, words[i % 2], (x, y), FONTS[2], size, 255, 2, cv2.LINE_AA)
            else:
                cv2.drawMarker(drawn, (x + step // 3, y), 255, int((i + j) % 4), step // 3, 2)
    ink(canvas, drawn, dye(dice))


def perforation(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Rows of holes without any thread."""
    step, radius = int(dice.integers(7, 26)), dice.uniform(0.12, 0.3)
    holes, a = blank(canvas), dice.uniform(0, 1.57)
    only = int(dice.choice([1, 2, 200]))
    n = canvas.side // step + 2
    for i in range(-min(n, only), min(n, only)):
        for j in range(-n, n):
            u, v = i * step + (j % 2) * step / 2, j * step
            x = canvas.side / 2 + u * np.cos(a) - v * np.sin(a)
            y = canvas.side / 2 + u * np.sin(a) + v * np.cos(a)
            cv2.circle(holes, (int(x), int(y)), max(1, int(step * radius)), 255, -1)
    dark = cv2.GaussianBlur(holes.astype(np.float32) / 255, (0, 0), 0.8) * dice.uniform(0.5, 0.95)
    canvas.light *= (1 - dark)[..., None]


def watch(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A watch: its dial, ticks and hands, with its case and bracelet. A part of no bag."""
    x, y, r = place(dice, canvas, 0.12, 0.4)
    if dice.random() < 0.6:
        strap, a = blank(canvas), dice.uniform(0, 180)
        cv2.fillPoly(strap, [turned(dice, x, y, r * 1.1, r * 6, a)], 1)
        made_of = leather(dice, canvas.side)
        lay(canvas, strap, made_of, OTHER, dice)
    case = blank(canvas)
    cv2.circle(case, (x, y), r, 1, -1)
    metal = METALS[int(dice.integers(len(METALS)))]
    lay(canvas, case, mirror(dice, bevel(case, r * 0.2), metal, room), OTHER, dice)
    dial = blank(canvas)
    cv2.circle(dial, (x, y), int(r * 0.82), 1, -1)
    lay(canvas, dial, plain(dice, canvas.side), OTHER, dice)
    drawn = blank(canvas)
    for k in range(60 if dice.random() < 0.5 else 12):
        t = np.array([np.cos(k / 30 * 3.1416), np.sin(k / 30 * 3.1416)]) * r
        a, b = ((int(x + t[0] * q), int(y + t[1] * q)) for q in (0.68, 0.78))
        cv2.line(drawn, a, b, 255, max(1, r // 30), cv2.LINE_AA)
    for length in (0.45, 0.65):
        t = dice.uniform(0, 6.28)
        tip = (int(x + r * length * np.cos(t)), int(y + r * length * np.sin(t)))
        cv2.line(drawn, (x, y), tip, 255, max(1, r // 18), cv2.LINE_AA)
    ink(canvas, drawn, dice.choice([0.02, 0.9]))


def pearls(dice: Dice, canvas: Canvas, room: F32) -> None:
    path, r = curve(dice, canvas.side), int(dice.integers(4, 18))
    mask = blank(canvas)
    for at in range(0, len(path), max(3, 2 * r)):
        cv2.circle(mask, tuple(int(v) for v in path[at]), r, 1, -1)
    pearl = np.array([0.8, 0.75, 0.68], np.float32) if dice.random() < 0.6 else dye(dice)
    lay(canvas, mask, matte(dice, bevel(mask, r), pearl, 0.8), OTHER, dice)


def buttons(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Plastic buttons, rubber feet, lacquered plates."""
    x, y, r = place(dice, canvas, 0.03, 0.15)
    mask = blank(canvas)
    if dice.random() < 0.5:
        cv2.circle(mask, (x, y), r, 1, -1)
    else:
        cv2.fillPoly(mask, [turned(dice, x, y, 2 * r, r)], 1)
    height = bevel(mask, r * dice.uniform(0.2, 0.9))
    lay(canvas, mask, matte(dice, height, dye(dice), dice.uniform(0, 1)), OTHER, dice)


def fingers(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Fingers coming in from the side, nails and creases on them."""
    s = canvas.side
    tone = np.array([0.62, 0.36, 0.25], np.float32) * np.exp(dice.uniform(-1.8, 0.25))
    wide = int(s * dice.uniform(0.07, 0.2))
    a = dice.uniform(0, 6.28)
    d, n = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
    start = np.array([s / 2, s / 2]) - d * s * 0.75 + n * s * dice.uniform(-0.4, 0.4)
    for i in range(int(dice.integers(1, 5))):
        mask = blank(canvas)
        p = start + n * i * wide * 1.05
        knee = p + d * s * dice.uniform(0.25, 0.5)
        tip = knee + (d + n * dice.normal(0, 0.3)) * s * dice.uniform(0.1, 0.3)
        cv2.polylines(mask, [np.array([p, knee, tip], np.int32)], False, 1, wide)
        height = bevel(mask, wide / 2) + noise(dice, s, 8, 2) * 0.3
        lay(canvas, mask, matte(dice, height, tone, dice.uniform(0, 0.25)), OTHER, dice)
        if dice.random() < 0.6:
            nail = blank(canvas)
            cv2.ellipse(nail, tuple(int(v) for v in tip), (int(wide * 0.34), int(wide * 0.24)),
                        float(np.degrees(a)), 0, 360, 1, -1)  # fmt: skip
            paint = tone * 1.25 if dice.random() < 0.6 else dye(dice)
            lay(canvas, nail, matte(dice, bevel(nail, wide / 4), paint, 0.9), OTHER, dice)


def ceramic(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A mug, a vase, a lacquered box, a spoon: glossy, and not of the bag."""
    x, y, r = place(dice, canvas, 0.12, 0.4)
    mask = blank(canvas)
    cv2.ellipse(
        mask, (x, y), (r, int(r * dice.uniform(0.3, 1))), int(dice.integers(180)), 0, 360, 1, -1
    )
    height = bevel(mask, r * dice.uniform(0.5, 1))
    if dice.random() < 0.4:  # steel, as mugs, kettles and spoons are
        surface = mirror(dice, height, METALS[int(dice.integers(2, 4))], room)
    else:
        gloss = mirror(dice, height, (0.06, 0.06, 0.06), room)
        surface = np.asarray(matte(dice, height, dye(dice), 0.2) + gloss, np.float32)
    lay(canvas, mask, surface, OTHER, dice)


def ribs(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A rib, a braid or a rope along a path: regular as a seam, and no thread of one."""
    path = curve(dice, canvas.side)
    wide, pitch = int(dice.integers(8, 40)), dice.uniform(3, 14)
    mask = blank(canvas)
    cv2.polylines(mask, [path.astype(np.int32)], False, 1, wide)
    y, x = np.mgrid[0 : canvas.side, 0 : canvas.side].astype(np.float32)
    a = dice.uniform(0, 6.28)
    wave = np.abs(np.sin((x * np.cos(a) + y * np.sin(a)) / pitch * 3.14))
    height = bevel(mask, wide / 2) + wave * pitch * 0.4
    lay(canvas, mask, matte(dice, np.asarray(height, np.float32), dye(dice), 0.1), OTHER, dice)


def ruled_lines(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Dashed, dotted and ruled lines, flat as print is."""
    path, pitch = curve(dice, canvas.side), dice.uniform(6, 30)
    drawn = blank(canvas)
    share, thick = dice.uniform(0.3, 1.0), int(dice.integers(1, 5))
    for row in range(int(dice.integers(1, 4))):
        shifted = path + row * dice.uniform(8, 30)
        for at in np.arange(0, len(path) - pitch, pitch):
            a = tuple(int(v) for v in shifted[int(at)])
            b = tuple(int(v) for v in shifted[min(int(at + pitch * share), len(path) - 1)])
            cv2.line(drawn, a, b, 255, thick, cv2.LINE_AA)
    ink(canvas, drawn, dye(dice))


def emblem(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A printed or embroidered badge: rings, shields, flags and letters in a few flat colours."""
    x, y, r = place(dice, canvas, 0.05, 0.3)
    below = canvas.light.mean(axis=2, keepdims=True)  # it follows the folds it is printed on
    shading = np.clip(below / max(float(np.median(below)), 1e-3), 0.4, 1.6)
    flat = Canvas(np.ones_like(canvas.light), canvas.index)
    drawn_all = blank(canvas)
    for k in (1.0, 0.85, 0.7, 0.5)[: int(dice.integers(2, 5))]:
        drawn, kind = blank(canvas), int(dice.integers(4))
        size = int(r * k)
        if kind == 0:
            cv2.circle(drawn, (x, y), size, 255, -1, cv2.LINE_AA)
        elif kind == 1:
            cv2.fillPoly(drawn, [turned(dice, x, y, 2 * size, 1.3 * size, 0.0)], 255)
        elif kind == 2:
            cv2.ellipse(drawn, (x, y), (size, int(size * 0.7)), 0, 0, 360, 255, -1, cv2.LINE_AA)
        else:
            shape = np.array([[-1, -1], [1, -1], [1, 0.2], [0, 1.2], [-1, 0.2]]) * size + (x, y)
            cv2.fillPoly(drawn, [shape.astype(np.int32)], 255, cv2.LINE_AA)
        ink(flat, drawn, dye(dice) if dice.random() < 0.7 else dice.choice([0.02, 0.9]))
        drawn_all = np.maximum(drawn_all, drawn)
    if dice.random() < 0.7:
        word, drawn = "".join(dice.choice(list(LETTERS), int(dice.integers(1, 8)))), blank(canvas)
        at = (int(x - r * 0.8), int(y + r * dice.uniform(-0.3, 0.5)))
        cv2.putText(drawn, word, at, FONTS[int(dice.integers(5))], r / 28, 255, max(1, r // 14))
        ink(flat, drawn, dice.choice([0.02, 0.9]))
        drawn_all = np.maximum(drawn_all, drawn)
    share = drawn_all[..., None].astype(np.float32) / 255
    canvas.light[:] = canvas.light * (1 - share) + flat.light * shading * share
    canvas.index[drawn_all > 127] = OTHER


def face(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A head with hair, eyes and a mouth, roughly: what a person shows who shows a bag."""
    x, y, r = place(dice, canvas, 0.08, 0.35)
    tone = np.array([0.62, 0.36, 0.25], np.float32) * np.exp(dice.uniform(-1.8, 0.25))
    hair, head, features = blank(canvas), blank(canvas), blank(canvas)
    cv2.ellipse(hair, (x, y - r // 5), (int(r * 0.95), int(r * 1.25)), 0, 0, 360, 1, -1)
    strands = noise(dice, canvas.side, 12, 3) * 2
    dark = dye(dice) * dice.uniform(0.02, 0.5)
    lay(canvas, hair, matte(dice, strands, np.asarray(dark, np.float32), 0.6), OTHER, dice)
    cv2.ellipse(head, (x, y), (int(r * 0.7), r), dice.normal(0, 10), 0, 360, 1, -1)
    lay(canvas, head, matte(dice, bevel(head, r * 0.6), tone, dice.uniform(0, 0.3)), OTHER, dice)
    for sign in (-1, 1):
        eye = (int(x + sign * r * 0.3), int(y - r * 0.15))
        cv2.ellipse(features, eye, (max(2, r // 7), max(1, r // 14)), 0, 0, 360, 255, -1)
        ink(canvas, features, 0.8)
        pupil = blank(canvas)
        cv2.circle(pupil, eye, max(1, r // 14), 255, -1)
        cv2.ellipse(pupil, (eye[0], eye[1] - r // 5), (r // 5, max(1, r // 30)), 0, 0, 360, 255, -1)
        ink(canvas, pupil, 0.02)
    mouth = blank(canvas)
    cv2.ellipse(mouth, (x, int(y + r * 0.5)), (max(2, r // 4), max(1, r // 12)), 0, 0, 360, 255, -1)
    ink(canvas, mouth, np.array([0.4, 0.06, 0.06]) * dice.uniform(0.4, 1.6))


def film(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Crinkled clear film, as new bags' handles are wrapped in: glints all over, and no metal."""
    path, wide, mask = curve(dice, canvas.side), int(dice.integers(15, 110)), blank(canvas)
    cv2.polylines(mask, [path.astype(np.int32)], False, 255, wide)
    crinkles = noise(dice, canvas.side, dice.uniform(8, 50), 3) * dice.uniform(2, 8)
    glints = mirror(dice, crinkles, (1.0, 1.0, 1.0), room)
    share = cv2.GaussianBlur(mask, (0, 0), 2)[..., None].astype(np.float32) / 255
    canvas.light += share * glints * dice.uniform(0.1, 0.7)
    canvas.light *= 1 - share * dice.uniform(0, 0.3)


def handle(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Round handles and straps of leather, often glossy and dark: a long glint, and no metal."""
    path, wide, mask = curve(dice, canvas.side), int(dice.integers(8, 60)), blank(canvas)
    cv2.polylines(mask, [path.astype(np.int32)], False, 1, wide)
    grain = noise(dice, canvas.side, dice.uniform(3, 14), 2) * dice.uniform(0, 0.5)
    height = np.asarray(bevel(mask, wide * dice.uniform(0.15, 0.5)) + grain, np.float32)
    colour = dye(dice) * dice.choice([0.05, 0.3, 1.0])
    surface = matte(dice, height, np.asarray(colour, np.float32), dice.uniform(0, 1))
    if dice.random() < 0.5:  # lacquered, glazed or wrapped
        gloss = mirror(dice, height, (1.0, 1.0, 1.0), room) * dice.uniform(0.03, 0.25)
        surface = np.asarray(surface + gloss, np.float32)
    lay(canvas, mask, surface, LEATHER, dice)
    if dice.random() < 0.2:
        film(dice, canvas, room)


def phone(dice: Dice, canvas: Canvas, room: F32) -> None:
    """A phone, a card, a tag or a camera: a slab with round corners, lenses or letters on it."""
    x, y, r = place(dice, canvas, 0.1, 0.35)
    slab = blank(canvas)
    a, tall = dice.uniform(0, 180), r * dice.uniform(1.2, 2.2)
    cv2.fillPoly(slab, [turned(dice, x, y, r, tall, a)], 1)
    slab = (cv2.GaussianBlur(slab.astype(np.float32), (0, 0), 0.06 * r + 1) > 0.5).astype(np.uint8)
    colour = np.asarray(dye(dice) * dice.choice([0.05, 1.0]), np.float32)
    height = bevel(slab, dice.uniform(1, 0.1 * r + 2))
    gloss = mirror(dice, height, (1.0, 1.0, 1.0), room) * dice.uniform(0.02, 0.2)
    lay(canvas, slab, np.asarray(matte(dice, height, colour, 0.1) + gloss, np.float32), OTHER, dice)
    t = np.radians(a)
    for k in range(int(dice.integers(0, 4))):
        out = np.array([np.cos(t), np.sin(t)]) * r * (0.22 * k - 0.22)
        at = (int(x + out[0]), int(y + out[1]))
        for share, tone in ((0.16, 0.25), (0.12, 0.01), (0.04, 0.5)):
            drawn = blank(canvas)
            cv2.circle(drawn, at, max(1, int(r * share)), 255, -1, cv2.LINE_AA)
            ink(canvas, drawn, tone)
    if dice.random() < 0.4:
        emblem(dice, canvas, room)


def crease(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Folds, turned edges, piping and glazed edges: lines where a seam might be, without thread."""
    path = curve(dice, canvas.side)
    for row in range(int(dice.integers(1, 4))):
        fold(dice, canvas, path + row * dice.uniform(4, 24))
    if dice.random() < 0.6:
        mask, wide = blank(canvas), int(dice.integers(3, 14))
        cv2.polylines(mask, [path.astype(np.int32)], False, 1, wide)
        under = np.median(canvas.light.reshape(-1, 3)[:: canvas.side], axis=0)
        tone = under * dice.uniform(0.3, 1.8) if dice.random() < 0.7 else dye(dice)
        piping = matte(dice, bevel(mask, wide / 2), np.asarray(tone, np.float32), 0.3)
        lay(canvas, mask, piping, OTHER, dice)


def bokeh(dice: Dice, canvas: Canvas, room: F32) -> None:
    """Lights far out of focus, leaves, glints on water."""
    layer = np.zeros_like(canvas.light)
    for _ in range(int(dice.integers(5, 60))):
        x, y, r = place(dice, canvas, 0.005, 0.06)
        glow = tuple(float(v) for v in (dye(dice) + 0.1) * dice.uniform(0.3, 6))
        cv2.circle(layer, (x, y), r, glow, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (0, 0), dice.uniform(0.5, 6))
    half = np.zeros((canvas.side, canvas.side), np.float32)
    cut = int(dice.uniform(0.2, 0.8) * canvas.side)
    half[:cut] = 1
    canvas.light += soft * half[..., None]
