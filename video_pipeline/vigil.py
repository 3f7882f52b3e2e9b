"""Vigil: a watch over calls into C that no Python can interrupt.

A decoder that a damaged file has sent into a circle never comes back, and no exception reaches it.
A door that owns its process calls `keep`; a thread then sees to it that no call marked with
`within` lasts longer than it may, and hands the file's name to the door, which has the last word
and ends the process. Without a door that asked, nothing is watched: a library does not end the
program that uses it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_begun: dict[int, tuple[float, str]] = {}
_watching = threading.Event()


@contextmanager
def within(where: str) -> Iterator[None]:
    """A call into C about the file `where`, in this thread."""
    me = threading.get_ident()
    _begun[me] = (time.monotonic(), where)
    try:
        yield
    finally:
        _begun.pop(me, None)


def keep(most_s: float, give_up: Callable[[str], None]) -> None:
    """From now on call `give_up` with the file's name, once, when a call takes over `most_s`."""
    if _watching.is_set():
        return
    _watching.set()

    def watch() -> None:
        while True:
            time.sleep(min(1.0, most_s / 4))
            now = time.monotonic()
            for since, where in list(_begun.values()):
                if now - since > most_s:
                    give_up(where)
                    return

    threading.Thread(target=watch, name="vigil", daemon=True).start()
