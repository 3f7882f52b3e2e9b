"""An edit as editing programs read it: every cut where it was, to the frame, in each format."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest
from conftest import MakeClip, Outcome
from footage_tables import footage
from hypothesis import given, settings
from made_edits import made_edits
from numbered import numbered, numbers

from video_pipeline.edit.edl import as_edl, reel_names
from video_pipeline.edit.fcpxml import as_fcpxml
from video_pipeline.edit.file import write_edit
from video_pipeline.edit.model import Candidate, Cut, Edit, OverlayUse, SourceRef
from video_pipeline.edit.opentimeline import as_otio
from video_pipeline.edit.timeline import counting_rate, pictures
from video_pipeline.errors import UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.pipeline import Settings, export_edit
from video_pipeline.presets.placements import load_placement
from video_pipeline.rendering.pieces import Piece, encode
from video_pipeline.store import Store

Run = Callable[..., Outcome]
Made = tuple[Edit, dict[str, Footage]]

CROP = Crop(90, 160, (CropKey(0, 0, 0),))
WHOLE = Crop(1080, 1920, (CropKey(0, 0, 0),))


def cut(source: str, start: Fraction | int, frames: int = 30, **more: Any) -> Cut:
    usual: dict[str, Any] = {"crop": CROP, "overlays": (), "shows": "whole", "why": "best of 3"}
    return Cut("hero", source, Fraction(start), frames, **{**usual, **more})


def edit_of(sources: dict[str, Footage], *cuts: Cut, rate: Fraction = Fraction(30)) -> Edit:
    refs = {name: SourceRef(str(source.path), source.digest) for name, source in sources.items()}
    return Edit("bag", "l.yaml", "showcase", "tiktok", 1080, 1920, rate, refs, cuts)


# Real footage of every rate


@pytest.fixture(scope="module")
def takes(make_clip: MakeClip) -> dict[str, Footage]:
    """Two seconds each at the rates that phones and cameras have, and one at no steady rate."""
    lossless = ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast")
    rates = {"film": "24000/1001", "pal": "25", "ntsc": "30000/1001", "phone": "30"}
    paths = {name: make_clip(f"{name}.mp4", *numbered(2, rate), *lossless)
             for name, rate in rates.items()}  # fmt: skip
    uneven = numbered(2, extra="select='not(between(n,20,34))*not(eq(mod(n,7),3))'")
    paths["uneven"] = make_clip("uneven.mp4", *uneven, "-fps_mode", "vfr", *lossless)
    return {name: probe(path) for name, path in paths.items()}


STEADY = {
    "film": (Fraction(24000, 1001), "1001/24000s", "23.98"),
    "pal": (Fraction(25), "1/25s", "25"),
    "ntsc": (Fraction(30000, 1001), "1001/30000s", "29.97"),
    "phone": (Fraction(30), "1/30s", None),
}


def test_otio_counts_the_frames_that_the_file_has(takes: dict[str, Footage]) -> None:
    edit = edit_of(takes, *(cut(name, 11 / rate) for name, (rate, _, _) in STEADY.items()))
    timeline = as_otio(edit, takes)
    for clip, (name, (rate, _, _)) in zip(timeline.tracks[0], STEADY.items(), strict=True):
        first = clip.source_range.start_time
        assert (first.value, first.rate) == (11, float(rate)), name
        # The picture with that number is the eleventh of the file.
        assert numbers(takes[name].path)[int(first.value)] == 11
        assert clip.duration() == otio.opentime.RationalTime(30, 30)
        whole = clip.media_reference.available_range
        assert whole.start_time.value == 0
        assert whole.duration.value == len(numbers(takes[name].path))


@pytest.mark.parametrize("name", STEADY)
def test_the_held_picture_is_the_one_that_rendering_holds(
    takes: dict[str, Footage], name: str, tiny_presets: Path, store: Store
) -> None:
    rate, _, _ = STEADY[name]
    held = cut(name, 11 / rate, 40, hold=20)
    piece = Piece(held, takes[name], (), load_placement("tiny", tiny_presets))
    (made,) = encode([piece], store)
    rendered = numbers(made.path)[-1]
    timeline = as_otio(edit_of(takes, held), takes)
    assert timeline.tracks[0][1].source_range.start_time.value == rendered
    points = list(ET.fromstring(as_fcpxml(edit_of(takes, held), takes)).iter("timept"))
    assert int(_time(points[0].get("value")) * rate) == rendered


def test_uneven_footage_is_counted_at_the_edits_rate(takes: dict[str, Footage]) -> None:
    assert counting_rate(takes["uneven"], Fraction(30)) == 30
    edit = edit_of(takes, cut("uneven", Fraction(700, 600)))
    timeline = as_otio(edit, takes)
    start = timeline.tracks[0][0].source_range.start_time
    assert (start.value, start.rate) == (35, 30)


@pytest.mark.parametrize(
    ("measured", "meant"),
    [(Fraction(17970, 599), 30), (Fraction(29975, 1000), Fraction(30000, 1001)), (15, 15),
     (Fraction(239760, 1000), 240), (Fraction(2997, 131), 25)],
)  # fmt: skip
def test_a_rate_is_taken_as_it_is_meant(measured: Fraction, meant: Fraction) -> None:
    source = replace(footage(), rate=Fraction(measured))
    assert counting_rate(source, Fraction(25)) == meant


def test_fcpxml_states_each_files_rate_and_plays_none_faster(takes: dict[str, Footage]) -> None:
    edit = edit_of(takes, *(cut(name, 11 / rate) for name, (rate, _, _) in STEADY.items()))
    root = ET.fromstring(as_fcpxml(edit, takes))
    formats = {f.get("id"): f for f in root.iter("format")}
    assets = {a.get("id"): a for a in root.iter("asset")}
    for clip, (name, (rate, frame, named)) in zip(
        root.iter("asset-clip"), STEADY.items(), strict=True
    ):
        asset = assets[clip.get("ref")]
        assert asset.find("media-rep").get("src") == takes[name].path.as_uri()
        form = formats[asset.get("format")]
        assert (form.get("frameDuration"), form.get("width"), form.get("height")) == (
            frame, "90", "160",
        )  # fmt: skip
        assert Fraction(clip.get("start")[:-1]) == 11 / rate
        conform = clip.find("conform-rate")
        if named is None:
            assert conform is None
        else:
            assert (conform.get("srcFrameRate"), conform.get("scaleEnabled")) == (named, "0")


# What holds for every edit


@settings(max_examples=40, deadline=None)
@given(made_edits())
def test_otio_has_every_cut_to_the_frame(made: Made) -> None:
    edit, sources = made
    timeline = as_otio(edit, sources)
    assert round(timeline.duration().value_rescaled_to(float(edit.rate))) == edit.frames
    track = timeline.tracks[0]
    for clip, told in zip(track, pictures(edit), strict=True):
        own = edit.cuts[told.cut - 1]
        note = clip.metadata["video_pipeline"]
        assert (note["slot"], Fraction(note["start"])) == (own.slot, own.start)
        shown = clip.source_range
        off = Fraction(shown.start_time.value) / counting_rate(sources[own.source], edit.rate)
        assert abs(off - told.start) <= 1 / counting_rate(sources[own.source], edit.rate) / 2
        at = clip.range_in_parent().start_time.value_rescaled_to(float(edit.rate))
        assert round(at) == told.at
        assert bool(clip.effects) == told.held
    if len(timeline.tracks) > 1:
        assert timeline.tracks[1].duration().value <= edit.frames
        assert edit.keep_sound


# What may stand in what, and in which order, from Apple's Document Type Definition (read in 1.10).
_ORDER = ("note", "conform-rate", "timeMap", "adjust-conform", "asset-clip", "marker")


@settings(max_examples=40, deadline=None)
@given(made_edits())
def test_fcpxml_has_every_cut_exactly(made: Made) -> None:
    edit, sources = made
    root = ET.fromstring(as_fcpxml(edit, sources))
    known = {e.get("id") for e in root.iter() if e.get("id")}
    sequence = next(root.iter("sequence"))
    form = next(f for f in root.iter("format") if f.get("id") == sequence.get("format"))
    assert (form.get("width"), form.get("height")) == ("1080", "1920")
    frame = _time(form.get("frameDuration"))
    assert frame == 1 / edit.rate
    end = Fraction(0)
    for clip, told in zip(sequence.find("spine"), pictures(edit), strict=True):
        assert clip.get("ref") in known and clip.get("format") in known
        assert _time(clip.get("offset")) == end == told.at * frame
        assert _time(clip.get("start")) == told.start
        assert _time(clip.get("duration")) == told.frames * frame
        end += told.frames * frame
        order = [_ORDER.index(part.tag) for part in clip]
        assert order == sorted(order)
        frozen = clip.find("timeMap")
        assert (frozen is not None) == told.held
        if frozen is not None:
            begins, ends = (_time(point.get("time")) for point in frozen)
            assert (begins, ends) == (told.start, told.start + told.frames * frame)
            (shown,) = {_time(point.get("value")) for point in frozen}
            half = 1 / counting_rate(sources[told.source], edit.rate) / 2
            assert abs(shown - told.start) <= half
        for marker in clip.findall("marker"):
            assert 0 <= _time(marker.get("start")) - told.start < told.frames * frame
    assert _time(sequence.get("duration")) == end == edit.frames * frame


def _time(text: str | None) -> Fraction:
    assert text and text.endswith("s")
    return Fraction(text[:-1])


@settings(max_examples=40, deadline=None)
@given(made_edits())
def test_another_reader_finds_every_cut_in_the_edl(made: Made) -> None:
    edit, sources = made
    rate = round(edit.rate)  # without dropped frames, 29.97 is counted as 30 is
    timeline = otio.adapters.read_from_string(as_edl(edit, sources), "cmx_3600", rate=rate)
    (track,) = [t for t in timeline.tracks if t.kind == "Video"]
    reels = reel_names(sources)
    assert len({*reels.values()}) == len(sources)
    for clip, told in zip(track, pictures(edit), strict=True):
        assert clip.source_range.start_time.value == round(told.start * edit.rate)
        assert clip.duration().value == told.frames
        assert clip.range_in_parent().start_time.value == told.at
        reel = clip.metadata["cmx_3600"]["reel"]
        assert reel == reels[told.source] and 0 < len(reel) <= 8
        assert clip.name == sources[told.source].name
        # A single frame lasts as long held as it does played, and the reader sees no difference.
        still = told.held and told.frames > 1
        assert [effect.time_scalar for effect in clip.effects] == ([0] if still else [])


# What is said, and what is not


def test_words_and_runners_up_stand_as_markers(takes: dict[str, Footage]) -> None:
    label = OverlayUse("label", {"text": "Ha<r>dware\n& more"}, 10, 30)
    other = Candidate("pal", Fraction(125, 100), 0.61, "fit 0.70")
    shot = cut("phone", 1, overlays=(label,), runners_up=(other,))
    edit = edit_of(takes, shot)
    said = ["label: Ha<r>dware & more", "runners-up: pal at 0:01.25 (0.61, fit 0.70)"]
    timeline = as_otio(edit, takes)
    (clip,) = timeline.tracks[0]
    assert [marker.name for marker in clip.markers] == said
    assert [m.marked_range.start_time.value for m in clip.markers] == [40, 59]
    root = ET.fromstring(as_fcpxml(edit, takes))
    assert [(m.get("value"), m.get("start")) for m in root.iter("marker")] == [
        (said[0], "4/3s"), (said[1], "59/30s"),
    ]  # fmt: skip
    edl = as_edl(edit, takes)
    assert f"* 00:00:00:10 {said[0]}\n" in edl
    assert said[1] in edl


def test_two_overlays_at_once_share_a_marker(takes: dict[str, Footage]) -> None:
    hook = OverlayUse("hook", {"line": "One owner"}, 0, 30)
    label = OverlayUse("label", {"text": "Front"}, 0, 20)
    timeline = as_otio(edit_of(takes, cut("phone", 0, overlays=(hook, label))), takes)
    (clip,) = timeline.tracks[0]
    (marker,) = clip.markers
    assert marker.name == "hook: One owner | label: Front"
    assert marker.marked_range.duration.value == 30


def test_the_words_of_a_badge_are_in_no_marker(takes: dict[str, Footage]) -> None:
    said = {"lines": ["Examined by Atelier"], "claim": "ab" * 32, "certificate_id": "AT-1"}
    use = OverlayUse("certification-badge", said, 0, 30)
    edit = edit_of(takes, cut("phone", 0, overlays=(use,)))
    timeline = as_otio(edit, takes)
    (clip,) = timeline.tracks[0]
    names = [marker.name for marker in clip.markers]
    for text in (*names, as_fcpxml(edit, takes), as_edl(edit, takes)):
        assert "from a certificate that it has verified" in text
        assert "AT-1" not in text
        assert "Atelier" not in text


def test_sound_runs_on_under_a_held_frame() -> None:
    sources = {"a": replace(footage("a.mp4", 10), audio_stream=1)}
    edit = edit_of(sources, cut("a", 2, 60, hold=30, crop=WHOLE))
    timeline = as_otio(edit, sources)
    picture, still = timeline.tracks[0]
    (sound,) = timeline.tracks[1]
    assert sound.duration().value == 60
    assert isinstance(still.effects[0], otio.schema.FreezeFrame)
    # Held is the last frame that plays.
    assert still.source_range.start_time.value == picture.source_range.start_time.value + 29
    live, held = ET.fromstring(as_fcpxml(edit, sources)).find(".//spine")
    below = live.find("asset-clip")
    assert (live.get("srcEnable"), held.get("srcEnable")) == ("video", "video")
    assert (below.get("srcEnable"), below.get("lane")) == ("audio", "-1")
    assert (below.get("offset"), below.get("start"), below.get("duration")) == ("2s", "2s", "2s")


@pytest.mark.parametrize("kept", [True, False])
def test_sound_is_there_when_it_is_kept(kept: bool) -> None:
    sources = {"a": replace(footage("a.mp4", 10), audio_stream=1), "b": footage("b.mp4", 10)}
    edit = replace(edit_of(sources, cut("b", 1), cut("a", 2), cut("b", 3)), keep_sound=kept)
    timeline = as_otio(edit, sources)
    (clip,) = [c for c in ET.fromstring(as_fcpxml(edit, sources)).iter("asset-clip")
               if c.get("ref") == "footage-1"]  # fmt: skip
    assert clip.get("srcEnable") == ("all" if kept else "video")
    assert ("AA/V" in as_edl(edit, sources)) == kept
    assert len(timeline.tracks) == 1 + kept
    if kept:
        gap, sound = timeline.tracks[1]
        assert (gap.duration().value, sound.duration().value) == (30, 30)


def test_sound_ends_with_its_file() -> None:
    sources = {"a": replace(footage("a.mp4", 3), audio_stream=1)}
    edit = edit_of(sources, cut("a", 2, 60, hold=40))
    timeline = as_otio(edit, sources)
    (sound,) = timeline.tracks[1]
    assert sound.duration().value == 30


def test_wide_shots_keep_their_bars() -> None:
    sources = {"a": footage("a.mp4", 10, 1920, 1080)}
    wide = Crop(1920, 1080, (CropKey(0, 0, 0),))
    filled = Crop(608, 1080, (CropKey(0, 600, 0),))
    edit = edit_of(sources, cut("a", 0, crop=wide), cut("a", 2, crop=filled))
    conform = [
        e.get("type") for e in ET.fromstring(as_fcpxml(edit, sources)).iter("adjust-conform")
    ]
    assert conform == ["fit", "fill"]


def test_reels_that_would_be_alike_are_told_apart() -> None:
    names = ("IMG_20260412_101500.mp4", "IMG_20260412_101633.mp4", "手袋.mp4", "包.mp4")
    reels = reel_names({name: footage(name) for name in names})
    assert list(reels.values()) == ["IMG20260", "IMG20262", "FOOTAGE", "FOOTAGE2"]


# The door


@pytest.fixture
def edit_file(takes: dict[str, Footage], tmp_path: Path) -> Path:
    label = OverlayUse("label", {"text": "Front"}, 0, 30)
    between = cut("pal", Fraction(1, 25), hold=10, overlays=(label,))
    used = {name: takes[name] for name in ("phone", "pal")}
    path = tmp_path / "edit.json"
    write_edit(edit_of(used, cut("phone", 1), between), path)
    return path


def test_export_writes_what_the_ending_asks_for(run_cli: Run, edit_file: Path) -> None:
    out = edit_file.with_name("bag.otio")
    done = run_cli("export", edit_file, "-o", out, "--json")
    assert done.code == 0, done.out + done.err
    assert done.json["timeline"] == str(out)
    assert done.json["cuts"] == 2
    assert "markers" in done.json["lost"][0]
    assert (
        done.json["lost"][-1] == "it has no picture size: set the timeline to 1080 x 1920 yourself"
    )
    timeline = otio.adapters.read_from_file(str(out))
    assert [len(track) for track in timeline.tracks] == [3]
    for clip in timeline.find_clips():
        url = clip.media_reference.target_url
        assert Path(otio.url_utils.filepath_from_url(url)).is_file()
    again = run_cli("export", edit_file, "-o", out)
    assert again.code == 2 and "--force" in again.err
    done = run_cli("export", edit_file, "-o", out.with_suffix(".EDL"))
    assert done.code == 0
    for lost in ("8 characters: PHONE (phone), PAL (pal)", "1 of 2 in-points moved", "speed 0"):
        assert lost in done.out
    assert out.with_suffix(".EDL").read_text("utf-8").startswith("TITLE: bag tiktok\n")


def exported(edit_file: Path, name: str) -> None:
    export_edit(edit_file, edit_file.with_name(name), Settings(Store(edit_file.parent / "cache")))


def test_fcpxml_and_edl_need_no_extra(edit_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    exported(edit_file, "bag.fcpxml")
    exported(edit_file, "bag.edl")
    with pytest.raises(UsageError) as error:
        exported(edit_file, "bag.otio")
    assert "pip install 'video-pipeline[timeline]'" in error.value.mend
    assert not edit_file.with_name("bag.otio").exists()


def test_other_endings_and_other_files_are_refused(edit_file: Path) -> None:
    with pytest.raises(UsageError, match="no format of an editing program") as error:
        exported(edit_file, "bag.aaf")
    assert error.value.mend == "end it with .otio, .fcpxml or .edl"
    listing = edit_file.with_name("listing.json")
    listing.write_text('{"sku": "A"}')
    with pytest.raises(UsageError, match="not an edit"):
        exported(listing, "bag.edl")
