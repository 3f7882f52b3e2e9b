"""The command about placements: which there are, what each asks for, and where its app draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.cli.output import output_options, people, print_json
from video_pipeline.cli.settings import presets_option
from video_pipeline.pipeline import draw_guide
from video_pipeline.presets.placements import (
    BURNABLE,
    Placement,
    Sourced,
    about,
    figures,
    load_placement,
    placement_names,
)


@click.group(invoke_without_command=True)
@presets_option
@output_options
@click.pass_context
def placements(context: click.Context, presets: Path | None, as_json: bool, debug: bool) -> None:
    """Say where clips can be posted; `show NAME` prints what one place asks for, and why.

    Example: `video-pipeline placements show tiktok`.
    """
    context.obj = presets
    if context.invoked_subcommand is not None:
        return
    places = [load_placement(name, presets) for name in placement_names(presets)]
    if as_json:
        print_json({"placements": [_place_json(place) for place in places]})
        return
    table = Table(box=None, header_style="bold")
    for heading in ("placement", "picture", "seconds", "at most", "badge", "where it is"):
        table.add_column(heading, overflow="fold")
    for place in places:
        table.add_row(
            escape(place.name),
            f"{place.width} x {place.height}",
            _span(place),
            _bytes(place.max_bytes),
            "yes" if "badge" in place.burn_in else "no",
            escape(place.title),
        )
    people.print(table)


@placements.command()
@click.argument("name")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the safe area as a PNG of the clip's size, for a designer.",
)
@presets_option
@output_options
@click.pass_obj
def show(
    given: Path | None,
    *,
    name: str,
    picture: Path | None,
    presets: Path | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Print what a place asks for, each figure with its source, and draw its safe area.

    Example: `video-pipeline placements show tiktok --picture tiktok.png`.
    """
    own = presets or given
    place = load_placement(name, own)
    found = figures(name, own)
    if picture is not None:
        draw_guide(place, picture)
    if as_json:
        rows = [_figure_json(figure) for figure in found]
        drawn = str(picture) if picture else None
        print_json({**_place_json(place), "figures": rows, "picture": drawn})
        return
    people.print(f"[bold]{escape(place.name)}[/bold]  {escape(place.title)}")
    if words := about(name, own):
        people.print(escape(words))
    people.print(f"\n{_sketch(place)}\n")
    table = Table(box=None, header_style="bold")
    for heading in ("figure", "value", "belief", "source"):
        table.add_column(heading, overflow="fold")
    for figure in found:
        value = escape(_written(figure.value))
        source = figure.source + (f" ({figure.note})" if figure.note else "")
        table.add_row(figure.name, value, figure.confidence, escape(source))
    people.print(table)
    if picture is not None:
        people.print(f"picture  {escape(str(picture))}")


_ACROSS = 36  # characters; one is about twice as high as wide


def _sketch(place: Placement) -> str:
    """The safe area in characters: shaded where the app draws, blank where overlays stand."""
    rows = round(_ACROSS / 2 * place.height / place.width)
    safe = place.safe
    lines = []
    for row in range(rows):
        y = (row + 0.5) / rows * place.height
        inside = safe.top <= y < place.height - safe.bottom
        xs = ((column + 0.5) / _ACROSS * place.width for column in range(_ACROSS))
        lines.append(
            "".join(
                " " if inside and safe.left <= x < place.width - safe.right else "░" for x in xs
            )
        )
    return "\n".join(lines)


def _written(value: Any) -> str:
    if value is None:
        return "not stated"
    return (", ".join(map(str, value)) or "nothing") if isinstance(value, tuple) else str(value)


def _span(place: Placement) -> str:
    if place.max_s is None:
        return "any" if place.min_s is None else f"from {place.min_s:g}"
    return f"up to {place.max_s:g}" if place.min_s is None else f"{place.min_s:g}-{place.max_s:g}"


def _bytes(most: int | None) -> str:
    return "any size" if most is None else f"{most / 1e6:g} MB"


def _place_json(place: Placement) -> dict[str, Any]:
    return {
        "name": place.name,
        "title": place.title,
        "width": place.width,
        "height": place.height,
        "min_s": place.min_s,
        "max_s": place.max_s,
        "max_bytes": place.max_bytes,
        "burn_in": [what for what in BURNABLE if what in place.burn_in],
        "burn_in_by_api": [what for what in BURNABLE if what in place.burn_in_by_api],
        "safe": {
            "top": place.safe.top,
            "right": place.safe.right,
            "bottom": place.safe.bottom,
            "left": place.safe.left,
        },
    }


def _figure_json(figure: Sourced) -> dict[str, Any]:
    return {
        "figure": figure.name,
        "value": figure.value,
        "source": figure.source,
        "confidence": figure.confidence,
        "note": figure.note,
    }
