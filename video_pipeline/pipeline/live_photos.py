"""Live Photos: what a phone keeps as a photo and a short film beside it is one thing, used once.

An iPhone writes both under one name, `IMG_0012.HEIC` and `IMG_0012.MOV`. Used as two files, the
same moment would fill two slots of a clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from video_pipeline.footage.probe import probe
from video_pipeline.listing.footage_paths import footage_of
from video_pipeline.listing.model import Blur, Listing, NamedCertificate, Note, Seen

_PHOTOS: Final = frozenset({".heic", ".heif", ".jpg", ".jpeg"})
_FILMS: Final = frozenset({".mov", ".mp4"})
# A phone films a second and a half before and after; a longer film is one of its own.
_MOST_S: Final = Fraction(6)


def used_once(listing: Listing, paths: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """The footage with one half of each Live Photo, and what is to be said of that.

    The film is used, since it moves, unless the listing points into the photo alone; where it
    points into both, both are kept. Raises FootageError where a film cannot be read.
    """
    pointed = {footage_of(seen, paths) for seen in _pointing(listing) if seen.file is not None}
    dropped: set[Path] = set()
    told = []
    for photo, film in _pairs(paths):
        if probe(film).duration > _MOST_S or {photo, film} <= pointed:
            continue
        used, other = (photo, film) if photo in pointed else (film, photo)
        dropped.add(other)
        kinds = ("photo", "film") if used == photo else ("film", "photo")
        told.append(
            f"the files {photo.name} and {film.name} are one Live Photo: the {kinds[0]} is used "
            f"and the {kinds[1]} is not; to have it otherwise, name only the one you want"
        )
    return tuple(path for path in paths if path not in dropped), tuple(told)


def _pairs(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """A photo and a film of one name in one folder."""
    films = {_name(path): path for path in paths if path.suffix.lower() in _FILMS}
    for path in paths:
        if path.suffix.lower() in _PHOTOS and (film := films.get(_name(path))) is not None:
            yield path, film


def _name(path: Path) -> tuple[Path, str]:
    return path.parent, path.stem.casefold()


def _pointing(listing: Listing) -> Iterator[Seen]:
    notes: tuple[Note | NamedCertificate | Blur, ...] = listing.condition.notes
    for entry in notes + listing.certificates + listing.blur:
        if entry.seen is not None:
            yield entry.seen
