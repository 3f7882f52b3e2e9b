"""The shelf: finding and reading a preset by its name, a person's own before the shipped one.

A preset is `presets/<kind>/<name>.yaml`. Every figure in it stands beside where it comes from, so
that a person who doubts it can look; a preset with an unexplained figure is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from video_pipeline import resources
from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import read_page
from video_pipeline.handwriting.spelling import did_you_mean

Kind = Literal["placements", "storyboards", "grades", "coverage", "advice"]
Confidence = Literal["high", "medium", "low", "choice"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NOUN = {
    "placements": "placement",
    "storyboards": "storyboard",
    "grades": "grade scale",
    "coverage": "list of views",
    "advice": "advice",
}


class Written(BaseModel):
    """Base of everything read from a preset: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


def read_preset(kind: Kind, name: str, model: type[M], own: Path | None = None) -> M:
    """`<kind>/<name>.yaml`, checked.

    `own` is a person's presets folder, looked up before the shipped one. Raises UsageError when
    there is no such preset, ListingError when its file has mistakes.
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
    return fill(model, read_page(path, _NOUN[kind]), noun=_NOUN[kind])
