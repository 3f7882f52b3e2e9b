"""Publishing: an output folder is complete or untouched, never half.

Everything is written into a private folder beside the wanted one and renamed in a single step when
it is whole. A folder that holds anything else than an earlier result of the same item is refused,
and so is one that cannot be renamed. A link to a folder stays a link: the folder is replaced.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from video_pipeline.errors import PipelineError, RenderError, UsageError
from video_pipeline.interruption import whole
from video_pipeline.toolchain import disk_error

MANIFEST = "manifest.json"
# The manifest's `kind` in folders that belong to no item, and in that of an item's preview.
KEY_FRAMES = "key frames"
GALLERY = "overlays preview"
PREVIEW = "preview"


@contextmanager
def published(folder: Path, sku: str | None, kind: str | None = None) -> Iterator[Path]:
    """Yield a private folder; when the block ends well, it takes the place of `folder`.

    `sku` is the item's number, or None for a folder of no item: key frames, unless `kind` says
    another. `kind` is also that of an item's folder that holds no clips. When the block fails or is
    interrupted, the private folder goes and `folder` stays as it was; errors that the block raises
    name `folder`, not the private one. Raises UsageError when
    `folder` holds files of somebody else or cannot be renamed, RenderError when the disk is full
    or cannot be written.
    """
    check_target(folder, sku, kind)
    asked, folder = folder, _real(folder)
    staging = folder.parent / f".{folder.name}.partial-{os.getpid()}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        staging.mkdir()
        _try_renaming(folder)
        yield staging
        _swap(staging, folder)
    except PipelineError as error:
        error.where = error.where.replace(str(staging), str(asked))
        error.mend = error.mend.replace(str(staging), str(asked))
        raise
    except OSError as error:
        plain = disk_error(error, str(folder))
        if plain is None:
            raise
        raise plain from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def check_target(folder: Path, sku: str | None, kind: str | None = None) -> None:
    """Raise UsageError when `folder` is not ours to replace, or cannot be replaced as a whole."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(
            "the output is a file, not a folder", where=str(folder), mend="name a folder"
        )
    if os.path.ismount(_real(folder)):
        raise _fixed(folder)
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
        expected = kind or (KEY_FRAMES if sku is None else None)
        if manifest.get("kind") == expected and manifest.get("sku") == sku:
            ours = {MANIFEST, *manifest["files"]}
    foreign = sorted(present - ours)
    if foreign:
        raise UsageError(
            f"the output folder holds something else: {foreign[0]}",
            where=str(folder),
            mend="choose an empty folder with --output",
        )


def sweep(folder: Path) -> None:
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


def _real(folder: Path) -> Path:
    """The folder itself where a link is named; it need not be there yet."""
    return Path(os.path.realpath(folder))


def _fixed(folder: Path) -> UsageError:
    return UsageError(
        "this folder is held in its place by the system (a disk or a container's volume is mounted "
        "there), so it cannot be replaced as a whole",
        where=str(folder),
        mend=f"choose a folder inside it: --output {folder / 'clips'}",
    )


def _try_renaming(folder: Path) -> None:
    """Find out now, not after minutes of work, whether the folder can be put aside.

    A run that is killed between the two renames loses nothing: the next one brings it back.
    """
    if not folder.exists():
        return
    aside = folder.parent / f".{folder.name}.old-{os.getpid()}"
    with whole():
        try:
            folder.rename(aside)
        except OSError as error:
            if error.errno in (errno.EBUSY, errno.EXDEV):
                raise _fixed(folder) from error
            raise
        aside.rename(folder)


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
