"""The one content-addressed cache: analysis tables, overlay clips, sound and encoded pieces.

A file in the store is named after the digest of everything that decided its content, so it never
goes stale and two runs may share it. Files are written under a private name and renamed when they
are complete: a file that can be seen is whole.
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
from typing import Any

from platformdirs import user_cache_path

from video_pipeline.interruption import whole
from video_pipeline.toolchain import disk_error

CACHE_VARIABLE = "VIDEO_PIPELINE_CACHE"


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
        self.folder = folder or (Path(named) if named else user_cache_path("video-pipeline"))

    def path(self, kind: str, key: str, suffix: str) -> Path:
        """Where the file of that kind and key stands, whether or not it is there yet."""
        return self.folder / kind / f"{key}{suffix}"

    def make(self, kind: str, key: str, suffix: str, write: Callable[[Path], None]) -> Path:
        """The finished file; `write` is called with a private path only when it is not there yet.

        Raises RenderError when the disk is full or the folder cannot be written.
        """
        final = self.path(kind, key, suffix)
        if final.is_file():
            return final
        part: Path | None = None
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
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

    def size_bytes(self) -> int:
        """How much the store holds."""
        return sum(f.stat().st_size for f in self.folder.rglob("*") if f.is_file())

    def clear(self) -> None:
        """Forget everything; the next run makes it again."""
        shutil.rmtree(self.folder, ignore_errors=True)
