"""Commands for pictures: pieces, stills and overlay clips.

Scaling and encoding flags ask for bit-exact arithmetic, so that the same edit gives the same bytes
on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box, Crop
from video_pipeline.graph.colour import normalised
from video_pipeline.graph.command import EARLY, SCALING, command, from_disk, opened
from video_pipeline.graph.crops import BARS, cropped
from video_pipeline.graph.encoding import Pass, encoded
from video_pipeline.light import NEUTRAL, Light
from video_pipeline.presets.encoders import X264, Encoder
from video_pipeline.presets.placements import Placement

_SLACK = 1.3  # how much larger than it needs to be a veil may be, so that it moves more seldom
_MOST_AT_ONCE = 16  # stills of one pass
_FINE = Fraction(240)  # a grid on which no phone's frames fall together


@dataclass(frozen=True)
class Layer:
    """An overlay clip on a piece: where it stands and from which output frame to which.

    The file holds `enter` frames of arriving, one at rest, `leave` frames of leaving; it is shown
    from frame `first` up to, not including, `last`, resting for as long as that takes.
    """

    path: Path
    digest: str
    x: int
    y: int
    enter: int
    leave: int
    first: int
    last: int


def piece(
    footage: Footage,
    start: Fraction,
    frames: int,
    hold: int,
    crop: Crop,
    *,
    light: Light = NEUTRAL,
    layers: Sequence[Layer],
    placement: Placement,
    out: Path,
    encoder: Encoder = X264,
    one_of_two: Pass | None = None,
) -> list[str]:
    """The command that encodes one piece: exactly `frames` frames from `start` on.

    The last `hold` of them repeat the one before. Without `one_of_two` it is encoded in one pass,
    at the placement's quality.
    """
    rate = placement.rate
    live = frames - hold
    picture = ticking(footage, start, live, rate)
    picture = veiled(squared(picture, footage), footage, start, live, rate)
    picture = cropped(
        picture, crop, footage, (placement.width, placement.height), live, light=light
    )
    if hold:
        picture = picture.filter("tpad", stop_mode="clone", stop=hold)
    picture = _ticks(picture, rate, "N")
    for layer in dict.fromkeys(layers):  # twice the same would be one and the same input
        picture = _laid(picture, layer, rate)
    return encoded(picture, out, placement, encoder, one_of_two)


def samples(
    footage: Footage,
    start: Fraction,
    numbers: Sequence[int],
    size: tuple[int, int],
    *,
    rate: Fraction,
    out: Path,
) -> list[str]:
    """The command that writes some frames of a cut as raw RGB pictures, whole and at `size`.

    `numbers` counts output frames from `start` on, in rising order; a photo has number 0 alone.
    Unlike a piece's, they may be a frame beside the true ones: frames that no other needs are not
    decoded, and nothing before the first is.
    """
    if footage.still or footage.untimed or not footage.indexed:
        picture = ticking(footage, start, numbers[-1] + 1, rate)
    else:
        begin = start + numbers[0] / rate
        numbers = [number - numbers[0] for number in numbers]
        quick = {"skip_frame": "noref", "skip_loop_filter": "all", "threads": 1}
        picture = opened(footage, begin, (numbers[-1] + 1) / rate, **quick)
        picture = _moments(picture, footage).filter("fps", fps=str(rate), start_time=0)
        picture = picture.filter("tpad", stop_mode="clone", stop=2)
    picture = picture.filter("select", "+".join(f"eq(n,{number})" for number in numbers))
    picture = normalised(squared(picture, footage), footage.colour, size)
    picture = picture.filter(
        "scale", in_color_matrix="bt709", in_range="tv", out_range="pc", flags=SCALING
    ).filter("format", "rgb24")
    return command(ffmpeg.output(picture, str(out), **{"f": "rawvideo", "fps_mode": "passthrough"}))


def still(footage: Footage, t: Fraction, out: Path) -> list[str]:
    """The command that writes the frame at `t` at source resolution."""
    picture = veiled(squared(ticking(footage, t, 1, _FINE), footage), footage, t, 1, _FINE)
    return jpeg(normalised(picture, footage.colour, None), out)


def stills(footage: Footage, moments: Sequence[tuple[Fraction, Path]]) -> list[str]:
    """The command that writes the frames at several moments, the same as `still` does, in one pass.

    `moments` are in rising order, each with its file; `footage` is no photo and states its times.
    """
    first, last = moments[0][0], moments[-1][0]
    begin = first - _lead(footage, first, _FINE) / _FINE
    both = _moments(opened(footage, begin, last - begin + 1), footage)
    each = both.split() if len(moments) > 1 else [both]
    outputs = []
    for number, (t, out) in enumerate(moments):
        picture = each[number].filter("setpts", f"PTS-{float(t - begin):.6f}/TB")
        picture = picture.filter("fps", fps=str(_FINE), start_time=0)
        picture = picture.filter("tpad", stop_mode="clone", stop=2).filter("trim", end_frame=1)
        picture = veiled(squared(picture, footage), footage, t, 1, _FINE)
        outputs.append(as_jpeg(normalised(picture, footage.colour, None), out))
    return command(ffmpeg.merge_outputs(*outputs))


def in_one_pass(footage: Footage, moments: Sequence[Fraction]) -> Iterator[list[Fraction]]:
    """Moments, in rising order, in groups: a file is opened anew where that costs less.

    Opening it decodes what leads up to a moment, and all since the key frame before.
    """
    group: list[Fraction] = []
    for t in moments:
        apart = bool(group) and t - group[-1] > _lead(footage, t, _FINE) / _FINE + 1
        if group and (apart or len(group) == _MOST_AT_ONCE or footage.still or footage.untimed):
            yield group
            group = []
        group.append(t)
    if group:
        yield group


def framed_still(
    footage: Footage,
    t: Fraction,
    crop: Crop,
    size: tuple[int, int],
    out: Path,
    *,
    light: Light = NEUTRAL,
) -> list[str]:
    """The command that writes the frame at `t` through a crop, at an output's `size`."""
    picture = veiled(squared(ticking(footage, t, 1, _FINE), footage), footage, t, 1, _FINE)
    return jpeg(cropped(picture, crop, footage, size, 1, light=light), out)


