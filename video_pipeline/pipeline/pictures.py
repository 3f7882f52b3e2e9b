"""Pictures: what single photos show, and, when asked, why the detector thinks so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from video_pipeline.analysis.picture import Photo, look_at
from video_pipeline.errors import UsageError
from video_pipeline.vision.detectors import detector


def look_at_pictures(
    files: Sequence[Path], name: str | None = None, explain: Path | None = None
) -> list[Photo]:
    """Look at picture files with the detector of that name, or the usual one.

    `explain` is a folder for one drawn copy of each picture, `<name>.explained.jpg`. Raises
    UsageError for an unknown detector or a folder that can't be written, FootageError for a file
    that is no picture.
    """
    seeing = detector(name)
    photos = [look_at(file, seeing, explain=explain is not None) for file in files]
    if explain is not None:
        _write(photos, explain)
    return photos


def _write(photos: Sequence[Photo], folder: Path) -> None:
    used: set[str] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for photo in photos:
            name, number = photo.file.stem, 1
            while name in used:  # two folders may each hold a 1.jpg
                number += 1
                name = f"{photo.file.stem}-{number}"
            used.add(name)
            if photo.explained is not None:
                as_jpeg = [cv2.IMWRITE_JPEG_QUALITY, 90]
                written, code = cv2.imencode(".jpg", photo.explained, as_jpeg)
                if not written:
                    raise OSError("the picture could not be compressed")
                (folder / f"{name}.explained.jpg").write_bytes(code.tobytes())
    except OSError as error:
        raise UsageError(
            f"the explanations cannot be written: {error.strerror or error}",
            where=str(folder),
            mend="choose another folder after --explain",
        ) from error
