"""What a template writes with: columns of fitted text, rules, QR codes and given pictures.

A template lays its blocks into a `Column`, top to bottom. Each call measures, returns SVG and moves
the column's `y` on, so the panel behind can be made as high as what stands on it. Blocks are
trimmed to the height of their capitals and their last baseline: a gap of 24 looks like 24.

Everything is in design pixels, those of a picture 1080 wide; `drawing` scales the whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import segno
from markupsafe import Markup

from video_pipeline import locales
from video_pipeline.errors import UsageError
from video_pipeline.overlays import theme as looks
from video_pipeline.overlays.fonts import Typeface
from video_pipeline.overlays.language import Language
from video_pipeline.overlays.typesetting import Fitted, clean, fit
from video_pipeline.overlays.writing import (
    Block,
    Line,
    Outline,
    Picture,
    TextBox,
    mark,
    picture_mark,
    turning,
)

Align = Literal["start", "left", "centre", "right"]
_QR_QUIET_MODULES = 4  # ISO/IEC 18004 asks for four light modules around a QR code
# A platform's encoder blurs and rings; it does not tear holes. So a code has as few and as large
# modules as the address allows (level L, raised where it costs none), and they are what survives:
# measured down to 540p at 0.6 Mbps, "The badge's QR code" in benchmarks/RESULTS.md.
_QR_ERROR = "l"
_QR_MOST_BYTES = 200  # version 9: modules of five pixels, two and a half at 540p
_QR_GROWTH = 11 / 9  # of its side, at most, where its modules gain a whole pixel by it


class Sheet:
    """One overlay while its template runs: the room it has, and what has been written so far."""

    def __init__(
        self,
        width: float,
        height: float,
        theme: looks.Theme,
        own: Path | None = None,
        lang: str = "en",
    ) -> None:
        self.width = min(width, theme.measures["widest"])
        self.height = height
        self._theme = theme
        self._own = own
        self._language = Language(lang, own)
        self._rtl = self._language.rtl
        self._faces: dict[str, Typeface] = {}
        self._blocks: list[Block] = []
        self._missing: dict[str, None] = {}
        self._fonts: dict[str, str] = {}
        self._codes = 0
        self._pictures: list[Picture] = []

    def column(self, x: float, y: float, width: float) -> Column:
        """A column of blocks whose top left corner stands at `x`, `y`."""
        if width <= 0:
            raise UsageError(
                "The safe area leaves no room for this overlay.",
                mend="Give the placement a wider safe area.",
            )
        return Column(self, x, y, width)

    def word(self, kind: str, value: str) -> str:
        """The words for a part, flaw, severity or label; see `Language.word`."""
        return self._language.word(kind, value)

    def listed(self, texts: Iterable[str]) -> str:
        """Several texts as one, as the language joins them: 'box, dust bag and card'."""
        kept = list(texts)
        return locales.listed(kept, self._language.locale) if kept else ""

    def figure(self, number: float) -> str:
        """A number in the digits of the language."""
        return locales.figure(number, self._language.locale)

    @property
    def rtl(self) -> bool:
        """Whether the language is written from right to left, so that the drawing is mirrored."""
        return self._rtl

    def colour(self, name: str) -> str:
        """A colour of the theme, as `#rrggbb`."""
        if name not in self._theme.colours:
            raise UsageError(
                f"The theme has no colour '{name}'.",
                where=f"the theme {self._theme.title}",
                mend=f"It has: {', '.join(sorted(self._theme.colours))}.",
            )
        return self._theme.colours[name]


# What the template wrote is read through these, not through the sheet itself: a template gets the
# sheet in a sandbox, and should find nothing on it that is not meant for writing.
def blocks(sheet: Sheet) -> tuple[Block, ...]:
    """Every block written so far, by the number of its mark, in design pixels of the drawing."""
    return tuple(sheet._blocks)


def pictures(sheet: Sheet) -> tuple[Picture, ...]:
    """Every picture laid so far, by the number of its mark, in design pixels of the drawing."""
    return tuple(sheet._pictures)


def written(sheet: Sheet) -> tuple[TextBox, ...]:
    """Every line of them."""
    return tuple(line.box for block in sheet._blocks for line in block.lines)


def missing(sheet: Sheet) -> tuple[str, ...]:
    """Characters that were asked for and that no font has."""
    return tuple(sheet._missing)


def font_digests(sheet: Sheet) -> dict[str, str]:
    """Digests of the typefaces used, by name."""
    return dict(sheet._fonts)


def codes(sheet: Sheet) -> int:
    """How many QR codes were drawn."""
    return sheet._codes


def unwritable(text: str, own: Path | None = None, theme: str = looks.ATELIER) -> tuple[str, ...]:
    """The characters of `text` that cannot be written in every type style of a theme.

    What `clean` drops (variation selectors, stray joiners) does not count, unless nothing else is
    left: a text of which nothing could be seen gives all its characters. `own` is a person's
    overlays folder, whose theme and fonts come first. Raises ListingError for a broken theme and
    UsageError for a font file that is missing or broken.
    """
    if not clean(text):
        return tuple(dict.fromkeys(text))
    look = looks.theme(own, theme)
    lost: dict[str, None] = {}
    for name, manner in look.styles.items():
        wanted = _cased(text, manner)
        for char in look.face(name, own).missing(wanted):
            # A capital that no font has is told as the letter that was written.
            letters = [c for c in clean(text) if char in _cased(c, manner)]
            lost.update(dict.fromkeys(letters or [char]))
    return tuple(lost)


def _cased(text: str, manner: looks.Style) -> str:
    """The text as a style writes it."""
    return clean(text.upper() if manner.capitals else text)


class Column:
    """Blocks one under the other. `y` is where the next one starts, `widest` the widest so far."""

    def __init__(self, sheet: Sheet, x: float, y: float, width: float) -> None:
        self._sheet = sheet
        self.x = x
        self.y = y
        self.width = width
        self.widest = 0.0

    def text(
        self,
        text: str,
        style: str,
        colour: str = "ink",
        lines: int = 1,
        align: Align = "start",
    ) -> Markup:
        """Set `text` in a style of the theme, in at most `lines` lines; nothing if empty.

        `start` is the left edge, or the right one where the text or the clip's language reads
        from right to left; the column then counts as filled to its whole width.
        """
        sheet = self._sheet
        if style not in sheet._theme.styles:
            raise UsageError(
                f"The theme has no type style '{style}'.",
                where=f"the theme {sheet._theme.title}",
                mend=f"It has: {', '.join(sorted(sheet._theme.styles))}.",
            )
        manner = sheet._theme.styles[style]
        face = sheet._faces.get(style)
        if face is None:
            face = sheet._faces[style] = sheet._theme.face(style, sheet._own)
        wanted = _cased(text, manner)
        sheet._missing.update(dict.fromkeys(face.missing(wanted)))
        if not wanted:
            return Markup("")
        code = sheet._language.code
        fitted = fit(
            wanted,
            face,
            self.width,
            lines=lines,
            sizes=manner.size,
            leading=manner.leading,
            spacing=manner.spacing,
            lang=code,
        )
        drawn = {g.face for line in fitted.lines for g in line.glyphs}
        sheet._fonts[face.name] = "".join(face.faces[k].digest for k in sorted(drawn))
        if align == "start":
            # A drawing in such a language is mirrored as a whole: its lines begin at the right.
            alien = fitted.leftwards and not sheet.rtl
            align = "right" if alien else "left"
            self.widest = max(self.widest, self.width if alien else 0)
        return self._place(fitted, face, sheet.colour(colour), align)

    def gap(self, height: float) -> Markup:
        """Leave `height` pixels free."""
        self.y += height
        return Markup("")

    def rule(self, width: float | None = None, colour: str = "rule", weight: float = 2) -> Markup:
        """A thin line."""
        length = min(width or self.width, self.width)
        self.widest = max(self.widest, length)
        self.y = round(self.y)  # a thin line is only thin on whole pixels
        line = (
            f'<rect x="{self.x:g}" y="{self.y:g}" width="{length:g}" height="{weight:g}" '
            f'fill="{self._sheet.colour(colour)}"/>'
        )
        self.y += weight
        return Markup(line)  # noqa: S704 (numbers and a checked colour only)

    def qr(self, address: str, side: float = 216) -> Markup:
        """A QR code of `address`, its dark part at least `side` pixels wide, at the right edge.

        The quiet zone of four modules hangs outside the column, where the panel is empty anyway.
        Modules are whole design pixels, so that they stay crisp. Raises UsageError for an address
        too long to be scanned from a phone's screen.
        """
        if len(address.encode()) > _QR_MOST_BYTES:
            raise UsageError(
                "The address to check the certificate at is too long for a QR code.",
                where=f"{address:.60}…",
                mend=f"Ask the issuer for one of at most {_QR_MOST_BYTES} characters, or leave the "
                "certificate out.",
            )
        self._sheet._codes += 1
        rows = _modules(address)
        module = max(-int(-side // len(rows)), round(side * _QR_GROWTH) // len(rows))
        whole = module * len(rows)
        quiet = module * _QR_QUIET_MODULES
        x0 = self.x + self.width - whole
        path = []
        for r, row in enumerate(rows):
            start = None
            for c, dark in enumerate([*row, 0]):
                if dark and start is None:
                    start = c
                elif not dark and start is not None:
                    left = x0 + start * module
                    top = self.y + r * module
                    path.append(f"M{left:g} {top:g}h{(c - start) * module}v{module}H{left:g}z")
                    start = None
        paper, ink = self._sheet.colour("paper"), self._sheet.colour("ink")
        drawn = (
            f'<rect x="{x0 - quiet:g}" y="{self.y - quiet:g}" width="{whole + 2 * quiet}" '
            f'height="{whole + 2 * quiet}" fill="{paper}"/>'
            f'<path d="{"".join(path)}" fill="{ink}" shape-rendering="crispEdges"/>'
        )
        if self._sheet.rtl:  # a code must not be mirrored with the rest
            drawn = f'<g transform="{turning(2 * x0 + whole)}">{drawn}</g>'
        self.y += whole
        self.widest = max(self.widest, whole)
        return Markup(drawn)  # noqa: S704 (numbers and checked colours only)

    def pictures(
        self, given: Sequence[bytes], height: float, width: float, gap: float = 28
    ) -> Markup:
        """The given pictures side by side, each within `width` and `height`, never made larger.

        They stand on one line, their middles level. Raises ValueError for what is no PNG.
        """
        sheet, laid, x = self._sheet, "", self.x
        sizes = [_png_size(png) for png in given]
        scales = [min(width / w, height / h, 1.0) for w, h in sizes]
        row = max((h * scale for (_, h), scale in zip(sizes, scales, strict=True)), default=0)
        for png, (w, h), scale in zip(given, sizes, scales, strict=True):
            top = self.y + (row - h * scale) / 2
            sheet._pictures.append(Picture(png, x, top, w * scale, h * scale))
            drawn = picture_mark(len(sheet._pictures) - 1)
            if sheet.rtl:  # a logo must not be mirrored with the rest
                drawn = f'<g transform="{turning(2 * x + w * scale)}">{drawn}</g>'
            laid += drawn
            x += w * scale + gap
        self.widest = max(self.widest, x - gap - self.x)
        self.y += row
        return Markup(laid)  # noqa: S704 (numbers only; the pictures are elsewhere)

    def _place(self, fitted: Fitted, face: Typeface, colour: str, align: Align) -> Markup:
        baseline = self.y + fitted.cap_px
        size = fitted.size_px
        lines = []
        for row, line in enumerate(fitted.lines):
            width = line.width(fitted.spacing) * size
            slack = self.width - width
            left = self.x + {"start": 0.0, "left": 0.0, "centre": slack / 2, "right": slack}[align]
            base = baseline + row * fitted.line_height_px
            reach = face.reach(line)
            above, below = max(face.ascent, reach[0]) * size, max(face.descent, reach[1]) * size
            box = TextBox(
                line.text, left, base - above, width, above + below, size, colour,
                fitted.truncated,
            )  # fmt: skip
            faces = {g.face: face.faces[g.face] for g in line.glyphs}
            lines.append(
                Line(
                    box,
                    tuple(
                        Outline(
                            faces[glyph.face],
                            glyph.gid,
                            size / faces[glyph.face].upem,
                            left + (glyph.x + glyph.letter * fitted.spacing) * size,
                            base - glyph.y * size,
                        )
                        for glyph in line.glyphs
                    ),
                )
            )
        sheet = self._sheet
        sheet._blocks.append(Block(colour, tuple(lines), sheet.rtl))
        self.y = baseline + (len(fitted.lines) - 1) * fitted.line_height_px
        self.y += fitted.descent_px - face.descent * size  # nothing, unless ink goes deeper
        self.widest = max(self.widest, fitted.width_px)
        return Markup(mark(len(sheet._blocks) - 1))  # noqa: S704 (a number; the text is gone)


def _png_size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("a picture has to be a PNG")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@lru_cache(maxsize=32)
def _modules(address: str) -> tuple[bytes, ...]:
    """The modules of an address's QR code, row by row, 1 for a dark one."""
    return tuple(bytes(row) for row in segno.make(address, error=_QR_ERROR, micro=False).matrix)
