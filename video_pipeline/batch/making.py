"""Making: one job, in the process that calls it, to an outcome."""

from __future__ import annotations

import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from video_pipeline.batch.freshness import used_by
from video_pipeline.batch.job import Job, Made, Outcome, Wanted
from video_pipeline.delivery.publishing import MANIFEST
from video_pipeline.errors import ClaimError, PipelineError
from video_pipeline.listing.model import ListingFile
from video_pipeline.pipeline import Prepared, Rendered, Settings, render_listing
from video_pipeline.pipeline.planning import STORYBOARD
from video_pipeline.pipeline.preparing import entry_checked
from video_pipeline.storage.addresses import address_of
from video_pipeline.storage.objects import Objects, UnreachableError
from video_pipeline.storage.releases import release
from video_pipeline.storage.shared_store import open_store
from video_pipeline.storage.sources import Sources, allowed_places
from video_pipeline.store import digest_of, file_digest
from video_pipeline.toolchain import disk_error, memory_error
from video_pipeline.trust.identity import choose_identity
from video_pipeline.vision.detectors import detector
from video_pipeline.witness import version_seen, witnessed


def make(job: Job, *, begun: Callable[[Prepared], None] = lambda _: None) -> Outcome:
    """Make one listing here and now. Only an interruption is raised.

    `begun` is called once the listing's footage is open and before the work; it may wait. Limits
    are kept by whoever watches this process, see `batch.workers`. What was read is recorded for
    the whole process: of two jobs in two threads each would have read both's files.
    """
    started, cpu_before = time.monotonic(), _cpu_s()
    known: dict[Path, str] = {}
    said: dict[str, Any] = {}

    def open_now(prepared: Prepared) -> None:
        known.update({item.path: item.digest for item in prepared.footage.values()})
        if (music := prepared.sounds.music) is not None:
            known[music.path] = music.digest
        begun(prepared)

    with witnessed() as witness:
        outcome, listing = _made(job, open_now)
    if listing is not None:
        said = said_by(listing)
        known[listing.path] = ""  # what the catalogue says of it is compared as that
    return replace(
        outcome,
        used=used_by(witness, job, known),
        said=said,
        until=witness.until,
        until_why=witness.why,
        seconds=time.monotonic() - started,
        cpu_s=_cpu_s() - cpu_before,
        peak_bytes=_peak_bytes(),
    )


def settings_of(wanted: Wanted, jobs: int | None = None) -> Settings:
    """The pipeline's settings. Raises UsageError for a detector, key or file that is not there."""
    store = open_store(wanted.cache, wanted.cache_limit, wanted.shared_store)
    allowed = allowed_places(wanted.allow_remote)
    return Settings(
        store,
        wanted.presets,
        wanted.overlays,
        detector(wanted.detector) if wanted.detector else None,
        wanted.lang,
        as_filmed=wanted.as_filmed,
        identity=choose_identity(
            wanted.sign_with, wanted.sign_chain, wanted.timestamp, wanted.here
        ),
        theme=wanted.theme,
        usual_theme=wanted.usual_theme,
        blur=wanted.blur,
        crop_bars=wanted.crop_bars,
        reduced_motion=wanted.reduced_motion,
        post_by=wanted.post_by,
        encoder=wanted.encoder,
        jobs=jobs,
        sources=Sources(store, allowed, seen=version_seen) if allowed else None,
    )


def said_by(listing: ListingFile) -> dict[str, Any]:
    """What a listing says, as JSON-like values; of a serial number only whether it is the same."""
    said = listing.model_dump(mode="json", exclude={"path"}, exclude_defaults=True)
    if serial := said["item"].get("serial"):
        said["item"]["serial"] = f"… ({digest_of([listing.sku, serial])[:8]})"
    return said


def _made(job: Job, begun: Callable[[Prepared], None]) -> tuple[Outcome, ListingFile | None]:
    """The outcome without what is measured around it."""
    listing = None
    try:
        settings = settings_of(job.wanted, job.jobs)
        listing = entry_checked(job.entry, settings)
        clips = render_listing(
            listing,
            job.folder,
            job.wanted.placements,
            settings,
            storyboard=job.wanted.storyboard or STORYBOARD,
            sharing=job.wanted.sharing,
            require_badge=job.wanted.require_badge,
            required=job.wanted.required,
            begun=begun,
        )
        outputs = outputs_of(job.folder)
        manifest = file_digest(job.folder / MANIFEST)
        if job.wanted.upload is not None:
            release(
                job.folder, address_of(job.wanted.upload, "--upload") / job.entry.name, Objects()
            )
    except PipelineError as error:
        return _failed(error), listing
    except Exception as error:
        full = (
            disk_error(error, str(error.filename or job.folder))
            if isinstance(error, OSError)
            else None
        )
        plain = full or memory_error(error)
        return _failed(plain) if plain else _broken(error), listing
    return Outcome(
        "done", clips=tuple(map(_clip, clips)), outputs=outputs, manifest=manifest
    ), listing


def outputs_of(folder: Path) -> dict[str, int]:
    """The size of every file in a finished folder, by its name from there."""
    return {
        file.relative_to(folder).as_posix(): file.stat().st_size
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _clip(clip: Rendered) -> Made:
    return Made(
        clip.placement,
        clip.file.name,
        clip.duration_s,
        clip.bytes,
        clip.pieces,
        clip.encoded,
        clip.warnings,
    )


def _failed(error: PipelineError) -> Outcome:
    lines = [
        f"{problem.where}: {problem.message}" if problem.where else problem.message
        for problem in error.problems
    ]
    place = f"{error.where}: " if error.where else ""
    return Outcome(
        "refused" if isinstance(error, ClaimError) else "failed",
        reason="; ".join(lines) or f"{place}{error.message}",
        mend=error.mend,
        kind=error.kind,
        exit_code=error.exit_code,
        passing=error.passing
        or getattr(error, "state", None) == "unreachable"
        or isinstance(error, UnreachableError),
        trace="".join(traceback.format_exception(error)),
    )


def _broken(error: Exception) -> Outcome:
    """A fault of ours, which costs the listing alone too."""
    return Outcome(
        "failed",
        reason=f"this is a fault of video-pipeline, not yours ({type(error).__name__}: {error})",
        mend="render this listing alone with --debug, and report what it prints",
        kind="bug",
        exit_code=1,
        trace="".join(traceback.format_exception(error)),
    )


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _peak_bytes() -> int:
    """The most memory that this process, or one child beside it, has had resident."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * sum(
        resource.getrusage(whose).ru_maxrss
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


# What a worker takes before any footage is open, and how many whole pictures its ffmpeg holds:
# a decoder's references, its threads' pictures and those on their way through the filters.
# The first was measured on the sample; the second is reckoned, with room to spare.
_BASE_BYTES = 600 * 2**20
_PICTURES = 40


def needed_bytes(prepared: Prepared) -> int:
    """How much memory the making of a listing takes at most, estimated from its largest picture."""
    largest = max(
        (
            item.width * item.height * 1.5 * (2 if "10" in item.pixel_format else 1)
            for item in prepared.footage.values()
        ),
        default=0,
    )
    return int(_BASE_BYTES + _PICTURES * largest)
