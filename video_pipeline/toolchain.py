"""The ffmpeg program: which one runs, and how children are run, watched and ended.

The binary that comes with `imageio-ffmpeg` is used unless `VIDEO_PIPELINE_FFMPEG` names another.
Every child gets a deadline, limits, none of our secrets, no shell and no standard input; ffmpeg is
also ended when it no longer gets on. Children still alive when the run is interrupted are ended
with it.
"""

from __future__ import annotations

import errno
import math
import os
import re
import resource
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from video_pipeline.errors import PipelineError, RenderError, UsageError
from video_pipeline.interruption import whole

FFMPEG_VARIABLE = "VIDEO_PIPELINE_FFMPEG"

# Containers a camera or a phone writes. Playlists and scripts that point to other files are not in
# the list, so a file that pretends to be a video cannot make ffmpeg open something else.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf,gif,webp_anim"
# And those that music comes in.
SOUNDS = "mp3,wav,flac,aac,aiff,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
# A photo's coding is known before it is opened, by its first bytes.
PHOTOS = {
    "mjpeg": "jpeg_pipe",
    "png": "png_pipe",
    "webp": "webp_pipe",
    "gif": "gif",
    "hevc": "mov",  # HEIC
    "av1": "mov",  # AVIF
}
# The largest moving picture that is decoded, 8K with a margin for padding: a header of a few bytes
# may ask for sixteen pictures of any size at once.
MOST_PIXELS = 8192 * 4352

STILL_S = 120.0  # ffmpeg that gets no further for so long is stuck, not slow
_MOST_BYTES = 6 << 30  # of a child's memory: 8K in ten bits takes a half of it
_MOST_WRITTEN = 16 << 30  # bytes of one file: an hour of 4K without loss
_MOST_FILES = 1024  # open at once; a clip's sound opens its source once for every cut
_MOST_SAID = 64 << 20  # bytes on standard error: a log that no honest file causes
# What a child may know of our surroundings: where programs and libraries are, its language, where
# scratch files go. No key or token of the person's is among them.
_SURROUNDINGS = re.compile(
    r"PATH|TMPDIR|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_(FALLBACK_)?LIBRARY_PATH|NIX_LD\w*"
)
_GOT_ON = re.compile(rb"(?:frame|out_time_us|total_size)=(\S+)")

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
    import imageio_ffmpeg  # noqa: PLC0415  # help needs no ffmpeg, and is to answer at once

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
    still_s: float = STILL_S,
    what: str = "ffmpeg",
    where: str = "",
) -> Completed:
    """Run a child to its end and return what it wrote.

    Raises RenderError when it fails, passes its deadline, writes without end, or is ffmpeg and gets
    no further for `still_s`; `what` and `where` name the work and the file in that error.
    """
    child: subprocess.Popen[bytes] | None = None
    ours, theirs = os.pipe()
    try:
        with os.fdopen(ours, "rb", 0) as progress, os.fdopen(theirs, "wb", 0) as telling:
            program, *rest = arguments
            watched = program == str(ffmpeg_path())
            if watched:
                rest = ["-progress", f"pipe:{theirs}", *rest]
            with whole(), _lock:
                child = subprocess.Popen(
                    [program, *rest],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(theirs,),
                    env=_surroundings(),
                    start_new_session=True,  # Ctrl-C reaches us alone; we end the children
                )
                _children.add(child)
                _told(child.pid, runs=True)
            _limit(child.pid, deadline_s)
            telling.close()
            wrote = _heard(child, progress, deadline_s, still_s if watched else math.inf)
    except _StuckError as stuck:
        raise RenderError(
            f"{what} {stuck} and was stopped", where=where, mend=stuck.mend, passing=True
        ) from None
    finally:
        if child is not None:
            if child.poll() is None:
                child.kill()
                child.wait()
            for pipe in (child.stdout, child.stderr):
                if pipe is not None:
                    pipe.close()
            with _lock:
                _children.discard(child)
            _told(child.pid, runs=False)
    stdout, log = wrote[0], wrote[1].decode(errors="replace")
    if child.returncode != 0:
        raise _failure(what, where, log, child.returncode)
    return Completed(stdout, log)


def tell_of_children(listener: Callable[[int, bool], None] | None) -> None:
    """Let `listener` know the number of every child: True once it runs, False when it has ended."""
    _State.listener = listener


def _told(child: int, *, runs: bool) -> None:
    if _State.listener is not None:
        _State.listener(child, runs)


class _StuckError(Exception):
    """A child has to be stopped; says what it did, and what may help."""

    def __init__(self, did: str, mend: str) -> None:
        super().__init__(did)
        self.mend = mend


