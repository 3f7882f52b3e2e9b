"""Watching a folder: what is dropped is rendered once, when it is all there."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from video_pipeline.pipeline import Settings
from video_pipeline.pipeline.watching import Dropped, watch
from video_pipeline.store import Store

STILL_S = 0.6


@pytest.fixture
def watched(
    tiny_presets: Path, knowing_cache: Path, tmp_path: Path
) -> Iterator[tuple[Path, queue.Queue[Dropped]]]:
    """A folder that is watched, and what comes of it."""
    inbox, stop, came = tmp_path / "inbox", threading.Event(), queue.Queue[Dropped]()
    inbox.mkdir()

    def run() -> None:
        settings = Settings(Store(knowing_cache), tiny_presets)
        for drop in watch(inbox, tmp_path / "out", settings, still_s=STILL_S, stop=stop):
            came.put(drop)

    watcher = threading.Thread(target=run)
    watcher.start()
    yield inbox, came
    stop.set()
    watcher.join(30)
    assert not watcher.is_alive()


def test_what_is_dropped_is_rendered_once_when_it_is_all_there(
    watched: tuple[Path, queue.Queue[Dropped]],
    short_listing: Callable[..., Path],
    short_take: Path,
) -> None:
    inbox, came = watched
    text = short_listing(certificates=None).read_text(encoding="utf-8")
    drop = inbox / "bag"
    drop.mkdir()
    (drop / "listing.yaml").write_text(
        text.replace(str(short_take), short_take.name), encoding="utf-8"
    )
    whole = short_take.read_bytes()
    with (drop / short_take.name).open("wb") as growing:  # as a phone sends it
        for part in range(4):
            growing.write(whole[len(whole) * part // 4 : len(whole) * (part + 1) // 4])
            growing.flush()
            time.sleep(STILL_S / 2)
            assert came.empty()
    done = came.get(timeout=90)
    assert done.error is None
    assert done.clips[0].file.is_file()
    (drop / "listing.yaml").touch()  # nothing new in it
    with pytest.raises(queue.Empty):
        came.get(timeout=4 * STILL_S)


def test_a_drop_with_mistakes_is_told_and_ends_nothing(
    watched: tuple[Path, queue.Queue[Dropped]],
) -> None:
    inbox, came = watched
    (inbox / "one.yaml").write_text("sku: A-1\n", encoding="utf-8")
    first = came.get(timeout=30)
    assert first.error is not None
    assert first.listing.name == "one.yaml"
    (inbox / "two.yaml").write_text("sku: A-2\n", encoding="utf-8")
    assert came.get(timeout=30).listing.name == "two.yaml"
