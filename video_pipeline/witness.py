"""Witness: what a stretch of work has read, and until when what it found out holds.

Whether something has to be made again is decided by what its making read: so that is recorded as
it happens, not guessed from the outside. Every file that Python opens for reading is noted, and
every folder whose names were asked for; work that finds out something that holds for a time only
(a certificate that expires, an answer of a service) says so with `holds_until`. What ffmpeg reads
is footage, which Python has read before it to know its digest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

_READS_ONLY = ("r", "rb", "rt", "br", "tr")


@dataclass
class Witness:
    """What was opened and listed, by absolute path, each with its time of change at that moment.

    The time is that of the file system, nanoseconds. `versions` are those of what stands in object
    stores, by address. `until` is when the first of the facts found
    out ceases to hold, and `why`.
    """

    files: dict[str, int] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    until: datetime | None = None
    why: str = ""


_present: list[Witness] = []
_hooked = False


@contextmanager
def witnessed() -> Iterator[Witness]:
    """Note everything that this process reads while the block runs, in all its threads."""
    global _hooked  # noqa: PLW0603 - a hook cannot be taken away, so there is one for the process
    if not _hooked:
        sys.addaudithook(_heard)
        _hooked = True
    witness = Witness()
    _present.append(witness)
    try:
        yield witness
    finally:
        _present.remove(witness)


def version_seen(address: str, version: str) -> None:
    """Say that something was read from an object store, in that version."""
    for witness in _present:
        witness.versions[address] = version


def holds_until(moment: datetime, why: str) -> None:
    """Say that something found out now need not be so after `moment` (with its zone)."""
    for witness in _present:
        if witness.until is None or moment < witness.until:
            witness.until, witness.why = moment, why


def _heard(event: str, arguments: tuple[object, ...]) -> None:
    if not _present:
        return
    if event == "open":
        path, mode, flags = arguments
        if mode is None:  # os.open, which says by its flags what for
            reads = isinstance(flags, int) and not flags & (os.O_WRONLY | os.O_RDWR)
        else:
            reads = mode in _READS_ONLY
        if reads:
            _note(path, folder=False)
    elif event in ("os.listdir", "os.scandir"):
        _note(arguments[0] if arguments[0] is not None else ".", folder=True)


def _note(path: object, *, folder: bool) -> None:
    # The hook runs inside every open: it may not raise, nor open anything itself.
    if not isinstance(path, (str, bytes, os.PathLike)):
        return
    try:
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links stay as they were named
        changed = os.stat(name).st_mtime_ns  # noqa: PTH116 - a Path for every open costs more
    except (OSError, ValueError):
        return
    for witness in _present:
        (witness.folders if folder else witness.files).setdefault(name, changed)