def _heard(
    child: subprocess.Popen[bytes], progress: IO[bytes], deadline_s: float, still_s: float
) -> tuple[bytes, bytes]:
    """What a child writes to its two outputs until it ends. Raises _StuckError."""
    assert child.stdout is not None  # noqa: S101 - for the type checker
    assert child.stderr is not None  # noqa: S101
    began = got_on = time.monotonic()
    said = {child.stdout.fileno(): bytearray(), child.stderr.fileno(): bytearray()}
    stderr = said[child.stderr.fileno()]
    place: list[bytes] = []
    with selectors.DefaultSelector() as speaking:
        for descriptor in (*said, progress.fileno()):
            speaking.register(descriptor, selectors.EVENT_READ)
        while speaking.get_map():
            now = time.monotonic()
            if now - began > deadline_s:
                raise _StuckError(
                    f"took longer than {deadline_s:g} s",
                    "try again on a machine with less load, or with shorter footage",
                )
            if now - got_on > still_s:
                raise _StuckError(
                    f"got no further for {still_s:g} s",
                    "the footage may be damaged there: play it to its end, or leave that part out",
                )
            left = min(began + deadline_s, got_on + still_s) - now
            for key, _ in speaking.select(max(0.0, left) + 0.01):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    speaking.unregister(key.fd)
                elif key.fd in said:
                    said[key.fd] += data
                elif (now_at := _GOT_ON.findall(data)) != place:
                    place, got_on = now_at, time.monotonic()
            if len(stderr) > _MOST_SAID:
                raise _StuckError("complained without end", "play the footage to its end")
    try:
        child.wait(max(1.0, began + deadline_s - time.monotonic()))
    except subprocess.TimeoutExpired:  # it closed its outputs and stays
        raise _StuckError(f"took longer than {deadline_s:g} s", "run it again") from None
    return tuple(bytes(data) for data in said.values())  # type: ignore[return-value]


def _surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if _SURROUNDINGS.fullmatch(name)}


def _limit(child: int, deadline_s: float) -> None:
    """What a child may use of this machine. Where it cannot be limited, time alone is.

    Linux limits a running process (prlimit); macOS has no such call, and a function that is run
    between fork and exec is unsafe beside threads.
    """
    if not hasattr(resource, "prlimit"):
        return
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, math.ceil(deadline_s) * (os.cpu_count() or 1) + 1),
        (resource.RLIMIT_DATA, _MOST_BYTES),
        (resource.RLIMIT_FSIZE, _MOST_WRITTEN),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
    ):
        with suppress(ProcessLookupError):  # it has ended already
            _, ceiling = resource.prlimit(child, kind)
            least = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
            resource.prlimit(child, kind, (least, least))


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


# What libraries say of it that raise errors of their own kind; in one word each.
_NO_MEMORY = re.compile(
    r"bad_alloc|annot allocate memory|OutOfMemory|failed to map segment|can't start new thread"
    r"|malloc of size \d+ failed"  # x264
)


def memory_error(error: Exception) -> RenderError | None:
    """A plain error where there was not enough memory; None for any other fault."""
    if isinstance(error, PipelineError):
        return None
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
        return RenderError(
            "there was not enough memory",
            mend="end other programs, make fewer at once, or export the footage smaller",
            passing=True,
        )
    return None


def _full(where: str) -> RenderError:
    return RenderError(
        "the disk is full", where=where, mend="free some space and run it again", passing=True
    )


def _ended_by(number: int, what: str, where: str) -> RenderError:
    """A child that did not end by itself: most often the system ran out of memory."""
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    if number in (signal.SIGKILL, signal.SIGTERM):
        return RenderError(
            f"{what} was ended from outside ({name})",
            where=where,
            mend="most often there was too little memory: end other programs and run it again; "
            "what was finished is kept",
            passing=True,
        )
    return RenderError(
        f"{what} came to a sudden end ({name})",
        where=where,
        mend="run it again; if it ends there again, export the footage anew, or leave it out",
        passing=True,
    )


def _failure(what: str, where: str, log: str, code: int) -> PipelineError:
    if "No space left on device" in log or "Disk quota exceeded" in log:
        return _full(where)
    if _NO_MEMORY.search(log):
        return RenderError(
            f"there is not enough memory for {what}",
            where=where,
            mend="end other programs, or export the footage smaller",
            passing=True,
        )
    if code < 0:
        error = _ended_by(-code, what, where)
    else:
        last = [line.strip() for line in log.splitlines() if line.strip()]
        said = last[-1] if last else f"it ended with code {code}"
        mend = "run with --debug for the log"
        error = RenderError(f"{what} failed: {said}", where=where, mend=mend)
    error.add_note(log.strip())  # a traceback shows it
    return error
