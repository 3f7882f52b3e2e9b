"""Freshness: what a listing was made from, and whether all of that is still the same.

Nothing here guesses what a listing depends on: its making was witnessed, file by file and folder by
folder (`video_pipeline.witness`). A file that has the size, the time of change and the inode that
it had is not read again. What Python's own files and the program itself hold is one digest, that of
the tools.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

import video_pipeline
from video_pipeline.batch.job import Job, Used
from video_pipeline.delivery.publishing import MANIFEST
from video_pipeline.resources import Shelf, shipped
from video_pipeline.storage.addresses import address_of, is_address
from video_pipeline.storage.objects import MissingError, Objects
from video_pipeline.store import Store, digest_of, file_digest
from video_pipeline.toolchain import ffmpeg_path, ffmpeg_version
from video_pipeline.witness import Witness

_PACKAGE: Final = Path(video_pipeline.__file__).resolve().parent
# What belongs to the system and to Python is the tools', and not the listing's.
_SYSTEM: Final = tuple(
    f"{place}{os.sep}"
    for place in (
        *("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/System", "/Library"),
        *{sys.prefix, sys.base_prefix, str(_PACKAGE)},
    )
)
_CODE: Final = (".py", ".pyc", ".pyi", ".so", ".dylib")


ABSENT: Final = "absent"
"""Stands for the digest of a file that was not there, where one would have been looked up first."""


def used_by(witness: Witness, job: Job, known: Mapping[Path, str]) -> tuple[Used, ...]:
    """What a job has read, with digests: everything but the tools and what it made itself.

    `known` are digests that were taken while it ran, of footage and music; one without a digest is
    left out. A file that has changed since it was opened has none, so it is never up to date.
    """
    digests = {str(path): digest for path, digest in known.items()}
    made = tuple(
        f"{os.path.abspath(place)}{os.sep}"  # noqa: PTH100 - links stay as they were named
        for place in (job.output, Store(job.wanted.cache).folder)
    )
    used: dict[str, Used] = {}
    for address, version in sorted(witness.versions.items()):
        used[address] = Used(address, version)
    fetched = f"{Store(job.wanted.cache).folder / 'sources'}{os.sep}"
    for name, changed in sorted(witness.files.items()):
        own = digests.get(name)
        if name.startswith(fetched):
            continue  # it counts by its address
        if own == "" or (own is None and not _counts(name, made)):
            continue
        with suppress(OSError):  # scratch of the work is gone with it
            state = os.stat(name)  # noqa: PTH116
            facts = (state.st_size, state.st_mtime_ns, state.st_ino)
            digest = own or _digest(name, *facts)
            used[name] = Used(name, digest if changed == state.st_mtime_ns else "", *facts)
    for name in sorted(witness.folders):
        # Python looks for its modules in the folders of its path.
        if name not in sys.path and _counts(f"{name}{os.sep}", made):
            with suppress(OSError):
                used[name] = Used(name, names_digest(name, job.output), folder=True)
    for one in _first_looked_up(tuple(used), job):
        used.setdefault(one.path, one)
    return tuple(used.values())


def _first_looked_up(names: Iterable[str], job: Job) -> Iterator[Used]:
    """A person's own files that would stand before the shipped ones that were read."""
    own_folders: tuple[tuple[Shelf, Path | None], ...] = (
        ("overlays", job.wanted.overlays),
        ("presets", job.wanted.presets),
    )
    for shelf, own in own_folders:
        if own is not None:
            for name in names:
                if name.startswith(start := f"{shipped(shelf)}{os.sep}"):
                    place = own / name.removeprefix(start)
                    if not place.exists():
                        yield Used(str(place), ABSENT)


def _counts(name: str, made: tuple[str, ...]) -> bool:
    if name.startswith(made) or name.endswith(_CODE):
        return False
    return name.startswith(_shelves()) or not name.startswith(_SYSTEM)


