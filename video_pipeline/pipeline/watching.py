"""Watching: what is dropped into a folder is rendered, once it is all there.

A file counts as all there when nothing in its drop has changed in size or time for some seconds.
Nothing is rendered twice for the same content, and an error of one drop is told and ends nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from video_pipeline.errors import PipelineError
from video_pipeline.listing.footage_paths import resolve_footage
from video_pipeline.pipeline.preparing import Settings, read_checked
from video_pipeline.pipeline.rendering import Rendered, render
from video_pipeline.progress import Listener, silent
from video_pipeline.store import digest_of, file_digest

STILL_S: Final = 3.0
_LISTINGS: Final = (".yaml", ".yml", ".json")


class Stop(Protocol):
    """Something that may be set to end the watching, such as `threading.Event`."""

    def is_set(self) -> bool:
        """Whether it is time to end."""


@dataclass(frozen=True)
class Dropped:
    """What became of one drop: its clips, or the error that it ended with."""

    listing: Path
    clips: tuple[Rendered, ...] = ()
    error: PipelineError | None = None


def watch(
    folder: Path,
    output: Path,
    settings: Settings,
    *,
    still_s: float = STILL_S,
    stop: Stop | None = None,
    listener: Listener = silent,
    begun: Callable[[Path], None] = lambda _: None,
) -> Iterator[Dropped]:
    """Render every listing in `folder`, and each that comes, into a folder of `output` each.

    A drop is a listing file, or a folder with a file listing.yaml (or .yml, .json) and its footage.
    It waits until none of its files has grown or changed for `still_s` seconds. The same content
    (of listing and footage) is rendered once, also when it failed. Ends when `stop` is set.
    """
    from watchfiles import watch as changes  # noqa: PLC0415 - only here

    still: dict[Path, tuple[object, float]] = {}
    done: dict[Path, str] = {}
    ticks = changes(
        folder,
        watch_filter=None,
        rust_timeout=max(50, int(still_s * 250)),
        yield_on_timeout=True,
        stop_event=stop,
        debounce=max(50, int(still_s * 250)),
    )
    for _ in ticks:
        for listing in _listings(folder, output):
            state, now = _state(listing, settings), time.monotonic()
            before, since = still.get(listing, (None, now))
            if state != before:
                still[listing] = (state, now)
                continue
            if now - since < still_s or done.get(listing) == (seen := _content(listing, settings)):
                continue
            done[listing] = seen
            begun(listing)
            yield _rendered(listing, folder, output, settings, listener)


def _rendered(
    listing: Path, folder: Path, output: Path, settings: Settings, listener: Listener
) -> Dropped:
    name = listing.parent.name if listing.parent != folder else listing.stem
    try:
        clips = render(listing, output / name, settings, listener=listener)
    except PipelineError as error:
        return Dropped(listing, error=error)
    return Dropped(listing, tuple(clips))


def _listings(folder: Path, output: Path) -> list[Path]:
    """The drops, without what comes out and what is hidden."""
    inner = [p for p in folder.glob("*/listing.*") if p.parent.resolve() != output.resolve()]
    return sorted(
        p
        for p in (*folder.iterdir(), *inner)
        if p.suffix.lower() in _LISTINGS
        and not p.name.endswith(".schema.json")
        and not any(part.startswith(".") for part in p.relative_to(folder).parts)
        and p.is_file()
    )


def _files(listing: Path, settings: Settings) -> list[Path]:
    """The listing, the files beside it, and its footage as far as that can be found."""
    files = {p for p in listing.parent.iterdir() if p.is_file() and not p.name.startswith(".")}
    with suppress(PipelineError):  # told when it is rendered
        files.update(resolve_footage(read_checked(listing, settings)))
    return sorted(files | {listing})


def _state(listing: Path, settings: Settings) -> object:
    try:
        return [
            (p, s.st_size, s.st_mtime_ns) for p in _files(listing, settings) for s in [p.stat()]
        ]
    except OSError:
        return time.monotonic()  # something has just gone: not still


def _content(listing: Path, settings: Settings) -> str:
    """The digest of the listing and its footage."""
    files = [listing]
    try:
        files += resolve_footage(read_checked(listing, settings))
    except PipelineError:
        # What is missing may come; another drop's listing does not mend this one.
        others = (p for p in _files(listing, settings) if p.suffix.lower() not in _LISTINGS)
        files += others
    return digest_of([file_digest(file) for file in files])
