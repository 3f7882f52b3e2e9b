"""Veiling: the boxes that a listing wants masked, as part of the footage that all is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from video_pipeline.analysis.model import Analysis
from video_pipeline.analysis.veiling import veil
from video_pipeline.edit.model import Edit
from video_pipeline.edit.pointing import place_of
from video_pipeline.edit.wishes import Ban
from video_pipeline.errors import ListingError, Problem
from video_pipeline.footage.model import Footage
from video_pipeline.listing.model import ListingFile
from video_pipeline.store import Store


def veiled(
    listing: ListingFile, footage: Mapping[str, Footage], store: Store, wanted: Sequence[str] = ()
) -> dict[str, Footage]:
    """The footage with everything masked that the listing states under `blur`.

    Raises ListingError when something `wanted` has no box there, or a box is in no footage.
    """
    name = listing.path.name
    for what in wanted:
        if what not in {entry.what for entry in listing.blur}:
            message = f"nothing is stated to be masked as '{what}'"
            mend = f"add under blur: what: {what}, and seen: with time and box"
            raise ListingError(message, where=name, problems=[Problem(name, message, mend)])
    masked = {source: replace(item, veils=()) for source, item in footage.items()}
    for number, entry in enumerate(listing.blur):
        where = f"{name}: blur.{number}"
        place = place_of(entry.seen, masked, where)
        box = entry.seen.region
        if place is None or place.at is None or box is None:
            raise ListingError("what is to be masked is not pointed at", where=where)
        item = masked[place.source]
        one = veil(item, entry.what, box, place.at, store)
        masked[place.source] = replace(item, veils=(*item.veils, one))
    return masked


def shut(footage: Mapping[str, Footage]) -> tuple[Ban, ...]:
    """The stretches that may not be shown, since nobody knows where what is masked is in them."""
    return tuple(
        Ban(source, start, end)
        for source, item in footage.items()
        for one in item.veils
        for start, end in one.shut
        if start < item.duration
    )


def check_covered(edits: Iterable[Edit], footage: Mapping[str, Footage]) -> None:
    """Raise ListingError for a cut that runs into where a mask has lost what it covers."""
    bans = shut(footage)
    for edit in edits:
        for number, cut in enumerate(edit.cuts, start=1):
            end = cut.start + (cut.frames - cut.hold) / edit.rate
            for ban in bans:
                until = footage[cut.source].duration if ban.end is None else ban.end
                if ban.source == cut.source and ban.start < end and cut.start < until:
                    message = (
                        f"cut {number} shows {cut.source} at {float(max(ban.start, cut.start)):.1f}"
                        " s, where what is to be masked is out of sight of the mask"
                    )
                    mend = "end the cut before that, or state another box there under blur:"
                    raise ListingError(
                        message, where=edit.listing, problems=[Problem(cut.slot, message, mend)]
                    )


def open_looks(
    analyses: Mapping[str, Analysis], footage: Mapping[str, Footage]
) -> dict[str, Analysis]:
    """The analyses without the moments at which the whole picture is covered."""
    bans = shut(footage)
    return {
        name: replace(
            table,
            moments=tuple(
                moment
                for moment in table.moments
                if not any(ban.holds(name, moment.t) for ban in bans)
            ),
        )
        for name, table in analyses.items()
    }
