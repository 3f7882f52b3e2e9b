"""Crops: a static one stands where it should, a gliding one follows its path, a wide one fits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from hypothesis import given
from hypothesis import strategies as st
from numbered import piece_of, planes

from video_pipeline import graph
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.graph.crops import _along
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.toolchain import run

W, H = 640, 360
SLOPE_X, SLOPE_Y = 200 / W, 200 / H
INK = (31, 26, 21)


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


@pytest.fixture(scope="module")
def ramps(make_clip: MakeClip) -> Footage:
    """Landscape footage whose luma tells x and whose blue difference tells y."""
    return probe(
        make_clip(
            "ramps.mp4", "-f", "lavfi", "-i",
            f"nullsrc=s={W}x{H}:r=30:d=1,format=yuv420p,"
            f"geq=lum='20.5+X*{SLOPE_X}':cb='28.5+2*Y*{SLOPE_Y}':cr=128,"
            "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv",
            "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p",
        )
    )  # fmt: skip


def centres(out: Path) -> list[tuple[float, float]]:
    """The middle of the source window that each frame shows, in source pixels."""
    return [
        (
            (float(picture[0].mean()) - 20) / SLOPE_X + 0.5,
            (float(picture[1].mean()) - 28) / SLOPE_Y + 0.5,
        )
        for picture in planes(out, "yuv444p")
    ]


@pytest.mark.parametrize(
    ("x", "y", "w", "h"), [(0, 0, 202, 360), (300, 40, 180, 320), (438, 0, 202, 360)]
)
def test_a_static_crop_stands_where_it_was_put(
    ramps: Footage, tiny: Placement, tmp_path: Path, x: int, y: int, w: int, h: int
) -> None:
    out = tmp_path / "out.mp4"
    run(
        piece_of(ramps, tiny, frames=3, crop=Crop(w, h, (CropKey(0, x, y),))).command(out),
        deadline_s=60,
    )
    for across, down in centres(out):
        assert across == pytest.approx(x + w / 2, abs=1.5)
        assert down == pytest.approx(y + h / 2, abs=1.5)
    # Not only the middle: the left and right edges show the crop's own edges.
    luma = planes(out)[0].astype(float)
    assert (luma[:, :4].mean() - 20) / SLOPE_X == pytest.approx(x + 1.5, abs=3)
    assert (luma[:, -4:].mean() - 20) / SLOPE_X == pytest.approx(x + w - 2, abs=3)


def test_a_gliding_crop_follows_its_path(ramps: Footage, tiny: Placement, tmp_path: Path) -> None:
    path = (CropKey(0, 40, 30), CropKey(20, 400, 10), CropKey(29, 300, 40))
    out = tmp_path / "out.mp4"
    run(piece_of(ramps, tiny, frames=30, crop=Crop(180, 320, path)).command(out), deadline_s=60)
    seen = centres(out)
    assert len(seen) == 30
    for frame, (across, down) in enumerate(seen):
        x, y = graph.position(path, frame)
        assert across == pytest.approx(x + 90, abs=2), frame
        assert down == pytest.approx(y + 160, abs=2), frame
    assert seen[0][0] == pytest.approx(130, abs=2)
    assert seen[29][0] == pytest.approx(390, abs=2)


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(0, 900), st.integers(0, 900)),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 260),
)
def test_position_is_the_expression_that_ffmpeg_evaluates(
    steps: list[tuple[int, int, int]], n: int
) -> None:
    keys, frame = [], 0
    for gap, x, y in steps:
        keys.append(CropKey(frame, x, y))
        frame += gap
    expression = _along([(k.frame, Fraction(k.x)) for k in keys])
    names = {
        "n": n,
        "clip": lambda v, low, high: min(max(v, low), high),
        "lt": lambda a, b: a < b,
        "when": lambda test, yes, no: yes if test else no,
    }
    value = eval(expression.replace("if(", "when("), {"__builtins__": {}}, names)
    assert value == pytest.approx(graph.position(keys, n)[0], abs=0.01)


@pytest.mark.parametrize(
    ("width", "height", "x", "bars"),
    [(640, 360, 0, "above"), (400, 360, 100, "above"), (120, 360, 80, "beside")],
)
def test_a_crop_of_another_shape_keeps_its_shape_between_bars_of_ink(
    ramps: Footage, tiny: Placement, tmp_path: Path, width: int, height: int, x: int, bars: str
) -> None:
    out = tmp_path / "out.mp4"
    crop = Crop(width, height, (CropKey(0, x, 0),))
    run(piece_of(ramps, tiny, frames=3, crop=crop).command(out), deadline_s=60)
    picture = planes(out, "yuv444p")[0].astype(float)
    assert picture.shape == (3, 480, 270)
    scale = min(270 / width, 480 / height)
    inner_w, inner_h = width * scale, height * scale
    edge = (480 - inner_h) / 2 if bars == "above" else (270 - inner_w) / 2
    first = round(edge)
    bar = picture[:, : first - 6] if bars == "above" else picture[:, :, : first - 6]
    far = picture[:, 480 - first + 6 :] if bars == "above" else picture[:, :, 270 - first + 6 :]
    for side in (bar, far):
        assert np.allclose(side.mean(axis=(1, 2)), bt709(*INK), atol=1.2)
    # Nothing is stretched: the ramp rises over the inner picture as it does in the source.
    middle = picture[0, 200:280].mean(axis=0)
    rise = (middle[195:205].mean() - middle[65:75].mean()) / 130 / SLOPE_X * scale
    assert rise == pytest.approx(1, abs=0.06)
    assert (middle[134] + middle[135]) / 2 == pytest.approx(20 + (x + width / 2) * SLOPE_X, abs=3)


def test_a_wide_crop_may_glide(ramps: Footage, tiny: Placement, tmp_path: Path) -> None:
    path = (CropKey(0, 0, 0), CropKey(19, 240, 0))
    out = tmp_path / "out.mp4"
    run(piece_of(ramps, tiny, frames=20, crop=Crop(400, 360, path)).command(out), deadline_s=60)
    pictures = planes(out, "yuv444p").astype(float)
    assert pictures.shape == (20, 3, 480, 270)
    for frame in (0, 5, 10, 19):
        x, _ = graph.position(path, frame)
        middle = pictures[frame, 0, 200:280, 60:210].mean()
        assert (middle - 20) / SLOPE_X == pytest.approx(x + 200, abs=3)
        assert pictures[frame, 0, :100].mean() == pytest.approx(bt709(*INK)[0], abs=1.5)


@pytest.mark.parametrize("width", range(100, 640, 38))
def test_crops_rounded_to_even_pixels_fill_the_picture(width: int) -> None:
    """What framing makes of a 9:16 window never gets a bar one or two pixels high."""
    from video_pipeline.graph.crops import _fitted

    height = int(width * 16 / 9 / 2) * 2
    assert _fitted(Crop(width, height, (CropKey(0, 0, 0),)), 1080, 1920) == (1080, 1920)


def bt709(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """8-bit limited-range Y, Cb, Cr of an RGB colour (ITU-R BT.709)."""
    r, g, b = red / 255, green / 255, blue / 255
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return 16 + 219 * y, 128 + 224 * (b - y) / 1.8556, 128 + 224 * (r - y) / 1.5748
