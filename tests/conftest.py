"""Fixtures for all tests: small media made by the real ffmpeg, small placements, caches."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.tiny import write_tiny
from video_pipeline.analysis.scan import analyse
from video_pipeline.cli import main
from video_pipeline.footage.probe import probe
from video_pipeline.pipeline import Previewed, Settings, preview_listing
from video_pipeline.resources import shipped
from video_pipeline.store import CACHE_VARIABLE, Store
from video_pipeline.toolchain import ffmpeg_path
from video_pipeline.vision.detectors import detector

# Started in the background of a shell, the suite would hand its children a deaf ear for Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLE = shipped("samples") / "cognac-pouch"

MakeClip = Callable[..., Path]


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """A function that makes a clip with ffmpeg: `make_clip("name.mp4", "-f", "lavfi", ...)`.

    The arguments are everything between the program's name and the output file.
    """
    folder = tmp_path_factory.mktemp("clips")

    def make(name: str, *arguments: str) -> Path:
        # Two tests may give two clips one name; the arguments tell them apart.
        path = folder / hashlib.sha256(repr(arguments).encode()).hexdigest()[:12] / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            subprocess.run(
                [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", *arguments, str(path)],
                check=True,
                timeout=120,
            )
        return path

    return make


@pytest.fixture(scope="session")
def small_take(make_clip: MakeClip) -> Path:
    """The sample's take at a third of its size, for tests that need footage of a bag."""
    return make_clip(
        "small.mp4", "-i", str(SAMPLE / "take.mp4"), "-vf", "scale=540:960", "-c:v", "libx264",
        "-preset", "ultrafast", "-crf", "20", "-an",
    )  # fmt: skip


@pytest.fixture(scope="session")
def short_take(make_clip: MakeClip) -> Path:
    """Twelve seconds of the sample's take, small: looked at and rendered in a few seconds.

    The flaw that the sample's listing shows at 12.4 s is at 9.4 s here.
    """
    return make_clip(
        "short.mp4", "-ss", "3", "-t", "12", "-i", str(SAMPLE / "take.mp4"), "-vf", "scale=360:640",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-threads", "1", "-an",
    )  # fmt: skip


@pytest.fixture(scope="session")
def tiny_presets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A presets folder with a placement `tiny` (270x480, quick to encode) and nothing else."""
    return write_tiny(tmp_path_factory.mktemp("presets"))


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all tests of a run share, in whichever worker: footage is analysed once."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    (folder / "cache").mkdir(exist_ok=True)
    return folder / "cache"


@pytest.fixture
def knowing_cache(shared_cache: Path, short_take: Path, tmp_path: Path) -> Path:
    """A cache of one test's own that knows what `short_take` shows, and holds nothing else."""
    analyse(probe(short_take), Store(shared_cache), detector())
    folder = tmp_path / "knowing"
    # Another worker may be writing into the shared cache at this moment.
    unfinished = shutil.ignore_patterns(".part-*")
    for part in ("sums/analysis", "analysis"):  # the digests first: what is seen has one
        shutil.copytree(shared_cache / part, folder / part, ignore=unfinished)
    return folder


@pytest.fixture
def short_listing(write_listing: Callable[..., Path], short_take: Path) -> Callable[..., Path]:
    """`write_listing` for `short_take`, with the flaw where that take shows it."""

    def write(name: str = "listing.yaml", **changes: Any) -> Path:
        seen = {"time": 9.4, "box": [0.31, 0.39, 0.69, 0.60]}
        stain = {"part": "pocket", "flaw": "stain", "severity": "light", "words": "Dark mark"}
        condition = {"scale": "house", "grade": "very-good", "notes": [{**stain, "seen": seen}]}
        # The certificate points at its shot, so that a clip this short has room for the badge.
        certificate = {"file": str(SAMPLE / "certificate.jwt"), "seen": {"time": 2.0}}
        stated = {"condition": condition, "certificates": [certificate], **changes}
        return write_listing([short_take], name, **stated)

    return write


@pytest.fixture(scope="session")
def preview_page(short_take: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A listing for `short_take`, with words that would break a careless page."""
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
    page["footage"] = [str(short_take)]
    page["certificates"] = []
    page["condition"]["notes"] = []
    page["item"]["material"] = 'calf <b>"smooth"</b> & fine'
    path = tmp_path_factory.mktemp("listing") / "listing.yaml"
    path.write_text(yaml.safe_dump(page, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def made_preview(
    preview_page: Path, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Previewed:
    """The preview of `preview_page`, as the command writes it."""
    out = tmp_path_factory.mktemp("preview") / "out"
    return preview_listing(preview_page, out, Settings(Store(shared_cache)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty cache of one test's own."""
    return Store(tmp_path / "cache")


@pytest.fixture
def write_listing(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a listing for footage: `write_listing([take], price=None, ...)`.

    Keyword arguments replace the sample listing's top-level keys; None takes a key out.
    """

    def write(footage: list[Path], name: str = "listing.yaml", **changes: Any) -> Path:
        page = yaml.safe_load((SAMPLE / "listing.yaml").read_text())
        page["footage"] = [str(path) for path in footage]
        page["certificates"] = [{"file": str(SAMPLE / "certificate.jwt")}]
        for key, value in changes.items():
            if value is None:
                page.pop(key, None)
            else:
                page[key] = value
        path = tmp_path / name
        path.write_text(yaml.safe_dump(page, allow_unicode=True), encoding="utf-8")
        return path

    return write


class Outcome:
    """What a command ended with."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


@pytest.fixture
def run_cli(
    shared_cache: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """A function that runs the command line and says what it ended with.

    It runs here, which spares every test the loading of the program; what the libraries print
    past Python is caught too. Where `env` is given, or `alone` is asked for, it runs in a process
    of its own, as a person would run it.
    """
    usual = {CACHE_VARIABLE: str(shared_cache), "COLUMNS": "160"}

    def run(
        *arguments: str | Path,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        alone: bool = False,
    ) -> Outcome:
        words = [str(word) for word in arguments]
        if env or alone:
            place = {"PYTHONPATH": str(Path(__file__).parent.parent)} if cwd else {}
            done = subprocess.run(
                [sys.executable, "-m", "video_pipeline", *words],
                check=False,
                capture_output=True,
                text=True,
                timeout=240,
                cwd=cwd,
                env={**os.environ, **usual, **place, **(env or {})},
            )
            code, out, err = done.returncode, done.stdout, done.stderr
        else:
            with monkeypatch.context() as around, own_signals():
                for name, value in usual.items():
                    around.setenv(name, value)
                around.chdir(cwd or Path.cwd())
                capfd.readouterr()
                code = main(words)
                out, err = capfd.readouterr()
            if code == 130:  # whoever runs the tests pressed Ctrl-C
                raise KeyboardInterrupt
        return Outcome(code, out, re.sub(r"\x1b\[[0-9;]*m", "", err))

    return run


@contextmanager
def own_signals() -> Iterator[None]:
    """What the command line listens to while it runs, it does not hear afterwards."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
