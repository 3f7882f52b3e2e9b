"""Photos as footage: upright, in their own colours, still at every moment, gently moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE
from numbered import edit_of, piece_of, planes
from numpy.typing import NDArray
from PIL import Image, ImageCms

from video_pipeline import graph
from video_pipeline.analysis.scan import analyse
from video_pipeline.edit import windows
from video_pipeline.edit.file import check_edit
from video_pipeline.edit.framing import PUSH_IN, frame_window
from video_pipeline.edit.reel import Reel
from video_pipeline.errors import FootageError
from video_pipeline.footage.decode import frames
from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.check import check
from video_pipeline.store import Store
from video_pipeline.toolchain import run
from video_pipeline.vision.detectors import detector

# Upright: red, green above blue, white.
FOUR = np.zeros((240, 360, 3), np.uint8)
FOUR[:120, :180], FOUR[:120, 180:] = (200, 30, 30), (30, 180, 30)
FOUR[120:, :180], FOUR[120:, 180:] = (40, 40, 200), (240, 240, 240)
# How a camera held in each of the eight ways stores the upright picture (Exif 2.3, tag 0x0112).
STORED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: np.rot90(p, 2),
    4: lambda p: p[::-1],
    5: lambda p: np.rot90(p[:, ::-1], 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p[:, ::-1], -1),
    8: lambda p: np.rot90(p, -1),
}


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def written(path: Path, picture: NDArray[np.uint8], orientation: int = 1, **more: Any) -> Path:
    image = Image.fromarray(np.ascontiguousarray(STORED[orientation](picture)))
    exif = image.getexif()
    exif[0x0112] = orientation
    jpeg = {"quality": 95, "subsampling": 0} if path.suffix == ".jpg" else {}
    image.save(path, exif=exif, **jpeg, **more)
    return path


def corners(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The colours of the four quarters, RGB."""
    height, width = picture.shape[:2]
    return np.array(
        [
            picture[y * height // 4 - 8 : y * height // 4 + 8, x * width // 4 - 8 :][:, :16].mean(
                axis=(0, 1)
            )
            for y in (1, 3)
            for x in (1, 3)
        ]
    )


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", sorted(STORED))
def test_a_photo_stands_upright_however_the_camera_was_held(
    tmp_path: Path, tiny: Placement, orientation: int, suffix: str
) -> None:
    footage = probe(written(tmp_path / f"p.{suffix}", FOUR, orientation))
    assert footage.still
    assert (footage.width, footage.height) == (360, 240)
    ((t, looked_at),) = frames(footage, long_side=180, every_s=Fraction(1, 10))
    assert t == 0
    assert looked_at.shape == (120, 180, 3)
    assert corners(looked_at[..., ::-1]) == pytest.approx(corners(FOUR), abs=12)
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, frames=2).command(out), deadline_s=60)
    inner = planes(out, "rgb24")[1][150:330]  # between the bars
    assert corners(inner) == pytest.approx(corners(FOUR), abs=14)


def test_the_colours_of_a_phones_photo_are_read_in_its_own_primaries(
    tmp_path: Path, tiny: Placement
) -> None:
    """The same numbers are a stronger red in Display P3 than in sRGB."""
    shown = {}
    for name in ("sRGB", "Display P3"):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        # A phone's profile is told by its description; the rest of it is not looked at.
        profile = profile.replace(
            "sRGB built-in".encode("utf-16-be"), f"{name:<13}".encode("utf-16-be")
        )
        file = written(tmp_path / f"{name}.jpg", FOUR, icc_profile=profile)
        footage = probe(file)
        assert footage.colour.primaries == ("bt709" if name == "sRGB" else "smpte432")
        out = tmp_path / f"{name}.mp4"
        run(piece_of(footage, tiny, frames=1).command(out), deadline_s=60)
        shown[name] = corners(planes(out, "rgb24")[0][150:330])[0]
    assert shown["Display P3"][0] > shown["sRGB"][0] + 8
    assert shown["sRGB"] == pytest.approx(FOUR[0, 0], abs=14)


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of the sample's bag, twice as large as the tiny placement."""
    out = tmp_path_factory.mktemp("photo") / "bag.jpg"
    run(graph.still(probe(SAMPLE / "take.mp4"), Fraction(1), out), deadline_s=60)
    return out


