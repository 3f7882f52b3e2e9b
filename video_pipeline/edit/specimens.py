"""Specimens: what each overlay would say of a listing, to look at overlays without planning a clip.

The words are those that planning would give them, so a look at the specimens is a look at clips.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from video_pipeline.edit import captions
from video_pipeline.edit.slots import cards
from video_pipeline.edit.story import Unsaid, story_line
from video_pipeline.listing.model import Listing
from video_pipeline.overlays.language import ENGLISH, Language
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.storyboards import Storyboard
from video_pipeline.trust.claims import Claim, Refusal

SPOKEN: Final = frozenset(
    ("hook", "title", "label", "story-line", "condition-note", "grade-card", "certification-badge",
     "certificate-state", "price", "price-drop", "measurements", "inclusions", "end-card")
)  # fmt: skip
"""The templates that say what a listing states; about all others a listing says nothing."""

_LABELS = ("hardware", "stitching")


@dataclass(frozen=True)
class Specimen:
    """A template with fields to show it with, under a name that is its own within the template."""

    template: str
    name: str
    fields: dict[str, Any]


def specimens(
    listing: Listing,
    scale: GradeScale,
    words: Language = ENGLISH,
    *,
    story: Storyboard | None = None,
    claims: Sequence[Claim] = (),
    refusals: Sequence[Refusal] = (),
) -> Iterator[Specimen]:
    """Everything that overlays may say of `listing`; nothing of what it does not state.

    `story` is the storyboard whose lines are told. A badge comes of a verified claim alone.
    """
    item, notes = listing.item, listing.condition.notes
    yield Specimen("hook", "hook", captions.hook(listing))
    yield Specimen("title", "title", captions.title(item, words))
    for part in _LABELS:
        yield Specimen("label", part, captions.label(part, words))
    for slot in story.slots if story else ():
        line = story_line(slot.text, listing, words) if slot.text else Unsaid("")
        if not isinstance(line, Unsaid):
            yield Specimen("story-line", slot.name, line)
    for number, note in enumerate(notes, 1):
        fields = captions.condition_note(note, number, len(notes))
        yield Specimen("condition-note", f"note-{number}", fields)
    not_filmed = [note for note in notes if note.seen is None]
    for number, card in enumerate(cards(not_filmed, words), 1):
        fields = captions.grade(listing, scale, card, words)
        yield Specimen("grade-card", f"card-{number}", fields)
    for number, claim in enumerate(claims, 1):
        fields = captions.with_logos(captions.badge(claim, item), [claim])
        del fields["claim"]  # it says which certificate it is, and is not drawn
        yield Specimen("certification-badge", f"claim-{number}", fields)
    for number, refusal in enumerate((r for r in refusals if r.wording), 1):
        yield Specimen("certificate-state", f"state-{number}", {"line": refusal.wording})
    if (price := captions.price(listing, words)) is not None:
        if "was_text" in price:
            yield Specimen("price-drop", "price-drop", price)
        yield Specimen("price", "price", {"amount_text": price["amount_text"]})
    if (sides := captions.measurements(item, words)) is not None:
        yield Specimen("measurements", "measurements", sides)
    if (with_it := captions.inclusions(listing)) is not None:
        yield Specimen("inclusions", "inclusions", with_it)
    yield Specimen("end-card", "end-card", captions.end_card(listing, scale, words))
