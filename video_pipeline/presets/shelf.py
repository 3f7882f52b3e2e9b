"""The shelf: finding and reading a preset by its name, a person's own before the shipped one.

A preset is `presets/<kind>/<name>.yaml`. Every figure in it stands beside where it comes from, so
that a person who doubts it can look; a preset with an unexplained figure is refused. Words that a
buyer reads are written once for all languages, or once for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from video_pipeline import resources
from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Mistake, Page, read_page
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.locales import nearest

Kind = Literal[
    "placements",
    "storyboards",
    "grades",
    "coverage",
    "advice",
    "certificates",
    "hashtags",
    "previews",
    "encoders",
]
Confidence = Literal["high", "medium", "low", "choice"]


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NOUN = {
    "placements": "placement",
    "storyboards": "storyboard",
    "grades": "grade scale",
    "coverage": "list of views",
    "advice": "advice",
    "certificates": "page about certificates",
    "hashtags": "page of hashtags",
    "previews": "preview",
    "encoders": "encoder",
}


class Written(BaseModel):
    """Base of everything read from a preset: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _for_all(words: object) -> object:
    return {_ANY: words} if isinstance(words, str) else words


_ANY = ""
_CODE = r"^$|^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
Spoken = Annotated[
    dict[
        Annotated[str, Field(pattern=_CODE)],
        Annotated[str, Field(min_length=1, max_length=300)],
    ],
    Field(min_length=1),
    BeforeValidator(_for_all),
]
"""Words that are written once for all languages, or for each by its code; see `said`."""

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Figure(Written, Generic[T]):
    """One figure and why it should be believed."""

    value: T = Field(description="The figure; leave it empty when no source states one.")
    source: str = Field(min_length=3, description="Where the figure comes from.")
    confidence: Confidence = Field(
        description="high: the owner's own text; medium: several others; low: one other or "
        "clashing; choice: ours."
    )
    note: str | None = Field(default=None, description="What else to know.")


def said(words: Spoken, lang: str | None, where: str) -> str:
    """Words in the language of the tag `lang`; for None in English, else in the first there is.

    Raises UsageError, naming `where` they stand and the languages there are.
    """
    if _ANY in words:
        return words[_ANY]
    if lang is None:
        return words.get("en") or next(iter(words.values()))
    found = nearest(lang, words)
    if found is None:
        raise UsageError(
            f"{where} has no words in the language '{lang}'",
            mend=f"add them, or choose one of: {', '.join(words)}",
        )
    return words[found]


def names(kind: Kind, own: Path | None = None) -> tuple[str, ...]:
    """The presets of that kind, in alphabetical order."""
    return tuple(
        sorted(
            {
                file.stem
                for folder in (own, resources.shipped("presets"))
                if folder is not None
                for file in (folder / kind).glob("*.yaml")
                if _NAME.fullmatch(file.stem)
            }
        )
    )


def read_preset(
    kind: Kind,
    name: str,
    model: type[M],
    own: Path | None = None,
    further: Callable[[Page], Iterable[Mistake]] | None = None,
) -> M:
    """`<kind>/<name>.yaml`, checked.

    `own` is a person's presets folder, looked up before the shipped one; `further` finds mistakes
    that the model cannot see. Raises UsageError when there is no such preset, ListingError when
    its file has mistakes.
    """
    path = None
    # Only a plain name becomes a path: the name may come from a listing.
    if _NAME.fullmatch(name):
        path = resources.find("presets", f"{kind}/{name}.yaml", own)
    if path is None:
        known = names(kind, own)
        there = f"there are: {', '.join(known)}" if known else "none is installed"
        hint = did_you_mean(name, known)
        raise UsageError(
            f"there is no {_NOUN[kind]} '{name}'", mend=f"{hint}; {there}" if hint else there
        )
    page = read_page(path, _NOUN[kind])
    return fill(
        model,
        page,
        noun=_NOUN[kind],
        in_words={_CODE: "the code of a language, such as en or fr"},
        further=tuple(further(page)) if further else (),
    )
