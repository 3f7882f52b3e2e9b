"""The preview's choice: the whole piece and its best details, as a loop of a few seconds.

As in the storyboard `silent-loop`, one stretch is shared out: its second part opens the loop and
its first part ends it, so that the last frame and the first are neighbours in the footage and
nobody sees where the loop began. Nothing is written on it: no price, no badge, no words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit.cover import NOT_TOLD
from video_pipeline.edit.framing import frame_window
from video_pipeline.edit.model import Edit
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import Window, best_windows, window_around
from video_pipeline.errors import UsageError
from video_pipeline.geometry import Crop
from video_pipeline.presets.previews import Preview
from video_pipeline.presets.storyboards import Need

# What the shared stretch shows, the best first: it opens the loop and stands for the piece.
_OPENINGS: tuple[Need, ...] = ("whole", "hardware", "stitching", "any")
_DETAILS: tuple[Need, ...] = ("hardware", "stitching")
_REPEATED = 0.2  # of a stretch may be seen elsewhere in the loop


@dataclass(frozen=True)
class Part:
    """One stretch of footage in the loop: `frames` frames of `source` from `start` on."""

    source: str
    start: Fraction
    frames: int
    crop: Crop
    shows: Need
    why: str


@dataclass(frozen=True)
class Loop:
    """The parts of a loop; the first is shared out.

    The loop begins at frame `seam` of the first part and ends with the one before it. `warnings`
    say in plain words what the footage did not allow.
    """

    parts: tuple[Part, ...]
    seam: int
    rate: Fraction
    warnings: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[int, ...]:
        """The loop's frames, each by its number among the frames of all parts one after another."""
        first, frames = self.parts[0].frames, sum(part.frames for part in self.parts)
        return (*range(self.seam, first), *range(first, frames), *range(self.seam))

    @property
    def duration_s(self) -> float:
        """Seconds until it begins anew."""
        return float(len(self.order) / self.rate)

    @property
    def shows(self) -> tuple[Need, ...]:
        """What is seen in it, each once."""
        return tuple(dict.fromkeys(part.shows for part in self.parts))


Spans = Sequence[tuple[Fraction, Fraction]]


def choose_loop(
    analyses: Mapping[str, Analysis],
    preview: Preview,
    bans: Mapping[str, Spans] = MappingProxyType({}),
) -> Loop:
    """The loop that these analyses allow: the same for the same analyses and figures.

    `bans` are the stretches `[start, end)` of each source that must not be shown, seconds. It does
    not fail for want of good footage: what is too short or has a fault is taken when there is
    nothing better, and said. Raises UsageError when everything is banned.
    """
    reels = [Reel(name, analysis, bans.get(name, ())) for name, analysis in analyses.items()]
    reels = [reel for reel in reels if not reel.banned.all()]
    if not reels:
        raise UsageError(
            "nothing is left to show", where="--ban", mend="ban less, or add footage to the listing"
        )
    step = Fraction(preview.step) / preview.rate
    detail = _whole_steps(preview.detail_s, step)
    details: list[tuple[Need, Window]] = []
    room = Fraction(preview.max_s) - _whole_steps(preview.whole_s, step)
    for need in _DETAILS * 2:  # a second view of each only where the loop would be too short
        enough = sum(w.length for _, w in details) + Fraction(preview.whole_s) >= preview.min_s
        if len(details) >= len(_DETAILS) and enough:
            break
        taken = [w for _, w in details]
        found = _fresh(best_windows(reels, need, detail)[0], taken)
        if found and sum(w.length for w in taken) + found.length <= room:
            details.append((need, found))
    details.sort(key=lambda entry: _DETAILS.index(entry[0]))
    lacking = Fraction(preview.min_s) - sum(w.length for _, w in details)
    need, shared = _opening(reels, preview, lacking, step, [w for _, w in details])
    chosen = [(need, shared), *details]
    chosen += _more(reels, detail, Fraction(preview.min_s), [w for _, w in chosen])
    parts = tuple(_part(window, shows, analyses, preview) for shows, window in chosen)
    first = parts[0].frames
    seam = first // 2 // preview.step * preview.step or first // 2
    loop = Loop(parts, seam, preview.rate)
    return Loop(parts, seam, preview.rate, tuple(_said(loop, shared, preview)))


