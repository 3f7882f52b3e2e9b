"""Grade scales: the words in which a condition is graded, and whose words they are.

A grade means something only on its owner's scale: two shops use the same letter for different
things. So a grade is always kept and shown with its scale, and nothing here turns a grade of one
owner into a grade of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.presets.shelf import Confidence, Spoken, Written, names, read_preset, said


@dataclass(frozen=True)
class Grade:
    """One grade. `rank` orders the grades of one scale, higher is better; `words` are shown."""

    name: str
    rank: int
    words: str


@dataclass(frozen=True)
class GradeScale:
    """One scale from `presets/grades/<name>.yaml`, best grade first."""

    name: str
    title: str
    owner: str
    grades: tuple[Grade, ...]

    @property
    def grade_names(self) -> tuple[str, ...]:
        """The words a listing may give as `grade`, best first."""
        return tuple(grade.name for grade in self.grades)

    def grade(self, name: str) -> Grade:
        """The grade of that name. Raises UsageError when the scale has none."""
        for grade in self.grades:
            if grade.name == name:
                return grade
        raise UsageError(
            f"the scale '{self.name}' has no grade '{name}'",
            mend=did_you_mean(name, self.grade_names)
            or f"its grades are {', '.join(self.grade_names)}",
        )


def scale_names(own: Path | None = None) -> tuple[str, ...]:
    """The scales that can be named, in alphabetical order."""
    return names("grades", own)


def load_scale(name: str, own: Path | None = None, lang: str | None = None) -> GradeScale:
    """The grade scale of that name, from the person's presets folder `own` or the shipped ones.

    `lang` is the language of its words where the file has several; left out, it is English or the
    first there is. Raises UsageError for an unknown name or a language that the file lacks,
    ListingError when the file has mistakes.
    """
    page = read_preset("grades", name, _Page, own)
    where = f"the grade scale '{name}'"
    grades = [
        Grade(name=g.name, rank=g.rank, words=said(g.words, lang, where)) for g in page.grades
    ]
    return GradeScale(
        name=name,
        title=said(page.title, lang, where),
        owner=said(page.owner, lang, where),
        grades=tuple(sorted(grades, key=lambda g: -g.rank)),
    )


def _short(words: dict[str, str]) -> dict[str, str]:
    if any(len(text) > 80 for text in words.values()):
        raise ValueError("at most 80 characters")
    return words


class _Grade(Written):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    rank: Annotated[int, Field(ge=0, le=10)]
    words: Annotated[Spoken, AfterValidator(_short)]


class _Page(Written):
    """A scale's file as it is written."""

    title: Spoken = Field(description="The scale's name, as shown beside a grade.")
    owner: Spoken = Field(description="Whose scale it is.")
    source: str = Field(min_length=3, description="Where the grades come from.")
    confidence: Confidence
    checked: date = Field(description="The day on which the source was last read.")
    about: str | None = Field(default=None, description="What else to know about the scale.")
    grades: Annotated[tuple[_Grade, ...], Field(min_length=2, max_length=20)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        """Two grades of one name or one rank could not be told apart."""
        for values in ([g.name for g in self.grades], [g.rank for g in self.grades]):
            if len(set(values)) < len(values):
                raise ValueError("grades that differ in name and in rank")
        return self
