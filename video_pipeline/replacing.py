"""Replacing a single file: the new one is whole before it takes the old one's place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from video_pipeline.errors import RenderError, UsageError
from video_pipeline.interruption import whole
from video_pipeline.toolchain import disk_error


@contextmanager
def replaced(path: Path, option: str = "--output") -> Iterator[Path]:
    """Yield a private path beside `path`; when the block ends well it becomes `path`.

    Missing folders are made; a link stays a link, and the file it names is replaced. When the block
    fails or is interrupted, nothing is left and `path` stays as it was. Raises UsageError when
    something other than a file stands there, RenderError when the disk is full or the folder
    cannot be written. `option` is what a person may name another place with.
    """
    if path.exists() and not path.is_file():
        raise UsageError(
            "something other than a file stands here",
            where=str(path),
            mend=f"name another place with {option}",
        )
    path = Path(os.path.realpath(path))
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole():
            handle, name = tempfile.mkstemp(
                dir=path.parent, prefix=f".{path.name}.", suffix=".part"
            )
            part = Path(name)
            os.close(handle)
        # mkstemp makes files for the owner alone; this one is a person's, like any they save.
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        yield part
        part.replace(path)
    except OSError as error:
        raise disk_error(error, str(path), option) or RenderError(
            f"the file cannot be written: {error.strerror or error}",
            where=str(path),
            mend=f"name another place with {option}",
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
