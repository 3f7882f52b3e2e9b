"""Planning: from a prepared listing to an edit, and to the file that a person may change."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.analysis.trailing import trail
from video_pipeline.edit.brief import Brief
from video_pipeline.edit.file import is_edit, write_edit
from video_pipeline.edit.model import Edit
from video_pipeline.edit.planning import check_brief, plan, plan_variants
from video_pipeline.edit.story import read_storyboard
from video_pipeline.edit.wishes import Wishes
from video_pipeline.errors import (
    UsageError,
)
from video_pipeline.listing.model import ListingFile
from video_pipeline.pipeline.coverage import check_requirable, coverage_of
from video_pipeline.pipeline.hearing import elsewhere, score_of, spoken_in
from video_pipeline.pipeline.preparing import (
    Prepared,
    Settings,
    analyse_all,
    dressed,
    prepare,
    read_checked,
)
from video_pipeline.pipeline.sightings import seen_on_camera
from video_pipeline.pipeline.steadying import steadied_edit
from video_pipeline.pipeline.veiling import shut
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.storyboards import Storyboard
from video_pipeline.progress import Listener, silent
from video_pipeline.replacing import replaced

STORYBOARD = "showcase"


def brief_of(
    prepared: Prepared,
    placement: Placement,
    settings: Settings,
    storyboard: Storyboard,
    wishes: Wishes | None = None,
) -> Brief:
    """Everything that an edit of a prepared listing is made from, besides the footage."""
    given = wishes or Wishes()
    prepared = prepared.told_at(placement, settings)
    return Brief(
        listing=prepared.listing,
        storyboard=storyboard,
        placement=placement.posted(settings.post_by or "hand").facing(rtl=settings.words.rtl),
        scale=load_scale(prepared.listing.condition.scale, settings.presets, settings.words.tag),
        claims=prepared.claims,
        refusals=prepared.refusals,
        words=settings.words,
        wishes=replace(given, bans=(*given.bans, *shut(prepared.footage))),
        follow=partial(trail, store=settings.store),
        as_filmed=settings.as_filmed,
        theme=settings.theme_of(prepared.listing),
        score=score_of(prepared.sounds, prepared.listing.audio, settings.store),
        spoken={}
        if storyboard.loop
        else spoken_in(prepared.sounds, prepared.footage, settings.store),
    )


def plan_listing(
    prepared: Prepared,
    placement: Placement,
    analyses: Mapping[str, Analysis],
    settings: Settings,
    storyboard: Storyboard,
    *,
    listener: Listener = silent,
) -> Edit:
    """Choose what to show of a prepared listing on one placement, and steady it."""
    brief = brief_of(prepared, placement, settings, storyboard)
    edit = _complained(dressed(plan(brief, analyses), settings), prepared, analyses)
    return _steadied(edit, brief, prepared, settings, listener)


def _complained(edit: Edit, prepared: Prepared, analyses: Mapping[str, Analysis]) -> Edit:
    """The edit with a warning of what was done with the files, and for each that is damaged."""
    told = tuple(filter(None, (analysis.complaint for analysis in analyses.values())))
    return replace(edit, warnings=(*edit.warnings, *prepared.told, *told))


def _steadied(
    edit: Edit, brief: Brief, prepared: Prepared, settings: Settings, listener: Listener
) -> Edit:
    # A loop runs from its last shot into its first, and its window may not leap there.
    if brief.as_filmed or brief.storyboard.loop:
        return edit
    return steadied_edit(
        *(edit, prepared.footage, brief.placement, settings.store),
        listener=listener,
        jobs=settings.jobs,
    )


def prepare_and_plan(
    stated: Path | ListingFile,
    placement: str,
    settings: Settings,
    *,
    storyboard: str = STORYBOARD,
    required: Sequence[str] = (),
    wishes: Wishes | None = None,
    variants: int = 1,
    listener: Listener = silent,
) -> tuple[Edit, ...]:
    """The edits of a listing for one placement: the best, and up to `variants` in all.

    Raises FootageError when the footage lacks a `required` view, ListingError, before any footage
    is looked at, when the `wishes` cannot all be met.
    """
    place = load_placement(placement, settings.presets)
    board = read_storyboard(storyboard, settings.presets, settings.words)
    prepared = prepare(stated, settings)
    check_requirable(prepared, required, settings)
    brief = brief_of(prepared, place, settings, board, wishes)
    check_brief(brief, prepared.footage)
    analyses = analyse_all(prepared.footage, settings, listener)
    if required:
        coverage_of(prepared, analyses, settings, required)
    prepared = seen_on_camera(prepared, analyses, settings)
    brief = brief_of(prepared, place, settings, board, wishes)
    return tuple(
        _steadied(
            *(_complained(dressed(edit, settings), prepared, analyses), brief, prepared),
            *(settings, listener),
        )
        for edit in plan_variants(brief, analyses, variants)
    )


def write_plan(
    listing_path: Path,
    edit_path: Path | None,
    placement: str,
    settings: Settings,
    *,
    storyboard: str = STORYBOARD,
    required: Sequence[str] = (),
    wishes: Wishes | None = None,
    variants: int = 1,
    force: bool = False,
    listener: Listener = silent,
) -> list[tuple[Edit, Path]]:
    """Plan a listing and write the edit to `edit_path`, or SKU.edit.json in the working folder.

    Further variants go beside it, numbered from 2 on. Returns the edits as they stand in their
    files, and those files. Raises UsageError, before any work, when another file stands there, or
    an edit and `force` is not given: it may hold a person's changes.
    """
    edit_path = edit_path or Path(f"{read_checked(listing_path, settings).sku}.edit.json")
    paths = [edit_path, *(_numbered(edit_path, number) for number in range(2, variants + 1))]
    for path in paths:
        if path.exists():
            check_replaceable(path, listing_path, force=force)
    edits = prepare_and_plan(
        listing_path,
        placement,
        settings,
        storyboard=storyboard,
        required=required,
        wishes=wishes,
        variants=variants,
        listener=listener,
    )
    written = []
    for edit, path in zip(edits, paths, strict=False):
        told = portable(edit, listing_path, path)
        with replaced(path) as part:
            write_edit(told, part)
        written.append((told, path))
    return written


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def check_replaceable(edit_path: Path, made_from: Path, *, force: bool) -> None:
    """Whether an edit may be written where a file stands: an earlier edit, with `force`.

    `made_from` is the file that the edit is made from. Raises UsageError.
    """
    if made_from.exists() and edit_path.samefile(made_from):
        itself = "edit" if is_edit(made_from) else "listing"
        raise UsageError(
            f"this is the {itself} itself", where=str(edit_path), mend="name another file"
        )
    if not is_edit(edit_path):
        raise UsageError(
            "something other than an edit stands here",
            where=str(edit_path),
            mend="name another file with --output",
        )
    if not force:
        raise UsageError(
            "there is an edit already, and you may have changed it",
            where=str(edit_path),
            mend="add --force to replace it, or name another file with --output",
        )


def portable(edit: Edit, listing_path: Path, edit_path: Path) -> Edit:
    """The edit with its paths told from where its file will stand."""
    home = edit_path.resolve().parent
    sources = {
        name: replace(source, path=os.path.relpath(source.path, home))
        for name, source in edit.sources.items()
    }
    if edit.music:
        edit = elsewhere(edit, os.path.relpath(edit.music.path, home))
    return replace(edit, listing=os.path.relpath(listing_path.resolve(), home), sources=sources)