def test_a_photo_is_looked_at_once_and_lasts(bag: Path, store: Store) -> None:
    analysis = analyse(probe(bag), store, detector())
    first, *more = analysis.moments
    assert len(more) > 50
    assert all(replace(moment, t=first.t) == first for moment in more)
    assert first.sharpness > 0.3
    assert first.motion == first.shake == 0


def test_a_cut_of_a_photo_grows_gently_and_repeats_one_picture(
    bag: Path, store: Store, tiny: Placement, tmp_path: Path
) -> None:
    footage = probe(bag)
    reel = Reel("bag.jpg", analyse(footage, store, detector()))
    window = windows.window(reel, "whole", 0, Fraction(1), Fraction(1))
    crop = frame_window(window, "whole", footage, tiny)
    assert crop.zoom == (1.0, PUSH_IN)
    out = tmp_path / "out.mp4"
    piece = piece_of(footage, replace(tiny, crf=10), frames=30, hold=4, crop=crop)
    run(piece.command(out), deadline_s=60)
    pictures = planes(out).astype(float)
    assert len(pictures) == 30
    changes = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2))
    assert (changes[:25] > 0.2).all()
    assert (changes[26:] < 0.2).all()  # held
    assert np.abs(pictures[25] - pictures[0]).mean() > 3 * changes[:25].mean()


def test_an_edit_may_show_a_photo_for_as_long_as_it_likes(bag: Path, tiny: Placement) -> None:
    footage = probe(bag)
    piece = piece_of(footage, tiny, frames=30 * 40)
    check_edit(edit_of([piece], {footage.name: footage}), {footage.name: footage}, "edit.json")


def test_a_listing_of_a_video_and_a_photo_is_rendered(
    run_cli: Callable[..., Any], write_listing: Callable[..., Path], short_take: Path, bag: Path,
    tiny_presets: Path, tmp_path: Path,
) -> None:  # fmt: skip
    """The flaw is only to be seen on the photo, and is shown from there."""
    stain = {"part": "pocket", "flaw": "stain", "severity": "light", "words": "Dark mark"}
    seen = {"file": bag.name, "box": [0.31, 0.39, 0.69, 0.60]}
    condition = {"scale": "house", "grade": "very-good", "notes": [{**stain, "seen": seen}]}
    listing = write_listing([short_take, bag], condition=condition, certificates=None)
    made = run_cli(
        "render", listing, "--presets", tiny_presets, "--placement", "tiny", "-o",
        tmp_path / "out", "--json",
    )  # fmt: skip
    assert made.code == 0, made.err + made.out
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    (flaw,) = (c for c in manifest["clips"][0]["edit"]["cuts"] if c["slot"] == "flaw")
    assert flaw["source"] == bag.name
    assert flaw["crop"]["zoom"][1] > 1
    assert flaw["hold"] == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x00\x00\x18ftypheic" + bytes(400), "the photo is damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(400), "the photo is damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), "the photo is damaged"),
    ],
)
def test_what_is_wrong_with_a_photo_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    with pytest.raises(FootageError) as caught:
        probe(file)
    assert words in f"{caught.value.message} {caught.value.mend}"


def test_colours_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    Image.fromarray(FOUR).convert("CMYK").save(tmp_path / "print.jpg")
    with pytest.raises(FootageError, match="CMYK"):
        probe(tmp_path / "print.jpg")


def test_a_photo_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    """Told by its header alone: a small file may hold more than there is memory for."""
    Image.new("1", (20_000, 5_000)).save(tmp_path / "vast.png")
    with pytest.raises(FootageError, match="too many pixels"):
        probe(tmp_path / "vast.png")


def test_a_photo_is_no_clip(bag: Path, tiny: Placement) -> None:
    with pytest.raises(FootageError, match="a photo, not a clip"):
        check(bag, tiny)
