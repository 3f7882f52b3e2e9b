"""Encoders: hardware is believed after a rehearsal, or refused in one plain line; x264 is usual."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeClip
from numbered import piece_of

from video_pipeline.batch.job import Wanted
from video_pipeline.batch.making import settings_of
from video_pipeline.footage.probe import probe
from video_pipeline.graph import rehearsal
from video_pipeline.presets.encoders import HARDWARE, WISHES, X264, Hardware, load_encoder
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.check import check
from video_pipeline.rendering.pieces import encode
from video_pipeline.rendering.rehearsal import Chosen, choose, faults, rehearse, show
from video_pipeline.resources import shipped
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path

TAKE = shipped("samples") / "cognac-pouch" / "take.mp4"
FRAMES = 66

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def works_here(name: Hardware, placement: Placement) -> bool:
    return not rehearse(load_encoder(name), placement).refusal


# Refusals, by the real ffmpeg


@pytest.mark.parametrize("name", HARDWARE)
def test_hardware_that_is_not_there_is_refused_in_one_plain_line(
    name: Hardware, tiny: Placement, run_cli: Run, tiny_presets: Path, tmp_path: Path
) -> None:
    if works_here(name, tiny):
        pytest.skip(f"{name} works on this machine")
    listing = shipped("samples") / "cognac-pouch" / "listing.yaml"
    out = tmp_path / "out"
    asked = ("--placement", "tiny", "--presets", tiny_presets, "-o", out, "--encoder", name)
    outcome = run_cli("render", listing, *asked, "--cache", tmp_path / "cache")
    assert outcome.code == 2
    first, *rest = outcome.err.strip().splitlines()
    assert first.startswith(f"error: --encoder: {load_encoder(name).title} does not work here: ")
    assert len(rest) == 1 and "--encoder auto" in rest[0]
    assert "Traceback" not in outcome.err
    assert not out.exists()
    assert not (tmp_path / "cache" / "analysis").exists()  # told before any work


def test_a_batch_tells_it_of_each_listing(run_cli: Run, tiny_presets: Path, tmp_path: Path) -> None:
    if works_here("vaapi", load_placement("tiny", tiny_presets)):
        pytest.skip("vaapi works on this machine")
    shutil.copytree(TAKE.parent, tmp_path / "shop" / "bag")
    asked = ("--placement", "tiny", "--presets", tiny_presets, "--encoder", "vaapi", "--json")
    outcome = run_cli("batch", tmp_path / "shop", *asked, "-o", tmp_path / "out")
    assert outcome.code == 6
    (failed,) = outcome.json["listings_failed"]
    assert "VAAPI (Linux, Intel or AMD) does not work here: " in failed["reason"]


@pytest.mark.parametrize("name", HARDWARE)
def test_why_is_told_in_words_that_the_preset_has(name: Hardware, tiny: Placement) -> None:
    """An unknown complaint is told as it is; those of this ffmpeg without a driver are known."""
    encoder = load_encoder(name)
    refusal = rehearse(encoder, tiny).refusal
    if not refusal:
        pytest.skip(f"{name} works on this machine")
    assert refusal in {means for _, means in encoder.refusals}
    unknown = rehearse(replace(encoder, refusals=()), tiny).refusal
    assert unknown.startswith(("the rehearsal failed: ", "the rehearsal came to a sudden end"))
    assert unknown.endswith(f"(it needs {encoder.needs})")


def test_auto_falls_back_to_x264_and_says_so(
    tiny: Placement, run_cli: Run, tiny_presets: Path, short_listing: Callable[..., Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    if any(works_here(name, tiny) for name in HARDWARE):
        pytest.skip("a hardware encoder works on this machine")
    listing = short_listing()
    clips = {}
    for wish in ("x264", "auto"):
        asked = ("--placement", "tiny", "--presets", tiny_presets, "--encoder", wish)
        outcome = run_cli("render", listing, *asked, "-o", tmp_path / wish, "--json")
        assert outcome.code == 0, outcome.err
        clips[wish] = outcome.json["clips"][0]
    assert not any("encoded this" in told for told in clips["x264"]["warnings"])
    said = "x264 encoded this, since no hardware encoder works here"
    assert any(told.startswith(said) for told in clips["auto"]["warnings"])
    assert clips["auto"]["pieces"]["encoded"] == 0  # the same pieces
    usual, auto = (Path(clips[wish]["file"]).read_bytes() for wish in ("x264", "auto"))
    assert usual == auto


def test_x264_is_usual_and_needs_no_rehearsal(tiny: Placement) -> None:
    assert choose("x264", [tiny]) == Chosen({"tiny": X264})
    assert settings_of(Wanted()).encoder == "x264"
    assert settings_of(Wanted(encoder="auto")).encoder == "auto"
    assert set(WISHES) == {"auto", "x264", *HARDWARE}


def test_the_doctor_tells_which_work_and_why_the_others_do_not(run_cli: Run) -> None:
    found = {one["name"]: one for one in run_cli("doctor", "--json").json["checks"]}["hardware"]
    assert found["ok"]  # nobody needs one
    place = load_placement("tiktok")
    for name in HARDWARE:
        refusal = rehearse(load_encoder(name), place).refusal
        assert (f"{name}: {refusal}" if refusal else name) in found["found"]


# Arguments

EXPECTED = {
    "x264": "-c:v libx264 -crf 22 -preset superfast -profile:v high",
    "nvenc": "-c:v h264_nvenc -cq 24 -preset p6 -profile:v high -rc vbr -maxrate 25000k -b:v 0",
    "videotoolbox": "-c:v h264_videotoolbox -q:v 64 -profile:v high -allow_sw 0",
    "qsv": "-c:v h264_qsv -q:v 23 -preset slow -profile:v high -idr_interval 0",
    "vaapi": "-c:v h264_vaapi -qp 23 -rc_mode CQP -profile:v high -idr_interval 0",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_every_encoder_is_asked_for(name: Any, tiny: Placement) -> None:
    encoder = X264 if name == "x264" else load_encoder(name)
    out = Path("out.mp4")
    command = rehearsal(TAKE, range(9), replace(tiny, crf=22), encoder, out)
    said = " ".join(command)
    common = "-bf 0 -g 60 -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv"
    pairs = f"{EXPECTED[name]} {common} -video_track_timescale 30".split()
    for option, value in zip(pairs[::2], pairs[1::2], strict=True):
        assert f" {option} {value} " in said, (option, value)
    assert ("hwupload" in said) == ("-init_hw_device vaapi" in said) == (name == "vaapi")


@pytest.mark.parametrize(("name", "codec"), [("nvenc", "h264_nvenc"), ("qsv", "h264_qsv"),
                                             ("vaapi", "h264_vaapi")])  # fmt: skip
def test_the_shipped_ffmpeg_knows_every_option(name: Any, codec: str, tiny: Placement) -> None:
    """And those that are the encoder's own with that value, where it lists its values."""
    page = subprocess.run(
        [str(ffmpeg_path()), "-hide_banner", "-h", f"encoder={codec}"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    if "AVOptions" not in page:
        pytest.skip(f"this ffmpeg was built without {codec}")
    command = rehearsal(TAKE, range(9), tiny, load_encoder(name), Path("out.mp4"))
    after = command[command.index("-map") + 2 :]
    options = dict(zip(after[:-1:2], after[1:-1:2], strict=True))
    shared = {
        "-bf", "-g", "-b:v", "-maxrate", "-bufsize", "-q:v", "-c:v", "-f", "-fflags", "-flags:v",
        "-colorspace", "-color_primaries", "-color_trc", "-color_range", "-fps_mode",
        "-map_metadata", "-video_track_timescale",
    }  # fmt: skip
    own = {option: value for option, value in options.items() if option not in shared}
    assert own
    for option, value in own.items():
        assert f"  {option.removesuffix(':v')} " in page, option
        if not value.isdigit():
            assert f"     {value} " in page, (option, value)


# Rehearsals


def test_x264_passes_its_own_rehearsal(tiny: Placement) -> None:
    for place in (tiny, replace(tiny, width=480, height=270)):
        assert rehearse(X264, place).refusal == ""


WRONG = {
    "profile": ["-profile:v", "main"],
    "GOP": ["-g", "600", "-sc_threshold", "0"],
    "order": ["-bf", "2"],
    "frame rate": [
        "-vf",
        "settb=1/90000,setpts=N*3000+gte(N\\,9)*900",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1/90000",
    ],
    "picture": ["-vf", "vflip"],
    "count": ["-frames:v", "60"],
    "size": ["-vf", "scale=280:480"],
}


@pytest.fixture(scope="module")
def good(tiny: Placement, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a good driver makes in its rehearsal."""
    out = tmp_path_factory.mktemp("rehearsed") / "good.mp4"
    subprocess.run(rehearsal(TAKE, range(FRAMES), replace(tiny, crf=16), X264, out), check=True)
    return out


def made_of(good: Path, out: Path, *more: str) -> Path:
    usual = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "60", "-crf", "20"]
    command = [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", "-i", str(good), *usual, *more]
    subprocess.run([*command, str(out)], check=True, timeout=60)
    return out


def test_a_driver_that_gets_it_right_has_no_fault(
    tiny: Placement, good: Path, tmp_path: Path
) -> None:
    assert faults(good, tiny, FRAMES, TAKE) == ""
    assert faults(made_of(good, tmp_path / "again.mp4"), tiny, FRAMES, TAKE) == ""


@pytest.mark.parametrize("what", WRONG)
def test_a_driver_that_gets_it_wrong_is_found_out(
    what: str, tiny: Placement, good: Path, tmp_path: Path
) -> None:
    wrong = made_of(good, tmp_path / "wrong.mp4", *WRONG[what])
    words = {
        "order": "out of order",
        "picture": "not the one it was given",
        "count": "gave 60",
    }
    assert words.get(what, what) in faults(wrong, tiny, FRAMES, TAKE)


def test_colours_that_are_not_stated_are_found_out(tiny: Placement, tmp_path: Path) -> None:
    bare = tmp_path / "bare.mp4"
    subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", "-i", str(TAKE),
         "-vf", "scale=270:480,setparams=color_primaries=unknown:color_trc=unknown",
         "-frames:v", str(FRAMES), "-c:v", "libx264", "-bf", "0", "-g", "60", str(bare)],
        check=True, timeout=60,
    )  # fmt: skip
    assert "another colour" in faults(bare, tiny, FRAMES, TAKE)


# A stand-in for a card: a program that takes NVENC's arguments and lets x264 do the work. What it
# cannot show is how a real card encodes; what it shows is what is done with one that works.

STAND_IN = """#!{python}
import os, sys
own = ("-preset", "-tune", "-rc", "-cq", "-b:v", "-spatial-aq", "-forced-idr")
kept, skip = [], False
for word in sys.argv[1:]:
    if skip or (word in own and "h264_nvenc" in sys.argv):
        skip = not skip
    else:
        kept.append("libx264" if word == "h264_nvenc" else word)
if "h264_nvenc" in sys.argv:
    refs = "2" if {odd} and "start_frame=330" in " ".join(kept) else "1"
    more = ["-preset", "superfast", "-crf", "24", "-threads", "1", "-refs", refs]
    kept[-1:-1] = [*more, "-x264-params", "stitchable=1"]
os.execv({ffmpeg!r}, [{ffmpeg!r}, *kept])
"""


def stand_in(folder: Path, *, odd: bool = False) -> dict[str, str]:
    program = folder / "ffmpeg-with-a-card"
    text = STAND_IN.format(python=sys.executable, ffmpeg=str(ffmpeg_path()), odd=odd)
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return {"VIDEO_PIPELINE_FFMPEG": str(program)}


@pytest.mark.slow
def test_a_card_that_works_is_taken_by_auto(
    run_cli: Run, tiny: Placement, tiny_presets: Path, short_listing: Callable[..., Path],
    knowing_cache: Path, tmp_path: Path,
) -> None:  # fmt: skip
    asked = ("--placement", "tiny", "--presets", tiny_presets, "--cache", knowing_cache)
    outcome = run_cli(
        "render", short_listing(), *asked, "--encoder", "auto", "-o", tmp_path / "out", "--json",
        env=stand_in(tmp_path),
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    clip = outcome.json["clips"][0]
    assert any(told.startswith("NVENC (NVIDIA) encoded this") for told in clip["warnings"])
    assert not [f for f in check(Path(clip["file"]), tiny) if f.rule not in ("duration", "frozen")]


@pytest.mark.slow
def test_pieces_that_would_not_fit_together_are_found_out(
    run_cli: Run, tiny_presets: Path, tmp_path: Path
) -> None:
    listing = shipped("samples") / "cognac-pouch" / "listing.yaml"
    asked = ("--placement", "tiny", "--presets", tiny_presets, "-o", tmp_path / "out")
    card = stand_in(tmp_path, odd=True)
    outcome = run_cli("render", listing, *asked, "--encoder", "nvenc", env=card)
    assert outcome.code == 2
    assert "does not work here: its pieces do not fit together" in outcome.err


# Pieces


def test_the_encoder_and_its_driver_are_in_a_pieces_key(
    make_clip: MakeClip, tiny: Placement
) -> None:
    footage = probe(make_clip("grey.mp4", "-f", "lavfi", "-i", "color=gray:s=270x480:r=30:d=1"))
    piece = piece_of(footage, tiny, start=0, frames=20)
    card = load_encoder("nvenc")
    keys = [
        replace(piece, encoder=encoder).key
        for encoder in (
            X264,
            card,
            replace(card, fingerprint="driver 1"),
            replace(card, fingerprint="driver 2"),
            replace(card, speed="p1"),
            load_encoder("qsv"),
        )
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == piece.key
    # How many at once decides no pixel.
    assert replace(piece, encoder=replace(card, at_once=1)).key == keys[1]


def test_a_clip_whose_bytes_may_decide_is_x264s(tiny: Placement) -> None:
    card = load_encoder("nvenc")
    chosen = Chosen({"tiny": card}, "NVENC encoded this")
    free, limited = replace(tiny, max_bytes=None), replace(tiny, max_bytes=1_000_000)
    assert chosen.for_clip(free, 300) == card
    assert chosen.told(free, 300) == "NVENC encoded this"
    assert chosen.for_clip(limited, 300) == X264
    assert "limited in bytes" in chosen.told(limited, 300)
    assert Chosen({"tiny": X264}).told(limited, 300) == ""


def test_an_encoder_that_fails_after_all_says_what_to_do(
    make_clip: MakeClip, tiny: Placement, store: Store
) -> None:
    card = load_encoder("videotoolbox")
    if works_here("videotoolbox", tiny):
        pytest.skip("VideoToolbox works on this machine")
    footage = probe(make_clip("grey.mp4", "-f", "lavfi", "-i", "color=gray:s=270x480:r=30:d=1"))
    piece = replace(piece_of(footage, tiny, start=0, frames=20), encoder=card)
    with pytest.raises(Exception, match="encoding the hero shot failed") as caught:
        encode([piece], store)
    assert getattr(caught.value, "mend", "").endswith("use --encoder x264")


def test_a_working_encoder_is_measured(tiny: Placement) -> None:
    shown = show(X264, replace(tiny, crf=20), seconds=1)
    rough = show(X264, replace(tiny, crf=40), seconds=1)
    assert shown.vmaf is not None and rough.vmaf is not None
    assert 100 >= shown.vmaf > rough.vmaf + 5
    assert shown.kbps > rough.kbps > 0
    assert shown.frames_per_s > 0
