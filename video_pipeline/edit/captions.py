"""Captions: which words of the listing each overlay of the storyboard says.

The result is plain data in the edit, so a person can read and change every word before rendering.
`words` is the language of what is ours to say; what the seller wrote stays as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from video_pipeline import locales
from video_pipeline.listing.model import Item, Listing, Note, Price, Size
from video_pipeline.overlays.language import ENGLISH, Language
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.presets.grades import GradeScale
from video_pipeline.trust.claims import Claim


def money(price: Price, words: Language = ENGLISH) -> str:
    """An amount as it is written for buyers, unrounded: '€1,250', 'CHF 1,250'; see locales.money.

    A sign that the fonts lack (Spanish has a ฿ that few typefaces have) gives way to the code.
    """
    sign = locales.sign(price.currency, words.locale)
    by_code = bool(unwritable(sign, words.own))
    return locales.money(price.amount, price.currency, words.locale, by_code=by_code)


def measures(size: Size, words: Language = ENGLISH) -> str:
    """A size as the seller gave it: 'Small, W 24 × H 16 × D 6 cm'; empty when nothing is stated.

    Where lengths are taken in inches they are turned into inches; see locales.length.
    """
    taken = " × ".join(_sides(size, words, unit_once=True))
    return ", ".join(part for part in (size.label, taken) if part)


def _sides(size: Size, words: Language, *, unit_once: bool = False) -> list[str]:
    """The sides that were measured: 'W 24 cm', 'H 16 cm', with the unit at each or the last."""
    stated = [
        (words.word("label", side), cm)
        for side in ("width", "height", "depth")
        if (cm := getattr(size, f"{side}_cm")) is not None
    ]
    return [
        text.replace(
            "{length}",
            locales.length(cm, words.locale, unit=not unit_once or number == len(stated)),
        )
        for number, (text, cm) in enumerate(stated, 1)
    ]


def note_line(note: Note, words: Language = ENGLISH) -> str:
    """A condition note on one line: 'Corner: light scuff. Seller's words.'"""
    flaw = words.word("flaw", note.flaw)
    line = words.word("label", "note-none" if note.flaw == "none" else "note")
    for field, said in (
        ("{Part}", words.word("part", note.part)),
        ("{severity}", _small(words.word("severity", note.severity))),
        ("{flaw}", _small(flaw)),
        ("{Flaw}", flaw),
    ):
        line = line.replace(field, said)
    if not note.words:
        return line
    # The seller's words last: whatever braces they hold stay braces.
    return words.word("label", "note-words").replace("{note}", line).replace("{words}", note.words)


