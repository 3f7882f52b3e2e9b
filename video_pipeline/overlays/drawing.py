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

import numpy as np
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from numpy.typing import NDArray

from video_pipeline.errors import PipelineError, UsageError
from video_pipeline.overlays import sheet as sheets
from video_pipeline.overlays.fonts import spell_out
from video_pipeline.overlays.painting import TOOLS, picture
from video_pipeline.overlays.sheet import Sheet
from video_pipeline.overlays.templates import (
    TEMPLATE,
    Folders,
    Header,
    checked,
    head_of,
    stamp,
    unmarked,
)
from video_pipeline.overlays.theme import ATELIER, Motion, Theme
from video_pipeline.overlays.theme import theme as read_theme
from video_pipeline.overlays.writing import Block, Picture, TextBox, outlined, turning
from video_pipeline.presets.placements import SafeArea

DESIGN_WIDTH = 1080
# When an overlay is too high for a low picture it is laid out again a little smaller; below this
# the text would no longer be read on a phone.
_SCALES = (1.0, 0.94, 0.88)
_SVG = "http://www.w3.org/2000/svg"
ET.register_namespace("", _SVG)
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
    everything that decides pixels and place. `svg` is what was rasterised; `texts` is what it says;
    `mirrored` is true in a language written from right to left. `pictures` is how many it shows.
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
    mirrored: bool = False
    pictures: int = 0

    @property
    def width(self) -> int:
        """Pixels across, even."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down, even."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class Place:
    """Where an overlay may stand: its box at rest on the canvas, in pixels."""

    anchor: str
    x: int
    y: int
    width: int
    height: int

    def overlaps(self, other: Place) -> bool:
        """Whether the two share a pixel."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def places(
    template: str,
    fields: Mapping[str, Any],
    canvas: Canvas,
    *,
    own: Path | None = None,
    lang: str = "en",
    theme: str = ATELIER,
) -> tuple[Place, ...]:
    """Every place at which the overlay may stand, its own first. Raises what `draw` raises."""
    header = head_of(template, own)
    laid = _lay_out(template, header, fields, canvas, own=own, lang=lang, theme=theme)
    return tuple(
        Place(
            anchor,
            *_stand(header, anchor, canvas, laid),
            laid.width,
            laid.height,
        )
        for anchor in header.stands
    )


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
    header = head_of(template, own)
    if anchor and anchor not in header.stands:
        raise UsageError(
            f"The overlay '{template}' cannot stand at '{anchor}'.",
            mend=f"It may stand at: {', '.join(header.stands)}.",
        )
    laid = _lay_out(template, header, fields, canvas, own=own, lang=lang, theme=theme)
    unit = laid.unit
    x, y = _stand(header, anchor or header.anchor, canvas, laid)
    boxes = tuple(
        replace(
            b,
            x=x + (laid.width - b.right * unit if laid.mirrored else b.x * unit),
            y=y + b.y * unit,
            width=b.width * unit,
            height=b.height * unit,
            size=b.size * unit,
        )
        for b in (line.box for block in laid.blocks for line in block.lines)
    )
    svg = outlined(ET.tostring(laid.svg, encoding="unicode"), laid.blocks, laid.pictures)
    return Drawing(
        template,
        picture(laid.svg, laid.blocks, laid.pictures),
        x,
        y,
        _digest(svg, x, y, laid.fonts),
        boxes,
        anchor or header.anchor,
        svg,
        laid.motion,
        laid.mirrored,
        len(laid.pictures),
    )


@dataclass(frozen=True)
class _LaidOut:
    """A template filled in and fitted: its SVG at its size in pixels, before it has a place.

    Where `blocks` are written the SVG holds a mark (see `writing`); when it is `mirrored`, they say
    where they would stand if it were not.
    """

    svg: ET.Element
    width: int
    height: int
    unit: float
    blocks: tuple[Block, ...]
    pictures: tuple[Picture, ...]
    fonts: Mapping[str, str]
    motion: Motion
    mirrored: bool


class _NoRoomError(UsageError):
    """What is said does not fit the safe area."""


def _lay_out(
    template: str,
    header: Header,
    fields: Mapping[str, Any],
    canvas: Canvas,
    *,
    own: Path | None,
    lang: str,
    theme: str,
) -> _LaidOut:
    values = checked(template, header, fields)
    look: dict[str, Any] = {"own": own, "lang": lang, "theme": theme, "_stamp": stamp(own)}
    pictures = [name for name, kind in header.fields.items() if kind == "pictures, optional"]
    try:
        return _laid(template, tuple(values.items()), canvas, **look)
    except _NoRoomError:
        # Words come first: where there is no room for both, pictures give way.
        if not any(values[name] for name in pictures):
            raise
        bare = values | dict.fromkeys(pictures, ())
        return _laid(template, tuple(bare.items()), canvas, **look)


