"""The cache: a file that can be seen is whole."""

from __future__ import annotations

import errno
import hashlib
import threading
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import cv2
import numpy as np
import pytest
from conftest import MakeClip

from video_pipeline.analysis import scan
from video_pipeline.analysis.scan import analyse
from video_pipeline.errors import RenderError, UsageError
from video_pipeline.footage.probe import probe
from video_pipeline.store import CACHE_VARIABLE, MARK, Store, digest_of, file_digest
from video_pipeline.vision import judgement, learned
from video_pipeline.vision.classical import Classical
from video_pipeline.vision.detectors import detector


def test_a_file_is_made_once(store: Store) -> None:
    calls: list[Path] = []

    def write(part: Path) -> None:
        calls.append(part)
        part.write_text("made")

    first = store.make("kind", "key", ".txt", write)
    again = store.make("kind", "key", ".txt", write)
    assert first == again == store.path("kind", "key", ".txt")
    assert first.read_text() == "made"
    assert len(calls) == 1
    assert calls[0] != first
    assert calls[0].suffix == ".txt"
    assert calls[0].parent == first.parent  # a rename within one disk


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_what_fails_leaves_nothing(store: Store, failure: BaseException) -> None:
    def write(part: Path) -> None:
        part.write_text("half")
        raise failure

    with pytest.raises(type(failure)):
        store.make("kind", "key", ".txt", write)
    assert list((store.folder / "kind").iterdir()) == []


def test_a_file_is_not_seen_before_it_is_whole(store: Store) -> None:
    def write(part: Path) -> None:
        part.write_text("half")
        assert not store.path("kind", "key", ".txt").exists()
        part.write_text("whole")

    assert store.make("kind", "key", ".txt", write).read_text() == "whole"


def test_two_at_once_give_one_whole_file(store: Store) -> None:
    gate = threading.Barrier(2, timeout=10)

    def write(part: Path) -> None:
        gate.wait()
        part.write_text("x" * 100_000)

    threads = [
        threading.Thread(target=store.make, args=("kind", "key", ".txt", write)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p.name for p in (store.folder / "kind").iterdir()] == ["key.txt"]
    assert store.path("kind", "key", ".txt").stat().st_size == 100_000


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"),
     (errno.EACCES, "cannot be written"),
     (errno.EROFS, "cannot be written")],
)  # fmt: skip
def test_a_disk_that_refuses_is_told_plainly(store: Store, number: int, words: str) -> None:
    def write(_part: Path) -> None:
        raise OSError(number, "refused")

    with pytest.raises(RenderError, match=words) as caught:
        store.make("kind", "key", ".txt", write)
    assert caught.value.mend
    assert caught.value.where == str(store.folder)


def test_any_other_fault_is_ours(store: Store) -> None:
    def write(_part: Path) -> None:
        raise OSError(errno.EIO, "input/output error")

    with pytest.raises(OSError, match="input/output"):
        store.make("kind", "key", ".txt", write)


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    with pytest.raises(RenderError) as caught:
        Store(tmp_path / "cache").make("kind", "key", ".txt", lambda p: None)
    assert "--cache" in caught.value.mend


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "named"))
    assert Store().folder == tmp_path / "named"
    assert Store(tmp_path / "given").folder == tmp_path / "given"


def test_size_and_clearing(store: Store) -> None:
    assert store.size_bytes() == 0
    store.make("pieces", "1", ".bin", lambda p: p.write_bytes(b"12345") and None)
    store.make("sound", "2", ".bin", lambda p: p.write_bytes(b"123") and None)
    assert store.size_bytes() == 8
    store.clear()
    assert store.size_bytes() == 0
    assert [p.name for p in store.folder.iterdir()] == [MARK]
    store.clear()
    store.make("pieces", "1", ".bin", lambda p: p.write_bytes(b"12345") and None)
    store.clear()
    assert store.size_bytes() == 0


def test_clearing_spares_what_is_not_ours(store: Store) -> None:
    store.make("pieces", "1", ".bin", lambda p: p.write_bytes(b"12345") and None)
    (store.folder / "holiday").mkdir()
    (store.folder / "holiday" / "beach.mp4").write_text("mine")
    (store.folder / "notes.txt").write_text("mine too")
    store.clear()
    assert {p.name for p in store.folder.iterdir()} == {MARK, "holiday", "notes.txt"}
    assert (store.folder / "holiday" / "beach.mp4").read_text() == "mine"


