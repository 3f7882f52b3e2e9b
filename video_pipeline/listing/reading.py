"""Reading a listing: the seller's file, checked in full before anything else happens.

A seller should mend a file once. So every mistake is told at once, by line, with the nearest valid
word; the grade is checked against its scale here, because the model cannot know the presets. Text
that no font can write is a mistake too: found later, it would stop a render after minutes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Loc, Mistake, Page, dotted, read_page
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.listing.model import Condition, Listing, ListingFile
from video_pipeline.listing.prices import price_mistakes
from video_pipeline.presets.grades import load_scale, scale_names
from video_pipeline.resources import find

_IN_WORDS: Final = {
    r"^https?://[^\s]+$": "an address that begins with https://",
    r"^[A-Z]{3}$": "three capital letters such as EUR, USD, JPY or CNY",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "letters, digits, '.', '_' or '-', "
    "beginning with a letter or digit, at most 64 of them",
}


# Every text of a listing that an overlay may show as written; "*" stands for each entry of a list.
_DRAWN: Final = (
    ("item", "brand"),
    ("item", "model"),
    ("item", "colour"),
    ("item", "material"),
    ("item", "size", "label"),
    ("condition", "notes", "*", "words"),
    ("story", "headline"),
    ("story", "previous_owner"),
    ("story", "special"),
    ("includes", "*"),
)
_SHOWN_CHARACTERS: Final = 8


def read_listing(
    path: Path,
    own: Path | None = None,
    writable: Callable[[str, str | None], Iterable[str]] | None = None,
    themes: Sequence[str] | None = None,
) -> ListingFile:
    """Read and check a listing in YAML or JSON.

    `own` is the seller's presets folder, where a grade scale is looked up first. `writable` gives
    the characters of a text that cannot be drawn in the theme that the listing names, if any; each
    text that overlays show is asked about, and without it none is. `themes` are those there are,
    where a listing's is to be one of them. Raises ListingError whose `problems` hold every mistake
    by line; grade scales of the seller that have mistakes themselves raise their own ListingError.
    """
    return listing_of(read_page(path), own, writable, themes=themes)


def listing_of(
    page: Page,
    own: Path | None = None,
    writable: Callable[[str, str | None], Iterable[str]] | None = None,
    *,
    themes: Sequence[str] | None = None,
    further: Iterable[Mistake] = (),
) -> ListingFile:
    """The listing that stands on a page, checked as `read_listing` says.

    `further` are mistakes that the caller found, told together with the others.
    """
    further = [*further, *_grade_mistakes(page, own), *price_mistakes(page)]
    theme = page.value.get("theme") if isinstance(page.value, dict) else None
    named = theme.strip() if isinstance(theme, str) and theme.strip() else None
    if named is not None and themes is not None and named not in themes:
        message = f"'theme' is '{named[:40]}'; expected one of {', '.join(themes)}"
        further.append(Mistake(page.line(("theme",)), message, did_you_mean(named, themes)))
        named = None
    if writable is not None:
        further += _unwritable(page, lambda text: writable(text, named))
    listing = fill(Listing, page, in_words=_IN_WORDS, further=further)
    return ListingFile(path=page.path, **dict(listing))


def _unwritable(page: Page, writable: Callable[[str], Iterable[str]]) -> list[Mistake]:
    """The characters on screen that the overlays' fonts do not have."""
    mistakes = []
    for loc, text in (found for way in _DRAWN for found in _texts(page.value, way)):
        lost = list(dict.fromkeys(writable(text)))
        if lost:
            named = ", ".join(f"'{_visible(c)}'" for c in lost[:_SHOWN_CHARACTERS])
            more = ", …" if len(lost) > _SHOWN_CHARACTERS else ""
            message = (
                f"in '{dotted(loc)}', {named}{more} cannot be written with the fonts of this "
                "installation"
            )
            mend = "take it out" if len(lost) == 1 else "take them out"
            mistakes.append(Mistake(page.line(loc), message, mend))
    return mistakes


def _texts(value: object, way: tuple[str, ...], loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """The texts of a page that stand at the end of `way`, each with its place."""
    if not way:
        if isinstance(value, str):
            yield loc, value
    elif way[0] == "*":
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            yield from _texts(entry, way[1:], (*loc, index))
    elif isinstance(value, dict):
        yield from _texts(value.get(way[0]), way[1:], (*loc, way[0]))


def _visible(char: str) -> str:
    """The character, or its number where a terminal would show nothing or join it to the quote."""
    hidden = not char.isprintable() or unicodedata.category(char)[0] in "MZ"
    return f"U+{ord(char):04X}" if hidden else char


def _grades(scale: str, own: Path | None) -> tuple[str, ...]:
    """The grades of a scale, read once for the thousands of rows of a catalogue."""
    path = find("presets", f"grades/{scale}.yaml", own)
    changed = path.stat().st_mtime_ns if path else 0
    return _grades_of(scale, own, path, changed)


@lru_cache(maxsize=16)
def _grades_of(scale: str, own: Path | None, _path: Path | None, _changed: int) -> tuple[str, ...]:
    return tuple(load_scale(scale, own).grade_names)


def _grade_mistakes(page: Page, own: Path | None) -> list[Mistake]:
    """The scale that does not exist, or the grade that its scale does not have."""
    condition = page.value.get("condition") if isinstance(page.value, dict) else None
    if not isinstance(condition, dict):
        return []
    scale = condition.get("scale") or Condition.model_fields["scale"].default
    grade = condition.get("grade")
    if not isinstance(scale, str):
        return []
    known = scale_names(own)
    if scale.strip() not in known:
        try:
            load_scale(scale, own)
        except UsageError as error:
            message = f"'condition.scale' is '{scale[:40]}'; expected one of {', '.join(known)}"
            mend = did_you_mean(scale, known) or error.mend
            return [Mistake(page.line(("condition", "scale")), message, mend)]
    if not isinstance(grade, str):
        return []
    grades = _grades(scale.strip(), own)
    if grade.strip() in grades:
        return []
    message = (
        f"'condition.grade' is '{grade[:40]}'; expected one of {', '.join(grades)} "
        f"(scale '{scale.strip()}')"
    )
    return [Mistake(page.line(("condition", "grade")), message, did_you_mean(grade, grades))]
