"""Exhibits: overlays drawn to be looked at by themselves, in every look that is asked for.

Placements whose overlays have the same room share an exhibit. A template that cannot be drawn is an
exhibit too, of what is wrong with it: whoever is changing it wants to read that beside the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.errors import PipelineError, Problem
from video_pipeline.overlays.contrast import readable_anywhere, scrim_for, with_scrim
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.templates import Header

Picture = NDArray[np.uint8]
Fields = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Fields to show templates with: by template, then by the sample's name."""


@dataclass(frozen=True)
class Wall:
    """What exhibits of some placements hang on: their canvas, and what is filmed behind them.

    `behind` is RGB, of the canvas's size; None for nothing but the overlay.
    """

    placements: tuple[str, ...]
    canvas: Canvas
    behind: Picture | None = None


@dataclass(frozen=True)
class Exhibit:
    """One overlay in one look: the PNG of it and where on its wall's canvas it stands, in pixels.

    `problems` say what is wrong where there is no picture; `png` is empty then.
    """

    template: str
    sample: str
    theme: str
    lang: str
    wall: Wall
    png: bytes = b""
    box: tuple[int, int, int, int] = (0, 0, 0, 0)  # x, y, width, height
    problems: tuple[Problem, ...] = ()

    @property
    def file(self) -> str:
        """The name of its file, with the folder of its template."""
        look = f"{self.theme}.{self.lang}.{self.wall.placements[0]}"
        return f"{self.template}/{quote(self.sample, safe='')}.{look}.png"  # it may hold a '/'


def walls(
    canvases: Mapping[str, Canvas], behind: Callable[[Canvas], Picture] | None = None
) -> tuple[Wall, ...]:
    """A wall for each canvas that differs, with the names of the placements that share it."""
    sharing: dict[Canvas, list[str]] = {}
    for name, canvas in canvases.items():
        sharing.setdefault(canvas, []).append(name)
    return tuple(
        Wall(tuple(names), canvas, behind(canvas) if behind else None)
        for canvas, names in sharing.items()
    )


def exhibits(
    heads: Mapping[str, Header],
    said: Mapping[str, Fields],
    themes: Iterable[str],
    hung: Mapping[str, Sequence[Wall]],
    own: Path | None = None,
) -> Iterator[Exhibit]:
    """Every template with every sample, in each language, theme and placement.

    `said` and `hung` hold the fields and the walls of each language.
    """
    looks = tuple(themes)
    for template in heads:
        for lang, fields in said.items():
            for sample, values in fields.get(template, {}).items():
                for theme in looks:
                    for wall in hung[lang]:
                        yield _exhibit(Exhibit(template, sample, theme, lang, wall), values, own)


def told(error: PipelineError, template: str = "") -> tuple[Problem, ...]:
    """What an error says, line by line where it names lines."""
    where = error.where or (f"overlay '{template}'" if template else "")
    return tuple(error.problems) or (Problem(where, error.message, error.mend),)


def _exhibit(blank: Exhibit, values: Mapping[str, Any], own: Path | None) -> Exhibit:
    """The exhibit with its picture, or with what is wrong."""
    wall, look = blank.wall, {"lang": blank.lang, "theme": blank.theme}
    try:
        drawing = draw(blank.template, values, wall.canvas, own=own, **look)
    except PipelineError as error:
        return replace(blank, problems=told(error, blank.template))
    if wall.behind is not None and not readable_anywhere(drawing):
        drawing = _made_legible(drawing, wall.behind, wall.canvas)
    box = (drawing.x, drawing.y, drawing.width, drawing.height)
    return replace(blank, png=_png(drawing.pixels), box=box)


def _made_legible(drawing: Drawing, behind: Picture, canvas: Canvas) -> Drawing:
    """The drawing on the scrim that a clip would give it there."""
    rows, columns = (
        slice(start, start + length)
        for start, length in ((drawing.y, drawing.height), (drawing.x, drawing.width))
    )
    scrim = scrim_for(drawing, [behind[rows, columns]])
    return with_scrim(drawing, scrim, (canvas.width, canvas.height)) if scrim else drawing


def _png(pixels: Picture) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA))[1].tobytes()
