"""Children: run to their end, watched, and ended with us."""

from __future__ import annotations

import errno
import sys
import threading
import time
from pathlib import Path

import pytest

from video_pipeline import doctor
from video_pipeline.errors import RenderError, UsageError
from video_pipeline.store import Store
from video_pipeline.toolchain import (
    FFMPEG_VARIABLE,
    disk_error,
    ffmpeg_path,
    ffmpeg_version,
    run,
    stop_children,
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_a_child_wrote() -> None:
    done = run(
        python("import sys; sys.stdout.buffer.write(b'\\x00out'); sys.stderr.write('err')"),
        deadline_s=30,
    )
    assert done.stdout == b"\x00out"
    assert done.stderr == "err"


def test_a_child_has_no_input() -> None:
    assert run(python("import sys; print(len(sys.stdin.read()))"), deadline_s=30).stdout == b"0\n"


def test_a_failure_is_told_with_its_last_line() -> None:
    code = "import sys; sys.stderr.write('first\\nthe reason\\n\\n'); sys.exit(3)"
    with pytest.raises(RenderError, match="joining failed: the reason") as caught:
        run(python(code), deadline_s=30, what="joining", where="clip.mp4")
    assert caught.value.where == "clip.mp4"
    assert caught.value.mend
    with pytest.raises(RenderError, match="ended with code 4"):
        run(python("import sys; sys.exit(4)"), deadline_s=30)


def test_a_full_disk_is_told_plainly() -> None:
    code = (
        "import sys; sys.stderr.write('av_write_frame(): No space left on device\\nx'); sys.exit(1)"
    )
    with pytest.raises(RenderError, match="disk is full"):
        run(python(code), deadline_s=30)


def test_a_child_that_takes_too_long_is_stopped() -> None:
    began = time.monotonic()
    with pytest.raises(RenderError, match=r"longer than 0\.5 s"):
        run(python("import time; time.sleep(60)"), deadline_s=0.5)
    assert time.monotonic() - began < 10


def test_all_children_can_be_stopped() -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            run(python("import time; time.sleep(60)"), deadline_s=60)
        except RenderError as error:
            caught.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    stop_children()
    for thread in threads:
        thread.join(timeout=10)
    assert len(caught) == 2


def test_disk_errors() -> None:
    full = disk_error(OSError(errno.ENOSPC, "x"), "/out")
    shut = disk_error(OSError(errno.EACCES, "x"), "/out")
    assert full is not None
    assert shut is not None
    assert "full" in full.message
    assert "cannot be written" in shut.message
    assert full.where == shut.where == "/out"
    assert disk_error(OSError(errno.EIO, "x"), "/out") is None


@pytest.fixture
def forget() -> object:
    ffmpeg_path.cache_clear()
    yield
    ffmpeg_path.cache_clear()


def test_a_named_ffmpeg(forget: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = ffmpeg_path()
    ffmpeg_path.cache_clear()
    monkeypatch.setenv(FFMPEG_VARIABLE, str(real))
    assert ffmpeg_path() == real.resolve()
    ffmpeg_path.cache_clear()
    monkeypatch.setenv(FFMPEG_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(UsageError, match="is not a program"):
        ffmpeg_path()


def test_the_version_is_one_word() -> None:
    assert ffmpeg_version()
    assert " " not in ffmpeg_version()


def test_the_doctor_finds_this_machine_well(store: Store) -> None:
    results = {result.name: result for result in doctor.examine(store)}
    assert set(results) == {"ffmpeg", "encoders", "hardware", "fonts", "seeing", "cache", "disk"}
    assert all(result.ok for result in results.values()), results
    assert ffmpeg_version() in results["ffmpeg"].found
    assert list(store.folder.rglob("*.txt")) == []


def test_the_doctor_says_what_is_wrong(
    tmp_path: Path, forget: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be")
    monkeypatch.setenv(FFMPEG_VARIABLE, str(tmp_path / "none"))
    results = {result.name: result for result in doctor.examine(Store(tmp_path / "cache"))}
    assert not results["cache"].ok
    assert "--cache" in results["cache"].mend
    assert not results["disk"].ok
    assert not results["encoders"].ok
    assert FFMPEG_VARIABLE in results["encoders"].mend
    assert results["fonts"].ok


def test_the_doctor_reports_whatever_the_system_refuses(
    tmp_path: Path, forget: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_bytes(b"\x7fELF, for another machine")
    program.chmod(0o755)
    monkeypatch.setenv(FFMPEG_VARIABLE, str(program))
    ffmpeg_version.cache_clear()
    (tmp_path / "loop").symlink_to("loop")
    try:
        results = {result.name: result for result in doctor.examine(Store(tmp_path / "loop"))}
    finally:
        ffmpeg_version.cache_clear()
    assert {name for name, result in results.items() if not result.ok} == {
        "ffmpeg", "encoders", "hardware", "cache", "disk",
    }  # fmt: skip
    assert FFMPEG_VARIABLE in results["ffmpeg"].mend
    assert str(program) in results["ffmpeg"].found
    assert "--cache" in results["disk"].mend
