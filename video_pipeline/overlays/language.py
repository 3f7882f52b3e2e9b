"""The language of an overlay: its words, and how it writes figures and dates.

The words stand in `overlays/i18n/<code>.yaml`: those for a listing's vocabulary (parts, flaws,
severities) and for the labels of templates. What a seller wrote is never translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from pydantic import RootModel

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import read_page
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.resources import find, shipped

_FOLDER = "i18n"
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# CLDR's plain English is American; the words here are British.
_LOCALES = {"en": "en_GB"}


@dataclass(frozen=True)
class Language:
    """One language, as the person's overlays folder `own` or the shipped one writes it."""

    code: str = "en"
    own: Path | None = None

    @property
    def locale(self) -> Locale:
        """How figures and dates are written. Raises UsageError for a code that CLDR lacks."""
        try:
            return Locale.parse(_LOCALES.get(self.code, self.code).replace("-", "_"))
        except (UnknownLocaleError, ValueError) as error:
            raise UsageError(
                f"nobody knows how '{self.code}' writes figures and dates",
                where=f"overlays/{_FOLDER}/{self.code}.yaml",
                mend="name the file after the language's ISO 639 code, such as pl.yaml",
            ) from error

    def word(self, kind: str, value: str) -> str:
        """How `value` (a part, flaw, severity or label) is written on screen.

        What the person's own file lacks is taken from the shipped one. Raises UsageError when
        neither has an entry for it, ListingError when a file has mistakes.
        """
        name = f"{_FOLDER}/{self.code}.yaml"
        there = [path for own in (self.own, None) if (path := find("overlays", name, own))]
        for path in there:
            entry = _words(path, path.stat().st_mtime_ns).get(kind, {}).get(value)
            if entry is not None:
                return entry
        raise UsageError(
            f"There is no word for '{value}' among the {kind}.",
            where=str(there[0]) if there else f"overlays/{name}",
            mend=f"Add a line '{value}: …' under '{kind}:'.",
        )


ENGLISH = Language()


def languages(own: Path | None = None) -> tuple[str, ...]:
    """The codes of the languages there are, the person's own and the shipped, in order."""
    return tuple(
        sorted(
            {
                file.stem
                for folder in (own, shipped("overlays"))
                if folder is not None
                for file in (folder / _FOLDER).glob("*.yaml")
                if _CODE.fullmatch(file.stem)
            }
        )
    )


def language(code: str, own: Path | None = None) -> Language:
    """The language of that code. Raises UsageError, naming those there are, for any other."""
    known = languages(own)
    if code not in known:
        hint = did_you_mean(code, known)
        there = f"there are: {', '.join(known)}"
        raise UsageError(
            f"there are no words for overlays in the language '{code}'",
            mend=f"{hint}; {there}" if hint else there,
        )
    found = Language(code, own)
    _ = found.locale  # a code that nobody knows is told now, not after minutes of looking
    return found


class _Words(RootModel[dict[str, dict[str, str]]]):
    """Groups of words: part, flaw, severity, label."""


@lru_cache(maxsize=32)
def _words(path: Path, _stamp: int) -> dict[str, dict[str, str]]:
    page = read_page(path, "words file")
    return fill(_Words, page, noun="words file").root
