"""The design's arrow: data flows one way, and nothing on the left imports anything on the right."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import video_pipeline

PACKAGE = Path(video_pipeline.__file__).parent

# Every room stands above the rooms it may import; rooms of one floor do not know each other.
FLOORS = (
    {"errors", "geometry", "light", "progress", "interruption", "resources", "vigil", "witness"},
    {"toolchain", "handwriting", "locales", "occupancy"},
    {"store", "replacing", "presets"},
    {"storage"},
    {"listing"},
    {"catalogue"},
    {"footage", "vision"},
    {"graph", "analysis", "trust"},
    {"overlays"},
    {"edit"},
    {"rendering"},
    {"delivery"},
    {"pipeline", "doctor"},
    {"batch"},
    {"cli"},
    {"__main__", "__init__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("video_pipeline"):
            parts = (node.module or "").split(".")
            if len(parts) > 1:
                yield parts[1]
            else:
                yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("video_pipeline."):
                    yield alias.name.split(".")[1]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.relative_to(PACKAGE).as_posix())
def test_nothing_on_the_left_imports_anything_on_the_right(module: Path) -> None:
    room = room_of(module)
    assert room in FLOOR, f"give the new room {room!r} its floor, and a row in docs/design.md"
    for other in imported_rooms(module):
        if other != room:
            assert FLOOR[other] < FLOOR[room], f"{room} imports {other}"


def test_no_module_holds_two_ideas() -> None:
    long = {m.name: n for m in MODULES if (n := len(m.read_text("utf-8").splitlines())) > 450}
    assert not long
