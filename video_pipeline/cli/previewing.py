"""The command that writes a listing's preview."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape

from video_pipeline.cli.output import (
    output_options,
    people,
    print_json,
    progress,
    verbose_option,
)
from video_pipeline.cli.settings import detector_option, settings_from, settings_options
from video_pipeline.edit.cover import NOT_TOLD
from video_pipeline.edit.wishes import ban_of
from video_pipeline.pipeline import Previewed, preview_listing
from video_pipeline.presets.previews import LOOP_FORMATS


@click.command()
@click.argument("listing", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The output folder.  [default: out/SKU-preview]",
)
@click.option(
    "--formats",
    default=",".join(LOOP_FORMATS),
    show_default=True,
    help="Which formats to write, with commas between them.",
)
@click.option(
    "--max-bytes",
    metavar="BYTES",
    help="The most that each file may take, such as 400k, or gif=800k,webp=300k.",
)
@click.option(
    "--ban",
    "bans",
    multiple=True,
    metavar="FILE[@FROM-TO]",
    help="Show nothing of that, such as clip1.mov@0-3. May be given often.",
)
@detector_option
@settings_options
@verbose_option
@output_options
def preview(
    *,
    listing: Path,
    output: Path | None,
    formats: str,
    max_bytes: str | None,
    bans: tuple[str, ...],
    as_json: bool,
    verbose: bool,
    debug: bool,
    **where: Any,
) -> None:
    """Write a silent loop of the best details for the listing's page, and the HTML to paste.

    Example: `video-pipeline preview listing.yaml -o preview --max-bytes gif=800k`.
    """
    with progress() as listener:
        made = preview_listing(
            listing,
            output,
            settings_from(**where),
            formats=[word.strip() for word in formats.split(",") if word.strip()],
            max_bytes=max_bytes,
            bans=[ban_of(text) for text in bans],
            listener=listener,
        )
    if as_json:
        print_json(_as_json(made))
        return
    people.print(f"[bold]preview[/bold]  {made.loop.duration_s:.1f} s, without sound or words")
    for file in made.files:
        people.print(
            f"  {file.form:<10} {file.width} x {file.height}, {file.bytes / 1000:.0f} of "
            f"{file.max_bytes / 1000:.0f} kB  {escape(str(file.file))}"
        )
    if verbose:
        for part in made.loop.parts:
            people.print(
                f"  {part.shows:<10} {escape(part.source)} {float(part.start):.2f} s, "
                f"{escape(part.why)}"
            )
        for poster in made.posters:
            people.print(f"  {'poster':<10} {poster.width} px  {escape(str(poster.file))}")
    else:
        people.print(f"  {'posters':<10} {len(made.posters)} files {escape(str(made.folder))}")
    people.print(f"  {'strip':<10} {escape(str(made.strip))}")
    people.print(f"  {'to paste':<10} {escape(str(made.snippet))}")
    if made.picture_snippet:
        people.print(f"  {'':<10} {escape(str(made.picture_snippet))} (where video is not allowed)")
    people.print(f"  {'not told':<10} {NOT_TOLD}")
    for warning in made.loop.warnings:
        people.print(f"  [yellow]note[/yellow] {escape(warning)}")


def _as_json(made: Previewed) -> dict[str, Any]:
    return {
        "preview": {
            "duration_s": round(made.loop.duration_s, 3),
            "formats": [
                {
                    "format": file.form,
                    "file": str(file.file),
                    "width": file.width,
                    "height": file.height,
                    "bytes": file.bytes,
                    "max_bytes": file.max_bytes,
                }
                for file in made.files
            ],
            "posters": [
                {"file": str(p.file), "format": p.form, "width": p.width, "height": p.height}
                for p in made.posters
            ],
            "strip": str(made.strip),
            "thumbnails": str(made.thumbnails),
            "snippet": str(made.snippet),
            "picture_snippet": str(made.picture_snippet) if made.picture_snippet else None,
            "warnings": list(made.loop.warnings),
        }
    }
