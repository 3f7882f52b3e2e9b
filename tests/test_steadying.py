"""Steadying: shake goes, pans stay, what stands still is left alone, and no edge is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from conftest import MakeClip
from hypothesis import given, settings
from hypothesis import strategies as st
from numbered import numbered, numbers, piece_of, planes
from numpy.typing import NDArray

from video_pipeline.analysis.sway import Sway, sway
from video_pipeline.edit.corrections import as_filmed, told
from video_pipeline.edit.file import check_edit, read_edit, write_edit
from video_pipeline.edit.framing import MOST_ENLARGED, enlargement
from video_pipeline.edit.model import Cut, Edit, SourceRef, Steady
from video_pipeline.edit.steadying import (
    MOST_CLOSER,
    MOST_FRAMES,
    calm,
    steadied,
    steady_window,
    stretch_of,
)
from video_pipeline.errors import ListingError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey, Steadied
from video_pipeline.pipeline.steadying import steadied_edit, windowed
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.store import Store
from video_pipeline.toolchain import run

W, H, RATE, FRAMES = 360, 640, Fraction(30), 66
Places = NDArray[np.float64]


@pytest.fixture(scope="module")
def tiny(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def hand(size: float = 4.0) -> Places:
    """How a hand trembles: three slow and quick swings each way, a few pixels wide."""
    t = np.arange(FRAMES) / 30
    x = np.sin(2 * np.pi * 2.1 * t) + 0.6 * np.sin(2 * np.pi * 5.3 * t + 1)
    y = np.sin(2 * np.pi * 1.7 * t + 2) + 0.5 * np.sin(2 * np.pi * 6.1 * t)
    return size * np.stack([x, y], axis=1) / 1.2


def pan(width: float = 90.0) -> Places:
    """A pan that gathers pace, goes and comes to rest."""
    t = np.arange(FRAMES) / (FRAMES - 1)
    return np.stack([-width * (3 * t**2 - 2 * t**3), np.zeros(FRAMES)], axis=1)


NOTHING = np.zeros((FRAMES, 2))


@pytest.fixture(scope="module")
def filmed(
    make_clip: MakeClip, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Places], Footage]:
    """A function that films a textured picture which stands at known places, with some noise."""
    rng = np.random.default_rng(3)
    scene = sum(
        cv2.resize(rng.uniform(0, 1, (n, n)).astype(np.float32), (900, 900)) * weight
        for n, weight in ((12, 90), (60, 70), (220, 60))
    )
    folder = tmp_path_factory.mktemp("filmed")

    def film(places: Places) -> Footage:
        noise = np.random.default_rng(4)
        pictures = []
        for x, y in places:
            move = np.array([[1, 0, x - 200], [0, 1, y - 130]], np.float64)
            picture = cv2.warpAffine(scene, move, (W, H), flags=cv2.INTER_CUBIC)
            pictures.append(picture + noise.normal(0, 2, (H, W)))
        raw = folder / f"{abs(hash(places.tobytes()))}.raw"
        raw.write_bytes(np.clip(np.stack(pictures), 0, 255).astype(np.uint8).tobytes())
        return probe(
            make_clip(
                "take.mp4", "-f", "rawvideo", "-pixel_format", "gray", "-video_size", f"{W}x{H}",
                "-framerate", "30", "-i", str(raw), "-c:v", "libx264", "-preset", "ultrafast",
                "-qp", "12", "-pix_fmt", "yuv420p",
            )
        )  # fmt: skip

    return film


@pytest.fixture(scope="module")
def shaky(filmed: Callable[[Places], Footage]) -> Footage:
    return filmed(hand())


def cut_of(footage: Footage, frames: int = 60, crop: Crop | None = None, **more: Any) -> Cut:
    crop = crop or Crop(W, H, (CropKey(0, 0, 0),))
    return Cut("hero", footage.name, Fraction(0), frames, crop, (), "whole", "", **more)


def edit_of(footage: Footage, *cuts: Cut) -> Edit:
    source = {footage.name: SourceRef(str(footage.path), footage.digest)}
    return Edit(
        "s", "l", "showcase", "tiny", 270, 480, RATE, source, cuts, keep_sound=False
    )  # fmt: skip


def made(footage: Footage, cut: Cut, place: Placement, store: Store) -> tuple[Cut, Crop]:
    """The cut as planning leaves it, and its window."""
    found = sway(footage, *stretch_of(cut, RATE), store)
    assert found is not None
    cut = steadied(cut, found, footage, place)
    return cut, steady_window(cut, found, footage, RATE) or cut.crop


def trembling(places: Places) -> float:
    """How far places are off their calm way, rms."""
    return float(np.sqrt(np.square(places - calm(places, 1.0, 30.0)).mean()))


def corners(window: Crop, frames: int = 60) -> Places:
    return np.array([window.at(n, frames)[:2] for n in range(frames)])


def inside(window: Crop, frames: int, size: tuple[int, int] = (W, H)) -> bool:
    seen = np.array([window.at(n, frames) for n in range(frames)])
    return bool((seen[:, :2] >= 0).all() and (seen[:, :2] + seen[:, 2:] <= size).all())


CROPS = [
    Crop(W, H, (CropKey(0, 0, 0),)),
    Crop(306, 544, (CropKey(0, 54, 60),)),
    Crop(306, 544, (CropKey(0, 0, 40), CropKey(59, 54, 60)), zoom=(1.0, 1.06)),
]


@pytest.mark.parametrize("crop", CROPS, ids=["all of the picture", "at an edge", "travelling"])
def test_shake_falls_to_a_fifth_and_the_window_stays_in_the_picture(
    shaky: Footage, tiny: Placement, store: Store, crop: Crop
) -> None:
    cut, window = made(shaky, cut_of(shaky, crop=crop), tiny, store)
    assert isinstance(window, Steadied)
    assert inside(window, 60)
    truth = hand()[:60]
    assert trembling(truth - corners(window)) < trembling(truth - corners(crop)) / 5
    assert cut.steady is not None
    assert cut.steady.closer <= MOST_CLOSER
    assert enlargement(window, tiny) <= MOST_ENLARGED


def test_a_rendered_cut_is_steady_too(
    shaky: Footage, tiny: Placement, store: Store, tmp_path: Path
) -> None:
    """Measured in what ffmpeg makes, by where a marked part of the scene is found again."""
    _, window = made(shaky, cut_of(shaky), tiny, store)
    off = []
    for name, crop in (("filmed", CROPS[0]), ("steadied", window)):
        out = tmp_path / f"{name}.mp4"
        run(
            piece_of(shaky, replace(tiny, crf=10), frames=60, crop=crop).command(out), deadline_s=60
        )
        pictures = planes(out)
        part = pictures[0][190:290, 85:185]
        found = []
        for picture in pictures:
            near = cv2.matchTemplate(picture, part, cv2.TM_CCOEFF_NORMED)
            y, x = np.unravel_index(int(near.argmax()), near.shape)
            # The peak of a parabola through the best place and its neighbours.
            left, top, right, below = near[y, x - 1], near[y - 1, x], near[y, x + 1], near[y + 1, x]
            found.append(
                (
                    x + (left - right) / 2 / (left - 2 * near[y, x] + right),
                    y + (top - below) / 2 / (top - 2 * near[y, x] + below),
                )
            )
        off.append(trembling(np.array(found)))
    assert off[0] > 1.5
    assert off[1] < off[0] / 5


def test_a_tripod_is_left_alone(
    filmed: Callable[[Places], Footage], tiny: Placement, store: Store
) -> None:
    still = filmed(NOTHING)
    cut = cut_of(still)
    assert made(still, cut, tiny, store) == (cut, cut.crop)


def test_a_calm_pan_is_left_alone_and_a_shaky_one_stays_a_pan(
    filmed: Callable[[Places], Footage], tiny: Placement, store: Store
) -> None:
    panned = filmed(pan())
    cut = cut_of(panned)
    assert made(panned, cut, tiny, store)[0] == cut
    shaken = filmed(pan() + hand(3.0))
    _, window = made(shaken, cut_of(shaken), tiny, store)
    assert isinstance(window, Steadied)
    seen = (pan() + hand(3.0))[:60] - corners(window)
    meant = pan()[:60]
    assert seen[-1, 0] - seen[0, 0] == pytest.approx(meant[-1, 0] - meant[0, 0], rel=0.1)
    assert np.abs((seen - seen.mean(axis=0)) - (meant - meant.mean(axis=0))).max() < 6
    assert trembling(seen) < trembling((pan() + hand(3.0))[:60]) / 4


def test_without_room_a_cut_is_left_alone(shaky: Footage, tiny: Placement, store: Store) -> None:
    large = replace(tiny, width=540, height=960)  # enlarged 1.5 times as it is
    cut = cut_of(shaky)
    assert made(shaky, cut, large, store)[0] == cut
    # Nor is it read once more for nothing.
    gone = {shaky.name: replace(shaky, path=Path("/nowhere/take.mp4"))}
    unread = Store(store.folder / "another")
    edit = edit_of(shaky, cut)
    assert steadied_edit(edit, gone, large, unread) == edit
    # Between bars nothing is cut off at the sides; there is room across and none down.
    wide = cut_of(shaky, crop=Crop(300, 300, (CropKey(0, 30, 100),)))
    _, window = made(shaky, wide, large, store)
    assert window.growth == 1


def test_frames_that_agree_on_nothing_tell_nothing(make_clip: MakeClip, store: Store) -> None:
    noise = probe(
        make_clip(
            "noise.mkv", "-f", "lavfi", "-i",
            "nullsrc=s=360x640:r=30:d=0.5,geq=lum='random(1)*255':cb=128:cr=128", "-c:v", "ffv1",
        )
    )  # fmt: skip
    assert sway(noise, Fraction(0), Fraction(1, 2), store) is None
    assert sway(noise, Fraction(0), Fraction(1, 2), store) is None  # from the store, too
    edit, cuts = windowed(
        edit_of(noise, cut_of(noise, 10, steady=Steady(1.02))), {noise.name: noise}, store
    )
    assert cuts[0].steady is None
    assert cuts[0].crop == Crop(W, H, (CropKey(0, 0, 0),))
    assert "could not be steadied" in edit.warnings[0]


def test_a_sway_is_found_once(shaky: Footage, store: Store) -> None:
    first = sway(shaky, Fraction(0), Fraction(2), store)
    gone = replace(shaky, path=Path("/nowhere/take.mp4"))
    again = sway(gone, Fraction(0), Fraction(2), store)
    assert first is not None and again is not None
    assert first.times == again.times
    assert (first.places == again.places).all()
    truth = hand()[: len(first.times)]
    # Neighbouring frames add up, and so do their small errors; shake is what counts.
    assert trembling(first.places - truth) < 0.25


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=30, max_size=30),
    st.sampled_from(CROPS),
    st.integers(0, 20),
    st.sampled_from([1.0, 1.01, 1.03, 1.05]),
)
def test_no_window_leaves_the_picture(
    places: list[tuple[float, float]], crop: Crop, hold: int, closer: float
) -> None:
    footage = Footage(
        Path("t.mp4"), "", W, H, Fraction(2), RATE, 0, "h264", "yuv420p", None, 0, None, None  # type: ignore[arg-type]
    )  # fmt: skip
    known = Sway(tuple(n / RATE for n in range(30)), np.array(places))
    cut = cut_of(footage, 25 + hold, crop=crop, hold=hold, steady=Steady(closer))
    window = steady_window(cut, known, footage, RATE)
    assert window is None or inside(window, 25)


def test_it_is_written_read_told_and_taken_out(
    shaky: Footage, tiny: Placement, store: Store, tmp_path: Path
) -> None:
    sources = {shaky.name: shaky}
    edit = steadied_edit(edit_of(shaky, cut_of(shaky)), sources, tiny, store)
    steady = edit.cuts[0].steady
    assert steady is not None
    assert steady.most_px > 4
    write_edit(edit, tmp_path / "edit.json")
    assert read_edit(tmp_path / "edit.json") == edit
    check_edit(edit, sources, "edit.json")
    words = (
        f"the window moved by up to {steady.most_px:g} px against the camera's shake, "
        f"{100 * (steady.closer - 1):.0f} % larger to make room"
    )
    assert told(edit.cuts[0]).steady == words
    plain = as_filmed(edit)
    assert plain.cuts == (cut_of(shaky),)
    # A person may move the in-point and need not know of any of this.
    moved = replace(edit, cuts=(replace(edit.cuts[0], start=Fraction(1, 5), frames=50),))
    _, (cut,) = windowed(moved, sources, store)
    assert trembling(hand()[6:56] - corners(cut.crop, 50)) < trembling(hand()[6:56]) / 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steady": Steady(1.2)}, "steady.closer"),
        ({"steady": Steady(0.9)}, "steady.closer"),
        ({"steady": Steady(), "frames": MOST_FRAMES + 1}, "too long to be steadied"),
    ],
)
def test_an_edit_may_not_ask_for_more(shaky: Footage, changes: dict[str, Any], said: str) -> None:
    cut = replace(cut_of(shaky), **changes)
    long = replace(shaky, duration=Fraction(60))
    with pytest.raises(ListingError, match="cannot be made") as caught:
        check_edit(edit_of(long, cut), {shaky.name: long}, "e.json")
    assert said in caught.value.problems[0].message


def test_a_longest_cut_fits_into_a_command(shaky: Footage, tiny: Placement, tmp_path: Path) -> None:
    """One word of a command may be 128 KiB long on Linux, and a sum in ffmpeg 95 terms."""
    rng = np.random.default_rng(1)
    moves = tuple((float(x), float(y)) for x, y in rng.uniform(-9, 9, (MOST_FRAMES, 2)).round(2))
    window = Steadied(324, 576, (CropKey(0, 0, 0), CropKey(449, 30, 50)), closer=1.05, moves=moves)
    window = replace(window, path=(CropKey(0, 10, 10), CropKey(449, 20, 40)))
    command = piece_of(shaky, tiny, frames=MOST_FRAMES, crop=window).command(tmp_path / "o.mp4")
    assert max(map(len, command)) < 120_000
    short = piece_of(shaky, tiny, frames=110, crop=replace(window, moves=moves[:110]))
    run(short.command(tmp_path / "o.mp4"), deadline_s=60)


def test_the_same_bytes_again(
    shaky: Footage, tiny: Placement, store: Store, tmp_path: Path
) -> None:
    _, window = made(shaky, cut_of(shaky, 20), tiny, store)
    files = []
    for name in ("a.mp4", "b.mp4"):
        piece = piece_of(shaky, tiny, frames=20, crop=window)
        run(piece.command(tmp_path / name), deadline_s=60)
        files.append((piece.key, (tmp_path / name).read_bytes()))
    assert files[0] == files[1]
    assert piece_of(shaky, tiny, frames=20).key != files[0][0]


@pytest.mark.parametrize("crop", [CROPS[0], CROPS[2]], ids=["resting", "travelling"])
def test_moviepy_shows_what_ffmpeg_does(
    shaky: Footage, tiny: Placement, tiny_presets: Path, store: Store, tmp_path: Path, crop: Crop
) -> None:
    cut, window = made(shaky, cut_of(shaky, crop=crop), tiny, store)
    assert isinstance(window, Steadied)
    out = tmp_path / "out.mp4"
    run(piece_of(shaky, replace(tiny, crf=10), frames=60, crop=window).command(out), deadline_s=60)
    rendered = planes(out, "rgb24").astype(float)
    edit = edit_of(shaky, cut)
    clip = edit.to_moviepy(presets=tiny_presets, store=store)
    plain = as_filmed(edit).to_moviepy(presets=tiny_presets, store=store)
    for frame in (0, 7, 31, 59):
        apart = np.abs(clip.get_frame(frame / 30) - rendered[frame]).mean()
        other = np.abs(plain.get_frame(frame / 30) - rendered[frame]).mean()
        assert apart < 4, frame
        assert other > 2 * apart, frame


@pytest.mark.parametrize("start", [Fraction(0), Fraction(3, 2), Fraction(91, 60)])
def test_frames_are_counted_as_ffmpeg_counts_them(
    make_clip: MakeClip, tiny: Placement, tiny_presets: Path, tmp_path: Path, start: Fraction
) -> None:
    """Every second frame of 60 a second lies half way between two of 30."""
    take = probe(
        make_clip("sixty.mp4", *numbered(2.5, "60", f"{W}x{H}"), "-c:v", "libx264", "-g", "30")
    )
    out = tmp_path / "out.mp4"
    run(piece_of(take, tiny, start=start, frames=12).command(out), deadline_s=60)
    edit = edit_of(take, replace(cut_of(take, 12), start=start))
    clip = edit.to_moviepy(presets=tiny_presets)
    shown = [clip.get_frame(n / 30)[..., 0] for n in range(12)]
    digits = [
        [p[240, int((d + 0.5) * 270 / 9)] > 125 for d in range(9)] for p in shown
    ]  # fmt: skip
    assert [sum(1 << d for d, on in enumerate(row) if on) for row in digits] == numbers(out)


def test_a_render_lists_it_and_as_filmed_takes_it_out(
    short_listing: Callable[..., Path],
    knowing_cache: Path,
    run_cli: Callable[..., Any],
    tmp_path: Path,
) -> None:
    listing, edit = short_listing(), tmp_path / "e.json"
    done = run_cli("plan", listing, "-o", edit, "--as-filmed", "--cache", knowing_cache)
    assert done.code == 0, done.err
    read = read_edit(edit)
    assert all(cut.steady is None for cut in read.cuts)
    hero = next(cut for cut in read.cuts if cut.slot == "hero")
    write_edit(replace(read, cuts=(replace(hero, steady=Steady(1.05)),), as_filmed=False), edit)
    for arguments in ((), ("--as-filmed",)):
        out = tmp_path / f"out{len(arguments)}"
        done = run_cli("render", edit, "-o", out, "--cache", knowing_cache, *arguments)
        assert done.code == 0, done.err
        (clip,) = json.loads((out / "manifest.json").read_text())["clips"]
        assert len(clip["corrections"]) == (0 if arguments else 1)
        assert all(cut["steady"] is None for cut in clip["edit"]["cuts"]) is bool(arguments)
        report = next(out.glob("*.report.html")).read_text()
        assert ("against the camera&#39;s shake" in report) is not bool(arguments)
        if not arguments:
            assert clip["corrections"][0]["steady"].startswith("the window moved by up to ")
            assert clip["edit"]["cuts"][0]["steady"]["most_px"] > 0
