"""Contact sheets: many small pictures on one page, each with a line of plain words below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from video_pipeline.resources import shipped

_PAPER = (247, 243, 234)
_INK = (31, 26, 21)
_GAP = 16
_CAPTION = 34


@dataclass(frozen=True)
class Entry:
    """One picture on a sheet, HxWx3 RGB, and what is said below it."""

    picture: NDArray[np.uint8]
    caption: str


def write_sheet(
    entries: Sequence[Entry], out: Path, *, columns: int = 6, height: int = 420
) -> None:
    """Lay the pictures out in rows, in order, and write one JPEG."""
    pictures = [scaled(entry.picture, height) for entry in entries]
    columns = max(1, min(columns, len(pictures)))
    cell = max(picture.width for picture in pictures)
    rows = -(-len(pictures) // columns)
    size = (_GAP + columns * (cell + _GAP), _GAP + rows * (height + _CAPTION + _GAP))
    sheet = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(shipped("overlays") / "fonts" / "Inter-Medium.ttf"), 19)
    for place, (entry, picture) in enumerate(zip(entries, pictures, strict=True)):
        x = _GAP + (place % columns) * (cell + _GAP)
        y = _GAP + (place // columns) * (height + _CAPTION + _GAP)
        sheet.paste(picture, (x + (cell - picture.width) // 2, y))
        pen.text((x, y + height + 6), _cut_to(entry.caption, font, cell), font=font, fill=_INK)
    sheet.save(out, "JPEG", quality=88)


def scaled(picture: NDArray[np.uint8], height: int) -> Image.Image:
    """A picture, HxWx3 RGB, at another height, its shape kept."""
    if picture.shape[0] == height:
        return Image.fromarray(picture)
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    return Image.fromarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def read(file: Path) -> NDArray[np.uint8]:
    """A picture file as HxWx3 RGB. Raises ValueError when it is none."""
    pixels = cv2.imdecode(np.fromfile(file, dtype=np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"not a picture: {file.name}")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _cut_to(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
