"""What goes wrong ends in one clear message, the right exit code, and nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from conftest import SAMPLE, MakeClip, Outcome

from video_pipeline.store import CACHE_VARIABLE, MARK
from video_pipeline.trust.issuing import credential, issue, make_key

Run = Callable[..., Outcome]
Write = Callable[..., Path]


@pytest.fixture
def tiny(tiny_presets: Path) -> tuple[str, ...]:
    return ("--presets", str(tiny_presets), "--placement", "tiny")


def said(outcome: Outcome, code: int, *words: str, lines: int = 2) -> None:
    """The command failed with this code and told it in a few plain lines."""
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    told = [
        line
        for line in outcome.err.splitlines()
        if not re.match(r"looking|steadying|encoding|join|pack", line)
    ]
    assert told[0].startswith("error: "), outcome.err
    assert len(told) <= lines, outcome.err
    assert "Traceback" not in outcome.err
    assert "fault of video-pipeline" not in outcome.err
    for word in words:
        assert word in outcome.err, (word, outcome.err)


def left_in(*folders: Path) -> list[str]:
    """Everything under the folders that has the look of unfinished work."""
    return [
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if re.search(r"\.part|\.partial|\.old-|video-pipeline-|\.rgba", path.name)
    ]


# Footage


def text_named_mp4(folder: Path, _: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("the bag is on the second shelf\n" * 20, encoding="utf-8")
    return path


def empty(folder: Path, _: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def truncated(folder: Path, take: Path) -> Path:
    path = folder / "cut.mp4"
    path.write_bytes(take.read_bytes()[: take.stat().st_size // 2])
    return path


def noise(folder: Path, _: Path) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(bytes(range(256)) * 400)
    return path


def missing(folder: Path, _: Path) -> Path:
    (folder / "take-2.mp4").touch()
    return folder / "take-3.mp4"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (missing, ("listing.yaml:", "take-3.mp4", "did you mean 'take-2.mp4'?")),
        (text_named_mp4, ("notes.mp4", "a text file, not a video")),
        (empty, ("empty.mp4", "the file is empty")),
        (truncated, ("cut.mp4", "cut off", "copy it")),
        (noise, ("noise.mp4", "cannot be read as a video")),
    ],
)
def test_unusable_footage(
    run_cli: Run,
    write_listing: Write,
    short_take: Path,
    tiny: tuple[str, ...],
    tmp_path: Path,
    make: Callable[[Path, Path], Path],
    words: tuple[str, ...],
) -> None:
    out = tmp_path / "out"
    listing = write_listing([make(tmp_path, short_take)])
    said(run_cli("render", listing, "-o", out, *tiny), 3, *words)
    assert not out.exists()
    assert left_in(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_footage_that_may_not_be_read(
    run_cli: Run, write_listing: Write, short_take: Path, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    locked = tmp_path / "locked.mp4"
    shutil.copy(short_take, locked)
    locked.chmod(0)
    outcome = run_cli("render", write_listing([locked]), "-o", tmp_path / "out", *tiny)
    said(outcome, 3, "locked.mp4", "cannot be read", "permission")


def test_a_take_that_breaks_off_midway_is_used_as_far_as_it_goes(
    run_cli: Run, make_clip: MakeClip, short_take: Path, tmp_path: Path
) -> None:
    whole = make_clip("first.mkv", "-t", "4", "-i", str(short_take), "-c", "copy", "-an")
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    outcome = run_cli("keyframes", broken, "-o", tmp_path / "k", "--show", "whole")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "k" / "manifest.json").is_file()


# The listing and the command line


def test_five_mistakes_are_told_at_once(
    run_cli: Run, write_listing: Write, short_take: Path, tmp_path: Path
) -> None:
    listing = write_listing([short_take])
    page = yaml.safe_load(listing.read_text(encoding="utf-8"))
    page["item"]["categry"] = page["item"].pop("category")
    page["condition"]["grade"] = "very god"
    page["condition"]["notes"][0]["severity"] = "lihgt"
    page["condition"]["notes"][1]["part"] = "interor"
    page["price"]["currency"] = "euro"
    listing.write_text(yaml.safe_dump(page), encoding="utf-8")
    outcome = run_cli("render", listing, "-o", tmp_path / "out")
    mends = ("'category'", "'very-good'", "'light'", "'interior'", "EUR")
    said(outcome, 2, *mends, lines=9)
    assert len(re.findall(r"^  listing\.yaml:\d+: ", outcome.err, re.MULTILINE)) >= 5
    as_json = run_cli("render", listing, "-o", tmp_path / "out", "--json")
    assert as_json.code == 2
    assert set(as_json.json["error"]) == {"kind", "message", "where", "mend"}
    assert all(mend in as_json.json["error"]["message"] for mend in mends)
    assert not (tmp_path / "out").exists()


def test_an_unknown_placement_or_storyboard(
    run_cli: Run, short_listing: Write, tmp_path: Path
) -> None:
    listing, out = short_listing(), tmp_path / "out"
    said(run_cli("render", listing, "-o", out, "--placement", "tiktok,rels"), 2, "'reels'?")
    said(run_cli("render", listing, "-o", out, "--storyboard", "showcse"), 2, "'showcase'?")
    assert not out.exists()
    assert left_in(tmp_path) == []


def test_somebody_elses_folder_is_spared(
    run_cli: Run, short_listing: Write, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "photos"
    (out / "2026").mkdir(parents=True)
    (out / "2026" / "holiday.jpg").write_bytes(b"mine")
    listing = short_listing()
    said(run_cli("render", listing, "-o", out, *tiny), 2, "photos", "2026/holiday.jpg", "--output")
    assert [p.name for p in out.rglob("*")] == ["2026", "holiday.jpg"]
    assert (out / "2026" / "holiday.jpg").read_bytes() == b"mine"
    said(run_cli("render", listing, "-o", listing, *tiny), 2, "is a file, not a folder")


# Disks


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[tuple[Path, list[str]]]:
    """A real small disk: the folder it is at, and the words before a command that sees it."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount program to make a small disk with")
    if done.returncode == 0:
        try:
            yield folder, []
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True, timeout=30)
        return
    inside = ["unshare", "-Urm", "sh", "-c", f'{" ".join(mount)} && exec "$@"', "sh"]
    trial = subprocess.run([*inside, "true"], capture_output=True, timeout=30, check=False)
    if trial.returncode != 0:
        pytest.skip(
            f"a small disk can be mounted neither directly nor in a namespace: {done.stderr}"
        )
    yield folder, inside


