"""Measure the memory of everything `render` runs on a long 4K60 HEVC source.

    python benchmarks/memory.py [--minutes 10] [--source FILE]

The source is made cheaply: six seconds of the sample's take as 2160x3840, 60 frames a second, HEVC
Main10 tagged as HLG, repeated by stream copy. Four times a second the memory of the whole process
tree is added up: PSS, in which a page that several processes share is counted once, from /proc
(Linux alone).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import yaml

from video_pipeline.resources import shipped
from video_pipeline.toolchain import ffmpeg_path

SAMPLE = shipped("samples") / "cognac-pouch"
_MB = 1024  # kB


def make_source(folder: Path, minutes: float) -> Path:
    """A 4K60 HEVC file of so many minutes."""
    short, long = folder / "short.mp4", folder / "long.mp4"
    ffmpeg = [str(ffmpeg_path()), "-v", "error", "-y"]
    subprocess.run(
        [*ffmpeg, "-ss", "4", "-t", "6", "-i", str(SAMPLE / "take.mp4"), "-vf",
         "scale=2160:3840,fps=60,format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast",
         "-x265-params", "log-level=error:keyint=60", "-tag:v", "hvc1", "-crf", "28", "-an",
         "-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc",
         str(short)], check=True,
    )  # fmt: skip
    subprocess.run(
        [*ffmpeg, "-stream_loop", str(round(minutes * 10) - 1), "-i", str(short), "-c", "copy",
         "-tag:v", "hvc1", str(long)], check=True,
    )  # fmt: skip
    return long


def tree(root: int) -> list[int]:
    """A process and all that it started, as far as they run."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    found, queue = [], [root]
    while queue:
        found.append(queue.pop())
        queue += parents.get(found[-1], [])
    return found


def pss_mb(process: int) -> float:
    """The proportional set size of a process; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / _MB
    return 0.0


def measure(source: Path, folder: Path) -> None:
    """Render a listing of `source` and print the peak of each stage."""
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
    page.update(footage=[str(source)], certificates=[])
    page["condition"]["notes"] = []
    listing = folder / "listing.yaml"
    listing.write_text(yaml.safe_dump(page, allow_unicode=True), encoding="utf-8")
    log = folder / "log.txt"
    began = time.monotonic()
    with log.open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "video_pipeline", "render", str(listing), "-o",
             str(folder / "out"), "--cache", str(folder / "cache")],
            stdout=subprocess.DEVNULL, stderr=said,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        )  # fmt: skip
    peaks: dict[str, tuple[float, int, float]] = {}
    while child.poll() is None:
        processes = tree(child.pid)
        sizes = [pss_mb(process) for process in processes]
        lines = log.read_text(errors="replace").split()
        stages = ("looking", "steadying", "encoding", "joining", "packing")
        stage = next((word for word in reversed(lines) if word in stages), "starting")
        peaks[stage] = max(peaks.get(stage, (0.0, 0, 0.0)), (sum(sizes), len(sizes), sizes[0]))
        time.sleep(0.25)
    print(f"ended with {child.returncode} after {time.monotonic() - began:.0f} s")
    if child.returncode:
        print(log.read_text(errors="replace")[-2000:])
    for stage, (peak, count, own) in peaks.items():
        print(f"{stage:<10} {peak:5.0f} MB in {count} processes, {own:.0f} in the command's")


def main() -> None:
    """Make the source unless one is given, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--source", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        source = options.source or make_source(Path(folder), options.minutes)
        measure(source.resolve(), Path(folder))


if __name__ == "__main__":
    main()
