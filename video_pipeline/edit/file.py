"""The edit as a file: written as JSON that a person can change by hand, and read back checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from video_pipeline.edit.model import Cut, Edit
from video_pipeline.edit.steadying import MOST_CLOSER, MOST_FRAMES
from video_pipeline.errors import ListingError, Problem
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import MOST_ZOOM
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.light import MOST_EXPOSURE, MOST_GAIN
from video_pipeline.listing.subtitles import Line

# A mistyped key would otherwise be a change that silently does nothing. Pydantic takes this from
# its caller for anything but a bare dataclass, and from 2.11 on hands it to the dataclasses within.
_ADAPTER: TypeAdapter[Edit | None] = TypeAdapter(Edit | None, config=ConfigDict(extra="forbid"))
_AN_EDIT = frozenset({"sources", "cuts"})
_COMPARE = "compare with a fresh edit from: video-pipeline plan"


def is_edit(path: Path) -> bool:
    """Whether a file is an edit by its top-level keys; a listing may be JSON too, but has others.

    A file that cannot be read as JSON is none.
    """
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(value, dict) and bool(_AN_EDIT & value.keys())


def edit_as_json(edit: Edit) -> dict[str, Any]:
    """The edit as plain JSON values; times are fractions as text."""
    value: dict[str, Any] = _ADAPTER.dump_python(edit, mode="json")
    return value


def write_edit(edit: Edit, path: Path) -> None:
    """Write an edit for people: indented, keys in the order of the model."""
    text = json.dumps(edit_as_json(edit), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_edit(path: Path) -> Edit:
    """Read an edit. Raises ListingError with every mistake in it."""
    try:
        return _read(path.read_bytes(), path.name)
    except FileNotFoundError as error:
        raise ListingError(
            "there is no such edit file",
            where=str(path),
            problems=[Problem(str(path), "not found", "write one with: video-pipeline plan")],
        ) from error


def edit_from_json(value: Any) -> Edit:
    """The edit that `edit_as_json` told. Raises ListingError with every mistake in it."""
    return _read(json.dumps(value).encode(), "edit")


def _read(text: bytes, name: str) -> Edit:
    try:
        edit = _ADAPTER.validate_json(text)
    except ValidationError as error:
        problems = []
        for mistake in error.errors():
            loc = mistake["loc"]
            message, mend = mistake["msg"].lower(), _COMPARE
            if mistake["type"] == "unexpected_keyword_argument":
                known = _keys_at(loc[:-1])
                message = "there is no such key in an edit"
                mend = did_you_mean(str(loc[-1]), known) or f"there are: {', '.join(known)}"
            place = ".".join(str(part) for part in loc) or "file"
            problems.append(Problem(f"{name}: {place}", message, mend))
        raise ListingError("the edit has mistakes", where=name, problems=problems) from error
    if edit is None:
        raise ListingError(
            "the edit is empty",
            where=name,
            problems=[Problem(name, "it holds nothing", _COMPARE)],
        )
    return edit


def _keys_at(place: Sequence[int | str]) -> list[str]:
    """The keys that the model knows at a place such as `cuts`, 0, `crop`."""
    here: Any = Edit
    for part in place:
        if is_dataclass(here):
            here = get_type_hints(here)[str(part)]
        else:  # tuple[Cut, ...] or dict[str, SourceRef] or dict[str, tuple[Line, ...]]
            here = next(kind for kind in get_args(here) if kind not in (str, ...))
        if type(None) in get_args(here):  # Candidate | None
            here = get_args(here)[0]
    return [field.name for field in fields(here)]


def check_edit(edit: Edit, footage: Mapping[str, Footage], where: str) -> None:
    """Hold an edit against its footage. Raises ListingError with every cut that cannot be made."""
    problems = [
        Problem(f"{where}: cut {number} ({cut.slot})", message, mend)
        for number, cut in enumerate(edit.cuts, start=1)
        for message, mend in _cut_problems(cut, footage, edit.rate)
    ]
    problems += [
        Problem(f"{where}: spoken.{name}.{number}", message, mend)
        for name, lines in edit.spoken.items()
        for number, line in enumerate(lines)
        for message, mend in _line_problems(name, line, footage)
    ]
    if not edit.cuts:
        problems.append(Problem(where, "there is no cut in it", "add one"))
    if problems:
        raise ListingError("the edit cannot be made as it stands", where=where, problems=problems)


def _line_problems(
    name: str, line: Line, footage: Mapping[str, Footage]
) -> Iterator[tuple[str, str]]:
    if name not in footage:
        yield f"'{name}' is not among the sources", "name one of the sources"
    if not 0 <= line.start < line.end:
        yield "it ends before it begins", "give it an end after its start, in seconds of the source"


def _cut_problems(
    cut: Cut, footage: Mapping[str, Footage], rate: Fraction
) -> Iterator[tuple[str, str]]:
    source = footage.get(cut.source)
    if source is None:
        yield f"its source '{cut.source}' is not among the sources", "name one of the sources"
        return
    if cut.frames < 1:
        yield "it has no frames", "give it at least one frame"
    elif not 0 <= cut.hold < cut.frames:
        yield "it holds more frames than it has", f"use 0 to {cut.frames - 1}"
    elif not source.still and (
        cut.start < 0 or cut.start + (cut.frames - cut.hold) / rate > source.duration + 2 / rate
    ):
        end = float(cut.start + (cut.frames - cut.hold) / rate)
        yield (
            f"it runs from {float(cut.start):.2f} s to {end:.2f} s, but {source.name} is "
            f"{source.duration_s:.2f} s long",
            "start it earlier or make it shorter",
        )
    yield from _crop_problems(cut, source)
    if not cut.light.within_bounds:
        yield (
            "its light is changed by more than a correction may",
            f"keep exposure within {MOST_EXPOSURE:g} stops of 0, red and blue within "
            f"{MOST_GAIN:g} of 1",
        )
    if cut.steady is not None:
        yield from _steady_problems(cut, source)
    for overlay in cut.overlays:
        if not 0 <= overlay.first < overlay.last <= cut.frames:
            yield (
                f"its overlay '{overlay.template}' does not fit into the cut",
                f"use frames from 0 to {cut.frames}",
            )
        if overlay.follows is not None and not overlay.follows.sound:
            yield (
                f"what its overlay '{overlay.template}' follows has no keys, or keys without size "
                "or out of order",
                "sort them by t, or take the overlay out",
            )


def _steady_problems(cut: Cut, source: Footage) -> Iterator[tuple[str, str]]:
    closer = cut.steady.closer if cut.steady else 1.0
    if source.still:
        yield "it is a photo, which does not shake", "take its steady out: null"
    elif not 1 <= closer <= MOST_CLOSER:
        yield (
            f"its steady.closer is not between 1 and {MOST_CLOSER:g}",
            "not to steady it, write null in place of steady",
        )
    elif cut.frames - cut.hold > MOST_FRAMES:
        yield (
            f"it is too long to be steadied: {cut.frames - cut.hold} frames",
            f"make it {MOST_FRAMES} frames at most, or take its steady out: null",
        )


def _crop_problems(cut: Cut, source: Footage) -> Iterator[tuple[str, str]]:
    crop = cut.crop
    if not crop.path or crop.width < 2 or crop.height < 2:
        yield "its crop has no size or no place", "give width, height and one entry in path"
        return
    numbers = [key.frame for key in crop.path]
    if numbers != sorted(set(numbers)):
        yield "its crop path is not in rising order of frames", "sort it by frame"
        return
    if numbers[0] < 0 or crop.ease < 0:
        yield "its crop has a frame or an ease below 0", "frames count from the cut's first, 0"
        return
    if not all(1 <= zoom <= MOST_ZOOM for zoom in crop.zoom):
        yield f"its crop's zoom is not between 1 and {MOST_ZOOM:g}", "to rest, write [1, 1]"
        return
    # Between keys it stays between them, and a zoom of 1 or more shows less, so keys are enough.
    for key in crop.path:
        right, bottom = key.x + crop.width, key.y + crop.height
        if key.x < 0 or key.y < 0 or right > source.width or bottom > source.height:
            yield (
                f"its crop leaves the picture at frame {key.frame}",
                f"keep it inside {source.width} x {source.height} pixels",
            )
