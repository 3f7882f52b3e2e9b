"""Photos: a picture file as footage of one picture that stands still.

Cuts of any length can be made from it. The picture is turned upright by its EXIF tag, or in HEIC
and AVIF by its properties, here and by the ffmpeg program alike. What a phone's camera or a chat
writes is read: JPEG, HEIC, AVIF, PNG and WebP, in colour or grey.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from video_pipeline.errors import FootageError
from video_pipeline.footage.coding import FULL_RANGE, coded_colour
from video_pipeline.footage.heif import first_tile, heif_picture, is_heif_photo, read_heif
from video_pipeline.footage.model import Colour, Footage
from video_pipeline.footage.screen import WIDE, shown
from video_pipeline.store import file_digest

PHOTO_S = Fraction(10)  # as long as this it counts as footage
HEIF = "heif"  # hevc or av1 within
_MAGIC = {b"\xff\xd8\xff": "mjpeg", b"\x89PNG\r\n\x1a\n": "png", b"GIF8": "gif"}  # ffmpeg's names
_PILLOW = ("JPEG", "PNG", "GIF", "WEBP")
_MODES = ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")
_QUARTERS = {3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}  # Exif 2.3, tag 0x0112
_ORIENTATION = 0x0112
_MOST_PIXELS = Image.MAX_IMAGE_PIXELS or 1 << 27


def photo_codec(path: Path) -> str | None:
    """The coding of a photo, by the file's first bytes: `HEIF`, or ffmpeg's name for it.

    None for any other file, and for pictures that move. Raises FootageError for one that cannot be
    told.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if is_heif_photo(head):
        return HEIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        codec: str | None = "webp"
    else:
        codec = next((codec for magic, codec in _MAGIC.items() if head.startswith(magic)), None)
    if codec in ("webp", "gif") and moves(path):
        return None
    return codec


def moves(path: Path) -> bool:
    """Whether a GIF or WebP holds more than one picture."""
    with opened_photo(path) as picture:
        return bool(getattr(picture, "is_animated", False))


def probe_photo(path: Path, codec: str) -> Footage:
    """A photo as footage. Raises FootageError when its picture cannot be decoded."""
    footage = Footage(
        path=path.absolute(),
        digest=file_digest(path),
        width=0,
        height=0,
        duration=PHOTO_S,
        rate=Fraction(30),
        rotation=0,
        codec=codec,
        pixel_format="",
        colour=Colour("sdr", "bt709", "bt709", True),
        video_stream=0,
        audio_stream=None,
        audio_codec=None,
        still=True,
    )
    footage = _heif(footage) if codec == HEIF else _picture_file(footage)
    if footage.rotation in (90, 270):
        footage = replace(footage, width=footage.height, height=footage.width)
    return footage


def photo(footage: Footage, long_side: int) -> NDArray[np.uint8]:
    """The photo's picture, BGR, uint8, upright, its long side at most `long_side` pixels."""
    if footage.codec in ("hevc", "av1"):
        picture = heif_picture(read_heif(footage.path), footage.colour, footage.path)
        picture = picture[::-1] if footage.mirrored else picture
        picture = np.rot90(picture, -(footage.rotation // 90))
    else:
        picture = np.asarray(ImageOps.exif_transpose(_pixels(footage.path)).convert("RGB"))
        picture = picture[..., ::-1]
    scale = long_side / max(footage.width, footage.height)
    picture = np.ascontiguousarray(picture)
    if scale < 1:
        size = (max(2, round(footage.width * scale)), max(2, round(footage.height * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    if footage.codec not in ("hevc", "av1") and footage.colour.primaries in WIDE:
        picture = shown(picture[..., ::-1].astype(np.uint16) * 257, footage.colour)
    return picture


def is_lossy_webp(path: Path) -> bool:
    """Whether a WebP holds `VP8 ` and not `VP8L`, by its chunks."""
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            if head[:4] in (b"VP8 ", b"VP8L"):
                return head[:4] == b"VP8 "
            size = int.from_bytes(head[4:], "little")
            file.seek(size + size % 2, 1)
    return True


def opened_photo(path: Path) -> Image.Image:
    """A picture file, opened by its header. Raises FootageError when it is damaged or too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path, formats=_PILLOW)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_large(path) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _damaged(path) from error


def _pixels(path: Path) -> Image.Image:
    picture: Image.Image
    with opened_photo(path) as picture:
        try:
            picture.load()
        except (OSError, SyntaxError, ValueError) as error:
            raise _damaged(path) from error
    if picture.mode not in _MODES:
        raise FootageError(
            f"the photo's colours ({picture.mode}) cannot be read",
            where=str(path),
            mend="save it as RGB",
        )
    return picture


def _picture_file(footage: Footage) -> Footage:
    picture = _pixels(footage.path)
    orientation = picture.getexif().get(_ORIENTATION, 1)
    # JPEG is BT.601 in full range (ITU-T T.871), WebP in limited range unless it is lossless; PNG,
    # and lossless WebP, hold red, green and blue themselves.
    lossy = footage.codec == "mjpeg" or (footage.codec == "webp" and is_lossy_webp(footage.path))
    matrix = "bt470bg" if lossy else "bt709"
    full = not (lossy and footage.codec == "webp")
    return replace(
        footage,
        width=picture.width,
        height=picture.height,
        rotation=_QUARTERS.get(orientation, 0),
        mirrored=orientation in (2, 4, 5, 7),
        pixel_format=picture.mode.lower(),
        colour=Colour("sdr", _primaries(picture.info.get("icc_profile")), matrix, full),
    )


def _heif(footage: Footage) -> Footage:
    found = read_heif(footage.path)
    if found.size[0] * found.size[1] > _MOST_PIXELS:
        raise _too_large(footage.path)
    tile = first_tile(found, footage.path)
    coding = found.coding or (
        int(tile.color_primaries),
        int(tile.color_trc),
        int(tile.colorspace),
        int(tile.color_range) == FULL_RANGE or "yuvj" in tile.format.name,
    )
    return replace(
        footage,
        width=found.size[0],
        height=found.size[1],
        rotation=found.rotation,
        mirrored=found.mirrored,
        codec="hevc" if found.decoder == "hevc" else "av1",
        pixel_format=tile.format.name,
        colour=coded_colour(
            *coding[:3],
            full_range=bool(coding[3]),
            # What MIAF says of photos that say nothing (ISO/IEC 23000-22, 7.3.6.4).
            usual=(_primaries(found.profile), "smpte170m"),
        ),
        still_at=found.place,
    )


def _primaries(profile: bytes | None) -> str:
    """ffmpeg's name for the primaries of a photo's colour profile: phones write sRGB or P3."""
    if not profile:
        return "bt709"
    try:
        told = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return "bt709"
    return "smpte432" if "P3" in told else "bt709"


def _too_large(path: Path) -> FootageError:
    return FootageError("the photo has too many pixels", where=str(path), mend="save it smaller")


def _damaged(path: Path) -> FootageError:
    return FootageError(
        "the photo is damaged", where=str(path), mend="copy it from the phone once more"
    )
