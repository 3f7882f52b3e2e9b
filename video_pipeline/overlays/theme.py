"""The look of all overlays: colours, type styles and motion, read from one YAML file.

`overlays/themes/atelier.yaml` is the shipped one; a file of that name in the person's own overlays
folder takes its place.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Mistake, read_page, refuse
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.overlays.fonts import Typeface, typeface
from video_pipeline.resources import find

THEME = "themes/atelier.yaml"

_HEX: Final = r"^#[0-9A-Fa-f]{6}$"
_IN_WORDS: Final = {_HEX: 'a colour in quotes, such as "#1F1A15"'}

Hex = Annotated[str, StringConstraints(pattern=_HEX)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Style(_Written):
    """How one kind of text is set. Sizes in pixels at a picture 1080 wide, the rest in ems."""

    font: str = Field(description="A name under `fonts`.")
    size: tuple[float, float] = Field(description="Largest and smallest size.")
    leading: float = Field(1.2, ge=0.8, le=3)
    spacing: float = Field(0.0, ge=-0.1, le=1)
    capitals: bool = False


class Motion(_Written):
    """How an overlay comes and goes, in frames at 30 a second; `rise` in pixels at 1080 wide."""

    enter: int = Field(ge=1, le=60)
    leave: int = Field(ge=0, le=60)
    rise: int = Field(ge=0, le=200)


class Theme(_Written):
    """Everything a template may ask of the look."""

    title: str
    colours: dict[str, Hex]
    measures: dict[str, float]
    fonts: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]]
    styles: dict[str, Style]
    motion: Motion

    def face(self, style: str, own: Path | None) -> Typeface:
        """The typeface of a style."""
        name = self.styles[style].font
        return typeface(name, self.fonts[name], own)


def theme(own: Path | None = None) -> Theme:
    """The theme in force: the person's own, else the shipped one.

    Raises ListingError with every mistake of the file, by line.
    """
    path = find("overlays", THEME, own)
    if path is None:
        raise UsageError(f"The file overlays/{THEME} is not there.", mend="Install it again.")
    return _theme(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _theme(path: Path, _stamp: int) -> Theme:
    page = read_page(path, "theme")
    made = fill(Theme, page, noun="theme", in_words=_IN_WORDS)
    lacking = [
        Mistake(
            page.line(("styles", name, "font")),
            f"'styles.{name}.font' is '{style.font}'; expected one of {', '.join(made.fonts)}",
            did_you_mean(style.font, made.fonts) or "name it under fonts:",
        )
        for name, style in made.styles.items()
        if style.font not in made.fonts
    ]
    if lacking:
        raise refuse(path, "theme", lacking)
    return made
