"""The way back: an edit as an editor cut it anew. OpenTimelineIO plays the editing program here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import opentimelineio as otio
import pytest
from conftest import MakeClip, Outcome
from footage_tables import footage
from hypothesis import given, settings
from made_edits import made_edits
from numbered import numbered

from video_pipeline.edit.file import read_edit, write_edit
from video_pipeline.edit.model import Cut, Edit, OverlayUse, SourceRef
from video_pipeline.edit.opentimeline import as_otio, laid_out
from video_pipeline.edit.recut import recut
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.pipeline import Settings, export_edit, render_edit, take_back, write_plan
from video_pipeline.store import Store

Run = Callable[..., Outcome]
RationalTime, TimeRange = otio.opentime.RationalTime, otio.opentime.TimeRange

GLIDE = Crop(608, 1080, (CropKey(0, 0, 0), CropKey(89, 400, 0)))
NOTE = OverlayUse("condition-note", {"part": "pocket", "words": "Dark mark"}, 0, 90)
LABEL = OverlayUse("label", {"text": "Hardware"}, 30, 60)
SOURCES = {
    "take": replace(footage("take.mp4", 60), rate=Fraction(30000, 1001), audio_stream=1),
    "other": replace(footage("other.mov", 60), rate=Fraction(25)),
}
# On a frame of the source, which no frame of the output coincides with.
START = 100 * Fraction(1001, 30000)
EDIT = Edit(
    "bag", "l.yaml", "showcase", "tiktok", 1080, 1920, Fraction(30),
    {name: SourceRef(str(source.path), "") for name, source in SOURCES.items()},
    (
        Cut("hero", "other", Fraction(7, 25), 60, GLIDE, (), "whole", "first"),
        Cut("hardware", "take", START, 90, GLIDE, (LABEL,), "hardware", "second"),
        Cut("flaw", "take", Fraction(20), 90, GLIDE, (NOTE,), "flaw", "third", hold=30),
    ),
    warnings=("said before",),
)  # fmt: skip


class Program:
    """An editing program: it opens an export, lets its track be changed, and saves."""

    def __init__(self, edit: Edit = EDIT, sources: dict[str, Footage] = SOURCES) -> None:
        self.edit, self.sources = edit, sources
        self.timeline = otio.core.deserialize_json_from_string(
            as_otio(edit, sources).to_json_string()
        )
        self.track = self.timeline.tracks[0]

    def trim(self, number: int, *, head: int = 0, tail: int = 0) -> None:
        """Take frames off a clip: `head` of its source, `tail` of the timeline; negative adds."""
        clip = self.track[number]
        shown = clip.source_range
        moved = RationalTime(head, shown.start_time.rate)
        length = shown.duration - moved - RationalTime(tail, 30)
        clip.source_range = TimeRange(shown.start_time + moved, length.rescaled_to(30))

    def saved(self, folder: Path) -> Path:
        path = folder / "cut.otio"
        otio.adapters.write_to_file(self.timeline, str(path))
        return path

    def back(self) -> Edit:
        with TemporaryDirectory() as folder:
            path = self.saved(Path(folder))
            clips = laid_out(path, self.edit, self.sources)
            return recut(self.edit, clips, self.sources, path.name)

    def refusal(self) -> str:
        with pytest.raises(ListingError) as error:
            self.back()
        return "\n".join(f"{p.where}: {p.message}; {p.mend}" for p in error.value.problems)


@settings(max_examples=60, deadline=None)
@given(made_edits())
def test_what_was_not_touched_comes_back_exactly(made: tuple[Edit, dict[str, Footage]]) -> None:
    edit, sources = made
    assert Program(edit, sources).back() == edit


def test_in_points_nearer_than_a_frame_come_back_as_they_were() -> None:
    apart = (START, START + Fraction(1, 1000))
    edit = replace(EDIT, cuts=tuple(replace(EDIT.cuts[1], start=start) for start in apart))
    assert Program(edit).back() == edit


def test_it_comes_back_from_a_program_that_keeps_no_notes() -> None:
    program = Program()
    for item in (program.timeline, *program.timeline.tracks, *program.timeline.find_clips()):
        item.metadata.clear()
    for clip in program.timeline.find_clips():
        clip.name = clip.media_reference.target_url
        clip.media_reference.metadata.clear()
        clip.markers.clear()
    assert program.back() == EDIT


def test_it_comes_back_from_another_machine() -> None:
    program = Program()
    for clip in program.timeline.find_clips():
        name = clip.media_reference.target_url.rsplit("/", 1)[1]
        clip.media_reference.target_url = f"D:\\Kunden\\Tasche\\{name}"
    assert program.back() == EDIT


def test_it_comes_back_at_the_sources_rate_and_time_code() -> None:
    program = Program()
    hour = RationalTime(3600 * 25, 25)
    for clip in program.track:
        reference = clip.media_reference
        if reference.target_url.endswith("other.mov"):
            shown, whole = clip.source_range, reference.available_range
            clip.source_range = TimeRange(
                shown.start_time + hour,
                RationalTime(round(shown.duration.rescaled_to(25).value), 25),
            )
            reference.available_range = TimeRange(whole.start_time + hour, whole.duration)
    assert program.back() == EDIT


def test_order_lengths_and_in_points_are_the_editors() -> None:
    program = Program()
    program.trim(0, head=5, tail=10)  # 5 of 25 a second are 6 of 30
    moved = program.track[1]
    del program.track[1]
    program.track.insert(0, moved)
    hardware, hero, flaw = program.back().cuts
    assert hardware == EDIT.cuts[1]
    assert (hero.slot, hero.start, hero.frames) == ("hero", Fraction(12, 25), 44)
    assert flaw == EDIT.cuts[2]


def test_a_cut_that_was_taken_out_is_gone() -> None:
    program = Program()
    del program.track[0]
    assert program.back().cuts == EDIT.cuts[1:]


def test_the_crop_stays_on_what_it_followed() -> None:
    program = Program()
    program.trim(0, head=5)
    later = program.back().cuts[0].crop
    assert later.path[0].frame == 0
    assert later.path[0].x == pytest.approx(GLIDE.at(6, 90)[0], abs=1)
    assert later.path[-1] == CropKey(83, 400, 0)
    program.trim(0, head=-7)
    earlier = program.back().cuts[0].crop
    assert earlier.path[0].frame == round(2 / 25 * 30) and earlier.path[0].x == 0


def test_a_hold_may_be_longer_shorter_or_gone() -> None:
    for change in (-15, 10):
        program = Program()
        program.trim(3, tail=change)
        flaw = program.back().cuts[2]
        assert (flaw.start, flaw.frames, flaw.hold) == (20, 90 - change, 30 - change)
        assert flaw.overlays == (replace(NOTE, last=90 - change),)
    program = Program()
    del program.track[3]
    assert program.back().cuts[2] == replace(
        EDIT.cuts[2], frames=60, hold=0, overlays=(replace(NOTE, last=60),)
    )


def test_a_still_of_another_moment_is_a_cut_of_its_own() -> None:
    program = Program()
    program.trim(2, tail=20)
    *_, live, still = program.back().cuts
    assert (live.frames, live.hold) == (40, 0)
    assert (still.frames, still.hold) == (30, 29)
    assert still.start == pytest.approx(20 + 59 / 30, abs=1 / 60)


def test_a_freeze_as_speed_0_is_a_hold() -> None:
    # The form in which programs without a freeze frame of their own say it.
    program = Program()
    program.track[3].effects[:] = [otio.schema.LinearTimeWarp(time_scalar=0)]
    assert program.back() == EDIT


def test_words_fit_the_new_length() -> None:
    program = Program()
    program.trim(1, head=20, tail=20)
    fresh = program.back()
    assert fresh.cuts[1].overlays == (replace(LABEL, first=10, last=40),)
    assert fresh.warnings == EDIT.warnings


def test_words_without_time_are_left_out_and_said() -> None:
    program = Program()
    program.trim(1, head=50)
    fresh = program.back()
    assert fresh.cuts[1].overlays == ()
    assert fresh.warnings == (
        *EDIT.warnings,
        "the cut 'hardware' at 0:02.00 is too short now for its 'label', which was left out",
    )


def test_a_cut_split_in_two_keeps_its_words_over_both() -> None:
    program = Program()
    half = program.track[2].clone()
    program.trim(2, tail=30)
    program.track.insert(3, half)
    program.trim(3, head=30)
    *_, first, second = program.back().cuts
    assert (first.start, first.frames) == (20, 30)
    assert (second.frames, second.hold) == (60, 30)
    assert first.overlays == (replace(NOTE, last=30),)
    assert second.overlays == (replace(NOTE, last=60),)


def test_the_panels_of_an_inspector_are_no_effects() -> None:
    # As DaVinci Resolve writes them: each panel of a clip, empty where nothing was changed.
    program = Program()
    for name in ("Transform", "Cropping"):
        said = {"Resolve_OTIO": {"Effect Name": name, "Enabled": True, "Parameters": []}}
        program.track[0].effects.append(
            otio.schema.Effect(effect_name="Resolve Effect", metadata=said)
        )
    program.track[1].effects.append(otio.schema.LinearTimeWarp(time_scalar=1))
    assert program.back() == EDIT


# What an edit cannot say


def test_footage_that_is_not_the_edits_is_refused() -> None:
    program = Program()
    program.track[1].media_reference.target_url = "file:///stock/sparkle.mov"
    program.track[1].name = "sparkle"
    told = program.refusal()
    assert "cut.otio: item 2 at 0:02.00: 'sparkle.mov' is not among the edit's footage" in told


def test_music_is_refused() -> None:
    program = Program()
    music = otio.schema.ExternalReference(target_url="file:///music/waltz.mp3")
    length = TimeRange(RationalTime(0, 30), RationalTime(90, 30))
    program.timeline.tracks[1].append(otio.schema.Clip("waltz", music, length))
    assert "'waltz.mp3' is not among the edit's footage" in program.refusal()


def test_a_part_that_no_cut_shows_is_refused() -> None:
    program = Program()
    program.trim(0, head=500, tail=-600)
    told = program.refusal()
    assert "clip 1 at 0:00.00: it shows other from 0:20.28 on" in told
    assert "export it again" in told


def add_transition(program: Program) -> None:
    half = RationalTime(5, 30)
    program.track.insert(1, otio.schema.Transition("", "SMPTE_Dissolve", half, half))


def add_gap(program: Program) -> None:
    program.track.insert(1, otio.schema.Gap(duration=RationalTime(12, 30)))


def add_track(program: Program) -> None:
    track = otio.schema.Track("V2", kind="Video")
    track.append(program.track[0].clone())
    program.timeline.tracks.insert(1, track)


def nest(program: Program) -> None:
    program.track.append(otio.schema.Stack("compound"))


def slow_down(program: Program) -> None:
    program.track[0].effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))


def zoom(program: Program) -> None:
    zoomed = {"Parameters": [{"Parameter ID": "transformationZoomX", "Parameter Value": 1.2}]}
    said = {"Resolve_OTIO": {"Effect Name": "Transform", **zoomed}}
    program.track[0].effects.append(otio.schema.Effect(name="Transform", metadata=said))


def blur(program: Program) -> None:
    program.track[0].effects.append(otio.schema.Effect(effect_name="Gaussian blur"))


def switch_off(program: Program) -> None:
    program.track[0].enabled = False


def lose_rate(program: Program) -> None:
    shown = program.track[0].source_range
    program.track[0].source_range = TimeRange(RationalTime(7, 0), shown.duration)


def show_nothing(program: Program) -> None:
    program.track[0].source_range = TimeRange(RationalTime(7, 25), RationalTime(float("nan"), 30))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lose_rate, "a clip that does not say which part of its footage it shows"),
        (show_nothing, "a clip that does not say which part of its footage it shows"),
        (add_transition, "item 2 at 0:02.00: a transition"),
        (add_gap, "item 2 at 0:02.00: a gap"),
        (add_track, "2 video tracks have something on them; put all clips on one track"),
        (nest, "something that is no clip (Stack)"),
        (slow_down, "an effect (LinearTimeWarp)"),
        (zoom, "an effect (Transform)"),
        (blur, "an effect (Gaussian blur)"),
        (switch_off, "a clip that is switched off"),
    ],
)
def test_what_an_edit_has_not_is_refused(change: Callable[[Program], None], said: str) -> None:
    program = Program()
    change(program)
    assert said in program.refusal()


def test_everything_wrong_is_told_at_once() -> None:
    program = Program()
    slow_down(program)
    add_gap(program)
    add_track(program)
    program.track[4].media_reference.target_url = "file:///stock/sparkle.mov"
    told = program.refusal()
    assert told.count("cut.otio") == 4
    # Its place counts what is wrong before it: 60 frames, the gap's 12, 90 and 60.
    assert "item 5 at 0:07.40: 'sparkle.mov'" in told


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1, 2]", "TITLE: an EDL", '{"OTIO_SCHEMA": "Clip.2"}', '{"OTIO_SCHEMA": "Foo.1"}',
     '{"OTIO_SCHEMA": "Timeline.99", "name": "x"}', "\x00"],
)  # fmt: skip
def test_what_is_no_timeline_is_said_plainly(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(text)
    with pytest.raises(ListingError, match=r"cut\.otio"):
        laid_out(path, EDIT, SOURCES)
    with pytest.raises(ListingError, match="no such file"):
        laid_out(tmp_path / "gone.otio", EDIT, SOURCES)


# The whole way, as a seller and a freelancer go it


def test_planned_exported_cut_anew_taken_back_and_rendered(
    short_listing: Callable[..., Path], tiny_presets: Path, shared_cache: Path, tmp_path: Path
) -> None:
    where = Settings(Store(shared_cache), tiny_presets)
    ((edit, plan),) = write_plan(short_listing(), tmp_path / "plan.json", "tiny", where)
    cut = export_edit(plan, tmp_path / "freelancer" / "bag.otio", where).file

    timeline = otio.adapters.read_from_file(str(cut))
    track = timeline.tracks[0]
    opening, others = track[0], list(track)[1:]
    shown = opening.source_range
    frame = RationalTime(1, shown.start_time.rate)
    opening.source_range = TimeRange(shown.start_time + frame, shown.duration - RationalTime(6, 30))
    del track[0]
    track.insert(1, opening)
    assert others[0] is track[0]
    otio.adapters.write_to_file(timeline, str(cut))

    fresh, target = take_back(plan, cut, tmp_path / "elsewhere" / "recut.json")
    first, second, *rest = edit.cuts
    assert fresh.cuts[0] == second and list(fresh.cuts[2:]) == rest
    assert fresh.cuts[1].start == first.start + Fraction(1, 30)
    assert fresh.cuts[1].frames == first.frames - 6
    assert read_edit(target) == fresh

    (clip,) = render_edit(target, tmp_path / "out", where)
    assert clip.duration_s == pytest.approx(float(fresh.frames / edit.rate), abs=0.001)
    for output, force in ((target, False), (plan, True)):
        with pytest.raises(UsageError, match=r"already|itself"):
            take_back(plan, cut, output, force=force)


def test_the_recut_command(run_cli: Run, make_clip: MakeClip, tmp_path: Path) -> None:
    take = probe(make_clip("take.mp4", *numbered(4)))
    crop = Crop(90, 160, (CropKey(0, 0, 0),))
    cuts = tuple(Cut("hero", "take", Fraction(t), 30, crop, (), "whole", "") for t in (0, 2))
    sources = {"take": SourceRef(str(take.path), take.digest)}
    edit = replace(EDIT, cuts=cuts, sources=sources)
    write_edit(edit, tmp_path / "edit.json")
    program = Program(edit, {"take": take})
    program.trim(0, tail=12)
    program.saved(tmp_path)
    done = run_cli("recut", "edit.json", "cut.otio", "--json", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert [cut["frames"] for cut in done.json["cuts"]] == [18, 30]
    assert json.loads((tmp_path / "cut.edit.json").read_text("utf-8")) == done.json
    add_gap(program)
    program.saved(tmp_path)
    done = run_cli("recut", "edit.json", "cut.otio", "--force", cwd=tmp_path)
    assert done.code == 2
    assert "cut.otio: item 2 at 0:00.60: a gap; an edit has no black; close it" in done.err


def test_a_listing_is_not_taken_for_an_edit(tmp_path: Path) -> None:
    (tmp_path / "listing.json").write_text('{"sku": "A"}')
    with pytest.raises(UsageError, match="not an edit"):
        take_back(tmp_path / "listing.json", tmp_path / "cut.otio", None)
