"""Live Photos: a photo and the film beside it are one thing, used once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MakeClip
from PIL import Image

from video_pipeline.listing.footage_paths import resolve_footage
from video_pipeline.listing.reading import read_listing
from video_pipeline.pipeline.live_photos import used_once
from video_pipeline.pipeline.preparing import Settings, prepare
from video_pipeline.store import Store

Write = Callable[..., Path]


@pytest.fixture
def phone(make_clip: MakeClip, tmp_path: Path) -> Path:
    """A folder as a phone's: a Live Photo, and a photo beside a film of ten seconds."""
    folder = tmp_path / "DCIM"
    folder.mkdir()
    for name, seconds in (("IMG_1.MOV", 3), ("IMG_2.mov", 10)):
        film = make_clip(f"{seconds}.mov", "-f", "lavfi", "-i", f"testsrc2=s=180x320:d={seconds}")
        shutil.copy(film, folder / name)
    for name in ("IMG_1.jpg", "IMG_2.JPG"):
        Image.effect_noise((180, 240), 60).convert("RGB").save(folder / name, "JPEG")
    return folder


def once(listing: Path) -> tuple[list[str], tuple[str, ...]]:
    read = read_listing(listing, None)
    paths, told = used_once(read, resolve_footage(read))
    return [path.name for path in paths], told


def note(*files: str) -> dict[str, object]:
    notes = [{"part": "corner", "flaw": "scuff", "seen": {"file": f, "time": 0}} for f in files]
    return {"scale": "house", "grade": "good", "notes": notes}


def test_the_film_is_used_once_and_that_is_said(write_listing: Write, phone: Path) -> None:
    both = [phone / "IMG_1.jpg", phone]
    names, (told,) = once(write_listing(both, condition=note()))
    assert names == ["IMG_1.MOV", "IMG_2.mov"]
    assert "IMG_1.jpg and IMG_1.MOV are one Live Photo: the film is used" in told
    assert "name only the one you want" in told


def test_a_photo_beside_a_longer_film_is_a_photo(write_listing: Write, phone: Path) -> None:
    names, told = once(write_listing([phone / "IMG_2.JPG", phone / "IMG_2.mov"], condition=note()))
    assert names == ["IMG_2.JPG", "IMG_2.mov"] and not told


@pytest.mark.parametrize(
    ("pointed", "used"),
    [
        (("IMG_1.jpg",), ["IMG_1.jpg"]),
        (("IMG_1.MOV",), ["IMG_1.MOV"]),
        (("IMG_1.jpg", "IMG_1.MOV"), ["IMG_1.jpg", "IMG_1.MOV"]),
    ],
)
def test_what_is_pointed_at_stays(
    write_listing: Write, phone: Path, pointed: tuple[str, ...], used: list[str]
) -> None:
    both = [phone / "IMG_1.jpg", phone / "IMG_1.MOV"]
    assert once(write_listing(both, condition=note(*pointed)))[0] == used


def test_a_listing_is_prepared_with_one_half(
    write_listing: Write, phone: Path, tmp_path: Path
) -> None:
    listing = write_listing(
        [phone / "IMG_1.jpg", phone / "IMG_1.MOV"], condition=note(), certificates=None
    )
    prepared = prepare(listing, Settings(Store(tmp_path / "cache")))
    assert list(prepared.footage) == ["IMG_1.MOV"]
    assert "Live Photo" in prepared.told[0]
