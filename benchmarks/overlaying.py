"""What overlays add to a whole clip: `python -m benchmarks.overlaying [LISTING] [--runs N]`.

A listing is planned once; then its clip's pieces are encoded with every overlay and with none, in
turns, each time with an empty cache. Two cuts of one stretch are one piece once nothing is written
on them; both are encoded all the same, and what sharing would have saved is told apart. CPU seconds
of this process and its children, medians:

drawn    drawing, measuring against the footage, tracking flaws and setting in motion
encoded  all pieces, with overlays and without
shared   what of "without" is a piece that was there already
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from video_pipeline.edit.planning import plan
from video_pipeline.edit.story import read_storyboard
from video_pipeline.pipeline.planning import STORYBOARD, brief_of
from video_pipeline.pipeline.preparing import Settings, analyse_all, prepare
from video_pipeline.presets.placements import load_placement
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.rendering.pieces import Piece, encode
from video_pipeline.resources import shipped
from video_pipeline.store import Store


def cpu_s() -> float:
    """CPU seconds of this process and of the children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    sample = shipped("samples") / "cognac-pouch" / "listing.yaml"
    parser.add_argument("listing", nargs="?", type=Path, default=sample)
    parser.add_argument("--placement", default="tiktok")
    parser.add_argument("--storyboard", default=STORYBOARD)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args(words)
    settings = Settings(Store())
    settings.store.begin()
    prepared = prepare(asked.listing, settings)
    place = load_placement(asked.placement)
    board = read_storyboard(asked.storyboard, None, settings.words)
    edit = plan(brief_of(prepared, place, settings, board), analyse_all(prepared.footage, settings))
    rows = []
    for _ in range(asked.runs):
        with tempfile.TemporaryDirectory() as scratch:
            store = Store(Path(scratch))
            store.begin()
            begun = cpu_s()
            overlays = draw_overlays(
                edit, place, prepared.footage, item=prepared.listing.item,
                claims=prepared.claims, store=store,
            )  # fmt: skip
            drawn = cpu_s()
            pieces = [
                Piece(cut, prepared.footage[cut.source], layers, place)
                for cut, layers in zip(edit.cuts, overlays.layers, strict=True)
            ]
            encode(pieces, store)
            dressed = cpu_s()
            bare = [replace(piece, layers=()) for piece in pieces]
            encode(bare, store)
            once = cpu_s()
            keys = [piece.key for piece in bare]
            for number, piece in enumerate(bare):
                if keys[number] in keys[:number]:
                    again = Store(Path(scratch) / f"again-{number}")
                    again.begin()
                    encode([piece], again)
            rows.append((drawn - begun, dressed - drawn, cpu_s() - dressed, cpu_s() - once))
    first, dressed, bare_s, shared = (median(column) for column in zip(*rows, strict=True))
    print("| clip | drawn | encoded with | without | shared | encoding adds | all adds |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    print(
        f"| {asked.storyboard} for {asked.placement}, {edit.duration_s:.0f} s "
        f"| {first:.2f} | {dressed:.2f} | {bare_s:.2f} | {shared:.2f} "
        f"| {dressed / bare_s - 1:+.0%} | {(first + dressed) / bare_s - 1:+.0%} |"
    )


if __name__ == "__main__":
    main()
