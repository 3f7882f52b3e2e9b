"""Trying: one encoder setting on one material, and what it cost and kept.

CPU seconds are those of the encoding process, user and system, one encoder thread; pictures are
read raw. VMAF (the model that the shipped ffmpeg has, vmaf_v0.6.1) is held against the raw pictures
at the placement's own size, every third frame, and pooled by its harmonic mean.
"""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from benchmarks.encoding.material import Material
from benchmarks.speed.measuring import cost
from video_pipeline import graph
from video_pipeline.presets.placements import Placement
from video_pipeline.toolchain import ffmpeg_path

EVERY = 3  # frames; VMAF of the others would cost more than it tells
# What a platform makes of an upload is nobody's to read. This stands in for it: a phone-sized rate.
STAND_IN = ("-preset", "medium", "-crf", "26", "-maxrate", "3M", "-bufsize", "6M")


@dataclass(frozen=True)
class Setting:
    """An encoder setting; `more` are options beside the pipeline's own, as name=value."""

    preset: str
    crf: int
    more: str = ""

    @property
    def options(self) -> dict[str, str]:
        """The further options by name."""
        return dict(pair.split("=", 1) for pair in self.more.split(",") if pair)


@dataclass(frozen=True)
class Tried:
    """A setting on a material: bytes, CPU seconds, VMAF and its lowest frame.

    `posted` is VMAF after the stand-in of a platform has encoded it once more, 0 if not tried.
    """

    clip: str
    size: str
    frames: int
    preset: str
    crf: int
    more: str
    bytes: int
    cpu_s: float
    vmaf: float
    lowest: float
    posted: float = 0.0

    @property
    def setting(self) -> Setting:
        """What was tried."""
        return Setting(self.preset, self.crf, self.more)

    @property
    def kbps(self) -> float:
        """Kilobits a second at 30 frames a second."""
        return self.bytes / 125 / (self.frames / 30)


def tried(
    material: Material, setting: Setting, placement: Placement, folder: Path, *, post: bool
) -> Tried:
    """Encode `material` so, and measure."""
    out = folder / f"{material.name}.mp4"
    place = replace(placement, crf=setting.crf, preset=setting.preset)
    spent = cost(graph.finished(material.file, out, place, **setting.options))
    vmaf, lowest = judged(out, material.file, folder)
    again = 0.0
    if post:
        other = folder / f"{material.name}.posted.mp4"
        command = [*_quiet(), "-i", str(out), "-c:v", "libx264", *STAND_IN, str(other)]
        subprocess.run(command, check=True)
        again, _ = judged(other, material.file, folder)
    return Tried(
        material.name,
        f"{placement.width}x{placement.height}",
        material.frames,
        setting.preset,
        setting.crf,
        setting.more,
        out.stat().st_size,
        round(spent.cpu_s, 2),
        round(vmaf, 2),
        round(lowest, 1),
        round(again, 2),
    )


def judged(clip: Path, reference: Path, folder: Path) -> tuple[float, float]:
    """VMAF of a clip against its raw pictures: harmonic mean, and that of the lowest frame."""
    log = folder / f"{clip.stem}.vmaf.json"
    same = "settb=1/30,setpts=N"
    chain = (
        f"[0:v]{same}[a];[1:v]{same}[b];[a][b]libvmaf=log_fmt=json:log_path={log.name}"
        f":n_subsample={EVERY}:n_threads=2"
    )
    command = [*_quiet(), "-i", str(clip.resolve()), "-i", str(reference.resolve())]
    subprocess.run([*command, "-lavfi", chain, "-f", "null", "-"], check=True, cwd=folder)
    page = json.loads(log.read_text(encoding="utf-8"))
    pooled = page["pooled_metrics"]["vmaf"]
    return float(pooled["harmonic_mean"]), float(pooled["min"])


def read(file: Path) -> list[Tried]:
    """What was measured before; nothing where there is no such file."""
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as rows:
        return [_tried(row) for row in csv.DictReader(rows)]


def write(file: Path, found: Iterable[Tried]) -> None:
    """Write the table anew."""
    with file.open("w", encoding="utf-8", newline="") as rows:
        table = csv.DictWriter(rows, [field.name for field in fields(Tried)], lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(one) for one in found)


def _tried(row: Mapping[str, str]) -> Tried:
    return Tried(
        row["clip"],
        row["size"],
        int(row["frames"]),
        row["preset"],
        int(row["crf"]),
        row["more"],
        int(row["bytes"]),
        float(row["cpu_s"]),
        float(row["vmaf"]),
        float(row["lowest"]),
        float(row["posted"]),
    )


def _quiet() -> list[str]:
    return [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y"]
