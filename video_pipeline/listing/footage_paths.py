"""Footage paths: from what a listing names to the files that are read.

A listing is the seller's own file, so it may point anywhere the seller can read: `../raw` and
absolute paths are fine. What it may not name is an address or a protocol (`http:`, `concat:`,
`pipe:`): a listing that someone was sent must not make this machine fetch or join anything. Where a
run allows footage from an object store, whoever calls brings what fetches it. Every
path handed on is absolute, so that nothing after this can mistake a file name for a protocol or an
option.
"""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import Final

from video_pipeline.errors import FootageError, ListingError
from video_pipeline.handwriting.pages import Loc, Mistake, dotted, read_page, refuse
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.listing.model import ListingFile, Seen

VIDEO_SUFFIXES: Final = frozenset(
    {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".3gp", ".mts"}
    | {".m2ts", ".ts", ".mpg", ".mpeg", ".mxf", ".wmv", ".flv", ".ogv"}
)
# Moving pictures among them are taken as such; what a file is shows when it is opened.
PHOTO_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".heic", ".heif", ".avif", ".webp", ".gif"}
)
MAX_FILES: Final = 200

# Two letters or more: a single one is a drive on Windows.
_PROTOCOL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_STORES = ("s3://", "gs://", "az://", "abfs://")  # that `render --allow-remote` can be given
_GLOB = re.compile(r"[*?\[]")


def resolve_footage(
    listing: ListingFile, fetched: Callable[[str], Path] | None = None
) -> tuple[Path, ...]:
    """The footage files of a listing, as absolute paths without duplicates.

    Entries keep the seller's order; the files of one folder or glob are sorted by name, numbers
    by value. A folder gives the videos directly in it, `folder/**` those below it too. Photos are
    taken where they are named, or by a glob that ends as they do (`photos/*.jpg`): a folder may
    hold pictures of anything. `fetched` gives the file here of an address, `s3://…`; without it
    there are none. Raises FootageError for an entry that gives no file (with the line and a near
    name), that is an address which may not be fetched, or that gives more than 200 files.
    """
    folder = Path(os.path.abspath(listing.folder))  # noqa: PTH100 - resolve() would follow links
    found: dict[Path, Path] = {}
    for index, entry in enumerate(listing.footage):
        try:
            for path in _files(entry, folder, fetched):
                found.setdefault(path.resolve(), path)
                if len(found) > MAX_FILES:
                    raise FootageError(
                        f"the listing names more than {MAX_FILES} footage files",
                        mend="name the files of this one item",
                    )
        except FootageError as error:
            raise FootageError(
                error.message, where=_where(listing, index), mend=error.mend
            ) from None
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise FootageError(
                f"the footage '{entry}' cannot be read: {reason}", where=_where(listing, index)
            ) from None
    return tuple(found.values())


def named_file(listing: ListingFile, loc: Loc, entry: str, *, folder: bool = False) -> Path:
    """A file, or a `folder`, that a listing names at `loc` beside its footage, as absolute path.

    The same may be named as among footage. Raises ListingError with the line and a near name when
    it is not there.
    """
    home = Path(os.path.abspath(listing.folder))  # noqa: PTH100 - resolve() would follow links
    what, path = ("folder" if folder else "file"), Path()
    if _PROTOCOL.match(entry) or "\0" in entry:
        message, mend = (
            f"'{dotted(loc)}' is an address or a protocol",
            f"name a {what} here",
        )
    else:
        path = Path(os.path.normpath(home / Path(entry).expanduser()))
        path = _existing(path) or path
        if path.is_dir() if folder else path.is_file():
            return path
        message = f"'{dotted(loc)}' is '{entry}'; there is no such {what}"
        mend = _near(path) or f"looked in {path.parent}"
    raise refused(listing, [(loc, message, mend)])


def footage_of(seen: Seen, footage: Sequence[Path]) -> Path | None:
    """The file in which something was seen: the one it names, or the only one there is."""
    if seen.file is None:
        return footage[0] if len(footage) == 1 else None
    wanted = _composed(Path(seen.file))
    named = [p for p in footage if _composed(p)[-len(wanted) :] == wanted]
    # Two files of one name are told apart by their folder: 'back/take.mp4'.
    return named[0] if len(named) == 1 else None


def _composed(path: Path) -> tuple[str, ...]:
    # Macs store 'é' as two characters; a listing has it as one.
    return tuple(unicodedata.normalize("NFC", part) for part in path.parts)


def check_seen(listing: ListingFile, footage: Sequence[Path]) -> None:
    """Check that every `seen` can be found: its file is among `footage`, and is named if need be.

    Raises ListingError with all mistakes. A flaw whose place is unclear would otherwise silently
    go unshown.
    """
    stated: list[tuple[Loc, Seen | None]] = [
        (("condition", "notes", i, "seen"), note.seen)
        for i, note in enumerate(listing.condition.notes)
    ]
    stated += [(("certificates", i, "seen"), c.seen) for i, c in enumerate(listing.certificates)]
    file_names = [p.name for p in footage]
    mistakes: list[tuple[Loc, str, str]] = []
    for loc, seen in stated:
        if seen is None or footage_of(seen, footage) is not None:
            continue
        if seen.file is not None:
            message = f"'{dotted(loc)}.file' is '{seen.file}'; no footage has that name"
            mend = did_you_mean(seen.file, file_names) or f"there are: {', '.join(file_names[:5])}"
            mistakes.append(((*loc, "file"), message, mend))
        elif seen.time is not None:
            message = f"'{dotted(loc)}' has a time but no file, and there are several"
            mistakes.append((loc, message, f"add 'file:', such as 'file: {file_names[0]}'"))
    if mistakes:
        raise refused(listing, mistakes)


