"""The commands by name, each loaded when it is used: help and mistyped words answer at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import rich_click as click

from video_pipeline.handwriting.spelling import did_you_mean

# Command: the module it lives in, and the first line of its help (a test keeps them alike).
COMMANDS = {
    "demo": ("making", "Render the sample listing, to see what comes out."),
    "init": ("listing", "Write a listing to fill in, for the footage you have."),
    "render": (
        "making",
        "Make the clip: from a listing, or from an edit that plan wrote and you have changed.",
    ),
    "batch": (
        "batching",
        "Make a whole catalogue, and only what has changed; `batch status OUT` tells of it.",
    ),
    "inspect": (
        "seeing",
        "Say what footage files hold: size as shown, length, rate, colour, sound.",
    ),
    "preview": (
        "previewing",
        "Write a silent loop of the best details for the listing's page, and the HTML to paste.",
    ),
    "coverage": (
        "covering",
        "Say what a buyer expects to see, what the footage shows of it, and how to film the rest.",
    ),
    "shots": (
        "seeing",
        "Say which stretches of footage are steady, sharp and well lit, and what each shows.",
    ),
    "keyframes": (
        "seeing",
        "Find the frames that show hardware or stitching best; write JPEGs and one sheet.",
    ),
    "detect": (
        "seeing",
        "Say what single pictures show: hardware, stitching, and how good the picture is.",
    ),
    "plan": ("making", "Choose what to show, and write the edit as JSON to look at and change."),
    "export": (
        "exchanging",
        "Write an edit for an editing program: OpenTimelineIO, FCPXML or EDL.",
    ),
    "recut": ("exchanging", "Take back an edit as an editor cut it anew in an editing program."),
    "storyboards": (
        "boards",
        "Say which storyboards there are; `show NAME` prints the slots of one.",
    ),
    "placements": (
        "places",
        "Say where clips can be posted; `show NAME` prints what one place asks for, and why.",
    ),
    "overlays": (
        "lettering",
        "Say which overlays there are, look at them, or begin one of your own.",
    ),
    "check": (
        "checking",
        "Hold an mp4, whoever made it, against what placements ask for; say what to mend.",
    ),
    "provenance": (
        "proving",
        "Say who signed a clip or picture, what went in, what was done, and whether it is intact.",
    ),
    "evidence": (
        "proving",
        "Make a signed folder of proofs for a dispute; `evidence verify FOLDER` checks one.",
    ),
    "identity": ("proving", "Make a key and certificates of your own to sign with."),
    "certificate": (
        "trusting",
        "Judge certificates, look into one, or sign one of your own.",
    ),
    "issuer": ("trusting", "Say whose certificates count here, or add an issuer that you know."),
    "keys": ("trusting", "Make a key to sign certificates with."),
    "doctor": (
        "checking",
        "Look at this machine: ffmpeg, encoders, fonts, seeing, cache, disk. Say what to mend.",
    ),
    "schema": (
        "listing",
        "Print the JSON Schema of the listing file, for editors that complete it.",
    ),
}


class Promised(click.RichCommand):
    """A command that is known by its name and first line, and loaded when it is called."""

    def __init__(self, name: str, module: str, summary: str) -> None:
        super().__init__(name=name, short_help=summary)
        self._module = module

    def loaded(self) -> click.Command:
        """The command itself."""
        module = import_module(f"video_pipeline.cli.{self._module}")
        return cast(click.Command, getattr(module, str(self.name)))

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """The context of the command itself, which then takes over."""
        return self.loaded().make_context(*arguments, **extra)


class InterruptionError(Exception):
    """The run was interrupted, and everything it had begun is tidied up."""


class Door(click.RichGroup):
    """The group of all commands; for a mistyped one it names the nearest."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. KeyboardInterrupt, which Click would echo, becomes InterruptionError."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interruption:
            raise InterruptionError from interruption

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            hint = did_you_mean(args[0], self.commands)
            ctx.fail(f"there is no command '{args[0]}'{f'; {hint}' if hint else ''}")
        return super().resolve_command(ctx, args)
