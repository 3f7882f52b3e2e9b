"""Sound: one track for the whole clip, at the placement's loudness, or honest silence."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from video_pipeline import graph
from video_pipeline.edit.model import Edit
from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.presets.placements import Placement
from video_pipeline.store import Store, digest_of
from video_pipeline.toolchain import ffmpeg_version, run

_DEADLINE_S = 300
# Below this a track holds room noise, not sound meant to be heard; lifting it would only hiss.
_SILENCE_LUFS = -55.0
_MOST_GAIN_DB = 30.0
# The AAC encoder overshoots the limiter's ceiling by up to about this much.
_AAC_MARGIN_DB = 0.7


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


def measure(media: Path) -> Loudness:
    """Loudness of a file's sound after EBU R 128 / ITU-R BS.1770."""
    log = run(graph.measured(media), deadline_s=_DEADLINE_S, what="measuring loudness").stderr
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
    edit: Edit, footage: Mapping[str, Footage], placement: Placement, store: Store
) -> Track:
    """Cut, level and encode the sound of an edit."""
    ticks = graph.SAMPLE_RATE / edit.rate
    parts: list[tuple[Footage | None, Fraction, int]] = []
    frame = 0
    for cut in edit.cuts:
        samples = round((frame + cut.frames) * ticks) - round(frame * ticks)
        source = footage[cut.source]
        heard = edit.keep_sound and source.audio_stream is not None
        parts.append((source, cut.start, samples) if heard else (None, Fraction(0), samples))
        frame += cut.frames
    silent = all(source is None for source, _, _ in parts)
    key = digest_of(
        [
            ffmpeg_version(),
            "sound 1",
            placement.loudness_lufs,
            placement.true_peak_dbtp,
            placement.audio_kbps,
            [(f.digest if f else "", f.audio_stream if f else 0, str(s), n) for f, s, n in parts],
        ]
    )
    notes = store.path("sound", key, ".txt")

    def write(part: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="video-pipeline-") as folder:
            wav = Path(folder) / "cut.wav"
            run(graph.sound(parts, wav), deadline_s=_DEADLINE_S, what="cutting the sound")
            warning = ""
            if not silent:
                wav, warning = _level(wav, Path(folder), placement)
            run(
                graph.aac(wav, placement.audio_kbps, part),
                deadline_s=_DEADLINE_S,
                what="encoding the sound",
            )
        notes.parent.mkdir(parents=True, exist_ok=True)
        notes.write_text(warning, encoding="utf-8")

    path = store.make("sound", key, ".m4a", write)
    warning = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    return Track(path, silent, warning)


def _level(wav: Path, folder: Path, placement: Placement) -> tuple[Path, str]:
    """Bring a WAV to the placement's loudness: one gain and a limiter, measured and corrected."""
    target = placement.loudness_lufs
    ceiling = placement.true_peak_dbtp - _AAC_MARGIN_DB
    loudness = measure(wav)
    if loudness.integrated_lufs < _SILENCE_LUFS:
        return wav, "the footage's sound is almost silent and was left as it is"
    gain = target - loudness.integrated_lufs
    out = wav
    for attempt in range(4):
        gain = min(gain, _MOST_GAIN_DB)
        out = folder / f"levelled-{attempt}.wav"
        run(
            graph.levelled(wav, gain, ceiling, out),
            deadline_s=_DEADLINE_S,
            what="levelling the sound",
        )
        reached = measure(out).integrated_lufs
        if abs(reached - target) <= 0.2 or gain >= _MOST_GAIN_DB:
            break
        gain += target - reached  # the limiter took some loudness; give it back
    reached = measure(out).integrated_lufs
    if abs(reached - target) > 0.5:
        return out, f"the sound came out at {reached:.1f} LUFS instead of {target:.0f}"
    return out, ""
