"""Light: a small correction of a whole cut, so that it looks lit like the shots beside it.

Phones hunt for exposure and white balance, so one bag has two colours in two shots. The colour of
the item is evidence: a correction has narrow bounds, is the same for every pixel, and is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_EXPOSURE = 0.25  # stops, either way
MOST_GAIN = 0.04  # of red and blue against green, either way
DISPLAY_GAMMA = 2.4  # ITU-R BT.1886: what a display makes of coded values
# What is nearly white fades into staying as it is: nothing is burnt out by a correction, and what
# the camera burnt out gets no tint.
NEARLY_WHITE = 0.85  # of the coded range


@dataclass(frozen=True)
class Light:
    """How a cut's light is changed: exposure in stops, and red and blue against green.

    All of them are measured in the light that a display gives off. The default changes nothing.
    """

    exposure: float = 0.0
    red: float = 1.0
    blue: float = 1.0

    @property
    def neutral(self) -> bool:
        """Whether it changes nothing."""
        return self == NEUTRAL

    @property
    def within_bounds(self) -> bool:
        """Whether it is as small as a correction has to be."""
        slack = 1e-9
        return abs(self.exposure) <= MOST_EXPOSURE + slack and all(
            abs(gain - 1) <= MOST_GAIN + slack for gain in (self.red, self.blue)
        )

    @property
    def factors(self) -> tuple[float, float, float]:
        """By what coded red, green and blue are multiplied below what is nearly white.

        On a display whose curve is a power, more light by a factor is a larger code by its root.
        """
        green = 2.0**self.exposure
        red, green, blue = (
            gain ** (1 / DISPLAY_GAMMA) for gain in (green * self.red, green, green * self.blue)
        )
        return red, green, blue

    def on(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """An RGB picture HxWx3 in this light; `graph.colour.lit` says the same to ffmpeg."""
        if self.neutral:
            return picture
        code = np.arange(256) / 255
        fade = np.clip((1 - code) / (1 - NEARLY_WHITE), 0, 1)
        tables = [code * (1 + (factor - 1) * fade) for factor in self.factors]
        table = np.rint(np.clip(np.stack(tables, axis=1), 0, 1) * 255).astype(np.uint8)
        return np.stack([table[picture[..., i], i] for i in range(3)], axis=-1)


NEUTRAL = Light()
