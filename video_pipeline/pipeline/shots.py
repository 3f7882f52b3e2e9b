"""Shots: the stretches of footage files that can be shown, and what each is of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from video_pipeline.edit.reel import Reel
from video_pipeline.edit.shots import Shot, find_shots
from video_pipeline.pipeline.preparing import Settings, analyse_all, open_footage
from video_pipeline.progress import Listener, silent


def shots_of(
    paths: Sequence[Path], settings: Settings, listener: Listener = silent
) -> tuple[Shot, ...]:
    """The shots of footage files, file by file in time order.

    Raises FootageError for a file that is no video.
    """
    analyses = analyse_all(open_footage(paths), settings, listener)
    return tuple(
        shot for name, analysis in analyses.items() for shot in find_shots(Reel(name, analysis))
    )
