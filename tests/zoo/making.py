"""Making the zoo: drawn by numpy, encoded by ffmpeg, patched where ffmpeg is too well behaved."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from video_pipeline.toolchain import ffmpeg_path
from zoo import boxes, heif
from zoo.colours import coded, signal
from zoo.rows import CODECS, Clip, Photo
from zoo.scene import counted, drawn

# How a matrix is asked for that turns so far clockwise, the picture flipped before or not.
_MATRIX = {
    (90, False): ("-display_rotation", "270"),
    (180, False): ("-display_rotation", "180"),
    (270, False): ("-display_rotation", "90"),
    (0, True): ("-display_vflip",),
    (90, True): ("-display_rotation", "90", "-display_vflip"),
    (180, True): ("-display_hflip",),
    (270, True): ("-display_rotation", "90", "-display_hflip"),
}


def make(clip: Clip, folder: Path) -> Path:
    """Make a clip in a folder and return its file."""
    steps: list[tuple[str, ...]] = []
    if (clip.turn or clip.mirrored) and clip.by == "matrix":
        steps.append((*_MATRIX[clip.turn, clip.mirrored], "-i", "{}", "-c", "copy"))
    elif clip.by == "tag":
        steps.append(("-i", "{}", "-c", "copy", "-metadata:s:v:0", f"rotate={clip.turn}"))
    elif clip.by == "codec":
        told = f"h264_metadata=display_orientation=insert:rotate={(360 - clip.turn) % 360}"
        steps.append(("-i", "{}", "-c", "copy", "-bsf:v", told))
    if clip.then:
        before = clip.then[:2] if clip.then[0] == "-ss" else ()
        steps.append((*before, "-i", "{}", *clip.then[len(before) :]))
    path = folder / clip.name
    paths = [folder / f"{step} {clip.name}" for step in range(len(steps))] + [path]
    frames = b"".join(picture.tobytes() for picture in _stored(clip))
    _ffmpeg(*_encoded(clip), str(paths[0]), given=frames)
    for step, source, out in zip(steps, paths, paths[1:], strict=False):
        _ffmpeg(*(word.replace("{}", str(source)) for word in step), str(out))
    if clip.patched:
        boxes.PATCHES[clip.patched](path)
    return path


def _ffmpeg(*arguments: str, given: bytes | None = None) -> None:
    subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-y", *arguments],
        input=given,
        check=True,
        timeout=120,
    )


def _stored(clip: Clip) -> Iterator[NDArray[np.generic]]:
    """The samples of each frame as stored, plane after plane."""
    width, height = (side // clip.grown for side in clip.size)
    form = CODECS[clip.codec][1]
    full = clip.written.full or form in ("yuvj420p", "rgb24", "gbrp")
    depth = 10 if "10" in form else 8
    across = round(width / clip.squeeze) if clip.turn % 180 == 0 else width
    down = height if clip.turn % 180 == 0 else round(height / clip.squeeze)
    shown = signal(drawn(across, down), clip.written)
    if form in ("rgb24", "gbrp"):
        planes = np.moveaxis(shown, -1, 0) * 255
        low, high = 0.0, 255.0
    else:
        planes = coded(shown, clip.written.matrix, full=full, depth=depth)
        ends = coded(
            signal(np.array([[0.0] * 3, [1.0] * 3]), clip.written),
            clip.written.matrix, full=full, depth=depth,
        )  # fmt: skip
        low, high = (float(level) for level in ends[0])

    def frame(number: int) -> NDArray[np.float64]:
        picture = planes.copy()
        for plane in picture if form in ("rgb24", "gbrp") else picture[:1]:
            counted(plane, number, low, high)
        picture = np.rot90(picture, clip.turn // 90, (1, 2))  # counter-clockwise
        return picture[:, ::-1] if clip.mirrored else picture

    kind = np.uint16 if depth > 8 else np.uint8
    for number in range(0, clip.frames, 2 if clip.field else 1):
        picture = frame(number)
        if clip.field:
            second = frame(number + 1)
            row = 1 if clip.field == "tff" else 0
            picture[:, row::2] = second[:, row::2]
        samples = np.rint(picture).astype(kind)
        if form == "rgb24":
            yield np.ascontiguousarray(np.moveaxis(samples, 0, -1))
        elif form == "gbrp":
            yield np.ascontiguousarray(samples[[1, 2, 0]])
        else:
            across, down = {"0": (2, 2), "2": (2, 1), "4": (1, 1)}[form[5 + ("j" in form)]]
            flat = [samples[0].ravel(), *(plane[::down, ::across].ravel() for plane in samples[1:])]
            yield np.concatenate(flat)


def _encoded(clip: Clip) -> list[str]:
    """The first command: raw frames in, and all that can be told while encoding."""
    encoder, form = CODECS[clip.codec]
    width, height = (side // clip.grown for side in clip.size)
    if clip.turn % 180:
        width, height = height, width
    width = round(width / clip.squeeze)
    rate = clip.rate / 2 if clip.field else clip.rate
    filters = [clip.written.tags] if clip.written.tags else []
    if clip.grown > 1:
        filters.append(f"scale=iw*{clip.grown}:ih*{clip.grown}:flags=neighbor")
    if clip.squeeze != 1:
        filters.append(f"setsar={clip.squeeze}")
    if bars := clip.bars:
        # Turned a quarter, what is at the top is stored at the left.
        left, top, right, bottom = (
            (bars.top, bars.right, bars.bottom, bars.left)
            if clip.turn == 90
            else (bars.left, bars.top, bars.right, bars.bottom)
        )
        place = f"{left}:{top}:{clip.bars_in}"
        filters.append(f"pad=iw+{left + right}:ih+{top + bottom}:{place}")
    if clip.field:
        filters.append(f"setfield={clip.field}")
    if clip.keep:
        filters.append(f"select='{clip.keep}'")
    late = ["-itsoffset", str(float(clip.late))] if clip.late else []
    words = [
        "-f", "rawvideo", "-pix_fmt", form, "-s", f"{width}x{height}", "-framerate", str(rate),
        *late, "-i", "pipe:0", *clip.inputs,
    ]  # fmt: skip
    if filters:
        words += ["-filter:v:0" if "-map" not in clip.out else "-vf", ",".join(filters)]
    words += ["-c:v", *encoder]
    if clip.codec.startswith("hevc"):
        words += ["-tag:v", "hvc1"] if clip.name.endswith(("mp4", "mov")) else []
    if clip.keep:
        words += ["-fps_mode", "passthrough", "-enc_time_base", f"1/{clip.rate.numerator}"]
    if clip.field and clip.codec != "huffyuv":
        words += ["-flags", "+ildct+ilme"]
    if clip.inputs:
        words += ["-c:a", "aac"]
    return [*words, *clip.out]


# How a camera held in each of the eight ways stores the upright picture (Exif 2.3, tag 0x0112).
_STORED: dict[int, tuple[bool, int]] = {  # left and right swapped, then quarters counter-clockwise
    1: (False, 0), 2: (True, 0), 3: (False, 2), 4: (True, 2),
    5: (True, 1), 6: (False, 1), 7: (True, 3), 8: (False, 3),
}  # fmt: skip
# ITU-T H.273.
_NUMBERS = {
    "bt709": 1, "smpte432": 12, "bt2020": 9, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9,
    "iec61966-2-1": 13, "arib-std-b67": 18, "smpte2084": 16,
}  # fmt: skip


def make_photo(photo: Photo, folder: Path) -> Path:
    """Make a photo in a folder and return its file."""
    path = folder / photo.name
    scene = drawn(*photo.size)
    if path.suffix == ".heic":
        how = photo.written
        deep = 10 if how.matrix == "bt2020nc" else 8
        stored = signal(scene, how)
        # Undone in the other order: mirrored, then turned back.
        if photo.mirror is not None:
            stored = stored[:, ::-1] if photo.mirror else stored[::-1]
        stored = np.rot90(stored, -photo.quarters)
        planes = np.rint(coded(stored, how.matrix, full=how.full, depth=deep))
        numbers = [_NUMBERS[name] for name in (how.primaries, how.transfer, how.matrix)]
        colour = b"nclx" + b"".join(n.to_bytes(2, "big") for n in numbers) + bytes([how.full << 7])
        heif.write(
            path, planes, form="yuv420p10le" if deep == 10 else "yuv420p",
            quarters=photo.quarters, mirror=photo.mirror, colour=colour,
        )  # fmt: skip
        return path
    swapped, turns = _STORED[photo.orientation]
    stored = np.rot90(scene[:, ::-1] if swapped else scene, turns)
    image = Image.fromarray(np.ascontiguousarray(np.rint(stored * 255).astype(np.uint8)))
    if path.suffix == ".gif":
        image.save(path)
        return path
    exif = image.getexif()
    exif[0x0112] = photo.orientation
    image.save(path, exif=exif, **dict(photo.saved))
    return path
