"""Pictures that carry their own number, and readers that get pixels and sound back from a file.

A numbered picture is nine upright bars, black or white: the binary digits of its frame number, the
lowest at the left. It survives scaling, colour conversion and strong compression.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from video_pipeline.edit.model import Cut, Edit, SourceRef
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import open_media
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.graph import Layer
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.joining import join
from video_pipeline.rendering.pieces import Piece, encode
from video_pipeline.rendering.sound import make_track
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path

DIGITS = 9


def numbered(seconds: float, rate: str = "30", size: str = "90x160", extra: str = "") -> list[str]:
    """Input arguments for `make_clip`: frames that show their numbers, then the filters `extra`."""
    bars = f"lum='if(mod(floor(N/pow(2,floor(X*{DIGITS}/W))),2),235,16)':cb=128:cr=128"
    source = f"nullsrc=s={size}:r={rate}:d={seconds},geq={bars},format=yuv420p"
    return ["-f", "lavfi", "-i", source + (f",{extra}" if extra else "")]


def planes(media: Path, pixel_format: str = "gray") -> NDArray[np.uint8]:
    """All frames of a file as ffmpeg decodes them, turned upright.

    `(frames, height, width)` for "gray" (luma as stored), `(frames, 3, height, width)` for
    "yuv444p" (nothing but chroma enlarged), `(frames, height, width, 3)` for "rgb24".
    """
    size = subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-i", str(media), "-frames:v", "1", "-f", "image2pipe",
         "-c:v", "pgm", "-"],
        check=True, capture_output=True, timeout=60,
    ).stdout.split(b"\n", 2)[1]  # fmt: skip
    width, height = map(int, size.split())
    # Luma is read as stored: "gray" would be full range, and ffmpeg would stretch it.
    stored = "yuv444p" if pixel_format in ("gray", "yuv444p") else pixel_format
    raw = subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-i", str(media), "-map", "0:v:0",
         "-fps_mode", "passthrough", "-pix_fmt", stored, "-f", "rawvideo", "-"],
        check=True, capture_output=True, timeout=60,
    ).stdout  # fmt: skip
    flat = np.frombuffer(raw, dtype=np.uint8)
    if stored == "yuv444p":
        split = flat.reshape(-1, 3, height, width)
        return split[:, 0] if pixel_format == "gray" else split
    return flat.reshape(-1, height, width, 3)


def number_of(picture: NDArray[np.uint8]) -> int:
    """The number that a picture shows (its luma or any channel, height x width)."""
    width = picture.shape[1]
    middle = picture[picture.shape[0] // 3 : 2 * picture.shape[0] // 3]
    digits = [
        float(
            middle[
                :, int((d + 0.35) * width / DIGITS) : int((d + 0.65) * width / DIGITS) + 1
            ].mean()
        )
        > 125
        for d in range(DIGITS)
    ]
    return sum(1 << d for d, on in enumerate(digits) if on)


def numbers(media: Path) -> list[int]:
    """The numbers that a file's frames show, in order."""
    return [number_of(picture) for picture in planes(media)]


def times(media: Path) -> list[float]:
    """When each picture of a file is shown, seconds, as its packets say."""
    with open_media(media) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return sorted(
            float(p.pts * stream.time_base)
            for p in container.demux(stream)
            if p.pts is not None and p.size
        )


def heard(media: Path, rate: int = 48_000) -> NDArray[np.float32]:
    """The sound of a file, `(samples, 2)` float32, as a player without edit lists plays it."""
    raw = subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-i", str(media), "-map", "0:a:0", "-ac", "2",
         "-ar", str(rate), "-f", "f32le", "-"],
        check=True, capture_output=True, timeout=60,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, dtype=np.float32).reshape(-1, 2)


def whole(footage: Footage) -> Crop:
    """A crop of all there is."""
    return Crop(footage.width, footage.height, (CropKey(0, 0, 0),))


def piece_of(
    footage: Footage,
    placement: Placement,
    *,
    start: Fraction | int = 0,
    frames: int = 10,
    hold: int = 0,
    crop: Crop | None = None,
    layers: Sequence[Layer] = (),
    slot: str = "hero",
) -> Piece:
    """A piece of a footage, the whole picture unless a crop is given."""
    cut = Cut(
        slot=slot,
        source=footage.name,
        start=Fraction(start),
        frames=frames,
        crop=crop or whole(footage),
        overlays=(),
        shows="",
        why="",
        hold=hold,
    )
    return Piece(cut, footage, tuple(layers), placement)


def edit_of(
    pieces: Sequence[Piece], footage: Mapping[str, Footage], *, keep_sound: bool = True
) -> Edit:
    """The edit that holds the cuts of these pieces, in order."""
    place = pieces[0].placement
    return Edit(
        sku="test-item",
        listing="listing.yaml",
        storyboard="showcase",
        placement=place.name,
        width=place.width,
        height=place.height,
        rate=place.rate,
        sources={name: SourceRef(str(f.path), f.digest) for name, f in footage.items()},
        cuts=tuple(piece.cut for piece in pieces),
        keep_sound=keep_sound,
    )


def clip_of(
    pieces: Sequence[Piece], footage: Mapping[str, Footage], store: Store, out: Path
) -> Path:
    """A finished clip: pieces encoded, sound made, both joined."""
    place = pieces[0].placement
    track = make_track(edit_of(pieces, footage), footage, place, store)
    join(encode(pieces, store), track.path, place.rate, out)
    return out
