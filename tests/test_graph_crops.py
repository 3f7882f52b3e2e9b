"""Crops: a static one stands where it should, a moving one follows its path, a wide one fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from hypothesis import given, settings
from hypothesis import strategies as st
from numbered import piece_of, planes
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.graph.crops import _Axis
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


@pytest.mark.parametrize("zoom", [(1.0, 1.0), (1.0, 1.3), (1.2, 1.0)])
def test_a_moving_crop_follows_its_path(
    ramps: Footage, tiny: Placement, tmp_path: Path, zoom: tuple[float, float]
) -> None:
    path = (CropKey(0, 40, 30), CropKey(12, 250, 10), CropKey(29, 300, 40))
    crop = Crop(180, 320, path, ease=6, zoom=zoom)
    out = tmp_path / "out.mp4"
    run(piece_of(ramps, tiny, frames=30, crop=crop).command(out), deadline_s=60)
    seen = centres(out)
    assert len(seen) == 30
    for frame, (across, down) in enumerate(seen):
        x, y, width, height = crop.at(frame, 30)
        assert across == pytest.approx(x + width / 2, abs=1.5), frame
        assert down == pytest.approx(y + height / 2, abs=1.5), frame
    assert seen[0][0] == pytest.approx(130, abs=1.5)
    assert seen[29][0] == pytest.approx(390, abs=1.5)


def test_a_held_frame_holds_its_place_too(ramps: Footage, tiny: Placement, tmp_path: Path) -> None:
    crop = Crop(180, 320, (CropKey(0, 40, 30), CropKey(19, 300, 30)), zoom=(1.0, 1.2))
    out = tmp_path / "out.mp4"
    run(piece_of(ramps, tiny, frames=30, hold=10, crop=crop).command(out), deadline_s=60)
    x, _, width, _ = crop.at(19, 20)
    for across, _ in centres(out)[19:]:
        assert across == pytest.approx(x + width / 2, abs=1.5)


paths = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=5
)


def crop_of(steps: list[tuple[int, int, int]], first: int, ease: int) -> Crop:
    keys, frame = [], first
    for gap, x, y in steps:
        keys.append(CropKey(frame, x, y))
        frame += gap
    return Crop(100, 100, tuple(keys), ease)


@settings(max_examples=50, deadline=None)
@given(paths, st.integers(0, 40), st.integers(0, 20), st.integers(1, 200))
def test_the_path_is_the_expression_that_ffmpeg_evaluates(
    steps: list[tuple[int, int, int]], first: int, ease: int, frames: int
) -> None:
    crop = crop_of(steps, first, ease)
    corners = crop.corners(np.arange(frames, dtype=float), frames)
    axis = _Axis.along(0, crop, frames, corners, (1000, 100))
    names = {"max": max, "abs": abs, "pow": pow}
    for n in range(frames):
        value = eval(axis.corner, {"__builtins__": {}}, {**names, "N": n})
        grown = (corners[n, 0] - axis.first) * axis.scaled / axis.reach
        assert value == pytest.approx(grown, abs=0.02)


@settings(max_examples=50, deadline=None)
@given(paths, st.integers(0, 40), st.integers(0, 20), st.integers(1, 200))
def test_a_path_stays_between_its_keys_and_meets_its_ends(
    steps: list[tuple[int, int, int]], first: int, ease: int, frames: int
) -> None:
    """So that keys inside the picture are enough to keep the crop inside."""
    crop = crop_of(steps, first, ease)
    way = crop.corners(np.arange(frames, dtype=float), frames)
    keys = np.array([(key.x, key.y) for key in crop.path])
    assert (way >= keys.min(axis=0) - 0.01).all()
    assert (way <= keys.max(axis=0) + 0.01).all()
    assert way[0] == pytest.approx(keys[0], abs=1e-6)
    if frames > crop.path[-1].frame:
        assert way[-1] == pytest.approx(keys[-1], abs=1e-6)


def test_a_longer_cut_comes_to_rest_and_not_to_a_sudden_stop() -> None:
    crop = Crop(100, 100, (CropKey(0, 0, 0), CropKey(59, 590, 0)), ease=12)
    way = crop.corners(np.arange(90.0), 90)[:, 0]
    assert way[-1] == pytest.approx(590)
    assert way[59] < 590
    pace = np.diff(way)
    assert (np.diff(pace) <= 1e-9).all()  # never faster again
    assert np.abs(np.diff(pace)).max() <= 10 / 12 + 1e-6  # spread over the ease


@pytest.fixture(scope="module")
def dots(make_clip: MakeClip) -> Footage:
    """A landscape grid of soft dots, 80 pixels apart."""
    spot = "pow(mod({}+40,80)-40,2)"
    return probe(
        make_clip(
            "dots.mp4", "-f", "lavfi", "-i",
            f"nullsrc=s={W}x{H}:r=30:d=2,format=gray,"
            f"geq=lum='60+150*exp(-({spot.format('X-40')}+{spot.format('Y-40')})/18)',"
            "format=yuv420p",
            "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4",
        )
    )  # fmt: skip


def spots(picture: NDArray[np.uint8], crop: Crop, frame: int, frames: int) -> NDArray[np.float64]:
    """How far each dot is from where it should be, output pixels; NaN near the picture's edge."""
    x, y, width, height = crop.at(frame, frames)
    light = picture.astype(float) - np.median(picture)
    light[light < 12] = 0
    off = []
    for down in range(40, H, 80):
        for across in range(40, W, 80):
            place = (across + 0.5 - x) / width * 270 - 0.5, (down + 0.5 - y) / height * 480 - 0.5
            left, top = round(place[0]), round(place[1])
            if not (20 <= left < 250 and 20 <= top < 460):
                off.append((np.nan, np.nan))
                continue
            part = light[top - 15 : top + 16, left - 15 : left + 16]
            at = np.arange(-15, 16)
            off.append(
                (
                    left + (part.sum(axis=0) @ at) / part.sum() - place[0],
                    top + (part.sum(axis=1) @ at) / part.sum() - place[1],
                )
            )
    return np.array(off)


