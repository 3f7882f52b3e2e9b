"""Joining: exact timestamps, no edit list, picture and sound together, read from the file."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from numbered import clip_of, edit_of, heard, numbered, numbers, piece_of, planes

from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import open_media, probe
from video_pipeline.graph import AAC_FRAME, SAMPLE_RATE
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.boxes import boxes
from video_pipeline.rendering.joining import DamagedError, join
from video_pipeline.rendering.pieces import Encoded, encode
from video_pipeline.rendering.sound import make_track
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path, run

LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "4")


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


@pytest.fixture(scope="module")
def talking(make_clip: MakeClip) -> Footage:
    """Numbered pictures with a tone."""
    return probe(
        make_clip(
            "talking.mp4", *numbered(3), "-f", "lavfi", "-i", "sine=f=300:r=44100:d=3",
            *LOSSLESS, "-c:a", "aac",
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def clip(talking: Footage, tiny: Placement, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joined")
    pieces = [
        piece_of(talking, tiny, start=Fraction(start, 30), frames=frames)
        for start, frames in ((30, 25), (0, 31), (60, 17), (0, 31))
    ]
    return clip_of(pieces, {talking.name: talking}, Store(folder / "cache"), folder / "clip.mp4")


def test_every_picture_lasts_one_tick_and_all_are_there(clip: Path) -> None:
    order = [*range(30, 55), *range(31), *range(60, 77), *range(31)]
    assert numbers(clip) == order
    with open_media(clip) as container:
        stream = container.streams.video[0]
        assert stream.time_base == Fraction(1, 30)
        packets = [(p.pts, p.dts, p.duration) for p in container.demux(stream) if p.size]
        assert packets == [(n, n, 1) for n in range(104)]
        assert stream.duration == 104
        assert stream.start_time == 0
        assert stream.average_rate == 30


def test_the_file_is_laid_out_for_every_player(clip: Path) -> None:
    found = [box.path for box in boxes(clip)]
    assert not any("elst" in path or "edts" in path for path in found)
    assert found.index("/moov") < found.index("/mdat")
    with open_media(clip) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (context.width, context.height) == (270, 480)
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        assert context.color_range == 1
        heard_as = container.streams.audio[0].codec_context
        assert (heard_as.name, heard_as.sample_rate, heard_as.layout.name) == (
            "aac",
            48_000,
            "stereo",
        )
    plain = [str(ffmpeg_path()), "-v", "error", "-i", str(clip), "-f", "null", "-"]
    assert run(plain, deadline_s=60).stderr == ""


def test_the_sound_ends_with_the_picture_or_just_before(clip: Path) -> None:
    with open_media(clip) as container:
        track = container.streams.audio[0]
        packets = [(p.pts, p.duration) for p in container.demux(track) if p.size]
        assert packets == [(AAC_FRAME * n, AAC_FRAME) for n in range(len(packets))]
        samples = AAC_FRAME * len(packets)
        assert track.duration == samples
    picture = 104 * SAMPLE_RATE // 30
    assert 0 <= picture - samples <= AAC_FRAME + 1


@pytest.mark.parametrize("rate", ["25", "30000/1001", "24"])
def test_other_rates_are_exact_too(
    talking: Footage, tiny: Placement, tmp_path: Path, rate: str
) -> None:
    place = replace(tiny, rate=Fraction(rate))
    pieces = [piece_of(talking, place, start=start, frames=23) for start in (0, 1)]
    out = clip_of(pieces, {talking.name: talking}, Store(tmp_path / "c"), tmp_path / "clip.mp4")
    with open_media(out) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        got = [
            p.pts * stream.time_base
            for p in container.demux(stream)
            if p.size and p.pts is not None
        ]
        assert got == [n / Fraction(rate) for n in range(46)]


def clapper(make_clip: MakeClip, kind: str) -> Footage:
    """A white picture and a beep, both at frame 45 of 30 a second (1.5 s)."""
    video = (
        "-f", "lavfi", "-i",
        "color=c=black:s=90x160:r=30:d=3,drawbox=c=white:t=fill:enable='eq(n,45)'",
    )  # fmt: skip
    beep = (
        "-f", "lavfi", "-i",
        "aevalsrc='if(between(t,1.5,1.58),0.7*sin(2*PI*1000*t),0.002*sin(2*PI*200*t))':s=48000:d=3",
    )  # fmt: skip
    encoders = {
        "mov": ("-c:a", "pcm_s16le"),
        "mp4": ("-c:a", "aac", "-ar", "44100"),
        "mkv": ("-c:a", "libopus"),
        "ts": ("-c:a", "aac"),
    }
    return probe(
        make_clip(f"clapper.{kind}", *video, *beep, *LOSSLESS, "-bf", "2", *encoders[kind])
    )


@pytest.mark.parametrize("kind", ["mov", "mp4", "mkv", "ts"])
def test_picture_and_sound_stay_together(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path, kind: str
) -> None:
    footage = clapper(make_clip, kind)
    with open_media(footage.path) as container:
        # What the source itself says the clap's time is, in seconds from its start.
        first = container.streams.video[0].start_time or 0
        late = first * (container.streams.video[0].time_base or 0) - Fraction(
            container.start_time or 0, 1_000_000
        )
    clap = Fraction(3, 2) + late
    pieces = [
        piece_of(footage, tiny, start=0, frames=21),
        piece_of(footage, tiny, start=clap - Fraction(10, 30), frames=25, hold=5),
        piece_of(footage, tiny, start=clap - 1, frames=40),
    ]
    out = clip_of(pieces, {footage.name: footage}, Store(tmp_path / "c"), tmp_path / "clip.mp4")
    flashes = [n for n, picture in enumerate(planes(out)) if picture.mean() > 150]
    assert flashes == [21 + 10, 46 + 30]
    wave = np.abs(heard(out)).max(axis=1)
    for frame in flashes:
        at = round(frame * SAMPLE_RATE / 30)
        around = wave[at - 4800 : at + 4800]
        onset = int(np.argmax(around > 0.3 * around.max())) - 4800
        assert abs(onset) <= 0.010 * SAMPLE_RATE, f"{onset / 48:.1f} ms"


def test_a_piece_that_is_not_what_it_says_is_refused(
    talking: Footage, tiny: Placement, store: Store, tmp_path: Path
) -> None:
    piece = piece_of(talking, tiny, frames=12)
    (good,) = encode([piece], store)
    track = make_track(
        edit_of([piece], {talking.name: talking}), {talking.name: talking}, tiny, store
    )
    out = tmp_path / "clip.mp4"
    with pytest.raises(RenderError, match="12 pictures where 13 were planned"):
        join([Encoded(good.path, 13, False)], track.path, tiny.rate, out)
    other = piece_of(talking, replace(tiny, preset="slow"), frames=12)
    (different,) = encode([other], store)
    with pytest.raises(RenderError, match="different settings"):
        join([good, different], track.path, tiny.rate, out)
    none = piece_of(talking, tiny, start=60, frames=12)
    (hollow,) = encode([none], store)
    for order in ([hollow, good], [good, hollow]):
        with pytest.raises(RenderError, match="0 pictures where 12 were planned"):
            join(order, track.path, tiny.rate, out)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(good.path.read_bytes()[:600])
    # What an earlier run kept and is damaged now is told as that; the footage is not blamed.
    for order in ([Encoded(broken, 12, False)], [good, Encoded(broken, 12, False)]):
        with pytest.raises(DamagedError, match="cannot be read") as damaged:
            join(order, track.path, tiny.rate, out)
        assert damaged.value.file == broken
        assert "earlier run" in damaged.value.mend
    with pytest.raises(DamagedError, match="cannot be read") as damaged:
        join([good], broken, tiny.rate, out)
    assert damaged.value.file == broken
    for fresh, blamed in ((True, "footage"), (False, "earlier run")):
        with pytest.raises(DamagedError) as damaged:
            join([Encoded(good.path, 13, fresh)], track.path, tiny.rate, out)
        assert blamed in damaged.value.mend
    assert good.path.is_file()


def test_joining_twice_gives_the_same_bytes(
    talking: Footage, tiny: Placement, tmp_path: Path
) -> None:
    pieces = [piece_of(talking, tiny, start=start, frames=15) for start in (0, 1)]
    made = [
        clip_of(
            pieces, {talking.name: talking}, Store(tmp_path / name), tmp_path / f"{name}.mp4"
        ).read_bytes()
        for name in ("a", "b")
    ]
    assert made[0] == made[1]


@pytest.mark.skipif(shutil.which("mediainfo") is None, reason="mediainfo is not installed here")
def test_an_independent_probe_agrees_with_the_placement(clip: Path, tiny: Placement) -> None:
    said = subprocess.run(
        ["mediainfo", "--Output=JSON", str(clip)], check=True, capture_output=True, timeout=60
    ).stdout
    tracks = {track["@type"]: track for track in json.loads(said)["media"]["track"]}
    video, audio = tracks["Video"], tracks["Audio"]
    assert video["Format"] == "AVC"
    assert video["Format_Profile"] == "High"
    assert (int(video["Width"]), int(video["Height"])) == (tiny.width, tiny.height)
    assert video["FrameRate_Mode"] == "CFR"
    assert float(video["FrameRate"]) == float(tiny.rate)
    assert int(video["FrameCount"]) == 104
    assert float(video["Duration"]) == pytest.approx(104 / 30, abs=0.001)
    assert (video["ChromaSubsampling"], video["BitDepth"], video["ColorSpace"]) == (
        "4:2:0",
        "8",
        "YUV",
    )
    assert video["ScanType"] == "Progressive"
    assert video["colour_range"] == "Limited"
    assert {
        video[f"{k}"]
        for k in ("colour_primaries", "transfer_characteristics", "matrix_coefficients")
    } == {"BT.709"}
    assert float(video["PixelAspectRatio"]) == 1
    assert tracks["General"]["IsStreamable"] == "Yes"
    assert audio["Format"] == "AAC"
    assert (int(audio["SamplingRate"]), int(audio["Channels"])) == (48_000, 2)
    assert 0 <= 104 / 30 - float(audio["Duration"]) <= (AAC_FRAME + 1) / SAMPLE_RATE + 0.001
    assert "Delay" not in audio or float(audio["Delay"]) == 0
    assert float(video.get("Delay", 0)) == 0
