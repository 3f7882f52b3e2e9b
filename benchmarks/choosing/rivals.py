"""What one would use instead: moments chosen without looking for what they show."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import cv2
import numpy as np

from video_pipeline.toolchain import ffmpeg_path


def evenly(path: Path, seconds: float, number: int) -> list[float]:
    """Moments in the middle of equal parts."""
    return [seconds * (n + 0.5) / number for n in range(number)]


def thumbnail(path: Path, seconds: float, number: int) -> list[float]:
    """The frame that ffmpeg's `thumbnail` filter finds in each of equal parts."""
    found = []
    for n in range(number):
        start, length = seconds * n / number, seconds / number
        arguments = [
            str(ffmpeg_path()), "-v", "info", "-nostdin", "-ss", f"{start:.3f}", "-t",
            f"{length:.3f}", "-i", str(path), "-vf",
            f"thumbnail=n={max(2, int(length * 25))},showinfo", "-frames:v", "1", "-f", "null", "-",
        ]  # fmt: skip
        told = subprocess.run(arguments, capture_output=True, text=True, check=True).stderr
        times = re.findall(r"pts_time:([0-9.]+)", told)
        found.append(start + (float(times[0]) if times else length / 2))
    return found


def sharpest_scenes(path: Path, seconds: float, number: int) -> list[float] | None:
    """PySceneDetect's scenes, the sharpest frame of each, the `number` sharpest in time order.

    Scenes are too few in one long take, so the longest are halved until there are enough. None
    where PySceneDetect is not installed.
    """
    try:
        from scenedetect import ContentDetector, detect  # noqa: PLC0415 - may be missing
    except ImportError:
        return None
    scenes = [
        (a.get_seconds(), b.get_seconds()) for a, b in detect(str(path), ContentDetector())
    ] or [(0.0, seconds)]
    while len(scenes) < number:
        longest = max(range(len(scenes)), key=lambda i: scenes[i][1] - scenes[i][0])
        a, b = scenes.pop(longest)
        scenes += [(a, (a + b) / 2), ((a + b) / 2, b)]
    best: dict[int, tuple[float, float]] = {}
    video = cv2.VideoCapture(str(path))
    rate = video.get(cv2.CAP_PROP_FPS)
    for index in range(int(seconds * rate)):
        grabbed, picture = video.read()
        if not grabbed:
            break
        t = index / rate
        sharp = float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())
        scene = next((n for n, (a, b) in enumerate(scenes) if a <= t < b), None)
        if scene is not None and sharp > best.get(scene, (-np.inf, 0.0))[0]:
            best[scene] = (sharp, t)
    return sorted(t for _, t in sorted(best.values(), reverse=True)[:number])
