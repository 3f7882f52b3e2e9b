"""Pointing: where in the footage the seller says that something is to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from video_pipeline.edit.moments import Reel
from video_pipeline.errors import ListingError, Problem
from video_pipeline.listing.model import ListingFile, Seen


def located(listing: ListingFile, reels: Sequence[Reel]) -> dict[int, tuple[str, Fraction]]:
    """For each note that says when it is seen: its source and time. Reports all that don't fit."""
    places: dict[int, tuple[str, Fraction]] = {}
    problems: list[Problem] = []
    for index, note in enumerate(listing.condition.notes):
        if note.seen is None or note.seen.time is None:
            continue
        try:
            places[index] = place_of(note.seen, reels, listing, f"condition.notes.{index}.seen")
        except ListingError as error:
            problems.extend(error.problems)
    if problems:
        raise ListingError(
            "some notes point at footage that is not there",
            where=listing.path.name,
            problems=problems,
        )
    return places


def place_of(
    seen: Seen, reels: Sequence[Reel], listing: ListingFile, key: str
) -> tuple[str, Fraction]:
    """The source and time that a 'seen' entry means; `key` names it in the listing.

    Raises ListingError when there is no such file or time.
    """
    where = f"{listing.path.name}: {key}"
    names = [reel.name for reel in reels]
    if seen.file is None and len(reels) > 1:
        raise _pointing(
            where, "does not say which file it means", f"add file: one of {', '.join(names)}"
        )
    matches = [r for r in reels if seen.file is None or r.name == seen.file]
    matches = matches or [r for r in reels if r.analysis.footage.path.name == seen.file]
    if not matches:
        raise _pointing(where, f"names the file '{seen.file}'", f"use one of {', '.join(names)}")
    at = seen.seconds or Fraction(0)
    if at >= matches[0].end:
        raise _pointing(
            where,
            f"points at {float(at):.1f} s, but {matches[0].name} ends at "
            f"{float(matches[0].end):.1f} s",
            "give a time inside the file",
        )
    return matches[0].name, at


def _pointing(where: str, message: str, mend: str) -> ListingError:
    return ListingError(message, where=where, problems=(Problem(where, message, mend),))
