"""Measure what the project promises of speed, and append the figures to RESULTS.md.

    python -m benchmarks.run [--runs N] [--only NAME,...] [--out FILE]

Names are those of `benchmarks/speed/comparisons.py`. It never fails: a comparison that cannot be
made is told with its reason. The machine may be busy, so only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from datetime import date
from pathlib import Path

from benchmarks.speed.comparisons import ALL, Bench
from video_pipeline.toolchain import ffmpeg_version

HERE = Path(__file__).parent


def main() -> None:
    """Run what is asked for, print it and keep it."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--runs", type=int, default=5, help="of every comparison")
    asked.add_argument("--only", default="", help=f"some of {', '.join(ALL)}, with commas")
    asked.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    asked.add_argument("--folder", type=Path, default=HERE.parent / "out" / "bench")
    given = asked.parse_args()
    names = [name for name in given.only.split(",") if name] or list(ALL)
    bench = Bench(max(1, given.runs), given.folder.resolve())
    bench.folder.mkdir(parents=True, exist_ok=True)
    page = [f"\n## Speed, {date.today()}, commit {_commit()}, ffmpeg {ffmpeg_version()}\n"]
    page.append(
        f"`make bench RUNS={bench.runs}`: {_machine()}; load {os.getloadavg()[0]:.1f} at its "
        "beginning. Median and range; CPU seconds are those of whole process trees.\n"
    )
    for name in names:
        print(f"{name} …", flush=True)
        page.append(f"### {name}\n")
        if name not in ALL:
            page.append(f"- there is no such comparison; there are {', '.join(ALL)}\n")
            continue
        try:
            page += [*ALL[name](bench), ""]
        except Exception as error:
            page.append(f"- left out: {type(error).__name__}: {str(error)[:200]}\n")
    text = "\n".join(page)
    print(text)
    with given.out.open("a", encoding="utf-8") as results:
        results.write(text)


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        lines = facts.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores of {model}, {system}"


if __name__ == "__main__":
    main()
