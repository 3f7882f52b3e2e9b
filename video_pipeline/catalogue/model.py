"""Entries: what a catalogue states of one piece, as plain data until the listing is asked for.

A row is kept as one text, so that thousands of them weigh little and go to another process as they
are. An entry with mistakes costs itself alone: it is there, says what is wrong, and gives no
listing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from video_pipeline.errors import FootageError, ListingError, Problem
from video_pipeline.handwriting.pages import Loc, Mistake, Page, dotted
from video_pipeline.listing.footage_paths import resolve_footage
from video_pipeline.listing.model import ListingFile
from video_pipeline.listing.reading import listing_of

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of a catalogue; it can be pickled.

    `name` is what its files and folders are called: the SKU made safe, no two alike in a catalogue.
    A row whose SKU gives no name of its own has one that begins with '~', and `problems`. `place`
    says where it stands, for a person. `digest` is of everything that is stated, in hexadecimal,
    wherever the row stands. `path` is the file it was read from, `root` the folder that its paths
    must not leave; None: they may.
    """

    name: str
    sku: str
    place: str
    digest: str
    path: Path
    root: Path | None
    stated: str
    columns: tuple[tuple[Loc, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    presets: Path | None = None

    def listing(
        self,
        writable: Callable[[str, str | None], Iterable[str]] | None = None,
        themes: Sequence[str] | None = None,
    ) -> ListingFile:
        """The listing that this entry states, as one read from a file of its own.

        `writable` and `themes` check its words and its look, see `read_listing`. Raises
        ListingError with every mistake; also when footage that a folder or a glob gives, or a link,
        stands outside the catalogue's folder.
        """
        if self.problems:
            raise self._refused(self.problems)
        found = self.checked(writable, themes)
        if self.root is not None:
            try:
                files = resolve_footage(found)
            except FootageError:
                return found  # told by whoever opens the footage, as for any other listing
            for file in files:
                if not file.resolve().is_relative_to(self.root):
                    problem = Problem(self._where(("footage",)), f"{file.name} {_OUTSIDE}", _MEND)
                    raise self._refused([problem])
        return found

    def checked(
        self,
        writable: Callable[[str, str | None], Iterable[str]] | None = None,
        themes: Sequence[str] | None = None,
    ) -> ListingFile:
        """The listing, its words checked and no file looked at. Raises ListingError."""
        value = json.loads(self.stated)
        columns = dict(self.columns)
        order = {loc: number for number, loc in enumerate(columns, start=2)}
        told = {number: columns[loc] for loc, number in order.items()}

        def place(number: int) -> str:
            return self._told(told.get(number, ""))

        further = [
            Mistake(order.get(_known(loc, order), 1), f"'{dotted(loc)}' {why}", mend)
            for loc, why, mend in leaving(value, self.root, self.path.parent)
        ]
        page = Page(self.path, value, {(): 1, **order}, (), place)
        found = listing_of(page, self.presets, writable, themes=themes, further=further)
        # A listing file has lines of its own to tell; a row's place is all there is.
        return found.model_copy(update={"place": self.place}) if self.columns else found

    def _where(self, loc: Loc) -> str:
        columns = dict(self.columns)
        return self._told(columns.get(_known(loc, columns), ""))

    def _told(self, column: str) -> str:
        return f"{self.place}, column '{column}'" if column else self.place

    def _refused(self, problems: Iterable[Problem]) -> ListingError:
        return ListingError(
            f"{self.place} has mistakes", where=str(self.path), problems=tuple(problems)
        )


@dataclass(frozen=True)
class Catalogue:
    """What was read: every entry in the catalogue's order, and every mistake with its place.

    `root` is the folder that paths start from. `problems` are those of the catalogue itself and of
    all entries.
    """

    path: Path
    root: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()

    @classmethod
    def read(
        cls, path: Path | str, *, mapping: Path | str | None = None, outside: bool = False
    ) -> Catalogue:
        """Read a catalogue, see `catalogue.reading.read_catalogue`. Raises ListingError."""
        from video_pipeline.catalogue.reading import read_catalogue  # noqa: PLC0415 - it makes these

        return read_catalogue(
            Path(path), mapping=Path(mapping) if mapping else None, outside=outside
        )

    @property
    def ready(self) -> tuple[Entry, ...]:
        """The entries without a mistake."""
        return tuple(entry for entry in self.entries if not entry.problems)


def digest_of(stated: str) -> str:
    """The digest of what an entry states."""
    return hashlib.sha256(stated.encode()).hexdigest()


def written(value: Any) -> str:
    """A page's value as one text, the same for the same value."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


_OUTSIDE = "leaves the catalogue's folder"
_MEND = "move the file below the catalogue's folder, or allow it with --allow-outside"


def leaving(value: Any, root: Path | None, home: Path) -> Iterator[tuple[Loc, str, str]]:
    """The paths of a page that leave `root`, `home` being where they start: where, why, mend."""
    if root is None:
        return
    for loc, path in _paths(value):
        if _leaves(path, root, home):
            yield loc, f"is '{path}', which {_OUTSIDE}", _MEND


def _leaves(path: str, root: Path, home: Path) -> bool:
    windows = PureWindowsPath(path)
    if path.startswith(("/", "~", "\\")) or windows.drive or ".." in windows.parts:
        return True
    parts = Path(path).parts
    plain = [part for part in parts if not _GLOB & set(part)] if _GLOB & set(path) else parts
    try:
        real = Path(os.path.realpath(home.joinpath(*plain)))
    except (OSError, ValueError):
        return False  # no such file can be; it is told when it is looked for
    return not real.is_relative_to(root)


def _paths(value: Any) -> Iterator[tuple[Loc, str]]:
    """Everything in a page that names a file or a folder."""
    if not isinstance(value, dict):
        return
    audio = value.get("audio")
    audio = audio if isinstance(audio, dict) else {}
    captions = audio.get("captions")
    certificates = value.get("certificates")
    found: list[tuple[Loc, object]] = [
        *((("footage", i), entry) for i, entry in _entries(value.get("footage"))),
        *(
            (("certificates", i, "file"), entry.get("file"))
            for i, entry in _entries(certificates)
            if isinstance(entry, dict)
        ),
        (("audio", "music"), audio.get("music")),
        (("audio", "speech"), audio.get("speech")),
        *(
            (("audio", "captions", name), file)
            for name, file in (captions.items() if isinstance(captions, dict) else ())
        ),
    ]
    yield from ((loc, path) for loc, path in found if isinstance(path, str))


def _entries(value: object) -> Iterable[tuple[int, Any]]:
    return enumerate(value if isinstance(value, list) else ())


def _known(loc: Loc, known: Any) -> Loc:
    while loc and loc not in known:
        loc = loc[:-1]
    return loc
