"""The output folder: complete or untouched, and everything in it is what it says."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLE, MakeClip
from numbered import clip_of, edit_of, number_of, numbered, numbers, piece_of
from PIL import Image

from video_pipeline import graph
from video_pipeline.delivery import taking
from video_pipeline.delivery.contact_sheet import Entry, write_sheet
from video_pipeline.delivery.folder import Clip, write_clip_stills
from video_pipeline.delivery.manifest import ClipRecord, write_manifest
from video_pipeline.delivery.preview import LoopFile, decoded_once, write_kept_loop
from video_pipeline.delivery.publishing import KEY_FRAMES, MANIFEST, check_target, published
from video_pipeline.delivery.stills import SHEET, write_keyframes
from video_pipeline.edit.coverage import Coverage, Row
from video_pipeline.edit.keyframes import KeyFrame
from video_pipeline.edit.preview import Loop, Part
from video_pipeline.errors import FootageError, RenderError, UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box, Crop, CropKey, Veil, VeilStep
from video_pipeline.presets.placements import load_placement
from video_pipeline.presets.previews import Preview, load_preview
from video_pipeline.rendering.layers import DrawnOverlays
from video_pipeline.rendering.pieces import encode
from video_pipeline.rendering.playing import play_pieces
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_version, run, tell_of_children
from video_pipeline.trust.claims import Claim, Refusal

SERIAL = "OR-2219-0417"


def fill(folder: Path, sku: str = "bag-1", text: str = "clip") -> None:
    """A result as far as publishing is concerned: files and the manifest that lists them."""
    (folder / "keyframes").mkdir()
    (folder / "clip.mp4").write_text(text)
    (folder / "keyframes" / "a.jpg").write_text("a")
    (folder / MANIFEST).write_text(
        json.dumps({"sku": sku, "files": {"clip.mp4": "", "keyframes/a.jpg": ""}})
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with published(out, "bag-1") as folder:
        assert not out.exists()
        assert folder.parent == out.parent
        fill(folder)
    assert set(tree(out)) == {"clip.mp4", "keyframes/a.jpg", MANIFEST}
    assert [p.name for p in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("failure", [ValueError("x"), KeyboardInterrupt(), RenderError("x")])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_failure_leaves_everything_as_it_was(
    tmp_path: Path, failure: BaseException, earlier: bool
) -> None:
    out = tmp_path / "out"
    if earlier:
        with published(out, "bag-1") as folder:
            fill(folder)
    before = tree(tmp_path)
    with pytest.raises(type(failure)), published(out, "bag-1") as folder:
        fill(folder, text="new")
        raise failure
    assert tree(tmp_path) == before
    assert [p.name for p in tmp_path.iterdir()] == (["out"] if earlier else [])


def test_an_earlier_result_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with published(out, "bag-1") as folder:
        fill(folder)
        (folder / "old-extra.jpg").write_text("x")
        listed = json.loads((folder / MANIFEST).read_text())
        listed["files"]["old-extra.jpg"] = ""
        (folder / MANIFEST).write_text(json.dumps(listed))
    with published(out, "bag-1") as folder:
        fill(folder, text="new")
    assert (out / "clip.mp4").read_text() == "new"
    assert not (out / "old-extra.jpg").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_is_not_ours_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with published(out, "bag-1") as folder:
        fill(folder)
    (out / "holiday.jpg").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=r"holiday\.jpg") as caught, published(out, "bag-1"):
        pytest.fail("the block must not run")
    assert caught.value.exit_code == 2
    assert caught.value.mend
    assert tree(tmp_path) == before


def test_another_item_s_result_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with published(out, "bag-1") as folder:
        fill(folder)
    with pytest.raises(UsageError, match="something else"):
        check_target(out, "bag-2")
    check_target(out, "bag-1")


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", "null", '{"sku": "bag-1"}', '{"sku": "bag-1", "files": 3}', '{"files": {}}'],
)
def test_a_strange_manifest_makes_nothing_ours(tmp_path: Path, manifest: str) -> None:
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(UsageError):
        check_target(tmp_path, "bag-1")


def test_an_empty_folder_or_none_is_free(tmp_path: Path) -> None:
    check_target(tmp_path / "none", "bag-1")
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    check_target(tmp_path / "empty", "bag-1")
    with published(tmp_path / "empty", "bag-1") as folder:
        fill(folder)
    assert (tmp_path / "empty" / "clip.mp4").exists()


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "out"
    link.symlink_to("disk/clips")
    for text in ("first", "second"):  # the folder it names is made, then replaced
        with published(link, "bag-1") as folder:
            assert folder.parent == tmp_path / "disk"
            fill(folder, text=text)
        assert link.is_symlink()
        assert (tmp_path / "disk" / "clips" / "clip.mp4").read_text() == text
    assert [p.name for p in (tmp_path / "disk").iterdir()] == ["clips"]


def test_a_folder_of_key_frames_is_of_no_item(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with published(out, None) as folder:
        (folder / "a.jpg").touch()
        (folder / MANIFEST).write_text(json.dumps({"kind": KEY_FRAMES, "files": {"a.jpg": ""}}))
    check_target(out, None)
    for sku in (KEY_FRAMES, "bag-1"):
        with pytest.raises(UsageError, match="something else"):
            check_target(out, sku)
    with published(tmp_path / "item", "bag-1") as folder:
        fill(folder)
    with pytest.raises(UsageError, match="something else"):
        check_target(tmp_path / "item", None)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV])
def test_a_folder_that_cannot_be_renamed_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    out = tmp_path / "out"
    out.mkdir()

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UsageError, match="held in its place") as caught, published(out, "bag-1"):
        pytest.fail("the block must not run")
    assert "folder inside it" in caught.value.mend
    assert str(out) in caught.value.mend
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_mount_point_is_refused() -> None:
    with pytest.raises(UsageError, match="held in its place"):
        check_target(Path("/proc" if Path("/proc").is_mount() else "/"), "bag-1")


def test_a_link_in_the_folder_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        check_target(tmp_path / "out", "bag-1")


def test_a_target_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with (
        pytest.raises(UsageError, match="a file, not a folder"),
        published(tmp_path / "out", "bag-1"),
    ):
        pytest.fail("the block must not run")
    with (
        pytest.raises((UsageError, RenderError)) as caught,
        published(tmp_path / "out" / "x", "bag-1"),
    ):
        pytest.fail("the block must not run")
    assert caught.value.mend
    assert (tmp_path / "out").read_text() == "mine"


def dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_leftovers_of_killed_runs_are_swept(tmp_path: Path) -> None:
    gone, alive = dead_process(), os.getppid()
    for name in (f".out.partial-{gone}", f".out.partial-{alive}", f".other.partial-{gone}"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half.mp4").write_text("half")
    with published(tmp_path / "out", "bag-1") as folder:
        fill(folder)
    assert {p.name for p in tmp_path.iterdir()} == {
        "out",
        f".out.partial-{alive}",
        f".other.partial-{gone}",
    }


def test_a_run_killed_between_two_renames_loses_nothing(tmp_path: Path) -> None:
    with published(tmp_path / "out", "bag-1") as folder:
        fill(folder)
    (tmp_path / "out").rename(tmp_path / f".out.old-{dead_process()}")
    with pytest.raises(ValueError, match="stop"), published(tmp_path / "out", "bag-1"):
        raise ValueError("stop")
    assert (tmp_path / "out" / "clip.mp4").read_text() == "clip"


def test_a_leftover_of_our_own_number_is_no_obstacle(tmp_path: Path) -> None:
    """Process numbers come round again: a dead run may have had ours."""
    (tmp_path / f".out.partial-{os.getpid()}").mkdir()
    (tmp_path / f".out.partial-{os.getpid()}" / "half.mp4").write_text("half")
    with published(tmp_path / "out", "bag-1") as folder:
        fill(folder)
    assert set(tree(tmp_path / "out")) == {"clip.mp4", "keyframes/a.jpg", MANIFEST}


# --- what stands in the folder -------------------------------------------------------------------


@pytest.fixture(scope="module")
def take(make_clip: MakeClip) -> Footage:
    return probe(
        make_clip(
            "delivery.mp4",
            *numbered(4, size="180x320"),
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-qp",
            "8",
        )
    )


@pytest.fixture(scope="module")
def clip(take: Footage, tiny_presets: Path, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("delivery")
    place = load_placement("tiny", tiny_presets)
    pieces = [
        piece_of(take, place, start=0, frames=30, slot="hook"),
        piece_of(take, place, start=1, frames=40, slot="hero"),
        piece_of(take, place, start=2, frames=50, slot="hardware"),
    ]
    footage = {take.name: take}
    store = Store(folder / "cache")
    file = clip_of(pieces, footage, store, folder / "bag-1.tiny.mp4")
    encoded = tuple(encode(pieces, store))
    played = play_pieces(encoded, place.rate, store)
    overlays = DrawnOverlays(((), (), ()), {"02-hero-title": "ab" * 32}, ())
    return Clip(edit_of(pieces, footage), place, file, encoded, played, overlays, ("a warning",))


@pytest.fixture(scope="module")
def stills(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stills")
    pictures = write_clip_stills(clip, sheet=folder / "sheet.jpg")
    for number, picture in enumerate(pictures):
        (folder / f"small-{number}.jpg").write_bytes(picture)
    return folder


def test_the_report_s_pictures_are_the_middles_of_the_cuts(clip: Clip, stills: Path) -> None:
    first = 0
    shown = numbers(clip.file)
    for number, cut in enumerate(clip.edit.cuts):
        with Image.open(stills / f"small-{number}.jpg") as picture:
            assert picture.height == 360
            told = number_of(np.asarray(picture.convert("L")))
        assert told == shown[first + cut.frames // 2]
        first += cut.frames
    assert not (stills / f"small-{len(clip.edit.cuts)}.jpg").exists()


def test_the_sheet_shows_three_frames_of_every_cut(clip: Clip, stills: Path) -> None:
    with Image.open(stills / "sheet.jpg") as sheet:
        # Nine pictures of 270x480 in rows of six, a gap of 16 around each, 34 for the caption.
        assert sheet.size == (16 + 6 * (270 + 16), 16 + 2 * (480 + 34 + 16))
        pixels = np.asarray(sheet.convert("L")).astype(int)
    shown = numbers(clip.file)
    first = pixels[16 : 16 + 480, 16 : 16 + 270]
    assert number_of(first) == shown[4]
    for column in range(6):
        caption = pixels[16 + 480 + 4 : 16 + 480 + 32, 16 + column * 286 : 16 + column * 286 + 270]
        assert (caption < 100).sum() > 60, "a caption is drawn below each picture"
    assert (pixels[16 + 530 :, 16 + 4 * 286 :] < 200).sum() == 0, "the last row is not full"


def test_long_captions_are_cut_to_their_picture(clip: Clip, tmp_path: Path) -> None:
    picture = np.full((200, 100, 3), 128, np.uint8)
    write_sheet(
        [Entry(picture, "word " * 60), Entry(picture, "«Ü ß …»")], tmp_path / "s.jpg", height=200
    )
    with Image.open(tmp_path / "s.jpg") as sheet:
        assert sheet.size == (16 + 2 * 116, 16 + 200 + 34 + 16)
        gap = np.asarray(sheet.convert("L"))[220:250, 117:131]
        assert (gap > 200).all()


def test_key_frames_are_the_footage_s_own_frames(take: Footage, tmp_path: Path) -> None:
    frames = [
        KeyFrame(source=take.name, t=Fraction(n, 30), shows=shows, score=0.5, box=None)
        for n, shows in ((17, "hardware"), (64, "hardware"), (119, "stitching"))
    ]
    stills = write_keyframes(frames, {take.name: take}, tmp_path / "keyframes")
    assert [s.file.name for s in stills] == [
        "hardware-01.jpg",
        "hardware-02.jpg",
        "stitching-01.jpg",
    ]
    for still, number in zip(stills, (17, 64, 119), strict=True):
        with Image.open(still.file) as picture:
            assert picture.size == (180, 320)
            assert number_of(np.asarray(picture)[..., 1]) == number
    assert (tmp_path / "keyframes" / SHEET).is_file()
    assert write_keyframes([], {}, tmp_path / "none") == ()


CLAIM = Claim(
    certificate_id="C-1", issuer="test", issuer_name="Test", result="authentic",
    issued=date(2026, 1, 1), expires=None, check_url=None, lines=("Authenticated",),
    wording="Test says so",
    file_digest="ef" * 32, key_id="k",
)  # fmt: skip


@pytest.mark.parametrize("listing_in", ["Private", str(SAMPLE)])
def test_the_manifest_lists_every_file_and_no_secret(
    clip: Clip, take: Footage, tmp_path: Path, listing_in: str
) -> None:
    # As planned into another folder, and as a script may make it.
    edit = replace(clip.edit, listing=f"../../{listing_in}/listing.yaml")

    def make(folder: Path) -> str:
        (folder / "keyframes").mkdir(parents=True)
        shutil.copyfile(clip.file, folder / "bag-1.tiny.mp4")
        (folder / "keyframes" / "a.jpg").write_bytes(b"a")
        write_manifest(
            folder,
            sku="bag-1",
            listing=SAMPLE / "listing.yaml",
            footage=[take],
            clips=[ClipRecord(edit, "bag-1.tiny.mp4", clip.overlays.digests, clip.warnings)],
            coverage=Coverage("bag", "a bag", (Row("zip", "Zip", "should", "not checked"),)),
            claims=[CLAIM],
            refusals=[Refusal("other.jwt", "it is for another item", "ask for a new one")],
        )
        return (folder / MANIFEST).read_text(encoding="utf-8")

    text = make(tmp_path / "a")
    assert make(tmp_path / "b") == text  # no time of day, no name of a folder
    assert SERIAL not in text
    assert SERIAL in (SAMPLE / "listing.yaml").read_text()
    for secret in (
        "Private",
        "..",
        str(tmp_path),
        str(take.path.parent),
        str(SAMPLE),
        str(Path.home()),
    ):
        assert secret not in text
    manifest = json.loads(text)
    assert manifest["files"] == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in tree(tmp_path / "a").items()
        if name != MANIFEST
    }
    assert manifest["inputs"]["footage"][0]["sha256"] == take.digest
    assert manifest["clips"][0]["edit"]["listing"] == "listing.yaml"
    (cuts,) = (c["edit"]["cuts"] for c in manifest["clips"])
    assert [c["start"] for c in cuts] == ["0", "1", "2"]
    assert manifest["clips"][0]["warnings"] == ["a warning"]
    assert [row["state"] for row in manifest["coverage"]["views"]] == ["not checked"]
    assert manifest["claims"][0]["certificate_id"] == "C-1"
    assert manifest["made_with"]["ffmpeg"]


def test_a_still_is_taken_once_and_another_file_gives_another(
    take: Footage, tmp_path: Path
) -> None:
    store = Store(tmp_path / "cache")
    first, again, other = (tmp_path / name for name in ("first.jpg", "again.jpg", "other.jpg"))
    shot = partial(graph.still, take, Fraction(1, 2))
    taking.take(shot, take, first, what="taking a still", store=store)
    (kept,) = (store.folder / "stills").iterdir()
    assert first.read_bytes() == kept.read_bytes()

    made = kept.stat().st_ino
    taking.take(shot, take, again, what="taking a still", store=store)
    assert again.read_bytes() == first.read_bytes()
    assert kept.stat().st_ino == made

    changed = replace(take, digest="0" * 64)  # other content under the same name
    taking.take(shot, changed, other, what="taking a still", store=store)
    assert other.read_bytes() == first.read_bytes()
    assert len(list((store.folder / "stills").iterdir())) == 2


@pytest.mark.parametrize("way", ["even", "uneven", "masked", "late sound"])
def test_stills_of_one_pass_are_those_taken_alone(
    take: Footage, make_clip: MakeClip, tmp_path: Path, way: str
) -> None:
    if way == "masked":
        step = VeilStep(Fraction(1), Fraction(2), Box(0.2, 0.3, 0.6, 0.5))
        veil = Veil("a number", (step,))
        take = replace(take, veils=(veil,))
    elif way != "even":
        uneven = ("-vf", "select='not(between(n,20,41))*not(eq(mod(n,7),3))'", "-fps_mode", "vfr")
        late = ("-output_ts_offset", "0.4")
        more = uneven if way == "uneven" else late
        take = probe(
            make_clip(
                f"{way}.mp4", *numbered(4, size="180x320"), *more, "-c:v", "libx264",
                "-preset", "ultrafast", "-qp", "8", "-g", "300",
            )
        )  # fmt: skip
    exact = [Fraction(n, 30) for n in (0, 1, 17, 43, 44, 100)]
    between = [Fraction(31, 100), Fraction(12345, 9999), Fraction(1007, 1000), Fraction(25, 10)]
    moments = sorted([*exact, *between])
    files = [(t, tmp_path / f"{n}.jpg") for n, t in enumerate(moments)]
    run(graph.stills(take, files), deadline_s=60)
    for t, file in files:
        run(graph.still(take, t, alone := tmp_path / "alone.jpg"), deadline_s=60)
        assert file.read_bytes() == alone.read_bytes(), float(t)


def test_many_stills_are_kept_in_few_passes(take: Footage, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    moments = [(take, Fraction(n, 10)) for n in (3, 1, 20, 1, 12)]
    ffmpeg_version()  # asked for once a run
    started: list[int] = []
    tell_of_children(lambda child, runs: started.append(child) if runs else None)
    try:
        taking.keep_stills(moments, store)
        assert len(started) == 1
        taking.keep_stills(moments, store)
        for footage, t in moments:
            shot = partial(graph.still, footage, t)
            taking.take(shot, footage, tmp_path / "a.jpg", what="taking a still", store=store)
        assert len(started) == 1
        assert len(list((store.folder / "stills").iterdir())) == 4

        # What is not there to be taken is left to whoever wants it, who is told.
        far = [(take, take.duration + n) for n in (5, 6)]
        taking.keep_stills([(take, Fraction(2, 10)), *far], store)
        assert len(list((store.folder / "stills").iterdir())) == 4
    finally:
        tell_of_children(None)


def test_moments_far_apart_are_opened_anew(take: Footage) -> None:
    near = [Fraction(n, 2) for n in range(40)]
    assert [len(group) for group in graph.in_one_pass(take, near)] == [16, 16, 8]
    apart = [Fraction(n) for n in (1, 3, 9, 10)]
    assert [len(group) for group in graph.in_one_pass(take, apart)] == [2, 2]
    assert list(graph.in_one_pass(replace(take, still=True), apart)) == [[t] for t in apart]
    assert list(graph.in_one_pass(take, [])) == []


def test_a_still_of_no_bytes_is_told(take: Footage, tmp_path: Path) -> None:
    """After its last picture ffmpeg writes nothing, and is content."""
    shot = partial(graph.still, take, take.duration + 5)
    with pytest.raises(FootageError, match="cannot be read"):
        taking.take(shot, take, tmp_path / "still.jpg", what="taking a still")


def test_the_kept_loop_of_another_budget_is_another(take: Footage, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    preview = load_preview()
    crop = Crop(take.width // 2 * 2, take.height // 2 * 2, (CropKey(0, 0, 0),))
    loop = Loop((Part(take.name, Fraction(0), 12, crop, "any", ""),), 6, preview.rate)
    roomy = preview.with_budgets({"webp": 2_000_000})
    one, two = tmp_path / "one.webp", tmp_path / "two.webp"
    began: list[int] = []

    def written(figures: Preview, out: Path) -> LoopFile:
        made_from = (loop, {take.name: take}, figures)
        with decoded_once(*made_from) as frames:

            def asked() -> graph.RawFrames:
                began.append(1)
                return frames()

            return write_kept_loop(*made_from, "webp", out, store=store, frames=asked)

    first = written(preview, one)
    written(roomy, two)
    assert len(began) == 2
    kept = {file for file in (store.folder / "stills").iterdir() if file.suffix == ".webp"}
    assert len(kept) == 2
    assert one.read_bytes() in {file.read_bytes() for file in kept}

    # It is there, and so is how it came about; what a disk has spoilt is made again.
    again = tmp_path / "again.webp"
    assert replace(written(preview, again), file=one) == first
    assert len(began) == 2
    made = one.read_bytes()
    for file in kept:
        file.write_bytes(made[:-1])
    store = Store(tmp_path / "cache")
    assert replace(written(preview, again), file=one) == first
    assert len(began) == 3
    assert again.read_bytes() == made
    assert one.read_bytes()[8:12] == b"WEBP"
