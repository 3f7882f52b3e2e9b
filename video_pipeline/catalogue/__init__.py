"""INTERIM until s15-catalogue is merged: a folder of listing files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from video_pipeline.errors import ListingError, Problem
from video_pipeline.listing.model import ListingFile
from video_pipeline.listing.reading import read_listing
from video_pipeline.store import file_digest


@dataclass(frozen=True)
class Entry:
    name: str
    sku: str
    place: str
    problems: tuple[Problem, ...]
    digest: str
    path: Path

    def listing(self) -> ListingFile:
        return read_listing(self.path)


@dataclass(frozen=True)
class Catalogue:
    root: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()


def read_catalogue(path: Path, *, mapping: Path | None = None, outside: bool = False) -> Catalogue:
    entries = []
    for file in sorted(path.glob("*.yaml")):
        try:
            sku, problems = read_listing(file).sku, ()
        except ListingError as error:
            sku, problems = file.stem, error.problems
        entries.append(Entry(sku, sku, file.name, problems, file_digest(file), file))
    return Catalogue(path, tuple(entries))
