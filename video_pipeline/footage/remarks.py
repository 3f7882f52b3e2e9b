"""Remarks: what a seller should know of a file that can be used, and what to do, in plain words."""

from __future__ import annotations

import math
from fractions import Fraction

from video_pipeline.footage.model import Footage

_SLOW_FROM = 100  # pictures a second: from there on phones call it slow motion
_USUAL = 30
# Of coded video, per picture element and second: phones write 0.1 and more; chats, which send
# 640 x 360 at some hundred kbit/s, less than 0.05.
_THIN_BITS = 0.05
_SMALL_PX = 700  # short side: what messengers make of a clip of any size


def poor_detail(footage: Footage) -> str:
    """What is to be said of a clip that a messenger made small; empty for any other."""
    if footage.still or footage.duration <= 0 or min(footage.whole) >= _SMALL_PX:
        return ""
    bits = 8 * footage.path.stat().st_size / float(footage.duration)
    if bits / (math.prod(footage.whole) * float(footage.rate)) >= _THIN_BITS:
        return ""
    return (
        "few details are left in it, as in a clip that a messenger sent; send the original file, "
        "from the phone itself"
    )


def remarks(footage: Footage) -> tuple[str, ...]:
    """Everything worth telling about a footage file, the most important first."""
    told = []
    width, height = footage.width, footage.height
    if not footage.still and footage.duration > 0:
        if poor := poor_detail(footage):
            told.append(poor)
        elif min(width, height) < _SMALL_PX:  # of what is left without bars
            told.append(
                f"only {width} x {height}: stitching may not show; film at 1080 x 1920 or more"
            )
        if footage.rate >= _SLOW_FROM:
            times = round(footage.rate / _USUAL)
            told.append(
                f"filmed at {round(footage.rate)} pictures a second: enough for slow motion of "
                f"1/{times}; it is shown at its true pace. To have it slow, save it slowed down "
                "from the phone or an editor, and name that file"
            )
    if footage.interlaced:
        told.append(
            "interlaced: two moments a picture; one is shown and its lines filled in. Film "
            "progressive, 30p or 60p, for sharper seams"
        )
    if footage.turned_by_tag:
        told.append(
            "turned by an old tag that other programs may not follow; here it stands upright"
        )
    if footage.untimed and footage.rate != Fraction(0):
        told.append(
            "its pictures have no times of their own; they follow each other evenly. If it runs "
            "too fast or too slow, send the original file"
        )
    return tuple(told)
