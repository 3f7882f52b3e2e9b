"""Freshness: what a listing was made from, and whether all of that is still the same.

Nothing here guesses what a listing depends on: its making was witnessed, file by file and folder by
folder (`video_pipeline.witness`). A file that has the size, the time of change and the inode that
it had is not read again. What Python's own files and the program itself hold is one digest, that of
the tools.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import video_pipeline
from video_pipeline.batch.job import Job, Used
from video_pipeline.resources import shipped
from video_pipeline.store import Store, digest_of, file_digest
from video_pipeline.toolchain import ffmpeg_path, ffmpeg_version
from video_pipeline.witness import Witness

_PACKAGE: Final = Path(video_pipeline.__file__).resolve().parent
# What belongs to the system and to Python is the tools', and not the listing's.
_SYSTEM: Final = tuple(
    f"{place}{os.sep}"
    for place in (
        *("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/System", "/Library"),
        *{sys.prefix, sys.base_prefix, str(_PACKAGE)},
    )
)
_CODE: Final = (".py", ".pyc", ".pyi", ".so", ".dylib")


def used_by(witness: Witness, job: Job, known: Mapping[Path, str]) -> tuple[Used, ...]:
    """What a job has read, with digests: everything but the tools and what it made itself.

    `known` are digests that were taken while it ran, of footage and music; one without a digest is
    left out. A file that has changed since it was opened has none, so it is never up to date.
    """
    digests = {str(path): digest for path, digest in known.items()}
    made = tuple(
        f"{os.path.abspath(place)}{os.sep}"  # noqa: PTH100 - links stay as they were named
        for place in (job.output, Store(job.wanted.cache).folder)
    )
    used = []
    for folder, noted in ((False, witness.files), (True, witness.folders)):
        for name, changed in sorted(noted.items()):
            own = digests.get(name)
            if own == "" or (
                own is None and not _counts(f"{name}{os.sep if folder else ''}", made)
            ):
                continue
            try:
                state = os.stat(name)  # noqa: PTH116
                if folder:
                    used.append(Used(name, names_digest(Path(name), job.output), folder=True))
                    continue
                digest = own or _digest(name, state.st_size, state.st_mtime_ns, state.st_ino)
            except OSError:
                continue  # scratch of the work, which is gone with it
            steady = changed == state.st_mtime_ns
            used.append(
                Used(
                    name,
                    digest if steady else "",
                    state.st_size,
                    state.st_mtime_ns,
                    state.st_ino,
                )
            )
    return tuple(used)


def _counts(name: str, made: tuple[str, ...]) -> bool:
    if name.startswith(made) or name.endswith(_CODE):
        return False
    return name.startswith(_shelves()) or not name.startswith(_SYSTEM)


@cache
def _shelves() -> tuple[str, ...]:
    return tuple(f"{shipped(shelf)}{os.sep}" for shelf in ("overlays", "presets"))


@cache
def _digest(name: str, _size: int, _mtime_ns: int, _inode: int) -> str:
    return file_digest(Path(name))


def names_digest(folder: Path, output: Path) -> str:
    """Digest of the names in a folder, without hidden ones and the output's own."""
    own = output.name if output.parent.resolve() == folder.resolve() else None
    return digest_of(
        sorted(n for n in os.listdir(folder) if not n.startswith(".") and n != own)  # noqa: PTH208
    )


@cache
def tools_digest() -> str:
    """Digest of this program's own files, of ffmpeg and of the libraries, by their versions."""
    code = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*")):
        if file.suffix != ".pyc" and file.is_file():
            code.update(f"{file.relative_to(_PACKAGE)}\0{file_digest(file)}\n".encode())
    libraries = sorted({f"{d.metadata['Name']} {d.version}" for d in distributions()})
    return digest_of([code.hexdigest(), str(ffmpeg_path()), ffmpeg_version(), libraries])
