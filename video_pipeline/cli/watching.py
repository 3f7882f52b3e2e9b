"""The command that watches a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from rich.markup import escape

from video_pipeline.cli.output import output_options, people, print_json, progress, tell
from video_pipeline.cli.settings import settings_from, settings_options
from video_pipeline.pipeline.watching import STILL_S
from video_pipeline.pipeline.watching import watch as watch_folder


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("out"),
              show_default=True, help="The output folder; each drop has one in it.")  # fmt: skip
@click.option(
    "--still",
    "still_s",
    type=click.FloatRange(0.2, 3600),
    default=STILL_S,
    show_default=True,
    help="Wait until nothing has changed for so many seconds.",
)
@settings_options
@output_options
def watch(
    *, folder: Path, output: Path, still_s: float, as_json: bool, debug: bool, **where: Any
) -> None:
    """Render what is dropped into a folder, as soon as it is all there.

    A drop is a listing file, or a folder with a listing.yaml and its footage. Ctrl-C ends it.

    Example: `video-pipeline watch inbox -o out`.
    """
    people.print(f"watching {escape(str(folder))}; Ctrl-C ends it") if not as_json else None
    with progress() as listener:
        for drop in watch_folder(
            folder, output, settings_from(**where), still_s=still_s, listener=listener
        ):
            if drop.error is not None:
                error = drop.error
                tell(error.kind, error.message, where=str(drop.listing), mend=error.mend,
                     problems=error.problems, as_json=as_json)  # fmt: skip
            elif as_json:
                files = [str(clip.file) for clip in drop.clips]
                print_json({"listing": str(drop.listing), "files": files})
            else:
                for clip in drop.clips:
                    people.print(f"made {escape(str(clip.file))}")
