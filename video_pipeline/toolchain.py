"""The ffmpeg program: which one runs, and how children are run, watched and ended.

The binary that comes with `imageio-ffmpeg` is used unless `VIDEO_PIPELINE_FFMPEG` names another.
Every child gets a deadline, no shell and no standard input; children still alive when the run is
interrupted are ended with it.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from video_pipeline.errors import PipelineError, RenderError, UsageError
from video_pipeline.interruption import whole

FFMPEG_VARIABLE = "VIDEO_PIPELINE_FFMPEG"

# Containers a camera or a phone writes. Playlists and scripts that point to other files are not in
# the list, so a file that pretends to be a video cannot make ffmpeg open something else.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf"
# And those that music comes in.
SOUNDS = "mp3,wav,flac,aac,aiff,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
# A photo's coding is known before it is opened, by its first bytes.
PHOTOS = {"mjpeg": "jpeg_pipe", "png": "png_pipe"}

_children: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


class _State:
    listener: Callable[[int, bool], None] | None = None


@cache
def ffmpeg_path() -> Path:
    """The ffmpeg program of this run. Raises UsageError when there is none."""
    named = os.environ.get(FFMPEG_VARIABLE)
    if named:
        path = Path(named)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise UsageError(
                f"{FFMPEG_VARIABLE} names {named!r}, which is not a program",
                mend=f"point it at an ffmpeg program, or unset {FFMPEG_VARIABLE}",
            )
        return path.resolve()
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise UsageError(
            "the ffmpeg program that belongs to this installation is missing",
            mend="reinstall with: pip install --force-reinstall imageio-ffmpeg",
        ) from error


@cache
def ffmpeg_version() -> str:
    """The version as ffmpeg states it, e.g. '9.0.2-static'. Part of every piece's key."""
    first = run([str(ffmpeg_path()), "-version"], deadline_s=30).stdout.decode(errors="replace")
    found = re.match(r"ffmpeg version (\S+)", first)
    return found.group(1) if found else first.splitlines()[0]


class Completed:
    """A finished child: what it wrote to standard output (bytes) and to standard error (text)."""

    def __init__(self, stdout: bytes, stderr: str) -> None:
        self.stdout = stdout
        self.stderr = stderr


def run(
    arguments: Sequence[str],
    *,
    deadline_s: float,
    what: str = "ffmpeg",
    where: str = "",
) -> Completed:
    """Run a child to its end and return what it wrote.

    Raises RenderError when it fails or passes its deadline; `what` and `where` name the work and
    the file in that error.
    """
    child: subprocess.Popen[bytes] | None = None
    try:
        with whole(), _lock:
            child = subprocess.Popen(
                list(arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C reaches us alone; we end the children ourselves
            )
            _children.add(child)
            _told(child.pid, runs=True)
        stdout, stderr = child.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"{what} took longer than {deadline_s:g} s and was stopped",
            where=where,
            mend="try again on a machine with less load, or with shorter footage",
            passing=True,
        ) from None
    finally:
        if child is not None:
            if child.poll() is None:
                child.kill()
                child.communicate()
            with _lock:
                _children.discard(child)
            _told(child.pid, runs=False)
    log = stderr.decode(errors="replace")
    if child.returncode != 0:
        raise _failure(what, where, log, child.returncode)
    return Completed(stdout, log)


def tell_of_children(listener: Callable[[int, bool], None] | None) -> None:
    """Let `listener` know the number of every child: True once it runs, False when it has ended."""
    _State.listener = listener


def _told(child: int, *, runs: bool) -> None:
    if _State.listener is not None:
        _State.listener(child, runs)


def stop_children() -> None:
    """End every child that is still running (an interrupted run calls this)."""
    with _lock:
        alive = list(_children)
    for child in alive:
        with suppress(ProcessLookupError):
            child.kill()


def disk_error(error: OSError, where: str, option: str = "--output") -> PipelineError | None:
    """A plain error for a full, read-only or forbidden disk; None for any other OSError.

    `option` is what a person may name another folder with.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(where)
    # A file that stands where a folder is needed cannot be written into either.
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return RenderError(
            "this folder cannot be written",
            where=where,
            mend=f"choose another folder with {option}",
        )
    return None


def _full(where: str) -> RenderError:
    return RenderError(
        "the disk is full", where=where, mend="free some space and run it again", passing=True
    )


def _failure(what: str, where: str, log: str, code: int) -> PipelineError:
    if "No space left on device" in log or "Disk quota exceeded" in log:
        return _full(where)
    last = [line.strip() for line in log.splitlines() if line.strip()]
    said = last[-1] if last else f"it ended with code {code}"
    error = RenderError(f"{what} failed: {said}", where=where, mend="run with --debug for the log")
    error.add_note(log.strip())  # a traceback shows it
    return error
