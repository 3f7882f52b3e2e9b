"""A batch on a real scheduler with real workers, and a clip from footage in an object store."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import SAMPLE
from object_store import BUCKET, served

from video_pipeline.batch.ledger import Ledger
from video_pipeline.errors import UsageError
from video_pipeline.storage.addresses import Address
from video_pipeline.storage.objects import Objects
from video_pipeline.storage.releases import read_release

CODE = Path(__file__).parent.parent


@contextmanager
def program(*words: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Python's in a process of its own, as a person starts it, until the end."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(CODE), *sys.path]),
                **environment,
            },
            stdout=said,
            stderr=said,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


@pytest.fixture
def shop(tmp_path: Path, short_take: Path) -> Callable[[int], Path]:
    """A function that writes a catalogue of so many small listings, all of one take."""

    def write(count: int) -> Path:
        folder = tmp_path / "shop"
        folder.mkdir()
        shutil.copy(short_take, folder / "short.mp4")
        for number in range(count):
            page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
            page.update({"sku": f"bag-{number}", "footage": ["short.mp4"], "certificates": []})
            page["condition"]["notes"] = []
            page["price"]["amount"] = 100 + number
            (folder / f"bag-{number}.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
        return folder

    return write


def started_workers(log: Path) -> int:
    return log.read_text(errors="replace").count("Registered to")


def until(happens: Callable[[], Any], within_s: float) -> Any:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if found := happens():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


@pytest.mark.slow
def test_a_lost_worker_costs_no_listing_and_none_is_made_twice(
    shop: Callable[[int], Path], tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    out = tmp_path / "out"
    catalogue = shop(6)
    with ExitStack() as running:
        start = running.enter_context
        start(program("distributed.cli.dask_scheduler", "--host", address, "--no-dashboard",
                      log=tmp_path / "scheduler.log"))  # fmt: skip
        logs = [tmp_path / f"worker-{number}.log" for number in range(3)]
        workers = [
            start(program("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
                          "--no-dashboard", "--local-directory", str(tmp_path / f"dask-{log.stem}"),
                          log=log, VIDEO_PIPELINE_CACHE=str(tmp_path / f"cache-{log.stem}")))
            for log in logs
        ]  # fmt: skip
        until(lambda: all(started_workers(log) for log in logs), 60)
        batch = start(
            program("video_pipeline", "batch", str(catalogue), "-o", str(out),
                    "--placement", "tiny", "--presets", str(tiny_presets),
                    "--cache", str(knowing_cache), "--cluster", address, "--json",
                    log=tmp_path / "batch.json")
        )  # fmt: skip
        # Once a listing is done, all three workers are at work on another one.
        until(lambda: _done(out) or batch.poll() is not None, 400)
        assert batch.poll() is None, (tmp_path / "batch.json").read_text()
        workers[1].kill()
        assert batch.wait(400) == 0, (tmp_path / "batch.json").read_text()
    said = (tmp_path / "batch.json").read_text()
    summary = json.loads(said[said.index("\n{") :])  # what it is about comes first
    assert summary["states"] == {"done": 6}
    with Ledger(out) as ledger:
        rows = {row["name"]: row for row in ledger.work()}
    assert {name: row["attempts"] for name, row in rows.items()} == dict.fromkeys(rows, 1)
    assert sorted(rows) == [f"bag-{number}" for number in range(6)]
    assert all((out / name / f"{name}.tiny.mp4").is_file() for name in rows)


def _done(out: Path) -> int:
    try:
        with Ledger(out) as ledger:
            return ledger.counts().get("done", 0)
    except UsageError:  # it has not begun
        return 0


def test_a_scheduler_that_is_not_there_is_told_with_what_to_start(
    run_cli: Callable[..., Any], shop: Callable[[int], Path], tiny_presets: Path, tmp_path: Path
) -> None:
    nobody = f"tcp://127.0.0.1:{free_port()}"
    run = run_cli("batch", str(shop(1)), "-o", str(tmp_path / "out"), "--placement", "tiny",
                  "--presets", str(tiny_presets), "--cluster", nobody)  # fmt: skip
    assert run.code == 2
    assert "no scheduler answers at" in run.err
    assert "dask scheduler" in run.err


def test_a_clip_from_a_store_goes_to_a_store(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    short_take: Path,
    tiny_presets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import s3fs

    with served() as server:
        for name, value in {
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "quite-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir(BUCKET)
        Objects().send(short_take, Address("s3", f"{BUCKET}/raw/short.mp4"))
        listing = short_listing()
        page = yaml.safe_load(listing.read_text(encoding="utf-8"))
        page["footage"] = [f"s3://{BUCKET}/raw/short.mp4"]
        listing.write_text(yaml.safe_dump(page), encoding="utf-8")

        refused = run_cli("render", str(listing), "--presets", str(tiny_presets))
        assert refused.code == 3
        assert f"--allow-remote s3://{BUCKET}/raw" in refused.err

        def words(machine: str) -> tuple[str, ...]:
            return ("render", str(listing), "--placement", "tiny", "--presets", str(tiny_presets),
                    "-o", str(tmp_path / machine), "--cache", str(tmp_path / f"cache-{machine}"),
                    "--allow-remote", f"s3://{BUCKET}/raw", "--shared-store", f"s3://{BUCKET}/kept",
                    "--upload", f"s3://{BUCKET}/clips/bag", "--json")  # fmt: skip

        first = run_cli(*words("one"))
        assert first.code == 0, first.err
        (clip,) = first.json["clips"]
        assert clip["pieces"]["encoded"] == clip["pieces"]["total"]
        read_release(Address("s3", f"{BUCKET}/clips/bag"), tmp_path / "read", Objects())
        names = {file.name for file in (tmp_path / "one").iterdir() if file.is_file()}
        assert names >= {"manifest.json"}
        for name in names:
            assert (tmp_path / "read" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()

        # Another machine, with an empty cache of its own, encodes nothing again.
        second = run_cli(*words("two"))
        (again,) = second.json["clips"]
        assert again["pieces"]["encoded"] == 0
        assert (tmp_path / "two/manifest.json").read_bytes() == (
            tmp_path / "one/manifest.json"
        ).read_bytes()
