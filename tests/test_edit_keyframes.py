"""Key frames: of moments that show a thing alike, those in the recording's usual light."""

from __future__ import annotations

import pytest
from footage_tables import table

from video_pipeline.edit.keyframes import pick_keyframes

CLASP = {"hardware": 0.8, "luma": 0.48}


@pytest.mark.parametrize("luma", [0.16, 1.0])
def test_a_moment_in_odd_light_is_not_the_best_one_however_crisp(luma: float) -> None:
    odd = {"hardware": 0.9, "luma": luma, "fingerprint": 0xFFFF}
    take = table((3, {**CLASP, "sharpness": 0.8}), (1, {**odd, "sharpness": 1.0}), (3, CLASP))
    (best, *_) = pick_keyframes({"take.mp4": take}, ("hardware",), 2)
    assert not 3 <= best.t < 4


def test_a_recording_that_is_dark_throughout_has_key_frames_too() -> None:
    dark = table((3, {"hardware": 0.8, "luma": 0.15}))
    bright = table((3, {"hardware": 0.8, "luma": 0.5}))
    of_dark, of_bright = (
        pick_keyframes({"take.mp4": take}, ("hardware",), 1)[0].score for take in (dark, bright)
    )
    assert of_dark == of_bright
