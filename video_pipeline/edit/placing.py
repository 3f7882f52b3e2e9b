"""Placing: where each overlay of a cut stands, so that it covers least of what the cut shows.

What is shown is a box at every output frame: the flaw that the seller pointed at, the part that a
detail shot is about, the item. Every place at which a template may stand is weighed over all the
frames in which the overlay is up, and what two overlays of one cut share is no place for either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from video_pipeline.edit.captions import with_logos
from video_pipeline.edit.following import Course, follow
from video_pipeline.edit.model import Edit, OverlayUse
from video_pipeline.edit.onscreen import on_screen
from video_pipeline.edit.windows import Window
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box, Crop, Trail
from video_pipeline.overlays.drawing import Canvas, Place, places
from video_pipeline.overlays.language import ENGLISH, Language
from video_pipeline.overlays.templates import head_of
from video_pipeline.overlays.theme import ATELIER
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.storyboards import Need
from video_pipeline.trust.claims import Claim

Kind = Literal["flaw", "part", "item"]
# A flaw counts before everything else; of the rest, what a detail shot is about counts so much more
# than the item around it.
_PART_BEFORE_ITEM = 3.0


@dataclass(frozen=True)
class Shown:
    """One thing that a cut shows, and its box at every output frame.

    `boxes` is (frames, 4), float64: x0, y0, x1, y1 in output pixels, which may lie outside the
    picture.
    """

    kind: Kind
    boxes: NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """The overlays of a cut at their places, and what is to be said where none was free."""

    overlays: tuple[OverlayUse, ...]
    warnings: tuple[str, ...] = ()


def placed_on(
    said: Sequence[tuple[str, dict[str, Any]]],
    shown: Sequence[Shown],
    placement: Placement,
    frames: int,
    *,
    words: Language = ENGLISH,
    theme: str = ATELIER,
    claims: Sequence[Claim] = (),
) -> Placed:
    """The overlays `said`, each a template with its fields, over a whole cut of `frames` frames.

    `claims` have the logos of badges.

    Raises what drawing them would raise.
    """
    canvas = Canvas(placement.width, placement.height, placement.safe)
    stands = []
    for name, fields in said:
        head = head_of(name, words.own)
        written = fields
        if head.claim:
            drawn = with_logos(fields, claims)
            written = {name: value for name, value in drawn.items() if name in head.fields}
        stands.append(places(name, written, canvas, own=words.own, lang=words.tag, theme=theme))
    uses = [OverlayUse(name, fields, 0, frames) for name, fields in said]
    return place_overlays(uses, stands, shown, placement)


def clearing(edit: Edit, place: Placement, own: Path | None, *, rtl: bool) -> Placement:
    """The placement of an edit, with the safe area of all that its picture was planned for.

    Raises UsageError for a placement that is not there.
    """
    others = [load_placement(name, own).facing(rtl=rtl) for name in edit.clears]
    return place.facing(rtl=rtl).clear_of(others)


def shown_in(
    view: Window,
    need: Need,
    crop: Crop,
    footage: Footage,
    placement: Placement,
    *,
    frames: int,
    hold: int = 0,
    box: Box | Trail | None = None,
) -> tuple[Shown, ...]:
    """What a cut of `frames` frames shows, the last `hold` of which stand still.

    `box` is where the seller says the flaw is, as shares of the source's picture, or its trail.
    """
    size = (placement.width, placement.height)
    found: list[tuple[Kind, Course | None]] = []
    if box is not None:
        found.append(("flaw", follow(view, need, box)))
    elif need in ("hardware", "stitching") and any(m.parts_of(need) for m in view.moments):
        found.append(("part", follow(view, need)))
    found.append(("item", follow(view, "whole")))
    seconds = np.minimum(np.arange(frames), frames - hold - 1) / float(placement.rate)
    return tuple(
        Shown(kind, on_screen(_boxes(course, seconds), crop, footage, size, frames - hold))
        for kind, course in found
        if course is not None
    )


def covered(place: Place, shown: Shown, first: int, last: int, size: tuple[int, int]) -> float:
    """The share of what is shown that a place hides, from frame `first` up to `last`: 0..1.

    Of what the picture holds of it, averaged over the frames in which it holds some.
    """
    visible = _within(shown.boxes[first:last], (0, 0, *size))
    hidden = _within(visible, (place.x, place.y, place.x + place.width, place.y + place.height))
    area, lost = _area(visible), _area(hidden)
    there = area > 0
    return float(np.mean(lost[there] / area[there])) if there.any() else 0.0


def place_overlays(
    uses: Sequence[OverlayUse],
    stands: Sequence[Sequence[Place]],
    shown: Sequence[Shown],
    placement: Placement,
) -> Placed:
    """Give every overlay of a cut its place: of all ways in which none lies on another, the one
    that hides least.

    `stands` holds, for each overlay, where its template may stand, its own place first. Where no
    way keeps them apart, they take turns, and that is said.
    """
    size = (placement.width, placement.height)
    costs = [
        {
            place.anchor: {
                one.kind: covered(place, one, use.first, use.last, size) for one in shown
            }
            for place in some
        }
        for use, some in zip(uses, stands, strict=True)
    ]
    ways = [
        way
        for way in product(*(range(len(some)) for some in stands))
        if not any(
            _at_once(uses[a], uses[b]) and stands[a][way[a]].overlaps(stands[b][way[b]])
            for a, b in combinations(range(len(uses)), 2)
        )
    ]
    warnings: list[str] = []
    if not ways:
        names = " and ".join(f"'{use.template}'" for use in uses)
        warnings.append(f"{names} have no room beside each other, so they take turns")
        turned = _in_turns(uses)
        alone = [
            place_overlays([use], [some], shown, placement)
            for use, some in zip(turned, stands, strict=True)
        ]
        return Placed(
            tuple(one.overlays[0] for one in alone),
            (*warnings, *(line for one in alone for line in one.warnings)),
        )

    def cost(way: tuple[int, ...]) -> tuple[float, float, int]:
        hidden = [costs[n][stands[n][k].anchor] for n, k in enumerate(way)]
        return (
            sum(one.get("flaw", 0.0) for one in hidden),
            sum(_PART_BEFORE_ITEM * one.get("part", 0.0) + one.get("item", 0.0) for one in hidden),
            sum(way),
        )

    best = min(ways, key=cost)
    placed = []
    for n, (use, k) in enumerate(zip(uses, best, strict=True)):
        anchor = stands[n][k].anchor
        placed.append(replace(use, anchor=anchor, why=_reason(anchor, costs[n])))
        flaw = costs[n][anchor].get("flaw", 0.0)
        if flaw > 0:
            warnings.append(
                f"the overlay '{use.template}' hides {_percent(flaw)} of the flaw it stands with: "
                "film the flaw from farther away or nearer to the middle, or say less of it"
            )
    return Placed(tuple(placed), tuple(warnings))


def _boxes(course: Course, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    centre, size = (
        np.stack([np.interp(seconds, course.seconds, rows[:, axis]) for axis in (0, 1)], axis=1)
        for rows in (course.centre, course.size)
    )
    return np.hstack([centre - size / 2, centre + size / 2])


def _within(
    boxes: NDArray[np.float64], frame: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    left, top, right, bottom = frame
    low, high = (left, top, left, top), (right, bottom, right, bottom)
    kept: NDArray[np.float64] = np.minimum(np.maximum(boxes, low), high)
    return kept


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    area: NDArray[np.float64] = sides[:, 0] * sides[:, 1]
    return area


def _at_once(a: OverlayUse, b: OverlayUse) -> bool:
    return a.first < b.last and b.first < a.last


def _in_turns(uses: Sequence[OverlayUse]) -> list[OverlayUse]:
    first, last = min(use.first for use in uses), max(use.last for use in uses)
    edges = [first + (last - first) * n // len(uses) for n in range(len(uses) + 1)]
    return [
        replace(use, first=a, last=b) for use, a, b in zip(uses, edges, edges[1:], strict=False)
    ]


def _reason(anchor: str, costs: Mapping[str, Mapping[Kind, float]]) -> str:
    """Why an overlay stands there: what it hides, and what it would hide elsewhere."""
    if not costs[anchor]:
        return f"{anchor}: nothing stands out that it could hide"
    others = [f"at the {name} {_hides(cost)}" for name, cost in costs.items() if name != anchor]
    return "; ".join([f"{anchor}: hides {_hides(costs[anchor])}", *others])


def _hides(cost: Mapping[Kind, float]) -> str:
    told = [f"{_percent(share)} of the {kind}" for kind, share in cost.items() if share > 0]
    return " and ".join(told) or f"nothing of the {' or the '.join(cost)}"


def _percent(share: float) -> str:
    return "less than 1 %" if share < 0.005 else f"{share:.0%}".replace("%", " %")
