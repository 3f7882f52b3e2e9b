"""The timeline: an edit as an editing program lays it out, whichever format it is written in.

A cut with a held frame becomes two clips, one that plays and one that shows a single picture. What
an editing program cannot draw, the words of the overlays and the runners-up, stands as markers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from video_pipeline.edit.model import Candidate, Cut, Edit, OverlayUse
from video_pipeline.footage.model import Footage
from video_pipeline.overlays.templates import head_of
from video_pipeline.overlays.typesetting import clean

RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)
# Phones write a little more or less than the rate they mean, and cameras drop a frame.
_OFF = Fraction(5, 1000)


@dataclass(frozen=True)
class Mark:
    """A marker: what is said from `frame` of its clip on, for `frames` output frames."""

    frame: int
    frames: int
    text: str


@dataclass(frozen=True)
class Clip:
    """A stretch of one source on a track.

    It begins at output frame `at` and lasts for `frames` of them. It shows the source from `start`
    (seconds of the source) on; where `held`, the picture at `start` throughout. `cut` is the number
    of the cut it is part of, from 1 on; 0 where that is not known.
    """

    name: str
    source: str
    start: Fraction
    frames: int
    at: int
    held: bool = False
    marks: tuple[Mark, ...] = ()
    cut: int = 0


def pictures(edit: Edit, own: Path | None = None) -> tuple[Clip, ...]:
    """The clips of the one video track, end to end.

    `own` is a person's overlays folder. Raises UsageError for an overlay template that is not
    there.
    """
    clips: list[Clip] = []
    at = 0
    for number, cut in enumerate(edit.cuts, start=1):
        live, marks = cut.frames - cut.hold, _marks(cut, own)
        for first, frames, held in ((0, live, False), (live, cut.hold, True)):
            if frames:
                start = cut.start + (live - 1 if held else 0) / edit.rate
                own_marks = tuple(
                    Mark(m.frame - first, min(m.frames, first + frames - m.frame), m.text)
                    for m in marks
                    if first <= m.frame < first + frames
                )
                clips.append(
                    Clip(cut.slot, cut.source, start, frames, at + first, held, own_marks, number)
                )
        at += cut.frames
    return tuple(clips)


def sounds(edit: Edit, footage: Mapping[str, Footage]) -> tuple[Clip, ...]:
    """The clips of the sound track: each cut's own sound, which runs on under a held frame.

    None where the edit keeps no sound or a source has none, nor beyond a source's end.
    """
    clips: list[Clip] = []
    at = 0
    for number, cut in enumerate(edit.cuts, start=1):
        source = footage[cut.source]
        frames = min(cut.frames, int((source.duration - cut.start) * edit.rate))
        if edit.keep_sound and source.audio_stream is not None and frames > 0:
            clips.append(Clip(cut.slot, cut.source, cut.start, frames, at, cut=number))
        at += cut.frames
    return tuple(clips)


def steady_rate(source: Footage) -> Fraction | None:
    """The rate that a source is meant to have; None for one whose frames come as they like."""
    nearest = min((*RATES, Fraction(round(source.rate))), key=lambda r: abs(r - source.rate))
    return nearest if nearest and abs(source.rate / nearest - 1) <= _OFF else None


def counting_rate(source: Footage, rate: Fraction) -> Fraction:
    """Frames a second at which a source's time is counted: its own, or else the edit's, `rate`."""
    return steady_rate(source) or rate


def clock(seconds: Fraction) -> str:
    """A time in a source as people read it: '1:02.50'."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _marks(cut: Cut, own: Path | None) -> list[Mark]:
    """At most one marker on a frame: of several on the same one, programs keep only one."""
    texts: dict[int, list[str]] = {}
    lengths: dict[int, int] = {}
    for use in cut.overlays:
        texts.setdefault(use.first, []).append(f"{use.template}: {_words(use, own)}")
        lengths[use.first] = max(lengths.get(use.first, 1), use.last - use.first)
    if cut.runners_up:
        last = max(0, cut.frames - cut.hold - 1)
        others = "; ".join(_named(other) for other in cut.runners_up)
        texts.setdefault(last, []).append(f"runners-up: {others}")
        lengths.setdefault(last, 1)
    return [Mark(frame, lengths[frame], " | ".join(texts[frame])) for frame in sorted(texts)]


def _words(use: OverlayUse, own: Path | None) -> str:
    """What an overlay says. A badge's words are not an edit's to give: only rendering may."""
    if head_of(use.template, own).claim:
        return "drawn by video-pipeline alone, from a certificate that it has verified"
    return clean(" · ".join(_texts(use.fields)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _named(other: Candidate) -> str:
    return clean(f"{other.source} at {clock(other.t)} ({other.score:.2f}, {other.reason})")
