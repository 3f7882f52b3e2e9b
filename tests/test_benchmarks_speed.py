"""The measuring of whole processes, on processes whose cost is known."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.speed.measuring import FailedError, cost, in_turns, spread
from benchmarks.speed.stages import STAGES

_BURN = "import time\nwhile time.process_time() < 0.4: pass"
_HOLD = "b = bytearray(60_000_000); b[::4096] = b'x' * len(b[::4096])"


def test_the_cpu_of_grandchildren_counts() -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_BURN!r}])"
    assert 0.4 <= cost([sys.executable, "-c", child]).cpu_s < 2


def test_memory_is_that_of_the_whole_tree() -> None:
    if not Path("/proc/self/smaps_rollup").is_file():
        pytest.skip("this system does not tell proportional set sizes")
    below = f"import time; {_HOLD}; time.sleep(1.5)"
    tree = f"import subprocess, sys; {_HOLD}; subprocess.run([sys.executable, '-c', {below!r}])"
    peak = cost([sys.executable, "-c", tree]).peak_mb
    assert peak is not None
    assert 110 < peak < 250


def test_what_fails_is_told_and_the_others_go_on() -> None:
    bad = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(FailedError, match="no such thing"):
        cost(bad)
    good = [sys.executable, "-c", "pass"]
    found, lacking = in_turns(2, {"good": lambda _: cost(good), "bad": lambda _: cost(bad)})
    assert len(found["good"]) == 2
    assert lacking == {"bad": "no such thing"}


def test_a_median_has_its_range() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00–3.00)"


@pytest.mark.parametrize("where", [where for _, where in STAGES])
def test_every_stage_that_is_told_apart_is_there(where: str) -> None:
    module, name = where.split(":")
    assert callable(getattr(import_module(module), name))