def alpha_clip(raw: Path, size: tuple[int, int], rate: Fraction, out: Path) -> list[str]:
    """The command that keeps raw RGBA frames as a lossless QuickTime file with straight alpha."""
    pictures = from_disk(
        raw,
        "rawvideo",
        f="rawvideo",
        pixel_format="rgba",
        video_size=size,
        framerate=str(rate),
    )
    return command(
        ffmpeg.output(
            pictures.video,
            str(out),
            **{
                "c:v": "qtrle",
                "pix_fmt": "argb",
                "threads": 1,
                "flags:v": "+bitexact",
                "fflags": "+bitexact",
                "map_metadata": -1,
                "video_track_timescale": rate.numerator,
                "f": "mov",
            },
        )
    )


def ticking(footage: Footage, start: Fraction, frames: int, rate: Fraction) -> Any:
    """Exactly `frames` frames at a constant rate; the first is the one a player shows at `start`.

    The file is opened early and cut on the output's grid: where frames are unevenly spaced, the
    one on show at `start` may have begun long before, and in a file without an index ffmpeg may
    land behind the place it looks for, up to a key frame's distance.
    """
    if footage.still:  # one picture, though some cameras add a second; repeated once it is small
        picture = opened(footage, start, Fraction(0))[footage.still_at]
        # A second one, since a picture put together from tiles does not say how long it stands.
        picture = picture.filter("loop", loop=1, size=1).filter("setpts", "N")
        picture = picture.filter("fps", fps=str(rate))
        return picture.filter("trim", end_frame=1)
    lead = _lead(footage, start, rate)
    begin, length = start - lead / rate, (lead + frames) / rate + 1
    if footage.untimed:
        early = max(Fraction(0), begin - EARLY)
        picture = _moments(opened(footage, Fraction(0), begin + length), footage)
        picture = picture.filter("setpts", f"PTS-STARTPTS-{float(early):.6f}/TB")
    else:
        picture = _moments(opened(footage, begin, length), footage)
    picture = picture.filter("fps", fps=str(rate), start_time=0)
    # Rounding may leave the last frame of a file unreached; two are forgiven, no more.
    picture = picture.filter("tpad", stop_mode="clone", stop=2)
    return picture.filter("trim", start_frame=lead, end_frame=lead + frames)


def _moments(source: Any, footage: Footage) -> Any:
    """The picture of an opened file; of two interlaced fields the first, its lines filled in."""
    picture = source[str(footage.video_stream)]
    return picture.filter("bwdif", mode="send_frame") if footage.interlaced else picture


def shown_until(footage: Footage, start: Fraction, number: int, rate: Fraction) -> Fraction:
    """When a source frame begins too late to be on show as output frame `number` of a cut.

    Seconds from the footage's start; the last frame that begins earlier is on show, as the fps
    filter rounds: to the nearest output frame, and halves up.
    """
    opened_at = start - _lead(footage, start, rate) / rate
    return start + (number + Fraction(1, 2)) / rate - min(opened_at, EARLY)


def _lead(footage: Footage, start: Fraction, rate: Fraction) -> int:
    """How many output frames before a cut its file is opened."""
    shown = max(Fraction(0), start - footage.picture_from)
    return int(min(shown, 1 if footage.indexed else 12) * rate)


