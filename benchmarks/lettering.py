"""How long one overlay takes: `python -m benchmarks.lettering [--rounds N]`.

Every shipped template with its first sample, in the usual look, for a picture of 1080x1920, in one
thread. The process is warm: fonts are open and the glyphs' outlines known. What is said is new
each time: what was shaped, broken, laid out or coded before is forgotten. Times are CPU time, the
median of the rounds, since the wall clock tells more of the machine's other work. Told are

    laid out   what planning asks for: `places`
    drawn      all of it, when planning has not asked before: `draw`
    planned    when it has
    resvg      what drawing the same SVG through resvg and a PNG takes, without the layout
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from statistics import median

import cv2

from video_pipeline.overlays import breaks, drawing, sheet
from video_pipeline.overlays.drawing import Canvas, draw, places
from video_pipeline.overlays.fonts import Typeface
from video_pipeline.overlays.painting import rasterise
from video_pipeline.overlays.templates import samples, template_names
from video_pipeline.presets.placements import SafeArea

CANVAS = Canvas(1080, 1920, SafeArea(top=220, right=150, bottom=500, left=60))


def forget() -> None:
    """Forget what is known of any text, but not the fonts."""
    for face in (one for one in gc.get_objects() if isinstance(one, Typeface)):
        face._shaped.clear()
    for known in (breaks.chances, breaks.clusters, drawing._laid, sheet._modules):
        known.cache_clear()


def cpu_ms(act: Callable[[], object], rounds: int, before: Callable[[], object]) -> float:
    """Milliseconds of this thread's time that `act` takes after `before`."""
    taken = []
    for _ in range(rounds):
        before()
        start = time.thread_time()
        act()
        taken.append(1000 * (time.thread_time() - start))
    return median(taken)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    print("| template | pixels | laid out | drawn | planned | resvg |")
    print("|---|---|---:|---:|---:|---:|")
    for name in template_names():
        fields = next(iter(samples(name).values()))
        one = draw(name, fields, CANVAS)
        times = [
            cpu_ms(lambda: places(name, fields, CANVAS), rounds, forget),  # noqa: B023
            cpu_ms(lambda: draw(name, fields, CANVAS), rounds, forget),  # noqa: B023
            cpu_ms(
                lambda: draw(name, fields, CANVAS),  # noqa: B023
                rounds,
                lambda: (forget(), places(name, fields, CANVAS)),  # noqa: B023
            ),
            cpu_ms(lambda: rasterise(one.svg), rounds, lambda: None),  # noqa: B023
        ]
        cells = " | ".join(f"{taken:.1f}" for taken in times)
        print(f"| {name} | {one.width}x{one.height} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
