"""The command about overlays: which templates there are, and a new one to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.cli.output import output_options, people, print_json
from video_pipeline.overlays.scaffold import scaffold
from video_pipeline.overlays.templates import Header, samples, templates

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def overlays() -> None:
    """Say which overlays there are, or begin one of your own.

    Example: `video-pipeline overlays list`.
    """


@overlays.command("list")
@click.option(
    "--overlays",
    "own",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Your own, by name before the shipped.",
)
@output_options
def list_(own: Path | None, as_json: bool, debug: bool) -> None:
    """Say which overlays there are, what each says, and its fields.

    Example: `video-pipeline overlays list --overlays my-overlays`.
    """
    found = templates(own)
    if as_json:
        print_json({"overlays": [_as_json(name, head, own) for name, head in found.items()]})
        return
    table = Table(box=None, header_style="bold")
    for heading in ("overlay", "what it says", "fields"):
        table.add_column(heading, overflow="fold")
    for name, head in found.items():
        fields = ", ".join(f"{field} ({kind})" for field, kind in head.fields.items())
        table.add_row(escape(name), escape(head.says), escape(fields))
    people.print(table)


@overlays.command()
@click.argument("name")
@click.option(
    "--into",
    type=_FOLDER,
    default=Path("my-overlays"),
    show_default=True,
    help="Your own overlays folder; it is made where there is none.",
)
@click.option(
    "--like",
    metavar="NAME",
    help="The overlay to begin with.  [default: the shipped one of that name, else story-line]",
)
@output_options
def new(*, name: str, into: Path, like: str | None, as_json: bool, debug: bool) -> None:
    """Begin an overlay of your own: one that draws at once, to change.

    Example: `video-pipeline overlays new care-note --into my-overlays --like label`.
    """
    files = scaffold(name, into, like)
    if as_json:
        print_json({"overlay": name, "files": [str(file) for file in files]})
        return
    for file in files:
        people.print(f"wrote {escape(str(file))}")
    people.print(f"change them; clips use them with --overlays {escape(str(into))}")


def _as_json(name: str, head: Header, own: Path | None) -> dict[str, Any]:
    return {
        "name": name,
        "says": head.says,
        "fields": head.fields,
        "stands": list(head.stands),
        "claim": head.claim,
        "samples": list(samples(name, own)),
    }
