"""Coverage: nothing is called shown that nobody knows, and what is missing comes with advice."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from conftest import SAMPLE, Outcome
from footage_tables import table
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit.coverage import (
    Coverage,
    Row,
    check_required,
    cover,
    coverage_as_json,
    require,
)
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import window_around
from video_pipeline.errors import FootageError, ListingError, UsageError
from video_pipeline.listing.clock import clock_of, seconds_of
from video_pipeline.listing.model import Category, Flaw, ListingFile
from video_pipeline.pipeline import Settings, render, write_plan
from video_pipeline.presets.coverage import category_names, load_advice, load_expectations
from video_pipeline.progress import Step
from video_pipeline.store import Store

Run = Callable[..., Outcome]
GOLDEN = Path(__file__).parent / "golden" / "coverage.json"
ADVICE = load_advice()
EXPECTED = {name: load_expectations(name) for name in category_names()}

METAL = {"hardware": 0.9, "stitching": 0.0}
SEAMS = {"hardware": 0.0, "stitching": 0.9}
# Each fault of footage, and moments that have it.
FAULTY: dict[str, dict[str, Any]] = {
    "too dark": {"exposure": 0.1, "luma": 0.1},
    "too bright": {"exposure": 0.1, "luma": 0.9},
    "out of focus": {"sharpness": 0.1},
    "the camera moves too fast": {"motion": 1.5},
    "the camera shakes": {"shake": 1.0},
    "hardware is too small, too far or not in the picture": {"hardware": 0.1},
}


def stated(notes: list[dict[str, Any]] | None = None, **item: Any) -> ListingFile:
    """A listing with these notes, about an item with these changes."""
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
    page["condition"]["notes"] = notes or []
    page["item"] |= item
    return ListingFile(**page, path=Path("/nowhere/listing.yaml"))


def covered(listing: ListingFile, *analyses: Analysis) -> Coverage:
    expected = EXPECTED[listing.item.category]
    return cover(listing, {a.footage.name: a for a in analyses}, expected, ADVICE)


def row_of(coverage: Coverage, view: str) -> Row:
    (row,) = [row for row in coverage.rows if row.view == view]
    return row


# What the presets hold


def test_every_category_of_the_listing_has_its_views() -> None:
    assert set(category_names()) == set(get_args(Category))
    for expected in EXPECTED.values():
        assert "flaws" in expected.requirable
        assert {v.key for v in expected.views} >= {"whole", "serial", "accessories", "certificate"}


def test_no_advice_shows_a_whole_number() -> None:
    """Whoever makes copies would be helped: wherever a number is spoken of, it is covered."""
    spoken = 0
    for name, expected in EXPECTED.items():
        for view in expected.views:
            if re.search(r"serial|number|code", f"{view.name} {view.film}".lower()):
                assert "cover" in view.film.lower(), f"{name}: {view.key}"
                spoken += 1
            if view.key == "serial":
                assert "covered" in view.name
                assert view.known_by == "nobody"
    assert spoken > len(category_names())


def test_the_detector_s_word_is_taken_where_it_was_measured() -> None:
    told = {
        name
        for name, expected in EXPECTED.items()
        if {"hardware", "stitching"} & {view.known_by for view in expected.views}
    }
    assert told == {"bag", "wallet", "belt"}
    zips = {v.known_by for e in EXPECTED.values() for v in e.views if v.key == "zip"}
    assert zips == {"nobody"}


def own_views(tmp_path: Path, old: str, new: str) -> Path:
    page = (SAMPLE.parent.parent / "presets/coverage/bag.yaml").read_text(encoding="utf-8")
    assert old in page
    (tmp_path / "coverage").mkdir()
    (tmp_path / "coverage" / "bag.yaml").write_text(page.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_an_own_list_of_views_goes_first(tmp_path: Path) -> None:
    own = own_views(tmp_path, "name: Base", "name: Its feet")
    assert "Its feet" in [view.name for view in load_expectations("bag", own).views]
    assert load_expectations("watch", own) == EXPECTED["watch"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("known_by: hardware", "known_by: hardwear", "hardware"),
        ("known_by: hardware", "known_by: hardware\n    look_at: whole", "only with"),
        ("known_by: flaws", "known_by: nobody", "flaws are always due"),
        ("view: base", "view: back", "views of different keys"),
        ("  source: the shortest", "  because: the shortest", "source"),
    ],
)
def test_wrong_views_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ListingError) as caught:
        load_expectations("bag", own_views(tmp_path, old, new))
    told = " ".join(f"{p.where} {p.message} {p.mend}" for p in caught.value.problems)
    assert message in told


# Faults and advice


@pytest.mark.parametrize("fault", FAULTY)
def test_each_fault_is_answered_by_advice(fault: str) -> None:
    coverage = covered(stated(), table((3, {**METAL, **FAULTY[fault]})))
    row = row_of(coverage, "hardware")
    assert row.state == "missing"
    assert row.nearest is not None
    assert fault in row.why
    assert row.nearest.told in row.why
    assert row.advice == ADVICE.against([fault])
    assert row.advice


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        (
            "the footage cuts to something else",
            lambda t, values: {**values, "cut": t.denominator == 1 and t > 0},
        ),
        ("the light changes", lambda t, values: {**values, "luma": 0.4 + 0.2 * (int(10 * t) % 2)}),
    ],
)
def test_faults_of_change_are_answered_too(fault: str, change: Any) -> None:
    row = row_of(covered(stated(), table((4, METAL), change=change)), "hardware")
    assert (row.state, row.advice) == ("missing", ADVICE.against([fault]))
    assert fault in row.why
    assert row.advice


def test_no_advice_answers_a_fault_that_there_is_not() -> None:
    known = [*FAULTY, "the footage cuts to something else", "the light changes"]
    assert not [words for words, _ in ADVICE.faults if not any(words in k for k in known)]
    assert set(ADVICE.not_filmable) <= set(get_args(Flaw))
    assert ADVICE.against(["a fault of tomorrow"]) == ""


def test_of_many_faults_two_are_answered() -> None:
    told = ADVICE.against(["out of focus", "too dark", "the camera shakes"])
    assert told == f"{ADVICE.against(['out of focus'])} {ADVICE.against(['too dark'])}"


# Who may say that something is shown


moments = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from([0.0, 0.3, 0.6, 1.0])
        for name in ("hardware", "stitching", "whole", "sharpness", "exposure", "motion", "shake")
    },
)


@settings(max_examples=60, deadline=None)
@given(
    segments=st.lists(
        st.tuples(st.sampled_from([0.4, 1.0, 1.5, 3.0]), moments), min_size=1, max_size=4
    ),
    category=st.sampled_from(sorted(get_args(Category))),
    times=st.lists(st.sampled_from([None, 0.0, 0.3]), max_size=3),
)
def test_what_nobody_knows_is_never_called_shown(
    segments: list[tuple[float, dict[str, Any]]], category: str, times: list[float | None]
) -> None:
    notes = [
        {"part": "corner", "flaw": "scuff", **({} if t is None else {"seen": {"time": t}})}
        for t in times
    ]
    analysis = table(*segments)
    coverage = covered(stated(notes, category=category), analysis)
    known_by = {v.key: v.known_by for v in EXPECTED[category].views}
    reel = Reel(analysis.footage.name, analysis)
    for row in coverage.rows:
        match known_by[row.view]:
            case "nobody" | "includes":
                assert row.state == "not checked"
            case "hardware" | "stitching":
                assert (row.state == "shown") == bool(row.where)
            case "flaws":
                assert row.state in ("shown", "missing")
        if row.state == "missing":
            assert row.why
        if row.state == "shown" and known_by[row.view] == "flaws":
            assert not window_around(reel, "flaw", row.where[0].best, Fraction(6, 5)).faults
        for stretch in (*row.where, *((row.nearest,) if row.nearest else ())):
            assert 0 <= stretch.start < stretch.end <= analysis.footage.duration
            assert stretch.start <= stretch.best <= stretch.end
            assert 0 <= stretch.score <= 1
    flaws = [row for row in coverage.rows if row.view == "flaws"]
    assert len(flaws) == len(notes)
    for row, t in zip(flaws, times, strict=True):
        assert t is not None or row.state == "missing"


def test_stretches_that_touch_are_one_and_the_best_comes_first() -> None:
    plain = {"hardware": 0.0}
    coverage = covered(
        stated(), table((3, {"hardware": 0.6}), (2, plain), (4, METAL), name="a.mp4"),
        table((2, plain), name="b.mp4"),
    )  # fmt: skip
    row = row_of(coverage, "hardware")
    assert [s.source for s in row.where] == ["a.mp4", "a.mp4"]
    for stretch, (start, end) in zip(row.where, ((5, 9), (0, 3)), strict=True):
        assert start <= stretch.start <= start + 0.6  # half a window may be left off at an end
        assert end - 0.6 <= stretch.end <= end
    assert row.score == row.where[0].score > row.where[1].score
    assert (row.why, row.advice) == ("", "")


def test_a_person_is_told_where_to_look() -> None:
    coverage = covered(stated(), table((3, {"whole": 0.9}), (3, METAL)))
    for view in ("whole", "front", "back", "sides"):
        row = row_of(coverage, view)
        assert (row.state, row.score) == ("not checked", None)
        assert [s.start for s in row.where] == [0]
        assert row.where[0].end <= 3.4  # a fifth of a window may show something else
    assert row_of(coverage, "zip").where[0].start >= 2.6
    assert row_of(coverage, "base").where == ()
    nothing = covered(stated(), table((3, {})))
    assert "no stretch seems to show metal close" in row_of(nothing, "zip").why


def test_footage_that_is_too_short_says_so() -> None:
    row = row_of(covered(stated(), table((0.8, METAL))), "hardware")
    assert (row.state, row.nearest) == ("missing", None)
    assert "lasts 1.2 s" in row.why
    assert row.advice


# Flaws and certificates: the listing points


def flaw(**changes: Any) -> dict[str, Any]:
    return {"part": "corner", "flaw": "scuff", **changes}


def test_a_flaw_is_shown_where_the_listing_points_at_clean_footage() -> None:
    footage = table((4, {}), (4, {"sharpness": 0.1}), name="a.mp4"), table((4, {}), name="b.mp4")
    notes = [
        flaw(seen={"file": "a.mp4", "time": 2}),
        flaw(seen={"file": "a.mp4", "time": 6}),
        flaw(seen={"file": "b.mp4"}),
        flaw(),
        flaw(seen={"box": [0.1, 0.1, 0.4, 0.4]}),
        flaw(flaw="odour", seen={"file": "b.mp4", "time": 1}),
        flaw(flaw="none", part="zip"),
    ]
    rows = [row for row in covered(stated(notes), *footage).rows if row.view == "flaws"]
    assert [row.state for row in rows] == [
        "shown", "missing", "shown", "missing", "missing", "not checked",
    ]  # fmt: skip
    assert rows[0].where[0].best == 2
    assert rows[1].nearest is not None
    assert rows[1].nearest.told in rows[1].why
    assert rows[1].advice == ADVICE.against(["out of focus"])
    assert rows[2].where[0].source == "b.mp4"
    for row in rows[3:5]:
        assert "does not say when" in row.why
        assert "seen:" in row.advice
    assert "no camera sees this" in rows[5].why


def test_a_brief_clean_view_counts_and_says_so() -> None:
    soft = {"sharpness": 0.1}
    footage = table((2, soft), (0.6, {}), (2, soft))
    (row,) = [r for r in covered(stated([flaw(seen={"time": 2.3})]), footage).rows
              if r.view == "flaws"]  # fmt: skip
    assert row.state == "shown"
    assert re.search(r"longer: its clean view lasts 0\.[56] s", row.advice)


def test_an_edit_may_use_less_footage_than_its_listing_names() -> None:
    listing = stated([flaw(seen={"file": "gone.mp4", "time": 1})])
    (row,) = [r for r in covered(listing, table((3, {}))).rows if r.view == "flaws"]
    assert row.state == "missing"
    assert "is not used here" in row.why


def test_a_certificate_is_shown_where_the_listing_points() -> None:
    listing = stated()
    footage = table((4, {}))
    assert row_of(covered(listing, footage), "certificate").state == "missing"
    page = listing.model_dump()
    page["certificates"] = ({"file": "certificate.jwt", "seen": {"time": 1}},)
    row = row_of(covered(ListingFile(**page), footage), "certificate")
    assert (row.state, row.name) == ("shown", "Certificate: certificate.jwt")
    page["certificates"] = ()
    row = row_of(covered(ListingFile(**page), footage), "certificate")
    assert (row.state, row.why) == ("missing", "the listing names no certificate")


# Requiring


def test_only_what_can_be_known_can_be_required() -> None:
    expected = EXPECTED["bag"]
    check_required(("hardware", "flaws"), expected)
    with pytest.raises(UsageError, match="'zip' cannot be required: nothing here can tell"):
        check_required(("hardware", "zip"), expected)
    with pytest.raises(UsageError, match="'hardwear' is not among the views of a bag") as caught:
        check_required(("hardwear",), expected)
    assert "did you mean 'hardware'?" in caught.value.mend
    with pytest.raises(UsageError, match="nothing here can tell"):
        check_required(("hardware",), EXPECTED["shoes"])


def test_what_is_required_and_missing_is_told_with_its_advice() -> None:
    blurred = table((3, {**METAL, "sharpness": 0.1}))
    coverage = covered(stated([flaw(flaw="odour")]), blurred)
    require(coverage, ())
    require(coverage, ("flaws",))  # an odour cannot be filmed, and is said all the same
    with pytest.raises(FootageError) as caught:
        require(coverage, ("hardware", "stitching", "flaws"))
    assert caught.value.exit_code == 3
    assert "hardware, stitching" in caught.value.message
    hardware, stitching = caught.value.problems
    assert re.fullmatch(r"nearest at 0:0\d\.\d–0:0\d\.\d of take\.mp4: out of focus",
                        hardware.message)  # fmt: skip
    assert hardware.mend == ADVICE.against(["out of focus"])
    assert stitching.where == "Stitching, close"


@pytest.fixture
def unfilmed(short_listing: Callable[..., Path]) -> Path:
    """A listing with a flaw that it does not point at."""
    stain = {"part": "pocket", "flaw": "stain", "words": "Nobody filmed [it]"}
    condition = {"scale": "house", "grade": "good", "notes": [stain]}
    return short_listing("unfilmed.yaml", condition=condition)


def test_coverage_is_told_to_programs_and_people(
    run_cli: Run, short_listing: Callable[..., Path], unfilmed: Path
) -> None:
    told = run_cli("coverage", short_listing(), "--require", "stitching,flaws", "--json")
    assert told.code == 0, told.err
    assert set(told.json) == {"coverage", "unmet"}
    assert told.json["unmet"] == []
    assert set(told.json["coverage"]) == {"category", "views"}
    for row in told.json["coverage"]["views"]:
        assert set(row) == {
            "view", "name", "must", "state", "score", "where", "nearest", "why", "advice",
        }  # fmt: skip
        for stretch in row["where"]:
            assert set(stretch) == {"source", "from", "to", "best", "score"}
    people = run_cli("coverage", unfilmed, "--require", "flaws,stitching")
    assert people.code == 3, people.err
    assert "required and missing  Pocket: light stain. Nobody filmed [it]" in people.out
    for word in ("Shown", "Missing", "Not checked", "seen: {time: 12.4}", "Zip and puller"):
        assert word in people.out


def test_require_fails_before_anything_is_made(
    run_cli: Run, unfilmed: Path, tiny_presets: Path, shared_cache: Path, tmp_path: Path
) -> None:
    out, plan = tmp_path / "out", tmp_path / "edit.json"
    failed = run_cli(
        *("render", unfilmed, "-o", out, "--presets", tiny_presets, "--placement", "tiny"),
        *("--require", "flaws", "--json"),
    )
    assert failed.code == 3, failed.out + failed.err
    assert failed.json["error"]["kind"] == "footage"
    assert "does not say when the footage shows it" in failed.json["error"]["message"]
    assert "seen:" in failed.json["error"]["mend"]
    assert "encoding" not in failed.err
    where = Settings(Store(shared_cache), tiny_presets)
    with pytest.raises(FootageError, match="required: flaws"):
        write_plan(unfilmed, plan, "tiny", where, required=["flaws"])

    def looked(step: Step) -> None:
        pytest.fail(f"no footage needs to be looked at: {step}")

    with pytest.raises(UsageError, match="'zip' cannot be required"):
        write_plan(unfilmed, plan, "tiny", where, required=["zip"], listener=looked)
    with pytest.raises(UsageError, match="'zip' cannot be required"):
        render(unfilmed, out, where, placements=["tiny"], required=["zip"], listener=looked)
    assert not out.exists()
    assert not plan.exists()


# The shipped sample


def test_the_sample_s_coverage(
    run_cli: Run, small_take: Path, write_listing: Callable[..., Path]
) -> None:
    """Golden. When the detector changes, look at the difference and write it anew with
    `COVERAGE_GOLDEN=write`."""
    certificate = [{"file": str(SAMPLE / "certificate.jwt")}]
    outcome = run_cli("coverage", write_listing([small_take], certificates=certificate), "--json")
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out.replace(f"{SAMPLE}/", ""))["coverage"]
    if os.environ.get("COVERAGE_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    wanted = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for got, want in zip(found["views"], wanted["views"], strict=True):
        words = ("view", "name", "must", "state", "why", "advice")
        assert {w: got[w] for w in words} == {w: want[w] for w in words}
        for ours, theirs in zip(got["where"], want["where"], strict=True):
            # Another processor adds up a little differently, and a window begins a look later.
            assert ours["source"] == theirs["source"]
            assert ours["score"] == pytest.approx(theirs["score"], abs=0.05)
            for end in ("from", "to"):
                assert ours[end] == pytest.approx(theirs[end], abs=0.35)


def test_the_json_is_plain(tmp_path: Path) -> None:
    told = coverage_as_json(covered(stated(), table((3, METAL))))
    assert json.loads(json.dumps(told)) == told
    hardware = next(row for row in told["views"] if row["view"] == "hardware")
    assert hardware["where"][0]["from"] == 0
    assert 2.4 <= hardware["where"][0]["to"] <= 3


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [("0", "0:00.0"), ("12.44", "0:12.4"), ("59.96", "1:00.0"), ("3723.5", "1:02:03.5")],
)
def test_clock_times_are_read_as_they_are_written(seconds: str, clock: str) -> None:
    assert clock_of(Fraction(seconds)) == clock
    assert abs(seconds_of(clock) - Fraction(seconds)) <= Fraction(1, 20)
