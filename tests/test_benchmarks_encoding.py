"""The encoding benchmark: real pieces as raw pictures, settings measured, the front told right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.encoding import trying
from benchmarks.encoding.front import at_rate, at_vmaf, beaten_by, page
from benchmarks.encoding.material import Material, pieces_of, raw
from benchmarks.encoding.trying import Setting, Tried, read, tried, write
from video_pipeline.presets.placements import Placement, load_placement, placement_names
from video_pipeline.store import Store

TABLE = Path(trying.__file__).with_name("curve.csv")


@pytest.fixture
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def found(preset: str, crf: int, kbytes: int, cpu_s: float, vmaf: float, clip: str = "a") -> Tried:
    """One second of a clip, encoded."""
    size = "270x480"
    return Tried(clip, size, 30, preset, crf, "", kbytes * 1000, cpu_s, vmaf, vmaf - 3)


def test_real_pieces_are_encoded_with_the_pipelines_own_arguments(
    short_listing: Callable[..., Path], shared_cache: Path, tiny: Placement, tmp_path: Path
) -> None:
    pieces = pieces_of(short_listing(), tiny, Store(shared_cache))
    assert any(piece.layers for piece in pieces)
    material = raw(pieces, "short", tmp_path, cuts=2, frames=12)
    picture = tiny.width * tiny.height * 3 // 2
    assert material == Material("short", tmp_path / "short.y4m", 24,
                                tuple(piece.cut.slot for piece in pieces[:2]))  # fmt: skip
    assert 24 * picture < material.file.stat().st_size < 24 * (picture + 10) + 200
    fine = tried(material, Setting("superfast", 12), tiny, tmp_path, post=True)
    rough = tried(material, Setting("superfast", 34), tiny, tmp_path, post=False)
    flat = tried(material, Setting("superfast", 34, "trellis=0"), tiny, tmp_path, post=False)
    assert fine.bytes > 2 * rough.bytes
    assert fine.vmaf > rough.vmaf + 3
    assert fine.vmaf > fine.posted > 0 and rough.posted == 0
    assert fine.vmaf >= fine.lowest
    assert flat.bytes != rough.bytes  # further options reach the encoder
    assert fine.cpu_s > 0
    table = tmp_path / "curve.csv"
    write(table, [fine, rough, flat])
    assert read(table) == [fine, rough, flat]
    assert read(tmp_path / "none.csv") == []


def test_settings_are_compared_at_equal_rate() -> None:
    curve = [found("fast", 20, 400, 2.0, 96), found("fast", 26, 100, 1.0, 90)]
    assert at_rate(curve, 1600) == pytest.approx((93, 1.5))  # half way, over the logarithm
    assert at_rate(curve, 900 / 2) is None  # beyond what was tried: a guess
    assert at_rate(curve[:1], 3200) is None
    assert at_vmaf(curve, 93) == pytest.approx((1600, 1.5))
    assert at_vmaf(curve, 97) is None


def test_a_setting_is_beaten_only_by_better_for_less() -> None:
    quick = [found("quick", 20, 400, 1.0, 95), found("quick", 26, 100, 0.8, 89)]
    fine = [found("fine", 20, 400, 2.0, 97), found("fine", 26, 100, 1.6, 91)]
    slow = [found("slow", 20, 390, 3.0, 96), found("slow", 26, 110, 2.4, 91)]
    beaten = beaten_by([*quick, *fine, *slow])
    assert {name for (name, _), _ in beaten} == {"slow"}
    assert set(beaten.values()) == {("fine", "")}


def test_one_clip_alone_does_not_decide() -> None:
    rows = [
        found(preset, crf, kbytes, cpu_s, vmaf + more, clip)
        for preset, cpu_s, better in (("a", 1.0, {"x": 1, "y": -2}), ("b", 2.0, {"x": 0, "y": 0}))
        for clip, more in better.items()
        for crf, kbytes, vmaf in ((20, 400, 95), (26, 100, 90))
    ]
    assert beaten_by(rows) == {}  # "a" is quicker everywhere, and better on one clip of two


def test_the_page_tells_the_lowest_clip_and_who_beats_whom() -> None:
    rows = [
        found("fine", 20, 400, 2.0, 97), found("fine", 26, 100, 1.6, 91),
        found("slow", 20, 390, 3.0, 96), found("slow", 26, 110, 2.4, 91),
        found("fine", 20, 400, 2.0, 93, "b"),
    ]  # fmt: skip
    told = page([*rows, replace(rows[0], size="90x160")])
    assert "| fine | 20 | 2 | 3.20 | 2.00 | 95.00 | 93.00 |  | yes |" in told
    assert "| slow | 20 | 1 | 3.12 | 3.00 | 96.00 | 96.00 |  | beaten by fine |" in told
    assert told.count("means over the clips") == 2
    assert "| fine | 2.54, 1.93 | – |" in told  # VMAF 96 lies at five sixths of the way


@pytest.mark.parametrize("name", placement_names())
def test_the_placements_settings_were_measured_and_are_good_enough(name: str) -> None:
    """At the picture size that is nearest of those tried: VMAF of 94 or more on four clips."""
    place = load_placement(name)
    size = "720x1280" if place.width * place.height < 1_000_000 else "1080x1920"
    rows = [
        row
        for row in read(TABLE)
        if row.size == size and row.setting == Setting(place.preset, place.crf)
    ]
    assert len({row.clip for row in rows}) >= 4
    assert min(row.vmaf for row in rows) >= 94
    beaten = beaten_by([row for row in read(TABLE) if row.size == size])
    assert ((place.preset, ""), place.crf) not in beaten
