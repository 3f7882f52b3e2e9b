"""Captions: which words of the listing each overlay of the storyboard says.

The result is plain data in the edit, so a person can read and change every word before rendering.
`own` is the person's overlays folder, whose words come before the shipped ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

from video_pipeline.listing.model import Item, Listing, Note, Price
from video_pipeline.overlays.theme import word
from video_pipeline.presets.grades import GradeScale
from video_pipeline.trust.claims import Claim


def money(price: Price, locale: str = "en_GB") -> str:
    """An amount as it is written for buyers: '€1,250', 'US$99.50', 'JP¥180,000', 'CHF 1,250'.

    Nothing is rounded: a whole amount stands without decimals, any other with those of its
    currency, or with more should it have more.
    """
    amount = price.amount.copy_abs()  # it is never below 0, but may be written -0
    decimals = 0
    if amount != amount.to_integral_value():
        written = -int(amount.as_tuple().exponent)
        decimals = max(get_currency_precision(price.currency), written)
    # A symbol of letters needs a space before the figures (CLDR's currencySpacing).
    space = "\u00a0" if get_currency_symbol(price.currency, locale)[-1].isalpha() else ""
    return format_currency(
        amount,
        price.currency,
        format=f"¤{space}#,##0" + ("." + "0" * decimals if decimals else ""),
        locale=locale,
        currency_digits=False,
    )


def note_line(note: Note, own: Path | None = None) -> str:
    """A condition note on one line: 'Corner: light scuff. Seller's words.'"""
    flaw = word("flaw", note.flaw, own)
    said = flaw if note.flaw == "none" else f"{word('severity', note.severity, own)} {flaw.lower()}"
    line = f"{word('part', note.part, own)}: {said.lower()}"
    return f"{line}. {note.words}" if note.words else line


def note_text(note: Note, own: Path | None = None) -> str:
    """Everything that a viewer has to read of a note, for the time it takes."""
    return " ".join(
        part
        for part in (
            word("part", note.part, own),
            word("flaw", note.flaw, own),
            word("severity", note.severity, own),
            note.words or "",
        )
        if part
    )


def hook(listing: Listing) -> dict[str, Any]:
    """The opening line: the story's headline, or what the piece is."""
    item = listing.item
    if listing.story.headline:
        return {"line": listing.story.headline, "brand": item.brand}
    return {"line": item.model, "brand": item.brand}


def title(item: Item) -> dict[str, Any]:
    """What the piece is."""
    details = [item.colour, item.material, str(item.year) if item.year else None]
    return {
        "brand": item.brand,
        "model": item.model,
        "details": [detail for detail in details if detail],
    }


def label(shows: str, own: Path | None = None) -> dict[str, Any]:
    """What a detail shot shows."""
    return {"text": word("part", shows, own)}


def condition_note(note: Note, index: int, total: int) -> dict[str, Any]:
    """One flaw in the seller's words."""
    fields: dict[str, Any] = {"part": note.part, "flaw": note.flaw, "severity": note.severity}
    if note.words:
        fields["words"] = note.words
    if total > 1:
        fields |= {"index": index, "total": total}
    return fields


def grade(
    listing: Listing, scale: GradeScale, not_filmed: list[Note], own: Path | None = None
) -> dict[str, Any]:
    """The grade with its scale, and the notes that no footage shows."""
    return {
        "grade": scale.grade(listing.condition.grade).words,
        "scale_title": scale.title,
        "owner": scale.owner,
        "notes": [note_line(note, own) for note in not_filmed],
    }


def badge(claim: Claim, item: Item | None = None) -> dict[str, Any]:
    """A verified certificate, in the words that trust allows.

    The field `claim` says which certificate it is, and is not drawn. `item` may be left out where
    only the claim is at hand: the brand is the same.
    """
    fields: dict[str, Any] = {
        "lines": list(claim.lines),
        "claim": claim.file_digest,
        "certificate_id": claim.certificate_id,
        "issuer_name": claim.issuer_name,
        "brand": item.brand if item else claim.brand,
    }
    if claim.check_url:
        fields["check_url"] = claim.check_url
    return fields


def price(listing: Listing) -> dict[str, Any] | None:
    """What is asked, if the listing says so."""
    return {"amount_text": money(listing.price)} if listing.price else None


def end_card(listing: Listing, scale: GradeScale) -> dict[str, Any]:
    """What a buyer takes away: the piece, its grade, its price, what comes with it."""
    words = scale.grade(listing.condition.grade).words
    fields: dict[str, Any] = {
        "brand": listing.item.brand,
        "model": listing.item.model,
        "grade_text": words,
        "sku": listing.sku,
    }
    if listing.price:
        fields["price_text"] = money(listing.price)
    if listing.includes:
        fields["includes"] = list(listing.includes)
    return fields
