"""Codes: the QR and Data Matrix codes that a picture shows, read.

Whoever printed a code decided what it says. So its text is only ever compared, by `trust`; it is
never opened, and a code that holds what cannot be printed, or too much of it, is passed over here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from video_pipeline.geometry import Box

VERSION = version("zxing-cpp")
_KINDS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix])
_MOST = 8  # codes of one picture: a sheet of labels is no certificate
_MOST_CHARACTERS = 400  # an address to check a certificate at has at most 300


@dataclass(frozen=True)
class Code:
    """A code that was read: what it says, printable and without spaces around, and where it is."""

    text: str
    box: Box


def codes(grey: NDArray[np.uint8]) -> tuple[Code, ...]:
    """The codes of a grey picture HxW, by their text; of two alike the first.

    Half a millisecond for 960x540. Dark modules on a light ground only, and modules of about two
    pixels at least: see "Codes" in benchmarks/RESULTS.md.
    """
    height, width = grey.shape
    # Turned codes are found all the same: `try_rotate` is about bar codes.
    found = zxingcpp.read_barcodes(
        grey, formats=_KINDS, try_rotate=False, try_downscale=False, try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
    )  # fmt: skip
    read: dict[str, Code] = {}
    for code in found[:_MOST]:
        text = code.text.strip()
        if not text or len(text) > _MOST_CHARACTERS or not text.isprintable():
            continue
        p = code.position
        corners = (p.top_left, p.top_right, p.bottom_right, p.bottom_left)
        xs, ys = [c.x / width for c in corners], [c.y / height for c in corners]
        left, top = max(0.0, min(xs)), max(0.0, min(ys))
        right, bottom = min(1.0, max(xs)), min(1.0, max(ys))
        if left < right and top < bottom:
            read.setdefault(text, Code(text, Box(left, top, right, bottom)))
    return tuple(read[text] for text in sorted(read))
