"""Pictures: what single photos show, and, when asked, why the detector thinks so."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from video_pipeline.analysis.picture import Photo, look_at
from video_pipeline.delivery.explained import write_explained
from video_pipeline.errors import UsageError
from video_pipeline.replacing import replaced
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.detectors import detector as usual


@dataclass(frozen=True)
class Picture:
    """What one picture shows, and the file that explains why, where one was asked for."""

    photo: Photo
    explained: Path | None = None


def look_at_pictures(
    files: Sequence[Path],
    detector: Detector | None = None,
    explain: Path | None = None,
    *,
    force: bool = False,
) -> list[Picture]:
    """Look at picture files with that detector, or the usual one.

    `explain` is a folder for one drawn copy of each picture, `<name>.explained.jpg`. All of them
    are written or none. Raises UsageError, before any work, when one is there already and `force`
    is not given; RenderError when the folder can't be written; FootageError for a file that is no
    picture.
    """
    seeing = detector or usual()
    if explain is None:
        return [Picture(look_at(file, seeing)) for file in files]
    targets = _targets(files, explain, force=force)
    with ExitStack() as until_all_are_written:
        parts = [until_all_are_written.enter_context(replaced(t, "--explain")) for t in targets]
        return [
            Picture(_explain(file, seeing, part), target)
            for file, part, target in zip(files, parts, targets, strict=True)
        ]


def _explain(file: Path, seeing: Detector, part: Path) -> Photo:
    """Look at a picture and write why; the drawing itself is not kept, there may be many."""
    photo = look_at(file, seeing, explain=True)
    if photo.explained is not None:
        write_explained(photo.explained, seeing.legend, part)
    return replace(photo, explained=None)


def _targets(files: Sequence[Path], folder: Path, *, force: bool) -> list[Path]:
    """Where each explanation goes: no two to one place, none over what is there already."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            "this is a file, not a folder", where=str(folder), mend="name a folder after --explain"
        )
    targets: list[Path] = []
    used: set[str] = set()
    for file in files:
        name, number = file.stem, 1
        while name.casefold() in used:  # two folders may each hold a 1.jpg
            number += 1
            name = f"{file.stem}-{number}"
        used.add(name.casefold())
        targets.append(folder / f"{name}.explained.jpg")
    there = [target for target in targets if target.exists()]
    if there and not force:
        raise UsageError(
            f"there are {len(there)} of these explanations already"
            if len(there) > 1
            else "there is such an explanation already",
            where=str(there[0]),
            mend="add --force to replace them, or name another folder after --explain",
        )
    return targets
