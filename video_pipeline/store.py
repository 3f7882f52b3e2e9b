"""The one content-addressed cache: analysis tables, overlay clips, sound, encoded pieces and more.

A file in the store is named after the digest of everything that decided its content, so it never
goes stale and any number of runs may share it: what one is making, the others wait for. Files are
written under a private name and renamed when they are complete: a file that can be seen is whole.
The digest of its bytes is kept beside, and held against it when it is used: what a disk has spoilt
since is made again.

The store has a limit. What was not used for the longest time goes first, and never what a running
process uses. Emptying it removes its own folders alone, and only from a folder that it has marked
as a cache (https://bford.info/cachedir/): a person may have named any folder of theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, get_args

from platformdirs import user_cache_path

from video_pipeline.errors import RenderError, UsageError
from video_pipeline.interruption import whole
from video_pipeline.occupancy import USERS, Occupancy, making
from video_pipeline.toolchain import disk_error

CACHE_VARIABLE = "VIDEO_PIPELINE_CACHE"
LIMIT_VARIABLE = "VIDEO_PIPELINE_CACHE_LIMIT"
USUAL_LIMIT: Final = "10GB"
MARK = "CACHEDIR.TAG"

Kind = Literal[
    "analysis", "overlays", "pieces", "played", "sound", "sources", "stills", "doctor", "status"
]
"""What the store keeps; each kind has a folder of its own."""

_SUMS: Final = "sums"  # under it the digest of every file, where the file stands under the cache
# A piece takes minutes at the most; whoever has waited longer makes its own.
_WAIT_S: Final = 900.0
# After so much new content the store looks at its size again.
_LOOK_AGAIN: Final = 0.05
_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
# Lists of certificates' states are small, and without a network they cannot be had again.
_STAYING: Final = frozenset({"status"})

_MARK_TEXT: Final = """\
Signature: 8a477f597d28d172789f06886806bc55
# This folder is the cache of video-pipeline; backups may leave it out.
# `video-pipeline doctor --clear-cache` empties it.
"""


def digest_of(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """SHA-256 of a JSON-like value, written in one canonical way; 64 hex digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes; 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bytes_of(text: str) -> int | None:
    """A cache limit as a person writes it: '500MB', '2.5 GB', or 'none' for no limit.

    `k`, `M`, `G` and `T` count in thousands. Raises UsageError.
    """
    if text.strip().lower() == "none":
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if not found:
        raise UsageError(
            f"'{text}' is no size that a cache can be limited to",
            where=f"--cache-limit or {LIMIT_VARIABLE}",
            mend="write it like 500MB or 20GB, or none for no limit",
        )
    return int(float(found[1]) * _UNITS[found[2]])


