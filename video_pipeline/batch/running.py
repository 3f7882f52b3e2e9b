"""Running a batch: what has changed is made, side by side, and all of it is written down.

A listing that is up to date is not touched, and no worker is started for it. One that has failed
stays failed until something changes that it was made from, or a person asks for it with `retry`;
only what can pass next time (a full disk, a service that could not be asked, a worker that was
killed, a time that was not enough) is tried once more, after all the others have had their turn.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from video_pipeline.batch.freshness import (
    Looks,
    differences,
    outputs_missing,
    tools_digest,
    what_changed,
)
from video_pipeline.batch.job import Job, Limits, Outcome, Used, Wanted
from video_pipeline.batch.ledger import RUNNING, WAITING, Ledger, Record, held
from video_pipeline.batch.making import said_by
from video_pipeline.batch.workers import Crew
from video_pipeline.catalogue.model import Entry
from video_pipeline.delivery.publishing import sweep
from video_pipeline.errors import ListingError, PipelineError
from video_pipeline.progress import Listener, Step, silent

_TRIES: Final = 2
_LOOK_S: Final = 0.5


@dataclass(frozen=True)
class Summary:
    """What a run came to, in listings.

    `made`, `failed` and `encoded` (pieces) are of this run, the other counts of the whole
    catalogue; `stopped` says that it was asked to end before everything was made.
    """

    total: int
    up_to_date: int
    made: int
    failed: int
    encoded: int
    seconds: float
    cpu_s: float
    checked_s: float
    stopped: bool
    states: Mapping[str, int]

    @property
    def ill(self) -> int:
        """How many listings of the catalogue have failed or were refused."""
        return self.states.get("failed", 0) + self.states.get("refused", 0)


@dataclass(frozen=True)
class Batch:
    """What is to be run: a catalogue's entries, how they are made, and into which folder.

    `asked` is what a person asked for, JSON-like, kept in the ledger for `retry`.
    """

    entries: Sequence[Entry]
    wanted: Wanted
    output: Path
    limits: Limits = field(default_factory=Limits)
    asked: Mapping[str, Any] | None = None


def run(
    batch: Batch,
    crew: Crew,
    *,
    retry: bool = False,
    explain: Callable[[str, str], None] = lambda _name, _why: None,
    told: Callable[[Entry, Outcome], None] = lambda _entry, _outcome: None,
    draining: Callable[[], bool] = lambda: False,
    listener: Listener = silent,
) -> Summary:
    """Bring the output folder up to date with a catalogue.

    With `retry` those that failed are made, whatever has changed, and no others. `explain` is
    called for everything that will be made, with the reason, and `told` for everything that was.
    Once `draining` says so nothing more is begun. Raises UsageError when another batch works on
    the folder; an interruption ends the workers, and what they were making waits.
    """
    started = time.monotonic()
    with held(batch.output), Ledger(batch.output, writes=True) as ledger:
        _tidy(batch.output)
        ledger.enter(batch.entries, batch.wanted.placements)
        if batch.asked is not None:
            ledger.ask(batch.asked)
        whys = _stale(batch, ledger, retry=retry)
        checked_s = time.monotonic() - started
        ledger.wait(whys)
        for name, why in whys.items():
            explain(name, why)
        run = _Run(batch, ledger, crew, told, listener)
        try:
            run.all([entry for entry in batch.entries if entry.name in whys], draining)
        finally:
            crew.stop()
            for record in tuple(ledger.records()):
                if record.state == RUNNING:
                    ledger.put_back(record.name, "the run was ended while it was made")
        states = ledger.counts()
    return Summary(
        total=len(batch.entries),
        up_to_date=len(batch.entries) - len(whys),
        made=run.made,
        failed=run.failed,
        encoded=run.encoded,
        seconds=time.monotonic() - started,
        cpu_s=run.cpu_s,
        checked_s=checked_s,
        stopped=WAITING in states,
        states=states,
    )


class _Run:
    """One run of a crew over what is to be made."""

    def __init__(
        self,
        batch: Batch,
        ledger: Ledger,
        crew: Crew,
        told: Callable[[Entry, Outcome], None],
        listener: Listener,
    ) -> None:
        self._batch, self._ledger, self._crew = batch, ledger, crew
        self._told, self._listener = told, listener
        self._wanted = wanted_text(batch.wanted)
        self.made = self.failed = self.encoded = 0
        self.cpu_s = 0.0

    def all(self, entries: Sequence[Entry], draining: Callable[[], bool]) -> None:
        """Make all of them, or until `draining` says to begin nothing more."""
        queue, tries = deque(entries), dict.fromkeys((e.name for e in entries), 0)
        self._listener(Step("making", "listings", 0, len(entries)))
        while (queue and not draining()) or self._crew.busy():
            while queue and self._crew.has_room() and not draining():
                entry = queue.popleft()
                if problems := entry.problems:
                    self._settle(entry, _mistaken(problems))
                    continue
                tries[entry.name] += 1
                self._ledger.begin(entry.name)
                batch = self._batch
                self._crew.start(Job(entry, batch.wanted, batch.output, batch.limits))
            for job, outcome in self._crew.finished(_LOOK_S):
                by_name = job.entry.name
                if outcome.passing and tries[by_name] < _TRIES and not draining():
                    self.cpu_s += outcome.cpu_s
                    self._ledger.put_back(by_name, f"{outcome.reason}; it is tried once more")
                    queue.append(job.entry)
                else:
                    self._settle(job.entry, outcome)
            self._listener(
                Step("making", "listings", self.made + self.failed, max(1, len(entries)))
            )

    def _settle(self, entry: Entry, outcome: Outcome) -> None:
        self._ledger.settle(entry, outcome, self._wanted, tools_digest())
        self.cpu_s += outcome.cpu_s
        self.encoded += outcome.encoded
        if outcome.state == "done":
            self.made += 1
        else:
            self.failed += 1
        self._told(entry, outcome)


def _mistaken(problems: Iterable[Any]) -> Outcome:
    problems = tuple(problems)
    return Outcome(
        "failed",
        reason="; ".join(
            f"{problem.where}: {problem.message}" if problem.where else problem.message
            for problem in problems
        ),
        mend=next((problem.mend for problem in problems if problem.mend), ""),
        kind=ListingError.kind,
        exit_code=ListingError.exit_code,
    )


def _stale(batch: Batch, ledger: Ledger, *, retry: bool) -> dict[str, str]:
    """The listings that are to be made, each with the words why."""
    known = ledger.used()
    latest = {used.path: used for used in known.values() if used.digest}
    looks = Looks(latest, batch.output)
    records = {record.name: record for record in ledger.records()}
    wanted, now = wanted_text(batch.wanted), datetime.now(UTC)
    whys: dict[str, str] = {}
    for entry in batch.entries:
        record = records[entry.name]
        if retry:
            if record.state in ("failed", "refused"):
                whys[entry.name] = f"it is tried again; last time: {record.reason}"
        elif why := _why(entry, record, batch, (wanted, looks, known, now)):
            whys[entry.name] = why
    ledger.remember(looks.read.values())
    return whys


def _why(
    entry: Entry,
    record: Record,
    batch: Batch,
    now: tuple[str, Looks, Mapping[int, Used], datetime],
) -> str:
    """Why a listing is made again, in words; empty when it is up to date."""
    wanted, looks, known, moment = now
    if entry.problems:  # told again at no cost, and never by a worker
        same = record.reason == _mistaken(entry.problems).reason
        return "" if same else "the catalogue has mistakes in it"
    if record.kind == ListingError.kind and not record.used:
        return "its mistakes are mended"
    if not record.ended:
        return record.why or "it is new"
    if record.state not in ("done", "failed", "refused"):
        return record.why or "it was not finished"
    otherwise = (
        f"it may go well now; last time: {record.reason}" if record.passing else "",
        _differs(entry, record) if entry.digest != record.digest else "",
        f"it is asked for otherwise ({_otherwise(record.wanted, wanted)})"
        if wanted != record.wanted
        else "",
        "video-pipeline, ffmpeg or a library is another version than it was made with"
        if record.tools != tools_digest()
        else "",
        f"{record.until_why} ({record.until:%Y-%m-%d})"
        if record.until is not None and record.until <= moment
        else "",
    )
    used = (known[number] for number in record.used if number in known)
    return (
        next(filter(None, otherwise), "")
        or what_changed(used, looks)
        or (
            outputs_missing(batch.output / entry.name, record.outputs, record.manifest)
            if record.state == "done"
            else ""
        )
    )


def _differs(entry: Entry, record: Record) -> str:
    try:
        words = differences(record.said, said_by(entry.listing()))
    except PipelineError:
        words = ""
    return f"the catalogue says something else of it ({words or 'its text'})"


def _otherwise(before: str, now: str) -> str:
    return differences(json.loads(before or "{}"), json.loads(now))


def wanted_text(wanted: Wanted) -> str:
    """Everything about the wish that decides what comes out, as one line of JSON."""
    kept = replace(wanted, cache=None, cache_limit=None, shared_store=None, here=Path())
    return json.dumps(asdict(kept), default=str, sort_keys=True)


def _tidy(output: Path) -> None:
    """Remove what workers that were killed have left beside the listings' folders."""
    for left in output.glob(".*-*"):
        name, _, kind = left.name[1:].rpartition(".")
        if name and kind.startswith(("partial-", "old-")):
            sweep(output / name)
