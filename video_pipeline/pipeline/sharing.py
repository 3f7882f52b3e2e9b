"""Sharing: placements of one job whose pictures are made as one.

Feeds of one picture size differ in what their apps cover. One picture that keeps clear of all they
cover has the same pieces for each, so the second feed costs no encoding. It is one picture only
where that takes little room from any of them: on a listing's page, where nothing is covered, words
would stand in the middle for no reason that a buyer sees. What may be said in it is each place's
own: each is planned by itself, and pieces that say something else are other pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from video_pipeline.presets.placements import Placement
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
    left = _room(places[0].clear_of(places))
    return all(left >= _LEFT * _room(place) for place in places)


def _room(place: Placement) -> int:
    safe = place.safe
    return (place.width - safe.left - safe.right) * (place.height - safe.top - safe.bottom)


def _together(place: Placement, group: Sequence[Placement]) -> Shared:
    made = place.clear_of(group)
    shortest = max((p.min_s for p in group if p.min_s is not None), default=None)
    strictest = min(group, key=lambda p: float("inf") if p.max_s is None else p.max_s)
    limited_by = "" if strictest.max_s == place.max_s else strictest.title
    plan_as = replace(made, min_s=shortest, max_s=strictest.max_s, limited_by=limited_by)
    return Shared(made, plan_as, tuple(p.name for p in group if p is not place))
