"""FCPXML: an edit for Final Cut Pro, and for other programs that read its format.

Written from Apple's reference for version 1.9, which Final Cut Pro reads from 10.4.9 on
(developer.apple.com/documentation/professional-video-applications/fcpxml-reference). All times are
exact fractions of seconds, and lengths and places on the timeline whole frames of it, as the
reference asks ("Timing Attributes").
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

from video_pipeline.edit.model import Edit
from video_pipeline.edit.timeline import RATES, Clip, counting_rate, pictures, sounds, steady_rate
from video_pipeline.footage.model import Footage
from video_pipeline.overlays.typesetting import clean

# The rates that Final Cut Pro conforms from, by the names it has for them ("conform-rate").
_NAMED = ("23.98", "24", "25", "29.97", "30", "48", "50", "59.94", "60")
_RATE_NAMES = dict(zip(RATES, _NAMED, strict=True))
_FILLS = Fraction(2, 100)  # crops are rounded to even pixels


def as_fcpxml(edit: Edit, footage: Mapping[str, Footage], own: Path | None = None) -> str:
    """The edit as the text of an `.fcpxml` file.

    Raises UsageError for an overlay template that is not there.
    """
    root = ET.Element("fcpxml", version="1.9")
    resources = ET.SubElement(root, "resources")
    _format(resources, "timeline", edit.rate, edit.width, edit.height)
    for number, (name, source) in enumerate(footage.items(), start=1):
        _asset(resources, number, name, source, edit.rate)
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=clean(edit.sku))
    project = ET.SubElement(event, "project", name=clean(f"{edit.sku} {edit.placement}"))
    sequence = ET.SubElement(
        project,
        "sequence",
        format="timeline",
        duration=_seconds(edit.frames / edit.rate),
        tcStart="0s",
        tcFormat="NDF",
        audioLayout="stereo",
        audioRate="48k",
    )
    spine = ET.SubElement(sequence, "spine")
    heard = {clip.cut: clip for clip in sounds(edit, footage)}
    for clip in pictures(edit, own):
        sound = heard.get(clip.cut) if not clip.held else None
        whole = sound is not None and sound.frames == clip.frames
        offset = clip.at / edit.rate
        element = _clip(spine, clip, edit, footage, offset=offset, show="all" if whole else "video")
        _picture(element, clip, edit, footage[clip.source])
        if sound is not None and not whole:
            # Below the picture, so that it runs on under a held frame. What hangs below a clip is
            # placed in that clip's own time, which is its source's.
            below = _clip(element, sound, edit, footage, offset=sound.start, show="audio")
            below.set("lane", "-1")
        for mark in clip.marks:
            ET.SubElement(
                element,
                "marker",
                start=_seconds(clip.start + mark.frame / edit.rate),
                duration=_seconds(1 / edit.rate),
                value=mark.text,
            )
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{text}\n'


def _format(resources: ET.Element, name: str, rate: Fraction, width: int, height: int) -> None:
    ET.SubElement(
        resources,
        "format",
        id=name,
        frameDuration=_seconds(1 / rate),
        width=str(width),
        height=str(height),
    )


def _asset(resources: ET.Element, number: int, name: str, source: Footage, rate: Fraction) -> None:
    form = f"format-{number}"
    # As displayed: a phone's upright footage lies on its side in the file.
    _format(resources, form, counting_rate(source, rate), *source.whole)
    asset = ET.SubElement(
        resources,
        "asset",
        id=f"footage-{number}",
        name=clean(name),
        start="0s",
        duration=_seconds(source.duration),
        format=form,
        hasVideo="1",
        videoSources="1",
    )
    if source.audio_stream is not None:
        asset.attrib.update(hasAudio="1", audioSources="1")
    ET.SubElement(asset, "media-rep", kind="original-media", src=source.path.as_uri())


def _clip(
    parent: ET.Element,
    clip: Clip,
    edit: Edit,
    footage: Mapping[str, Footage],
    *,
    offset: Fraction,
    show: str,
) -> ET.Element:
    """A clip of the timeline; `show` is "all" of its footage, its "video" or its "audio"."""
    number = list(footage).index(clip.source) + 1
    element = ET.SubElement(
        parent,
        "asset-clip",
        ref=f"footage-{number}",
        name=clean(clip.name),
        offset=_seconds(offset),
        start=_seconds(clip.start),
        duration=_seconds(clip.frames / edit.rate),
        srcEnable=show,
        format=f"format-{number}",
        tcFormat="NDF",
        audioRole="dialogue",
    )
    cut = edit.cuts[clip.cut - 1]
    ET.SubElement(element, "note").text = clean(f"{cut.shows}. {cut.why}")
    rate = counting_rate(footage[clip.source], edit.rate)
    if rate != edit.rate and rate in _RATE_NAMES:
        # Without it, footage of a rate near the timeline's would play faster or slower.
        ET.SubElement(element, "conform-rate", scaleEnabled="0", srcFrameRate=_RATE_NAMES[rate])
    return element


def _picture(element: ET.Element, clip: Clip, edit: Edit, source: Footage) -> None:
    """What only a clip's picture has: standing still, and how it meets the frame."""
    if clip.held:
        # Between two frames the earlier one would be held, where rendering shows the nearer one.
        rate = steady_rate(source)
        shown = round(clip.start * rate) / rate if rate else clip.start
        frozen = ET.SubElement(element, "timeMap")
        for time in (clip.start, clip.start + clip.frames / edit.rate):
            ET.SubElement(
                frozen, "timept", time=_seconds(time), value=_seconds(shown), interp="linear"
            )
    crop = edit.cuts[clip.cut - 1].crop
    across, down = Fraction(edit.width, crop.width), Fraction(edit.height, crop.height)
    fills = abs(across / down - 1) <= _FILLS
    ET.SubElement(element, "adjust-conform", type="fill" if fills else "fit")


def _seconds(time: Fraction) -> str:
    """A time as the format has it: '0s', '5s', '1001/30000s'."""
    return f"{time}s"
