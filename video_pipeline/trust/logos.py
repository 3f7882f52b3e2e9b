"""Logos: a provider's own mark beside its name, where a person has the file and says by what right.

None is shipped, and none is drawn by itself. The file is a stranger's until it is read: it is
small, holds one picture of pixels (an SVG can hold programs and addresses), and is coded anew, so
that nothing of it but its colours gets any further.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MAX_BYTES: Final = 1_000_000
_MOST_PX: Final = 4000  # a side of the file's picture
_LEAST_PX: Final = 96  # its longer side, once the empty border is cut off
_WIDEST: Final = 8  # times as wide as high
_KEPT_PX: Final = (560, 144)  # twice of what a badge shows
_FORMS: Final = ("PNG", "JPEG", "WEBP")
# What Pillow raises over a file that is damaged, or made to do harm.
_DAMAGE: Final = (
    *(OSError, ValueError, TypeError, SyntaxError, LookupError, EOFError, OverflowError),
    *(MemoryError, Warning, struct.error, zlib.error),
)
_SEEN: Final = 0.7  # luminance on white paper under which a pixel is seen
_LEAST_SEEN: Final = 0.01  # of all pixels
_PLAIN: Final = "save it as a PNG, 560 pixels wide, and name that"


@dataclass(frozen=True)
class Logo:
    """A logo that may be drawn: the file's name and its digest (SHA-256, hex digits), and what the
    person says of the licence. `png` is what is drawn, at most 560x144 pixels, coded anew.
    """

    file: str
    digest: str
    licence: str
    png: bytes


class LogoError(ValueError):
    """Why a file is not drawn, with what to do about it."""

    def __init__(self, message: str, mend: str = _PLAIN) -> None:
        super().__init__(message)
        self.mend = mend


def read_logo(path: Path, licence: str) -> Logo:
    """The logo in the file at `path`. Raises LogoError for one that cannot be drawn."""
    data = _bytes(path)
    png = _coded_anew(data)
    return Logo(path.name, hashlib.sha256(data).hexdigest(), licence, png)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would never end
            raise LogoError("it is not there", "put the file beside this one")
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise LogoError(
            f"it cannot be read: {error.strerror}", "see that you may open it"
        ) from None
    if len(data) > _MAX_BYTES:
        raise LogoError("it is larger than 1 MB")
    if path.suffix.lower() in (".svg", ".svgz") or b"<svg" in data[:4096]:
        raise LogoError("an SVG can hold programs and addresses, so none is drawn")
    return data


def _coded_anew(data: bytes) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 (few issuers have a logo)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a bomb that Pillow would only warn of
            with Image.open(io.BytesIO(data), formats=_FORMS) as opened:
                if max(opened.size) > _MOST_PX:
                    raise LogoError(f"it is more than {_MOST_PX} pixels wide or high")
                if getattr(opened, "n_frames", 1) > 1:
                    raise LogoError("it moves")
                whole = ImageOps.exif_transpose(opened).convert("RGBA")
    except LogoError:
        raise
    except (*_DAMAGE, Image.DecompressionBombError):
        raise LogoError("it is not a PNG, JPEG or WebP picture that can be read") from None
    logo = whole.crop(whole.getchannel("A").getbbox())
    if max(logo.size) < _LEAST_PX:
        raise LogoError(f"its picture is less than {_LEAST_PX} pixels wide and high")
    if logo.width > _WIDEST * logo.height or logo.height > logo.width * 2:
        raise LogoError("it is too long for a badge", "cut it to its sign or its name")
    if not _seen(np.asarray(logo)):
        message = "it is nearly white, and a badge's paper is too, so it would not be seen"
        raise LogoError(message, "name the logo that its owner has for light grounds")
    logo.thumbnail(_KEPT_PX, Image.Resampling.LANCZOS)
    made = io.BytesIO()
    Image.fromarray(np.asarray(logo)).save(made, "PNG")  # pixels alone: no profile, no text
    return made.getvalue()


def _seen(pixels: NDArray[np.uint8]) -> bool:
    """Whether enough of a logo (RGBA) is darker than the white paper under it."""
    alpha = pixels[..., 3] / 255
    grey = pixels[..., :3] @ np.array([0.2126, 0.7152, 0.0722]) / 255
    return bool(np.mean(grey * alpha + 1 - alpha < _SEEN) >= _LEAST_SEEN)
