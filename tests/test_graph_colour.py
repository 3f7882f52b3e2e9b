"""Colours after the graph: known patches in, BT.709 limited range out, overlays on top."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeClip
from numbered import numbered, piece_of, planes
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.footage.probe import open_media, probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.graph import Layer
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.toolchain import run

PATCHES = (
    (255, 255, 255), (191, 191, 0), (0, 191, 191), (0, 191, 0),
    (191, 0, 191), (191, 0, 0), (0, 0, 191), (0, 0, 0), (150, 90, 60),
)  # fmt: skip
WEIGHTS = {"bt709": (0.2126, 0.0722), "bt470bg": (0.299, 0.114), "smpte170m": (0.299, 0.114)}
CELL = 30


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    # Fine enough that what is measured is the graph and not the encoder.
    return replace(load_placement("tiny", tiny_presets), crf=8)


def coded(colour: tuple[int, int, int], matrix: str, full: bool) -> tuple[int, int, int]:
    """8-bit Y, Cb, Cr of an RGB colour (ITU-T H.273, 8.3)."""
    kr, kb = WEIGHTS[matrix]
    r, g, b = (c / 255 for c in colour)
    y = kr * r + (1 - kr - kb) * g + kb * b
    cb, cr = (b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr))
    if full:
        return round(255 * y), round(128 + 255 * cb), round(128 + 255 * cr)
    return round(16 + 219 * y), round(128 + 224 * cb), round(128 + 224 * cr)


@dataclass(frozen=True)
class Case:
    matrix: str
    full: bool
    tags: tuple[str, ...]
    codec: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "1")
    pixel_format: str = "yuv420p"


def tags(matrix: str, span: str = "tv") -> tuple[str, ...]:
    curve = "bt709" if matrix == "bt709" else "smpte170m"
    return (
        "-vf",
        f"setparams=colorspace={matrix}:color_primaries={matrix}:color_trc={curve}:range={span}",
    )


CASES = {
    "bt709": Case("bt709", False, tags("bt709")),
    "pal": Case("bt470bg", False, tags("bt470bg")),
    "ntsc": Case("smpte170m", False, tags("smpte170m")),
    "untagged": Case("smpte170m", False, ()),
    "full": Case("bt709", True, tags("bt709", "pc")),
    "full601": Case("smpte170m", True, tags("smpte170m", "pc")),
    "jpeg": Case("bt470bg", True, (), ("-c:v", "mjpeg", "-q:v", "1"), "yuvj420p"),
}


@pytest.mark.parametrize("name", CASES)
def test_colours_arrive_as_bt709(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    frame = np.zeros((3, 3 * CELL, 3 * CELL), np.uint8)
    for place, colour in enumerate(PATCHES):
        y, x = divmod(place, 3)
        frame[:, y * CELL : (y + 1) * CELL, x * CELL : (x + 1) * CELL] = np.reshape(
            coded(colour, case.matrix, case.full), (3, 1, 1)
        )
    raw = tmp_path / "patches.yuv"
    small = frame[1:, ::2, ::2]
    raw.write_bytes((frame[0].tobytes() + small[0].tobytes() + small[1].tobytes()) * 5)
    source = make_clip(
        f"patches-{name}.{'mov' if name == 'jpeg' else 'mp4'}",
        "-f", "rawvideo", "-pix_fmt", case.pixel_format, "-s", "90x90", "-r", "30", "-i", str(raw),
        *case.tags, *case.codec,
    )  # fmt: skip
    footage = probe(source)
    assert footage.colour.full_range == case.full
    assert footage.colour.transfer == "sdr"
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, frames=2).command(out), deadline_s=60)
    got = planes(out, "yuv444p")[1]
    # The square picture stands in the middle between bars.
    top, cell = (480 - 270) // 2, 90
    for place, colour in enumerate(PATCHES):
        y, x = divmod(place, 3)
        patch = got[:, top + y * cell + 25 : top + y * cell + 65, x * cell + 25 : x * cell + 65]
        want = coded(colour, "bt709", False)
        assert patch.mean(axis=(1, 2)) == pytest.approx(want, abs=3), (colour, want)
    with open_media(out) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        assert context.color_range == 1


def coded_in(colour: tuple[float, float, float], weights: tuple[float, float]) -> list[int]:
    """10-bit Y, Cb, Cr, limited range, of an RGB colour from 0 to 1 (ITU-T H.273, 8.3)."""
    (kr, kb), (r, g, b) = weights, colour
    y = kr * r + (1 - kr - kb) * g + kb * b
    cb, cr = (b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr))
    return [round(64 + 876 * y), round(512 + 896 * cb), round(512 + 896 * cr)]


# Chromaticities (x, y) of red, green and blue; all have the white point D65.
PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
D65 = (0.3127, 0.3290)


def to_xyz(primaries: str) -> NDArray[np.float64]:
    """The matrix from linear RGB to CIE XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in PRIMARIES[primaries]]).T
    white = np.array([D65[0] / D65[1], 1, (1 - D65[0] - D65[1]) / D65[1]])
    return columns * np.linalg.solve(columns, white)


