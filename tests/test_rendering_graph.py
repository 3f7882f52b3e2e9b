"""The ffmpeg graph, proved by reading back what it made."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from conftest import MakeClip
from numbered import numbered, numbers, piece_of, times

from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.pieces import Piece
from video_pipeline.toolchain import run

LOSSLESS = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"]


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


@pytest.fixture
def made(tmp_path: Path):
    """A function that encodes a piece and gives its file."""

    def make(piece: Piece) -> Path:
        out = tmp_path / "piece.mp4"
        run(piece.command(out), deadline_s=60)
        return out

    return make


def shown_at(shown: list[tuple[float, int]], t: float) -> set[int]:
    """What a player may show at `t`: the last frame that has begun, half a tick both ways."""

    def last(moment: float) -> int:
        begun = [n for at, n in shown if at <= moment + 1e-6]
        return begun[-1] if begun else shown[0][1]

    return {last(t - 1 / 60 - 1e-3), last(t), last(t + 1 / 60 + 1e-3)}


@pytest.mark.parametrize("rate", ["24", "25", "30000/1001", "30", "50", "60"])
def test_a_piece_has_its_frames_and_begins_with_the_frame_at_its_start(
    make_clip: MakeClip, tiny: Placement, made, rate: str
) -> None:
    name = f"rate{rate.replace('/', '-')}.mp4"
    source = make_clip(name, *numbered(3, rate), *LOSSLESS, "-g", "20", "-bf", "2")
    footage = probe(source)
    first = 17
    start = first / Fraction(rate)
    out = made(piece_of(footage, tiny, start=start, frames=40))
    got = numbers(out)
    assert len(got) == 40
    assert got[0] == first
    for tick, number in enumerate(got):
        # The frame shown is the nearest in time: at most half an output tick early or late.
        t = float(start) + tick / 30
        there = [(n / float(Fraction(rate)), n) for n in range(240)]
        assert number in shown_at(there, t)


@pytest.mark.parametrize("container", ["mkv", "webm", "avi", "ts", "mov"])
def test_every_container_is_cut_to_the_frame(
    make_clip: MakeClip, tiny: Placement, made, container: str
) -> None:
    encoder = ["-c:v", "libvpx", "-b:v", "2M"] if container == "webm" else LOSSLESS
    source = make_clip(f"box.{container}", *numbered(3), *encoder, "-g", "25")
    got = numbers(made(piece_of(probe(source), tiny, start=Fraction(37, 30), frames=20)))
    assert got == list(range(37, 57))


VARIABLE = "select='not(between(n,40,64))*not(eq(mod(n,7),3))'"


def test_variable_frame_rate_keeps_true_times(make_clip: MakeClip, tiny: Placement, made) -> None:
    source = make_clip(
        "vfr.mp4", *numbered(4, extra=VARIABLE), "-fps_mode", "vfr", *LOSSLESS, "-g", "30"
    )
    footage = probe(source)
    there = list(zip(times(source), numbers(source), strict=True))
    assert len(there) < 100
    for start in (Fraction(0), Fraction(11, 30), Fraction(50, 30)):
        got = numbers(made(piece_of(footage, tiny, start=start, frames=45)))
        assert len(got) == 45
        assert got[0] == [n for at, n in there if at <= float(start) + 1e-6][-1]
        for tick, number in enumerate(got):
            assert number in shown_at(there, float(start) + tick / 30)


def test_a_start_between_two_frames_shows_the_frame_that_is_on(
    make_clip: MakeClip, tiny: Placement, made
) -> None:
    source = make_clip("slow.mp4", *numbered(4, "2"), *LOSSLESS)
    got = numbers(made(piece_of(probe(source), tiny, start=Fraction(4, 3), frames=20)))
    assert got == [2] * 5 + [3] * 15


@pytest.mark.parametrize("back", [0, 1, 2])
def test_the_last_frames_of_a_file_are_forgiven(
    make_clip: MakeClip, tiny: Placement, made, back: int
) -> None:
    source = make_clip("rate30.mp4", *numbered(3, "30"), *LOSSLESS, "-g", "20", "-bf", "2")
    start = Fraction(80, 30)
    got = numbers(made(piece_of(probe(source), tiny, start=start, frames=10 + back)))
    assert got == [80, 81, 82, 83, 84, 85, 86, 87, 88, 89] + [89] * back


def test_more_than_the_file_holds_gives_too_few_frames(
    make_clip: MakeClip, tiny: Placement, made
) -> None:
    """Joining refuses such a piece; nothing is made up."""
    source = make_clip("rate30.mp4", *numbered(3, "30"), *LOSSLESS, "-g", "20", "-bf", "2")
    got = numbers(made(piece_of(probe(source), tiny, start=Fraction(80, 30), frames=20)))
    assert len(got) == 12


def test_held_frames_repeat_the_last_live_one(make_clip: MakeClip, tiny: Placement, made) -> None:
    source = make_clip("rate30.mp4", *numbered(3, "30"), *LOSSLESS, "-g", "20", "-bf", "2")
    got = numbers(made(piece_of(probe(source), tiny, start=1, frames=25, hold=15)))
    assert got == list(range(30, 40)) + [39] * 15


@pytest.mark.parametrize("rate", ["25", "30000/1001", "24"])
def test_other_output_rates_give_every_tick_once(
    make_clip: MakeClip, tiny: Placement, made, rate: str
) -> None:
    from dataclasses import replace

    source = make_clip("rate30.mp4", *numbered(3, "30"), *LOSSLESS, "-g", "20", "-bf", "2")
    place = replace(tiny, rate=Fraction(rate))
    out = made(piece_of(probe(source), place, frames=60))
    ticks = [round(t * Fraction(rate), 3) for t in times(out)]
    assert ticks == list(range(60))
