"""The screen: what an SDR screen shows of the colours a camera wrote.

Analysis sees footage as it will be rendered, or its measures would be those of another picture:
here the same is done to an array as `graph/colour.py` has ffmpeg do, by the same curve.

HDR keeps its light as it is up to `KNEE` of diffuse white, and bends from there on so that `PEAK`
is the brightest that a screen shows. White then comes out a little below the screen's own, and
highlights keep their shape.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from video_pipeline.footage.model import Colour, Transfer

WHITE_NITS = 203  # ITU-R BT.2408: diffuse white in HDR
PEAK = 1000 / WHITE_NITS  # as bright as phones write, and the screen that HLG is meant for
KNEE = 0.6  # of diffuse white: skin and leather stay below it

# What is wider than BT.709 to the eye; PAL's and NTSC's own primaries are as good as its.
WIDE = {"bt2020", "smpte431", "smpte432"}

_MATRICES = {
    "bt709": Colorspace.ITU709,
    "bt470bg": Colorspace.ITU601,
    "smpte170m": Colorspace.ITU601,
    "bt2020nc": Colorspace.BT2020,
    "bt2020c": Colorspace.BT2020,
}
# Linear light to BT.709 (SMPTE RP 177, from the chromaticities of ITU-T H.273, table 2).
_TO_BT709 = {
    "bt2020": ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    "smpte432": ((1.2249, -0.2249, 0.0), (-0.0420, 1.0420, 0.0), (-0.0197, -0.0786, 1.0983)),
    # SMPTE 431's white is greenish; its primaries are those of SMPTE 432, and phones mean those.
    "smpte431": ((1.2249, -0.2249, 0.0), (-0.0420, 1.0420, 0.0), (-0.0197, -0.0786, 1.0983)),
}
_BT2020_LUMA = np.array([[0.2627, 0.6780, 0.0593]], dtype=np.float32)
_GAMMA = 2.4  # ITU-R BT.1886
_DEEP = 4096  # steps of a camera's signal that are told apart: 12 bits
_FINE = 65_535  # steps of linear light; the dark ones are the ones that are needed


def on_screen(frame: VideoFrame, colour: Colour, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A decoded frame at `size` (width, height) as stored, BGR, uint8, height x width x 3."""
    read: dict[str, Any] = {
        "width": size[0],
        "height": size[1],
        "src_colorspace": _MATRICES[colour.matrix],
        "src_color_range": ColorRange.JPEG if colour.full_range else ColorRange.MPEG,
    }
    if frame.format.is_rgb:
        read = {"width": size[0], "height": size[1]}
    if colour.transfer == "sdr" and colour.primaries not in WIDE:
        return np.asarray(frame.reformat(format="bgr24", **read).to_ndarray(), np.uint8)
    signal = frame.reformat(format="rgb48le", **read).to_ndarray()
    return shown(np.asarray(signal, np.uint16), colour)


def shown(signal: NDArray[np.uint16], colour: Colour) -> NDArray[np.uint8]:
    """R'G'B' as a camera wrote it, uint16 in full range, as an SDR screen shows it, BGR, uint8."""
    light: NDArray[np.float32] = np.take(_linear(colour.transfer), signal >> 4)
    if colour.transfer == "hlg":  # the screen's part: ITU-R BT.2100, table 5, OOTF
        luma = cv2.transform(light, _BT2020_LUMA)
        light *= (PEAK * np.asarray(cv2.pow(luma, 0.2), np.float32))[..., None]
    if colour.primaries in _TO_BT709:
        matrix = np.array(_TO_BT709[colour.primaries], dtype=np.float32)
        light = np.asarray(cv2.transform(light, matrix), np.float32)
    if colour.transfer != "sdr":
        bend(light)
    steps = np.clip(light, 0, 1) * _FINE
    encoded: NDArray[np.uint8] = np.take(_encoded(), steps.astype(np.uint16))
    return np.ascontiguousarray(encoded[..., ::-1])


def bend(light: NDArray[np.float32]) -> None:
    """Bring light, a share of diffuse white, below 1, in place and hue by hue.

    ffmpeg's `tonemap=mobius`: a hyperbola that leaves the straight line at `KNEE` with its slope
    and reaches 1 at `PEAK`; what it does to the strongest of red, green and blue is done to all.
    """
    strongest = light.max(axis=-1)
    bright = strongest > KNEE
    a = -(KNEE**2) * (PEAK - 1) / (KNEE**2 - 2 * KNEE + PEAK)
    b = (KNEE**2 - 2 * KNEE * PEAK + PEAK) / (PEAK - 1)
    much = strongest[bright]
    light[bright] *= ((KNEE + b) ** 2 / (b - a) * (much + a) / (much + b) / much)[:, None]


@cache
def _linear(transfer: Transfer) -> NDArray[np.float32]:
    """Light by a camera's signal: a share of diffuse white; HLG's of the scene's peak."""
    signal = np.arange(_DEEP) / (_DEEP - 1)
    if transfer == "pq":  # SMPTE ST 2084, equation 4.1
        power = signal ** (1 / 78.84375)
        light = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
        light = light ** (1 / 0.1593017578125) * 10_000 / WHITE_NITS
    elif transfer == "hlg":  # ITU-R BT.2100, table 5, inverse OETF
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    else:
        light = signal**_GAMMA
    return light.astype(np.float32)


@cache
def _encoded() -> NDArray[np.uint8]:
    """A screen's 8-bit signal by linear light."""
    light = np.arange(_FINE + 1) / _FINE
    return np.rint(255 * light ** (1 / _GAMMA)).astype(np.uint8)
