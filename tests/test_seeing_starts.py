"""What keeps the network from starting is told in plain words, never as a fault or a traceback."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import Outcome

import video_pipeline
from video_pipeline import doctor
from video_pipeline.errors import UsageError
from video_pipeline.store import Store
from video_pipeline.vision.detectors import detector

Run = Callable[..., Outcome]
VISION = "video_pipeline/vision"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program, to be damaged; its presets and overlays are the real ones."""
    here = Path(video_pipeline.__file__).parent
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(here, folder / here.name)
    for shelf in ("overlays", "presets", "samples"):
        (folder / shelf).symlink_to(here.parent / shelf)
    cv2.imwrite(str(folder / "photo.jpg"), doctor._buckle_and_seam())
    return folder


def cut_short(copy: Path) -> Path:
    file = copy / VISION / "seeing.onnx"
    file.write_bytes(file.read_bytes()[:200_000])
    return file


def gone(copy: Path) -> Path:
    file = copy / VISION / "seeing.onnx"
    file.unlink()
    return file


def unweighed(copy: Path) -> Path:
    file = copy / VISION / "judgement.json"
    file.write_text('{"parts": {"hardware": 1}}', encoding="utf-8")
    return file


def lacking_a_library(copy: Path) -> Path:
    file = copy / "onnxruntime.py"
    file.write_text("raise ImportError('libcudnn.so.9: no such file')", encoding="utf-8")
    return file


def half_removed(copy: Path) -> Path:
    """What uninstalling onnxruntime beside onnxruntime-gpu leaves: a folder without its parts."""
    file = copy / "onnxruntime.py"
    file.touch()
    return file


@pytest.mark.parametrize(
    ("damage", "says", "mend"),
    [
        (cut_short, "seeing.onnx, cannot be used: ", "install --force-reinstall video-pipeline"),
        (gone, "No such file or directory: ", "install --force-reinstall video-pipeline"),
        (unweighed, "judgement.json, cannot be used: ", "--force-reinstall video-pipeline"),
        (lacking_a_library, "libcudnn.so.9: no such file", "--force-reinstall 'onnxruntime<1.24'"),
        (half_removed, "onnxruntime, which runs the network", "--force-reinstall 'onnxruntime<"),
    ],
)
def test_what_keeps_the_network_from_starting_is_said(
    run_cli: Run, sound: Path, tmp_path: Path, damage: Callable[[Path], Path], says: str, mend: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sound, copy, symlinks=True)
    damage(copy)
    outcome = run_cli("detect", "photo.jpg", cwd=copy, env={"PYTHONPATH": str(copy)})
    assert (outcome.code, outcome.out) == (2, "")
    first, second = outcome.err.splitlines()
    assert first.startswith("error: ")
    assert says in first
    assert mend in second


def test_the_doctor_tries_the_network(run_cli: Run, sound: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sound, copy, symlinks=True)
    cut_short(copy)
    place = {"PYTHONPATH": str(copy)}
    outcome = run_cli("doctor", "--json", "--cache", tmp_path / "cache", cwd=copy, env=place)
    assert outcome.code == 5, outcome.err
    (told,) = (check for check in outcome.json["checks"] if not check["ok"])
    assert told["name"] == "seeing"
    assert "seeing.onnx" in told["found"]
    assert "--force-reinstall" in told["mend"]
    # The other detector needs nothing of what is broken.
    words = ("detect", "photo.jpg", "--detector", "classical")
    assert run_cli(*words, cwd=copy, env=place).code == 0


def test_the_doctor_holds_what_is_seen_against_what_was_drawn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seeing() -> doctor.Result:
        return next(r for r in doctor.examine(store) if r.name == "seeing")

    assert seeing().ok
    assert metadata.version("onnxruntime") in seeing().found
    blank = np.full((256, 256, 3), 90, np.uint8)
    monkeypatch.setattr(doctor, "_buckle_and_seam", lambda: blank)
    assert not seeing().ok
    assert "misses hardware and stitching" in seeing().found
    assert "--force-reinstall" in seeing().mend


def test_another_kind_of_onnxruntime_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:  # as beside onnxruntime-gpu, which brings the module alone
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(UsageError, match="onnxruntime, which runs the network") as caught:
        detector()
    assert "onnxruntime-gpu" in caught.value.mend
    page = (Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8")
    bound = re.search(r'"onnxruntime>=[\d.]+,(<[\d.]+)"', page)
    assert bound and f"'onnxruntime{bound.group(1)}'" in caught.value.mend
