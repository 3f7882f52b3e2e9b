"""Animated WebP as footage: PyAV has no decoder for it, so Pillow reads it; ffmpeg itself can.

Every picture comes with how long it stands, in milliseconds. It goes round once.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageSequence

from video_pipeline.errors import FootageError
from video_pipeline.footage.model import Colour, Footage
from video_pipeline.footage.photo import is_lossy_webp, moves, opened_photo
from video_pipeline.store import file_digest

ANIMATED_WEBP = "webp_anim"
_MOST_PICTURES = 3000


def is_animated_webp(path: Path) -> bool:
    """Whether a file is a WebP with more than one picture. Raises FootageError when damaged."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP" and moves(path)


def probe_animation(path: Path) -> Footage:
    """An animated WebP as footage. Raises FootageError when it is damaged or has no end."""
    lengths = [length for length, _ in _pictures(path)]
    with opened_photo(path) as opened:
        width, height = opened.size
    duration = sum(lengths, Fraction(0))
    lossy = is_lossy_webp(path)
    return Footage(
        path=path.absolute(),
        digest=file_digest(path),
        width=width,
        height=height,
        duration=duration,
        rate=len(lengths) / duration,
        rotation=0,
        codec=ANIMATED_WEBP,
        pixel_format="rgb",
        colour=Colour("sdr", "bt709", "bt470bg" if lossy else "bt709", not lossy),
        video_stream=0,
        audio_stream=None,
        audio_codec=None,
        untimed=True,
    )


def animation(footage: Footage) -> Iterator[tuple[Fraction, NDArray[np.uint8]]]:
    """Its pictures with their times, seconds: BGR, uint8, height x width x 3."""
    t = Fraction(0)
    for length, picture in _pictures(footage.path):
        yield t, picture
        t += length


def _pictures(path: Path) -> Iterator[tuple[Fraction, NDArray[np.uint8]]]:
    with opened_photo(path) as opened:
        try:
            for number, picture in enumerate(ImageSequence.Iterator(opened)):
                if number >= _MOST_PICTURES:
                    raise FootageError(
                        f"the animation has more than {_MOST_PICTURES} pictures",
                        where=str(path),
                        mend="save it as mp4",
                    )
                rgb = np.asarray(picture.convert("RGB"))
                # A picture without a length stands as long as browsers let it.
                length = Fraction(picture.info.get("duration") or 100, 1000)
                yield length, rgb[..., ::-1]
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise FootageError(
                "the animation is damaged", where=str(path), mend="save it as mp4"
            ) from error
