"""Sharing: feeds of one job have one picture, clear of what each of their apps covers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from video_pipeline.edit.file import edit_from_json, write_edit
from video_pipeline.edit.story import read_storyboard
from video_pipeline.pipeline.sharing import Shared, Sharing, shared_pictures
from video_pipeline.presets.placements import SafeArea, load_placement, placement_names

BOARD = read_storyboard("showcase")


def shared(*names: str, how: Sharing = "alike", rtl: bool = False) -> dict[str, Shared]:
    places = [load_placement(name) for name in names]
    found = shared_pictures(places, BOARD, rtl=rtl, how=how)
    assert [one.place.name for one in found] == list(names)
    return {one.place.name: one for one in found}


def test_feeds_share_and_listing_pages_do_not() -> None:
    found = shared("tiktok", "reels", "shorts", "ebay", "amazon")
    for name in ("tiktok", "reels", "shorts"):
        assert found[name].place.safe == SafeArea(288, 192, 672, 120)
        assert set(found[name].clears) == {"tiktok", "reels", "shorts"} - {name}
        assert (found[name].plan_as.min_s, found[name].plan_as.max_s) == (9.0, 60.0)
        assert found[name].place.max_s == load_placement(name).max_s
    for name in ("ebay", "amazon"):
        assert found[name].place == load_placement(name)
        assert found[name].clears == ()


def test_all_and_none() -> None:
    everywhere = shared("tiktok", "ebay", "amazon", how="all")
    assert everywhere["ebay"].place.safe == SafeArea(220, 180, 500, 120)
    assert everywhere["amazon"].clears == ()  # of another size
    own = shared("tiktok", "reels", how="none")
    assert own["tiktok"].place == load_placement("tiktok").facing(rtl=False)
    assert own["reels"].clears == ()


def test_one_alone_is_left_as_it_is() -> None:
    assert shared("tiktok")["tiktok"] == Shared(
        load_placement("tiktok"), load_placement("tiktok"), ()
    )


def test_another_length_is_another_edit() -> None:
    assert shared("ebay", "poshmark")["poshmark"].clears == ()
    assert shared("ebay", "wechat-store")["ebay"].clears == ("wechat-store",)


def test_mirrored_areas_are_joined_as_they_stand() -> None:
    tiktok = shared("tiktok", "reels", rtl=True)["tiktok"].place
    assert (tiktok.safe.left, tiktok.safe.right) == (180, 180)
    assert tiktok.facing(rtl=True).safe == tiktok.safe  # it is not turned once more


def test_nobody_loses_more_than_a_quarter_of_its_room_unasked() -> None:
    for name, one in shared(*placement_names()).items():
        own = load_placement(name)
        clear = [
            (own.width - p.safe.left - p.safe.right) * (own.height - p.safe.top - p.safe.bottom)
            for p in (one.place, own)
        ]
        assert clear[0] >= 0.75 * clear[1]


@pytest.fixture
def feeds(tiny_presets: Path, tmp_path: Path) -> Path:
    """A presets folder with two feeds of one size that cover different edges, and a wide place."""
    page = yaml.safe_load((tiny_presets / "placements/tiny.yaml").read_text())
    (tmp_path / "presets/placements").mkdir(parents=True)
    changes: dict[str, dict[str, Any]] = {
        "one": {"title": "One", "safe": {"top": 40, "right": 20, "bottom": 120, "left": 20}},
        "two": {"title": "Two", "safe": {"top": 60, "right": 30, "bottom": 90, "left": 20}},
        "wide": {
            "title": "Wide", "width": 480, "height": 270, "cover": [480, 270],
            "safe": {"top": 12, "right": 12, "bottom": 20, "left": 12},
        },
    }  # fmt: skip
    for name, changed in changes.items():
        written = dict(page)
        for key, value in changed.items():
            if key == "safe":
                written[key] = {
                    edge: {**page["safe"][edge], "value": pixels} for edge, pixels in value.items()
                }
            elif key == "title":
                written[key] = value
            else:
                written[key] = {**page[key], "value": value}
        (tmp_path / f"presets/placements/{name}.yaml").write_text(yaml.safe_dump(written))
    return tmp_path / "presets"


def test_what_may_be_said_in_a_shared_picture_is_each_place_s_own(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    knowing_cache: Path,
    feeds: Path,
    tmp_path: Path,
) -> None:
    strict = feeds / "placements/two.yaml"
    page = yaml.safe_load(strict.read_text())
    page["burn_in"] = {**page["burn_in"], "value": ["call-to-action"]}
    strict.write_text(yaml.safe_dump(page))
    own, out = ("--presets", feeds, "--cache", knowing_cache), tmp_path / "out"
    listing = short_listing(price={"amount": 900, "currency": "EUR"})
    for order in ("one,two", "two,one"):  # whichever is planned first
        done = run_cli(
            "render", listing, "--placement", order, "--share-picture", *own, "-o", out, "--json"
        )
        assert done.code == 0, done.err
        clips = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["clips"]
        edits = {clip["placement"]: clip["edit"] for clip in clips}
        said = {
            name: {use["template"]: use["fields"] for cut in e["cuts"] for use in cut["overlays"]}
            for name, e in edits.items()
        }
        assert said["one"]["certification-badge"] and "900" in str(said["one"]["end-card"])
        assert "certification-badge" not in said["two"] and "900" not in str(said["two"])
        reasons = {name: str(e["left_out"]) + str(e["warnings"]) for name, e in edits.items()}
        assert "Two does not allow a badge" in reasons["two"]
        assert "does not allow" not in reasons["one"]
        # Yet they stand clear of the same, and what says nothing of it is one picture.
        assert (edits["one"]["clears"], edits["two"]["clears"]) == (["two"], ["one"])
        for name, clip in zip(order.split(","), done.json["clips"], strict=True):
            checked = run_cli(
                "check", clip["file"], "--placement", "one,two", "--presets", feeds, "--json"
            )
            found = {finding["rule"] for finding in checked.json["findings"]}
            assert found == ({"burned in"} if name == "one" else set())
    assert done.json["clips"][0]["pieces"]["encoded"] == 0


def test_a_limit_is_told_as_that_of_the_place_it_is_of() -> None:
    tiktok, shorts = load_placement("tiktok"), replace(load_placement("shorts"), max_s=45.0)
    lax, strict = shared_pictures([tiktok, shorts], BOARD, rtl=False)
    assert (lax.plan_as.title, lax.plan_as.max_s) == (tiktok.title, 45)
    assert (lax.plan_as.limited_by, strict.plan_as.limited_by) == (shorts.title, "")


def test_one_job_makes_a_shared_picture_once(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    knowing_cache: Path,
    feeds: Path,
    tmp_path: Path,
) -> None:
    listing, out = short_listing(), tmp_path / "out"
    own = ("--presets", feeds, "--cache", knowing_cache)
    done = run_cli("render", listing, "--placement", "one,two,wide", *own, "-o", out, "--json")
    assert done.code == 0, done.err
    one, two, wide = done.json["clips"]
    assert one["pieces"]["encoded"] == one["pieces"]["total"]
    assert two["pieces"]["encoded"] == 0
    assert wide["pieces"]["encoded"] == wide["pieces"]["total"]
    # Same pieces, same sound: the same file, with the same pictures beside it.
    for ending in (".mp4", ".sheet.jpg", ".cover.jpg"):
        files = [Path(clip["file"]).with_suffix(ending).read_bytes() for clip in (one, two)]
        assert files[0] == files[1]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    edits = {clip["placement"]: clip["edit"] for clip in manifest["clips"]}
    assert (edits["one"]["clears"], edits["two"]["clears"]) == (["two"], ["one"])
    # Its own crop of the same edit, not another choice.
    chosen = [
        [(cut["slot"], cut["source"], cut["start"], cut["frames"]) for cut in edits[name]["cuts"]]
        for name in ("one", "wide")
    ]
    assert chosen[0] == chosen[1]
    assert any(
        abs(cut["crop"]["width"] / cut["crop"]["height"] - 480 / 270) < 0.02
        for cut in edits["wide"]["cuts"]
    )
    # The words of either are clear of what both apps cover.
    for name, clip in (("one", one), ("two", two), ("wide", wide)):
        asked = name if name == "wide" else "one,two"
        checked = run_cli("check", clip["file"], "--placement", asked, "--presets", feeds, "--json")
        assert checked.json["findings"] == []

    # The edit alone makes the same picture again.
    edit = edit_from_json(edits["two"])
    written = tmp_path / "two.edit.json"
    take = Path(yaml.safe_load(listing.read_text())["footage"][0])
    (name,) = edit.sources
    source = replace(edit.sources[name], path=str(take))
    write_edit(replace(edit, sources={name: source}), written)
    again = run_cli("render", written, *own, "-o", tmp_path / "again", "--json")
    assert again.code == 0, again.err
    assert again.json["clips"][0]["pieces"]["encoded"] == 0

    apart = run_cli(
        "render", listing, "--placement", "one,two", *own, "--own-picture",
        "-o", tmp_path / "apart", "--json",
    )  # fmt: skip
    assert apart.json["clips"][1]["pieces"]["encoded"] > 0
    refused = run_cli("render", written, *own, "--own-picture", "-o", tmp_path / "no")
    assert refused.code == 2
