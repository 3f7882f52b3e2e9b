"""Stills: `python -m training.studio.stills --out DIR [--first 0] [--scenes 24] [--size 384]`.

Every scene has its own seed, style and dye, and gives up to nine pictures: the whole bag, hardware,
seams and distractors from near and far, some turned. `NNNN_J_KIND.jpg`, the index mask `_i.png`
and the defocus disc of every pixel in eighths of a px, `_c.png`.
"""

import argparse
import colorsys
import os
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from training.studio import materials
from training.studio.lens import APERTURE, Sensor, defocus, tone
from training.studio.scene import Studio
from training.studio.scene_geometry import look_at
from training.studio.script import close_pose, safe_eye

STYLES = ("flap", "tote", "pouch")
KINDS = ("whole", *("hardware",) * 3, *("stitching",) * 2, "distractor", "stitching", "hardware")
SCENES = 24  # that the network that ships was taught on
_FEW_SAMPLES = 2  # a pixel; the denoiser does the rest


def scene(number: int, size: int, out: Path) -> None:
    """Build the scene of that number and render its pictures."""
    seed = 50000 + 17 * number
    dice = np.random.default_rng(seed)
    _dye(dice)
    style = STYLES[number % 3]
    studio = Studio(seed, style, bool(style != "pouch" and dice.random() < 0.15))
    for j, kind in enumerate(KINDS):
        anchors = [a for a in studio.bag.anchors if a["kind"] == kind]
        if kind == "whole" or anchors:
            picture, index, disc = _picture(dice, studio, kind, anchors, size)
            name = f"{number:04d}_{j}_{kind}"
            cv2.imwrite(str(out / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 93])
            cv2.imwrite(str(out / f"{name}_i.png"), index)
            cv2.imwrite(str(out / f"{name}_c.png"), disc)


def _dye(dice):
    """Ten more leathers of any hue beside those with names."""
    for i in range(10):
        hue, saturation = dice.random(), dice.uniform(0, 0.8)
        value = dice.uniform(0.01, 0.7) ** 1.3 + 0.01
        materials.LEATHERS[f"any{i}"] = tuple(colorsys.hsv_to_rgb(hue, saturation, value))


def _picture(dice, studio, kind, anchors, size):
    """One picture BGR, its index mask and its defocus discs, each size x size."""
    focal = dice.uniform(1.0, 1.5) * size
    width, height, depth = studio.bag.dim
    if kind == "whole":
        az, el = np.radians(dice.uniform(-60, 60)), np.radians(dice.uniform(5, 55))
        distance = max(width, height) * dice.uniform(0.8, 1.4) * focal / size + depth * 0.4
        target = np.array([0, -1.0, height * 0.46])
        way = np.array([np.sin(az) * np.cos(el), -np.cos(az) * np.cos(el), np.sin(el)])
        eye = target + distance * way
    else:
        anchor = anchors[dice.integers(len(anchors))]
        loose, up, side = dice.uniform(0.5, 1.8), dice.uniform(0, 0.8), dice.uniform(-0.9, 0.9)
        eye, target = close_pose(dice, anchor, focal, size, loose, up, side)
        target = target + dice.normal(0, 0.12 * anchor["size"], 3)
    pose = look_at(safe_eye(eye), target, np.radians(dice.normal(0, 25)))
    part = os.path.join(tempfile.gettempdir(), f"still_{os.getpid()}.exr")
    light, z, index = studio.render(pose, size, size, focal, _FEW_SAMPLES, part)
    middle = slice(size * 3 // 8, size * 5 // 8)
    focused = float(np.median(z[middle, middle]))
    disc = np.minimum(APERTURE * focal * np.abs(1 / z - 1 / focused), 34).astype(np.float32)
    seen = defocus(light, disc)
    mean = np.exp(np.mean(np.log(seen.mean(-1) + 0.004))) ** 0.75
    mean *= (float(np.percentile(seen, 97)) * 0.35) ** 0.25
    sensor = Sensor(dice, size, size, 0.6)
    gain = 0.19 / mean * 2 ** dice.normal(0, 0.3)
    picture = tone(seen, sensor=sensor, gain=gain, wb=1 + dice.normal(0, 0.04, 3))
    return picture[..., ::-1], index, np.clip(disc * 8, 0, 255).astype(np.uint8)


def main() -> None:
    """Read the command line and render."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--size", type=int, default=384)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    for number in range(asked.first, asked.first + asked.scenes):
        started = time.monotonic()
        scene(number, asked.size, asked.out)
        print(f"scene {number}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
