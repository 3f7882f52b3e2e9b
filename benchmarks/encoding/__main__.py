"""Try encoder settings: `python -m benchmarks.encoding TAKE... [--placement NAME]`.

Every take becomes a clip by the sample's listing; of its cuts the raw pictures are encoded with
every preset and CRF asked for, as the pipeline would. Rows are added to `curve.csv` as they are
found, and what is there already is not tried again. Without a TAKE the table is only told.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.encoding import front
from benchmarks.encoding.material import listing_of, pieces_of, raw
from benchmarks.encoding.trying import Setting, read, tried, write
from video_pipeline.presets.placements import load_placement
from video_pipeline.store import Store

HERE = Path(__file__).parent


def main() -> None:
    """Try what is asked for, and print what the whole table says."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("takes", nargs="*", type=Path, metavar="TAKE")
    asked.add_argument("--placement", default="tiktok")
    asked.add_argument("--presets", default="superfast,veryfast,faster,fast,medium,slow")
    asked.add_argument("--crf", default="18,21,24,27")
    asked.add_argument("--more", default="", help="further encoder options, NAME=VALUE,...")
    asked.add_argument("--post", action="store_true", help="encode once more, as a platform would")
    asked.add_argument("--cuts", type=int, default=3)
    asked.add_argument("--frames", type=int, default=36, help="of each cut")
    asked.add_argument("--table", type=Path, default=HERE / "curve.csv")
    asked.add_argument("--folder", type=Path, default=HERE.parents[1] / "out" / "encoding")
    given = asked.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    place = load_placement(given.placement)
    size = f"{place.width}x{place.height}"
    settings = [
        Setting(preset, int(crf), given.more)
        for crf in given.crf.split(",")
        for preset in given.presets.split(",")
    ]
    for take in given.takes:
        name = take.parent.name if take.stem == "take" else take.stem
        known = {(r.clip, r.size, r.setting): r for r in read(given.table)}
        missing = [
            one
            for one in settings
            if (was := known.get((name, size, one))) is None or (given.post and not was.posted)
        ]
        if not missing:
            continue
        listing = listing_of(take, given.folder / name)
        pieces = pieces_of(listing, place, Store(given.folder / "cache"))
        material = raw(pieces, name, given.folder, cuts=given.cuts, frames=given.frames)
        for setting in missing:
            found = tried(material, setting, place, given.folder, post=given.post)
            print(found, flush=True)
            key = (name, size, setting)
            rows = {(r.clip, r.size, r.setting): r for r in read(given.table)} | {key: found}
            write(given.table, rows.values())
        material.file.unlink()
    print(front.page(read(given.table)))


if __name__ == "__main__":
    main()
