"""The edit as a MoviePy clip: right length, upright, worded, and no badge that was not earned."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from conftest import MakeClip

from video_pipeline.edit.file import read_edit
from video_pipeline.edit.model import Crop, CropKey, Cut, Edit, OverlayUse, SourceRef


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


def test_a_badge_is_left_out_without_a_claim(make_clip: MakeClip, tiny_presets: Path) -> None:
    take = make_clip(
        "grey.mp4", "-f", "lavfi", "-i", "color=gray:s=270x480:r=30:d=3", "-c:v", "libx264"
    )
    fields = {
        "lines": ["Examined by nobody"], "certificate_id": "X", "issuer_name": "N", "brand": "B",
    }  # fmt: skip
    forged = edit_of(take, (OverlayUse("certification-badge", fields, 0, 30),))
    label = edit_of(take, (OverlayUse("label", {"text": "Hardware"}, 0, 30),))
    plain = np.ptp(forged.to_moviepy(presets=tiny_presets).get_frame(0.5))
    worded = np.ptp(label.to_moviepy(presets=tiny_presets).get_frame(0.5))
    assert plain < 8 < worded


def test_an_edit_file_can_be_scripted(
    run_cli: Callable[..., object], small_take: Path, tmp_path: Path, tiny_presets: Path,
    write_listing: Callable[..., Path],
) -> None:  # fmt: skip
    edit_file = tmp_path / "edit.json"
    run_cli("plan", write_listing([small_take]), "--presets", tiny_presets, "--placement", "tiny",
            "-o", edit_file)  # fmt: skip
    edit = read_edit(edit_file)
    clip = edit.to_moviepy(tmp_path, presets=tiny_presets)
    assert abs(clip.duration - edit.duration_s) < 1e-6
    assert json.loads(edit_file.read_text())["cuts"]
