"""Light: measured in what two looks share, matched within bounds, the same for every pixel."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from conftest import MakeClip
from footage_tables import table
from hypothesis import given, settings
from hypothesis import strategies as st
from numbered import piece_of, planes

from video_pipeline.analysis.model import Analysis
from video_pipeline.delivery.manifest import ClipRecord, _clip
from video_pipeline.edit.corrections import as_filmed
from video_pipeline.edit.file import check_edit, read_edit, write_edit
from video_pipeline.edit.light import correction, matched, told
from video_pipeline.edit.model import Cut, Edit, SourceRef
from video_pipeline.errors import ListingError
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.light import MOST_EXPOSURE, MOST_GAIN, NEARLY_WHITE, Light
from video_pipeline.presets.placements import load_placement
from video_pipeline.toolchain import run
from video_pipeline.vision.light import light_change

RATE = Fraction(30)
STEPS = st.floats(-3, 3, allow_nan=False)


def take(*changes: tuple[float, float, float] | None) -> Analysis:
    """Two seconds for each change: the light jumps by it at the start, and then stays."""
    made = table((2.0 * len(changes), {}))
    moments = tuple(
        replace(m, light=changes[i // 20] if i % 20 == 0 else (0.0, 0.0, 0.0))
        for i, m in enumerate(made.moments)
    )
    return replace(made, moments=moments)


def cuts(*slots: str) -> tuple[Cut, ...]:
    crop = Crop(1080, 1920, (CropKey(0, 0, 0),))
    return tuple(
        Cut(slot, "take.mp4", Fraction(2 * i), 60, crop, (), "", "") for i, slot in enumerate(slots)
    )


def edit_of(*lit: Cut) -> Edit:
    source = {"take.mp4": SourceRef("take.mp4", "")}
    return Edit("s", "l", "showcase", "tiktok", 1080, 1920, RATE, source, lit)


@settings(deadline=None)
@given(st.lists(st.tuples(STEPS, STEPS, STEPS), min_size=1, max_size=6))
def test_bounds_hold_and_a_flaw_is_brightened_no_more_than_others(
    changes: list[tuple[float, float, float]],
) -> None:
    slots = ["flaw" if i % 3 == 1 else "hardware" for i in range(len(changes))]
    flaws = {i for i, slot in enumerate(slots) if slot == "flaw"}
    made = matched(cuts(*slots), {"take.mp4": take(*changes)}, RATE, flaws)
    assert all(cut.light.within_bounds for cut in made)
    others = max([0.0, *(c.light.exposure for c in made[1:] if c.slot != "flaw")])
    assert all(c.light.exposure <= others for c in made if c.slot == "flaw")
    assert all(cut.light.neutral for cut in as_filmed(edit_of(*made)).cuts)


def test_a_cut_is_brought_to_the_others() -> None:
    shown = cuts("hook", "hero", "hardware", "stitching")
    made = matched(shown, {"take.mp4": take((0,) * 3, (0.15,) * 3, (0,) * 3, (0,) * 3)}, RATE)
    assert made[0].light.exposure == pytest.approx(0.15)
    assert [cut.light for cut in made[1:]] == [Light()] * 3
    made = matched(shown, {"take.mp4": take((0,) * 3, (0,) * 3, (0.03, 0, 0), (-0.03, 0, 0))}, RATE)
    assert made[2].light == Light(0.0, round(2**-0.03, 3), 1.0)


def test_like_cuts_and_cuts_that_nothing_joins_are_left_alone() -> None:
    shown = cuts("hook", "hero", "hardware")
    small = (0.01, 0.01, 0.01)
    assert matched(shown, {"take.mp4": take(small, small, small)}, RATE) == shown
    apart = take(None, None, None)
    assert matched(shown, {"take.mp4": apart}, RATE) == shown


def test_the_first_cut_follows_and_is_not_followed() -> None:
    analyses = {"take.mp4": take((0,) * 3, (0.2,) * 3, (-0.1,) * 3, (0.05,) * 3)}
    shown = cuts("hook", "hero", "hardware", "stitching")
    other = (replace(shown[0], start=Fraction(9, 2), frames=45), *shown[1:])
    assert matched(shown, analyses, RATE)[1:] == matched(other, analyses, RATE)[1:]


@pytest.mark.parametrize("stops", [(0.1, 0.1, 0.1), (-0.2, -0.15, -0.1), (0.0, 0.02, 0.05)])
def test_a_change_of_light_is_measured_while_the_camera_moves(
    stops: tuple[float, float, float],
) -> None:
    rng = np.random.default_rng(5)
    scene = cv2.resize(rng.uniform(60, 180, (14, 24, 3)).astype(np.float32), (240, 140))
    before = np.rint(scene[10:118, 20:212]).astype(np.uint8)
    factors = 2.0 ** (np.array(stops[::-1]) / 2.4)
    after = np.rint(scene[14:122, 14:206] * factors).astype(np.uint8)
    got = light_change(before, after, (6 / 192, -4 / 108))
    assert got == pytest.approx(stops, abs=0.015)


def test_another_view_tells_nothing_of_the_light() -> None:
    rng = np.random.default_rng(6)
    views = [np.uint8(cv2.resize(rng.uniform(40, 200, (10, 18, 3)), (192, 108))) for _ in range(2)]
    assert light_change(views[0], views[1], (0.0, 0.0)) is None
    white = np.full_like(views[0], 255)
    assert light_change(white, white, (0.0, 0.0)) is None


@pytest.mark.parametrize("light", [Light(0.25, 1.04, 0.96), Light(-0.25, 0.96, 1.04)])
def test_pixels_change_by_the_stated_gains(
    make_clip: MakeClip, tiny_presets: Path, tmp_path: Path, light: Light
) -> None:
    # Grey steps, and saturated patches whose hue may move by the gains and no more.
    codes = [(v, v, v) for v in (0, 40, 80, 120, 160, 200, 255)] + [(180, 60, 50), (60, 80, 170)]
    boxes = ",".join(
        f"drawbox=x={30 * i}:y=0:w=30:h=480:t=fill:c=0x{r:02x}{g:02x}{b:02x}"
        for i, (r, g, b) in enumerate(codes)
    )
    source = make_clip(
        "steps.mkv", "-f", "lavfi", "-i", f"color=black:s=270x480:r=30:d=0.2,format=gbrp,{boxes},"
        "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv",
        "-c:v", "ffv1",
    )  # fmt: skip
    place = replace(load_placement("tiny", tiny_presets), crf=1)
    piece = piece_of(probe(source), place, frames=3)
    pictures = []
    for number, given_light in enumerate((Light(), light)):
        out = tmp_path / f"{number}.mp4"
        run(replace(piece, cut=replace(piece.cut, light=given_light)).command(out), deadline_s=60)
        # No picture of the encoder's is exact; the middle of a patch is.
        pictures.append(planes(out, "rgb24")[1])
    for i in range(len(codes)):
        before, after = (p[200:280, 30 * i + 10 : 30 * i + 20].mean((0, 1)) for p in pictures)
        expected = light.on(np.rint(before).astype(np.uint8)[None, None])[0, 0]
        assert after == pytest.approx(expected, abs=3), codes[i]
        if max(before) < 255 * NEARLY_WHITE:
            assert after == pytest.approx(before * light.factors, abs=3), codes[i]
    assert pictures[1][:, 185:205].min() >= 252  # what was burnt out stays white


def test_a_neutral_light_is_not_in_the_command(make_clip: MakeClip, tiny_presets: Path) -> None:
    source = make_clip("g.mp4", "-f", "lavfi", "-i", "color=gray:s=90x160:r=30:d=0.2")
    piece = piece_of(probe(source), load_placement("tiny", tiny_presets), frames=3)
    changed = replace(piece, cut=replace(piece.cut, light=Light(0.1)))
    assert not any("lutrgb" in part for part in piece.command(Path("out")))
    assert piece.key != changed.key


def test_corrections_are_listed_in_plain_words() -> None:
    first, second = cuts("hero", "flaw")
    edit = edit_of(first, replace(second, light=Light(0.12, 0.98)))
    record = ClipRecord(edit, "s.tiktok.mp4", {}, ())
    words = "exposure +0.12 stops, red -2.0 %, to match the shots beside it"
    assert _clip(record)["corrections"] == [
        {"cut": 2, "slot": "flaw", "light": words, "steady": ""}
    ]
    assert _clip(replace(record, edit=as_filmed(edit)))["corrections"] == []
    assert told(Light()) == ""


def test_an_edit_may_not_correct_beyond_the_bounds() -> None:
    footage = {"take.mp4": table((2.0, {})).footage}
    (cut,) = cuts("hero")
    check_edit(edit_of(replace(cut, light=Light(0.25, 1.04, 0.96))), footage, "e.json")
    for light in (Light(0.3), Light(0.0, 1.1), Light(0.0, 1.0, 0.9)):
        with pytest.raises(ListingError, match="cannot be made"):
            check_edit(edit_of(replace(cut, light=light)), footage, "e.json")


@settings(max_examples=50, deadline=None)
@given(st.tuples(STEPS, STEPS, STEPS))
def test_a_correction_is_what_was_asked_or_its_bound(stops: tuple[float, float, float]) -> None:
    light = correction(np.array(stops))
    assert abs(light.exposure - np.clip(stops[1], -MOST_EXPOSURE, MOST_EXPOSURE)) <= 0.0601
    wanted = np.clip(2.0 ** (stops[0] - stops[1]), 1 - MOST_GAIN, 1 + MOST_GAIN)
    assert abs(light.red - wanted) <= 0.0101


def test_as_filmed_is_kept_in_the_edit_and_takes_light_out_of_one(
    short_listing: Callable[..., Path],
    knowing_cache: Path,
    run_cli: Callable[..., Any],
    tmp_path: Path,
) -> None:
    listing, edit = short_listing(), tmp_path / "e.json"
    done = run_cli("plan", listing, "-o", edit, "--as-filmed", "--cache", knowing_cache)
    assert done.code == 0, done.err
    read = read_edit(edit)
    assert read.as_filmed
    assert all(cut.light.neutral for cut in read.cuts)
    by_hand = replace(read, cuts=tuple(replace(c, light=Light(0.1)) for c in read.cuts[:1]))
    write_edit(replace(by_hand, as_filmed=False), edit)
    for arguments, listed in (((), 1), (("--as-filmed",), 0)):
        out = tmp_path / f"out{listed}"
        done = run_cli("render", edit, "-o", out, "--cache", knowing_cache, *arguments)
        assert done.code == 0, done.err
        (clip,) = json.loads((out / "manifest.json").read_text())["clips"]
        assert len(clip["corrections"]) == listed
        assert clip["edit"]["as_filmed"] is not bool(listed)
        report = next(out.glob("*.report.html")).read_text()
        assert ("exposure +0.10 stops, to match the shots beside it" in report) is bool(listed)
