"""Sources: footage that stands in a store, fetched once and read from here.

Nothing after this knows that footage can stand elsewhere: what is handed on is a file, under the
name that it has in the store. It is kept in the cache under its address and version, so that a
second listing, or the next run, does not fetch it again; when the cache is above its limit, what
was not used for the longest time goes.

A listing may have been sent by anybody, and whoever renders has the right to read more than that
person should see. So a listing may name an address only below the places that the run allows.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from video_pipeline.errors import FootageError, PipelineError
from video_pipeline.storage.addresses import Address, address_of
from video_pipeline.storage.objects import MissingError, Objects, Stat
from video_pipeline.store import Store, digest_of

_NAMED: Final = "by-name"


@dataclass(frozen=True)
class Sources:
    """The stores that footage may come from: below `allowed`, into `store`.

    `seen` is called with each address and the version that was used.
    """

    store: Store
    allowed: tuple[Address, ...] = ()
    objects: Objects = field(default_factory=Objects)
    seen: Callable[[str, str], None] = lambda _address, _version: None

    def __call__(self, entry: str) -> Path:
        """The file here of an address that a listing names.

        Raises FootageError for one that is not allowed or not there, UsageError for one that is
        none or for missing rights, and RenderError when the store does not answer.
        """
        address = address_of(entry, "footage")
        if not any(address.is_within(place) for place in self.allowed):
            raise FootageError(
                f"'{address}' is not below a place that footage may be fetched from",
                mend=f"if you trust this listing, add: --allow-remote {_parent(address)}",
            )
        if address.protocol == "file":
            return Path(address.path)
        try:
            stat = self.objects.stat(address)
            path = self._kept(address, stat)
        except MissingError as error:
            raise FootageError(
                f"there is no footage '{address}'", mend="check the address, and its bucket"
            ) from error
        self.seen(str(address), stat.version)
        return path

    def _kept(self, address: Address, stat: Stat) -> Path:
        """The file in the cache, and its name beside it."""
        key = digest_of([str(address), stat.version])

        def write(part: Path) -> None:
            fetched = self.objects.fetch(address, part)
            if fetched.version != stat.version:
                raise FootageError(
                    "it was replaced while it was read",
                    where=str(address),
                    mend="render again when nobody uploads to it",
                )

        file = self.store.make("sources", key, Path(address.name).suffix.lower(), write)
        return _named(file, self.store.folder / "sources" / _NAMED / key, address)


def allowed_places(places: Sequence[str]) -> tuple[Address, ...]:
    """The places that a person allows footage to come from. Raises UsageError."""
    return tuple(address_of(place, "--allow-remote") for place in places)


def _named(file: Path, folder: Path, address: Address) -> Path:
    """A link with the object's own name, and that of its folder, to the file in the cache.

    Clips, reports and a listing's `seen` go by names, and a cache by digests.
    """
    parent, _, name = address.path.rpartition("/")
    link = folder / parent.rpartition("/")[2] / name
    target = Path(os.path.relpath(file, link.parent))
    if link.is_symlink() and link.readlink() == target:
        return link
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=link.parent, prefix=".part-") as scratch:
            made = Path(scratch) / name
            made.symlink_to(target)
            made.replace(link)
    except OSError as error:
        raise PipelineError(
            f"its name cannot be kept in the cache: {error.strerror or error}",
            where=str(address),
            mend="give it a shorter name, or name another cache with --cache",
        ) from error
    return link


def _parent(address: Address) -> str:
    parent, _, _ = address.path.rpartition("/")
    return f"{address.protocol}://{parent or address.path}"
