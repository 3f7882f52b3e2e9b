"""A job: one listing of a catalogue, as plain values that another process or machine can make.

A job holds everything that making a listing needs, and an outcome everything that is to be known
of it afterwards; both can be pickled, and neither holds anything opened. `batch.making.make` runs a
job in the process that calls it. A listing's fault is an outcome, never an exception: one bad
listing of a catalogue costs itself alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from video_pipeline.catalogue.model import Entry

if TYPE_CHECKING:  # whoever reads a ledger need not load what renders
    from video_pipeline.pipeline.sharing import Sharing
    from video_pipeline.presets.encoders import Wish
    from video_pipeline.presets.placements import PostBy

State = Literal["done", "failed", "refused"]


@dataclass(frozen=True)
class Limits:
    """What one listing may take: seconds of the clock, and bytes of memory. None: no limit."""

    time_s: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Wanted:
    """How every listing of a batch is made: the options of `render`, as plain values.

    Paths are absolute. With `placements` first, the fields are those that decide what comes out;
    `cache`, `cache_limit`, `shared_store` and `here`, the folder whose `video-pipeline.toml`
    counts, do not. A finished folder is put below the address `upload` too.
    """

    placements: tuple[str, ...] = ("tiktok",)
    storyboard: str | None = None
    sharing: Sharing = "alike"
    require_badge: bool = False
    required: tuple[str, ...] = ()
    presets: Path | None = None
    overlays: Path | None = None
    detector: str | None = None
    lang: str | None = None
    as_filmed: bool = False
    theme: str | None = None
    usual_theme: str = "atelier"
    reduced_motion: bool = False
    blur: tuple[str, ...] = ()
    crop_bars: bool = False
    post_by: PostBy | None = None
    encoder: Wish = "x264"
    sign_with: Path | None = None
    sign_chain: Path | None = None
    timestamp: str | None = None
    upload: str | None = None
    allow_remote: tuple[str, ...] = ()
    cache: Path | None = None
    cache_limit: str | None = None
    shared_store: str | None = None
    here: Path = Path()


@dataclass(frozen=True)
class Job:
    """One listing to make: into the folder `output / entry.name`, with `jobs` threads at most."""

    entry: Entry
    wanted: Wanted
    output: Path
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1

    @property
    def folder(self) -> Path:
        """The listing's own folder, complete or untouched."""
        return self.output / self.entry.name


@dataclass(frozen=True)
class Made:
    """One clip that was made."""

    placement: str
    file: str
    duration_s: float
    bytes: int
    pieces: int
    encoded: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Used:
    """A file that was read (`digest` of its bytes), or a folder that was listed (of its names).

    `size`, `mtime_ns` and `inode` are as they were when the digest was taken.
    """

    path: str
    digest: str
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    folder: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a job. Times in seconds, `peak_bytes` of memory that was resident.

    `reason` and `mend` are for a person; `kind` and `exit_code` are the error's family, empty and 0
    for what is done. `passing` says that the same may go well next time. `until` is when something
    that was found out ceases to hold, `said` what the listing says. `outputs` has the size of every
    file of the folder, and `manifest` is the digest of its manifest.
    """

    state: State
    reason: str = ""
    mend: str = ""
    kind: str = ""
    exit_code: int = 0
    passing: bool = False
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0
    clips: tuple[Made, ...] = ()
    used: tuple[Used, ...] = ()
    until: datetime | None = None
    until_why: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    manifest: str = ""
    trace: str = ""

    @property
    def encoded(self) -> int:
        """How many pieces were encoded; the others were there."""
        return sum(clip.encoded for clip in self.clips)
