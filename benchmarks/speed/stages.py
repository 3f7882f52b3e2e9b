"""Stages: where the CPU seconds of one command go.

    python -m benchmarks.speed.stages OUT.json render LISTING ...

runs that command in this process and writes what each stage cost, this process and its finished
children together, to OUT.json. A stage's figure is without the stages that run inside it. Threads
of a decoder run on beside what follows, so decoding and looking are told apart only roughly.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

# Stage, and where the functions that make it up are looked up when they are called. One that is
# no longer there is left out, and said.
STAGES: tuple[tuple[str, str], ...] = (
    ("listing, certificates", "video_pipeline.pipeline.rendering:prepare"),
    ("listing, certificates", "video_pipeline.pipeline.rendering:still_claimed"),
    ("probe", "video_pipeline.pipeline.preparing:probe"),
    ("digest", "video_pipeline.footage.probe:file_digest"),
    ("analysis, the rest", "video_pipeline.pipeline.rendering:analyse_all"),
    ("analysis, decoding", "video_pipeline.analysis.scan:frames"),
    ("analysis, network", "video_pipeline.vision.learned:look"),
    ("analysis, stitches", "video_pipeline.vision.learned:stitches_shown"),
    ("analysis, parts and evidence", "video_pipeline.vision.learned:parts_and_evidence"),
    ("analysis, sharpness", "video_pipeline.analysis.scan:sharpness"),
    ("analysis, exposure", "video_pipeline.analysis.scan:exposure"),
    ("analysis, motion", "video_pipeline.analysis.scan:camera_motion"),
    ("analysis, subject", "video_pipeline.analysis.scan:subject"),
    ("analysis, codes", "video_pipeline.analysis.scan:codes"),
    ("analysis, light", "video_pipeline.analysis.scan:light_change"),
    ("coverage, sightings", "video_pipeline.pipeline.rendering:coverage_of"),
    ("coverage, sightings", "video_pipeline.pipeline.rendering:seen_on_camera"),
    ("planning", "video_pipeline.pipeline.rendering:plan_listing"),
    ("following what is pointed at", "video_pipeline.pipeline.planning:trail"),
    ("steadying", "video_pipeline.pipeline.planning:steadied_edit"),
    ("steadying", "video_pipeline.pipeline.rendering:windowed"),
    ("overlays", "video_pipeline.pipeline.rendering:draw_overlays"),
    ("overlays, setting in motion", "video_pipeline.rendering.layers:animate"),
    ("overlays, setting in motion", "video_pipeline.rendering.layers:animate_callout"),
    ("contrast", "video_pipeline.rendering.layers:made_legible"),
    ("encoding", "video_pipeline.pipeline.encoding:encode"),
    ("sound", "video_pipeline.pipeline.rendering:make_track"),
    ("joining", "video_pipeline.pipeline.rendering:join"),
    ("playing", "video_pipeline.pipeline.rendering:play_pieces"),
    ("check", "video_pipeline.pipeline.rendering:facts_of"),
    ("check", "video_pipeline.pipeline.rendering:judge"),
    ("delivery, the rest", "video_pipeline.pipeline.rendering:deliver"),
    ("delivery, contact sheet", "video_pipeline.delivery.folder:write_clip_stills"),
    ("delivery, cover", "video_pipeline.delivery.folder:write_covers"),
    ("delivery, preview", "video_pipeline.delivery.folder:choose_loop"),
    ("delivery, preview", "video_pipeline.delivery.folder:write_kept_loop"),
    ("delivery, key frames", "video_pipeline.delivery.folder:pick_keyframes"),
    ("delivery, key frames", "video_pipeline.delivery.folder:keep_stills"),
    ("delivery, key frames", "video_pipeline.delivery.folder:write_keyframes"),
    ("delivery, report", "video_pipeline.delivery.folder:write_report"),
)


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


class Clock:
    """Shares CPU seconds out among the stages that are entered and left, innermost first."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._open: list[str] = ["start"]
        self._since = 0.0
        self._thread = threading.get_ident()

    def enter(self, stage: str) -> bool:
        """Begin a stage; False on another thread, whose work its caller's stage counts."""
        if threading.get_ident() != self._thread:
            return False
        self._share()
        self._open.append(stage)
        return True

    def leave(self) -> None:
        """End the innermost stage."""
        self._share()
        self._open.pop()

    def _share(self) -> None:
        now = cpu_s()
        stage = self._open[-1]
        self.spent[stage] = self.spent.get(stage, 0.0) + now - self._since
        self._since = now


def watch(clock: Clock) -> list[str]:
    """Put the clock around every stage's functions; returns those that are not there."""
    lacking = []
    for stage, where in STAGES:
        module, name = where.split(":")
        try:
            owner = import_module(module)
            setattr(owner, name, _timed(getattr(owner, name), stage, clock))
        except (ImportError, AttributeError):
            lacking.append(where)
    return lacking


def _timed(function: Callable[..., Any], stage: str, clock: Clock) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        entered = clock.enter(stage)
        try:
            result = function(*args, **kwargs)
        finally:
            if entered:
                clock.leave()
        return _step_by_step(result, stage, clock) if isinstance(result, Iterator) else result

    return timed


def _step_by_step(steps: Iterator[Any], stage: str, clock: Clock) -> Iterator[Any]:
    while True:
        entered = clock.enter(stage)
        try:
            step = next(steps)
        except StopIteration:
            return
        finally:
            if entered:
                clock.leave()
        yield step


def main() -> int:
    """Run a command with the clock around its stages."""
    out, *arguments = sys.argv[1:]
    clock = Clock()
    clock.enter("imports")
    lacking = watch(clock)
    command = import_module("video_pipeline.cli").main

    clock.leave()
    clock.enter("the rest")
    code = command(arguments)
    clock.leave()
    page = {"stages": clock.spent, "lacking": lacking, "code": code}
    Path(out).write_text(json.dumps(page, indent=1), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