def on_disk(inside: list[str], arguments: list[str], cache: Path, after: str = "") -> Outcome:
    """A command on the small disk; `after` is a shell line that prints what is left on it."""
    command = [sys.executable, "-m", "video_pipeline", *arguments]
    script = f'"$@"; code=$?; {after or ":"}; exit $code'
    done = subprocess.run(
        [*inside, "sh", "-c", script, "sh", *command],
        capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, CACHE_VARIABLE: str(cache)},
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_the_output_is_on_a_full_disk(
    short_listing: Write, tiny: tuple[str, ...], knowing_cache: Path, tmp_path: Path
) -> None:
    listing = short_listing()
    with small_disk(tmp_path / "disk", "400k") as (disk, inside):
        arguments = ["render", str(listing), "-o", str(disk / "out"), *tiny]
        outcome = on_disk(inside, arguments, knowing_cache, f"ls -A {disk}")
        said(outcome, 5, "the disk is full", str(disk / "out"), "free some space")
    assert left_in(knowing_cache) == []


def test_the_cache_is_on_a_full_disk(
    short_listing: Write, tiny: tuple[str, ...], knowing_cache: Path, tmp_path: Path
) -> None:
    listing, out = short_listing(), tmp_path / "out"
    # What is known already fits (a disk gives whole blocks), and some of what is made.
    known = sum(-(-path.stat().st_size // 4096) * 4 + 4 for path in knowing_cache.rglob("*"))
    with small_disk(tmp_path / "disk", f"{known + 300}k") as (disk, inside):
        copy = f"cp -r {knowing_cache}/. {disk} && "
        filled = [*inside, "sh", "-c", f'{copy} exec "$@"', "sh"]
        arguments = ["render", str(listing), "-o", str(out), *tiny]
        outcome = on_disk(filled, arguments, disk, f"find {disk} -name '.part*'")
        said(outcome, 5, "the disk is full", str(disk), "free some space")
    assert not out.exists()
    assert left_in(tmp_path) == []


def test_the_folder_for_temporary_files_is_full(
    short_listing: Write, tiny: tuple[str, ...], knowing_cache: Path, tmp_path: Path
) -> None:
    listing, out = short_listing(), tmp_path / "clips" / "out"
    with small_disk(tmp_path / "disk", "60k") as (disk, inside):
        arguments = ["render", str(listing), "-o", str(out), *tiny]
        words = [*inside, "env", f"TMPDIR={disk}"]
        outcome = on_disk(words, arguments, knowing_cache, f"ls -A {disk}")
        said(outcome, 5, "the disk is full", "free some space")
    assert list(out.parent.iterdir()) == []
    assert left_in(knowing_cache) == []


def test_an_output_that_cannot_be_written(
    run_cli: Run, short_listing: Write, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    listing = short_listing()
    (tmp_path / "file").touch()
    blocked = run_cli("render", listing, "-o", tmp_path / "file" / "out", *tiny)
    said(blocked, 5, "file/out", "choose another folder")
    said(run_cli("plan", listing, "-o", tmp_path / "file" / "e.json", *tiny), 5, "e.json")


def test_a_read_only_disk(
    short_listing: Write, tiny: tuple[str, ...], knowing_cache: Path, tmp_path: Path
) -> None:
    listing = str(short_listing())
    with small_disk(tmp_path / "disk", "400k,ro") as (disk, inside):
        for arguments in (
            ["render", listing, "-o", f"{disk}/out", *tiny],
            ["keyframes", str(SAMPLE / "take.mp4"), "-o", f"{disk}/out"],
            ["plan", listing, "-o", f"{disk}/out.json", *tiny],
            ["init", str(SAMPLE / "take.mp4"), "-o", f"{disk}/out.yaml"],
        ):
            outcome = on_disk(inside, arguments, knowing_cache)
            said(outcome, 5, f"{disk}/out", "cannot be written", "--output")
            assert "looking" not in outcome.err  # found out before the long work


def test_the_output_is_a_mount_point(
    short_listing: Write, tiny: tuple[str, ...], knowing_cache: Path, tmp_path: Path
) -> None:
    listing = str(short_listing())
    with small_disk(tmp_path / "disk", "40m") as (disk, inside):
        for arguments in (
            ["render", listing, "-o", str(disk), *tiny],
            ["keyframes", str(SAMPLE / "take.mp4"), "-o", str(disk)],
        ):
            outcome = on_disk(inside, arguments, knowing_cache)
            said(outcome, 2, str(disk), "cannot be replaced as a whole", "a folder inside it")
            assert "looking" not in outcome.err
            assert "encoding" not in outcome.err


def test_a_damaged_piece_is_made_again(
    run_cli: Run, short_listing: Write, tiny: tuple[str, ...], knowing_cache: Path, tmp_path: Path
) -> None:
    listing, out = short_listing(), tmp_path / "out"
    options = ("-o", out, *tiny, "--cache", knowing_cache)
    assert run_cli("render", listing, *options).code == 0
    whole = (out / "orsetta-cognac-pouch.tiny.mp4").read_bytes()
    for kind, suffix in (("pieces", ".mp4"), ("sound", ".m4a")):
        kept = next((knowing_cache / kind).glob(f"*{suffix}"))
        kept.write_bytes(kept.read_bytes()[:300])
        again = run_cli("render", listing, *options, "--json")
        assert again.code == 0, again.err
        assert again.json["clips"][0]["pieces"]["encoded"] == (1 if kind == "pieces" else 0)
        assert (out / "orsetta-cognac-pouch.tiny.mp4").read_bytes() == whole


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_output_folder(
    run_cli: Run, short_listing: Write, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    outcome = run_cli("render", short_listing(), "-o", locked / "out", *tiny)
    said(outcome, 5, "cannot be written", "--output")
    assert list(locked.iterdir()) == []


# Interruption


class Started:
    """A command that is running, with a temporary folder of its own."""

    def __init__(self, arguments: list[str], cache: Path, folder: Path) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.log = folder / "stderr.txt"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "video_pipeline", *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                env={
                    **os.environ, CACHE_VARIABLE: str(cache), "TMPDIR": str(self.temporary),
                },
            )  # fmt: skip

    def until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not ready():
            assert self.child.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def says(self, word: str) -> Callable[[], bool]:
        return lambda: word in self.log.read_text()

    def grandchildren(self) -> list[int]:
        """The ffmpeg programs that it has started and that are still running."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except (OSError, IndexError):
                continue
            if parent == str(self.child.pid):
                found.append(int(entry.name))
        return found

    def end(self, number: signal.Signals, times: int = 1) -> Outcome:
        for _ in range(times):
            self.child.send_signal(number)
            time.sleep(0.05)
        out, _ = self.child.communicate(timeout=30)
        return Outcome(self.child.returncode, out.decode(), self.log.read_text())


def gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="children are found through /proc"
)


@needs_proc
@pytest.mark.parametrize(
    ("number", "times"), [(signal.SIGINT, 3), (signal.SIGTERM, 1), (signal.SIGHUP, 1)]
)
def test_interrupted_while_encoding(
    run_cli: Run,
    short_listing: Write,
    tiny: tuple[str, ...],
    knowing_cache: Path,
    tmp_path: Path,
    number: signal.Signals,
    times: int,
) -> None:
    out = tmp_path / "clips" / "out"
    arguments = ["render", str(short_listing()), "-o", str(out), *tiny]
    started = Started(arguments, knowing_cache, tmp_path)
    started.until(started.says("encoding"))
    started.until(lambda: bool(started.grandchildren()))
    children = started.grandchildren()
    began = time.monotonic()
    outcome = started.end(number, times)
    assert time.monotonic() - began < 5
    said(outcome, 130, "stopped", "run it again")
    assert all(gone(child) for child in children)
    assert not out.exists()
    assert list(out.parent.iterdir()) == []
    assert list(started.temporary.iterdir()) == []
    assert left_in(knowing_cache) == []

    again = run_cli("render", *arguments[1:], "--json", "--cache", knowing_cache)
    assert again.code == 0, again.err
    assert out.is_dir()
    assert left_in(knowing_cache, tmp_path / "clips") == []


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_looking(
    run_cli: Run,
    make_clip: MakeClip,
    short_take: Path,
    short_listing: Write,
    tiny: tuple[str, ...],
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    take = make_clip("three.mp4", "-ss", "1", "-t", "3", "-i", str(short_take), "-an")
    cache, out = tmp_path / "cache", tmp_path / "clips" / "out"
    if number == signal.SIGINT:
        arguments = ["keyframes", str(take), "-o", str(out)]
    else:
        arguments = ["render", str(short_listing()), "-o", str(out), *tiny]
    started = Started(arguments, cache, tmp_path)
    started.until(started.says("looking"))
    time.sleep(0.3)
    said(started.end(number), 130, "stopped", "run it again")
    assert list(out.parent.iterdir()) == []
    assert list(started.temporary.iterdir()) == []
    # A render has found by then that there are no bars; of what was begun, nothing is left.
    assert left_in(cache) == []
    kept = {p.name for p in cache.rglob("*") if p.is_file() and p.read_bytes() != b"[0, 0, 0, 0]"}
    assert kept - {p.name for p in (cache / "sums").rglob("*")} == {MARK, "gate.lock"}
    if number == signal.SIGINT:
        again = run_cli(*arguments, "--cache", cache)
        assert again.code == 0, again.err
        assert (out / "manifest.json").is_file()


def test_interrupted_as_json(short_take: Path, tmp_path: Path) -> None:
    arguments = ["keyframes", str(short_take), "-o", str(tmp_path / "k"), "--json"]
    started = Started(arguments, tmp_path / "cache", tmp_path)
    started.until(lambda: any((tmp_path / "cache").rglob(".part-*")))
    outcome = started.end(signal.SIGINT)
    assert outcome.code == 130
    assert outcome.json["error"]["kind"] == "interrupted"
    assert all(line.startswith("looking") for line in outcome.err.splitlines())


# Claims


@pytest.fixture
def certificate(tmp_path: Path, tiny_presets: Path) -> Callable[..., tuple[Path, Path]]:
    """A function that writes a certificate and a presets folder whose issuer signed it."""

    def write(serial: str, until: datetime) -> tuple[Path, Path]:
        presets = tmp_path / "presets"
        shutil.copytree(tiny_presets, presets)
        (presets / "issuers").mkdir()
        key = make_key(tmp_path / "key.json", kid="k-1")
        issuer = {
            "issuer": "https://atelier.test", "name": "Atelier", "url": "https://atelier.test/",
            "keys": [key],
        }  # fmt: skip
        (presets / "issuers" / "atelier.yaml").write_text(yaml.safe_dump(issuer), encoding="utf-8")
        content = credential(
            issuer="https://atelier.test", certificate_id="AT-1", brand="ORSETTA",
            model="Cognac Pouch", serial=serial, examined=date(2024, 1, 2),
            check_url="https://atelier.test/AT-1", valid_from=datetime(2024, 1, 3, tzinfo=UTC),
            valid_until=until,
        )  # fmt: skip
        path = tmp_path / "certificate.jwt"
        path.write_text(issue(content, tmp_path / "key.json"), encoding="utf-8")
        return path, presets

    return write


SERIAL, OTHER = "OR-2219-0417", "OR-0000-0000"
PAST, FUTURE = datetime(2025, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("serial", "until", "reason"),
    [(SERIAL, PAST, "expired on 2025-01-01"), (OTHER, FUTURE, "another serial number")],
)
def test_a_badge_that_is_not_earned(
    run_cli: Run,
    short_listing: Write,
    certificate: Callable[..., tuple[Path, Path]],
    tmp_path: Path,
    serial: str,
    until: datetime,
    reason: str,
) -> None:
    file, presets = certificate(serial, until)
    listing, out = short_listing(certificates=[{"file": str(file)}]), tmp_path / "out"
    options = ("-o", out, "--presets", presets, "--placement", "tiny")
    outcome = run_cli("render", listing, *options, "--require-badge")
    said(outcome, 4, "certificate.jwt", reason)
    assert not out.exists()
    assert SERIAL not in outcome.err  # a serial number helps counterfeiters
    if serial == OTHER:
        planned = run_cli("plan", listing, "-o", tmp_path / "e.json", *options[2:], "--json")
        assert any(reason in warning for warning in planned.json["warnings"])
        return
    # Without the flag the clip is made, has no badge, and says why.
    done = run_cli("render", listing, *options, "--json")
    assert done.code == 0, done.out
    (clip,) = done.json["clips"]
    assert clip["claims"] == []
    assert any(reason in warning for warning in clip["warnings"])
    manifest = (out / "manifest.json").read_text(encoding="utf-8")
    assert "certification-badge" not in manifest


def test_a_badge_without_a_certificate(
    run_cli: Run, short_listing: Write, tiny: tuple[str, ...], tmp_path: Path
) -> None:
    options = ("-o", tmp_path / "out", *tiny, "--require-badge")
    said(run_cli("render", short_listing(certificates=None), *options), 4, "names no certificate")
    gone_file = short_listing(certificates=[{"file": "gone.jwt"}])
    said(run_cli("render", gone_file, *options), 4, "gone.jwt")


def test_a_badge_that_no_shot_shows(
    run_cli: Run, short_listing: Write, tiny_presets: Path, tmp_path: Path
) -> None:
    presets = tmp_path / "presets"
    shutil.copytree(tiny_presets, presets)
    page = yaml.safe_load((presets / "placements/tiny.yaml").read_text(encoding="utf-8"))
    page["burn_in"]["value"] = []
    (presets / "placements" / "bare.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    options = ("-o", tmp_path / "out", "--presets", presets, "--placement", "bare")
    outcome = run_cli("render", short_listing(), *options, "--require-badge")
    said(outcome, 4, "no shot of the clip for 'bare' shows it")
    assert not (tmp_path / "out").exists()


def test_an_interruption_while_the_network_s_library_loads_is_one() -> None:
    """Its compiled part answers an interruption with an ImportError, as if it were not there."""
    script = """
import importlib.abc, os, signal, sys
from video_pipeline import interruption

class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt as error:
                raise ImportError("initialization failed") from error

sys.meta_path.insert(0, Interrupting())
interruption.listen()
from video_pipeline.vision.learned import _session
try:
    _session()
except KeyboardInterrupt:
    print("interrupted")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "interrupted", done.stderr
