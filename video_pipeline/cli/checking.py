"""Commands that check: check (a clip), doctor (this machine)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rich_click as click
from click.exceptions import Exit
from rich.markup import escape

from video_pipeline import doctor as examination
from video_pipeline.cli.output import output_options, people, print_json, verbose_option
from video_pipeline.cli.settings import post_by_option, settings_from, settings_options
from video_pipeline.delivery.manifest import made_with
from video_pipeline.pipeline import check_file
from video_pipeline.presets.placements import PostBy
from video_pipeline.rendering.check import Verdict


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--placement",
    default="tiktok",
    show_default=True,
    help="Where it will be posted; several with commas, or all.",
)
@post_by_option
@click.option(
    "--presets", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Your own."
)
@output_options
def check(
    *,
    file: Path,
    placement: str,
    post_by: PostBy | None,
    presets: Path | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Hold an mp4, whoever made it, against what placements ask for; say what to mend.

    The most important comes first. The exit code is 5 when it falls short anywhere.

    Example: `video-pipeline check clip.mp4 --placement reels,shorts`.
    """
    names = [name.strip() for name in placement.split(",") if name.strip()]
    verdicts = check_file(file, names, presets, post_by or "hand")
    if as_json:
        print_json(_as_json(verdicts))
    else:
        for verdict in verdicts:
            _say(verdict, file)
        for what in dict.fromkeys(what for verdict in verdicts for what in verdict.not_checked):
            people.print(f"  [yellow]not checked[/yellow] {escape(what)}")
    if any(verdict.findings for verdict in verdicts):
        raise Exit(5)


def _say(verdict: Verdict, file: Path) -> None:
    if not verdict.findings:
        people.print(f"[green]{escape(file.name)} is ready for {verdict.placement}[/green]")
        return
    people.print(f"[bold]{escape(file.name)} is not ready for {verdict.placement}[/bold]")
    for number, f in enumerate(verdict.findings, start=1):
        people.print(f"  {number}. [bold]{escape(_sentence(f.mend))}[/bold]")
        people.print(f"     {escape(f.rule)}: wanted {escape(f.want)}, got {escape(f.got)}")


def _sentence(mend: str) -> str:
    return f"{mend[:1].upper()}{mend[1:]}."


def _as_json(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "ok": not any(verdict.findings for verdict in verdicts),
        "findings": [
            {
                "placement": verdict.placement,
                "rule": f.rule,
                "want": f.want,
                "got": f.got,
                "mend": f.mend,
            }
            for verdict in verdicts
            for f in verdict.findings
        ],
        "ready": [verdict.placement for verdict in verdicts if not verdict.findings],
        "not_checked": list(
            dict.fromkeys(what for verdict in verdicts for what in verdict.not_checked)
        ),
    }


@click.command()
@click.option("--clear-cache", is_flag=True, help="Forget everything that was kept for reuse.")
@click.option("--encoders", is_flag=True, help="Measure the encoders that work: VMAF, rate, speed.")
@settings_options
@verbose_option
@output_options
def doctor(
    *, clear_cache: bool, encoders: bool, as_json: bool, verbose: bool, debug: bool, **where: Any
) -> None:
    """Look at this machine: ffmpeg, encoders, fonts, seeing, cache, disk. Say what to mend.

    Example: `video-pipeline doctor`.
    """
    settings = settings_from(**where)
    if clear_cache:
        settings.store.clear()
    results = examination.examine(settings.store, encoders=encoders)
    if as_json:
        print_json(
            {
                "ok": all(r.ok for r in results),
                "checks": [
                    {"name": r.name, "ok": r.ok, "found": r.found, "mend": r.mend} for r in results
                ],
            }
        )
    else:
        for r in results:
            mark = "[green]works[/green]" if r.ok else "[red]mend[/red] "
            people.print(f"{mark}  {r.name:<10} {escape(r.found)}")
            if r.mend:
                people.print(f"       {'':<10} {escape(r.mend)}")
        if verbose and all(r.ok for r in results if r.name == "ffmpeg"):
            for name, release in made_with().items():
                people.print(f"       {name:<24} {escape(release)}")
    if not all(r.ok for r in results):
        raise Exit(5)
