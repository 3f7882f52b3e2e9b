"""Sharing: placements of one job whose pictures are made as one.

Feeds of one picture size differ in what their apps cover. One picture that keeps clear of all they
cover has the same pieces for each, so the second feed costs no encoding. It is one picture only
where that takes little room from any of them: on a listing's page, where nothing is covered, words
would stand in the middle for no reason that a buyer sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Literal

from video_pipeline.edit.model import Edit
from video_pipeline.presets.placements import Placement, PostLimits, SafeArea, load_placement
from video_pipeline.presets.storyboards import Storyboard

Sharing = Literal["alike", "all", "none"]
_LEFT = 0.75  # of a placement's own safe area, when its picture is shared without being asked


@dataclass(frozen=True)
class Shared:
    """A placement as its clip is made, and the others of the job that have the same picture.

    `place` is the placement with the safe area of them all; `plan_as` has their limits too.
    """

    place: Placement
    plan_as: Placement
    clears: tuple[str, ...]


def shared_pictures(
    places: Sequence[Placement], board: Storyboard, *, rtl: bool, how: Sharing = "alike"
) -> list[Shared]:
    """How the pictures of one job's placements are shared, in the order of the placements.

    "alike" shares where each keeps three quarters of its own safe area, "all" wherever size and
    quality are the same, "none" nowhere.
    """
    facing = [place.facing(rtl=rtl) for place in places]
    groups: list[list[Placement]] = []
    for place in facing:
        for group in groups if how != "none" else []:
            together = [*group, place]
            if _one_picture(together, board) and (how == "all" or _little_lost(together)):
                group.append(place)
                break
        else:
            groups.append([place])
    made = {place.name: _together(place, group) for group in groups for place in group}
    return [made[place.name] for place in places]


def clearing(edit: Edit, place: Placement, own: Path | None, *, rtl: bool) -> Placement:
    """The placement of an edit, with the safe area of all that its picture was planned for.

    Raises UsageError for a placement that is not there.
    """
    others = [load_placement(name, own).facing(rtl=rtl) for name in edit.clears]
    place = place.facing(rtl=rtl)
    return replace(place, safe=_safe([place, *others]))


def planned_once(
    shared: Sequence[Shared], plan: Callable[[Placement], Edit]
) -> list[tuple[Edit, Placement]]:
    """An edit for each placement; those that ask the same of it are planned once."""
    done: list[tuple[Placement, Edit]] = []
    edits = []
    for one in shared:
        asked = _asked(one.plan_as)
        edit = next((edit for place, edit in done if place == asked), None)
        if edit is None:
            edit = plan(one.plan_as)
            done.append((asked, edit))
        edits.append((replace(edit, placement=one.place.name, clears=one.clears), one.place))
    return edits


def _one_picture(places: Sequence[Placement], board: Storyboard) -> bool:
    """Whether nothing but safe areas keeps these from having one picture of one length."""
    kinds = {
        (p.width, p.height, p.rate, p.crf, p.preset, p.max_kbps, _lengths(p, board)) for p in places
    }
    return len(kinds) == 1


def _lengths(place: Placement, board: Storyboard) -> tuple[float, float]:
    """The shortest and the longest that a clip should be there."""
    return (
        max(board.min_s, place.min_s or 0.0),
        min(board.max_s, place.max_s or board.max_s),
    )


def _little_lost(places: Sequence[Placement]) -> bool:
    left = _room(replace(places[0], safe=_safe(places)))
    return all(left >= _LEFT * _room(place) for place in places)


def _room(place: Placement) -> int:
    safe = place.safe
    return (place.width - safe.left - safe.right) * (place.height - safe.top - safe.bottom)


def _safe(places: Sequence[Placement]) -> SafeArea:
    return reduce(
        lambda a, b: SafeArea(
            max(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom), max(a.left, b.left)
        ),
        (place.safe for place in places),
    )


def _together(place: Placement, group: Sequence[Placement]) -> Shared:
    made = replace(place, safe=_safe(group))
    shortest = max((p.min_s for p in group if p.min_s is not None), default=None)
    strictest = min(group, key=lambda p: float("inf") if p.max_s is None else p.max_s)
    plan_as = replace(made, min_s=shortest, max_s=strictest.max_s, title=strictest.title)
    return Shared(made, plan_as, tuple(p.name for p in group if p is not place))


def _asked(place: Placement) -> Placement:
    """A placement without what no edit depends on."""
    return replace(
        place, name="", title="", max_bytes=None, cover=(0, 0), post=PostLimits(),
        loudness_lufs=0.0, true_peak_dbtp=0.0, audio_kbps=0,
    )  # fmt: skip
