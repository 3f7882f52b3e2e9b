"""The way back: an edit with the in-points, lengths and order that an editor gave it.

An editing program keeps little of what an edit knows, so nothing of it is relied on. Each clip that
comes back is laid beside the edit's own cuts; the cut that showed the same footage lends it its
slot, its words and its crop, fitted to the new span.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.edit.timeline import Clip, clock, counting_rate
from video_pipeline.errors import ListingError, Problem
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop, CropKey

_LEAST_S = Fraction(1, 2)  # an overlay that stands more briefly is not worth its coming and going


@dataclass(frozen=True)
class _Take:
    """Footage that an editor shows without a break; the last `hold` frames of it stand still."""

    name: str
    source: str
    start: Fraction
    frames: int
    hold: int
    at: int
    cut: int  # the number of the cut it was written for, 0 where nothing says


def recut(edit: Edit, clips: Sequence[Clip], footage: Mapping[str, Footage], where: str) -> Edit:
    """The edit as `clips` cut it anew, and a warning for each overlay that has no time left.

    An in-point that was not moved, within half a frame of the source, stays exactly what it was.
    Raises ListingError for a clip that shows what no cut of the edit shows.
    """
    rates = {name: counting_rate(source, edit.rate) for name, source in footage.items()}
    takes = _takes(clips, edit.rate, rates)
    cuts: list[Cut] = []
    problems: list[Problem] = []
    warnings: list[str] = []
    spare = list(edit.cuts)
    for number, take in enumerate(takes, start=1):
        half = 1 / rates[take.source] / 2
        own = _nearest(take, edit, spare, half)
        if own is None:
            problems.append(
                Problem(
                    f"{where}: clip {number} at {clock(take.at / edit.rate)}",
                    f"it shows {take.source} from {clock(take.start)} on, which no cut of the edit "
                    "shows",
                    "move a cut of the edit there first, then export it again",
                )
            )
            continue
        if own in spare:
            spare.remove(own)
        start = own.start if abs(take.start - own.start) <= half else take.start
        cut, dropped = _fitted(replace(take, start=start), own, edit.rate)
        cuts.append(cut)
        warnings.extend(
            f"the cut '{cut.slot}' at {clock(take.at / edit.rate)} is too short now for its "
            f"'{use.template}', which was left out"
            for use in dropped
        )
    if problems:
        raise ListingError("the timeline shows something new", where=where, problems=problems)
    return replace(edit, cuts=tuple(cuts), warnings=(*edit.warnings, *warnings))


def _takes(clips: Sequence[Clip], rate: Fraction, rates: Mapping[str, Fraction]) -> list[_Take]:
    """Clips, each with the held frame that goes on from its last one."""
    takes: list[_Take] = []
    for clip in clips:
        if not clip.held:
            takes.append(_taken(clip))
            continue
        last = takes[-1] if takes else None
        if last is not None and last.source == clip.source:
            shown = last.start + (last.frames - last.hold - 1) / rate
            if abs(clip.start - shown) <= max(1 / rate, 1 / rates[clip.source]):
                hold = last.hold + clip.frames
                takes[-1] = replace(last, frames=last.frames + clip.frames, hold=hold)
                continue
        # A still by itself: one frame that plays, and the rest held.
        takes.append(_taken(clip, hold=clip.frames - 1))
    return takes


def _taken(clip: Clip, hold: int = 0) -> _Take:
    return _Take(clip.name, clip.source, clip.start, clip.frames, hold, clip.at, clip.cut)


def _nearest(take: _Take, edit: Edit, spare: Sequence[Cut], slack: Fraction) -> Cut | None:
    """The cut that shows the same footage as a take, to `slack` seconds; None when none does."""

    def end(of: _Take | Cut) -> Fraction:
        return of.start + (of.frames - of.hold) / edit.rate

    def likeness(numbered: tuple[int, Cut]) -> tuple[bool, bool, Fraction, Fraction, bool]:
        number, cut = numbered
        shared = min(end(take), end(cut)) - max(take.start, cut.start)
        apart = abs(take.start - cut.start) + abs(end(take) - end(cut))
        noted = number == take.cut
        return noted, cut.slot == take.name, shared, -apart, cut in spare

    same = [
        (number, cut)
        for number, cut in enumerate(edit.cuts, start=1)
        if cut.source == take.source
        and take.start < end(cut) + slack
        and cut.start < end(take) + slack
    ]
    return max(same, key=likeness)[1] if same else None


def _fitted(take: _Take, own: Cut, rate: Fraction) -> tuple[Cut, list[OverlayUse]]:
    """A cut's own self over a take's span, and the overlays that it has no time for."""
    later = round((take.start - own.start) * rate)
    overlays: list[OverlayUse] = []
    dropped: list[OverlayUse] = []
    for use in own.overlays:
        # What stood from the first frame or to the last one still does.
        first = min(max(use.first - later, 0), take.frames) if use.first else 0
        last = min(max(use.last - later, 0), take.frames)
        if use.last == own.frames:
            last = take.frames
        changed = (first, last) != (use.first, use.last)
        if changed and last - first < _LEAST_S * rate:
            dropped.append(use)
        else:
            overlays.append(replace(use, first=first, last=last))
    cut = replace(
        own,
        start=take.start,
        frames=take.frames,
        hold=take.hold,
        overlays=tuple(overlays),
        crop=_moved(own.crop, later, own.frames),
    )
    return cut, dropped


def _moved(crop: Crop, later: int, frames: int) -> Crop:
    """The crop of a cut of `frames` frames for one that begins `later` frames later.

    It stays on the same path over the footage.
    """
    if later == 0 or len(crop.path) == 1:
        return crop
    path = [replace(key, frame=key.frame - later) for key in crop.path if key.frame > later]
    if len(path) < len(crop.path):
        x, y = (round(v / 2) * 2 for v in crop.corners(np.array([float(later)]), frames)[0])
        path.insert(0, CropKey(0, x, y))
    return replace(crop, path=tuple(path))
