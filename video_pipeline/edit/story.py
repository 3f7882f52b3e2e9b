"""Story lines: the text of a storyboard's slot, a Jinja template filled from the listing.

A template may name facts and ask whether they are stated, and nothing else: what it may hold is
checked node by node before it runs, and it runs in Jinja's sandbox. What a seller wrote is only
ever a value, so braces in it stay braces. A line whose facts are missing is not said at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from video_pipeline import locales
from video_pipeline.edit.captions import measures, money
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.listing.model import Listing
from video_pipeline.overlays.language import Language
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.presets.storyboards import Storyboard, load_storyboard
from video_pipeline.trust.wording import forbidden, reserved

MOST_CHARACTERS: Final = 90
"""A longer line would be small and could not be read at a glance."""
_MOST_ABOVE: Final = 60

FACTS: Final = (
    "item.brand", "item.model", "item.colour", "item.material", "item.year", "item.size",
    "story.headline", "story.previous_owner", "story.owned_since", "story.owned_year",
    "story.special", "price", "includes",
)  # fmt: skip
"""What a template may name. A serial is none of it, and a grade stands with its scale only."""

# What a template may be made of; everything else (loops, calls, sums, filters) is refused.
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.If,
    nodes.Test, nodes.Not, nodes.And, nodes.Or,
)  # fmt: skip

_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters.clear()
_ENVIRONMENT.tests = {"defined": _ENVIRONMENT.tests["defined"]}


@dataclass(frozen=True)
class Unsaid:
    """A line that is left out, and why, in plain words; `facts` are those that it names."""

    reason: str
    facts: tuple[str, ...] = ()


def read_storyboard(
    name: str, presets: Path | None = None, language: Language | None = None
) -> Storyboard:
    """The storyboard of that name with its texts in one language, each held against the rules.

    `presets` is the person's own folder. Without `language` the texts are English, or in the first
    language that the file has. Raises UsageError for an unknown name or a language that the file
    lacks, ListingError when the file has mistakes, those of its texts among them.
    """
    own = language.own if language else None
    # What the fonts lack is no mistake of a language that nobody asked for.
    drawn = {"", language.code if language else "en"}
    return load_storyboard(
        name,
        presets,
        language.tag if language else None,
        faults=lambda lang, text: _faults(text, own, drawn=lang in drawn),
    )


def story_line(text: str, listing: Listing, words: Language) -> dict[str, Any] | Unsaid:
    """The fields of the overlay 'story-line' for a slot's text, or why there is nothing to say.

    Of a text of two lines the first stands small above the second.
    """
    stated = _facts(listing, words)
    template, named = _compiled(text)
    try:
        written = template.render(_nested(stated))
    except UndefinedError:
        lacking = [fact for fact in named if fact not in stated]
        return Unsaid(f"the listing does not state {' and '.join(lacking)}", named)
    lines = [said for line in written.splitlines() if (said := " ".join(line.split()))]
    if not lines:
        return Unsaid("its text says nothing for this listing", named)
    above, line = (lines[0], " ".join(lines[1:])) if len(lines) > 1 else ("", lines[0])
    for said, most in ((above, _MOST_ABOVE), (line, MOST_CHARACTERS)):
        if len(said) > most:
            facts = [fact for fact in named if fact in stated]
            return Unsaid(
                f"its line has {len(said)} characters and at most {most} can be read at a glance; "
                f"shorten {' or '.join(facts) or 'it in the storyboard'}"
            )
    return {"line": line, "above": above} if above else {"line": line}


@lru_cache(maxsize=64)
def _compiled(text: str) -> tuple[Template, tuple[str, ...]]:
    """A slot's text as a template, and the facts that it names.

    Kept: a storyboard's few texts are written for many listings and placements.
    """
    return _ENVIRONMENT.from_string(text), tuple(_named(_ENVIRONMENT.parse(text)))


def _facts(listing: Listing, words: Language) -> dict[str, str]:
    """Every fact that the listing states, as it is written on screen; what is missing is absent."""
    item, story = listing.item, listing.story
    since = story.owned_since

    def figures(year: object) -> str:
        return locales.digits(str(year), words.locale)

    stated = {
        "item.brand": item.brand,
        "item.model": item.model,
        "item.colour": item.colour,
        "item.material": item.material,
        "item.year": figures(item.year) if item.year else None,
        "item.size": measures(item.size, words) if item.size else None,
        "story.headline": story.headline,
        "story.previous_owner": story.previous_owner,
        "story.owned_since": locales.day(since, words.locale)
        if isinstance(since, date)
        else since and figures(since),
        "story.owned_year": since and figures(since.year if isinstance(since, date) else since),
        "story.special": story.special,
        "price": money(listing.price, words) if listing.price else None,
        "includes": locales.listed(listing.includes, words.locale),
    }
    # A line end in a seller's words would make a line of its own.
    return {name: " ".join(value.split()) for name, value in stated.items() if value}


def _nested(stated: dict[str, str]) -> dict[str, Any]:
    """'item.brand' as `item` that has `brand`."""
    context: dict[str, Any] = {"item": {}, "story": {}}
    for name, value in stated.items():
        room, _, fact = name.rpartition(".")
        (context[room] if room else context)[fact] = value
    return context


def _faults(text: str, own: Path | None, *, drawn: bool) -> Iterator[tuple[str, str]]:
    """What is wrong with a text, each with how to mend it.

    `own` is the overlays folder; only a text that will be `drawn` has to be in the fonts.
    """
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        yield f"cannot be read as a template: {error.message}", "write facts as {{ item.brand }}"
        return
    for node in tree.find_all(nodes.Node):  # parsed, and not compiled: that would work sums out
        asks = isinstance(node, nodes.Test) and node.name != "defined"
        if asks or not isinstance(node, _ALLOWED):
            yield (
                f"does more than name facts ({type(node).__name__.lower()})",
                "use {{ item.brand }} and {% if item.year is defined %} … {% endif %} only",
            )
            return
    for fact in dict.fromkeys(_named(tree)):
        if fact not in FACTS:
            hint = did_you_mean(fact, FACTS)
            yield (
                f"names '{fact}', which is no fact of a listing",
                hint or f"use {', '.join(FACTS)}",
            )
    plain = "".join(node.data for node in tree.find_all(nodes.TemplateData))
    if word := forbidden(plain):
        yield f"promises ('{word}')", "state facts only"
    elif word := reserved(plain):
        yield (
            f"says '{word}', which is for a verified certificate's badge to say",
            "leave it to a slot with 'needs: certificate'",
        )
    if lost := unwritable(plain, own) if drawn and plain.strip() else ():
        yield (
            f"holds '{lost[0]}', which cannot be written with the fonts of this installation",
            "take it out, or add a font that has it to the theme",
        )


def _named(tree: nodes.Template) -> list[str]:
    """The facts that a template names, in order: 'story.special', 'price'."""
    inner = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    return [
        _dotted(node)
        for node in tree.find_all((nodes.Getattr, nodes.Name))
        if id(node) not in inner
    ]


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_dotted(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "?"
