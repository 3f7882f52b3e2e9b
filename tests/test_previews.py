"""The loop for a listing's page: what it shows, that it fits and joins, and what is pasted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml
from footage_tables import table
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from video_pipeline.delivery.preview import budgets_from, decoded
from video_pipeline.delivery.preview_page import alt_text
from video_pipeline.edit.model import Cut, Edit, SourceRef
from video_pipeline.edit.preview import Loop, Part, choose_loop, left_out_of
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box, Crop, CropKey
from video_pipeline.listing.reading import read_listing
from video_pipeline.pipeline import Previewed, Settings, preview_listing
from video_pipeline.presets.previews import LOOP_FORMATS, load_preview
from video_pipeline.resources import shipped
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_version, tell_of_children

Run = Callable[..., Any]
WHOLE = {"whole": 0.9}
METAL = {"hardware": 0.8, "hardware_boxes": (Box(0.4, 0.4, 0.6, 0.6),)}
SEAM = {"stitching": 0.8, "stitching_boxes": (Box(0.3, 0.4, 0.7, 0.6),)}


def pictures(file: Path) -> list[NDArray[np.int16]]:
    """Every frame of a loop, grey."""
    if file.suffix == ".mp4":
        with av.open(str(file)) as video:
            return [f.to_ndarray(format="gray").astype(np.int16) for f in video.decode(video=0)]
    with Image.open(file) as moving:
        return [np.asarray(f.convert("L")).astype(np.int16) for f in ImageSequence.Iterator(moving)]


def apart(a: NDArray[np.int16], b: NDArray[np.int16]) -> float:
    return float(np.abs(a - b).mean())


@pytest.mark.parametrize("form", LOOP_FORMATS)
def test_every_format_fits_and_runs_into_its_beginning(made_preview: Previewed, form: str) -> None:
    (file,) = [f for f in made_preview.files if f.form == form]
    assert file.file.stat().st_size == file.bytes <= file.max_bytes
    shown = pictures(file.file)
    assert len(shown) == len(made_preview.loop.order) // file.rung.every
    assert {p.shape for p in shown} == {(file.height, file.width)}
    steps = [apart(a, b) for a, b in pairwise(shown)]
    # Within the shared stretch neighbours differ as the camera moves; at a change of shot far more.
    opening = (made_preview.loop.parts[0].frames - made_preview.loop.seam) // file.rung.every - 1
    ending = made_preview.loop.seam // file.rung.every - 1
    neighbours = steps[:opening] + steps[-ending:]
    join = apart(shown[-1], shown[0])
    assert join <= max(neighbours) * 1.1
    assert max(steps) > 4 * join, "the loop shows more than one thing"


def test_images_loop_for_ever_and_the_video_is_silent(made_preview: Previewed) -> None:
    for file in made_preview.files:
        if file.form == "mp4":
            with av.open(str(file.file)) as video:
                assert not video.streams.audio
                assert video.duration is not None
                assert video.duration / 1e6 == pytest.approx(
                    made_preview.loop.duration_s, abs=0.001
                )
            continue
        with Image.open(file.file) as moving:
            assert moving.is_animated
            if form_loops := moving.info.get("loop"):
                raise AssertionError(f"{file.form} stops after {form_loops}")
            total = 0
            for frame in ImageSequence.Iterator(moving):
                frame.load()
                total += frame.info["duration"]
        assert total / 1000 == pytest.approx(made_preview.loop.duration_s, abs=0.1)
    assert 3 <= made_preview.loop.duration_s <= 6


def test_the_strip_and_its_times(made_preview: Previewed) -> None:
    cues = re.findall(
        r"^(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$",
        made_preview.thumbnails.read_text("utf-8"),
        re.MULTILINE,
    )
    assert made_preview.thumbnails.read_text("utf-8").startswith("WEBVTT\n\n")

    def seconds(clock: str) -> float:
        hours, minutes, rest = clock.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)

    with Image.open(made_preview.strip) as strip:
        width, height = strip.size
    end, places = 0.0, set()
    for start, until, name, *box in cues:
        assert seconds(start) == pytest.approx(end, abs=0.001)
        end = seconds(until)
        assert end > seconds(start)
        assert name == made_preview.strip.name
        x, y, w, h = map(int, box)
        assert x + w <= width and y + h <= height
        places.add((x, y))
    assert len(places) == len(cues) == len(made_preview.loop.order) / 6
    assert end == pytest.approx(made_preview.loop.duration_s, abs=0.001)


class Names(HTMLParser):
    """What a page names, and whether what it opens is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: set[str] = set()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in ("img", "source", "track"):
            self.open.append(tag)
        for name in ("src", "poster"):
            if value := found.get(name):
                self.files.add(value)
        for part in (found.get("srcset") or "").split(","):
            if part.strip():
                self.files.add(part.split()[0])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_snippets_name_files_that_are_there(
    made_preview: Previewed, preview_page: Path
) -> None:
    assert made_preview.picture_snippet is not None
    for page in (made_preview.snippet, made_preview.picture_snippet):
        found = Names(page.read_text("utf-8"))
        assert not found.open
        assert not [name for name in found.files if not (made_preview.folder / name).is_file()]
        assert "script" not in {tag for tag, _ in found.tags}
        for tag, attributes in found.tags:
            if tag in ("img", "video"):
                assert (attributes["width"], attributes["height"]) == ("480", "600")
            if tag == "img":
                assert attributes["alt"] == alt_text(read_listing(preview_page).item)
        assert "prefers-reduced-motion" in page.read_text("utf-8")
    (video,) = [
        a for tag, a in Names(made_preview.snippet.read_text("utf-8")).tags if tag == "video"
    ]
    assert {"muted", "loop", "playsinline", "autoplay", "poster"} <= set(video)
    for poster in made_preview.posters:
        with Image.open(poster.file) as picture:
            assert picture.size == (poster.width, poster.height)


