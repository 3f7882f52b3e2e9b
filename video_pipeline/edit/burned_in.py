"""What may be burned into the picture: a placement may keep out badges, addresses and prices.

What a placement keeps out is taken from the listing before a clip is planned, so that no overlay
can say it. An edit is a file that anyone can change, so its overlays are held against the same rule
when they are drawn: by the fields that a template's `overlay.yaml` says to carry such a thing, and
by what their texts look like. A call to action cannot be told by its looks: only fields marked so
are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from babel.numbers import list_currencies
from pydantic import BaseModel

from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.listing.model import Listing, ListingFile
from video_pipeline.overlays.templates import Header, head_of
from video_pipeline.presets.placements import BURNABLE, BurnIn, Placement

_FIGURE: Final = r"\d[\d.,'’٬٫\s]*\d|\d"
# Codes that are English words in capitals are left out, and so is every one that could be a size.
_CODES: Final = "|".join(sorted(list_currencies() - {"ALL", "TOP", "CUP", "MAD", "PEN", "TRY"}))
# How money is written without a sign of its own (CLDR has no class for these).
_WORDS: Final = (
    "Rp|RMB|kr|zł|Kč|Ft|lei|лв|руб|元|块|塊|円|圓|원|บาท|đồng|درهم|ريال|دولار|يورو"
    r"|د\.إ|ر\.س|د\.ك|ج\.م|[Ee]uros?|[Dd]ollars?|[Dd]ólares|[Yy]en|[Yy]uan"
)
_SIGNS: Final = "$¢£¤¥֏؋৲৳฿៛₠-⃀﷼﹩＄￠￡￥￦"
_SPACE: Final = "[\\s\u200e\u200f]*"
_MONEY: Final = rf"(?:[A-Z]{{0,3}}[{_SIGNS}]|(?<![^\W\d_])(?:{_CODES}|{_WORDS})(?![^\W\d_]))"
_PRICE: Final = re.compile(rf"{_MONEY}{_SPACE}(?:{_FIGURE})|(?:{_FIGURE})\s*k?{_SPACE}{_MONEY}")
# A host ends with letters in one case only, so that a missing space after a full stop is none.
_ADDRESS: Final = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|(?<![\w@.-])(?:[\w.+-]+@)?(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"(?:[a-z]{2,24}|[A-Z]{2,24})(?![\w.-]*\w)(?:/\S*)?"
)
_ASIDE: Final = frozenset({"path", "footage", "file", "sku", "serial", "link"})
_NAMES: Final = frozenset({"brand", "model"})
_REQUIRED: Final = frozenset({"scale", "grade", "category", "part", "flaw", "severity", "currency"})

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class KeptOut:
    """Something that a placement keeps out of the picture, where it was stated, and why it is out.

    `place` is its name in the listing, such as "price" or "story.special".
    """

    what: BurnIn
    place: str
    said: str
    why: str


def price_in(text: str) -> str:
    """The first price in a text, such as "€1,250" or "1 250 EUR"; empty when there is none."""
    found = _PRICE.search(text)
    return found.group(0).strip() if found else ""


def address_in(text: str) -> str:
    """The first address in a text: of a page, a host or a mailbox; empty when there is none."""
    found = _ADDRESS.search(text)
    return found.group(0) if found else ""


def burnable(listing: ListingFile, placement: Placement) -> tuple[ListingFile, tuple[KeptOut, ...]]:
    """The listing as far as its words may stand in the picture there, and what was kept out.

    The price goes, and so do those of the seller's own words that say one, or an address. The
    item's brand and model stay whatever they look like, and so does every condition note: only its
    words may go.
    """
    kept: list[KeptOut] = []
    if listing.price is not None and (why := placement.keeps_out("price")):
        said = f"{listing.price.amount} {listing.price.currency}"
        kept.append(KeptOut("price", "price", said, why))
        listing = listing.model_copy(update={"price": None})
    return _without(listing, "", placement, kept), tuple(kept)


def _without(model: Model, place: str, placement: Placement, kept: list[KeptOut]) -> Model:
    changed: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        where = f"{place}.{name}" if place else name
        if name in _ASIDE | _NAMES | _REQUIRED:
            continue
        if isinstance(value, BaseModel):
            changed[name] = _without(value, where, placement, kept)
        elif isinstance(value, str):
            if found := _refused(value, placement):
                kept.append(KeptOut(found, where, value, placement.keeps_out(found)))
                changed[name] = None
        elif isinstance(value, tuple):
            changed[name] = tuple(_entries(value, where, placement, kept))
    return model.model_copy(update=changed)


def _entries(
    values: Sequence[Any], place: str, placement: Placement, kept: list[KeptOut]
) -> Iterator[Any]:
    for number, value in enumerate(values):
        where = f"{place}.{number}"
        if isinstance(value, BaseModel):
            yield _without(value, where, placement, kept)
        elif isinstance(value, str) and (found := _refused(value, placement)):
            kept.append(KeptOut(found, where, value, placement.keeps_out(found)))
        else:
            yield value


def _refused(text: str, placement: Placement, names: Sequence[str] = ()) -> BurnIn | None:
    """What a text says that the placement keeps out; the `names` in it may look like anything."""
    for name in names:
        text = text.replace(name, " ") if name else text
    if placement.keeps_out("price") and price_in(text):
        return "price"
    if placement.keeps_out("address") and address_in(text):
        return "address"
    return None


def refused_line(text: str, placement: Placement, listing: Listing) -> str:
    """Why a line of a storyboard may not stand in the picture there; empty when it may."""
    found = _refused(text, placement, (listing.item.brand, listing.item.model))
    return placement.keeps_out(found) if found else ""


def held_to(
    edit: Edit, placement: Placement, *, names: Sequence[str] = (), own: Path | None = None
) -> tuple[Edit, tuple[str, ...]]:
    """The edit without what the placement keeps out of the picture, and a note for each such thing.

    `names` (brand, model) may look like anything; `own` is the person's overlays folder. A field
    that an overlay can do without is taken out, else the whole overlay. Badges are not looked at:
    they are drawn from claims (see `honesty`). Raises what `head_of` raises.
    """
    placement = placement.posted(edit.post_by)
    if all(not placement.keeps_out(what) for what in BURNABLE if what not in ("badge", "logo")):
        return edit, ()
    notes: list[str] = []
    said = (*names, edit.sku)
    cuts = tuple(
        replace(
            cut,
            overlays=tuple(
                held
                for use in cut.overlays
                if (held := _held(use, cut, placement, names=said, own=own, notes=notes))
            ),
        )
        for cut in edit.cuts
    )
    return replace(edit, cuts=cuts), tuple(notes)


def _held(
    use: OverlayUse,
    cut: Cut,
    placement: Placement,
    *,
    names: Sequence[str],
    own: Path | None,
    notes: list[str],
) -> OverlayUse | None:
    head = head_of(use.template, own)
    if head.claim or use.follows is not None:
        return use
    fields: dict[str, Any] = {}
    for name, value in use.fields.items():
        found, rest = _field(name, value, head, placement, names)
        if found is None:
            fields[name] = value
            continue
        why = placement.keeps_out(found)
        needed = rest is None and not head.fields.get(name, "optional").endswith("optional")
        what = f"the overlay '{use.template}'" if needed else f"'{name}' of '{use.template}'"
        notes.append(f"cut '{cut.slot}': {what} is left out, since {why}")
        if needed:
            return None
        if rest:
            fields[name] = rest
    return replace(use, fields=fields)


def _field(
    name: str, value: Any, head: Header, placement: Placement, names: Sequence[str]
) -> tuple[BurnIn | None, list[Any] | None]:
    """What a field says that is kept out, and what is left of it, if it is a list."""
    carried = head.carries.get(name)
    if carried is not None and placement.keeps_out(carried):
        return carried, None
    if isinstance(value, str):
        return _refused(value, placement, names), None
    if isinstance(value, list | tuple):
        found = [(_refused(_joined(entry), placement, names), entry) for entry in value]
        said = next((what for what, _ in found if what), None)
        return said, [entry for what, entry in found if what is None] or None
    return None, None


def _joined(entry: Any) -> str:
    return " ".join(map(str, entry)) if isinstance(entry, list | tuple) else str(entry)


def in_picture(edit: Edit, own: Path | None = None) -> tuple[BurnIn, ...]:
    """What of all that a placement may keep out the overlays of an edit say."""
    said: set[BurnIn] = set()
    for use in (use for cut in edit.cuts for use in cut.overlays if use.follows is None):
        head = head_of(use.template, own)
        if head.claim:
            said.add("badge")
        said.update(what for name, what in head.carries.items() if use.fields.get(name))
        for text in _texts(use.fields) if not head.claim else ():
            said.update(("price",) if price_in(text) else ())
            said.update(("address",) if address_in(text) else ())
    return tuple(what for what in BURNABLE if what in said)


def _texts(fields: Mapping[str, Any]) -> Iterator[str]:
    for value in fields.values():
        yield from map(_joined, value if isinstance(value, list | tuple) else (value,))