def left_out_of(edit: Edit, analyses: Mapping[str, Analysis]) -> dict[str, Spans]:
    """What a clip does not show, as bans: a person may have kept it out for a reason."""
    left: dict[str, Spans] = {}
    for name, analysis in analyses.items():
        shown = sorted(
            (cut.start, cut.start + (cut.frames - cut.hold) / edit.rate)
            for cut in edit.cuts
            if cut.source == name
        )
        edges = [Fraction(0), *(time for span in shown for time in span)]
        edges.append(max(edges[-1], analysis.footage.duration) + 1)
        left[name] = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    return left


def loop_as_json(loop: Loop) -> dict[str, Any]:
    """The loop as plain JSON values; `seam` is the frame of the first part that opens it."""
    return {
        "duration_s": round(loop.duration_s, 3),
        "seam": loop.seam,
        "parts": [
            {
                "source": part.source,
                "start": str(part.start),
                "frames": part.frames,
                "shows": part.shows,
                "why": part.why,
                "crop": asdict(part.crop),
            }
            for part in loop.parts
        ],
        "warnings": list(loop.warnings),
        "not_told": NOT_TOLD,
    }


def _opening(
    reels: Sequence[Reel],
    preview: Preview,
    lacking: Fraction,
    step: Fraction,
    taken: Sequence[Window],
) -> tuple[Need, Window]:
    """The stretch that is shared out: as long as the loop lacks, if there is one; else shorter."""
    usual = _whole_steps(preview.whole_s, step)
    longer = max(usual, _whole_steps(float(lacking), step, up=True))
    for length in dict.fromkeys((longer, usual, _whole_steps(preview.detail_s, step))):
        for need in _OPENINGS:
            found, _ = best_windows(reels, need, length)
            if found:
                return need, _fresh(found, taken) or found[0]
    # Nothing is clean for long: the best moment there is, with its faults.
    free = [(reel, np.where(reel.banned, -1.0, reel.shows["any"])) for reel in reels]
    reel, shown = max(free, key=lambda entry: float(entry[1].max()))
    i = int(shown.argmax())
    return "any", window_around(reel, "any", reel.times[i], usual)


def _more(
    reels: Sequence[Reel], length: Fraction, least: Fraction, taken: list[Window]
) -> list[tuple[Need, Window]]:
    """Further views, for a loop that would be shorter than `least` seconds."""
    more: list[tuple[Need, Window]] = []
    for need in _OPENINGS:
        for found in best_windows(reels, need, length)[0]:
            if sum(w.length for w in taken) < least and _fresh([found], taken):
                taken.append(found)
                more.append((need, found))
    return more


def _fresh(windows: Sequence[Window], taken: Sequence[Window]) -> Window | None:
    return next((w for w in windows if all(w.overlap(t) < _REPEATED for t in taken)), None)


def _part(window: Window, shows: Need, analyses: Mapping[str, Analysis], preview: Preview) -> Part:
    footage = analyses[window.source].footage
    frames = max(1, int(window.length * preview.rate) // preview.step) * preview.step
    crop = frame_window(window, shows, footage, preview)
    return Part(window.source, window.start, frames, crop, shows, window.reason)


def _said(loop: Loop, shared: Window, preview: Preview) -> list[str]:
    said = []
    if shared.faults:
        said.append(
            f"no stretch of the footage is free of faults ({', '.join(shared.faults)}); the loop "
            "shows the best there is: hold each view still for two seconds"
        )
    if loop.duration_s < preview.min_s:
        said.append(
            f"the loop lasts {loop.duration_s:.1f} s, less than {preview.min_s:g}: there is no "
            "more steady and sharp footage"
        )
    words = {"whole": "the whole piece", "hardware": "hardware", "stitching": "stitching"}
    said.extend(
        f"the loop does not show {words[need]}: no clean view of it was found"
        for need in ("whole", *_DETAILS)
        if need not in loop.shows
    )
    return said


def _whole_steps(seconds: float, step: Fraction, *, up: bool = False) -> Fraction:
    """Seconds as whole steps, one at least."""
    steps = Fraction(seconds).limit_denominator(1000) / step
    whole = -(-steps // 1) if up else steps // 1
    return max(1, int(whole)) * step
