"""The image and its composition, as far as they can be held without building them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from video_pipeline import cli as door

ROOT = Path(__file__).parent.parent
PINNED = {
    canonicalize_name(name): version
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)$", (ROOT / "container/constraints.txt").read_text("utf-8"), re.MULTILINE
    )
}
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]


def test_every_package_of_the_image_is_pinned_within_the_bounds_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [
        *project["dependencies"],
        *extras["remote"],
        *extras["cluster"],
        *extras["provenance"],
    ]
    wrong = [
        str(asked)
        for asked in map(Requirement, needed)
        if (pin := PINNED.get(canonicalize_name(asked.name))) is None
        or not asked.specifier.contains(pin)
    ]
    assert not wrong


def test_the_image_copies_what_the_wheel_needs_and_runs_as_a_user_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
              for word in line.split()}  # fmt: skip
    assert all((ROOT / word).exists() for word in copied)
    let_in = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert {word.split("/")[0] for word in copied} == set(let_in)
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert set(build["targets"]["wheel"].get("force-include", {})) <= copied | set()
    assert "latest" not in text
    last = text[text.rindex("\nFROM") :]
    assert re.search(r"^USER (?!root)\w+$", last, re.MULTILINE)
    assert last.index("USER") < last.index("ENTRYPOINT")


@pytest.mark.parametrize("service", ["scheduler", "worker"])
def test_the_composition_s_dask_commands_know_their_options(service: str) -> None:
    program, *words = SERVICES[service]["entrypoint"]
    assert program == "dask"
    known = subprocess.run(
        [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    options = [word for word in words if word.startswith("--")]
    assert options
    for option in options:
        name = option.removeprefix("--").removeprefix("no-")
        assert re.search(rf"--(no-)?{name}\b", known), option


def test_the_composition_s_batch_is_a_command_of_ours() -> None:
    program, command, *words = SERVICES["batch"]["entrypoint"]
    assert program == "video-pipeline"
    loaded: Any = door.cli.commands[command]
    options = {option for one in loaded.loaded().commands["run"].params for option in one.opts}
    assert {word for word in words if word.startswith("-")} <= options
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    ports = [name for name, service in SERVICES.items() if "ports" in service]
    assert not ports  # nothing is open to the world
