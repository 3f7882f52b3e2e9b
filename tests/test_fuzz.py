"""A short fuzzing run: a fixed share of what `python -m benchmarks.fuzzing` does for hours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from benchmarks.fuzzing.mutations import damaged, misspelt

ROOT = Path(__file__).parent.parent


def test_a_number_gives_the_same_input_again() -> None:
    for change in (damaged, misspelt):
        first, again = (change(b"moov: 1\n" * 50, [b"other"], Random("1:7")) for _ in range(2))
        assert first == again
        assert len({change(b"moov: 1\n" * 50, [b"other"], Random(n)) for n in range(20)}) > 10


@pytest.mark.skipif(sys.platform != "linux", reason="children are found through /proc")
def test_mutated_inputs_break_no_promise(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.fuzzing", "--count", "60", "--seed", "quick",
               "--jobs", "2", "--folder", str(tmp_path)]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "60 inputs" in done.stdout
