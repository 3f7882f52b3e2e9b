"""The measure of the detectors is itself held against what was worked out by hand."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import MakeClip

from benchmarks.detection.__main__ import main
from benchmarks.detection.footage import Labelled
from benchmarks.detection.measures import (
    Judged,
    average_precision,
    false_alarms,
    interval,
    roc_auc,
    top_frames,
)
from video_pipeline.vision.detector import Detection, Seen

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


def test_equal_names_in_two_folders_are_two_sources(tmp_path: Path) -> None:
    folders = [tmp_path / "a" / "shop", tmp_path / "b" / "shop", tmp_path / "c" / "own"]
    for folder in folders:
        folder.mkdir(parents=True)
        photos_folder(folder)
    found = list(Labelled(folders, 1))
    photos = {s.source for s in found if s.group == "real photos"}
    assert photos == {f"{folders[0]}/AB", f"{folders[1]}/AB", "own/AB"}
    assert len({s.clip for s in found}) == len(found) == 15
    again = [folders[2], folders[2].parent / "." / "own"]
    assert len(list(Labelled(again, 1))) == 5


def test_what_cannot_be_read_is_said_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make_clip: MakeClip
) -> None:
    photos_folder(tmp_path)
    (tmp_path / "photos" / "AB2.png").write_bytes(b"no picture")
    (tmp_path / "stills" / "00_flap_whole.jpg").unlink()
    (tmp_path / "videos").mkdir()
    whole = make_clip("grey.mp4", "-f", "lavfi", "-i", "color=gray:s=96x160:d=1:r=10")
    shutil.copy(whole, tmp_path / "videos" / "whole.mp4")
    (tmp_path / "videos" / "text.mp4").write_text("no video")
    spans = [f"{name}.mp4,0,9,1,0,closeup," for name in ("whole", "text", "gone")]
    header = "file,t_start,t_end,hardware,stitching,kind,note"
    (tmp_path / "videos.csv").write_text("\n".join([header, *spans]) + "\n")
    main([str(tmp_path), "--detector", "classical", "--every", "5"])
    told = capsys.readouterr().out
    name = tmp_path.name
    lost = ("photos/AB2.png", "videos/text.mp4", "videos/gone.mp4", "stills/00_flap_whole.jpg")
    assert f"NOT READ, 4: {', '.join(f'{name}/{file}' for file in lost)}" in told
    assert "| real photos | 1 / 3 |" in told
    assert "| real video | 2 / 2 |" in told
    assert "synthetic stills" not in told


@pytest.mark.parametrize("name", ["classical", "video_pipeline.vision.classical:Classical"])
def test_one_command_measures_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    main([str(photos_folder(tmp_path)), "--detector", name])
    told = capsys.readouterr().out
    assert "| real photos | 1 / 4 |" in told
    assert "| synthetic stills | 1 / 1 |" in told
    assert "of 2 |" in told  # two of the photos show something else than an item


class Told:
    """A detector that says of every picture how bright it is, and draws it upside down."""

    name, version = "told", "1"

    def detect(self, picture: np.ndarray) -> Seen:
        found = Detection(float(picture.mean()) / 255)
        return Seen(found, found)

    def explain(self, picture: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(picture[::-1])


def test_the_page_shows_errors_alone(tmp_path: Path) -> None:
    rows = ["file,hardware,stitching,kind,quality,box_hardware,box_stitching,note"]
    (tmp_path / "photos").mkdir()
    # Brightness and whether hardware shows: right, wrong, wrong, right. No picture shows stitching.
    for i, (light, shows) in enumerate(((230, 1), (200, 0), (20, 1), (10, 0))):
        cv2.imwrite(str(tmp_path / "photos" / f"AB{i}.png"), np.full((90, 60, 3), light, np.uint8))
        rows.append(f"AB{i}.png,{shows},0,closeup,sharp,,,")
    (tmp_path / "photos.csv").write_text("\n".join(rows) + "\n")
    page = tmp_path / "worst.html"
    main([str(tmp_path), "--detector", f"{__name__}:Told", "--page", str(page)])
    html = page.read_text(encoding="utf-8")
    sections = html.split("<h2>")[1:]
    assert [re.findall(r"</b> \S+/(AB\d)", section) for section in sections] == [
        ["AB1"],  # hardware seen where none is shown
        ["AB2"],
        ["AB0", "AB1"],  # of stitching, the worst first
        [],
    ]
    assert html.count("data:image/jpeg;base64,") == 2 * 4
    assert "none" in sections[3]
    assert "http" not in html


def test_a_folder_without_labels_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no labelled footage there"):
        main([str(tmp_path)])
