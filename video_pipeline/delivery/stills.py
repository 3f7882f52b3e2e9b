"""Stills: key frames of the footage at full resolution, and a contact sheet of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from video_pipeline import graph
from video_pipeline.delivery.contact_sheet import Entry, write_sheet
from video_pipeline.edit.keyframes import KeyFrame
from video_pipeline.footage.model import Footage
from video_pipeline.toolchain import run

SHEET = "contact-sheet.jpg"
_DEADLINE_S = 120


@dataclass(frozen=True)
class Still:
    """A key frame and the JPEG that holds it."""

    frame: KeyFrame
    file: Path


def write_keyframes(
    frames: Sequence[KeyFrame], footage: Mapping[str, Footage], folder: Path
) -> tuple[Still, ...]:
    """Write each key frame as the source shows it, and one sheet of all. Returns them in order."""
    folder.mkdir(parents=True, exist_ok=True)
    stills: list[Still] = []
    counts: dict[str, int] = {}
    for frame in frames:
        counts[frame.shows] = counts.get(frame.shows, 0) + 1
        file = folder / f"{frame.shows}-{counts[frame.shows]:02d}.jpg"
        run(
            graph.still(footage[frame.source], frame.t, file),
            deadline_s=_DEADLINE_S,
            what="taking a still",
            where=frame.source,
        )
        stills.append(Still(frame, file))
    if stills:
        entries = [
            Entry(s.file, f"{s.frame.shows} {s.frame.score:.2f}  {float(s.frame.t):.2f} s")
            for s in stills
        ]
        write_sheet(entries, folder / SHEET, columns=4, height=480)
    return tuple(stills)
