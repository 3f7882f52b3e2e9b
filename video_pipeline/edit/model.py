"""The edit: every decision of a clip, as a JSON file that a person can read and change.

Times in source files are exact fractions of seconds ("61/30"); times in the edit are whole frames
of the output. Crops are in pixels of the displayed source picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from video_pipeline.geometry import Bars, Crop, Trail
from video_pipeline.light import NEUTRAL, Light
from video_pipeline.listing.subtitles import Line
from video_pipeline.presets.placements import PostBy


@dataclass(frozen=True)
class OverlayUse:
    """One overlay on a cut: a template, what it says, and from which frame to which.

    `anchor` is where in the safe area it stands, empty for the template's own place; `why` tells
    what it hides there and elsewhere. A person may change the one and need not mind the other. One
    that `follows` something, as a callout does, stands where that is in each frame.
    """

    template: str
    fields: dict[str, Any]
    first: int
    last: int
    anchor: str = ""
    why: str = ""
    follows: Trail | None = None


@dataclass(frozen=True)
class Candidate:
    """A moment that was considered for a slot: what spoke for it, in words and numbers.

    To show it instead, copy `source`, `t` (as the cut's `start`) and `crop` into the cut.
    """

    source: str
    t: Fraction
    score: float
    reason: str
    crop: Crop | None = None


@dataclass(frozen=True)
class Steady:
    """That a cut is steadied: its window goes along with the camera's shake.

    `closer` is how many times larger the picture stands, which gives the window room. `most_px` is
    how far the window is moved at the most, in source pixels; it is told, and nothing follows it.
    """

    closer: float = 1.0
    most_px: float = 0.0


@dataclass(frozen=True)
class Cut:
    """One piece of the clip: `frames` output frames of `source` from `start` on.

    The last `hold` of them repeat the last live one: a flaw whose clean view is shorter than its
    note takes to read is held, not shown among blurred frames.
    """

    slot: str
    source: str
    start: Fraction
    frames: int
    crop: Crop
    overlays: tuple[OverlayUse, ...]
    shows: str
    why: str
    runners_up: tuple[Candidate, ...] = ()
    hold: int = 0
    light: Light = NEUTRAL
    steady: Steady | None = None


@dataclass(frozen=True)
class LeftOut:
    """A slot of the storyboard that no footage could fill, and what came nearest."""

    slot: str
    reason: str
    nearest: Candidate | None


@dataclass(frozen=True)
class SourceRef:
    """One footage file as the edit knows it; `bars` are cut off its picture, None: nothing is."""

    path: str
    digest: str
    bars: Bars | None = None


@dataclass(frozen=True)
class Music:
    """Music under a clip: the file plays from `start` to `end`, seconds of it, and round again.

    Both stand on a bar where the beats are known. Where it `leads`, the footage's own sound lies
    low under it; else it gives way whenever that sound is heard. `rights` is what the seller states
    about who may use it.
    """

    path: str
    digest: str
    start: Fraction
    end: Fraction
    leads: bool = False
    rights: str = ""


@dataclass(frozen=True)
class Edit:
    """A whole clip: its cuts in order, for one picture size and rate.

    `lang` is the language of the words that are not the seller's, such as "en". With `as_filmed`
    no cut's light is corrected and none is steadied. `theme` is the look of its overlays; with
    `reduced_motion` they come and go in cuts. `keep_sound` is false where the footage's own sound
    is not heard. `spoken` holds, by source, what is said in it and when, in times of the source;
    which of it is read in the clip follows from the cuts (see `spoken`). `post_by` says whether it
    is posted by hand or by a program, which decides what may stand in the picture.
    `clears` names further placements for which the picture was made, so that overlays keep clear of
    what those apps cover too.
    """

    sku: str
    listing: str
    storyboard: str
    placement: str
    width: int
    height: int
    rate: Fraction
    sources: dict[str, SourceRef]
    cuts: tuple[Cut, ...]
    left_out: tuple[LeftOut, ...] = ()
    keep_sound: bool = True
    music: Music | None = None
    spoken: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = field(default=())
    lang: str = "en"
    as_filmed: bool = False
    theme: str = "atelier"
    reduced_motion: bool = False
    post_by: PostBy = "hand"
    clears: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Length of the clip in output frames."""
        return sum(cut.frames for cut in self.cuts)

    @property
    def duration_s(self) -> float:
        """Length of the clip in seconds."""
        return float(self.frames / self.rate)

    def to_moviepy(self, home: Path = Path(), **more: Any) -> Any:
        """This edit as a MoviePy clip; see `video_pipeline.edit.moviepy.to_moviepy`."""
        from video_pipeline.edit.moviepy import to_moviepy  # noqa: PLC0415 - MoviePy starts slowly

        return to_moviepy(self, home, **more)
