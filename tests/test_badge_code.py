"""The badge's QR code stays readable when a platform encodes the clip again, smaller and poorer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno
from conftest import SAMPLE
from PIL import Image

from video_pipeline.errors import UsageError
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.overlays.templates import samples
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.presets.storyboards import load_storyboard, storyboard_names
from video_pipeline.toolchain import ffmpeg_path
from video_pipeline.vision.codes import codes

FIELDS = samples("certification-badge")["usual"]
SHORT = FIELDS["check_url"]
LONGEST = f"{SHORT}?t={'aB3x9Kq7' * 40}"[:200]
BEFORE, SHOWN = 10, 30  # frames
AGAIN = ((720, 1200), (540, 600))  # the shorter side in pixels, kbit/s


def run_ffmpeg(*arguments: str | Path) -> bytes:
    command = [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


def clip_with_badge(place: Placement, theme: str, address: str, folder: Path) -> Path:
    """A moment of the sample's take, then the badge over it at once, as a placement has it."""
    drawing = draw(
        "certification-badge",
        FIELDS | {"check_url": address},
        Canvas(place.width, place.height, place.safe),
        theme=theme,
    )
    Image.fromarray(drawing.pixels).save(folder / "badge.png")
    size = f"{place.width}:{place.height}"
    run_ffmpeg(
        "-ss", "8", "-i", SAMPLE / "take.mp4", "-i", folder / "badge.png", "-filter_complex",
        f"[0]scale={size}:force_original_aspect_ratio=increase,crop={size},fps=30[take];"
        f"[take][1]overlay={drawing.x}:{drawing.y}:enable='gte(n,{BEFORE})'",
        "-frames:v", str(BEFORE + SHOWN), "-an", "-c:v", "libx264", "-preset", "superfast",
        "-crf", str(place.crf), "-pix_fmt", "yuv420p", folder / "clip.mp4",
    )  # fmt: skip
    return folder / "clip.mp4"


def encoded_again(clip: Path, place: Placement, side: int, kbps: int, out: Path) -> None:
    """What a platform makes of it: fewer pixels, and so many bits a second and no more."""
    scale = side / min(place.width, place.height)
    width, height = (round(edge * scale / 2) * 2 for edge in (place.width, place.height))
    run_ffmpeg(
        "-i", clip, "-vf", f"scale={width}:{height}", "-c:v", "libx264", "-preset", "superfast",
        "-b:v", f"{kbps}k", "-maxrate", f"{kbps}k", "-bufsize", f"{kbps}k", "-pix_fmt", "yuv420p",
        out,
    )  # fmt: skip


def pictures(clip: Path) -> list[np.ndarray]:
    """Every frame of a clip, grey."""
    video, found = cv2.VideoCapture(str(clip)), []
    while True:
        more, frame = video.read()
        if not more:
            return found
        found.append(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))


@pytest.mark.parametrize(
    ("placement", "theme", "address"),
    [
        ("tiktok", "atelier", LONGEST),
        ("tiktok", "high-contrast", SHORT),
        ("etsy", "minimal", LONGEST),
        ("etsy", "atelier", SHORT),
        ("tiktok-shop", "street", LONGEST),
        ("tiktok-shop", "minimal", SHORT),
    ],
    ids=lambda value: ("longest" if value == LONGEST else "short") if "/" in value else value,
)
def test_the_code_is_read_after_the_platforms_own_encoding(
    placement: str, theme: str, address: str, tmp_path: Path
) -> None:
    place = load_placement(placement)
    clip = clip_with_badge(place, theme, address, tmp_path)
    for side, kbps in AGAIN:
        encoded_again(clip, place, side, kbps, tmp_path / "again.mp4")
        frames = pictures(tmp_path / "again.mp4")
        assert len(frames) == BEFORE + SHOWN
        read = [[code.text for code in codes(frame)] for frame in frames]
        assert read.count([]) >= BEFORE
        assert read[BEFORE:].count([address]) >= 0.95 * SHOWN, (side, kbps)


@pytest.mark.parametrize("theme", ["atelier", "high-contrast", "minimal", "street"])
@pytest.mark.parametrize("length", [30, 49, 80, 120, 160, 200])
def test_the_modules_of_a_code_are_large_enough(theme: str, length: int) -> None:
    """Two pixels or more of a picture 540 wide; four light modules around."""
    address = LONGEST[:length]
    place = load_placement("tiktok")
    canvas = Canvas(place.width, place.height, place.safe)
    drawing = draw("certification-badge", FIELDS | {"check_url": address}, canvas, theme=theme)
    whole = np.full((place.height, place.width, 3), 127, np.uint8)
    at = np.s_[drawing.y : drawing.y + drawing.height, drawing.x : drawing.x + drawing.width]
    alpha = drawing.pixels[..., 3:] / 255
    whole[at] = np.rint(drawing.pixels[..., :3] * alpha + whole[at] * (1 - alpha))
    grey = cv2.cvtColor(whole, cv2.COLOR_RGB2GRAY)
    (code,) = codes(grey)
    assert code.text == address
    ink = code.box.width * place.width
    assert 210 <= ink <= 270
    modules = segno.make(address, error="l", micro=False).symbol_size(border=0)[0]
    assert ink / modules >= 4.8
    quiet = 4 * ink / modules
    left, top = code.box.x0 * place.width - quiet, code.box.y0 * place.height - quiet
    around = grey[round(top) + 2 : round(top + 2 * quiet + ink) - 2]
    around = around[:, round(left) + 2 : round(left + 2 * quiet + ink) - 2]
    inside = int(quiet) + 1
    for edge in (around[: inside - 4], around[-inside + 4 :], around[:, : inside - 4],
                 around[:, -inside + 4 :]):  # fmt: skip
        assert np.ptp(edge) < 12


def test_the_badge_stands_long_enough_for_a_phone_to_be_pointed_at_it() -> None:
    for name in storyboard_names():
        for slot in load_storyboard(name).slots:
            if "certification-badge" in slot.overlays:
                assert slot.min_s >= 2.5, name


def test_a_longer_address_is_refused_in_plain_words() -> None:
    place = load_placement("tiktok")
    fields = FIELDS | {"check_url": LONGEST + "x"}
    with pytest.raises(UsageError, match="too long for a QR code") as caught:
        draw("certification-badge", fields, Canvas(place.width, place.height, place.safe))
    assert "at most 200 characters" in caught.value.mend