def test_the_poster_is_the_loop_s_first_frame(made_preview: Previewed) -> None:
    first = pictures(next(f.file for f in made_preview.files if f.form == "mp4"))[0]
    for poster in made_preview.posters:
        with Image.open(poster.file) as picture:
            small = picture.convert("L").resize((first.shape[1], first.shape[0]))
        assert apart(np.asarray(small).astype(np.int16), first) < 4, poster.file.name


def test_the_same_bytes_again(
    made_preview: Previewed, preview_page: Path, knowing_cache: Path, tmp_path: Path
) -> None:
    settings = Settings(Store(knowing_cache))  # it knows what is in the footage, and no preview
    again = preview_listing(preview_page, tmp_path / "again", settings)
    names = sorted(p.name for p in made_preview.folder.iterdir())
    assert names == sorted(p.name for p in again.folder.iterdir())
    assert not [
        n
        for n in names
        if (made_preview.folder / n).read_bytes() != (again.folder / n).read_bytes()
    ]
    manifest = json.loads((made_preview.folder / "manifest.json").read_text("utf-8"))
    assert set(manifest["files"]) == set(names) - {"manifest.json"}
    assert {part["shows"] for part in manifest["loop"]["parts"]} == {"hardware", "stitching"}
    assert "OR-2219-0417" not in (made_preview.folder / "manifest.json").read_text("utf-8")


def test_a_preview_that_was_made_starts_no_program(
    made_preview: Previewed, preview_page: Path, shared_cache: Path, tmp_path: Path
) -> None:
    ffmpeg_version()  # asked for once a run
    started: list[int] = []
    tell_of_children(lambda child, runs: started.append(child) if runs else None)
    try:
        again = preview_listing(preview_page, tmp_path / "again", Settings(Store(shared_cache)))
    finally:
        tell_of_children(None)
    assert started == []
    assert [file.rung for file in again.files] == [file.rung for file in made_preview.files]
    for file in made_preview.folder.iterdir():
        assert (again.folder / file.name).read_bytes() == file.read_bytes()


