"""Fuzz the command line: `python -m benchmarks.fuzzing [--count 10000] [--seed 1] [--jobs 2]`.

Small media of twenty kinds, photos, listings, catalogues, certificates, edits, timelines, presets,
captions and templates are mutated, reproducibly, and run as a person would run them. What must hold
of each is in `trials`. Findings are kept in the folder given with `--folder`; `--only N` runs one
again and prints what it said.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path

from benchmarks.fuzzing import seeds as sowing
from benchmarks.fuzzing import trials
from video_pipeline.cli.commands import COMMANDS


def main() -> int:
    """Run all trials; the exit code is 1 when one of them found something."""
    asked = _arguments()
    folder = asked.folder.absolute()
    seeds = sowing.make(folder / "seeds")
    for module in {module for module, _ in COMMANDS.values()}:
        import_module(f"video_pipeline.cli.{module}")  # once, before forking
    if asked.only is not None:
        outcome = _one(seeds, asked.only, asked.seed, folder, 0, keep=True)
        print(*(" ".join(command) for command in outcome.trial.commands), sep="\n")
        print(outcome.said, outcome.code, outcome.wrong, f"{outcome.seconds:.1f} s", sep="\n")
        return bool(outcome.wrong)
    began = time.monotonic()
    log = folder / "outcomes.jsonl"
    log.unlink(missing_ok=True)
    jobs = [_work(seeds, asked, folder, log, job) for job in range(asked.jobs)]
    for job in jobs:
        os.waitpid(job, 0)
    return _report(log, time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--folder", type=Path, default=Path("out/fuzzing"))
    return parser.parse_args()


def _work(seeds: sowing.Seeds, asked: argparse.Namespace, folder: Path, log: Path, job: int) -> int:
    """Fork a worker that takes every so manieth number; its process."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    for number in range(asked.first + job, asked.first + asked.count, asked.jobs):
        outcome = _one(seeds, number, asked.seed, folder, job)
        line = {
            "number": number, "kind": outcome.trial.kind, "seed": outcome.trial.seed.name,
            "code": outcome.code, "seconds": round(outcome.seconds, 2),
            "mb": outcome.bytes >> 20, "wrong": outcome.wrong,
            "said": outcome.said[-1500:] if outcome.wrong else "",
        }  # fmt: skip
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if outcome.wrong:
            print(number, outcome.trial.kind, *outcome.wrong, outcome.said[-300:], flush=True)
    os._exit(0)


def _one(
    seeds: sowing.Seeds, number: int, salt: str, folder: Path, job: int, *, keep: bool = False
) -> trials.Outcome:
    # Deep down, so that what climbs out of a folder is found in those around it.
    place = folder / f"work-{job}" / "around" / "trial"
    trials.clear(place.parent.parent)
    place.mkdir(parents=True)
    outcome = trials.run(trials.lay_out(seeds, number, salt, place), place)
    if outcome.wrong or keep:
        kept = folder / "found" / f"{salt}-{number}"
        trials.clear(kept)
        shutil.copytree(place, kept, symlinks=True)
    return outcome


def _report(log: Path, seconds: float) -> int:
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    codes: dict[str, Counter[int]] = {}
    for line in lines:
        codes.setdefault(line["kind"], Counter())[line["code"]] += 1
    print(f"{len(lines)} inputs in {seconds / 60:.0f} minutes")
    for kind, counted in sorted(codes.items()):
        told = ", ".join(f"{code}: {count}" for code, count in sorted(counted.items()))
        print(f"  {kind:<12} {sum(counted.values()):>6}   by exit code {told}")
    print(f"longest {max(line['seconds'] for line in lines):.1f} s, "
          f"largest process {max(line['mb'] for line in lines)} MB")  # fmt: skip
    wrong = [line for line in lines if line["wrong"]]
    for kind, count in Counter(word for line in wrong for word in line["wrong"]).most_common():
        print(f"  {count:>5} x {kind}")
    print(f"{len(wrong)} findings")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
