"""What the eyes see: detectors and measures, on pictures drawn here and known exactly."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.classical import Classical
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.fingerprint import distance, fingerprint
from video_pipeline.vision.hardware import metal_shown
from video_pipeline.vision.learned import Learned
from video_pipeline.vision.motion import camera_motion, cut_score, is_cut
from video_pipeline.vision.picture import ramp
from video_pipeline.vision.quality import motion_blur, noise, quality
from video_pipeline.vision.sharpness import edge_blur_px, sharpness
from video_pipeline.vision.stitching import rows_of_stitches, stitches_shown
from video_pipeline.vision.subject import subject

Picture = NDArray[np.uint8]
SHIPPED: tuple[Detector, ...] = (Learned(), Classical())
NAMES = ("learned", "classical")


def leather(
    height: int = 960,
    width: int = 540,
    seed: int = 1,
    grain: float = 3.0,
    colour: tuple[int, int, int] = (45, 75, 120),
) -> Picture:
    """A surface with soft grain, brown unless told otherwise."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2.0)
    noise *= grain / noise.std()
    base = np.array(colour, np.float32)
    return np.clip(base + noise[..., None], 0, 255).astype(np.uint8)


def gunmetal_frame(picture: Picture, corner: tuple[int, int], other: tuple[int, int]) -> Picture:
    """A dark steel frame with one bright streak along its bars, as a round bar reflects a lamp."""
    out = picture.copy()
    for colour, thick in (((38, 36, 35), 22), ((95, 92, 90), 12), ((235, 232, 230), 4)):
        cv2.rectangle(out, corner, other, colour, thick, cv2.LINE_AA)
    return cv2.GaussianBlur(out, (0, 0), 1.0).astype(np.uint8)


def seam(
    pitch: float = 22, angle: float = 0.0, stitches: int = 18, duty: float = 0.6, thick: int = 4
) -> tuple[Picture, Box]:
    """Leather with one row of pale stitches through the middle, and the row's true box."""
    picture = leather()
    along = np.array([math.cos(angle), math.sin(angle)])
    start = np.array([270.0, 480.0]) - along * pitch * (stitches - 1 + duty) / 2
    ends = []
    for i in range(stitches):
        a = start + along * pitch * i
        b = a + along * pitch * duty
        ends += [a, b]
        p, q = (tuple(int(v) for v in np.rint(e * 16)) for e in (a, b))
        cv2.line(picture, p, q, (215, 225, 235), thick, cv2.LINE_AA, 4)
    points = np.array(ends)
    (x0, y0), (x1, y1) = points.min(axis=0) - thick, points.max(axis=0) + thick
    return picture, Box(x0 / 540, y0 / 960, x1 / 540, y1 / 960)


def brass_disc(picture: Picture, centre: tuple[int, int], radius: int) -> Picture:
    """A turned brass disc: rings that mirror a window and a dark room, as on a lathe part."""
    out = picture.copy()
    ys, xs = np.mgrid[: picture.shape[0], : picture.shape[1]]
    dx, dy = xs - centre[0], ys - centre[1]
    far = np.hypot(dx, dy)
    shine = 0.5 + 0.5 * np.sin(far / radius * 22 + np.cos(3 * np.arctan2(dy, dx)))
    light = 15 + 240 * shine**1.5
    metal = np.stack([light * 0.55, light * 0.82, light], axis=2)
    inside = far <= radius
    out[inside] = np.clip(metal, 0, 255)[inside].astype(np.uint8)
    return cv2.GaussianBlur(out, (0, 0), 0.7).astype(np.uint8)


def room(seed: int, height: int = 180, width: int = 320) -> Picture:
    """A made-up scene: coloured shapes on a shaded wall, the same for the same seed."""
    dice = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = dice.integers(40, 215, 3)
    for _ in range(45):
        x, y = (int(v) for v in (dice.integers(width), dice.integers(height)))
        colour = tuple(int(v) for v in dice.integers(0, 255, 3))
        size = int(dice.integers(6, 26))
        cv2.rectangle(picture, (x, y), (x + size, y + 2 * size), colour, -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.uint8)


def grey(picture: Picture) -> Picture:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8)


# Stitching


