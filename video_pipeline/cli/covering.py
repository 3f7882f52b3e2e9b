"""The command that advises: coverage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rich_click as click
from click.exceptions import Exit
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from video_pipeline.cli.output import (
    output_options,
    people,
    print_json,
    progress,
    verbose_option,
)
from video_pipeline.cli.settings import (
    detector_option,
    require_option,
    settings_from,
    settings_options,
)
from video_pipeline.edit.coverage import Row, State, coverage_as_json
from video_pipeline.errors import FootageError
from video_pipeline.listing.clock import clock_of
from video_pipeline.pipeline import cover_listing

_HEADINGS: dict[State, str] = {
    "shown": "[green]Shown[/green]",
    "missing": "[red]Missing[/red]: no clean view was found; look before you film it again",
    "not checked": "Not checked: nothing here can tell, so look yourself",
}


@click.command()
@click.argument("listing", type=click.Path(path_type=Path, dir_okay=False))
@require_option
@detector_option
@settings_options
@verbose_option
@output_options
def coverage(
    *,
    listing: Path,
    required: tuple[str, ...],
    as_json: bool,
    verbose: bool,
    debug: bool,
    **where: Any,
) -> None:
    """Say what a buyer expects to see, what the footage shows of it, and how to film the rest.

    The exit code is 3 when a view that `--require` names is missing.

    Example: `video-pipeline coverage listing.yaml --require hardware,stitching`.
    """
    with progress() as listener:
        found = cover_listing(listing, settings_from(**where), required=required, listener=listener)
    unmet = found.unmet(required)
    if as_json:
        views = list(dict.fromkeys(row.view for row in unmet))
        print_json({"coverage": coverage_as_json(found), "unmet": views})
    else:
        for state, heading in _HEADINGS.items():
            rows = [row for row in found.rows if row.state == state]
            if rows:
                people.print(f"[bold]{heading}[/bold]")
                people.print(Padding(_table(rows, verbose=verbose), (0, 0, 0, 2)))
        people.print(found.counted)
        for row in unmet:
            people.print(f"[red]required and missing[/red]  {escape(row.name)}")
    if unmet:
        raise Exit(FootageError.exit_code)


def _table(rows: Sequence[Row], *, verbose: bool) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(width=30, overflow="fold")
    table.add_column(width=6)
    table.add_column(overflow="fold")
    for row in rows:
        # What nobody can tell may well be there: how to film it is said only when asked.
        advice = row.advice if verbose or row.state != "not checked" else ""
        table.add_row(
            escape(row.name),
            f"[dim]{row.must}[/dim]",
            "\n".join(escape(line) for line in (_where(row, verbose=verbose), advice) if line),
        )
    return table


def _where(row: Row, *, verbose: bool) -> str:
    places = [
        f"{place.told} (best at {clock_of(place.best)}, {place.score:.2f})"
        if verbose
        else place.told
        for place in row.where
    ]
    return ": ".join(part for part in (row.why, ", ".join(places)) if part)
