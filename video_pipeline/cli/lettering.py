"""The command about overlays: which templates there are, a new one to change, a look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.cli.output import output_options, people, print_json, progress
from video_pipeline.cli.settings import settings_from, settings_options
from video_pipeline.overlays.scaffold import scaffold
from video_pipeline.overlays.templates import Header, samples, templates
from video_pipeline.pipeline import Gallery, Looks, live_overlays, write_overlays

_FOLDER = click.Path(path_type=Path, file_okay=False)


_OWN = click.option(
    "--overlays",
    "own",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Your own, by name before the shipped.",
)


@click.group(invoke_without_command=True)
@_OWN
@output_options
@click.pass_context
def overlays(context: click.Context, own: Path | None, as_json: bool, debug: bool) -> None:
    """Say which overlays there are, look at them, or begin one of your own.

    Example: `video-pipeline overlays new care-note`.
    """
    context.obj = own
    if context.invoked_subcommand is None:
        _print_list(own, as_json=as_json)


@overlays.command("list")
@_OWN
@output_options
@click.pass_obj
def list_(given: Path | None, *, own: Path | None, as_json: bool, debug: bool) -> None:
    """Say which overlays there are, what each says, and its fields.

    Example: `video-pipeline overlays list --overlays my-overlays`.
    """
    _print_list(own or given, as_json=as_json)


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


@overlays.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--listing",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Let them say what this listing states, over a frame of its footage.",
)
@click.option(
    "--placement",
    "placements",
    metavar="NAME",
    multiple=True,
    default=("tiktok",),
    show_default=True,
    help="Where they stand; may be given more than once, or `all`.",
)
@click.option("--theme", "themes", metavar="NAME", multiple=True, help="Looks.  [default: all]")
@click.option(
    "--lang", "langs", metavar="CODE", multiple=True, help="Languages, or `all`.  [default: en]"
)
@click.option(
    "-o",
    "--output",
    type=_FOLDER,
    default=Path("overlays-preview"),
    show_default=True,
    help="A folder.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Write nothing; show the page in a browser, drawn anew when a file of --overlays is "
    "saved. Ctrl-C ends it.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where --live shows it.  [default: any]",
)
@settings_options
@output_options
@click.pass_context
def preview(
    context: click.Context,
    /,
    *,
    names: tuple[str, ...],
    listing: Path | None,
    placements: tuple[str, ...],
    themes: tuple[str, ...],
    langs: tuple[str, ...],
    output: Path,
    live: bool,
    port: int,
    as_json: bool,
    debug: bool,
    **where: Any,
) -> None:
    """Draw overlays in every look, as PNGs and on one page to look at.

    Example: `video-pipeline overlays preview title price --theme street --placement all`.
    """
    where["overlays"] = where["overlays"] or context.obj
    settings = settings_from(**where)
    looks = Looks(names, themes, langs, placements)
    with progress() as listener:
        if live:
            _show_live(looks, settings, listing=listing, port=port, listener=listener)
            return
        hung = write_overlays(output, looks, settings, listing=listing, listener=listener)
    wrong = [e for e in hung.exhibits if e.problems]
    if as_json:
        print_json(_gallery_json(hung, wrong))
    else:
        for exhibit in wrong:
            for p in exhibit.problems:
                people.print(f"[yellow]note[/yellow] {escape(f'{p.where}: {p.message}; {p.mend}')}")
        if hung.silent:
            quiet = ", ".join(hung.silent)
            people.print(
                f"[yellow]note[/yellow] the listing has nothing to say in: {escape(quiet)}"
            )
        people.print(f"{len(hung.exhibits)} pictures  {escape(str(hung.page))}")
    if wrong:
        context.exit(2)


def _show_live(looks: Looks, settings: Any, **how: Any) -> None:
    with live_overlays(looks, settings, **how) as (address, news):
        people.print(f"{address}  [dim]Ctrl-C ends it[/dim]")
        try:
            for line in news:
                people.print(escape(line))
        except KeyboardInterrupt:  # the way to end it
            people.print("ended")


def _gallery_json(hung: Gallery, wrong: list[Any]) -> dict[str, Any]:
    return {
        "page": str(hung.page),
        "pictures": [
            {
                "file": e.file,
                "overlay": e.template,
                "sample": e.sample,
                "theme": e.theme,
                "lang": e.lang,
                "placements": list(e.wall.placements),
                "box": list(e.box),
            }
            for e in hung.exhibits
            if not e.problems
        ],
        "problems": [
            {"where": p.where, "message": p.message, "mend": p.mend}
            for e in wrong
            for p in e.problems
        ],
        "silent": list(hung.silent),
    }


def _print_list(own: Path | None, *, as_json: bool) -> None:
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


def _as_json(name: str, head: Header, own: Path | None) -> dict[str, Any]:
    return {
        "name": name,
        "says": head.says,
        "fields": head.fields,
        "stands": list(head.stands),
        "claim": head.claim,
        "samples": list(samples(name, own)),
    }
