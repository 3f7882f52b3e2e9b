"""Bars around a picture: found where they are bars for sure, cut off where that was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip, Outcome
from numpy.typing import NDArray
from PIL import Image

from video_pipeline import graph
from video_pipeline.analysis.bars import bars_of
from video_pipeline.catalogue.reading import read_catalogue
from video_pipeline.edit.file import read_edit
from video_pipeline.footage.decode import frames
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import NO_BARS, Bars, Box
from video_pipeline.pipeline.preparing import Settings, prepare
from video_pipeline.store import Store
from video_pipeline.toolchain import run
from video_pipeline.vision.bars import BarSearch

Run = Callable[..., Outcome]
Write = Callable[..., Path]


def found(*pictures: NDArray[np.uint8]) -> Bars:
    search = BarSearch()
    for picture in pictures:
        search.look(picture)
    return search.found()


def looks(bars: Bars = NO_BARS, level: int = 0) -> list[NDArray[np.uint8]]:
    """Four pictures of 200 x 320 with something in them, and bars of one level around."""
    random = np.random.default_rng(1)
    pictures = []
    for _ in range(4):
        picture = random.integers(60, 200, (320, 200, 3)).astype(np.uint8)
        picture[: bars.top] = level
        picture[320 - bars.bottom :] = level
        picture[:, : bars.left] = level
        picture[:, 200 - bars.right :] = level
        pictures.append(picture)
    return pictures


@pytest.mark.parametrize("level", [0, 16, 128, 255])
@pytest.mark.parametrize("bars", [Bars(0, 90, 0, 94), Bars(40, 0, 40, 0), Bars(20, 30, 20, 30)])
def test_what_is_there_is_found(bars: Bars, level: int) -> None:
    assert found(*looks(bars, level)) == bars
    assert found(np.full((320, 200, 3), level, np.uint8), *looks(bars, level)) == bars


@pytest.mark.parametrize(
    "bars",
    [NO_BARS, Bars(0, 90, 0, 0), Bars(0, 90, 0, 40), Bars(0, 2, 0, 2), Bars(0, 155, 0, 155)],
    ids=["none", "on one side", "unequal", "narrow", "a slit"],
)
def test_other_rims_are_no_bars(bars: Bars) -> None:
    assert found(*looks(bars)) == NO_BARS


def test_a_bag_before_black_velvet_is_no_picture_between_bars() -> None:
    """Black above, below and beside, as even as black can be; the bag turns."""
    pictures = []
    y, x = np.mgrid[:320, :200]
    for turn in range(6):
        picture = np.zeros((320, 200, 3), np.uint8)
        bag = ((x - 100) / (50 + 5 * turn)) ** 2 + ((y - 160) / 90) ** 2 < 1
        picture[bag] = 120
        pictures.append(picture)
    assert found(*pictures) == NO_BARS


def test_what_moves_or_is_written_in_a_rim_is_no_bar() -> None:
    """The clock of a phone's status line, at the top of a recorded screen."""
    pictures = looks(Bars(0, 90, 0, 90))
    pictures[2][10:20, 90:110] = 255
    assert found(*pictures) == NO_BARS


def test_two_looks_are_not_enough() -> None:
    assert found(*looks(Bars(0, 90, 0, 90))[:2]) == NO_BARS


def test_ordinary_footage_is_known_at_the_first_look(short_take: Path, store: Store) -> None:
    search = BarSearch()
    search.look(looks()[0])
    assert search.hopeless
    assert bars_of(probe(short_take), store) == NO_BARS


def test_boxes_are_brought_into_what_is_left() -> None:
    bars = Bars(0, 100, 0, 100)
    assert bars.within(Box(0.25, 0.5, 0.5, 0.75), (100, 400)) == Box(0.25, 0.5, 0.5, 1.0)
    assert bars.within(Box(0.0, 0.0, 1.0, 0.2), (100, 400)) is None
    assert Bars(4, 2, 6, 0).words == "2 pixels at the top and 4 at the left and 6 at the right"


@pytest.fixture(scope="module")
def recorded(make_clip: MakeClip, short_take: Path) -> Path:
    """The short take as a recorded screen shows it: 360 x 640, with 160 pixels above and below."""
    return make_clip(
        "recorded.mp4", "-i", str(short_take), "-vf", "pad=360:960:0:160:black", "-c:v", "libx264",
        "-preset", "ultrafast", "-crf", "20", "-an",
    )  # fmt: skip


# Where the stain is: (0.31, 0.39, 0.69, 0.60) of the picture without its bars.
SEEN = {"time": 9.4, "box": [0.31, (160 + 0.39 * 640) / 960, 0.69, (160 + 0.6 * 640) / 960]}


def stained(seen: dict[str, object]) -> dict[str, object]:
    note = {"part": "pocket", "flaw": "stain", "severity": "light", "words": "Mark", "seen": seen}
    return {"scale": "house", "grade": "very-good", "notes": [note]}


