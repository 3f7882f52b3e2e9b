"""Draw swatches: `python -m training.swatches --out DIR --count N [--first N]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.swatches.scene import swatch


def main() -> None:
    """Write `NAME.jpg` and its index mask `NAME_i.png`; a number always gives the same swatch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--first", type=int, default=100_000)
    parser.add_argument("--side", type=int, default=384)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    for number in range(asked.first, asked.first + asked.count):
        picture, index = swatch(np.random.default_rng(number), asked.side)
        cv2.imwrite(str(asked.out / f"{number}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 93])
        cv2.imwrite(str(asked.out / f"{number}_i.png"), index)


if __name__ == "__main__":
    main()
