"""The cluster: the same jobs, made by workers of other machines, by way of Dask distributed.

Dask says which worker makes what, notices when one is lost and gives its jobs to others; this
module is the crew that a batch runs with. The ledger stays with the batch, which alone writes it: a
listing that a lost worker had half made is made elsewhere and counted once. On a worker, each
listing has a process of its own like on one machine, with the same limits.

Every worker sees the output folder, and the catalogue's files, under the same paths (a mounted
disk); footage and pieces may stand in an object store. Dask's messages are pickles: who can reach
the scheduler can run anything on the workers, so it belongs into a private network or behind TLS
certificates, which Dask reads from its own configuration. See docs/scale.md.
"""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from video_pipeline.batch.freshness import tools_digest
from video_pipeline.batch.job import Job, Outcome
from video_pipeline.batch.workers import Workers, may_start
from video_pipeline.errors import RenderError, UsageError
from video_pipeline.toolchain import ffmpeg_version

EXTRA: Final = "pip install 'video-pipeline[cluster]'"

_LOOK_S: Final = 0.5
_USUAL_BYTES: Final = 2 * 10**9  # of a listing without a limit: 4K HEVC in 10 bits takes 1.6 GB
_MEMORY: Final = "memory"  # what a worker was started with: --resources "memory=8e9"
_SAME: Final = ("distributed", "dask", "cloudpickle", "msgpack", "tornado")


