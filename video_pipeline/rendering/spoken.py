"""Spoken: captions on the picture, inside the safe area, wherever nothing else stands.

A caption never covers a word of the listing. Where there is no room beside those, it is not drawn,
and said to be; it is in the files beside the clip all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from video_pipeline.edit.model import Edit
from video_pipeline.edit.spoken import Caption
from video_pipeline.errors import UsageError
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.templates import head_of

CAPTION: Final = "caption"
_FREE: Final = 0.02  # of the picture's height, between two overlays
_LEAST_FRAMES: Final = 5  # of a caption that runs on into another cut; less would be a flash


@dataclass(frozen=True)
class Taken:
    """Where something stands on cut number `cut` (from 0 on): its frames, its box in pixels."""

    cut: int
    first: int
    last: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Part:
    """A caption on cut number `cut` (from 0 on), from frame `first` of the cut to `last`."""

    cut: int
    first: int
    last: int
    drawing: Drawing


def laid(
    captions: Sequence[Caption],
    edit: Edit,
    standing: Sequence[Taken],
    canvas: Canvas,
    own: Path | None = None,
) -> tuple[list[Part], tuple[Caption, ...]]:
    """Where the captions stand among what is `standing`, and those for which there is no room."""
    parts: list[Part] = []
    without_room: list[Caption] = []
    for caption in captions:
        spans = list(_spans(caption, edit))
        places = head_of(CAPTION, own).stands
        fits = next((d for a in places if (d := _drawn(caption, a, canvas, edit, own))
                     and not any(_meets(d, s, standing, canvas) for s in spans)), None)  # fmt: skip
        if fits is None:
            without_room.append(caption)
        else:
            parts.extend(Part(cut, first, last, fits) for cut, first, last in spans)
    return parts, tuple(without_room)


def _spans(caption: Caption, edit: Edit) -> Iterator[tuple[int, int, int]]:
    """The cuts that a caption stands on, each with the frames of the cut."""
    at = 0
    for number, cut in enumerate(edit.cuts):
        first, last = max(caption.first - at, 0), min(caption.last - at, cut.frames)
        if last - first >= _LEAST_FRAMES:
            yield number, first, last
        at += cut.frames


def _drawn(
    caption: Caption, anchor: str, canvas: Canvas, edit: Edit, own: Path | None
) -> Drawing | None:
    """The caption at a place; None where its letters are not in the fonts, or it does not fit."""
    try:
        drawing = draw(
            CAPTION,
            {"text": caption.text},
            canvas,
            anchor=anchor,
            own=own,
            lang=edit.lang,
            theme=edit.theme,
        )
    except UsageError:
        return None
    return None if any(box.truncated for box in drawing.texts) else drawing


def _meets(
    drawing: Drawing, span: tuple[int, int, int], standing: Sequence[Taken], canvas: Canvas
) -> bool:
    cut, first, last = span
    free = _FREE * canvas.height

    def apart(other: Taken) -> bool:
        return (
            drawing.y + drawing.height + free <= other.y
            or other.y + other.height + free <= drawing.y
            or drawing.x + drawing.width + free <= other.x
            or other.x + other.width + free <= drawing.x
        )

    return any(
        other.cut == cut and first < other.last and other.first < last and not apart(other)
        for other in standing
    )
