"""Hostile input: files, names and texts made to do harm. What docs/security.md promises is here."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from conftest import MakeClip, Outcome
from numbered import numbered

import video_pipeline
from video_pipeline import toolchain
from video_pipeline.cli.output import Plain, shown_as_is
from video_pipeline.errors import RenderError
from video_pipeline.footage.probe import OPEN_OPTIONS, probe
from video_pipeline.graph.command import command, from_disk, opened
from video_pipeline.store import Store
from video_pipeline.toolchain import CONTAINERS, PHOTOS, SOUNDS, ffmpeg_path, run

Run = Callable[..., Outcome]
Write = Callable[..., Path]
PACKAGE = Path(video_pipeline.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
QUICK = ("-c:v", "libx264", "-preset", "ultrafast")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


# Code


def test_no_shell_no_eval_and_no_objects_from_files() -> None:
    forbidden = {
        "os.system", "os.popen", "eval", "exec", "pickle.load", "pickle.loads", "yaml.load",
        "yaml.unsafe_load", "marshal.loads", "shelve.open", "subprocess.getoutput",
    }  # fmt: skip
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in forbidden, (module, node.lineno)
                for word in node.keywords:
                    assert word.arg not in ("shell", "preexec_fn"), (module, node.lineno)


def test_children_are_started_in_one_place() -> None:
    starters = {
        module.relative_to(PACKAGE).as_posix()
        for module in MODULES
        if re.search(r"^\s*(import|from) (subprocess|multiprocessing)", module.read_text(), re.M)
    }
    # Beside ffmpeg, a batch starts processes of its own, and the one that ends orphans.
    assert starters == {"toolchain.py", "batch/keeper.py", "batch/workers.py"}


def test_files_enter_ffmpeg_in_one_place() -> None:
    """Whatever else is an input there is a source of lavfi, which opens nothing."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "ffmpeg.input":
                words = {word.arg: ast.unparse(word.value) for word in node.keywords}
                limited = (
                    words.get("protocol_whitelist") == "'file'" and "format_whitelist" in words
                )
                assert limited or words.get("f") == "'lavfi'", (module, node.lineno)


# Children


def test_children_know_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRUPY_API_KEY", "s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    told = run(python("import os, json; print(json.dumps(dict(os.environ)))"), deadline_s=30)
    around = json.loads(told.stdout)
    assert "s3cret" not in around.values()
    assert "PATH" in around
    assert set(around) <= {"PATH", "TMPDIR", "TZ", "LANG", "LD_LIBRARY_PATH", "NIX_LD"} | {
        name for name in around if name.startswith("LC_")
    }


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a running process")
def test_children_have_limits() -> None:
    code = """
import resource, time
time.sleep(0.3)
for kind in ("DATA", "CPU", "NOFILE", "FSIZE", "CORE"):
    print(resource.getrlimit(getattr(resource, "RLIMIT_" + kind))[1])
try:
    bytearray(7 << 30)
except MemoryError:
    print("no memory")
"""
    told = run(python(code), deadline_s=30).stdout.decode().split("\n")
    assert "-1" not in told
    assert told[4] == "0"
    assert told[5] == "no memory"


def test_ffmpeg_that_gets_no_further_is_ended(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)  # a writer who never writes
    stuck = [str(ffmpeg_path()), "-f", "rawvideo", "-video_size", "16x16", "-i", str(pipe),
             "-f", "null", "-"]  # fmt: skip
    began = time.monotonic()
    try:
        with pytest.raises(RenderError, match="got no further for 1 s and was stopped") as caught:
            run(stuck, deadline_s=300, still_s=1, what="reading", where="take.mp4")
    finally:
        os.close(held)
    assert time.monotonic() - began < 30
    assert caught.value.where == "take.mp4"
    assert caught.value.mend


def test_ffmpeg_that_gets_on_is_not_ended() -> None:
    slow = [
        str(ffmpeg_path()),
        "-re",
        "-f",
        "lavfi",
        "-i",
        "color=s=16x16:r=10:d=4",
        "-f",
        "null",
        "-",
    ]
    run(slow, deadline_s=60, still_s=2.5)


def test_a_child_that_complains_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_MOST_SAID", 100_000)
    with pytest.raises(RenderError, match="complained without end"):
        run(python("import sys\nwhile True: sys.stderr.write('x' * 1000)"), deadline_s=60)


