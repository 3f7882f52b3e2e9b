"""The front: which settings no other one beats, and what the whole table says.

Settings are compared at equal rate. A family is a preset with its further options; its CRFs are
points of a curve from rate to VMAF and to CPU, drawn straight between neighbours over the logarithm
of the rate. A setting is off the front when another family has, at the setting's own rate, a higher
VMAF for less CPU, both in the mean over the clips that both were tried on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import mean

import numpy as np

from benchmarks.encoding.trying import Tried

COMPARED = 96.0  # VMAF; most of the curves reach it
Family = tuple[str, str]


def family(one: Tried) -> Family:
    """A preset and its further options."""
    return one.preset, one.more


def at_rate(curve: Sequence[Tried], kbps: float) -> tuple[float, float] | None:
    """VMAF and CPU seconds of one clip's family at a rate; None where it would be a guess."""
    curve = sorted(curve, key=lambda one: one.kbps)
    if len(curve) < 2 or not curve[0].kbps <= kbps <= curve[-1].kbps:
        return None
    rates = np.log([one.kbps for one in curve])
    vmaf = np.interp(np.log(kbps), rates, [one.vmaf for one in curve])
    cpu = np.interp(np.log(kbps), rates, [one.cpu_s for one in curve])
    return float(vmaf), float(cpu)


def at_vmaf(curve: Sequence[Tried], vmaf: float) -> tuple[float, float] | None:
    """Kilobits a second and CPU seconds at which one clip's family has a VMAF; None: a guess."""
    curve = sorted(curve, key=lambda one: one.vmaf)
    if len(curve) < 2 or not curve[0].vmaf <= vmaf <= curve[-1].vmaf:
        return None
    scores = [one.vmaf for one in curve]
    rate = np.exp(np.interp(vmaf, scores, np.log([one.kbps for one in curve])))
    return float(rate), float(np.interp(vmaf, scores, [one.cpu_s for one in curve]))


def beaten_by(rows: Sequence[Tried]) -> dict[tuple[Family, int], Family]:
    """The settings off the front, each with a family that beats it at its own rate."""
    curves: dict[tuple[Family, str], list[Tried]] = defaultdict(list)
    settings: dict[tuple[Family, int], list[Tried]] = defaultdict(list)
    for row in rows:
        curves[family(row), row.clip].append(row)
        settings[family(row), row.crf].append(row)
    beaten: dict[tuple[Family, int], Family] = {}
    for setting, points in settings.items():
        for other in dict.fromkeys(name for name, _ in curves if name != setting[0]):
            both = [
                (found, point)
                for point in points
                if (found := at_rate(curves[other, point.clip], point.kbps)) is not None
            ]
            if both and (
                mean(vmaf - point.vmaf for (vmaf, _), point in both) > 0
                and mean(cpu / point.cpu_s for (_, cpu), point in both) < 1
            ):
                beaten.setdefault(setting, other)
    return beaten


def page(rows: Iterable[Tried]) -> str:
    """The whole table in Markdown, one part for each picture size."""
    by_size: dict[str, list[Tried]] = defaultdict(list)
    for row in rows:
        by_size[row.size].append(row)
    return "\n".join(line for size, found in by_size.items() for line in _of_size(size, found))


def _of_size(size: str, rows: Sequence[Tried]) -> list[str]:
    beaten = beaten_by(rows)
    settings: dict[tuple[Family, int], list[Tried]] = defaultdict(list)
    for row in rows:
        settings[family(row), row.crf].append(row)
    lines = [
        f"\n{size}: means over the clips (`n`), VMAF of the lowest one, CPU seconds for a second "
        "of clip\n",
        "| setting | CRF | n | Mbit/s | CPU s | VMAF | lowest clip | posted | on the front |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for (name, crf), found in sorted(settings.items(), key=lambda one: (one[0][0], one[0][1])):
        other = beaten.get((name, crf))
        posted = [one.posted for one in found if one.posted]
        lines.append(
            f"| {_named(name)} | {crf} | {len(found)} | {mean(f.kbps for f in found) / 1000:.2f} "
            f"| {mean(f.cpu_s * 30 / f.frames for f in found):.2f} "
            f"| {mean(f.vmaf for f in found):.2f} | {min(f.vmaf for f in found):.2f} "
            f"| {f'{mean(posted):.2f}' if posted else ''} "
            f"| {f'beaten by {_named(other)}' if other else 'yes'} |"
        )
    return [*lines, *_at_compared(size, rows)]


def _at_compared(size: str, rows: Sequence[Tried]) -> list[str]:
    clips = list(dict.fromkeys(row.clip for row in rows))
    curves: dict[tuple[Family, str], list[Tried]] = defaultdict(list)
    for row in rows:
        curves[family(row), row.clip].append(row)
    lines = [
        f"\n{size}: Mbit/s and CPU seconds for a second of clip at VMAF {COMPARED:g}\n",
        f"| setting | {' | '.join(clips)} |",
        f"|---|{'---|' * len(clips)}",
    ]
    for name in sorted({family(row) for row in rows}):
        cells = []
        for clip in clips:
            curve = curves[name, clip]
            found = at_vmaf(curve, COMPARED) if curve else None
            seconds = curve[0].frames / 30 if curve else 1.0
            cells.append(f"{found[0] / 1000:.2f}, {found[1] / seconds:.2f}" if found else "–")
        if any(cell != "–" for cell in cells):
            lines.append(f"| {_named(name)} | {' | '.join(cells)} |")
    return lines


def _named(name: Family) -> str:
    preset, more = name
    return f"{preset}, {more}" if more else preset