def refused(listing: ListingFile, mistakes: Sequence[tuple[Loc, str, str]]) -> ListingError:
    """Mistakes with their lines, or with the place of the listing in its catalogue."""
    if listing.place:
        told = [Mistake(1, message, mend) for _, message, mend in mistakes]
        return refuse(listing.path, "listing", told, lambda _line: listing.place)
    page = read_page(listing.path)
    return refuse(
        listing.path, "listing", [Mistake(page.line(loc), m, mend) for loc, m, mend in mistakes]
    )


def _where(listing: ListingFile, index: int) -> str:
    """The entry's line, as far as the listing can still be read."""
    if listing.place:
        return listing.place
    try:
        line = read_page(listing.path).line(("footage", index))
    except ListingError:
        return str(listing.path)
    return f"{listing.path.name}:{line}"


def _files(entry: str, folder: Path, fetched: Callable[[str], Path] | None) -> list[Path]:
    if fetched is not None and "://" in entry:
        return [fetched(entry)]
    if _PROTOCOL.match(entry):
        raise FootageError(
            f"'{entry}' is an address or a protocol, not a file here",
            mend="download the footage first and name the file"
            + (
                f"; or, if you trust this listing, add: --allow-remote {entry.rpartition('/')[0]}"
                if entry.startswith(_STORES)
                else ""
            ),
        )
    path = Path(os.path.normpath(folder / Path(entry).expanduser()))
    if (same := _existing(path)) is not None:
        path = same
    if path.is_file():
        return [path]
    if path.is_dir():
        videos = _sorted(_videos(path.iterdir()))
        if not videos:
            below = any(True for _ in _videos(path.glob("*/*")))
            raise FootageError(
                f"the folder '{entry}' holds no video",
                mend=f"write '{entry.rstrip('/')}/**' to look in its folders too"
                if below
                else f"videos end in {', '.join(sorted(VIDEO_SUFFIXES))}",
            )
        return videos
    if path.exists():
        raise FootageError(f"'{entry}' is neither a file nor a folder", mend="name a video file")
    if _GLOB.search(entry):
        videos = _matching(entry, folder)
        if not videos:
            raise FootageError(
                f"no video matches '{entry}'", mend=_near(path) or f"look into {path.parent}"
            )
        return videos
    raise FootageError(
        f"there is no footage '{entry}'", mend=_near(path) or f"looked in {path.parent}"
    )


def _matching(entry: str, folder: Path) -> list[Path]:
    """The videos, or photos, that a glob names; its leading plain folders are taken literally."""
    parts = Path(entry).expanduser().parts
    plain = next(i for i, part in enumerate(parts) if _GLOB.search(part))
    start = Path(os.path.normpath(folder.joinpath(*parts[:plain])))
    # Up to Python 3.12 a final ** matches folders only.
    pattern = [*parts[plain:], *(["*"] if parts[-1] == "**" else [])]
    asked = Path(parts[-1]).suffix.lower()
    wanted = PHOTO_SUFFIXES & {asked} or VIDEO_SUFFIXES
    return _sorted(_of_kind(start.glob(str(Path(*pattern))), wanted))


def _existing(path: Path) -> Path | None:
    """The same name in the other Unicode form: files copied from a Mac write é as e and ´."""
    if path.exists() or path.name.isascii() or not path.parent.is_dir():
        return None
    wanted = unicodedata.normalize("NFC", path.name)
    return next(
        (p for p in path.parent.iterdir() if unicodedata.normalize("NFC", p.name) == wanted), None
    )


def _videos(paths: Iterable[Path]) -> Iterator[Path]:
    return _of_kind(paths, VIDEO_SUFFIXES)


def _of_kind(paths: Iterable[Path], suffixes: Set[str]) -> Iterator[Path]:
    """Files that end so, without the hidden ones (such as the `._` companions a Mac leaves)."""
    found = (
        p
        for p in paths
        if p.suffix.lower() in suffixes and not p.name.startswith(".") and p.is_file()
    )
    # One more than is allowed: enough to know, however large the tree is.
    return itertools.islice(found, MAX_FILES + 1)


def _sorted(paths: Iterable[Path]) -> list[Path]:
    """By name, with IMG_9 before IMG_10."""

    def key(path: Path) -> tuple[list[tuple[int, int, str]], str]:
        parts = re.split(r"([0-9]+)", str(path).casefold())
        return [(1, int(p), "") if p.isdecimal() else (0, 0, p) for p in parts], str(path)

    return sorted(paths, key=key)


def _near(path: Path) -> str:
    """A near name, in the nearest folder that exists."""
    around = path.parent
    while not around.is_dir():
        path, around = around, around.parent
    names = [p.name for p in around.iterdir() if not p.name.startswith(".")]
    return did_you_mean(path.name, names)