def test_a_budget_is_met_in_a_few_tries_or_what_to_do_is_said(
    preview_page: Path, run_cli: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    wanted = ("preview", preview_page, "-o", out, "--formats", "avif,gif", "--json")
    done = run_cli(*wanted, "--max-bytes", "avif=20k,gif=150k")
    assert done.code == 0, done.err
    made = json.loads((out / "manifest.json").read_text("utf-8"))["formats"]
    assert [(f["format"], f["max_bytes"]) for f in made] == [("avif", 20_000), ("gif", 150_000)]
    assert all(f["bytes"] <= f["max_bytes"] and 1 < f["tries"] <= 4 for f in made)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    refused = run_cli(*wanted, "--max-bytes", "1k")
    assert refused.code == 2
    error = refused.json["error"]
    assert "avif" in error["message"]
    assert re.search(r"--max-bytes avif=\d+k", error["mend"])
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--formats", "png", "png"), ("--formats", ",", "no format"), ("--ban", "gone.mp4", "gone")],
)
def test_what_is_not_there_is_told_before_any_work(
    preview_page: Path, run_cli: Run, tmp_path: Path, option: str, value: str, said: str
) -> None:
    refused = run_cli("preview", preview_page, "-o", tmp_path / "o", option, value, "--json")
    assert refused.code == 2
    assert said in refused.json["error"]["message"]
    assert not (tmp_path / "o").exists()


def test_no_word_of_a_preview_says_the_serial(
    preview_page: Path, short_take: Path, shared_cache: Path, tmp_path: Path
) -> None:
    take = tmp_path / "OR-2219-0417.mp4"
    take.symlink_to(short_take)
    page = yaml.safe_load(preview_page.read_text(encoding="utf-8"))
    page["item"]["serial"] = "OR-2219-0417"
    page["footage"] = [str(take)]
    listing = tmp_path / "listing.yaml"
    listing.write_text(yaml.safe_dump(page, allow_unicode=True), encoding="utf-8")
    out = tmp_path / "out"
    preview_listing(listing, out, Settings(Store(shared_cache)), formats=("webp",))
    for file in out.iterdir():
        assert b"2219" not in file.read_bytes(), file.name
    assert "••••••.mp4" in (out / "manifest.json").read_text(encoding="utf-8")


def test_a_preview_and_a_render_spare_each_other(
    made_preview: Previewed, preview_page: Path, run_cli: Run
) -> None:
    refused = run_cli("render", preview_page, "-o", made_preview.folder, "--json")
    assert refused.code == 2
    assert "something else" in refused.json["error"]["message"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("400k", dict.fromkeys(LOOP_FORMATS, 400_000)),
        ("gif=1.5M, webp=300000", {"gif": 1_500_000, "webp": 300_000}),
        ("MP4=2m", {"mp4": 2_000_000}),
    ],
)
def test_bytes_as_people_write_them(text: str, found: dict[str, int]) -> None:
    assert budgets_from(text) == found


@pytest.mark.parametrize(
    "text", ["", "k", "much", "-3k", "0", "gif=", "png=3k", "nan", "inf", "1e999"]
)
def test_bytes_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        budgets_from(text)


def test_two_parts_may_begin_at_one_moment(short_take: Path) -> None:
    footage, preview = probe(short_take), load_preview()
    crop = Crop(360, 450, (CropKey(0, 0, 100),))
    long, short = (Part("a", Fraction(1), n, crop, "whole", "") for n in (12, 6))
    with decoded(Loop((long, short), 6, preview.rate), {"a": footage}, preview) as frames:
        data = frames.path.read_bytes()
    size = frames.frame_bytes
    shown = [data[at : at + size] for at in range(0, len(data), size)]
    assert len(shown) == 18
    assert shown[6:12] == shown[12:], "the shared part's beginning comes last"
    assert shown[:6] != shown[6:12]


# What is chosen


