"""Catalogues: what a batch would meet, found out before any pixel is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from video_pipeline.catalogue.model import Catalogue, Entry
from video_pipeline.catalogue.reading import read_catalogue
from video_pipeline.errors import PipelineError, Problem
from video_pipeline.listing.footage_paths import check_seen, named_file, resolve_footage
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.overlays.theme import ATELIER, theme_names


@dataclass(frozen=True)
class DryRun:
    """A catalogue held against its files: how many rows are ready, and every mistake."""

    catalogue: Catalogue
    ready: int
    broken: int
    problems: tuple[Problem, ...]


def dry_run(
    path: Path,
    *,
    mapping: Path | None = None,
    outside: bool = False,
    presets: Path | None = None,
    overlays: Path | None = None,
    theme: str | None = None,
) -> DryRun:
    """Everything that can be known of a catalogue without opening a file that it names.

    Rows are checked as `read_catalogue` does, their words against the fonts of the `theme`, and
    each file they name is looked for. Raises ListingError when the catalogue cannot be read at all.
    """
    catalogue = read_catalogue(path, mapping=mapping, outside=outside, presets=presets)
    found = [_problems(entry, overlays, theme) for entry in catalogue.entries]
    of_rows = sum(len(entry.problems) for entry in catalogue.entries)
    own = catalogue.problems[: len(catalogue.problems) - of_rows]
    broken = sum(map(bool, found))
    return DryRun(
        catalogue, len(found) - broken, broken, (*own, *(p for told in found for p in told))
    )


def _problems(entry: Entry, overlays: Path | None, theme: str | None) -> tuple[Problem, ...]:
    if entry.problems:
        return entry.problems
    try:
        listing = entry.listing(
            lambda text, named: unwritable(text, overlays, theme or named or ATELIER),
            theme_names(overlays),
        )
        check_seen(listing, resolve_footage(listing))
        for number, certificate in enumerate(listing.certificates):
            if certificate.file is not None:
                named_file(listing, ("certificates", number, "file"), certificate.file)
        if listing.audio.music is not None:
            named_file(listing, ("audio", "music"), listing.audio.music)
        for name, file in listing.audio.captions.items():
            named_file(listing, ("audio", "captions", name), file)
    except PipelineError as error:
        return error.problems or (Problem(error.where or entry.place, error.message, error.mend),)
    return ()
