"""The comparisons of `make bench`: each a few lines for the results, made inside one run."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.speed import edits, peers, sources
from benchmarks.speed.measuring import Cost, cost, in_turns, ratios, spread
from video_pipeline.toolchain import ffmpeg_path

_US = [sys.executable, "-m", "video_pipeline"]
_FIVE = "tiktok,reels,shorts,ebay,amazon"


@dataclass(frozen=True)
class Bench:
    """How often everything is run, and where it may write."""

    runs: int
    folder: Path

    def new(self, name: str) -> Path:
        """An empty folder of that name."""
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place


def start(bench: Bench) -> list[str]:
    """The command beside the bare interpreter."""
    ways = {
        "python -c pass": lambda _: cost([sys.executable, "-c", "pass"]),
        "--help": lambda _: cost([*_US, "--help"]),
        "render --help": lambda _: cost([*_US, "render", "--help"]),
    }
    found, lacking = in_turns(max(bench.runs, 5), ways)
    bare = found["python -c pass"]
    rows = ["| command | wall above the interpreter, ms | wanted |", "|---|---:|---:|"]
    for name in ("--help", "render --help"):
        more = [
            (a.wall_s - b.wall_s) * 1000 for a, b in zip(found.get(name, []), bare, strict=False)
        ]
        wanted = "≤ 150" if name == "--help" else "–"
        rows.append(f"| {name} | {spread(more, '.0f') if more else '–'} | {wanted} |")
    return [*rows, *_said(lacking)]


def analysis(bench: Bench) -> list[str]:
    """Looking at a minute of footage beside decoding it."""
    file = sources.phone_1080(bench.folder / "sources")
    decoding = [ffmpeg_path(), "-v", "error", "-nostdin", "-i", file, "-map", "0:v", "-f", "null"]
    looking = [sys.executable, "-m", "benchmarks.speed.programs.looking", file]
    ways = {
        "decoding by ffmpeg": lambda _: cost([*decoding, "-"]),
        "analysis": lambda _: cost([*looking, bench.new("looked")]),
    }
    return _against(bench, ways, "decoding by ffmpeg", {"analysis": "≤ 1.25"})


def keyframes(bench: Bench) -> list[str]:
    """Key frames of a minute, by us and by others."""
    file = sources.phone_1080(bench.folder / "sources")
    count = "8"
    ways: dict[str, Callable[[int], Cost]] = {
        "keyframes, nothing kept": lambda _: cost(
            [
                *_US,
                "keyframes",
                file,
                "-o",
                bench.new("kf") / "out",
                "--cache",
                bench.new("kf-cache"),
            ]
        ),
        "ffmpeg thumbnail": lambda _: cost(
            [
                ffmpeg_path(),
                "-v",
                "error",
                "-nostdin",
                "-i",
                file,
                "-vf",
                "thumbnail=225",
                # Else ffmpeg fills the gaps with copies, and has its eight after one stretch.
                "-fps_mode",
                "passthrough",
                "-frames:v",
                count,
                "-q:v",
                "2",
                bench.new("kf-thumb") / "%d.jpg",
            ]
        ),
    }
    psd, katna = peers.scenedetect(), peers.katna()
    if psd.command:
        options = ["-q", "-i", file, "-o"]
        ways["PySceneDetect save-images"] = lambda _: cost(
            [*psd.command, *options, bench.new("kf-psd"), "detect-adaptive", "save-images"]
        )
    if katna.command:
        ways["Katna"] = lambda _: cost(
            [*katna.command, file, bench.new("kf-katna"), count], deadline_s=600
        )
    wanted = {"PySceneDetect save-images": "≥ 2", "Katna": "≥ 15"}
    rows = _against(bench, ways, "keyframes, nothing kept", wanted)
    return [*rows, *_said({p.name: p.lacking for p in (psd, katna) if p.lacking})]


def rendering(bench: Bench) -> list[str]:
    """The same edit by us, by MoviePy, by one ffmpeg command; and the floor under all."""
    home = bench.new("edit")
    edit_file = home / "edit.json"
    listing = sources.sample().parent / "listing.yaml"
    kept = home / "cache"
    cost([*_US, "plan", listing, "--as-filmed", "-o", edit_file, "--cache", kept])
    plain = edits.plain_edit(edit_file, home)
    plain.write(home / "plain.json")
    looked = home / "looked"
    shutil.copytree(kept, looked)

    def ours(_: int) -> Cost:
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(looked, kept)
        out = bench.new("edit-out") / "out"
        return cost(
            [*_US, "render", edit_file, "--reduced-motion", "--cache", kept, "-o", out, "--json"]
        )

    ways: dict[str, Callable[[int], Cost]] = {
        "decode used spans, encode": lambda _: cost(edits.floor(plain, home / "floor.mp4")),
        "one ffmpeg command": lambda _: cost(edits.by_hand(plain, home / "hand.mp4")),
        "render EDIT, looks kept": ours,
    }
    moviepy, editly = peers.moviepy(), peers.editly()
    if moviepy.command:
        ways["MoviePy"] = lambda _: cost(
            [*moviepy.command, home / "plain.json", home / "moviepy.mp4"]
        )
    wanted = {"render EDIT, looks kept": "≤ 1.20", "MoviePy": "≥ 3 × render's"}
    rows = _against(bench, ways, "decode used spans, encode", wanted)
    reference = home / "reference.mp4"
    cost(edits.by_hand(plain, reference, lossless=True))
    clips = {
        "one ffmpeg command": home / "hand.mp4",
        "render": next((bench.folder / "edit-out" / "out").glob("*.tiktok.mp4"), None),
        "MoviePy": home / "moviepy.mp4",
    }
    for name, clip in clips.items():
        if clip is not None and clip.is_file():
            size = clip.stat().st_size / 1e6
            rows.append(f"- {name}: VMAF {edits.vmaf(clip, reference):.2f}, {size:.1f} MB")
    return [*rows, *_said({p.name: p.lacking for p in (moviepy, editly) if p.lacking})]


def reuse(bench: Bench) -> list[str]:
    """The sample from its listing: cold, again, another price, more placements, the preview."""

    def run(number: int, price: int, *more: str, command: str = "render") -> Cost:
        home = bench.folder / "reuse"
        page = yaml.safe_load((sources.sample().parent / "listing.yaml").read_text("utf-8"))
        page["price"]["amount"] = price
        (home / "listing.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
        out = bench.new("reuse-out") / "out"
        return cost(
            [*_US, command, home / "listing.yaml", *more, "--cache", home / "cache", "-o", out]
        )

    def cold(number: int) -> Cost:
        home = bench.new("reuse")
        for name in ("take.mp4", "certificate.jwt"):
            (home / name).symlink_to(sources.sample().parent / name)
        return run(number, 1250)

    ways: dict[str, Callable[[int], Cost]] = {
        "render, cold": cold,
        "again": lambda n: run(n, 1250),
        "another price": lambda n: run(n, 1190),
        "two placements, one picture": lambda n: run(n, 1190, "--placement", "tiktok,reels"),
        "five placements, after that": lambda n: run(n, 1190, "--placement", _FIVE),
        "preview, looks kept": lambda n: run(n, 1190, command="preview"),
    }
    wanted = {"another price": "≤ 0.15", "preview, looks kept": "≤ 2 CPU s"}
    rows = _against(bench, ways, "render, cold", wanted)
    return [
        *rows,
        "",
        "What two placements share is planned for both, so their pieces need not be those of one; "
        "what a second one costs is therefore not told by this row.",
    ]


def long_and_large(bench: Bench) -> list[str]:
    """Whole renders of a minute of 1080p and of 4K HLG: peak memory."""
    rows = ["| source | CPU s | peak memory, MB | wanted |", "|---|---:|---:|---:|"]
    folder = bench.folder / "sources"
    made = (
        ("sample", sources.sample(), "≤ 450"),
        ("60 s 1080p30", sources.phone_1080(folder), "≤ 450, as the sample"),
        ("60 s 4K30 HEVC HLG", sources.phone_4k(folder), "≤ 900"),
    )
    page = yaml.safe_load((sources.sample().parent / "listing.yaml").read_text("utf-8"))
    for name, file, wanted in made:
        home = bench.new("large")
        (home / "take.mp4").symlink_to(file.resolve())
        (home / "certificate.jwt").symlink_to(sources.sample().parent / "certificate.jwt")
        (home / "listing.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
        command = [*_US, "render", home / "listing.yaml", "--cache", home / "cache"]
        found, lacking = in_turns(1, {name: lambda _, c=command, h=home: cost([*c, "-o", h / "o"])})
        for one in found.get(name, []):
            peak = "?" if one.peak_mb is None else f"{one.peak_mb:.0f}"
            rows.append(f"| {name} | {one.cpu_s:.1f} | {peak} | {wanted} |")
        rows += _said(lacking)
    return rows


def stages(bench: Bench) -> list[str]:
    """Where the CPU seconds of a cold render of the sample go."""
    listing = sources.sample().parent / "listing.yaml"
    home = bench.new("stages")
    watched = [sys.executable, "-m", "benchmarks.speed.stages", home / "stages.json"]
    cost([*watched, "render", listing, "--cache", home / "cache", "-o", home / "out", "--json"])
    page = json.loads((home / "stages.json").read_text(encoding="utf-8"))
    spent = page["stages"]
    whole = sum(spent.values())
    rows = ["| stage | CPU s | share |", "|---|---:|---:|"]
    for name, seconds in sorted(spent.items(), key=lambda entry: -entry[1]):
        if seconds >= 0.03:
            rows.append(f"| {name} | {seconds:.2f} | {seconds / whole:.1%} |")
    rows.append(f"| all | {whole:.1f} | |")
    return [*rows, *_said(dict.fromkeys(page["lacking"], "no longer there, so not told apart"))]


ALL: dict[str, Callable[[Bench], list[str]]] = {
    "start": start,
    "stages": stages,
    "analysis": analysis,
    "keyframes": keyframes,
    "rendering": rendering,
    "reuse": reuse,
    "memory": long_and_large,
}


def _against(
    bench: Bench, ways: dict[str, Callable[[int], Cost]], base: str, wanted: dict[str, str]
) -> list[str]:
    found, lacking = in_turns(bench.runs, ways)
    rows = [
        f"| what | CPU s | times `{base}` | wall s | peak MB | wanted |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, costs in found.items():
        peaks = [one.peak_mb for one in costs if one.peak_mb is not None]
        rows.append(
            f"| {name} | {spread([c.cpu_s for c in costs])} | "
            f"{spread(ratios(costs, found[base])) if base in found else '–'} | "
            f"{spread([c.wall_s for c in costs], '.1f')} | "
            f"{spread(peaks, '.0f') if peaks else '?'} | {wanted.get(name, '')} |"
        )
    return [*rows, *_said(lacking)]


def _said(lacking: dict[str, str]) -> list[str]:
    return [f"- {name}: left out: {why}" for name, why in lacking.items()]
