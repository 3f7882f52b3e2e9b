"""The cache: a file that can be seen is whole."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
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
from video_pipeline.occupancy import USERS
from video_pipeline.store import (
    CACHE_VARIABLE,
    LIMIT_VARIABLE,
    MARK,
    Store,
    digest_of,
    file_digest,
)
from video_pipeline.vision import judgement, learned
from video_pipeline.vision.classical import Classical
from video_pipeline.vision.detectors import detector


def wrote(content: str | bytes) -> Callable[[Path], None]:
    """What writes just that."""

    def write(part: Path) -> None:
        part.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


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


def test_what_two_threads_want_at_once_is_made_once(store: Store) -> None:
    begun = threading.Event()
    calls: list[Path] = []

    def write(part: Path) -> None:
        calls.append(part)
        begun.set()
        time.sleep(0.2)
        part.write_text("x" * 100_000)

    threads = [
        threading.Thread(target=store.make, args=("kind", "key", ".txt", write)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert [p.name for p in (store.folder / "kind").iterdir()] == ["key.txt"]
    assert store.path("kind", "key", ".txt").stat().st_size == 100_000


class Other:
    """Another process on the same cache, which does what its lines of Python say."""

    def __init__(self, store: Store, lines: str) -> None:
        script = (
            "import sys, time\nfrom pathlib import Path\n"
            "from video_pipeline.store import Store\n"
            f"store = Store(Path({str(store.folder)!r}))\n"
            "def say(word):\n    print(word, flush=True)\n" + textwrap.dedent(lines)
        )
        self.child = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )

    def says(self, word: str) -> bool:
        assert self.child.stdout is not None
        return self.child.stdout.readline().strip() == word

    def __enter__(self) -> Other:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.communicate()


SLOW = """
    def write(part):
        part.write_text("half")
        say("writing")
        sys.stdin.readline()
        part.write_text("theirs")
    store.make("pieces", "key", ".txt", write)
    say("made")
    sys.stdin.readline()
