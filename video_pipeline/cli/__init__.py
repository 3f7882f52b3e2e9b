"""The command-line door: parses, calls the pipeline, shows progress. No logic lives here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import rich_click as click

from video_pipeline import interruption, vigil
from video_pipeline.cli.commands import COMMANDS, Door, InterruptionError, Promised
from video_pipeline.cli.output import tell
from video_pipeline.errors import FootageError, PipelineError, UsageError
from video_pipeline.toolchain import STILL_S, disk_error, memory_error, stop_children

_INTERRUPTED = 130
_BUG = 1

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.COMMAND_GROUPS = {
    "video-pipeline": [
        {"name": "Start here", "commands": ["demo", "init", "render", "batch", "watch"]},
        {
            "name": "Look at footage",
            "commands": ["inspect", "shots", "coverage", "keyframes", "detect"],
        },
        {
            "name": "Work on the clip",
            "commands": ["storyboards", "plan", "export", "recut", "check"],
        },
        {"name": "Prove it", "commands": ["provenance", "evidence", "identity"]},
        {"name": "Certificates", "commands": ["certificate", "issuer", "keys"]},
        {"name": "About this program", "commands": ["doctor", "schema"]},
    ]
}


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="video-pipeline")
def cli() -> None:
    """Raw seller footage in, honest vertical listing clips out.

    Start with `video-pipeline demo`, or with your own footage:

    `video-pipeline init my-bag/*.mov`, fill in `listing.yaml`, then
    `video-pipeline render listing.yaml`
    """


for _name, (_module, _summary) in COMMANDS.items():
    cli.add_command(Promised(_name, _module, _summary))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug, as_json = "--debug" in arguments, "--json" in arguments
    interruption.listen()
    vigil.keep(STILL_S, lambda where: _give_up(where, as_json=as_json))
    try:
        # Without standalone mode an exit code comes back as a value.
        code = cli.main(arguments, prog_name="video-pipeline", standalone_mode=False)
    except (InterruptionError, KeyboardInterrupt, click.Abort):
        interruption.end()
        stop_children()
        tell(
            "interrupted",
            "stopped; no half-made file was left behind",
            mend="run it again: what was finished is kept and used",
            as_json=as_json,
        )
        return _INTERRUPTED
    except click.ClickException as error:
        tell(
            UsageError.kind,
            _worded(error),
            mend=f"see: {_command_path(error)} --help",
            as_json=as_json,
        )
        return UsageError.exit_code
    except BrokenPipeError:
        # Whoever was reading has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BUG
    except Exception as error:
        if debug:
            raise
        return _explained(error, as_json=as_json)
    return code if isinstance(code, int) else 0


def _give_up(where: str, *, as_json: bool) -> None:
    """The last word about a file that has stopped the decoder; nothing but this ends it."""
    stop_children()
    tell(
        FootageError.kind,
        "decoding this file got no further and was stopped",
        where=where,
        mend="it is damaged: export it anew, or leave it out",
        as_json=as_json,
    )
    sys.stdout.flush()
    os._exit(FootageError.exit_code)


def _explained(error: Exception, *, as_json: bool) -> int:
    known = (disk_error(error, _place(error)) if isinstance(error, OSError) else None) or (
        memory_error(error) or error
    )
    if isinstance(known, PipelineError):
        tell(
            known.kind,
            known.message,
            where=known.where,
            mend=known.mend,
            problems=known.problems,
            as_json=as_json,
        )
        return known.exit_code
    tell(
        "bug",
        f"this is a fault of video-pipeline, not yours ({type(error).__name__}: {error})",
        mend="run it again with --debug and report what it prints",
        as_json=as_json,
    )
    return _BUG


def _worded(error: click.ClickException) -> str:
    """Click's message in our form: no capital, no full stop."""
    text = error.format_message().strip()
    plain = text[:1].lower() + text[1:]
    return plain.removesuffix(".") if "\n" not in plain else plain


def _command_path(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "video-pipeline"


def _place(error: OSError) -> str:
    return str(error.filename) if error.filename else ""