class Store:
    """A folder of finished files, keyed by kind and digest.

    `limit` is how large it may grow, as `bytes_of` reads it; None: as the variable
    VIDEO_PIPELINE_CACHE_LIMIT says, or 10 GB. Raises UsageError for a limit that says nothing.
    """

    def __init__(self, folder: Path | None = None, limit: str | None = None) -> None:
        named = os.environ.get(CACHE_VARIABLE)
        chosen = folder or (Path(named) if named else user_cache_path("video-pipeline"))
        # Absolute, so that ffmpeg cannot take a folder's name for an option or a protocol.
        self.folder = chosen.absolute()
        self.limit = bytes_of(limit or os.environ.get(LIMIT_VARIABLE) or USUAL_LIMIT)
        self._users = Occupancy(self.folder)
        self._seen_whole: dict[Path, tuple[int, int]] = {}
        self._grown: int | None = None

    def begin(self) -> None:
        """Make the folder; one that was not there, or was empty, is marked as a cache of ours.

        Raises OSError when it cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not any(self.folder.iterdir()):
            (self.folder / MARK).write_text(_MARK_TEXT, encoding="utf-8")

    def path(self, kind: Kind, key: str, suffix: str) -> Path:
        """Where the file of that kind and key stands, whether or not it is there yet."""
        return self.folder / kind / f"{key}{suffix}"

    def make(self, kind: Kind, key: str, suffix: str, write: Callable[[Path], None]) -> Path:
        """The finished file; `write` is called with a private path only when it is not there yet.

        While another process or thread makes the same file, it is waited for. A file that is not
        as it was written is made again. Raises RenderError when the disk is full or the folder
        cannot be written.
        """
        final = self.path(kind, key, suffix)
        if self.holds(final):
            return final
        try:
            self.begin()
            final.parent.mkdir(exist_ok=True)
            (self.folder / USERS).mkdir(exist_ok=True)
            with making(self.folder / USERS / f"{kind}-{final.name}.lock", _WAIT_S):
                if not self.holds(final):
                    self._write(final, suffix, write)
                    self._tidy_after(final.stat().st_size)
        except OSError as error:
            plain = disk_error(error, str(self.folder), "--cache")
            if plain is None:
                raise
            raise plain from error
        return final

    def holds(self, file: Path) -> bool:
        """Whether a file of the store is there as it was written; from then on it is in use.

        Its bytes are read once a run: 1 to 2 GB a second, which is nothing beside making them.
        """
        if not file.is_file():
            return False
        with self._users.using(self._entry(file)):
            try:
                state = file.stat()
                now = state.st_size, state.st_mtime_ns
                if self._seen_whole.get(file) != now:
                    if self._sum(file).read_text(encoding="utf-8") != file_digest(file):
                        return False
                    self._seen_whole[file] = now
                with suppress(OSError):  # when it was last used; a cache may be read alone
                    os.utime(self._sum(file))
            except (OSError, UnicodeDecodeError):
                return False
        return True

    def keep(self, part: Path, file: Path) -> None:
        """Put a finished file into its place in the store, and its digest beside it."""
        kept = self._sum(file)
        kept.parent.mkdir(parents=True, exist_ok=True)
        noted = part.with_name(f"{part.name}.sum")
        try:
            noted.write_text(file_digest(part), encoding="utf-8")
            with self._users.using(self._entry(file)):
                # In this order: a file that can be seen has its digest.
                noted.replace(kept)
                part.replace(file)
        finally:
            noted.unlink(missing_ok=True)

    def drop(self, file: Path) -> None:
        """Forget one file that turned out to be damaged; the next run makes it again."""
        if file.is_relative_to(self.folder):
            file.unlink(missing_ok=True)
            self._sum(file).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what killed runs left, and what is above the limit, least lately used first.

        Nothing that a running process uses or writes goes, even if the store stays too large.
        """
        with self._users.clearing() as used:
            if used is None:
                return
            kept: list[tuple[float, int, Path]] = []
            now = time.time()
            for file in self._files():
                with suppress(OSError):
                    if file.name.startswith(".part-"):
                        if self._users.is_left(file):
                            file.unlink()
                    elif self._entry(file).partition("/")[0] not in _STAYING:
                        state = file.stat()
                        # A clock that was set back has left times to come: they are no later use.
                        kept.append((min(self._used_at(file, state), now), state.st_size, file))
            over = sum(size for _, size, _ in kept) - (self.limit or 0)
            for _, size, file in sorted(kept) if self.limit is not None else ():
                if over <= 0:
                    break
                if self._entry(file) not in used:
                    self.drop(file)
                    over -= size

    def size_bytes(self) -> int:
        """How much the store holds."""
        size = 0
        for file in self._files():
            with suppress(FileNotFoundError):  # another run may just have cleared it away
                size += file.stat().st_size
        return size

    def clear(self) -> None:
        """Forget everything; the next run makes it again.

        Raises UsageError for a folder that the store has not marked as its own, RenderError when
        something in it cannot be removed.
        """
        kinds = self._kinds()
        if not kinds:
            return
        if not self._is_marked():
            raise UsageError(
                "this folder was not made as a cache by video-pipeline; nothing in it is removed",
                where=str(self.folder),
                mend="check the name; if it is the cache, remove from it by hand: "
                + ", ".join(kind.name for kind in kinds),
            )
        self._seen_whole.clear()
        for kind in [*kinds, *self._folders((_SUMS,))]:
            try:
                shutil.rmtree(kind)
            except OSError as error:
                raise disk_error(error, str(kind), "--cache") or RenderError(
                    f"the cache cannot be emptied: {error.strerror or error}",
                    where=str(kind),
                    mend="end other runs of video-pipeline, and try again",
                ) from error

    def _write(self, final: Path, suffix: str, write: Callable[[Path], None]) -> None:
        part: Path | None = None
        try:
            with whole():
                handle, name = tempfile.mkstemp(
                    dir=final.parent, prefix=self._users.part_prefix, suffix=suffix
                )
                part = Path(name)
                os.close(handle)
            write(part)
            self.keep(part, final)
        finally:
            if part is not None:
                with suppress(FileNotFoundError):
                    part.unlink()

    def _tidy_after(self, written: int) -> None:
        """Tidy before the first new file of a run is used, and after every so many bytes."""
        if self._grown is None or self._grown > _LOOK_AGAIN * (self.limit or float("inf")):
            self._grown = 0
            self.tidy()
        self._grown += written

    def _entry(self, file: Path) -> str:
        """What belongs together is used together: kind and key, without endings."""
        kind, _, name = file.relative_to(self.folder).as_posix().partition("/")
        return f"{kind}/{re.split('[.-]', name)[0]}"

    def _sum(self, file: Path) -> Path:
        return self.folder / _SUMS / file.relative_to(self.folder)

    def _used_at(self, file: Path, state: os.stat_result) -> float:
        with suppress(OSError):
            return self._sum(file).stat().st_mtime
        return state.st_mtime

    def _files(self) -> Iterator[Path]:
        for kind in self._kinds():
            for file in kind.rglob("*"):
                if file.is_file() and not file.is_symlink():
                    yield file

    def _kinds(self) -> list[Path]:
        """The folders of the kinds that are there; a link is none of ours."""
        return self._folders(get_args(Kind))

    def _folders(self, names: Sequence[str]) -> list[Path]:
        folders = [self.folder / name for name in names]
        return [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]

    def _is_marked(self) -> bool:
        try:
            return (self.folder / MARK).read_bytes() == _MARK_TEXT.encode()
        except OSError:
            return False
