"""Occupancy: which running processes use a cache, and what of it, whoever is killed.

Everything rests on locks that the system takes back when a process ends in whatever way, and on no
clock: a clock that jumps can neither free what is in use nor keep what is not. Where the disk knows
no locks (some network disks; Windows) nobody can tell who is there: then nothing is waited for and
nothing is cleared away.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from video_pipeline.interruption import asked

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

USERS: Final = "users"
"""The folder that holds one file for each running process, with the names of what it uses."""

_GATE: Final = "gate.lock"
_PART: Final = ".part-"
_PART_OF: Final = re.compile(r"\.part-(?P<user>user-[^-]+)-")
_POLL_S: Final = 0.05
_OLD_S: Final = 24 * 3600


class Occupancy:
    """One user's place in a cache folder: what it says it uses, and who else is there.

    It is left when the process ends, in whatever way, when nobody refers to it any more, or by
    `leave`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: _Seat | None = None
        self._named: set[str] = set()
        self._lock = threading.Lock()

    @property
    def part_prefix(self) -> str:
        """How the names of this process's unfinished files begin. Raises OSError."""
        return f"{_PART}{self._mine().file.name}-"

    @contextmanager
    def using(self, name: str) -> Iterator[None]:
        """Say that this process uses what is called `name`; inside, nothing is cleared away."""
        try:
            mine = self._mine()
        except OSError:  # a cache that may only be read, from which nobody clears anything
            yield
            return
        with _locked(self._folder / USERS / _GATE, exclusive=False):
            with self._lock:
                if name not in self._named:
                    self._named.add(name)
                    os.write(mine.handle, f"{name}\n".encode())
            yield

    @contextmanager
    def clearing(self) -> Iterator[frozenset[str] | None]:
        """Yield the names that running processes use, while none can begin to use another.

        None where that cannot be known, or where another process is there first.
        """
        with _locked(self._folder / USERS / _GATE, exclusive=True, wait_s=0) as held:
            if not held:
                yield None
                return
            used: set[str] = set()
            for user in (self._folder / USERS).glob("user-*"):
                if _is_held(user):
                    with suppress(OSError):
                        used.update(user.read_text(encoding="utf-8").splitlines())
                else:
                    user.unlink(missing_ok=True)
            yield frozenset(used)

    def is_left(self, part: Path) -> bool:
        """Whether an unfinished file belongs to no running process; to be asked while clearing."""
        found = _PART_OF.match(part.name)
        if found is not None:
            return not (self._folder / USERS / found["user"]).exists()
        with suppress(OSError):  # of an earlier version, which said no name
            return abs(time.time() - part.stat().st_mtime) > _OLD_S
        return False

    def leave(self) -> None:
        """Use nothing any more."""
        with self._lock:
            if self._own is not None:
                self._own.free()
            self._own = None

    def _mine(self) -> _Seat:
        with self._lock:
            # A fork is another process.
            if self._own is None or self._own.process != os.getpid():
                users = self._folder / USERS
                users.mkdir(parents=True, exist_ok=True)
                # Nobody clears away a file that is not held yet.
                with _locked(users / _GATE, exclusive=False):
                    handle, name = tempfile.mkstemp(prefix="user-", dir=users)
                    _take(handle, exclusive=True)
                free = weakref.finalize(self, _free, handle, Path(name), os.getpid())
                self._own, self._named = _Seat(handle, Path(name), os.getpid(), free), set()
            return self._own


@dataclass(frozen=True)
class _Seat:
    """The file that says what one user uses, held locked by its handle."""

    handle: int
    file: Path
    process: int
    free: Callable[[], object]


@contextmanager
def making(lock: Path, wait_s: float) -> Iterator[None]:
    """Be the only process, and the only thread, that makes something; `lock` is a file of its own.

    Who waited `wait_s` in vain goes ahead: something made twice is better than never. A holder that
    is killed holds nothing any more.
    """
    with _locked(lock, exclusive=True, wait_s=wait_s) as held:
        try:
            yield
        finally:
            # Whoever waits for this very file gets it, and looks first whether all is made.
            if held:
                lock.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path, *, exclusive: bool, wait_s: float = 60.0) -> Iterator[bool]:
    """Hold a lock on a file; False when others hold it for longer, or where there are no locks."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + wait_s
        held = _take(handle, exclusive=exclusive)
        while held is False and time.monotonic() < until and not asked():
            time.sleep(_POLL_S)
            held = _take(handle, exclusive=exclusive)
        yield bool(held)
    finally:
        os.close(handle)


def _free(handle: int, file: Path, process: int) -> None:
    """Take a user's file away with it; that of one that is killed, the next to tidy does."""
    if os.getpid() == process:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    os.close(handle)


def _is_held(path: Path) -> bool:
    with suppress(OSError), _locked(path, exclusive=True, wait_s=0) as free:
        return not free
    return True


def _take(handle: int, *, exclusive: bool) -> bool | None:
    """Whether the lock was to be had; None where there is no such thing."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
