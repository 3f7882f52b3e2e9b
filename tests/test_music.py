"""Music: on the beat, round on a bar, out of the way of a voice, named in all that is written."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import SAMPLE, MakeClip, Outcome
from numbered import edit_of, heard, piece_of
from numpy.typing import NDArray
from pydantic import ValidationError

from video_pipeline.analysis.beats import find_beats
from video_pipeline.edit.lengths import target
from video_pipeline.edit.model import Edit, Music
from video_pipeline.edit.music import explained, score, stated_beats, warnings
from video_pipeline.errors import FootageError, ListingError, UsageError
from video_pipeline.footage.hearing import MusicFile, probe_music, samples
from video_pipeline.footage.probe import probe
from video_pipeline.graph import SAMPLE_RATE
from video_pipeline.listing.model import Audio, Beats
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.storyboards import load_storyboard
from video_pipeline.rendering.sound import Track, make_track, measure
from video_pipeline.store import Store

PICTURE = ("-f", "lavfi", "-i", "color=c=gray:s=64x64:r=30:d=8")
H264 = ("-c:v", "libx264", "-preset", "ultrafast")
# A click on every beat of 120 a minute from 0.2 s on, the first of each bar at another pitch.
CLICKS = (
    "aevalsrc='0.6*sin(2*PI*if(lt(mod(t+1.8,2),0.5),1600,1000)*t)*lt(mod(t+0.3,0.5),0.08)'"
    ":s=44100:d={seconds}"
)


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


@pytest.fixture(scope="module")
def clicks(make_clip: MakeClip) -> MusicFile:
    """Five seconds: two bars, and a bit."""
    return probe_music(make_clip("clicks.wav", "-f", "lavfi", "-i", CLICKS.format(seconds=5)))


def tone(make_clip: MakeClip) -> MusicFile:
    return probe_music(
        make_clip("tone.flac", "-f", "lavfi", "-i", "sine=f=1000:r=48000:d=9,volume=-3dB")
    )


def talking(make_clip: MakeClip, source: str) -> Path:
    heard_as = ("-f", "lavfi", "-i", source, *H264, "-c:a", "pcm_s16le")
    return make_clip("talking.mov", *PICTURE, *heard_as)


def track_of(
    take: Path, file: MusicFile, place: Placement, store: Store, *, music: Music | None = None,
    frames: int = 240, keep: bool = True, **changes: Any,
) -> Track:  # fmt: skip
    footage = probe(take)
    pieces = [piece_of(footage, place, frames=frames)]
    whole = score(file, Audio(music="m")).music
    edit = edit_of(pieces, {footage.name: footage}, keep_sound=keep)
    edit = replace(edit, music=replace(music or whole, **changes))
    return make_track(edit, {footage.name: footage}, place, store, file)


# In the listing


@pytest.mark.parametrize(
    ("audio", "says"),
    [
        ({"voice": "duck"}, "music for 'voice: duck'"),
        ({"beats": {"bpm": 90}}, "music where it has beats"),
        ({"music": "m.mp3", "beats": {"bpm": 90, "find": True}}, "not two of them"),
        ({"music": "m.mp3", "beats": {}}, "one of bpm, times and find"),
        ({"music": "m.mp3", "beats": {"times": [2, 1]}}, "rising order"),
        ({"music": "m.mp3", "beats": {"bpm": 3}}, "greater than or equal to 30"),
        ({"voice": "loud"}, "'keep', 'duck' or 'mute'"),
    ],
)
def test_what_makes_no_sense_is_told(audio: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Audio.model_validate(audio)


@pytest.mark.parametrize(
    ("audio", "says"),
    [
        ({"music": "musik.wav"}, "there is no such file; did you mean 'music.wav'?"),
        ({"music": "https://x.org/a.mp3"}, "an address or a protocol"),
        ({"music": "listing.yaml"}, "cannot be read as music"),
        ({"captions": {"shrt.mp4": "a.srt"}}, "did you mean 'short.mp4'?"),
        ({"captions": {"short.mp4": "a.txt"}}, "ends in .srt or .vtt"),
        ({"captions": {"short.mp4": "b.srt"}}, "there is no such file"),
        ({"speech": "models/small"}, "there is no such folder"),
        ({"music": "music.wav", "beats": {"find": True}}, "pip install 'video-pipeline[beats]'"),
    ],
)
def test_what_is_not_there_is_told_before_any_work(
    short_listing: Callable[..., Path], clicks: MusicFile, run_cli: Callable[..., Outcome],
    tmp_path: Path, audio: dict[str, Any], says: str,
) -> None:  # fmt: skip
    if "beats" in audio and importlib.util.find_spec("librosa"):
        pytest.skip("librosa is installed")
    (tmp_path / "music.wav").write_bytes(clicks.path.read_bytes())
    done = run_cli("plan", short_listing(audio=audio), "-o", tmp_path / "edit.json")
    assert done.code in (2, 3), done.err
    assert says in " ".join(done.err.replace(": did", "; did").split()), done.err


# Its beats


def test_beats_are_stated_by_a_tempo_or_one_by_one() -> None:
    beats = Beats(bpm=120, first="0:00.2")
    assert stated_beats(beats, Fraction(2)) == tuple(Fraction(n, 10) for n in (2, 7, 12, 17))
    times = Beats(times=(0.25, 0.5, 9.0))
    assert stated_beats(times, Fraction(2)) == (Fraction(1, 4), Fraction(1, 2))


def test_music_begins_and_goes_round_on_a_bar(clicks: MusicFile) -> None:
    audio = Audio(music="m", beats=Beats(bpm=120, first=0.2), voice="duck", rights="ours")
    found = score(clicks, audio, stated_beats(Beats(bpm=120, first=0.2), clicks.duration))
    assert (found.music.start, found.music.end) == (Fraction(1, 5), Fraction(21, 5))
    assert found.music.leads and found.music.rights == "ours"
    # 30 frames a second: a beat every 15, through the seams too.
    assert found.frames(Fraction(30), 400) == tuple(range(15, 401, 15))
    three = Audio(music="m", beats=Beats(bpm=120, first=0.2, bar=3))
    found = score(clicks, three, stated_beats(Beats(bpm=120, first=0.2), clicks.duration))
    assert found.music.end == Fraction(47, 10)
    # Without as much as a bar, all of it.
    whole = score(clicks, audio, (Fraction(1), Fraction(2)))
    assert (whole.music.start, whole.music.end, whole.beats) == (0, clicks.duration, ())
    said = list(warnings(whole, load_storyboard("showcase")))
    assert len(said) == 1 and "not one whole bar" in said[0]


def test_the_clip_aims_at_the_beats_of_its_music_and_a_loop_does_not(
    clicks: MusicFile, tiny: Placement
) -> None:
    beats = stated_beats(Beats(bpm=120, first=0.2), clicks.duration)
    found = score(clicks, Audio(music="m", beats=Beats(bpm=120, first=0.2)), beats)
    aim = target(load_storyboard("showcase"), tiny, found)
    assert aim.beats[:3] == (15, 30, 45) and aim.beats[-1] > aim.longest
    assert target(load_storyboard("silent-loop"), tiny, found).beats == ()
    assert target(load_storyboard("showcase"), tiny).beats == ()


def test_the_edit_says_which_cuts_are_on_a_beat(make_clip: MakeClip, tiny: Placement) -> None:
    take = probe(talking(make_clip, "sine=f=300:r=48000:d=8"))
    cuts = [piece_of(take, tiny, frames=n).cut for n in (30, 20)]
    assert [c.why for c in explained(cuts, (15, 30, 45), tiny.rate)] == [
        "; ends on a beat", "; ends 5 frames off a beat",
    ]  # fmt: skip
    assert list(explained(cuts, (), tiny.rate)) == cuts


def test_beats_that_are_to_be_found_need_the_extra(clicks: MusicFile, store: Store) -> None:
    if importlib.util.find_spec("librosa"):
        found = find_beats(clicks, store)
        assert np.median(np.diff([float(t) for t in found])) == pytest.approx(0.5, abs=0.03)
        return
    with pytest.raises(UsageError) as caught:
        find_beats(clicks, store)
    assert "pip install 'video-pipeline[beats]'" in caught.value.mend
    assert "bpm" in caught.value.mend


# What is heard


def onsets(wave: NDArray[np.float32], least: float) -> list[float]:
    """When it becomes loud after a pause, seconds."""
    loud = np.flatnonzero(np.abs(wave[:, 0]) > least)
    first = np.flatnonzero(np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE // 10)
    return [float(loud[n]) / SAMPLE_RATE for n in first]


def test_music_stays_on_its_beat_through_every_round(
    make_clip: MakeClip, tiny: Placement, store: Store, clicks: MusicFile
) -> None:
    take = talking(make_clip, "sine=f=300:r=48000:d=8")
    beats = stated_beats(Beats(bpm=120, first=0.2), clicks.duration)
    music = score(clicks, Audio(music="m", beats=Beats(bpm=120, first=0.2)), beats).music
    track = track_of(take, clicks, tiny, store, music=music, keep=False)
    assert not track.silent and not track.warning
    assert measure(track.path, primed=True).integrated_lufs == pytest.approx(
        tiny.loudness_lufs, abs=0.5
    )
    wave = heard(track.path)
    # 8 s, four of them the music's: once round. The first beat and the last ones are faded.
    found = [t for t in onsets(wave, 0.1) if 0.3 < t < 6.7]
    assert len(found) == 13
    # This reader may leave out the encoder's priming, which others play: see `graph.aac`.
    off = [t - round(2 * t) / 2 for t in found]
    assert max(map(abs, off)) < 0.025
    assert max(off) - min(off) < 0.004
    assert np.abs(wave[-SAMPLE_RATE // 10 :]).max() < 0.1 * np.abs(wave).max()


def strength(wave: NDArray[np.float32], hertz: float, start: float, end: float) -> float:
    """How loud one tone is between two times, dB."""
    part = wave[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE), 0]
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / SAMPLE_RATE)
    return float(20 * np.log10(abs((part * turn * np.hanning(len(part))).mean()) + 1e-9))


VOICE = "aevalsrc='0.2*sin(2*PI*300*t)*between(mod(t,4),2,4)':s=48000:d=8"


def test_music_gives_way_to_a_voice_and_comes_back(
    make_clip: MakeClip, tiny: Placement, store: Store
) -> None:
    wave = heard(track_of(talking(make_clip, VOICE), tone(make_clip), tiny, store).path)
    alone, under, again = (strength(wave, 1000, t, t + 0.8) for t in (0.8, 2.6, 5.0))
    assert 7 < alone - under < 14
    assert again == pytest.approx(alone, abs=1)
    assert strength(wave, 300, 2.6, 3.4) - under > 10  # the voice is well in front
    wave = heard(track_of(talking(make_clip, VOICE), tone(make_clip), tiny, store, leads=True).path)
    alone, under = (strength(wave, 1000, t, t + 0.8) for t in (0.8, 2.6))
    assert alone == pytest.approx(under, abs=1.5)
    assert strength(wave, 300, 2.6, 3.4) < under - 6


@pytest.mark.parametrize("leads", [False, True])
@pytest.mark.parametrize("voice", [VOICE, "anoisesrc=r=22050:d=8:a=0.8:seed=2"])
def test_the_mix_comes_out_at_the_placement_s_loudness(
    make_clip: MakeClip, tiny: Placement, store: Store, voice: str, leads: bool
) -> None:
    take = talking(make_clip, voice)
    track = track_of(take, tone(make_clip), tiny, store, leads=leads)
    got = measure(track.path, primed=True)
    assert track.warning == ""
    assert got.integrated_lufs == pytest.approx(tiny.loudness_lufs, abs=0.5)
    assert got.true_peak_dbtp <= tiny.true_peak_dbtp


def test_room_noise_is_not_lifted_beside_music(
    make_clip: MakeClip, tiny: Placement, store: Store
) -> None:
    take = talking(make_clip, "anoisesrc=r=48000:d=8:a=0.001:seed=1")
    track = track_of(take, tone(make_clip), tiny, store)
    assert track.warning == "the footage's sound is almost silent: only the music is heard"
    mute = track_of(take, tone(make_clip), tiny, store, keep=False)
    assert np.abs(heard(track.path) - heard(mute.path)).max() < 1e-3


def test_silent_music_is_said(make_clip: MakeClip, tiny: Placement, store: Store) -> None:
    hush = probe_music(make_clip("hush.wav", "-f", "lavfi", "-i", "anullsrc=r=48000:d=2"))
    track = track_of(talking(make_clip, VOICE), hush, tiny, store)
    assert "nothing is heard of the music" in track.warning
    assert measure(track.path, primed=True).integrated_lufs == pytest.approx(
        tiny.loudness_lufs, abs=0.5
    )


def test_the_sound_is_made_anew_for_other_music_and_for_nothing_else(
    make_clip: MakeClip, tiny: Placement, store: Store, clicks: MusicFile
) -> None:
    take = talking(make_clip, VOICE)
    first = track_of(take, clicks, tiny, store, frames=60)
    assert track_of(take, clicks, tiny, store, frames=60, rights="asked").path == first.path
    others = [
        track_of(take, tone(make_clip), tiny, store, frames=60),
        track_of(take, clicks, tiny, store, frames=60, leads=True),
        track_of(take, clicks, tiny, store, frames=60, start=Fraction(1)),
        track_of(take, clicks, tiny, store, frames=60, keep=False),
    ]
    assert len({first.path, *(other.path for other in others)}) == 5


# Files


@pytest.mark.parametrize("form", ["mp3", "m4a", "ogg", "flac", "wav", "aiff"])
def test_music_is_read_in_every_usual_form(make_clip: MakeClip, form: str) -> None:
    coder = ("-c:a", "libopus") if form == "ogg" else ()
    path = make_clip(f"tune.{form}", "-f", "lavfi", "-i", "sine=f=440:r=44100:d=2", *coder)
    music = probe_music(path)
    assert float(music.duration) == pytest.approx(2, abs=0.06)
    wave = samples(path, music.stream, 16_000)
    spectrum = np.abs(np.fft.rfft(wave))
    assert np.argmax(spectrum) * 16_000 / len(wave) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    "content", [b"", b"#EXTM3U\nhttp://x.org/a.mp3\n", b"ffconcat version 1.0\nfile a.mp3\n"]
)
def test_what_is_no_music_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "music.mp3"
    path.write_bytes(content)
    with pytest.raises(FootageError):
        probe_music(path)


def test_the_first_track_that_decodes_is_heard(
    make_clip: MakeClip, tiny: Placement, store: Store, tmp_path: Path
) -> None:
    """A phone's spatial track (`apac`), which ffmpeg has no decoder for, stands before it."""
    two = make_clip(
        "two.mp4", *PICTURE, "-f", "lavfi", "-i", "sine=f=2000:r=48000:d=8", "-f", "lavfi", "-i",
        "sine=f=500:r=48000:d=8", "-map", "0", "-map", "1", "-map", "2", *H264, "-c:a", "aac",
    )  # fmt: skip
    raw = two.read_bytes()
    spatial = tmp_path / "spatial.mp4"
    at = raw.index(b"mp4a", raw.index(b"stsd"))
    told = raw.index(b"esds", at)
    spatial.write_bytes(raw[:at] + b"apac" + raw[at + 4 : told] + b"dapa" + raw[told + 4 :])
    for path, stream, hertz in ((two, 1, 2000), (spatial, 2, 500)):
        footage = probe(path)
        assert footage.audio_stream == stream
        pieces = [piece_of(footage, tiny, frames=60)]
        edit = edit_of(pieces, {footage.name: footage})
        wave = heard(make_track(edit, {footage.name: footage}, tiny, store).path)
        others = 2500 - hertz
        assert strength(wave, hertz, 0.5, 1.5) > strength(wave, others, 0.5, 1.5) + 30
    assert probe_music(spatial).stream == 2


