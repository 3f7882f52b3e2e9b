"""The page: a batch's ledger as one HTML file, with posters, that needs nothing beside itself."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from PIL import Image

from video_pipeline.batch.ledger import Ledger, Record
from video_pipeline.replacing import replaced

PAGE = "report.html"
_POSTER_PX = (72, 128)
_POSTER_QUALITY = 60


@dataclass(frozen=True)
class Row:
    """A listing as the page shows it."""

    record: Record
    title: str
    posters: tuple[str, ...]
    clips: Sequence[tuple[str, str, float]]
    warnings: tuple[str, ...]


def write_page(output: Path) -> Path:
    """Write `report.html` into an output folder and return it.

    Raises UsageError when no batch was run there, RenderError when it cannot be written.
    """
    with Ledger(output) as ledger:
        clips = ledger.clips()
        rows = [_row(output, record, clips.get(record.name, [])) for record in ledger.records()]
        counts = ledger.counts()
    totals = {
        "clips": sum(len(row.clips) for row in rows),
        "minutes": sum(length for row in rows for _, _, length in row.clips) / 60,
        "cpu_h": sum(row.record.cpu_s for row in rows) / 3600,
    }
    page = _template().render(rows=rows, counts=counts, totals=totals)
    with replaced(output / PAGE) as part:
        part.write_text(page, encoding="utf-8")
    return output / PAGE


def _row(output: Path, record: Record, clips: Sequence[sqlite3.Row]) -> Row:
    made = [dict(clip) for clip in clips]
    item = record.said.get("item", {})
    covers = [
        output / record.name / f"{Path(clip['file']).stem}.cover.jpg"
        for clip in made
        if record.state == "done"
    ]
    return Row(
        record,
        " ".join(str(item[key]) for key in ("brand", "model") if key in item),
        tuple(poster for cover in covers[:1] if (poster := _poster(cover))),
        [(clip["placement"], f"{record.name}/{clip['file']}", clip["duration_s"]) for clip in made],
        tuple(dict.fromkeys(w for clip in made for w in json.loads(clip["warnings"]))),
    )


def _poster(cover: Path) -> str:
    """A cover as a small picture inside the page; empty where there is none."""
    try:
        with Image.open(cover) as picture:
            picture.draft("RGB", _POSTER_PX)
            picture.thumbnail(_POSTER_PX)
            kept = io.BytesIO()
            picture.convert("RGB").save(kept, "JPEG", quality=_POSTER_QUALITY)
    except OSError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(kept.getvalue()).decode()}"


@cache
def _template() -> Template:
    kept = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return kept.from_string(
        files("video_pipeline.batch").joinpath("page.html.j2").read_text("utf-8")
    )
