"""The typefaces overlays are set in, and what each of them can write.

Text is shaped here by HarfBuzz and drawn as glyph outlines, so what was measured is what is drawn
and no font of the machine can slip in. A character that the wanted face lacks is borrowed from the
next face of its chain; one that no face has is an error, never a box.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import uharfbuzz as hb

from video_pipeline.errors import UsageError
from video_pipeline.resources import find

# Kerning, ligatures and lining figures; letter-spaced text must not contain ligatures.
_FEATURES = {"kern": True, "liga": True, "lnum": True, "calt": True}
_FEATURES_SPACED = {"kern": True, "liga": False, "clig": False, "lnum": True, "calt": False}


@dataclass(frozen=True)
class Glyph:
    """One shaped glyph: which face and outline, and where it stands, in ems from the line start.

    `cluster` is the index of the character it belongs to; `y` grows upwards.
    """

    face: int
    gid: int
    cluster: int
    x: float
    y: float


@dataclass(frozen=True)
class Shaped:
    """A shaped run of text: its glyphs and its whole advance, in ems, without letter spacing."""

    text: str
    glyphs: tuple[Glyph, ...]
    advance: float
    spaced: int

    def width(self, spacing: float) -> float:
        """The width in ems with `spacing` ems between the letters (none after the last)."""
        return self.advance + spacing * max(self.spaced - 1, 0)


class _Outline:
    """Collects one glyph as SVG path data in font units."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def moveTo(self, p: tuple[float, float]) -> None:  # noqa: N802 (the pen protocol's names)
        self.parts.append(f"M{p[0]:g} {p[1]:g}")

    def lineTo(self, p: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append(f"L{p[0]:g} {p[1]:g}")

    def qCurveTo(self, *ps: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append("Q" + " ".join(f"{x:g} {y:g}" for x, y in ps))

    def curveTo(self, *ps: tuple[float, float]) -> None:  # noqa: N802
        self.parts.append("C" + " ".join(f"{x:g} {y:g}" for x, y in ps))

    def closePath(self) -> None:  # noqa: N802
        self.parts.append("Z")

    def endPath(self) -> None:  # noqa: N802
        """Nothing to do: an open contour is filled as if closed."""


class Face:
    """One font file: what it covers, its measures in ems, its outlines."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self.path = path
        self.digest = hashlib.sha256(data).hexdigest()
        try:
            self._face = hb.Face(data)
            self._font = hb.Font(self._face)
            self.covers: frozenset[int] = frozenset(self._face.unicodes)
        except Exception as error:  # HarfBuzz has no error class of its own
            raise UsageError(
                "This font file cannot be read.", where=str(path), mend="Use a TTF or OTF file."
            ) from error
        if not self.covers:
            raise UsageError(
                "This file is not a font that can be used.",
                where=str(path),
                mend="Use a TTF or OTF file.",
            )
        self.upem: int = self._face.upem
        extents = self._font.get_font_extents("ltr")
        self.ascent: float = extents.ascender / self.upem
        self.descent: float = -extents.descender / self.upem
        self.cap_height: float = self._measure("H", 0.7)
        self._outlines: dict[int, str] = {}

    def _measure(self, letter: str, otherwise: float) -> float:
        gid = self._font.get_nominal_glyph(ord(letter))
        extents = self._font.get_glyph_extents(gid) if gid else None
        return extents.y_bearing / self.upem if extents else otherwise

    def outline(self, gid: int) -> str:
        """The glyph's SVG path data, in font units, y upwards; empty for a space."""
        path = self._outlines.get(gid)
        if path is None:
            pen = _Outline()
            self._font.draw_glyph_with_pen(gid, pen)
            path = self._outlines[gid] = "".join(pen.parts)
        return path

    def ink(self, gid: int) -> tuple[float, float] | None:
        """How far the glyph's ink reaches above and below the baseline, in ems; None for spaces."""
        extents = self._font.get_glyph_extents(gid)
        if extents is None or extents.height == 0:
            return None
        top = extents.y_bearing / self.upem
        return top, -(extents.y_bearing + extents.height) / self.upem

    def shape(
        self, text: str, *, spaced: bool
    ) -> tuple[list[hb.GlyphInfo], list[hb.GlyphPosition]]:
        """Shape text that this face covers, left to right."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = "ltr"
        hb.shape(self._font, buffer, _FEATURES_SPACED if spaced else _FEATURES)
        return buffer.glyph_infos, buffer.glyph_positions


class Typeface:
    """A face and those it borrows from, in order. Equal names share one `Typeface`."""

    def __init__(self, name: str, faces: tuple[Face, ...]) -> None:
        self.name = name
        self.faces = faces
        self._shaped: dict[tuple[str, bool], Shaped] = {}

    @property
    def cap_height(self) -> float:
        """Height of capitals above the baseline, in ems."""
        return self.faces[0].cap_height

    @property
    def ascent(self) -> float:
        """How far any glyph's line reaches above the baseline, in ems."""
        return self.faces[0].ascent

    @property
    def descent(self) -> float:
        """How far any glyph's line reaches below the baseline, in ems."""
        return self.faces[0].descent

    @property
    def digest(self) -> str:
        """Digest of all font files in the chain."""
        return hashlib.sha256("".join(f.digest for f in self.faces).encode()).hexdigest()

    def missing(self, text: str) -> tuple[str, ...]:
        """The characters that no face of the chain has, each once, in order."""
        return tuple(
            dict.fromkeys(c for c in text if not any(ord(c) in f.covers for f in self.faces))
        )

    def _runs(self, text: str) -> Iterable[tuple[int, int, int]]:
        """(face, start, end) of runs of one face; marks stay with the letter before them."""
        start, current = 0, -1
        for i, c in enumerate(text):
            if current >= 0 and unicodedata.combining(c) and ord(c) in self.faces[current].covers:
                continue
            wanted = next((k for k, f in enumerate(self.faces) if ord(c) in f.covers), 0)
            if wanted != current:
                if current >= 0:
                    yield current, start, i
                start, current = i, wanted
        if current >= 0:
            yield current, start, len(text)

    def shape(self, text: str, *, spaced: bool = False) -> Shaped:
        """Shape one line. `spaced` switches off ligatures, for letter-spaced text."""
        key = (text, spaced)
        known = self._shaped.get(key)
        if known is not None:
            return known
        glyphs: list[Glyph] = []
        x = 0.0
        for index, start, end in self._runs(text):
            face = self.faces[index]
            infos, positions = face.shape(text[start:end], spaced=spaced)
            for info, pos in zip(infos, positions, strict=True):
                glyphs.append(
                    Glyph(
                        index,
                        info.codepoint,
                        start + info.cluster,
                        x + pos.x_offset / face.upem,
                        pos.y_offset / face.upem,
                    )
                )
                x += pos.x_advance / face.upem
        shaped = Shaped(text, tuple(glyphs), x, len({g.cluster for g in glyphs}))
        if len(self._shaped) > 4096:  # a long batch must not grow without end
            self._shaped.clear()
        self._shaped[key] = shaped
        return shaped

    def reach(self, shaped: Shaped) -> tuple[float, float]:
        """How far the ink of this line reaches above and below its baseline, in ems."""
        inks = [ink for g in shaped.glyphs if (ink := self.faces[g.face].ink(g.gid))]
        return max((i[0] for i in inks), default=0.0), max((i[1] for i in inks), default=0.0)


@lru_cache(maxsize=32)
def _face(path: Path, _stamp: tuple[int, int]) -> Face:
    return Face(path)


@lru_cache(maxsize=64)
def _typeface(name: str, paths: tuple[tuple[Path, tuple[int, int]], ...]) -> Typeface:
    return Typeface(name, tuple(_face(path, stamp) for path, stamp in paths))


def typeface(name: str, files: Iterable[str], own: Path | None = None) -> Typeface:
    """The typeface made of `files` (names under `overlays/fonts/`), the wanted one first.

    Raises UsageError when a file is not there or is no font.
    """
    paths = []
    for file in files:
        path = find("overlays", f"fonts/{file}", own)
        if path is None:
            raise UsageError(
                f"The theme asks for the font '{file}', which is not there.",
                where="overlays/fonts/",
                mend="Put the file there or name another one in the theme.",
            )
        status = path.stat()
        paths.append((path, (status.st_mtime_ns, status.st_size)))
    return _typeface(name, tuple(paths))


def spell_out(characters: Iterable[str]) -> str:
    """Characters as a person can look them up: `'👜' (U+1F45C, handbag)`."""
    return ", ".join(
        f"'{c}' (U+{ord(c):04X}, {unicodedata.name(c, 'unnamed').lower()})" for c in characters
    )