# The whole way


@pytest.fixture
def scored(
    short_listing: Callable[..., Path], clicks: MusicFile, tmp_path: Path
) -> Callable[..., Path]:
    """A listing with music and captions beside it."""

    def write(**changes: Any) -> Path:
        (tmp_path / "music.wav").write_bytes(clicks.path.read_bytes())
        (tmp_path / "short.srt").write_text(
            "1\n00:00:00,500 --> 00:00:09,500\nThis is the <b>pouch</b>, guaranteed to please\n"
        )
        audio = {
            "music": "music.wav", "beats": {"bpm": 120, "first": 0.2},
            "captions": {"short.mp4": "short.srt"},
        }  # fmt: skip
        return short_listing(audio=audio | changes.pop("audio", {}), **changes)

    return write


def test_music_and_captions_go_all_the_way(
    scored: Callable[..., Path], run_cli: Callable[..., Outcome], tiny_presets: Path,
    tmp_path: Path, knowing_cache: Path, clicks: MusicFile,
) -> None:  # fmt: skip
    place = ("--presets", tiny_presets, "--cache", knowing_cache)
    out = tmp_path / "out"
    done = run_cli("render", scored(), "--placement", "tiny", "-o", out, *place, "--json")
    assert done.code == 0, done.err + done.out
    manifest = json.loads((out / "manifest.json").read_text())
    (clip,) = manifest["clips"]
    assert manifest["inputs"]["music"]["sha256"] == clicks.digest
    assert clip["edit"]["music"]["path"] == "music.wav"
    assert str(tmp_path) not in json.dumps(manifest)
    stem = clip["file"].removesuffix(".mp4")
    assert {f"{stem}.srt", f"{stem}.vtt"} <= manifest["files"].keys()
    assert "This is …" in (out / f"{stem}.srt").read_text()
    assert any("caption" in name for name in clip["overlays"])
    assert any("who may use the music" in said for said in clip["warnings"])
    assert any("says 'guarant'" in said for said in clip["warnings"])
    on_beat = [cut["why"].endswith("ends on a beat") for cut in clip["edit"]["cuts"]]
    assert sum(on_beat) > len(on_beat) / 2
    # Another price, and who may use the music: the sound stays what it was.
    kept = sorted((knowing_cache / "sound").iterdir())
    other = scored(price={"amount": 990, "currency": "EUR"}, audio={"rights": "ours"})
    again = run_cli("render", other, "--placement", "tiny", "-o", out, *place, "--json")
    assert again.code == 0, again.err
    assert sorted((knowing_cache / "sound").iterdir()) == kept
    assert not any("who may use" in said for said in again.json["clips"][0]["warnings"])


