"""Commands that exchange an edit with an editing program: export, recut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape

from video_pipeline.cli.making import cuts_table
from video_pipeline.cli.output import output_options, people, print_json
from video_pipeline.cli.settings import settings_from, settings_options
from video_pipeline.edit.file import edit_as_json
from video_pipeline.pipeline import export_edit, take_back

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("edit", type=_FILE)
@click.option(
    "-o",
    "--output",
    type=_FILE,
    required=True,
    help="Write the timeline here; it ends with .otio, .fcpxml or .edl.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@settings_options
@output_options
def export(
    *, edit: Path, output: Path, force: bool, as_json: bool, debug: bool, **where: Any
) -> None:
    """Write an edit for an editing program: OpenTimelineIO, FCPXML or EDL.

    Example: `video-pipeline export edit.json -o bag.fcpxml`.
    """
    exported = export_edit(edit, output, settings_from(**where), force=force)
    if as_json:
        print_json(
            {
                "timeline": str(exported.file),
                "cuts": exported.cuts,
                "lost": list(exported.lost),
            }
        )
        return
    people.print(f"timeline: {escape(str(exported.file))}, {exported.cuts} cuts")
    for lost in exported.lost:
        people.print(f"  [yellow]note[/yellow] {escape(lost)}")


@click.command()
@click.argument("edit", type=_FILE)
@click.argument("timeline", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Write it here.  [default: TIMELINE.edit.json]")
@click.option("--force", is_flag=True, help="Replace an edit that is there already.")
@output_options
def recut(
    *, edit: Path, timeline: Path, output: Path | None, force: bool, as_json: bool, debug: bool
) -> None:
    """Take back an edit as an editor cut it anew in an editing program.

    EDIT is the one that was exported, TIMELINE the .otio file that the program saved.

    Example: `video-pipeline recut edit.json bag.otio -o recut.json`, then
    `video-pipeline render recut.json`.
    """
    fresh, target = take_back(edit, timeline, output, force=force)
    if as_json:
        print_json(edit_as_json(fresh))
        return
    people.print(cuts_table(fresh))
    for warning in fresh.warnings:
        people.print(f"  [yellow]note[/yellow] {escape(warning)}")
    people.print(f"edit: {escape(str(target))}")
