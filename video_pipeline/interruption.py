"""Interruption: Ctrl-C, or a request to end, arrives where nothing can be left lying about.

Python raises KeyboardInterrupt between any two steps of the main thread, also between the start of
a child and the line that remembers it. A door that calls `listen` gets the same exception for
every signal that asks the program to end, never inside a stretch marked with `whole`, and once
only: a second press, while the first is tidying up, does not cut the tidying short.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # a closed terminal sends the last; Windows has none
# Long enough to end children and remove files; after it, pressing again does interrupt again.
_TIDYING_S = 2.0


class _State:
    depth = 0
    pending = False
    asked = False
    last = float("-inf")


def listen() -> None:
    """Turn every signal that asks this program to end into KeyboardInterrupt.

    A signal that the program was started with as ignored (as `nohup` does) stays ignored. Does
    nothing outside the main thread, where signals cannot be listened to.
    """
    _State.asked = False
    _handle(_stop)


def asked() -> bool:
    """Whether the program was asked to end; threads that only wait give up then."""
    return _State.asked


@contextmanager
def drained() -> Iterator[Callable[[], bool]]:
    """A stretch in which the first Ctrl-C only asks to come to an end; the second interrupts.

    Yields a function that says whether it was asked. Other requests to end interrupt at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.getsignal(signal.SIGINT)
    asked = False

    def once(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)

    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, once)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def end() -> None:
    """Ignore further requests: the program is about to end, with its own message and code."""
    _handle(signal.SIG_IGN)


def _handle(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


@contextmanager
def whole() -> Iterator[None]:
    """A short stretch that an interruption does not cut in two; it comes at the stretch's end."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    _State.depth += 1
    try:
        yield
    finally:
        _State.depth -= 1
        if _State.pending and not _State.depth:
            _State.pending = False
            _raise()


def _stop(_number: int, _frame: FrameType | None) -> None:
    if time.monotonic() - _State.last < _TIDYING_S:
        return
    _State.asked = True
    if _State.depth:
        _State.pending = True
    else:
        _raise()


def _raise() -> None:
    _State.last = time.monotonic()
    raise KeyboardInterrupt
