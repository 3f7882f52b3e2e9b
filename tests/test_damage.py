"""Damaged footage: what can be saved is used and the rest said; what cannot is refused plainly."""

from __future__ import annotations

import os
import socket
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from conftest import MakeClip, Outcome
from numbered import numbered

from video_pipeline.analysis.scan import analyse
from video_pipeline.errors import FootageError, RenderError
from video_pipeline.footage.decode import frames
from video_pipeline.footage.probe import probe, unchanged
from video_pipeline.footage.salvage import Damage
from video_pipeline.pipeline import Settings
from video_pipeline.pipeline.rendering import render
from video_pipeline.progress import Step
from video_pipeline.store import Store
from video_pipeline.toolchain import MOST_PIXELS
from video_pipeline.vision.detectors import detector

Run = Callable[..., Outcome]
Write = Callable[..., Path]
QUICK = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "1")
FAST = (*QUICK, "-movflags", "+faststart")


@pytest.fixture(params=["fast.mp4", "take.mkv", "take.ts", "take.avi"])
def whole(request: pytest.FixtureRequest, make_clip: MakeClip) -> Path:
    name = request.param
    coded = FAST if name == "fast.mp4" else ("-c:v", "mpeg4") if name.endswith("avi") else QUICK
    return make_clip(name, *numbered(2), *coded)


def used_or_refused(path: Path) -> int:
    """How many pictures can be read; 0 when the file is refused, which must be done plainly."""
    try:
        times = [t for t, _ in frames(probe(path), long_side=64, every_s=Fraction(1, 10))]
    except FootageError as error:
        assert error.mend
        assert "Errno" not in error.message
        return 0
    assert times == sorted(times)
    return len(times)