WIDE = {  # primaries, matrix, its weights, pixel format, range
    "rec2020": ("bt2020", "bt2020nc", (0.2627, 0.0593), "yuv420p10le", "tv"),
    "display p3": ("smpte432", "bt709", (0.2126, 0.0722), "yuv420p", "tv"),
    "display p3 full": ("smpte432", "smpte170m", (0.299, 0.114), "yuv420p", "pc"),
}


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("name", WIDE)
def test_wide_colours_arrive_as_bt709(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path, name: str, moving: bool
) -> None:
    """Colours that BT.709 can show, written in wider primaries, come out as what they are."""
    primaries, matrix, weights, pixel_format, span = WIDE[name]
    shown = [(180, 40, 40), (60, 140, 60), (60, 70, 170), (128, 128, 128)]
    bands = []
    for colour in shown:
        light = np.linalg.solve(
            to_xyz(primaries), to_xyz("bt709") @ (np.array(colour) / 255) ** 2.4
        )
        bands.append(coded_in(tuple(light ** (1 / 2.4)), weights))
    lines = (
        f"{plane}='if(lt(Y,40),{a},if(lt(Y,80),{b},if(lt(Y,120),{c},{d})))'"
        for plane, (a, b, c, d) in zip(("lum", "cb", "cr"), zip(*bands, strict=True), strict=True)
    )
    source = make_clip(
        f"wide-{name.replace(' ', '-')}.mp4", "-f", "lavfi", "-i",
        f"nullsrc=s=90x160:r=30:d=0.3,format=yuv444p10le,geq={':'.join(lines)},"
        f"scale=in_range=tv:out_range={span}:in_color_matrix={matrix.removesuffix('nc')}:"
        f"out_color_matrix={matrix.removesuffix('nc')},format={pixel_format},"
        f"setparams=color_primaries={primaries}:color_trc=bt709:colorspace={matrix}:range={span}",
        "-c:v", "libx264", "-preset", "ultrafast", "-qp", "1",
    )  # fmt: skip
    footage = probe(source)
    assert (footage.colour.primaries, footage.colour.transfer) == (primaries, "sdr")
    crop = Crop(90, 160, (CropKey(0, 0, 0),), zoom=(1.0, 1.02)) if moving else None
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, frames=5, crop=crop).command(out), deadline_s=60)
    got = planes(out, "yuv444p")[2]
    for place, colour in enumerate(shown):
        patch = got[:, place * 120 + 30 : place * 120 + 90, 30:-30].mean(axis=(1, 2))
        assert patch == pytest.approx(coded(colour, "bt709", False), abs=3), colour


def test_what_is_not_wide_keeps_the_quick_way(make_clip: MakeClip, tiny: Placement) -> None:
    source = make_clip("plain.mp4", "-f", "lavfi", "-i", "color=c=gray:s=90x160:r=30:d=0.3")
    footage = probe(source)
    for primaries in ("bt709", "bt470bg", "smpte170m"):
        plain = replace(footage, colour=replace(footage.colour, primaries=primaries))
        assert "zscale" not in " ".join(piece_of(plain, tiny).command(Path("out.mp4")))


