"""Measure the choice of moments: `python -m benchmarks.choosing FOLDER... [--detector NAME]`.

Each labelled take is planned as a clip of the usual storyboard, with a listing that states nothing
else. A pick is what a cut for the whole item, hardware or stitching shows, over all its frames:

right      most of its frames show what the slot asks, by the truth
scripted   most of its frames are of a segment that was filmed for what the slot asks
bad        a frame of it is of a segment that was spoilt on purpose
blur       mean smear of its frames, against the 25th percentile of the take's own

Beside it stand what one would use instead, at as many moments and for as long. Real clips are
labelled by spans; where nobody would say that one shows a part, its slots must stay empty.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.choosing import rivals
from benchmarks.choosing.footage import NEEDS, Take, takes
from video_pipeline.analysis.model import Analysis
from video_pipeline.analysis.scan import analyse
from video_pipeline.edit.brief import Brief
from video_pipeline.edit.planning import plan
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import window
from video_pipeline.footage.probe import probe
from video_pipeline.listing.reading import read_listing
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement
from video_pipeline.presets.storyboards import load_storyboard
from video_pipeline.resources import shipped
from video_pipeline.store import Store
from video_pipeline.vision.detectors import detector

LENGTH = Fraction(6, 5)  # s: the shortest that a detail is shown


@dataclass(frozen=True)
class Pick:
    """One cut and what the truth says of its frames."""

    take: Take
    need: str
    start: float
    end: float

    def share(self, field: str) -> float:
        """Share of its frames whose `field` ("shows" or "scripted") holds what was asked."""
        frames = self.take.between(self.start, self.end)
        return float(np.mean([self.need in getattr(f, field) for f in frames])) if frames else 0.0

    @property
    def bad(self) -> bool:
        return any(f.bad for f in self.take.between(self.start, self.end))

    @property
    def arguable(self) -> bool:
        return any(f.arguable for f in self.take.between(self.start, self.end))

    @property
    def blur(self) -> float:
        """Mean smear, px; 0 where nobody measured."""
        smears = [f.blur_px for f in self.take.between(self.start, self.end)]
        return float(np.mean([b for b in smears if b is not None] or [0.0]))

    @property
    def sharp_enough(self) -> bool:
        smears = [f.blur_px for f in self.take.frames if f.blur_px is not None]
        return not smears or self.blur <= float(np.percentile(smears, 25))


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--detector")
    parser.add_argument("--picks", action="store_true", help="print every pick")
    given = parser.parse_args(words)
    brief = _brief()
    store, seeing = Store(), detector(given.detector)
    store.begin()
    labelled = list(takes(given.folders))
    tables = {take.name: analyse(probe(take.path), store, seeing) for take in labelled}
    synthetic = [take for take in labelled if take.frames[0].blur_px is not None]
    real = [take for take in labelled if take.frames[0].blur_px is None]
    ours = {take.name: _picks(take, brief, tables[take.name]) for take in labelled}
    if given.picks:
        for pick in (p for picks in ours.values() for p in picks):
            print(
                f"{pick.take.name} {pick.need} {pick.start:.2f}-{pick.end:.2f} shows "
                f"{pick.share('shows'):.2f} scripted {pick.share('scripted'):.2f} bad {pick.bad} "
                f"blur {pick.blur:.1f}"
            )
    if synthetic:
        _print_rivals(synthetic, ours, tables)
    if real:
        _print_real(real, ours)
    _print_windows(labelled, tables)
    _print_time(brief, [tables[take.name] for take in labelled])


def _brief() -> Brief:
    listing = read_listing(shipped("samples") / "cognac-pouch" / "listing.yaml")
    bare = listing.condition.model_copy(update={"notes": ()})
    return Brief(
        listing=listing.model_copy(update={"condition": bare}),
        storyboard=load_storyboard("showcase"),
        placement=load_placement("tiktok"),
        scale=load_scale(listing.condition.scale),
        claims=(),
        refusals=(),
    )


def _picks(take: Take, brief: Brief, table: Analysis) -> list[Pick]:
    edit = plan(brief, {take.path.name: table})
    asked = {slot.name: slot.needs for slot in brief.storyboard.slots}
    return [
        Pick(
            take, asked[cut.slot], float(cut.start),
            float(cut.start + (cut.frames - cut.hold) / edit.rate),
        )
        for cut in edit.cuts
        if asked[cut.slot] in NEEDS and cut.slot != "condition"
    ]  # fmt: skip


def _print_rivals(
    synthetic: Sequence[Take], ours: Mapping[str, list[Pick]], tables: Mapping[str, Analysis]
) -> None:
    rows: dict[str, list[Pick]] = {"video-pipeline": [p for t in synthetic for p in ours[t.name]]}
    ways: dict[str, Callable[[Path, float, int], list[float] | None]] = {
        "evenly spaced": rivals.evenly,
        "ffmpeg thumbnail": rivals.thumbnail,
        "PySceneDetect, sharpest": rivals.sharpest_scenes,
    }
    for name, way in ways.items():
        picks = []
        for take in synthetic:
            asked = ours[take.name]
            seconds = tables[take.name].footage.duration_s
            moments = way(take.path, seconds, len(asked))
            for pick, t in zip(asked, moments or (), strict=False):
                half = (pick.end - pick.start) / 2
                start = min(max(0.0, t - half), seconds - 2 * half)
                picks.append(replace(pick, start=start, end=start + 2 * half))
        rows[name] = picks
    print("\n| synthetic takes | picks | right | scripted | bad | sharp enough | blur |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, picks in rows.items():
        if not picks:
            print(f"| {name} | not installed | | | | | |")
            continue
        print(
            f"| {name} | {len(picks)} | {_share(p.share('shows') > 0.5 for p in picks)} "
            f"| {_share(p.share('scripted') > 0.5 for p in picks)} "
            f"| {sum(p.bad for p in picks)} | {_share(p.sharp_enough for p in picks)} "
            f"| {np.mean([p.blur for p in picks]):.1f} px |"
        )
    quarter = [np.percentile([f.blur_px or 0 for f in t.frames], 25) for t in synthetic]
    print(f"\nMean of the takes' 25th percentiles of blur: {np.mean(quarter):.1f} px.")
    for need in NEEDS:
        kept = [p for p in rows["video-pipeline"] if p.need == need]
        missed = [t.name for t in synthetic if all(p.need != need for p in ours[t.name])]
        right = _share(p.share("shows") > 0.5 for p in kept)
        blur = f"{np.mean([p.blur for p in kept]):.1f} px" if kept else "-"
        print(
            f"- {need}: {len(kept)} picks, right {right}, blur {blur}; "
            f"no pick in {', '.join(missed) or '-'}"
        )


def _print_real(real: Sequence[Take], ours: Mapping[str, list[Pick]]) -> None:
    print("\n| real clips | have it | picked in | picks right | border cases right | wrong in |")
    print("|---|---:|---:|---:|---:|---|")
    for need in ("hardware", "stitching"):
        having = [t for t in real if t.has(need)]
        picks = [p for t in real for p in ours[t.name] if p.need == need]
        clear = [p for p in picks if not p.arguable]
        right = [p for p in picks if p.share("shows") > 0.5]
        border = [p for p in picks if p.arguable]
        wrong = sorted({p.take.name for p in clear if p not in right})
        print(
            f"| {need} | {len(having)} of {len(real)} "
            f"| {sum(_asks(ours[t.name], need) for t in having)} "
            f"| {_share(p in right for p in clear)} of {len(clear)} "
            f"| {_share(p in right for p in border)} of {len(border)} | {', '.join(wrong) or '-'} |"
        )


def _print_windows(labelled: Sequence[Take], tables: Mapping[str, Analysis]) -> None:
    """How many clean windows of 1.2 s are right at each threshold: where SHOWS comes from."""
    found: dict[tuple[str, str], list[tuple[str, float, bool]]] = {}
    for take in labelled:
        reel = Reel(take.name, tables[take.name])
        kind = "real clips" if take.frames[0].blur_px is None else "synthetic takes"
        clean = [
            i for a, b in reel.runs for i in range(a, b) if reel.times[i] + LENGTH <= reel.end_of(b)
        ]
        for need in ("hardware", "stitching"):
            for i in clean:
                view = window(reel, need, i, LENGTH, LENGTH)  # type: ignore[arg-type]
                pick = Pick(take, need, float(view.start), float(view.end))
                if not pick.arguable:
                    row = (take.name, view.fit, pick.share("shows") > 0.5)
                    found.setdefault((kind, need), []).append(row)
    print("\n| clean windows of 1.2 s | fit from | pass | right | of all right | wrong clips |")
    print("|---|---:|---:|---:|---:|---|")
    for (kind, need), rows in found.items():
        right_ones = sum(right for *_, right in rows)
        having = {name for name, _, right in rows if right}
        for threshold in (0.35, 0.4, 0.45, 0.5, 0.55):
            kept = [row for row in rows if row[1] >= threshold]
            wrong = sorted({name for name, *_ in kept} - having)
            print(
                f"| {kind}, {need} | {threshold:.2f} | {len(kept)} "
                f"| {_share(right for *_, right in kept)} "
                f"| {sum(right for *_, right in kept) / max(1, right_ones):.2f} "
                f"| {', '.join(wrong) or '-'} |"
            )


def _print_time(brief: Brief, tables: Sequence[Analysis]) -> None:
    """Planning one source of a minute: tables one after another until it is that long."""
    moments, shift = [], Fraction(0)
    for table in tables:
        moments += [replace(m, t=m.t + shift) for m in table.moments]
        shift += table.footage.duration
        if shift >= 60:
            break
    footage = replace(tables[0].footage, duration=shift)
    source = {"long.mp4": Analysis(footage, tuple(moments))}
    taken = []
    for _ in range(5):
        begun = time.process_time()
        plan(brief, source)
        taken.append(time.process_time() - begun)
    print(
        f"\nPlanning one source of {float(shift):.0f} s from its table: "
        f"{1000 * np.median(taken):.0f} ms of CPU, {1000 * min(taken):.0f} to "
        f"{1000 * max(taken):.0f} in five runs."
    )


def _asks(picks: Sequence[Pick], need: str) -> bool:
    return any(pick.need == need for pick in picks)


def _share(answers: object) -> str:
    told = list(answers)  # type: ignore[call-overload]
    return f"{sum(told) / len(told):.2f}" if told else "-"


if __name__ == "__main__":
    main()
