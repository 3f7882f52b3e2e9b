"""How an overlay comes and goes: a short clip with alpha, composed with MoviePy.

The clip holds the frames of arriving, exactly one frame at rest, and the frames of leaving. The
renderer makes it as long as it likes by repeating the frame at rest.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import cv2
import moviepy
import numpy as np
from moviepy import CompositeVideoClip, ImageClip, vfx
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.overlays.callout import Callout
from video_pipeline.overlays.drawing import Drawing
from video_pipeline.overlays.theme import Motion
from video_pipeline.store import Store
from video_pipeline.toolchain import run

_STATED_RATE = 30  # the theme counts its frames at this rate
_PRESSING = 10  # frames at that rate
_PRESSED = 0.035  # the share of its size that a pressed overlay draws back by
_DEADLINE_S = 120.0

Side = Literal["left", "right"]


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
    drawing: Drawing, store: Store, *, rate: Fraction, motion: Motion | None = None
) -> AlphaClip:
    """The moving form of a drawing, written into the store unless it is there already.

    `rate` is the clip's frame rate; `motion` overrides what the theme states. Raises RenderError
    when the file cannot be written.
    """
    manner = motion or drawing.motion
    speed = rate / _STATED_RATE
    arriving = max(1, round(manner.enter * speed)) if manner.enter else 0
    pressing = round(_PRESSING * speed) if manner.emphasis == "press" else 0
    enter, leave = arriving + pressing, round(manner.leave * speed)
    rise = manner.rise if arriving and manner.arrive == "rise" else 0
    height = drawing.height + 2 * math.ceil(rise / 2)
    # As it is read, so it is uncovered.
    wiped: Side | None = None
    if manner.arrive == "wipe":
        wiped = "right" if drawing.mirrored else "left"
    said = {
        "drawing": drawing.digest,
        "rate": str(rate),
        "frames": [arriving, pressing, leave, rise, manner.arrive],
        **({"wiped": wiped} if wiped == "right" else {}),
        "moviepy": moviepy.__version__,
        "form": "qtrle argb 1",
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    path = store.path("overlays", digest, ".mov")
    clip = AlphaClip(path, drawing.width, height, drawing.x, drawing.y, enter, leave, digest)

    def write(part: Path) -> None:
        pictures = frames(
            drawing,
            rate=rate,
            arriving=arriving,
            pressing=pressing,
            leave=leave,
            rise=rise,
            wiped=wiped,
        )
        _write(clip, pictures, rate, part)

    store.make("overlays", digest, ".mov", write)
    return clip


def animate_callout(callout: Callout, store: Store, *, rate: Fraction, held: int) -> AlphaClip:
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
    path = store.path("overlays", digest, ".mov")
    clip = AlphaClip(
        path, callout.width, callout.height, callout.x, callout.y, enter, leave, digest
    )

    def write(part: Path) -> None:
        told = [*range(enter + 1), *range(len(callout) - leave, len(callout))]
        _write(clip, (callout.frame(i) for i in told), rate, part)

    store.make("overlays", digest, ".mov", write)
    return clip


def frames(
    drawing: Drawing,
    *,
    rate: Fraction,
    arriving: int,
    pressing: int,
    leave: int,
    rise: int,
    wiped: Side | None,
) -> Iterator[NDArray[np.uint8]]:
    """The frames of the clip, RGBA with straight alpha, `(height + rise, width, 4)` uint8.

    It arrives in `arriving` frames, draws back and returns in `pressing`, rests in one and leaves
    in `leave`. It fades and rises into its place, or is `wiped` in from one side.
    """
    enter = arriving + pressing
    room = 2 * math.ceil(rise / 2)
    size = (drawing.width, drawing.height + room)
    colour = drawing.pixels[..., :3]
    # The hidden frames 0 and enter + leave + 2 are wholly clear and are left out, so that no frame
    # of the written clip is spent on nothing.
    whole_s = float((enter + leave + 2) / rate)
    enter_s, leave_s = float((arriving + 1) / rate), float((leave + 1) / rate)
    pressing_s = float(pressing / rate)

    def place(t: float) -> tuple[int, int]:
        left = 0.0 if wiped else max(0.0, 1 - t / enter_s)
        return 0, round(rise * left**3)  # ease out: quick at first, then settling

    def wipe(still: Callable[[float], NDArray[Any]], t: float) -> NDArray[Any]:
        shown = still(t).copy()
        uncovered = round(drawing.width * (1 - max(0.0, 1 - t / enter_s) ** 2))
        if wiped == "right":
            shown[:, : drawing.width - uncovered] = 0
        else:
            shown[:, uncovered:] = 0
        return shown

    def press(still: Callable[[float], NDArray[Any]], t: float) -> NDArray[Any]:
        share = (t - enter_s) / pressing_s if pressing_s else 0.0
        picture = still(t)
        if not 0 < share < 1:
            return picture
        size = 1 - _PRESSED * math.sin(math.pi * share)
        centre = (drawing.width / 2, drawing.height / 2)
        drawn_back = cv2.getRotationMatrix2D(centre, 0, size)
        # What is uncovered is clear, and keeps the colour of the edge beside it.
        border = cv2.BORDER_CONSTANT if picture.ndim == 2 else cv2.BORDER_REPLICATE
        moved = cv2.warpAffine(
            picture, drawn_back, (drawing.width, drawing.height), borderMode=border
        )
        return np.asarray(moved)

    comes = [] if wiped else [vfx.FadeIn(enter_s)]
    goes = [vfx.FadeOut(leave_s)] if leave else []
    mask = ImageClip(drawing.pixels[..., 3] / 255.0, is_mask=True, duration=whole_s)
    picture = ImageClip(np.ascontiguousarray(colour), duration=whole_s)
    if wiped:
        mask = mask.transform(wipe)
    if pressing:
        mask, picture = mask.transform(press), picture.transform(press)
    mask = mask.with_effects([*comes, *goes]).with_position(place)
    picture = picture.with_position(place)
    # Colour and alpha are composed apart: the colours stay those of the drawing, also where it is
    # half clear, instead of being mixed with a background.
    around = tuple(int(c) for c in _surroundings(drawing))
    sheet = CompositeVideoClip([picture], size=size, bg_color=around).with_mask(
        CompositeVideoClip([mask], size=size, is_mask=True, bg_color=0.0)
    )
    frame = np.empty((size[1], size[0], 4), np.uint8)
    for index in range(1, enter + leave + 2):
        t = float(index / rate)
        if index <= enter + 1:  # once at rest only its alpha changes
            frame[..., :3] = sheet.get_frame(t)
        frame[..., 3] = np.rint(sheet.mask.get_frame(t) * 255)
        yield frame.copy()


def _surroundings(drawing: Drawing) -> NDArray[np.uint8]:
    """The colour to lay under the slide's margin: that of the panel's edge, or of the whole."""
    row: NDArray[np.uint8] = drawing.pixels[drawing.height // 2, 0, :3]
    return row


def _write(
    clip: AlphaClip, pictures: Iterator[NDArray[np.uint8]], rate: Fraction, out: Path
) -> None:
    """Write losslessly, the same bytes every time."""
    raw = out.with_suffix(".rgba")
    try:
        with raw.open("wb") as file:
            for picture in pictures:
                file.write(np.ascontiguousarray(picture).data)
        run(
            graph.alpha_clip(raw, (clip.width, clip.height), rate, out),
            deadline_s=_DEADLINE_S,
            what="writing an overlay",
            where=clip.path.name,
        )
    finally:
        raw.unlink(missing_ok=True)
