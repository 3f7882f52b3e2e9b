"""Hashtags: the few factual words that stand beside a clip, by language and kind of item."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from video_pipeline.locales import nearest
from video_pipeline.presets.shelf import Confidence, Figure, Written, read_preset

# One word as a place reads it: the first space or stop would end it.
_Tag = Annotated[str, Field(pattern=r"^[^\W_][^\s#.,;:!?]{0,38}$")]


class _Page(Written):
    source: str = Field(min_length=3, description="Where the words come from.")
    confidence: Confidence
    checked: date
    most: Figure[Annotated[int, Field(ge=0, le=30)]] = Field(description="No more are given.")
    always: dict[str, tuple[_Tag, ...]] = Field(description="By language: tags of every piece.")
    category: dict[str, dict[str, _Tag]] = Field(description="By category and language.")


def hashtags(
    category: str, lang: str, *, most: int | None = None, own: Path | None = None
) -> tuple[str, ...]:
    """The tags of a piece of that category, with '#', at most `most` of them.

    The category's comes first. A language without words has none. `own` is the person's presets
    folder. Raises ListingError when the file has mistakes.
    """
    page = read_preset("hashtags", "usual", _Page, own)
    kinds = page.category.get(category, {})
    kind, always = nearest(lang, kinds), nearest(lang, page.always)
    tags = [kinds[kind]] if kind else []
    tags += page.always[always] if always else ()
    limit = page.most.value if most is None else min(most, page.most.value)
    return tuple(f"#{tag}" for tag in dict.fromkeys(tags))[:limit]
