"""Rules for the picture: its file, its form, its timing, and stretches without anything to see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from video_pipeline.graph import STILL_S
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.facts import Facts, PictureFacts
from video_pipeline.rendering.finding import Finding
from video_pipeline.rendering.playing import Stretch

_BT709 = (1, 1, 1)  # ITU-T H.273
_EXPORT_MP4 = "export it as mp4 with H.264 picture and AAC sound"
_HIGHEST_LEVEL = 52  # of those that phones of today decode
# ITU-T H.264, table A-1: level times ten, macroblocks a second, macroblocks a picture.
_LEVELS = (
    (10, 1_485, 99), (11, 3_000, 396), (12, 6_000, 396), (13, 11_880, 396), (20, 11_880, 396),
    (21, 19_800, 792), (22, 20_250, 1_620), (30, 40_500, 1_620), (31, 108_000, 3_600),
    (32, 216_000, 5_120), (40, 245_760, 8_192), (42, 522_240, 8_704), (50, 589_824, 22_080),
    (51, 983_040, 36_864), (52, 2_073_600, 36_864),
)  # fmt: skip


def container(facts: Facts, placement: Placement) -> Iterator[Finding]:
    """The kind of file, its order, its size."""
    top = [path for path in facts.boxes if path.count("/") == 1]
    if "/moov" not in top:
        kind = facts.footage.path.suffix.lstrip(".") or "another"
        # A file of another kind that goes by the name of mp4.
        yield Finding("container", "mp4", kind if kind != "mp4" else "not mp4 inside", _EXPORT_MP4)
    else:
        if facts.brand == b"qt  ":
            yield Finding("container", "mp4", "QuickTime", _EXPORT_MP4)
        if "/mdat" in top and top.index("/moov") > top.index("/mdat"):
            yield Finding(
                "moov first", "the index before the pictures", "the index after them",
                "export with 'fast start' (or 'web optimised') turned on",
            )  # fmt: skip
        if "/moov/trak/edts/elst" in facts.boxes:
            yield Finding(
                "edit list", "none", "present",
                "export the finished clip anew, rather than trimming the file without encoding it",
            )  # fmt: skip
    if placement.max_bytes is not None and facts.bytes > placement.max_bytes:
        yield Finding(
            "bytes", f"at most {_mb(placement.max_bytes)}", _mb(facts.bytes),
            f"make it shorter, or export with {placement.max_bytes / facts.bytes * 90:.0f} % of "
            "the bit rate",
        )  # fmt: skip


def form(facts: Facts, placement: Placement) -> Iterator[Finding]:
    """Codec, size and colour."""
    picture = facts.picture
    if picture.codec != "h264":
        yield Finding("codec", "H.264", _codec(picture.codec), "export with H.264 (AVC)")
    elif picture.profile != "High":
        yield Finding("profile", "High", picture.profile, "export with H.264's High profile")
    yield from _level(picture, placement)
    wide, high = placement.width, placement.height
    if picture.size != (wide, high):
        yield Finding(
            "size", f"{wide}x{high}", "x".join(map(str, picture.size)), _resized(facts, placement)
        )
    if picture.shape not in (0, 1):
        yield Finding(
            "pixel shape", "square pixels", f"pixels of {picture.shape.numerator}:"
            f"{picture.shape.denominator}", "export with square pixels (pixel aspect ratio 1.0)",
        )  # fmt: skip
    if picture.pixel_format != "yuv420p":
        deep = "10" in picture.pixel_format or "12" in picture.pixel_format
        yield Finding(
            "pixel format", "8 bit 4:2:0 (yuv420p)", picture.pixel_format,
            "turn HDR off and export with 8 bits" if deep else "export with 4:2:0 colour",
        )  # fmt: skip
    if picture.tags != _BT709:
        hdr = picture.tags[1] in (16, 18)
        yield Finding(
            "colour", "BT.709 (1, 1, 1)", f"{'HDR ' if hdr else ''}{picture.tags}",
            "turn HDR off while filming, or export as SDR" if hdr
            else "export with the colour space Rec. 709",
        )  # fmt: skip
    if not picture.limited_range:
        yield Finding(
            "colour range", "limited", "full or not stated",
            "export with limited ('video' or 'TV') range",
        )  # fmt: skip
    seconds = len(picture.times) / float(placement.rate)
    kbps = picture.bytes / 125 / seconds if seconds else 0.0
    if kbps > placement.max_kbps:
        yield Finding(
            "bit rate", f"at most {placement.max_kbps} kbit/s", f"{kbps:.0f} kbit/s",
            f"export with a bit rate of {placement.max_kbps // 1000} Mbit/s or less",
        )  # fmt: skip


def timing(facts: Facts, placement: Placement) -> Iterator[Finding]:
    """Frame rate and its constancy, the start, groups of pictures, the length."""
    times = facts.picture.times
    frame = 1 / placement.rate
    steps = {b - a for a, b in pairwise(times)}
    if steps - {frame}:
        longest, shortest = max(steps), min(steps)
        # A clock of whole milliseconds or finer rounds; that is a rate all the same.
        steady = longest - shortest <= Fraction(1, 500)
        lasts = times[-1] - times[0]
        rate = float((len(times) - 1) / lasts) if lasts else math.inf  # all at one moment
        yield Finding(
            "frame rate",
            f"{placement.rate} constant",
            f"{rate:.3g} constant" if steady and round(rate, 2) != float(placement.rate)
            else f"frames of {float(shortest * 1000):.2f} to {float(longest * 1000):.2f} ms",
            f"export with a constant frame rate of {float(placement.rate):g}",
        )  # fmt: skip
    if times and times[0] != 0:
        yield Finding(
            "start", "the first picture at 0 s", f"at {float(times[0]):.3f} s",
            "export the clip anew, from its first picture on",
        )  # fmt: skip
    keys = facts.picture.keys
    gaps = [b - a for a, b in zip(keys, [*keys[1:], len(times)], strict=False)]
    most = round(2 * placement.rate)
    if gaps and max(gaps) > most:
        yield Finding(
            "GOP", f"a key frame at least every {most} frames", f"{max(gaps)} frames without one",
            "export with a key frame every 2 seconds",
        )  # fmt: skip
    length = float(len(times) * frame) if not steps - {frame} else float(facts.footage.duration)
    if placement.min_s is not None and length < placement.min_s:
        yield Finding(
            "duration", f"at least {placement.min_s:g} s", f"{length:.2f} s",
            f"film or show {placement.min_s - length:.1f} s more",
        )  # fmt: skip
    if placement.max_s is not None and length > placement.max_s:
        yield Finding(
            "duration", f"at most {placement.max_s:g} s", f"{length:.2f} s",
            f"leave {length - placement.max_s:.1f} s out",
        )  # fmt: skip


def empty_stretches(
    facts: Facts, intended: Sequence[tuple[float, float]] = ()
) -> Iterator[Finding]:
    """Stretches that are black or stand still; `intended` are those that an edit holds."""
    end = float(facts.footage.duration)
    black = facts.played.black
    if black:
        yield Finding(
            "black", "something to see throughout", f"black {_told(black, end)}",
            "cut the black part out",
        )  # fmt: skip
    dark = [_span(one, end) for one in black]
    still = [
        left
        for one in facts.played.still
        for left in _without(_span(one, end), [*intended, *dark])
        if left[1] - left[0] >= STILL_S
    ]
    if still:
        yield Finding(
            "frozen", "a moving picture",
            f"nothing moves {_told([Stretch(*one) for one in still], end)}",
            "cut the standing part out, or film it with a little movement",
        )  # fmt: skip


def _level(picture: PictureFacts, placement: Placement) -> Iterator[Finding]:
    """That the level stated holds such a picture, and that phones decode it."""
    if not picture.level:
        return
    blocks = -(-picture.size[0] // 16) * -(-picture.size[1] // 16)
    needed = next(
        (level for level, a_second, a_picture in _LEVELS
         if blocks <= a_picture and blocks * placement.rate <= a_second),
        _HIGHEST_LEVEL,
    )  # fmt: skip
    if not needed <= picture.level <= _HIGHEST_LEVEL:
        yield Finding(
            "level", f"{needed / 10:.1f} to {_HIGHEST_LEVEL / 10:.1f}", f"{picture.level / 10:.1f}",
            f"export with H.264's level {needed / 10:.1f}, or 'automatic'",
        )  # fmt: skip


def _resized(facts: Facts, placement: Placement) -> str:
    wide, high = placement.width, placement.height
    shown = facts.footage.width, facts.footage.height
    asked = f"film or export at {wide} x {high}"
    if (shown[0] > shown[1]) != (wide > high) and wide != high:
        held = "upright" if high > wide else "sideways"
        return f"hold the phone {held}, and {asked}"
    if shown == (wide, high):  # a player turns it; not every platform does
        return f"{asked}, without a turn that only the file states"
    return asked


def _codec(name: str) -> str:
    return {"hevc": "H.265 (HEVC)", "av1": "AV1", "libdav1d": "AV1", "vp9": "VP9"}.get(name, name)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB ({size} bytes)"


def _span(one: Stretch, end: float) -> tuple[float, float]:
    return one.start_s, end if one.end_s is None else one.end_s


def _told(stretches: Sequence[Stretch], end: float) -> str:
    return ", ".join(f"from {a:.1f} s to {b:.1f} s" for a, b in (_span(s, end) for s in stretches))


def _without(
    span: tuple[float, float], spans: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """What is left of a stretch when others are taken out."""
    left = [span]
    for start, end in spans:
        left = [
            part
            for a, b in left
            for part in ((a, min(b, start)), (max(a, end), b))
            if part[1] > part[0]
        ]
    return left
