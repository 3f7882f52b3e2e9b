"""Bars: what stands around a picture without being part of it, cut off where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from video_pipeline.analysis.bars import bars_of
from video_pipeline.errors import ListingError, Problem
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Bars
from video_pipeline.listing.footage_paths import footage_of
from video_pipeline.listing.model import ListingFile, Seen
from video_pipeline.store import Store


def trimmed(
    footage: Mapping[str, Footage], store: Store, *, asked: bool
) -> tuple[dict[str, Footage], tuple[str, ...]]:
    """The footage, where it is `asked` for without its bars, and what is to be said of them.

    Raises FootageError where a file cannot be read.
    """
    found = {name: bars_of(item, store) for name, item in footage.items()}
    told = [_told(name, bars, cut=asked) for name, bars in found.items() if bars]
    if asked and not told:
        told.append(
            "bars were to be cropped, and no file has any that can be told from its picture for "
            "sure; if you see some, crop them in an editor"
        )
    if not asked:
        return dict(footage), tuple(told)
    return {name: item.without(found[name]) for name, item in footage.items()}, tuple(told)


def within(listing: ListingFile, footage: Mapping[str, Footage]) -> ListingFile:
    """The listing with every box that it states brought from the whole picture into what is left.

    A seller draws boxes on the file as a player shows it. Raises ListingError for a box that lies
    in a bar.
    """
    items = {item.path: item for item in footage.values()}
    if not any(item.bars for item in items.values()):
        return listing

    def moved(seen: Seen | None, where: str) -> Any:
        path = None if seen is None else footage_of(seen, list(items))
        if seen is None or seen.region is None or path is None or not items[path].bars:
            return seen
        item = items[path]
        box = item.bars.within(seen.region, item.whole)
        if box is None:
            message = f"its box lies in a bar of {item.name} that is cropped"
            mend = "draw it around what is to be seen, or leave out --crop-bars"
            place = f"{listing.path.name}: {where}"
            raise ListingError(message, where=place, problems=[Problem(place, message, mend)])
        return seen.model_copy(update={"box": (box.x0, box.y0, box.x1, box.y1)})

    def all_moved(entries: tuple[Any, ...], where: str) -> tuple[Any, ...]:
        return tuple(
            entry.model_copy(update={"seen": moved(entry.seen, f"{where}.{number}.seen")})
            for number, entry in enumerate(entries)
        )

    notes = all_moved(listing.condition.notes, "condition.notes")
    return listing.model_copy(
        update={
            "condition": listing.condition.model_copy(update={"notes": notes}),
            "certificates": all_moved(listing.certificates, "certificates"),
            "blur": all_moved(listing.blur, "blur"),
        }
    )


def _told(name: str, bars: Bars, *, cut: bool) -> str:
    if cut:
        return f"the bars around the picture of {name} were cut off: {bars.words}"
    return (
        f"the picture of {name} has bars around it, {bars.words}: to cut them off, add "
        "--crop-bars, or crop_bars: true to the listing"
    )
