"""Photos: a picture file as footage of one picture that stands still.

Cuts of any length can be made from it. The picture is turned upright by its EXIF tag, here and by
the ffmpeg program alike. What a phone's camera writes is read: JPEG and PNG in RGB or grey.
"""

from __future__ import annotations

import warnings
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from video_pipeline.errors import FootageError
from video_pipeline.footage.model import Colour, Footage
from video_pipeline.store import file_digest

PHOTO_S = Fraction(10)  # as long as this it counts as footage
_MAGIC = {b"\xff\xd8\xff": "mjpeg", b"\x89PNG\r\n\x1a\n": "png"}  # to ffmpeg's names
_HEIF = (b"heic", b"heix", b"mif1", b"msf1", b"avif")
_MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")
_QUARTERS = {3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}  # Exif 2.3, tag 0x0112
_ORIENTATION = 0x0112


def photo_codec(path: Path) -> str | None:
    """ffmpeg's name for the coding of a photo, by the file's first bytes; None for any other file.

    Raises FootageError for photos that cannot be read yet.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        raise FootageError(
            "HEIC and AVIF photos cannot be read", where=str(path), mend="save it as JPEG"
        )
    return next((codec for magic, codec in _MAGIC.items() if head.startswith(magic)), None)


def probe_photo(path: Path, codec: str) -> Footage:
    """A photo as footage. Raises FootageError when its picture cannot be decoded."""
    picture = _opened(path)
    orientation = picture.getexif().get(_ORIENTATION, 1)
    rotation = _QUARTERS.get(orientation, 0)
    width, height = picture.size
    if rotation in (90, 270):
        width, height = height, width
    jpeg = codec == "mjpeg"
    return Footage(
        path=path.absolute(),
        digest=file_digest(path),
        width=width,
        height=height,
        duration=PHOTO_S,
        rate=Fraction(30),
        rotation=rotation,
        mirrored=orientation in (2, 4, 5, 7),
        codec=codec,
        pixel_format=picture.mode.lower(),
        # JPEG is BT.601 in full range (ITU-T T.871); PNG holds red, green and blue themselves.
        colour=Colour("sdr", _primaries(picture), "bt470bg" if jpeg else "bt709", True),
        video_stream=0,
        audio_stream=None,
        audio_codec=None,
        still=True,
    )


def photo(footage: Footage, long_side: int) -> NDArray[np.uint8]:
    """The photo's picture, BGR, uint8, upright, its long side at most `long_side` pixels."""
    upright = ImageOps.exif_transpose(_opened(footage.path)).convert("RGB")
    picture: NDArray[np.uint8] = np.ascontiguousarray(np.asarray(upright)[..., ::-1])
    scale = long_side / max(footage.width, footage.height)
    if scale < 1:
        size = (max(2, round(footage.width * scale)), max(2, round(footage.height * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return picture


def _opened(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=("JPEG", "PNG"))
        picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise FootageError(
            "the photo has too many pixels", where=str(path), mend="save it smaller"
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise FootageError(
            "the photo is damaged", where=str(path), mend="copy it from the phone once more"
        ) from error
    if picture.mode not in _MODES:
        raise FootageError(
            f"the photo's colours ({picture.mode}) cannot be read",
            where=str(path),
            mend="save it as RGB",
        )
    return picture


def _primaries(picture: Image.Image) -> str:
    """ffmpeg's name for the primaries of a photo's colour profile: phones write sRGB or P3."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return "bt709"
    try:
        told = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return "bt709"
    return "smpte432" if "P3" in told else "bt709"
