"""Taking pictures from footage, each once: what was taken is kept by all that decided it.

A still costs decoding from the key frame before it. The same moments are wanted again by the report
and by every later render of the listing, so they are kept in the store as pieces are: under the
digest of the whole ffmpeg command, with the footage's path replaced by the digest of its content.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path

from video_pipeline import graph
from video_pipeline.errors import FootageError, RenderError
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


def keep_stills(
    moments: Iterable[tuple[Footage, Fraction]], store: Store, *, what: str = "taking stills"
) -> None:
    """Take the frames at many moments in few passes over the footage, and keep them in the store.

    Whoever takes one of them finds it there. What cannot be taken so is left to them.
    """
    wanted: dict[Path, tuple[Footage, set[Fraction]]] = {}
    for footage, t in moments:
        key = key_of(graph.still(footage, t, Path("out")), footage)
        if not store.holds(store.path("stills", key, ".jpg")):
            wanted.setdefault(footage.path, (footage, set()))[1].add(t)
    for footage, missing in wanted.values():
        for group in graph.in_one_pass(footage, sorted(missing)):
            if len(group) > 1:
                _keep_group(footage, group, store, what)


def _keep_group(footage: Footage, group: Sequence[Fraction], store: Store, what: str) -> None:
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
        files = [(t, Path(scratch) / f"{number}.jpg") for number, t in enumerate(group)]
        with suppress(RenderError):
            run(
                graph.stills(footage, files),
                deadline_s=_DEADLINE_S,
                what=what,
                where=footage.name,
            )
        for t, file in files:
            if file.is_file() and file.stat().st_size:
                key = key_of(graph.still(footage, t, Path("out")), footage)
                store.make("stills", key, ".jpg", partial(shutil.copyfile, file))


def key_of(command: list[str], footage: Footage) -> str:
    """Digest of all that decides what an ffmpeg command makes from a file."""
    _, *arguments = command
    path = str(footage.path)
    return digest_of([ffmpeg_version(), *(footage.digest if a == path else a for a in arguments)])
