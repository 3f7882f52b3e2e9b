"""Rehearsals: an encoder is believed when it has encoded real pictures the way pieces are encoded.

A driver may be missing, or be there and refuse, or encode and get it wrong: another profile, no key
frames, colours unstated, a picture that is not the one it was given. So a hardware encoder that is
asked for first encodes some frames of the sample's take with the very arguments of a piece, at the
placement's size. What comes out is held against what `check` asks for, and its picture against the
take. An outcome is kept for as long as this process runs, not longer: drivers change.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from video_pipeline import graph
from video_pipeline.errors import PipelineError, UsageError
from video_pipeline.footage.probe import open_media
from video_pipeline.footage.salvage import packets
from video_pipeline.presets.encoders import HARDWARE, X264, Encoder, Wish, load_encoder
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.budget import may_exceed
from video_pipeline.rendering.check_picture import form, timing
from video_pipeline.rendering.facts import facts_of
from video_pipeline.resources import shipped
from video_pipeline.store import file_digest
from video_pipeline.toolchain import ffmpeg_path, run

_TAKE = Path("cognac-pouch") / "take.mp4"
_BEYOND_GOP = 6  # frames past the first group of pictures, so that a second must begin
_ELSEWHERE = range(330, 333)  # other pictures of the take, for a second header
# x264 leaves 38 dB or more of these pictures; a green, shifted or torn one is below 20.
_LEAST_DB = 30.0
_DEADLINE_S = 180


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal found: the encoder with its driver's fingerprint, or why it is refused."""

    encoder: Encoder
    refusal: str = ""


@dataclass(frozen=True)
class Chosen:
    """Who encodes for each placement, by the placement's name, and what a person should know."""

    encoders: Mapping[str, Encoder]
    note: str = ""

    def for_clip(self, placement: Placement, frames: int) -> Encoder:
        """Who encodes a clip of so many frames: x264 where its bytes may decide, since no other
        keeps to a number of them.
        """
        return X264 if may_exceed(placement, frames) else self.encoders[placement.name]

    def told(self, placement: Placement, frames: int) -> str:
        """What to say of who encoded a clip; empty where it is the usual one, as asked."""
        usual = all(encoder.repeats for encoder in self.encoders.values())
        if not usual and self.for_clip(placement, frames).repeats:
            return f"x264 encoded this: what {placement.title} takes is limited in bytes"
        return self.note


@dataclass(frozen=True)
class Shown:
    """What an encoder makes of some seconds: VMAF (None where ffmpeg has none), bit rate, speed."""

    encoder: Encoder
    vmaf: float | None
    kbps: float
    frames_per_s: float


_known: dict[tuple[Any, ...], Rehearsed] = {}


def choose(wish: Wish, placements: Iterable[Placement], own: Path | None = None) -> Chosen:
    """The encoder for these placements: the one named, or for "auto" the first that works for all.

    Raises UsageError when the one that is named does not work here.
    """
    places = list(placements)
    if wish == "x264":
        return Chosen({place.name: X264 for place in places})
    for name in HARDWARE if wish == "auto" else (wish,):
        encoder = load_encoder(name, own)
        found = {place.name: rehearse(encoder, place) for place in places}
        refusal = next((one.refusal for one in found.values() if one.refusal), "")
        if not refusal:
            return Chosen(
                {place: one.encoder for place, one in found.items()},
                f"{encoder.title} encoded this: made again, it will look the same and not be the "
                "same bytes",
            )
        if wish != "auto":
            raise UsageError(
                f"{encoder.title} does not work here: {refusal}",
                where="--encoder",
                mend="leave it out, or use --encoder auto; `video-pipeline doctor` tries them all",
            )
    return Chosen(
        {place.name: X264 for place in places},
        "x264 encoded this, since no hardware encoder works here; `video-pipeline doctor` says why",
    )


def rehearse(encoder: Encoder, placement: Placement) -> Rehearsed:
    """Try an encoder at a placement's size, rate and quality; a second time it is remembered."""
    key = (
        ffmpeg_path(), encoder, placement.width, placement.height, placement.rate,
        placement.crf, placement.preset, placement.max_kbps,
    )  # fmt: skip
    if key not in _known:
        _known[key] = _rehearse(encoder, placement)
    return _known[key]