def test_unasked_they_stay_and_are_told(
    run_cli: Run, write_listing: Write, recorded: Path, tiny_presets: Path, tmp_path: Path
) -> None:
    listing = write_listing([recorded], condition=stained(SEEN), certificates=None)
    edit = tmp_path / "edit.json"
    done = run_cli("plan", listing, "-o", edit, "--placement", "tiny", "--presets", tiny_presets)
    assert done.code == 0, done.err
    (source,) = read_edit(edit).sources.values()
    assert source.bars is None
    (told,) = [note for note in read_edit(edit).warnings if "bars" in note]
    assert "160 pixels at the top and 160 at the bottom" in told
    assert "--crop-bars" in told and "crop_bars: true" in told


def test_asked_for_they_are_gone_from_everything(
    run_cli: Run, write_listing: Write, recorded: Path, tiny_presets: Path, tmp_path: Path
) -> None:
    """By the listing's key; the edit it is rendered from keeps it, without the option."""
    listing = write_listing([recorded], condition=stained(SEEN), certificates=None, crop_bars=True)
    edit, out = tmp_path / "edit.json", tmp_path / "out"
    options = ("--placement", "tiny", "--presets", tiny_presets)
    planned = run_cli("plan", listing, "-o", edit, *options)
    assert planned.code == 0, planned.err
    (source,) = read_edit(edit).sources.values()
    assert source.bars == Bars(0, 160, 0, 160)
    done = run_cli("render", edit, "-o", out, "--presets", tiny_presets, "--json")
    assert done.code == 0, done.err
    manifest = json.loads((out / "manifest.json").read_text())
    (file,) = manifest["inputs"]["footage"]
    assert (file["width"], file["height"]) == (360, 640)
    assert file["bars_cropped"] == {"left": 0, "top": 160, "right": 0, "bottom": 160}
    report = next(out.glob("*.report.html")).read_text()
    assert "were cut off: 160 pixels at the top" in report
    # No row of the clip is black: the tallest crop of 9:16 would else hold both bars.
    (clip,) = out.glob("*.mp4")
    for _, picture in frames(probe(clip), long_side=480, every_s=Fraction(1)):
        assert picture[:4].max() > 40 and picture[-4:].max() > 40
    # The flaw is pointed at where it is.
    still = next(cut for cut in read_edit(edit).cuts if cut.slot == "flaw")
    assert still.crop.height <= 640


def test_asked_for_in_vain_is_said(
    run_cli: Run, short_listing: Write, tiny_presets: Path, tmp_path: Path
) -> None:
    done = run_cli(
        "plan", short_listing(certificates=None), "-o", tmp_path / "edit.json", "--crop-bars",
        "--placement", "tiny", "--presets", tiny_presets,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert any("no file has any" in note for note in read_edit(tmp_path / "edit.json").warnings)


def test_a_box_in_a_bar_and_bars_that_leave_nothing_are_refused(
    run_cli: Run, write_listing: Write, recorded: Path, tiny_presets: Path, tmp_path: Path
) -> None:
    seen = {"time": 9.4, "box": [0.1, 0.0, 0.9, 0.1]}
    options = ("--placement", "tiny", "--presets", tiny_presets)
    listing = write_listing([recorded], condition=stained(seen), certificates=None)
    told = run_cli("plan", listing, "-o", tmp_path / "no.json", "--crop-bars", *options)
    assert told.code == 2
    assert "lies in a bar" in told.err and "condition.notes.0.seen" in told.err
    listing = write_listing([recorded], condition=stained(SEEN), certificates=None)
    edit = tmp_path / "edit.json"
    assert run_cli("plan", listing, "-o", edit, "--crop-bars", *options).code == 0
    page = json.loads(edit.read_text())
    next(iter(page["sources"].values()))["bars"]["top"] = 2000
    edit.write_text(json.dumps(page))
    told = run_cli("render", edit, "-o", tmp_path / "out", "--presets", tiny_presets)
    assert told.code == 2
    assert "leave nothing" in told.err


def test_a_mask_is_where_it_was_stated(
    write_listing: Write, recorded: Path, store: Store, tmp_path: Path
) -> None:
    """What is masked is stated on the whole picture, and covered in what is left of it."""
    listing = write_listing(
        [recorded], condition=stained(SEEN), certificates=None, crop_bars=True,
        blur=[{"what": "serial", "seen": SEEN}],
    )  # fmt: skip
    prepared = prepare(listing, Settings(store))
    (item,) = prepared.footage.values()
    assert (item.width, item.height) == (360, 640)
    out = tmp_path / "still.jpg"
    run(graph.still(item, Fraction("9.4"), out), deadline_s=60)
    still = np.asarray(Image.open(out), np.int16)
    assert still.shape == (640, 360, 3)
    covered = still[round(0.40 * 640) : round(0.59 * 640), round(0.32 * 360) : round(0.68 * 360)]
    assert np.abs(covered - np.array(graph.BARS)).max() < 12
    assert np.abs(still[: round(0.2 * 640)] - np.array(graph.BARS)).mean() > 30


def test_a_catalogue_may_ask_for_it(tmp_path: Path) -> None:
    table = tmp_path / "shop.csv"
    table.write_text(
        "sku,brand,model,grade,crop_bars,footage\nA,B,M,good,yes,a.mp4\nB,B,M,good,,a.mp4\n",
        encoding="utf-8",
    )
    asked = [entry.listing().crop_bars for entry in read_catalogue(table).ready]
    assert asked == [True, False]