@pytest.mark.parametrize("primaries", ["bt2020", "smpte432"])
def test_hdr_red_is_read_in_its_own_primaries(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path, primaries: str
) -> None:
    """The same red light, told in the numbers of two sets of primaries, is the same red."""
    red = np.array([0.25, 0.02, 0.02])  # linear, BT.709, as a share of reference white
    nits = 203 * np.linalg.solve(to_xyz(primaries), to_xyz("bt709") @ red) / 10000
    power = nits**0.1593017578125  # SMPTE ST 2084
    signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    y, cb, cr = coded_in(tuple(signal), (0.2627, 0.0593))
    source = make_clip(
        f"hdr-red-{primaries}.mp4", "-f", "lavfi", "-i",
        f"nullsrc=s=90x160:r=30:d=0.2,format=yuv420p10le,geq=lum={y}:cb={cb}:cr={cr},"
        f"setparams=color_primaries={primaries}:color_trc=smpte2084:colorspace=bt2020nc:range=tv",
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:qp=4",
        "-tag:v", "hvc1",
    )  # fmt: skip
    out = tmp_path / "out.mp4"
    run(piece_of(probe(source), tiny, frames=2).command(out), deadline_s=60)
    got = planes(out, "yuv444p")[1, :, 100:380, 60:210].mean(axis=(1, 2))
    curve = (red ** (1 / 2.4)) * 255
    assert got == pytest.approx(coded(tuple(round(c) for c in curve), "bt709", False), abs=6)


def grey_hdr(make_clip: MakeClip, transfer: str, span: str = "tv") -> Path:
    """Three bands, dark, middle grey and reference white, as signal levels of ITU-R BT.2408."""
    grey, white = {"arib-std-b67": (0.38, 0.75), "smpte2084": (0.38, 0.58)}[transfer]
    low, high = (0, 1023) if span == "pc" else (64, 940)
    levels = [round(low + share * (high - low)) for share in (0.0, grey, white)]
    return make_clip(
        f"hdr-{transfer}-{span}.mp4", "-f", "lavfi", "-i",
        "nullsrc=s=90x160:r=30:d=0.5,format=yuv420p10le,"
        f"geq=lum='if(lt(X,30),{levels[0]},if(lt(X,60),{levels[1]},{levels[2]}))':cb=512:cr=512,"
        f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range={span}",
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:qp=4",
        "-tag:v", "hvc1",
    )  # fmt: skip


@pytest.mark.parametrize("span", ["tv", "pc"])
@pytest.mark.parametrize(("transfer", "kind"), [("arib-std-b67", "hlg"), ("smpte2084", "pq")])
def test_hdr_becomes_an_sdr_picture_of_usual_brightness(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path, transfer: str, kind: str, span: str
) -> None:
    footage = probe(grey_hdr(make_clip, transfer, span))
    assert footage.colour.transfer == kind
    out = tmp_path / "out.mp4"
    run(piece_of(footage, tiny, frames=2).command(out), deadline_s=60)
    got = planes(out, "yuv444p")[1].astype(float)
    bands = [got[:, 100:380, x : x + 40].mean(axis=(1, 2)) for x in (25, 115, 205)]
    black, grey, white = (band[0] for band in bands)
    assert black == pytest.approx(16, abs=2)
    assert 95 <= grey <= 125  # an 18 % grey card under SDR is near 40 % of the signal
    assert 195 <= white <= 235
    for band in bands:
        assert band[1:] == pytest.approx((128, 128), abs=2)
    with open_media(out) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)


def layer_of(
    folder: Path, alphas: list[int], colour: tuple[int, int, int], enter: int, leave: int,
    first: int, last: int, place: tuple[int, int] = (60, 200), size: tuple[int, int] = (80, 40),
) -> Layer:  # fmt: skip
    """An overlay clip of one colour whose frames have the given alphas."""
    frames: NDArray[np.uint8] = np.empty((len(alphas), size[1], size[0], 4), np.uint8)
    frames[..., :3] = colour
    frames[..., 3] = np.array(alphas)[:, None, None]
    raw, out = folder / "layer.rgba", folder / f"layer-{first}.mov"
    raw.write_bytes(frames.tobytes())
    run(graph.alpha_clip(raw, size, Fraction(30), out), deadline_s=60)
    return Layer(out, "digest", *place, enter, leave, first, last)