def _ticks(picture: Any, rate: Fraction, expression: str) -> Any:
    """Frame times as whole ticks; told in seconds, some would be cut down to the tick before."""
    return picture.filter("settb", f"{rate.denominator}/{rate.numerator}").filter(
        "setpts", expression
    )


def squared(picture: Any, footage: Footage) -> Any:
    """The picture at the size it is shown at, its pixels square, without its bars."""
    picture = picture.filter("scale", *footage.whole, flags=SCALING).filter("setsar", 1)
    if footage.bars:
        at = footage.bars.left, footage.bars.top
        picture = picture.filter("crop", footage.width, footage.height, *at)
    return picture


def veiled(picture: Any, footage: Footage, start: Fraction, frames: int, rate: Fraction) -> Any:
    """The upright picture, before anything else is done with it, with its veils drawn in.

    A veil is one opaque colour. Blurred or averaged in cells, short printed numbers can be read
    back by trying which number looks so; of what is painted over nothing is left. It is seen to be
    a mask, and hides no flaw behind a likeness of leather. A picture may be a source frame early or
    an output frame late, so what is covered just before and just after is covered too.
    """
    around = 1 / rate + 1 / footage.rate
    for veil in footage.veils:
        boxes = []
        for n in range(frames):
            t = start + n / rate
            boxes.append(veil.over(t - around, t + 1 / rate))
        for first, last, box in _held(boxes):
            left, top, right, bottom = (
                (max(0, math.floor(box.x0 * footage.width / 2) * 2)),
                (max(0, math.floor(box.y0 * footage.height / 2) * 2)),
                (min(footage.width, math.ceil(box.x1 * footage.width / 2) * 2)),
                (min(footage.height, math.ceil(box.y1 * footage.height / 2) * 2)),
            )
            if left < right and top < bottom:
                picture = picture.filter(
                    "drawbox",
                    left,
                    top,
                    right - left,
                    bottom - top,
                    color="0x{:02X}{:02X}{:02X}".format(*BARS),
                    t="fill",
                    enable=f"between(n,{first},{last})",
                )
    return picture


def _held(boxes: Sequence[Box | None]) -> Iterator[tuple[int, int, Box]]:
    """Frames `first` to `last` that one box covers, a little larger than each needs."""
    first, box = 0, None
    for n, now in enumerate([*boxes, None]):
        both = Box.around([b for b in (box, now) if b is not None])
        apart = box is not None and (
            now is None or both is None or both.area > _SLACK * min(box.area, now.area)
        )
        if apart and box is not None:
            yield first, n - 1, box
            first, box = n, now
        elif box is None:
            first, box = n, now
        else:
            box = both


def _laid(picture: Any, layer: Layer, rate: Fraction) -> Any:
    rest = layer.last - layer.first - layer.enter - layer.leave
    if rest < 1:
        raise ValueError(f"an overlay of {layer.last - layer.first} frames has no time to rest")
    drawn = from_disk(layer.path, "mov,mp4").video
    # The frame at rest stays on show until the first of leaving is due.
    drawn = _ticks(drawn, rate, f"N+{layer.first}+if(gt(N,{layer.enter}),{rest - 1},0)")
    drawn = drawn.filter(
        "scale",
        in_range="pc",
        out_color_matrix="bt709",
        out_range="tv",
        flags="accurate_rnd+full_chroma_int+bitexact",
    ).filter("format", "yuva420p")
    return picture.overlay(
        drawn,
        x=layer.x,
        y=layer.y,
        format="yuv420",
        eof_action="repeat",
        enable=f"between(t,{_seconds(layer.first, rate)},{_seconds(layer.last, rate)})",
    )


def _seconds(frame: int, rate: Fraction) -> str:
    """The time half a frame before `frame`: no rounding can make it another one's."""
    return f"{float((frame - Fraction(1, 2)) / rate):.6f}"


def jpeg(picture: Any, out: Path) -> list[str]:
    """The command that writes one picture into one file."""
    return command(as_jpeg(picture, out))


def as_jpeg(picture: Any, out: Path) -> Any:
    """What `jpeg` writes, as one output of a command that has others."""
    picture = picture.filter(
        "scale", in_color_matrix="bt709", out_color_matrix="bt470", out_range="pc", flags=SCALING
    ).filter("format", "yuv444p")  # JPEG's own matrix and range
    return ffmpeg.output(
        picture,
        str(out),
        vframes=1,
        **{"c:v": "mjpeg", "q:v": 2, "flags": "+bitexact", "strict": "unofficial"},
        **{"color_range": "pc", "f": "mjpeg"},
    )
