"""The scan, on footage made here: when the detector looks, and what is made of its looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest
from conftest import MakeClip
from numpy.typing import NDArray

from video_pipeline.analysis.scan import analyse
from video_pipeline.footage.decode import frames
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box
from video_pipeline.store import Store
from video_pipeline.vision.detector import Detection, Part, Seen

CLASP = Box(0.4, 0.4, 0.6, 0.6)
LOSSLESS = ("-c:v", "ffv1", "-pix_fmt", "yuv420p")


@dataclass
class Witness:
    """A detector that sees a clasp in the middle of every picture, and keeps what it looked at."""

    name: str = "witness"
    version: str = "1"
    looked: list[NDArray[np.uint8]] = field(default_factory=list)

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        self.looked.append(picture)
        return Seen(hardware=Detection(0.8, (Part(CLASP, 0.8),)))

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return picture


def made(make_clip: MakeClip, name: str, luma: str, seconds: float = 2) -> Footage:
    """A grey clip of ten frames a second, 192x108, drawn by an expression of ffmpeg's geq."""
    source = f"nullsrc=s=192x108:r=10:d={seconds},geq=lum='{luma}':cb=128:cr=128"
    return probe(make_clip(name, "-f", "lavfi", "-i", source, *LOSSLESS))


def test_where_two_pictures_have_no_match_tracks_end_and_the_detector_looks(
    make_clip: MakeClip, store: Store
) -> None:
    # A texture and its negative in turn: no cut as an edit makes one, and no motion to be told.
    texture = "st(0,mod(X*X*7+Y*Y*13+X*Y*5,200));if(mod(N,2),228-ld(0),28+ld(0))"
    seeing = Witness()
    moments = analyse(made(make_clip, "negative.mkv", texture), store, seeing).moments
    assert not any(moment.cut for moment in moments)
    assert len(seeing.looked) == len(moments) == 20
    # Nothing leads from one look to another that could say whether it saw the same.
    assert [moment.hardware for moment in moments] == pytest.approx([0.4] * 20)


def test_looks_too_dark_to_see_by_deny_nothing(make_clip: MakeClip, store: Store) -> None:
    # The light fails at all looks but two, which see the same.
    light = "st(0,mod(X*X*7+Y*Y*13+X*Y*5,200));if(eq(N,2)+eq(N,4),28+ld(0),16+ld(0)/12)"
    seeing = Witness()
    moments = analyse(made(make_clip, "failing.mkv", light, 0.8), store, seeing).moments
    assert not any(moment.cut for moment in moments)
    assert len(seeing.looked) == 2
    assert [m.hardware for m in moments] == pytest.approx([0, 0, 0.8, 0, 0.8, 0, 0, 0])


@pytest.mark.parametrize(
    ("name", "across", "every"),
    [("rests", "X", 8), ("moves", "(X+4*N)", 4)],  # by a fiftieth of the picture from look to look
)
def test_the_detector_looks_every_third_time_and_every_fifth_at_rest(
    make_clip: MakeClip, store: Store, name: str, across: str, every: int
) -> None:
    texture = "28+mod(X*X*7+Y*Y*13+X*Y*5,200)".replace("X", across)
    # A strip at the left tells the looks apart.
    footage = made(make_clip, f"{name}.mkv", f"if(lt(X,4),28+8*N,{texture})")
    seeing = Witness()
    moments = analyse(footage, store, seeing).moments
    pictures = [picture for _, picture in frames(footage, long_side=192, every_s=Fraction(1, 10))]
    assert len(moments) == len(pictures) == 20
    looked = [
        [i for i, picture in enumerate(pictures) if np.array_equal(picture, seen)]
        for seen in seeing.looked
    ]
    assert looked == [[i] for i in range(0, 20, every)]
