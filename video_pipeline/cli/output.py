"""What a command prints: one JSON document for machines, or tables and progress for people."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from video_pipeline.errors import Problem
from video_pipeline.progress import Listener, Step

Command = TypeVar("Command", bound=Callable[..., Any])

people = Console(highlight=False, soft_wrap=True)
if not people.is_terminal:
    people = Console(highlight=False, soft_wrap=True, width=200)
_PLAIN_EVERY_S = 5.0


def output_options(command: Command) -> Command:
    """The options that every command has."""
    command = click.option(
        "--debug", is_flag=True, help="Show the traceback and the tools' own logs on an error."
    )(command)
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on standard output."
    )(command)


def verbose_option(command: Command) -> Command:
    """`-v`, for commands that know more than they say."""
    return click.option("-v", "--verbose", is_flag=True, help="Say more.")(command)


def print_json(value: Any) -> None:
    """The one JSON document of a command, on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def tell(
    kind: str,
    message: str,
    *,
    where: str = "",
    mend: str = "",
    problems: Sequence[Problem] = (),
    as_json: bool,
) -> None:
    """Say what went wrong: a JSON document on standard output, or plain lines on standard error.

    Of several problems each has a line of its own; in JSON the lines are part of the message.
    """
    lines = [f"{p.where}: {p.message}{f'; {p.mend}' if p.mend else ''}".strip() for p in problems]
    if as_json:
        text = "\n".join([message, *lines])
        print_json({"error": {"kind": kind, "message": text, "where": where, "mend": mend}})
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    place = f"{where}: " if where else ""
    console.print("error:", style="red", end=" ")
    console.print(f"{place}{message}")
    for line in lines or ([mend] if mend else []):
        console.print(f"  {line}")


@contextmanager
def progress() -> Iterator[Listener]:
    """A listener that shows a bar on a terminal and plain lines otherwise, on standard error."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if console.is_terminal:
        with _bar(console) as listener:
            yield listener
    else:
        yield _Lines(console)


@contextmanager
def _bar(console: Console) -> Iterator[Listener]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        tasks: dict[str, Any] = {}

        def listen(step: Step) -> None:
            name = f"{step.stage} {step.detail}"
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=step.total, speed="")
            task = shown.tasks[tasks[name]]
            shown.update(
                tasks[name],
                completed=min(step.done, step.total),
                speed=_speed(step, task.elapsed or 0.0),
            )

        yield listen


class _Lines:
    """Progress as lines of text: one when a stage begins, then one every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._name = ""
        self._began = self._told = 0.0

    def __call__(self, step: Step) -> None:
        name, now = f"{step.stage} {step.detail}", time.monotonic()
        if name != self._name:
            self._name, self._began, self._told = name, now, now
            self._console.print(name, markup=False)
        elif now - self._told > _PLAIN_EVERY_S and step.done < step.total:
            self._told = now
            share = step.done / step.total
            left = (now - self._began) * (1 - share) / max(share, 1e-3)
            speed = _speed(step, now - self._began)
            self._console.print(f"{name}: {share:.0%} {speed} {left:.0f} s left", markup=False)


def _speed(step: Step, elapsed_s: float) -> str:
    if elapsed_s < 1 or step.done <= 0:
        return ""
    rate = step.done / elapsed_s * (60 if step.stage == "making" else 1)
    unit = {"looking": "× real time", "encoding": "frames/s", "making": "a minute"}.get(
        step.stage, ""
    )
    return f"{rate:.1f} {unit}" if unit else ""