def test_the_loop_shows_the_piece_and_its_details() -> None:
    take = table((4, WHOLE), (3, METAL), (3, SEAM), (4, {}))
    loop = choose_loop({"take.mp4": take}, load_preview())
    assert loop.shows == ("whole", "hardware", "stitching")
    assert loop.warnings == ()
    assert loop == choose_loop({"take.mp4": take}, load_preview())
    whole = loop.parts[0]
    assert whole.start + whole.frames / loop.rate <= 4
    # The first part's frames come in a circle: its last opens nothing, its first is in the middle.
    assert loop.order[0] == loop.seam == loop.order[-1] + 1
    assert sorted(loop.order) == list(range(sum(part.frames for part in loop.parts)))
    assert all(part.frames % load_preview().step == 0 for part in loop.parts)


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        (((6, METAL),), "the whole piece"),
        (((6, WHOLE),), "stitching"),
        (((2, WHOLE),), "lasts"),
        (((5, {"sharpness": 0.1}),), "out of focus"),
        (((0.2, {}),), "lasts"),
    ],
)
def test_what_the_footage_lacks_is_said(segments: tuple[object, ...], said: str) -> None:
    take = table(*segments)  # type: ignore[arg-type]
    loop = choose_loop({"take.mp4": take}, load_preview())
    assert any(said in warning for warning in loop.warnings)
    assert loop.order
    assert loop.duration_s <= 6


def test_what_is_banned_is_not_in_the_loop() -> None:
    take = table((4, WHOLE), (3, METAL), (3, SEAM), (4, WHOLE), (3, METAL))
    bans = {"take.mp4": [(Fraction(0), Fraction(7))]}
    loop = choose_loop({"take.mp4": take}, load_preview(), bans)
    assert loop.shows == ("whole", "hardware", "stitching")
    assert all(part.start >= 7 for part in loop.parts)
    with pytest.raises(UsageError, match="nothing is left"):
        choose_loop({"take.mp4": take}, load_preview(), {"take.mp4": [(Fraction(0), Fraction(20))]})


def test_a_render_s_loop_keeps_to_what_the_clip_shows() -> None:
    take = table((4, WHOLE), (3, METAL), (3, SEAM), (4, WHOLE), (3, METAL))
    crop = Crop(1080, 1920, (CropKey(0, 0, 0),))
    cuts = [("hero", 10.5, 90), ("hardware", 14.5, 60), ("stitching", 7.5, 60)]
    edit = Edit(
        sku="bag", listing="l", storyboard="s", placement="tiktok", width=1080, height=1920,
        rate=Fraction(30), sources={"take.mp4": SourceRef("take.mp4", "d")},
        cuts=tuple(
            Cut(slot, "take.mp4", Fraction(start), frames, crop, (), slot, "")
            for slot, start, frames in cuts
        ),
    )  # fmt: skip
    bans = left_out_of(edit, {"take.mp4": take})
    loop = choose_loop({"take.mp4": take}, load_preview(), bans)
    assert loop.shows == ("whole", "hardware", "stitching")
    for part in loop.parts:
        end = part.start + part.frames / loop.rate
        assert any(start <= part.start and end <= start + n / 30 for _, start, n in cuts)


def test_other_views_make_up_for_what_is_missing() -> None:
    take = table(*((1.6, {}), (0.5, {"sharpness": 0.1})) * 4)
    loop = choose_loop({"take.mp4": take}, load_preview())
    assert 3 <= loop.duration_s <= 6
    assert len({part.start for part in loop.parts}) == len(loop.parts) > 1


def test_a_long_piece_makes_up_for_missing_details() -> None:
    loop = choose_loop({"take.mp4": table((8, WHOLE))}, load_preview())
    assert loop.duration_s >= 3


def test_ladders_fall(tmp_path: Path) -> None:
    (tmp_path / "previews").mkdir()
    page = yaml.safe_load((shipped("presets") / "previews/listing.yaml").read_text("utf-8"))
    page["formats"]["gif"]["ladder"]["value"].reverse()
    (tmp_path / "previews/listing.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    with pytest.raises(ListingError):
        load_preview(own=tmp_path)
