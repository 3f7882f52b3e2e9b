"""Explained pictures: what a detector drew, and below it what each of its colours means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from video_pipeline.resources import shipped
from video_pipeline.vision.detector import Tint

_PAPER = (247, 243, 234)
_INK = (31, 26, 21)
_GAP, _LINE, _SWATCH = 12, 26, 16  # px
_LETTERS = 17  # px


def write_explained(drawn: NDArray[np.uint8], legend: Sequence[Tint], out: Path) -> None:
    """Write one JPEG: a drawn picture HxWx3 BGR as it is, and a line for each tint below it.

    A picture too narrow for the words gets paper at its right.
    """
    picture = Image.fromarray(cv2.cvtColor(drawn, cv2.COLOR_BGR2RGB))
    font = ImageFont.truetype(str(shipped("overlays") / "fonts" / "Inter-Medium.ttf"), _LETTERS)
    indent = _GAP + _SWATCH + _GAP
    widest = max((indent + font.getlength(tint.means) + _GAP for tint in legend), default=0)
    below = 2 * _GAP + _LINE * len(legend) if legend else 0
    page = Image.new("RGB", (max(picture.width, round(widest)), picture.height + below), _PAPER)
    page.paste(picture, (0, 0))
    pen = ImageDraw.Draw(page)
    for number, tint in enumerate(legend):
        y = picture.height + _GAP + _LINE * number + _LINE // 2
        swatch = (_GAP, y - _SWATCH // 2, _GAP + _SWATCH, y + _SWATCH // 2)
        blue, green, red = tint.colour
        pen.rectangle(swatch, fill=(red, green, blue))
        pen.text((indent, y), tint.means, font=font, fill=_INK, anchor="lm")
    page.save(out, "JPEG", quality=90)