def test_a_decoder_that_never_comes_back_ends_the_command() -> None:
    code = """
import time
from video_pipeline import cli, vigil
vigil.keep(0.5, lambda where: cli._give_up(where, as_json=False))
with vigil.within("take.mp4"):
    time.sleep(60)
"""
    began = time.monotonic()
    done = subprocess.run(
        python(code), capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert done.returncode == 3
    assert "take.mp4: decoding this file got no further" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 30


# What is opened


def test_only_files_and_only_media_are_opened() -> None:
    assert OPEN_OPTIONS["protocol_whitelist"] == "file"
    allowed = set(f"{CONTAINERS},{SOUNDS},{','.join(PHOTOS.values())}".split(","))
    readers = (
        "hls concat dash image2 sdp rtsp tty lavfi imf svg_pipe ffmetadata avisynth dvdvideo "
        "webvtt srt ass xbin"
    )
    for reader in readers.split():
        assert reader not in allowed


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
        '<?xml version="1.0"?><MPD><BaseURL>{target}</BaseURL></MPD>',
        'FILE "{target}" MP4\n  TRACK 01 VIDEO\n',
        "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        ";FFMETADATA1\ntitle={target}\n",
    ],
)
def test_a_list_of_other_files_opens_none_of_them(
    run_cli: Run, make_clip: MakeClip, tmp_path: Path, text: str
) -> None:
    target = make_clip("even.mp4", *numbered(1), *QUICK)
    for name in ("take.mp4", "take.m3u8", "take.ffconcat"):
        script = tmp_path / name
        script.write_text(text.format(target=target))
        assert run_cli("inspect", script).code == 3
        # ffmpeg is not asked, and would refuse it too.
        with pytest.raises(RenderError):
            run(command(from_disk(script, CONTAINERS).output("-", f="null")), deadline_s=30)


def test_what_a_mov_refers_to_outside_itself_is_not_followed() -> None:
    told = run([str(ffmpeg_path()), "-h", "demuxer=mov"], deadline_s=30).stdout.decode()
    for option in ("enable_drefs", "use_absolute_path"):
        assert re.search(rf"-{option} .*\(default false\)", told)
        for module in MODULES:
            source = ast.parse(module.read_text(encoding="utf-8"))
            set_here = [
                w for w in ast.walk(source) if isinstance(w, ast.keyword) and w.arg == option
            ]
            assert not set_here, module


@pytest.mark.parametrize(
    "name",
    ["-take.mp4", "a:b.mp4", "file:take.mp4", "concat:a|b.mp4", "%05d.mp4", "x\ny.mp4", "a'b;c.mp4",
     "subfile,,start,0,end,99,,:x.mp4", "http:x.mp4", "$(id).mp4"],
)  # fmt: skip
def test_a_name_is_a_name(make_clip: MakeClip, tmp_path: Path, name: str, run_cli: Run) -> None:
    take = tmp_path / name
    take.write_bytes(make_clip("even.mp4", *numbered(1), *QUICK).read_bytes())
    told = run_cli("inspect", "--json", "--", name, cwd=tmp_path)
    assert told.code == 0, told.err
    assert told.json["footage"][0]["duration_s"] == pytest.approx(1, abs=0.1)
    read = opened(probe(take), Fraction(0), Fraction(1)).output("-", f="null")
    run(command(read), deadline_s=60)


def test_a_listing_names_no_address_and_an_output_stays_in_its_folder(
    run_cli: Run, write_listing: Write, short_take: Path, tmp_path: Path
) -> None:
    for entry in ("http://127.0.0.1/take.mp4", "concat:a|b", "pipe:0", "file:/etc/passwd"):
        listing = write_listing([Path("take.mp4")])
        listing.write_text(listing.read_text().replace("- take.mp4", f"- '{entry}'"))
        outcome = run_cli("render", listing, "-o", tmp_path / "out")
        assert outcome.code == 3, outcome.err
        assert "an address or a protocol" in outcome.err
    for sku in ("../bag", "/tmp/bag", "a/b", "..", "-o"):
        outcome = run_cli("render", write_listing([short_take], sku=sku))
        assert outcome.code == 2, outcome.err
    assert not (tmp_path / "out").exists()


