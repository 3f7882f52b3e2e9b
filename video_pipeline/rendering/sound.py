"""Sound: one track for the whole clip, at the placement's loudness, or honest silence.

It is the footage's own sound, cut as the pictures are, with music under or over it. Both are
measured, set against each other, mixed, and the mix is measured and levelled once more.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from video_pipeline import graph
from video_pipeline.edit.model import Edit, Music
from video_pipeline.edit.music import FADES_S
from video_pipeline.errors import RenderError
from video_pipeline.footage.hearing import MusicFile
from video_pipeline.footage.model import Footage
from video_pipeline.presets.placements import Placement
from video_pipeline.store import Store, digest_of
from video_pipeline.toolchain import ffmpeg_version, run

_DEADLINE_S = 300
# What would need more than this is room noise, not sound meant to be heard; lifting it would hiss.
_MOST_GAIN_DB = 30.0
_MOST_LIMITING_DB = 10.0  # beyond it a limiter is heard at work
# The AAC encoder overshoots the limiter's ceiling, mostly by less than this.
_AAC_MARGIN_DB = 0.7
# A click that stood at the ceiling comes out of the encoder lower by up to this: it smears it.
_AAC_SMEARING_DB = 6.0
_TOLERANCE_LU = 1.0


# The level of what is in front in a mix, LUFS, and how far the other stands below it, LU. Music
# that gives way goes down about 10 dB more while the voice is heard. Design choices.
_VOICE, _MUSIC_BELOW, _VOICE_BELOW = -16.0, 6.0, 12.0


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness in LUFS and true peak in dBTP; both -inf for silence."""

    integrated_lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True)
class Track:
    """The clip's finished sound: an AAC file, and what is heard on it."""

    path: Path
    silent: bool
    warning: str = ""


def measure(media: Path, *, primed: bool = False) -> Loudness:
    """Loudness of a file's sound after EBU R 128 / ITU-R BS.1770.

    `primed` measures a track as it will be heard in the joined clip.
    """
    log = run(
        graph.measured(media, primed=primed), deadline_s=_DEADLINE_S, what="measuring loudness"
    ).stderr
    return heard_in(log, media)


def heard_in(log: str, media: Path) -> Loudness:
    """What ffmpeg's meter wrote about a file. Raises RenderError when it wrote nothing."""
    summary = log[log.rfind("Summary:") :]
    integrated = re.search(r"I:\s+(-?[\d.]+|-inf|nan) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf|nan) dBFS", summary)
    if not integrated or not peak:
        raise RenderError("the loudness could not be measured", where=media.name)
    level = float(integrated.group(1))
    # The meter's floor is its word for silence.
    return Loudness(
        level if level > -70 and not math.isnan(level) else -math.inf, float(peak.group(1))
    )


def make_track(
    edit: Edit,
    footage: Mapping[str, Footage],
    placement: Placement,
    store: Store,
    music: MusicFile | None = None,
) -> Track:
    """Cut, mix, level and encode the sound of an edit; `music` is the file of the edit's music."""
    played = edit.music if music else None
    ticks = graph.SAMPLE_RATE / edit.rate
    parts: list[tuple[Footage | None, Fraction, int]] = []
    frame = 0
    for cut in edit.cuts:
        samples = round((frame + cut.frames) * ticks) - round(frame * ticks)
        source = footage[cut.source]
        heard = edit.keep_sound and source.audio_stream is not None
        parts.append((source, cut.start, samples) if heard else (None, Fraction(0), samples))
        frame += cut.frames
    mute = all(source is None for source, _, _ in parts)
    silent = mute and played is None
    length = sum(samples for *_, samples in parts)
    key = digest_of(
        [
            ffmpeg_version(),
            "sound 5",
            placement.loudness_lufs,
            placement.true_peak_dbtp,
            placement.audio_kbps,
            (music.digest, music.stream, str(played.start), str(played.end), played.leads)
            if music and played
            else None,
            [(f.digest if f else "", f.audio_stream if f else 0, str(s), n) for f, s, n in parts],
        ]
    )
    notes = store.path("sound", key, ".txt")

    def write(part: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="video-pipeline-") as folder:
            wav = Path(folder) / "cut.wav"
            run(graph.sound(parts, wav), deadline_s=_DEADLINE_S, what="cutting the sound")
            notes_of = []
            if music and played:
                under = Path(folder) / "music.wav"
                comes, goes = (round(seconds * graph.SAMPLE_RATE) for seconds in FADES_S)
                run(
                    graph.music(music, (played.start, played.end), length, (comes, goes), under),
                    deadline_s=_DEADLINE_S,
                    what="laying out the music",
                )
                wav, said = _mixed(wav, under, played, placement, Path(folder), mute=mute)
                notes_of.append(said)
            if silent:
                _encode(wav, placement, part)
            else:
                notes_of.append(_level(wav, Path(folder), placement, part))
            warning = "; ".join(filter(None, notes_of))
        notes.parent.mkdir(parents=True, exist_ok=True)
        notes.write_text(warning, encoding="utf-8")

    path = store.make("sound", key, ".m4a", write)
    warning = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    return Track(path, silent, warning)


