"""Takes whose truth is known: per frame for synthetic ones, per labelled span for real clips."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

NEEDS = ("whole", "hardware", "stitching")
# What the script of a synthetic take calls the segment that was filmed for each need. A push-in
# moves from the whole to the hardware.
_SEGMENTS = {
    "whole": ("hero",),
    "hardware": ("hardware", "push_in"),
    "stitching": ("stitching",),
}


@dataclass(frozen=True)
class Frame:
    """What the truth says of one frame, at `t` seconds.

    shows    the needs that a buyer would say it shows
    scripted the needs that its segment was filmed for
    bad      it belongs to a segment that was spoilt on purpose, or lies between two
    blur_px  how far its picture is smeared; None where nobody measured
    arguable whether it shows a part is a border case, by the labeller's own word
    """

    t: float
    shows: frozenset[str]
    scripted: frozenset[str]
    bad: bool
    blur_px: float | None
    arguable: bool = False


@dataclass(frozen=True)
class Take:
    """One labelled file."""

    name: str
    path: Path
    frames: tuple[Frame, ...]

    def between(self, start: float, end: float) -> list[Frame]:
        """The frames shown from `start` up to `end` seconds."""
        return [f for f in self.frames if start <= f.t < end]

    def has(self, need: str) -> bool:
        """Whether a second of it or more shows that need, border cases apart."""
        shown = [f.t for f in self.frames if need in f.shows and not f.arguable]
        step = self.frames[1].t - self.frames[0].t
        return len(shown) * step >= 1


def takes(folders: Sequence[Path]) -> Iterator[Take]:
    """All takes with truth under the folders, laid out as benchmarks/detection reads them."""
    for folder in folders:
        for truth in sorted(folder.glob("*/truth.json")):
            yield _synthetic(truth)
        if (folder / "videos.csv").exists():
            yield from _real(folder)


def _synthetic(path: Path) -> Take:
    truth = json.loads(path.read_text(encoding="utf-8"))
    frames = []
    for row in truth["frames"]:
        shows = {part for part in ("hardware", "stitching") if row[f"shows_{part}"]}
        shows |= {"whole"} if row["label"] == "hero" else set()
        frames.append(
            Frame(
                t=row["t"],
                shows=frozenset(shows),
                scripted=frozenset(n for n in NEEDS if row["label"] in _SEGMENTS[n]),
                bad=row["label"] in ("bad", "transition"),
                blur_px=row["blur"]["frame_px"],
            )
        )
    return Take(path.parent.name, path.with_name("take.mp4"), tuple(frames))


def _real(folder: Path) -> Iterator[Take]:
    spans: dict[str, list[dict[str, str]]] = {}
    with (folder / "videos.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            spans.setdefault(row["file"], []).append(row)
    for name, rows in sorted(spans.items()):
        frames = []
        for row in rows:
            shows = {part for part in ("hardware", "stitching") if row[part] == "1"}
            shows |= {"whole"} if row["kind"] == "whole" else set()
            steps = round((float(row["t_end"]) - float(row["t_start"])) * 30)
            frames += [
                Frame(
                    float(row["t_start"]) + n / 30,
                    frozenset(shows),
                    frozenset(shows),
                    False,
                    None,
                    arguable="border" in row["note"],
                )
                for n in range(steps)
            ]
        yield Take(name, folder / "videos" / name, tuple(frames))
