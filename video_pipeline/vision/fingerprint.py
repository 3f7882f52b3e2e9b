"""Fingerprints: to tell near-duplicate pictures apart from different ones, in 64 bits."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 32
_KEPT = 8


def fingerprint(grey: NDArray[np.uint8]) -> int:
    """64-bit perceptual hash of a grey picture HxW: signs of its lowest DCT coefficients.

    The 8x8 lowest frequencies against their median, row by row, first bit highest (Zauner 2010).
    Brightness and contrast hardly matter, a shift of a few percent changes a few bits.
    """
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:_KEPT, :_KEPT].ravel()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def distance(a: int, b: int) -> int:
    """In how many of the 64 bits two fingerprints differ."""
    return (a ^ b).bit_count()
