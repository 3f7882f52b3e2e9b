"""Commands that make clips: plan, render, demo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape
from rich.table import Table

from video_pipeline.cli.output import (
    output_options,
    people,
    print_json,
    progress,
    verbose_option,
)
from video_pipeline.cli.settings import (
    as_filmed_option,
    blur_option,
    crop_bars_option,
    detector_option,
    encoder_option,
    language_option,
    look_options,
    post_by_option,
    remote_options,
    require_option,
    settings_from,
    settings_options,
    signing_options,
)
from video_pipeline.edit.file import edit_as_json
from video_pipeline.edit.model import Edit
from video_pipeline.edit.wishes import Wishes, ban_of, pin_of
from video_pipeline.pipeline import (
    Rendered,
    Settings,
    render_listing,
    write_plan,
)
from video_pipeline.pipeline import render as render_file
from video_pipeline.resources import shipped
from video_pipeline.storage.objects import Objects
from video_pipeline.storage.releases import destination_of, release

_SAMPLE = "cognac-pouch"
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("listing", type=_FILE)
@click.option("--placement", default="tiktok", show_default=True, help="Where it will be posted.")
@click.option(
    "--storyboard",
    default="showcase",
    show_default=True,
    help="What the clip shows, in which order.",
)
@click.option("-o", "--output", type=_FILE, help="Write the edit here.  [default: SKU.edit.json]")
@click.option("--force", is_flag=True, help="Replace an edit that is there already.")
@click.option(
    "--pin",
    "pins",
    metavar="SLOT=FILE@TIME",
    multiple=True,
    help="The slot must show that moment, such as hardware=clip2.mov@12.4. May be given often.",
)
@click.option(
    "--ban",
    "bans",
    metavar="FILE[@FROM-TO]",
    multiple=True,
    help="Show nothing of that, such as clip1.mov@0-3. May be given often.",
)
@click.option(
    "--variants",
    type=click.IntRange(1, 9),
    default=1,
    show_default=True,
    help="Write so many edits that open differently and share the rest.",
)
@as_filmed_option
@language_option
@look_options
@post_by_option
@blur_option
@crop_bars_option
@require_option
@detector_option
@settings_options
@verbose_option
@output_options
def plan(
    *,
    listing: Path,
    placement: str,
    storyboard: str,
    output: Path | None,
    force: bool,
    pins: tuple[str, ...],
    bans: tuple[str, ...],
    variants: int,
    required: tuple[str, ...],
    as_json: bool,
    verbose: bool,
    debug: bool,
    **where: Any,
) -> None:
    """Choose what to show, and write the edit as JSON to look at and change.

    Example: `video-pipeline plan listing.yaml -o edit.json`, then
    `video-pipeline render edit.json`.
    """
    wishes = Wishes(tuple(map(pin_of, pins)), tuple(map(ban_of, bans)))
    with progress() as listener:
        written = write_plan(
            listing,
            output,
            placement,
            settings_from(**where),
            storyboard=storyboard,
            required=required,
            wishes=wishes,
            variants=variants,
            force=force,
            listener=listener,
        )
    if as_json:
        edits = [edit_as_json(edit) for edit, _ in written]
        print_json(edits[0] if variants == 1 else {"variants": edits})
        return
    edit = written[0][0]
    people.print(cuts_table(edit, why=verbose))
    _say_left_out([edit])
    for _, target in written:
        people.print(f"edit: {escape(str(target))}")
    for note in edit.warnings:
        people.print(f"  [yellow]note[/yellow] {escape(note)}")


@click.command()
@click.argument("listing", type=_FILE, metavar="LISTING|EDIT")
@click.option(
    "--placement",
    help="Where it will be posted; several with commas.  [default: tiktok]",
)
@click.option("--storyboard", help="What the clip shows, in which order.  [default: showcase]")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The output folder.  [default: out/SKU]",
)
@click.option(
    "--share-picture/--own-picture",
    "share",
    default=None,
    help="One picture for all placements of one size, or one for each.  [default: one where it "
    "costs none of them much room]",
)
@click.option("--require-badge", is_flag=True, help="Fail when no certificate can be verified.")
@click.option(
    "--upload",
    metavar="ADDRESS",
    help="Put the finished folder there too, such as s3://bucket/clips/bag-17.",
)
@remote_options
@as_filmed_option
@language_option
@look_options
@post_by_option
@blur_option
@crop_bars_option
@encoder_option
@require_option
@signing_options
@detector_option
@settings_options
@verbose_option
@output_options
def render(
    *,
    listing: Path,
    placement: str | None,
    storyboard: str | None,
    output: Path | None,
    share: bool | None,
    require_badge: bool,
    upload: str | None,
    required: tuple[str, ...],
    as_json: bool,
    verbose: bool,
    debug: bool,
    **where: Any,
) -> None:
    """Make the clip: from a listing, or from an edit that plan wrote and you have changed.

    Example: `video-pipeline render listing.yaml --placement tiktok,reels -o out/bag-17`.
    """
    names = placement.split(",") if placement is not None else None
    destination = destination_of(upload, Objects()) if upload is not None else None
    with progress() as listener:
        clips = render_file(
            listing,
            output,
            settings_from(**where, signs=True),
            placements=[n.strip() for n in names if n.strip()] if names is not None else None,
            storyboard=storyboard,
            sharing="alike" if share is None else "all" if share else "none",
            require_badge=require_badge,
            required=required,
            listener=listener,
        )
    released = destination and release(clips[0].file.parent, destination, Objects())
    _report(clips, as_json=as_json, verbose=verbose)
    if released and not as_json:
        people.print(f"  uploaded       {escape(str(released.address))}")


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("out/demo"),
    show_default=True,
    help="The output folder.",
)
@settings_options
@verbose_option
@output_options
def demo(output: Path, as_json: bool, verbose: bool, debug: bool, **where: Any) -> None:
    """Render the sample listing, to see what comes out.

    The sample's bag, footage and certificate were made by computer for this purpose.

    Example: `video-pipeline demo --output out/demo`.
    """
    settings: Settings = settings_from(**where)
    sample = shipped("samples") / _SAMPLE / "listing.yaml"
    with progress() as listener:
        clips = render_listing(sample, output, ["tiktok"], settings, listener=listener)
    _report(clips, as_json=as_json, verbose=verbose)


def _report(clips: Sequence[Rendered], *, as_json: bool, verbose: bool) -> None:
    if as_json:
        print_json({"clips": [_as_json(clip) for clip in clips]})
        return
    for clip in clips:
        if verbose:
            people.print(cuts_table(clip.edit, why=True))
        stem = str(clip.file.with_suffix(""))
        people.print(
            f"[bold]{clip.placement}[/bold]  {clip.duration_s:.1f} s, {clip.bytes / 1e6:.1f} MB, "
            f"{clip.encoded} of {clip.pieces} pieces encoded"
        )
        people.print(f"  clip           {escape(str(clip.file))}")
        people.print(f"  cover          {escape(stem)}.cover.jpg, without title .cover-plain.jpg")
        people.print(f"  contact sheet  {escape(stem)}.sheet.jpg")
        people.print(f"  words to post  {escape(stem)}.post.json")
        for warning in clip.warnings:
            people.print(f"  [yellow]note[/yellow] {escape(warning)}")
    folder = clips[0].file.parent
    shown = (
        ("captions", "*.srt"),
        ("preview", "*.preview.webp"),
        ("key frames", "keyframes"),
        ("report", "*.report.html"),
    )
    for name, kind in shown:
        for path in folder.glob(kind):
            people.print(f"  {name:<14} {escape(str(path))}")
    people.print(f"  manifest       {escape(str(folder / 'manifest.json'))}")
    people.print(f"  coverage       {clips[0].coverage.counted}; advice is in the report")
    _say_left_out([clip.edit for clip in clips[:1]])


def _as_json(clip: Rendered) -> dict[str, Any]:
    return {
        "placement": clip.placement,
        "file": str(clip.file),
        "duration_s": clip.duration_s,
        "bytes": clip.bytes,
        "pieces": {"total": clip.pieces, "encoded": clip.encoded},
        "claims": list(clip.claims),
        "warnings": [
            *clip.warnings,
            *(f"left out {slot.slot}: {slot.reason}" for slot in clip.edit.left_out),
        ],
    }


def cuts_table(edit: Edit, *, why: bool = False) -> Table:
    """An edit's cuts, one a line."""
    table = Table(box=None, header_style="bold")
    for name in ("slot", "from", "seconds", "shows", "words", *(("why",) if why else ())):
        table.add_column(name, overflow="fold")
    for cut in edit.cuts:
        table.add_row(
            cut.slot,
            escape(f"{cut.source} {_clock(float(cut.start))}"),
            f"{float(cut.frames / edit.rate):.1f}",
            escape(cut.shows),
            ", ".join(use.template for use in cut.overlays),
            *((escape(cut.why),) if why else ()),
        )
    return table


def _say_left_out(edits: Sequence[Edit]) -> None:
    for edit in edits:
        for slot in edit.left_out:
            people.print(f"  [yellow]left out[/yellow] {escape(f'{slot.slot}: {slot.reason}')}")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}"
