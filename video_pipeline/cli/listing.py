"""Commands around the listing file: init, schema."""

from __future__ import annotations

from pathlib import Path

import rich_click as click
from rich.markup import escape

from video_pipeline.cli.output import output_options, people, print_json
from video_pipeline.errors import UsageError
from video_pipeline.footage.probe import probe
from video_pipeline.listing.drafting import draft
from video_pipeline.listing.schema import listing_schema
from video_pipeline.replacing import replaced


@click.command()
@click.argument("footage", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("listing.yaml"),
    show_default=True,
)
@click.option("--force", is_flag=True, help="Replace a listing that is there already.")
@output_options
def init(
    *,
    footage: tuple[Path, ...],
    output: Path,
    force: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Write a listing to fill in, for the footage you have.

    Example: `video-pipeline init my-bag/*.mov -o my-bag/listing.yaml`.
    """
    if output.exists() and not force:
        raise UsageError(
            "there is a listing already", where=str(output), mend="add --force to replace it"
        )
    for path in footage:
        if not path.is_dir():
            probe(path)
    text = draft(footage, output.parent.absolute())
    with replaced(output) as part:
        part.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"listing": str(output)})
    else:
        people.print(f"wrote {escape(str(output))}: fill it in, then")
        people.print(f"  video-pipeline render {escape(str(output))}")


@click.command()
@click.argument("what", type=click.Choice(["listing"]), default="listing")
@output_options
def schema(what: str, as_json: bool, debug: bool) -> None:
    """Print the JSON Schema of the listing file, for editors that complete it.

    Example: `video-pipeline schema listing > listing.schema.json`.
    """
    print_json(listing_schema())
