"""Kill `render` at random moments and look at what is left: `python -m benchmarks.kills.run`.

One listing over small footage made here is rendered over and over, each time with another price, so
that there is an earlier complete output to lose and something new to make. Every run is killed
(SIGKILL) at a seeded random moment: half of them with all their children, half of them the parent
alone, as the system's out-of-memory killer does. Every fourth begins without a cache and without an
earlier output. After each kill
the output folder must be absent or complete: every file of its manifest with its digest, and
nothing else. `--finish` says after how many kills a run is let through, which must then succeed,
pass `check`, and leave no unfinished file and no child process anywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.tiny import write_tiny
from video_pipeline.resources import shipped
from video_pipeline.store import CACHE_VARIABLE, file_digest
from video_pipeline.toolchain import ffmpeg_path

SAMPLE = shipped("samples") / "cognac-pouch"
_GOES_S = 5.0  # an orphaned child ends when it writes to a pipe that nobody reads, or is done
_STAGES = ("looking", "steadying", "encoding", "joining", "packing")


@dataclass
class Tally:
    """What the kills met: in which stage, what was left in the output, and what was wrong."""

    kills: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    outputs: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bench:
    """The folder of a benchmark: footage, listing, a small placement, cache and output."""

    home: Path
    python_path: str

    @property
    def out(self) -> Path:
        """The output folder; nothing else may stay in its parent."""
        return self.home / "clips" / "out"

    @property
    def cache(self) -> Path:
        """The cache, which outlives kills."""
        return self.home / "cache"

    def lay_out(self) -> None:
        """Make twelve seconds of small footage and a placement of 270x480."""
        take = self.home / "take.mp4"
        subprocess.run(
            [str(ffmpeg_path()), "-v", "error", "-ss", "3", "-t", "12",
             "-i", str(SAMPLE / "take.mp4"), "-vf", "scale=360:640", "-c:v", "libx264",
             "-preset", "ultrafast", "-crf", "20", "-an", str(take)],
            check=True, timeout=120,
        )  # fmt: skip
        write_tiny(self.home / "presets")

    def price(self, amount: int) -> Path:
        """The listing at another price: there is something new to encode."""
        page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
        page["footage"] = ["take.mp4"]
        page["certificates"] = []
        page["condition"]["notes"] = []
        page["price"] = {"amount": amount, "currency": "EUR"}
        listing = self.home / "listing.yaml"
        listing.write_text(yaml.safe_dump(page, allow_unicode=True), encoding="utf-8")
        return listing

    def start(self, listing: Path) -> subprocess.Popen[bytes]:
        """Begin to render, in a process group and with a temporary folder of its own."""
        (self.home / "tmp").mkdir(exist_ok=True)
        words = ["render", str(listing), "-o", str(self.out), "--placement", "tiny"]
        with (self.home / "log.txt").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "video_pipeline", *words,
                 "--presets", str(self.home / "presets")],
                stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
                env={
                    **os.environ, CACHE_VARIABLE: str(self.cache), "PYTHONPATH": self.python_path,
                    "TMPDIR": str(self.home / "tmp"),
                },
            )  # fmt: skip

    def stage(self) -> str:
        """What the run last said it was doing."""
        said = re.findall(r"looking|steadying|encoding|joining|packing", self.log)
        return said[-1] if said else "starting"

    @property
    def log(self) -> str:
        """What the run wrote to standard error."""
        return (self.home / "log.txt").read_text(encoding="utf-8", errors="replace")

    def children(self) -> list[int]:
        """Processes that work in this folder, whoever started them."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.home).encode() in words and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        return found


def state_of(folder: Path) -> str:
    """'absent', 'complete', or what is wrong with an output folder."""
    if not folder.exists():
        return "absent"
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return "no manifest"
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if there != {*files, "manifest.json"}:
        return f"other files than its manifest says: {sorted(there ^ {*files, 'manifest.json'})}"
    wrong = [name for name, digest in files.items() if file_digest(folder / name) != digest]
    return f"changed: {wrong}" if wrong else "complete"


