"""Measure what steadying does to real clips: `python -m benchmarks.steadying CLIP...`.

Every two seconds of a clip are taken as one cut, cropped to the placement's shape, and steadied as
planning would. Both are rendered, as filmed and steadied, and the shake that is left is measured in
the finished pictures, by another method than the one that steadied them: phase correlation of
neighbouring frames. Shake is what turns more than once a second (edit.steadying.calm); it is told
in thousandths of the shown width, the median over all frames. `--size` is the output's width:
small, so that clips of any size have pixels to spare. `--pictures` is a folder for strips.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.sway import sway
from video_pipeline.edit.model import Cut
from video_pipeline.edit.steadying import calm, steadied, steady_window, stretch_of
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.pieces import Piece
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path, run

SECONDS = 2


def middle(footage: Footage, placement: Placement) -> Crop:
    """The largest crop that fills the output, in the middle of the picture."""
    aspect = placement.width / placement.height
    width = int(min(footage.width, footage.height * aspect) / 2) * 2
    height = int(width / aspect / 2) * 2
    x, y = (footage.width - width) // 4 * 2, (footage.height - height) // 4 * 2
    return Crop(width, height, (CropKey(0, x, y),))


def rendered(piece: Piece, out: Path) -> NDArray[np.uint8]:
    """The grey pictures of a piece, as a player shows them."""
    run(piece.command(out), deadline_s=120)
    raw = subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-i", str(out), "-pix_fmt", "gray", "-f", "rawvideo",
         "-"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    size = (-1, piece.placement.height, piece.placement.width)
    return np.frombuffer(raw, np.uint8).reshape(size)


def left_shake(pictures: NDArray[np.uint8], rate: float) -> float:
    """How far pictures are off their calm way, the median, in thousandths of their width."""
    _, height, width = pictures.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    steps = [np.zeros(2)]
    for a, b in pairwise(pictures):
        before, after = (p.astype(np.float32) - float(p.mean()) for p in (a, b))
        steps.append(np.array(cv2.phaseCorrelate(before, after, window)[0]))
    places = np.cumsum(steps, axis=0)
    off = places - calm(places, 1.0, rate)
    return 1000 * float(np.median(np.hypot(*off.T))) / width


def strip(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every sixth picture of a second beside each other, with a line that stands still."""
    shown = [cv2.line(p.copy(), (0, len(p) // 2), (p.shape[1], len(p) // 2), 255) for p in pictures]
    return np.hstack(shown[:36:6])


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, steady everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--placement", default="tiktok")
    parser.add_argument("--size", type=int, default=360)
    parser.add_argument("--most", type=int, default=6, help="cuts of a clip")
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args(words)
    place = load_placement(asked.placement)
    height = asked.size * place.height // place.width // 2 * 2
    place = replace(place, width=asked.size, height=height, crf=14)
    print("| clip | cuts | read | steadied | shake before | after | ratio | larger | ms a frame |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as scratch:
        for clip in asked.clips:
            footage, store = probe(clip), Store(Path(scratch) / "store")
            count, read, took, frames = 0, 0, 0.0, round(SECONDS * place.rate)
            before: list[float] = []
            after: list[float] = []
            larger: list[float] = []
            for start in range(0, int(footage.duration) - SECONDS + 1, SECONDS):
                if count == asked.most:
                    break
                count += 1
                cut = Cut(
                    "any", clip.name, Fraction(start), frames, middle(footage, place), (), "", ""
                )
                began = time.perf_counter()
                found = sway(footage, *stretch_of(cut, place.rate), store)
                took += time.perf_counter() - began
                if found is None:
                    continue
                read += 1
                cut = steadied(cut, found, footage, place)
                window = steady_window(cut, found, footage, place.rate)
                if window is None:
                    continue
                out = Path(scratch) / "out.mp4"
                filmed, steady = (
                    rendered(Piece(one, footage, (), place), out)
                    for one in (cut, replace(cut, crop=window))
                )
                before.append(left_shake(filmed, float(place.rate)))
                after.append(left_shake(steady, float(place.rate)))
                larger.append(window.growth)
                if asked.pictures:
                    asked.pictures.mkdir(parents=True, exist_ok=True)
                    both = np.vstack([strip(filmed), strip(steady)])
                    cv2.imwrite(str(asked.pictures / f"{clip.stem}-{start:03d}.png"), both)
            told = "– | – | – | –"
            if before:
                a, b = float(np.median(before)), float(np.median(after))
                ratios = [x / y for x, y in zip(before, after, strict=True)]
                told = (
                    f"{a:.1f} | {b:.1f} | {np.median(ratios):.1f} ({min(ratios):.1f}–"
                    f"{max(ratios):.1f}) | {100 * (np.mean(larger) - 1):.1f} %"
                )
            ms = 1000 * took / max(1, count * frames)
            print(
                f"| {clip.stem} | {count} | {read} | {len(before)} | {told} | {ms:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
