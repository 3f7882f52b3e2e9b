"""Settings: what a listing, and video-pipeline.toml, say of the look, and which of them counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Outcome

from video_pipeline.handwriting.settings import SETTINGS


def test_the_look_is_the_command_s_or_the_listing_s_or_the_usual_one(
    run_cli: Callable[..., Outcome],
    short_listing: Callable[..., Path],
    shared_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    def look(listing: Path, *options: str) -> str:
        plan = ("plan", listing, "--cache", shared_cache, "-o", "x.edit.json", "--force", "--json")
        done = run_cli(*plan, *options)
        assert done.code == 0, done.err
        return str(done.json["theme"])

    plain, dressed = short_listing("plain.yaml"), short_listing("dressed.yaml", theme="minimal")
    assert look(plain) == "atelier"
    Path(SETTINGS).write_text('[look]\ntheme = "street"\n')
    assert look(plain) == "street"
    assert look(dressed) == "minimal"
    assert look(dressed, "--theme", "high-contrast") == "high-contrast"
    Path(SETTINGS).write_text('[look]\ntheme = "stret"\n')
    refused = run_cli("plan", plain, "--cache", shared_cache)
    assert (refused.code, "stret" in refused.err, SETTINGS in refused.err) == (2, True, True)
    Path(SETTINGS).unlink()
    wrong = run_cli("plan", short_listing("wrong.yaml", theme="stret"), "--cache", shared_cache)
    assert wrong.code == 2
    assert "'theme' is 'stret'" in wrong.err and "street" in wrong.err
