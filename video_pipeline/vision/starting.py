"""Starting: what a detector needs is there and whole, or one plain error says what to mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from video_pipeline.errors import PipelineError, UsageError
from video_pipeline.toolchain import memory_error


@contextmanager
def starting(what: str, *, mend: str, where: str = "") -> Iterator[None]:
    """Whatever stops the block is raised as a UsageError: "`what` cannot be used: …".

    Anything is caught, because the libraries that run networks raise errors without a common root.
    """
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:
        if memory_error(error) is not None:
            raise  # nothing is wrong with it
        raise UsageError(
            f"{what} cannot be used: {in_a_line(error)}", where=where, mend=mend
        ) from error


def in_a_line(error: Exception) -> str:
    """What an error says, on one line; its kind where it says nothing."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
