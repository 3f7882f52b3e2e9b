"""The same inputs give the same bytes, and a change costs only the pieces that show it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeClip, Outcome

from video_pipeline.analysis.scan import analyse
from video_pipeline.footage.probe import probe
from video_pipeline.store import Store, file_digest
from video_pipeline.toolchain import tell_of_children
from video_pipeline.vision.detectors import detector

Run = Callable[..., Outcome]


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def pieces_saying(out: Path, words: str) -> int:
    """How many cuts of the first delivered clip have an overlay that says these words."""
    clip = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["clips"][0]
    return sum(
        words in json.dumps(cut["overlays"], ensure_ascii=False) for cut in clip["edit"]["cuts"]
    )


@pytest.fixture
def render(run_cli: Run, tiny_presets: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(listing: Path, out: str, cache: Path, placement: str = "tiny") -> dict[str, Any]:
        presets = tmp_path / "presets"
        if not presets.exists():
            shutil.copytree(tiny_presets, presets)
            tiny = presets / "placements" / "tiny.yaml"
            page = yaml.safe_load(tiny.read_text(encoding="utf-8"))
            page["title"] = "Another place of the same picture"
            (presets / "placements" / "twin.yaml").write_text(yaml.safe_dump(page))
        outcome = run_cli(
            "render", listing, "-o", tmp_path / out, "--presets", presets,
            "--placement", placement, "--cache", cache, "--json",
            alone=True,  # two processes differ in more than two calls do
        )  # fmt: skip
        assert outcome.code == 0, outcome.out + outcome.err
        return {clip["placement"]: clip["pieces"] for clip in outcome.json["clips"]}

    return run


def test_what_is_made_again_and_what_is_not(
    render: Callable[..., dict[str, Any]],
    short_listing: Callable[..., Path],
    knowing_cache: Path,
    tmp_path: Path,
) -> None:
    other_cache = tmp_path / "other"
    shutil.copytree(knowing_cache, other_cache)
    price = {"amount": 1250, "currency": "EUR"}
    listing = short_listing(price=price)

    # Two empty caches, two folders: every piece is encoded twice, and every byte is the same.
    first = render(listing, "one", knowing_cache)["tiny"]
    assert first["encoded"] == first["total"] > 3
    second = render(listing, "two", other_cache)["tiny"]
    assert second == first
    made = digests(tmp_path / "one")
    assert made == digests(tmp_path / "two")
    assert "manifest.json" in made
    assert "orsetta-cognac-pouch.tiny.mp4" in made

    # Another price: only the pieces that show it, and the other placement pays nothing more.
    showing = pieces_saying(tmp_path / "one", "€1,250")
    assert 0 < showing < first["total"]
    listing = short_listing(price={**price, "amount": 990})
    both = render(listing, "price", knowing_cache, "tiny,twin")
    assert both["tiny"] == {"total": first["total"], "encoded": showing}
    assert both["twin"]["encoded"] == 0
    assert pieces_saying(tmp_path / "price", "€990") == showing
    assert digests(tmp_path / "one") == made

    # Another word in a note: only the piece that shows that note.
    stain = {
        "part": "pocket", "flaw": "stain", "severity": "light", "words": "A faint dark mark",
        "seen": {"time": 9.4, "box": [0.31, 0.39, 0.69, 0.60]},
    }  # fmt: skip
    condition = {"scale": "house", "grade": "very-good", "notes": [stain]}
    listing = short_listing(price=price, condition=condition)
    assert render(listing, "note", knowing_cache)["tiny"]["encoded"] == 1
    assert pieces_saying(tmp_path / "note", "A faint dark mark") == 1


def test_a_placement_that_differs_in_name_shares_all_pieces(
    render: Callable[..., dict[str, Any]],
    short_listing: Callable[..., Path],
    knowing_cache: Path,
    tmp_path: Path,
) -> None:
    listing = short_listing()
    both = render(listing, "both", knowing_cache, "tiny,twin")
    assert both["tiny"]["encoded"] == both["tiny"]["total"]
    assert both["twin"] == {"total": both["tiny"]["total"], "encoded": 0}
    one, other = (tmp_path / "both" / f"orsetta-cognac-pouch.{n}.mp4" for n in ("tiny", "twin"))
    assert file_digest(one) == file_digest(other)


def test_what_is_there_already_starts_no_program(
    run_cli: Run,
    tiny_presets: Path,
    short_listing: Callable[..., Path],
    knowing_cache: Path,
    tmp_path: Path,
) -> None:
    """Clips, sheet, cover, key frames, report and check of a listing that has not changed."""
    started: list[int] = []

    def render(listing: Path, out: str) -> dict[str, Any]:
        started.clear()
        tell_of_children(lambda child, runs: started.append(child) if runs else None)
        try:
            outcome = run_cli(
                "render", listing, "-o", tmp_path / out, "--presets", tiny_presets,
                "--placement", "tiny", "--cache", knowing_cache, "--json",
            )  # fmt: skip
        finally:
            tell_of_children(None)
        assert outcome.code == 0, outcome.out + outcome.err
        pieces: dict[str, Any] = outcome.json["clips"][0]["pieces"]
        return pieces

    price = {"amount": 1250, "currency": "EUR"}
    render(short_listing(price=price), "first")
    made = digests(tmp_path / "first")
    assert started
    render(short_listing(price=price), "again")
    assert started == []
    assert digests(tmp_path / "again") == made

    # Another price: what shows it is drawn, encoded and played; the rest of the clip is only heard.
    encoded = render(short_listing(price={**price, "amount": 990}), "price")["encoded"]
    drawn = len(started) - 2 * encoded - 1
    assert 1 <= drawn <= 2 * encoded  # an overlay's clip each, and a look at what is behind it
    sheet = "orsetta-cognac-pouch.tiny.sheet.jpg"
    assert digests(tmp_path / "price")[sheet] != made[sheet]


def test_looking_twice_sees_the_same(make_clip: MakeClip, short_take: Path, tmp_path: Path) -> None:
    take = make_clip("two.mp4", "-ss", "6", "-t", "2", "-i", str(short_take), "-an")
    stores = Store(tmp_path / "a"), Store(tmp_path / "b")
    for store in stores:
        analyse(probe(take), store, detector())
    one, two = (digests(store.folder / "analysis") for store in stores)
    assert one == two != {}