def test_cut_anywhere_it_is_used_as_far_as_it_goes_or_refused(whole: Path, tmp_path: Path) -> None:
    data = whole.read_bytes()
    cut = tmp_path / whole.name
    read = []
    for length in [1, 9, 100, *(len(data) * part // 12 for part in range(1, 13))]:
        cut.write_bytes(data[:length])
        read.append(used_or_refused(cut))
    assert read[-1] == 20
    assert 0 < read[-4] < 20


def test_zeros_flipped_bits_and_noise_are_survived(whole: Path, tmp_path: Path) -> None:
    data, hurt = whole.read_bytes(), tmp_path / whole.name
    read = []
    for seed in range(12):
        random = Random(seed)
        broken = bytearray(data)
        at = random.randrange(len(data))
        if seed % 3 == 0:
            broken[at : at + 300] = bytes(len(broken[at : at + 300]))
        elif seed % 3 == 1:
            for _ in range(20):
                broken[random.randrange(len(data))] ^= 1 << random.randrange(8)
        else:
            broken[at : at + 60] = random.randbytes(len(broken[at : at + 60]))
        hurt.write_bytes(broken)
        read.append(used_or_refused(hurt))
    assert max(read) >= 10


def test_damage_in_the_middle_is_remembered(make_clip: MakeClip, tmp_path: Path) -> None:
    data = bytearray(make_clip("fast.mp4", *numbered(2), *FAST).read_bytes())
    middle = len(data) * 2 // 3
    data[middle : middle + 2000] = Random(1).randbytes(2000)
    hurt = tmp_path / "hurt.mp4"
    hurt.write_bytes(data)
    damage: Damage = []
    assert list(frames(probe(hurt), long_side=64, every_s=Fraction(1, 10), damage=damage))
    assert damage
    assert all(0 <= t <= 2 for t in damage)


def test_without_its_index_it_is_refused(make_clip: MakeClip, tmp_path: Path) -> None:
    data = make_clip("fast.mp4", *numbered(2), *FAST).read_bytes()
    lost = tmp_path / "lost.mp4"
    lost.write_bytes(data.replace(b"moov", b"xxxx", 1))
    with pytest.raises(FootageError, match="cut off"):
        probe(lost)


def test_a_wrong_ending_changes_nothing(make_clip: MakeClip, tmp_path: Path) -> None:
    data = make_clip("fast.mp4", *numbered(2), *FAST).read_bytes()
    for name in ("take.jpg", "take.txt", "take", "take.m3u8"):
        (tmp_path / name).write_bytes(data)
        assert used_or_refused(tmp_path / name) == 20


def test_what_could_not_be_read_is_said(
    run_cli: Run, write_listing: Write, make_clip: MakeClip, short_take: Path,
    tiny_presets: Path, tmp_path: Path,
) -> None:  # fmt: skip
    fast = make_clip("fast.mp4", "-i", str(short_take), "-c", "copy", "-movflags", "+faststart")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(fast.read_bytes()[: fast.stat().st_size * 3 // 4])
    note = {"part": "pocket", "flaw": "stain", "severity": "light", "seen": {"time": 3.0}}
    listing = write_listing(
        [cut], certificates=[],
        condition={"scale": "house", "grade": "very-good", "notes": [note]},
    )  # fmt: skip
    outcome = run_cli(
        "plan", listing, "-o", tmp_path / "e.json", "--presets", tiny_presets,
        "--placement", "tiny", "--detector", "classical",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert "cut.mp4 can be read to 0:0" in outcome.out + outcome.err
    assert "of 0:12; the rest is damaged or missing" in outcome.out + outcome.err


def test_a_whole_file_is_not_complained_of(short_take: Path, shared_cache: Path) -> None:
    assert analyse(probe(short_take), Store(shared_cache), detector()).complaint == ""


def test_a_file_that_is_still_being_written(make_clip: MakeClip, tmp_path: Path) -> None:
    growing = tmp_path / "growing.mp4"
    growing.write_bytes(make_clip("fast.mp4", *numbered(2), *FAST).read_bytes())
    done = threading.Event()

    def grow() -> None:
        with growing.open("ab", buffering=0) as file:
            while not done.wait(0.0005):
                file.write(b"\0")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        # On a busy machine the writer may not get a turn while the file is read.
        for _ in range(100):
            try:
                probe(growing)
            except FootageError as error:
                assert "still being written" in error.message
                break
        else:
            pytest.fail("it was taken, though it grew")
    finally:
        done.set()
        writer.join()


def test_a_file_that_vanishes_during_the_run(
    short_listing: Write, write_listing: Write, short_take: Path, knowing_cache: Path,
    tiny_presets: Path, tmp_path: Path,
) -> None:  # fmt: skip
    take = tmp_path / "take.mp4"
    take.write_bytes(short_take.read_bytes())
    note = {"part": "pocket", "flaw": "stain", "severity": "light", "seen": {"time": 9.4}}
    listing = write_listing(
        [take], certificates=[],
        condition={"scale": "house", "grade": "very-good", "notes": [note]},
    )  # fmt: skip

    def vanish(step: Step) -> None:
        if step.stage == "encoding":
            take.unlink(missing_ok=True)

    settings = Settings(Store(knowing_cache), presets=tiny_presets)
    with pytest.raises(FootageError, match="has gone") as caught:
        render(listing, tmp_path / "out", settings, placements=["tiny"], listener=vanish)
    assert "take.mp4" in caught.value.where
    assert not (tmp_path / "out").exists()


def test_a_file_that_changes_during_the_run(make_clip: MakeClip, tmp_path: Path) -> None:
    take = tmp_path / "take.mp4"
    take.write_bytes(make_clip("fast.mp4", *numbered(2), *FAST).read_bytes())
    footage = [probe(take)]
    with unchanged(footage):
        pass
    with pytest.raises(FootageError, match="has changed"), unchanged(footage):
        take.write_bytes(take.read_bytes() + b"\0")
    with pytest.raises(RenderError, match="other"), unchanged(footage):
        raise RenderError("other")


def test_what_never_ends_is_not_opened(run_cli: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(tmp_path / "s.mp4"))
        for name in ("pipe.mp4", "zero.mp4", "s.mp4"):
            outcome = run_cli("inspect", tmp_path / name)
            assert outcome.code == 3
            assert "this is not a file" in outcome.err


def test_one_picture_and_none(run_cli: Run, make_clip: MakeClip, tmp_path: Path) -> None:
    one = make_clip("one.mp4", *numbered(1), *QUICK, "-frames:v", "1")
    outcome = run_cli("shots", one, "--detector", "classical")
    assert (outcome.code, "hardly any picture" in outcome.err) == (3, True)
    none = make_clip("none.mp4", *numbered(1), *QUICK, "-frames:v", "0")
    outcome = run_cli("shots", none, "--detector", "classical")
    assert outcome.code == 3, outcome.err
    assert len(outcome.err.splitlines()) <= 3


def test_ten_hours(make_clip: MakeClip) -> None:
    long = make_clip(
        "long.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=1/60:d=36000", *QUICK
    )  # fmt: skip
    footage = probe(long)
    assert footage.duration == pytest.approx(36_000, abs=60)
    assert len(list(frames(footage, long_side=64, every_s=Fraction(1, 10)))) == 600


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def test_picture_bombs(run_cli: Run, make_clip: MakeClip, tmp_path: Path) -> None:
    photo = tmp_path / "bomb.png"
    photo.write_bytes(png(50_000, 50_000))
    outcome = run_cli("inspect", photo)
    assert (outcome.code, "too many pixels" in outcome.err) == (3, True)
    # Every JPEG of a film says that it is as large as JPEG can say.
    film = make_clip("film.avi", *numbered(1), "-c:v", "mjpeg", "-pix_fmt", "yuvj420p")
    data, marker = film.read_bytes(), b"\xff\xc0\x00\x11\x08"
    assert data.count(marker) == 30
    parts = data.split(marker)
    bomb = tmp_path / "bomb.avi"
    bomb.write_bytes(
        marker.join([parts[0], *(struct.pack(">HH", 65_500, 65_500) + p[4:] for p in parts[1:])])
    )
    assert MOST_PIXELS < 65_500**2
    outcome = run_cli("shots", bomb, "--detector", "classical")
    assert outcome.code == 3, outcome.err


def test_an_archive_a_drawing_and_a_moving_gif_are_no_footage(
    run_cli: Run, make_clip: MakeClip, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "bag.mp4", "w") as archive:
        archive.writestr("take.mp4", bytes(100))
    (tmp_path / "bag.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>'
    )
    for name in ("bag.mp4", "bag.svg"):
        outcome = run_cli("inspect", tmp_path / name)
        assert outcome.code == 3, name
        assert len(outcome.err.splitlines()) == 2
