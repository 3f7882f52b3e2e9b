"""Publishing: an output folder is complete or untouched, never half.

Everything is written into a private folder beside the wanted one and renamed in a single step when
it is whole. A folder that holds anything else than an earlier result of the same item is refused.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from video_pipeline.errors import RenderError, UsageError
from video_pipeline.interruption import whole
from video_pipeline.toolchain import disk_error

MANIFEST = "manifest.json"


@contextmanager
def published(folder: Path, sku: str) -> Iterator[Path]:
    """Yield a private folder; when the block ends well, it takes the place of `folder`.

    When the block fails or is interrupted, the private folder goes and `folder` stays as it was.
    Raises UsageError when `folder` holds files of somebody else, RenderError when the disk is full
    or cannot be written.
    """
    folder = folder.absolute()
    check_target(folder, sku)
    staging = folder.parent / f".{folder.name}.partial-{os.getpid()}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        staging.mkdir()
        yield staging
        _swap(staging, folder)
    except OSError as error:
        plain = disk_error(error, str(folder))
        if plain is None:
            raise
        raise plain from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_target(folder: Path, sku: str) -> None:
    """Raise UsageError when publishing to `folder` would destroy what is not ours to replace."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(
            "the output is a file, not a folder", where=str(folder), mend="name a folder"
        )
    present = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    if not present:
        return
    ours: set[str] = set()
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["sku"] == sku:
            ours = {MANIFEST, *manifest["files"]}
    foreign = sorted(present - ours)
    if foreign:
        raise UsageError(
            f"the output folder holds something else: {foreign[0]}",
            where=str(folder),
            mend="choose an empty folder with --output",
        )


def _swap(staging: Path, folder: Path) -> None:
    if not folder.exists():
        staging.rename(folder)
        return
    old = folder.parent / f".{folder.name}.old-{os.getpid()}"
    with whole():
        folder.rename(old)
        try:
            staging.rename(folder)
        except OSError as error:
            old.rename(folder)
            raise RenderError(
                "the finished folder could not be put in its place", where=str(folder)
            ) from error
    shutil.rmtree(old, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what runs that were killed have left beside the folder."""
    for left in folder.parent.glob(f".{folder.name}.partial-*"):
        owner = left.name.rpartition("-")[2]
        if owner.isdigit() and _dead(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    for old in folder.parent.glob(f".{folder.name}.old-*"):
        owner = old.name.rpartition("-")[2]
        if owner.isdigit() and _dead(int(owner)):
            if folder.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(folder)  # killed between two renames: the earlier result comes back


def _dead(process: int) -> bool:
    if process == os.getpid():
        return True  # in a container, every run has the same number
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
