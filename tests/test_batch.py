"""The batch: listings apart from each other, only what has changed, and nothing lost to a kill."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from conftest import SAMPLE

from video_pipeline.batch.freshness import ABSENT, Looks, differences, what_changed
from video_pipeline.batch.job import Used
from video_pipeline.batch.ledger import Ledger, held
from video_pipeline.errors import UsageError
from video_pipeline.witness import holds_until, witnessed

CODE = Path(__file__).parent.parent


@pytest.fixture
def shop(tmp_path: Path, short_take: Path) -> Callable[..., Path]:
    """A function that writes a catalogue of so many good listings, and of broken ones."""

    def write(good: int, *, broken: bool = False, **changes: Any) -> Path:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        shutil.copy(short_take, folder / "short.mp4")
        shutil.copy(SAMPLE / "certificate.jwt", folder)
        names = [f"bag-{number}" for number in range(good)]
        for name in [*names, *(["gone", "grade"] if broken else [])]:
            page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
            page.update({"sku": name, "footage": ["short.mp4"], **changes})
            page["certificates"] = [{"file": "certificate.jwt", "seen": {"time": 2.0}}]
            page["condition"]["notes"] = []
            if name == "gone":
                page["footage"] = ["gone.mp4"]
            if name == "grade":
                page["condition"]["grade"] = "superb"
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def words(tmp_path: Path, tiny_presets: Path, knowing_cache: Path) -> Callable[..., list[str]]:
    """A function that gives the words of the command for a catalogue."""

    def say(
        catalogue: Path, out: str = "out", *more: str, cache: Path = knowing_cache
    ) -> list[str]:
        return [
            *("batch", str(catalogue), "-o", str(tmp_path / out), "--placement", "tiny"),
            *("--presets", str(tiny_presets), "--cache", str(cache), *more),
        ]

    return say


def begun(words: list[str]) -> subprocess.Popen[bytes]:
    """The command in a process of its own, as a person starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "video_pipeline", *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CODE), *sys.path])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def until(happens: Callable[[], Any], within_s: float = 90) -> Any:
    """What `happens` gives once it gives something."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if found := happens():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def counts(out: Path) -> dict[str, int]:
    try:
        with Ledger(out) as ledger:
            return ledger.counts()
    except Exception:
        return {}


def content(out: Path) -> dict[str, str]:
    """Digest of every file that a batch left for people, hidden ones too."""
    return {
        str(file.relative_to(out)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in out.rglob("*")
        if file.is_file() and ".batch" not in file.parts
    }


def test_a_broken_listing_costs_itself_alone_and_nothing_is_made_twice(
    run_cli: Callable[..., Any],
    shop: Callable[..., Path],
    words: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    catalogue = shop(2, broken=True)
    first = run_cli(*words(catalogue, "out", "--json"))
    assert first.code == 6, first.err
    assert first.json["states"] == {"done": 2, "failed": 2}
    reasons = {one["name"]: one["reason"] for one in first.json["listings_failed"]}
    assert "gone.mp4" in reasons["gone"]
    assert "'superb'" in reasons["grade"]
    assert (tmp_path / "out/bag-1/manifest.json").is_file()
    before = content(tmp_path / "out")

    again = run_cli(*words(catalogue, "out", "--json"))
    assert again.code == 6
    assert (again.json["made"], again.json["encoded"], again.json["up_to_date"]) == (0, 0, 4)
    assert content(tmp_path / "out") == before

    # A new price costs the pieces that show one, and nothing of the other listing.
    page = yaml.safe_load((catalogue / "bag-1.yaml").read_text())
    page["price"]["amount"] = 777
    (catalogue / "bag-1.yaml").write_text(yaml.safe_dump(page))
    priced = run_cli(*words(catalogue, "out", "--explain"))
    assert "bag-1: the catalogue says something else of it (price.amount: 1250 → 777)" in priced.out
    with Ledger(tmp_path / "out") as ledger:
        clips = {row["name"]: row for row in ledger.work()}
    assert clips["bag-1"]["encoded"] == 1 < clips["bag-1"]["pieces"]
    assert clips["bag-0"]["attempts"] == 1

    # The footage that was missing is there now, which is noticed without a word.
    shutil.copy(catalogue / "short.mp4", catalogue / "gone.mp4")
    found = run_cli(*words(catalogue, "out", "--explain", "--json"))
    assert found.json["states"] == {"done": 3, "failed": 1}

    # An output that somebody took away is made again.
    (tmp_path / "out/bag-0/bag-0.tiny.cover.jpg").unlink()
    mended = run_cli(*words(catalogue, "out", "--explain"))
    assert "bag-0: bag-0.tiny.cover.jpg is missing in its output" in mended.out
    tried = run_cli("batch", "retry", tmp_path / "out", "--json")
    assert tried.code == 6
    assert tried.json["failed"] == 1

    page_file = Path(run_cli("batch", "report", tmp_path / "out", "--json").json["report"])
    assert "data:image/jpeg;base64," in page_file.read_text(encoding="utf-8")
    status = run_cli("batch", "status", tmp_path / "out", "--json").json
    assert status["running"] is False
    assert len(status["work"]) == 4


def test_a_table_is_tried_and_made_row_by_row(
    run_cli: Callable[..., Any],
    shop: Callable[..., Path],
    words: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    table = shop(1) / "shop.jsonl"
    page = yaml.safe_load((table.parent / "bag-0.yaml").read_text(encoding="utf-8"))
    rows = [{**page, "sku": name} for name in ("one", "two")]
    rows[1]["condition"] = {**page["condition"], "grade": "superb"}
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    tried = run_cli(*words(table, "out", "--dry-run"))
    assert tried.code == 2
    assert "superb" in tried.out
    assert "1 ready, 1 with mistakes" in tried.out
    assert not (tmp_path / "out").exists()
    made = run_cli(*words(table, "out", "--json"))
    assert made.json["states"] == {"done": 1, "failed": 1}, made.json["listings_failed"]
    manifest = json.loads((tmp_path / "out/one/manifest.json").read_text(encoding="utf-8"))
    # A mended row is made; the other is not touched, and knows nothing of it.
    rows[1]["condition"]["grade"] = "good"
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    again = run_cli(*words(table, "out", "--json"))
    assert (again.json["made"], again.json["up_to_date"]) == (1, 1)
    assert manifest["inputs"]["listing"]["file"] == "shop.jsonl"


def test_two_batches_on_one_folder_the_second_says_so(
    run_cli: Callable[..., Any],
    shop: Callable[..., Path],
    words: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    with held(tmp_path / "out"):
        second = run_cli(*words(shop(1)))
    assert second.code == 2
    assert f"another batch works on this folder (process {os.getpid()})" in second.err


@pytest.mark.slow
def test_a_kill_loses_nothing_and_leaves_no_child(
    shop: Callable[..., Path],
    words: Callable[..., list[str]],
    tmp_path: Path,
    knowing_cache: Path,
) -> None:
    catalogue = shop(3)
    own = tmp_path / "own"
    shutil.copytree(knowing_cache, own)
    assert begun(words(catalogue, "calm")).wait(180) == 0

    batch = begun(words(catalogue, "out", "--jobs", "1", cache=own))
    until(lambda: counts(tmp_path / "out").get("running"))
    encoding = until(
        lambda: [
            child
            for child in psutil.Process(batch.pid).children(recursive=True)
            if "ffmpeg" in child.name() and child.ppid() != batch.pid
        ]
    )
    everyone = [*psutil.Process(batch.pid).children(recursive=True), *encoding]
    batch.kill()
    batch.wait(10)
    _, alive = psutil.wait_procs(everyone, timeout=10)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []

    # Then a worker alone is killed: it costs its listing one attempt, and the batch goes on.
    batch = begun(words(catalogue, "out", "--jobs", "1", cache=own))
    worker = until(
        lambda: [
            child.ppid()
            for child in psutil.Process(batch.pid).children(recursive=True)
            if "ffmpeg" in child.name() and child.ppid() != batch.pid
        ]
    )
    os.kill(worker[0], signal.SIGKILL)
    assert batch.wait(180) == 0
    assert content(tmp_path / "out") == content(tmp_path / "calm")
    with Ledger(tmp_path / "out") as ledger:
        assert max(record.attempts for record in ledger.records()) >= 2


def test_ctrl_c_lets_what_is_being_made_come_to_its_end(
    shop: Callable[..., Path], words: Callable[..., list[str]], tmp_path: Path
) -> None:
    batch = begun(words(shop(3), "out", "--jobs", "1"))
    until(lambda: counts(tmp_path / "out").get("running"))
    batch.send_signal(signal.SIGINT)
    assert batch.wait(120) == 130
    assert counts(tmp_path / "out") == {"done": 1, "waiting": 2}


def test_limits_stop_a_listing_with_the_reason(
    run_cli: Callable[..., Any],
    shop: Callable[..., Path],
    words: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    catalogue = shop(1)
    late = run_cli(*words(catalogue, "late", "--json", "--time-limit", "0.05"))
    assert "took longer than 0.05 s" in late.json["listings_failed"][0]["reason"]
    with Ledger(tmp_path / "late") as ledger:
        assert next(ledger.records()).attempts == 2  # it may be quicker next time
    large = run_cli(*words(catalogue, "large", "--json", "--memory-limit", "40M"))
    assert "needed more than 40 MB" in large.json["listings_failed"][0]["reason"]
    with Ledger(tmp_path / "large") as ledger:
        assert next(ledger.records()).attempts == 1
    assert run_cli(*words(catalogue, "large", "--memory-limit", "much")).code == 2


def test_the_report_takes_nothing_from_anywhere_and_believes_no_text(
    run_cli: Callable[..., Any],
    shop: Callable[..., Path],
    words: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    evil = "<script>alert(1)</script>"
    item = {"brand": evil, "model": "x", "category": "bag"}
    condition = {"scale": "house", "grade": f"{evil}", "notes": []}
    catalogue = shop(1, item=item, condition=condition)
    run_cli(*words(catalogue))
    page = Path(run_cli("batch", "report", tmp_path / "out", "--json").json["report"])
    text = page.read_text(encoding="utf-8")
    assert evil not in text
    assert "&lt;script&gt;" in text
    assert "http:" not in text
    assert "https:" not in text


def test_what_changed_is_said_in_words(tmp_path: Path) -> None:
    kept, folder = tmp_path / "kept.yaml", tmp_path / "folder"
    kept.write_text("one")
    folder.mkdir()
    digest = hashlib.sha256(b"one").hexdigest()
    file = Used(str(kept), digest)
    nothing = Used(str(tmp_path / "own.yaml"), ABSENT)
    assert what_changed([file, nothing], Looks({}, tmp_path / "out")) == ""
    kept.write_text("two")
    assert "kept.yaml has changed" in what_changed([file], Looks({}, tmp_path / "out"))
    kept.unlink()
    assert "is gone" in what_changed([file], Looks({}, tmp_path / "out"))
    (tmp_path / "own.yaml").write_text("")
    assert "before the shipped one" in what_changed([nothing], Looks({}, tmp_path / "out"))
    assert differences({"a": {"b": 1}}, {"a": {"b": 2}, "c": 3}) == "a.b: 1 → 2; c: nothing → 3"


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    take = tmp_path / "take.mp4"
    take.write_bytes(b"pixels")
    state = take.stat()
    # A digest that cannot come from reading it shows that it was not read.
    known = Used(str(take), "remembered", state.st_size, state.st_mtime_ns, state.st_ino)
    assert what_changed([known], Looks({str(take): known}, tmp_path / "out")) == ""
    os.utime(take, ns=(0, 0))
    assert what_changed([known], Looks({str(take): known}, tmp_path / "out")) != ""


def test_a_listing_is_made_again_when_what_it_claims_has_expired(
    run_cli: Callable[..., Any],
    shop: Callable[..., Path],
    words: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    catalogue = shop(1)
    assert run_cli(*words(catalogue)).code == 0
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    with sqlite3.connect(tmp_path / "out/.batch/ledger.sqlite") as base:
        base.execute("UPDATE listings SET until = ?, until_why = 'it has expired'", (past,))
    base.close()
    assert "bag-0: it has expired" in run_cli(*words(catalogue, "out", "--explain")).out


def test_a_witness_notes_reads_listings_and_the_nearest_date(tmp_path: Path) -> None:
    (tmp_path / "read.txt").write_text("x")
    soon = datetime(2030, 1, 1, tzinfo=UTC)
    with witnessed() as witness:
        (tmp_path / "read.txt").read_text()
        (tmp_path / "written.txt").write_text("y")
        list(tmp_path.iterdir())
        holds_until(soon + timedelta(days=1), "later")
        holds_until(soon, "soon")
    assert str(tmp_path / "read.txt") in witness.files
    assert str(tmp_path / "written.txt") not in witness.files
    assert str(tmp_path) in witness.folders
    assert (witness.until, witness.why) == (soon, "soon")


def test_a_ledger_that_has_only_just_been_opened_is_none_yet(tmp_path: Path) -> None:
    (tmp_path / ".batch").mkdir()
    sqlite3.connect(tmp_path / ".batch/ledger.sqlite").close()
    (tmp_path / ".batch/ledger.sqlite").touch()
    with pytest.raises(UsageError, match="no batch was ever run into this folder"):
        Ledger(tmp_path)
