"""The command line as people and programs meet it: documents, words, exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import cv2
import jsonschema
import numpy as np
import pytest
import yaml
from conftest import SAMPLE, MakeClip, Outcome
from numpy.typing import NDArray

from video_pipeline.cli.commands import COMMANDS, Promised
from video_pipeline.pipeline import look_at_pictures
from video_pipeline.resources import shipped
from video_pipeline.store import CACHE_VARIABLE
from video_pipeline.vision.detector import Seen

Run = Callable[..., Outcome]

RENDER_KEYS = {"placement", "file", "duration_s", "bytes", "pieces", "claims", "warnings"}
ERROR_KEYS = {"kind", "message", "where", "mend"}


@pytest.fixture
def tiny(tiny_presets: Path) -> tuple[str, ...]:
    """The options that choose the tiny placement."""
    return ("--presets", str(tiny_presets), "--placement", "tiny")


def refused(outcome: Outcome, code: int, kind: str) -> dict[str, str]:
    """The error of a command that was run with --json, held against the contract."""
    assert outcome.code == code, outcome.out + outcome.err
    assert set(outcome.json) == {"error"}
    error: dict[str, str] = outcome.json["error"]
    assert set(error) == ERROR_KEYS
    assert all(isinstance(value, str) for value in error.values())
    assert error["kind"] == kind
    assert error["message"]
    return error


# Documents for programs


def test_keyframes_as_json(run_cli: Run, short_take: Path, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    show = "hardware,stitching,whole"
    outcome = run_cli(
        *("keyframes", short_take, "-o", out, "--show", show, "-n", "3", "--json"),
        *("--cache", tmp_path / "cache"),
    )
    assert outcome.code == 0, outcome.err
    assert f"looking {short_take.name}" in outcome.err  # progress is not part of the document
    assert set(outcome.json) == {"keyframes"}
    rows = outcome.json["keyframes"]
    for row in rows:
        assert set(row) == {"file", "source", "t", "shows", "score", "box"}
        assert Path(row["file"]).read_bytes()[:2] == b"\xff\xd8"
        assert Path(row["file"]).parent == out
        assert row["source"] == short_take.name
        assert 0 <= row["t"] < 12.1
        assert 0 < row["score"] <= 1
        if row["box"] is not None:
            x0, y0, x1, y1 = row["box"]
            assert 0 <= x0 < x1 <= 1
            assert 0 <= y0 < y1 <= 1
    words = [row["shows"] for row in rows]
    assert "stitching" in words
    assert words == sorted(words, key=show.split(",").index)
    for word in set(words):
        scores = [row["score"] for row in rows if row["shows"] == word]
        assert len(scores) <= 3
        assert scores == sorted(scores, reverse=True)
    assert (out / "contact-sheet.jpg").is_file()
    # A second run replaces the first; nothing of the first is left.
    again = run_cli("keyframes", short_take, "-o", out, "--show", "stitching", "-n", "1")
    assert again.code == 0, again.err
    assert re.search(r"stitching +0\.\d\d  short\.mp4 \d+\.\d\d s", again.out)
    assert {p.name for p in out.iterdir()} == {
        "stitching-01.jpg", "contact-sheet.jpg", "manifest.json",
    }  # fmt: skip


def test_shots(run_cli: Run, short_take: Path) -> None:
    outcome = run_cli("shots", short_take, "--json")
    assert outcome.code == 0, outcome.err
    rows = outcome.json["shots"]
    assert len(rows) >= 3
    for row in rows:
        assert Fraction(row["start"]) < Fraction(row["end"])
        assert Fraction(row["start"]) <= row["best"] <= Fraction(row["end"])
        assert set(row["shows"]) == {"whole", "hardware", "stitching"}
    assert {"hardware"} <= {row["label"] for row in rows}
    people = run_cli("shots", short_take)
    assert people.out.count("short.mp4") == len(rows)


def test_keyframes_spares_a_folder_of_somebody_else(
    run_cli: Run, short_take: Path, tmp_path: Path
) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    error = refused(run_cli("keyframes", short_take, "-o", tmp_path, "--json"), 2, "usage")
    assert "holiday.jpg" in error["message"]
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_render_as_json_and_again_for_people(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    listing, out = short_listing(), tmp_path / "out"
    required = ("--require", "stitching,flaws")
    outcome = run_cli("render", listing, "-o", out, *tiny, *required, "--json")
    assert outcome.code == 0, outcome.err
    assert set(outcome.json) == {"clips"}
    (clip,) = outcome.json["clips"]
    assert set(clip) == RENDER_KEYS
    assert set(clip["pieces"]) == {"total", "encoded"}
    assert clip["placement"] == "tiny"
    assert Path(clip["file"]) == out / "orsetta-cognac-pouch.tiny.mp4"
    assert Path(clip["file"]).stat().st_size == clip["bytes"]
    assert 6 <= clip["duration_s"] <= 30
    assert clip["claims"] == ["DEMO-2026-0417"]
    assert all(isinstance(warning, str) for warning in clip["warnings"])

    people = run_cli("render", listing, "-o", out, *tiny, "-v")
    assert people.code == 0, people.err
    assert f"{clip['duration_s']:.1f} s" in people.out
    assert f"0 of {clip['pieces']['total']} pieces encoded" in people.out
    for path in ("tiny.mp4", "tiny.cover.jpg", "tiny.sheet.jpg"):
        named = out / f"orsetta-cognac-pouch.{path}"
        assert str(named) in people.out
        assert named.is_file()
    for name in ("manifest.json", "orsetta-cognac-pouch.report.html"):
        assert str(out / name) in people.out
        assert (out / name).is_file()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    told = {row["view"]: row["state"] for row in manifest["coverage"]["views"]}
    assert (told["stitching"], told["zip"]) == ("shown", "not checked")
    assert "orsetta-cognac-pouch.report.html" in manifest["files"]
    assert "condition-note" in people.out  # -v tells each cut and why it was chosen
    assert "the listing points here" in people.out
    assert "encoding" not in people.out.replace("pieces encoded", "")
    assert "encoding" in people.err  # progress goes to standard error

    checked = run_cli("check", clip["file"], *tiny, "--json")
    assert (checked.code, checked.json["ok"], checked.json["findings"]) == (0, True, [])
    assert checked.json["ready"] == ["tiny"]
    # It is ours, so its words are known; what it shows is not.
    assert [what.split()[0:3] for what in checked.json["not_checked"]] == [
        ["whether", "the", "right"]
    ]
    assert "is ready for tiny" in run_cli("check", clip["file"], *tiny).out


def test_check_tells_each_rule(run_cli: Run, short_take: Path, tiny: tuple[str, ...]) -> None:
    outcome = run_cli("check", short_take, *tiny, "--json")
    assert outcome.code == 5
    assert set(outcome.json) == {"ok", "findings", "ready", "not_checked"}
    assert (outcome.json["ok"], outcome.json["ready"]) == (False, [])
    assert any("words" in what for what in outcome.json["not_checked"])
    for finding in outcome.json["findings"]:
        assert set(finding) == {"placement", "rule", "want", "got", "mend"}
        assert all(isinstance(value, str) and value for value in finding.values())
    rules = {finding["rule"]: finding for finding in outcome.json["findings"]}
    assert rules["size"]["want"] == "270x480"
    assert rules["size"]["got"] == "360x640"
    people = run_cli("check", short_take, *tiny)
    assert people.code == 5
    assert "size: wanted 270x480, got 360x640" in people.out
    assert "Film or export at 270 x 480." in people.out


def test_check_against_several_placements(
    run_cli: Run, short_take: Path, tiny_presets: Path
) -> None:
    own = ("--presets", tiny_presets)
    outcome = run_cli("check", short_take, "--placement", "tiny, reels", *own, "--json")
    assert outcome.code == 5
    assert {f["placement"] for f in outcome.json["findings"]} == {"tiny", "reels"}
    every = run_cli("check", short_take, "--placement", "all", *own, "--json")
    assert {f["placement"] for f in every.json["findings"]} >= {"tiny", "amazon", "whatsapp"}
    unknown = run_cli("check", "nowhere.mp4", "--placement", "tiny,tiktak", *own)
    assert unknown.code == 2
    assert "tiktok" in unknown.err


QUALITY = {
    "sharpness", "motion_blur", "luma", "exposure", "clipped_high", "clipped_low", "noise",
}  # fmt: skip


def test_detect(run_cli: Run, make_clip: MakeClip) -> None:
    picture = make_clip(
        "photo.jpg", "-ss", "5", "-i", str(SAMPLE / "take.mp4"), "-frames:v", "1",
        "-vf", "scale=540:960",
    )  # fmt: skip
    tiny = make_clip("tiny.png", "-f", "lavfi", "-i", "testsrc=s=40x12", "-frames:v", "1")
    outcome = run_cli("detect", picture, tiny, "--json")
    assert outcome.code == 0, outcome.err
    assert set(outcome.json) == {"pictures"}
    seen, too_small = outcome.json["pictures"]
    assert {k for k, v in too_small["quality"].items() if v is None} == {"motion_blur", "noise"}
    assert set(seen) == {"file", "hardware", "stitching", "quality", "explained"}
    assert seen["explained"] is None
    assert seen["file"] == str(picture)
    assert set(seen["quality"]) == QUALITY
    for what in ("hardware", "stitching"):
        assert set(seen[what]) == {"score", "around", "boxes", "parts"}
        assert [part["box"] for part in seen[what]["parts"]] == seen[what]["boxes"]
        for part in seen[what]["parts"]:
            assert set(part) == {"box", "score", "kind", "detail_px", "quality"}
            assert set(part["quality"]) == QUALITY
        assert 0 <= seen[what]["score"] <= 1
        assert all(len(box) == 4 for box in seen[what]["boxes"])
        if seen[what]["boxes"]:
            first, around = seen[what]["boxes"][0], seen[what]["around"]
            assert all(around[i] <= first[i] for i in (0, 1))
            assert all(first[i] <= around[i] for i in (2, 3))
        else:
            assert seen[what]["around"] is None
    people = run_cli("detect", picture)
    verdicts = re.search(r"hardware (\S+) (.*?)  stitching (\S+) (.*?)  sharp \d\.\d\d", people.out)
    assert verdicts
    for score, verdict in zip(verdicts.groups()[::2], verdicts.groups()[1::2], strict=True):
        assert verdict == ("shown" if float(score) >= 0.5 else "not shown")
    assert "from 0.50 on: a buyer could inspect it" in people.out


@pytest.mark.parametrize("name", ["learned", "classical"])
def test_detect_explains_what_it_saw(
    run_cli: Run, tmp_path: Path, make_clip: MakeClip, name: str
) -> None:
    picture = make_clip(
        "photo.jpg", "-ss", "5", "-i", str(SAMPLE / "take.mp4"), "-frames:v", "1",
        "-vf", "scale=540:960",
    )  # fmt: skip
    again = tmp_path / "other" / "photo.jpg"
    again.parent.mkdir()
    again.write_bytes(picture.read_bytes())
    folder = tmp_path / "why"
    outcome = run_cli("detect", picture, again, "--detector", name, "--explain", folder)
    assert outcome.code == 0, outcome.err
    files = [folder / "photo.explained.jpg", folder / "photo-2.explained.jpg"]
    assert sorted(folder.iterdir()) == sorted(files)
    assert all(f"explained  {file}" in outcome.out for file in files)
    page, plain = (cv2.imread(str(p)).astype(int) for p in (files[0], picture))
    height, width = plain.shape[:2]
    drawn, below = page[:height, :width], page[height:]
    redder = drawn[..., 2] - drawn[..., 1] - (plain[..., 2] - plain[..., 1])
    assert redder.max() > 60  # metal is tinted red
    for colour in ((40, 40, 255), (255, 120, 30)):  # each tint stands below, beside its meaning
        assert (np.abs(below - colour).max(axis=-1) < 24).sum() > 100
    assert (below.max(axis=-1) < 90).any()


def test_explanations_replace_nothing_unasked(run_cli: Run, tmp_path: Path) -> None:
    picture, text, why = tmp_path / "photo.png", tmp_path / "no picture.jpg", tmp_path / "why"
    cv2.imwrite(str(picture), np.full((48, 64, 3), 90, np.uint8))
    text.write_text("the bag is on the second shelf")
    explain = ("detect", picture, "--detector", "classical", "--json", "--explain")
    (told,) = run_cli(*explain, why).json["pictures"]
    assert told["explained"] == str(why / "photo.explained.jpg")
    (why / "photo.explained.jpg").write_text("mine")
    error = refused(run_cli(*explain, why), 2, "usage")
    assert error["where"] == str(why / "photo.explained.jpg")
    assert "--force" in error["mend"]
    # All or none: with one that fails, nothing is written and what was there stays.
    refused(run_cli(*explain, why, "--force", text), 3, "footage")
    assert [(p.name, p.read_text()) for p in why.iterdir()] == [("photo.explained.jpg", "mine")]
    assert run_cli(*explain, why, "--force").code == 0
    assert (why / "photo.explained.jpg").read_bytes()[:2] == b"\xff\xd8"
    refused(run_cli(*explain, picture), 2, "usage")
    nowhere = refused(run_cli(*explain, text / "deeper"), 5, "rendering")
    assert "--explain" in nowhere["mend"]


class Watching:
    """Counts the finished explanations in a folder each time that it is shown a picture."""

    name, version, legend = "watching", "1", ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.finished: list[int] = []

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        self.finished.append(sum(p.stat().st_size > 0 for p in self.folder.iterdir()))
        return Seen()

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return picture


def test_explanations_are_written_as_they_come_and_not_kept(tmp_path: Path) -> None:
    photos = [tmp_path / folder / "1.png" for folder in "abc"]
    for photo in photos:
        photo.parent.mkdir()
        cv2.imwrite(str(photo), np.full((48, 64, 3), 90, np.uint8))
    eye = Watching(tmp_path / "why")
    pictures = look_at_pictures(photos, eye, tmp_path / "why")
    assert eye.finished == [0, 1, 2]
    assert all(picture.photo.explained is None for picture in pictures)
    assert [p.explained.name for p in pictures if p.explained] == [
        "1.explained.jpg", "1-2.explained.jpg", "1-3.explained.jpg",
    ]  # fmt: skip


def test_inspect(run_cli: Run, short_take: Path) -> None:
    outcome = run_cli("inspect", short_take, "--json", alone=True)
    (found,) = outcome.json["footage"]
    assert (found["width"], found["height"], found["sound"]) == (360, 640, None)
    people = run_cli("inspect", short_take, alone=True)
    for word in ("short.mp4", "360 x 640", "12.0", "30.00", "none"):
        assert word in people.out
    assert len(max(people.out.splitlines(), key=len)) < 160


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "render",
        "plan",
        "coverage",
        "preview",
        "inspect",
        "shots",
        "keyframes",
        "check",
        "detect",
    ],
)
def test_every_command_fails_in_the_same_form(run_cli: Run, command: str) -> None:
    outcome = run_cli(command, "gone.mp4", "--json")
    wants_listing = command in ("render", "plan", "coverage", "preview")
    error = refused(outcome, *((2, "listing") if wants_listing else (3, "footage")))
    assert "gone.mp4" in error["where"] + error["message"]


# Words for people


def test_the_first_lines_of_help_are_those_of_the_commands() -> None:
    for name, (module, summary) in COMMANDS.items():
        command = Promised(name, module, summary).loaded()
        assert command.name == name
        assert " ".join((command.help or "").split("\n\n")[0].split()) == summary


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_has_an_example(run_cli: Run, command: str) -> None:
    loaded = Promised(command, *COMMANDS[command]).loaded()
    grouped = list(loaded.commands) if isinstance(loaded, click.Group) else []
    for words in ([command], *([command, name] for name in grouped)):
        outcome = run_cli(*words, "--help")
        assert outcome.code == 0
        assert f"Example: video-pipeline {' '.join(words)}" in outcome.out
        if words[1:] or not grouped:
            assert "--json" in outcome.out
        assert outcome.err == ""


def test_help_is_quick_because_it_loads_nothing_heavy(run_cli: Run) -> None:
    code = (
        "import sys; from video_pipeline.cli import main; main(['--help']); main(['rendr']);"
        "print([m for m in ('cv2', 'moviepy', 'av', 'numpy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    bare = run_cli()
    assert bare.code == 0
    for command in COMMANDS:
        assert re.search(rf"│ {command} ", bare.out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rendr"], "there is no command 'rendr'; did you mean 'render'?"),
        (["xyzzy"], "there is no command 'xyzzy'"),
        (["render", "x.yaml", "--placment", "a"], "'--placement'"),
        (["render"], "LISTING|EDIT"),
        (["keyframes", "a.mp4", "-n", "0"], "'-n'"),
        (["keyframes", "--show", "zips", str(SAMPLE / "take.mp4")], "zips"),
        (["render", "x.yaml", "--presets", "no-such-folder"], "no-such-folder"),
        (["render", str(SAMPLE / "listing.yaml"), "--placement", ","], "no placement"),
        (["schema", "edit"], "'edit' is not 'listing'"),
    ],
)
def test_a_wrong_command_line(run_cli: Run, arguments: list[str], said: str) -> None:
    people = run_cli(*arguments)
    assert people.code == 2
    assert people.out == ""
    lines = people.err.splitlines()
    assert lines[0].startswith("error: ")
    assert said in people.err
    assert len(lines) <= 2


def test_a_wrong_command_line_as_json(run_cli: Run) -> None:
    for arguments in (["rendr"], ["render", "x.yaml", "--placment", "a"], ["render"]):
        assert refused(run_cli(*arguments, "--json"), 2, "usage")["mend"].startswith("see: ")


@pytest.mark.parametrize("command", ["render", "plan", "keyframes", "detect"])
def test_a_mistyped_detector_is_told_before_anything_is_opened(run_cli: Run, command: str) -> None:
    outcome = run_cli(command, "gone.mp4", "--detector", "clasical", "--json")
    error = refused(outcome, 2, "usage")
    assert error["message"] == "there is no detector 'clasical'"
    assert error["mend"] == "did you mean 'classical'? there are: learned, classical"


def test_an_unforeseen_fault_is_called_ours(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from video_pipeline import cli

    def fall(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(cli.cli, "main", fall)
    monkeypatch.setattr(cli.interruption, "listen", lambda: None)
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().err
    assert "a fault of video-pipeline, not yours" in said
    assert "--debug" in said
    assert cli.main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "bug"
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor", "--debug"])


def test_progress_on_a_terminal(
    short_take: Path, shared_cache: Path, make_clip: MakeClip, tmp_path: Path
) -> None:
    take = make_clip("four.mp4", "-t", "9", "-i", str(short_take), "-an")
    screen, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "video_pipeline", "keyframes", str(take), "-o", str(tmp_path / "k")],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={
            **os.environ, CACHE_VARIABLE: str(tmp_path / "cache"),
            "TERM": "xterm-256color", "COLUMNS": "120",
        },
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    while True:
        try:
            read = os.read(screen, 65536)
        except OSError:  # Linux says so when the last writer has gone
            break
        if not read:
            break
        seen += read
    out, _ = child.communicate(timeout=60)
    os.close(screen)
    assert child.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert "looking four.mp4" in text
    assert re.search(r"\d+%", text)
    assert re.search(r"\d\.\d × real time", text)
    assert re.search(r"\d:\d\d:\d\d", text)  # time left
    assert b"looking" not in out


# From footage to a clip, by way of files that people change


def test_init_writes_a_listing_that_reads_back(
    run_cli: Run, short_take: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "my bag"
    folder.mkdir()
    shutil.copy(short_take, folder / "take 1.mp4")
    outcome = run_cli("init", "take 1.mp4", cwd=folder)
    assert outcome.code == 0, outcome.err
    assert "render listing.yaml" in outcome.out
    written = folder / "listing.yaml"
    page = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert page["footage"] == ["take 1.mp4"]
    assert written.stat().st_mode & 0o077 == 0o666 & ~_umask() & 0o077
    again = refused(run_cli("init", "take 1.mp4", "--json", cwd=folder), 2, "usage")
    assert "--force" in again["mend"]
    elsewhere = run_cli("init", "take 1.mp4", "-o", "new/deep.yaml", "--json", cwd=folder)
    assert elsewhere.json == {"listing": "new/deep.yaml"}
    deep = yaml.safe_load((folder / "new/deep.yaml").read_text(encoding="utf-8"))
    assert deep["footage"] == ["../take 1.mp4"]
    # What is left to fill in is said by name; nothing else is wrong with it.
    unfilled = run_cli("plan", "listing.yaml", "--json", cwd=folder)
    if unfilled.code:
        error = refused(unfilled, 2, "listing")
        assert "item" in error["message"]
        assert "footage" not in error["message"]
    assert [p.name for p in folder.rglob("*.part")] == []


def test_an_edit_changed_by_hand(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    listing, path = short_listing(), tmp_path / "plans" / "edit.json"
    planned = run_cli("plan", listing, "-o", path, *tiny, "--require", "flaws", "--json")
    assert planned.code == 0, planned.err
    edit = json.loads(path.read_text(encoding="utf-8"))
    assert planned.json == edit
    spared = path.read_bytes()
    error = refused(run_cli("plan", listing, "-o", path, *tiny, "--json"), 2, "usage")
    assert "--force" in error["mend"]
    assert path.read_bytes() == spared
    table = run_cli("plan", listing, "-o", path, *tiny, "--force")
    for word in ("slot", "seconds", "condition-note", "certification-badge", str(path)):
        assert word in table.out

    presets = tiny[:2]
    out = tmp_path / "out"
    first = run_cli("render", path, "-o", out, *presets, "--require", "flaws", "--json")
    assert first.code == 0, first.err
    (clip,) = first.json["clips"]
    assert clip["duration_s"] == round(sum(c["frames"] for c in edit["cuts"]) / 30, 3)
    assert not any("chosen its shots already" in warning for warning in clip["warnings"])

    # Swap a shot for a runner-up, shorten another, and move a third.
    cuts = edit["cuts"]
    hook = next(cut for cut in cuts if cut["runners_up"])
    hook["start"] = hook["runners_up"][0]["t"]
    hook["crop"]["path"] = hook["crop"]["path"][:1]
    hero = next(cut for cut in cuts if cut["slot"] == "hero")
    hero["frames"] -= 6
    for use in hero["overlays"]:
        use["last"] = min(use["last"], hero["frames"])
    stitching = next(cut for cut in cuts if cut["slot"] == "stitching")
    cuts.remove(stitching)
    cuts.insert(1, stitching)
    path.write_text(json.dumps(edit), encoding="utf-8")
    changed = run_cli("render", path, "-o", out, *presets, "--json")
    assert changed.code == 0, changed.err + changed.out
    (other,) = changed.json["clips"]
    assert other["duration_s"] == pytest.approx(clip["duration_s"] - 0.2, abs=0.002)
    assert other["pieces"]["encoded"] == len({hook["slot"], hero["slot"]})  # moving costs nothing
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    told = [cut["slot"] for cut in manifest["clips"][0]["edit"]["cuts"]]
    assert told == [cut["slot"] for cut in cuts]
    assert told[1] == "stitching"

    # A flaw that is taken out of the edit is missed, and a promise in the listing is pointed at.
    assert not any("no longer says" in warning for warning in other["warnings"]), other["warnings"]
    for cut in cuts:
        cut["overlays"] = [u for u in cut["overlays"] if "Dark mark" not in json.dumps(u)]
    path.write_text(json.dumps(edit), encoding="utf-8")
    short_listing(story={"headline": "Guaranteed the real thing"})
    warned = run_cli("render", path, "-o", out, *presets, "--json")
    assert warned.code == 0, warned.err + warned.out
    warnings = warned.json["clips"][0]["warnings"]
    assert any("no longer says" in w and "Dark mark" in w for w in warnings)
    assert any("story.headline" in w for w in warnings)


def test_detector_decides_what_is_looked_for_and_an_edit_what_is_shown(
    run_cli: Run,
    short_listing: Callable[..., Path],
    short_take: Path,
    tiny: tuple[str, ...],
    knowing_cache: Path,
    tmp_path: Path,
) -> None:
    """The cache knows what the usual detector sees, and tells who looked: it keeps one table each.

    The tables of both detectors of this take differ, and so must all that is chosen from them.
    """
    listing, known, other = short_listing(), ("--cache", knowing_cache), ("--detector", "classical")

    def tables() -> int:
        return len(list((knowing_cache / "analysis").iterdir()))

    def chosen(document: dict[str, Any]) -> list[str]:
        return [f"{cut['start']} {cut['why']}" for cut in document["cuts"]]

    frames = ("keyframes", short_take, "-o", tmp_path / "frames", *known, "--json")
    before, usual = tables(), run_cli(*frames).json["keyframes"]
    assert tables() == before
    by_other = run_cli(*frames, *other).json["keyframes"]
    assert tables() == before + 1
    assert [row["score"] for row in by_other] != [row["score"] for row in usual]

    path = tmp_path / "edit.json"
    plan = ("plan", listing, "-o", path, "--force", *tiny, *known, "--json")
    usual, by_other = run_cli(*plan).json, run_cli(*plan, *other).json
    assert chosen(by_other) != chosen(usual)

    out = tmp_path / "out"
    run = run_cli("render", listing, "-o", out, *tiny, *known, *other, "--json")
    assert run.code == 0, run.err
    made = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["clips"][0]["edit"]
    assert chosen(made) == chosen(by_other)

    # An edit has chosen; only the key frames beside its clip are still looked for.
    path.write_text(json.dumps(usual), encoding="utf-8")
    run = run_cli("render", path, "-o", out, *tiny[:2], *known, *other, "--json")
    assert run.code == 0, run.err
    made = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["clips"][0]["edit"]
    assert chosen(made) == chosen(usual)
    (said,) = (w for w in run.json["clips"][0]["warnings"] if "chosen its shots already" in w)
    assert "'classical' finds the key frames beside the clip" in said
    assert tables() == before + 1


def test_plan_replaces_nothing_but_edits(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    listing, notes = short_listing(), tmp_path / "notes.json"
    notes.write_text('{"cut": "the price"}', encoding="utf-8")
    for target, words in ((listing, "the listing itself"), (notes, "other than an edit")):
        before = target.read_bytes()
        outcome = run_cli("plan", listing, "-o", target, *tiny, "--force", "--json")
        assert words in refused(outcome, 2, "usage")["message"]
        assert "looking" not in outcome.err
        assert target.read_bytes() == before
    # The default name is in the working folder, and held to the same rule.
    default = tmp_path / "orsetta-cognac-pouch.edit.json"
    default.write_text("my own notes", encoding="utf-8")
    refused(run_cli("plan", listing, *tiny, "--json", cwd=tmp_path), 2, "usage")
    assert default.read_text(encoding="utf-8") == "my own notes"


def test_a_mistyped_key_of_an_edit_is_told(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "edit.json"
    assert run_cli("plan", short_listing(), "-o", path, *tiny).code == 0
    edit = json.loads(path.read_text(encoding="utf-8"))
    edit["keep_sund"] = False
    edit["cuts"][0]["hodl"] = 3
    edit["cuts"][1]["crop"]["path"][0]["xx"] = 3
    edit["cuts"][0]["runners_up"] = [
        {"source": "s", "t": "1", "score": 1, "reason": "", "scoer": 2}
    ]
    edit["left_out"] = [
        {"slot": "s", "reason": "r", "nearest": {**edit["cuts"][0]["runners_up"][0]}}
    ]
    source = next(iter(edit["sources"]))
    edit["sources"][source]["diggest"] = "x"
    path.write_text(json.dumps(edit), encoding="utf-8")
    outcome = run_cli("render", path, "-o", tmp_path / "out", *tiny[:2], "--json")
    told = refused(outcome, 2, "listing")["message"]
    for line in (
        "edit.json: keep_sund: there is no such key in an edit; did you mean 'keep_sound'?",
        "edit.json: cuts.0.hodl: there is no such key in an edit; did you mean 'hold'?",
        "edit.json: cuts.1.crop.path.0.xx: there is no such key in an edit; ",
        "edit.json: cuts.0.runners_up.0.scoer: there is no such key in an edit; did you mean "
        "'score'?",
        "edit.json: left_out.0.nearest.scoer: there is no such key in an edit; did you mean "
        "'score'?",
        f"edit.json: sources.{source}.diggest: there is no such key in an edit; did you mean "
        "'digest'?",
    ):
        assert line in told
    path.write_text('{"cuts": null}', encoding="utf-8")
    refused(run_cli("render", path, "-o", tmp_path / "out", *tiny[:2], "--json"), 2, "listing")


def test_an_edit_is_known_by_its_keys(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    # A listing in JSON may speak of "cuts" without being an edit.
    page = yaml.safe_load(short_listing().read_text(encoding="utf-8"))
    page["story"] = {"headline": 'The "cuts": clean', "cuts": 1}
    path = tmp_path / "listing.json"
    path.write_text(json.dumps(page), encoding="utf-8")
    error = refused(run_cli("render", path, "-o", tmp_path / "out", *tiny, "--json"), 2, "listing")
    assert "story.cuts" in error["message"]
    # What an edit has decided already cannot be asked for again.
    path.write_text('{"cuts": []}', encoding="utf-8")
    for option in ("--placement", "--storyboard", "--lang"):
        error = refused(run_cli("render", path, option, "tiktok", "--json"), 2, "usage")
        assert error["where"] == option


def test_a_clip_in_another_language(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    listing, path, out = short_listing(), tmp_path / "edit.json", tmp_path / "out"
    error = refused(
        run_cli("plan", listing, "-o", path, *tiny, "--lang", "pl", "--json"), 2, "usage"
    )
    assert (
        "there are: ar, de, en, es, fr, id, it, ja, ko, th, vi, zh-Hans, zh-Hant" in error["mend"]
    )
    chosen = ("--lang", "fr", "--storyboard", "price-reveal")
    outcome = run_cli("plan", listing, "-o", path, *tiny, *chosen, "--json")
    assert outcome.code == 0, outcome.err
    edit = outcome.json
    assert edit["lang"] == "fr"
    said = {use["template"]: use["fields"] for cut in edit["cuts"] for use in cut["overlays"]}
    assert said["story-line"] == {"line": "D’abord l’état, puis le prix"}
    assert said["certification-badge"]["lines"][1] == "Examiné par Demo Authentication"
    assert said["end-card"]["price_text"].endswith("€")
    assert said["grade-card"]["grade"] == "Très bon : légères traces d’usage"
    flaw = next(cut for cut in edit["cuts"] if cut["slot"] == "flaw")
    assert flaw["shows"].replace("\u00a0", " ").startswith("Poche : tache, intensité faible.")
    # The edit keeps its language: a French badge is verified, drawn and recorded in French.
    outcome = run_cli("render", path, "-o", out, *tiny[:2], "--json")
    assert outcome.code == 0, outcome.out
    (clip,) = outcome.json["clips"]
    assert not [w for w in clip["warnings"] if "no longer says" in w]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["claims"][0]["wording"].startswith("Certificat d’essai, il ne prouve rien.")
    assert manifest["clips"][0]["edit"]["lang"] == "fr"


def test_placements(run_cli: Run, tmp_path: Path) -> None:
    outcome = run_cli("placements", "--json")
    assert outcome.code == 0, outcome.err
    places = {place["name"]: place for place in outcome.json["placements"]}
    keys = {
        "name",
        "title",
        "width",
        "height",
        "min_s",
        "max_s",
        "max_bytes",
        "burn_in",
        "burn_in_by_api",
        "safe",
    }
    assert all(set(place) == keys for place in places.values())
    people = run_cli("placements").out
    assert all(name in people and place["title"] in people for name, place in places.items())
    picture = tmp_path / "amazon.png"
    one = run_cli("placements", "show", "amazon", "--picture", picture, "--json").json
    assert set(one) == {*keys, "figures", "picture"}
    figures = {figure["figure"]: figure for figure in one["figures"]}
    assert figures["width"]["value"] == 1920
    assert all(figure["source"] for figure in figures.values())
    # Light where overlays may stand, darker where the app draws.
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape == (1080, 1920, 3)
    safe = one["safe"]
    edge = 12
    inside = drawn[700 : 1080 - safe["bottom"] - edge, safe["left"] + edge : 900]
    outside = drawn[:, : safe["left"] - edge]
    assert inside.mean() > outside.mean() + 15
    assert inside.std(axis=(0, 1)).max() < 2 < outside.std(axis=(0, 1)).max()
    shown = run_cli("placements", "show", "tiktok")
    assert "https://developers.tiktok.com/doc/content-sharing-guidelines/" in shown.out
    assert "░░░░                          ░░░░░░" in shown.out
    told = refused(run_cli("placements", "show", "tictok", "--json"), 2, "usage")
    assert "did you mean 'tiktok'" in told["mend"]


def test_storyboards(run_cli: Run, tmp_path: Path) -> None:
    outcome = run_cli("storyboards", "--json")
    assert outcome.code == 0, outcome.err
    boards = {board["name"]: board for board in outcome.json["storyboards"]}
    keys = {"name", "title", "min_s", "max_s", "reading_cps", "loop"}
    assert all(set(board) == keys for board in boards.values())
    people = run_cli("storyboards").out
    assert all(name in people and board["title"] in people for name, board in boards.items())
    one = run_cli("storyboards", "show", "story", "--lang", "de", "--json").json
    assert set(one) == {*keys, "slots"}
    slot = {"slot", "needs", "must", "seconds", "shots", "repeat", "overlays", "text"}
    assert all(set(s) == slot for s in one["slots"])
    (owner,) = [s for s in one["slots"] if s["slot"] == "owner"]
    assert owner["text"] == "Vorbesitz\n{{ story.previous_owner }}"
    # A person's own folder may be named before or after the word.
    (tmp_path / "storyboards").mkdir()
    mine = tmp_path / "storyboards/mine.yaml"
    mine.write_text((shipped("presets") / "storyboards/story.yaml").read_text("utf-8"))
    for words in (("--presets", tmp_path, "show", "mine"), ("show", "mine", "--presets", tmp_path)):
        shown = run_cli("storyboards", *words)
        assert shown.code == 0
        assert "Previous owner / {{ story.previous_owner }}" in shown.out
    mine.write_text(mine.read_text("utf-8").replace("Previous owner", "Guaranteed", 1))
    told = refused(run_cli("storyboards", "--presets", tmp_path, "--json"), 2, "listing")
    assert "'slots.2.text.en' promises ('Guarant'); state facts only" in told["message"]


def test_a_badge_cannot_be_written_into_an_edit(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    path, out = tmp_path / "edit.json", tmp_path / "out"
    assert run_cli("plan", short_listing(), "-o", path, *tiny).code == 0
    honest = path.read_text(encoding="utf-8")
    edit = json.loads(honest)
    badge = next(
        use
        for cut in edit["cuts"]
        for use in cut["overlays"]
        if use["template"] == "certification-badge"
    )
    badge["fields"]["certificate_id"] = "PRADA-0001"
    path.write_text(json.dumps(edit), encoding="utf-8")
    error = refused(run_cli("render", path, "-o", out, *tiny[:2], "--json"), 4, "claim")
    assert "PRADA-0001" in error["message"]
    assert not out.exists()

    # An honest edit, but its listing no longer names the certificate.
    short_listing(certificates=None)
    path.write_text(honest, encoding="utf-8")
    error = refused(run_cli("render", path, "-o", out, *tiny[:2], "--json"), 4, "claim")
    assert "DEMO-2026-0417" in error["message"]
    assert not out.exists()


def test_an_edit_that_cannot_be_made(
    run_cli: Run, short_listing: Callable[..., Path], tiny: tuple[str, ...], tmp_path: Path
) -> None:
    path, out = tmp_path / "edit.json", tmp_path / "out"
    assert run_cli("plan", short_listing(), "-o", path, *tiny).code == 0
    edit = json.loads(path.read_text(encoding="utf-8"))
    changes: list[tuple[dict[str, Any], str]] = [
        ({"cuts": []}, "there is no cut in it"),
        ({"width": 540}, "540 x 480"),
        ({"placement": "tyni"}, "tyni"),
        ({"cuts": "all"}, "cuts"),
        ({"listing": "gone.yaml"}, "gone.yaml"),
    ]
    for change, said in changes:
        path.write_text(json.dumps(edit | change), encoding="utf-8")
        outcome = run_cli("render", path, "-o", out, *tiny[:2], "--json")
        assert outcome.code == 2, outcome.out
        assert set(outcome.json["error"]) == ERROR_KEYS
        assert said in outcome.json["error"]["message"] + outcome.json["error"]["where"]
        assert not out.exists()


def test_schema_holds_for_the_sample(run_cli: Run) -> None:
    outcome = run_cli("schema", "listing")
    assert outcome.code == 0
    schema = outcome.json
    jsonschema.Draft202012Validator.check_schema(schema)
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(page, schema)
    page["condition"]["notes"][0]["severity"] = "huge"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(page, schema)
    assert run_cli("schema", "--json").json == schema


def test_doctor(run_cli: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    outcome = run_cli("doctor", "--json", "--cache", cache)
    assert outcome.code == 0, outcome.out
    assert outcome.json["ok"] is True
    names = {check["name"] for check in outcome.json["checks"]}
    assert names == {"ffmpeg", "encoders", "hardware", "fonts", "seeing", "cache", "disk"}
    people = run_cli("doctor", "--cache", cache)
    assert people.out.count("works  ") == len(names)
    broken = run_cli("doctor", "--cache", cache, env={"VIDEO_PIPELINE_FFMPEG": "/no/such/ffmpeg"})
    assert broken.code == 5
    assert "/no/such/ffmpeg" in broken.out
    assert "mend" in broken.out
    assert "opencv" in run_cli("doctor", "--cache", cache, "-v").out


def test_doctor_empties_a_cache_and_nothing_else(run_cli: Run, tmp_path: Path) -> None:
    cache, mine = tmp_path / "cache", tmp_path / "mine"
    assert run_cli("doctor", "--cache", cache).code == 0
    (cache / "pieces").mkdir()
    (cache / "pieces" / "x.mp4").touch()
    (mine / "pieces").mkdir(parents=True)
    (mine / "pieces" / "holiday.mp4").touch()
    assert run_cli("doctor", "--clear-cache", "--cache", cache).code == 0
    assert not (cache / "pieces").exists()
    outcome = run_cli("doctor", "--clear-cache", "--cache", mine, "--json")
    assert refused(outcome, 2, "usage")["where"] == str(mine)
    assert (mine / "pieces" / "holiday.mp4").exists()


def test_verbose_says_more(run_cli: Run, short_take: Path, make_clip: MakeClip) -> None:
    picture = make_clip(
        "photo.jpg", "-ss", "5", "-i", str(SAMPLE / "take.mp4"), "-frames:v", "1",
        "-vf", "scale=540:960",
    )  # fmt: skip
    for arguments, more in (
        (("inspect", short_take), r"SHA-256 [0-9a-f]{64}"),
        (
            ("detect", picture),
            r"(hardware|stitching) +\w+.*, seen \d.*, at \d+-\d+ % across, \d",
        ),
    ):
        assert not re.search(more, run_cli(*arguments).out)
        assert re.search(more, run_cli(*arguments, "-v").out)
    silent = run_cli("schema", "-v")
    assert silent.code == 2  # there is nothing more to say


def test_a_folder_is_no_picture(run_cli: Run, tmp_path: Path) -> None:
    error = refused(run_cli("detect", tmp_path, "--json"), 2, "usage")
    assert "is a directory" in error["message"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
