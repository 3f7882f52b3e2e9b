"""Key frames: the best moments of footage files, with no listing at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from video_pipeline.delivery.publishing import KEY_FRAMES, MANIFEST, check_target, published
from video_pipeline.delivery.stills import Still, write_keyframes
from video_pipeline.edit.keyframes import pick_keyframes
from video_pipeline.pipeline.preparing import Settings, analyse_all, open_footage
from video_pipeline.progress import Listener, silent
from video_pipeline.store import file_digest


def write_key_frames(
    paths: Sequence[Path],
    output: Path,
    shows: Sequence[str],
    most: int,
    settings: Settings,
    *,
    listener: Listener = silent,
) -> tuple[Still, ...]:
    """The best frames of footage files, as JPEGs in `output` with one contact sheet.

    `output` is complete or untouched. Raises UsageError when it holds anything but earlier key
    frames or a word is not known, FootageError for a file that is no video.
    """
    pick_keyframes({}, shows, most)  # a mistyped word is refused before anything is looked at
    footage = open_footage(paths)
    check_target(output, None)
    with published(output, None) as folder:
        analyses = analyse_all(footage, settings, listener)
        stills = write_keyframes(
            pick_keyframes(analyses, shows, most), footage, folder, settings.store
        )
        files = sorted(path for path in folder.iterdir() if path.is_file())
        manifest = {"kind": KEY_FRAMES, "files": {path.name: file_digest(path) for path in files}}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return tuple(replace(still, file=output / still.file.name) for still in stills)
