"""From a template and its fields to pixels: Jinja2 to SVG, SVG to RGBA.

Text people wrote never reaches the SVG as text: it is cleaned, fitted and drawn as outlines. The
finished SVG may hold shapes only, so it can read no file and no address.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import resvg_py
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from numpy.typing import NDArray

from video_pipeline.errors import PipelineError, RenderError, UsageError
from video_pipeline.overlays import sheet as sheets
from video_pipeline.overlays.fonts import spell_out
from video_pipeline.overlays.sheet import Sheet, TextBox
from video_pipeline.overlays.templates import (
    TEMPLATE,
    Folders,
    Header,
    checked,
    head_of,
    unmarked,
)
from video_pipeline.overlays.theme import ATELIER, Motion, Theme
from video_pipeline.overlays.theme import theme as read_theme
from video_pipeline.presets.placements import SafeArea

DESIGN_WIDTH = 1080
# When an overlay is too high for a low picture it is laid out again a little smaller; below this
# the text would no longer be read on a phone.
_SCALES = (1.0, 0.94, 0.88)
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    ("svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline",
     "polygon", "linearGradient", "radialGradient", "stop", "clipPath", "mask")
)  # fmt: skip


@dataclass(frozen=True)
class Canvas:
    """The picture an overlay stands on, in pixels, and what must stay free of it."""

    width: int
    height: int
    safe: SafeArea


@dataclass(frozen=True)
class Drawing:
    """One overlay at rest.

    `pixels` is RGBA with straight alpha, `(height, width, 4)` uint8, cropped to the overlay's own
    box; `x`, `y` (even) say where its top left corner stands on the canvas. `digest` names
    everything that decides pixels and place. `svg` is what was rasterised; `texts` is what it says.
    """

    template: str
    pixels: NDArray[np.uint8]
    x: int
    y: int
    digest: str
    texts: tuple[TextBox, ...]
    anchor: str
    svg: str
    motion: Motion

    @property
    def width(self) -> int:
        """Pixels across, even."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down, even."""
        return int(self.pixels.shape[0])


def draw(
    template: str,
    fields: Mapping[str, Any],
    canvas: Canvas,
    *,
    anchor: str = "",
    own: Path | None = None,
    lang: str = "en",
    theme: str = ATELIER,
) -> Drawing:
    """Draw the overlay `template` with its fields, inside the safe area.

    `anchor` ("top", "centre" or "bottom") overrides where the template wants to stand.
    `own` is a person's overlays folder; what it holds takes the place of what is shipped. `lang` is
    the language of the words that are the template's, `theme` the look.
    Raises UsageError for an unknown template, wrong fields, characters that no font has, and
    an overlay that does not fit; ListingError for a broken theme or words file.
    """
    header, source_name = head_of(template, own), f"{template}/{TEMPLATE}"
    if anchor:
        if anchor not in header.stands:
            raise UsageError(
                f"The overlay '{template}' cannot stand at '{anchor}'.",
                mend=f"It may stand at: {', '.join(header.stands)}.",
            )
        header = header.model_copy(update={"anchor": anchor})
    values = checked(template, header, fields)
    look = read_theme(own, theme)
    room_w = _even_down(canvas.width - canvas.safe.right) - _even_up(canvas.safe.left)
    room_h = _even_down(canvas.height - canvas.safe.bottom) - _even_up(canvas.safe.top)
    if room_w <= 0 or room_h <= 0:
        raise UsageError(
            "The safe area leaves no room for overlays.", mend="Change the placement's safe area."
        )
    letters = 0.0
    for scale in _SCALES:
        unit = scale * min(canvas.width, canvas.height) / DESIGN_WIDTH
        sheet = Sheet(room_w / unit, room_h / unit, look, own, lang)
        svg = _run(source_name, values, sheet, look, own)
        if sheets.codes(sheet) and not header.claim:
            raise unmarked("draws a QR code", source_name)
        lost = sheets.missing(sheet)
        if lost:
            raise UsageError(
                f"These characters cannot be written: {spell_out(lost)}.",
                where=f"overlay '{template}'",
                mend="Take them out of the listing, or add a font that has them to the theme.",
            )
        text, width, height = _sized(svg, template, unit)
        letters = scale * min((box.size for box in sheets.written(sheet)), default=math.inf)
        if width <= room_w and height <= room_h:
            break
    else:
        raise UsageError(
            f"The overlay '{template}' needs {width}x{height} pixels, "
            f"but the safe area has {room_w}x{room_h}.",
            mend="Say less, or give the placement a larger safe area.",
        )
    if letters < header.least_px:
        raise UsageError(
            f"The overlay '{template}' would have letters of {letters:.0f} pixels, too small to be "
            f"read; it needs {header.least_px:g} at a picture {DESIGN_WIDTH} wide.",
            mend="Say less, give the placement a larger safe area, or the theme larger type.",
        )
    x, y = _stand(header, canvas, width, height)
    boxes = tuple(
        replace(
            b,
            x=x + b.x * unit,
            y=y + b.y * unit,
            width=b.width * unit,
            height=b.height * unit,
            size=b.size * unit,
        )
        for b in sheets.written(sheet)
    )
    digest = _digest(text, x, y, sheets.font_digests(sheet))
    motion = look.motion.model_copy(update=header.motion.model_dump(exclude_unset=True))
    return Drawing(
        template,
        rasterise(text),
        x,
        y,
        digest,
        boxes,
        header.anchor,
        text,
        motion.model_copy(update={"rise": round(motion.rise * unit)}),
    )


