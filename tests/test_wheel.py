"""The built wheel carries everything, and renders from an environment without the checkout."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from conftest import SAMPLE

from video_pipeline.resources import shipped
from video_pipeline.store import CACHE_VARIABLE
from video_pipeline.vision.detectors import GROUP, SHIPPED

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the checkout, so that nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    skip = shutil.ignore_patterns("__pycache__", ".*_cache", "*.pyc")
    for name in ("video_pipeline", "overlays", "presets", "samples"):
        shutil.copytree(ROOT / name, source / name, ignore=skip)
    for name in ("pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md"):
        shutil.copy(ROOT / name, source)
    # With the build tool at hand no network is needed; else pip fetches it.
    at_hand = importlib.util.find_spec("hatchling") is not None
    done = subprocess.run(
        [
            sys.executable, "-m", "build", "--wheel", str(source), "--outdir", str(folder),
            *(["--no-isolation"] if at_hand else []),
        ],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel, and borrows the packages it needs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [
            sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet",
            "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel),
        ],
        check=True, timeout=120,
    )  # fmt: skip
    # The borrowed folder comes after the environment's own, and its .pth files (where an editable
    # install would point to the checkout) are not read.
    site = next((folder / "lib").glob("python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return python


def test_what_is_imported_is_declared() -> None:
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name or "").split(".")[0]
        for path in (ROOT / "video_pipeline").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    } - {"video_pipeline", *sys.stdlib_module_names}
    assert {"av", "cv2", "markupsafe", "pydantic_core"} <= imported
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = {
        re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", line).group(0)).lower()  # type: ignore[union-attr]
        for extra in ("timeline", "provenance", "beats", "speech", "remote", "cluster")
        for line in [*project["dependencies"], *extras[extra]]
    }
    packages = packages_distributions()
    for module in imported:
        # An extra that is not installed here has the name that its module has.
        owners = packages.get(module, [module])
        named = {re.sub(r"[-_.]+", "-", name).lower() for name in owners}
        assert named & declared, module


def test_the_wheel_carries_what_people_may_change(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        for shelf in ("overlays", "presets", "samples"):
            here = {
                f"video_pipeline/_shipped/{shelf}/{path.relative_to(shipped(shelf)).as_posix()}"
                for path in shipped(shelf).rglob("*")
                if path.is_file() and not path.name.startswith(".")
            }
            assert here
            assert here <= names
        assert any(name.endswith(".ttf") for name in names)
        assert any(name.endswith("tiktok.yaml") for name in names)
        assert any(name.endswith("title/template.svg.j2") for name in names)
        assert any(name.endswith(SAMPLE.name + "/take.mp4") for name in names)
        assert any(name.endswith("py.typed") for name in names)
        assert {"LICENSE", "THIRD_PARTY.md"} <= {Path(name).name for name in names}
        assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]
        points = next(name for name in names if name.endswith("entry_points.txt"))
        told = configparser.ConfigParser()
        told.read_string(packed.read(points).decode())
        assert told["console_scripts"]["video-pipeline"] == "video_pipeline.cli:main"
        assert set(told[GROUP]) == set(SHIPPED)
        assert any(name.endswith("vision/seeing.onnx") for name in names)
    assert wheel.stat().st_size < 24e6


def test_the_installed_wheel_renders_the_demo_from_any_folder(
    installed: Path, tiny_presets: Path, shared_cache: Path, tmp_path: Path
) -> None:
    own = tmp_path / "presets"
    shutil.copytree(tiny_presets, own)
    (own / "placements" / "tiny.yaml").rename(own / "placements" / "tiktok.yaml")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment[CACHE_VARIABLE] = str(shared_cache)
    asked = subprocess.run(
        [installed, "-c", "import video_pipeline; print(video_pipeline.__file__)"],
        capture_output=True, text=True, check=True, cwd=tmp_path, env=environment, timeout=60,
    )  # fmt: skip
    assert installed.parent.parent in Path(asked.stdout.strip()).parents
    assert ROOT not in Path(asked.stdout.strip()).parents

    command = installed.parent / "video-pipeline"
    done = subprocess.run(
        [command, "demo", "--presets", own, "-o", "clips", "--json"],
        capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (clip,) = json.loads(done.stdout)["clips"]
    assert clip["claims"] == ["DEMO-2026-0417"]
    assert (tmp_path / clip["file"]).stat().st_size == clip["bytes"]