@pytest.mark.parametrize("angle", [0.0, 0.35, math.pi / 2])
@pytest.mark.parametrize("pitch", [16.0, 22.0])
def test_a_drawn_seam_is_found_where_it_is(pitch: float, angle: float) -> None:
    picture, truth = seam(pitch, angle)
    found = stitches_shown(picture)
    assert found.score >= 0.5
    assert found.boxes[0].iou(truth) > 0.5
    assert rows_of_stitches(picture)[0].pitch_px == pytest.approx(pitch, rel=0.12)


def test_a_pitch_that_is_known_says_which_marks_to_look_for() -> None:
    picture, truth = seam(22)
    assert stitches_shown(picture, 22).boxes[0].iou(truth) > 0.5
    # The pitch is told in pixels of the picture, whatever the size that rows are sought at.
    large = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    assert stitches_shown(large, 44).score >= 0.5
    fine, _ = seam(pitch=9, stitches=40, thick=2)
    assert stitches_shown(fine, 9).score > 2 * stitches_shown(fine, 60).score


def test_dark_thread_counts_as_well_as_pale() -> None:
    picture, _ = seam()
    negative = 255 - picture
    assert stitches_shown(negative.astype(np.uint8)).score >= 0.5


def test_a_continuous_line_is_no_seam() -> None:
    picture, _ = seam(duty=1.0)
    assert stitches_shown(picture).score < 0.2


def test_plain_leather_is_no_seam() -> None:
    assert stitches_shown(leather()).score < 0.2


def test_a_blurred_seam_is_not_shown() -> None:
    picture, _ = seam()
    soft = cv2.GaussianBlur(picture, (0, 0), 9).astype(np.uint8)
    assert stitches_shown(soft).score < 0.2


def test_stitches_too_small_to_tell_score_lower_than_a_close_up() -> None:
    near, _ = seam(pitch=20)
    far, _ = seam(pitch=6.5, stitches=50, thick=2)
    assert stitches_shown(far).score < 0.5 * stitches_shown(near).score


def test_a_lattice_of_marks_is_cloth_and_not_a_seam() -> None:
    picture = leather()
    for y in range(20, 960, 22):
        for x in range(10, 540, 22):
            cv2.line(picture, (x, y), (x + 12, y), (215, 225, 235), 4, cv2.LINE_AA)
    one, _ = seam()
    assert stitches_shown(picture).score < 0.5 * stitches_shown(one).score


# Hardware


def test_a_brass_disc_is_found_where_it_is() -> None:
    picture = brass_disc(leather(), (300, 400), 110)
    truth = Box(190 / 540, 290 / 960, 410 / 540, 510 / 960)
    found = metal_shown(picture)
    assert found.score >= 0.5
    assert found.boxes[0].iou(truth) > 0.5


def test_a_small_clasp_on_a_whole_bag_scores_lower_than_a_close_up() -> None:
    near = metal_shown(brass_disc(leather(), (300, 400), 110)).score
    far = metal_shown(brass_disc(leather(), (300, 400), 22)).score
    assert far < 0.5
    assert far < 0.5 * near


def test_white_paper_and_plain_leather_are_not_metal() -> None:
    picture = leather()
    picture[300:600, 120:420] = 250
    assert metal_shown(picture).score < 0.1
    assert metal_shown(leather()).score < 0.1


def test_a_gunmetal_buckle_on_red_leather_is_found_where_it_is() -> None:
    picture = gunmetal_frame(leather(colour=(45, 40, 170)), (150, 380), (390, 560))
    truth = Box(140 / 540, 370 / 960, 400 / 540, 570 / 960)
    found = metal_shown(picture)
    assert found.score >= 0.5
    assert max(box.iou(truth) for box in found.boxes) > 0.5


def test_colour_is_what_tells_gunmetal_from_a_dark_drawing() -> None:
    # The same strokes, tinted like the leather they lie on, and not a lightness else.
    red = leather(colour=(45, 40, 170))
    metal = gunmetal_frame(red, (150, 380), (390, 560))
    lab = cv2.cvtColor(metal, cv2.COLOR_BGR2LAB)
    lab[..., 1:] = cv2.cvtColor(red, cv2.COLOR_BGR2LAB)[..., 1:]
    drawn = cv2.cvtColor(lab, cv2.COLOR_LAB2BGR).astype(np.uint8)
    assert metal_shown(drawn).score < 0.7 * metal_shown(metal).score


