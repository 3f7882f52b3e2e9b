"""The package for other programs."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

import video_pipeline
from video_pipeline.pipeline import Settings
from video_pipeline.store import Store


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, video_pipeline as v; assert 'numpy' not in sys.modules;"
        "assert not [m for m in sys.modules if m.startswith('video_pipeline.')]; v.Catalogue"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_public_name_is_there_and_explained() -> None:
    for name in video_pipeline.__all__:
        assert getattr(video_pipeline, name).__doc__


@pytest.fixture
def settings(tiny_presets: Path, knowing_cache: Path) -> Settings:
    return Settings(Store(knowing_cache), tiny_presets)


def test_a_listing_is_looked_at_planned_and_rendered(
    short_listing: Callable[..., Path], short_take: Path, settings: Settings, tmp_path: Path
) -> None:
    listing = short_listing(certificates=None)
    (table,) = video_pipeline.analyse(short_take, settings=settings).values()
    assert max(moment.sharpness for moment in table.moments) > 0
    (edit,) = video_pipeline.plan(listing, "tiny", settings=settings)
    (clip,) = video_pipeline.render(
        listing, tmp_path / "out", placements=["tiny"], settings=settings
    )
    assert clip.file.is_file()
    assert clip.edit.cuts[0].start == edit.cuts[0].start


def test_a_row_of_a_catalogue_is_planned_as_a_listing_is(
    short_listing: Callable[..., Path], short_take: Path, settings: Settings
) -> None:
    listing = short_listing(certificates=None)
    shutil.copy(short_take, listing.parent)
    page = yaml.safe_load(listing.read_text(encoding="utf-8"))
    page["footage"] = [short_take.name]
    table = listing.parent / "shop.jsonl"
    table.write_text(f"{json.dumps(page)}\n{json.dumps({**page, 'sku': ''})}\n", encoding="utf-8")
    catalogue = video_pipeline.Catalogue.read(table)
    (entry,) = catalogue.ready
    assert "line 2" in catalogue.problems[0].where
    (row,) = video_pipeline.plan(entry, "tiny", settings=settings)
    (own,) = video_pipeline.plan(listing, "tiny", settings=settings)
    assert row.cuts == own.cuts


def test_the_example_of_the_docs_names_what_is_there() -> None:
    text = (Path(__file__).parent.parent / "docs/python.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    said = {
        node.attr for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Attribute)
    }  # fmt: skip
    from video_pipeline.analysis.model import Analysis, Moment
    from video_pipeline.catalogue.model import Catalogue, Entry
    from video_pipeline.edit.model import Cut, Edit
    from video_pipeline.errors import Problem
    from video_pipeline.pipeline import Rendered

    known = {"items", "values"}
    for kind in (Analysis, Moment, Catalogue, Entry, Cut, Edit, Problem, Rendered):
        known |= {*dir(kind), *(field.name for field in fields(kind))}
    assert said <= known
