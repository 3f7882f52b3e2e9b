"""Tables of what was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.detection.measures import (
    SHOWN,
    Judged,
    average_precision,
    false_alarms,
    interval,
    roc_auc,
    top_frames,
)


def table(judged: Sequence[Judged]) -> str:
    """One line for each kind of footage."""
    lines = [
        "| footage | showing / all | AP | AP, arguable apart | ROC-AUC | of 5 key frames, right "
        "| false alarms | median IoU |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for group in dict.fromkeys(j.group for j in judged):
        part = [j for j in judged if j.group == group]
        clear = [j for j in part if not j.arguable]
        unit = "source" if group == "real photos" else "clip"
        top = list(top_frames(part).values())
        alarms, distractors = false_alarms(part)
        ious = [j.iou for j in part if j.iou is not None]
        lines.append(
            f"| {group} | {sum(j.shows for j in part)} / {len(part)} "
            f"| {interval(part, average_precision, unit)} "
            f"| {interval(clear, average_precision, unit)} "
            f"| {interval(part, roc_auc, unit)} "
            f"| {f'{np.mean(top):.2f} of {len(top)} clips' if top else '–'} "
            f"| {f'{alarms:.0%} of {distractors}' if distractors else '–'} "
            f"| {f'{np.median(ious):.2f}' if ious else '–'} |"
        )
    return "\n".join(lines)


def by_source(judged: Sequence[Judged]) -> str:
    """Average precision of the real photos by source, and what scores high without cause."""
    lines = ["| source of photos | showing / all | AP | shown of others |", "|---|---:|---:|---:|"]
    photos = [j for j in judged if j.group == "real photos"]
    for source in dict.fromkeys(j.source for j in photos):
        part = [j for j in photos if j.source == source]
        others = [j.score >= SHOWN for j in part if not j.shows]
        lines.append(
            f"| {source} | {sum(j.shows for j in part)} / {len(part)} "
            f"| {interval(part, average_precision)} "
            f"| {f'{np.mean(others):.0%}' if others else '–'} |"
        )
    return "\n".join(lines)