def rasterise(svg: str) -> NDArray[np.uint8]:
    """The pixels of an SVG of shapes: RGBA, straight alpha, `(height, width, 4)` uint8.

    Fully transparent pixels carry the overlay's mean colour instead of black, so that a renderer
    that halves the colour resolution draws no dark fringe.
    """
    try:
        png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    except ValueError as error:
        raise RenderError(
            f"The overlay could not be drawn: {error}", mend="Check the template."
        ) from error
    decoded = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.ndim != 3 or decoded.shape[2] != 4:
        raise RenderError("The overlay could not be drawn.", mend="Check the template.")
    pixels = np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)
    clear = pixels[..., 3] == 0
    if clear.any():
        mean = cv2.mean(pixels, mask=np.asarray(~clear, dtype=np.uint8))
        pixels[clear, :3] = np.rint(mean[:3]).astype(np.uint8)
    return pixels


@lru_cache(maxsize=8)
def _environment(own: Path | None) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=Folders(own),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals = {}
    return environment


def _run(file: str, values: Mapping[str, Any], sheet: Sheet, look: Theme, own: Path | None) -> str:
    environment = _environment(own)
    try:
        return environment.get_template(file).render(
            **values,
            sheet=sheet,
            measure=look.measures,
            colour=sheet.colour,
            word=sheet.word,
            host=_host,
        )
    except PipelineError:
        raise
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise UsageError(
            f"The overlay template has a mistake: {error.message or error}",
            where=f"{file}, line {line}" if line else file,
            mend="Compare it with the shipped template.",
        ) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise UsageError(
            f"The overlay template could not be filled in: {error}",
            where=file,
            mend="Compare it with the shipped template.",
        ) from error


def _host(address: str) -> str:
    """The part of an address that a person would type first."""
    return urlsplit(address).hostname or address


def _sized(svg: str, template: str, unit: float) -> tuple[str, int, int]:
    """Check that the SVG is shapes only and scale it; gives it back with its even pixel size."""

    def wrong(what: str) -> UsageError:
        return UsageError(
            f"The overlay template '{template}' {what}.",
            where=f"{template}/{TEMPLATE}",
            mend="Compare it with the shipped template.",
        )

    if "<!" in svg or "<?" in svg:  # no entities, no style sheets, nothing to expand
        raise wrong("must not contain declarations or comments in its SVG")
    try:
        root = ET.fromstring(svg)  # noqa: S314 (declarations were refused above)
    except ET.ParseError as error:
        raise wrong(f"does not give well-formed SVG ({error})") from error
    for element in root.iter():
        tag = str(element.tag)
        if tag.removeprefix(f"{{{_SVG}}}") not in _SHAPES or not tag.startswith(f"{{{_SVG}}}"):
            raise wrong(
                f"uses <{tag.rpartition('}')[2]}>; only shapes may stand in an overlay, "
                "and text is written with column.text(…)"
            )
        for key, value in element.attrib.items():
            outside = "url(" in value and not re.fullmatch(r"url\(#[\w-]+\)", value.strip())
            if key.rpartition("}")[2] in ("href", "style") or outside:
                raise wrong(f"uses {key.rpartition('}')[2]}=…, which could point outside")
    try:
        width, height = float(root.get("width", "")), float(root.get("height", ""))
    except ValueError as error:
        raise wrong("must state width and height of its <svg> in pixels") from error
    if not (1 <= width <= 8192 and 1 <= height <= 8192):
        raise wrong("has no usable size")
    w, h = _even_up(width * unit), _even_up(height * unit)
    root.set("width", str(w))
    root.set("height", str(h))
    root.set("viewBox", f"0 0 {w / unit:.4f} {h / unit:.4f}")
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode"), w, h


def _stand(header: Header, canvas: Canvas, width: int, height: int) -> tuple[int, int]:
    left, top = _even_up(canvas.safe.left), _even_up(canvas.safe.top)
    right = _even_down(canvas.width - canvas.safe.right - width)
    low = _even_down(canvas.height - canvas.safe.bottom - height)
    x = {"left": left, "centre": _even_down((left + right) / 2), "right": right}[header.align]
    y = {"top": top, "centre": _even_down((top + low) / 2), "bottom": low}[header.anchor]
    return x, y


def _digest(svg: str, x: int, y: int, fonts: Mapping[str, str]) -> str:
    said = {
        "svg": svg,
        "x": x,
        "y": y,
        "fonts": dict(sorted(fonts.items())),
        "resvg": f"{resvg_py.__version__} {resvg_py.__resvg_version__}",
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _even_down(value: float) -> int:
    return int(value // 2) * 2


def _even_up(value: float) -> int:
    return math.ceil(round(value, 3) / 2) * 2
