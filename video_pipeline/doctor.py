"""The doctor: does this machine have what rendering needs? Each thing is tried, not looked up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.errors import PipelineError
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.presets.encoders import HARDWARE, X264, load_encoder
from video_pipeline.presets.placements import SafeArea, load_placement
from video_pipeline.rendering.rehearsal import rehearse, show
from video_pipeline.store import Store
from video_pipeline.toolchain import FFMPEG_VARIABLE, ffmpeg_path, ffmpeg_version, run
from video_pipeline.vision.detectors import detector

_MEASURED_FOR = "tiktok"
_LEAST_DISK_GB = 2.0
_REINSTALL = "reinstall with: pip install --force-reinstall "
# What mends a trial that the system itself refused.
_MENDS = {
    "ffmpeg": f"{_REINSTALL}imageio-ffmpeg, or unset {FFMPEG_VARIABLE}",
    "encoders": f"{_REINSTALL}imageio-ffmpeg, or unset {FFMPEG_VARIABLE}",
    "hardware": f"{_REINSTALL}imageio-ffmpeg, or unset {FFMPEG_VARIABLE}",
    "fonts": f"{_REINSTALL}video-pipeline",
    "seeing": f"{_REINSTALL}video-pipeline",
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


def examine(store: Store, *, encoders: bool = False) -> tuple[Result, ...]:
    """Try everything that a render needs; with `encoders`, measure those that work as well."""
    trials: tuple[tuple[str, Callable[[], Iterator[Result]]], ...] = (
        ("ffmpeg", _ffmpeg),
        ("encoders", _encoders),
        ("hardware", lambda: _hardware(measured=encoders)),
        ("fonts", _fonts),
        ("seeing", _seeing),
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


def _hardware(*, measured: bool) -> Iterator[Result]:
    """Hardware encoders, which nobody needs; each is tried as `--encoder` would use it."""
    place = load_placement(_MEASURED_FOR)
    tried = [rehearse(load_encoder(name), place) for name in HARDWARE]
    working = [one.encoder for one in tried if not one.refusal]
    refused = "; ".join(f"{one.encoder.name}: {one.refusal}" for one in tried if one.refusal)
    named = " and ".join(encoder.name for encoder in working)
    found = f"--encoder may be {named}" if working else "no encoder works here, so x264 is used"
    yield Result("hardware", True, f"{found}; {refused}" if refused else found)
    for encoder in (X264, *working) if measured else ():
        shown = show(encoder, place)
        vmaf = "unknown (this ffmpeg has no libvmaf)" if shown.vmaf is None else f"{shown.vmaf:.1f}"
        yield Result(
            encoder.name,
            True,
            f"VMAF {vmaf} at {shown.kbps / 1000:.1f} Mbit/s, {shown.frames_per_s:.0f} frames a "
            f"second, as {place.title} has it",
        )


def _fonts() -> Iterator[Result]:
    canvas = Canvas(1080, 1920, SafeArea(200, 100, 400, 100))
    drawing = draw("label", {"text": "Gg 1,250 €"}, canvas)
    ok = bool(drawing.pixels[..., 3].any())
    yield Result("fonts", ok, f"text is drawn, {drawing.width} x {drawing.height} pixels")


def _seeing() -> Iterator[Result]:
    usual = detector()
    seen = usual.detect(_buckle_and_seam())
    missed = [w for w in ("hardware", "stitching") if not getattr(seen, w).parts]
    yield Result(
        "seeing",
        not missed,
        f"'{usual.name}' misses {' and '.join(missed)} in a plain drawing of it"
        if missed
        else f"'{usual.name}' ({usual.version}) finds hardware and stitching in a drawing",
        _MENDS["seeing"] if missed else "",
    )


def _buckle_and_seam() -> NDArray[np.uint8]:
    """A drawing that leaves no doubt: a brass frame and a row of pale stitches on leather, BGR."""
    picture = np.full((256, 256, 3), (45, 75, 120), np.uint8)
    for colour, thick in (((40, 60, 70), 17), ((120, 170, 190), 12), ((225, 240, 245), 4)):
        cv2.rectangle(picture, (73, 60), (180, 140), colour, thick, cv2.LINE_AA)
    for x in range(13, 240, 16):
        cv2.line(picture, (x, 200), (x + 10, 200), (215, 228, 235), 3, cv2.LINE_AA)
    return picture


def _cache(store: Store) -> Iterator[Result]:
    def write(part: Path) -> None:
        part.write_text("ok", encoding="utf-8")

    store.drop(store.make("doctor", "probe", ".txt", write))
    most = "no limit" if store.limit is None else f"at most {store.limit / 1e6:,.0f} MB"
    held = f"{store.size_bytes() / 1e6:,.0f} MB, {most}, in {store.folder}"
    yield Result("cache", True, held)


def _disk(store: Store) -> Iterator[Result]:
    store.begin()
    free_gb = shutil.disk_usage(store.folder).free / 1e9
    yield Result(
        "disk",
        free_gb >= _LEAST_DISK_GB,
        f"{free_gb:.1f} GB free",
        "" if free_gb >= _LEAST_DISK_GB else "free some space, or choose another disk with --cache",
    )
