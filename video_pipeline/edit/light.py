"""Matching light: cuts of one unbroken stretch of a take look lit alike, within narrow bounds.

What is compared is the phone's own change between two looks at the same things, added up over the
take. Across a whip pan or a cut nothing is known, and nothing is matched: two shots of different
things never are, however unlike they look.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit.model import Cut
from video_pipeline.light import MOST_EXPOSURE, MOST_GAIN, NEUTRAL, Light

# What a viewer does not notice from one shot to the next is left alone.
LEAST_EXPOSURE = 0.06  # stops
LEAST_GAIN = 0.01


def matched(
    cuts: Sequence[Cut],
    analyses: Mapping[str, Analysis],
    rate: Fraction,
    flaws: Collection[int] = (),
) -> tuple[Cut, ...]:
    """The cuts with the light that brings each near to the median of those it can be held against.

    The first cut follows the others and is not followed, so that variants with other openings
    share the rest. A flaw, told by its place in `flaws`, is brightened no more than the cut among
    the others that is brightened most.
    """
    courses = {name: _course(analyses[name]) for name in {cut.source for cut in cuts}}
    seen = [_seen(cut, courses[cut.source], rate) for cut in cuts]
    groups: dict[tuple[str, int], list[int]] = {}
    for i, found in enumerate(seen):
        if found is not None:
            groups.setdefault((cuts[i].source, found[0]), []).append(i)
    lights = [NEUTRAL] * len(cuts)
    for members in groups.values():
        if len(members) < 2:
            continue
        body = np.array([seen[i][1] for i in members if i > 0])  # type: ignore[index]
        usual = np.median(body, axis=0)
        for i in members:
            lights[i] = correction(usual - seen[i][1])  # type: ignore[index]
    others = [light.exposure for i, light in enumerate(lights) if i and i not in flaws]
    most = max([0.0, *others])
    for i in flaws:
        lights[i] = replace(lights[i], exposure=min(lights[i].exposure, most))
    return tuple(replace(cut, light=light) for cut, light in zip(cuts, lights, strict=True))


def correction(stops: NDArray[np.float64]) -> Light:
    """The correction nearest to a wanted change of red, green and blue, stops, in its bounds."""
    red, green, blue = (float(value) for value in stops)
    exposure = float(np.clip(green, -MOST_EXPOSURE, MOST_EXPOSURE))
    gains = [
        float(np.clip(2.0 ** (channel - green), 1 - MOST_GAIN, 1 + MOST_GAIN))
        for channel in (red, blue)
    ]
    return Light(
        round(exposure, 2) if abs(exposure) >= LEAST_EXPOSURE else 0.0,
        *(round(gain, 3) if abs(gain - 1) >= LEAST_GAIN else 1.0 for gain in gains),
    )


def told(light: Light) -> str:
    """A correction in plain words; empty for none."""
    if light.neutral:
        return ""
    parts = [f"exposure {light.exposure:+.2f} stops"] if light.exposure else []
    parts += [
        f"{name} {100 * (gain - 1):+.1f} %"
        for name, gain in (("red", light.red), ("blue", light.blue))
        if gain != 1
    ]
    return f"{', '.join(parts)}, to match the shots beside it"


@dataclass(frozen=True)
class _Course:
    """A source's light at its moments: when (n,), in which unbroken stretch (n,), stops (n, 3)."""

    seconds: NDArray[np.float64]
    stretch: NDArray[np.int64]
    light: NDArray[np.float64]


def _course(analysis: Analysis) -> _Course:
    moments = analysis.moments
    stretch = np.cumsum([moment.light is None for moment in moments])
    change = np.cumsum([moment.light or (0.0, 0.0, 0.0) for moment in moments], axis=0)
    # Each stretch begins at the light of its own first moment.
    first = np.searchsorted(stretch, stretch)
    begun = np.where((stretch > 0)[:, None], change[first], 0.0)
    return _Course(np.array([float(m.t) for m in moments]), stretch, change - begun)


def _seen(cut: Cut, course: _Course, rate: Fraction) -> tuple[int, NDArray[np.float64]] | None:
    """The unbroken stretch that a cut lies in, by number, and its light there, stops."""
    times = float(cut.start), float(cut.start + (cut.frames - cut.hold) / rate)
    first, last = np.searchsorted(course.seconds, times)
    stretch = course.stretch[first:last]
    if not len(stretch) or (stretch != stretch[0]).any():
        return None
    return int(stretch[0]), course.light[first:last].mean(axis=0)
