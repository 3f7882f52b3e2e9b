"""Footage as phones, cameras and accidents write it: probed, decoded, or refused in plain words."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from numbered import number_of, numbered, numbers, piece_of, planes, times

from video_pipeline.errors import FootageError
from video_pipeline.footage.decode import frames
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.toolchain import run

LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "4")
ALL = Fraction(0)


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def decoded(footage: Footage, every_s: Fraction = ALL) -> list[tuple[Fraction, int]]:
    """Time and number of every frame that is decoded."""
    return [
        (t, number_of(picture[..., 1]))
        for t, picture in frames(footage, long_side=160, every_s=every_s)
    ]


@pytest.fixture(scope="module")
def marked(make_clip: MakeClip) -> Path:
    """A white block in the top left corner of a dark 160x90 picture."""
    return make_clip(
        "marked.mp4", "-f", "lavfi", "-i",
        "color=c=black:s=160x90:r=30:d=0.4,drawbox=x=0:y=0:w=40:h=30:c=white:t=fill", *LOSSLESS,
    )  # fmt: skip


CORNERS = {"tl": (slice(0, 20), slice(0, 20)), "tr": (slice(0, 20), slice(-20, None)),
           "bl": (slice(-20, None), slice(0, 20)),
           "br": (slice(-20, None), slice(-20, None))}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "clockwise", "mirrored", "corner"),
    [
        ((), 0, False, "tl"),
        (("-display_rotation", "90"), 270, False, "bl"),
        (("-display_rotation", "180"), 180, False, "br"),
        (("-display_rotation", "270"), 90, False, "tr"),
        (("-display_vflip",), 0, True, "bl"),
        (("-display_hflip",), 180, True, "tr"),
        (("-display_rotation", "90", "-display_hflip"), 270, True, "br"),
        (("-display_rotation", "90", "-display_vflip"), 90, True, "tl"),
    ],
)
def test_a_turned_or_mirrored_picture_is_shown_as_a_player_shows_it(
    make_clip: MakeClip, marked: Path, tiny: Placement, tmp_path: Path,
    options: tuple[str, ...], clockwise: int, mirrored: bool, corner: str,
) -> None:  # fmt: skip
    source = make_clip(f"turned{'-'.join(options)}.mp4", *options, "-i", str(marked), "-c", "copy")
    footage = probe(source)
    upright = clockwise in (90, 270)
    assert (footage.rotation, footage.mirrored) == (clockwise, mirrored)
    assert (footage.width, footage.height) == ((90, 160) if upright else (160, 90))
    # Analysis and rendering turn it with different code; both must agree with the player.
    _, seen = next(frames(footage, long_side=160, every_s=ALL))
    assert seen.shape == (footage.height, footage.width, 3)
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, frames=1).command(out), deadline_s=60)
    rendered = planes(out)[0]
    if not upright:
        rendered = rendered[(480 - 152) // 2 : (480 + 152) // 2]
    for picture in (planes(source)[0], seen[..., 1], rendered):
        bright = {name: float(picture[place].mean()) > 128 for name, place in CORNERS.items()}
        assert bright == {name: name == corner for name in CORNERS}


@pytest.mark.parametrize("turned", [0, 90])
def test_pixels_that_are_not_square(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path, turned: int
) -> None:
    """A disc stored narrow is round again, upright or turned."""
    stored = make_clip(
        "narrow.mp4", "-f", "lavfi", "-i",
        "nullsrc=s=80x90:r=30:d=0.2,geq=lum='if(lt(hypot((X-40)*2,Y-45),30),235,16)':cb=128:cr=128,"
        "setsar=2/1", *LOSSLESS, "-pix_fmt", "yuv420p",
    )  # fmt: skip
    source = make_clip(
        f"narrow{turned}.mp4", "-display_rotation", str(turned), "-i", str(stored), "-c", "copy"
    )
    footage = probe(source)
    assert (footage.width, footage.height) == ((90, 160) if turned else (160, 90))
    _, seen = next(frames(footage, long_side=160, every_s=ALL))
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, frames=1).command(out), deadline_s=60)
    for picture in (seen[..., 1], planes(out)[0]):
        rows, columns = np.nonzero(picture > 140)
        across, down = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert across == pytest.approx(down, rel=0.08)


def test_variable_frame_rate_gives_true_times(make_clip: MakeClip) -> None:
    source = make_clip(
        "uneven.mp4", *numbered(2, extra="select='not(between(n,20,34))*not(eq(mod(n,5),3))'"),
        "-fps_mode", "vfr", *LOSSLESS, "-bf", "2",
    )  # fmt: skip
    there = decoded(probe(source))
    assert [n for _, n in there] == [n for n in range(60) if not 20 <= n <= 34 and n % 5 != 3]
    for t, n in there:
        assert t == pytest.approx(Fraction(n, 30), abs=1e-3)


def test_about_every_so_often_in_time_order(make_clip: MakeClip) -> None:
    source = make_clip("even.mp4", *numbered(2), *LOSSLESS)
    there = decoded(probe(source), Fraction(1, 10))
    assert [n for _, n in there] == list(range(0, 60, 3))


def test_from_a_time_on(make_clip: MakeClip) -> None:
    footage = probe(make_clip("even.mp4", *numbered(2), *LOSSLESS, "-g", "12"))
    got = [
        (t, number_of(picture[..., 1]))
        for t, picture in frames(footage, long_side=160, every_s=ALL, since=Fraction(41, 30))
    ]
    assert got == [(Fraction(n, 30), n) for n in range(41, 60)]


def test_an_edit_list_hides_the_start(make_clip: MakeClip, tiny: Placement, tmp_path: Path) -> None:
    """A clip trimmed in the phone still holds the hidden frames; time 0 is the first one shown."""
    whole = make_clip("long.mp4", *numbered(3), *LOSSLESS, "-g", "30", "-bf", "2")
    source = make_clip("trimmed.mp4", "-ss", "0.5", "-i", str(whole), "-c", "copy")
    footage = probe(source)
    there = decoded(footage)
    assert there[0] == (0, 15)
    assert there[-1][1] == 89
    assert footage.duration == pytest.approx(2.5, abs=0.05)
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, start=0, frames=20).command(out), deadline_s=60)
    assert numbers(out) == list(range(15, 35))
    run(piece_of(footage, tiny, start=Fraction(1, 2), frames=10).command(out), deadline_s=60)
    assert numbers(out) == list(range(30, 40))


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_pictures_that_begin_after_the_sound(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path, container: str
) -> None:
    source = make_clip(
        f"late.{container}", "-f", "lavfi", "-i", "sine=r=48000:d=2.4", "-itsoffset", "0.4",
        *numbered(2),
        "-map", "1:v", "-map", "0:a", *LOSSLESS, "-c:a", "aac",
    )  # fmt: skip
    footage = probe(source)
    there = decoded(footage)
    assert float(there[0][0]) == pytest.approx(0.4, abs=0.06)
    assert footage.duration == pytest.approx(there[-1][0] + Fraction(1, 30), abs=0.07)
    out = tmp_path / "out.mp4"
    start = there[30][0]
    run(piece_of(footage, tiny, start=start, frames=10).command(out), deadline_s=60)
    assert numbers(out) == list(range(30, 40))


def test_a_recording_of_a_browser_does_not_state_its_length(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path
) -> None:
    source = make_clip(
        "browser.webm", *numbered(3), "-c:v", "libvpx", "-b:v", "2M", "-g", "20", "-live", "1"
    )
    footage = probe(source)
    assert footage.duration == pytest.approx(3, abs=0.07)
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, start=Fraction(60, 30), frames=10).command(out), deadline_s=60)
    assert numbers(out) == list(range(60, 70))


def test_sound_or_none(make_clip: MakeClip) -> None:
    assert probe(make_clip("even.mp4", *numbered(2), *LOSSLESS)).audio_stream is None
    loud = probe(
        make_clip(
            "loud.mp4",
            "-f",
            "lavfi",
            "-i",
            "sine=r=48000:d=1",
            *numbered(1),
            *LOSSLESS,
            "-c:a",
            "aac",
        )
    )
    assert loud.audio_codec == "aac"
    assert (loud.video_stream, loud.audio_stream) == (0, 1)


def test_cover_art_is_not_the_picture(make_clip: MakeClip) -> None:
    moving = make_clip("even.mp4", *numbered(2), *LOSSLESS)
    art = make_clip("art.png", "-f", "lavfi", "-i", "color=c=red:s=400x400", "-frames:v", "1")
    source = make_clip(
        "covered.mp4", "-i", str(art), "-i", str(moving), "-map", "0", "-map", "1", "-c", "copy",
        "-disposition:v:0", "attached_pic",
    )  # fmt: skip
    footage = probe(source)
    assert (footage.width, footage.height, footage.codec) == (90, 160, "h264")
    assert len(decoded(footage)) == 60


@pytest.mark.parametrize(
    ("name", "arguments", "transfer", "matrix", "full"),
    [
        ("sd", ("-s", "90x160"), "sdr", "smpte170m", False),
        ("hd", ("-s", "1280x720"), "sdr", "bt709", False),
        ("tall", ("-s", "720x1280"), "sdr", "bt709", False),
        (
            "phone",
            ("-s", "90x160", "-vf", "setparams=colorspace=bt470bg:range=pc"),
            "sdr",
            "bt470bg",
            True,
        ),
    ],
)
def test_missing_tags_are_read_as_players_read_them(
    make_clip: MakeClip,
    name: str,
    arguments: tuple[str, ...],
    transfer: str,
    matrix: str,
    full: bool,
) -> None:
    source = make_clip(
        f"tags-{name}.mp4", "-f", "lavfi", "-i", "color=c=gray:s=90x160:r=30:d=0.1",
        *arguments, *LOSSLESS, "-pix_fmt", "yuv420p",
    )  # fmt: skip
    colour = probe(source).colour
    assert (colour.transfer, colour.matrix, colour.full_range) == (transfer, matrix, full)


def refused(path: Path) -> FootageError:
    with pytest.raises(FootageError) as caught:
        probe(path)
    error = caught.value
    assert error.exit_code == 3
    assert path.name in error.where
    assert error.mend
    assert "Errno" not in error.message
    assert "Traceback" not in error.message
    return error


def test_what_is_no_footage_is_refused_in_plain_words(tmp_path: Path, make_clip: MakeClip) -> None:
    assert "no such file" in refused(tmp_path / "nowhere.mp4").message
    assert "not a file" in refused(tmp_path).message
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert "empty" in refused(empty).message
    text = tmp_path / "text.mp4"
    text.write_text("This is my bag. " * 100)
    assert "text file" in refused(text).message
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(np.random.default_rng(1).bytes(50_000))
    assert "cannot be read as a video" in refused(noise).message
    sound = make_clip("only-sound.m4a", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")
    assert "no picture" in refused(sound).message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("playlist.mp4", "#EXTM3U\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"),
        ("concat.mp4", "ffconcat version 1.0\nfile '{target}'\n"),
        ("dash.mp4", "<?xml version='1.0'?><MPD><BaseURL>{target}</BaseURL></MPD>"),
        ("subtitle.mp4", "1\n00:00:00,000 --> 00:00:02,000\n{target}\n"),
    ],
)  # fmt: skip
def test_files_that_point_elsewhere_are_refused(
    tmp_path: Path, make_clip: MakeClip, name: str, text: str
) -> None:
    target = make_clip("even.mp4", *numbered(2), *LOSSLESS)
    script = tmp_path / name
    script.write_text(text.format(target=target))
    assert "text file" in refused(script).message


def test_a_file_that_was_not_copied_to_its_end(tmp_path: Path, make_clip: MakeClip) -> None:
    whole = make_clip("moov-last.mp4", *numbered(2), *LOSSLESS)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert "cut off" in refused(cut).message


def test_what_is_left_of_a_fast_start_file_is_used(
    tmp_path: Path, make_clip: MakeClip, tiny: Placement
) -> None:
    whole = make_clip(
        "moov-first.mp4", *numbered(2), *LOSSLESS, "-g", "10", "-movflags", "+faststart"
    )
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    footage = probe(cut)
    there = decoded(footage)
    assert 20 < len(there) < 55
    assert [n for _, n in there][:20] == list(range(20))
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, start=Fraction(1, 3), frames=5).command(out), deadline_s=60)
    assert numbers(out) == list(range(10, 15))


def test_damage_in_the_middle_is_passed_over(tmp_path: Path, make_clip: MakeClip) -> None:
    whole = make_clip(
        "moov-first.mp4", *numbered(2), *LOSSLESS, "-g", "10", "-movflags", "+faststart"
    )
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    there = [n for _, n in decoded(probe(damaged))]
    assert there[:10] == list(range(10))
    assert there[-5:] == list(range(55, 60))


def test_every_cut_off_length_is_footage_or_a_plain_error(
    tmp_path: Path, make_clip: MakeClip
) -> None:
    whole = make_clip(
        "moov-first.mp4", *numbered(2), *LOSSLESS, "-g", "10", "-movflags", "+faststart"
    )
    data = whole.read_bytes()
    for length in (1, 8, 40, 200, 700, 1500, 3000, len(data) - 1):
        cut = tmp_path / f"cut-{length}.mp4"
        cut.write_bytes(data[:length])
        try:
            list(frames(probe(cut), long_side=64, every_s=ALL))
        except FootageError as error:
            assert error.mend


def test_times_told_by_packets_are_those_decoded(make_clip: MakeClip) -> None:
    source = make_clip("even.mp4", *numbered(2), *LOSSLESS)
    assert times(source) == pytest.approx([float(t) for t, _ in decoded(probe(source))], abs=1e-6)


def test_a_box_that_lies_about_its_size(tmp_path: Path) -> None:
    liar = tmp_path / "liar.mp4"
    liar.write_bytes(
        struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + struct.pack(">I4s", 2**31, b"moov")
    )
    assert refused(liar).message
