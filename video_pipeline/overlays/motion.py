"""How an overlay comes and goes: a short clip with alpha, composed with MoviePy.

The clip holds the frames of arriving, exactly one frame at rest, and the frames of leaving. The
renderer makes it as long as it likes by repeating the frame at rest.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import moviepy
import numpy as np
from moviepy import CompositeVideoClip, ImageClip, vfx
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.overlays.callout import Callout
from video_pipeline.overlays.drawing import Drawing
from video_pipeline.overlays.theme import Motion
from video_pipeline.toolchain import disk_error, run

_STATED_RATE = 30  # the theme counts its frames at this rate
_DEADLINE_S = 120.0


@dataclass(frozen=True)
class AlphaClip:
    """A QuickTime file with straight alpha: `enter` frames, one at rest, `leave` frames.

    The frame at rest has index `enter`. `x`, `y` say where the file's picture, which is `width` by
    `height` pixels and has room for the slide below the overlay, stands on the canvas.
    """

    path: Path
    width: int
    height: int
    x: int
    y: int
    enter: int
    leave: int
    digest: str


def animate(
    drawing: Drawing, store: Path, *, rate: Fraction, motion: Motion | None = None
) -> AlphaClip:
    """The moving form of a drawing, written to `store/<digest>.mov` unless it is there already.

    `rate` is the clip's frame rate; `motion` overrides what the theme states. Raises RenderError
    when the file cannot be written.
    """
    manner = motion or drawing.motion
    speed = rate / _STATED_RATE
    enter = max(1, round(manner.enter * speed))
    leave = round(manner.leave * speed)
    height = drawing.height + 2 * math.ceil(manner.rise / 2)
    said = {
        "drawing": drawing.digest,
        "rate": str(rate),
        "frames": [enter, leave, manner.rise],
        "moviepy": moviepy.__version__,
        "form": "qtrle argb 1",
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    path = store / f"{digest}.mov"
    clip = AlphaClip(path, drawing.width, height, drawing.x, drawing.y, enter, leave, digest)
    if not path.is_file():
        _write(clip, frames(drawing, rate=rate, enter=enter, leave=leave, rise=manner.rise), rate)
    return clip


def animate_callout(callout: Callout, store: Path, *, rate: Fraction, held: int) -> AlphaClip:
    """A callout's frames, written as `animate` does; its last `held` frames stand on one place.

    What stands still but for its leaving is one frame at rest. Raises RenderError when the file
    cannot be written.
    """
    leave = 0
    while leave < len(callout) and callout.shown(len(callout) - 1 - leave) < 1:
        leave += 1
    leave = leave if leave < held else 0
    enter = len(callout) - max(held, 1) if leave else len(callout) - max(1, held)
    digest = hashlib.sha256(f"{callout.digest} {rate} {enter} {leave}".encode()).hexdigest()
    path = store / f"{digest}.mov"
    clip = AlphaClip(
        path, callout.width, callout.height, callout.x, callout.y, enter, leave, digest
    )
    if not path.is_file():
        told = [*range(enter + 1), *range(len(callout) - leave, len(callout))]
        _write(clip, (callout.frame(i) for i in told), rate)
    return clip


def frames(
    drawing: Drawing, *, rate: Fraction, enter: int, leave: int, rise: int
) -> Iterator[NDArray[np.uint8]]:
    """The frames of the clip, RGBA with straight alpha, `(height + rise, width, 4)` uint8."""
    room = 2 * math.ceil(rise / 2)
    size = (drawing.width, drawing.height + room)
    colour = drawing.pixels[..., :3]
    # The hidden frames 0 and enter + leave + 2 are wholly clear and are left out, so that no frame
    # of the written clip is spent on nothing.
    whole_s = float((enter + leave + 2) / rate)
    enter_s, leave_s = float((enter + 1) / rate), float((leave + 1) / rate)

    def place(t: float) -> tuple[int, int]:
        left = max(0.0, 1 - t / enter_s)
        return 0, round(rise * left**3)  # ease out: quick at first, then settling

    fades = [vfx.FadeIn(enter_s)] + ([vfx.FadeOut(leave_s)] if leave else [])
    mask = (
        ImageClip(drawing.pixels[..., 3] / 255.0, is_mask=True, duration=whole_s)
        .with_effects(fades)
        .with_position(place)
    )
    picture = ImageClip(np.ascontiguousarray(colour), duration=whole_s).with_position(place)
    # Colour and alpha are composed apart: the colours stay those of the drawing, also where it is
    # half clear, instead of being mixed with a background.
    around = tuple(int(c) for c in _surroundings(drawing))
    sheet = CompositeVideoClip([picture], size=size, bg_color=around).with_mask(
        CompositeVideoClip([mask], size=size, is_mask=True, bg_color=0.0)
    )
    for index in range(1, enter + leave + 2):
        t = float(index / rate)
        alpha = np.rint(sheet.mask.get_frame(t) * 255).astype(np.uint8)
        yield np.dstack([sheet.get_frame(t), alpha])


def _surroundings(drawing: Drawing) -> NDArray[np.uint8]:
    """The colour to lay under the slide's margin: that of the panel's edge, or of the whole."""
    row: NDArray[np.uint8] = drawing.pixels[drawing.height // 2, 0, :3]
    return row


def _write(clip: AlphaClip, pictures: Iterator[NDArray[np.uint8]], rate: Fraction) -> None:
    """Write losslessly, the same bytes every time, under a private name first."""
    store = clip.path.parent
    kept: list[Path] = []
    try:
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=store, prefix=".part-", suffix=".rgba", delete=False
        ) as raw:
            kept.append(Path(raw.name))
            for picture in pictures:
                raw.write(np.ascontiguousarray(picture).data)
        part = Path(raw.name).with_suffix(".mov")
        kept.append(part)
        size = (clip.width, clip.height)
        run(
            graph.alpha_clip(Path(raw.name), size, rate, part),
            deadline_s=_DEADLINE_S,
            what="writing an overlay",
            where=clip.path.name,
        )
        part.replace(clip.path)
    except OSError as error:
        plain = disk_error(error, str(store))
        if plain is None:
            raise
        raise plain from error
    finally:
        for file in kept:
            with suppress(FileNotFoundError):
                file.unlink()
