"""Templates of one's own: listed, begun from another, drawn at once; and the look of an edit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from video_pipeline.edit.captions import inclusions, measurements, price
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.listing.model import Listing
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.overlays.language import Language
from video_pipeline.overlays.scaffold import scaffold
from video_pipeline.overlays.templates import samples, template_names, templates
from video_pipeline.presets.placements import SafeArea

CANVAS = Canvas(1080, 1920, SafeArea(top=220, right=150, bottom=500, left=60))
Run = Callable[..., Any]


@pytest.mark.parametrize("like", [None, "label", "certification-badge"])
def test_a_new_overlay_draws_at_once(tmp_path: Path, like: str | None) -> None:
    files = scaffold("care-note", tmp_path / "mine", like)
    assert [file.name for file in files] == ["template.svg.j2", "overlay.yaml", "sample.yaml"]
    for fields in samples("care-note", tmp_path / "mine").values():
        mine = draw("care-note", fields, CANVAS, own=tmp_path / "mine")
        same = draw(like or "story-line", fields, CANVAS)
        assert np.array_equal(mine.pixels, same.pixels)


def test_a_shipped_overlay_is_copied_to_be_changed(tmp_path: Path) -> None:
    scaffold("hook", tmp_path)
    about = tmp_path / "hook/overlay.yaml"
    about.write_text(about.read_text().replace("One line that", "Mine that"))
    assert templates(tmp_path)["hook"].says == "Mine that opens the clip."
    scaffold("second", tmp_path, "hook")  # the person's own comes first
    assert templates(tmp_path)["second"].says == "Mine that opens the clip."


@pytest.mark.parametrize(
    ("name", "like", "told"),
    [
        ("Care", None, "cannot be called 'Care'"),
        ("../out", None, "cannot be called"),
        ("fonts", None, "cannot be called 'fonts'"),
        ("taken", None, "there is a 'taken' already"),
        ("care", "lable", "no overlay template called 'lable'"),
    ],
)
def test_a_new_overlay_that_cannot_be_begun_is_explained(
    tmp_path: Path, name: str, like: str | None, told: str
) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match=told) as caught:
        scaffold(name, tmp_path, like)
    assert caught.value.mend
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_overlays_are_listed_and_begun_from_the_command_line(run_cli: Run, tmp_path: Path) -> None:
    listed = {o["name"]: o for o in run_cli("overlays", "list", "--json").json["overlays"]}
    assert tuple(listed) == template_names()
    keys = {"name", "says", "fields", "stands", "claim", "samples"}
    assert all(set(overlay) == keys for overlay in listed.values())
    assert [name for name, overlay in listed.items() if overlay["claim"]] == ["certification-badge"]
    people = run_cli("overlays", "list").out
    assert all(name in people for name in listed)
    own = tmp_path / "mine"
    made = run_cli("overlays", "new", "care-note", "--into", own, "--like", "label", "--json")
    assert made.json == {
        "overlay": "care-note",
        "files": [
            str(own / "care-note" / file)
            for file in ("template.svg.j2", "overlay.yaml", "sample.yaml")
        ],
    }
    again = run_cli("overlays", "new", "care-note", "--into", own)
    assert again.code == 2
    assert "already" in again.err
    assert "care-note" in run_cli("overlays", "list", "--overlays", own).out


def test_the_look_is_kept_in_the_edit(
    run_cli: Run, short_listing: Callable[..., Path], tiny_presets: Path, tmp_path: Path
) -> None:
    own = ("--presets", tiny_presets)
    tiny = (*own, "--placement", "tiny")
    edit = tmp_path / "edit.json"
    look = ("--theme", "street", "--reduced-motion")
    assert run_cli("plan", short_listing(), "-o", edit, *look, *tiny).code == 0
    written = json.loads(edit.read_text("utf-8"))
    assert (written["theme"], written["reduced_motion"]) == ("street", True)
    out = tmp_path / "out"
    assert run_cli("render", edit, "-o", out, *own).code == 0
    (manifest,) = [p for p in out.iterdir() if p.name.endswith("manifest.json")]
    (street,) = json.loads(manifest.read_text("utf-8"))["clips"]
    assert (street["edit"]["theme"], street["edit"]["reduced_motion"]) == ("street", True)
    assert run_cli("render", edit, "-o", out, "--theme", "minimal", *own).code == 0
    (minimal,) = json.loads(manifest.read_text("utf-8"))["clips"]
    assert minimal["edit"]["theme"] == "minimal"
    for name, digest in street["overlays"].items():
        assert minimal["overlays"][name] != digest
    wrong = run_cli("render", edit, "-o", out, "--theme", "minmal", *own)
    assert wrong.code == 2
    assert "minimal" in wrong.err


# --- what the listing states ---------------------------------------------------------------------

LEAST: dict[str, Any] = {
    "sku": "S",
    "item": {"brand": "Orsetta", "model": "Pouch"},
    "condition": {"grade": "good"},
    "footage": ["a.mp4"],
}


def test_only_what_a_listing_states_is_said() -> None:
    bare = Listing.model_validate(LEAST)
    assert price(bare) is None
    assert measurements(bare.item) is None
    assert inclusions(bare) is None
    size = {"width_cm": 24.5, "depth_cm": 6, "label": "Small"}
    full = Listing.model_validate(
        LEAST
        | {
            "item": {**LEAST["item"], "size": size},
            "price": {"amount": "1450", "currency": "EUR", "was": "1850"},
            "includes": ["Dust bag"],
        }
    )
    assert price(full) == {"amount_text": "€1,450", "was_text": "€1,850"}
    assert measurements(full.item, Language("fr")) == {
        "sides": ["L 24,5\u202fcm", "P 6\u202fcm"],
        "size": "Small",
    }
    assert inclusions(full) == {"items": ["Dust bag"]}
    bare_size = LEAST | {"item": {**LEAST["item"], "size": {"label": "Small"}}}
    assert measurements(Listing.model_validate(bare_size).item) is None


@pytest.mark.parametrize(
    ("was", "told"),
    [
        ("1450", "'price.was' is '1450'; expected more than the amount, 1450"),
        ("900", "expected more than the amount"),
        ("1850.999", "'price.was' is '1850.999', with three decimals"),
        ("dear", "'price.was' is 'dear'"),
    ],
)
def test_a_former_price_that_is_none_is_told_by_line(tmp_path: Path, was: str, told: str) -> None:
    page = (
        "sku: S\nitem: {brand: Orsetta, model: Pouch}\ncondition: {grade: good}\n"
        "footage: [a.mp4]\nprice:\n  amount: 1450\n  currency: EUR\n"
    )
    path = tmp_path / "listing.yaml"
    path.write_text(page + f"  was: {was}\n")
    with pytest.raises(ListingError) as caught:
        read_listing(path)
    (problem,) = caught.value.problems
    assert problem.where == "listing.yaml:8"
    assert told in problem.message
