"""Commands for sound: cutting it, laying music under it, measuring, levelling, encoding it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from video_pipeline.footage.hearing import MusicFile
from video_pipeline.footage.model import Footage
from video_pipeline.graph.command import command, from_disk, opened
from video_pipeline.toolchain import CONTAINERS, SOUNDS

SAMPLE_RATE = 48_000
AAC_FRAME = 1_024  # samples; also the encoder's priming, which players without an edit list play


def sound(parts: Sequence[tuple[Footage | None, Fraction, int]], out: Path) -> list[str]:
    """The command that cuts the clip's sound: 48 kHz stereo float WAV.

    Each part is a footage (None for silence), its start, and a length in samples. Joins fade over
    8 ms so that they do not click.
    """
    tracks, beside = [], []
    for place, (footage, start, samples) in enumerate(parts):
        # ffmpeg-python takes equal inputs for one and the same, so each is opened for its own
        # length: long enough, and a millisecond more than the one before.
        length = Fraction(samples, SAMPLE_RATE) + Fraction(1000 + place, 1000)
        if footage is None or footage.audio_stream is None:
            track = ffmpeg.input(
                f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f="lavfi", t=f"{float(length):.6f}"
            ).audio
        else:
            source = opened(footage, start, length)
            if not footage.indexed:
                # In a broadcast stream ffmpeg counts time from the first of what it reads, so the
                # picture is read too, and thrown away: sound may begin after it.
                pictures = source[str(footage.video_stream)]
                beside.append(ffmpeg.output(pictures, "-", c="copy", f="null"))
            track = source[str(footage.audio_stream)]
            track = track.filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
        track = track.filter("aformat", sample_fmts="flt", channel_layouts="stereo")
        track = track.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)
        fade = min(384, samples // 2)
        track = track.filter("afade", type="in", start_sample=0, nb_samples=fade)
        track = track.filter("afade", type="out", start_sample=samples - fade, nb_samples=fade)
        tracks.append(track)
    joined = ffmpeg.concat(*tracks, v=0, a=1) if len(tracks) > 1 else tracks[0]
    return _wav(joined, out, beside)


def music(
    file: MusicFile,
    stretch: tuple[Fraction, Fraction],
    samples: int,
    fades: tuple[int, int],
    out: Path,
) -> list[str]:
    """The command that lays a stretch of music out over `samples`: 48 kHz stereo float WAV.

    The stretch, from and to a second of the file, goes round as often as it is needed, to the
    sample. The whole comes and goes in `fades` samples; 3 ms hide the seam where it goes round.
    """
    start, end = stretch
    turn = round((end - start) * SAMPLE_RATE)
    source = from_disk(file.path, SOUNDS)[str(file.stream)]
    first = round(start * SAMPLE_RATE)
    track = source.filter("aresample", SAMPLE_RATE)
    track = track.filter("aformat", sample_fmts="flt", channel_layouts="stereo")
    track = track.filter("asetpts", "N/SR/TB").filter("apad", whole_len=first + turn)
    track = track.filter("atrim", start_sample=first, end_sample=first + turn)
    track = track.filter("asetpts", "PTS-STARTPTS")
    if samples > turn:
        seam = min(144, turn // 2)
        track = track.filter("afade", type="in", start_sample=0, nb_samples=seam)
        track = track.filter("afade", type="out", start_sample=turn - seam, nb_samples=seam)
        track = track.filter("aloop", loop=-1, size=turn)
    track = track.filter("atrim", end_sample=samples)
    comes, goes = (max(1, min(fade, samples // 2)) for fade in fades)
    track = track.filter("afade", type="in", start_sample=0, nb_samples=comes)
    track = track.filter("afade", type="out", start_sample=samples - goes, nb_samples=goes)
    return _wav(track, out)


def mixed(
    voice: Path, voice_db: float, music_wav: Path, music_db: float, out: Path, *, gives_way: bool
) -> list[str]:
    """The command that mixes two WAV files of one length, each with its gain.

    Where the music `gives_way`, a compressor takes it down for as long as the voice is heard: the
    voice, brought to about -16 LUFS by its gain, keys it.
    """
    spoken = from_disk(voice, "wav").audio.filter("volume", f"{voice_db:.4f}dB")
    played = from_disk(music_wav, "wav").audio.filter("volume", f"{music_db:.4f}dB")
    if gives_way:
        halves = spoken.filter_multi_output("asplit")
        spoken = halves[0]
        played = ffmpeg.filter(
            [played, halves[1]],
            "sidechaincompress",
            threshold=0.03,
            ratio=4,
            attack=20,
            release=600,
            knee=4,
        )
    both = ffmpeg.filter([spoken, played], "amix", inputs=2, normalize=0, duration="first")
    return _wav(both, out)


def measured(media: Path, *, primed: bool = False) -> list[str]:
    """The command that measures loudness and true peak (EBU R 128) of a file's sound.

    With `primed`, that of an AAC file of ours as it is heard in a clip, encoder's priming and all:
    where the meter's blocks begin may change the loudness of a few knocks by 1 LU.
    """
    options = {"ignore_editlist": 1} if primed else {}
    heard = from_disk(media, f"{SOUNDS},{CONTAINERS}", **options).audio.filter(
        "ebur128", peak="true"
    )
    return command(ffmpeg.output(heard, "-", f="null"), log="info")


def levelled(wav: Path, gain_db: float, ceiling_dbtp: float, out: Path) -> list[str]:
    """The command that applies one gain and a true-peak limiter to a WAV file."""
    track = from_disk(wav, "wav").audio.filter("volume", f"{gain_db:.4f}dB")
    # A limiter sees samples, not the wave between them; at four times the rate it sees both.
    track = track.filter("aresample", 4 * SAMPLE_RATE)
    track = track.filter(
        "alimiter", limit=f"{10 ** (ceiling_dbtp / 20):.6f}", attack=3, release=60, level="disabled"
    )
    return _wav(track.filter("aresample", SAMPLE_RATE), out)


def aac(wav: Path, kbps: int, out: Path) -> list[str]:
    """The command that encodes a WAV file as AAC-LC.

    The first 1,024 samples are left out: a player that knows nothing of the encoder's priming
    plays that many extra first, so the sound stands exactly where it belongs without an edit list.
    """
    track = from_disk(wav, "wav").audio.filter("atrim", start_sample=AAC_FRAME)
    track = track.filter("asetpts", "PTS-STARTPTS")
    return command(
        ffmpeg.output(
            track,
            str(out),
            **{
                "c:a": "aac",
                "b:a": f"{kbps}k",
                "ar": SAMPLE_RATE,
                "ac": 2,
                "f": "mp4",
                "flags:a": "+bitexact",
                "fflags": "+bitexact",
                "map_metadata": -1,
            },
        )
    )


def _wav(track: Any, out: Path, beside: Sequence[Any] = ()) -> list[str]:
    wav = ffmpeg.output(track, str(out), **{"c:a": "pcm_f32le", "f": "wav", "fflags": "+bitexact"})
    return command(ffmpeg.merge_outputs(wav, *beside) if beside else wav)
