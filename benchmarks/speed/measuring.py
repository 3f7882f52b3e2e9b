"""Measuring whole processes: CPU seconds, wall seconds and peak memory of a command and all that it
starts; and ratios of such costs, made inside one run.

The machine may be busy and its clock may change, so a figure alone says little. Commands that are
held against each other are run in turns, A B A B, and each run gives one ratio.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLED_S = 0.1


class FailedError(Exception):
    """A command that was to be measured ended badly; its last words."""


@dataclass(frozen=True)
class Cost:
    """What one run took: CPU seconds of the whole tree, wall seconds, peak memory in MB.

    Memory is the sum of proportional set sizes (shared pages shared out), sampled ten times a
    second, so short peaks may be missed; None where the system does not tell it.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float | None


def cost(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    deadline_s: float = 1800,
) -> Cost:
    """Run a command to its end. Raises FailedError when it fails or takes too long."""
    with Path(os.devnull).open("rb") as nothing:
        began = time.monotonic()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=nothing,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
        )
    peak: list[float] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(child.pid, peak, over), daemon=True)
    watcher.start()
    late = threading.Timer(deadline_s, child.kill)
    late.start()
    try:
        assert child.stderr is not None
        with child.stderr:
            said = child.stderr.read()
        # The child's own count holds that of everything it has waited for.
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    finally:
        over.set()
        late.cancel()
        watcher.join()
    wall = time.monotonic() - began
    if child.returncode:
        words = said.decode(errors="replace").strip().splitlines()
        raise FailedError(words[-1] if words else f"it ended with code {child.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall, (peak or [None])[0])


def in_turns(
    runs: int, ways: Mapping[str, Callable[[int], Cost]], say: Callable[[str], None] = print
) -> tuple[dict[str, list[Cost]], dict[str, str]]:
    """Run every way `runs` times, in turns, and return their costs, and why some have none.

    A way that fails is told and left out of the turns that follow.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    lacking: dict[str, str] = {}
    for number in range(runs):
        for name, way in ways.items():
            if name in lacking:
                continue
            try:
                costs[name].append(way(number))
                say(f"  {name}: {costs[name][-1].cpu_s:.2f} CPU s")
            except (FailedError, OSError, subprocess.SubprocessError) as error:
                lacking[name] = str(error)[:200]
                say(f"  {name}: left out: {lacking[name]}")
    return {name: found for name, found in costs.items() if name not in lacking}, lacking


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """A median and its range, as the results tell it."""
    if len(values) == 1:
        return format(values[0], form)
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} ({low:{form}}–{high:{form}})"


def ratios(of: Sequence[Cost], to: Sequence[Cost]) -> list[float]:
    """CPU of one to that of another, run by run."""
    return [a.cpu_s / max(b.cpu_s, 1e-6) for a, b in zip(of, to, strict=False)]


def _watch(root: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(_SAMPLED_S):
        size = sum(filter(None, map(_proportional_mb, _tree(root))))
        if size:
            peak[:] = [max([size, *peak])]


def _tree(root: int) -> list[int]:
    """A process and everything below it, by Linux's list of each thread's children."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for children in Path("/proc").glob(f"{pid}/task/*/children"):
            try:
                waiting += map(int, children.read_text(encoding="ascii").split())
            except OSError:
                continue
    return found


def _proportional_mb(pid: int) -> float | None:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    return next(
        (int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), None
    )
