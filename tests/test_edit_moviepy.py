"""The edit as a MoviePy clip: right length, upright, worded, and no badge that was not earned."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import MakeClip
from numbered import piece_of, planes
from numpy.typing import NDArray

from video_pipeline.edit.captions import badge
from video_pipeline.edit.file import read_edit
from video_pipeline.edit.model import Cut, Edit, OverlayUse, SourceRef
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.light import NEUTRAL, Light
from video_pipeline.presets.placements import load_placement
from video_pipeline.toolchain import run
from video_pipeline.trust.claims import Claim


def edit_of(take: Path, overlays: tuple[OverlayUse, ...] = ()) -> Edit:
    crop = Crop(270, 480, (CropKey(0, 0, 0),))
    cut = Cut("hero", "take", Fraction(1), 30, crop, overlays, "whole", "")
    source = {"take": SourceRef(str(take), "")}
    return Edit("s", "l", "showcase", "tiny", 270, 480, Fraction(30), source, (cut,))


def test_it_has_the_edits_length_size_and_picture(make_clip: MakeClip, tiny_presets: Path) -> None:
    # Red for a second, then green: the cut starts where green starts.
    take = make_clip(
        "red-green.mp4", "-f", "lavfi", "-i", "color=red:s=270x480:r=30:d=1", "-f", "lavfi", "-i",
        "color=lime:s=270x480:r=30:d=2", "-filter_complex", "[0][1]concat", "-c:v", "libx264",
    )  # fmt: skip
    clip = edit_of(take).to_moviepy(presets=tiny_presets)
    assert clip.size == (270, 480)
    assert clip.duration == 1.0
    for t in (0.0, 0.9):
        middle = clip.get_frame(t)[240, 135].astype(int)
        assert middle[1] > 180 > middle[0], middle


@pytest.mark.parametrize("light", [NEUTRAL, Light(-0.25, 1.04, 0.96)], ids=["filmed", "matched"])
@pytest.mark.parametrize(
    "crop",
    [
        Crop(202, 360, (CropKey(0, 300, 0),)),
        Crop(202, 360, (CropKey(0, 20, 0), CropKey(15, 90, 0), CropKey(29, 400, 0)), ease=6),
        Crop(180, 320, (CropKey(0, 200, 20),), zoom=(1.0, 1.3)),
        Crop(400, 360, (CropKey(0, 0, 0), CropKey(29, 240, 0)), zoom=(1.2, 1.0)),
    ],
    ids=["resting", "path", "push-in", "between bars"],
)
def test_it_shows_what_a_render_shows(
    make_clip: MakeClip, tiny_presets: Path, tmp_path: Path, crop: Crop, light: Light
) -> None:
    take = make_clip(
        "pattern.mp4", "-f", "lavfi", "-i",
        "testsrc2=s=640x360:r=30:d=1.2,gblur=sigma=3,format=yuv420p,"
        "scale=out_color_matrix=bt709:out_range=tv,"
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv",
        "-c:v", "libx264", "-preset", "ultrafast", "-qp", "6",
    )  # fmt: skip
    place = replace(load_placement("tiny", tiny_presets), crf=10)
    piece = piece_of(probe(take), place, frames=30, hold=3, crop=crop)
    piece = replace(piece, cut=replace(piece.cut, light=light))
    out = tmp_path / "out.mp4"
    run(piece.command(out), deadline_s=60)
    edit = replace(edit_of(take), cuts=(replace(piece.cut, source="take"),), keep_sound=False)
    clip = edit.to_moviepy(presets=tiny_presets)
    rendered = planes(out, "rgb24")
    for frame in (0, 7, 15, 22, 29):
        shown = clip.get_frame(frame / 30).astype(float)
        apart = np.abs(shown - rendered[frame]).mean()
        assert apart < 4, frame
        if not crop.rests and frame == 15:  # and the frame before is another picture
            assert np.abs(shown - rendered[frame - 3]).mean() > 1.5 * apart


CLAIM = Claim(
    certificate_id="AT-1", issuer="https://atelier.org", issuer_name="Atelier", result="authentic",
    issued=date(2026, 5, 1), expires=None, check_url="https://atelier.org/AT-1",
    lines=("Examined by Atelier", "Result: authentic", "Not affiliated with Orsetta."),
    wording="Examined by Atelier", file_digest="ab" * 32, key_id="k", brand="Orsetta",
)  # fmt: skip


@pytest.fixture
def grey(make_clip: MakeClip) -> Path:
    return make_clip(
        "grey.mp4", "-f", "lavfi", "-i", "color=gray:s=270x480:r=30:d=3", "-c:v", "libx264"
    )


def badged(take: Path, **changes: Any) -> Edit:
    use = OverlayUse("certification-badge", badge(CLAIM) | changes, 0, 30)
    return edit_of(take, (use,))


def shown(edit: Edit, presets: Path, claims: tuple[Claim, ...] = (CLAIM,)) -> NDArray[np.uint8]:
    """A frame from the middle of the clip."""
    frame: NDArray[np.uint8] = edit.to_moviepy(presets=presets, claims=claims).get_frame(0.5)
    return frame


def test_a_badge_is_left_out_without_a_claim(grey: Path, tiny_presets: Path) -> None:
    label = edit_of(grey, (OverlayUse("label", {"text": "Hardware"}, 0, 30),))
    earned = np.ptp(shown(badged(grey), tiny_presets))
    worded = np.ptp(shown(label, tiny_presets))
    for forged in (
        shown(badged(grey), tiny_presets, ()),
        shown(badged(grey, claim="cd" * 32), tiny_presets),
        shown(badged(grey, certificate_id="AT-2"), tiny_presets),
    ):
        assert np.ptp(forged) < 8 < min(worded, earned)


def test_a_badge_is_drawn_from_its_claim(grey: Path, tiny_presets: Path) -> None:
    honest = shown(badged(grey), tiny_presets)
    for lie in (
        {"check_url": "https://phishing.org/AT-1"},
        {"lines": ["Guaranteed genuine"]},
        {"issuer_name": "Orsetta", "brand": "Nobody"},
    ):
        assert np.array_equal(shown(badged(grey, **lie), tiny_presets), honest)


def test_a_badge_is_left_out_where_the_placement_says_so(
    grey: Path, tiny_presets: Path, tmp_path: Path
) -> None:
    page = yaml.safe_load((tiny_presets / "placements/tiny.yaml").read_text(encoding="utf-8"))
    page["burn_in"]["value"] = ["price"]
    (tmp_path / "placements").mkdir()
    (tmp_path / "placements/tiny.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    assert np.ptp(shown(badged(grey), tmp_path)) < 8


def test_an_edit_file_can_be_scripted(
    run_cli: Callable[..., object], tmp_path: Path, tiny_presets: Path,
    short_listing: Callable[..., Path],
) -> None:  # fmt: skip
    edit_file = tmp_path / "edit.json"
    run_cli("plan", short_listing(), "--presets", tiny_presets, "--placement", "tiny",
            "-o", edit_file)  # fmt: skip
    edit = read_edit(edit_file)
    clip = edit.to_moviepy(tmp_path, presets=tiny_presets)
    assert abs(clip.duration - edit.duration_s) < 1e-6
    assert json.loads(edit_file.read_text())["cuts"]