def test_metal_out_of_focus_is_not_shown() -> None:
    picture = brass_disc(leather(), (300, 400), 110)
    soft = cv2.GaussianBlur(picture, (0, 0), 16).astype(np.uint8)
    assert metal_shown(soft).score < 0.3


# What holds for both detectors


@pytest.mark.parametrize("seeing", SHIPPED, ids=NAMES)
@pytest.mark.parametrize("shape", [(1, 1), (20, 500), (500, 20), (33, 47), (700, 900)])
def test_detectors_bear_pictures_of_any_size(seeing: Detector, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(5).integers(0, 255, (*shape, 3), dtype=np.uint8)
    before = noise.copy()
    first, again = seeing.detect(noise), seeing.detect(noise)
    assert first == again
    assert np.array_equal(noise, before)
    assert seeing.explain(noise).shape == noise.shape
    assert all(tint.means for tint in seeing.legend)
    for detection in (first.hardware, first.stitching):
        assert 0 <= detection.score <= 1
        for part in detection.parts:
            assert 0 <= part.box.x0 < part.box.x1 <= 1
            assert 0 <= part.box.y0 < part.box.y1 <= 1
            assert 0 <= part.score <= 1
            assert part.detail_px is None or part.detail_px > 0


@pytest.mark.parametrize("seeing", SHIPPED, ids=NAMES)
def test_nothing_is_shown_in_the_dark_or_in_white(seeing: Detector) -> None:
    picture = brass_disc(seam()[0], (150, 200), 90)
    dark = (picture.astype(np.float32) * 0.12).astype(np.uint8)
    white = np.full_like(picture, 255)
    for what in ("hardware", "stitching"):
        assert getattr(seeing.detect(dark), what).score < 0.3
        assert getattr(seeing.detect(white), what).score < 0.01


@pytest.mark.parametrize(
    "make", [lambda: seam()[0], lambda: brass_disc(leather(), (300, 400), 110)]
)
def test_four_times_the_pixels_show_the_same(make: object) -> None:
    assert callable(make)
    picture = make()
    large = cv2.resize(picture, (1080, 1920), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    for seeing in SHIPPED:
        here, there = seeing.detect(picture), seeing.detect(large)
        assert here.hardware.score == pytest.approx(there.hardware.score, abs=0.15)
        assert here.stitching.score == pytest.approx(there.stitching.score, abs=0.15)


def test_the_pitch_of_stitches_is_told_in_pixels_of_the_picture() -> None:
    picture, _ = seam(pitch=22)
    large = cv2.resize(picture, (1080, 1920), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    for seeing in SHIPPED:
        for shown, pitch in ((picture, 22.0), (large, 44.0)):
            parts = seeing.detect(shown).stitching.parts
            assert parts[0].detail_px == pytest.approx(pitch, rel=0.3)


def test_parts_alike_carry_the_score_together_and_each_is_told_once() -> None:
    picture = leather()
    for centre, radius in (((150, 250), 40), ((270, 450), 18), ((390, 650), 40)):
        picture = brass_disc(picture, centre, radius)
    found = Learned().detect(picture).hardware
    assert len(found.parts) == 3
    first, second, little = found.parts
    assert little.detail_px < first.detail_px == second.detail_px < 90  # and not of all of them
    assert first.box.iou(second.box) == first.box.iou(little.box) == 0
    assert found.carrying == (first, second)
    assert found.around is not None
    assert found.around.iou(Box(110 / 540, 210 / 960, 430 / 540, 690 / 960)) > 0.9
    assert Learned().detect(leather()).hardware.around is None


# Quality


def test_quality_is_told_at_the_box_and_not_of_the_frame() -> None:
    picture = grey(room(3, 960, 960))
    soft = cv2.GaussianBlur(picture, (0, 0), 5)
    half = picture.copy()
    half[:, :480] = soft[:, :480]
    left, right = Box(0.0, 0.0, 0.45, 1.0), Box(0.55, 0.0, 1.0, 1.0)
    assert quality(half, left).sharpness < 0.2 < 0.6 < quality(half, right).sharpness
    half[:, 480:] = np.maximum(half[:, 480:], 252)
    assert quality(half, right).clipped_high > 0.9
    assert quality(half, left).clipped_high < 0.3


def test_shake_smears_one_direction_and_a_soft_lens_all() -> None:
    picture = grey(room(3, 720, 720))
    long = np.zeros((15, 15), np.float32)
    long[7] = 1 / 15
    shaken = motion_blur(cv2.filter2D(picture, -1, long).astype(np.uint8))
    soft = motion_blur(cv2.GaussianBlur(picture, (0, 0), 2).astype(np.uint8))
    crisp = motion_blur(picture)
    assert shaken is not None
    assert soft is not None
    assert crisp is not None
    assert shaken > 2 * max(soft, crisp)
    assert motion_blur(np.full((200, 200), 90, np.uint8)) is None


@pytest.mark.parametrize("sigma", [2.0, 6.0])
def test_noise_is_told_in_grey_levels(sigma: float) -> None:
    flat = np.full((400, 400), 120.0)
    flat[:, 200:] = 60
    noisy = flat + np.random.default_rng(2).normal(0, sigma, flat.shape)
    assert noise(np.clip(noisy, 0, 255).astype(np.uint8)) == pytest.approx(sigma, rel=0.2)


def test_what_is_too_small_to_tell_is_not_told() -> None:
    picture = grey(leather(160, 160))
    tiny = Box(0.4, 0.4, 0.4 + 15 / 160, 0.6)
    assert quality(picture, tiny).noise is None
    assert quality(picture, tiny).motion_blur is None
    assert quality(picture, Box(0.4, 0.4, 0.5, 0.6)).noise is not None


# Sharpness


def test_sharpness_falls_with_every_step_of_blur() -> None:
    picture = grey(room(3, 720, 1280))
    scores = []
    for sigma in (0.0, 0.8, 1.2, 1.8, 3.0, 6.0):
        blurred = cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture
        scores.append(sharpness(blurred.astype(np.uint8)))
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.7
    assert scores[-1] == 0


@pytest.mark.parametrize("sigma", [1.2, 2.0, 3.0])
def test_edge_blur_is_measured_in_pixels(sigma: float) -> None:
    step = np.zeros((200, 200), np.uint8)
    step[:, 100:] = 200
    blurred = cv2.GaussianBlur(step, (0, 0), sigma).astype(np.uint8)
    assert edge_blur_px(blurred) == pytest.approx(sigma, rel=0.15)


def test_sharpness_is_of_edges_and_not_of_contrast() -> None:
    picture = grey(room(3, 480, 640))
    faint = (100 + 0.35 * picture).astype(np.uint8)
    assert sharpness(faint) == pytest.approx(sharpness(picture), abs=0.15)


def test_sharpness_of_a_box_is_of_that_part_alone() -> None:
    picture = grey(room(4, 480, 640))
    picture[:, 320:] = cv2.GaussianBlur(picture, (0, 0), 6)[:, 320:]
    assert sharpness(picture, Box(0, 0, 0.48, 1)) > 0.6
    assert sharpness(picture, Box(0.52, 0, 1, 1)) < 0.2


def test_a_flat_picture_has_no_sharpness() -> None:
    flat = np.full((100, 100), 128, np.uint8)
    assert sharpness(flat) == 0
    assert edge_blur_px(flat) is None


# Exposure


def test_exposure_of_good_dark_and_burnt_pictures() -> None:
    picture = grey(room(2))
    good = exposure(picture)
    dark = exposure((picture * 0.08).astype(np.uint8))
    burnt = exposure(np.clip(picture.astype(int) + 200, 0, 255).astype(np.uint8))
    assert good.score > 0.9
    assert dark.score < 0.1
    assert burnt.score < 0.3
    assert burnt.clipped_high > good.clipped_high
    assert dark.clipped_low > good.clipped_low


@given(st.integers(0, 255))
def test_a_flat_grey_has_its_own_luma_and_is_useless(level: int) -> None:
    told = exposure(np.full((40, 60), level, np.uint8))
    assert told.luma == pytest.approx(level / 255)
    assert told.score == 0


# Motion and cuts


@settings(max_examples=25, deadline=None)
@given(st.integers(-30, 30), st.integers(-16, 16))
def test_a_known_shift_is_measured(dx: int, dy: int) -> None:
    scene = grey(room(7, 300, 480))
    before = scene[60:240, 80:400]
    after = scene[60 - dy : 240 - dy, 80 - dx : 400 - dx]
    x, y, confidence = camera_motion(before, after)
    assert x * 320 == pytest.approx(dx, abs=1.5)
    assert y * 320 == pytest.approx(dy, abs=1.5)
    assert confidence > 0.2


def test_pictures_of_nothing_have_no_motion() -> None:
    flat = np.full((90, 160), 70, np.uint8)
    assert camera_motion(flat, flat) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="sizes differ"):
        camera_motion(flat, flat[:50])


def test_another_scene_is_a_cut() -> None:
    found = [is_cut(room(seed), room(seed + 100)) for seed in range(20)]
    assert sum(found) >= 18


def test_a_pan_darkening_or_the_same_picture_is_no_cut() -> None:
    scene = room(11, 220, 700)
    before = scene[20:200, 20:340]
    for shift in (10, 40, 90):
        assert not is_cut(before, scene[20:200, 20 + shift : 340 + shift])
    assert not is_cut(before, before)
    for gain in (0.5, 0.7, 1.4):
        assert not is_cut(before, np.clip(before * gain, 0, 255).astype(np.uint8))


def test_a_whip_pan_scores_below_a_cut() -> None:
    scene = room(11, 220, 900)
    smear = cv2.blur(scene, (61, 1)).astype(np.uint8)
    assert cut_score(smear[20:200, 20:340], smear[20:200, 220:540]) < cut_score(room(1), room(2))
    assert not is_cut(smear[20:200, 20:340], smear[20:200, 220:540])


# Subject


def test_a_whole_item_is_boxed_and_a_close_up_is_not_whole() -> None:
    wall = np.full((960, 540, 3), (200, 205, 210), np.uint8)
    cv2.rectangle(wall, (140, 330), (400, 620), (40, 60, 130), -1)
    whole = subject(wall)
    assert whole.box is not None
    assert whole.box.iou(Box(140 / 540, 330 / 960, 400 / 540, 620 / 960)) > 0.8
    assert whole.whole > 0.9
    assert subject(leather()).whole < 0.2
    cut_off = np.roll(wall, (-400, -200), axis=(0, 1))
    assert subject(cut_off).whole < 0.5


def test_a_buckle_on_leather_is_no_whole_item() -> None:
    red = leather(colour=(45, 40, 170))
    near = cv2.rectangle(red, (130, 350), (410, 590), (40, 40, 40), -1).astype(np.uint8)
    wall = leather(colour=(200, 205, 210))
    item = cv2.rectangle(wall, (130, 350), (410, 590), (40, 40, 40), -1).astype(np.uint8)
    assert subject(near).box is not None
    assert subject(near).whole < 0.5
    assert subject(item).whole > 0.9


def test_an_item_that_runs_off_two_sides_is_not_whole() -> None:
    # Too large a part of the rim is cut for the item to be taken for the wall, at two sides.
    wall = np.full((960, 540, 3), (200, 205, 210), np.uint8)
    wall[330:960, 160:540] = (40, 60, 130)
    assert subject(wall).whole < 0.2


def test_an_empty_picture_has_no_subject() -> None:
    found = subject(np.full((200, 300, 3), 90, np.uint8))
    assert found.box is None
    assert found.whole == 0


# Fingerprints


def test_near_pictures_have_near_fingerprints_and_others_far_ones() -> None:
    one, other = grey(room(1)), grey(room(2))
    brighter = np.clip(one * 1.1 + 8, 0, 255).astype(np.uint8)
    coded = cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 0)
    assert distance(fingerprint(one), fingerprint(brighter)) <= 6
    assert distance(fingerprint(one), fingerprint(coded.astype(np.uint8))) <= 6
    assert distance(fingerprint(one), fingerprint(other)) >= 16


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_distance_is_a_metric(a: int, b: int, c: int) -> None:
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a)
    assert distance(a, c) <= distance(a, b) + distance(b, c)


def test_a_ramp_never_gives_a_negative_nought() -> None:
    assert math.copysign(1, ramp(242, 242, 205)) == 1  # JSON would say -0.0
    assert (ramp(205, 242, 205), ramp(300, 242, 205), ramp(7, 0, 14)) == (1, 0, 0.5)
