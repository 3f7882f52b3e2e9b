"""Views: the windows of all reels that could fill a slot, and what came nearest where none does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from video_pipeline.edit.model import Candidate
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import Window, best_windows
from video_pipeline.presets.storyboards import Need, Slot


def views(
    slot: Slot, reels: Mapping[str, Reel], need: Need, lengths: Sequence[Fraction], *, spoken: bool
) -> tuple[list[Window], Need, str]:
    """Windows for a slot, what they show, and what is wrong with them, in words.

    Where words must be said (`spoken`), another view carries them when the needed one is missing,
    and if need be the least bad one.
    """
    windows, nearest = first_filled(reels, need, lengths)
    if windows or not spoken:
        return windows, need, "" if windows else _unfilled(slot, nearest)
    windows, least_bad = first_filled(reels, "any", lengths)
    if windows or least_bad is None:
        return windows, "any", _unfilled(slot, nearest)
    faults = ", ".join(least_bad.faults)
    return [least_bad], "any", f"the {slot.name} shot is poor: {faults}"


def first_filled(
    reels: Mapping[str, Reel], need: Need, lengths: Sequence[Fraction]
) -> tuple[list[Window], Window | None]:
    """The best windows, best first; or the nearest that is not usable.

    Of the first two lengths, the wanted one and the slot's shortest; of others only if need be.
    """
    nearest: Window | None = None
    found: list[Window] = []
    for number, length in enumerate(lengths):
        if found and number > 1:
            break
        windows, near = best_windows(list(reels.values()), need, length)
        found.extend(w for w in windows if all(w.overlap(other) < 0.5 for other in found))
        nearest = near or nearest
    found.sort(key=lambda w: (-w.score, w.source, w.start))
    return found, None if found else nearest


def other_views(
    windows: Sequence[Window],
    before: Sequence[Window],
    wanted: Fraction,
    reels: Mapping[str, Reel],
    lengths: Sequence[Fraction],
) -> list[Window]:
    """Other views than those that the shot `before` may show for `wanted` seconds, where all
    `windows` would show one of those again; else none.
    """
    shown = [replace(w, length=min(w.room, max(wanted, w.length))) for w in before]
    if not all(w.overlap(other) > 0 for w in windows for other in shown):
        return []
    unshown = {
        name: reel.without([(w.start, w.end) for w in shown if w.source == name])
        for name, reel in reels.items()
    }
    return first_filled(unshown, "any", lengths)[0]


def _unfilled(slot: Slot, nearest: Window | None) -> str:
    if nearest is None:
        return f"no stretch of footage is long enough for the {slot.name} shot"
    at = float(nearest.start)
    return (
        f"no shot for {slot.name}; nearest at {at:.1f} s of {nearest.source}: "
        f"{', '.join(nearest.faults)}"
    )


def named(window: Window) -> Candidate:
    """A window as the edit names it: where, how good, and why or why not."""
    reason = ", ".join(window.faults) or window.reason
    return Candidate(window.source, window.start, round(window.score, 3), reason)
