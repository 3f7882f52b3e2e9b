"""The language of an overlay: its words, and how it writes figures and dates.

The words stand in `overlays/i18n/<tag>.yaml`: those for a listing's vocabulary (parts, flaws,
severities) and for the labels of templates. What a seller wrote is never translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from babel import Locale
from pydantic import RootModel

from video_pipeline import locales
from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import read_page
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.resources import find, shipped

_FOLDER = "i18n"
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True)
class Language:
    """One language, as the person's overlays folder `own` or the shipped one writes it.

    `tag` is what was asked for, in BCP 47: its region, as in 'en-US', says how figures, dates and
    money are written, and stays with the edit.
    """

    tag: str = "en"
    own: Path | None = None

    @cached_property
    def code(self) -> str:
        """The language whose words answer the tag: 'zh-Hant' for 'zh-HK'.

        Raises UsageError, naming the languages there are, when none does.
        """
        known = languages(self.own)
        found = locales.nearest(self.tag, known) if _TAG.fullmatch(self.tag) else None
        if found is None:
            hint = did_you_mean(self.tag, known)
            there = f"there are: {', '.join(known)}"
            raise UsageError(
                f"there are no words for overlays in the language '{self.tag}'",
                mend=f"{hint}; {there}" if hint else there,
            )
        return found

    @property
    def locale(self) -> Locale:
        """How figures and dates are written. Raises UsageError for a tag that CLDR lacks."""
        return locales.locale_of(self.tag)

    @property
    def rtl(self) -> bool:
        """Whether it is written from right to left: columns begin at the right."""
        return locales.rtl(self.locale)

    def word(self, kind: str, value: str) -> str:
        """How `value` (a part, flaw, severity or label) is written on screen.

        What the person's own file lacks is taken from the shipped one. Raises UsageError when
        neither has an entry for it, ListingError when a file has mistakes.
        """
        name = f"{_FOLDER}/{self.code}.yaml"
        folders = (None,) if self.own is None else (self.own, None)
        there = [path for own in folders if (path := find("overlays", name, own))]
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
    """The tags of the languages there are, the person's own and the shipped, in order."""
    return tuple(
        sorted(
            {
                file.stem
                for folder in (own, shipped("overlays"))
                if folder is not None
                for file in (folder / _FOLDER).glob("*.yaml")
                if _TAG.fullmatch(file.stem)
            }
        )
    )


def language(tag: str, own: Path | None = None) -> Language:
    """The language of that tag, such as 'fr', 'zh-HK' or 'en-US'.

    Raises UsageError, naming those there are, for any other.
    """
    found = Language(locales.normal(tag) if _TAG.fullmatch(tag) else tag, own)
    _ = found.code, found.locale  # what nobody knows is told now, not after minutes of looking
    return found


class _Words(RootModel[dict[str, dict[str, str]]]):
    """Groups of words: part, flaw, severity, label."""


@lru_cache(maxsize=32)
def _words(path: Path, _stamp: int) -> dict[str, dict[str, str]]:
    page = read_page(path, "words file")
    return fill(_Words, page, noun="words file").root
