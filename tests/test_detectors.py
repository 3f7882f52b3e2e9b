"""Detectors by name: those that ship, and those of other packages, which are not trusted."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from conftest import Outcome
from numpy.typing import NDArray

from video_pipeline.errors import UsageError
from video_pipeline.geometry import Box
from video_pipeline.vision.brought import Brought
from video_pipeline.vision.detector import Detection, Part, Seen, Tint
from video_pipeline.vision.detectors import GROUP, SHIPPED, detector, detector_names
from video_pipeline.vision.learned import Learned

Picture = NDArray[np.uint8]
PICTURE = np.full((48, 64, 3), 90, np.uint8)
EYES = "eyes 2.1"


class Stranger:
    """Another package's detector, with answers of the test's choice."""

    name = "stranger"
    version = "1"
    legend: Any = (Tint((0, 128, 255), "warm"),)
    answer: Any = Seen()

    def detect(self, picture: Picture) -> Any:
        return self.answer(picture) if callable(self.answer) else self.answer

    def explain(self, picture: Picture) -> Any:
        return self.answer(picture) if callable(self.answer) else picture


class Broken:
    def __init__(self) -> None:
        raise RuntimeError("its weights are missing")


class Blind:
    version = "1"


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the path that brings detectors, one under the name of a shipped one."""
    points = {"stranger": "Stranger", "broken": "Broken", "blind": "Blind", "learned": "Broken"}
    declare(tmp_path, {name: f"{__name__}:{what}" for name, what in points.items()})
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def declare(folder: Path, points: dict[str, str]) -> None:
    """Lay out what an installer leaves of a package `eyes` with these entry points."""
    told = folder / "eyes-2.1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: eyes\nVersion: 2.1\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (told / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))


def test_the_entry_points_of_the_project_name_those_that_ship() -> None:
    page = Path(__file__).parent.parent / "pyproject.toml"
    told = tomllib.loads(page.read_text("utf-8"))["project"]["entry-points"][GROUP]
    loaded = {name: EntryPoint(name, value, GROUP).load() for name, value in told.items()}
    assert loaded == SHIPPED
    for name in loaded:
        assert detector(name).name == name


