"""Honesty: what the overlays of an edit may say, and what they must.

An edit is a file that anyone can change. So an overlay that speaks for a certificate is filled from
a claim of this run, by rendering and by scripts alike, and a condition note that was taken out of
an edit is missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from video_pipeline.edit.burned_in import address_in
from video_pipeline.edit.captions import badge, badges, condition_note, note_line, with_logos
from video_pipeline.edit.model import Edit, OverlayUse
from video_pipeline.errors import ClaimError
from video_pipeline.listing.model import Item, Listing
from video_pipeline.locales import nearest
from video_pipeline.overlays.language import Language
from video_pipeline.overlays.language import languages as shipped_languages
from video_pipeline.overlays.templates import head_of
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.storyboards import STORY_LINE
from video_pipeline.trust.claims import Claim
from video_pipeline.trust.masking import Mask
from video_pipeline.trust.wording import forbidden, own_words

# Overlays whose words a person may have written into the edit.
_LINES = (STORY_LINE, "certificate-state")


@dataclass(frozen=True)
class Words:
    """What an overlay may say, and the claim it says it for."""

    fields: dict[str, Any]
    claim: Claim | None = None


def words_of(
    use: OverlayUse,
    slot: str,
    placement: Placement,
    claims: Sequence[Claim],
    *,
    item: Item | None = None,
    own: Path | None = None,
) -> Words:
    """What the overlay `use` of a cut for `slot` may say; `own` is the person's overlays folder.

    A template marked `claim: true` gets the fields of a verified claim, whatever the edit says,
    without an address where the placement takes none.
    Raises ClaimError when there is no such claim or the placement keeps badges out, UsageError for
    a template that is not there or wrong.
    """
    head = head_of(use.template, own)
    if not head.claim:
        return Words(use.fields)
    if why := placement.keeps_out("badge"):
        raise ClaimError(
            why,
            where=f"cut '{slot}'",
            mend=f"take the overlay '{use.template}' out of the edit",
        )
    addressed = not placement.keeps_out("address")
    claim = _claim(use, slot, badges(claims, addressed=addressed))
    marked = not placement.keeps_out("logo")
    fields = with_logos(badge(claim, item, addressed=addressed, marked=marked), [claim])
    if not addressed and any(map(address_in, fields["lines"])):
        raise ClaimError(
            f"{placement.keeps_out('address')}, and the badge names one besides the place to check",
            where=f"cut '{slot}'",
            mend=f"take the overlay '{use.template}' out of the edit",
        )
    if claim.parts:  # its lines name both numbers; a template asks for one that it says
        fields["certificate_id"] = claim.parts[0].certificate_id
    return Words({name: fields[name] for name in head.fields if name in fields}, claim)


def _claim(use: OverlayUse, slot: str, claims: Sequence[Claim]) -> Claim:
    # Two issuers may give the same number: the digest says which certificate is meant, and the
    # number that a person reads in the edit has to be that certificate's.
    digest, number = use.fields.get("claim"), use.fields.get("certificate_id")
    for claim in claims:
        if claim.file_digest == digest and number in (None, claim.certificate_id):
            return claim
    raise ClaimError(
        f"the edit shows a badge for certificate {number!r}, which this run could not verify",
        where=f"cut '{slot}'",
        mend="add the certificate to the listing and plan it again, or take the badge out of the "
        "edit",
    )


def unsaid_notes(edit: Edit, listing: Listing, own: Path | None = None) -> tuple[str, ...]:
    """The listing's condition notes that no overlay of the edit says, each as one line.

    A note is said by an overlay that has its part, flaw, severity and words, or by a list of notes
    that holds its line, in the edit's language and the words of `own` or the shipped ones.
    """
    chosen = Language(edit.lang, own)
    # A language of the person's own has no shipped words.
    languages = (
        chosen,
        *([Language(edit.lang)] if nearest(edit.lang, shipped_languages()) else []),
    )
    said = [use.fields for cut in edit.cuts for use in cut.overlays]
    listed = {line for fields in said for line in _lines(fields.get("notes"))}
    unsaid = []
    for note in listing.condition.notes:
        wanted = condition_note(note, 1, 1)
        alone = any(all(fields.get(k) == v for k, v in wanted.items()) for fields in said)
        if not alone and listed.isdisjoint(note_line(note, words) for words in languages):
            unsaid.append(note_line(note, chosen))
    return tuple(unsaid)


def promising_lines(edit: Edit, listing: Listing) -> tuple[str, ...]:
    """A plain warning for each story line that promises what no badge may, and is not the seller's.

    The seller's own words are warned of by `trust.wording.promises`, a storyboard's are refused
    when it is read; what is left was written into the edit by hand.
    """
    sellers = " ".join(own_words(listing).values())
    lines = [
        str(text)
        for cut in edit.cuts
        for use in cut.overlays
        if use.template in _LINES
        for text in use.fields.values()
    ]
    lines += [line.text for said in edit.spoken.values() for line in said]
    return tuple(
        f"a line of the edit says '{word}', which promises more than a seller can prove; leave it "
        "out"
        for line in lines
        if (word := forbidden(line)) and word not in sellers
    )


def masked(edit: Edit, mask: Mask) -> Edit:
    """The edit with the serial number masked in what its overlays and its captions say."""
    cuts = tuple(
        replace(
            cut,
            overlays=tuple(replace(use, fields=mask.value(use.fields)) for use in cut.overlays),
        )
        for cut in edit.cuts
    )
    spoken = {
        name: tuple(replace(line, text=mask.value(line.text)) for line in lines)
        for name, lines in edit.spoken.items()
    }
    return replace(edit, cuts=cuts, spoken=spoken)


def _lines(notes: Any) -> list[str]:
    """The texts among what an edit gives as notes; a person may have written anything there."""
    return [n for n in notes if isinstance(n, str)] if isinstance(notes, list | tuple) else []
