"""Tables of what was measured, as Markdown: detectors stand next to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from benchmarks.detection.measures import Figure, Figures, Judged, figures

# By kind of footage (or source), by detector.
Measured = Mapping[str, Mapping[str, Figures]]
Row = tuple[str, Callable[[Figures], str]]


def _share(found: Figure) -> str:
    return "–" if found.value is None else f"{found.told('.0%')} of {found.of}"


OF_SOURCES: tuple[Row, ...] = (
    ("AP", lambda f: str(f.ap)),
    ("AP, arguable apart", lambda f: str(f.clear_ap)),
    ("said of all that show none", lambda f: _share(f.said_of_others)),
)
ALL: tuple[Row, ...] = (
    *OF_SOURCES[:2],
    ("AP above {first}", lambda f: f.lead.told("+.2f")),
    ("AP above {first}, arguable apart", lambda f: f.clear_lead.told("+.2f")),
    ("ROC-AUC", lambda f: str(f.roc_auc)),
    ("right of 5 key frames", lambda f: f"{f.key_frames} of {f.key_frames.of} clips"),
    ("false alarms on distractors", lambda f: _share(f.false_alarms)),
    OF_SOURCES[2],
    ("calibration error", lambda f: str(f.calibration_error)),
    ("median IoU of the best box", lambda f: str(f.iou)),
)


def measured(judged: Mapping[str, Sequence[Judged]], by: str = "group") -> Measured:
    """What detectors said of one part in the same pictures, by kind of footage or by source.

    Each is held against the first. Intervals are drawn over sources, within a source over clips.
    """
    first = next(iter(judged.values()))
    unit = "clip" if by == "source" else "source"

    def those(rows: Sequence[Judged], key: str) -> list[Judged]:
        return [j for j in rows if getattr(j, by) == key]

    return {
        key: {
            name: figures(those(rows, key), those(first, key), unit)
            for name, rows in judged.items()
        }
        for key in dict.fromkeys(str(getattr(j, by)) for j in first)
    }


def side_by_side(title: str, found: Measured, rows: Sequence[Row] = ALL) -> str:
    """One block of lines for each kind of footage, a column for each detector.

    Lines that hold nothing are left out, but never the neighbour of an average precision.
    """
    names = list(next(iter(found.values())))
    lines = [f"| {title} | | {' | '.join(names)} |", f"|---|---|{'---:|' * len(names)}"]
    for key, by_name in found.items():
        any_of = by_name[names[0]]
        head = f"{key}: {any_of.showing} of {any_of.pictures} show it, {any_of.arguable} arguable"
        kept = False
        for label, told in rows:
            cells = [told(by_name[name]) for name in names]
            if "{first}" in label:
                cells[0] = "–"
            kept = any(cell[0] != "–" for cell in cells) or (kept and "arguable apart" in label)
            if kept:
                lines.append(f"| {head} | {label.format(first=names[0])} | {' | '.join(cells)} |")
                head = ""
    return "\n".join(lines)


def by_fifths(title: str, found: Measured) -> str:
    """What scores of each fifth say, and the share of pictures that show the part."""
    names = list(next(iter(found.values())))
    lines = [f"| {title} | scores | {' | '.join(names)} |", f"|---|---|{'---:|' * len(names)}"]
    for key, by_name in found.items():
        head = key
        bins = {name: {b.low: b for b in by_name[name].reliability} for name in names}
        highs = {b.low: b.high for told in bins.values() for b in told.values()}
        for low, high in sorted(highs.items()):
            cells = [
                f"said {b.said:.2f}, shown {b.shown:.2f} of {b.pictures}" if b else "–"
                for b in (bins[name].get(low) for name in names)
            ]
            lines.append(f"| {head} | {low:.1f} to {high:.1f} | {' | '.join(cells)} |")
            head = ""
    return "\n".join(lines)
