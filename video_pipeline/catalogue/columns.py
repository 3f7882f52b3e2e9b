"""Columns: which part of a listing each column of a table states.

What a mapping file says comes first, then the listing's own words, then the usual names of columns
(`presets/columns.yaml`). A column that nobody knows is told, never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Loc, Mistake, read_page, refuse
from video_pipeline.handwriting.spelling import by_nearness, did_you_mean
from video_pipeline.listing.model import Listing
from video_pipeline.resources import find

IGNORE: Final = "ignore"
_WAY = re.compile(r"[a-z_]+(\[\d{1,2}\])?(\.[a-z_]+(\[\d{1,2}\])?)*")
_LISTS: Final = re.compile(r"\s*[;|\n]\s*")
_BOX: Final = re.compile(r"[\s,;]+")


class Column(BaseModel):
    """What one column states."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: str = Field(description="The way to it in a listing, such as item.brand, or ignore.")
    split: str | None = Field(
        default=None, min_length=1, description="What stands between the entries of a list."
    )
    words: dict[str, str] = Field(
        default={}, description="For words of yours, the words that a listing has."
    )


class Mapping_(BaseModel):  # noqa: N801 - Mapping is the standard library's
    """A mapping file: what the columns of a catalogue state."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[
        str,
        Annotated[Column, BeforeValidator(lambda v: {"to": v} if isinstance(v, str) else v)],
    ] = Field(default={}, description="For a column's name, what it states.")
    always: dict[str, str] = Field(
        default={}, description="What every row states, such as price.currency: EUR."
    )
    sheet: str | None = Field(default=None, description="The sheet of a workbook to read.")


@dataclass(frozen=True)
class Stating:
    """What a column states: the way there, and how its text becomes a value."""

    way: Loc
    split: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def value(self, cell: object) -> object:
        """A cell as the value on a listing's page."""
        if not isinstance(cell, str):
            return cell
        if self.words:
            known = {key.casefold(): word for key, word in self.words.items()}
            cell = known.get(cell.strip().casefold(), cell)
        kind = known_ways().get(_bare(self.way))
        if kind == "list" or self.split:
            parts = cell.split(self.split) if self.split else _LISTS.split(cell)
            return [part.strip() for part in parts if part.strip()]
        if kind == "box":
            return [part for part in _BOX.split(cell) if part]
        if kind == "number" and re.fullmatch(r"\d+,\d{1,2}", cell):
            return cell.replace(",", ".")  # as Excel writes it where commas are decimal
        return cell


def read_mapping(path: Path) -> Mapping_:
    """Read a mapping file. Raises ListingError with every mistake by line."""
    page = read_page(path, "mapping")
    found = fill(Mapping_, page, noun="mapping")
    mistakes = [
        Mistake(page.line(loc), f"'{way}' is no part of a listing", _near_way(way))
        for loc, way in (
            *((("columns", name, "to"), column.to) for name, column in found.columns.items()),
            *((("always", way), way) for way in found.always),
        )
        if way != IGNORE and parsed(way) is None
    ]
    if mistakes:
        raise refuse(path, "mapping", mistakes)
    return found


def parsed(way: str) -> Loc | None:
    """`condition.notes[0].part` as the way to a value; None for what no listing has."""
    if not _WAY.fullmatch(way):
        return None
    loc: Loc = ()
    for part in way.split("."):
        name, _, index = part.rstrip("]").partition("[")
        loc = (*loc, name, int(index)) if index else (*loc, name)
    return loc if _bare(loc) in known_ways() else None


def column_of(
    name: str, mapping: Mapping_, own: Path | None = None, *, nested: bool = False
) -> Stating | str | None:
    """What a column states, None when it is to be ignored, advice when nobody knows it.

    With `nested` its cells may hold groups and lists of them, as JSON Lines can.
    """
    by_name = {_form(key): column for key, column in mapping.columns.items()}
    if column := by_name.get(_form(name)):
        way = parsed(column.to)
        return Stating(way, column.split, column.words) if way else None
    way = parsed(name.strip())
    if way and (nested or known_ways()[_bare(way)] != "group"):
        return Stating(way)
    number = re.search(r"\d+", name)
    form = _form(re.sub(r"\d+", "#", name, count=1)) if number else _form(name)
    usual = _usual(own)
    for key in (_form(name), form):
        if key in usual:
            index = str(int(number.group()) - 1) if number and int(number.group()) else "0"
            if way := parsed(usual[key].replace("#", index)):
                return Stating(way)
    names = [*mapping.columns, *usual]
    near = did_you_mean(name, names) or "it could be: " + ", ".join(by_nearness(name, names)[:3])
    return f"{near}; or write '{name}: ignore' under columns: in a mapping file"


def _form(name: str) -> str:
    return re.sub(r"[\s_.\[\]-]+", " ", name.casefold()).strip()


@lru_cache(maxsize=4)
def _usual(own: Path | None) -> dict[str, str]:
    """The way for each usual name; listings' own words first, then those of the presets."""
    known: dict[str, str] = {}
    for way, kind in known_ways().items():
        if kind == "group":
            continue
        known.setdefault(_form(way.replace("[]", "[#]")), way.replace("[]", "[#]"))
    path = find("presets", "columns.yaml", own)
    told: Any = yaml.safe_load(path.read_text(encoding="utf-8")) if path else {}
    for way, names in told.items():
        for name in names:
            known.setdefault(_form(name), way)
    return known


def _near_way(way: str) -> str:
    return did_you_mean(way, [known.replace("[]", "[0]") for known in known_ways()])


def _bare(loc: Loc) -> str:
    """The way without numbers: `condition.notes[].part`."""
    text = ""
    for part in loc:
        text += "[]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


@lru_cache(maxsize=1)
def known_ways() -> dict[str, str]:
    """Every way that ends in something a cell can hold, and what that is.

    'list' is a list of texts, 'box' one of numbers, 'number', or 'text'; 'group' holds others and
    can be stated in JSON Lines alone.
    """
    found: dict[str, str] = {}

    def enter(model: type[BaseModel], before: str) -> None:
        for name, info in model.model_fields.items():
            way = f"{before}{name}"
            kind, entries = _kind(info.annotation)
            found[way] = kind
            if entries is not None:
                many = kind == "list"
                found[way] = "group"
                enter(entries, f"{way}[]." if many else f"{way}.")
                if many:
                    found[f"{way}[]"] = "group"
            elif kind == "list":
                found[f"{way}[]"] = "text"

    enter(Listing, "")
    return found


def _kind(annotation: Any) -> tuple[str, type[BaseModel] | None]:
    """What stands there, and the model of it or of its entries."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "group", annotation
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        kind, model = _kind(inner[0])
        return ("box" if kind == "number" else "list"), model
    if origin is dict:
        return "group", None
    kinds = [_kind(arg) for arg in inner if arg is not type(None) and not isinstance(arg, str)]
    for wanted in ("group", "list", "box"):
        for kind, model in kinds:
            if kind == wanted:
                return kind, model
    if any(kind == "number" for kind, _ in kinds):
        return "number", None
    named = getattr(annotation, "__name__", "")
    return ("number" if named in ("float", "int", "Decimal") else "text"), None
