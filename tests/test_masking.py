"""Serial numbers stay out of what strangers read, in whatever spelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import SAMPLE, Outcome
from PIL import Image

from video_pipeline.listing.reading import read_listing
from video_pipeline.resources import shipped
from video_pipeline.trust.identity import CHAIN_FILE, KEY_FILE
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


def test_the_serial_is_nowhere_in_what_is_published(
    run_cli: Run,
    short_listing: Callable[..., Path],
    short_take: Path,
    tiny_presets: Path,
    tmp_path: Path,
) -> None:
    """It stands in every text and every file's name that the seller has; nothing lets it out."""
    said = f"see or 2219 0417 ({SERIAL})"
    take = tmp_path / f"take {SERIAL}.mp4"
    take.hardlink_to(short_take)
    certificate = tmp_path / f"{SERIAL}.jwt"
    certificate.write_bytes((SAMPLE / "certificate.jwt").read_bytes())
    (tmp_path / f"bad-{SERIAL}.jwt").write_text("no certificate")
    presets = tmp_path / "presets"
    for folder in ("placements", "issuers"):
        (presets / folder).mkdir(parents=True)
    tiny = (tiny_presets / "placements/tiny.yaml").read_text("utf-8")
    (presets / "placements/tiny.yaml").write_text(tiny, "utf-8")
    issuer = yaml.safe_load((shipped("presets") / "issuers/demo.yaml").read_text("utf-8"))
    issuer["logo"] = {"file": f"{SERIAL}.png", "licence": f"A letter, {said}"}
    (presets / "issuers/demo.yaml").write_text(yaml.safe_dump(issuer), "utf-8")
    Image.new("RGB", (300, 90), "navy").save(presets / f"issuers/{SERIAL}.png")
    listing = short_listing(
        f"{SERIAL}.yaml",
        certificates=[
            {"file": certificate.name, "seen": {"time": 2.0}},
            {"file": f"bad-{SERIAL}.jwt"},
        ],
        story={"headline": said, "special": said, "previous_owner": said},
        includes=[said],
        link="https://shop.example/OR-2219-0417",
    )
    page = yaml.safe_load(listing.read_text("utf-8"))
    page["footage"] = [take.name]
    page["condition"]["notes"][0]["words"] = said
    page["item"] |= {"colour": said, "material": said}
    listing.write_text(yaml.safe_dump(page), "utf-8")
    assert run_cli("identity", "new", "Shop", "-o", tmp_path / "id").code == 0
    out, loop = tmp_path / "out", tmp_path / "loop"
    done = run_cli(
        "render", listing, "--presets", presets, "--placement", "tiny", "-o", out, "--json",
        "--storyboard", "showcase", "--sign-with", tmp_path / "id" / KEY_FILE,
        "--sign-chain", tmp_path / "id" / CHAIN_FILE, "--require-badge",
    )  # fmt: skip
    assert done.code == 0, done.out
    assert run_cli("preview", listing, "-o", loop, "--formats", "webp", "--json").code == 0
    told = (out / "manifest.json").read_text("utf-8")
    assert f"{DOTS}.png" in told and f"A letter, see {DOTS} ({DOTS})" in told
    published = [path for path in (*out.rglob("*"), *loop.rglob("*")) if path.is_file()]
    assert len(published) > 12
    for path in published:
        assert "2219" not in path.name
        content = path.read_bytes().lower()
        for spelled in (b"or-2219-0417", b"or 2219 0417", b"or22190417", b"or%2d2219"):
            assert spelled not in content, path.name
