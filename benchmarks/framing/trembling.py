"""Measure how a push-in trembles: `python -m benchmarks.framing.trembling`.

A grid of soft dots is enlarged by 6 % over two seconds, 1080x1920, by each of the ways that ffmpeg
has. Printed is how far the dots are from where they should be, how much that changes from frame to
frame (the second difference), in pixels of the output, and the CPU milliseconds a frame that the
filters take.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.toolchain import ffmpeg_path

WIDTH, HEIGHT, FRAMES, GROWTH = 1080, 1920, 60, 0.06
REACH = 14  # px around a dot
DOTS = [(x, y) for y in range(120, HEIGHT - 100, 240) for x in range(90, WIDTH - 60, 225)]


def grid() -> NDArray[np.uint8]:
    """Soft dots on grey."""
    picture = np.full((HEIGHT, WIDTH), 60.0)
    at = np.arange(-12, 13)
    spot = 150 * np.exp(-(at[:, None] ** 2 + at[None, :] ** 2) / 18)
    for x, y in DOTS:
        picture[y - 12 : y + 13, x - 12 : x + 13] += spot
    return picture.clip(0, 255).astype(np.uint8)


def ways() -> dict[str, str]:
    """Filters that push in, by what they are called in the table."""
    last = FRAMES - 1
    pan = (
        f"zoompan=z='1+{GROWTH}*on/{last}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"
        f":d=1:s={WIDTH}x{HEIGHT}:fps=30"
    )
    zoom = f"(1+{GROWTH}*n/{last})"
    scaled = (
        f"scale=w='2*round({WIDTH}*{zoom}/2)':h='2*round({HEIGHT}*{zoom}/2)':eval=frame"
        f":flags=lanczos,crop={WIDTH}:{HEIGHT}"
    )

    def perspective(interpolation: str) -> str:
        half = f"/2/(1+{GROWTH}*(in-1)/{last})"
        left, right = f"W/2-W{half}", f"W/2+W{half}"
        top, bottom = f"H/2-H{half}", f"H/2+H{half}"
        corners = f"{left}:{top}:{right}:{top}:{left}:{bottom}:{right}:{bottom}"
        return f"perspective={corners}:interpolation={interpolation}:eval=frame"

    return {
        "none (at rest)": "null",
        "zoompan": pan,
        "zoompan on 4 times the size": f"scale={4 * WIDTH}:-2:flags=lanczos,{pan}",
        "scale of each frame, then crop": scaled,
        "perspective, linear": perspective("linear"),
        "perspective, cubic": perspective("cubic"),
        "perspective, cubic, full chroma": f"format=yuv444p,{perspective('cubic')}",
    }


def drawn(source: Path, filters: str) -> tuple[NDArray[np.uint8], float]:
    """The frames that filters make of a picture, and CPU milliseconds a frame."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    raw = subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-nostdin", "-loop", "1", "-framerate", "30",
         "-i", str(source), "-vf", f"format=yuv420p,{filters}", "-frames:v", str(FRAMES),
         "-pix_fmt", "gray", "-f", "rawvideo", "-"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    frames = np.frombuffer(raw, dtype=np.uint8).reshape(-1, HEIGHT, WIDTH)
    return frames, 1000 * cpu_s / FRAMES


def off(frames: NDArray[np.uint8], growth: float) -> NDArray[np.float64]:
    """How far each dot is from its place, (frames, dots, 2) px; NaN where it left the picture."""
    found = np.full((len(frames), len(DOTS), 2), np.nan)
    middle, size = np.array((WIDTH, HEIGHT)) / 2, np.array((WIDTH, HEIGHT))
    at = np.arange(-REACH, REACH + 1)
    for n, picture in enumerate(frames):
        zoom = 1 + growth * n / (FRAMES - 1)
        for i, dot in enumerate(DOTS):
            place = (np.array(dot) + 0.5 - middle) * zoom + middle - 0.5
            x, y = (round(v) for v in place)
            if min(x, y) < REACH or (np.array((x, y)) + REACH >= size).any():
                continue
            light = picture[y - REACH : y + REACH + 1, x - REACH : x + REACH + 1] - 60.0
            light[light < 8] = 0
            if total := light.sum():
                seen = light.sum(axis=0) @ at / total, light.sum(axis=1) @ at / total
                found[n, i] = np.array((x, y)) + seen - place
    return found


def main() -> None:
    """Draw by each way and print the table."""
    print("| way | off by, rms px | from frame to frame, rms px | CPU ms a frame |")
    print("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "dots.png"
        cv2.imwrite(str(source), grid())
        resting = 0.0
        for name, filters in ways().items():
            frames, cpu_ms = drawn(source, filters)
            resting = resting or cpu_ms
            found = off(frames, 0.0 if filters == "null" else GROWTH)
            rms, leaps = (
                float(np.sqrt(np.nanmean(np.square(v)))) for v in (found, np.diff(found, 2, axis=0))
            )
            print(f"| {name} | {rms:.2f} | {leaps:.2f} | {max(0.0, cpu_ms - resting):.0f} |")


if __name__ == "__main__":
    main()
