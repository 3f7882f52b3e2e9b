"""The command-line door: parses, calls the pipeline, shows progress. No logic lives here."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import rich_click as click
from rich.console import Console

from video_pipeline.cli import checking, listing, making, seeing
from video_pipeline.cli.output import describe
from video_pipeline.errors import ListingError, PipelineError
from video_pipeline.toolchain import stop_children

_INTERRUPTED = 130

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.COMMAND_GROUPS = {
    "video-pipeline": [
        {"name": "Start here", "commands": ["demo", "init", "render"]},
        {"name": "Look at footage", "commands": ["inspect", "keyframes", "detect"]},
        {"name": "Work on the clip", "commands": ["plan", "check"]},
        {"name": "About this program", "commands": ["doctor", "schema"]},
    ]
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="video-pipeline")
def cli() -> None:
    """Raw seller footage in, honest vertical listing clips out.

    Start with `video-pipeline demo`, or with your own footage:

    `video-pipeline init my-bag/*.mov` · fill in `listing.yaml` · `video-pipeline render listing.yaml`
    """


for command in (
    making.demo, listing.init, making.render, seeing.inspect, seeing.keyframes, seeing.detect,
    making.plan, checking.check, checking.doctor, listing.schema,
):  # fmt: skip
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug, as_json = "--debug" in arguments, "--json" in arguments
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        # Without standalone mode an exit code comes back as a value.
        code = cli.main(arguments, prog_name="video-pipeline", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        stop_children()
        if debug:
            raise
        _tell(as_json, "interrupted", "stopped; nothing was left behind", "", "run it again")
        return _INTERRUPTED
    except click.ClickException as error:
        if as_json:
            _tell(True, "usage", error.format_message(), "", "see --help")
        else:
            error.show()
        return error.exit_code
    except PipelineError as error:
        if debug:
            raise
        if as_json:
            print(json.dumps({"error": describe(error)}, ensure_ascii=False, indent=2))
        else:
            _explain(error)
        return error.exit_code
    except BrokenPipeError:
        # Whoever was reading has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if debug:
            raise
        _tell(
            as_json,
            "bug",
            f"this is a fault of video-pipeline, not yours ({type(error).__name__}: {error})",
            "",
            "run it again with --debug and report what it prints",
        )
        return 1
    return code if isinstance(code, int) else 0


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _explain(error: PipelineError) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    place = f"{error.where}: " if error.where else ""
    console.print(f"[red]error:[/red] {_plain(place + error.message)}")
    if isinstance(error, ListingError) and error.problems:
        for problem in error.problems:
            mend = f"; {problem.mend}" if problem.mend else ""
            console.print(f"  {_plain(f'{problem.where}: {problem.message}{mend}')}")
    elif error.mend:
        console.print(f"  {_plain(error.mend)}")


def _tell(as_json: bool, kind: str, message: str, where: str, mend: str) -> None:
    if as_json:
        problem = {"kind": kind, "message": message, "where": where, "mend": mend}
        print(json.dumps({"error": problem}, ensure_ascii=False, indent=2))
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]error:[/red] {_plain(message)}")
    if mend:
        console.print(f"  {_plain(mend)}")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
