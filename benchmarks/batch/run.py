"""Measure a batch: `python -m benchmarks.batch.run --listings 200 --broken 10 --kills 20`.

Listings are made from the sample, with short, small footage of its take (so that what is measured
is the batch and not the encoder), every one with footage of its own: nothing is looked at twice by
luck. It prints Markdown for RESULTS.md. The commands are run as a person runs them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.tiny import write_tiny
from video_pipeline.resources import shipped
from video_pipeline.toolchain import ffmpeg_path

SAMPLE = shipped("samples") / "cognac-pouch"


def write_catalogue(folder: Path, listings: int, broken: int, seconds: int) -> None:
    """Listings with footage of their own; the last `broken` ones cannot be made."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SAMPLE / "certificate.jwt", folder)
    for number in range(listings):
        take = folder / f"take-{number:04d}.mp4"
        bad = number >= listings - broken
        if not (bad and number % 2) and not take.exists():
            start = f"{2 + number * 0.01:.2f}"
            subprocess.run(
                [str(ffmpeg_path()), "-v", "error", "-nostdin", "-ss", start, "-t", str(seconds),
                 "-i", str(SAMPLE / "take.mp4"), "-vf", "scale=360:640", "-c:v", "libx264",
                 "-preset", "ultrafast", "-crf", "20", "-threads", "1", "-an", str(take)],
                check=True,
            )  # fmt: skip
        page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
        page.update({"sku": f"bag-{number:04d}", "footage": [take.name]})
        page["certificates"] = [{"file": "certificate.jwt", "seen": {"time": 3.0}}]
        page["condition"]["notes"] = []
        page["price"]["amount"] = 1000 + number
        if bad and not number % 2:
            page["condition"]["grade"] = "superb"
        (folder / f"bag-{number:04d}.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")


def command(work: Path, out: str, cache: str, *more: str) -> list[str]:
    """The words of the command."""
    return [sys.executable, "-m", "video_pipeline", "batch", str(work / "shop"),
            "-o", str(work / out), "--placement", "tiny", "--presets", str(work / "presets"),
            "--cache", str(work / cache), "--json", *more]  # fmt: skip


def timed(words: list[str]) -> dict[str, Any]:
    """What a run says, with its wall time and the CPU of everything that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout), "code": done.returncode, "wall": wall, "parent_cpu": cpu}


def content(folder: Path) -> str:
    """One digest of everything that a batch left for people."""
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and ".batch" not in file.parts:
            whole.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return whole.hexdigest()


def killed(work: Path, times: int, cold_s: float) -> tuple[int, int]:
    """Kill a batch at random moments until it was killed so often; how often it was, and 0 or 1."""
    dice, kills = random.Random(8), 0
    for _ in range(times):
        batch = subprocess.Popen(
            command(work, "killed", "cache-killed"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            batch.wait(2 + dice.random() * max(2.0, 2 * cold_s / times))
        except subprocess.TimeoutExpired:
            batch.kill()
            batch.wait()
            kills += 1
    subprocess.run(command(work, "killed", "cache-killed"), check=False, stdout=subprocess.DEVNULL)
    return kills, int(content(work / "killed") == content(work / "calm"))


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--listings", type=int, default=200)
    asked.add_argument("--broken", type=int, default=10)
    asked.add_argument("--prices", type=int, default=20)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--seconds", type=int, default=12)
    given = asked.parse_args()
    work = given.work.resolve()
    write_catalogue(work / "shop", given.listings, given.broken, given.seconds)
    write_tiny(work / "presets")
    print(f"load before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n", flush=True)

    cold = timed(command(work, "calm", "cache"))
    print("| run | exit | made | failed | pieces encoded | wall s | CPU s | wall / (CPU / cores) |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")

    def row(name: str, run: dict[str, Any]) -> None:
        ratio = run["wall"] / (run["cpu_s"] / (os.cpu_count() or 1)) if run["cpu_s"] else 0
        print(
            f"| {name} | {run['code']} | {run['made']} | {run['failed']} | {run['encoded']} | "
            f"{run['wall']:.1f} | {run['cpu_s']:.1f} | {ratio:.2f} |",
            flush=True,
        )

    row("cold", cold)
    again = timed(command(work, "calm", "cache"))
    row("again", again)
    for number in range(given.prices):
        file = work / "shop" / f"bag-{number:04d}.yaml"
        page = yaml.safe_load(file.read_text(encoding="utf-8"))
        page["price"]["amount"] = 5000 + number
        file.write_text(yaml.safe_dump(page), encoding="utf-8")
    priced = timed(command(work, "calm", "cache"))
    row(f"{given.prices} prices", priced)
    ready = sum(
        subprocess.run(
            [sys.executable, "-m", "video_pipeline", "check", str(clip), "--placement", "tiny",
             "--presets", str(work / "presets")],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode == 0
        for clip in sorted((work / "calm").glob("*/*.tiny.mp4"))[:: max(1, given.listings // 20)]
    )  # fmt: skip
    each = 1000 * again["checked_s"] / given.listings
    share = (priced["cpu_s"] / given.prices) / (cold["cpu_s"] / max(1, cold["made"]))
    print(
        f"\nup to date: {each:.2f} ms a listing, {again['wall']:.1f} s in all; a price: "
        f"{share:.0%} of a listing's cold CPU; `check` passes {ready} of those looked at (every "
        f"{max(1, given.listings // 20)}th)",
        flush=True,
    )
    for one in cold["listings_failed"]:
        print(f"- {one['name']}: {one['reason']}")
    if given.kills:
        kills, same = killed(work, given.kills, cold["wall"])
        print(
            f"\nkilled {kills} times, then run to its end: "
            f"{'byte-identical' if same else 'NOT the same'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