def test_an_edit_finds_its_music_again_and_says_when_it_cannot(
    scored: Callable[..., Path], run_cli: Callable[..., Outcome], tiny_presets: Path,
    tmp_path: Path, knowing_cache: Path,
) -> None:  # fmt: skip
    place = ("--presets", tiny_presets, "--cache", knowing_cache)
    (tmp_path / "edits").mkdir()
    path = tmp_path / "edits" / "edit.json"
    done = run_cli("plan", scored(), "--placement", "tiny", "-o", path, *place)
    assert done.code == 0, done.err
    page = json.loads(path.read_text())
    assert page["music"]["path"] == "../music.wav"
    assert page["music"]["start"] == "1/5" and page["music"]["end"] == "21/5"
    page["music"]["end"] = "99"
    path.write_text(json.dumps(page))
    done = run_cli("render", path, "-o", tmp_path / "out", *place)
    assert done.code == 2 and "not in the file" in done.err
    (tmp_path / "music.wav").write_bytes((tmp_path / "music.wav").read_bytes()[:-4000])
    done = run_cli("render", path, "-o", tmp_path / "out", *place)
    assert done.code == 2 and "its content has changed" in done.err
    (tmp_path / "music.wav").unlink()
    done = run_cli("render", path, "-o", tmp_path / "out", *place)
    assert done.code == 3 and "the music of the edit is not there" in done.err


