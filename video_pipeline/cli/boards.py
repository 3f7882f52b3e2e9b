"""The command about storyboards: which there are, and what is in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.cli.output import output_options, people, print_json
from video_pipeline.cli.settings import language_option, presets_option
from video_pipeline.edit.story import read_storyboard
from video_pipeline.overlays.language import language
from video_pipeline.presets.storyboards import Slot, Storyboard, storyboard_names


@click.group(invoke_without_command=True)
@presets_option
@output_options
@click.pass_context
def storyboards(context: click.Context, presets: Path | None, as_json: bool, debug: bool) -> None:
    """Say which storyboards there are; `show NAME` prints the slots of one.

    Example: `video-pipeline storyboards show story`.
    """
    context.obj = presets
    if context.invoked_subcommand is not None:
        return
    boards = [read_storyboard(name, presets) for name in storyboard_names(presets)]
    if as_json:
        print_json({"storyboards": [_board_json(board) for board in boards]})
        return
    table = Table(box=None, header_style="bold")
    for name in ("storyboard", "seconds", "what it is for"):
        table.add_column(name, overflow="fold")
    for board in boards:
        table.add_row(escape(board.name), _span(board), escape(board.title))
    people.print(table)


@storyboards.command()
@click.argument("name")
@presets_option
@language_option
@output_options
@click.pass_obj
def show(
    given: Path | None,
    *,
    name: str,
    presets: Path | None,
    lang: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Print the slots of a storyboard: what each shows, says, and for how long.

    Example: `video-pipeline storyboards show story --lang fr`.
    """
    board = read_storyboard(name, presets or given, language(lang) if lang else None)
    if as_json:
        slots = [_slot_json(slot) for slot in board.slots]
        print_json({**_board_json(board), "slots": slots})
        return
    people.print(
        f"[bold]{escape(board.name)}[/bold]  {escape(board.title)}  ({_span(board)} s)", end="\n\n"
    )
    table = Table(box=None, header_style="bold")
    for heading in ("slot", "shows", "seconds", "shots", "when", "says"):
        table.add_column(heading, overflow="fold")
    for slot in board.slots:
        table.add_row(
            escape(slot.name),
            slot.needs,
            f"{slot.min_s:g}-{slot.max_s:g}",
            "each flaw" if slot.repeat == "each-note" else str(slot.shots),
            slot.must,
            escape(" / ".join(slot.text.split("\n")) or ", ".join(slot.overlays)),
        )
    people.print(table)
    if board.loop:
        people.print("the last shot runs into the first")


def _span(board: Storyboard) -> str:
    return f"{board.min_s:g}-{board.max_s:g}"


def _board_json(board: Storyboard) -> dict[str, Any]:
    return {
        "name": board.name,
        "title": board.title,
        "min_s": board.min_s,
        "max_s": board.max_s,
        "reading_cps": board.reading_cps,
        "loop": board.loop,
    }


def _slot_json(slot: Slot) -> dict[str, Any]:
    return {
        "slot": slot.name,
        "needs": slot.needs,
        "must": slot.must,
        "seconds": {"prefer": slot.seconds, "min": slot.min_s, "max": slot.max_s},
        "shots": slot.shots,
        "repeat": slot.repeat,
        "overlays": list(slot.overlays),
        "text": slot.text or None,
    }
