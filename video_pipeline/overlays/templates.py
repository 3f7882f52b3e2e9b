"""The templates there are: what each says, where it may stand, which fields it takes, its samples.

A template is a folder of `overlays/`, named after what it says. A person's own overlays folder
comes first, file by file, so that one file of a shipped template can be changed alone:

    <name>/template.svg.j2     the drawing, see `drawing`
    <name>/overlay.yaml        what it says and takes, see `Header`
    <name>/sample.yaml         fields that previews and tests show it with, see `samples`

A template that speaks for a certificate states `claim: true`: whoever draws it fills it from a
verified claim alone. Without that mark a template may not ask for a claim's facts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from jinja2 import BaseLoader, Environment, TemplateNotFound
from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model, model_validator

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import read_page
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.overlays.typesetting import clean
from video_pipeline.presets.placements import BurnIn
from video_pipeline.resources import find, shipped

TEMPLATE: Final = "template.svg.j2"
_ABOUT: Final = "overlay.yaml"
_SAMPLE: Final = "sample.yaml"
FILES: Final = (TEMPLATE, _ABOUT, _SAMPLE)
# Folders of `overlays/` that hold something else.
RESERVED: Final = ("fonts", "i18n", "parts", "themes")

# While somebody holds the folders still: the stamp of each that was asked for.
_HELD: ContextVar[dict[Path | None, int] | None] = ContextVar("_HELD", default=None)

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# The facts of a claim that no other overlay may be given by hand.
_CLAIMED = ("certificate_id", "check_url", "issuer_name")

Anchor = Literal["top", "centre", "bottom"]
Kind = Literal[
    "text", "list", "lists", "number",
    "text, optional", "list, optional", "lists, optional", "number, optional", "pictures, optional",
]  # fmt: skip
_EMPTY: dict[str, Any] = {"text": "", "list": (), "lists": (), "number": 0, "pictures": ()}
_IN_PYTHON: dict[str, Any] = {
    "text": str, "list": tuple[str, ...], "lists": tuple[tuple[str, ...], ...], "number": int,
    "pictures": tuple[()],
}  # fmt: skip


class Moving(BaseModel):
    """What a template does otherwise than its theme as it comes and goes; see `theme.Motion`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enter: Annotated[int, Field(ge=0, le=60)] = 0
    leave: Annotated[int, Field(ge=0, le=60)] = 0
    rise: Annotated[int, Field(ge=0, le=200)] = 0
    arrive: Literal["rise", "wipe"] = "rise"
    emphasis: Literal["none", "press"] = "none"


