"""Playing: each piece is decoded once, and a clip of pieces is told as if it were played whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import MakeClip
from numbered import clip_of, number_of, numbered, numbers, piece_of

from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.pieces import Encoded, encode
from video_pipeline.rendering.playing import Played, play, play_joined, play_pieces
from video_pipeline.store import Store
from video_pipeline.toolchain import tell_of_children


@contextmanager
def children() -> Iterator[list[int]]:
    """The programs that are started while the block runs."""
    started: list[int] = []
    tell_of_children(lambda child, runs: started.append(child) if runs else None)
    try:
        yield started
    finally:
        tell_of_children(None)


@pytest.fixture(scope="module")
def place(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


@pytest.fixture(scope="module")
def take(make_clip: MakeClip) -> Footage:
    """Three seconds of numbers, two of black, four that stand still; a tone throughout."""
    return probe(
        make_clip(
            "night.mp4", *numbered(3), "-f", "lavfi", "-i", "sine=f=500:r=48000:d=9",
            "-filter_complex",
            "color=black:s=270x480:r=30:d=2[dark];color=gray:s=270x480:r=30:d=4[still];"
            "[0:v]scale=270:480,setsar=1[moving];"
            "[moving][dark][still]concat=n=3[v]",
            "-map", "[v]", "-map", "1:a", "-pix_fmt", "yuv420p",
            "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-c:a", "aac",
        )
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def made(
    take: Footage, place: Placement, store: Store, spans: Sequence[tuple[float, int]]
) -> tuple[Footage, list[Encoded]]:
    """A clip of the stretches (second, pictures) of a take, and its pieces."""
    pieces = [piece_of(take, place, start=Fraction(s), frames=n) for s, n in spans]
    file = clip_of(pieces, {take.name: take}, store, store.folder.parent / "clip.mp4")
    return probe(file), encode(pieces, store)


def told(played: Played) -> tuple[object, ...]:
    """What was told, to a hundredth of a second."""
    spans = [
        [(round(s.start_s, 2), s.end_s and round(s.end_s, 2)) for s in stretches]
        for stretches in (played.black, played.still)
    ]
    return (*spans, played.complaint, played.loudness)


@pytest.mark.parametrize(
    ("spans", "black", "still"),
    [
        ([(0, 20), (1, 25)], 0, 0),
        ([(2.5, 19), (3, 30), (4, 8), (1, 20)], 1, 1),  # black across two joins, and still
        ([(2.75, 12), (1, 20), (2.9, 5)], 0, 0),  # too short to be told, also at the end
        ([(1, 20), (3, 6)], 0, 0),  # six black pictures last five, to the end
        ([(1, 20), (3, 7)], 1, 0),
        ([(1, 10), (5.5, 20), (6.5, 16), (0, 10)], 0, 1),  # neither is long, together they are
        ([(1, 10), (5.5, 20), (6.5, 10)], 0, 0),  # thirty-one are wanted from first to last
        ([(1, 10), (5.5, 20), (6.5, 11)], 0, 1),  # to the end
        ([(5.5, 20), (0, 5), (6.5, 20)], 0, 0),  # something between them
        ([(6, 45)], 0, 1),
        ([(1, 1), (3, 1), (6, 1)], 0, 0),
    ],
)
def test_a_clip_of_pieces_is_told_as_if_it_were_played_whole(
    take: Footage,
    place: Placement,
    store: Store,
    spans: list[tuple[float, int]],
    black: int,
    still: int,
) -> None:
    clip, pieces = made(take, place, store, spans)
    played = play_joined(clip, play_pieces(pieces, place.rate, store), place.rate, store)
    assert told(played) == told(play(clip.path, heard=True))
    assert (len(played.black), len(played.still)) == (black, still)
    assert played.loudness is not None


def test_nothing_is_played_twice(take: Footage, place: Placement, store: Store) -> None:
    spans = [(0, 20), (1, 25), (0, 20)]
    clip, pieces = made(take, place, store, spans)
    with children() as first:
        once = play_joined(clip, play_pieces(pieces, place.rate, store), place.rate, store)
    assert len(first) == 2 + 1  # each piece, and the sound of the clip
    with children() as again:
        assert play_joined(clip, play_pieces(pieces, place.rate, store), place.rate, store) == once
    assert again == []

    # Another clip of the same pieces: its sound is all that is new.
    other, pieces = made(take, place, store, [(1, 25), (0, 20)])
    with children() as new:
        play_joined(other, play_pieces(pieces, place.rate, store), place.rate, store)
    assert len(new) == 1


def test_a_file_that_holds_other_pictures_is_played_whole(
    take: Footage, place: Placement, store: Store
) -> None:
    _, pieces = made(take, place, store, [(0, 20), (1, 40)])
    played = play_pieces(pieces, place.rate, store)
    standing, others = made(take, place, store, [(0, 20), (6, 40)])
    longer = [*played, *play_pieces(others, place.rate, store)]
    for wrong in (played, played[:1], longer, [played[1], played[0]]):
        found = play_joined(standing, wrong, place.rate, store)
        assert told(found) == told(play(standing.path, heard=True))
        assert len(found.still) == 1


def test_what_is_kept_and_spoilt_is_found_out_again(
    take: Footage, place: Placement, tmp_path: Path
) -> None:
    clip, pieces = made(take, place, store := Store(tmp_path / "cache"), [(6, 40)])
    played = play_joined(clip, play_pieces(pieces, place.rate, store), place.rate, store)
    for kept in (store.folder / "played").iterdir():
        data = bytearray(kept.read_bytes())
        data[len(data) // 2] ^= 1
        kept.write_bytes(data)
    later = Store(tmp_path / "cache")
    with children() as started:
        again = play_joined(clip, play_pieces(pieces, place.rate, later), place.rate, later)
    assert again == played
    assert len(started) == 2


def test_a_complaint_is_told_and_not_kept(take: Footage, place: Placement, store: Store) -> None:
    clip, pieces = made(take, place, store, [(0, 30)])
    data = bytearray(clip.path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1500] = bytes(1500)
    clip.path.write_bytes(data)
    damaged = probe(clip.path)
    played = play_pieces(pieces, place.rate, store)
    for _ in range(2):
        with children() as started:
            assert play_joined(damaged, played, place.rate, store).complaint
        assert started


def test_a_piece_shows_itself_early_in_its_middle_and_late(
    take: Footage, place: Placement, store: Store
) -> None:
    clip, pieces = made(take, place, store, [(1, 40), (0, 1), (2, 2)])
    shown = numbers(clip.path)
    first = 0
    for piece in play_pieces(pieces, place.rate, store):
        early, middle, late = piece.pictures()
        for number, picture in (early, middle, late):
            assert picture.shape == (480, 270, 3)
            assert number_of(picture[..., 1]) == shown[first + number]
        assert early[0] <= middle[0] <= late[0] < piece.frames
        first += piece.frames
