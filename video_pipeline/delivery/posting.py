"""Posting: the words beside a clip, ready to copy, as `SKU.PLACEMENT.post.json`.

They are the seller's own words and what the listing states; a certificate is spoken of only in the
sentence that trust allows. Here goes, too, what the placement keeps out of the picture. Condition
notes are never cut to fit: a text that is too long gives up its story first, and is told to be too
long when that is not enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from video_pipeline import locales
from video_pipeline.edit.burned_in import address_in, burnable, in_picture
from video_pipeline.edit.captions import badges, measures, money, note_line
from video_pipeline.edit.model import Edit
from video_pipeline.listing.model import ListingFile, Note
from video_pipeline.overlays.language import Language
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.hashtags import hashtags
from video_pipeline.presets.placements import BURNABLE, USUAL, BurnIn, Placement, PostBy
from video_pipeline.rendering.check import Finding
from video_pipeline.trust.badge import retold
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.masking import Mask
from video_pipeline.trust.wording import forbidden, load_wording

NOT_GENERATED: Final = (
    "No pixel was generated: every picture is the seller's own footage, cropped, steadied and "
    "joined, with drawn words over it."
)


@dataclass(frozen=True)
class Desk:
    """What posts are written from, besides their clips."""

    listing: ListingFile
    scale: GradeScale
    claims: Sequence[Claim]
    refusals: Sequence[Refusal]
    words: Language
    presets: Path | None = None
    overlays: Path | None = None

    def at(self, placement: Placement) -> Desk:
        """The same, with certificates told in the placement's own set of words."""
        if placement.wording == USUAL or not (self.claims or self.refusals):
            return self
        words = load_wording(self.words.tag, self.presets, placement.wording)
        claims, refusals = retold(self.claims, self.refusals, words)
        return replace(self, claims=claims, refusals=refusals)


def post_of(clip: Path) -> Path:
    """Where the words beside a clip stand."""
    return clip.with_name(f"{clip.stem}.post.json")


def post(edit: Edit, placement: Placement, clip: Path, desk: Desk) -> dict[str, Any]:
    """The words beside a clip, as plain JSON; docs/output.md says what each key holds."""
    placement, desk = placement.posted(edit.post_by), desk.at(placement)
    listing, words, limits = desk.listing, desk.words, placement.post
    notes: list[str] = []
    sayable = _sayable(listing, placement, notes)
    tags = hashtags(listing.item.category, words.tag, most=limits.hashtags, own=desk.presets)
    shown = in_picture(edit, desk.overlays)
    page = {
        "sku": listing.sku,
        "placement": placement.name,
        "lang": edit.lang,
        "post_by": edit.post_by,
        "title": _title(sayable, words, limits.title_chars, notes),
        "caption": _caption(sayable, placement, desk, tags, notes),
        "hashtags": list(tags),
        "alt_text": _alt_text(sayable, edit, desk, limits.alt_chars, notes),
        "product": {
            "link": listing.link,
            "price": _price(listing, words),
            "certificates": [
                {"id": claim.certificate_id, "check_at": claim.check_url}
                for claim in _told(desk.claims, placement, addressed=False)
            ],
        },
        "in_picture": [
            what for what in shown if what != "address" or not placement.keeps_out(what)
        ],
        "kept_out": _kept_out(placement, desk),
        "ai_generated": {"value": False, "why": NOT_GENERATED},
        "limits": asdict(limits),
        "notes": notes,
    }
    masked: dict[str, Any] = Mask(listing.item.serial).value(page)
    return {"file": clip.name, **masked}


