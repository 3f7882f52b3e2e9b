"""Colour by the books: what a camera writes for a colour, and how far apart two colours look.

Nothing here is the product's; formulas are taken from the standards that are named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WHITE_NITS = 203  # ITU-R BT.2408, table 1: diffuse white in HDR
GAMMA = 2.4  # ITU-R BT.1886: how a screen shows SDR video
# Chromaticities (x, y) of red, green and blue (ITU-T H.273, table 2); the white of all is D65.
PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt470bg": ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    "smpte170m": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
D65 = (0.3127, 0.3290)
# Kr, Kb (ITU-T H.273, table 4).
WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "bt2020nc": (0.2627, 0.0593),
}


@dataclass(frozen=True)
class Written:
    """How a camera writes colour, in ffmpeg's names. `tagged` says that it also says so."""

    matrix: str = "bt709"
    primaries: str = "bt709"
    transfer: str = "bt709"
    full: bool = False
    tagged: bool = True

    @property
    def tags(self) -> str:
        """ffmpeg's filter that writes the tags; empty where there are none."""
        if not self.tagged:
            return ""
        return (
            f"setparams=colorspace={self.matrix}:color_primaries={self.primaries}:"
            f"color_trc={self.transfer}:range={'pc' if self.full else 'tv'}"
        )


def to_xyz(primaries: str) -> Floats:
    """The matrix from linear RGB to CIE XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in PRIMARIES[primaries]]).T
    white = np.array([D65[0] / D65[1], 1, (1 - D65[0] - D65[1]) / D65[1]])
    return columns * np.linalg.solve(columns, white)


def signal(shown: Floats, how: Written) -> Floats:
    """R'G'B' that a camera writes so that a screen shows `shown`, BT.709 R'G'B' from 0 to 1.

    Where nothing is wide, the numbers are the same.
    """
    if how.primaries in ("bt709", "bt470bg", "smpte170m") and how.transfer not in HDR:
        return shown
    light = shown**GAMMA
    light = light @ (np.linalg.inv(to_xyz(how.primaries)) @ to_xyz("bt709")).T
    light = np.clip(light, 0, None)
    return HDR[how.transfer](light * WHITE_NITS) if how.transfer in HDR else light ** (1 / GAMMA)


def _pq(nits: Floats) -> Floats:
    """SMPTE ST 2084, equation 5.2."""
    power = (nits / 10_000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def _hlg(nits: Floats) -> Floats:
    """ITU-R BT.2100, table 5: the inverse OOTF of a screen of 1000 nits, then the OETF."""
    shown = nits / 1000
    luma = shown @ np.array([0.2627, 0.6780, 0.0593])
    scene = shown * np.maximum(luma, 1e-9)[..., None] ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    low = np.sqrt(3 * scene)
    high = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    return np.where(scene <= 1 / 12, low, high)


HDR = {"smpte2084": _pq, "arib-std-b67": _hlg}


def coded(rgb: Floats, matrix: str, *, full: bool, depth: int) -> Floats:
    """Y, Cb, Cr of R'G'B' from 0 to 1, not yet rounded (ITU-T H.273, 8.3)."""
    kr, kb = WEIGHTS[matrix]
    y = rgb @ np.array([kr, 1 - kr - kb, kb])
    cb, cr = (rgb[..., 2] - y) / (2 * (1 - kb)), (rgb[..., 0] - y) / (2 * (1 - kr))
    step = 2 ** (depth - 8)
    most = 2**depth - 1
    planes = (
        (most * y, 128 * step + most * cb, 128 * step + most * cr)
        if full
        else ((16 + 219 * y) * step, (128 + 224 * cb) * step, (128 + 224 * cr) * step)
    )
    return np.stack(planes)


def shown_by(planes: NDArray[np.uint8]) -> Floats:
    """R'G'B', 0 to 1, of 8-bit 4:4:4 BT.709 planes of limited range, `(3, height, width)`."""
    y = (planes[0].astype(float) - 16) / 219
    cb, cr = ((plane.astype(float) - 128) / 224 for plane in planes[1:])
    kr, kb = WEIGHTS["bt709"]
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.clip(np.stack((red, green, blue), axis=-1), 0, 1)


def lab(rgb: Floats) -> Floats:
    """CIE L*a*b* under D65 of BT.709 R'G'B' from 0 to 1, as a screen shows it."""
    xyz = (rgb**GAMMA) @ to_xyz("bt709").T
    white = to_xyz("bt709").sum(axis=1)
    share = xyz / white
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def apart(one: Floats, other: Floats) -> Floats:
    """CIEDE2000 between colours in L*a*b* (ISO/CIE 11664-6; Sharma, Wu and Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    chroma = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    grow = 1.5 - 0.5 * np.sqrt(chroma / (chroma + 25.0**7))
    a1, a2 = a1 * grow, a2 * grow
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    turn = np.where((turn == -180) & (h2 > h1), 180, turn)
    deep = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    light, strong = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(
        grey, h1 + h2, np.where(abs(h1 - h2) <= 180, (h1 + h2) / 2, (h1 + h2 + 360) / 2 % 360)
    )
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    sl = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * strong, 1 + 0.015 * strong * t
    bent = 60 * np.exp(-(((hue - 275) / 25) ** 2))
    rt = -2 * np.sqrt(strong**7 / (strong**7 + 25.0**7)) * np.sin(np.radians(bent))
    dl, dc, dh = (l2 - l1) / sl, (c2 - c1) / sc, deep / sh
    return np.asarray(np.sqrt(dl**2 + dc**2 + dh**2 + rt * dc * dh))
