"""Commands that check: check (a clip), doctor (this machine)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from click.exceptions import Exit
from rich.markup import escape

from video_pipeline import doctor as examination
from video_pipeline.cli.output import output_options, people, print_json, verbose_option
from video_pipeline.cli.settings import post_by_option, settings_from, settings_options
from video_pipeline.delivery.manifest import made_with
from video_pipeline.delivery.posting import check_posting
from video_pipeline.presets.placements import PostBy, load_placement
from video_pipeline.rendering.check import check as check_clip


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--placement", default="tiktok", show_default=True)
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
    """Hold an mp4 against what a placement asks for; say what to mend.

    The exit code is 5 when it falls short.

    Example: `video-pipeline check clip.mp4 --placement reels`.
    """
    place = load_placement(placement, presets)
    findings = [*check_clip(file, place), *check_posting(file, place, post_by or "hand")]
    if as_json:
        print_json(
            {
                "ok": not findings,
                "findings": [
                    {"rule": f.rule, "want": f.want, "got": f.got, "mend": f.mend} for f in findings
                ],
            }
        )
    elif findings:
        for f in findings:
            people.print(
                f"[red]{escape(f.rule)}[/red]: wanted {escape(f.want)}, got {escape(f.got)}; "
                f"{escape(f.mend)}"
            )
    else:
        people.print(f"{escape(file.name)} is ready for {placement}")
    if findings:
        raise Exit(5)


@click.command()
@click.option("--clear-cache", is_flag=True, help="Forget everything that was kept for reuse.")
@settings_options
@verbose_option
@output_options
def doctor(clear_cache: bool, as_json: bool, verbose: bool, debug: bool, **where: Any) -> None:
    """Look at this machine: ffmpeg, encoders, fonts, seeing, cache, disk. Say what to mend.

    Example: `video-pipeline doctor`.
    """
    settings = settings_from(**where)
    if clear_cache:
        settings.store.clear()
    results = examination.examine(settings.store)
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
