"""The one content-addressed cache: analysis tables, overlay clips, sound and encoded pieces.

A file in the store is named after the digest of everything that decided its content, so it never
goes stale and two runs may share it. Files are written under a private name and renamed when they
are complete: a file that can be seen is whole.

Emptying the store removes its own folders alone, and only from a folder that it has marked as a
cache (https://bford.info/cachedir/): a person may have named any folder of theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, get_args

from platformdirs import user_cache_path

from video_pipeline.errors import RenderError, UsageError
from video_pipeline.interruption import whole
from video_pipeline.toolchain import disk_error

CACHE_VARIABLE = "VIDEO_PIPELINE_CACHE"
MARK = "CACHEDIR.TAG"

Kind = Literal["analysis", "overlays", "pieces", "sound", "sources", "doctor", "status"]
"""What the store keeps; each kind has a folder of its own."""

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


class Store:
    """A folder of finished files, keyed by kind and digest."""

    def __init__(self, folder: Path | None = None) -> None:
        named = os.environ.get(CACHE_VARIABLE)
        chosen = folder or (Path(named) if named else user_cache_path("video-pipeline"))
        # Absolute, so that ffmpeg cannot take a folder's name for an option or a protocol.
        self.folder = chosen.absolute()

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

        Raises RenderError when the disk is full or the folder cannot be written.
        """
        final = self.path(kind, key, suffix)
        if final.is_file():
            return final
        part: Path | None = None
        try:
            self.begin()
            final.parent.mkdir(exist_ok=True)
            try:
                with whole():
                    handle, name = tempfile.mkstemp(
                        dir=final.parent, prefix=".part-", suffix=suffix
                    )
                    part = Path(name)
                    os.close(handle)
                write(part)
                part.replace(final)
            finally:
                if part is not None:
                    with suppress(FileNotFoundError):
                        part.unlink()
        except OSError as error:
            plain = disk_error(error, str(self.folder), "--cache")
            if plain is None:
                raise
            raise plain from error
        return final

    def drop(self, file: Path) -> None:
        """Forget one file that turned out to be damaged; the next run makes it again."""
        if file.is_relative_to(self.folder):
            file.unlink(missing_ok=True)

    def size_bytes(self) -> int:
        """How much the store holds."""
        return sum(
            f.stat().st_size for kind in self._kinds() for f in kind.rglob("*") if f.is_file()
        )

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
        for kind in kinds:
            try:
                shutil.rmtree(kind)
            except OSError as error:
                raise disk_error(error, str(kind), "--cache") or RenderError(
                    f"the cache cannot be emptied: {error.strerror or error}",
                    where=str(kind),
                    mend="end other runs of video-pipeline, and try again",
                ) from error

    def _kinds(self) -> list[Path]:
        """The folders of the kinds that are there; a link is none of ours."""
        folders = [self.folder / kind for kind in get_args(Kind)]
        return [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]

    def _is_marked(self) -> bool:
        try:
            return (self.folder / MARK).read_bytes() == _MARK_TEXT.encode()
        except OSError:
            return False
