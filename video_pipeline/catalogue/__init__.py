"""The catalogue: a folder of listing files, one entry each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from video_pipeline.errors import ListingError, Problem, UsageError
from video_pipeline.listing.model import ListingFile
from video_pipeline.listing.reading import read_listing
from video_pipeline.store import file_digest


@dataclass(frozen=True)
class Entry:
    """One listing: its folder's name in the output, where it stands, and its mistakes."""

    name: str
    sku: str
    place: str
    problems: tuple[Problem, ...]
    digest: str
    path: Path

    def listing(self) -> ListingFile:
        """The listing itself. Raises ListingError."""
        return read_listing(self.path)


@dataclass(frozen=True)
class Catalogue:
    """All entries, by the names of their files."""

    root: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()


def read_catalogue(path: Path, *, mapping: Path | None = None, outside: bool = False) -> Catalogue:
    """Read a folder of listing files. Raises UsageError for anything else."""
    if not path.is_dir() or mapping is not None or outside:
        raise UsageError(
            "a catalogue is a folder of listing files", where=str(path), mend="name the folder"
        )
    entries = []
    for file in sorted(path.glob("*.yaml")):
        problems: tuple[Problem, ...] = ()
        try:
            sku = read_listing(file).sku
        except ListingError as error:
            sku, problems = file.stem, error.problems
        entries.append(Entry(sku, sku, file.name, problems, file_digest(file), file))
    return Catalogue(path, tuple(entries))
