"""Material: what the pipeline hands to its encoder, before the encoder has touched it.

A listing is planned and drawn as `render` does it, and its cuts are written as raw pictures at the
placement's size: cropped, steadied, lit and with their overlays.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from benchmarks.speed import sources
from video_pipeline.edit.story import read_storyboard
from video_pipeline.pipeline.planning import STORYBOARD, plan_listing
from video_pipeline.pipeline.preparing import Settings, analyse_all, prepare
from video_pipeline.pipeline.steadying import windowed
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.rendering.pieces import Piece
from video_pipeline.store import Store


@dataclass(frozen=True)
class Material:
    """Raw pictures (a yuv4mpegpipe file) of some cuts of one clip."""

    name: str
    file: Path
    frames: int
    slots: tuple[str, ...]


def listing_of(take: Path, home: Path) -> Path:
    """The sample's listing, about `take` instead of its own footage."""
    sample = sources.sample().parent / "listing.yaml"
    if take.resolve() == sources.sample().resolve():
        return sample
    page = yaml.safe_load(sample.read_text(encoding="utf-8"))
    for note in page["condition"]["notes"]:
        note.pop("seen", None)
    home.mkdir(parents=True, exist_ok=True)
    (home / take.name).unlink(missing_ok=True)
    (home / take.name).symlink_to(take.resolve())
    (home / "certificate.jwt").unlink(missing_ok=True)
    (home / "certificate.jwt").symlink_to(sample.parent / "certificate.jwt")
    page["footage"] = [take.name]
    (home / "listing.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    return home / "listing.yaml"


def pieces_of(listing: Path, placement: Placement, store: Store) -> list[Piece]:
    """The pieces of a listing's clip for `placement`, as `render` would encode them."""
    settings = Settings(store)
    board = read_storyboard(STORYBOARD, None, settings.words)
    prepared = prepare(listing, settings)
    edit = plan_listing(
        prepared, placement, analyse_all(prepared.footage, settings), settings, board
    )
    edit, cuts = windowed(edit, prepared.footage, store)
    drawn = draw_overlays(
        replace(edit, cuts=cuts),
        placement,
        prepared.footage,
        item=prepared.listing.item,
        claims=prepared.claims,
        store=store,
    )
    return [
        Piece(cut, prepared.footage[cut.source], layers, placement)
        for cut, layers in zip(cuts, drawn.layers, strict=True)
    ]


def raw(pieces: Sequence[Piece], name: str, folder: Path, *, cuts: int, frames: int) -> Material:
    """The first frames of the first cuts as raw pictures in `folder`, one file."""
    out = folder / f"{name}.y4m"
    taken = pieces[:cuts]
    count = 0
    with out.open("wb") as whole:
        for piece in taken:
            part = folder / f"{name}.part.y4m"
            first = min(frames, piece.cut.frames)
            subprocess.run(_unencoded(piece, first, part), check=True)
            with part.open("rb") as read:
                header = read.readline()
                if not count:
                    whole.write(header)
                shutil.copyfileobj(read, whole, 1 << 24)
            part.unlink()
            count += first
    return Material(name, out, count, tuple(piece.cut.slot for piece in taken))


def _unencoded(piece: Piece, frames: int, out: Path) -> list[str]:
    """A piece's own command, its encoder replaced by none."""
    command = piece.command(out)
    after_map = len(command) - command[::-1].index("-map") + 1
    return [*command[:after_map], "-frames:v", str(frames), "-f", "yuv4mpegpipe", "-y", str(out)]
