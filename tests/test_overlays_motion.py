"""Overlays in motion: the frames of the written clip, read back."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from video_pipeline.errors import RenderError
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.motion import AlphaClip, animate
from video_pipeline.overlays.theme import CUT, Motion, theme
from video_pipeline.presets.placements import SafeArea
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path

CANVAS = Canvas(1080, 1920, SafeArea(top=220, right=150, bottom=500, left=60))


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return draw("title", {"brand": "Maison Orla", "model": "Pochette"}, CANVAS)


def read_back(clip: AlphaClip) -> np.ndarray:
    raw = subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-i", str(clip.path), "-fps_mode", "passthrough",
         "-f", "rawvideo", "-pix_fmt", "rgba", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, np.uint8).reshape(-1, clip.height, clip.width, 4)


def test_it_arrives_rests_for_one_frame_and_leaves(drawing: Drawing, tmp_path: Path) -> None:
    clip = animate(drawing, Store(tmp_path), rate=Fraction(30))
    frames = read_back(clip)
    assert len(frames) == clip.enter + 1 + clip.leave
    assert (clip.enter, clip.leave) == (drawing.motion.enter, drawing.motion.leave)
    assert clip.width % 2 == clip.height % 2 == 0
    assert (clip.x, clip.y) == (drawing.x, drawing.y)

    peaks = frames[..., 3].max(axis=(1, 2)).astype(int)
    rest = peaks[clip.enter]
    assert 0 < peaks[0] < 0.2 * rest
    assert (np.diff(peaks[: clip.enter + 1]) > 0).all()
    assert (np.diff(peaks[clip.enter :]) < 0).all()
    assert 0 < peaks[-1] < 0.3 * rest

    tops = [int(np.argmax(f[..., 3].max(axis=1) > 0)) for f in frames]
    assert tops[0] > 5
    assert tops == sorted(tops, reverse=True)
    assert tops[clip.enter :] == [0] * (clip.leave + 1)


def test_the_frame_at_rest_is_the_drawing(drawing: Drawing, tmp_path: Path) -> None:
    clip = animate(drawing, Store(tmp_path), rate=Fraction(30))
    rest = read_back(clip)[clip.enter]
    assert np.array_equal(rest[: drawing.height], drawing.pixels)
    assert not rest[drawing.height :, :, 3].any()


def test_the_same_bytes_every_time_and_made_only_once(drawing: Drawing, tmp_path: Path) -> None:
    one = animate(drawing, Store(tmp_path / "a"), rate=Fraction(30))
    two = animate(drawing, Store(tmp_path / "b"), rate=Fraction(30))
    assert one.digest == two.digest
    assert one.path.read_bytes() == two.path.read_bytes()
    assert [p.name for p in (tmp_path / "a" / "overlays").iterdir()] == [f"{one.digest}.mov"]
    before = one.path.stat().st_mtime_ns
    assert animate(drawing, Store(tmp_path / "a"), rate=Fraction(30)) == one
    assert one.path.stat().st_mtime_ns == before


def test_rate_and_motion_are_part_of_it(drawing: Drawing, tmp_path: Path) -> None:
    usual = animate(drawing, Store(tmp_path), rate=Fraction(30))
    fast = animate(drawing, Store(tmp_path), rate=Fraction(60))
    still = animate(
        drawing,
        Store(tmp_path),
        rate=Fraction(30000, 1001),
        motion=Motion(enter=1, leave=0, rise=0),
    )
    assert (fast.enter, fast.leave) == (2 * usual.enter, 2 * usual.leave)
    assert (still.enter, still.leave, still.height) == (1, 0, drawing.height)
    assert len(read_back(still)) == 2
    assert len({usual.digest, fast.digest, still.digest}) == 3


def test_a_store_that_cannot_be_written_leaves_nothing_behind(
    drawing: Drawing, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises((RenderError, OSError)):
        animate(drawing, Store(blocked), rate=Fraction(30))
    assert list(tmp_path.iterdir()) == [blocked]


def test_without_motion_there_is_one_frame(drawing: Drawing, tmp_path: Path) -> None:
    clip = animate(drawing, Store(tmp_path), rate=Fraction(30), motion=CUT)
    assert (clip.enter, clip.leave, clip.height) == (0, 0, drawing.height)
    (only,) = read_back(clip)
    assert np.array_equal(only, drawing.pixels)


def test_a_wipe_uncovers_it_from_the_left_where_it_stands(drawing: Drawing, tmp_path: Path) -> None:
    motion = Motion(enter=6, leave=4, rise=14, arrive="wipe")
    clip = animate(drawing, Store(tmp_path), rate=Fraction(30), motion=motion)
    assert clip.height == drawing.height
    frames = read_back(clip)
    shown = [int((f[..., 3].max(axis=0) > 0).sum()) for f in frames[: clip.enter + 1]]
    assert shown == sorted(set(shown))
    assert shown[-1] == int((drawing.pixels[..., 3].max(axis=0) > 0).sum())
    for frame, width in zip(frames, shown, strict=False):
        assert np.array_equal(frame[:, :width], drawing.pixels[:, :width])
    assert np.array_equal(frames[clip.enter], drawing.pixels)


def test_what_is_pressed_draws_back_inside_its_own_place(drawing: Drawing, tmp_path: Path) -> None:
    usual = animate(drawing, Store(tmp_path), rate=Fraction(30))
    pressed = drawing.motion.model_copy(update={"emphasis": "press"})
    clip = animate(drawing, Store(tmp_path), rate=Fraction(30), motion=pressed)
    assert clip.enter - usual.enter == 10
    assert (clip.width, clip.height, clip.leave) == (usual.width, usual.height, usual.leave)
    frames = read_back(clip)
    widths = [int((f[..., 3].max(axis=0) > 100).sum()) for f in frames[usual.enter : clip.enter]]
    assert drawing.width * 0.95 < min(widths) < drawing.width - 10
    assert np.array_equal(frames[clip.enter][: drawing.height], drawing.pixels)


def test_a_template_moves_as_it_says_and_else_as_its_theme() -> None:
    price = {"amount_text": "€ 1", "was_text": "€ 2"}
    usual, drop = theme().motion, draw("price-drop", price, CANVAS).motion
    assert drop == usual.model_copy(update={"emphasis": "press"})
    assert draw("caption", {"text": "So"}, CANVAS).motion.enter == 0
    street = draw("price-drop", price, CANVAS, theme="street").motion
    assert (street.arrive, street.emphasis) == ("wipe", "press")
