"""The footage zoo: every nasty clip upright, in its true colours and in its true time.

Each is seen twice, as analysis decodes it and as it is rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numbered import piece_of, planes
from zoo.colours import apart, lab, shown_by
from zoo.looking import Look, analysed, off_by, rendered
from zoo.making import make, make_photo
from zoo.rows import CLIPS, PHOTOS, Clip, Photo
from zoo.scene import level_at

from video_pipeline.footage.decode import frames
from video_pipeline.footage.hearing import samples
from video_pipeline.footage.probe import open_media, probe
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.toolchain import run

ROW = {clip.name: clip for clip in CLIPS}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clip], Path]:
    """A function that gives a clip's file, made once."""
    folder = tmp_path_factory.mktemp("zoo")
    made: dict[str, Path] = {}

    def file(clip: Clip) -> Path:
        if clip.name not in made:
            made[clip.name] = make(clip, folder)
        return made[clip.name]

    return file


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def judged(look: Look, clip: Clip, frame_s: Fraction) -> None:
    """The three checks."""
    assert look.orientation == "upright"
    assert look.worst[1] <= clip.apart, look.far
    assert off_by(look, clip) <= frame_s, [(float(t), n) for t, n in look.seen]


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_a_clip_is_seen_and_rendered_as_what_it_is(
    zoo: Callable[[Clip], Path], tiny: Placement, tmp_path: Path, clip: Clip
) -> None:
    footage = probe(zoo(clip))
    assert (footage.width, footage.height) == clip.size
    assert (footage.rotation, footage.mirrored) == (clip.turn, clip.mirrored)
    kind = {"smpte2084": "pq", "arib-std-b67": "hlg"}.get(clip.written.transfer, "sdr")
    assert footage.colour.transfer == kind
    assert (footage.audio_stream is not None) == clip.sound
    if footage.audio_stream is not None:
        assert np.abs(samples(footage.path, footage.audio_stream, 8_000)).max() > 0.05

    look = analysed(footage)
    there = [n for n in range(0, clip.frames, 2 if clip.field else 1) if clip.shown(n)]
    assert len(look.seen) == len(there)
    begins, ends = clip.on_show(there[-1])
    assert begins <= footage.duration < ends + 2 / clip.rate
    judged(look, clip, 1 / clip.rate)

    count = min(12, int((min(ends, footage.duration) - clip.late) * tiny.rate))
    out = tmp_path / "out.mp4"
    shown = rendered(footage, tiny, out, clip.late, count)
    assert len(shown.seen) == count
    judged(shown, clip, max(1 / clip.rate, 1 / tiny.rate))
    with open_media(out) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        assert context.color_range == 1


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_a_photo_is_seen_and_rendered_as_what_it_is(
    tiny: Placement, tmp_path: Path, photo: Photo
) -> None:
    footage = probe(make_photo(photo, tmp_path))
    assert footage.still
    assert (footage.width, footage.height) == photo.size
    kind = {"smpte2084": "pq", "arib-std-b67": "hlg"}.get(photo.written.transfer, "sdr")
    assert footage.colour.transfer == kind
    for look in (analysed(footage), rendered(footage, tiny, tmp_path / "out.mp4", Fraction(0), 2)):
        assert look.orientation == "upright"
        assert look.worst[1] <= 3, look.far


@pytest.mark.parametrize("name", ["hlg.mov", "pq.mp4"])
def test_white_in_hdr_is_nearly_white_and_the_ramp_rises(
    zoo: Callable[[Clip], Path], tiny: Placement, tmp_path: Path, name: str
) -> None:
    """Diffuse white leaves room for highlights, yet nobody would call it grey: L* of 90 to 98."""
    footage = probe(zoo(ROW[name]))
    seen = [p[..., ::-1] / 255 for _, p in frames(footage, long_side=320, every_s=Fraction(1))]
    out = tmp_path / "out.mp4"
    run(
        piece_of(footage, replace(tiny, width=180, height=320), frames=1).command(out),
        deadline_s=60,
    )
    for picture in (seen[0], shown_by(planes(out, "yuv444p")[0])):
        ramp = [level_at(picture, corner) for corner in ("bl", "tr", "tl")]
        black, grey, white = (float(lab(np.full(3, level))[0]) for level in ramp)
        assert black < 2
        assert grey == pytest.approx(float(lab(np.full(3, 118 / 255))[0]), abs=1.5)
        assert 90 <= white <= 98


def test_there_are_enough_of_them() -> None:
    assert len(CLIPS) >= 60
    assert len(ROW) == len(CLIPS)


# Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula" (2005), table 1.
PAIRS = (
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, -0.0010, 2.4900), (50, 0.0009, -2.4900), 4.8045),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)


def test_how_far_colours_are_apart() -> None:
    one, other = (np.array([pair[side] for pair in PAIRS], float) for side in (0, 1))
    assert apart(one, other) == pytest.approx([pair[2] for pair in PAIRS], abs=1e-4)
    assert apart(other, one) == pytest.approx([pair[2] for pair in PAIRS], abs=1e-4)