def faults(file: Path, placement: Placement, frames: int, like: Path) -> str:
    """What keeps an encoded file from being a piece, in plain words; empty when nothing does.

    It should show the first `frames` of the take `like`, at the placement's size.
    """
    facts = facts_of(file)
    free = replace(placement, min_s=None, max_s=None, max_bytes=None)
    if facts.played.complaint:
        return f"what it made does not play: {facts.played.complaint}"
    for finding in (*form(facts, free), *timing(facts, free)):
        return f"what it made has another {finding.rule}: wanted {finding.want}, got {finding.got}"
    if len(facts.picture.times) != frames:
        return f"it was given {frames} pictures and gave {len(facts.picture.times)}"
    if any(later <= earlier for earlier, later in pairwise(_in_order(file))):
        return "it puts pictures out of order, which a clip without an edit list cannot hold"
    log = run(
        graph.likeness(file, like, range(frames), placement, by="psnr"),
        deadline_s=_DEADLINE_S,
        what="comparing pictures",
    ).stderr
    least = re.search(r"PSNR .*min:([\d.]+|inf)", log)
    likeness = float(least.group(1)) if least else 0.0
    if likeness < _LEAST_DB:
        return (
            "its picture is not the one it was given: PSNR "
            f"{likeness:.0f} dB, where {_LEAST_DB:.0f} is the least"
        )
    return ""


def show(encoder: Encoder, placement: Placement, seconds: int = 4) -> Shown:
    """Encode some seconds of the sample's take, and say how good, how large and how fast."""
    take = shipped("samples") / _TAKE
    frames = round(seconds * placement.rate)
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as folder:
        out = Path(folder) / "shown.mp4"
        began = time.monotonic()
        run(
            graph.rehearsal(take, range(frames), placement, encoder, out),
            deadline_s=_DEADLINE_S,
            what=f"encoding by {encoder.title}",
        )
        took = time.monotonic() - began
        try:
            log = run(
                graph.likeness(out, take, range(frames), placement, by="libvmaf"),
                deadline_s=2 * _DEADLINE_S,
                what="measuring VMAF",
            ).stderr
            score = re.search(r"VMAF score: ([\d.]+)", log)
        except PipelineError:  # an ffmpeg of the person's own may be without it
            score = None
        return Shown(
            encoder,
            float(score.group(1)) if score else None,
            out.stat().st_size / 125 / seconds,
            frames / took,
        )


def _rehearse(encoder: Encoder, placement: Placement) -> Rehearsed:
    take = shipped("samples") / _TAKE
    frames = round(2 * placement.rate) + _BEYOND_GOP
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as folder:
        out, other = Path(folder) / "out.mp4", Path(folder) / "other.mp4"
        try:
            for which, file in ((range(frames), out), (_ELSEWHERE, other)):
                run(
                    graph.rehearsal(take, which, placement, encoder, file),
                    deadline_s=_DEADLINE_S,
                    what="the rehearsal",
                )
            if refusal := faults(out, placement, frames, take):
                return Rehearsed(encoder, refusal)
            if _header(out) != _header(other):
                return Rehearsed(encoder, "its pieces do not fit together: each has its own header")
        except PipelineError as error:
            return Rehearsed(encoder, _plainly(error, encoder))
        if encoder.repeats:
            return Rehearsed(encoder)
        return Rehearsed(replace(encoder, fingerprint=file_digest(out)))


def _plainly(error: PipelineError, encoder: Encoder) -> str:
    """What ffmpeg said, in plain words where they are known."""
    log = "\n".join([*getattr(error, "__notes__", ()), error.message])
    means = next((means for says, means in encoder.refusals if says in log), "")
    return means or f"{error.message} (it needs {encoder.needs})"


def _header(file: Path) -> bytes | None:
    with open_media(file) as container:
        return container.streams.video[0].codec_context.extradata


def _in_order(file: Path) -> list[int]:
    """The times of a file's pictures, in ticks, as they stand in it."""
    with open_media(file) as container:
        stream = container.streams.video[0]
        return [one.pts for one in packets(container, stream) if one.pts is not None and one.size]
