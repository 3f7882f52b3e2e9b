"""Rules for the sound: that there is some, its form, how loud it is."""

from __future__ import annotations

from collections.abc import Iterator

from video_pipeline import graph
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.facts import Facts
from video_pipeline.rendering.finding import Finding
from video_pipeline.rendering.sound import almost_silent, could_be_louder

_MOST_CHANNELS = 2
_MOST_APART_S = 0.15  # between the ends of picture and sound


def sound(facts: Facts, placement: Placement) -> Iterator[Finding]:
    """Everything about the first sound track."""
    track = facts.sound
    if track is None:
        yield Finding(
            "sound", "one AAC track, silent if need be", "none",
            "export with a sound track, even a silent one",
        )  # fmt: skip
        return
    if track.codec != "aac":
        yield Finding("sound codec", "AAC", track.codec or "unknown", "export with AAC sound")
    elif track.profile != "LC":
        yield Finding("sound profile", "AAC-LC", track.profile, "export with plain AAC (AAC-LC)")
    if not track.codec:
        return
    if track.sample_rate != graph.SAMPLE_RATE:
        yield Finding(
            "sample rate", "48000 Hz", f"{track.sample_rate} Hz", "export the sound at 48 kHz"
        )
    if track.channels > _MOST_CHANNELS:
        yield Finding(
            "channels", "stereo or mono", f"{track.channels} channels", "export the sound as stereo"
        )
    length = float(facts.footage.duration)
    if track.length_s and abs(track.start_s + track.length_s - length) > _MOST_APART_S:
        yield Finding(
            "sound length", f"{length:.2f} s, as long as the picture",
            f"{track.start_s + track.length_s:.2f} s",
            "trim sound and picture to one length and export again",
        )  # fmt: skip
    yield from _loudness(facts, placement)


def _loudness(facts: Facts, placement: Placement) -> Iterator[Finding]:
    heard = facts.played.loudness
    if heard is None:
        yield Finding("sound", "can be heard", "it cannot be played", "export the clip anew")
        return
    if almost_silent(heard, placement):
        return
    off = heard.integrated_lufs - placement.loudness_lufs
    over = heard.true_peak_dbtp - placement.true_peak_dbtp
    if off > 1.0 or could_be_louder(heard, placement):
        yield Finding(
            "loudness",
            f"{placement.loudness_lufs:g} LUFS ± 1",
            f"{heard.integrated_lufs:.1f} LUFS",
            f"turn the sound {'down' if off > 0 else 'up'} by {abs(off):.0f} dB",
        )
    if over > 0:
        yield Finding(
            "true peak",
            f"at most {placement.true_peak_dbtp:g} dBTP",
            f"{heard.true_peak_dbtp:.1f} dBTP",
            f"turn the sound down by {max(over, off, 0.1):.1f} dB, or put a limiter on it",
        )