@pytest.mark.parametrize(
    "crop",
    [
        Crop(202, 360, (CropKey(0, 200, 0),), zoom=(1.0, 1.06)),
        Crop(202, 360, (CropKey(0, 200, 0), CropKey(44, 212, 0))),
        Crop(180, 320, (CropKey(0, 90, 0), CropKey(20, 100, 3), CropKey(44, 240, 40)), ease=10),
    ],
    ids=["push-in", "slow pan", "bend"],
)
def test_a_moving_crop_does_not_tremble(
    dots: Footage, tiny: Placement, tmp_path: Path, crop: Crop
) -> None:
    """Between pixels too: whole pixels would be up to half of one off, and 0.7 from frame to frame.

    ffmpeg's zoompan is 1.4 px off on such a push-in (benchmarks/RESULTS.md).
    """
    out = tmp_path / "out.mp4"
    fine = replace(tiny, crf=10)
    run(piece_of(dots, fine, frames=45, crop=crop).command(out), deadline_s=60)
    off = np.array([spots(p, crop, n, 45) for n, p in enumerate(planes(out))])
    assert np.sqrt(np.nanmean(off**2)) < 0.12
    trembling = np.diff(off, 2, axis=0)
    assert np.sqrt(np.nanmean(trembling**2)) < 0.12


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


def test_a_wide_crop_may_move(ramps: Footage, tiny: Placement, tmp_path: Path) -> None:
    crop = Crop(400, 360, (CropKey(0, 0, 0), CropKey(19, 240, 0)))
    out = tmp_path / "out.mp4"
    run(piece_of(ramps, tiny, frames=20, crop=crop).command(out), deadline_s=60)
    pictures = planes(out, "yuv444p").astype(float)
    assert pictures.shape == (20, 3, 480, 270)
    for frame in (0, 5, 10, 19):
        x = crop.at(frame, 20)[0]
        middle = pictures[frame, 0, 200:280, 60:210].mean()
        assert (middle - 20) / SLOPE_X == pytest.approx(x + 200, abs=3)
        assert pictures[frame, 0, :100].mean() == pytest.approx(bt709(*INK)[0], abs=1.5)


@pytest.mark.parametrize("width", range(100, 640, 38))
def test_crops_rounded_to_even_pixels_fill_the_picture(width: int) -> None:
    """What framing makes of a 9:16 window never gets a bar one or two pixels high."""
    height = int(width * 16 / 9 / 2) * 2
    assert graph.fitted(Crop(width, height, (CropKey(0, 0, 0),)), 1080, 1920) == (1080, 1920)


def bt709(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """8-bit limited-range Y, Cb, Cr of an RGB colour (ITU-R BT.709)."""
    r, g, b = red / 255, green / 255, blue / 255
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return 16 + 219 * y, 128 + 224 * (b - y) / 1.8556, 128 + 224 * (r - y) / 1.5748
