"""Serial numbers stay out of what strangers read, in whatever spelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Outcome

from video_pipeline.listing.reading import read_listing
from video_pipeline.trust.masking import DOTS, Mask, public, told_by_sku

Run = Callable[..., Outcome]
SERIAL = "OR-2219-0417"


@pytest.mark.parametrize(
    "spelled",
    ["OR-2219-0417", "or22190417", "OR 2219 0417", "OR.2219.0417", "O R - 2219 – 0417",
     "ＯＲ22190417", "OR_2219_0417"],
)  # fmt: skip
def test_every_spelling_is_masked(spelled: str) -> None:
    said = Mask(SERIAL).text(f"Stamp reads {spelled}, inside")
    assert said == f"Stamp reads {DOTS}, inside"


@pytest.mark.parametrize(
    "text", ["XOR-2219-0417", "OR-2219-04170", "OR-2219", "2219-0417", "Plain words", ""]
)
def test_other_words_stay(text: str) -> None:
    assert Mask(SERIAL).text(text) == text


@pytest.mark.parametrize("serial", [None, "", "A", "17", "R-7"])
def test_without_a_serial_nothing_is_masked(serial: str | None) -> None:
    assert Mask(serial).text("A 17 R7 bag") == "A 17 R7 bag"


def test_a_listing_is_masked_and_keeps_what_it_is_worked_with(
    short_listing: Callable[..., Path], short_take: Path
) -> None:
    story = {"headline": "Number or22190417", "special": "Rare"}
    listing = read_listing(short_listing(story=story, includes=[f"card {SERIAL}"]))
    masked = public(listing)
    assert masked.story.headline == f"Number {DOTS}"
    assert masked.includes == (f"card {DOTS}",)
    assert masked.story.special == "Rare"
    assert masked.item.serial == SERIAL  # compared with certificates, shown nowhere
    assert (masked.path, masked.footage, masked.sku) == (listing.path, listing.footage, listing.sku)


def test_a_sku_that_gives_the_serial_away_is_warned_of(
    short_listing: Callable[..., Path],
) -> None:
    assert told_by_sku(read_listing(short_listing())) == ()
    (warning,) = told_by_sku(read_listing(short_listing(sku="bag-OR22190417")))
    assert "choose another sku" in warning


def test_no_word_of_a_clip_says_the_serial(
    run_cli: Run, short_listing: Callable[..., Path], tiny_presets: Path, tmp_path: Path
) -> None:
    listing = short_listing(story={"headline": f"No. {SERIAL}"})
    edit = tmp_path / "edit.json"
    tiny = ("--presets", tiny_presets)
    done = run_cli("plan", listing, "-o", edit, *tiny, "--placement", "tiny")
    assert done.code == 0, done.err
    text = edit.read_text()
    assert SERIAL not in text
    assert f"No. {DOTS}" in text
    # Somebody writes it into the edit by hand: it still is not drawn, nor listed.
    edit.write_text(text.replace(DOTS, "or 2219 0417"))
    done = run_cli("render", edit, "-o", tmp_path / "out", *tiny, "--json")
    assert done.code == 0, done.err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert f"No. {DOTS}" in json.dumps(manifest, ensure_ascii=False)
    for path in (tmp_path / "out").glob("*"):
        if path.suffix in (".json", ".html"):
            found = path.read_text().lower()
            assert SERIAL.lower() not in found and "or 2219 0417" not in found
