"""The whole recipe, tiny: swatches, two steps, the ONNX file, and what a detector would read."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from training.classes import KINDS, MAPS, STRIDE, THINGS
from training.imagenet import PACKAGE, installed
from training.swatches.scene import swatch

ROOT = Path(__file__).parent.parent
MISSING = [name for name in ("torch", "onnx", PACKAGE) if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}; `make train` brings them"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the recipe ran."""
    out = tmp_path_factory.mktemp("trained")
    words = ["--out", str(out), "--swatches", "5", "--steps", "2", "--stop", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "training", *words], cwd=ROOT, timeout=300,
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "step 2/2" in done.stdout
    assert f"{out / 'seeing.onnx'}: put it into video_pipeline/vision/" in done.stdout
    return out


def test_as_many_swatches_are_drawn_as_were_asked_for(trained: Path) -> None:
    swatches = sorted(path.name for path in (trained / "swatches").iterdir())
    numbers = range(100_000, 100_005)
    assert swatches == sorted(f"{n}{end}" for n in numbers for end in (".jpg", "_i.png"))


def test_two_steps_teach_the_head_something_and_nothing_else(trained: Path) -> None:
    import torch

    from training.network import Head

    torch.manual_seed(3)
    fresh = Head().state_dict()
    taught = torch.load(trained / "head.pt", weights_only=True)
    assert set(taught) == set(fresh)
    moved = [name for name in fresh if not torch.equal(fresh[name], taught[name])]
    assert any(name.startswith("join") for name in moved)
    assert all(bool(torch.isfinite(value).all()) for value in taught.values())


def test_the_exported_file_answers_as_the_network_does(trained: Path) -> None:
    import torch

    from training.export import Seeing
    from training.network import Head, Trunk

    session = onnxruntime.InferenceSession(
        str(trained / "seeing.onnx"), providers=["CPUExecutionProvider"]
    )
    told = session.get_modelmeta().custom_metadata_map
    assert [told[name].split(",") for name in ("maps", "kinds", "things")] == [
        list(MAPS), list(KINDS), list(THINGS)]  # fmt: skip
    picture, _ = swatch(np.random.default_rng(9), 192)
    picture = np.ascontiguousarray(picture[:160])  # another shape than that of the export
    found = session.run(["maps", "kinds", "pitch", "things"], {"picture": picture})
    rows, columns = 160 // STRIDE, 192 // STRIDE
    shapes = [(3, rows, columns), (len(KINDS), rows, columns), (rows, columns), (len(THINGS),)]
    assert [answer.shape for answer in found] == shapes

    trunk, head = Trunk(), Head()
    trunk.start_from(installed())
    head.load_state_dict(torch.load(trained / "head.pt", weights_only=True))
    with torch.no_grad():
        meant = Seeing(trunk, head).eval()(torch.from_numpy(picture))
    # Weights are kept in 8 bits: the answers differ by little, and not by nothing.
    for answer, sure in zip((found[0], found[1], found[3]), meant[:2] + meant[3:], strict=True):
        assert np.abs(answer - sure.numpy()).max() < 0.05
    assert np.abs(found[2] / meant[2].numpy() - 1).max() < 0.15


def test_a_folder_with_more_swatches_than_asked_for_is_not_trained_on(trained: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", "--out", str(trained), "--swatches", "4"], cwd=ROOT,
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "holds 5 swatches, more than 4" in done.stderr
