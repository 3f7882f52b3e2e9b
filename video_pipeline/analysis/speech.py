"""Speech: what is said in footage, heard by faster-whisper with a model that the seller has.

No model comes with this program and none is fetched: the listing names a folder that holds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

from video_pipeline.errors import UsageError
from video_pipeline.footage.hearing import samples
from video_pipeline.footage.model import Footage
from video_pipeline.listing.subtitles import Line
from video_pipeline.store import Store, digest_of, file_digest

_RATE = 16_000  # what the model was made for
# Of a folder in faster-whisper's form. Without its tokenizer the library would fetch one.
_PARTS = ("model.bin", "config.json", "tokenizer.json")
_MOST_CHARACTERS, _MOST_S, _PAUSE_S = 42, 5, Fraction(7, 10)
_HOW = "a folder with these three files, such as that of Systran/faster-whisper-base"

Word = tuple[Fraction, Fraction, str]


def check_model(folder: Path) -> None:
    """Whether speech can be heard with the model in `folder`.

    Raises UsageError that says how to get what is missing.
    """
    missing = [part for part in _PARTS if not (folder / part).is_file()]
    if missing:
        raise UsageError(
            f"there is no faster-whisper model here: {missing[0]} is missing",
            where=str(folder),
            mend=f"get {_HOW} from huggingface.co, and name the folder at audio.speech",
        )
    try:
        import faster_whisper  # noqa: F401, PLC0415 - an extra, which starts slowly
    except ImportError as error:
        raise UsageError(
            "to write captions from speech, faster-whisper is needed, and it is not installed",
            where="audio.speech",
            mend="pip install 'video-pipeline[speech]', or name a .srt file at audio.captions",
        ) from error


def hear(footage: Footage, folder: Path, store: Store) -> tuple[Line, ...]:
    """What is said in a footage file, in lines of at most 42 characters; none without sound.

    Kept under the footage and the model. Raises as `check_model` does.
    """
    check_model(folder)
    if footage.audio_stream is None:
        return ()
    model_digests = [file_digest(folder / part) for part in _PARTS]
    key = digest_of(
        ["speech 1", footage.digest, footage.audio_stream, model_digests, version("faster-whisper")]
    )

    def write(part: Path) -> None:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra

        wave = samples(footage.path, footage.audio_stream or 0, _RATE)
        model = WhisperModel(
            str(folder.resolve()), device="cpu", compute_type="int8", local_files_only=True
        )
        segments, _ = model.transcribe(wave, word_timestamps=True, vad_filter=True)
        words = [
            (round(word.start * 1000), round(word.end * 1000), word.word)
            for segment in segments
            for word in segment.words or ()
        ]
        part.write_text(json.dumps(words), encoding="utf-8")

    heard = json.loads(store.make("analysis", key, ".speech.json", write).read_text("utf-8"))
    return in_lines([(Fraction(a, 1000), Fraction(b, 1000), str(word)) for a, b, word in heard])


def in_lines(words: Sequence[Word]) -> tuple[Line, ...]:
    """Words as lines: a new one after a pause, a full stop, 42 characters or five seconds."""
    return tuple(_line(group) for group in _groups(words))


def _groups(words: Sequence[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group:
            long = len("".join(text for *_, text in [*group, word]).strip()) > _MOST_CHARACTERS
            ended = group[-1][2].rstrip()[-1:] in (".", "?", "!", "…", "。", "？", "！")
            if (
                long
                or ended
                or word[0] - group[-1][1] > _PAUSE_S
                or word[1] - group[0][0] > _MOST_S
            ):
                yield group
                group = []
        group.append(word)
    if group:
        yield group


def _line(group: Sequence[Word]) -> Line:
    # A word that the model gives no length would make a line of none.
    end = max(group[-1][1], group[0][0] + Fraction(1, 10))
    return Line(group[0][0], end, " ".join("".join(text for *_, text in group).split()))
