"""Checking: a finished mp4 is held against its placement, whoever made it.

Nothing is taken from our own plan: the file is probed, its packets are read, it is decoded from
start to end, and its sound is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from video_pipeline import graph
from video_pipeline.errors import FootageError, RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import open_media, picture_stream, probe
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.boxes import boxes
from video_pipeline.rendering.sound import almost_silent, could_be_louder, measure
from video_pipeline.toolchain import run

_BT709 = 1  # ITU-T H.273
_LIMITED = 1


@dataclass(frozen=True)
class Finding:
    """One rule that a file breaks: what the placement wants, what the file has, how to mend it."""

    rule: str
    want: str
    got: str
    mend: str


_RENDER = "render it again for this placement"


def check(file: Path, placement: Placement) -> tuple[Finding, ...]:
    """Everything in which a file falls short of a placement; empty when it is ready to post.

    Raises FootageError when the file cannot be read at all.
    """
    footage = probe(file)  # says in plain words what is wrong with a file that is no video
    if footage.still:
        raise FootageError("this is a photo, not a clip", where=str(file), mend="name an mp4")
    return tuple(
        finding
        for rule in (_container, _picture, _timing, _sound, _decoding)
        for finding in rule(footage, placement)
    )


def _container(footage: Footage, placement: Placement) -> Iterator[Finding]:
    file = footage.path
    found = boxes(file)
    top = [box.path for box in found if box.path.count("/") == 1]
    if "/moov" not in top:
        yield Finding("container", "mp4", file.suffix.lstrip(".") or "another", _RENDER)
        return
    if _brand(file) == b"qt  ":
        yield Finding("container", "mp4", "QuickTime", _RENDER)
    if "/mdat" in top and top.index("/moov") > top.index("/mdat"):
        yield Finding(
            "moov first", "before the pictures", "after them", "save it with 'fast start'"
        )
    if any(box.path == "/moov/trak/edts/elst" for box in found):
        yield Finding("edit list", "none", "present", _RENDER)
    size = file.stat().st_size
    if placement.max_bytes is not None and size > placement.max_bytes:
        yield Finding(
            "bytes", f"at most {placement.max_bytes}", str(size), "make it shorter or simpler"
        )


def _brand(file: Path) -> bytes:
    with file.open("rb") as stream:
        head = stream.read(12)
    return head[8:] if head[4:8] == b"ftyp" else b"qt  "


def _picture(footage: Footage, placement: Placement) -> Iterator[Finding]:
    with open_media(footage.path) as container:
        stream = picture_stream(container, footage)
        context = stream.codec_context
        if context.name != "h264":
            yield Finding("codec", "H.264", context.name, _RENDER)
        elif context.profile != "High":
            yield Finding("profile", "High", str(context.profile), _RENDER)
        size = (context.width, context.height)
        if size != (placement.width, placement.height):
            yield Finding(
                "size",
                f"{placement.width}x{placement.height}",
                f"{size[0]}x{size[1]}",
                _RENDER,
            )
        if stream.sample_aspect_ratio not in (None, 0, 1):
            yield Finding("pixel shape", "square", str(stream.sample_aspect_ratio), _RENDER)
        if context.pix_fmt != "yuv420p":
            yield Finding("pixel format", "yuv420p", str(context.pix_fmt), _RENDER)
        tags = (
            int(context.color_primaries),
            int(context.color_trc),
            int(context.colorspace),
        )
        if tags != (_BT709, _BT709, _BT709):
            yield Finding("colour", "BT.709 (1, 1, 1)", str(tags), _RENDER)
        if int(context.color_range) != _LIMITED:
            yield Finding("colour range", "limited", "full or not stated", _RENDER)


def _timing(footage: Footage, placement: Placement) -> Iterator[Finding]:
    with open_media(footage.path) as container:
        stream = picture_stream(container, footage)
        base = Fraction(stream.time_base or 1)
        times: list[Fraction] = []
        keys: list[int] = []
        for packet in container.demux(stream):
            if packet.pts is not None and packet.size:
                if packet.is_keyframe:
                    keys.append(len(times))
                times.append(packet.pts * base)
    times.sort()
    frame = 1 / placement.rate
    steps = {b - a for a, b in pairwise(times)}
    if steps - {frame}:
        longest, shortest = max(steps), min(steps)
        yield Finding(
            "frame rate",
            f"{placement.rate} constant",
            f"frames of {float(shortest * 1000):.2f} to {float(longest * 1000):.2f} ms",
            _RENDER,
        )
    if times and times[0] != 0:
        yield Finding("start", "0", f"{float(times[0]):.3f} s", _RENDER)
    gaps = [b - a for a, b in zip(keys, [*keys[1:], len(times)], strict=False)]
    most = round(2 * placement.rate)
    if gaps and max(gaps) > most:
        yield Finding("GOP", f"at most {most} frames", f"{max(gaps)} frames", _RENDER)
    length = float(len(times) * frame)
    if placement.min_s is not None and length < placement.min_s:
        yield Finding(
            "duration", f"at least {placement.min_s:g} s", f"{length:.2f} s", "add footage or notes"
        )
    if placement.max_s is not None and length > placement.max_s:
        yield Finding(
            "duration", f"at most {placement.max_s:g} s", f"{length:.2f} s", "leave something out"
        )


def _sound(footage: Footage, placement: Placement) -> Iterator[Finding]:
    with open_media(footage.path) as container:
        if not container.streams.audio:
            yield Finding("sound", "one AAC track, silent if need be", "none", _RENDER)
            return
        if footage.audio_stream is None:
            yield Finding("sound codec", "AAC", "unknown", _RENDER)
            return
        context = container.streams.audio[0].codec_context
        if context.name != "aac":
            yield Finding("sound codec", "AAC", context.name, _RENDER)
        if context.sample_rate != graph.SAMPLE_RATE:
            yield Finding("sample rate", "48000 Hz", f"{context.sample_rate} Hz", _RENDER)
    try:
        heard = measure(footage.path)
    except RenderError as error:
        yield Finding("sound", "can be heard", error.message, _RENDER)
        return
    if not almost_silent(heard, placement):
        off = heard.integrated_lufs - placement.loudness_lufs
        if off > 1.0 or could_be_louder(heard, placement):
            yield Finding(
                "loudness",
                f"{placement.loudness_lufs:g} LUFS ± 1",
                f"{heard.integrated_lufs:.1f} LUFS",
                _RENDER,
            )
        if heard.true_peak_dbtp > placement.true_peak_dbtp:
            yield Finding(
                "true peak",
                f"at most {placement.true_peak_dbtp:g} dBTP",
                f"{heard.true_peak_dbtp:.1f} dBTP",
                _RENDER,
            )


def _decoding(footage: Footage, _: Placement) -> Iterator[Finding]:
    try:
        log = run(graph.decoded(footage.path), deadline_s=600, what="decoding").stderr.strip()
    except RenderError as error:
        log = error.message
    if log:
        yield Finding("decoding", "no complaint", log.splitlines()[0], "make the file once more")