class Header(BaseModel):
    """What a template's `overlay.yaml` says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: str = Field(description="What it says, in one line.")
    anchor: Anchor = Field(description="Where in the safe area it stands: top, centre or bottom.")
    elsewhere: tuple[Anchor, ...] = Field(
        (), description="Where else it may stand, should the item leave more room there."
    )
    align: Literal["left", "centre", "right"] = "left"
    least_px: Annotated[float, Field(ge=16, le=200)] = Field(
        description="The least height of its letters, in pixels at a picture 1080 wide."
    )
    motion: Moving = Field(Moving(), description="How it comes and goes, where not as the theme.")
    claim: bool = False
    fields: Annotated[dict[str, Kind], Field(min_length=1)] = Field(
        description="The fields it takes, each with its kind."
    )
    carries: dict[str, BurnIn] = Field(
        {},
        description="Fields that say what a placement may keep out of the picture, each with what "
        "that is: price, address or call-to-action.",
    )

    @model_validator(mode="after")
    def _carried_by_fields(self) -> Self:
        for name in self.carries:
            if name not in self.fields:
                raise ValueError(f"a field for what 'carries' names: there is no '{name}'")
        return self

    @property
    def stands(self) -> tuple[Anchor, ...]:
        """Where it may stand, its own place first."""
        return (self.anchor, *self.elsewhere)


def templates(own: Path | None = None) -> dict[str, Header]:
    """Every template there is, the person's own and the shipped, by name with what it says.

    Raises what `head_of` raises for one that is broken.
    """
    return {name: head_of(name, own) for name in template_names(own)}


def template_names(own: Path | None = None) -> tuple[str, ...]:
    """The names of the templates there are, in order."""
    return tuple(
        sorted(
            {
                file.parent.name
                for folder in (own, shipped("overlays"))
                if folder is not None
                for file in folder.glob(f"*/{TEMPLATE}")
                if is_name(file.parent.name)
            }
        )
    )


def is_name(name: str) -> bool:
    """Whether a template may be called so."""
    return _NAME.fullmatch(name) is not None and name not in RESERVED


def head_of(template: str, own: Path | None = None) -> Header:
    """What a template's `overlay.yaml` says.

    Raises UsageError when there is no such template, ListingError with every mistake by line.
    """
    if not is_name(template) or find("overlays", f"{template}/{TEMPLATE}", own) is None:
        known = template_names(own)
        hint = did_you_mean(template, known)
        there = f"Use one of: {', '.join(known)}."
        raise UsageError(
            f"There is no overlay template called '{template}'.",
            where=f"overlays/{template}/{TEMPLATE}" if own is None else str(own),
            mend=f"{hint} {there}".strip(),
        )
    path = find("overlays", f"{template}/{_ABOUT}", own)
    if path is None:
        raise UsageError(
            f"The overlay template '{template}' has no {_ABOUT}.",
            where=str(own / template) if own else f"overlays/{template}",
            mend="Write one, as the shipped templates have it.",
        )
    return _header(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _header(path: Path, _stamp: int) -> Header:
    header = fill(Header, read_page(path, "overlay"), noun="overlay")
    for name in _CLAIMED:
        if name in header.fields and not header.claim:
            raise unmarked(f"asks for '{name}'", str(path))
    if not header.claim and any(kind.startswith("pictures") for kind in header.fields.values()):
        raise unmarked("asks for pictures", str(path))
    return header


def samples(template: str, own: Path | None = None) -> dict[str, dict[str, Any]]:
    """The fields that previews show a template with, by the name of the sample, the usual first.

    Empty for a template without a `sample.yaml`. Raises what `head_of` raises, and ListingError
    with every mistake of the file by line.
    """
    header = head_of(template, own)
    path = find("overlays", f"{template}/{_SAMPLE}", own)
    if path is None:
        return {}
    kinds: dict[str, Any] = {}
    for name, stated in header.fields.items():
        kind, _, optional = stated.partition(", ")
        kinds[name] = (_IN_PYTHON[kind] | None, None) if optional else (_IN_PYTHON[kind], ...)
    one: type[BaseModel] = create_model(
        "Sample", __config__=ConfigDict(extra="forbid", frozen=True), **kinds
    )
    named: type[RootModel[dict[str, BaseModel]]] = RootModel[dict[str, one]]  # type: ignore[valid-type]
    filled = fill(named, read_page(path, "sample"), noun="sample")
    return {title: sample.model_dump(exclude_unset=True) for title, sample in filled.root.items()}


class Folders(BaseLoader):
    """Finds templates and what they include: in `own`, then the shipped, and nowhere outside."""

    def __init__(self, own: Path | None) -> None:
        self._own = own

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """The text of a template, its path, and whether it is still the same."""
        try:
            path = find("overlays", template, self._own)
        except OSError:  # a name that no disk can hold
            path = None
        if path is None:
            raise TemplateNotFound(template)
        folders = [f.resolve() for f in (self._own, shipped("overlays")) if f is not None]
        if ".." in Path(template).parts or not any(map(path.resolve().is_relative_to, folders)):
            raise UsageError(
                f"'{template}' lies outside the overlays folder.",
                where=str(path),
                mend="Copy the file into the folder.",
            )
        try:
            source, stamp = path.read_text(encoding="utf-8"), path.stat().st_mtime_ns
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The overlay template cannot be read: {error}",
                where=str(path),
                mend="It must be a file of plain UTF-8 text.",
            ) from error

        def is_current() -> bool:
            now = find("overlays", template, self._own)
            return now == path and path.stat().st_mtime_ns == stamp

        return source, str(path), is_current


@contextmanager
def held_still() -> Iterator[None]:
    """While the block runs the overlays folders are taken not to change, and looked at once."""
    token = _HELD.set({})
    try:
        yield
    finally:
        _HELD.reset(token)


def stamp(own: Path | None) -> int:
    """A number that is another one when a file of the overlays folders has changed."""
    held = _HELD.get()
    if held is None:
        return _stamp(own)
    if own not in held:
        held[own] = _stamp(own)
    return held[own]


def _stamp(own: Path | None) -> int:
    folders = [folder for folder in (own, shipped("overlays")) if folder and folder.is_dir()]
    return hash(tuple(sorted(entry for folder in folders for entry in _stamps(folder))))


def _stamps(folder: Path, depth: int = 2) -> Iterator[tuple[str, int, int]]:
    """Path, time and size of the files in a folder and in the folders of it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if depth > 1 and entry.is_dir():
                yield from _stamps(Path(entry.path), depth - 1)
            elif entry.is_file():
                status = entry.stat()
                yield entry.path, status.st_mtime_ns, status.st_size


def unmarked(does: str, where: str) -> UsageError:
    """The error of a template that speaks for a certificate and does not say so."""
    return UsageError(
        f"The overlay template {does}, which only a template for certificates may do.",
        where=where,
        mend=f"State 'claim: true' in its {_ABOUT} to have it filled from a verified certificate.",
    )


def checked(template: str, header: Header, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields a template asked for: cleaned, complete and of the right kind.

    Raises UsageError naming the field that is unknown, missing, empty or of the wrong kind.
    """
    unknown = sorted(set(fields) - set(header.fields))
    if unknown:
        raise UsageError(
            f"The overlay '{template}' has no field '{unknown[0]}'.",
            mend=f"It takes: {', '.join(header.fields)}.",
        )
    values: dict[str, Any] = {}
    for name, stated in header.fields.items():
        kind, _, optional = stated.partition(", ")
        value = _value(template, name, kind, fields.get(name))
        if value is None and not optional:
            raise UsageError(
                f"The overlay '{template}' needs something to write in '{name}'.",
                mend=f"Fill in '{name}', or leave this overlay out.",
            )
        values[name] = _EMPTY[kind] if value is None else value
    return values


def _value(template: str, name: str, kind: str, given: Any) -> Any:
    """The cleaned value, or None when nothing is left of it."""
    if given is None:
        return None
    if kind == "number" and isinstance(given, int) and not isinstance(given, bool):
        return given
    if kind == "text" and isinstance(given, str | int) and not isinstance(given, bool):
        return clean(str(given)) or None
    if (
        kind == "list"
        and isinstance(given, list | tuple)
        and all(isinstance(v, str) for v in given)
    ):
        return tuple(kept for v in given if (kept := clean(v))) or None
    if (
        kind == "pictures"
        and isinstance(given, list | tuple)
        and all(isinstance(v, bytes) for v in given)
    ):
        return tuple(given) or None
    if kind == "lists" and isinstance(given, list | tuple):
        lists = (_value(template, name, "list", entry) for entry in given)
        return tuple(kept for kept in lists if kept) or None
    raise UsageError(
        f"The field '{name}' of the overlay '{template}' must be a {kind}, not {given!r:.60}.",
        mend=f"Write a {kind} there.",
    )
