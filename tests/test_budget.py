"""The budget: a clip meets its placement's bytes, and nearly uses them, in two encodes a piece."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeClip
from numbered import piece_of

from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import load_placement
from video_pipeline.rendering.budget import may_exceed, too_tight, within
from video_pipeline.rendering.pieces import Piece, encode
from video_pipeline.store import Store

SLOTS = (("hero", 0, 60), ("flaw", 2, 75), ("end", 5, 45))


@pytest.fixture(scope="module")
def busy(make_clip: MakeClip) -> Footage:
    """Footage with much to encode: a moving pattern under grain."""
    return probe(
        make_clip(
            "busy.mp4", "-f", "lavfi", "-i",
            "testsrc2=s=270x480:r=30:d=7,noise=alls=24:allf=t:all_seed=7",
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p",
        )
    )  # fmt: skip


@pytest.fixture
def pieces(busy: Footage, tiny_presets: Path) -> Callable[[int], list[Piece]]:
    """The pieces of a clip of six seconds for a placement with that many bytes."""

    def made(most: int) -> list[Piece]:
        place = replace(load_placement("tiny", tiny_presets), max_bytes=most)
        return [
            replace(piece_of(busy, place, start=start, frames=n, slot=slot), measured=True)
            for slot, start, n in SLOTS
        ]

    return made


def sizes(encoded: list[Any]) -> int:
    return sum(one.path.stat().st_size for one in encoded)


def test_only_a_clip_that_could_be_too_large_is_measured(tiny_presets: Path) -> None:
    place = replace(load_placement("tiny", tiny_presets), max_kbps=8000, audio_kbps=128)
    assert not may_exceed(replace(place, max_bytes=None), 10**6)
    assert may_exceed(replace(place, max_bytes=10_000_000), 300)  # up to 10.16 MB
    assert not may_exceed(replace(place, max_bytes=10_200_000), 300)


def test_measuring_changes_no_pixel(pieces: Callable[[int], list[Piece]], store: Store) -> None:
    (measured, *_) = pieces(10**9)
    plain = replace(measured, measured=False)
    assert plain.key != measured.key
    one, other = encode([plain, measured], store)
    assert one.path.read_bytes() == other.path.read_bytes()


@pytest.mark.parametrize("share", [0.75, 0.5, 0.3])
def test_a_clip_meets_its_limit_in_two_encodes(
    pieces: Callable[[int], list[Piece]], store: Store, share: float
) -> None:
    roomy = pieces(10**9)
    first = encode(roomy, store)
    assert within(roomy, first, 0) is None
    limit = int(sizes(first) * share)
    tight = pieces(limit)
    assert [piece.key for piece in tight] == [piece.key for piece in roomy]  # nothing anew
    again = within(tight, first, 4000)
    assert again is not None
    second = encode(again, store)
    assert all(one.fresh for one in second)
    tables = 40 * sum(frames for _, _, frames in SLOTS)
    assert 0.9 * limit <= sizes(second) + 4000 + tables <= limit
    # The same again costs nothing, and gives the same bytes elsewhere.
    assert not any(one.fresh for one in encode(again, store))
    elsewhere = Store(store.folder.parent / "another")
    encode(tight, elsewhere)
    there = encode(again, elsewhere)
    assert [a.path.read_bytes() for a in second] == [b.path.read_bytes() for b in there]


def test_a_lost_measure_is_taken_again(pieces: Callable[[int], list[Piece]], store: Store) -> None:
    (piece, *_) = pieces(10**9)
    (first,) = encode([piece], store)
    (log,) = (store.folder / "pieces").glob("*-0.log")
    log.unlink()
    (again,) = encode([piece], store)
    assert again.fresh
    assert log.is_file()
    assert not list(store.folder.rglob(".part-*"))
    assert again.path == first.path


def test_a_clip_that_cannot_be_worth_seeing_says_what_to_leave_out(
    pieces: Callable[[int], list[Piece]], store: Store
) -> None:
    first = encode(pieces(10**9), store)
    assert too_tight(pieces(sizes(first) // 2), first, 0) is None
    said = too_tight(pieces(sizes(first) // 5), first, 0)
    assert said is not None
    assert "leave out hero" in said
    assert "flaw" not in said


def test_a_render_meets_a_placements_bytes(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    tiny_presets: Path,
    tmp_path: Path,
) -> None:
    presets = tmp_path / "presets"
    shutil.copytree(tiny_presets, presets)
    tiny = presets / "placements/tiny.yaml"

    def rendered(name: str) -> dict[str, Any]:
        options = ("--presets", presets, "--placement", name, "--json")
        outcome = run_cli("render", short_listing(), "-o", tmp_path / name, *options)
        assert outcome.code == 0, outcome.out
        (clip,) = outcome.json["clips"]
        return dict(clip)

    plain = rendered("tiny")
    assert not any("MB" in warning for warning in plain["warnings"])
    page = yaml.safe_load(tiny.read_text(encoding="utf-8"))
    limit = int(plain["bytes"] * 0.8)
    page["max_bytes"]["value"] = limit
    (presets / "placements/post.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    fitted = rendered("post")
    assert 0.9 * limit <= fitted["bytes"] <= limit
    assert not any(warning.startswith("bytes") for warning in fitted["warnings"])
