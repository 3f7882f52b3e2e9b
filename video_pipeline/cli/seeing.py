"""Commands that look at footage and pictures: inspect, keyframes, detect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.analysis.picture import look_at
from video_pipeline.cli.output import (
    output_options,
    people,
    print_json,
    progress,
    verbose_option,
)
from video_pipeline.cli.settings import settings_from, settings_options
from video_pipeline.edit.keyframes import SHOWN
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box
from video_pipeline.pipeline import open_footage, write_key_frames

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
            f"{f.duration_s:.2f}",
            f"{float(f.rate):.2f}",
            f"{f.rotation}°" if f.rotation else "",
            f"{f.codec} {f.pixel_format} {f.colour.transfer.upper()}",
            f.audio_codec or "none",
        )
    people.print(table)
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
@click.argument("images", nargs=-1, required=True, type=_PICTURES, metavar="IMAGE...")
@verbose_option
@output_options
def detect(images: tuple[Path, ...], as_json: bool, verbose: bool, debug: bool) -> None:
    """Say what single pictures show: hardware, stitching, and how good the picture is.

    Example: `video-pipeline detect photo.jpg --json`.
    """
    seen = [look_at(path) for path in images]
    if as_json:
        print_json(
            {
                "pictures": [
                    {
                        "file": str(p.file),
                        "hardware": {
                            "score": round(p.hardware.score, 4),
                            "boxes": [box.as_list() for box in p.hardware.boxes],
                        },
                        "stitching": {
                            "score": round(p.stitching.score, 4),
                            "boxes": [box.as_list() for box in p.stitching.boxes],
                        },
                        "quality": {
                            "sharpness": round(p.sharpness, 4),
                            "exposure": round(p.exposure.score, 4),
                            "luma": round(p.exposure.luma, 4),
                        },
                    }
                    for p in seen
                ]
            }
        )
        return
    for p in seen:
        people.print(
            f"{escape(str(p.file))}  hardware {p.hardware.score:.2f}  stitching "
            f"{p.stitching.score:.2f}  sharp {p.sharpness:.2f}  light {p.exposure.score:.2f}"
        )
        if verbose:
            for word, detection in (("hardware", p.hardware), ("stitching", p.stitching)):
                for box in detection.boxes:
                    people.print(f"  {word:<10} at {_place(box)}")


def _place(box: Box) -> str:
    """A box as left, top, right and bottom, shares of the picture."""
    return ", ".join(f"{edge:.2f}" for edge in box.as_list())


def _footage_json(footage: Footage) -> dict[str, Any]:
    return {
        "file": str(footage.path),
        "sha256": footage.digest,
        "width": footage.width,
        "height": footage.height,
        "duration_s": round(footage.duration_s, 3),
        "rate": round(float(footage.rate), 3),
        "rotation": footage.rotation,
        "codec": footage.codec,
        "pixel_format": footage.pixel_format,
        "transfer": footage.colour.transfer,
        "sound": footage.audio_codec,
    }
