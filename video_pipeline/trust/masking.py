"""Masking: serial numbers and date codes stay out of everything that strangers get to read.

Whoever makes copies wants true numbers of true items. So in a listing as it is made public every
spelling of its serial in the seller's own words, in names of files and in edits becomes dots. It is
kept whole in the evidence, which is private, and compared with certificates as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel

DOTS: Final = "••••••"
# Shorter ones are found inside ordinary words and numbers: masking them would hide everything.
_LEAST_SIGNS: Final = 4

Model = TypeVar("Model", bound=BaseModel)


class Mask:
    """Takes one serial number out of texts. Without one, or with a very short one, does nothing."""

    def __init__(self, serial: str | None) -> None:
        signs = [c for c in unicodedata.normalize("NFKC", serial or "") if c.isalnum()]
        self._pattern: re.Pattern[str] | None = None
        if len(signs) >= _LEAST_SIGNS:
            # However it is spaced, hyphened or dotted, but not as part of a longer word or number.
            spelled = r"[\W_]{0,3}".join(map(re.escape, signs))
            self._pattern = re.compile(rf"(?<![^\W_]){spelled}(?![^\W_])", re.IGNORECASE)

    def text(self, text: str) -> str:
        """The text with every spelling of the serial as dots; otherwise as it was."""
        if self._pattern is None:
            return text
        if self._pattern.search(text):
            return self._pattern.sub(DOTS, text)
        wide = unicodedata.normalize("NFKC", text)
        return self._pattern.sub(DOTS, wide) if self._pattern.search(wide) else text

    def value(self, value: Any) -> Any:
        """A JSON-like value with every text in it masked, names of keys too."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(name): self.value(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.value(inner) for inner in value)
        return value

    def model(self, model: Model, *, keep: frozenset[str]) -> Model:
        """A pydantic model with its texts masked, except in fields named in `keep`."""
        if self._pattern is None:
            return model
        update = {}
        for name in type(model).model_fields:
            value = getattr(model, name)
            if name not in keep:
                update[name] = self._inner(value, keep)
        return model.model_copy(update=update)

    def _inner(self, value: Any, keep: frozenset[str]) -> Any:
        if isinstance(value, BaseModel):
            return self.model(value, keep=keep)
        if isinstance(value, tuple):
            return tuple(self._inner(inner, keep) for inner in value)
        return self.text(value) if isinstance(value, str) else value


def told_by_sku(listing: Any) -> tuple[str, ...]:
    """A plain warning when the seller's own number of the item gives its serial away."""
    if Mask(listing.item.serial).text(listing.sku) == listing.sku:
        return ()
    return (
        "the sku holds the item's serial number, and every file is named after it; choose "
        "another sku",
    )


# What finds files, names the folder, is compared with certificates, or is a word of ours.
_KEPT: Final = frozenset(
    {"sku", "serial", "path", "footage", "file", "scale", "grade", "currency", "category"}
)


def public(listing: Model) -> Model:
    """A listing as strangers may read it: its serial in no text. Its field `serial` stays.

    That field is compared with certificates and shown by nothing but the evidence.
    """
    return Mask(listing.item.serial).model(listing, keep=_KEPT)  # type: ignore[attr-defined]