def test_an_overlay_comes_rests_and_goes_on_its_frames(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path
) -> None:
    source = make_clip("grey.mp4", "-f", "lavfi", "-i", "color=c=0x808080:s=90x160:r=30:d=3")
    colour = (200, 60, 40)
    layer = layer_of(tmp_path, [51, 102, 153, 204, 128, 64], colour, 3, 2, 7, 50)
    out = tmp_path / "out.mp4"
    run(piece_of(probe(source), tiny, frames=60, layers=[layer]).command(out), deadline_s=60)
    got = planes(out, "yuv444p").astype(float)
    assert len(got) == 60
    ground = got[0, :, 200:240, 60:140].mean(axis=(1, 2))
    alphas = {7: 51, 8: 102, 9: 153, **dict.fromkeys(range(10, 48), 204), 48: 128, 49: 64}
    want = np.array(coded(colour, "bt709", False), float)
    for frame, picture in enumerate(got):
        alpha = alphas.get(frame, 0) / 255
        seen = picture[:, 206:234, 66:134].mean(axis=(1, 2))
        assert seen == pytest.approx(ground + (want - ground) * alpha, abs=3), frame
    # Where it stands: nothing of it outside its box.
    rest = got[30, 2] - got[0, 2]
    rows, columns = np.nonzero(rest > 15)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx(
        (200, 239, 60, 139), abs=2
    )


def test_an_overlay_keeps_time_over_many_frames_and_odd_rates(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path
) -> None:
    """Frame times are whole ticks: counted in seconds, frame 123 would get the time of 122."""
    source = make_clip("grey6.mp4", "-f", "lavfi", "-i", "color=c=0x808080:s=90x160:r=30:d=6")
    for rate in (Fraction(30), Fraction(25), Fraction(30000, 1001)):
        layer = layer_of(tmp_path, [255], (255, 255, 255), 0, 0, 113, 124)
        place = replace(tiny, rate=rate)
        out = tmp_path / "out.mp4"
        run(piece_of(probe(source), place, frames=140, layers=[layer]).command(out), deadline_s=60)
        luma = planes(out)[:, 210:230, 70:130].mean(axis=(1, 2))
        assert [n for n, level in enumerate(luma) if level > 180] == list(range(113, 124)), rate


def test_two_overlays_lie_on_each_other_in_order(
    make_clip: MakeClip, tiny: Placement, tmp_path: Path
) -> None:
    source = make_clip("grey.mp4", "-f", "lavfi", "-i", "color=c=0x808080:s=90x160:r=30:d=3")
    below = layer_of(tmp_path, [255], (255, 255, 255), 0, 0, 0, 10)
    above = layer_of(tmp_path, [255], (0, 0, 0), 0, 0, 5, 15, place=(100, 220))
    out = tmp_path / "out.mp4"
    piece = piece_of(probe(source), tiny, frames=20, layers=[below, above])
    run(piece.command(out), deadline_s=60)
    luma = planes(out).astype(float)
    assert luma[7, 225:235, 105:135].mean() == pytest.approx(16, abs=3)
    assert luma[7, 205:215, 65:95].mean() == pytest.approx(235, abs=3)
    assert luma[2, 225:235, 105:135].mean() == pytest.approx(235, abs=3)


def test_an_overlay_without_time_to_rest_is_refused(
    tmp_path: Path, make_clip: MakeClip, tiny: Placement
) -> None:
    source = make_clip("rate30s.mp4", *numbered(1))
    layer = layer_of(tmp_path, [100, 255, 100], (9, 9, 9), 1, 1, 4, 6)
    with pytest.raises(ValueError, match="no time to rest"):
        piece_of(probe(source), tiny, layers=[layer]).command(tmp_path / "out.mp4")


def test_a_still_has_the_colours_of_its_footage(make_clip: MakeClip, tmp_path: Path) -> None:
    import cv2

    source = make_clip("brown.mp4", "-f", "lavfi", "-i", "color=c=0x965A3C:s=90x160:r=30:d=1")
    out = tmp_path / "still.jpg"
    run(graph.still(probe(source), Fraction(1, 2), out), deadline_s=60)
    picture = cv2.imread(str(out))
    assert picture.shape == (160, 90, 3)
    assert picture.mean(axis=(0, 1))[::-1] == pytest.approx((150, 90, 60), abs=4)
