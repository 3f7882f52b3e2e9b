"""The cover's choice: of all looks that a clip shows, the one that would stop a thumb.

The whole piece, sharp, well lit, still and in the middle. Only what the clip itself shows is
looked through, so that what a person took out of the clip is not on its cover, and so that
platforms where the cover is a frame of the clip can be given the same. Nothing here knows a face
from a bag: the choice says so and a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest
from math import hypot
from pathlib import Path

from video_pipeline.analysis.model import Analysis, Moment
from video_pipeline.edit.framing import frame_window
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.edit.placing import placed_on, shown_in
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import window
from video_pipeline.geometry import Crop
from video_pipeline.light import Light
from video_pipeline.overlays.language import Language
from video_pipeline.presets.placements import Placement, SafeArea
from video_pipeline.vision.picture import ramp

NOT_TOLD = "faces and hands: nothing here can tell them, so look before you post it"
_TITLE = "title"
# A subject that takes this share of the picture is large enough to be known in a list of results.
_SMALL, _LARGE = 0.05, 0.2


@dataclass(frozen=True)
class Cover:
    """One look as a cover: where it is, how it is framed, and what spoke for it.

    `parts` are 0..1 each; `score` is `whole` times what the others are worth. `title` is what the
    clip's own title says, None where the clip has none; it stands at `anchor`, where it hides least
    of the piece, in the look (`theme`) and the language (`lang`) of the clip.
    """

    source: str
    t: Fraction
    slot: str
    crop: Crop
    light: Light
    score: float
    parts: Mapping[str, float]
    canvas: Placement
    title: Mapping[str, object] | None
    anchor: str
    theme: str
    lang: str

    @property
    def why(self) -> str:
        """What spoke for it, in words and numbers."""
        return ", ".join(f"{name} {value:.2f}" for name, value in self.parts.items())


def choose_cover(
    edit: Edit, analyses: Mapping[str, Analysis], place: Placement, own: Path | None = None
) -> Cover:
    """The cover of an edit for its placement, at the size that the placement asks for.

    Where the clip shows no look of its own (a photo, a very short cut) the middle of its first cut
    is taken. `own` is a person's overlays folder. Raises what drawing its title would raise.
    """
    looks = [
        (cut, moment)
        for cut in edit.cuts
        for moment in _stirred(analyses[cut.source].moments)
        if cut.start <= moment.t < cut.start + (cut.frames - cut.hold) / edit.rate
    ] or [_middle(edit, analyses)]
    cut, moment = max(looks, key=lambda look: _score(_parts(look[1])))
    analysis = analyses[cut.source]
    canvas = _canvas(place)
    reel = Reel(cut.source, analysis)
    nearest = min(range(len(reel.times)), key=lambda i: abs(reel.times[i] - moment.t))
    look = window(reel, "whole", nearest, 1 / edit.rate, 1 / edit.rate)
    crop = frame_window(look, "whole", analysis.footage, canvas)
    crop = replace(crop, zoom=(1.0, 1.0), path=crop.path[:1])
    parts = _parts(moment)
    title = next(
        (use.fields for c in edit.cuts for use in c.overlays if use.template == _TITLE), None
    )
    anchor = ""
    if title is not None:
        words = Language(edit.lang, own)
        seen = shown_in(look, "whole", crop, analysis.footage, canvas, frames=1)
        placed = placed_on([(_TITLE, title)], seen, canvas, 1, words=words, theme=edit.theme)
        anchor = placed.overlays[0].anchor
    return Cover(
        source=cut.source,
        t=moment.t,
        slot=cut.slot,
        crop=crop,
        light=cut.light,
        score=_score(parts),
        parts=parts,
        canvas=canvas,
        title=title,
        anchor=anchor,
        theme=edit.theme,
        lang=edit.lang,
    )


def cover_as_json(cover: Cover) -> dict[str, object]:
    """The cover as plain JSON values; `t` is seconds in the source as displayed."""
    return {
        "source": cover.source,
        "t": round(float(cover.t), 4),
        "slot": cover.slot,
        "score": round(cover.score, 4),
        "parts": {name: round(value, 4) for name, value in cover.parts.items()},
        "not_told": NOT_TOLD,
    }


def _parts(moment: Moment) -> dict[str, float]:
    box = moment.subject
    away = hypot(box.centre[0] - 0.5, box.centre[1] - 0.5) if box else 0.25
    return {
        "whole": moment.whole,
        "sharp": moment.sharpness,
        "light": moment.exposure,
        "still": 1 / (1 + moment.motion + 4 * moment.shake),
        "balanced": max(0.0, 1 - 2 * away),
        "large": ramp(box.area, _SMALL, _LARGE) if box else 0.5,
    }


def _score(parts: Mapping[str, float]) -> float:
    """A look without the whole piece may still be the best there is: none is worth nothing."""
    picture = parts["sharp"] * parts["light"] * parts["still"]
    composed = 0.7 * parts["balanced"] + 0.3 * parts["large"]
    return (0.05 + 0.95 * parts["whole"]) * (0.2 + 0.8 * picture) * (0.4 + 0.6 * composed)


def _middle(edit: Edit, analyses: Mapping[str, Analysis]) -> tuple[Cut, Moment]:
    """The middle of the hero shot, for a clip that shows no look of its own."""
    cut = next((c for c in edit.cuts if c.slot == "hero"), edit.cuts[0])
    middle = cut.start + (cut.frames - cut.hold) / edit.rate / 2
    nearest = min(analyses[cut.source].moments, key=lambda m: abs(m.t - middle))
    return cut, replace(nearest, t=middle)


def _stirred(looks: Sequence[Moment]) -> Iterator[Moment]:
    """The looks, each with the larger of its movements: since the last one, and to the next.

    A recording's first look knows nothing of a movement, but is the moment at which a finger
    presses the button.
    """
    for look, after in zip_longest(looks, looks[1:], fillvalue=looks[-1]):
        yield replace(
            look, motion=max(look.motion, after.motion), shake=max(look.shake, after.shake)
        )


def _canvas(place: Placement) -> Placement:
    """The placement at its cover's size, with as much of each side kept clear."""
    across, down = place.cover
    wide, high = Fraction(across, place.width), Fraction(down, place.height)
    safe = SafeArea(
        round(place.safe.top * high),
        round(place.safe.right * wide),
        round(place.safe.bottom * high),
        round(place.safe.left * wide),
    )
    return replace(place, width=across, height=down, safe=safe)
