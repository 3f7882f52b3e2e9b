"""Hearing: the music and the captions that a listing names, found, read and listened to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from video_pipeline.analysis.beats import find_beats
from video_pipeline.analysis.speech import check_model, hear
from video_pipeline.edit.model import Edit
from video_pipeline.edit.music import Score, score, stated_beats
from video_pipeline.errors import FootageError, ListingError, Problem
from video_pipeline.footage.hearing import MusicFile, probe_music
from video_pipeline.footage.model import Footage
from video_pipeline.handwriting.pages import Loc
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.listing.footage_paths import named_file, refused
from video_pipeline.listing.model import Audio, ListingFile
from video_pipeline.listing.subtitles import SUFFIXES, Line, read_subtitles
from video_pipeline.store import Store


@dataclass(frozen=True)
class Sounds:
    """What a listing names to be heard and read: music, captions by source, a model for speech."""

    music: MusicFile | None = None
    captions: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    speech: Path | None = None


def open_sounds(listing: ListingFile, footage: Mapping[str, Footage]) -> Sounds:
    """Find and read what the listing's `audio` names.

    Raises ListingError for what is not there or has mistakes, FootageError for music that cannot be
    played, UsageError for a model that is none.
    """
    audio = listing.audio
    music = speech = None
    if audio.music is not None:
        music = probe_music(named_file(listing, ("audio", "music"), audio.music))
    if audio.speech is not None:
        speech = named_file(listing, ("audio", "speech"), audio.speech, folder=True)
        check_model(speech)
    _check_named(listing, audio, list(footage))
    captions = {
        name: read_subtitles(named_file(listing, ("audio", "captions", name), entry))
        for name, entry in audio.captions.items()
    }
    return Sounds(music, captions, speech)


def score_of(sounds: Sounds, audio: Audio, store: Store) -> Score | None:
    """The music as a clip uses it, its beats found if the listing asks for that."""
    if sounds.music is None:
        return None
    if audio.beats is None:
        return score(sounds.music, audio)
    beats = (
        find_beats(sounds.music, store)
        if audio.beats.find
        else stated_beats(audio.beats, sounds.music.duration)
    )
    return score(sounds.music, audio, beats)


def spoken_in(
    sounds: Sounds, footage: Mapping[str, Footage], store: Store
) -> dict[str, tuple[Line, ...]]:
    """What is said in each file: as the seller's captions have it, or as it is heard."""
    said = dict(sounds.captions)
    if sounds.speech is not None:
        said |= {
            name: hear(item, sounds.speech, store)
            for name, item in footage.items()
            if name not in said
        }
    return said


def open_music(edit: Edit, edit_path: Path) -> MusicFile | None:
    """The music that an edit names, where it names any.

    Raises FootageError when it is gone or cannot be played, ListingError when it has changed.
    """
    if edit.music is None:
        return None
    path = (edit_path.resolve().parent / edit.music.path).resolve()
    if not path.is_file():
        raise FootageError(
            "the music of the edit is not there",
            where=str(path),
            mend="put it back, or write null in place of music in the edit",
        )
    music = probe_music(path)
    problem = None
    if music.digest != edit.music.digest:
        problem = Problem(edit.music.path, "its content has changed", "plan it again")
    elif not 0 <= edit.music.start < edit.music.end <= music.duration + 1:
        problem = Problem(
            "music",
            "it plays from a start to an end that is not in the file",
            f"keep start below end, and both within {float(music.duration):.2f} s",
        )
    if problem:
        raise ListingError("the music is not that of the edit", where=edit_path.name,
                           problems=[problem])  # fmt: skip
    return music


def elsewhere(edit: Edit, path: str) -> Edit:
    """The edit with its music at another path, where it has any."""
    return replace(edit, music=replace(edit.music, path=path)) if edit.music else edit


def _check_named(listing: ListingFile, audio: Audio, names: Sequence[str]) -> None:
    """Captions are of footage that is there, in files that end as captions do."""
    mistakes: list[tuple[Loc, str, str]] = []
    for name, entry in audio.captions.items():
        loc = ("audio", "captions", name)
        if name not in names:
            message = f"'audio.captions' has '{name}'; no footage has that name"
            mend = did_you_mean(name, names) or f"there are: {', '.join(names[:5])}"
            mistakes.append((loc, message, mend))
        elif Path(entry).suffix.lower() not in SUFFIXES:
            message = f"'{entry}' does not end as captions do"
            mend = f"name a file that ends in {' or '.join(SUFFIXES)}"
            mistakes.append((loc, message, mend))
    if mistakes:
        raise refused(listing, mistakes)
