"""The program for other programs: paths or values in, typed values out.

The same functions as behind the commands, with the same errors: everything that a person can mend
is a `video_pipeline.errors.PipelineError`, with `message`, `where`, `mend` and `problems`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.catalogue.model import Entry
from video_pipeline.edit.model import Edit
from video_pipeline.edit.wishes import Wishes
from video_pipeline.pipeline.planning import STORYBOARD, prepare_and_plan
from video_pipeline.pipeline.preparing import Settings, analyse_all, entry_checked, open_footage
from video_pipeline.pipeline.rendering import Rendered, render_listing
from video_pipeline.pipeline.rendering import render as render_file
from video_pipeline.progress import Listener, silent
from video_pipeline.store import Store


def render(
    listing: Path | str | Entry,
    output: Path | str | None = None,
    *,
    placements: Sequence[str] | None = None,
    storyboard: str | None = None,
    require_badge: bool = False,
    required: Sequence[str] = (),
    settings: Settings | None = None,
    listener: Listener = silent,
) -> list[Rendered]:
    """Make the clips of a listing file, of an edit, or of a catalogue's entry.

    They come into the folder `output`, out/SKU when left out, which is whole or untouched; one clip
    for each placement, tiktok when left out. `settings` say where presets, overlays and the cache
    are. Raises ListingError, FootageError, ClaimError or RenderError.
    """
    settings, folder = settings or Settings(Store()), Path(output) if output else None
    if not isinstance(listing, Entry):
        return render_file(
            Path(listing),
            folder,
            settings,
            placements=placements,
            storyboard=storyboard,
            require_badge=require_badge,
            required=required,
            listener=listener,
        )
    return render_listing(
        entry_checked(listing, settings),
        folder,
        placements or ["tiktok"],
        settings,
        storyboard=storyboard or STORYBOARD,
        require_badge=require_badge,
        required=required,
        listener=listener,
    )


def plan(
    listing: Path | str | Entry,
    placement: str = "tiktok",
    *,
    storyboard: str = STORYBOARD,
    required: Sequence[str] = (),
    wishes: Wishes | None = None,
    variants: int = 1,
    settings: Settings | None = None,
    listener: Listener = silent,
) -> tuple[Edit, ...]:
    """Choose what to show: the best edit first, up to `variants` in all. Nothing is written.

    Raises ListingError or FootageError.
    """
    settings = settings or Settings(Store())
    return prepare_and_plan(
        entry_checked(listing, settings) if isinstance(listing, Entry) else Path(listing),
        placement,
        settings,
        storyboard=storyboard,
        required=required,
        wishes=wishes,
        variants=variants,
        listener=listener,
    )


def analyse(
    footage: Path | str | Sequence[Path | str],
    *,
    settings: Settings | None = None,
    listener: Listener = silent,
) -> dict[str, Analysis]:
    """What each moment of one or several footage files shows, by file name.

    Looked at once; kept in the cache by the file's content. Raises FootageError.
    """
    paths = [footage] if isinstance(footage, Path | str) else footage
    return analyse_all(
        open_footage([Path(path) for path in paths]), settings or Settings(Store()), listener
    )
