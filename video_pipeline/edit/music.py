"""Music: which stretch of a file plays under a clip, and on which frames its beats fall.

It begins on a bar and goes round on a bar. Where no beats are known, the whole file goes round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from statistics import median

from video_pipeline.edit.model import Cut, Music
from video_pipeline.footage.hearing import MusicFile
from video_pipeline.listing.clock import seconds_of
from video_pipeline.listing.model import Audio, Beats
from video_pipeline.presets.storyboards import Storyboard

# How long music comes, so that its first beat is still felt, and how long it goes; design choices.
FADES_S = 0.3, 1.5
_NEAR_S = Fraction(1, 25)  # so near to a beat a cut is felt to be on it


@dataclass(frozen=True)
class Score:
    """Music as a clip uses it: what the edit says of it, and its beats, seconds of the file.

    `barless` where beats were asked for and make up not one whole bar.
    """

    music: Music
    beats: tuple[Fraction, ...] = ()
    barless: bool = False

    def frames(self, rate: Fraction, most: int) -> tuple[int, ...]:
        """The frames of a clip, from 1 to `most`, on which beats fall; none without beats."""
        music = self.music
        beats = [beat for beat in self.beats if music.start <= beat < music.end]
        if not beats:
            return ()
        turns = range(int(most / rate / (music.end - music.start)) + 1)
        fall = (
            round((beat - music.start + turn * (music.end - music.start)) * rate)
            for turn in turns
            for beat in beats
        )
        return tuple(sorted({frame for frame in fall if 0 < frame <= most}))


def stated_beats(beats: Beats, duration: Fraction) -> tuple[Fraction, ...]:
    """The beats that a listing states, up to the end of the music, seconds."""
    if beats.bpm is None:
        return tuple(t for t in map(Fraction, map(str, beats.times)) if t <= duration)
    first, apart = seconds_of(beats.first), 60 / Fraction(str(beats.bpm))
    return tuple(first + n * apart for n in range(max(0, int((duration - first) / apart) + 1)))


def score(file: MusicFile, audio: Audio, beats: Sequence[Fraction] = ()) -> Score:
    """The music of a listing, from its first bar to the end of its last whole one.

    Without so much as one bar of `beats`, all of it, and no beats.
    """
    bar = audio.beats.bar if audio.beats else 1
    music = Music(
        path=str(file.path),
        digest=file.digest,
        start=Fraction(0),
        end=file.duration,
        leads=audio.voice == "duck",
        rights=audio.rights or "",
    )
    barless = Score(music, barless=audio.beats is not None)
    if len(beats) < 2:
        return barless
    # The last beat that was found is the beginning of one more.
    apart = Fraction(median(b - a for a, b in pairwise(beats)))
    whole = [*beats, *([beats[-1] + apart] if beats[-1] + apart <= file.duration else [])]
    bars = (len(whole) - 1) // bar
    if not bars:
        return barless
    return Score(replace(music, start=whole[0], end=whole[bars * bar]), tuple(beats))


def warnings(score: Score | None, storyboard: Storyboard) -> Iterator[str]:
    """What is to be said of the music of a clip."""
    if score is None:
        return
    if storyboard.loop:
        yield f"'{storyboard.name}' is a silent loop: the music is left out"
        return
    if score.barless:
        yield (
            "the beats of the music make up not one whole bar of it, so cuts fall where they do: "
            "look at audio.beats"
        )
    if not score.music.rights:
        yield (
            "the listing does not say who may use the music: ask before you post it and note the "
            "answer under audio.rights; places mute or remove clips whose music is not cleared"
        )


def explained(cuts: Sequence[Cut], beats: Sequence[int], rate: Fraction) -> Iterator[Cut]:
    """The cuts, each with whether it ends on a beat; as they are where there are none."""
    end = 0
    for cut in cuts:
        end += cut.frames
        if not beats:
            yield cut
            continue
        off = min(abs(beat - end) for beat in beats)
        told = "ends on a beat" if off <= _NEAR_S * rate else f"ends {off} frames off a beat"
        yield replace(cut, why=f"{cut.why}; {told}")
