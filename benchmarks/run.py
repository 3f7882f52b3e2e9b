"""Measure what the project promises, and append the figures to RESULTS.md with the commit.

    python benchmarks/run.py [encoder] [render]

encoder   x264 settings on the sample's take, cropped and scaled as a piece is: CPU seconds, bytes
          and VMAF (harmonic mean over every fifth frame) against the unencoded picture
render    the sample listing: cold, again, with another price, and with two more placements; wall
          seconds, as multiples of the time that encoding its pieces alone took

The machine may be busy, so only ratios within one run mean anything.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import yaml

from video_pipeline.resources import shipped
from video_pipeline.toolchain import ffmpeg_path, ffmpeg_version

HERE = Path(__file__).parent
SAMPLE = shipped("samples") / "cognac-pouch"


def child_cpu_s(arguments: list[str]) -> tuple[float, str]:
    """CPU seconds of a child, and what it wrote to standard error."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stderr


def encoder() -> list[str]:
    """One row for each setting."""
    ffmpeg = str(ffmpeg_path())
    span = ["-ss", "4", "-t", "3", "-i", str(SAMPLE / "take.mp4")]
    rows = ["| preset | CRF | B-frames | CPU s | kB | VMAF |", "|---|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for preset, crf, b in [
            ("veryfast", 19, 0), ("veryfast", 19, 3), ("faster", 19, 0), ("medium", 19, 0),
            ("medium", 19, 3), ("veryfast", 22, 0),
        ]:  # fmt: skip
            out = Path(folder) / "x.mp4"
            cpu, _ = child_cpu_s(
                [ffmpeg, "-v", "error", "-y", *span, "-an", "-c:v", "libx264", "-preset", preset,
                 "-crf", str(crf), "-bf", str(b), "-g", "60", "-threads", "1", str(out)]
            )  # fmt: skip
            graph = (
                "[0:v]settb=AVTB,setpts=PTS-STARTPTS[a];[1:v]settb=AVTB,setpts=PTS-STARTPTS[b];"
                "[a][b]libvmaf=n_subsample=5:pool=harmonic_mean"
            )
            _, log = child_cpu_s(
                [ffmpeg, "-nostats", "-i", str(out), *span, "-lavfi", graph, "-f", "null", "-"]
            )
            found = re.search(r"VMAF score: ([\d.]+)", log)
            vmaf = found.group(1)[:5] if found else "?"
            size = out.stat().st_size // 1000
            rows.append(f"| {preset} | {crf} | {b} | {cpu:.1f} | {size} | {vmaf} |")
    return rows


def render() -> list[str]:
    """One row for each way of rendering the sample."""
    rows = ["| run | wall s | pieces encoded | of |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("take.mp4", "certificate.jwt"):
            (home / name).symlink_to(SAMPLE / name)
        listing = home / "listing.yaml"
        page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
        runs = [
            ("cold", 1250, "tiktok"),
            ("again", 1250, "tiktok"),
            ("another price", 1190, "tiktok"),
            ("two more placements", 1190, "tiktok,reels,shorts"),
        ]
        for number, (what, price, placements) in enumerate(runs):
            page["price"]["amount"] = price
            listing.write_text(yaml.safe_dump(page), encoding="utf-8")
            began = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "video_pipeline", "render", str(listing), "--json",
                 "--placement", placements, "--cache", str(home / "cache"),
                 "-o", str(home / f"out-{number}")],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            wall = time.monotonic() - began
            pieces = [clip["pieces"] for clip in json.loads(done.stdout)["clips"]]
            encoded = sum(p["encoded"] for p in pieces)
            rows.append(f"| {what} | {wall:.1f} | {encoded} | {sum(p['total'] for p in pieces)} |")
    return rows


def main() -> None:
    """Run what is asked for, print it and keep it."""
    wanted = sys.argv[1:] or ["encoder", "render"]
    commit = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    page = [f"\n## {date.today()}, commit {commit or 'unknown'}, ffmpeg {ffmpeg_version()}\n"]
    for name in wanted:
        page += [f"### {name}\n", *{"encoder": encoder, "render": render}[name](), ""]
    text = "\n".join(page)
    print(text)
    with (HERE / "RESULTS.md").open("a", encoding="utf-8") as results:
        results.write(text)


if __name__ == "__main__":
    main()
