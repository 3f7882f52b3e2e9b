"""Checking: a clip of ours passes; each rule finds the clip that was made wrong for it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import MakeClip
from numbered import clip_of, edit_of, numbered, piece_of

from video_pipeline import rendering
from video_pipeline.delivery import posting
from video_pipeline.errors import FootageError
from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.boxes import boxes
from video_pipeline.rendering.check import Made, check, judge
from video_pipeline.rendering.check_words import Standing
from video_pipeline.rendering.facts import facts_of
from video_pipeline.rendering.finding import RULES
from video_pipeline.rendering.sound import Loudness, could_be_louder, measure
from video_pipeline.resources import shipped
from video_pipeline.store import Store


@pytest.fixture(scope="module")
def place(tiny_presets: Path) -> Placement:
    return replace(load_placement("tiny", tiny_presets), min_s=None)


@pytest.fixture(scope="module")
def good(make_clip: MakeClip, place: Placement, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip as the pipeline makes it."""
    folder = tmp_path_factory.mktemp("good")
    footage = probe(
        make_clip(
            "good-take.mp4", *numbered(3), "-f", "lavfi", "-i", "sine=f=500:r=48000:d=3",
            "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
        )
    )  # fmt: skip
    pieces = [piece_of(footage, place, start=start, frames=35) for start in (0, 1)]
    return clip_of(pieces, {footage.name: footage}, Store(folder / "cache"), folder / "clip.mp4")


def rules(file: Path, place: Placement) -> set[str]:
    findings = check(file, place)
    for finding in findings:
        assert finding.want
        assert finding.got
        assert finding.mend
        assert finding.want != finding.got
    return {finding.rule for finding in findings}


def test_a_clip_of_ours_passes(good: Path, place: Placement) -> None:
    assert check(good, place) == ()


def heard_as(lufs: float, peak: float, place: Placement) -> bool:
    return could_be_louder(Loudness(place.loudness_lufs + lufs, place.true_peak_dbtp + peak), place)


def test_quiet_is_a_fault_where_we_would_have_made_it_louder(place: Placement) -> None:
    assert not heard_as(-0.9, -5, place)  # near enough
    assert heard_as(-3, -5, place)  # turning it up is all it takes
    assert heard_as(-9, -9, place)
    assert heard_as(-14, -8, place)  # a limiter has 6 dB to do, and it has not been at work
    assert not heard_as(-14, -1, place)  # peaks at the limit, as far as the encoder left them
    assert not heard_as(-20, -8, place)  # more than a limiter does unheard
    assert not heard_as(-40, -40, place)  # almost silent
    assert not heard_as(-math.inf, -math.inf, place)


FAST = ("-c:v", "libx264", "-preset", "ultrafast")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast")
X264 = (
    "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high", "-pix_fmt", "yuv420p",
    "-bf", "0",
    "-g", "60", "-x264-params", "cabac=1:8x8dct=1",
)  # fmt: skip
TAGS = (
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-color_range",
    "tv",
)
LAID = (
    "-movflags",
    "+faststart",
    "-use_editlist",
    "0",
    "-video_track_timescale",
    "30",
    "-fps_mode",
    "passthrough",
)
SOUND = ("-c:a", "copy")

