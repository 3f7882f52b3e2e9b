"""The shared store: what one machine has made, the others take, by way of an object store.

It is the store as ever, on this machine's disk, with a second level behind: what is not here is
looked for there, and what had to be made is put there for the others. An object is one line with
the digest of what follows, and the content: what does not agree with its line is made again and
replaced. The cache only saves work, so a level that does not answer costs a warning and no clip;
one that says no to us is a mistake that a person mends, and is told.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from video_pipeline.storage.addresses import Address, address_of
from video_pipeline.storage.objects import MissingError, Objects, Patience, UnreachableError
from video_pipeline.store import Kind, Store, digest_of, file_digest

SHARED: Final[frozenset[Kind]] = frozenset({"analysis", "pieces", "sound"})
"""What takes long to make and is small; words are drawn anew."""

_FORM: Final = b"video-pipeline 1 sha256 "
_LINE: Final = len(_FORM) + 64 + 1
_REST_S: Final = 60.0  # after a failure nobody is asked for so long, so that not every piece waits
_log = logging.getLogger(__name__)


class SharedStore(Store):
    """A store with a second level at `address`, which any number of machines may use together."""

    def __init__(
        self,
        folder: Path | None,
        address: Address,
        limit: str | None = None,
        objects: Objects | None = None,
    ) -> None:
        super().__init__(folder, limit)
        self.address = address
        self.objects = objects or Objects(Patience(tries=3, answer_s=20.0))
        self.taken = 0
        self.put = 0
        self._anew: set[str] = set()
        self._rests_until = float("-inf")

    def make(self, kind: Kind, key: str, suffix: str, write: Callable[[Path], None]) -> Path:
        """The finished file, from here, from the second level, or made and put there.

        Raises as the first level does, and UsageError when the second does not let us in.
        """
        if kind not in SHARED:
            return super().make(kind, key, suffix, write)
        there = self.object_of(kind, key, suffix)
        made = False

        def first_look(part: Path) -> None:
            nonlocal made
            if not self._take(there, part):
                made = True
                write(part)

        file = super().make(kind, key, suffix, first_look)
        if made:
            self._put(file, there)
        return file

    def drop(self, file: Path) -> None:
        """Forget a file; the next time it is made here, whatever the second level has of it."""
        super().drop(file)
        if file.is_relative_to(self.folder):
            self._anew.add(file.relative_to(self.folder).as_posix())

    def object_of(self, kind: Kind, key: str, suffix: str) -> Address:
        """Where the second level keeps it: in 256 folders, so that a store can spread them."""
        return self.address / kind / digest_of([key])[:2] / f"{key}{suffix}"

    def _take(self, there: Address, part: Path) -> bool:
        """Whether the second level had it whole; it is in `part` then."""
        if self._name(there) in self._anew or time.monotonic() < self._rests_until:
            return False
        with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
            object_file = Path(scratch) / "object"
            try:
                self.objects.fetch(there, object_file)
            except MissingError:
                return False
            except UnreachableError as error:
                self._rest(error)
                return False
            if not _opened(object_file, part):
                _log.warning("%s is not as it was put there; it is made again", there)
                return False
        self.taken += 1
        return True

    def _put(self, file: Path, there: Address) -> None:
        if time.monotonic() < self._rests_until:
            return
        with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
            object_file = Path(scratch) / "object"
            with object_file.open("wb") as whole, file.open("rb") as content:
                whole.write(_FORM + file_digest(file).encode() + b"\n")
                shutil.copyfileobj(content, whole)
            try:
                self.objects.send(object_file, there)
            except UnreachableError as error:
                self._rest(error)
                return
        self._anew.discard(self._name(there))
        self.put += 1

    def _rest(self, error: UnreachableError) -> None:
        self._rests_until = time.monotonic() + _REST_S
        _log.warning(
            "the shared store is left alone for %d s: %s (%s)", _REST_S, error.message, error.where
        )

    def _name(self, there: Address) -> str:
        kind, _, name = there.path.removeprefix(f"{self.address.path}/").split("/")
        return f"{kind}/{name}"


def open_store(folder: Path | None, limit: str | None = None, shared: str | None = None) -> Store:
    """The store in a folder, with what `shared` names behind it. Raises UsageError."""
    if shared is None:
        return Store(folder, limit)
    return SharedStore(folder, address_of(shared, "--shared-store"), limit)


def _opened(object_file: Path, part: Path) -> bool:
    """Write an object's content to `part`; False when it is not what its first line says."""
    digest = hashlib.sha256()
    with object_file.open("rb") as whole, part.open("wb") as content:
        line = whole.read(_LINE)
        while some := whole.read(1024 * 1024):
            digest.update(some)
            content.write(some)
    return line == _FORM + digest.hexdigest().encode() + b"\n"