def almost_silent(loudness: Loudness, placement: Placement) -> bool:
    """Whether a sound is too quiet to be lifted to the placement's loudness."""
    return loudness.integrated_lufs < placement.loudness_lufs - _MOST_GAIN_DB


def could_be_louder(loudness: Loudness, placement: Placement) -> bool:
    """Whether a sound is quieter than the placement asks, and we would have made it louder.

    Nobody can where it is almost silent, where its peaks stand at the limit already, or where they
    stand so far above the rest that a limiter would be heard at work.
    """
    short = placement.loudness_lufs - loudness.integrated_lufs
    if short <= _TOLERANCE_LU or almost_silent(loudness, placement):
        return False
    room = placement.true_peak_dbtp - loudness.true_peak_dbtp
    limiting = short - room
    return limiting <= 0 or (room > _AAC_SMEARING_DB and limiting <= _MOST_LIMITING_DB)


def _mixed(
    voice: Path, under: Path, music: Music, placement: Placement, folder: Path, *, mute: bool
) -> tuple[Path, str]:
    """The WAV in which both are heard, and what a person should know about it."""
    heard = measure(under)
    if math.isinf(heard.integrated_lufs):
        return voice, "nothing is heard of the music: it is silent where the clip plays it"
    if mute:
        return under, ""
    spoken = measure(voice)
    if almost_silent(spoken, placement):
        return under, "the footage's sound is almost silent: only the music is heard"
    voice_at = _VOICE - _VOICE_BELOW if music.leads else _VOICE
    music_at = _VOICE if music.leads else _VOICE - _MUSIC_BELOW
    out = folder / "mixed.wav"
    run(
        graph.mixed(
            voice,
            voice_at - spoken.integrated_lufs,
            under,
            music_at - heard.integrated_lufs,
            out,
            gives_way=not music.leads,
        ),
        deadline_s=_DEADLINE_S,
        what="mixing voice and music",
    )
    return out, ""


def _level(wav: Path, folder: Path, placement: Placement, out: Path) -> str:
    """Encode a WAV at the placement's loudness; returns what a person should know about it.

    One gain and a limiter, measured on the encoded sound and corrected: the limiter takes some
    loudness, the encoder takes what lies above hearing and moves the peaks.
    """
    target, most = placement.loudness_lufs, placement.true_peak_dbtp
    ceiling = most - _AAC_MARGIN_DB
    loudness = measure(wav)
    if almost_silent(loudness, placement):
        _encode(wav, placement, out)
        # The encoder drops what is too faint to hear, and what is left may count as louder.
        if not could_be_louder(measure(out, primed=True), placement):
            return "the footage's sound is almost silent and was left as it is"
    needed = gain = target - loudness.integrated_lufs
    levelled = folder / "levelled.wav"
    for _ in range(6):
        run(
            graph.levelled(wav, gain, ceiling, levelled),
            deadline_s=_DEADLINE_S,
            what="levelling the sound",
        )
        _encode(levelled, placement, out)
        got = measure(out, primed=True)
        short = target - got.integrated_lufs
        again = min(gain + short, needed + _MOST_LIMITING_DB)
        if got.true_peak_dbtp <= most and (abs(short) <= 0.2 or again == gain):
            break
        gain = again
        ceiling -= max(0.0, got.true_peak_dbtp - most + 0.1)
    if abs(short) > 0.5:
        return f"the sound came out at {got.integrated_lufs:.1f} LUFS instead of {target:.0f}"
    return ""


def _encode(wav: Path, placement: Placement, out: Path) -> None:
    run(
        graph.aac(wav, placement.audio_kbps, out),
        deadline_s=_DEADLINE_S,
        what="encoding the sound",
    )