def write_post(page: dict[str, Any], out: Path) -> None:
    """Write the words for people and programs: indented, as they are read."""
    out.write_text(json.dumps(page, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def check_posting(clip: Path, placement: Placement, post_by: PostBy) -> list[Finding]:
    """Whether a clip shows what the placement keeps out when it is posted so.

    Pixels do not tell: it is read from the file of words beside the clip, and where there is none,
    or none that can be read, nothing is found.
    """
    try:
        page = json.loads(post_of(clip).read_bytes())
        shown = [what for what in BURNABLE if what in page["in_picture"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    placement = placement.posted(post_by)
    return [
        Finding(
            "burned in",
            f"no {what} in the picture",
            f"{post_of(clip).name} says that it shows one",
            f"render it again for this placement with --post-by {post_by}",
        )
        for what in shown
        if placement.keeps_out(what)
    ]


def _sayable(listing: ListingFile, placement: Placement, notes: list[str]) -> ListingFile:
    """The listing without those of the seller's words that promise, or name an address that may
    not stand in the text.
    """

    def fine(text: str | None, where: str) -> str | None:
        if not text:
            return None
        if word := forbidden(text):
            notes.append(f"{where} says '{word}', which promises; it is left out of the text")
            return None
        if not placement.post.address and (found := address_in(text)):
            notes.append(f"{where} names {found}, which {placement.title} does not allow in texts")
            return None
        return text

    item, story = listing.item, listing.story
    condition = listing.condition
    return listing.model_copy(
        update={
            "item": item.model_copy(
                update={
                    "colour": fine(item.colour, "item.colour"),
                    "material": fine(item.material, "item.material"),
                }
            ),
            "story": story.model_copy(
                update={
                    "headline": fine(story.headline, "story.headline"),
                    "special": fine(story.special, "story.special"),
                }
            ),
            "condition": condition.model_copy(
                update={
                    "notes": tuple(
                        note.model_copy(
                            update={"words": fine(note.words, f"condition.notes.{number}.words")}
                        )
                        for number, note in enumerate(condition.notes)
                    )
                }
            ),
            "includes": tuple(
                text
                for number, text in enumerate(listing.includes)
                if fine(text, f"includes.{number}")
            ),
        }
    )


def _details(listing: ListingFile, words: Language) -> list[str]:
    item = listing.item
    year = locales.digits(str(item.year), words.locale) if item.year else None
    size = measures(item.size, words) if item.size else None
    return [detail for detail in (item.colour, item.material, year, size) if detail]


def _title(listing: ListingFile, words: Language, most: int | None, notes: list[str]) -> str:
    """Brand and model, and as many details as the limit lets in."""
    name = f"{listing.item.brand} {listing.item.model}"
    if most is not None and len(name) > most:
        notes.append(f"the title is cut: brand and model have {len(name)} characters of {most}")
        return name[: most - 1].rstrip() + "…"
    title = name
    for detail in _details(listing, words):
        longer = f"{title}, {detail}"
        if most is not None and len(longer) > most:
            break
        title = longer
    return title


def _caption(
    listing: ListingFile,
    placement: Placement,
    desk: Desk,
    tags: Sequence[str],
    notes: list[str],
) -> str:
    item, words, scale = listing.item, desk.words, desk.scale
    grade = scale.grade(listing.condition.grade).words
    said = list(_certificates(placement, desk))
    name = [f"{item.brand} {item.model}"]
    details = [", ".join(_details(listing, words))]
    story = [listing.story.headline or "", listing.story.special or ""]
    condition = [
        f"{words.word('label', 'graded').replace('{grade}', grade)} ({scale.title})",
        *(f"– {note_line(note, words)}" for note in listing.condition.notes),
    ]
    included = (
        [f"{words.word('label', 'with')} {', '.join(listing.includes)}"] if listing.includes else []
    )
    price = _price(listing, words)
    asked = [price["text"]] if price else []
    if price and price["was_text"]:
        asked = [f"{price['text']} ({words.word('label', 'was')} {price['was_text']})"]
    foot = [f"{words.word('label', 'reference')} {listing.sku}"]
    if not any(item.brand.casefold() in line.casefold() for line in said):
        said.append(words.word("label", "not-affiliated").replace("{brand}", item.brand))
    whole = [[*name, *details], story, condition, included, asked, said, foot]
    # What gives way when it is too long, in this order: never state, price or certificate.
    for gone in ((), (1,), (1, 6), (1, 6, 3)):
        text = _paragraphs([part for i, part in enumerate(whole) if i not in gone])
        if _fits(text, tags, placement):
            if gone:
                notes.append("the caption is shortened to what the place takes: the story gave way")
            return text
    notes.append(
        f"the caption has {len(text)} characters, more than {placement.title} takes; nothing more "
        "may be cut by itself: shorten your notes"
    )
    return text


def _paragraphs(parts: Sequence[Sequence[str]]) -> str:
    told = ("\n".join(line for line in part if line) for part in parts)
    return "\n\n".join(part for part in told if part)


def _fits(text: str, tags: Sequence[str], placement: Placement) -> bool:
    whole = "\n\n".join([text, " ".join(tags)]) if tags else text
    chars, most = placement.post.caption_chars, placement.post.caption_bytes
    return (chars is None or len(whole) <= chars) and (most is None or len(whole.encode()) <= most)


def _told(claims: Sequence[Claim], placement: Placement, *, addressed: bool) -> tuple[Claim, ...]:
    """The claims that may be spoken of beside the clip."""
    if placement.consequences["authentic"] not in ("badge", "text"):
        return ()
    return badges(claims, addressed=addressed)


def _certificates(placement: Placement, desk: Desk) -> Iterator[str]:
    """What may be said of certificates, each in one sentence."""
    addressed = placement.post.address
    for claim in _told(desk.claims, placement, addressed=addressed):
        if addressed or not claim.check_url:
            yield claim.wording
            continue
        host = urlsplit(claim.check_url).hostname or claim.check_url
        lines = [line.rstrip(" .。") for line in claim.lines if host not in line]
        yield ". ".join(lines) + "."
    for refusal in desk.refusals:
        if refusal.wording and placement.consequences[refusal.state] == "text":
            yield refusal.wording


def _price(listing: ListingFile, words: Language) -> dict[str, Any] | None:
    price = listing.price
    if price is None:
        return None
    was = price.model_copy(update={"amount": price.was}) if price.was is not None else None
    return {
        "amount": str(price.amount),
        "currency": price.currency,
        "text": money(price, words),
        "was_text": money(was, words) if was else None,
    }


def _alt_text(
    listing: ListingFile, edit: Edit, desk: Desk, most: int | None, notes: list[str]
) -> str:
    """What is seen, in the order of the clip: for buyers who cannot see it."""
    words, item = desk.words, listing.item
    first = ", ".join([f"{item.brand} {item.model}", *_details(listing, words)])
    by_line = {note_line(note, desk.words): note for note in desk.listing.condition.notes}
    seen: list[tuple[str, Note | None]] = []
    for cut in edit.cuts:
        if note := by_line.get(cut.shows):
            seen.append(("", note))
        elif cut.shows in ("whole", "hardware", "stitching"):
            seen.append((words.word("part", cut.shows), None))
        elif cut.shows == "certificate":
            seen.append((words.word("label", "certificate"), None))
    grade = desk.scale.grade(listing.condition.grade).words
    last = f"{words.word('label', 'graded').replace('{grade}', grade)} ({desk.scale.title})"

    def line(note: Note) -> str:
        where = desk.listing.condition.notes.index(note)
        return note_line(listing.condition.notes[where], words)

    def bare(note: Note) -> str:
        return note_line(note.model_copy(update={"words": None}), words)

    def told(say: Callable[[Note], str], *, views: bool) -> str:
        parts = [say(note) if note else view for view, note in seen if note or views]
        whole = [first, *dict.fromkeys(parts), last]
        return "\n".join(part for part in whole if part)

    for say, views in ((line, True), (bare, True), (bare, False)):
        text = told(say, views=views)
        if most is None or len(text) <= most:
            return text
    notes.append(f"the text for the blind has {len(text)} characters, and {most} are taken")
    return text


def _kept_out(placement: Placement, desk: Desk) -> list[dict[str, str]]:
    """What stays out of the picture, why, and what it would have said."""
    found: list[tuple[BurnIn, str, str]] = []
    for claim in desk.claims:
        if placement.keeps_out("badge"):
            found.append(("badge", "certificates", claim.wording))
            continue
        if claim.check_url and placement.keeps_out("address"):
            found.append(("address", "certificates", claim.check_url))
        if claim.logos and placement.keeps_out("logo"):
            found.append(("logo", "certificates", claim.issuer_name))
    _, kept = burnable(desk.listing, placement)
    for one in kept:
        price = _price(desk.listing, desk.words)
        found.append(
            (one.what, one.place, price["text"] if price and one.place == "price" else one.said)
        )
    return [
        {"what": what, "place": place, "said": said, "why": placement.keeps_out(what)}
        for what, place, said in found
    ]
