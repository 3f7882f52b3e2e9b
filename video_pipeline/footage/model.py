"""Footage: one file of raw material, a video or a photo, as probed.

All times are exact fractions of seconds, counted from the first moment a player would show; sizes
are those of the picture as displayed, after rotation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from video_pipeline.geometry import NO_BARS, Bars, Veil

Transfer = Literal["sdr", "hlg", "pq"]


@dataclass(frozen=True)
class Colour:
    """How the samples are to be read, in ffmpeg's names, with unknown tags resolved."""

    transfer: Transfer
    primaries: str
    matrix: str
    full_range: bool


@dataclass(frozen=True)
class Footage:
    """One probed file.

    `digest` is the SHA-256 of its bytes. `rotation` is the clockwise turn in degrees that a player
    applies; where `mirrored`, it turns the picture upside down before that, so that it ends up as
    in a mirror. `width` and `height` are in pixels after that turn and after squaring the samples.
    `rate` is the average frame rate; frames need not be evenly spaced. `indexed` says that the
    file lists where its pictures are; a broadcast stream does not, and has to be opened earlier.
    `picture_from` is when the first picture is due: above 0 where the sound begins first. `still`
    is a photo: one picture at all times, whatever `duration` says; `still_at` is where ffmpeg finds
    it in its file. Where `turned_by_tag`, the rotation stands in an old tag that ffmpeg does not
    follow. `interlaced` pictures hold two moments in alternate lines. `untimed` files state no
    times and cannot be opened in the middle: pictures follow each other at `rate`. `veils`
    cover what is to be masked: `graph` draws them into every picture that is taken from the file.
    `bars` are cut off the upright picture before anything else is done with it; `width` and
    `height`, and every box and veil, are of what is left.
    """

    path: Path
    digest: str
    width: int
    height: int
    duration: Fraction
    rate: Fraction
    rotation: int
    codec: str
    pixel_format: str
    colour: Colour
    video_stream: int
    audio_stream: int | None
    audio_codec: str | None
    indexed: bool = True
    picture_from: Fraction = Fraction(0)
    mirrored: bool = False
    still: bool = False
    still_at: str = "v"
    turned_by_tag: bool = False
    interlaced: bool = False
    untimed: bool = False
    veils: tuple[Veil, ...] = ()
    bars: Bars = NO_BARS

    @property
    def name(self) -> str:
        """The file's name, as people speak of it."""
        return self.path.name

    @property
    def whole(self) -> tuple[int, int]:
        """Width and height of the upright picture with its bars."""
        return (
            self.width + self.bars.left + self.bars.right,
            self.height + self.bars.top + self.bars.bottom,
        )

    @property
    def picture_digest(self) -> str:
        """What decides its pictures: the file's bytes, and which part of them is cut off."""
        if not self.bars:
            return self.digest
        told = self.bars.left, self.bars.top, self.bars.right, self.bars.bottom
        return f"{self.digest} without {told}"

    def without(self, bars: Bars) -> Footage:
        """The same footage with these bars of its whole picture cut off, and no others."""
        width, height = bars.inside(self.whole)
        return replace(self, width=width, height=height, bars=bars)

    @property
    def duration_s(self) -> float:
        """Seconds, rounded to a float for printing."""
        return float(self.duration)
