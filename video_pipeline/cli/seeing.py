"""Commands that look at footage and pictures: inspect, keyframes, detect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.analysis.picture import Shown
from video_pipeline.cli.output import (
    output_options,
    people,
    print_json,
    progress,
    verbose_option,
)
from video_pipeline.cli.settings import detector_option, settings_from, settings_options
from video_pipeline.edit.keyframes import SHOWN
from video_pipeline.edit.reel import DETAILS
from video_pipeline.edit.shots import Shot
from video_pipeline.footage.model import Footage
from video_pipeline.footage.remarks import remarks
from video_pipeline.geometry import Box
from video_pipeline.pipeline import (
    Picture,
    look_at_pictures,
    open_footage,
    shots_of,
    write_key_frames,
)
from video_pipeline.vision.detector import SHOWN_FROM, Detection, Detector
from video_pipeline.vision.quality import Quality

_FILES = click.Path(path_type=Path)
_PICTURES = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("footage", nargs=-1, required=True, type=_FILES)
@verbose_option
@output_options
def inspect(footage: tuple[Path, ...], as_json: bool, verbose: bool, debug: bool) -> None:
    """Say what footage files hold: size as shown, length, rate, colour, sound.

    Example: `video-pipeline inspect bag/*.mov`.
    """
    found = open_footage(footage)
    if as_json:
        print_json({"footage": [_footage_json(f) for f in found.values()]})
        return
    table = Table(box=None, header_style="bold")
    for name in ("file", "size", "seconds", "frames/s", "turned", "picture", "sound"):
        table.add_column(name)
    for f in found.values():
        table.add_row(
            escape(f.name),
            f"{f.width} x {f.height}",
            "photo" if f.still else f"{f.duration_s:.2f}",
            "" if f.still else f"{float(f.rate):.2f}",
            f"{f.rotation}°" if f.rotation else "",
            f"{f.codec} {f.pixel_format} {f.colour.transfer.upper()}",
            f.audio_codec or "none",
        )
    people.print(table)
    for f in found.values():
        for remark in remarks(f):
            people.print(f"{escape(f.name)}: {remark}.")
    if verbose:
        for f in found.values():
            people.print(f"{escape(f.name)}: {escape(str(f.path))}, SHA-256 {f.digest}")


@click.command()
@click.argument("footage", nargs=-1, required=True, type=_FILES)
@click.option(
    "-o", "--output", type=_FILES, default=Path("keyframes"), show_default=True, help="A folder."
)
@click.option(
    "--show",
    default="hardware,stitching",
    show_default=True,
    help=f"What to look for: {', '.join(SHOWN)}.",
)
@click.option("-n", "most", type=click.IntRange(1, 100), default=5, show_default=True)
@detector_option
@settings_options
@verbose_option
@output_options
def keyframes(
    *,
    footage: tuple[Path, ...],
    output: Path,
    show: str,
    most: int,
    as_json: bool,
    verbose: bool,
    debug: bool,
    **where: Any,
) -> None:
    """Find the frames that show hardware or stitching best; write JPEGs and one sheet.

    Example: `video-pipeline keyframes take.mov -o keyframes --show hardware,stitching -n 5`.
    """
    shows = [word.strip() for word in show.split(",") if word.strip()]
    with progress() as listener:
        stills = write_key_frames(
            footage, output, shows, most, settings_from(**where), listener=listener
        )
    if as_json:
        print_json(
            {
                "keyframes": [
                    {
                        "file": str(still.file),
                        "source": still.frame.source,
                        "t": round(float(still.frame.t), 4),
                        "shows": still.frame.shows,
                        "score": still.frame.score,
                        "box": still.frame.box.as_list() if still.frame.box else None,
                    }
                    for still in stills
                ]
            }
        )
        return
    for still in stills:
        frame = still.frame
        people.print(
            f"{frame.shows:<10} {frame.score:.2f}  {escape(frame.source)} {float(frame.t):.2f} s  "
            f"{escape(str(still.file))}"
        )
        if verbose and frame.box:
            people.print(f"{'':<10} at {_place(frame.box)}")
    for word in shows:
        if not any(still.frame.shows == word for still in stills):
            people.print(f"[yellow]note[/yellow] no frame shows {escape(word)} large and sharp")


@click.command()
@click.argument("footage", nargs=-1, required=True, type=_FILES)
@detector_option
@settings_options
@verbose_option
@output_options
def shots(
    *, footage: tuple[Path, ...], as_json: bool, verbose: bool, debug: bool, **where: Any
) -> None:
    """Say which stretches of footage are steady, sharp and well lit, and what each shows.

    Example: `video-pipeline shots take.mov`.
    """
    with progress() as listener:
        found = shots_of(footage, settings_from(**where), listener)
    if as_json:
        print_json({"shots": [_shot_json(shot) for shot in found]})
        return
    table = Table(box=None, header_style="bold")
    names = ("file", "from", "to", "shows", *DETAILS, "sharp", "light", "steady")
    for name in names:
        table.add_column(name, overflow="fold")
    for shot in found:
        figures = (*(shot.shows[d] for d in DETAILS), shot.sharpness, shot.exposure)
        table.add_row(
            escape(shot.source),
            f"{float(shot.start):.1f} s",
            f"{float(shot.end):.1f} s",
            "-" if shot.label == "any" else shot.label,
            *(f"{figure:.2f}" for figure in (*figures, shot.steadiness)),
        )
    people.print(table)
    if not found:
        people.print(
            "[yellow]note[/yellow] nothing here is steady, sharp and well lit for half a second: "
            "hold each view still for two seconds"
        )


def _shot_json(shot: Shot) -> dict[str, Any]:
    return {
        "source": shot.source,
        "start": str(shot.start),
        "end": str(shot.end),
        "label": shot.label,
        "shows": {name: round(value, 4) for name, value in shot.shows.items()},
        "sharpness": round(shot.sharpness, 4),
        "exposure": round(shot.exposure, 4),
        "steadiness": round(shot.steadiness, 4),
        "best": round(float(shot.best.t), 4),
        "subject": shot.subject.as_list() if shot.subject else None,
    }


@click.command()
@click.argument("images", nargs=-1, required=True, type=_PICTURES, metavar="IMAGE...")
@click.option(
    "--explain",
    type=_FILES,
    metavar="DIR",
    help="Write a copy of each picture there, with what the detector saw drawn in.",
)
@click.option("--force", is_flag=True, help="Replace copies that --explain wrote earlier.")
@detector_option
@verbose_option
@output_options
def detect(
    *,
    images: tuple[Path, ...],
    explain: Path | None,
    force: bool,
    detector: Detector | None,
    as_json: bool,
    verbose: bool,
    debug: bool,
) -> None:
    """Say what single pictures show: hardware, stitching, and how good the picture is.

    Example: `video-pipeline detect photo.jpg --json`.
    """
    pictures = look_at_pictures(images, detector, explain, force=force)
    if as_json:
        print_json({"pictures": [_picture_json(picture) for picture in pictures]})
        return
    for picture in pictures:
        photo = picture.photo
        people.print(
            f"{escape(str(photo.file))}  hardware {_verdict(photo.hardware)}  "
            f"stitching {_verdict(photo.stitching)}  sharp {photo.quality.sharpness:.2f}  "
            f"light {photo.quality.exposure:.2f}"
        )
        if verbose:
            for shown in photo.hardware_shown:
                people.print(f"  hardware   {_part(shown, 'metal part', 'smaller side')}")
            for shown in photo.stitching_shown:
                people.print(f"  stitching  {_part(shown, 'seam', 'stitch to stitch')}")
        if picture.explained is not None:
            people.print(f"  explained  {escape(str(picture.explained))}")
    people.print(
        f"[dim]From 0, not at all, to 1. Shown, from {SHOWN_FROM:.2f} on: a buyer could inspect it "
        f"here.{' Sizes are in pixels of the file.' if verbose else ' -v tells each part.'}[/dim]"
    )


def _verdict(detection: Detection) -> str:
    return f"{detection.score:.2f} {'shown' if detection.shown else 'not shown'}"


def _part(shown: Shown, unnamed: str, measured: str) -> str:
    part = shown.part
    size = f", {measured} {part.detail_px:.0f} px" if part.detail_px else ""
    return (
        f"{escape(part.kind or unnamed)}, seen {part.score:.2f}, "
        f"sharp {shown.quality.sharpness:.2f}{size}, at {_place(part.box)}"
    )


def _picture_json(picture: Picture) -> dict[str, Any]:
    photo = picture.photo

    def found(detection: Detection, parts: tuple[Shown, ...]) -> dict[str, Any]:
        return {
            "score": round(detection.score, 4),
            "around": detection.around.as_list() if detection.around else None,
            "boxes": [box.as_list() for box in detection.boxes],
            "parts": [
                {
                    "box": shown.part.box.as_list(),
                    "score": round(shown.part.score, 4),
                    "kind": shown.part.kind,
                    "detail_px": shown.part.detail_px,
                    "quality": _quality_json(shown.quality),
                }
                for shown in parts
            ],
        }

    return {
        "file": str(photo.file),
        "hardware": found(photo.hardware, photo.hardware_shown),
        "stitching": found(photo.stitching, photo.stitching_shown),
        "quality": _quality_json(photo.quality),
        "explained": str(picture.explained) if picture.explained else None,
    }


def _quality_json(quality: Quality) -> dict[str, float | None]:
    def known(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "sharpness": round(quality.sharpness, 4),
        "motion_blur": known(quality.motion_blur),
        "luma": round(quality.luma, 4),
        "exposure": round(quality.exposure, 4),
        "clipped_high": round(quality.clipped_high, 4),
        "clipped_low": round(quality.clipped_low, 4),
        "noise": known(quality.noise),
    }


def _place(box: Box) -> str:
    """Where a box is: from where to where, as shares of the width and of the height."""
    x0, y0, x1, y1 = (round(100 * edge) for edge in box.as_list())
    return f"{x0}-{x1} % across, {y0}-{y1} % down"


def _footage_json(footage: Footage) -> dict[str, Any]:
    return {
        "file": str(footage.path),
        "sha256": footage.digest,
        "width": footage.width,
        "height": footage.height,
        "duration_s": round(footage.duration_s, 3),
        "rate": round(float(footage.rate), 3),
        "still": footage.still,
        "rotation": footage.rotation,
        "codec": footage.codec,
        "pixel_format": footage.pixel_format,
        "transfer": footage.colour.transfer,
        "sound": footage.audio_codec,
        "remarks": list(remarks(footage)),
    }
