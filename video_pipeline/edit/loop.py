"""The loop: a clip whose end runs into its beginning.

Players start a short clip again as soon as it is over. So one stretch of footage is shared out: its
second part opens the clip and its first part ends it, and nobody sees where the clip began.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import Window, best_windows, window
from video_pipeline.presets.storyboards import Need

# A stretch that is seen elsewhere in the clip is only taken when there is no other.
_REPEATED = 0.2


def closed(
    first: Window,
    last: Window,
    need: Need,
    reels: Sequence[Reel],
    *,
    others: Sequence[Window],
    shortest: tuple[Fraction, Fraction],
) -> tuple[Window, Window] | None:
    """The first and the last window of a loop, of one stretch that shows `need` without a fault.

    The last ends at the very moment at which the first begins. Both keep their lengths if they
    can, or give way down to the `shortest` of each, in seconds. `others` are the windows between
    them. None when no footage has such a stretch.
    """
    for opening, ending in (
        (first.length, last.length),
        (first.length, shortest[1]),
        (shortest[0], shortest[1]),
    ):
        found, _ = best_windows(reels, need, opening + ending)
        parted = [ends for w in found if (ends := _parted(w, need, reels, opening, ending))]
        fresh = [e for e in parted if all(w.overlap(o) < _REPEATED for w in e for o in others)]
        if parted:
            return (fresh or parted)[0]
    return None


def _parted(
    stretch: Window, need: Need, reels: Sequence[Reel], opening: Fraction, ending: Fraction
) -> tuple[Window, Window] | None:
    """A stretch in two: its end to open the clip, its beginning to end it; None if one is poor."""
    reel = next(reel for reel in reels if reel.name == stretch.source)
    start = reel.at(stretch.start)
    # Windows begin where the footage was looked at; the seam is the first such moment.
    seam = next(i for i, t in enumerate(reel.times) if t >= stretch.start + ending)
    begins, length = reel.times[seam], reel.times[seam] - stretch.start
    ends = window(reel, need, seam, opening, opening), window(reel, need, start, length, length)
    return None if begins + opening > stretch.end or any(w.faults for w in ends) else ends
