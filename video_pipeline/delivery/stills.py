"""Stills: key frames of the footage at full resolution, and a contact sheet of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from video_pipeline import graph
from video_pipeline.delivery.contact_sheet import Entry, read, write_sheet
from video_pipeline.delivery.taking import keep_stills, take
from video_pipeline.edit.keyframes import KeyFrame
from video_pipeline.footage.model import Footage
from video_pipeline.store import Store

SHEET = "contact-sheet.jpg"


@dataclass(frozen=True)
class Still:
    """A key frame and the JPEG that holds it."""

    frame: KeyFrame
    file: Path


def write_keyframes(
    frames: Sequence[KeyFrame],
    footage: Mapping[str, Footage],
    folder: Path,
    store: Store | None = None,
) -> tuple[Still, ...]:
    """Write each key frame as the source shows it, and one sheet of all. Returns them in order.

    With a `store` each is taken from the footage once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if store is not None:
        keep_stills(((footage[frame.source], frame.t) for frame in frames), store)
    stills: list[Still] = []
    counts: dict[str, int] = {}
    for frame in frames:
        counts[frame.shows] = counts.get(frame.shows, 0) + 1
        file = folder / f"{frame.shows}-{counts[frame.shows]:02d}.jpg"
        source = footage[frame.source]
        take(
            partial(graph.still, source, frame.t), source, file, what="taking a still", store=store
        )
        stills.append(Still(frame, file))
    if stills:
        entries = [
            Entry(read(s.file), f"{s.frame.shows} {s.frame.score:.2f}  {float(s.frame.t):.2f} s")
            for s in stills
        ]
        write_sheet(entries, folder / SHEET, columns=4, height=480)
    return tuple(stills)
