"""The measure of the detectors is itself held against what was worked out by hand."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import MakeClip

from benchmarks.detection import keyframes
from benchmarks.detection.__main__ import judge, main
from benchmarks.detection.footage import Labelled, Sample
from benchmarks.detection.measures import (
    Figure,
    Judged,
    average_precision,
    calibration_error,
    figures,
    over,
    reliability,
    roc_auc,
    top_frames,
)
from video_pipeline.geometry import Box
from video_pipeline.vision.detector import Detection, Part, Seen

JUDGED = Judged("real video", "a", "a", 0.0, True, 0.9, None, arguable=False, distractor=False)


def test_average_precision_and_auc_are_those_worked_out_by_hand() -> None:
    shows = np.array([True, False, True, False])
    score = np.array([0.9, 0.8, 0.7, 0.1])
    assert average_precision(shows, score) == pytest.approx((1 + 2 / 3) / 2)
    assert roc_auc(shows, score) == pytest.approx(3 / 4)
    # Equal scores know no order, whatever order they come in.
    assert average_precision(shows, np.full(4, 0.5)) == pytest.approx(0.5)
    assert roc_auc(shows, np.full(4, 0.5)) == pytest.approx(0.5)


def guesses(skill: float, seed: int = 3) -> list[Judged]:
    """90 pictures of nine sources, each showing one in three; the more skill, the better told."""
    dice = np.random.default_rng(seed)
    return [
        replace(
            JUDGED,
            source=str(i % 9),
            clip=str(i % 9),
            t=float(i),
            shows=i % 3 == 0,
            score=float(skill * (i % 3 == 0) + (1 - skill) * dice.random()),
        )
        for i in range(90)
    ]


def test_intervals_hold_the_value_and_are_the_same_every_time() -> None:
    told = over(guesses(0.2), roc_auc)
    assert told == over(guesses(0.2), roc_auc)
    assert told.low is not None and told.value is not None and told.high is not None
    assert told.low < told.value < told.high
    assert str(told) == f"{told.value:.2f} ({told.low:.2f} to {told.high:.2f})"
    # Two sources tell no interval, and neither do draws that all agree.
    assert over([j for j in guesses(0.2) if j.source < "2"], roc_auc).low is None
    assert over(guesses(1.0), roc_auc) == Figure(1.0, None, None, 90)
    assert over([], roc_auc) == Figure(None, None, None, 0)


def test_sources_are_drawn_whole() -> None:
    # Frames of one source agree; drawn one by one they would seem to be 90 witnesses.
    alike = [replace(j, shows=j.source in "02468", score=int(j.source) / 9) for j in guesses(0)]
    apart = [replace(j, source=str(i)) for i, j in enumerate(alike)]
    wide, narrow = over(alike, roc_auc), over(apart, roc_auc)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)  # type: ignore[operator]


def test_calibration_is_that_worked_out_by_hand() -> None:
    shows = np.array([False, True, True, True])
    score = np.array([0.1, 0.9, 1.0, 0.5])
    low, middle, high = reliability(shows, score)
    assert (low.low, low.high, low.pictures, low.said, low.shown) == (0.0, 0.2, 1, 0.1, 0.0)
    assert (middle.pictures, middle.said, middle.shown) == (1, 0.5, 1.0)
    assert (high.pictures, high.said, high.shown) == (2, pytest.approx(0.95), 1.0)
    assert calibration_error(shows, score) == pytest.approx((0.1 + 0.5 + 2 * 0.05) / 4)


def test_a_lead_is_told_on_the_same_draws() -> None:
    weak, strong = guesses(0.1), guesses(0.45)
    told = figures(strong, weak)
    assert told.lead.value == pytest.approx(told.ap.value - figures(weak, weak).ap.value)  # type: ignore[operator]
    assert told.lead.low is not None and told.lead.low > 0
    # Against itself a detector has none, whatever is drawn.
    assert figures(weak, weak).lead == Figure(0.0, None, None, 90)


def test_arguable_pictures_count_in_one_figure_and_not_in_its_neighbour() -> None:
    wrong = [replace(j, score=1.0, arguable=True) for j in guesses(1.0) if not j.shows][:5]
    told = figures([*guesses(1.0), *wrong], [*guesses(1.0), *wrong])
    assert told.clear_ap.value == 1.0 > told.ap.value  # type: ignore[operator]
    assert (told.pictures, told.arguable) == (95, 5)


def test_key_frames_are_half_a_second_apart() -> None:
    # The best frames stand close together and are wrong; only one of them is taken.
    frames = [
        replace(JUDGED, t=t, shows=t >= 1, score=1 - t / 10)
        for t in (0.0, 0.1, 0.2, 0.3, 1.0, 1.5, 2.0)
    ]
    assert top_frames(frames, most=3) == {"a": pytest.approx(2 / 3)}
    assert top_frames([replace(f, shows=False) for f in frames]) == {}


def test_key_frames_have_an_interval_over_clips() -> None:
    clips = [
        replace(JUDGED, clip=clip, source=clip, t=t, shows=t < right, score=1 - t / 10)
        for clip, right in (("a", 5), ("b", 1), ("c", 5), ("d", 2))
        for t in range(5)
    ]
    told = figures(clips, clips).key_frames
    assert told.value == 1.0  # the best come first in each clip
    turned = [replace(j, score=1 - j.score) for j in clips]
    told = figures(turned, turned).key_frames
    assert told.value == pytest.approx((1 + 0 + 1 + 0) / 4)
    assert told.of == 4
    assert told.low == 0.0
    assert told.high == 1.0


def test_false_alarms_count_distractors_alone() -> None:
    others = [replace(JUDGED, shows=False, score=s, distractor=True) for s in (0.5, 0.49)]
    told = figures([JUDGED, *others], [JUDGED, *others]).false_alarms
    assert (told.value, told.of) == (0.5, 2)


def test_where_it_is_is_the_box_around_all_that_carries_the_score() -> None:
    ends = tuple(Part(Box(x, 0.4, x + 0.1, 0.5), 0.9) for x in (0.1, 0.8))
    sample = Sample(
        "real photos", "a", "a", 0.0, np.zeros((9, 9, 3), np.uint8), {"hardware": True},
        {"hardware": (Box(0.1, 0.4, 0.9, 0.5),)}, arguable=False, distractor=False,
    )  # fmt: skip
    assert judge(sample, "hardware", Detection(0.9, ends, alike=2)).iou == pytest.approx(1)
    assert judge(sample, "hardware", Detection(0.9, ends)).iou == pytest.approx(1 / 8)
    assert judge(sample, "hardware", Detection(0.9)).iou == 0


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
    assert "| real photos: 1 of 3 show it" in told
    assert "| real video: 2 of 2 show it" in told
    assert "synthetic stills" not in told


def test_one_command_puts_all_detectors_next_to_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    main([str(photos_folder(tmp_path)), "--json", str(file)])
    told = capsys.readouterr().out
    assert "| hardware | | classical | learned |" in told
    assert "| stitching | | classical | learned |" in told
    assert "| real photos: 1 of 4 show it, 0 arguable | AP | " in told
    assert "| synthetic stills: 1 of 1 show it, 1 arguable | AP | " in told
    alarms = re.findall(r"false alarms on distractors \| .*% of 2 \| .*% of 2 \|", told)
    assert len(alarms) == 2  # two of the photos show something else than an item
    # Wherever AP is told, that without arguable pictures stands below it.
    labels = [line.split(" | ")[1] for line in told.splitlines() if line.count(" | ") > 1]
    assert labels.count("AP above classical") == 2  # photos; stills show it everywhere or nowhere
    for label, below in itertools.pairwise(labels):
        if label.startswith("AP") and "arguable" not in label:
            assert below == f"{label}, arguable apart"
    figures = json.loads(file.read_text("utf-8"))
    assert list(figures["detectors"]) == ["classical", "learned"]
    assert (figures["pictures"], figures["unreadable"], figures["every"]) == (5, [], 15)
    photos = figures["figures"]["hardware"]["real photos"]["learned"]
    assert (photos["pictures"], photos["showing"]) == (4, 1)
    assert (
        f"| AP | {figures['figures']['hardware']['real photos']['classical']['ap']['value']:.2f} |"
        in told
    )
    assert sum(b["pictures"] for b in photos["reliability"]) == 4
    assert photos["key_frames"]["value"] is None


@pytest.mark.parametrize("name", ["classical", "video_pipeline.vision.classical:Classical"])
def test_one_command_measures_one_detector(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    main([str(photos_folder(tmp_path)), "--detector", name])
    told = capsys.readouterr().out
    assert f"| hardware | | {name} |" in told
    assert "above" not in told


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
