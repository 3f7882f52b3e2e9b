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

SWATCHES = 8000
FIRST_SWATCH = 100_000


def main() -> None:
    """Read the command line and run the steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--studio", type=Path, help="stills of training.studio.stills, if any")
    parser.add_argument("--swatches", type=int, default=SWATCHES)
    parser.add_argument("--examples", type=int, default=24_000)
    asked = parser.parse_args()
    try:
        weights = published(installed())
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    swatches, head = asked.out / "swatches", asked.out / "head.pt"
    drawn = len(list(swatches.glob("*_i.png")))
    if drawn < asked.swatches:
        left = ["--count", asked.swatches - drawn, "--first", FIRST_SWATCH + drawn]
        _run("training.swatches", "--out", swatches, *left)
    folders = [swatches, *([asked.studio] if asked.studio else [])]
    pictures = ["--pictures", *folders, "--examples", asked.examples]
    _run("training.train", *pictures, "--weights", weights, "--out", asked.out)
    _run("training.export", head, weights, asked.out / "seeing.onnx")
    print(
        f"{asked.out / 'seeing.onnx'}: put it into video_pipeline/vision/, then fit the judgement"
    )


def _run(module: str, *words: object) -> None:
    subprocess.run([sys.executable, "-m", module, *map(str, words)], check=True)


if __name__ == "__main__":
    main()
