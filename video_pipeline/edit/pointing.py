"""Pointing: where in the footage the seller says that something is to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from video_pipeline.errors import ListingError, Problem
from video_pipeline.footage.model import Footage
from video_pipeline.listing.footage_paths import footage_of
from video_pipeline.listing.model import ListingFile, Seen


@dataclass(frozen=True)
class Place:
    """A source by its name, and the time in it; None for a file that shows nothing else."""

    source: str
    at: Fraction | None


def located(listing: ListingFile, footage: Mapping[str, Footage]) -> dict[int, Place]:
    """The place of each condition note that has one, by the note's number.

    Raises ListingError with every note that points at a time that is not there.
    """
    places: dict[int, Place] = {}
    problems: list[Problem] = []
    for index, note in enumerate(listing.condition.notes):
        try:
            place = place_of(note.seen, footage, f"{listing.path.name}: condition.notes.{index}")
        except ListingError as error:
            problems.extend(error.problems)
            continue
        if place is not None:
            places[index] = place
    if problems:
        raise ListingError(
            "some notes point at footage that is not there",
            where=listing.path.name,
            problems=problems,
        )
    return places


def place_of(seen: Seen | None, footage: Mapping[str, Footage], where: str) -> Place | None:
    """The place that a 'seen' entry means, or None when it does not say one.

    Raises ListingError when there is no such file or time; `where` names the entry.
    """
    if seen is None or (seen.time is None and seen.file is None):
        return None
    paths = {item.path: name for name, item in footage.items()}
    path = footage_of(seen, list(paths))
    if path is None:
        message = f"means the file '{seen.file}'" if seen.file else "does not say which file"
        raise _pointing(where, message, f"add file: one of {', '.join(footage)}")
    name, at = paths[path], seen.seconds
    if at is not None and at >= footage[name].duration:
        raise _pointing(
            where,
            f"points at {float(at):g} s, but {name} ends at {footage[name].duration_s:.1f} s",
            "give a time inside the file",
        )
    return Place(name, at)


def _pointing(where: str, message: str, mend: str) -> ListingError:
    return ListingError(message, where=where, problems=(Problem(where, message, mend),))
