"""Workers: each listing is made in a process of its own, which is watched.

A process for one listing is what keeps listings apart: nothing that one leaves behind (memory,
what it has cached of a template, a broken library) reaches the next, and a worker that is killed
costs its own listing one attempt. On Linux it is forked from a server that has loaded everything
and done nothing, which takes milliseconds; elsewhere it starts anew, for forking is not safe there.

Limits are kept from here. Memory is what the worker and its ffmpeg have resident, looked at a few
times a second: a limit on addresses (`RLIMIT_AS`) would stop the libraries that reserve much
and use little. Before it starts to work a worker says how much memory it is going to need, and
waits until there is room beside the others.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, Protocol

import psutil

from video_pipeline.batch.job import Job, Outcome
from video_pipeline.batch.keeper import Keeper
from video_pipeline.batch.making import make, needed_bytes
from video_pipeline.errors import RenderError
from video_pipeline.pipeline import Prepared
from video_pipeline.toolchain import tell_of_children

_LOOK_S: Final = 0.25
_FOR_THE_SYSTEM: Final = 0.15  # of the machine's memory is left alone
_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")
# One thread for each library: what is done side by side is listings.
_ALONE: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Crew(Protocol):
    """Whoever makes jobs: the workers of this machine, or of others."""

    def has_room(self) -> bool:
        """Whether one more job may be started now."""

    def start(self, job: Job) -> None:
        """Start a job."""

    def finished(self, within_s: float) -> list[tuple[Job, Outcome]]:
        """The jobs that have come to an end; waits for one as long as it is told to."""

    def busy(self) -> int:
        """How many jobs are being made."""

    def stop(self) -> None:
        """End everything at once."""


@dataclass
class _Worker:
    """A job that is being made. `needs` is known, and `at_work` true, once it was let in."""

    job: Job
    process: BaseProcess
    line: Connection
    began: float
    needs: int = 0
    at_work: bool = False
    looked: float = 0.0


class Workers:
    """As many processes as `at_once`, whose needs together stay within `memory_bytes`."""

    def __init__(self, at_once: int, memory_bytes: int | None = None) -> None:
        self._at_once = at_once
        self._memory = memory_bytes or machine_bytes()
        self._working: list[_Worker] = []
        self._context: ForkServerContext | SpawnContext
        self._context = multiprocessing.get_context("spawn")
        if sys.platform == "linux":
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload([__name__, "onnxruntime"])

    def has_room(self) -> bool:
        """Whether one more job may be started now."""
        waits = any(not worker.at_work and worker.needs for worker in self._working)
        return len(self._working) < self._at_once and not waits

    def busy(self) -> int:
        """How many jobs are being made."""
        return len(self._working)

    def start(self, job: Job) -> None:
        """Start a process for a job."""
        line, theirs = self._context.Pipe()
        process = self._process(job, theirs)
        with _environment(_ALONE):
            try:
                process.start()
            except (EOFError, OSError):  # the server was killed; another one is started
                process = self._process(job, theirs)
                process.start()
        theirs.close()
        self._working.append(_Worker(job, process, line, time.monotonic()))

    def _process(self, job: Job, line: Connection) -> BaseProcess:
        return self._context.Process(
            target=_work, args=(job, line), name=f"listing {job.entry.name}", daemon=True
        )

    def finished(self, within_s: float) -> list[tuple[Job, Outcome]]:
        """The jobs that have come to an end; waits for one at most `within_s`."""
        until = time.monotonic() + within_s
        while True:
            found = self._look(max(0.0, min(_LOOK_S, until - time.monotonic())))
            if found or not self._working or time.monotonic() >= until:
                return found

    def stop(self) -> None:
        """Kill every worker; their keepers end what they had started."""
        for worker in self._working:
            worker.process.kill()
        for worker in self._working:
            worker.process.join(10)
            worker.line.close()
        self._working.clear()

    def _look(self, within_s: float) -> list[tuple[Job, Outcome]]:
        wait(
            [w.line for w in self._working] + [w.process.sentinel for w in self._working], within_s
        )
        ended: list[tuple[Job, Outcome]] = []
        for worker in tuple(self._working):
            outcome = self._heard(worker) or self._beyond(worker)
            if outcome is not None:
                worker.process.kill()
                worker.process.join(10)
                worker.line.close()
                self._working.remove(worker)
                ended.append((worker.job, outcome))
        self._let_in()
        return ended

    def _heard(self, worker: _Worker) -> Outcome | None:
        """What a worker has sent; an outcome of our own when it has died."""
        try:
            while worker.line.poll():
                said = worker.line.recv()
                if isinstance(said, Outcome):
                    return said
                worker.needs = int(said)
        except (EOFError, OSError):
            worker.process.join(5)
            return _died(worker.process.exitcode)
        return None

    def _let_in(self) -> None:
        """Let those work whose needs are known, in their order, while the memory is enough."""
        taken = sum(worker.needs for worker in self._working if worker.at_work)
        for worker in self._working:
            if worker.at_work or not worker.needs:
                continue
            if taken and taken + worker.needs > self._memory:
                return
            taken += worker.needs
            worker.at_work, worker.began = True, time.monotonic()
            with suppress(OSError):
                worker.line.send(True)

    def _beyond(self, worker: _Worker) -> Outcome | None:
        """The outcome of a job that passes one of its limits."""
        limits, now = worker.job.limits, time.monotonic()
        waits = bool(worker.needs) and not worker.at_work
        if limits.time_s is not None and not waits and now - worker.began > limits.time_s:
            return Outcome(
                "failed",
                reason=f"it took longer than {limits.time_s:g} s and was stopped",
                mend="give it more with --time-limit, or make fewer at once with --jobs",
                kind="limit",
                exit_code=RenderError.exit_code,
                passing=True,
                seconds=now - worker.began,
            )
        if limits.memory_bytes is None or now - worker.looked < _LOOK_S:
            return None
        worker.looked = now
        resident = _resident_bytes(worker.process.pid or 0)
        if resident <= limits.memory_bytes:
            return None
        return Outcome(
            "failed",
            reason=f"it needed more than {limits.memory_bytes / 2**20:.0f} MB of memory and was "
            "stopped",
            mend="give it more with --memory-limit, or bring smaller footage",
            kind="limit",
            exit_code=RenderError.exit_code,
            seconds=now - worker.began,
            peak_bytes=resident,
        )


def machine_bytes() -> int:
    """How much memory a batch may plan with: most of the machine's, or of its container's."""
    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):
        total = min(total, int(_CGROUP.read_text()))
    return int(total * (1 - _FOR_THE_SYSTEM))


def _resident_bytes(process: int) -> int:
    """What a process and its children have in memory."""
    total = 0
    with suppress(psutil.Error):
        top = psutil.Process(process)
        for one in (top, *top.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total


def _died(code: int | None) -> Outcome:
    how = {
        -signal.SIGKILL: "was killed, perhaps because the machine's memory was full",
        -signal.SIGSEGV: "crashed",
    }.get(code or 0, f"ended with code {code}")
    return Outcome(
        "failed",
        reason=f"the process that made it {how}",
        mend="run it again; if it fails again, make fewer at once with --jobs",
        kind="killed",
        exit_code=RenderError.exit_code,
        passing=True,
    )


@contextmanager
def _environment(names: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: value for name, value in names.items() if before[name] is None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def _work(job: Job, line: Connection) -> None:
    """The whole life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch, which then waits for us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what libraries print would tear the batch's own lines apart
        os.dup2(nowhere, stream)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keeper = Keeper()
    tell_of_children(keeper)

    def begun(prepared: Prepared) -> None:
        line.send(needed_bytes(prepared))
        line.recv()

    line.send(make(job, begun=begun))
    tell_of_children(None)
    keeper.end()


def _end_with_parent() -> None:
    """End this process when the batch is gone, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def may_start() -> bool:
    """Whether this process may start others; a daemon may not."""
    return not multiprocessing.current_process().daemon
