"""The typefaces overlays are set in, and what each of them can write.

Text is shaped here by HarfBuzz and drawn as glyph outlines, so what was measured is what is drawn
and no font of the machine can slip in. A character that the wanted face lacks is borrowed from the
next face of its chain; one that no face has is an error, never a box. A font file is opened when
something is first asked of it: a Latin listing never opens the large Chinese ones.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import uharfbuzz as hb

from video_pipeline.errors import UsageError
from video_pipeline.overlays.bidi import visual_runs
from video_pipeline.overlays.breaks import clusters, text_language
from video_pipeline.overlays.scripts import (
    JOINERS,
    WIDE_BESIDE_HAN,
    is_wide,
    script_of,
    scripts,
    spans,
)
from video_pipeline.resources import find

# Kerning, ligatures and lining figures; letter-spaced text must not contain ligatures.
_FEATURES = {"kern": True, "liga": True, "lnum": True, "calt": True}
_FEATURES_SPACED = {"kern": True, "liga": False, "clig": False, "lnum": True, "calt": False}
# Scripts whose letters hang together: space between them would tear words apart.
_JOINED = frozenset(("Arab", "Syrc", "Mong", "Nkoo", "Adlm", "Rohg", "Deva", "Beng", "Guru"))


@dataclass(frozen=True)
class Glyph:
    """One shaped glyph: which face and outline, and where it stands, in ems from the line start.

    `cluster` is the index of the character it belongs to, `letter` the number of letter spaces
    before it; `y` grows upwards. Glyphs stand in the order of the line, from left to right.
    """

    face: int
    gid: int
    cluster: int
    x: float
    y: float
    letter: int = 0


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
    """One font file: what it covers, its measures in ems, its outlines. Read when first asked.

    Whatever is asked of it raises UsageError when the file cannot be read as a font.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._outlines: dict[int, str] = {}
        self._inks: dict[int, tuple[float, float] | None] = {}

    @property
    def opened(self) -> bool:
        """Whether anything has been asked of the file yet."""
        return "_font" in self.__dict__

    @cached_property
    def _font(self) -> hb.Font:
        try:
            return hb.Font(hb.Face(hb.Blob.from_file_path(str(self.path))))
        except Exception as error:  # HarfBuzz has no error class of its own
            raise UsageError(
                "This font file cannot be read.",
                where=str(self.path),
                mend="Use a TTF or OTF file.",
            ) from error

    @cached_property
    def covers(self) -> frozenset[int]:
        """The code points it has glyphs for."""
        characters = frozenset(self._font.face.unicodes)
        if not characters:
            raise UsageError(
                "This file is not a font that can be used.",
                where=str(self.path),
                mend="Use a TTF or OTF file.",
            )
        return characters

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @cached_property
    def upem(self) -> int:
        """Font units in an em."""
        return int(self._font.face.upem)

    @cached_property
    def ascent(self) -> float:
        """How far its line reaches above the baseline, in ems."""
        return float(self._font.get_font_extents("ltr").ascender / self.upem)

    @cached_property
    def descent(self) -> float:
        """How far its line reaches below the baseline, in ems."""
        return float(-self._font.get_font_extents("ltr").descender / self.upem)

    @cached_property
    def cap_height(self) -> float:
        """Height of capitals above the baseline, in ems."""
        return self._measure("H", 0.7)

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

    def trace(self, gid: int, mask: hb.RasterDraw) -> None:
        """Draw the glyph's outline on a mask, in font units, y upwards."""
        mask.draw_glyph(self._font, gid)

    def ink(self, gid: int) -> tuple[float, float] | None:
        """How far the glyph's ink reaches above and below the baseline, in ems; None for spaces."""
        if gid not in self._inks:
            extents = self._font.get_glyph_extents(gid)
            if extents is None or extents.height == 0:
                self._inks[gid] = None
            else:
                top = extents.y_bearing / self.upem
                self._inks[gid] = top, -(extents.y_bearing + extents.height) / self.upem
        return self._inks[gid]

    def shape(
        self, text: str, *, spaced: bool, script: str = "", leftwards: bool = False, lang: str = ""
    ) -> tuple[list[hb.GlyphInfo], list[hb.GlyphPosition]]:
        """Shape text of one script that this face covers; the glyphs come from left to right."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        if script:
            buffer.script = script
        if lang:
            buffer.language = lang
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if leftwards else "ltr"
        hb.shape(self._font, buffer, _FEATURES_SPACED if spaced else _FEATURES)
        return buffer.glyph_infos, buffer.glyph_positions


class Typeface:
    """A face and those it borrows from, in order. Equal names share one `Typeface`."""

    def __init__(self, name: str, faces: tuple[Face, ...]) -> None:
        self.name = name
        self.faces = faces
        self._lenders: dict[str, int | None] = {}
        self._shaped: dict[tuple[str, bool, str, tuple[int, ...] | None], Shaped] = {}

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

    def missing(self, text: str) -> tuple[str, ...]:
        """The characters that no face of the chain has, each once, in order."""
        return tuple(dict.fromkeys(c for c in text if c not in JOINERS and self._having(c) is None))

    def _having(self, letter: str) -> int | None:
        """The first face that has all characters of `letter`."""
        if letter not in self._lenders:
            if len(self._lenders) > 4096:
                self._lenders.clear()
            wanted = [ord(c) for c in letter if c not in JOINERS]
            having = (k for k, f in enumerate(self.faces) if all(c in f.covers for c in wanted))
            self._lenders[letter] = next(having, None)
        return self._lenders[letter]

    def _faces(self, text: str, belongs: list[str], lang: str) -> list[int]:
        """The face of each character; marks and joiners stay with the letter before them."""
        chosen: list[int] = []
        for i, c in enumerate(text):
            stays = unicodedata.combining(c) or c in JOINERS
            if i and stays and (c in JOINERS or ord(c) in self.faces[chosen[-1]].covers):
                chosen.append(chosen[-1])
            else:
                chosen.append(self._having(c) or 0)
        # What a Latin face has of another script are signs, such as π; its words are in one face.
        for start, end in spans(belongs):
            foreign = belongs[start] not in ("", "Latn", "Hani")
            if foreign and len(set(chosen[start:end])) > 1:
                word = "".join(c for c in text[start:end] if script_of(c))
                whole = self._having(word)
                for i in range(start, end):
                    if whole is not None and script_of(text[i]):
                        chosen[i] = whole
        if text and max(text) >= "\u20e3":  # an emoji of several characters is one picture
            begins = clusters(text)
            for start, end in zip(begins, [*begins[1:], len(text)], strict=True):
                if end - start > 1 and (whole := self._having(text[start:end])) is not None:
                    chosen[start:end] = [whole] * (end - start)
            if lang.partition("-")[0] in ("zh", "ja"):
                self._widen(text, chosen)
        return chosen

    def _widen(self, text: str, chosen: list[int]) -> None:
        """Set quotes, dashes and dots beside Chinese characters as wide as those, in place."""
        for i, c in enumerate(text):
            if c in WIDE_BESIDE_HAN:
                beside = [k for k in (i - 1, i + 1) if 0 <= k < len(text) and is_wide(text[k])]
                if beside and ord(c) in self.faces[chosen[beside[0]]].covers:
                    chosen[i] = chosen[beside[0]]

    def _runs(
        self, text: str, levels: tuple[int, ...] | None, lang: str
    ) -> Iterator[tuple[int, str, bool, int, int]]:
        """(face, script, leftwards, start, end) of runs, from left to right on the line."""
        belongs = scripts(text)
        faces = self._faces(text, belongs, lang)
        for begin, until, level in visual_runs(levels or (0,) * len(text)):
            pieces: list[tuple[int, str, bool, int, int]] = []
            start = begin
            for i in range(begin + 1, until + 1):
                if i == until or (faces[i], belongs[i]) != (faces[start], belongs[start]):
                    pieces.append((faces[start], belongs[start], level % 2 == 1, start, i))
                    start = i
            yield from reversed(pieces) if level % 2 else pieces

    def shape(
        self,
        text: str,
        *,
        spaced: bool = False,
        lang: str = "",
        levels: tuple[int, ...] | None = None,
    ) -> Shaped:
        """Shape one line. `spaced` switches off ligatures, for letter-spaced text.

        `lang` chooses between forms of one character that languages write in their own way;
        `levels` are the line's embedding levels (see `bidi`), none when all runs rightwards.
        """
        key = (text, spaced, lang, levels)
        known = self._shaped.get(key)
        if known is not None:
            return known
        language = text_language(text, lang) if text else lang
        glyphs: list[Glyph] = []
        x = 0.0
        letter, cluster = -1, -1
        for index, script, leftwards, start, end in self._runs(text, levels, language):
            face = self.faces[index]
            infos, positions = face.shape(
                text[start:end], spaced=spaced, script=script, leftwards=leftwards, lang=language
            )
            letter += 1
            for at, (info, pos) in enumerate(zip(infos, positions, strict=True)):
                here = start + info.cluster
                together = {script_of(text[here]), script_of(text[cluster])} <= _JOINED
                if at and here != cluster and not together:
                    letter += 1
                cluster = here
                glyphs.append(
                    Glyph(
                        index,
                        info.codepoint,
                        here,
                        x + pos.x_offset / face.upem,
                        pos.y_offset / face.upem,
                        letter,
                    )
                )
                x += pos.x_advance / face.upem
        shaped = Shaped(text, tuple(glyphs), x, letter + 1)
        if len(self._shaped) > 4096:  # a long batch must not grow without end
            self._shaped.clear()
        self._shaped[key] = shaped
        return shaped

    def reach(self, shaped: Shaped, *, borrowed: bool = False) -> tuple[float, float]:
        """How far the ink of this line reaches above and below its baseline, in ems.

        With `borrowed`, only the ink of glyphs that are not the first face's own.
        """
        inks = [
            (ink[0] + g.y, ink[1] - g.y)
            for g in shaped.glyphs
            if not (borrowed and g.face == 0) and (ink := self.faces[g.face].ink(g.gid))
        ]
        return max((i[0] for i in inks), default=0.0), max((i[1] for i in inks), default=0.0)


@lru_cache(maxsize=32)
def _face(path: Path, _stamp: tuple[int, int]) -> Face:
    return Face(path)


@lru_cache(maxsize=64)
def _typeface(name: str, paths: tuple[tuple[Path, tuple[int, int]], ...]) -> Typeface:
    return Typeface(name, tuple(_face(path, stamp) for path, stamp in paths))


@lru_cache(maxsize=64)
def _paths(files: tuple[str, ...], own: Path | None, _stamp: int) -> tuple[Path, ...]:
    """Where the files are; asked again when something is put into the person's own folder."""
    paths = []
    for file in files:
        path = find("overlays", f"fonts/{file}", own)
        if path is None:
            raise UsageError(
                f"The theme asks for the font '{file}', which is not there.",
                where="overlays/fonts/",
                mend="Put the file there or name another one in the theme.",
            )
        paths.append(path)
    return tuple(paths)


def typeface(name: str, files: Iterable[str], own: Path | None = None) -> Typeface:
    """The typeface made of `files` (names under `overlays/fonts/`), the wanted one first.

    Raises UsageError when a file is not there or is no font.
    """
    folder = own / "fonts" if own else None
    stamp = folder.stat().st_mtime_ns if folder and folder.is_dir() else 0
    paths = []
    for path in _paths(tuple(files), own, stamp):
        status = path.stat()
        paths.append((path, (status.st_mtime_ns, status.st_size)))
    made = _typeface(name, tuple(paths))
    if not made.faces[0].opened:
        _ = made.faces[0].covers  # a file that is no font is told here
    return made


def spell_out(characters: Iterable[str]) -> str:
    """Characters as a person can look them up: `'👜' (U+1F45C, handbag)`."""
    return ", ".join(
        f"'{c}' (U+{ord(c):04X}, {unicodedata.name(c, 'unnamed').lower()})" for c in characters
    )
