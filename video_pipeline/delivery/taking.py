"""Taking pictures from footage, each once: what was taken is kept by all that decided it.

A still costs decoding from the key frame before it. The same moments are wanted again by the report
and by every later render of the listing, so they are kept in the store as pieces are: under the
digest of the whole ffmpeg command, with the footage's path replaced by the digest of its content.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from video_pipeline.errors import FootageError
from video_pipeline.footage.model import Footage
from video_pipeline.store import Store, digest_of
from video_pipeline.toolchain import ffmpeg_version, run

_DEADLINE_S = 120


def take(
    command: Callable[[Path], list[str]],
    footage: Footage,
    out: Path,
    *,
    what: str,
    store: Store | None = None,
) -> None:
    """Write the JPEG that `command` makes from `footage` to `out`, from the store if it is there.

    Without a store it is taken now. Raises RenderError when it cannot be taken, FootageError when
    nothing can be read there.
    """

    def write(to: Path) -> None:
        run(command(to), deadline_s=_DEADLINE_S, what=what, where=footage.name)
        if not to.is_file() or not to.stat().st_size:  # ffmpeg may find nothing and be content
            raise FootageError(
                "a picture that is wanted cannot be read",
                where=footage.name,
                mend="copy the file from the phone once more, or leave that part out with --ban",
            )

    if store is None:
        write(out)
        return
    shutil.copyfile(store.make("stills", key_of(command(Path("out")), footage), ".jpg", write), out)


def key_of(command: list[str], footage: Footage) -> str:
    """Digest of all that decides what an ffmpeg command makes from a file."""
    _, *arguments = command
    path = str(footage.path)
    return digest_of([ffmpeg_version(), *(footage.digest if a == path else a for a in arguments)])
