"""The doctor: does this machine have what rendering needs? Each thing is tried, not looked up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from video_pipeline import graph
from video_pipeline.errors import PipelineError
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.presets.placements import SafeArea
from video_pipeline.store import Store
from video_pipeline.toolchain import FFMPEG_VARIABLE, ffmpeg_path, ffmpeg_version, run

_LEAST_DISK_GB = 2.0
_REINSTALL = "reinstall with: pip install --force-reinstall "
# What mends a trial that the system itself refused.
_MENDS = {
    "ffmpeg": f"{_REINSTALL}imageio-ffmpeg, or unset {FFMPEG_VARIABLE}",
    "encoders": f"{_REINSTALL}imageio-ffmpeg, or unset {FFMPEG_VARIABLE}",
    "fonts": f"{_REINSTALL}video-pipeline",
    "cache": "choose another folder with --cache",
    "disk": "choose another folder with --cache",
}


@dataclass(frozen=True)
class Result:
    """One thing that was tried: whether it works, what was found, and how to mend it."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def examine(store: Store) -> tuple[Result, ...]:
    """Try everything that a render needs."""
    trials: tuple[tuple[str, Callable[[], Iterator[Result]]], ...] = (
        ("ffmpeg", _ffmpeg),
        ("encoders", _encoders),
        ("fonts", _fonts),
        ("cache", lambda: _cache(store)),
        ("disk", lambda: _disk(store)),
    )
    results: list[Result] = []
    for name, trial in trials:
        try:
            results.extend(trial())
        except PipelineError as error:
            results.append(
                Result(name, False, f"{error.message} {error.where}".strip(), error.mend)
            )
        except OSError as error:
            said = f"{error.strerror or error} {error.filename or ''}".strip()
            results.append(Result(name, False, said, _MENDS[name]))
    return tuple(results)


def _ffmpeg() -> Iterator[Result]:
    yield Result("ffmpeg", True, f"{ffmpeg_version()} at {ffmpeg_path()}")


def _encoders() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as folder:
        for name, words in (("x264", "H.264"), ("aac", "AAC"), ("webp", "animated WebP")):
            run(
                graph.trial(name, Path(folder) / f"trial-{name}"),
                deadline_s=60,
                what=f"trying the {words} encoder",
            )
    yield Result("encoders", True, "H.264, AAC and animated WebP")


def _fonts() -> Iterator[Result]:
    canvas = Canvas(1080, 1920, SafeArea(200, 100, 400, 100))
    drawing = draw("label", {"text": "Gg 1,250 €"}, canvas)
    ok = bool(drawing.pixels[..., 3].any())
    yield Result("fonts", ok, f"text is drawn, {drawing.width} x {drawing.height} pixels")


def _cache(store: Store) -> Iterator[Result]:
    def write(part: Path) -> None:
        part.write_text("ok", encoding="utf-8")

    store.make("doctor", "probe", ".txt", write).unlink()
    yield Result("cache", True, f"{store.size_bytes() / 1e6:.0f} MB in {store.folder}")


def _disk(store: Store) -> Iterator[Result]:
    store.begin()
    free_gb = shutil.disk_usage(store.folder).free / 1e9
    yield Result(
        "disk",
        free_gb >= _LEAST_DISK_GB,
        f"{free_gb:.1f} GB free",
        "" if free_gb >= _LEAST_DISK_GB else "free some space, or choose another disk with --cache",
    )
