"""Sound: the placement's loudness under its peak whatever comes in, silence left alone."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from loudness import integrated_lufs, true_peak_dbtp
from numbered import clip_of, edit_of, heard, piece_of
from numpy.typing import NDArray

from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.graph import SAMPLE_RATE
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.check import check
from video_pipeline.rendering.sound import Track, make_track, measure
from video_pipeline.store import Store

PICTURE = ("-f", "lavfi", "-i", "color=c=gray:s=64x64:r=30:d=4")
# What is heard: an ffmpeg source, and how it is stored.
HEARD = {
    "quiet sine": "sine=f=440:r=48000:d=4,volume=-20dB",
    "clipped noise": "anoisesrc=r=48000:d=4:a=1:seed=3,volume=12dB",
    "speech-like bursts": "aevalsrc='0.3*sin(PI*360*t)*(0.6+0.4*sin(5600*t))*gt(sin(8*t),0.2)':d=4",
    "clicks": "aevalsrc='if(lt(mod(t,0.5),0.002),0.9*sin(15700*t),0.004*sin(1900*t))':d=4",
    "mono": "aevalsrc='0.1*sin(2*PI*500*t)':s=48000:d=4:c=mono",
    "44.1 kHz": "sine=f=700:r=44100:d=4",
    "5.1": "aevalsrc='0.1*sin(3000*t)|0.1*sin(2500*t)|0.2*sin(2000*t)|0|sin(1500*t)/9|0':c=5.1:d=4",
    "far away": "aevalsrc='0.02*sin(2*PI*500*t)':s=48000:d=4",
    "22 kHz": "anoisesrc=r=22050:d=4:a=0.05:c=pink:seed=5",
    "a long fade": "sine=f=330:r=48000:d=4,volume=6dB,afade=t=out:d=4",
    "chords": "aevalsrc='0.1*(sin(1382*t)+sin(1742*t)+sin(2071*t))*exp(-2*mod(t,0.5))':s=44100:d=4",
    "a loud end": "aevalsrc='sin(2*PI*400*t)*if(gt(t,2.5),0.8,0.01)':s=48000:d=4",
}


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def with_sound(make_clip: MakeClip, name: str, source: str) -> Footage:
    return probe(
        make_clip(
            f"{name.replace(' ', '-')}.mov", *PICTURE, "-f", "lavfi", "-i", source,
            "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", "-shortest",
        )
    )  # fmt: skip


def track_of(
    cuts: list[tuple[Footage, float, int]], place: Placement, store: Store, *, keep: bool = True
) -> Track:
    footage = {f.name: f for f, _, _ in cuts}
    pieces = [piece_of(f, place, start=Fraction(str(t)), frames=n) for f, t, n in cuts]
    return make_track(edit_of(pieces, footage, keep_sound=keep), footage, place, store)


@pytest.mark.parametrize("name", HEARD)
def test_every_sound_comes_out_at_the_placement_s_loudness(
    make_clip: MakeClip, tiny: Placement, store: Store, name: str
) -> None:
    footage = with_sound(make_clip, name, HEARD[name])
    track = track_of([(footage, 0, 60), (footage, 2, 55)], tiny, store)
    got = measure(track.path)
    assert not track.silent
    assert got.true_peak_dbtp <= tiny.true_peak_dbtp
    # And by a meter that is not ffmpeg's, which finds the peaks by another filter.
    wave = heard(track.path)
    assert integrated_lufs(wave) == pytest.approx(got.integrated_lufs, abs=0.15)
    assert true_peak_dbtp(wave) <= tiny.true_peak_dbtp + 0.1
    if name == "clicks":
        # Nearly all of it is silence: what a limiter can give is told, not forced.
        assert abs(got.integrated_lufs - tiny.loudness_lufs) <= 0.5 or track.warning
    else:
        assert track.warning == ""
        assert got.integrated_lufs == pytest.approx(tiny.loudness_lufs, abs=0.5)


@pytest.mark.parametrize("keep", [True, False])
def test_silence_stays_silence(
    make_clip: MakeClip, tiny: Placement, store: Store, keep: bool
) -> None:
    source = "anullsrc=r=48000:cl=stereo" if keep else HEARD["44.1 kHz"]
    footage = with_sound(make_clip, f"silence {keep}", source)
    track = track_of([(footage, 0, 60)], tiny, store, keep=keep)
    assert track.silent == (not keep)
    assert not np.any(np.abs(heard(track.path)) > 1e-4)
    assert measure(track.path).integrated_lufs == -math.inf


def test_footage_without_sound_gives_a_silent_track_of_full_length(
    make_clip: MakeClip, tiny: Placement, store: Store
) -> None:
    mute = probe(make_clip("mute.mp4", *PICTURE, "-c:v", "libx264", "-preset", "ultrafast"))
    track = track_of([(mute, 0, 45)], tiny, store)
    assert track.silent
    assert len(heard(track.path)) >= 45 * SAMPLE_RATE // 30 - 1024


def test_room_noise_is_left_as_it_was(make_clip: MakeClip, tiny: Placement, store: Store) -> None:
    footage = with_sound(make_clip, "room", "anoisesrc=r=48000:d=4:a=0.001:seed=1")
    track = track_of([(footage, 0, 60)], tiny, store)
    assert "almost silent" in track.warning
    assert measure(track.path).integrated_lufs == pytest.approx(
        measure(footage.path).integrated_lufs, abs=2.5
    )
    assert track_of([(footage, 0, 60)], tiny, store) == track  # told again from the cache


# A click of one sample, a knock of a millisecond or more, and how loud the room is beside it. What
# is one sample long comes out of the encoder lower than the limiter left it.
CLICKS = {
    "one in a quiet room": ("0.7*eq(n,90000)", 0.00055),
    "one in digital silence": ("0.9*eq(n,90000)", 0),
    "a knock in digital silence": ("0.8*sin(2*PI*1000*t)*between(n,90000,90047)", 0),
    "a knock in a room": ("0.7*sin(PI*(n-90000)/30)*between(n,90000,90029)", 0.0018),
    "a knock in a quiet room": ("0.8*sin(2*PI*1000*t)*between(n,90000,90399)", 0.0005),
    "a rattle": ("0.9*eq(mod(n,5000),0)", 0.005),
}


@pytest.mark.parametrize("name", CLICKS)
def test_a_click_in_quiet_footage_is_no_fault_of_ours(
    make_clip: MakeClip, tiny: Placement, store: Store, tmp_path: Path, name: str
) -> None:
    """What cannot be made as loud as asked is told, and the finished clip passes its check."""
    click, room = CLICKS[name]
    footage = with_sound(make_clip, name, f"aevalsrc='{click}+{room}*(2*random(0)-1)':s=48000:d=4")
    pieces = [piece_of(footage, tiny, start=0, frames=110)]
    track = make_track(
        edit_of(pieces, {footage.name: footage}), {footage.name: footage}, tiny, store
    )
    assert track.warning
    clip = clip_of(pieces, {footage.name: footage}, store, tmp_path / "clip.mp4")
    # The picture made for this is short and stands still.
    assert [f for f in check(clip, tiny) if f.rule not in ("duration", "frozen")] == []


def test_sound_that_begins_after_the_picture_of_a_broadcast_stream(
    make_clip: MakeClip, tiny: Placement, store: Store
) -> None:
    footage = probe(
        make_clip(
            "late-sound.ts", *PICTURE, "-itsoffset", "0.7", "-f", "lavfi", "-i",
            "sine=f=500:r=48000:d=3", "-map", "0", "-map", "1", "-c:v", "libx264",
            "-preset", "ultrafast", "-g", "15", "-c:a", "aac",
        )
    )  # fmt: skip
    for start in (0, 0.4):
        wave = heard(track_of([(footage, start, 60)], tiny, store).path)
        begins = np.nonzero(np.abs(wave[:, 0]) > 0.05)[0][0] / SAMPLE_RATE
        assert begins == pytest.approx(0.7 - start, abs=0.03)


def tones(wave: NDArray[np.float32], start: float, end: float) -> float:
    """The strongest frequency between two times, Hz."""
    part = wave[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE), 0]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(part))


def test_two_identical_cuts_and_silent_ones_between(
    make_clip: MakeClip, tiny: Placement, store: Store
) -> None:
    low = with_sound(make_clip, "low", "sine=f=400:r=48000:d=4")
    high = with_sound(make_clip, "high", "sine=f=1500:r=48000:d=4")
    mute = probe(make_clip("mute.mp4", *PICTURE, "-c:v", "libx264", "-preset", "ultrafast"))
    cuts = [
        (low, 0.5, 30),
        (mute, 0, 30),
        (low, 0.5, 30),
        (high, 1, 30),
        (mute, 0, 30),
        (low, 0.5, 30),
    ]
    wave = heard(track_of(cuts, tiny, store).path)
    # The track leaves out the encoder's priming, which a player puts before it: here it plays
    # 1,024 samples early or right, depending on the file's edit list; the middles tell.
    for second, tone in enumerate((400, None, 400, 1500, None, 400)):
        part = wave[round((second + 0.2) * SAMPLE_RATE) : round((second + 0.8) * SAMPLE_RATE)]
        if tone is None:
            assert np.abs(part).max() < 0.003
        else:
            assert tones(wave, second + 0.2, second + 0.8) == pytest.approx(tone, abs=5)


def test_joins_do_not_click(make_clip: MakeClip, tiny: Placement, store: Store) -> None:
    low = with_sound(make_clip, "low", "sine=f=400:r=48000:d=4")
    wave = heard(track_of([(low, 0.5006, 30), (low, 2.3001, 30)], tiny, store).path)
    steps = np.abs(np.diff(wave[2048:-4096, 0]))
    smooth = 2 * np.pi * 400 / SAMPLE_RATE * np.abs(wave).max()
    assert steps.max() < 1.5 * smooth


def test_sound_that_ends_before_the_cut_is_filled_with_silence(
    make_clip: MakeClip, tiny: Placement, store: Store
) -> None:
    footage = probe(
        make_clip(
            "brief.mov", *PICTURE, "-f", "lavfi", "-i", "sine=f=400:r=48000:d=1",
            "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le",
        )
    )  # fmt: skip
    wave = heard(track_of([(footage, 0.5, 60), (footage, 0, 20)], tiny, store).path)
    assert np.abs(wave[SAMPLE_RATE : 2 * SAMPLE_RATE - 4096]).max() < 0.003
    assert np.abs(wave[2 * SAMPLE_RATE : 2 * SAMPLE_RATE + 9600]).max() > 0.1


def test_the_same_sound_is_made_once_and_is_the_same(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path
) -> None:
    footage = with_sound(make_clip, "44.1 kHz", HEARD["44.1 kHz"])
    made = []
    for name in ("a", "b"):
        store = Store(tmp_path / name)
        track = track_of([(footage, 0, 40)], tiny, store)
        stamp = track.path.stat().st_mtime_ns
        assert track_of([(footage, 0, 40)], tiny, store).path.stat().st_mtime_ns == stamp
        made.append(track.path.read_bytes())
    assert made[0] == made[1]


def test_a_file_without_sound_cannot_be_measured(make_clip: MakeClip) -> None:
    mute = make_clip("mute.mp4", *PICTURE, "-c:v", "libx264", "-preset", "ultrafast")
    with pytest.raises(RenderError):
        measure(mute)
