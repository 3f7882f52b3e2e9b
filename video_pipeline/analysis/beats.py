"""Beats: where those of a file of music fall, found by librosa, and kept by the music's content.

librosa starts slowly and weighs much, so it is an extra; a listing may state the beats instead.
"""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

from video_pipeline.errors import UsageError
from video_pipeline.footage.hearing import MusicFile, samples
from video_pipeline.store import Store, digest_of

_RATE = 22_050


def find_beats(music: MusicFile, store: Store) -> tuple[Fraction, ...]:
    """When each beat falls, seconds of the file, in whole milliseconds.

    librosa's dynamic-programming tracker (Ellis 2007). It does not tell which beat begins a bar.
    Raises UsageError when librosa is not installed.
    """
    try:
        import librosa  # noqa: PLC0415 - an extra, which starts slowly
    except ImportError as error:
        raise UsageError(
            "to find the beats of music, librosa is needed, and it is not installed",
            where="audio.beats.find",
            mend="pip install 'video-pipeline[beats]', or state them: beats: {bpm: 92, first: 0.4}",
        ) from error
    key = digest_of(["beats 1", music.digest, music.stream, version("librosa")])

    def write(part: Path) -> None:
        wave = samples(music.path, music.stream, _RATE)
        _, times = librosa.beat.beat_track(y=wave, sr=_RATE, units="time")
        part.write_text(json.dumps([round(float(t) * 1000) for t in times]), encoding="utf-8")

    found = json.loads(store.make("analysis", key, ".beats.json", write).read_text("utf-8"))
    return tuple(Fraction(ms, 1000) for ms in found)
