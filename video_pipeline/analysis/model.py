"""Analysis: what each moment of a footage file shows, as a table over time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box
from video_pipeline.vision.codes import Code


@dataclass(frozen=True)
class Moment:
    """One analysed frame.

    t            exact presentation time in the footage, seconds from its start
    sharpness    0 blurred … 1 crisp (see vision.sharpness)
    luma         mean brightness 0..1
    exposure     0 unusable … 1 well exposed (see vision.exposure)
    motion       camera motion since the last analysed frame, picture widths per second
    shake        change of that motion, picture widths per second per analysed step
    whole        0..1: the whole item is in the picture with room around it
    subject      box of what stands out from its surroundings, or None
    hardware     0..1: metal parts shown large and sharp; boxes of the parts that carry the score,
                 best first: the box around them all is what to frame
    stitching    0..1: seams shown large and sharp; boxes likewise
    cut          True when the picture changed from the last frame as only an edit can
    fingerprint  64-bit perceptual hash, to tell near-duplicates
    light        by how many stops red, green and blue became brighter since the last analysed
                 frame, in what both show (see vision.light); None where that is not known
    codes        QR and Data Matrix codes that were read; looked for in every second frame only
    """

    t: Fraction
    sharpness: float
    luma: float
    exposure: float
    motion: float
    shake: float
    whole: float
    subject: Box | None
    hardware: float
    hardware_boxes: tuple[Box, ...]
    stitching: float
    stitching_boxes: tuple[Box, ...]
    cut: bool
    fingerprint: int
    light: tuple[float, float, float] | None = None
    codes: tuple[Code, ...] = ()

    def parts_of(self, shows: str) -> tuple[Box, ...]:
        """The boxes of what carries the score of "hardware" or "stitching"; of others none."""
        boxes = {"hardware": self.hardware_boxes, "stitching": self.stitching_boxes}
        return boxes.get(shows, ())


@dataclass(frozen=True)
class Analysis:
    """The moments of one footage file in time order, about ten a second.

    `damage` are the times, seconds, at which something in it did not decode.
    """

    footage: Footage
    moments: tuple[Moment, ...]
    damage: tuple[Fraction, ...] = ()

    @property
    def complaint(self) -> str:
        """What of the file could not be used, in words for the seller; empty where all could."""
        name, length = self.footage.name, self.footage.duration
        if self.footage.still or not self.moments:
            return ""
        times = [moment.t for moment in self.moments]
        rest = length - times[-1]
        # A recording of a screen may rest on its last picture, as it did on others.
        rested = max((b - a for a, b in pairwise(times)), default=Fraction(0))
        if rest > 1 and (self.damage or rest > 2 * rested):
            return (
                f"{name} can be read to {_clock(times[-1])} of {_clock(length)}; the rest is "
                "damaged or missing and is not used"
            )
        if self.damage:
            places = len({int(t) for t in self.damage})
            more = f" and in {places - 1} more places" if places > 1 else ""
            return (
                f"{name} is damaged at {_clock(self.damage[0])}{more}; what cannot be read there "
                "is left out"
            )
        return ""


def _clock(t: Fraction) -> str:
    return f"{int(t) // 60}:{int(t) % 60:02d}"