@lru_cache(maxsize=64)
def _laid(
    template: str,
    said: tuple[tuple[str, Any], ...],
    canvas: Canvas,
    *,
    own: Path | None,
    lang: str,
    theme: str,
    _stamp: int,
) -> _LaidOut:
    """Kept, since planning lays out what is drawn later."""
    source_name, header, values = f"{template}/{TEMPLATE}", head_of(template, own), dict(said)
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
        root, width, height = _sized(svg, template, unit, sheet)
        letters = scale * min((box.size for box in sheets.written(sheet)), default=math.inf)
        if width <= room_w and height <= room_h:
            break
    else:
        raise _NoRoomError(
            f"The overlay '{template}' needs {width}x{height} pixels, "
            f"but the safe area has {room_w}x{room_h}.",
            mend="Say less, or give the placement a larger safe area.",
        )
    if letters < header.least_px:
        raise _NoRoomError(
            f"The overlay '{template}' would have letters of {letters:.0f} pixels, too small to be "
            f"read; it needs {header.least_px:g} at a picture {DESIGN_WIDTH} wide.",
            mend="Say less, give the placement a larger safe area, or the theme larger type.",
        )
    motion = look.motion.model_copy(update=header.motion.model_dump(exclude_unset=True))
    motion = motion.model_copy(update={"rise": round(motion.rise * unit)})
    return _LaidOut(
        root,
        width,
        height,
        unit,
        sheets.blocks(sheet),
        sheets.pictures(sheet),
        sheets.font_digests(sheet),
        motion,
        sheet.rtl,
    )


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
            listed=sheet.listed,
            figure=sheet.figure,
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
    except RecursionError:
        raise UsageError(
            "The overlay template is nested too deep, or includes itself.",
            where=file,
            mend="Compare it with the shipped template.",
        ) from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise UsageError(
            f"The overlay template could not be filled in: {error}",
            where=file,
            mend="Compare it with the shipped template.",
        ) from error


def _host(address: str) -> str:
    """The part of an address that a person would type first."""
    return urlsplit(address).hostname or address


def _sized(svg: str, template: str, unit: float, sheet: Sheet) -> tuple[ET.Element, int, int]:
    """Check that the SVG is shapes only and scale it; gives it back with its even pixel size.

    In a language written from right to left it is mirrored as a whole.
    """

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
    known = {str(number) for number in range(len(sheets.blocks(sheet)))}
    shown = {str(number) for number in range(len(sheets.pictures(sheet)))}
    for element in root.iter():
        tag = str(element.tag)
        if tag.removeprefix(f"{{{_SVG}}}") not in _SHAPES or not tag.startswith(f"{{{_SVG}}}"):
            raise wrong(
                f"uses <{tag.rpartition('}')[2]}>; only shapes may stand in an overlay, "
                "and text is written with column.text(…)"
            )
        for key, value in element.attrib.items():
            if key == "data-block" and value not in known:
                raise wrong("writes what column.text(…) never gave")
            if key == "data-picture" and value not in shown:
                raise wrong("shows what column.pictures(…) never gave")
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
    if sheet.rtl:
        turned = ET.Element(f"{{{_SVG}}}g", transform=turning(w / unit))
        turned.extend(root)
        root[:] = [turned]
    return root, w, h


def _stand(header: Header, anchor: str, canvas: Canvas, laid: _LaidOut) -> tuple[int, int]:
    left, top = _even_up(canvas.safe.left), _even_up(canvas.safe.top)
    right = _even_down(canvas.width - canvas.safe.right - laid.width)
    low = _even_down(canvas.height - canvas.safe.bottom - laid.height)
    sides = (right, left) if laid.mirrored else (left, right)
    x = {"left": sides[0], "centre": _even_down((left + right) / 2), "right": sides[1]}[
        header.align
    ]
    y = {"top": top, "centre": _even_down((top + low) / 2), "bottom": low}[anchor]
    return x, y


def _digest(svg: str, x: int, y: int, fonts: Mapping[str, str]) -> str:
    said = {
        "svg": svg,
        "x": x,
        "y": y,
        "fonts": dict(sorted(fonts.items())),
        "tools": TOOLS,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _even_down(value: float) -> int:
    return int(value // 2) * 2


def _even_up(value: float) -> int:
    return math.ceil(round(value, 3) / 2) * 2