@cache
def _shelves() -> tuple[str, ...]:
    shelves: tuple[Shelf, ...] = ("overlays", "presets")
    return tuple(f"{shipped(shelf)}{os.sep}" for shelf in shelves)


@cache
def _digest(name: str, _size: int, _mtime_ns: int, _inode: int) -> str:
    return file_digest(Path(name))


def names_digest(folder: str, output: Path) -> str:
    """Digest of the names in a folder, without hidden ones and the output's own."""
    own = output.name if os.path.realpath(output.parent) == os.path.realpath(folder) else None
    return digest_of(
        sorted(n for n in os.listdir(folder) if not n.startswith(".") and n != own)  # noqa: PTH208
    )


@cache
def tools_digest() -> str:
    """Digest of this program's own files, of ffmpeg and of the libraries, by their versions."""
    code = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*")):
        if file.suffix != ".pyc" and file.is_file():
            code.update(f"{file.relative_to(_PACKAGE)}\0{file_digest(file)}\n".encode())
    libraries = sorted({f"{d.metadata['Name']} {d.version}" for d in distributions()})
    return digest_of([code.hexdigest(), str(ffmpeg_path()), ffmpeg_version(), libraries])


class Looks:
    """What files are now, each looked at once in a run however many listings used it.

    `remembered` has the files of earlier runs by path: one that has not changed is not read again.
    """

    def __init__(self, remembered: Mapping[str, Used], output: Path) -> None:
        self._remembered = remembered
        self._output = output
        self._objects = Objects()
        self._now: dict[str, str] = {}
        self.read: dict[str, Used] = {}

    def digest(self, used: Used) -> str:
        """The digest of that file or folder as it is now; ABSENT where there is none."""
        if used.path not in self._now:
            self._now[used.path] = self._look(used)
        return self._now[used.path]

    def _look(self, used: Used) -> str:
        try:
            if is_address(used.path):
                try:
                    return self._objects.stat(address_of(used.path)).version
                except MissingError:
                    return ABSENT
            if used.folder:
                return names_digest(used.path, self._output)
            state = os.stat(used.path)  # noqa: PTH116
            facts = (state.st_size, state.st_mtime_ns, state.st_ino)
            known = self._remembered.get(used.path)
            if known and known.digest and facts == (known.size, known.mtime_ns, known.inode):
                return known.digest
            digest = file_digest(Path(used.path))
        except OSError:
            return ABSENT
        self.read[used.path] = Used(used.path, digest, *facts)
        return digest


def what_changed(used: Iterable[Used], looks: Looks) -> str:
    """In words, the first of what a listing was made from that is not as it was; else empty."""
    for one in used:
        now = looks.digest(one)
        if now == one.digest:
            continue
        name = Path(one.path).name
        if one.digest == ABSENT:
            return f"{one.path} is there now, and stands before the shipped one"
        if now == ABSENT:
            return f"{'the folder ' if one.folder else ''}{one.path} is gone"
        return (
            f"the folder {one.path} holds other files than it did"
            if one.folder
            else f"{name} has changed ({one.path})"
        )
    return ""


def outputs_missing(folder: Path, outputs: Mapping[str, int], manifest: str) -> str:
    """In words, what of a finished folder is not there as it was left; else empty."""
    for name, size in outputs.items():
        try:
            if os.stat(folder / name).st_size != size:  # noqa: PTH116
                return f"{name} in its output is not as it was left"
        except OSError:
            return f"{name} is missing in its output"
    if file_digest(folder / MANIFEST) != manifest:
        return f"{MANIFEST} in its output is not as it was left"
    return ""


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In words, how what a listing says differs: `price.amount: 980 → 920`; at most three."""
    old, new = dict(_flat(before)), dict(_flat(now))
    told = [
        f"{name}: {old.get(name, 'nothing')} → {new.get(name, 'nothing')}"
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]
    more = f", and {len(told) - 3} more" if len(told) > 3 else ""
    return "; ".join(told[:3]) + more


def _flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{name}.{number}")
    else:
        yield name, value
