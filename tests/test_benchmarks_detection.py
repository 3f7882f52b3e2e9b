"""The measure of the detectors is itself held against what was worked out by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import MakeClip

from benchmarks.detection import keyframes
from benchmarks.detection.__main__ import main
from benchmarks.detection.measures import (
    Judged,
    average_precision,
    false_alarms,
    interval,
    roc_auc,
    top_frames,
)

JUDGED = Judged("real video", "a", "a", 0.0, True, 0.9, None, arguable=False, distractor=False)


def test_average_precision_and_auc_are_those_worked_out_by_hand() -> None:
    shows = np.array([True, False, True, False])
    score = np.array([0.9, 0.8, 0.7, 0.1])
    assert average_precision(shows, score) == pytest.approx((1 + 2 / 3) / 2)
    assert roc_auc(shows, score) == pytest.approx(3 / 4)
    # Equal scores know no order, whatever order they come in.
    assert average_precision(shows, np.full(4, 0.5)) == pytest.approx(0.5)
    assert roc_auc(shows, np.full(4, 0.5)) == pytest.approx(0.5)


def test_intervals_hold_the_value_and_are_the_same_every_time() -> None:
    dice = np.random.default_rng(3)
    judged = [
        replace(JUDGED, clip=str(i % 9), shows=bool(i % 3), score=float(dice.random()))
        for i in range(90)
    ]
    told = interval(judged, roc_auc)
    assert told == interval(judged, roc_auc)
    value, low, high = (float(word) for word in told.replace("(", "").replace(")", "")
                        .replace("–", " ").split())  # fmt: skip
    assert low <= value <= high


def test_key_frames_are_half_a_second_apart() -> None:
    # The best frames stand close together and are wrong; only one of them is taken.
    frames = [
        replace(JUDGED, t=t, shows=t >= 1, score=1 - t / 10)
        for t in (0.0, 0.1, 0.2, 0.3, 1.0, 1.5, 2.0)
    ]
    assert top_frames(frames, most=3) == {"a": pytest.approx(2 / 3)}
    assert top_frames([replace(f, shows=False) for f in frames]) == {}


def test_false_alarms_count_distractors_alone() -> None:
    others = [replace(JUDGED, shows=False, score=s, distractor=True) for s in (0.5, 0.49)]
    assert false_alarms([JUDGED, *others]) == (0.5, 2)


def photos_folder(folder: Path) -> Path:
    (folder / "photos").mkdir()
    dice = np.random.default_rng(5)
    rows = ["file,hardware,stitching,kind,quality,box_hardware,box_stitching,note"]
    for i in range(4):
        picture = dice.integers(0, 255, (160, 120, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / "photos" / f"AB{i}.png"), picture)
        box = '"0.1,0.1,0.5,0.5"' if i == 0 else ""
        rows.append(f"AB{i}.png,{int(i == 0)},0,{'closeup' if i < 2 else 'other'},sharp,{box},,")
    (folder / "photos.csv").write_text("\n".join(rows) + "\n")
    stills = folder / "stills"
    stills.mkdir()
    cv2.imwrite(str(stills / "00_flap_whole.jpg"), np.full((96, 54, 3), 90, np.uint8))
    truth = {
        "size": [54, 96], "kind": "whole", "shows_hardware": False, "shows_stitching": True,
        "hardware": {"frac": 0.0, "boxes": []},
        "stitching": {"frac": 0.1, "boxes": [{"box": [5, 5, 20, 20]}]},
    }  # fmt: skip
    (stills / "00_flap_whole.json").write_text(json.dumps(truth))
    return folder


@pytest.mark.parametrize("name", ["classical", "video_pipeline.vision.classical:Classical"])
def test_one_command_measures_a_folder_and_shows_the_worst(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    page = tmp_path / "worst.html"
    main([str(photos_folder(tmp_path)), "--detector", name, "--page", str(page)])
    told = capsys.readouterr().out
    assert "| real photos | 1 / 4 |" in told
    assert "| synthetic stills | 1 / 1 |" in told
    assert "of 2 |" in told  # two of the photos show something else than an item
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/jpeg;base64,") == 2 * (5 + 5)
    assert "http" not in html


def test_a_folder_without_labels_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no labelled footage there"):
        main([str(tmp_path)])


def test_key_frames_are_measured_as_a_seller_gets_them(
    tmp_path: Path, make_clip: MakeClip, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = np.random.default_rng(7)
    leather = np.clip(dice.normal(90, 5, (640, 360, 3)), 0, 255)
    leather = cv2.GaussianBlur(leather, (0, 0), 0.8).astype(np.uint8)
    seam = leather.copy()
    for y in range(60, 580, 22):
        cv2.line(seam, (180, y), (180, y + 13), (215, 225, 235), 6, cv2.LINE_AA)
    for name, picture in (("seam", seam), ("leather", leather)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    still = ("-loop", "1", "-framerate", "10", "-t", "2", "-i")
    clip = make_clip(
        "seam.mp4", *still, str(tmp_path / "seam.png"), *still, str(tmp_path / "leather.png"),
        "-filter_complex", "concat,format=yuv420p", "-c:v", "libx264", "-crf", "12",
    )  # fmt: skip
    (tmp_path / "videos").mkdir()
    shutil.copy(clip, tmp_path / "videos" / "seam.mp4")
    (tmp_path / "videos.csv").write_text(
        "file,t_start,t_end,hardware,stitching,kind,note\n"
        "seam.mp4,0,2,0,1,closeup,border: drawn\n"
        "seam.mp4,2,4,1,0,closeup,a label that the picture belies\n"
    )
    keyframes.main([str(tmp_path), "--detector", "classical"])
    told = capsys.readouterr().out
    # One key frame, since all others look like it; it is right, and a border case.
    assert "| stitching | real video | 1 | 1.00 of 1 | – | 0 |" in told
    assert "- seam.mp4, stitching: 1 of 1 right, 4 asked for" in told
    assert "| hardware | real video | 1 | – | – | 1 |" in told
