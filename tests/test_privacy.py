"""Privacy: what is masked is gone from every picture, and nothing of a phone or a disk gets out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SAMPLE, MakeClip, Outcome
from numpy.typing import NDArray
from PIL import Image

from video_pipeline import graph
from video_pipeline.analysis.veiling import veil
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box, Crop, CropKey
from video_pipeline.presets.placements import load_placement
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path, run

Run = Callable[..., Outcome]
Write = Callable[..., Path]

# A label in a colour that is nowhere else, so that a single pixel of it can be found.
_INK = (255, 0, 255)


def of_ink(picture: NDArray[np.uint8]) -> int:
    """How many pixels of an RGB picture may be the label's."""
    red, green, blue = (picture[..., c].astype(int) for c in range(3))
    return int(((red - green > 70) & (blue - green > 70)).sum())


def pictures(file: Path) -> Iterator[NDArray[np.uint8]]:
    """Every frame of a clip, or every picture of a still or an animation."""
    if file.suffix in {".mp4", ".mov"}:
        with_size = subprocess.run(
            [str(ffmpeg_path()), "-v", "error", "-i", str(file), "-fps_mode", "passthrough",
             "-vf", "scale=270:-2", "-f", "image2pipe", "-c:v", "ppm", "-"],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
        while with_size:
            _, size, _, rest = with_size.split(b"\n", 3)
            width, height = map(int, size.split())
            yield np.frombuffer(rest[: width * height * 3], np.uint8).reshape(height, width, 3)
            with_size = rest[width * height * 3 :]
        return
    with Image.open(file) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            yield np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def surface(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of a textured surface with one label on it."""
    grain = np.random.default_rng(4).normal(120, 40, (150, 200)).clip(0, 255).astype(np.uint8)
    grey = cv2.resize(grain, (1200, 900), interpolation=cv2.INTER_CUBIC)
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    picture[420:480, 520:680] = (255, 255, 255)
    cv2.putText(picture, "SN 4417", (528, 462), cv2.FONT_HERSHEY_SIMPLEX, 1.1, _INK, 4)
    path = tmp_path_factory.mktemp("surface") / "surface.png"
    cv2.imwrite(str(path), picture)
    return path


@pytest.fixture(scope="module")
def panned(make_clip: MakeClip, surface: Path) -> Path:
    """Four seconds along that surface; the label comes in from the right and goes out again."""
    return make_clip(
        "panned.mp4", "-loop", "1", "-framerate", "30", "-i", str(surface), "-t", "4",
        "-vf", "crop=640:640:x='t*150-20*sin(t*5)':y='120+15*sin(t*7)',format=yuv420p",
        "-c:v", "libx264", "-crf", "12", "-preset", "veryfast",
    )  # fmt: skip


def pointed(footage: Footage, store: Store, at: Fraction) -> Footage:
    """The footage with its label masked, as a seller would draw the box at that time."""
    x, y = 520 - (float(at) * 150 - 20 * np.sin(float(at) * 5)), 300 - 15 * np.sin(float(at) * 7)
    box = Box(x / 640, y / 640, (x + 160) / 640, (y + 60) / 640)
    return replace(footage, veils=(veil(footage, "serial", box, at, store),))


def piece_of(footage: Footage, start: Fraction, frames: int, out: Path, crop: Crop) -> Path:
    placement = replace(load_placement("tiktok"), width=270, height=480, preset="ultrafast")
    words = graph.piece(footage, start, frames, 0, crop, layers=(), placement=placement, out=out)
    run(words, deadline_s=60)
    return out


STILL = Crop(360, 640, (CropKey(0, 140, 0),))
MOVING = Crop(270, 480, (CropKey(0, 60, 60), CropKey(59, 260, 100)))


@pytest.mark.parametrize("crop", [STILL, MOVING], ids=["resting", "moving"])
def test_what_is_masked_is_in_no_frame_of_its_cut(
    panned: Path, store: Store, tmp_path: Path, crop: Crop
) -> None:
    footage = probe(panned)
    bare = piece_of(footage, Fraction(1), 60, tmp_path / "bare.mp4", crop)
    assert sum(of_ink(p) > 20 for p in pictures(bare)) > 30
    masked = pointed(footage, store, Fraction(3, 2))
    done = piece_of(masked, Fraction(1), 60, tmp_path / "done.mp4", crop)
    frames = list(pictures(done))
    assert len(frames) == 60
    assert max(map(of_ink, frames)) == 0
    # And it is a mask, not a black clip: most of the surface is to be seen.
    dark = [float((p.max(axis=2) < 45).mean()) for p in frames]
    assert 0.01 < float(np.median(dark)) < 0.25


def test_where_the_mask_loses_it_all_is_covered(panned: Path, store: Store, tmp_path: Path) -> None:
    masked = pointed(probe(panned), store, Fraction(3, 2))
    (one,) = masked.veils
    assert one.followed is not None
    begin, end = one.followed
    assert begin < 1 < 2 < end
    for tenth in range(40):
        still = tmp_path / f"{tenth}.jpg"
        run(graph.still(masked, Fraction(tenth, 10), still), deadline_s=60)
        (picture,) = pictures(still)
        assert of_ink(picture) == 0, tenth
    assert all(first < last for first, last in one.shut)


# What a phone and a disk would tell

_SECRETS = ("48.8584", "Pixel 99", "Leica-Phone", "anna", "2019-04-01", "Geheim", "home/")


@pytest.fixture(scope="module")
def talkative(make_clip: MakeClip, short_take: Path) -> Path:
    """A take that says where and with what it was filmed, in every way that a phone does."""
    told = {
        "location": "+48.8584+002.2945/", "com.apple.quicktime.location.ISO6709":
        "+48.8584+002.2945+035.0/", "com.apple.quicktime.make": "Leica-Phone",
        "com.apple.quicktime.model": "Pixel 99", "make": "Leica-Phone", "model": "Pixel 99",
        "artist": "anna", "comment": "Geheim", "creation_time": "2019-04-01T12:00:00Z",
    }  # fmt: skip
    words = [word for name, value in told.items() for word in ("-metadata", f"{name}={value}")]
    return make_clip(
        "talkative.mov", "-i", str(short_take), "-c", "copy", *words,
        "-movflags", "use_metadata_tags", "-metadata:s:v", "handler_name=anna Pixel 99",
    )  # fmt: skip


def test_nothing_of_phone_or_disk_gets_out_and_a_mask_holds_everywhere(
    run_cli: Run, talkative: Path, make_clip: MakeClip, tiny_presets: Path, tmp_path: Path,
    write_listing: Write,
) -> None:  # fmt: skip
    raw = talkative.read_bytes()
    assert all(secret.encode() in raw for secret in _SECRETS[:6])
    # A label lies on the bag, where its surface is; here it stands still on the screen.
    home = tmp_path / "home" / "anna" / "bags"
    home.mkdir(parents=True)
    take = home / "take.mov"
    take.write_bytes(raw)
    photo = home / "photo.jpg"
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B] = "Leica-Phone", "Pixel 99", "anna"
    exif.get_ifd(0x8825)[29] = "2019-04-01"
    picture = next(pictures(SAMPLE / "take.mp4"))
    Image.fromarray(picture).resize((540, 960)).save(photo, exif=exif)
    assert b"Pixel 99" in photo.read_bytes()
    listing = write_listing([take, photo], "home/anna/bags/listing.yaml", certificates=None,
                            condition={"scale": "house", "grade": "very-good"})  # fmt: skip
    out = tmp_path / "out"
    for command in ("render", "preview"):
        more = ("--placement", "tiny") if command == "render" else ()
        done = run_cli(command, listing, "-o", out / command, "--presets", tiny_presets, *more)
        assert done.code == 0, done.err
    written = [file for file in out.rglob("*") if file.is_file()]
    assert {f.suffix for f in written} >= {".mp4", ".jpg", ".webp", ".html", ".json", ".gif",
                                           ".avif", ".vtt"}  # fmt: skip
    for file in written:
        content = file.read_bytes()
        for secret in _SECRETS:
            assert secret.encode() not in content, (file.name, secret)
        if file.suffix in {".jpg", ".webp", ".avif", ".gif"}:
            with Image.open(file) as image:
                assert not image.getexif(), file.name
                assert not image.info.get("xmp"), file.name


def test_blur_needs_a_box_and_says_what_was_masked(
    run_cli: Run, short_listing: Write, tiny_presets: Path, tmp_path: Path
) -> None:
    options = ("--presets", tiny_presets, "--placement", "tiny", "--blur", "serial")
    refused = run_cli("render", short_listing(), "-o", tmp_path / "out", *options)
    assert refused.code == 2
    assert "under blur:" in refused.err
    assert not (tmp_path / "out").exists()
    seen = {"time": 9.4, "box": [0.40, 0.45, 0.60, 0.55]}
    listing = short_listing(blur=[{"what": "serial", "seen": seen}])
    done = run_cli("render", listing, "-o", tmp_path / "out", *options)
    assert done.code == 0, done.err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    (take,) = manifest["inputs"]["footage"]
    (one,) = take["masked"]
    assert one["what"] == "serial"
    assert one["from_s"] < 9.4 < one["to_s"]


def test_no_model_of_faces_is_shipped() -> None:
    package = Path(graph.__file__).parents[1]
    models = {
        file.name
        for file in package.rglob("*")
        if file.suffix in {".onnx", ".xml", ".pb", ".tflite", ".caffemodel", ".pt"}
    }
    assert models == {"seeing.onnx"}
    for module in package.rglob("*.py"):
        words = module.read_text(encoding="utf-8")
        assert not any(w in words for w in ("CascadeClassifier", "FaceDetector", "mediapipe"))
