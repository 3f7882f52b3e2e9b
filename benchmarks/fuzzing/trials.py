"""Trials: one input, the commands that read it, and what must hold of how they end.

Each runs in a process of its own, forked from one that has everything loaded, with limits and a
deadline, in a folder that is looked through afterwards.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import yaml

from benchmarks.fuzzing.mutations import damaged, misspelt, repacked
from benchmarks.fuzzing.seeds import Seeds
from video_pipeline.cli import main

MOST_BYTES = 1536 << 20
_DEADLINE_S = 150
_CPU_S = 100
_FAMILY = (0, 2, 3, 4, 5, 6)  # bad listing, unusable footage, no claim, no clip, some failed
# How often each kind is drawn, of 100.
KINDS = {
    "media": 34, "photo": 6, "listing": 18, "catalogue": 8, "certificate": 8, "edit": 7,
    "timeline": 5, "placement": 3, "storyboard": 3, "issuer": 2, "grades": 1, "subtitles": 2,
    "overlay": 3,
}  # fmt: skip
_NAMES = (
    "-take.mp4", "a:b.mp4", "file:take.mp4", "concat:take.mp4", "%05d.mp4", "a|b.mp4", "x\ny.mp4",
    "\x1b[31mred.mp4", "[bold]take.mp4", "a'b\"c.mp4", "\u202eabc.mp4", "take", "take.m3u8",
    "subfile,,start,0,end,9,,:x.mp4", "data:,x.mp4", "ta ke.mp4", "тейк.mp4",
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """An input and what is run on it, one command after another until one fails."""

    number: int
    kind: str
    seed: Path
    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Outcome:
    """How a trial ended; `wrong` names every promise it broke."""

    trial: Trial
    code: int
    seconds: float
    bytes: int
    wrong: tuple[str, ...]
    said: str


def lay_out(seeds: Seeds, number: int, salt: str, folder: Path) -> Trial:
    """Write the input of that number into `folder`, which is empty, and say what to run.

    Salts that begin with "quick" never render.
    """
    random = Random(f"{salt}:{number}")
    quick = salt.startswith("quick")
    kind = random.choices(list(KINDS), list(KINDS.values()))[0]
    for name in ("in", "out", "tmp", "home"):
        (folder / name).mkdir()
    for file in ("take.mp4", "certificate.jwt", "listing.yaml", "edit.json"):
        os.link(seeds.folder / "home" / file, folder / "in" / file)
    trial = _LAYING[kind](seeds, number, random, folder / "in")
    if quick:
        unhurried = tuple(c for c in trial.commands if c[0] not in ("render", "check", "plan"))
        trial = replace(trial, commands=unhurried or trial.commands[:1])
    return trial


def run(trial: Trial, folder: Path) -> Outcome:
    """Run a trial that is laid out in `folder`."""
    began = time.monotonic()
    before = _files(folder / "in")
    child = os.fork()
    if child == 0:
        _be_the_child(trial, folder)
    status, usage = _wait(child, began + _DEADLINE_S)
    seconds = time.monotonic() - began
    said = "".join(
        (folder / name).read_bytes()[:200_000].decode("utf-8", "replace")
        for name in ("stdout", "stderr")
    )
    code = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * 1024
    wrong = []
    if seconds >= _DEADLINE_S or code == -signal.SIGXCPU:
        wrong.append("hang")
    elif code < 0:
        wrong.append(f"crash by signal {-code}")
    elif code not in _FAMILY:
        wrong.append(f"exit code {code}")
    if "Traceback (most recent" in said:
        wrong.append("traceback")
    if any(ord(char) < 32 and char not in "\n\t" for char in said):
        wrong.append("raw control characters")
    if peak > MOST_BYTES:
        wrong.append(f"{peak >> 20} MB of memory")
    if _files(folder / "in") != before:
        wrong.append("the inputs were changed")
    strays = [*(folder / "tmp").iterdir(), *(folder / "out").glob(".*"), *_around(folder)]
    if strays:
        wrong.append(f"left about: {[p.name for p in strays[:4]]}")
    return Outcome(trial, code, seconds, peak, tuple(wrong), said)


def _around(folder: Path) -> list[Path]:
    known = {"in", "out", "tmp", "home", "stdout", "stderr"}
    return [
        *(p for p in folder.iterdir() if p.name not in known),
        *(folder / "home").rglob("*"),
        *(p for above in (folder.parent, folder.parent.parent) for p in above.iterdir()
          if p not in (folder, folder.parent)),
    ]  # fmt: skip


def _files(folder: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (str(p), p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()
    )


def _be_the_child(trial: Trial, folder: Path) -> None:
    code = 99
    try:
        os.setsid()
        for kind, most in (
            (resource.RLIMIT_CPU, _CPU_S),
            (resource.RLIMIT_DATA, 4 << 30),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(kind, (most, most))
        os.chdir(folder)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.environ.update(TMPDIR=str(folder / "tmp"), HOME=str(folder / "home"), COLUMNS="160")
        tempfile.tempdir = None  # known from before
        for command in trial.commands:
            code = main(command)
            if code:
                break
    except BaseException:  # whatever it is, it is told as a fault
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int, until: float) -> tuple[int, resource.struct_rusage]:
    pause = 0.002
    while True:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            return status, usage
        if time.monotonic() > until:
            for process in (*_children(child), child):
                os.kill(process, signal.SIGKILL)
        time.sleep(pause)
        pause = min(0.05, pause * 1.3)


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            above = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if above == parent:
            found.append(int(entry.name))
    return found


def _media(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed = random.choice(seeds.media)
    others = [file.read_bytes() for file in random.sample(seeds.media, 1)]
    name = random.choice(_NAMES) if random.random() < 0.1 else f"clip{seed.suffix}"
    file = place / name
    file.write_bytes(damaged(seed.read_bytes(), others, random))
    look = ("inspect", "--json", "--", str(file))
    cache = ("--cache", "out/cache")
    drawn = random.random()
    if drawn < 0.60:
        then = ("shots", *cache, "--detector", "classical", "--", str(file))
    elif drawn < 0.65:
        then = ("shots", *cache, "--", str(file))
    elif drawn < 0.80:
        then = ("check", "--placement", "tiktok", "--", str(file))
    elif drawn < 0.90:
        then = ("keyframes", *cache, "-o", "out/k", "--detector", "classical", "--show", "whole",
                "--", str(file))  # fmt: skip
    else:
        page = yaml.safe_load(seeds.listing.read_text(encoding="utf-8"))
        page.update(footage=["take.mp4", f"./{name}"], certificates=[])
        page["condition"]["notes"] = [{"part": "pocket", "flaw": "stain", "severity": "light",
                                       "seen": {"file": name, "time": 0.3}}]  # fmt: skip
        (place / "listing.yaml").unlink()
        (place / "listing.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
        cache = ("--cache", str(seeds.cache), "--presets", str(seeds.presets))
        then = ("render", "in/listing.yaml", "-o", "out/r", "--placement", "tiny", *cache)
    return Trial(number, "media", seed, (look, then))


def _photo(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed = random.choice(seeds.photos)
    others = [random.choice(seeds.photos).read_bytes()]
    file = place / seed.name
    file.write_bytes(damaged(seed.read_bytes(), others, random))
    then = random.choice((
        ("detect", "--detector", "classical", str(file)),
        ("shots", "--cache", "out/cache", "--detector", "classical", str(file)),
    ))  # fmt: skip
    return Trial(number, "photo", seed, (("inspect", "--json", str(file)), then))


def _text(seeds: Seeds, kind: str, random: Random, file: Path | str) -> tuple[Path, Path]:
    """One text mutated, written to `file` or into that folder; the seed, and where it is."""
    seed = random.choice(seeds.texts[kind])
    path = Path(file)
    path = path / seed.name if path.is_dir() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(misspelt(seed.read_bytes(), [], random))
    return seed, path


def _listing(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, file = _text(seeds, "listing", random, place)
    known = ("--cache", str(seeds.cache), "--presets", str(seeds.presets))
    command = random.choice((
        ("plan", str(file), "-o", "out/edit.json", "--placement", "tiny", *known),
        ("coverage", str(file), *known),
        ("certificate", "verify", "in/certificate.jwt", "--listing", str(file)),
    ))  # fmt: skip
    return Trial(number, "listing", seed, (command,))


def _certificate(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, file = _text(seeds, "certificate", random, place)
    cache = ("--cache", "out/cache")
    verify = ("certificate", "verify", str(file), "--listing", "in/listing.yaml", *cache)
    return Trial(number, "certificate", seed, (("certificate", "show", str(file), *cache), verify))


def _edit(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, file = _text(seeds, "edit", random, place)
    known = ("--cache", str(seeds.cache), "--presets", str(seeds.presets))
    if random.random() < 0.8:
        form = random.choice(("otio", "fcpxml", "edl"))
        command = ("export", str(file), "-o", f"out/t.{form}", *known)
    else:
        command = ("render", str(file), "-o", "out/r", *known)
    return Trial(number, "edit", seed, (command,))


def _timeline(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, file = _text(seeds, "timeline", random, place)
    command = ("recut", "in/edit.json", str(file), "-o", "out/again.json")
    return Trial(number, "timeline", seed, (command,))


def _placement(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, _ = _text(seeds, "placement", random, place / "presets" / "placements" / "own.yaml")
    own = ("--presets", "in/presets")
    commands = (("placements", *own), ("placements", "show", "own", *own))
    return Trial(number, "placement", seed, commands)


def _storyboard(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, _ = _text(seeds, "storyboard", random, place / "presets" / "storyboards" / "own.yaml")
    own = ("--presets", "in/presets")
    plan = ("plan", "in/listing.yaml", "-o", "out/e.json", "--storyboard", "own", *own, "--cache",
            str(seeds.cache))  # fmt: skip
    return Trial(number, "storyboard", seed, (("storyboards", "show", "own", *own), plan))


def _issuer(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, _ = _text(seeds, "issuer", random, place / "presets" / "issuers" / "demo.yaml")
    own = ("--presets", "in/presets")
    verify = ("certificate", "verify", "in/certificate.jwt", *own, "--cache", "out/cache")
    return Trial(number, "issuer", seed, (("issuer", "list", *own), verify))


def _grades(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, _ = _text(seeds, "grades", random, place / "presets" / "grades" / "house.yaml")
    plan = ("plan", "in/listing.yaml", "-o", "out/e.json", "--presets", "in/presets", "--cache",
            str(seeds.cache))  # fmt: skip
    return Trial(number, "grades", seed, (plan,))


def _subtitles(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed, file = _text(seeds, "subtitles", random, place)
    page = yaml.safe_load(seeds.listing.read_text(encoding="utf-8"))
    page["audio"] = {"captions": {"take.mp4": file.name}}
    (place / "listing.yaml").unlink()
    (place / "listing.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    plan = ("plan", "in/listing.yaml", "-o", "out/e.json", "--cache", str(seeds.cache))
    return Trial(number, "subtitles", seed, (plan,))


def _overlay(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    seed = random.choice(seeds.texts["overlay"])
    _text(Seeds(seeds.folder, (), (), {"overlay": (seed,)}), "overlay", random,
          place / "overlays" / "price" / seed.name)  # fmt: skip
    show = ("overlays", "preview", "price", "--overlays", "in/overlays", "-o", "out/p", "--theme",
            "atelier", "--placement", "tiny", "--presets", str(seeds.presets), "--cache",
            "out/cache")  # fmt: skip
    return Trial(number, "overlay", seed, (show,))


def _catalogue(seeds: Seeds, number: int, random: Random, place: Path) -> Trial:
    """A mutated table, or one that is right with a mutated mapping; every mistake of it is told."""
    seed = random.choice(seeds.texts["catalogue"])
    table = seeds.folder / "home" / "shop.csv" if seed.suffix == ".yaml" else seed
    shutil.copy(table, place / table.name)
    file = place / ("shop.mapping.yaml" if seed.suffix == ".yaml" else seed.name)
    if seed.suffix == ".xlsx" and random.random() < 0.7:
        file.write_bytes(repacked(seed.read_bytes(), random))
    elif seed.suffix == ".xlsx":
        file.write_bytes(damaged(seed.read_bytes(), [], random))
    elif seed.suffix == ".tsv":  # in UTF-16, where a text's bytes say nothing
        text = misspelt(seed.read_text(encoding="utf-16").encode(), [], random)
        file.write_bytes(text.decode("utf-8", "replace").encode("utf-16", "surrogatepass"))
    else:
        file.write_bytes(misspelt(seed.read_bytes(), [], random))
    command = ("batch", str(place / table.name), "-o", "out/b", "--dry-run")
    return Trial(number, "catalogue", seed, (command,))


def clear(folder: Path) -> None:
    """Take a trial's folder away."""
    shutil.rmtree(folder, ignore_errors=True)


_LAYING = {
    "media": _media, "photo": _photo, "listing": _listing, "certificate": _certificate,
    "edit": _edit, "timeline": _timeline, "placement": _placement, "storyboard": _storyboard,
    "issuer": _issuer, "grades": _grades, "subtitles": _subtitles, "overlay": _overlay,
    "catalogue": _catalogue,
}  # fmt: skip
