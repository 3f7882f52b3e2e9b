"""Coverage: what a listing's footage shows of all that a buyer expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit.coverage import Coverage, check_required, cover, require
from video_pipeline.pipeline.preparing import Prepared, Settings, analyse_all, prepare
from video_pipeline.presets.coverage import load_advice, load_expectations
from video_pipeline.progress import Listener, silent


def cover_listing(
    listing_path: Path,
    settings: Settings,
    *,
    required: Sequence[str] = (),
    listener: Listener = silent,
) -> Coverage:
    """The coverage of a listing's footage.

    Raises UsageError, before any footage is looked at, for a `required` view that cannot be told;
    whether the footage has it, the coverage says (see Coverage.unmet).
    """
    prepared = prepare(listing_path, settings)
    check_requirable(prepared, required, settings)
    return coverage_of(prepared, analyse_all(prepared.footage, settings, listener), settings)


def coverage_of(
    prepared: Prepared,
    analyses: Mapping[str, Analysis],
    settings: Settings,
    required: Sequence[str] = (),
) -> Coverage:
    """The coverage of footage that was looked at already.

    Raises FootageError, with what is near and what to do, when it lacks a `required` view.
    """
    expected = load_expectations(prepared.listing.item.category, settings.presets)
    advice = load_advice(settings.presets)
    coverage = cover(prepared.listing, analyses, expected, advice, settings.words)
    require(coverage, required)
    return coverage


def check_requirable(prepared: Prepared, required: Sequence[str], settings: Settings) -> None:
    """Raise UsageError for a required view that nothing can tell, before any work."""
    check_required(required, load_expectations(prepared.listing.item.category, settings.presets))
