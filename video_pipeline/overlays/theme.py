"""The looks of overlays: colours, type styles and motion, each look one YAML file.

They stand in `overlays/themes/`; a file of that name in the person's own overlays folder takes the
place of the shipped one. A theme that says `like: atelier` holds only what differs from that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Mistake, Page, read_page, refuse
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.overlays.fonts import Typeface, typeface
from video_pipeline.resources import find, shipped

ATELIER: Final = "atelier"
_FOLDER: Final = "themes"

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
    """How an overlay comes and goes, in frames at 30 a second; `rise` in pixels at 1080 wide.

    It fades in while it rises, or is wiped in from where its lines begin. `press` lets it
    draw back a little and return, once it is there. No frames of coming and going are a cut.
    """

    enter: int = Field(ge=0, le=60)
    leave: int = Field(ge=0, le=60)
    rise: int = Field(ge=0, le=200)
    arrive: Literal["rise", "wipe"] = "rise"
    emphasis: Literal["none", "press"] = "none"


CUT: Final = Motion(enter=0, leave=0, rise=0)
"""The motion of those who want none."""


class Theme(_Written):
    """Everything a template may ask of the look."""

    title: str
    like: str | None = Field(None, description="The theme to take from what is not said here.")
    colours: dict[str, Hex]
    measures: dict[str, float]
    fonts: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]]
    styles: dict[str, Style]
    motion: Motion

    def face(self, style: str, own: Path | None) -> Typeface:
        """The typeface of a style."""
        name = self.styles[style].font
        return typeface(name, self.fonts[name], own)


def theme(own: Path | None = None, name: str = ATELIER) -> Theme:
    """The theme of that name: the person's own, else the shipped one.

    Raises UsageError, naming those there are, for a name that is none, and ListingError with every
    mistake of the file, by line.
    """
    return _theme(_chain(name, own))


def theme_names(own: Path | None = None) -> tuple[str, ...]:
    """The names of the themes there are, the person's own and the shipped, in order."""
    folders = (folder / _FOLDER for folder in (own, shipped("overlays")) if folder is not None)
    return tuple(sorted({file.stem for folder in folders for file in folder.glob("*.yaml")}))


_Chain = tuple[tuple[Path, int], ...]


def _chain(name: str, own: Path | None) -> _Chain:
    """The files of a theme, each with its time: its own, then the one it is like, and so on."""
    path = _find(name, own)
    if path is None:
        known = theme_names(own)
        hint = did_you_mean(name, known)
        raise UsageError(
            f"There is no theme called '{name}'.",
            where=f"overlays/{_FOLDER}",
            mend=f"{hint} Use one of: {', '.join(known)}.".strip(),
        )
    chain: list[tuple[Path, int]] = []
    while True:
        chain.append((path, path.stat().st_mtime_ns))
        page = _page(*chain[-1])
        like = page.value.get("like") if isinstance(page.value, dict) else None
        if not isinstance(like, str):
            return tuple(chain)
        # A person's own `atelier` that is like `atelier` means the shipped one.
        parent = _find(like, None if like == path.stem else own)
        if parent is None or parent in (file for file, _ in chain):
            others = [other for other in theme_names(own) if other != path.stem]
            message = f"'like' is '{like}'; expected another theme: {', '.join(others)}"
            mistake = Mistake(page.line(("like",)), message, did_you_mean(like, others))
            raise refuse(path, "theme", [mistake])
        path = parent


def _find(name: str, own: Path | None) -> Path | None:
    plain = name == Path(name).name  # a name, and no way to somewhere else
    return find("overlays", f"{_FOLDER}/{name}.yaml", own) if plain else None


@lru_cache(maxsize=32)
def _page(path: Path, _stamp: int) -> Page:
    return read_page(path, "theme")


def _over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A group of keys with others laid over it, group by group."""
    return dict(base) | {
        key: _over(base[key], value)
        if isinstance(value, dict) and isinstance(base.get(key), dict)
        else value
        for key, value in changes.items()
    }


@lru_cache(maxsize=16)
def _theme(chain: _Chain) -> Theme:
    (path, stamp), *like = chain
    page = _page(path, stamp)
    if like and isinstance(page.value, dict):
        base = _theme(tuple(like)).model_dump(mode="json")
        page = Page(path, _over(base, page.value), page.lines, page.mistakes)
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