# Texts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("laughs.yaml", "a0: &a0 [x]\n" + "".join(
            f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))),
        ("deep.yaml", "a: " + "[" * 50_000),
        ("deep.json", "[" * 50_000 + "]" * 50_000),
        ("object.yaml", "!!python/object/apply:os.system [id]"),
        ("nan.yaml", "price: {amount: .nan, currency: EUR}"),
        ("huge.json", '{"price": {"amount": ' + "9" * 5000 + ', "currency": "EUR"}}'),
        ("huge.yaml", "price: {amount: 1e999999999, currency: EUR}"),
        ("half.json", '{"sku": "\\ud83d"}'),
        ("steer.yaml", 'sku: "\\e]0;gone\\a"'),
        ("large.yaml", "# " + "x" * 2_000_000),
    ],
)  # fmt: skip
def test_hostile_listings_are_refused_at_once(
    run_cli: Run, tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    began = time.monotonic()
    for arguments in (
        ("plan", path, "-o", tmp_path / "e.json"),
        ("export", path, "-o", tmp_path / "t.edl"),
    ):
        outcome = run_cli(*arguments)
        assert outcome.code == 2, outcome.err
        assert "\x1b" not in outcome.err + outcome.out
        assert "fault of video-pipeline" not in outcome.err
    assert time.monotonic() - began < 20


def test_a_listing_of_a_hundred_megabytes_is_not_read_whole(run_cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "listing.yaml"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    outcome = run_cli("plan", path, "-o", tmp_path / "e.json")
    assert (outcome.code, "larger than 1 MB" in outcome.err) == (2, True)


def test_a_template_that_includes_a_name_no_disk_can_hold(run_cli: Run, tmp_path: Path) -> None:
    own = tmp_path / "overlays" / "price"
    own.mkdir(parents=True)
    (own / "template.svg.j2").write_text('{% include "' + "x" * 5000 + '" %}')
    outcome = run_cli(
        "overlays", "preview", "price", "--overlays", own.parent, "-o", tmp_path / "p",
        "--theme", "atelier",
    )  # fmt: skip
    assert outcome.code == 2, outcome.err
    assert "fault of video-pipeline" not in outcome.err


def test_a_template_that_is_nested_too_deep(run_cli: Run, tmp_path: Path) -> None:
    own = tmp_path / "overlays" / "price"
    own.mkdir(parents=True)
    (own / "template.svg.j2").write_text("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}")
    outcome = run_cli(
        "overlays", "preview", "price", "--overlays", own.parent, "-o", tmp_path / "p",
        "--theme", "atelier",
    )  # fmt: skip
    assert outcome.code == 2, outcome.err
    assert "nested too deep" in outcome.out + outcome.err


# Terminals


def test_names_do_not_steer_a_terminal(run_cli: Run, make_clip: MakeClip, tmp_path: Path) -> None:
    take = tmp_path / "\x1b]0;owned\x07\u202e4pm.mp4"
    take.write_bytes(make_clip("even.mp4", *numbered(1), *QUICK).read_bytes())
    missing = tmp_path / "\x1b]0;owned\x07gone.mp4"
    for arguments in (("inspect", "-v", take), ("shots", "--detector", "classical", take),
                      ("inspect", missing)):  # fmt: skip
        outcome = run_cli(*arguments)
        for sign in ("\x1b", "\x07", "\u202e"):
            assert sign not in outcome.out + outcome.err, arguments
    assert shown_as_is("a\x1b[31m\u2066b\ud800\tc\n") == "a\ufffd[31m\ufffdb\ufffd\tc\n"
    terminal = StringIO()
    Plain(file=terminal, force_terminal=True, color_system=None).print("x\x1b[2Jy")
    assert "\x1b" not in terminal.getvalue()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such names")
def test_names_that_are_no_text(run_cli: Run, make_clip: MakeClip, tmp_path: Path) -> None:
    take = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.mp4"))
    take.write_bytes(make_clip("even.mp4", *numbered(1), *QUICK).read_bytes())
    outcome = run_cli("inspect", take)
    assert (outcome.code, "is not text" in outcome.err) == (3, True)
    assert run_cli("inspect", take, "--json").json["error"]["kind"] == "footage"


# Scratch files


def test_scratch_files_are_private(store: Store) -> None:
    def write(part: Path) -> None:
        assert part.stat().st_mode & 0o077 == 0
        part.write_bytes(b"x")

    store.make("doctor", "a", ".txt", write)
    for module in MODULES:
        assert not re.search(
            r"tempfile\.mktemp\(|NamedTemporaryFile\([^)]*dir=None", module.read_text()
        )


# The threat model


def test_every_promise_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", text)
    assert len(named) >= 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), (file, test)
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    bare = [row for row in rows if "tests/" not in row and not row.startswith("| promise")]
    assert bare == []