@pytest.mark.usefixtures("brought")
def test_another_package_brings_a_detector_by_its_entry_point() -> None:
    assert detector_names()[:2] == ("learned", "classical")
    assert {"blind", "broken", "stranger"} <= set(detector_names()[2:])
    found = detector("stranger")
    assert isinstance(found, Brought)
    assert (found.name, found.version, found.package) == ("stranger", "1", EYES)
    assert found.detect(PICTURE) == Seen()
    assert np.array_equal(found.explain(PICTURE), PICTURE)
    assert detector("learned") == Learned()  # a shipped name can't be taken over


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("clasical", "did you mean 'classical'? there are: learned, classical, "),
        ("broken", f"the detector 'broken' of {EYES} cannot be used: its weights are missing"),
        ("blind", f"the detector 'blind' of {EYES} cannot be used: "),
    ],
)
def test_a_detector_that_cannot_be_had_is_said_plainly(name: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        detector(name)
    assert says in f"{caught.value.message} {caught.value.mend}"


def a_part(**changes: Any) -> Seen:
    """An answer with one part, sound but for the changes."""
    return Seen(Detection(0.5, (Part(**{"box": Box(0.1, 0.1, 0.9, 0.9), "score": 1, **changes}),)))


def test_a_sound_answer_comes_back_in_plain_values(
    brought: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = a_part(score=np.float32(0.5), kind="zip", detail_px=np.float64(12.5))
    monkeypatch.setattr(Stranger, "answer", told)
    (part,) = detector("stranger").detect(PICTURE).hardware.parts
    assert part == Part(Box(0.1, 0.1, 0.9, 0.9), 0.5, "zip", 12.5)
    assert {type(part.score), type(part.detail_px)} == {float}  # JSON knows no others


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "gave nothing for an answer"),
        ((Detection(0.5), Detection(0.5)), "gave a tuple for an answer"),
        (Seen(None), "gave nothing for a detection"),  # type: ignore[arg-type]
        (Seen(Detection(math.nan)), "gave a score that is not between 0 and 1: nan"),
        (Seen(Detection(1.2)), "gave a score that is not between 0 and 1: 1.2"),
        (Seen(Detection("high")), "between 0 and 1: 'high'"),  # type: ignore[arg-type]
        (Seen(Detection(0.5, None)), "failed: TypeError: "),  # type: ignore[arg-type]
        (Seen(Detection(0.5, (Box(0, 0, 1, 1),))), "gave a Box for a part"),  # type: ignore[arg-type]
        (a_part(box=(0, 0, 1, 1)), "gave a tuple for a box"),
        (a_part(box=Box(0.5, 0.5, 1.5, 0.9)), "gave a box that is not inside the picture: [0.5, "),
        (a_part(score=-0.1), "gave a score that is not between 0 and 1: -0.1"),
        (a_part(kind=7), "gave a kind that is no word: 7"),
        (a_part(kind="zip\n\x1b[2J"), r"gave a kind that is no word: 'zip\n\x1b[2J'"),
        (a_part(detail_px=math.nan), "gave a size of a detail that is no number of pixels: nan"),
        (a_part(detail_px=-3), "gave a size of a detail that is no number of pixels: -3"),
        (lambda picture: picture[9000], "failed: IndexError: index 9000 is out of bounds"),
    ],
)
def test_what_a_stranger_answers_is_checked(
    answer: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stranger, "answer", staticmethod(answer) if callable(answer) else answer)
    with pytest.raises(UsageError, match=f"^the detector 'stranger' of {EYES} ") as caught:
        detector("stranger").detect(PICTURE)
    assert says in caught.value.message
    assert "--detector" in caught.value.mend


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        (lambda picture: None, "gave nothing for the picture that explains"),
        (lambda picture: picture[:9], "of (9, 64, 3) uint8, not of (48, 64, 3) uint8"),
        (lambda picture: picture / 255, "of (48, 64, 3) float64, not of (48, 64, 3) uint8"),
        (lambda picture: picture[9000], "failed: IndexError: index 9000 is out of bounds"),
    ],
)
def test_what_a_stranger_draws_is_checked(
    drawn: Callable[[Picture], Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stranger, "answer", staticmethod(drawn))
    with pytest.raises(UsageError, match=f"^the detector 'stranger' of {EYES} ") as caught:
        detector("stranger").explain(PICTURE)
    assert says in caught.value.message


@pytest.mark.usefixtures("brought")
@pytest.mark.parametrize(
    ("legend", "says"),
    [
        (None, "failed: TypeError: "),
        (("red",), "gave a str for a tint"),
        ((Tint((0, 0, 999), "metal"),), "gave a tint that is no colour: (0, 0, 999)"),
        ((Tint((0, 0, 255), "metal\nthread"),), "gave a tint whose meaning is no words: "),
    ],
)
def test_a_strangers_legend_is_checked(
    legend: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert detector("stranger").legend == Stranger.legend
    monkeypatch.setattr(Stranger, "legend", legend)
    with pytest.raises(UsageError, match=f"^the detector 'stranger' of {EYES} ") as caught:
        print(detector("stranger").legend)
    assert says in caught.value.message


def test_a_stranger_that_paints_over_the_picture_changes_its_own_copy(
    brought: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paint(picture: Picture) -> Picture:
        picture[:] = 0
        return picture[..., ::-1]

    monkeypatch.setattr(Stranger, "answer", staticmethod(paint))
    picture = PICTURE.copy()
    drawn = detector("stranger").explain(picture)
    with pytest.raises(UsageError):
        detector("stranger").detect(picture)
    assert np.array_equal(picture, PICTURE)
    assert cv2.imencode(".jpg", drawn)[0]


BRACKETS = """
from video_pipeline.geometry import Box
from video_pipeline.vision.detector import Detection, Part, Seen

class Eyes:
    version = "1"
    legend = ()

    def detect(self, picture):
        return Seen(Detection(0.5, (Part(Box(0, 0, 1, 1), 1.0, "[red]zip[/]"),)))

    def explain(self, picture):
        raise ZeroDivisionError("division by zero")
"""


def test_a_strangers_words_are_printed_as_they_are(
    run_cli: Callable[..., Outcome], tmp_path: Path
) -> None:
    declare(tmp_path, {"brackets": "brackets:Eyes"})
    (tmp_path / "brackets.py").write_text(BRACKETS, encoding="utf-8")
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), PICTURE)
    look = ("detect", photo, "--detector", "brackets", "-v")
    outcome = run_cli(*look, env={"PYTHONPATH": str(tmp_path)})
    assert outcome.code == 0, outcome.err
    assert "[red]zip[/]" in outcome.out
    outcome = run_cli(*look, "--explain", tmp_path / "why", env={"PYTHONPATH": str(tmp_path)})
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines() == [
        f"error: the detector 'brackets' of {EYES} failed: ZeroDivisionError: division by zero",
        "  tell its maker, or choose another one with --detector",
    ]