# For each rule: how the good clip is spoilt, and which rules must be among the findings.
WRONG: dict[str, tuple[str, tuple[str, ...], set[str]]] = {
    "size": ("mp4", ("-vf", "scale=360:640", *X264, *TAGS, *LAID, *SOUND), {"size"}),
    "landscape": ("mp4", ("-vf", "transpose", *X264, *TAGS, *LAID, *SOUND), {"size"}),
    "anamorphic": ("mp4", ("-vf", "setsar=4/3", *X264, *TAGS, *LAID, *SOUND), {"pixel shape"}),
    "another rate": ("mp4", ("-r", "25", *X264, *TAGS, *SOUND, *LAID[:4]), {"frame rate"}),
    "variable rate": (
        "mp4", ("-vf", "select='not(eq(mod(n,9),4))'", *X264, *TAGS, *LAID, *SOUND), {"frame rate"},
    ),
    "edit list": ("mp4", ("-c", "copy", "-movflags", "+faststart", "-ss", "0.3"), {"edit list"}),
    "moov last": ("mp4", ("-c", "copy", "-use_editlist", "0"), {"moov first"}),
    "colour tags": (
        "mp4", (*X264, "-colorspace", "smpte170m", "-color_range", "tv", *LAID, *SOUND), {"colour"},
    ),
    "full range": (
        "mp4", ("-vf", "scale=out_range=pc", *X264, *TAGS[:-1], "pc", *LAID, *SOUND),
        {"colour range"},
    ),
    "no sound": ("mp4", ("-c", "copy", "-an", *LAID), {"sound"}),
    "loud": ("mp4", ("-c:v", "copy", "-af", "volume=12dB", "-c:a", "aac", *LAID), {"loudness"}),
    "quiet": ("mp4", ("-c:v", "copy", "-af", "volume=-8dB", "-c:a", "aac", *LAID), {"loudness"}),
    "peaks": ("mp4", ("-c:v", "copy", "-af", "volume=20dB", "-c:a", "aac", *LAID), {"true peak"}),
    "44.1 kHz": ("mp4", ("-c:v", "copy", "-ar", "44100", "-c:a", "aac", *LAID), {"sample rate"}),
    "mp3": ("mp4", ("-c:v", "copy", "-c:a", "libmp3lame", *LAID), {"sound codec"}),
    "10 bit": (
        "mp4", (*FAST, "-pix_fmt", "yuv420p10le", *TAGS, *LAID, *SOUND),
        {"profile", "pixel format"},
    ),
    "hevc": (
        "mp4", (*HEVC, "-x265-params", "log-level=none", *TAGS, *LAID, *SOUND),
        {"codec"},
    ),
    "baseline": (
        "mp4", (*FAST, "-profile:v", "baseline", *TAGS, *LAID, *SOUND),
        {"profile"},
    ),
    "long GOP": ("mp4", (*X264, "-g", "250", *TAGS, *LAID, *SOUND), {"GOP"}),
    "black": (
        "mp4",
        ("-vf", "drawbox=c=black:t=fill:enable='between(t,1,1.5)'", *X264, *TAGS, *LAID, *SOUND),
        {"black"},
    ),
    "surround": (
        "mp4", ("-c:v", "copy", "-af", "aformat=channel_layouts=5.1", "-c:a", "aac", *LAID),
        {"channels"},
    ),
    "half the sound": (
        "mp4", ("-c:v", "copy", "-af", "atrim=end=1", "-c:a", "aac", *LAID), {"sound length"},
    ),
    "level too low": (
        "mp4", ("-c", "copy", "-bsf:v", "h264_metadata=level=1.1", *LAID), {"level"},
    ),
    "level too high": (
        "mp4", ("-c", "copy", "-bsf:v", "h264_metadata=level=6.1", *LAID), {"level"},
    ),
    "matroska": ("mkv", ("-c", "copy"), {"container"}),
    "quicktime": ("mov", ("-c", "copy", *LAID), {"container"}),
    "fragments": ("mp4", ("-c", "copy", "-movflags", "+frag_keyframe+empty_moov"), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_each_rule_finds_its_fault(
    make_clip: MakeClip, good: Path, place: Placement, name: str
) -> None:
    suffix, arguments, expected = WRONG[name]
    wrong = make_clip(f"wrong-{name.replace(' ', '-')}.{suffix}", "-i", str(good), *arguments)
    found = rules(wrong, place)
    assert expected <= found
    if name in (
        "black",
        "level too low",
        "size",
        "anamorphic",
        "no sound",
        "moov last",
        "quicktime",
        "colour tags",
    ):
        assert found == expected


def test_limits_of_the_placement(good: Path, place: Placement) -> None:
    assert rules(good, replace(place, max_s=1.0)) == {"duration"}
    assert rules(good, replace(place, min_s=9.0)) == {"duration"}
    assert rules(good, replace(place, max_bytes=1000)) == {"bytes"}
    assert rules(good, replace(place, max_kbps=5)) == {"bit rate"}
    assert rules(good, replace(place, rate=Fraction(25))) >= {"frame rate"}
    assert rules(good, replace(place, true_peak_dbtp=-30.0, loudness_lufs=-14.0)) == {"true peak"}


@pytest.fixture(scope="module")
def standing(make_clip: MakeClip, good: Path) -> Path:
    """The good clip, its picture standing still from the 31st picture on, for 1.5 s."""
    still = "trim=end_frame=31,tpad=stop=39:stop_mode=clone"
    return make_clip("standing.mp4", "-i", str(good), "-vf", still, *X264, *TAGS, *LAID, *SOUND)


def test_a_frozen_stretch_is_told_with_its_time(standing: Path, place: Placement) -> None:
    (finding,) = check(standing, place)
    assert finding.rule == "frozen"
    assert finding.got == "nothing moves from 1.0 s to 2.3 s"


def made_of(frames: int, hold: int, standing: dict[str, Standing] | None = None) -> Made:
    footage = probe(shipped("samples") / "cognac-pouch" / "take.mp4")
    here = replace(load_placement("tiktok"), name="tiny")
    pieces = [piece_of(footage, here, frames=frames, hold=hold)]
    return Made(edit_of(pieces, {footage.name: footage}), standing or {})


def test_a_held_note_is_meant_to_stand(standing: Path, place: Placement) -> None:
    assert check(standing, place, made_of(70, 39)) == ()
    # A note that is held for less than the picture stands explains nothing beyond itself.
    (finding,) = check(standing, place, made_of(70, 5))
    assert finding.got == "nothing moves from 1.0 s to 2.1 s"


def test_words_of_ours_are_held_against_safe_area_and_size(good: Path, place: Placement) -> None:
    safe = place.safe
    stands = (safe.left, safe.top, 40, 20)
    fine = Standing(stands, 12.0)
    assert check(good, place, made_of(70, 0, {"01-hook-hook": fine})) == ()
    under = Standing((safe.left - 6, safe.top, 40, 20), 12.0)
    small = Standing(stands, 5.0)
    made = made_of(70, 0, {"01-hook-hook": under, "02-hero-title": small})
    findings = check(good, place, made)
    assert [f.rule for f in findings] == ["safe area", "legibility"]
    assert "6 px" in findings[0].got
    assert "5 px in '02-hero-title'" in findings[1].got


def test_what_cannot_be_told_of_a_stranger_s_clip_is_said(good: Path, place: Placement) -> None:
    facts = facts_of(good)
    assert any("whether words stand clear" in what for what in judge(facts, place).not_checked)
    ours = judge(facts, place, made_of(70, 0)).not_checked
    assert not any("whether words stand clear" in what for what in ours)


def test_the_most_important_comes_first_and_says_what_to_do(
    make_clip: MakeClip, place: Placement
) -> None:
    phone = make_clip(
        "sideways.mov", "-f", "lavfi", "-i", "testsrc2=s=480x270:r=25:d=2", "-f", "lavfi", "-i",
        "sine=r=44100:d=2,volume=20dB", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset",
        "ultrafast", "-c:a", "aac",
    )  # fmt: skip
    findings = check(phone, replace(place, min_s=9.0))
    told = {f.rule: f.mend for f in findings}
    assert [f.rank for f in findings] == sorted(f.rank for f in findings)
    assert told["size"] == "hold the phone upright, and film or export at 270 x 480"
    assert told["duration"] == "film or show 7.0 s more"
    assert told["frame rate"] == "export with a constant frame rate of 30"
    assert told["loudness"].startswith("turn the sound down by ")
    heard = measure(phone).integrated_lufs
    assert told["loudness"] == f"turn the sound down by {heard + 14:.0f} dB"


def test_every_rule_has_its_rank() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (
            *Path(rendering.__file__).parent.glob("check*.py"),
            Path(posting.__file__),
        )
    )
    named = set(re.findall(r'Finding\(\s*"([^"]+)"', source))
    assert named == set(RULES)


def test_damage_is_a_finding(good: Path, place: Placement, tmp_path: Path) -> None:
    data = bytearray(good.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    assert "decoding" in rules(damaged, place)


def test_a_clip_that_was_not_copied_to_its_end(
    good: Path, place: Placement, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size * 2 // 3])
    assert rules(cut, place) & {"decoding", "sound"}


def test_a_stranger_s_clip_gives_findings(make_clip: MakeClip, place: Placement) -> None:
    phone = make_clip(
        "stranger.mov", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=1", "-f", "lavfi", "-i",
        "sine=r=44100:d=1", "-c:v", "mjpeg", "-c:a", "pcm_s16le",
    )  # fmt: skip
    assert rules(phone, place) >= {"codec", "size", "frame rate", "sound codec", "sample rate"}


def test_what_is_no_video_is_an_error(tmp_path: Path, place: Placement) -> None:
    with pytest.raises(FootageError):
        check(tmp_path / "nowhere.mp4", place)


def test_boxes_of_what_is_no_mp4(tmp_path: Path, make_clip: MakeClip) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"\xff" * 3000)
    assert boxes(other) == ()
    other.write_bytes(b"")
    assert boxes(other) == ()
    other.write_bytes(b"\x00\x00\x00\x01mdat\x00\x00")  # a long size that is cut off
    assert boxes(other) == ()
