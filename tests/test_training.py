"""The pictures that the network is taught on are what they say; no network is needed to tell."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.__main__ import STEPS, STOP, SWATCHES
from training.augment import example
from training.classes import BUCKLE, KIND_OF, KINDS, LEATHER, OTHER, THINGS, THREAD
from training.imagenet import FILE, PACKAGE, SHA256, installed, published
from training.swatches.scene import swatch

ROOT = Path(__file__).parent.parent
NO_TORCH = "torch is not installed here; `make train` brings it"


def test_a_number_always_gives_the_same_swatch() -> None:
    first, again = (swatch(np.random.default_rng(7), 192) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert first[0].shape == (192, 192, 3)


def test_swatches_hold_what_is_sought_and_what_is_mistaken_for_it() -> None:
    masks = [swatch(np.random.default_rng(i), 192)[1] for i in range(40)]
    known = {OTHER, THREAD, LEATHER, *KIND_OF}
    assert set(np.unique(np.stack(masks))) <= known
    metal = [bool(np.isin(m, list(KIND_OF)).any()) for m in masks]
    thread = [bool((m == THREAD).any()) for m in masks]
    assert 8 <= sum(metal) <= 34
    assert 8 <= sum(thread) <= 34


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """A buckle's frame and a row of stitches, 20 px of pitch, on leather."""
    picture = np.full((384, 384, 3), (60, 80, 120), np.uint8)
    index = np.full((384, 384), LEATHER, np.uint8)
    cv2.rectangle(picture, (120, 120), (260, 220), (200, 220, 230), 24)
    cv2.rectangle(index, (120, 120), (260, 220), BUCKLE, 24)
    for x in range(20, 360, 20):
        cv2.line(picture, (x, 300), (x + 14, 300), (220, 230, 240), 4)
        cv2.line(index, (x, 300), (x + 14, 300), THREAD, 4)
    return picture, index


def test_examples_say_where_metal_is_and_of_which_kind() -> None:
    picture, index = drawn()
    for number in range(12):
        made = example(np.random.default_rng(number), picture, index, None, 256)
        assert made.picture.shape == (256, 256, 3)
        assert made.maps.shape == made.weights.shape == (3, 32, 32)
        assert set(np.unique(made.kinds)) <= {-1, KINDS.index("buckle")}
        assert 0 <= made.maps.min() <= made.maps.max() <= 1


def test_the_pitch_follows_the_scale_of_the_example() -> None:
    picture, index = drawn()
    pitches = []
    for number in range(30):
        made = example(np.random.default_rng(number), picture, index, None, 256)
        told = made.pitch[made.pitch > 0]
        if told.size:
            pitches.append(2 ** float(np.median(told)))
    # The pitch is 20 px at the picture's scale, and examples are scaled by 0.4 to 1.35.
    assert len(pitches) > 10
    assert min(pitches) > 0.4 * 20 * 0.8
    assert max(pitches) < 1.35 * 20 * 1.25
    assert max(pitches) > 1.5 * min(pitches)


def test_stitches_lost_to_blur_count_neither_way() -> None:
    picture, index = drawn()
    soft = np.full((384, 384), 200, np.uint8)  # a disc of 25 px
    made = example(np.random.default_rng(1), picture, index, soft, 256)
    assert (made.maps[1] > 0).any()
    assert not (made.weights[1][made.maps[1] > 0]).any()


def test_only_the_weights_that_torchvision_publishes_are_taken(tmp_path: Path) -> None:
    other = tmp_path / FILE
    other.write_bytes(b"anything else")
    with pytest.raises(ValueError, match="not the weights of MobileNetV2 that torchvision publish"):
        published(other)
    # Its publisher names the file by the beginning of its digest.
    assert f"mobilenet_v2-{SHA256[:8]}.pth" == FILE
    if importlib.util.find_spec(PACKAGE):
        assert published(installed()).name == FILE


def test_the_trunk_starts_from_nothing_else(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason=NO_TORCH)
    from training.network import Trunk

    trunk = Trunk()
    torch.save(trunk.state_dict(), tmp_path / FILE)
    with pytest.raises(ValueError, match="SHA-256"):
        trunk.start_from(tmp_path / FILE)


