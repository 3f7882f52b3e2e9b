"""Behind the words: what the footage shows there, and the contrast that the words have with it.

Words on a panel that keeps them readable over anything are not looked at. For all others a few
frames are read from the footage, once: what comes of it is kept by the content of the footage and
of the drawing.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.edit.model import Cut, OverlayUse
from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.overlays.contrast import (
    Scrim,
    measured,
    readable_anywhere,
    scrim_for,
    with_scrim,
)
from video_pipeline.overlays.drawing import Drawing
from video_pipeline.store import Store, digest_of
from video_pipeline.toolchain import ffmpeg_version, run

_LOOKS = 5  # frames of a cut that are looked at, evenly spread over an overlay's time
_DEADLINE_S = 120
_METHOD = 1  # counted up when anything here or in `overlays.contrast` changes what is found


@dataclass(frozen=True)
class Legibility:
    """How well an overlay can be read: the least contrast of its lines with what is behind them,
    without a scrim and as drawn; the scrim that makes the difference, if one is needed.

    `least` and `drawn` are None for an overlay whose own panel keeps it readable over anything.
    """

    least: float | None = None
    drawn: float | None = None
    scrim: Scrim | None = None


def made_legible(
    drawing: Drawing,
    use: OverlayUse,
    cut: Cut,
    footage: Footage,
    *,
    size: tuple[int, int],
    rate: Fraction,
    store: Store,
) -> tuple[Drawing, Legibility]:
    """The drawing, on a scrim where the footage behind it asks for one, and what was measured.

    `size` is the output's, (width, height). Raises RenderError when the footage cannot be read.
    """
    if readable_anywhere(drawing):
        return drawing, Legibility()
    key = digest_of(
        [
            *(
                _METHOD,
                footage.picture_digest,
                str(cut.start),
                cut.frames,
                cut.hold,
                asdict(cut.crop),
            ),
            *(asdict(cut.light), use.first, use.last, drawing.digest, size, str(rate)),
            ffmpeg_version(),
        ]
    )

    def look(out: Path) -> None:
        pictures = pictures_behind(drawing, use, cut, footage, size=size, rate=rate)
        scrim = scrim_for(drawing, pictures)
        least = round(measured(drawing, pictures), 2)
        drawn = round(measured(drawing, pictures, scrim), 2) if scrim else least
        out.write_text(json.dumps(asdict(Legibility(least, drawn, scrim))), encoding="utf-8")

    said = json.loads(store.make("overlays", key, ".json", look).read_text(encoding="utf-8"))
    scrim = said["scrim"]
    if scrim is None:
        return drawing, Legibility(said["least"], said["drawn"])
    found = Scrim(scrim["grey"], scrim["strength"], tuple(scrim["box"]), scrim["em"])
    return with_scrim(drawing, found, size), Legibility(said["least"], said["drawn"], found)


def pictures_behind(
    drawing: Drawing,
    use: OverlayUse,
    cut: Cut,
    footage: Footage,
    *,
    size: tuple[int, int],
    rate: Fraction,
) -> list[NDArray[np.uint8]]:
    """What the cut shows behind a drawing, in a few frames of its time: RGB, of the drawing's size.

    Raises RenderError when the footage cannot be read there.
    """
    live = cut.frames - cut.hold
    span = use.last - use.first
    shown = {min(use.first + span * (2 * k + 1) // (2 * _LOOKS), live - 1) for k in range(_LOOKS)}
    wanted = sorted(shown)
    numbers = [0] if footage.still else wanted
    shrink = min(1.0, size[0] / cut.crop.width)
    whole = tuple(max(2, round(side * shrink / 2) * 2) for side in (footage.width, footage.height))
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
        raw = Path(scratch) / "frames.rgb"
        run(
            graph.samples(footage, cut.start, numbers, (whole[0], whole[1]), rate=rate, out=raw),
            deadline_s=_DEADLINE_S,
            what="looking behind the words",
            where=footage.name,
        )
        read = np.fromfile(raw, np.uint8)
    pictures = read[: read.size // (whole[0] * whole[1] * 3) * (whole[0] * whole[1] * 3)]
    pictures = pictures.reshape(-1, whole[1], whole[0], 3)
    if not len(pictures):
        raise RenderError(
            "the footage behind the words cannot be read",
            where=f"{footage.name} at {float(cut.start):.1f} s",
            mend="copy the file from the phone once more, or choose another moment",
        )
    found = []
    for place, number in enumerate(wanted):
        picture = pictures[min(place, len(pictures) - 1)]  # a file may break off
        found.append(_behind(drawing, picture, number, cut, footage, size=size))
    return found


def _behind(
    drawing: Drawing,
    picture: NDArray[np.uint8],
    number: int,
    cut: Cut,
    footage: Footage,
    *,
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """The part of a source picture that the crop brings behind a drawing at a frame of the cut."""
    across, down = graph.fitted(cut.crop, *size)
    x, y, width, height = cut.crop.at(number, cut.frames - cut.hold)
    left, top = ((all_ - own) // 4 * 2 for all_, own in zip(size, (across, down), strict=True))
    near_x, near_y = (part / own for part, own in zip(picture.shape[1::-1],
                      (footage.width, footage.height), strict=True))  # fmt: skip
    grow_x, grow_y = width / across * near_x, height / down * near_y
    # From the middle of a pixel to the middle of another.
    where = np.array(
        [
            [grow_x, 0, x * near_x + (drawing.x - left + 0.5) * grow_x - 0.5],
            [0, grow_y, y * near_y + (drawing.y - top + 0.5) * grow_y - 0.5],
        ],
        np.float64,
    )
    area = (drawing.width, drawing.height)
    inner = cv2.warpAffine(
        picture, where, area, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    lit = cut.light.on(np.asarray(inner, np.uint8))
    rows = np.arange(area[1]) + drawing.y - top
    columns = np.arange(area[0]) + drawing.x - left
    bars = ((rows < 0) | (rows >= down))[:, None] | ((columns < 0) | (columns >= across))[None, :]
    lit = lit.copy()
    lit[bars] = graph.BARS
    return lit
