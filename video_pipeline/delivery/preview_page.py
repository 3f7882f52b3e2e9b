"""The preview's page: what is pasted into a listing's page, and when each tile of the strip is due.

The snippets name files that stand beside them, and nothing else. They hold no script. Everything
that a person wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from video_pipeline.delivery.preview import LoopFile, Poster, Strip
from video_pipeline.listing.model import Item

_TYPES = {
    "avif": "image/avif",
    "webp": "image/webp",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "mp4": "video/mp4",
}
_BEST_FIRST = ("avif", "webp", "gif")


def write_snippet(
    out: Path,
    *,
    item: Item,
    loops: Sequence[LoopFile],
    posters: Sequence[Poster],
    thumbnails: Path | None,
    size: tuple[int, int],
) -> None:
    """The HTML to paste where video is allowed: a video, or the poster for who wants no motion.

    Without an mp4 among the `loops` it is the moving picture alone. `size` keeps the page from
    jumping while files load.
    """
    moving = {loop.form: loop for loop in loops}
    page = (
        _environment()
        .get_template("preview.html.j2")
        .render(
            alt=alt_text(item),
            width=size[0],
            height=size[1],
            video=moving.get("mp4"),
            pictures=[
                (_TYPES[form], moving[form].file.name) for form in _BEST_FIRST if form in moving
            ],
            stills=[
                (_TYPES[form], [(p.file.name, p.width) for p in posters if p.form == form])
                for form in ("avif", "webp", "jpeg")
            ],
            plain=_plain(posters, size[0]).file.name,
            thumbnails=thumbnails.name if thumbnails else None,
        )
    )
    out.write_text(page, encoding="utf-8")


def alt_text(item: Item) -> str:
    """What is seen, in the listing's own words, for who cannot see it."""
    facts = [fact for fact in (item.colour, item.material) if fact]
    return ", ".join((f"{item.brand} {item.model}", *facts))


def write_thumbnails(strip: Strip, out: Path) -> None:
    """The WebVTT file that says when each tile of the strip is on show, and where it lies."""
    lines = ["WEBVTT", ""]
    ends = (*strip.starts_s[1:], strip.end_s)
    for number, (start, end) in enumerate(zip(strip.starts_s, ends, strict=True)):
        x = number % strip.columns * strip.tile[0]
        y = number // strip.columns * strip.tile[1]
        place = ",".join(str(v) for v in (x, y, *strip.tile))
        lines += [f"{_clock(start)} --> {_clock(end)}", f"{strip.file.name}#xywh={place}", ""]
    out.write_text("\n".join(lines), encoding="utf-8")


def _plain(posters: Sequence[Poster], width: int) -> Poster:
    """The JPEG for what reads neither srcset nor newer formats."""
    jpegs = [p for p in posters if p.form == "jpeg"]
    return min(jpegs, key=lambda p: abs(p.width - width))


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