def note_text(note: Note, words: Language = ENGLISH) -> str:
    """Everything that a viewer has to read of a note, for the time it takes."""
    return " ".join(
        part
        for part in (
            words.word("part", note.part),
            words.word("flaw", note.flaw),
            words.word("severity", note.severity),
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


def title(item: Item, words: Language = ENGLISH) -> dict[str, Any]:
    """What the piece is."""
    details = [
        item.colour,
        item.material,
        locales.digits(str(item.year), words.locale) if item.year else None,
        measures(item.size, words) if item.size else None,
    ]
    return {
        "brand": item.brand,
        "model": item.model,
        "details": [detail for detail in details if detail],
    }


def label(shows: str, words: Language = ENGLISH) -> dict[str, Any]:
    """What a detail shot shows."""
    return {"text": words.word("part", shows)}


def condition_note(note: Note, index: int, total: int) -> dict[str, Any]:
    """One flaw in the seller's words."""
    fields: dict[str, Any] = {"part": note.part, "flaw": note.flaw, "severity": note.severity}
    if note.words:
        fields["words"] = note.words
    if total > 1:
        fields |= {"index": index, "total": total}
    return fields


def grade(
    listing: Listing, scale: GradeScale, not_filmed: list[Note], words: Language = ENGLISH
) -> dict[str, Any]:
    """The grade with its scale, and the notes that no footage shows."""
    return {
        "grade": scale.grade(listing.condition.grade).words,
        "scale_title": scale.title,
        "owner": scale.owner,
        "notes": [note_line(note, words) for note in not_filmed],
    }


def badges(claims: Sequence[Claim], *, addressed: bool) -> tuple[Claim, ...]:
    """The claims as badges say them; without addresses a dual mark is said as its two parts.

    A dual mark tells each address in one line with the facts, and no fact may be left out.
    """
    if addressed:
        return tuple(claims)
    return tuple(part for claim in claims for part in (claim.parts or (claim,)))


def badge(
    claim: Claim, item: Item | None = None, *, addressed: bool = True, marked: bool = True
) -> dict[str, Any]:
    """A verified certificate, in the words that trust allows.

    The field `claim` says which certificate it is, and is not drawn. `logos` are digests of the
    providers' own, unless the placement takes none (`marked` is false). `item` may be left out
    where only the claim is at hand: the brand is the same. Where a placement takes no address
    (`addressed` is false) neither the QR code nor the line that names where to check is said.
    """
    lines = list(claim.lines)
    if not addressed and claim.check_url:
        host = urlsplit(claim.check_url).hostname or claim.check_url
        lines = [line for line in lines if host not in line]
    fields: dict[str, Any] = {
        "lines": lines,
        "claim": claim.file_digest,
        "certificate_id": claim.certificate_id,
        "issuer_name": claim.issuer_name,
        "brand": item.brand if item else claim.brand,
    }
    if claim.check_url and addressed:
        fields["check_url"] = claim.check_url
    if claim.logos and marked:
        fields["logos"] = [logo.digest for logo in claim.logos]
    return fields


def with_logos(fields: Mapping[str, Any], claims: Sequence[Claim]) -> dict[str, Any]:
    """A badge's fields as they are drawn: the claims' own pictures in place of their digests."""
    whole = [one for claim in claims for one in (claim, *claim.parts)]
    known = {logo.digest: logo.png for claim in whole for logo in claim.logos}
    drawn = [known[digest] for digest in fields.get("logos", ()) if digest in known]
    return (
        {**fields, "logos": drawn} if drawn else {k: v for k, v in fields.items() if k != "logos"}
    )


def price(listing: Listing, words: Language = ENGLISH) -> dict[str, Any] | None:
    """What is asked, and what was before, if the listing says so."""
    if listing.price is None:
        return None
    said = {"amount_text": money(listing.price, words)}
    if listing.price.was is not None:
        before = listing.price.model_copy(update={"amount": listing.price.was})
        said["was_text"] = money(before, words)
    return said


def measurements(item: Item, words: Language = ENGLISH) -> dict[str, Any] | None:
    """The sides that the seller measured, if any, and the size as printed."""
    size = item.size
    sides = _sides(size, words) if size else []
    if size is None or not sides:
        return None
    return {"sides": sides} | ({"size": size.label} if size.label else {})


def inclusions(listing: Listing) -> dict[str, Any] | None:
    """What comes with the piece, if the listing names something."""
    return {"items": list(listing.includes)} if listing.includes else None


def listed(fields: dict[str, Any]) -> str:
    """Everything that a viewer has to read of such a list, for the time it takes."""
    parts = ([said] if isinstance(said, str) else said for said in fields.values())
    return " ".join(word for part in parts for word in part)


def end_card(listing: Listing, scale: GradeScale, words: Language = ENGLISH) -> dict[str, Any]:
    """What a buyer takes away: the piece, its grade, its price, what comes with it."""
    fields: dict[str, Any] = {
        "brand": listing.item.brand,
        "model": listing.item.model,
        "grade_text": scale.grade(listing.condition.grade).words,
        "sku": listing.sku,
    }
    if listing.price:
        fields["price_text"] = money(listing.price, words)
    if listing.includes:
        fields["includes"] = list(listing.includes)
    return fields


def _small(word: str) -> str:
    """A word as it stands inside a sentence."""
    return word[:1].lower() + word[1:]
