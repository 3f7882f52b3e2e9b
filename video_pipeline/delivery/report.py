"""The report: one page for the seller on what was chosen and why, what is missing, what to do.

It is a file of its own: pictures are inside, nothing is fetched, no script runs. Everything that a
person wrote is escaped. Like the manifest it holds no time of day and no path of the machine.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.delivery.contact_sheet import read, scaled
from video_pipeline.delivery.taking import take
from video_pipeline.edit.corrections import told
from video_pipeline.edit.coverage import Coverage, Row
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.footage.model import Footage
from video_pipeline.footage.remarks import remarks
from video_pipeline.listing.clock import clock_of
from video_pipeline.listing.model import ListingFile
from video_pipeline.presets.storyboards import Must
from video_pipeline.store import Store
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.masking import Mask

_PICTURE = "data:image/jpeg;base64,"
_PICTURE_HEIGHT = 360  # px; shown at half of that, for sharp screens
_WEIGHT: dict[Must, str] = {"must": "essential", "should": "expected", "may": "a bonus"}


@dataclass(frozen=True)
class ClipPage:
    """One clip as the report tells it; `pictures` are small JPEGs, one for each cut.

    So are `covers`, with title and without; `cover_why` says what spoke for them.
    """

    edit: Edit
    title: str
    pictures: tuple[bytes, ...]
    warnings: tuple[str, ...]
    cover_why: str = ""
    covers: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class PostPage:
    """The words beside one clip as the report tells them; `words` are those of its post.json."""

    title: str
    words: Mapping[str, Any]


def write_report(
    out: Path,
    *,
    listing: ListingFile,
    footage: Mapping[str, Footage],
    clips: Sequence[ClipPage],
    coverage: Coverage,
    claims: Sequence[Claim],
    refusals: Sequence[Refusal],
    posts: Sequence[PostPage] = (),
    preview: Path | None = None,
    store: Store | None = None,
) -> None:
    """Write the page to `out`; `preview` is a moving picture to show in it.

    Raises RenderError when a picture cannot be taken.
    """
    pictures = _best_moments(coverage, footage, store)

    def view(row: Row) -> dict[str, Any]:
        nearest = (row.nearest,) if row.nearest else ()
        picture = next((pictures[s.source, s.best] for s in (*row.where, *nearest)), None)
        return {"row": row, "picture": picture}

    page = _template(Mask(listing.item.serial)).render(
        item=listing.item,
        weight=_WEIGHT,
        sku=listing.sku,
        clips=_clips(clips),
        footage=[_file(name, item) for name, item in footage.items()],
        coverage=coverage,
        shown=[view(row) for row in coverage.rows if row.state == "shown"],
        missing=[view(row) for row in coverage.rows if row.state == "missing"],
        unchecked=[view(row) for row in coverage.rows if row.state == "not checked"],
        warnings=list(dict.fromkeys(w for clip in clips for w in clip.warnings)),
        claims=claims,
        refusals=refusals,
        posts=posts,
        preview=_inside(preview.read_bytes(), "webp") if preview else None,
        covers=[
            (page.title, page.cover_why, [_inside(picture) for picture in page.covers])
            for page in clips
            if page.covers
        ],
    )
    out.write_text(page, encoding="utf-8")


def small_picture(picture: NDArray[np.uint8]) -> bytes:
    """A picture, HxWx3 RGB, as a small JPEG."""
    content = BytesIO()
    scaled(picture, _PICTURE_HEIGHT).save(content, "JPEG", quality=80)
    return content.getvalue()


def best_moments(coverage: Coverage) -> list[tuple[str, Fraction]]:
    """The moments that the page shows of what buyers expect: source and second, each once."""
    return list(
        dict.fromkeys(
            (stretch.source, stretch.best)
            for row in coverage.rows
            for stretch in (row.where or ((row.nearest,) if row.nearest else ()))[:1]
        )
    )


def _template(mask: Mask) -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=lambda value: _public(value, mask),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock_of
    return environment.get_template("report.html.j2")


def _public(value: Any, mask: Mask) -> Any:
    """What a person wrote, masked: a file may be named after the serial number.

    Pictures inside the page are text too, and a macro's markup is made of what was masked already.
    """
    plain = isinstance(value, str) and not isinstance(value, Markup)
    return mask.text(value) if plain and not value.startswith(_PICTURE) else value


def _clips(clips: Sequence[ClipPage]) -> list[dict[str, Any]]:
    """Clips of the same cuts are told once, under all of their placements."""
    told: dict[tuple[tuple[str, str, Fraction, int], ...], dict[str, Any]] = {}
    for clip in clips:
        key = tuple((c.slot, c.source, c.start, c.frames) for c in clip.edit.cuts)
        if key in told:
            told[key]["titles"].append(clip.title)
            continue
        told[key] = {
            "titles": [clip.title],
            "seconds": clip.edit.duration_s,
            "cuts": [
                _cut(cut, clip.edit.rate, picture)
                for cut, picture in zip(clip.edit.cuts, clip.pictures, strict=True)
            ],
            "left_out": clip.edit.left_out,
        }
    return list(told.values())


def _file(name: str, footage: Footage) -> dict[str, Any]:
    """A footage file as the report tells it, with what the seller should know of it."""
    length = "a photo" if footage.still else f"{footage.duration_s:.1f} s"
    facts = [f"{footage.whole[0]} x {footage.whole[1]} pixels", length]
    if footage.bars:
        facts.append(f"bars cut off: {footage.bars.words}")
    return {"name": name, "facts": ", ".join(facts), "remarks": remarks(footage)}


def _cut(cut: Cut, rate: Fraction, picture: bytes) -> dict[str, Any]:
    live = (cut.frames - cut.hold) / rate
    return {
        "slot": cut.slot,
        "source": cut.source,
        "start": cut.start,
        "end": cut.start + live,
        "seconds": float(cut.frames / rate),
        "held": float(cut.hold / rate),
        "shows": cut.shows,
        "why": cut.why,
        "corrections": told(cut),
        "runners_up": cut.runners_up,
        "picture": _inside(picture),
    }


def _best_moments(
    coverage: Coverage, footage: Mapping[str, Footage], store: Store | None
) -> dict[tuple[str, Fraction], str]:
    """One picture for each row that names a time: its best, or what came nearest."""
    pictures = {}
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
        for number, (source, t) in enumerate(best_moments(coverage)):
            file = Path(scratch) / f"{number:03d}.jpg"
            shot = partial(graph.still, footage[source], t)
            take(shot, footage[source], file, what="taking a still", store=store)
            pictures[source, t] = _inside(small_picture(read(file)))
    return pictures


def _inside(picture: bytes, form: str = "jpeg") -> str:
    """A picture as an address that holds it."""
    return f"data:image/{form};base64," + base64.b64encode(picture).decode("ascii")
