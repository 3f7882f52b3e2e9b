"""The command for a whole catalogue: batch, its status, its report, and another try."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.batch.cluster import Cluster
from video_pipeline.batch.job import Limits, Wanted
from video_pipeline.batch.ledger import Ledger, is_held
from video_pipeline.batch.page import write_page
from video_pipeline.batch.running import Batch, Summary, run
from video_pipeline.batch.workers import Crew, Workers
from video_pipeline.catalogue.reading import read_catalogue
from video_pipeline.cli.output import output_options, people, print_json, progress, tell
from video_pipeline.cli.settings import (
    as_filmed_option,
    blur_option,
    crop_bars_option,
    encoder_option,
    language_option,
    look_options,
    post_by_option,
    remote_options,
    require_option,
    settings_options,
    signing_options,
    usual_theme,
)
from video_pipeline.errors import ListingError
from video_pipeline.interruption import drained
from video_pipeline.pipeline.catalogues import dry_run as tried
from video_pipeline.storage.objects import Objects
from video_pipeline.storage.releases import destination_of
from video_pipeline.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])

SOME_FAILED = 6
_STOPPED = 130
_FOLDER = click.Path(path_type=Path, file_okay=False)
_SHOWN = 20
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


class Catalogued(click.RichGroup):
    """A group whose word may be a catalogue: `batch shop.csv` is `batch run shop.csv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, with `run` before them where none of the commands is named."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Catalogued)
def batch() -> None:
    """Make a whole catalogue, and only what has changed; `batch status OUT` tells of it.

    Example: `video-pipeline batch shop.csv -o out`, then `video-pipeline batch report out`.
    """


def _bytes(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """`800M` or `2G`, in bytes."""
    if value is None:
        return None
    text = value.strip().lower().removesuffix("b")
    try:
        found = int(float(text.rstrip("kmg")) * _UNITS.get(text[-1:], 1))
    except ValueError:
        found = 0
    if found < 1:
        raise click.BadParameter(
            f"'{value}' is no amount of memory; write 800M or 2G", context, option
        )
    return found


def _run_options(command: Command) -> Command:
    for option in reversed(
        (
            click.option(
                "--jobs",
                type=click.IntRange(1, 256),
                help="So many listings at once.  [default: as many as there are cores]",
            ),
            click.option(
                "--time-limit",
                type=click.FloatRange(min=0, min_open=True),
                metavar="SECONDS",
                help="Stop a listing that takes longer.  [default: none]",
            ),
            click.option(
                "--memory-limit",
                callback=_bytes,
                metavar="SIZE",
                help="Stop a listing that needs more memory, such as 2G.  [default: none]",
            ),
            click.option(
                "--cluster",
                metavar="ADDRESS",
                help="Let the workers behind this Dask scheduler make them: tcp://machine:8786.  "
                "[default: this machine]",
            ),
            click.option("--explain", is_flag=True, help="Say of each listing why it is made."),
        )
    ):
        command = option(command)
    return command


@batch.command("run")
@click.argument("catalogue", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=_FOLDER, required=True, help="The output folder.")
@click.option(
    "--placement", default="tiktok", show_default=True, help="Where; several with commas."
)
@click.option("--storyboard", help="What the clips show, in which order.  [default: showcase]")
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Which column is what.",
)
@click.option(
    "--allow-outside", is_flag=True, help="Files may stand outside the catalogue's own folder."
)
@click.option("--dry-run", is_flag=True, help="Tell all mistakes of all rows, and make nothing.")
@click.option("--require-badge", is_flag=True, help="Refuse listings without a certificate.")
@click.option("--detector", metavar="NAME", help="Who looks for hardware and stitching.")
@click.option(
    "--upload",
    metavar="ADDRESS",
    help="Put every finished folder below this address too, such as s3://bucket/clips.",
)
@remote_options
@_run_options
@as_filmed_option
@language_option
@look_options
@post_by_option
@blur_option
@crop_bars_option
@encoder_option
@require_option
@signing_options
@settings_options
@output_options
def run_catalogue(
    *,
    catalogue: Path,
    output: Path,
    placement: str,
    mapping: Path | None,
    allow_outside: bool,
    dry_run: bool,
    jobs: int | None,
    time_limit: float | None,
    memory_limit: int | None,
    cluster: str | None,
    explain: bool,
    as_json: bool,
    debug: bool,
    **wishes: Any,
) -> int:
    """Make what is new or has changed; a broken listing costs itself alone.

    Run it again whenever you like: what is up to date is left as it is. Ctrl-C lets what is being
    made come to its end, a second one stops at once.

    The word `run` may be left out.

    Example: `video-pipeline batch run shop.csv -o out --placement tiktok,reels`.
    """
    if dry_run:
        return _dry_run(
            catalogue,
            as_json=as_json,
            mapping=mapping,
            outside=allow_outside,
            **{name: wishes[name] for name in ("presets", "overlays", "theme")},
        )
    asked = {
        "catalogue": str(catalogue.resolve()),
        "mapping": str(mapping.resolve()) if mapping else None,
        "outside": allow_outside,
        "wanted": {
            name: str(value.resolve()) if isinstance(value, Path) else value
            for name, value in {
                **wishes,
                "placements": [word.strip() for word in placement.split(",") if word.strip()],
                "cache": Store(wishes["cache"]).folder,
                "here": Path.cwd(),
                "usual_theme": usual_theme(wishes["overlays"]),
            }.items()
        },
        "jobs": jobs,
        "time_limit": time_limit,
        "memory_limit": memory_limit,
        "cluster": cluster,
    }
    return _run(output, asked, retry=False, explain=explain, as_json=as_json)


@batch.command()
@click.argument("output", type=_FOLDER)
@_run_options
@output_options
def retry(
    *,
    output: Path,
    jobs: int | None,
    time_limit: float | None,
    memory_limit: int | None,
    cluster: str | None,
    explain: bool,
    as_json: bool,
    debug: bool,
) -> int:
    """Try those again that have failed, as they were asked for.

    Example: `video-pipeline batch retry out`.
    """
    with Ledger(output) as ledger:
        asked = ledger.asked()
    given = {
        "jobs": jobs,
        "time_limit": time_limit,
        "memory_limit": memory_limit,
        "cluster": cluster,
    }
    asked.update({name: value for name, value in given.items() if value is not None})
    return _run(output, asked, retry=True, explain=explain, as_json=as_json)


@batch.command()
@click.argument("output", type=_FOLDER)
@output_options
def status(*, output: Path, as_json: bool, debug: bool) -> None:
    """Say how far a batch is, also while it runs.

    Example: `video-pipeline batch status out`.
    """
    with Ledger(output) as ledger:
        counts, work, records = ledger.counts(), ledger.work(), tuple(ledger.records())
    running = is_held(output)
    if as_json:
        print_json({"running": running, "listings": counts, "work": work})
        return
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    people.print(f"{'a batch is running' if running else 'no batch is running'}: {told}")
    _table([record for record in records if record.state not in ("done", "waiting")])


@batch.command()
@click.argument("output", type=_FOLDER)
@output_options
def report(*, output: Path, as_json: bool, debug: bool) -> None:
    """Write one page about everything in the output folder: report.html.

    Example: `video-pipeline batch report out`.
    """
    page = write_page(output)
    if as_json:
        print_json({"report": str(page)})
    else:
        people.print(f"report: {escape(str(page))}")


def _dry_run(catalogue: Path, *, as_json: bool, **where: Any) -> int:
    found = tried(catalogue, **where)
    if as_json:
        print_json(
            {
                "ready": found.ready,
                "broken": found.broken,
                "problems": [asdict(problem) for problem in found.problems],
            }
        )
    else:
        for problem in found.problems:
            mend = f"; {problem.mend}" if problem.mend else ""
            people.print(escape(f"{problem.where}: {problem.message}{mend}"))
        people.print(f"{found.ready} ready, {found.broken} with mistakes")
    return ListingError.exit_code if found.problems else 0


def _run(output: Path, asked: dict[str, Any], *, retry: bool, explain: bool, as_json: bool) -> int:
    catalogue = read_catalogue(
        Path(asked["catalogue"]),
        mapping=Path(asked["mapping"]) if asked["mapping"] else None,
        outside=asked["outside"],
        presets=Path(own) if (own := asked["wanted"]["presets"]) else None,
    )
    of_rows = {id(problem) for entry in catalogue.entries for problem in entry.problems}
    if own_mistakes := [p for p in catalogue.problems if id(p) not in of_rows]:
        raise ListingError(
            "the catalogue has mistakes", where=str(catalogue.path), problems=own_mistakes
        )
    batch = Batch(
        catalogue.entries,
        _wanted(asked["wanted"]),
        output.resolve(),
        Limits(asked["time_limit"], asked["memory_limit"]),
        asked,
    )
    if (upload := batch.wanted.upload) is not None:
        destination_of(upload, Objects())
    crew = _crew(asked, batch.output)
    with progress() as listener, drained() as draining:
        summary = run(
            batch,
            crew,
            retry=retry,
            explain=_explained if explain and not as_json else lambda _name, _why: None,
            draining=draining,
            listener=listener,
        )
    return _report(output, summary, as_json=as_json)


def _crew(asked: dict[str, Any], output: Path) -> Crew:
    if cluster := asked.get("cluster"):
        return Cluster(cluster, output)
    return Workers(asked["jobs"] or os.cpu_count() or 1)


def _wanted(page: dict[str, Any]) -> Wanted:
    """The wish as it stands in the ledger; paths and tuples are texts and lists there."""
    paths = ("presets", "overlays", "cache", "sign_with", "sign_chain", "here")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, (list, tuple)) else value
        for name, value in page.items()
    }
    values.update({name: Path(page[name]) for name in paths if page.get(name) is not None})
    return Wanted(**values)


def _explained(name: str, why: str) -> None:
    people.print(f"  {escape(name)}: {escape(why)}")


def _report(output: Path, summary: Summary, *, as_json: bool) -> int:
    code = _STOPPED if summary.stopped else SOME_FAILED if summary.ill else 0
    with Ledger(output) as ledger:
        ill = [r for r in ledger.records() if r.state in ("failed", "refused")]
    if as_json:
        print_json(
            {
                "total": summary.total,
                "up_to_date": summary.up_to_date,
                "made": summary.made,
                "failed": summary.failed,
                "encoded": summary.encoded,
                "seconds": summary.seconds,
                "cpu_s": summary.cpu_s,
                "checked_s": summary.checked_s,
                "stopped": summary.stopped,
                "states": summary.states,
                "listings_failed": [
                    {"name": r.name, "place": r.place, "reason": r.reason, "mend": r.mend}
                    for r in ill
                ],
            }
        )
        return code
    people.print(
        f"[bold]{summary.total} listings[/bold]: {summary.made} made with {summary.encoded} pieces "
        f"encoded, {summary.up_to_date} up to date, {summary.ill} failed; "
        f"{summary.seconds:.0f} s, {summary.cpu_s:.0f} s of CPU"
    )
    _table(ill)
    if summary.stopped:
        tell(
            "interrupted",
            f"stopped as you asked; {summary.states.get('waiting', 0)} listings wait",
            mend="run it again: it goes on where it stopped",
            as_json=False,
        )
    elif ill:
        people.print(
            f"mend them and run it again, or try as they are: video-pipeline batch retry {output}"
        )
    return code


def _table(records: Sequence[Any]) -> None:
    if not records:
        return
    table = Table(box=None, header_style="bold")
    for name in ("listing", "where", "state", "reason"):
        table.add_column(name, overflow="fold")
    for record in records[:_SHOWN]:
        mend = f"; {record.mend}" if record.mend else ""
        table.add_row(
            *(escape(record.name), escape(record.place), record.state),
            escape(f"{record.reason}{mend}"),
        )
    people.print(table)
    if len(records) > _SHOWN:
        people.print(f"  … and {len(records) - _SHOWN} more: video-pipeline batch report OUT")
