"""The brief: what an edit is made from, as far as its words may stand in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from video_pipeline.edit.burned_in import KeptOut, burnable
from video_pipeline.edit.following import Follow
from video_pipeline.edit.music import Score
from video_pipeline.edit.wishes import Wishes
from video_pipeline.listing.model import ListingFile
from video_pipeline.listing.subtitles import Line
from video_pipeline.overlays.language import ENGLISH, Language
from video_pipeline.overlays.theme import ATELIER
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.storyboards import Storyboard
from video_pipeline.trust.claims import Claim, Refusal


@dataclass(frozen=True)
class Brief:
    """Everything an edit is made from, besides the footage.

    What the placement keeps out of the picture is taken from the listing by `burnable`, and then
    stands in `kept_out`.
    """

    listing: ListingFile
    storyboard: Storyboard
    placement: Placement
    scale: GradeScale
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    words: Language = ENGLISH  # what is not the seller's own is said in it
    wishes: Wishes = field(default_factory=Wishes)
    theme: str = ATELIER  # the look of overlays, which decides how large they are
    follow: Follow | None = None  # without it no flaw is ringed
    as_filmed: bool = False  # no cut's light is matched to that of the others
    score: Score | None = None  # the music, where there is any
    spoken: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)  # by the source's name
    kept_out: tuple[KeptOut, ...] = ()

    def why_out(self, *places: str) -> str:
        """Why something of the listing is kept out of the picture; empty when none of it is."""
        return next((kept.why for kept in self.kept_out if kept.place in places), "")

    @property
    def burnable(self) -> Brief:
        """The same with a listing that says nothing that may not stand in the picture."""
        listing, kept_out = burnable(self.listing, self.placement)
        return replace(self, listing=listing, kept_out=(*self.kept_out, *kept_out))

    @property
    def unburned(self) -> Iterator[str]:
        """What is to be said of the seller's own words that were kept out of the picture."""
        for kept in self.kept_out:
            if kept.place != "price":
                yield f"{kept.place} stays out of the picture: {kept.why}; the post's text has it"
