"""What nobody looks at is not decoded, and what is looked at is the same picture as ever."""

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from video_pipeline.footage import decode, salvage
from video_pipeline.footage.decode import frames
from video_pipeline.footage.probe import probe
from video_pipeline.toolchain import ffmpeg_path

X265 = "log-level=error:bframes=4:b-adapt=0:keyint=40"
WAYS = {
    "h264.mp4": ("-c:v", "libx264", "-bf", "3", "-b_strategy", "0"),
    "h264.ts": ("-c:v", "libx264", "-bf", "3", "-b_strategy", "0"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", X265),
    "layered.mp4": (
        *("-c:v", "libx265", "-preset", "ultrafast"),
        *("-x265-params", f"{X265}:b-pyramid=1:temporal-layers=1"),
    ),
    "plain.mp4": ("-c:v", "libx264", "-bf", "0"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Moving footage, coded in different ways."""
    place = tmp_path_factory.mktemp("passing")
    for name, way in WAYS.items():
        subprocess.run(
            [str(ffmpeg_path()), "-v", "error", "-y", "-f", "lavfi", "-i",
             "testsrc2=size=192x320:rate=30:duration=3", *way, "-pix_fmt", "yuv420p",
             str(place / name)], check=True,
        )  # fmt: skip
    return place


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("since", [Fraction(0), Fraction(3, 2)])
def test_the_same_pictures_are_looked_at(
    folder: Path, name: str, since: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    footage = probe(folder / name)
    asked = {"long_side": 160, "every_s": Fraction(1, 10), "since": since}
    damage: salvage.Damage = []
    found = list(frames(footage, damage=damage, **asked))
    monkeypatch.setattr(decode, "passed_over", lambda read, **_: read)
    wanted = list(frames(footage, **asked))
    assert [t for t, _ in found] == [t for t, _ in wanted]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(found, wanted, strict=True))
    assert not damage
    assert len(found) >= 14


@pytest.mark.parametrize(("name", "most"), [("h264.mp4", 75), ("h264.ts", 75), ("hevc.mp4", 75)])
def test_what_nobody_looks_at_is_not_decoded(
    folder: Path, name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    plain = decode.pictures

    def counted(*given, **named):
        for frame in plain(*given, **named):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr(decode, "pictures", counted)
    list(frames(probe(folder / name), long_side=160, every_s=Fraction(1, 10)))
    assert 30 <= len(decoded) <= most
    del decoded[:]
    list(frames(probe(folder / name), long_side=160, every_s=Fraction(0)))
    assert len(decoded) == 90


def test_what_came_before_a_broken_container_is_decoded(folder: Path) -> None:
    container = av.open(str(folder / "h264.mp4"))
    stream = container.streams.video[0]

    def breaking():
        for number, packet in enumerate(container.demux(stream)):
            if number == 20:
                raise av.error.InvalidDataError(1, "broken")
            yield packet

    kept = []
    base = Fraction(stream.time_base or 1)
    read = decode.passed_over(
        breaking(), stream.codec_context, due=lambda _: True, base=base, start=Fraction(0)
    )
    with pytest.raises(av.error.FFmpegError):
        kept.extend(read)
    assert len(kept) == 20
