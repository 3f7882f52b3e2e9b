"""Writing: the lines that stand on a drawing, glyph by glyph, and the outlines they become.

While a template runs, each block of text, and each picture, stands in its SVG as a mark. So the
SVG that is checked and laid out is small, and outlines and pictures are put in at the end.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from video_pipeline.overlays.fonts import Face

_MARK = re.compile(r'<g class="writing" data-block="(\d+)" ?/>')
_PICTURE = re.compile(r'<g class="picture" data-picture="(\d+)" ?/>')


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text: what it says, where it stands, how it is set. Pixels.

    The box reaches from the line's ascent to its descent. `colour` is `#rrggbb`; `truncated` is
    True when the block it belongs to was cut with an ellipsis.
    """

    text: str
    x: float
    y: float
    width: float
    height: float
    size: float
    colour: str
    truncated: bool = False

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Outline:
    """One glyph's outline where it stands: its origin, and `scale` pixels to a font unit."""

    face: Face
    gid: int
    scale: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its box and its glyphs, from left to right."""

    box: TextBox
    glyphs: tuple[Outline, ...]

    @property
    def turn(self) -> float:
        """Twice the middle of the line: what an `x` is taken from to turn it about its middle."""
        return 2 * self.box.x + self.box.width


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one colour. `turned` says that each stands on a drawing that is mirrored as a whole,
    so that it is turned back about its own middle.
    """

    colour: str
    lines: tuple[Line, ...]
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that stands on a drawing: a PNG that this program coded itself, and its box."""

    png: bytes
    x: float
    y: float
    width: float
    height: float


def picture_mark(number: int) -> str:
    """What stands in an SVG for the picture of that number."""
    return f'<g class="picture" data-picture="{number}"/>'


def mark(number: int) -> str:
    """What stands in an SVG for the block of that number."""
    return f'<g class="writing" data-block="{number}"/>'


def outlined(svg: str, blocks: Sequence[Block], pictures: Sequence[Picture] = ()) -> str:
    """The SVG with the outlines of its blocks, and its pictures, in place of their marks."""
    svg = _PICTURE.sub(lambda found: _image(pictures[int(found[1])]), svg)
    return _MARK.sub(lambda found: _outlines(blocks[int(found[1])]), svg)


def _image(picture: Picture) -> str:
    coded = b64encode(picture.png).decode("ascii")
    return (
        f'<image x="{picture.x:g}" y="{picture.y:g}" width="{picture.width:g}" '
        f'height="{picture.height:g}" href="data:image/png;base64,{coded}"/>'
    )


def _outlines(block: Block) -> str:
    parts = [f'<g class="writing" fill="{block.colour}">']
    for line in block.lines:
        if block.turned:
            parts.append(f'<g transform="{turning(line.turn)}">')
        for glyph in line.glyphs:
            outline = glyph.face.outline(glyph.gid)
            if outline:
                k = glyph.scale
                parts.append(
                    f'<path transform="matrix({k:.6f} 0 0 {-k:.6f} {glyph.x:.3f} {glyph.y:.3f})" '
                    f'd="{outline}" />'
                )
        if block.turned:
            parts.append("</g>")
    parts.append("</g>")
    return "".join(parts)


def turning(turn: float) -> str:
    """The transform that turns what stands about `turn / 2` left to right."""
    return f"matrix(-1 0 0 1 {turn:.3f} 0)"
