"""Wording: the sentences a badge may say, from `presets/wording/<language>.yaml`.

Places differ in what may be said there: a placement may name a set, whose files
`presets/wording/<set>/<language>.yaml` hold nothing but what it says otherwise, and why.

A seller may change the words, not their meaning: every fact (who, what, when, which certificate,
where to check, not the brand's) must stay, and no promise may be added. 16 CFR 260.6 and Annex I
of Directive 2005/29/EC treat an own seal that promises as deceptive.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from babel import Locale
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model
from pydantic.fields import FieldInfo

from video_pipeline import locales, resources
from video_pipeline.errors import ListingError, Problem
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Mistake, Page, read_page, refuse
from video_pipeline.listing.model import Listing
from video_pipeline.presets.placements import USUAL
from video_pipeline.trust.letters import shown
from video_pipeline.trust.promises import FOR_THE_BADGE, PROMISES

FIELDS = frozenset({"provider", "result", "date", "certificate", "host", "apart"})
"""What the badge's lines, and its sentence, must all name; `apart` names the brand."""

_NOUN = "wording file"
_WANTED = {
    "lines": FIELDS,
    "sentence": FIELDS,
    "both": frozenset({"first", "second"}),
    "dual": FIELDS | {"providers"},
    "apart": frozenset({"brand"}),
    "submitted": frozenset({"provider", "certificate"}),
}
_FIELD = re.compile(r"\{(\w+)\}")
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class WordingFile(BaseModel):
    """The form of `presets/wording/<language>.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: _Source | None = Field(None, description="What these words are after.")
    checked: date | None = Field(None, description="The day on which that was last read.")
    authentic: _Line = Field(description="The word for the result 'authentic'.")
    lines: list[_Line] = Field(min_length=1, max_length=8, description="The badge, title first.")
    sentence: _Line = Field(description="The same in one sentence.")
    apart: _Line = Field(description="Who has nothing to do with it: {brand}, and whoever else.")
    both: _Line | None = Field(None, description="Two providers, {first} and {second}.")
    dual: list[_Line] | None = Field(
        None,
        min_length=2,
        max_length=6,
        description="The dual mark, title first; lines with {provider} are said for each.",
    )
    submitted: _Line | None = Field(
        None, description="A certificate that is not decided yet, with {provider}, {certificate}."
    )
    test_line: _Line = Field(description="Stands first on certificates of test issuers.")
    test_sentence: _Line = Field(description="Stands before their sentence.")


def _optional(field: FieldInfo) -> tuple[Any, FieldInfo]:
    left_out = copy(field)
    left_out.default = None
    return field.annotation, left_out


_FIELDS: dict[str, Any] = {n: _optional(field) for n, field in WordingFile.model_fields.items()}
SetFile: type[BaseModel] = create_model(
    "SetFile",
    __config__=ConfigDict(extra="forbid", frozen=True),
    **_FIELDS | {"source": (_Source, ...), "checked": (date, ...)},
)
"""The form of `presets/wording/<set>/<language>.yaml`: nothing has to be in it but its source."""


@dataclass(frozen=True)
class Wording:
    """The checked words of one language in one set, and how the language writes dates."""

    words: WordingFile
    locale: Locale

    def written(self, day: date) -> str:
        """`day` as this language writes it."""
        return locales.day(day, self.locale)

    def lines(self, facts: Mapping[str, str], *, test: bool) -> tuple[str, ...]:
        """The badge's lines, title first.

        `facts` are provider, result, date, certificate, host and brand.
        """
        lines = tuple(self._said(line, facts) for line in self.words.lines)
        return (self.words.test_line, *lines) if test else lines

    def both(self, first: str, second: str) -> str:
        """The names of two providers as one reads them together."""
        return _filled(self.words.both or "{first} + {second}", {"first": first, "second": second})

    def dual_lines(
        self, facts: Sequence[Mapping[str, str]], *, test: bool
    ) -> tuple[str, ...] | None:
        """The lines of a dual mark for the facts of two claims; None where a language has none."""
        if self.words.dual is None:
            return None
        providers = self.both(facts[0]["provider"], facts[1]["provider"])
        lines = [self.words.test_line] if test else []
        for line in self.words.dual:
            if "{provider}" in line:
                lines += [self._said(line, each) for each in facts]
            else:
                lines.append(self._said(line, {**facts[0], "providers": providers}))
        return tuple(lines)

    def submitted(self, provider: str, certificate: str, *, test: bool) -> str:
        """What may be said of a certificate that is not decided yet; empty where nothing is."""
        if self.words.submitted is None:
            return ""
        said = _filled(self.words.submitted, {"provider": provider, "certificate": certificate})
        return f"{self.words.test_sentence} {said}" if test else said

    def sentence(self, facts: Mapping[str, str], *, test: bool) -> str:
        """The whole sentence."""
        sentence = self._said(self.words.sentence, facts)
        return f"{self.words.test_sentence} {sentence}" if test else sentence

    def _said(self, template: str, facts: Mapping[str, str]) -> str:
        return _filled(template, {**facts, "apart": _filled(self.words.apart, facts)})


def load_wording(language: str = "en", own: Path | None = None, chosen: str = USUAL) -> Wording:
    """The words that answer the tag `language`, from the `own` presets folder, else the shipped.

    `chosen` is a placement's set; in a language that it has no file for, the usual words are said.
    Raises ListingError when there are none, when there is no such set, when a fact is left out, or
    when they promise.
    """
    # Only the name of a file that is there becomes a path: the tag may come from an edit.
    name = locales.nearest(language, _there(own))
    path = resources.find("presets", f"wording/{name}.yaml", own) if name else None
    if path is None:
        raise ListingError(
            f"there is no wording for the language '{shown(language)}'",
            problems=[Problem(f"wording/{language}.yaml", "no such file", "Use 'en' or write it.")],
        )
    usual = read_wording(path, locales.locale_of(language))
    if chosen == USUAL:
        return usual
    if chosen not in (there := wording_sets(own)):
        mend = f"Make it, or name one in the placement: {', '.join(there)}."
        raise ListingError(
            f"there is no wording set '{shown(chosen)}'",
            problems=[Problem(f"wording/{shown(chosen)}", "no such folder", mend)],
        )
    otherwise = resources.find("presets", f"wording/{chosen}/{name}.yaml", own)
    return read_set(otherwise, usual) if otherwise else usual


def wording_sets(own: Path | None = None) -> tuple[str, ...]:
    """The sets that a placement may name, the usual one first."""
    named = {file.parent.name for folder in _folders(own) for file in folder.glob("*/*.yaml")}
    return (USUAL, *sorted(named - {USUAL}))


def read_set(path: Path, usual: Wording) -> Wording:
    """The `usual` words of a language, with what the set's file at `path` says otherwise.

    Raises ListingError with all its problems, by line, as `read_wording` does.
    """
    page = read_page(path, _NOUN)
    otherwise = fill(SetFile, page, noun=_NOUN).model_dump(exclude_none=True)
    words = usual.words.model_copy(update=otherwise)
    if mistakes := list(_mistakes(words, page)):
        raise refuse(path, _NOUN, mistakes)
    return replace(usual, words=words)


def read_wording(path: Path, locale: Locale | None = None) -> Wording:
    """One wording file, checked; raises ListingError with all its problems, by line.

    `locale` says how its dates are written; without one they are English.
    """
    page = read_page(path, _NOUN)
    words = fill(WordingFile, page, noun=_NOUN)
    if mistakes := list(_mistakes(words, page)):
        raise refuse(path, _NOUN, mistakes)
    return Wording(words, locale or locales.locale_of("en"))


def forbidden(text: str) -> str | None:
    """The first promise in `text` that no badge may make, or None."""
    found = PROMISES.search(unicodedata.normalize("NFC", text))
    return found.group(0) if found else None


def reserved(text: str) -> str | None:
    """The first word in a storyboard's `text` that only a badge may say, or None."""
    found = FOR_THE_BADGE.search(unicodedata.normalize("NFC", text))
    return found.group(0) if found else None


