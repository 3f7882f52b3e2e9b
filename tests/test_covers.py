"""Covers: which look stands for a clip, and the two pictures that are made of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from footage_tables import table
from PIL import Image

from video_pipeline.analysis.model import Analysis
from video_pipeline.delivery.cover import write_covers
from video_pipeline.edit.cover import NOT_TOLD, choose_cover, cover_as_json
from video_pipeline.edit.model import Cut, Edit, OverlayUse, SourceRef
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box, Crop, CropKey
from video_pipeline.presets.placements import Placement, load_placement

TITLE = OverlayUse("title", {"brand": "ORSETTA", "model": "Cognac Pouch"}, 0, 60)
PRICE = OverlayUse("price", {"price": "€1,250"}, 0, 60)
FULL = Crop(1080, 1920, (CropKey(0, 0, 0),))
WHOLE: dict[str, Any] = {"whole": 0.9}


def edit_of(*cuts: tuple[str, float, int], overlays: tuple[OverlayUse, ...] = ()) -> Edit:
    """An edit of cuts `(slot, start, frames)` of take.mp4; the overlays stand on the first."""
    return Edit(
        sku="bag", listing="listing.yaml", storyboard="showcase", placement="tiktok", width=1080,
        height=1920, rate=Fraction(30), sources={"take.mp4": SourceRef("take.mp4", "d")},
        cuts=tuple(
            Cut(slot, "take.mp4", Fraction(start).limit_denominator(1000), frames, FULL,
                overlays if not number else (), "whole", "")
            for number, (slot, start, frames) in enumerate(cuts)
        ),
    )  # fmt: skip


def chosen(take: Analysis, *cuts: tuple[str, float, int], place: str = "tiktok") -> float:
    cover = choose_cover(edit_of(*cuts), {"take.mp4": take}, load_placement(place))
    return float(cover.t)


@pytest.mark.parametrize(
    "worse",
    [
        {"whole": 0.2},
        {"sharpness": 0.5},
        {"exposure": 0.5},
        {"motion": 0.6},
        {"subject": Box(0.0, 0.0, 0.5, 0.35)},
        {"subject": Box(0.48, 0.48, 0.52, 0.52)},
    ],
    ids=lambda worse: next(iter(worse)),
)
def test_each_thing_that_speaks_for_a_look_counts(worse: dict[str, Any]) -> None:
    take = table((2, {**WHOLE, **worse}), (1, WHOLE), (2, {**WHOLE, **worse}))
    assert 2 <= chosen(take, ("hero", 0, 150)) < 3


def test_only_what_the_clip_shows_is_on_its_cover() -> None:
    take = table((2, {"whole": 1.0}), (2, {"whole": 0.6}), (2, {"whole": 1.0}))
    assert 2 <= chosen(take, ("hero", 2, 60)) < 4
    # What is held at the end of a cut is no look of its own.
    edit = edit_of(("hero", 2, 120))
    edit = replace(edit, cuts=(replace(edit.cuts[0], hold=60),))
    cover = choose_cover(edit, {"take.mp4": take}, load_placement("tiktok"))
    assert 2 <= cover.t < 4


def test_a_clip_of_a_photo_has_a_cover() -> None:
    take = table((0.1, WHOLE))
    assert chosen(take, ("hook", 0.02, 1), ("hero", 0.03, 2)) == pytest.approx(0.0633, abs=0.001)


def test_the_manifest_says_why_and_what_nothing_can_tell() -> None:
    take = table((3, WHOLE))
    cover = choose_cover(edit_of(("hero", 0, 60)), {"take.mp4": take}, load_placement("tiktok"))
    told = cover_as_json(cover)
    assert told["not_told"] == NOT_TOLD
    assert "face" in NOT_TOLD
    assert told["parts"]["whole"] == 0.9  # type: ignore[index]
    assert f"whole {0.9:.2f}" in cover.why


@pytest.mark.parametrize("place", ["tiktok", "etsy", "amazon", "pinterest"])
def test_a_cover_has_the_placement_s_size(place: str, short_take: Path, tmp_path: Path) -> None:
    footage = probe(short_take)
    where = small(load_placement(place))
    take = table((4, WHOLE), width=footage.width, height=footage.height)
    take = replace(take, footage=footage)
    edit = edit_of(("hero", 0, 60), overlays=(PRICE, TITLE))
    cover = choose_cover(edit, {"take.mp4": take}, where)
    plain, titled = tmp_path / "plain.jpg", tmp_path / "titled.jpg"
    write_covers(cover, footage, plain=plain, titled=titled)
    with Image.open(plain) as a, Image.open(titled) as b:
        assert a.size == b.size == where.cover
        changed = np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).max(axis=2) > 40
    # One panel stands on it, within the safe area: the title, and no price.
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    safe = cover.canvas.safe
    assert safe.top - 2 <= rows[0] and rows[-1] < where.cover[1] - safe.bottom + 2
    assert safe.left - 2 <= columns[0] and columns[-1] < where.cover[0] - safe.right + 2
    assert 0.005 < changed.mean() < 0.3
    bare = choose_cover(edit_of(("hero", 0, 60), overlays=(PRICE,)), {"take.mp4": take}, where)
    write_covers(bare, footage, plain=plain, titled=titled)
    assert plain.read_bytes() == titled.read_bytes()


@pytest.mark.parametrize(
    ("subject", "side"), [(Box(0.1, 0.5, 0.9, 0.9), "top"), (Box(0.1, 0.1, 0.9, 0.5), "bottom")]
)
def test_the_title_stands_where_it_hides_least_of_the_piece(subject: Box, side: str) -> None:
    take = table((4, {**WHOLE, "subject": subject}))
    edit = edit_of(("hero", 0, 60), overlays=(TITLE,))
    assert choose_cover(edit, {"take.mp4": take}, load_placement("ebay")).anchor == side


def test_a_cover_wears_the_look_of_its_clip(short_take: Path, tmp_path: Path) -> None:
    footage = probe(short_take)
    take = replace(table((4, WHOLE), width=footage.width, height=footage.height), footage=footage)
    edit = edit_of(("hero", 0, 60), overlays=(TITLE,))
    titled = []
    for theme in ("atelier", "street"):
        dressed = replace(edit, theme=theme)
        cover = choose_cover(dressed, {"take.mp4": take}, small(load_placement("tiktok")))
        titled.append(tmp_path / f"{theme}.jpg")
        write_covers(cover, footage, plain=tmp_path / "plain.jpg", titled=titled[-1])
    assert titled[0].read_bytes() != titled[1].read_bytes()


def small(place: Placement) -> Placement:
    """The placement's cover at a third of its size, which is quicker."""
    across, down = place.cover
    return replace(place, cover=(across // 6 * 2, down // 6 * 2))
