"""The loop: a clip whose end runs into its beginning.

Players start a short clip again as soon as it is over. So one stretch of footage is shared out: its
second part opens the clip and its first part ends it, and nobody sees where the clip began.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from video_pipeline.edit.moments import Reel, Window, best_windows
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
    shortest: Fraction,
) -> tuple[Window, Window] | None:
    """The first and the last window of a loop, of one stretch that shows `need` without a fault.

    The last ends at the very moment at which the first begins. Both keep their lengths if they
    can; the last may give way down to `shortest` seconds. `others` are the windows between them.
    None when no footage has such a stretch.
    """
    for length in (last.length, (last.length + shortest) / 2, shortest):
        found, _ = best_windows(reels, need, first.length + length)
        fresh = [w for w in found if all(w.overlap(o) < _REPEATED for o in others)]
        for stretch in fresh or found:
            reel = next(reel for reel in reels if reel.name == stretch.source)
            start = reel.times.index(stretch.start)
            # Windows begin where the footage was looked at; the rest of the stretch is the first's.
            seam = next(i for i, t in enumerate(reel.times) if t >= stretch.start + length)
            length_to_seam = reel.times[seam] - stretch.start
            if reel.times[seam] + first.length <= reel.end:
                return (
                    reel.window(need, seam, first.length),
                    reel.window(need, start, length_to_seam),
                )
    return None
