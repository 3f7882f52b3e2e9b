"""Placing: overlays stand where they hide least of what the cut shows, and never on each other."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from footage_tables import footage, table
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.edit import windows
from video_pipeline.edit.framing import frame_window
from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.edit.placing import (
    Placed,
    Shown,
    covered,
    on_screen,
    place_overlays,
    placed_on,
    shown_in,
)
from video_pipeline.edit.reel import Reel
from video_pipeline.errors import RenderError, UsageError
from video_pipeline.geometry import Box, Crop, CropKey
from video_pipeline.listing.model import Item
from video_pipeline.overlays.drawing import Canvas, Place, draw, places
from video_pipeline.overlays.templates import samples, template_names
from video_pipeline.presets.placements import load_placement, placement_names
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.rendering.standing import check_standing
from video_pipeline.store import Store

TIKTOK = load_placement("tiktok")
CANVAS = Canvas(TIKTOK.width, TIKTOK.height, TIKTOK.safe)
SIZE = (TIKTOK.width, TIKTOK.height)
FRAMES = 45
NOTE = next(iter(samples("condition-note").values()))
STANDS = {
    name: places(name, next(iter(samples(name).values())), CANVAS) for name in template_names()
}


def still(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.tile([x0, y0, x1, y1], (FRAMES, 1)).astype(float)


@st.composite
def things(draw_: Any) -> Shown:
    """Something that wanders over the picture, and may leave it."""
    ends = np.array(
        [draw_(st.tuples(st.floats(-200, 1000), st.floats(-200, 1800))) for _ in range(2)]
    )
    size = np.array(draw_(st.tuples(st.floats(20, 900), st.floats(20, 1200))))
    corner = ends[0] + (ends[1] - ends[0]) * np.linspace(0, 1, FRAMES)[:, None]
    return Shown(
        draw_(st.sampled_from(("flaw", "part", "item"))), np.hstack([corner, corner + size])
    )


def hidden(placed: Placed, index: int, one: Shown) -> float:
    use = placed.overlays[index]
    (place,) = (p for p in STANDS[use.template] if p.anchor == use.anchor)
    return covered(place, one, use.first, use.last, SIZE)


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(template_names()),
    shown=st.lists(things(), max_size=3, unique_by=lambda one: one.kind),
    first=st.integers(0, 20),
)
def test_a_free_place_is_taken_and_else_the_one_that_hides_least(
    name: str, shown: list[Shown], first: int
) -> None:
    placed = place_overlays([OverlayUse(name, {}, first, FRAMES)], [STANDS[name]], shown, TIKTOK)
    (use,) = placed.overlays
    ways = [
        {one.kind: covered(place, one, first, FRAMES, SIZE) for one in shown}
        for place in STANDS[name]
    ]
    taken = {one.kind: hidden(placed, 0, one) for one in shown}
    if any(not any(way.values()) for way in ways):
        assert not any(taken.values())
    if "flaw" in taken:
        assert taken["flaw"] == min(way["flaw"] for way in ways)
        assert bool(placed.warnings) == (taken["flaw"] > 0)
    if len(shown) == 1:
        assert min(way[shown[0].kind] for way in ways) == taken[shown[0].kind]
    assert use.anchor in use.why


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.sampled_from(template_names()), min_size=2, max_size=3, unique=True),
    shown=st.lists(things(), max_size=3, unique_by=lambda one: one.kind),
)
def test_overlays_of_one_cut_never_lie_on_each_other(names: list[str], shown: list[Shown]) -> None:
    uses = [OverlayUse(name, {}, 0, 150) for name in names]
    long = [replace(one, boxes=np.resize(one.boxes, (150, 4))) for one in shown]
    placed = place_overlays(uses, [STANDS[name] for name in names], long, TIKTOK)
    assert [use.template for use in placed.overlays] == names
    for a, b in combinations(placed.overlays, 2):
        one, other = (
            next(p for p in STANDS[use.template] if p.anchor == use.anchor) for use in (a, b)
        )
        assert not (one.overlaps(other) and a.first < b.last and b.first < a.last)
    turns = any((use.first, use.last) != (0, 150) for use in placed.overlays)
    assert turns == any("take turns" in line for line in placed.warnings)


def test_what_moves_is_weighed_over_all_its_frames() -> None:
    # At the bottom for 40 frames of 45, at the top for the last five: the top hides it less.
    boxes = still(300, 1200, 700, 1400)
    boxes[40:] = (300, 250, 700, 450)
    shown = [Shown("part", boxes)]
    use = OverlayUse("condition-note", NOTE, 0, FRAMES)
    (over_all,) = place_overlays([use], [STANDS["condition-note"]], shown, TIKTOK).overlays
    assert over_all.anchor == "top"
    late = replace(use, first=40)
    (at_the_end,) = place_overlays([late], [STANDS["condition-note"]], shown, TIKTOK).overlays
    assert at_the_end.anchor == "bottom"


def test_a_flaw_counts_before_the_item_and_what_hides_it_is_said() -> None:
    flaw, item = still(400, 1300, 500, 1400), still(60, 220, 1000, 1100)
    use = OverlayUse("condition-note", NOTE, 0, FRAMES)
    stands = [STANDS["condition-note"]]
    placed = place_overlays([use], stands, [Shown("flaw", flaw), Shown("item", item)], TIKTOK)
    assert placed.overlays[0].anchor == "top"
    assert placed.overlays[0].why.startswith("top: hides ")
    assert "at the bottom 100 % of the flaw" in placed.overlays[0].why
    assert placed.warnings == ()
    everywhere = still(60, 220, 900, 1420)
    placed = place_overlays([use], stands, [Shown("flaw", everywhere)], TIKTOK)
    assert "hides" in placed.warnings[0]
    assert "of the flaw" in placed.warnings[0]


def test_a_note_stands_clear_of_the_flaw_it_tells_of() -> None:
    for box, side in ((Box(0.3, 0.55, 0.6, 0.72), "top"), (Box(0.3, 0.12, 0.6, 0.3), "bottom")):
        reel = Reel("take.mp4", table((4, {"subject": None})))
        view = windows.window(reel, "flaw", 0, Fraction(3), Fraction(4))
        crop = Crop(1080, 1920, (CropKey(0, 0, 0),))
        shown = shown_in(view, "flaw", crop, footage(), TIKTOK, frames=90, box=box)
        assert [one.kind for one in shown] == ["flaw"]
        placed = placed_on([("condition-note", NOTE)], shown, TIKTOK, 90)
        assert placed.overlays[0].anchor == side
        assert placed.warnings == ()
        assert "hides nothing of the flaw" in placed.overlays[0].why


def test_words_stand_where_the_item_leaves_room() -> None:
    for box, side in ((Box(0.2, 0.55, 0.8, 0.75), "top"), (Box(0.2, 0.1, 0.8, 0.4), "bottom")):
        reel = Reel("take.mp4", table((4, {"subject": box})))
        view = windows.window(reel, "whole", 0, Fraction(3), Fraction(4))
        crop = frame_window(view, "whole", footage(), TIKTOK)
        shown = shown_in(view, "whole", crop, footage(), TIKTOK, frames=90)
        fields = next(iter(samples("title").values()))
        (use,) = placed_on([("title", fields)], shown, TIKTOK, 90).overlays
        assert use.anchor == side


@settings(max_examples=60, deadline=None)
@given(
    x=st.integers(0, 400), y=st.integers(0, 300), zoom=st.floats(1, 1.4), hold=st.integers(0, 20)
)
def test_boxes_are_where_the_crop_brings_them(x: int, y: int, zoom: float, hold: int) -> None:
    crop = Crop(1080, 1920, (CropKey(0, 0, 0), CropKey(40, x, y)), 6, (1.0, zoom))
    source = footage(width=1480, height=2220)
    live = 60 - hold
    box = np.array([0.3, 0.4, 0.5, 0.45])
    found = on_screen(np.tile(box, (60, 1)), crop, source, SIZE, live)
    for frame in (0, 17, 39, 59):
        left, top, width, height = crop.at(min(frame, live - 1), live)
        wanted = box * np.tile((1480, 2220), 2) - np.tile((left, top), 2)
        wanted = wanted * np.tile((1080 / width, 1920 / height), 2)
        assert np.allclose(found[frame], wanted, atol=1e-6)


@pytest.mark.parametrize("place", placement_names())
@pytest.mark.parametrize("name", template_names())
def test_every_template_is_legible_and_inside_wherever_it_may_stand(name: str, place: str) -> None:
    placement = load_placement(place)
    canvas = Canvas(placement.width, placement.height, placement.safe)
    safe = placement.safe
    for fields in samples(name).values():
        for spot in places(name, fields, canvas):
            drawing = draw(name, fields, canvas, anchor=spot.anchor)
            assert spot == Place(
                drawing.anchor, drawing.x, drawing.y, drawing.width, drawing.height
            )
            assert drawing.x >= safe.left
            assert drawing.y >= safe.top
            assert drawing.x + drawing.width <= canvas.width - safe.right
            assert drawing.y + drawing.height <= canvas.height - safe.bottom
            # A line reaches over 2 % of the picture, from its ascent to its descent.
            # Rings and dots say nothing in letters.
            assert all(box.height >= 0.02 * canvas.height for box in drawing.texts)


def edit_with(*uses: OverlayUse) -> Edit:
    cut = Cut("hero", "take", Fraction(0), 60, Crop(1080, 1920, (CropKey(0, 0, 0),)), uses, "", "")
    return Edit("s", "l.yaml", "showcase", "tiktok", *SIZE, Fraction(30), {}, (cut,))


def test_overlays_that_a_person_put_on_each_other_are_refused(store: Store) -> None:
    label = OverlayUse("label", {"text": "Hardware"}, 0, 60, "top")
    other = OverlayUse("hook", {"line": "A find", "brand": "Orla"}, 0, 60, "top")

    def drawn(*uses: OverlayUse) -> None:
        draw_overlays(
            edit_with(*uses), TIKTOK, footage={"take": footage("take")},
            item=Item(brand="O", model="P"), claims=(), store=store,
        )  # fmt: skip

    with pytest.raises(UsageError, match=r"'label' and 'hook' lie on each other for 60 frames"):
        drawn(label, other)
    drawn(replace(label, last=30), replace(other, first=30))


def test_an_overlay_outside_the_safe_area_is_told_by_its_side() -> None:
    drawing = draw("price", {"amount_text": "€ 1,850"}, CANVAS)
    use = OverlayUse("price", {}, 0, 60)
    cut = edit_with(use).cuts[0]
    check_standing(cut, 3, [(use, drawing)], CANVAS)
    with pytest.raises(
        RenderError, match=r"'price' leaves the safe area by 7 pixels at the bottom"
    ):
        check_standing(cut, 3, [(use, replace(drawing, y=drawing.y + 7))], CANVAS)
