"""Faults: killed runs, runs side by side, clocks that jump. Output is complete or absent."""

from __future__ import annotations

import os
import signal
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


# A clock that jumps


def test_a_clock_that_jumps_meanwhile_changes_nothing(
    short_listing: Write, tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    """The system's clock goes a year forward or back at every look; deadlines do not go by it."""
    script = (
        "import sys, time\n"
        "real, told = time.time, [0]\n"
        "def jumping():\n"
        "    told[0] += 1\n"
        "    return real() + (-1) ** told[0] * 365 * 86400\n"
        "time.time = jumping\n"
        "from video_pipeline.cli import main\n"
        "code = main()\n"
        "print(told[0], file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    out = tmp_path / "clips" / "out"
    words = ["render", str(short_listing(certificates=None)), "-o", str(out), "--placement", "tiny"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words, "--presets", str(tiny_presets)],
        capture_output=True, text=True, timeout=200, check=False,
        env={**os.environ, CACHE_VARIABLE: str(knowing_cache)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stderr.split()[-1]) > 10
    assert state_of(out) == "complete"
    assert list(knowing_cache.rglob(".part*")) == []


# Memory


def limited(megabytes: int, code: str, *words: str, cache: Path) -> Outcome:
    """Python code in a process of its own that may take so much address space, children too."""
    limit = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({megabytes << 20}, {megabytes << 20}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", limit + code, *words],
        capture_output=True, text=True, timeout=200, check=False,
        env={**os.environ, CACHE_VARIABLE: str(cache)},
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


COMMAND = "import sys\nfrom video_pipeline.cli import main\nsys.exit(main())\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited so")
def test_too_little_memory_is_told_plainly(
    short_listing: Write, tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clips" / "out"
    words = ["render", str(short_listing()), "-o", str(out), "--placement", "tiny"]
    told = limited(400, COMMAND, *words, "--presets", str(tiny_presets), cache=knowing_cache)
    assert told.code == 5, told.err
    assert "there was not enough memory" in told.err
    assert "end other programs" in told.err
    assert "Traceback" not in told.err
    assert not out.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited so")
def test_a_child_s_too_little_memory_is_told_plainly(tmp_path: Path) -> None:
    code = (
        "from video_pipeline.toolchain import ffmpeg_path, run\n"
        "from video_pipeline.errors import RenderError\n"
        "picture = 'testsrc2=s=3840x2160:r=60:d=1'\n"
        "try:\n"
        "    run([str(ffmpeg_path()), '-v', 'error', '-f', 'lavfi', '-i', picture, '-c:v',\n"
        "         'libx264', '-threads', '1', '-f', 'null', '-'],\n"
        "        deadline_s=60, what='encoding', where='a.mp4')\n"
        "except RenderError as error:\n"
        "    print(error.where, error.message, error.mend, error.passing, sep='|')\n"
    )
    told = limited(500, code, cache=tmp_path)
    assert told.code == 0, told.err
    where, message, mend, passing = told.out.strip().split("|")
    assert (where, passing) == ("a.mp4", "True")
    assert message == "there is not enough memory for encoding"
    assert "end other programs" in mend


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be limited so")
def test_whatever_memory_there_is_the_output_is_whole_or_absent(
    short_listing: Write, tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    """A library may end the process where it is refused memory; no half-made output is left."""
    out = tmp_path / "clips" / "out"
    words = ["render", str(short_listing()), "-o", str(out), "--placement", "tiny"]
    codes = set()
    for megabytes in (500, 700, 1000, 1200, 1400, 2000, 4000):
        told = limited(megabytes, COMMAND, *words, "--presets", str(tiny_presets),
                       cache=knowing_cache)  # fmt: skip
        assert "Traceback" not in told.err
        assert told.code in (0, 3, 5) or told.code < 0, told.err
        assert out.exists() == (told.code == 0)
        assert state_of(out) == ("complete" if told.code == 0 else "absent")
        codes.add(told.code)
    assert {0, 5} <= codes


# Children


def test_a_killed_encoder_is_told_and_leaves_the_output_as_it_was(
    run_cli: Run, short_listing: Write, tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clips" / "out"
    words = ["render", str(short_listing(certificates=None)), "-o", str(out), "--placement", "tiny",
             "--presets", str(tiny_presets)]  # fmt: skip
    run = subprocess.Popen(
        [sys.executable, "-m", "video_pipeline", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, CACHE_VARIABLE: str(knowing_cache)},
    )  # fmt: skip
    until = time.monotonic() + 120
    while not (victims := encoders(run.pid)) and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(victims[0], signal.SIGKILL)
    said = run.communicate(timeout=120)[1]
    assert run.returncode == 5, said
    assert "was ended from outside (SIGKILL)" in said
    assert "too little memory" in said and "run it again" in said
    assert "Traceback" not in said
    assert list(out.parent.iterdir()) == []
    assert list(knowing_cache.rglob(".part*")) == []
    again = run_cli(*words, "--cache", knowing_cache)
    assert again.code == 0, again.err
    assert state_of(out) == "complete"


def encoders(parent: int) -> list[int]:
    """The children of a process that are encoding a piece."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            above = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if above == parent and b"libx264" in words:
            found.append(int(entry.name))
    return found