class Cluster:
    """The workers behind a scheduler: `tcp://machine:8786`, or `tls://` with certificates.

    A worker says how much memory it has by `--resources "memory=8e9"`, and no more jobs are made
    there than fit. Raises UsageError when Dask is not installed, the scheduler does not answer
    within `within_s`, there is no worker, or one is not of the same versions as this program.
    """

    def __init__(self, address: str, output: Path, *, within_s: float = 10.0) -> None:
        try:
            import distributed  # noqa: PLC0415 - an extra, and heavy
        except ImportError as error:
            raise UsageError(
                "--cluster needs a package that is not installed",
                where="--cluster",
                mend=f"install it with: {EXTRA}",
            ) from error
        self._dask = distributed
        self._address = address
        self._client = self._reached(address, within_s)
        self._made: dict[Any, Job] = {}
        self._expected = versions()
        try:
            self._check_workers(output)
        except BaseException:
            self.stop()
            raise

    def has_room(self) -> bool:
        """Whether one more job may be started now: one waits for each worker, so none is idle."""
        workers = self._workers()
        threads = sum(int(worker["nthreads"]) for worker in workers.values())
        return len(self._made) < threads + len(workers)

    def busy(self) -> int:
        """How many jobs are being made, or wait at the scheduler."""
        return len(self._made)

    def start(self, job: Job) -> None:
        """Hand a job to the scheduler."""
        needs = job.limits.memory_bytes or _USUAL_BYTES
        offered = [w["resources"].get(_MEMORY, 0) for w in self._workers().values()]
        if any(offered) and needs > max(offered):
            raise UsageError(
                f"no worker has the {needs / 1e9:.1f} GB of memory that a listing may take",
                where="--cluster",
                mend="start a worker with more, or give listings less with --memory-limit",
            )
        future = self._client.submit(
            _make_there,
            job,
            self._expected,
            key=f"{job.entry.name}-{uuid.uuid4().hex[:8]}",
            resources={_MEMORY: needs} if any(offered) else None,
            pure=False,
        )
        self._made[future] = job

    def finished(self, within_s: float) -> list[tuple[Job, Outcome]]:
        """The jobs that have come to an end; waits for one at most `within_s`.

        Raises RenderError when the scheduler is gone.
        """
        if not self._made:
            time.sleep(within_s)
            return []
        with suppress(TimeoutError), self._client.as_current():
            self._dask.wait(list(self._made), timeout=within_s, return_when="FIRST_COMPLETED")
        if self._client.status not in ("running", "connecting"):
            raise self._gone()
        ended = [future for future in self._made if future.done()]
        return [(self._made.pop(future), self._outcome(future)) for future in ended]

    def stop(self) -> None:
        """Call back what is being made, and leave the cluster."""
        with suppress(Exception):
            self._client.cancel(list(self._made), force=True)
        with suppress(Exception):
            self._client.close(timeout=5)
        self._made.clear()

    def _outcome(self, future: Any) -> Outcome:
        if future.status == "cancelled":
            # So it is for everything that was with a scheduler that went away and came back.
            raise self._gone()
        if future.status == "finished":
            outcome: Outcome = future.result()
            return outcome
        error = future.exception()
        lost = type(error).__name__ == "KilledWorker"
        return Outcome(
            "failed",
            reason="every worker that made it was lost"
            if lost
            else f"a worker could not make it ({type(error).__name__}: {error})",
            mend="look into the workers' logs; perhaps it needs more memory than they have",
            kind="killed" if lost else "cluster",
            exit_code=RenderError.exit_code,
        )

    def _reached(self, address: str, within_s: float) -> Any:
        try:
            client = self._dask.Client(address, timeout=within_s, set_as_default=False)
        except (OSError, TimeoutError, ValueError, RuntimeError, TypeError) as error:
            raise UsageError(
                f"no scheduler answers at '{address}' within {within_s:g} s",
                where="--cluster",
                mend="start one with: dask scheduler; and name it like tcp://machine:8786",
            ) from error
        try:
            client.wait_for_workers(1, timeout=within_s)
        except TimeoutError as error:
            client.close(timeout=2)
            raise UsageError(
                "the scheduler has no worker",
                where=address,
                mend=f"start one on each machine: dask worker {address} --nthreads 1 --no-nanny",
            ) from error
        return client

    def _workers(self) -> Mapping[str, Any]:
        workers: Mapping[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def _check_workers(self, output: Path) -> None:
        """Hold every worker's versions against ours, and look whether it sees the output folder."""
        output.mkdir(parents=True, exist_ok=True)
        probe = output / f".seen-by-workers-{uuid.uuid4().hex}"
        probe.touch()
        try:
            told = self._client.run(_told, str(probe), on_error="return")
        finally:
            probe.unlink(missing_ok=True)
        for worker, answer in told.items():
            if isinstance(answer, BaseException):
                raise UsageError(
                    f"this worker cannot run video-pipeline ({type(answer).__name__}: {answer})",
                    where=worker,
                    mend="install the same version there, with its extra: " + EXTRA,
                )
            its, sees, daemon = answer
            if differs := difference(self._expected, its):
                raise UsageError(
                    f"this worker has another version than this program: {differs}",
                    where=worker,
                    mend="install the same versions on all machines, best from one image",
                )
            if not sees:
                raise UsageError(
                    f"this worker does not see the output folder {output}",
                    where=worker,
                    mend="mount the same disk at the same path on every machine",
                )
            if daemon:
                raise UsageError(
                    "this worker may not start processes",
                    where=worker,
                    mend="start it with: dask worker --nthreads 1 --no-nanny",
                )

    def _gone(self) -> RenderError:
        return RenderError(
            "the scheduler is gone",
            where=self._address,
            mend="start it and its workers, and run it again: what was finished is kept",
        )


@cache
def versions() -> dict[str, str]:
    """What has to be the same on both ends: this program's code, ffmpeg, Python and Dask."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in ("video-pipeline", *_SAME):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return {**found, "ffmpeg": ffmpeg_version(), "code and libraries": tools_digest()[:12]}


def difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """In words, the first thing that is not the same; empty when all is."""
    for name in ours:
        if ours[name] != theirs.get(name):
            return f"{name} is {theirs.get(name, 'not there')}, here it is {ours[name]}"
    return ""


def _told(probe: str) -> tuple[dict[str, str], bool, bool]:
    """On a worker: its versions, whether it sees a file, and whether it may start no processes."""
    # A network disk may show a new file only once its folder is looked at.
    sees = Path(probe).name in os.listdir(Path(probe).parent)  # noqa: PTH208
    return versions(), sees, not may_start()


def _make_there(job: Job, expected: Mapping[str, str]) -> Outcome:
    """On a worker: make a job in a process of its own, unless it is called back."""
    if differs := difference(expected, versions()):
        return Outcome(
            "failed",
            reason=f"a worker has another version than the batch: {differs}",
            mend="install the same versions on all machines, best from one image",
            kind="cluster",
            exit_code=UsageError.exit_code,
            passing=True,
        )
    # A worker's own cache folder counts, which its environment names.
    job = replace(job, wanted=replace(job.wanted, cache=None))
    crew = Workers(1)
    crew.start(job)
    try:
        while True:
            for _, outcome in crew.finished(_LOOK_S):
                return outcome
            if _called_back():
                return Outcome("failed", reason="it was called back", kind="cluster", passing=True)
    finally:
        crew.stop()


def _called_back() -> bool:
    """Whether nobody waits for this job any more; Dask cannot end a thread, so it looks itself."""
    from distributed import get_worker  # noqa: PLC0415 - an extra
    from distributed.worker import thread_state  # noqa: PLC0415

    key = getattr(thread_state, "key", None)
    task = get_worker().state.tasks.get(key)
    return task is None or task.state in ("cancelled", "forgotten")