def kill(bench: Bench, after_s: float, *, group: bool, tally: Tally) -> None:
    """End a run after so many seconds, and wait until its children are gone too."""
    child = bench.start(bench.price(1000 + tally.kills))
    try:
        child.wait(after_s)
        tally.stages["had finished"] += 1
        return
    except subprocess.TimeoutExpired:
        tally.stages[bench.stage()] += 1
    if group:
        victims = bench.children()
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
    else:
        os.kill(child.pid, signal.SIGKILL)
    child.wait()
    until = time.monotonic() + _GOES_S
    while (left := bench.children()) and time.monotonic() < until:
        time.sleep(0.05)
    if left:
        tally.faults.append(f"children live {_GOES_S:g} s after kill {tally.kills}: {left}")
        for process in left:
            os.kill(process, signal.SIGKILL)


def finish(bench: Bench, tally: Tally) -> float:
    """Let a run through and look at everything; seconds it took."""
    began = time.monotonic()
    child = bench.start(bench.price(900 + tally.kills))
    code = child.wait(300)
    took = time.monotonic() - began
    if code != 0:
        tally.faults.append(f"the run after kill {tally.kills} ended with {code}: {bench.log}")
        return took
    tally.finished += 1
    state = state_of(bench.out)
    if state != "complete":
        tally.faults.append(f"after a run that was let through: {state}")
    rests = [
        str(path.relative_to(bench.home))
        for folder in (bench.out.parent, bench.cache)
        for path in folder.rglob("*")
        if re.search(r"\.part|\.partial|\.old-", path.name)
    ]
    if rests:
        tally.faults.append(f"left after a run that was let through: {rests}")
    if [p.name for p in bench.out.parent.iterdir()] != ["out"]:
        tally.faults.append(f"beside the output: {sorted(bench.out.parent.iterdir())}")
    clip = next(bench.out.glob("*.mp4"))
    checked = subprocess.run(
        [sys.executable, "-m", "video_pipeline", "check", str(clip), "--placement", "tiny",
         "--presets", str(bench.home / "presets")],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": bench.python_path},
    )  # fmt: skip
    if checked.returncode != 0:
        tally.faults.append(f"check: {checked.stdout}{checked.stderr}")
    return took


def measure(home: Path, kills: int, seed: int, finish_every: int) -> Tally:
    """Kill so many runs in `home`, an empty folder."""
    bench = Bench(home, str(Path(__file__).resolve().parents[2]))
    bench.lay_out()
    tally = Tally()
    cold_s = finish(bench, tally)
    warm_s = finish(bench, tally)
    moments = random.Random(seed)
    for number in range(kills):
        cold = number % 4 == 3
        if cold:
            shutil.rmtree(bench.cache, ignore_errors=True)  # a kill may have come before it
            shutil.rmtree(bench.out, ignore_errors=True)
        before = "absent" if not bench.out.exists() else "complete"
        tally.kills += 1
        kill(
            bench,
            moments.uniform(0.2, cold_s if cold else warm_s),
            group=moments.random() < 0.5,
            tally=tally,
        )
        state = state_of(bench.out)
        # Killed between two renames, an earlier result is beside; the next run brings it back.
        aside = any(bench.out.parent.glob(".out.old-*"))
        tally.outputs[f"{state}, earlier one aside" if aside else state] += 1
        if state not in {"absent", "complete"} or (
            before == "complete" and state == "absent" and not aside
        ):
            tally.faults.append(f"kill {tally.kills}: {before} before, {state} after")
        if tally.kills % finish_every == 0 or tally.kills == kills:
            finish(bench, tally)
            print(f"{tally.kills} kills, {len(tally.faults)} faults", flush=True)
    return tally


def main() -> int:
    """Kill, and say what was found; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--finish", type=int, default=5)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        tally = measure(Path(folder), options.kills, options.seed, options.finish)
    print(f"{tally.kills} kills in {time.monotonic() - began:.0f} s, seed {options.seed}")
    print(f"killed while: {dict(tally.stages)}")
    print(f"output after the kill: {dict(tally.outputs)}")
    print(f"runs let through: {tally.finished} finished; faults: {len(tally.faults)}")
    for fault in tally.faults:
        print(f"  {fault}")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
