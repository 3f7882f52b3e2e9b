"""Contrast: words on no panel are held against the pixels behind them, and get a scrim if need be.

Small cuts are made in code, rendered, decoded again, and the words measured where they stand.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import MakeClip

from video_pipeline import graph
from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.footage.decode import frames
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.listing.model import Item
from video_pipeline.overlays.contrast import LEAST, measured, readable_anywhere
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.templates import samples, template_names
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.behind import pictures_behind
from video_pipeline.rendering.layers import DrawnOverlays, draw_overlays
from video_pipeline.store import Store
from video_pipeline.toolchain import run

SIZE = (540, 960)
BEHIND = {
    "white": "color=white",
    "black": "color=black",
    "grey": "color=0x808080",
    "checks": "nullsrc,geq=lum='if(mod(floor(X/24)+floor(Y/24),2),235,16)':cb=128:cr=128",
    "fine": "nullsrc,geq=lum='if(mod(floor(X/3)+floor(Y/3),2),235,16)':cb=128:cr=128",
    "sweep": "nullsrc,geq=lum='16+219*X/W':cb=128:cr=128",
}
COLOURS = ("ivory", "ink")


@pytest.fixture(scope="module")
def place(tiny_presets: Path) -> Placement:
    tiny = load_placement("tiny", tiny_presets)
    safe = replace(tiny.safe, top=110, right=80, bottom=250, left=40)
    return replace(tiny, width=SIZE[0], height=SIZE[1], safe=safe, crf=20)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Templates that write on the picture itself, one in each colour."""
    folder = tmp_path_factory.mktemp("overlays")
    for colour in COLOURS:
        home = folder / f"plain-{colour}"
        home.mkdir()
        (home / "overlay.yaml").write_text(
            "says: Words on the picture.\nanchor: bottom\nelsewhere: [top]\nleast_px: 30\n"
            "fields:\n  line: text\n"
        )
        (home / "template.svg.j2").write_text(
            "{% set column = sheet.column(0, 12, sheet.width) %}\n"
            f'{{% set writing = column.text(line, "heading", "{colour}", lines=3) %}}\n'
            '<svg xmlns="http://www.w3.org/2000/svg" width="{{ sheet.width }}" '
            'height="{{ column.y + 30 }}">{{ writing }}</svg>\n'
        )
    return folder


@pytest.fixture(scope="module")
def rendered(
    make_clip: MakeClip, place: Placement, own: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], tuple[DrawnOverlays, Drawing, np.ndarray, np.ndarray]]:
    """For each backdrop and colour: what was drawn, and a frame with and without the words."""
    folder = tmp_path_factory.mktemp("cuts")
    store = Store(folder / "cache")
    made = {}
    for name, source in BEHIND.items():
        take = make_clip(
            f"{name}.mp4", "-f", "lavfi", "-i", source.replace("nullsrc", "nullsrc=s=540x960:r=30"
            ) if "nullsrc" in source else f"{source}:s=540x960:r=30", "-t", "1.5",
            "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12",
            "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        )  # fmt: skip
        footage = probe(take)
        for colour in COLOURS:
            use = OverlayUse(f"plain-{colour}", {"line": "A collector in Florence"}, 0, 40)
            cut = Cut(
                "story", "take", Fraction(0), 40, Crop(*SIZE, (CropKey(0, 0, 0),)), (use,), "", ""
            )
            edit = Edit("s", "l", "showcase", "tiny", *SIZE, Fraction(30), {}, (cut,))
            drawn = draw_overlays(
                edit, place, footage={"take": footage}, item=Item(brand="O", model="P"),
                claims=(), store=store, own=own,
            )  # fmt: skip
            pictures = []
            for layers in (drawn.layers[0], ()):
                out = folder / f"{name}-{colour}-{len(layers)}.mp4"
                run(
                    graph.piece(
                        footage, cut.start, 40, 0, cut.crop, layers=layers, placement=place, out=out
                    ),
                    deadline_s=60,
                    what="encoding",
                )
                shots = frames(probe(out), long_side=960, every_s=Fraction(0), since=Fraction(2, 3))
                pictures.append(next(shots)[1][..., ::-1])
            canvas = Canvas(*SIZE, place.safe)
            drawing = draw(use.template, use.fields, canvas, own=own)
            made[name, colour] = (drawn, drawing, *pictures)
    return made


def light(colour: np.ndarray) -> np.ndarray:
    """WCAG 2.2 relative luminance, written anew: the code under test has its own."""
    c = np.asarray(colour, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])


def contrast_around(frame: np.ndarray, drawing: Drawing) -> float:
    """The contrast of the letters' colour with the pixels beside them, of a decoded frame."""
    ink = np.zeros(frame.shape[:2], np.uint8)
    area = np.s_[drawing.y : drawing.y + drawing.height, drawing.x : drawing.x + drawing.width]
    ink[area] = drawing.pixels[..., 3]
    letters, near = ink > 240, cv2.dilate(ink, np.ones((17, 17))) > 0
    # Encoding smears a letter over its neighbours; what lies beside that is what is behind it.
    beside = near & (cv2.dilate(ink, np.ones((7, 7))) == 0)
    colour = float(
        np.median(light(frame)[cv2.erode(letters.astype(np.uint8), np.ones((3, 3))) > 0])
    )
    around = cv2.blur(light(frame), (3, 3))[beside]
    high, low = np.maximum(around, colour), np.minimum(around, colour)
    return float(np.percentile((high + 0.05) / (low + 0.05), 6))


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("behind", BEHIND)
def test_words_can_be_read_in_the_decoded_frame(rendered, behind: str, colour: str) -> None:  # type: ignore[no-untyped-def]
    drawn, drawing, frame, _ = rendered[behind, colour]
    (how,) = drawn.legibility.values()
    assert how.drawn is not None
    assert how.drawn >= LEAST
    assert contrast_around(frame, drawing) >= LEAST - 0.15


