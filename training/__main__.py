"""The whole recipe: `python -m training --out DIR [--studio DIR]`, which `make train` calls.

Draws the swatches, takes the studio's stills when there are any, trains, and exports
`DIR/seeing.onnx`. Swatches that are there already are not drawn again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from training.imagenet import installed, published

# What the network that ships was made with (README.md).
SWATCHES = 7200
STEPS, STOP = 1000, 450
FIRST_SWATCH = 100_000


def main() -> None:
    """Read the command line and run the steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--studio", type=Path, help="stills of training.studio.stills, if any")
    parser.add_argument("--swatches", type=int, default=SWATCHES)
    parser.add_argument("--steps", type=int, default=STEPS, help="over which the rate falls")
    parser.add_argument("--stop", type=int, default=STOP, help="steps after which training ends")
    asked = parser.parse_args()
    if not 1 <= asked.stop <= asked.steps:
        parser.error("1 <= --stop <= --steps is needed")
    try:
        weights = published(installed())
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    swatches, head = asked.out / "swatches", asked.out / "head.pt"
    drawn = len(list(swatches.glob("*_i.png")))
    if drawn > asked.swatches:
        sys.exit(
            f"{swatches} holds {drawn} swatches, more than {asked.swatches}: choose another --out"
        )
    if drawn < asked.swatches:
        left = ["--count", asked.swatches - drawn, "--first", FIRST_SWATCH + drawn]
        _run("training.swatches", "--out", swatches, *left)
    folders = [swatches, *([asked.studio] if asked.studio else [])]
    pictures = ["--pictures", *folders, "--weights", weights, "--out", asked.out]
    _run("training.train", *pictures, "--steps", asked.steps, "--stop", asked.stop)
    _run("training.export", head, weights, asked.out / "seeing.onnx")
    print(
        f"{asked.out / 'seeing.onnx'}: put it into video_pipeline/vision/, then fit the judgement"
    )


def _run(module: str, *words: object) -> None:
    subprocess.run([sys.executable, "-m", module, *map(str, words)], check=True)


if __name__ == "__main__":
    main()
