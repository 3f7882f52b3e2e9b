"""The keeper: a tiny process beside a worker that ends the worker's children when it is gone.

A process that is killed ends without a word, and its ffmpeg would go on for minutes. The kernel's
own means differ from system to system, and need code between fork and exec. So whoever starts a
child writes its number into a pipe, and whoever reads that pipe knows by its end that the writer is
gone, whatever ended it.

Run as a program it is the reader, and imports nothing of ours: it is there at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def begin() -> subprocess.Popen[bytes]:
    """Start the keeper of this process; its children are told of with `tell`."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal is not for it
    )


class Keeper:
    """This process's line to its keeper."""

    def __init__(self) -> None:
        self._process = begin()
        self._lock = threading.Lock()

    def __call__(self, child: int, runs: bool) -> None:
        """Tell of a child that runs, or has ended."""
        line = f"{'+' if runs else '-'}{child}\n".encode()
        if self._process.stdin is not None:
            with self._lock, suppress(OSError):
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def end(self) -> None:
        """Let the keeper go; it ends what is left."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=10)


def keep() -> None:
    """Read children's numbers until the writer is gone, then end those that still run."""
    running: set[int] = set()
    for line in sys.stdin.buffer:
        sign, number = line[:1], int(line[1:])
        (running.add if sign == b"+" else running.discard)(number)
    for child in running:
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    keep()
