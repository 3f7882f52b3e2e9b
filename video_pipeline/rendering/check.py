"""Checking: a finished mp4 is held against its placement, whoever made it.

Nothing is taken from our own plan but what only a plan can tell: which stretches were meant to
stand still, and where words stand. Rules are in `check_picture`, `check_sound` and `check_words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from video_pipeline.edit.model import Edit
from video_pipeline.listing.footage_paths import PHOTO_SUFFIXES
from video_pipeline.overlays.language import Language
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.check_picture import container, empty_stretches, form, timing
from video_pipeline.rendering.check_sound import sound
from video_pipeline.rendering.check_words import Standing, words
from video_pipeline.rendering.facts import Facts, facts_of
from video_pipeline.rendering.finding import Finding

__all__ = ["Finding", "Made", "Verdict", "check", "judge"]

_NO_EDIT = (
    "whether words stand clear of what the app covers, and are large enough to read: only known of "
    "clips made here, beside their manifest.json"
)
_PHOTOS = tuple(PHOTO_SUFFIXES)
_LOOK = "whether the right thing is shown, sharp and well lit: look at it"


@dataclass(frozen=True)
class Made:
    """What is known of a clip of ours besides its file: its edit, and how its overlays stand."""

    edit: Edit
    standing: Mapping[str, Standing]


@dataclass(frozen=True)
class Verdict:
    """One clip held against one placement: what to mend, the most important first, and what could
    not be checked.
    """

    placement: str
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]


def check(file: Path, placement: Placement, made: Made | None = None) -> tuple[Finding, ...]:
    """Everything in which a file falls short of a placement; empty when it is ready to post.

    Raises FootageError when the file cannot be read at all.
    """
    return judge(facts_of(file), placement, made).findings


def judge(facts: Facts, placement: Placement, made: Made | None = None) -> Verdict:
    """Hold what is known of a file against a placement."""
    still = _held(made.edit) if made else []
    findings = [
        *container(facts, placement),
        *form(facts, placement),
        *timing(facts, placement),
        *empty_stretches(facts, still),
        *sound(facts, placement),
        *(words(made.standing, _facing(placement, made.edit)) if made else ()),
    ]
    if facts.played.complaint:
        findings.append(
            Finding(
                "decoding", "plays from start to end", facts.played.complaint,
                "copy the file once more, or export it anew",
            )
        )  # fmt: skip
    return Verdict(
        placement.name,
        tuple(sorted(findings, key=lambda finding: finding.rank)),
        (*(() if made else (_NO_EDIT,)), _LOOK),
    )


def _facing(placement: Placement, edit: Edit) -> Placement:
    return placement.facing(rtl=Language(edit.lang).rtl)


def _held(edit: Edit) -> list[tuple[float, float]]:
    """Where an edit means its picture to stand still: a note's held shot, a photo. Seconds."""
    spans, first = [], 0
    for cut in edit.cuts:
        live = 0 if cut.source.lower().endswith(_PHOTOS) else cut.frames - cut.hold
        # The last live picture is the one that is held.
        start, end = first + max(0, live - 1), first + cut.frames
        if cut.hold or live == 0:
            spans.append((float(start / edit.rate), float(end / edit.rate)))
        first += cut.frames
    return spans
