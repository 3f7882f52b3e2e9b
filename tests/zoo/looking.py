"""Looking at a clip of the zoo through the product: by analysis, and by what is rendered of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from numbered import piece_of, planes

from video_pipeline.footage.decode import frames
from video_pipeline.footage.model import Footage
from video_pipeline.presets.placements import Placement
from video_pipeline.toolchain import run
from zoo.colours import Floats, shown_by
from zoo.rows import Clip
from zoo.scene import colours_of, number_of, orientation_of


@dataclass(frozen=True)
class Look:
    """What pictures showed: how they stand, how far each patch is off, and when a number was due.

    `seen` holds time and number of each picture, in order.
    """

    orientation: str
    far: dict[str, float]
    seen: tuple[tuple[Fraction, int], ...]

    @property
    def worst(self) -> tuple[str, float]:
        """The patch that is off furthest, and how far."""
        name = max(self.far, key=lambda patch: self.far[patch])
        return name, round(self.far[name], 2)


def analysed(footage: Footage) -> Look:
    """Every frame as analysis decodes it."""
    pictures = [
        (t, picture[..., ::-1] / 255)
        for t, picture in frames(footage, long_side=320, every_s=Fraction(0))
    ]
    first = pictures[0][1]
    return Look(
        orientation_of(first), colours_of(first), tuple((t, number_of(p)) for t, p in pictures)
    )


def rendered(
    footage: Footage, placement: Placement, out: Path, start: Fraction, count: int
) -> Look:
    """`count` frames of a piece of it from `start` on, at its own shape, as its file shows them."""
    shape = Fraction(
        min(320, max(footage.width, footage.height)), max(footage.width, footage.height)
    )
    width, height = (
        max(2, round(side * shape / 2) * 2) for side in (footage.width, footage.height)
    )
    place = replace(placement, width=width, height=height, crf=12)
    run(piece_of(footage, place, start=start, frames=count).command(out), deadline_s=60)
    pictures: list[Floats] = [shown_by(picture) for picture in planes(out, "yuv444p")]
    return Look(
        orientation_of(pictures[0]),
        colours_of(pictures[0]),
        tuple((start + number / place.rate, number_of(p)) for number, p in enumerate(pictures)),
    )


def off_by(look: Look, clip: Clip) -> Fraction:
    """How far, in seconds, the worst of its pictures is from when it is on show."""
    worst = Fraction(0)
    for t, number in look.seen:
        begins, ends = clip.on_show(number)
        worst = max(worst, begins - t, t - ends)
    return worst
