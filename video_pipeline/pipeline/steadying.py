"""Steadying: the few stretches that an edit shows are read once more, and their shake taken out.

It comes after the choice, since only what was chosen is read; what was read is kept in the store.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from video_pipeline.analysis.sway import Sway, sway
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.edit.steadying import (
    farthest,
    has_room,
    steadied,
    steady_window,
    stretch_of,
)
from video_pipeline.footage.model import Footage
from video_pipeline.presets.placements import Placement
from video_pipeline.progress import Listener, Step, silent
from video_pipeline.store import Store


def steadied_edit(
    edit: Edit,
    footage: Mapping[str, Footage],
    placement: Placement,
    store: Store,
    listener: Listener = silent,
    *,
    jobs: int | None = None,
) -> Edit:
    """The edit with every cut steadied whose shake is seen and has room to be taken out."""
    cuts = [cut for cut in edit.cuts if has_room(cut, footage[cut.source], placement)]
    known = _sways(cuts, edit, footage, store, listener, jobs=jobs)

    def one(cut: Cut) -> Cut:
        found = known.get(_name(cut))
        return steadied(cut, found, footage[cut.source], placement) if found else cut

    return replace(edit, cuts=tuple(map(one, edit.cuts)))


def windowed(
    edit: Edit,
    footage: Mapping[str, Footage],
    store: Store,
    listener: Listener = silent,
    *,
    jobs: int | None = None,
) -> tuple[Edit, tuple[Cut, ...]]:
    """The edit, its steadied cuts with how far they move, and its cuts as they are to be rendered.

    A cut that cannot be steadied, as a person may ask of one by hand, is rendered as it was filmed,
    and the edit warns of it.
    """
    known = _sways([c for c in edit.cuts if c.steady], edit, footage, store, listener, jobs=jobs)
    told, made, warnings = list(edit.cuts), list(edit.cuts), list(edit.warnings)
    for i, cut in enumerate(edit.cuts):
        if cut.steady is None:
            continue
        window = steady_window(cut, known[_name(cut)], footage[cut.source], edit.rate)
        if window is None:
            told[i] = made[i] = replace(cut, steady=None)
            warnings.append(
                f"cut {i + 1} ({cut.slot}) could not be steadied: too much moves in it, or there "
                "is no room around its crop"
            )
            continue
        told[i] = replace(cut, steady=replace(cut.steady, most_px=farthest(window)))
        made[i] = replace(told[i], crop=window)
    return replace(edit, cuts=tuple(told), warnings=tuple(warnings)), tuple(made)


def _sways(
    cuts: list[Cut],
    edit: Edit,
    footage: Mapping[str, Footage],
    store: Store,
    listener: Listener,
    *,
    jobs: int | None,
) -> dict[tuple[object, ...], Sway | None]:
    if not cuts:
        return {}
    known = {}
    with ThreadPoolExecutor(max_workers=jobs or os.cpu_count() or 1) as pool:
        reading = [
            pool.submit(sway, footage[cut.source], *stretch_of(cut, edit.rate), store)
            for cut in cuts
        ]
        for number, (cut, future) in enumerate(zip(cuts, reading, strict=True)):
            listener(Step("steadying", edit.sku, number, len(cuts)))
            known[_name(cut)] = future.result()
    listener(Step("steadying", edit.sku, len(cuts), len(cuts)))
    return known


def _name(cut: Cut) -> tuple[object, ...]:
    return cut.source, cut.start, cut.frames, cut.hold
