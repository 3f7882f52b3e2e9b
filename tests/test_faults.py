"""Faults: killed runs, runs side by side, clocks that jump. Output is complete or absent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Outcome

from benchmarks.kills.run import measure, state_of
from video_pipeline.delivery.publishing import MANIFEST
from video_pipeline.store import CACHE_VARIABLE

Run = Callable[..., Outcome]
Write = Callable[..., Path]

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="children are found through /proc"
)


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    tally = measure(tmp_path, kills=5, seed=7, finish_every=5)
    assert tally.kills == 5
    assert tally.faults == []
    assert tally.finished == 3


def test_two_renders_into_one_folder(
    short_listing: Write, tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    listing, out = str(short_listing(certificates=None)), tmp_path / "clips" / "out"
    words = ["render", listing, "-o", str(out), "--presets", str(tiny_presets)]
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "video_pipeline", *words, "--placement", "tiny"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, CACHE_VARIABLE: str(knowing_cache)},
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [run.communicate(timeout=200)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert state_of(out) == "complete"
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_runs_that_end_at_one_moment_leave_one_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    manifest = '{"sku": "sku", "files": {"a.txt": ""}}'
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from video_pipeline.delivery.publishing import published\n"
        "for _ in range(60):\n"
        f"    with published(Path({str(out)!r}), 'sku') as folder:\n"
        "        (folder / 'a.txt').write_text(sys.argv[1])\n"
        f"        (folder / {MANIFEST!r}).write_text({manifest!r})\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", script, word], stderr=subprocess.PIPE, text=True)
        for word in ("one", "two")
    ]
    said = [run.communicate(timeout=100)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert (out / "a.txt").read_text() in {"one", "two"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_files_from_the_future_change_nothing(
    run_cli: Run, short_listing: Write, tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    listing = short_listing(certificates=None)
    options = ("-o", tmp_path / "out", "--presets", tiny_presets, "--placement", "tiny",
               "--cache", knowing_cache, "--json")  # fmt: skip
    assert run_cli("render", listing, *options).code == 0
    later = time.time() + 400 * 86400
    for file in [listing, *tmp_path.rglob("*")]:
        os.utime(file, (later, later))
    again = run_cli("render", listing, *options)
    assert again.code == 0, again.err
    assert again.json["clips"][0]["pieces"]["encoded"] == 0
