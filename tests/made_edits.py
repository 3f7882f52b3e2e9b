"""Edits made by hypothesis: any cuts of any footage that a plan or a person may come to."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from footage_tables import footage
from hypothesis import strategies as st

from video_pipeline.edit.model import Candidate, Cut, Edit, OverlayUse, SourceRef
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop, CropKey

SECONDS = 60
_RATES = (Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001), 60,
          15, 240, Fraction(2997, 131))  # fmt: skip
_NAMES = ("take one.mp4", "IMG_2041.MOV", "IMG_2041b.MOV", "Tasche außen & ‹innen›.mp4")


@st.composite
def _sources(draw: Any) -> dict[str, Footage]:
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, unique=True))
    return {
        name: replace(
            footage(name, SECONDS),
            rate=Fraction(draw(st.sampled_from(_RATES))),
            audio_stream=draw(st.sampled_from((None, 1))),
        )
        for name in names
    }


@st.composite
def _cut(draw: Any, sources: dict[str, Footage], rate: Fraction) -> Cut:
    name = draw(st.sampled_from(sorted(sources)))
    frames = draw(st.integers(1, 150))
    hold = draw(st.integers(0, frames - 1))
    # On a frame of the source, or on any tick of a phone's clock.
    step = draw(st.sampled_from((1 / sources[name].rate, Fraction(1, 90_000))))
    latest = SECONDS - (frames - hold) / rate
    start = draw(st.integers(0, int(latest / step))) * step
    first = draw(st.integers(0, frames - 1))
    last = draw(st.integers(first + 1, frames))
    words = draw(st.text(max_size=12))
    overlays = draw(
        st.sampled_from(
            (
                (),
                (OverlayUse("label", {"text": words}, first, last),),
                (
                    OverlayUse("label", {"text": words}, 0, frames),
                    OverlayUse("hook", {"line": words, "brand": "B"}, 0, last),
                ),
            )
        )
    )
    path = (CropKey(0, 0, 0), CropKey(max(1, frames - 1), 200, 0))[: draw(st.integers(1, 2))]
    other = Candidate(name, Fraction(1, 3), 0.5, "fit 0.50")
    return Cut(
        slot=draw(st.sampled_from(("hook", "hardware", "flaw"))), source=name, start=start,
        frames=frames, crop=Crop(608, 1080, path), overlays=overlays, shows="hardware", why=words,
        runners_up=(other,) * draw(st.integers(0, 2)), hold=hold,
    )  # fmt: skip


@st.composite
def made_edits(draw: Any) -> tuple[Edit, dict[str, Footage]]:
    """An edit, and the footage that it is cut from."""
    sources = draw(_sources())
    rate = Fraction(draw(st.sampled_from((30, 25, Fraction(30000, 1001)))))
    cuts = draw(st.lists(_cut(sources, rate), min_size=1, max_size=6))
    refs = {name: SourceRef(str(source.path), source.digest) for name, source in sources.items()}
    edit = Edit(
        "bag-17", "listing.yaml", "showcase", "tiktok", 1080, 1920, rate, refs, tuple(cuts),
        keep_sound=draw(st.booleans()),
    )  # fmt: skip
    return edit, sources
