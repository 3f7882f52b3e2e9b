"""Exchange: an edit goes out to an editing program, and comes back as an editor cut it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from video_pipeline.edit.edl import as_edl, off_frame, reel_names
from video_pipeline.edit.fcpxml import as_fcpxml
from video_pipeline.edit.file import check_edit, is_edit, read_edit, write_edit
from video_pipeline.edit.model import Edit
from video_pipeline.edit.opentimeline import as_otio, laid_out
from video_pipeline.edit.recut import recut
from video_pipeline.errors import UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.pipeline.hearing import elsewhere
from video_pipeline.pipeline.planning import check_replaceable, portable
from video_pipeline.pipeline.preparing import Settings, open_sources
from video_pipeline.replacing import replaced

FORMATS = (".otio", ".fcpxml", ".edl")


@dataclass(frozen=True)
class Exported:
    """A timeline that was written, and what of the edit is not in it."""

    file: Path
    cuts: int
    lost: tuple[str, ...]


def export_edit(
    edit_path: Path, output: Path, settings: Settings, *, force: bool = False
) -> Exported:
    """Write an edit as a timeline for an editing program, in the format that `output` ends with.

    Raises UsageError for another ending, for a file that stands there unless `force` is given, and
    where OpenTimelineIO is needed and not installed; ListingError for an edit with mistakes;
    FootageError for footage that is gone.
    """
    ending = output.suffix.lower()
    if ending not in FORMATS:
        raise UsageError(
            f"'{output.name}' ends with no format of an editing program",
            where="--output",
            mend=f"end it with {', '.join(FORMATS[:-1])} or {FORMATS[-1]}",
        )
    _check_edit_file(edit_path)
    if output.exists() and not force:
        raise UsageError(
            "there is a file already",
            where=str(output),
            mend="add --force to replace it, or name another file with --output",
        )
    edit, footage = _opened(edit_path)
    if ending == ".otio":
        text = as_otio(edit, footage, settings.overlays).to_json_string(indent=2) + "\n"
    elif ending == ".fcpxml":
        text = as_fcpxml(edit, footage, settings.overlays)
    else:
        text = as_edl(edit, footage, settings.overlays)
    with replaced(output) as part:
        part.write_text(text, encoding="utf-8")
    return Exported(output, len(edit.cuts), tuple(_lost(edit, footage, ending)))


def take_back(
    edit_path: Path, timeline_path: Path, output: Path | None, *, force: bool = False
) -> tuple[Edit, Path]:
    """Write the edit as an editor cut it anew in an `.otio` file, exported from this very edit.

    It goes to `output`, or beside the timeline's name into the working folder. Returns the edit as
    it stands in its file, and that file. Raises UsageError when an edit stands there and `force` is
    not given; ListingError for what an edit cannot say.
    """
    output = output or Path(f"{timeline_path.stem}.edit.json")
    _check_edit_file(edit_path)
    if output.exists():
        check_replaceable(output, edit_path, force=force)
    edit, footage = _opened(edit_path)
    fresh = recut(edit, laid_out(timeline_path, edit, footage), footage, timeline_path.name)
    check_edit(fresh, footage, timeline_path.name)
    there = {
        name: replace(source, path=str(footage[name].path))
        for name, source in fresh.sources.items()
    }
    listing = edit_path.resolve().parent / edit.listing
    fresh = replace(fresh, sources=there)
    if fresh.music:
        fresh = elsewhere(fresh, str(edit_path.resolve().parent / fresh.music.path))
    told = portable(fresh, listing, output)
    with replaced(output) as part:
        write_edit(told, part)
    return told, output


def _opened(edit_path: Path) -> tuple[Edit, Mapping[str, Footage]]:
    edit = read_edit(edit_path)
    footage = open_sources(edit, edit_path)
    check_edit(edit, footage, edit_path.name)
    return edit, footage


def _check_edit_file(path: Path) -> None:
    if path.is_file() and not is_edit(path):
        raise UsageError(
            "this is not an edit", where=str(path), mend="write one with: video-pipeline plan"
        )


def _lost(edit: Edit, footage: Mapping[str, Footage], ending: str) -> Iterator[str]:
    """What of an edit a timeline of that format has no place for."""
    as_text = "comments" if ending == ".edl" else "markers"
    if any(cut.overlays for cut in edit.cuts):
        yield f"the words on the picture stand in it as {as_text}; only `render` draws them"
    yield (
        "how each shot is framed stands in it as a note that editing programs do not follow"
        if ending == ".otio"
        else "how each shot is framed is not in it"
    )
    if edit.music:
        yield "the music is not in it, nor how loud it is; `render` lays it under the cuts"
    if edit.spoken:
        yield "captions are not in it: they follow the cuts when it is rendered"
    if ending != ".fcpxml":
        yield f"it has no picture size: set the timeline to {edit.width} x {edit.height} yourself"
    if ending != ".edl":
        return
    rate = f"{float(edit.rate):.5g}"
    reels = ", ".join(f"{reel} ({name})" for name, reel in reel_names(footage).items())
    yield f"footage goes by names of 8 characters: {reels}"
    yield f"all times count {rate} frames a second, also those of footage at another rate"
    moved = off_frame(edit)
    if moved:
        yield f"{moved} of {len(edit.cuts)} in-points moved to the nearest of these frames"
    if any(cut.hold for cut in edit.cuts):
        yield "a held frame is a clip at speed 0, and silent; not every program reads that"
