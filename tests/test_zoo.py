"""The footage zoo: every nasty clip upright, in its true colours and in its true time.

Each is seen twice, as analysis decodes it and as it is rendered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import MakeClip
from numbered import heard, numbered, numbers, piece_of, planes
from numbered import number_of as shown_number
from zoo.colours import apart, lab, shown_by
from zoo.looking import Look, analysed, off_by, rendered
from zoo.making import make, make_photo
from zoo.rows import CLIPS, PHOTOS, Clip, Photo
from zoo.scene import level_at

from video_pipeline import graph
from video_pipeline.analysis.bars import bars_of
from video_pipeline.footage.decode import frames
from video_pipeline.footage.hearing import samples
from video_pipeline.footage.probe import open_media, probe
from video_pipeline.footage.remarks import remarks
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.store import Store
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
    # The bars that are there are found, cut off here, and where there are none, none are found.
    assert bars_of(footage, Store(tmp_path / "cache")) == clip.bars
    footage = footage.without(clip.bars)
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


def test_what_hdr10_plus_says_of_each_picture_is_there_and_changes_nothing(
    zoo: Callable[[Clip], Path],
) -> None:
    """Its curve would darken the picture; it is shown as HDR10 is, from the picture beneath."""
    looks = {}
    for name in ("hdr10.mp4", "hdr10 plus.mp4"):
        with open_media(zoo(ROW[name])) as container:
            told = [
                "DYNAMIC_HDR_PLUS" in {data.type.name for data in frame.side_data}
                for frame in container.decode(video=0)
            ]
        assert set(told) == {name == "hdr10 plus.mp4"}
        footage = probe(zoo(ROW[name]))
        looks[name] = [p for _, p in frames(footage, long_side=320, every_s=Fraction(0))]
    assert all(map(np.array_equal, *looks.values()))


def test_uneven_pictures_keep_with_their_sound_for_ten_minutes(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path
) -> None:
    """One picture in two seconds, a little too early or too late; a tone begins with the last ones.

    Picture n is due at 2n + (n mod 3)/10 s: what is shown and heard near the end must be together.
    """
    source = make_clip(
        "ten-minutes.mp4",
        *numbered(600, rate="1/2", extra="settb=1/600,setpts='1200*N+60*mod(N,3)'"),
        "-f", "lavfi", "-i", "aevalsrc='if(gte(t,590.2),sin(2000*t),0)':s=16000:d=600",
        "-map", "0:v", "-map", "1:a", "-fps_mode", "passthrough", "-enc_time_base", "1/600",
        "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip
    footage = probe(source)
    seen = list(frames(footage, long_side=160, every_s=Fraction(0)))
    assert len(seen) == 300
    for t, picture in seen:
        n = shown_number(picture[..., 1])
        assert t == pytest.approx(float(2 * n + Fraction(n % 3, 10)), abs=0.002)
    # Picture 295 is due at 590.1 s, three output frames before the tone.
    out, sound = tmp_path / "out.mp4", tmp_path / "sound.wav"
    start = Fraction(589)
    run(piece_of(footage, tiny, start=start, frames=60).command(out), deadline_s=60)
    run(graph.sound([(footage, start, 96_000)], sound), deadline_s=60)
    changed = [n >= 295 for n in numbers(out)].index(True)
    begun = int(np.argmax(np.abs(heard(sound)[:, 0]) > 0.2)) / 48_000
    assert changed / 30 == pytest.approx(1.1, abs=1 / 30)
    assert begun == pytest.approx(1.2, abs=1 / 30)


@pytest.mark.parametrize("names", [("turned hlg.mov", "tiles 1.heic"), ("woven.ts", "moving.gif")])
def test_every_stage_takes_them(
    zoo: Callable[[Clip], Path], run_cli: Callable[..., Any], tmp_path: Path, names: tuple[str, ...]
) -> None:
    """Inspected, looked at, and rendered small; plans of bags are for footage of bags."""
    photos = {photo.name: photo for photo in PHOTOS}
    files = [
        make_photo(photos[name], tmp_path) if name in photos else zoo(ROW[name]) for name in names
    ]
    told = run_cli("inspect", *files, "--json")
    assert told.code == 0, told.err
    assert [Path(row["file"]).name for row in told.json["footage"]] == list(names)
    shots = run_cli("shots", *files, "--json")
    assert shots.code == 0, shots.err


@pytest.mark.slow
@pytest.mark.parametrize("creature", [*CLIPS, *PHOTOS], ids=lambda one: one.name)
def test_a_whole_clip_is_made_with_each_of_them(
    zoo: Callable[[Clip], Path],
    run_cli: Callable[..., Any],
    write_listing: Callable[..., Path],
    short_take: Path,
    tiny_presets: Path,
    tmp_path: Path,
    creature: Clip | Photo,
) -> None:
    """Beside footage of a bag, with a flaw pointed at in it, so that it is surely shown."""
    file = zoo(creature) if isinstance(creature, Clip) else make_photo(creature, tmp_path)
    at = 0.1 + (float(creature.late) if isinstance(creature, Clip) else 0)
    seen = {"file": file.name, "time": at, "box": [0.2, 0.3, 0.6, 0.6]}
    note = {"part": "pocket", "flaw": "stain", "severity": "light", "seen": seen}
    listing = write_listing(
        [short_take, file], certificates=None, crop_bars=True,
        condition={"scale": "house", "grade": "good", "notes": [note]},
    )  # fmt: skip
    out = tmp_path / "out"
    made = run_cli(
        "render", listing, "-o", out, "--placement", "tiny", "--presets", tiny_presets, "--json"
    )
    assert made.code == 0, made.out
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    cuts = manifest["clips"][0]["edit"]["cuts"]
    assert file.name in {cut["source"] for cut in cuts}, cuts
    checked = run_cli(
        "check", made.json["clips"][0]["file"], "--placement", "tiny", "--presets", tiny_presets
    )
    assert checked.code == 0, checked.err + checked.out


def test_what_a_seller_should_know_is_said(zoo: Callable[[Clip], Path]) -> None:
    def told(name: str) -> str:
        return " ".join(remarks(probe(zoo(ROW[name]))))

    assert "slow motion of 1/8" in told("rate 240.mp4")
    assert "messenger" in told("messenger.mp4")
    assert "interlaced" in told("woven.ts")
    assert "old tag" in told("turned by a tag 90.mkv")
    assert "no times" in told("no times.avi")
    assert not told("untagged hd.mp4")


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
