"""The look of all overlays: colours, type styles and motion, read from one YAML file.

`overlays/themes/atelier.yaml` is the shipped one; a file of that name in the person's own overlays
folder takes its place. `overlays/i18n/en.yaml` holds the words for parts, flaws and severities.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from video_pipeline.errors import ListingError, Problem, UsageError
from video_pipeline.overlays.fonts import Typeface, typeface
from video_pipeline.resources import find

THEME = "themes/atelier.yaml"
WORDS = "i18n/en.yaml"

Hex = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]


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
    fonts: dict[str, tuple[str, ...]]
    styles: dict[str, Style]
    motion: Motion

    def face(self, style: str, own: Path | None) -> Typeface:
        """The typeface of a style."""
        name = self.styles[style].font
        return typeface(name, self.fonts[name], own)


def theme(own: Path | None = None) -> Theme:
    """The theme in force: the person's own, else the shipped one. Raises ListingError."""
    path = _place(THEME, own)
    return _theme(path, path.stat().st_mtime_ns)


def word(kind: str, value: str, own: Path | None = None) -> str:
    """How `value` (a part, flaw or severity of a listing) is written on screen.

    Raises UsageError when the words file has no entry for it.
    """
    path = _place(WORDS, own)
    entry = _words(path, path.stat().st_mtime_ns).get(kind, {}).get(value)
    if entry is None:
        raise UsageError(
            f"There is no word for '{value}' among the {kind}.",
            where=str(path),
            mend=f"Add a line '{value}: …' under '{kind}:'.",
        )
    return entry


def _place(name: str, own: Path | None) -> Path:
    path = find("overlays", name, own)
    if path is None:
        raise UsageError(f"The file overlays/{name} is not there.", mend="Install it again.")
    return path


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ListingError(
            "This file cannot be read as YAML.",
            where=str(path),
            problems=[Problem(str(path), str(error), "Compare it with the shipped one.")],
        ) from error


@lru_cache(maxsize=8)
def _theme(path: Path, _stamp: int) -> Theme:
    try:
        made = Theme.model_validate(_read(path))
    except ValidationError as error:
        problems = [
            Problem(
                ".".join(str(p) for p in e["loc"]), e["msg"], "Compare it with the shipped theme."
            )
            for e in error.errors()
        ]
        raise ListingError(
            f"The theme has {len(problems)} mistake(s): {problems[0].where}: {problems[0].message}",
            where=str(path),
            problems=problems,
        ) from error
    for name, style in made.styles.items():
        if style.font not in made.fonts:
            raise ListingError(
                f"The style '{name}' asks for the font '{style.font}', which the theme lacks.",
                where=str(path),
                problems=[Problem(f"styles.{name}.font", "unknown font", "Name one under fonts.")],
            )
    return made


@lru_cache(maxsize=8)
def _words(path: Path, _stamp: int) -> dict[str, dict[str, str]]:
    read = _read(path)
    if not isinstance(read, dict) or not all(isinstance(v, dict) for v in read.values()):
        raise ListingError(
            "The words file must hold groups of 'value: words' lines.",
            where=str(path),
            problems=[Problem(str(path), "wrong shape", "Compare it with the shipped one.")],
        )
    return {str(k): {str(a): str(b) for a, b in v.items()} for k, v in read.items()}
