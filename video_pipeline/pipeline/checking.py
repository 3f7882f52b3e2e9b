"""Checking a clip that lies there, whoever made it, against one placement or many.

It is played once, however many placements it is held against. Where it is a clip of ours, still
beside the manifest that names it by its digest, that tells what no file can: which stretches were
meant to stand still, and where words stand.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from video_pipeline.delivery.posting import check_posting
from video_pipeline.delivery.publishing import MANIFEST
from video_pipeline.edit.file import edit_from_json
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.presets.placements import PostBy, load_placement, placement_names
from video_pipeline.rendering.check import Made, Verdict, judge
from video_pipeline.rendering.check_words import Standing
from video_pipeline.rendering.facts import facts_of

ALL = "all"
_STANDING = TypeAdapter(dict[str, Standing])


def check_file(
    file: Path, placements: Sequence[str], presets: Path | None, post_by: PostBy = "hand"
) -> list[Verdict]:
    """Hold a clip against the placements named, or against "all" of them, in their order.

    Raises UsageError for an unknown placement, before the file is opened; FootageError when the
    file cannot be read at all.
    """
    names = placement_names(presets) if ALL in placements else tuple(dict.fromkeys(placements))
    if not names:
        raise UsageError("no placement is named", where="--placement", mend="name one: tiktok")
    places = [load_placement(name, presets) for name in names]
    facts = facts_of(file)
    made = _made_here(file, facts.footage.digest)
    verdicts = []
    for place in places:
        verdict = judge(facts, place, made)
        findings = [*verdict.findings, *check_posting(file, place, post_by)]
        findings.sort(key=lambda finding: finding.rank)
        verdicts.append(replace(verdict, findings=tuple(findings)))
    return verdicts


def _made_here(file: Path, digest: str) -> Made | None:
    """What the manifest beside a clip says of it; None when there is none, or it is another's."""
    try:
        manifest = json.loads((file.parent / MANIFEST).read_bytes())
        if manifest["files"][file.name] != digest:
            return None
        clip = next(clip for clip in manifest["clips"] if clip["file"] == file.name)
        return Made(edit_from_json(clip["edit"]), _STANDING.validate_python(clip["standing"]))
    except (OSError, ValueError, RecursionError, LookupError, TypeError, StopIteration):
        return None
    except (ListingError, ValidationError):  # of an earlier version, or changed by hand
        return None