def own_words(listing: Listing) -> dict[str, str]:
    """The seller's own words that a clip may show, by where they stand in the listing."""
    story, item = listing.story, listing.item
    said = {
        "story.headline": story.headline,
        "story.previous_owner": story.previous_owner,
        "story.special": story.special,
        "item.brand": item.brand,
        "item.model": item.model,
        "item.colour": item.colour,
        "item.material": item.material,
        "item.size.label": item.size.label if item.size else None,
        **{f"condition.notes.{i}.words": n.words for i, n in enumerate(listing.condition.notes)},
        **{f"includes.{i}": text for i, text in enumerate(listing.includes)},
    }
    return {name: text for name, text in said.items() if text}


def promises(listing: Listing) -> tuple[str, ...]:
    """A plain warning for each of the seller's own words that promises what no badge may.

    They are shown as written all the same: the seller answers for them, not the badge.
    """
    return tuple(
        f"{name} says '{word}', which promises more than a seller can prove; leave it out"
        for name, text in own_words(listing).items()
        if (word := forbidden(text))
    )


def _there(own: Path | None) -> set[str]:
    return {file.stem for folder in _folders(own) for file in folder.glob("*.yaml")}


def _folders(own: Path | None) -> list[Path]:
    return [folder / "wording" for folder in (own, resources.shipped("presets")) if folder]


def _mistakes(words: WordingFile, page: Page) -> Iterator[Mistake]:
    texts = {
        "lines": " ".join(words.lines),
        "sentence": words.sentence,
        "authentic": words.authentic,
        "apart": words.apart,
        "test_line": words.test_line,
        "test_sentence": words.test_sentence,
    }
    texts |= {
        name: text
        for name, text in (
            ("both", words.both),
            ("dual", " ".join(words.dual) if words.dual else None),
            ("submitted", words.submitted),
        )
        if text is not None
    }
    for name, text in texts.items():
        line = page.line((name,))
        wanted, used = _WANTED.get(name, frozenset()), set(_FIELD.findall(text))
        if word := forbidden(text):
            yield Mistake(line, f"'{name}' promises ('{word}')", "state the facts only")
        if missing := wanted - used:
            message = f"'{name}' leaves out {{{min(missing)}}}"
            yield Mistake(line, message, "a badge has to name every fact")
        if unknown := used - wanted:
            message = f"'{name}' holds {{{min(unknown)}}}, which is not a field here"
            yield Mistake(line, message, f"use {', '.join(sorted(wanted)) or 'no field'}")


def _filled(template: str, facts: Mapping[str, str]) -> str:
    # One pass: a value that itself holds "{brand}" is not filled again.
    return _FIELD.sub(lambda match: facts[match.group(1)], template)