@pytest.mark.parametrize("mark", [None, "Signature: 8a477f597d28d172789f06886806bc55\n# cargo"])
def test_a_folder_that_we_did_not_mark_is_not_cleared(tmp_path: Path, mark: str | None) -> None:
    (tmp_path / "sound").mkdir()
    (tmp_path / "sound" / "voice.wav").write_text("mine")
    if mark is not None:
        (tmp_path / MARK).write_text(mark)
    store = Store(tmp_path)
    store.make("pieces", "1", ".bin", lambda p: p.write_bytes(b"12345") and None)
    with pytest.raises(UsageError, match="was not made as a cache") as caught:
        store.clear()
    assert "pieces" in caught.value.mend
    assert (tmp_path / "sound" / "voice.wav").read_text() == "mine"
    assert store.path("pieces", "1", ".bin").is_file()


def test_clearing_follows_no_link(store: Store, tmp_path: Path) -> None:
    store.begin()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "take.mp4").write_text("mine")
    (store.folder / "pieces").symlink_to(tmp_path / "mine")
    store.clear()
    assert (tmp_path / "mine" / "take.mp4").read_text() == "mine"


def test_clearing_a_folder_without_a_cache_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    Store(tmp_path).clear()
    Store(tmp_path / "none").clear()
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_named_folder_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Store(Path("-y")).folder == tmp_path / "-y"
    monkeypatch.setenv(CACHE_VARIABLE, "kept")
    assert Store().folder == tmp_path / "kept"


def test_a_file_can_be_dropped(store: Store, tmp_path: Path) -> None:
    made = store.make("pieces", "1", ".bin", lambda p: p.write_bytes(b"12345") and None)
    other = tmp_path / "mine.bin"
    other.touch()
    for file in (made, made, other):
        store.drop(file)
    assert not made.exists()
    assert other.exists()


def test_another_detector_looks_again(make_clip: MakeClip, store: Store) -> None:
    take = make_clip(
        "grey.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.6", "-pix_fmt", "yuv420p"
    )
    for name in ("learned", "classical", "learned", "classical"):
        analyse(probe(take), store, detector(name))
    assert len(list((store.folder / "analysis").iterdir())) == 2


@pytest.mark.parametrize(
    ("module", "number"),
    [*((library, "__version__") for library in (av, cv2, np)), (scan, "SCAN_VERSION")],
)
def test_another_version_of_a_library_or_of_the_table_looks_again(
    make_clip: MakeClip,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    number: str,
) -> None:
    take = make_clip(
        "grey.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.6", "-pix_fmt", "yuv420p"
    )
    footage = probe(take)
    analyse(footage, store, detector())
    analyse(footage, store, detector())
    assert len(list((store.folder / "analysis").iterdir())) == 1
    monkeypatch.setattr(module, number, "0.0.1")
    analyse(footage, store, detector())
    assert len(list((store.folder / "analysis").iterdir())) == 2


def test_another_name_or_version_of_a_detector_looks_again(
    make_clip: MakeClip, store: Store
) -> None:
    take = make_clip(
        "grey.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.6", "-pix_fmt", "yuv420p"
    )
    one = Classical()
    for seeing in (one, Classical(), replace(one, name="other"), replace(one, version="other")):
        analyse(probe(take), store, seeing)
    assert len(list((store.folder / "analysis").iterdir())) == 3


@pytest.mark.parametrize(
    ("module", "named", "read_once"),
    [
        (learned, "MODEL", (learned._model, learned._digest)),
        (judgement, "WEIGHTS", (judgement._text, judgement.judgement_digest)),
    ],
    ids=["seeing.onnx", "judgement.json"],
)
def test_other_weights_are_another_version(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    named: str,
    read_once: tuple[Any, ...],
) -> None:
    before = learned.Learned().version
    shipped = Path(str(module.__file__)).with_name(getattr(module, named))
    other = tmp_path / shipped.name
    other.write_bytes(shipped.read_bytes() + b" ")
    with monkeypatch.context() as patched:
        patched.setattr(module, named, str(other))
        for read in read_once:
            read.cache_clear()
        after = learned.Learned().version
    for read in read_once:
        read.cache_clear()
    assert after != before == learned.Learned().version


def test_digests(tmp_path: Path) -> None:
    assert digest_of({"a": 1, "b": [2, "é"]}) == digest_of({"b": [2, "é"], "a": 1})
    assert digest_of(["a", "b"]) != digest_of(["ab"])
    assert digest_of([1]) != digest_of(["1"])
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 100_000)
    assert file_digest(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