def recipe(*words: str) -> list[str]:
    """The commands that `make train` would run in a fresh checkout."""
    done = subprocess.run(
        ["make", "--always-make", "--dry-run", "train", *words],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    )  # fmt: skip
    return done.stdout.replace("\\\n", " ").splitlines()


def test_make_train_keeps_to_environments_of_its_own_and_to_the_order_told() -> None:
    lines = recipe()
    assert not [line for line in lines if re.search(r"\.venv(/|\s|$)", line)]
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 3
    for of_studio, line in zip((False, False, True), installs, strict=True):
        assert line.startswith(".venv-studio/" if of_studio else ".venv-training/")
    # Nothing is rendered or trained before its environment stands, and stills come first.
    steps = [next(i for i, line in enumerate(lines) if word in line) for word in (
        "-m venv .venv-studio", "-m training.studio.stills", "-m training --out")]  # fmt: skip
    assert steps == sorted(steps)
    assert "--studio out/training/stills" in lines[steps[-1]]
    tried = " ".join(" ".join(recipe("SCENES=1", "SWATCHES=12", "STEPS=2", "STOP=2")).split())
    assert "--scenes 1" in tried
    assert "--swatches 12 --steps 2 --stop 2" in tried


def test_the_recipe_has_the_numbers_that_its_page_tells() -> None:
    page = (ROOT / "training" / "README.md").read_text("utf-8")
    scenes = (ROOT / "training/studio/stills.py").read_text("utf-8")
    told = re.search(
        r"stills of (\d+) scenes and ([\d,]+) swatches.*?: (\d+) steps of (\d+) examples.*?"
        r"cosine over ([\d,]+) steps", page, re.DOTALL,
    )  # fmt: skip
    assert told
    numbers = [int(word.replace(",", "")) for word in told.groups()]
    assert numbers == [24, SWATCHES, STOP, 24, STEPS]
    assert "\nSCENES = 24 " in scenes
    assert '"--batch", type=int, default=24' in (ROOT / "training/train.py").read_text("utf-8")
    assert "| 24 scenes, " in page
    assert f"| {SWATCHES:,} swatches |" in page
    assert f"| {STOP} steps of 24 examples |" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--steps 0 --stop 0", "1 <= --stop <= --steps is needed"),
        ("--steps 10 --stop 11", "1 <= --stop <= --steps is needed"),
        ("--steps 10 --stop 5 --batch 0", "a batch of one example"),
        ("--steps 10 --stop 5", "nothing: no pictures with masks there"),
        ("--steps 10 --stop 5 --shares 1 2", "1 folders and 2 shares"),
    ],
)
def test_training_that_cannot_be_done_is_refused_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: str, said: str,
) -> None:  # fmt: skip
    pytest.importorskip("torch", reason=NO_TORCH)
    from training.train import main

    pictures = tmp_path / ("nothing" if "nothing" in said else "one")
    if "nothing" not in said:
        pictures.mkdir()
        picture, index = drawn()
        cv2.imwrite(str(pictures / "a.jpg"), picture)
        cv2.imwrite(str(pictures / "a_i.png"), index)
    files = ["--pictures", str(pictures), "--weights", str(tmp_path / FILE), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["train", *files, *words.split()])
    with pytest.raises(SystemExit):
        main()
    assert said in capsys.readouterr().err


def test_the_model_that_ships_answers_as_the_recipe_says() -> None:
    from video_pipeline.vision.learned import _names, look

    picture, _ = drawn()
    maps = look(picture)
    assert _names("kinds") == KINDS
    assert tuple(maps.things) == tuple(THINGS)
    assert all(0 <= p <= 1 for p in maps.things.values())
    assert maps.hardware.shape == maps.stitching.shape == maps.pitch.shape
    assert maps.kinds.shape[0] == len(KINDS)
    assert maps.kinds.sum(axis=0) == pytest.approx(1, abs=1e-3)
