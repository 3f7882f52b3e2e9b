"""OpenTimelineIO: an edit as an `.otio` file, and the clips of one that an editor has saved.

A clip's in-point is counted in frames of its source and its length in frames of the edit, as
editing programs do. An in-point that is on no whole frame is written as the nearest; exact
fractions stand in the metadata, under `video_pipeline`. The library comes with the extra
`timeline`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from video_pipeline.edit.file import edit_as_json
from video_pipeline.edit.model import Edit
from video_pipeline.edit.timeline import RATES, Clip, clock, counting_rate, pictures, sounds
from video_pipeline.errors import ListingError, Problem, UsageError
from video_pipeline.footage.model import Footage

NAMESPACE = "video_pipeline"
_EXPORT_AGAIN = "export the edit again and change that"


def as_otio(edit: Edit, footage: Mapping[str, Footage], own: Path | None = None) -> Any:
    """The edit as an `opentimelineio.schema.Timeline`.

    Raises UsageError when the library is not installed, or an overlay template is not there.
    """
    otio = _library()
    page = edit_as_json(edit)
    timeline = otio.schema.Timeline(
        name=f"{edit.sku} {edit.placement}",
        global_start_time=otio.opentime.RationalTime(0, float(edit.rate)),
        metadata={NAMESPACE: {key: value for key, value in page.items() if key != "cuts"}},
    )
    for kind, clips in (("Video", pictures(edit, own)), ("Audio", sounds(edit, footage))):
        if not clips:
            continue
        track = otio.schema.Track(name=f"{kind[0]}1", kind=kind)
        end = 0
        for clip in clips:
            if clip.at > end:
                silence = otio.opentime.RationalTime(clip.at - end, float(edit.rate))
                track.append(otio.schema.Gap(duration=silence))
            track.append(_clip(otio, clip, edit, footage[clip.source], page["cuts"][clip.cut - 1]))
            end = clip.at + clip.frames
        timeline.tracks.append(track)
    return timeline


def _clip(otio: Any, clip: Clip, edit: Edit, source: Footage, cut: Mapping[str, Any]) -> Any:
    rate = counting_rate(source, edit.rate)

    def frame(seconds: Fraction) -> Any:
        return otio.opentime.RationalTime(round(seconds * rate), float(rate))

    def lasting(start: Any, frames: int) -> Any:
        return otio.opentime.TimeRange(start, otio.opentime.RationalTime(frames, float(edit.rate)))

    return otio.schema.Clip(
        name=clip.name,
        media_reference=otio.schema.ExternalReference(
            target_url=source.path.as_uri(),
            available_range=otio.opentime.TimeRange(frame(Fraction(0)), frame(source.duration)),
            metadata={NAMESPACE: {"source": clip.source, "sha256": source.digest}},
        ),
        source_range=lasting(frame(clip.start), clip.frames),
        effects=[otio.schema.FreezeFrame()] if clip.held else [],
        markers=[
            otio.schema.Marker(
                name=mark.text,
                marked_range=lasting(frame(clip.start + mark.frame / edit.rate), mark.frames),
                color=otio.schema.MarkerColor.YELLOW,
            )
            for mark in clip.marks
        ],
        metadata={NAMESPACE: {"cut": clip.cut, **cut}},
    )


def laid_out(path: Path, edit: Edit, footage: Mapping[str, Footage]) -> tuple[Clip, ...]:
    """The picture clips of an `.otio` file as an editor left them, for an edit's footage.

    Raises ListingError with everything in it that an edit cannot say: footage that is not the
    edit's, transitions, gaps, other speeds, effects, several tracks.
    """
    timeline = _timeline(path)  # kept, since the library's iterators keep nothing alive
    tracks = list(timeline.tracks)
    problems: list[Problem] = []
    clips: list[Clip] = []
    shown = [t for t in tracks if t.kind == "Video" and t.enabled and len(t)]
    if len(shown) != 1:
        problems.append(
            Problem(
                path.name,
                f"{len(shown)} video tracks have something on them",
                "put all clips on one track",
            )
        )
    at = 0
    for number, item in enumerate(list(shown[0]) if shown else [], start=1):
        where = f"{path.name}: item {number} at {clock(at / edit.rate)}"
        frames = _frames(item, edit.rate)
        wrong = [Problem(where, *what) for what in _strange(item)]
        clip = None if wrong else _read_clip(item, footage, at, frames)
        if isinstance(clip, str):
            wrong.append(Problem(where, clip, "use the edit's own footage alone"))
        elif clip is not None:
            clips.append(clip)
        problems.extend(wrong)
        at += frames
    for track in tracks:
        if track.kind == "Audio":
            problems.extend(
                Problem(
                    f"{path.name}: sound",
                    f"{strange} is not among the edit's footage",
                    "take it out: an edit has the sound of its cuts alone",
                )
                for strange in _strange_sound(track, footage)
            )
    if problems:
        raise ListingError(
            "this timeline holds what an edit cannot say", where=path.name, problems=problems
        )
    return tuple(clips)


def _timeline(path: Path) -> Any:
    otio = _library()
    try:
        # Not through the library's adapters: those would load whatever plug-ins are installed.
        timeline = otio.core.deserialize_json_from_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ListingError(
            "there is no such file",
            where=str(path),
            problems=[Problem(str(path), "not found", "check the name")],
        ) from error
    except (OSError, ValueError, LookupError, otio.exceptions.OTIOError) as error:
        said = f"{path.name} cannot be read as OpenTimelineIO ({error})"
        raise _no_timeline(path, said) from error
    if not _is(timeline, "Timeline"):
        raise _no_timeline(path, f"{path.name} holds no timeline")
    if not all(_is(item, "Track") for item in list(timeline.tracks)):
        raise _no_timeline(path, f"{path.name} holds a timeline within a timeline")
    return timeline


def _no_timeline(path: Path, message: str) -> ListingError:
    mend = "export the timeline as .otio from the editing program"
    return ListingError(message, where=path.name, problems=[Problem(path.name, message, mend)])


def _strange(item: Any) -> Iterator[tuple[str, str]]:
    """What an edit cannot say of an item on the track, and how to mend it."""
    kind = item.schema_name()
    if kind == "Transition":
        yield "a transition; an edit has plain cuts", "take it out"
    elif kind == "Gap":
        yield "a gap; an edit has no black", "close it"
    elif kind != "Clip":
        yield f"something that is no clip ({kind})", "take it out, or take it apart into clips"
    elif not item.enabled:
        yield "a clip that is switched off", "take it out"
    else:
        for effect in item.effects:
            if not _is_frozen(effect) and not _changes_nothing(effect):
                name = effect.name or effect.effect_name or effect.schema_name()
                yield f"an effect ({name}); an edit has none", _EXPORT_AGAIN
        if _range(item) is None:
            yield "a clip that does not say which part of its footage it shows", _EXPORT_AGAIN


def _is_frozen(effect: Any) -> bool:
    return getattr(effect, "time_scalar", None) == 0


def _changes_nothing(effect: Any) -> bool:
    """Whether an effect is there in name only.

    DaVinci Resolve lists every panel of its inspector as an effect, with an empty list of
    parameters where nothing was changed.
    """
    if not effect.enabled:
        return True
    if hasattr(effect, "time_scalar"):
        return bool(effect.time_scalar == 1)
    said = [note for note in effect.metadata.values() if isinstance(note, Mapping)]
    return _is(effect, "Effect") and bool(said) and not any(n.get("Parameters") for n in said)


def _range(item: Any) -> Any:
    """Which part of its footage an item shows; None where it says nothing that makes sense."""
    media = getattr(item, "media_reference", None)
    shown = getattr(item, "source_range", None) or getattr(media, "available_range", None)
    sane = shown is not None and _is_sane(shown.start_time) and _is_sane(shown.duration)
    return shown if sane else None


def _is_sane(time: Any) -> bool:
    return math.isfinite(time.value) and math.isfinite(time.rate) and time.rate > 0


def _frames(item: Any, rate: Fraction) -> int:
    """How long an item lasts, in frames of the edit."""
    shown = _range(item)
    return max(1, round(_seconds(shown.duration) * rate)) if shown is not None else 0


def _read_clip(item: Any, footage: Mapping[str, Footage], at: int, frames: int) -> Clip | str:
    """A clip of the track, or what is wrong with its footage."""
    source = _source(item, footage)
    if source is None:
        return f"'{_called(item)}' is not among the edit's footage"
    start = _seconds(_range(item).start_time)
    whole = item.media_reference.available_range
    if whole is not None and _is_sane(whole.start_time):
        # Where a file carries a time code, programs count from that.
        start -= _seconds(whole.start_time)
    held = any(_is_frozen(effect) for effect in item.effects if effect.enabled)
    return Clip(item.name, source, max(Fraction(0), start), frames, at, held, cut=_noted_cut(item))


def _noted_cut(item: Any) -> int:
    """The number of the cut that a clip was written for; 0 where the program kept no notes."""
    note = item.metadata.get(NAMESPACE)
    number = note.get("cut") if isinstance(note, Mapping) else None
    return number if isinstance(number, int) else 0


def _strange_sound(track: Any, footage: Mapping[str, Footage]) -> Iterator[str]:
    for item in list(track):
        if _is(item, "Clip") and item.enabled and _source(item, footage) is None:
            yield f"'{_called(item)}'"


def _source(item: Any, footage: Mapping[str, Footage]) -> str | None:
    """The edit's name for a clip's footage: the file it names, or else the only one called so."""
    url = getattr(item.media_reference, "target_url", "") or ""
    for name, source in footage.items():
        if url in (source.path.as_uri(), str(source.path)):
            return name
    for called in (_file_name(url), item.media_reference.name, item.name):
        alike = [name for name, source in footage.items() if called and called == source.path.name]
        if len(alike) == 1:
            return alike[0]
    return None


def _called(item: Any) -> str:
    url = getattr(item.media_reference, "target_url", "") or ""
    return _file_name(url) or item.name or "a clip without footage"


def _file_name(url: str) -> str:
    path = unquote(urlsplit(url).path) if url.startswith("file:") else url
    return re.split(r"[\\/]", path)[-1]


def _seconds(time: Any) -> Fraction:
    """A time of the library as a fraction: rates as they are meant, not as a float has them."""
    rate = min(RATES, key=lambda known: abs(float(known) - time.rate))
    if abs(float(rate) - time.rate) > 0.001:
        rate = Fraction(time.rate).limit_denominator(1001)
    return Fraction(time.value).limit_denominator(1000) / rate


def _is(item: Any, kind: str) -> bool:
    return getattr(item, "schema_name", str)() == kind


def _library() -> Any:
    try:
        import opentimelineio  # noqa: PLC0415 - an extra, which few need
    except ModuleNotFoundError as error:
        raise UsageError(
            ".otio files need the package OpenTimelineIO, which is not installed",
            mend="pip install 'video-pipeline[timeline]', or export .fcpxml or .edl, which need "
            "nothing more",
        ) from error
    return opentimelineio
