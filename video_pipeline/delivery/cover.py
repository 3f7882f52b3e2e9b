"""The cover: one picture at the placement's size, twice: as it is, and with the clip's title.

No price, no badge and no other overlay of the clip stands on it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PIL import Image

from video_pipeline import graph
from video_pipeline.delivery.taking import take
from video_pipeline.edit.cover import Cover
from video_pipeline.footage.model import Footage
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.store import Store

_QUALITY = 92


def write_covers(
    cover: Cover,
    footage: Footage,
    *,
    plain: Path,
    titled: Path,
    own: Path | None = None,
    store: Store | None = None,
) -> None:
    """Write both covers; where the clip has no title they are alike. `own` is an overlays folder.

    Raises RenderError when the picture cannot be taken.
    """
    canvas = cover.canvas
    size = (canvas.width, canvas.height)
    shot = partial(graph.framed_still, footage, cover.t, cover.crop, size, light=cover.light)
    take(shot, footage, plain, what="taking the cover", store=store)
    if cover.title is None:
        titled.write_bytes(plain.read_bytes())
        return
    drawing = draw(
        "title",
        cover.title,
        Canvas(canvas.width, canvas.height, canvas.safe),
        anchor=cover.anchor,
        own=own,
        lang=cover.lang,
        theme=cover.theme,
    )
    with Image.open(plain) as bare:
        picture = bare.convert("RGBA")
    picture.alpha_composite(Image.fromarray(drawing.pixels), (drawing.x, drawing.y))
    picture.convert("RGB").save(titled, "JPEG", quality=_QUALITY, subsampling=0)
