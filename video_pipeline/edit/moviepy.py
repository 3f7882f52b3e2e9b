"""An edit as a MoviePy clip, for people who script further.

The pictures come from our own decoder, upright and at their true times, since MoviePy turns clips
with a display matrix the wrong way (its issue 2356). Words stand still here; rendering gives
them their motion. What follows something in the picture follows it here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from moviepy import (
    AudioArrayClip,
    AudioFileClip,
    CompositeAudioClip,
    CompositeVideoClip,
    ImageClip,
    VideoClip,
    afx,
    concatenate_videoclips,
)
from numpy.typing import NDArray

from video_pipeline.analysis.sway import sway
from video_pipeline.edit.burned_in import held_to
from video_pipeline.edit.corrections import as_filmed
from video_pipeline.edit.honesty import words_of
from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.edit.music import FADES_S
from video_pipeline.edit.onscreen import call_outs
from video_pipeline.edit.placing import clearing
from video_pipeline.edit.steadying import steady_window, stretch_of
from video_pipeline.errors import ClaimError
from video_pipeline.footage.decode import frames
from video_pipeline.footage.hearing import probe_music, samples
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import NO_BARS
from video_pipeline.graph import BARS, SAMPLE_RATE, fitted, shown_until
from video_pipeline.overlays.callout import Callout
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.language import language
from video_pipeline.presets.placements import USUAL, load_placement
from video_pipeline.store import Store
from video_pipeline.trust.badge import retold
from video_pipeline.trust.claims import Claim
from video_pipeline.trust.wording import load_wording


def to_moviepy(
    edit: Edit,
    home: Path = Path(),
    *,
    claims: Sequence[Claim] = (),
    presets: Path | None = None,
    overlays: Path | None = None,
    store: Store | None = None,
) -> Any:
    """The whole edit as one MoviePy `VideoClip` with sound, to script further.

    `home` is the folder that the edit's source paths start from; `presets` and `overlays` are a
    person's own folders; `store` is the cache, the usual one if it is not named. A badge is drawn
    only for one of `claims` (see trust.badge.verify), in its words, and only where the placement
    allows it; else it is left out, whatever the edit says, as is all that the placement keeps out.
    Where the placement names a set of words (see trust.wording), claims are told in those.
    Music stands softer than a voice by a fixed measure, or a voice softer than music that leads:
    only `render` has music give way and brings all to a loudness. Captions are left out.
    Raises FootageError when a source or the music is gone.
    """
    edit = as_filmed(edit) if edit.as_filmed else edit
    footage = {
        name: probe(home / source.path).without(source.bars or NO_BARS)
        for name, source in edit.sources.items()
    }
    lang = language(edit.lang, overlays)
    placement = load_placement(edit.placement, presets).posted(edit.post_by)
    placement = clearing(edit, placement, presets, rtl=lang.rtl)
    edit, _ = held_to(edit, placement, own=overlays)
    if placement.wording != USUAL and claims:
        claims, _ = retold(claims, (), load_wording(lang.tag, presets, placement.wording))
    canvas = Canvas(edit.width, edit.height, placement.safe)
    clips = []
    for cut in (_windowed(cut, footage[cut.source], edit, store or Store()) for cut in edit.cuts):
        seconds = float(cut.frames / edit.rate)
        picture = VideoClip(
            frame_function=_Reader(footage[cut.source], cut, edit).frame, duration=seconds
        )
        layers = [picture]
        drawn: list[tuple[OverlayUse, Drawing]] = []
        for use in (use for use in cut.overlays if use.follows is None):
            try:
                words = words_of(use, cut.slot, placement, claims, own=overlays)
            except ClaimError:
                continue
            drawing = draw(
                use.template,
                words.fields,
                canvas,
                anchor=use.anchor,
                own=overlays,
                lang=lang.tag,
                theme=edit.theme,
            )
            drawn.append((use, drawing))
            layers.append(
                ImageClip(drawing.pixels, transparent=True)
                .with_position((drawing.x, drawing.y))
                .with_start(float(use.first / edit.rate))
                .with_duration(float((use.last - use.first) / edit.rate))
            )
        for use, callout in call_outs(
            cut, footage, drawn, canvas, rate=edit.rate, own=overlays, theme=edit.theme
        ):
            if callout is not None:
                start = float(use.first / edit.rate)
                layers.append(_following(callout, edit.rate).with_start(start))
        clip = CompositeVideoClip(layers, size=(edit.width, edit.height)).with_duration(seconds)
        clips.append(clip.with_audio(_sound(footage[cut.source], cut, edit)))
    whole = concatenate_videoclips(clips).with_fps(float(edit.rate))
    return whole.with_audio(_with_music(whole.audio, edit, home))


def _windowed(cut: Cut, footage: Footage, edit: Edit, store: Store) -> Cut:
    """A cut that is to be steadied with the window that does it, where that can be."""
    if cut.steady is None:
        return cut
    found = sway(footage, *stretch_of(cut, edit.rate), store)
    window = steady_window(cut, found, footage, edit.rate)
    return replace(cut, crop=window) if window else cut


def _following(callout: Callout, rate: Fraction) -> Any:
    """A callout as a clip that stands on its place."""

    def number(t: float) -> int:
        return min(round(t * float(rate)), len(callout) - 1)

    seconds = float(len(callout) / rate)
    mask = VideoClip(
        frame_function=lambda t: callout.frame(number(t))[..., 3] / 255.0,
        is_mask=True,
        duration=seconds,
    )
    return (
        VideoClip(frame_function=lambda t: callout.frame(number(t))[..., :3], duration=seconds)
        .with_mask(mask)
        .with_position((callout.x, callout.y))
    )


class _Reader:
    """Reads one cut's frames forwards; going back opens the source again."""

    def __init__(self, footage: Footage, cut: Cut, edit: Edit) -> None:
        self._footage, self._cut, self._edit = footage, cut, edit
        self._frames: Iterator[tuple[Fraction, NDArray[np.uint8]]] = iter(())
        self._now: tuple[Fraction, NDArray[np.uint8]] | None = None
        self._next: tuple[Fraction, NDArray[np.uint8]] | None = None

    def frame(self, t: float) -> NDArray[np.uint8]:
        """RGB picture of the output's size at `t` seconds of the cut."""
        number = min(round(t * float(self._edit.rate)), self._cut.frames - self._cut.hold - 1)
        until = shown_until(self._footage, self._cut.start, number, self._edit.rate)
        if self._now is None or until <= self._now[0]:
            self._frames = frames(
                self._footage,
                long_side=max(self._footage.width, self._footage.height),
                every_s=Fraction(0),
                since=self._cut.start,
            )
            self._now = next(self._frames)
            self._next = next(self._frames, None)
        while self._next is not None and self._next[0] < until:
            self._now, self._next = self._next, next(self._frames, None)
        return self._framed(self._now[1], number)

    def _framed(self, picture: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        cut, crop = self._cut, self._cut.crop
        size = fitted(crop, self._edit.width, self._edit.height)
        x, y, width, height = crop.at(number, cut.frames - cut.hold)
        # Brought near to its size first, since what reads between pixels would leap over some.
        shrink = min(1.0, size[0] / crop.width)
        small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        left, top, width, height = (v * shrink for v in (x, y, width, height))
        across, down = width / size[0], height / size[1]
        # From the middle of a pixel to the middle of another.
        where = np.array(
            [[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]], np.float64
        )
        inner = cv2.warpAffine(
            small,
            where,
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        sheet = np.full((self._edit.height, self._edit.width, 3), BARS, dtype=np.uint8)
        first_x, first_y = (
            (whole - part) // 4 * 2
            for whole, part in zip((self._edit.width, self._edit.height), size, strict=True)
        )
        sheet[first_y : first_y + size[1], first_x : first_x + size[0]] = cut.light.on(
            np.asarray(cv2.cvtColor(inner, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        )
        return sheet


def _sound(footage: Footage, cut: Cut, edit: Edit) -> Any:
    if footage.audio_stream is None or not edit.keep_sound:
        return None
    start = float(cut.start)
    whole = AudioFileClip(str(footage.path))
    end = min(start + float(cut.frames / edit.rate), whole.duration)
    return whole.subclipped(start, end) if end > start else None


def _with_music(voice: Any, edit: Edit, home: Path) -> Any:
    """The clip's sound with its music, as loud as the file has it, faded at both ends."""
    music = edit.music
    if music is None:
        return voice
    file = probe_music(home / music.path)
    wave = samples(file.path, file.stream, SAMPLE_RATE, stereo=True)
    turn = wave[round(music.start * SAMPLE_RATE) : round(music.end * SAMPLE_RATE)]
    whole = np.resize(turn, (round(edit.duration_s * SAMPLE_RATE), 2))
    comes, goes = (min(s, edit.duration_s / 2) for s in FADES_S)
    played = AudioArrayClip(whole, fps=SAMPLE_RATE).with_effects(
        [afx.AudioFadeIn(comes), afx.AudioFadeOut(goes)]
    )
    if voice is None:
        return played
    under, over = (voice, played) if music.leads else (played, voice)
    both = CompositeAudioClip([under.with_volume_scaled(0.25), over])
    return both.with_duration(edit.duration_s)
