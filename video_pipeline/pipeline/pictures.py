"""Pictures: what single photos show, and, when asked, why the detector thinks so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from video_pipeline.analysis.picture import Look, look_at
from video_pipeline.errors import UsageError
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.detectors import detector as usual


def look_at_pictures(
    files: Sequence[Path], detector: Detector | None = None, explain: Path | None = None
) -> list[Look]:
    """Look at picture files with that detector, or the usual one.

    `explain` is a folder for one drawn copy of each picture, `<name>.explained.jpg`. Raises
    UsageError for a folder that can't be written, FootageError for a file that is no picture.
    """
    seeing = detector or usual()
    looks = [look_at(file, seeing, explain=explain is not None) for file in files]
    if explain is not None:
        _write(looks, explain)
    return looks


def _write(looks: Sequence[Look], folder: Path) -> None:
    used: set[str] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for look in looks:
            name, number = look.file.stem, 1
            while name in used:  # two folders may each hold a 1.jpg
                number += 1
                name = f"{look.file.stem}-{number}"
            used.add(name)
            if look.explained is not None:
                written, code = cv2.imencode(".jpg", look.explained, [cv2.IMWRITE_JPEG_QUALITY, 90])
                if not written:
                    raise OSError("the picture could not be compressed")
                (folder / f"{name}.explained.jpg").write_bytes(code.tobytes())
    except OSError as error:
        raise UsageError(
            f"the explanations cannot be written: {error.strerror or error}",
            where=str(folder),
            mend="choose another folder after --explain",
        ) from error