def test_a_scrim_stands_only_where_it_is_needed_and_is_no_stronger(rendered) -> None:  # type: ignore[no-untyped-def]
    scrims = {
        (name, colour): how.scrim
        for (name, colour), (drawn, *_) in rendered.items()
        for how in drawn.legibility.values()
    }
    assert scrims["black", "ivory"] is None
    assert scrims["white", "ink"] is None
    for name, colour, grey in (
        ("white", "ivory", 0),
        ("black", "ink", 255),
        ("checks", "ink", 255),
    ):
        assert scrims[name, colour].grey == grey
        drawn = rendered[name, colour][0]
        assert 4.7 <= next(iter(drawn.legibility.values())).drawn < 4.95
    assert scrims["grey", "ivory"].strength < scrims["white", "ivory"].strength < 0.75


def test_away_from_the_words_a_scrim_leaves_the_picture_alone(rendered) -> None:  # type: ignore[no-untyped-def]
    _, drawing, with_words, without = rendered["white", "ivory"]
    changed = np.abs(with_words.astype(int) - without).max(axis=2)
    assert changed[: drawing.y - 120].max() <= 3
    # It fades: no step between neighbouring rows where it begins.
    column = with_words[: drawing.y, drawing.x + 60].astype(int).max(axis=1)
    assert np.abs(np.diff(column)).max() <= 14


def test_what_was_found_is_kept_and_the_footage_not_read_again(
    make_clip: MakeClip, place: Placement, own: Path, tmp_path: Path
) -> None:
    take = make_clip(
        "grey.mp4", "-f", "lavfi", "-i", "color=0xB0B0B0:s=540x960:r=30", "-t", "1.5",
        "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast",
    )  # fmt: skip
    mine = tmp_path / "mine.mp4"
    mine.write_bytes(take.read_bytes())
    footage, store = probe(mine), Store(tmp_path / "cache")
    use = OverlayUse("plain-ivory", {"line": "Lined in suede"}, 0, 40)
    cut = Cut("s", "take", Fraction(0), 40, Crop(*SIZE, (CropKey(0, 0, 0),)), (use,), "", "")
    edit = Edit("s", "l", "showcase", "tiny", *SIZE, Fraction(30), {}, (cut,))

    def drawn() -> DrawnOverlays:
        return draw_overlays(
            edit, place, footage={"take": footage}, item=Item(brand="O", model="P"), claims=(),
            store=store, own=own,
        )  # fmt: skip

    first = drawn()
    mine.unlink()  # reading it would fail now
    assert drawn() == first
    assert next(iter(first.legibility.values())).scrim is not None


@pytest.mark.parametrize("template", template_names())
def test_shipped_panels_need_no_look_at_the_footage(template: str) -> None:
    canvas = Canvas(1080, 1920, load_placement("tiktok").safe)
    assert readable_anywhere(draw(template, next(iter(samples(template).values())), canvas))


def test_grey_words_on_no_panel_are_not_taken_for_readable(own: Path, place: Placement) -> None:
    drawing = draw("plain-ink", {"line": "x"}, Canvas(*SIZE, place.safe), own=own)
    grey = tuple(replace(box, colour="#757575") for box in drawing.texts)
    assert not readable_anywhere(replace(drawing, texts=grey))  # 4.6 on black, 4.6 on white


def test_a_moving_crop_and_bars_are_seen_as_rendering_shows_them(
    make_clip: MakeClip, place: Placement, own: Path, tmp_path: Path
) -> None:
    take = make_clip(
        "wide.mp4", "-f", "lavfi", "-i",
        "nullsrc=s=960x960:r=30,geq=lum='16+219*X/W*Y/H':cb=128:cr=128", "-t", "2",
        "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
    )  # fmt: skip
    footage = probe(take)
    drawing = draw("plain-ivory", {"line": "Lined in suede"}, Canvas(*SIZE, place.safe), own=own)
    use = OverlayUse("plain-ivory", {"line": "Lined in suede"}, 0, 40)
    moving = Crop(540, 960, (CropKey(0, 0, 0), CropKey(39, 300, 0)), 6, (1.0, 1.2))
    for crop in (moving, Crop(960, 960, (CropKey(0, 0, 0),))):
        cut = Cut("s", "take", Fraction(0), 40, crop, (use,), "", "")
        seen = pictures_behind(drawing, use, cut, footage, size=SIZE, rate=Fraction(30))
        out = tmp_path / "piece.mp4"
        run(
            graph.piece(
                footage, cut.start, 40, 0, crop, layers=(), placement=replace(place, crf=8), out=out
            ),
            deadline_s=60,
            what="encoding",
        )
        shown = [p for _, p in frames(probe(out), long_side=960, every_s=Fraction(0))]
        area = np.s_[drawing.y : drawing.y + drawing.height, drawing.x : drawing.x + drawing.width]
        for picture, number in zip(seen, (4, 12, 20, 28, 36), strict=True):
            apart = np.abs(picture.astype(int) - shown[number][..., ::-1][area])
            assert np.percentile(apart, 99) <= 4
        assert measured(drawing, seen) > 1
