"""Pieces: the key holds what decides the pixels and nothing else; each is encoded once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import MakeClip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numbered import numbered, numbers, piece_of

from video_pipeline.edit.model import Candidate, OverlayUse, Steady
from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import WHOLE, Bars, Crop, CropKey, Veil, VeilStep
from video_pipeline.graph import Layer
from video_pipeline.light import Light
from video_pipeline.presets.encoders import X264, load_encoder
from video_pipeline.presets.placements import Placement, PostLimits, SafeArea, load_placement
from video_pipeline.rendering.pieces import Encoded, Piece, encode
from video_pipeline.store import Store


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


@pytest.fixture(scope="module")
def footage(make_clip: MakeClip) -> Footage:
    return probe(
        make_clip("pieces.mp4", *numbered(2), "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8")
    )


@pytest.fixture(scope="module")
def piece(footage: Footage, tiny: Placement) -> Piece:
    layer = Layer(Path("/cache/overlay.mov"), "ab" * 32, 10, 20, 3, 2, 5, 25)
    return piece_of(footage, tiny, start=Fraction(3, 2), frames=30, hold=4, layers=[layer])


def cut(**changes: object) -> Callable[[Piece], Piece]:
    return lambda p: replace(p, cut=replace(p.cut, **changes))  # type: ignore[arg-type]


def place(**changes: object) -> Callable[[Piece], Piece]:
    return lambda p: replace(p, placement=replace(p.placement, **changes))  # type: ignore[arg-type]


def layer(**changes: object) -> Callable[[Piece], Piece]:
    return lambda p: replace(p, layers=(replace(p.layers[0], **changes),))  # type: ignore[arg-type]


def source(**changes: object) -> Callable[[Piece], Piece]:
    return lambda p: replace(p, footage=replace(p.footage, **changes))  # type: ignore[arg-type]


def colour(**changes: object) -> Callable[[Piece], Piece]:
    return lambda p: source(colour=replace(p.footage.colour, **changes))(p)  # type: ignore[arg-type]


DECIDES = {
    "start": cut(start=Fraction(46, 30)),
    "frames": cut(frames=31),
    "hold": cut(hold=5),
    "light": cut(light=Light(0.1)),
    "crop": cut(crop=Crop(80, 142, (CropKey(0, 0, 0),))),
    "crop place": cut(crop=Crop(90, 158, (CropKey(0, 0, 2),))),
    "crop path": cut(crop=Crop(80, 142, (CropKey(0, 0, 0), CropKey(25, 10, 18)))),
    "push-in": cut(crop=Crop(90, 160, (CropKey(0, 0, 0),), zoom=(1.0, 1.06))),
    "source": source(digest="cd" * 32),
    "photo": source(still=True, codec="mjpeg"),
    "stream": source(video_stream=1),
    "size": source(width=92),
    "matrix": colour(matrix="bt709"),
    "range": colour(full_range=True),
    "transfer": colour(transfer="hlg"),
    "primaries": colour(primaries="bt2020"),
    "late picture": source(picture_from=Fraction(1)),
    "no index": source(indexed=False),
    "no times": source(untimed=True),
    "old tag": source(rotation=90, turned_by_tag=True),
    "fields": source(interlaced=True),
    "what is masked": source(veils=(Veil("serial", (VeilStep(Fraction(0), Fraction(9), WHOLE),)),)),
    "bars that are cut off": source(bars=Bars(left=2)),
    "width": place(width=272),
    "rate": place(rate=Fraction(25)),
    "crf": place(crf=29),
    "preset": place(preset="veryfast"),
    "max_kbps": place(max_kbps=9000),
    "overlay": layer(digest="cd" * 32),
    "overlay x": layer(x=12),
    "overlay first": layer(first=6),
    "overlay last": layer(last=24),
    "overlay enter": layer(enter=2),
    "overlay leave": layer(leave=1),
    "encoder": lambda p: replace(p, encoder=load_encoder("nvenc")),
    "driver": lambda p: replace(p, encoder=replace(X264, fingerprint="cd" * 32)),
    "no overlay": lambda p: replace(p, layers=()),
    "first of two passes": lambda p: replace(p, measured=True),
    "second of two passes": lambda p: replace(p, measured=True, kbps=400),
}

DOES_NOT = {
    "slot": cut(slot="stitching"),
    "why": cut(why="because"),
    "shows": cut(shows="the clasp"),
    "source's name": cut(source="another name"),
    "that it was steadied, which its window does": cut(steady=Steady(1.02, 8.0)),
    "runners-up": cut(runners_up=(Candidate("a", Fraction(1), 0.5, "soft"),)),
    "overlay's words": cut(overlays=(OverlayUse("price", {"text": "1"}, 5, 25),)),
    "where the footage lies": source(path=Path("/somewhere/else.mov")),
    "length of the footage": source(duration=Fraction(9)),
    "its rate": source(rate=Fraction(25)),
    "its sound": source(audio_stream=3, audio_codec="aac"),
    "its turn, which ffmpeg reads itself": source(rotation=90, mirrored=True),
    "codec's name": source(codec="hevc"),
    "where the overlay lies": layer(path=Path("/elsewhere/o.mov")),
    "placement's name": place(name="other", title="Other"),
    "what follows from certificates, and mirrors": place(consequences={}, mirrors=True),
    "loudness": place(loudness_lufs=-16.0, true_peak_dbtp=-1.0, audio_kbps=96),
    "in which set of words certificates are told": place(wording="marketplace"),
    "limits": place(min_s=None, max_s=10.0, max_bytes=5),
    "how many its encoder takes": lambda p: replace(p, encoder=replace(X264, at_once=2)),
    "safe area": place(safe=SafeArea(1, 2, 3, 4), burn_in=frozenset(), cover=(100, 100)),
    "who posts it, with which words": place(
        burn_in_by_api=frozenset({"price"}), post=PostLimits(title_chars=80), post_by="api"
    ),
}


@pytest.mark.parametrize("what", DECIDES)
def test_the_key_changes_with(piece: Piece, what: str) -> None:
    assert DECIDES[what](piece).key != piece.key


def test_the_key_changes_with_where_a_photo_lies_in_its_file(piece: Piece) -> None:
    one, other = (source(still=True, codec="hevc", still_at=at)(piece).key for at in ("g:0", "g:1"))
    assert one != other


def test_the_key_changes_with_how_a_path_bends(piece: Piece) -> None:
    path = (CropKey(0, 0, 0), CropKey(10, 4, 8), CropKey(25, 10, 18))
    one, other = (cut(crop=Crop(80, 142, path, ease))(piece).key for ease in (3, 8))
    assert one != other


@pytest.mark.parametrize("what", DOES_NOT)
def test_the_key_does_not_change_with(piece: Piece, what: str) -> None:
    changed = DOES_NOT[what](piece)
    assert changed != piece
    assert changed.key == piece.key


def test_every_field_is_judged() -> None:
    """A field added to one of these types must be put on one of the two lists above."""
    from dataclasses import fields

    from video_pipeline.edit.model import Cut

    assert {f.name for f in fields(Piece)} == {
        "cut", "footage", "layers", "placement", "encoder", "measured", "kbps",
    }  # fmt: skip
    assert (
        len(fields(Cut)) + len(fields(Footage)) + len(fields(Placement)) + len(fields(Layer)) == 67
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(a=st.tuples(*[st.integers(0, 60)] * 3), b=st.tuples(*[st.integers(0, 60)] * 3))
def test_two_keys_are_equal_exactly_when_what_they_show_is(
    piece: Piece, a: tuple[int, int, int], b: tuple[int, int, int]
) -> None:
    def made(start: int, frames: int, x: int) -> Piece:
        crop = Crop(40, 70, (CropKey(0, 2 * x, 0),))
        return cut(start=Fraction(start, 30), frames=frames + 30, crop=crop)(piece)

    assert (made(*a).key == made(*b).key) == (a == b)


def test_equal_pieces_are_encoded_once_and_found_again(
    footage: Footage, tiny: Placement, store: Store, tmp_path: Path
) -> None:
    copied = tmp_path / "copy-of-the-take.mp4"
    shutil.copyfile(footage.path, copied)
    one = piece_of(footage, tiny, frames=8)
    same = piece_of(probe(copied), tiny, frames=8, slot="end")
    other = piece_of(footage, tiny, start=1, frames=8)
    told: list[Encoded] = []
    first = encode([one, other, same], store, told.append)
    assert [e.fresh for e in first] == [True, True, False]
    assert first[0].path == first[2].path != first[1].path
    assert len(told) == 2
    assert len(list((store.folder / "pieces").iterdir())) == 2
    stamp = first[0].path.stat().st_mtime_ns
    again = encode([one, other, same], store)
    assert [e.fresh for e in again] == [False, False, False]
    assert again[0].path.stat().st_mtime_ns == stamp
    assert numbers(again[1].path) == list(range(30, 38))


def test_two_encodes_give_the_same_bytes(footage: Footage, tiny: Placement, tmp_path: Path) -> None:
    crop = Crop(70, 124, (CropKey(0, 0, 0), CropKey(19, 20, 30)))
    piece = piece_of(footage, tiny, frames=20, crop=crop)
    made = [encode([piece], Store(tmp_path / name))[0].path.read_bytes() for name in ("a", "b")]
    assert made[0] == made[1]


def test_a_failed_encode_leaves_no_file(
    tiny: Placement, store: Store, tmp_path: Path, footage: Footage
) -> None:
    broken = tmp_path / "gone.mp4"
    shutil.copyfile(footage.path, broken)
    piece = piece_of(probe(broken), tiny)
    broken.unlink()
    with pytest.raises(RenderError, match="encoding the hero shot failed"):
        encode([piece, piece_of(footage, tiny, frames=5)], store)
    assert not store.path("pieces", piece.key, ".mp4").exists()
    assert list(store.folder.rglob(".part-*")) == []


INTERRUPTED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from fractions import Fraction
from numbered import piece_of
from video_pipeline.footage.probe import probe
from video_pipeline.presets.placements import load_placement
from video_pipeline.rendering.pieces import encode
from video_pipeline.store import Store
place = load_placement("tiktok")
footage = probe(Path({footage!r}))
pieces = [piece_of(footage, place, start=Fraction(n, 30), frames=40) for n in range(6)]
try:
    print("go", flush=True)
    encode(pieces, Store(Path({store!r})))
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def test_an_interrupted_encode_leaves_no_file_and_no_child(
    footage: Footage, tmp_path: Path
) -> None:
    script = INTERRUPTED.format(
        tests=str(Path(__file__).parent), footage=str(footage.path), store=str(tmp_path / "store")
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "go\n"
    parts = tmp_path / "store" / "pieces"
    for _ in range(200):
        if parts.is_dir() and any(p.stat().st_size for p in parts.glob(".part-*")):
            break
        time.sleep(0.05)
    began = time.monotonic()
    os.kill(child.pid, signal.SIGINT)
    said, _ = child.communicate(timeout=30)
    assert "stopped" in said
    assert time.monotonic() - began < 10
    assert list(parts.glob(".part-*")) == []
    for done in parts.glob("*.mp4"):
        assert len(numbers(done)) == 40
