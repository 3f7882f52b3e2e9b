"""Augmentation: what phones, messengers and light do to a picture, done to the training pictures.

A training picture comes with the index class of every pixel, so dye and metal can be changed on
their own: the same clasp in gold, silver and gunmetal, the same seam on any leather.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.classes import IS_LEATHER, IS_THREAD, KIND_OF, KINDS, OTHER, STRIDE

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Dice = np.random.Generator

# Pitch of stitches in px of the network: below the first, no stitch can be told from a line; from
# the second on, every one can.
_LOST_PX, _TOLD_PX = 3.0, 4.5
_STITCH_OF_PITCH = 0.8  # a stitch is so long; the rest of the pitch is the gap
_SOFT_PX = 2.2  # blur disc or sigma-times-two in px of the network: single stitches are lost


def _table(indices: Any) -> U8:
    """255 for these index classes, 0 for all others, to look masks up in."""
    table = np.zeros(256, np.uint8)
    table[list(indices)] = 255
    return table


_IS_THREAD, _IS_LEATHER, _IS_METAL = _table(IS_THREAD), _table(IS_LEATHER), _table(KIND_OF)
_IS_LEATHER_OR_OTHER = _table((*IS_LEATHER, OTHER))
_IS_KIND = [_table([i for i, k in KIND_OF.items() if k == kind]) for kind in KINDS]


@dataclass(frozen=True)
class Example:
    """One training example.

    picture  BGR, SxSx3
    maps     what each cell of 8x8 px holds: hardware, stitching, leather, 3 x S/8 x S/8 in 0..1
    weights  how much each of those counts, same shape
    kinds    the kind of hardware of each cell, S/8 x S/8, -1 where there is none
    pitch    binary logarithm of the stitches' pitch in px, S/8 x S/8, 0 where it is not known
    """

    picture: U8
    maps: F32
    weights: F32
    kinds: NDArray[np.int64]
    pitch: F32


def example(dice: Dice, picture: U8, index: U8, blur: U8 | None, side: int) -> Example:
    """Cut, turn, recolour and spoil a picture HxWx3 with its index mask HxW.

    `blur` is the defocus disc of every pixel in eighths of a px, HxW, where it is known.
    """
    place, scale = _placement(dice, picture.shape[0], side)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if scale < 0.8:  # warpAffine does not filter
        picture = cv2.GaussianBlur(picture, (0, 0), 0.42 / scale)
        kind = cv2.INTER_LINEAR
    border = {"borderMode": cv2.BORDER_REFLECT_101}
    picture = cv2.warpAffine(picture, place, (side, side), flags=kind, **border)
    fine = 2 * side  # the mask is kept twice as fine, since thread is thin
    finer = np.diag([2.0, 2.0]) @ place
    long = cv2.warpAffine(
        _stitch_lengths(index), finer, (fine, fine), flags=cv2.INTER_NEAREST, **border
    )
    index = cv2.warpAffine(index, finer, (fine, fine), flags=cv2.INTER_NEAREST, **border)
    soft = np.zeros((side, side), np.float32)
    if blur is not None:
        soft = cv2.warpAffine(blur, place, (side, side), flags=cv2.INTER_LINEAR, **border)
        soft = soft.astype(np.float32) / 8 * scale
    half = np.ascontiguousarray(index[::2, ::2])
    picture = _recoloured(dice, picture, half)
    picture, added = _spoiled(dice, picture)
    pitch = long.astype(np.float32) / 2 * scale / _STITCH_OF_PITCH
    return Example(picture, *_targets(index, np.hypot(soft, added), pitch))


def _placement(dice: Dice, size: int, side: int) -> tuple[NDArray[np.float64], float]:
    scale = float(np.exp(dice.uniform(np.log(0.4), np.log(1.35))))
    turn = dice.choice([0, 90, 180, 270]) + dice.normal(0, 15)
    place = cv2.getRotationMatrix2D((size / 2, size / 2), float(turn), scale)
    place[:, 2] += side / 2 - size / 2
    slack = max(0.0, (size * scale - side) / 2) + 0.1 * side
    place[:, 2] += dice.uniform(-slack, slack, 2)
    if dice.random() < 0.5:
        place[0] = -place[0]
        place[0, 2] += side
    return np.asarray(place, np.float64), scale


def _stitch_lengths(index: U8) -> U8:
    """Length of the stitch at every pixel in half px, 0 where none is or rows run together."""
    thread = cv2.LUT(index, _IS_THREAD)
    if not thread.any():
        return np.zeros_like(index)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(thread, connectivity=4)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    thickness = stats[:, cv2.CC_STAT_AREA] / np.maximum(length, 1)
    length[(length > 10 * thickness) | (length > 60)] = 0
    length[0] = 0
    return np.asarray(np.clip(2 * length, 0, 255).astype(np.uint8)[labels])


def _recoloured(dice: Dice, picture: U8, index: U8) -> U8:
    """Another dye for the leather, another metal for the hardware."""
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).astype(np.float32)
    if dice.random() < 0.5:
        soft = _share(cv2.LUT(index, _IS_LEATHER_OR_OTHER if dice.random() < 0.3 else _IS_LEATHER))
        changed = lab.copy()
        changed[..., 0] *= dice.uniform(0.35, 1.3)
        changed[..., 1:] = 128 + (changed[..., 1:] - 128) * dice.uniform(0, 1.2)
        changed[..., 1:] += dice.normal(0, 14, 2)
        lab += (changed - lab) * soft
    if dice.random() < 0.4:
        soft = _share(cv2.LUT(index, _IS_METAL))
        changed = lab.copy()
        changed[..., 1:] = 128 + (changed[..., 1:] - 128) * dice.choice([0.1, 0.1, 0.5])
        if dice.random() < 0.3:  # gunmetal
            changed[..., 0] = 255 * (changed[..., 0] / 255) ** dice.uniform(1.2, 2.4)
        lab += (changed - lab) * soft
    clipped = np.clip(lab, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(clipped, cv2.COLOR_LAB2BGR), np.uint8)


def _share(mask: Any) -> F32:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None], np.float32) / 255


def _spoiled(dice: Dice, picture: U8) -> tuple[U8, float]:
    """Light, lens, shake, noise, captions and compression; and how wide the blur of it is, px."""
    real = picture.astype(np.float32) / 255
    real = np.clip(real, 0, 1) ** np.exp(dice.normal(0, 0.25))
    real = (real - 0.5) * dice.uniform(0.65, 1.3) + 0.5 + dice.normal(0, 0.07)
    real *= 1 + dice.normal(0, 0.07, 3).astype(np.float32)
    grey = real.mean(axis=2, keepdims=True)
    real = grey + (real - grey) * (0.0 if dice.random() < 0.04 else dice.uniform(0.5, 1.4))
    side, blur = real.shape[0], 0.0
    if dice.random() < 0.3:
        y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - dice.uniform(0.2, 0.8)
        real *= np.exp(dice.normal(0, 0.8) * x + dice.normal(0, 0.8) * y)[..., None]
    which = dice.random()
    if which < 0.3:
        sigma = dice.uniform(0.3, 1.2) if which < 0.2 else dice.uniform(1.2, 3)
        real, blur = cv2.GaussianBlur(real, (0, 0), sigma), 2 * sigma
    elif which < 0.42:
        long, a = int(dice.integers(3, 14)), dice.uniform(0, 3.1416)
        kernel = np.zeros((long, long), np.float32)
        mid = (long - 1) / 2
        d = np.array([np.cos(a), np.sin(a)]) * mid
        p, q = (tuple(round(v) for v in mid + k * d) for k in (-1, 1))
        cv2.line(kernel, p, q, 1.0)
        real, blur = cv2.filter2D(real, -1, kernel / max(float(kernel.sum()), 1e-6)), long * 0.8
    elif which < 0.6:  # as phones sharpen
        real += dice.uniform(0.3, 1.5) * (real - cv2.GaussianBlur(real, (0, 0), 1.0))
    if dice.random() < 0.5:
        grain = dice.standard_normal(real.shape, np.float32) * np.float32(dice.uniform(0.005, 0.06))
        if dice.random() < 0.5:
            grain = 1.8 * cv2.GaussianBlur(grain, (0, 0), 0.8)
        real += grain
    spoiled = (255 * np.clip(real, 0, 1)).astype(np.uint8)
    if dice.random() < 0.15:
        size = int(side * dice.uniform(0.5, 0.9))
        small = cv2.resize(spoiled, (size, size), interpolation=cv2.INTER_AREA)
        spoiled = np.asarray(cv2.resize(small, (side, side)), np.uint8)
        blur = float(np.hypot(blur, side / size - 1))
    if dice.random() < 0.6:
        quality = int(dice.integers(25, 95))
        _, code = cv2.imencode(".jpg", spoiled, [cv2.IMWRITE_JPEG_QUALITY, quality])
        spoiled = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    return spoiled, blur


def _targets(index: U8, soft: Any, pitch: F32) -> tuple[F32, F32, NDArray[np.int64], F32]:
    """What the cells hold; stitches too soft to tell count neither way."""
    cells = index.shape[0] // (2 * STRIDE)

    def filled(table: U8) -> F32:
        share = cv2.resize(cv2.LUT(index, table), (cells, cells), interpolation=cv2.INTER_AREA)
        return np.asarray(share, np.float32) / 255

    metal = np.clip(1.6 * filled(_IS_METAL), 0, 1)
    thread = np.clip(6 * filled(_IS_THREAD), 0, 1)
    leather = filled(_IS_LEATHER)
    blurred = cv2.resize(soft.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    weights = np.ones((3, cells, cells), np.float32)
    weights[1][(thread > 0) & (blurred > _SOFT_PX)] = 0
    weights[0][(metal > 0) & (blurred > 4 * _SOFT_PX)] = 0
    known = cv2.resize((pitch > 0).astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    mean = cv2.resize(pitch, (cells, cells), interpolation=cv2.INTER_AREA)
    mean = np.where(known > 0.02, mean / np.maximum(known, 1e-6), 0).astype(np.float32)
    lost = (mean > 0) & (mean < _LOST_PX)
    weights[1][(mean >= _LOST_PX) & (mean < _TOLD_PX)] = 0
    thread = np.where(lost, 0, thread)
    # Where rows run together there are stitches, or hardly any more.
    weights[1] = np.where((thread > 0) & (mean == 0), np.minimum(weights[1], 0.3), weights[1])
    told = np.where((thread > 0.2) & (mean >= _LOST_PX), np.log2(np.maximum(mean, 1)), 0)
    kinds = np.full((cells, cells), -1, np.int64)
    most = np.zeros((cells, cells), np.float32)
    for number, table in enumerate(_IS_KIND if metal.any() else ()):
        share = filled(table)
        better = share > np.maximum(most, 0.3)
        kinds[better], most[better] = number, share[better]
    maps = np.stack([metal, thread, leather]).astype(np.float32)
    return maps, weights, kinds, told.astype(np.float32)
