"""Measure a cluster: `python -m benchmarks.batch.cluster --work FOLDER --listings 16`.

A real scheduler, and workers started from the command line as a person starts them, each pinned to
a core and with a cache of its own. The same catalogue is made by one worker and by two, and by
three of which one is killed half way. Every listing has footage of its own, so that no worker
profits from another.
It prints Markdown for RESULTS.md; Linux only, since it pins with `sched_setaffinity`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.batch.run import content, write_catalogue
from benchmarks.tiny import write_tiny
from video_pipeline.batch.ledger import Ledger
from video_pipeline.errors import UsageError


@contextmanager
def cluster(work: Path, name: str, cores: Sequence[int]) -> Iterator[tuple[str, list[Any]]]:
    """A scheduler and a worker on each of those cores; gives its address and the workers."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{asked.getsockname()[1]}"
    started: list[Any] = []

    def start(*words: str, core: int | None = None, **environment: str) -> Any:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        started.append(process)
        return process

    try:
        start("distributed.cli.dask_scheduler", "--host", address, "--no-dashboard")
        time.sleep(3)
        workers = [
            start("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
                  "--no-dashboard", "--local-directory", str(work / f"dask-{name}-{number}"),
                  core=core, VIDEO_PIPELINE_CACHE=str(work / f"cache-{name}-{number}"))
            for number, core in enumerate(cores)
        ]  # fmt: skip
        time.sleep(8)
        yield address, workers
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def batch(work: Path, name: str, address: str) -> Any:
    """The batch in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "video_pipeline", "batch", str(work / "shop"), "-o",
         str(work / f"out-{name}"), "--placement", "tiny", "--presets", str(work / "presets"),
         "--cache", str(work / "cache-batch"), "--cluster", address, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def made(work: Path, name: str, cores: Sequence[int]) -> dict[str, Any]:
    """What a batch says that was made by a worker on each of those cores."""
    with cluster(work, name, cores) as (address, _):
        said, _ = batch(work, name, address).communicate()
    return dict(json.loads(said))


def done(out: Path) -> int:
    """How many listings a batch has made so far."""
    try:
        with Ledger(out) as ledger:
            return ledger.counts().get("done", 0)
    except UsageError:  # it has not begun
        return 0


def killed(work: Path, name: str, cores: Sequence[int], after: int) -> tuple[int, dict[str, int]]:
    """Kill a worker once so many listings are done; the exit code, and how often each was made."""
    out = work / f"out-{name}"
    with cluster(work, name, cores) as (address, workers):
        running = batch(work, name, address)
        while running.poll() is None:
            time.sleep(0.3)
            if done(out) >= after:
                workers[-1].kill()
                break
        running.communicate()
    with Ledger(out) as ledger:
        return running.returncode, {row["name"]: row["attempts"] for row in ledger.work()}


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--listings", type=int, default=16)
    asked.add_argument("--seconds", type=int, default=12)
    given = asked.parse_args()
    work = given.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    write_catalogue(work / "shop", given.listings, 0, given.seconds)
    write_tiny(work / "presets")
    print(f"load before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n", flush=True)
    print("| workers, each pinned to a core | made | wall s | CPU s | throughput |")
    print("|---|---:|---:|---:|---:|")
    one = made(work, "one", [0])
    two = made(work, "two", [0, 1])
    for name, run in (("1", one), ("2", two)):
        times = one["seconds"] / run["seconds"]
        print(
            f"| {name} | {run['made']} | {run['seconds']:.1f} | {run['cpu_s']:.1f} | {times:.2f} |"
        )
    same = content(work / "out-one") == content(work / "out-two")
    print(f"\nboth made {'the same bytes' if same else 'DIFFERENT bytes'}", flush=True)
    code, tries = killed(work, "killed", [0, 1, 0], max(1, given.listings // 3))
    same = content(work / "out-killed") == content(work / "out-one")
    print(
        f"three workers, one killed in the middle: exit {code}, {len(tries)} listings, made "
        f"{max(tries.values())} time(s) at most, {'the same bytes' if same else 'DIFFERENT bytes'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
