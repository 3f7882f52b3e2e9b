"""The ledger: what a batch has to do, does and has done, for people and for the next run.

SQLite in the output folder, written by the one batch that holds the folder's lock and read by
whoever wants to know, also while it runs (write-ahead log: readers wait for nobody). A listing's
facts stand once; `work` is one row per listing and placement. What listings were made from is kept
with the size, time and inode that each file had, so that unchanged footage isn't read again.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from video_pipeline.batch.job import Outcome, Used
from video_pipeline.catalogue.model import Entry
from video_pipeline.errors import UsageError

FOLDER: Final = ".batch"
"""The batch's own folder in the output folder; no listing's name begins with a dot."""

SCHEMA: Final = 1
WAITING, RUNNING = "waiting", "running"

_TABLES: Final = """
CREATE TABLE listings (
    name TEXT PRIMARY KEY, number INTEGER NOT NULL, sku TEXT NOT NULL, place TEXT NOT NULL,
    digest TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', mend TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT '', exit_code INTEGER NOT NULL DEFAULT 0,
    passing INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    began TEXT, ended TEXT, seconds REAL NOT NULL DEFAULT 0, cpu_s REAL NOT NULL DEFAULT 0,
    peak_bytes INTEGER NOT NULL DEFAULT 0, until TEXT, until_why TEXT NOT NULL DEFAULT '',
    wanted TEXT NOT NULL DEFAULT '', tools TEXT NOT NULL DEFAULT '',
    said TEXT NOT NULL DEFAULT '{}', used TEXT NOT NULL DEFAULT '[]',
    outputs TEXT NOT NULL DEFAULT '{}', manifest TEXT NOT NULL DEFAULT ''
);
CREATE TABLE clips (
    listing TEXT NOT NULL, placement TEXT NOT NULL, file TEXT NOT NULL, duration_s REAL NOT NULL,
    bytes INTEGER NOT NULL, pieces INTEGER NOT NULL, encoded INTEGER NOT NULL,
    warnings TEXT NOT NULL, PRIMARY KEY (listing, placement)
);
CREATE TABLE placements (
    listing TEXT NOT NULL, placement TEXT NOT NULL, PRIMARY KEY (listing, placement)
);
CREATE TABLE used (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, digest TEXT NOT NULL, folder INTEGER NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    UNIQUE (path, digest, folder)
);
CREATE TABLE asked (what TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE VIEW work AS
    SELECT l.sku, l.name, p.placement, l.state, l.reason, l.attempts, l.began, l.ended, l.seconds,
           l.cpu_s, c.duration_s, c.pieces, c.encoded, l.digest, l.manifest
    FROM listings l JOIN placements p ON p.listing = l.name
    LEFT JOIN clips c ON c.listing = l.name AND c.placement = p.placement
    ORDER BY l.number, p.placement;
"""


@dataclass(frozen=True)
class Record:
    """A listing as the ledger has it. Times are UTC, `used` are ids of what it was made from."""

    name: str
    sku: str
    place: str
    digest: str
    state: str
    why: str
    reason: str
    mend: str
    kind: str
    passing: bool
    attempts: int
    began: str | None
    ended: str | None
    seconds: float
    cpu_s: float
    peak_bytes: int
    until: datetime | None
    until_why: str
    wanted: str
    tools: str
    said: Mapping[str, Any]
    used: tuple[int, ...]
    outputs: Mapping[str, int]
    manifest: str


@contextmanager
def held(output: Path) -> Iterator[None]:
    """Hold the output folder for one batch; the system lets go of it however the batch ends.

    Raises UsageError when another batch holds it, or it cannot be written.
    """
    folder = output / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock: IO[str] = (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the output folder cannot be written: {error.strerror or error}",
            where=str(output),
            mend="choose another folder with --output",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise UsageError(
                f"another batch works on this folder (process {lock.read().strip() or 'unknown'})",
                where=str(output),
                mend="wait for it, end it, or choose another folder with --output; "
                f"`video-pipeline batch status {output}` tells how far it is",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def is_held(output: Path) -> bool:
    """Whether a batch works on the folder at this moment."""
    try:
        with (output / FOLDER / "lock").open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


class Ledger:
    """The ledger of an output folder. A context manager; only the batch that `held` it writes."""

    def __init__(self, output: Path, *, writes: bool = False) -> None:
        self.output = output
        file = output / FOLDER / "ledger.sqlite"
        nothing = UsageError(
            "no batch was ever run into this folder",
            where=str(output),
            mend=f"run one: video-pipeline batch CATALOGUE -o {output}",
        )
        if not writes and not file.is_file():
            raise nothing
        try:
            self._base = sqlite3.connect(file, timeout=30, isolation_level=None)
            self._base.row_factory = sqlite3.Row
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if writes and version == 0:
                self._base.execute("PRAGMA journal_mode=WAL")
                with self._whole():
                    for statement in _TABLES.split(";"):
                        self._base.execute(statement)
                    self._base.execute(f"PRAGMA user_version={SCHEMA}")
                version = SCHEMA
            self._base.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"the ledger of this folder cannot be read: {error}",
                where=str(file),
                mend="choose another folder with --output; what is made already is in the cache",
            ) from error
        if version == 0:  # a batch has only just opened it
            self._base.close()
            raise nothing
        if version != SCHEMA:
            raise UsageError(
                f"the ledger of this folder is of another version of video-pipeline ({version})",
                where=str(file),
                mend="use that version, or choose another folder with --output",
            )

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Everything in the block is written, or nothing."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def enter(self, entries: Iterable[Entry], placements: Iterable[str]) -> None:
        """Take up a catalogue: what is new waits, what is not in it any more goes from the ledger.

        What another batch was making when it was ended waits again.
        """
        places = tuple(placements)
        with self._whole():
            self._base.execute("CREATE TEMP TABLE IF NOT EXISTS present (name TEXT PRIMARY KEY)")
            self._base.execute("DELETE FROM present")
            self._base.execute("DELETE FROM placements")
            for number, entry in enumerate(entries):
                self._base.execute("INSERT OR IGNORE INTO present VALUES (?)", (entry.name,))
                self._base.execute(
                    "INSERT INTO listings (name, number, sku, place, digest, state) "
                    "VALUES (?, ?, ?, ?, '', ?) ON CONFLICT (name) DO UPDATE SET "
                    "number = excluded.number, sku = excluded.sku, place = excluded.place",
                    (entry.name, number, entry.sku, entry.place, WAITING),
                )
                self._base.executemany(
                    "INSERT INTO placements VALUES (?, ?)", [(entry.name, p) for p in places]
                )
            for table, column in (("listings", "name"), ("clips", "listing")):
                self._base.execute(
                    f"DELETE FROM {table} WHERE {column} NOT IN (SELECT name FROM present)"  # noqa: S608
                )
            self._base.execute(
                "UPDATE listings SET state = ?, why = 'the last run was ended while it was made' "
                "WHERE state = ?",
                (WAITING, RUNNING),
            )

    def ask(self, asked: Mapping[str, Any]) -> None:
        """Keep what a batch was asked for, JSON-like, so that it can be asked for again."""
        with self._whole():
            self._base.executemany(
                "INSERT OR REPLACE INTO asked VALUES (?, ?)",
                [(what, json.dumps(value, ensure_ascii=False)) for what, value in asked.items()],
            )

    def asked(self) -> dict[str, Any]:
        """What the last batch was asked for."""
        rows = self._base.execute("SELECT what, value FROM asked")
        return {what: json.loads(value) for what, value in rows}

    def wait(self, names: Mapping[str, str]) -> None:
        """Listings that are to be made, each with the words why."""
        with self._whole():
            self._base.executemany(
                "UPDATE listings SET state = ?, why = ?, reason = '', mend = '' WHERE name = ?",
                [(WAITING, why, name) for name, why in names.items()],
            )

    def begin(self, name: str) -> None:
        """A listing is being made: one attempt more."""
        self._base.execute(
            "UPDATE listings SET state = ?, attempts = attempts + 1, began = ?, ended = NULL "
            "WHERE name = ?",
            (RUNNING, _now(), name),
        )

    def put_back(self, name: str, why: str) -> None:
        """A listing that was begun waits again."""
        self._base.execute(
            "UPDATE listings SET state = ?, why = ? WHERE name = ?", (WAITING, why, name)
        )

    def settle(self, entry: Entry, outcome: Outcome, wanted: str, tools: str) -> None:
        """Write down what became of a listing; its clips stand in the ledger when it is done."""
        with self._whole():
            ids = [self._id(used) for used in outcome.used]
            self._base.execute(
                "UPDATE listings SET digest = ?, state = ?, reason = ?, mend = ?, kind = ?, "
                "exit_code = ?, passing = ?, ended = ?, seconds = ?, cpu_s = ?, peak_bytes = ?, "
                "until = ?, until_why = ?, wanted = ?, tools = ?, said = ?, used = ?, "
                "outputs = ?, manifest = ? WHERE name = ?",
                (
                    *(entry.digest, outcome.state, outcome.reason, outcome.mend, outcome.kind),
                    *(outcome.exit_code, outcome.passing, _now(), outcome.seconds, outcome.cpu_s),
                    outcome.peak_bytes,
                    outcome.until.astimezone(UTC).isoformat() if outcome.until else None,
                    *(outcome.until_why, wanted, tools),
                    json.dumps(outcome.said, ensure_ascii=False),
                    json.dumps(ids),
                    json.dumps(outcome.outputs),
                    *(outcome.manifest, entry.name),
                ),
            )
            self._base.execute("DELETE FROM clips WHERE listing = ?", (entry.name,))
            self._base.executemany(
                "INSERT INTO clips VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(entry.name, clip.placement, clip.file, clip.duration_s, clip.bytes),
                        *(clip.pieces, clip.encoded, json.dumps(clip.warnings)),
                    )
                    for clip in outcome.clips
                ],
            )

    def _id(self, used: Used) -> int:
        """The row of a file as it was; what it looked like is brought up to date."""
        row = self._base.execute(
            "INSERT INTO used (path, digest, folder, size, mtime_ns, inode) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path, digest, folder) DO UPDATE SET "
            "size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode "
            "RETURNING id",
            (used.path, used.digest, used.folder, used.size, used.mtime_ns, used.inode),
        ).fetchone()
        return int(row[0])

    def remember(self, looked: Iterable[Used]) -> None:
        """Keep what files look like whose content is known already."""
        with self._whole():
            for used in looked:
                self._id(used)

    def used(self) -> dict[int, Used]:
        """Everything that listings were made from, by id."""
        rows = self._base.execute(
            "SELECT id, path, digest, size, mtime_ns, inode, folder FROM used"
        )
        return {
            number: Used(path, digest, size, mtime_ns, inode, bool(folder))
            for number, path, digest, size, mtime_ns, inode, folder in rows
        }

    def records(self) -> Iterator[Record]:
        """The listings, in the catalogue's order."""
        for row in self._base.execute("SELECT * FROM listings ORDER BY number"):
            yield _record(row)

    def clips(self) -> dict[str, list[sqlite3.Row]]:
        """The clips of the last time each listing was done, by its name."""
        found: dict[str, list[sqlite3.Row]] = {}
        for row in self._base.execute("SELECT * FROM clips ORDER BY listing, placement"):
            found.setdefault(row["listing"], []).append(row)
        return found

    def work(self) -> list[dict[str, Any]]:
        """One row per listing and placement."""
        return [dict(row) for row in self._base.execute("SELECT * FROM work")]

    def counts(self) -> dict[str, int]:
        """How many listings there are in each state."""
        rows = self._base.execute("SELECT state, count(*) FROM listings GROUP BY state")
        return {row[0]: row[1] for row in rows}


def _record(row: sqlite3.Row) -> Record:
    page = {name: row[name] for name in row.keys() if name not in ("number", "exit_code")}  # noqa: SIM118
    page["passing"] = bool(row["passing"])
    page["until"] = datetime.fromisoformat(row["until"]) if row["until"] else None
    page["said"] = json.loads(row["said"])
    page["used"] = tuple(json.loads(row["used"]))
    page["outputs"] = json.loads(row["outputs"])
    return Record(**page)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