"""


def test_what_another_process_is_making_is_waited_for(store: Store) -> None:
    with Other(store, SLOW) as other:
        assert other.says("writing")
        assert other.child.stdin is not None
        threading.Timer(0.3, lambda: print(file=other.child.stdin, flush=True)).start()
        made = store.make("pieces", "key", ".txt", wrote("ours"))
        assert made.read_text() == "theirs"


def test_nobody_waits_for_a_killed_process_and_its_rest_goes(store: Store) -> None:
    with Other(store, SLOW) as other:
        assert other.says("writing")
        store.tidy()
        assert len(list(store.folder.rglob(".part-*"))) == 1  # it is being written
        threading.Timer(0.2, other.child.kill).start()
        made = store.make("pieces", "key", ".txt", wrote("ours"))
    assert made.read_text() == "ours"
    assert [p.name for p in made.parent.iterdir()] == ["key.txt"]


def test_rests_of_earlier_versions_go_when_they_are_old(store: Store) -> None:
    folder = store.path("pieces", "x", "").parent
    folder.mkdir(parents=True)
    for name, age_s in (("old", 2 * 86400), ("new", 60), ("to-come", -2 * 86400)):
        (folder / f".part-{name}").touch()
        os.utime(folder / f".part-{name}", (time.time() - age_s,) * 2)
    store.make("sound", "key", ".txt", wrote("x"))
    assert [p.name for p in folder.iterdir()] == [".part-new"]


@pytest.mark.parametrize("what", ["bytes", "digest", "no digest"])
def test_what_is_not_as_it_was_written_is_made_again(store: Store, what: str) -> None:
    made = store.make("pieces", "key", ".bin", wrote(b"12345"))
    kept = store.folder / "sums" / "pieces" / "key.bin"
    if what == "bytes":  # as long and as old as before
        state = made.stat()
        made.write_bytes(b"12346")
        os.utime(made, ns=(state.st_atime_ns, state.st_mtime_ns))
    elif what == "digest":
        kept.write_bytes(b"\xff")
    else:
        kept.unlink()
    later = Store(store.folder)
    later.make("pieces", "key", ".bin", wrote(b"again"))
    assert made.read_bytes() == b"again"
    assert kept.read_text() == file_digest(made)


def fill(store: Store, key: str, size: int, age_s: float = 0.0) -> Path:
    made = store.make("pieces", key, ".bin", wrote(bytes(size)))
    if age_s:
        os.utime(store.folder / "sums" / "pieces" / made.name, (time.time() - age_s,) * 2)
    return made


def held(store: Store) -> set[str]:
    return {p.stem for p in (store.folder / "pieces").glob("*.bin")}


def test_what_was_not_used_for_longest_goes_first(store: Store) -> None:
    for number in range(5):
        fill(store, f"k{number}", 1000, age_s=1000 - number * 100)
    later = Store(store.folder, "3kB")
    store._users.leave()  # that run has ended
    assert later.holds(later.path("pieces", "k0", ".bin"))  # used just now
    fill(later, "k5", 1000)
    assert held(store) == {"k0", "k4", "k5"}
    sums = {p.stem for p in (store.folder / "sums" / "pieces").iterdir()}
    assert sums == held(store)
    assert later.size_bytes() == 3000


def test_nothing_goes_that_a_running_process_uses(store: Store) -> None:
    with Other(store, SLOW) as other:
        assert other.says("writing")
        assert other.child.stdin is not None
        print(file=other.child.stdin, flush=True)
        assert other.says("made")
        made = store.path("pieces", "key", ".txt")
        os.utime(store.folder / "sums" / "pieces" / made.name, (0, 0))
        later = Store(store.folder, "1")
        fill(later, "k1", 100)
        later.tidy()
        assert made.is_file()
        assert held(later) == {"k1"}  # its own neither
    later.tidy()
    assert not made.exists()


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(store: Store) -> None:
    fill(store, "tomorrow", 1000, age_s=-86400)
    store._users.leave()
    later = Store(store.folder, "1500")
    fill(later, "now", 1000)
    assert held(later) == {"now"}


def test_lists_of_states_stay(store: Store) -> None:
    store.make("status", "key", ".json", wrote(bytes(5000)))
    store._users.leave()
    later = Store(store.folder, "1k")
    fill(later, "now", 1000)
    assert later.path("status", "key", ".json").is_file()


@pytest.mark.parametrize(
    ("said", "means"),
    [("500MB", 500e6), ("2.5 GB", 2.5e9), ("10g", 10e9), ("123", 123), ("none", None)],
)
def test_limits_as_people_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, means: float | None
) -> None:
    assert Store(tmp_path, said).limit == means
    monkeypatch.setenv(LIMIT_VARIABLE, said)
    assert Store(tmp_path).limit == means
    assert Store(tmp_path, "1k").limit == 1000
    monkeypatch.delenv(LIMIT_VARIABLE)
    assert Store(tmp_path).limit == 10e9


def test_a_limit_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ten") as caught:
        Store(tmp_path, "ten")
    assert "20GB" in caught.value.mend


def test_a_cache_that_may_only_be_read_still_serves(store: Store) -> None:
    made = fill(store, "k", 100)
    shutil.rmtree(store.folder / USERS)
    (store.folder / USERS).write_text("no folder can be made here")
    assert fill(Store(store.folder), "k", 100) == made


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
    store.make("pieces", "1", ".bin", wrote(b"12345"))
    store.make("sound", "2", ".bin", wrote(b"123"))
    assert store.size_bytes() == 8
    store.clear()
    assert store.size_bytes() == 0
    assert {p.name for p in store.folder.iterdir()} == {MARK, USERS}
    store.clear()
    store.make("pieces", "1", ".bin", wrote(b"12345"))
    store.clear()
    assert store.size_bytes() == 0


def test_clearing_spares_what_is_not_ours(store: Store) -> None:
    store.make("pieces", "1", ".bin", wrote(b"12345"))
    (store.folder / "holiday").mkdir()
    (store.folder / "holiday" / "beach.mp4").write_text("mine")
    (store.folder / "notes.txt").write_text("mine too")
    store.clear()
    assert {p.name for p in store.folder.iterdir()} == {MARK, USERS, "holiday", "notes.txt"}
    assert (store.folder / "holiday" / "beach.mp4").read_text() == "mine"


@pytest.mark.parametrize("mark", [None, "Signature: 8a477f597d28d172789f06886806bc55\n# cargo"])
def test_a_folder_that_we_did_not_mark_is_not_cleared(tmp_path: Path, mark: str | None) -> None:
    (tmp_path / "sound").mkdir()
    (tmp_path / "sound" / "voice.wav").write_text("mine")
    if mark is not None:
        (tmp_path / MARK).write_text(mark)
    store = Store(tmp_path)
    store.make("pieces", "1", ".bin", wrote(b"12345"))
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
    made = store.make("pieces", "1", ".bin", wrote(b"12345"))
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
