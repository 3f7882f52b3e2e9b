"""Every shipped placement: a clip made for it passes our check, and programs of others agree."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeClip
from numbered import edit_of, numbered, piece_of

from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import Placement, load_placement, placement_names
from video_pipeline.rendering.check import Made, judge
from video_pipeline.rendering.facts import facts_of
from video_pipeline.rendering.joining import join
from video_pipeline.rendering.pieces import encode
from video_pipeline.rendering.sound import make_track
from video_pipeline.store import Store

PLACES = [load_placement(name) for name in placement_names()]


@pytest.fixture(scope="module")
def clips(
    make_clip: MakeClip, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, Made]]:
    """A clip for each placement, as long as it has to be: a moving second, then a held picture."""
    folder = tmp_path_factory.mktemp("placements")
    store = Store(folder / "cache")
    take = probe(
        make_clip(
            "take.mp4", *numbered(2), "-f", "lavfi", "-i", "sine=f=500:r=48000:d=2", "-c:v",
            "libx264", "-preset", "ultrafast", "-c:a", "aac",
        )
    )  # fmt: skip
    made: dict[str, tuple[Path, Made]] = {}
    frames = int(max(place.min_s or 0 for place in PLACES) * 30)
    pieces = [piece_of(take, place, frames=frames, hold=frames - 30) for place in PLACES]
    for place, piece, encoded in zip(PLACES, pieces, encode(pieces, store), strict=True):
        edit = edit_of([piece], {take.name: take})
        file = folder / f"{place.name}.mp4"
        track = make_track(edit, {take.name: take}, place, store)
        join([encoded], track.path, place.rate, file)
        made[place.name] = file, Made(edit, {})
    return made


def test_pieces_are_shared(clips: dict[str, tuple[Path, Made]]) -> None:
    sizes = {(place.width, place.height) for place in PLACES}
    kept = next(file for file, _ in clips.values()).parent / "cache" / "pieces"
    assert len(list(kept.glob("*.mp4"))) == len(sizes) < len(PLACES)


def test_all_pass_our_check(clips: dict[str, tuple[Path, Made]]) -> None:
    facts: dict[bytes, Any] = {}
    for place in PLACES:
        file, made = clips[place.name]
        known = facts.setdefault(file.read_bytes(), None) or facts_of(file)
        facts[file.read_bytes()] = known
        assert judge(known, place, made).findings == (), place.name


@pytest.mark.skipif(shutil.which("mediainfo") is None, reason="mediainfo is not installed")
def test_mediainfo_agrees(clips: dict[str, tuple[Path, Made]]) -> None:
    for place in PLACES:
        file, made = clips[place.name]
        tracks = _mediainfo(file)
        assert set(tracks) == {"General", "Video", "Audio"}
        general, picture, sound = tracks["General"], tracks["Video"], tracks["Audio"]
        assert (general["Format"], general["IsStreamable"]) == ("MPEG-4", "Yes")
        assert float(general["FileSize"]) <= (place.max_bytes or float("inf"))
        for key, wanted in _wanted(place):
            assert picture[key] == wanted, (place.name, key)
        assert int(picture["FrameCount"]) == made.edit.frames
        assert float(picture["Duration"]) == pytest.approx(made.edit.duration_s, abs=0.002)
        assert float(picture["Format_Level"]) <= 5.2
        for key, wanted in (
            ("Format", "AAC"), ("Format_AdditionalFeatures", "LC"), ("SamplingRate", "48000"),
            ("Channels", "2"), ("CodecID", "mp4a-40-2"),
        ):  # fmt: skip
            assert sound[key] == wanted, (place.name, key)
        assert float(sound.get("Delay", 0)) == 0
        assert float(sound["Duration"]) == pytest.approx(made.edit.duration_s, abs=0.03)


@pytest.mark.skipif(shutil.which("MP4Box") is None, reason="gpac is not installed")
def test_mp4box_agrees(clips: dict[str, tuple[Path, Made]]) -> None:
    for place in PLACES:
        file, _ = clips[place.name]
        done = subprocess.run(
            ["MP4Box", "-info", str(file)], capture_output=True, text=True, timeout=60, check=True
        )
        told = done.stdout + done.stderr
        assert "Error" not in told
        assert f"{place.width} x {place.height}" in told or f"{place.width}x{place.height}" in told
        assert "AVC/H264" in told or "avc1" in told


def _wanted(place: Placement) -> Iterator[tuple[str, str]]:
    yield from {
        "Format": "AVC", "Format_Profile": "High", "Width": str(place.width),
        "Height": str(place.height), "PixelAspectRatio": "1.000", "FrameRate_Mode": "CFR",
        "FrameRate": f"{float(place.rate):.3f}", "ChromaSubsampling": "4:2:0", "BitDepth": "8",
        "ScanType": "Progressive", "colour_range": "Limited", "colour_primaries": "BT.709",
        "transfer_characteristics": "BT.709", "matrix_coefficients": "BT.709",
    }.items()  # fmt: skip


def _mediainfo(file: Path) -> dict[str, dict[str, str]]:
    done = subprocess.run(
        ["mediainfo", "--Output=JSON", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {track["@type"]: track for track in json.loads(done.stdout)["media"]["track"]}