def test_a_silent_loop_stays_silent(
    scored: Callable[..., Path], run_cli: Callable[..., Outcome], tiny_presets: Path,
    tmp_path: Path, shared_cache: Path,
) -> None:  # fmt: skip
    done = run_cli(
        "plan", scored(), "--placement", "tiny", "--storyboard", "silent-loop",
        "-o", tmp_path / "loop.json", "--presets", tiny_presets, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    edit = done.json
    assert edit["keep_sound"] is False and edit["music"] is None and edit["spoken"] == {}
    assert any("silent loop: the music is left out" in said for said in edit["warnings"])


def test_moviepy_plays_the_music_too(
    make_clip: MakeClip, tiny: Placement, tiny_presets: Path, clicks: MusicFile
) -> None:
    take = probe(talking(make_clip, VOICE))
    edit: Edit = edit_of([piece_of(take, tiny, frames=165)], {take.name: take}, keep_sound=False)
    beats = stated_beats(Beats(bpm=120, first=0.2), clicks.duration)
    music = score(clicks, Audio(music="m", beats=Beats(bpm=120, first=0.2)), beats).music
    clip = replace(edit, music=music).to_moviepy(presets=tiny_presets)
    assert clip.audio.duration == pytest.approx(5.5, abs=0.05)
    wave = clip.audio.to_soundarray(fps=SAMPLE_RATE)
    found = [t for t in onsets(wave, 0.1) if 0.3 < t < 4.2]
    assert found == pytest.approx([n / 2 for n in range(1, 9)], abs=0.005)
    both = replace(edit, keep_sound=True, music=music).to_moviepy(presets=tiny_presets)
    mixed = both.audio.to_soundarray(fps=SAMPLE_RATE)
    assert strength(mixed, 300, 2.6, 3.4) > strength(mixed, 300, 0.6, 1.4) + 20


def test_the_shipped_sample_says_what_is_heard() -> None:
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text("utf-8"))
    assert "sound" not in page


def test_an_edit_without_its_music_is_not_made(tmp_path: Path, clicks: MusicFile) -> None:
    from video_pipeline.pipeline.hearing import open_music

    edit = Edit("s", "l", "showcase", "tiny", 2, 2, Fraction(30), {}, ())
    assert open_music(edit, tmp_path / "edit.json") is None
    music = Music(str(clicks.path), "0" * 64, Fraction(0), Fraction(1))
    with pytest.raises(ListingError):
        open_music(replace(edit, music=music), tmp_path / "edit.json")
