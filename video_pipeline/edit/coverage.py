"""Coverage: what the footage shows of all that a buyer expects, and how to film the rest.

Each view is `shown` where something that can tell says so, `missing` where it was looked for and no
clean stretch was found, and `not checked` where nothing here can tell: then a person looks, at the
frames that are named. A flaw or a certificate is shown only where the listing points at clean
footage. So nothing is called shown that nobody knows.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, get_args

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit.captions import note_line
from video_pipeline.edit.pointing import place_of
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.windows import Window, best_windows, window_around
from video_pipeline.errors import FootageError, ListingError, Problem, UsageError
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.listing.clock import clock_of
from video_pipeline.listing.model import ListingFile, Seen
from video_pipeline.overlays.language import ENGLISH, Language
from video_pipeline.presets.coverage import Advice, Expectations, LookAt, View
from video_pipeline.presets.storyboards import Must

State = Literal["shown", "missing", "not checked"]
_MOST_STRETCHES = 3
_ALL_WINDOWS = 60  # so many that those of one long stretch touch


@dataclass(frozen=True)
class Stretch:
    """Footage from `start` to `end` of one source, seconds; `best` is its best moment.

    `score` is 0..1, how well it shows what was looked for, and how good the picture is.
    """

    source: str
    start: Fraction
    end: Fraction
    best: Fraction
    score: float

    @property
    def told(self) -> str:
        """The stretch in words: '0:12.0–0:13.2 of take.mp4'."""
        return f"{clock_of(self.start)}–{clock_of(self.end)} of {self.source}"


@dataclass(frozen=True)
class Row:
    """One view and what is known of it.

    view     its key; several flaws share one
    name     what the seller calls it
    where    best first: where it is shown, or, when not checked, what to look through
    nearest  of a missing view, what came nearest
    why      why it is missing, or where a person may look; may be empty
    advice   how to film it, or film it better; may be empty
    """

    view: str
    name: str
    must: Must
    state: State
    where: tuple[Stretch, ...] = ()
    nearest: Stretch | None = None
    why: str = ""
    advice: str = ""

    @property
    def score(self) -> float | None:
        """How well it is shown, 0..1; None unless it is."""
        return self.where[0].score if self.state == "shown" and self.where else None


@dataclass(frozen=True)
class Coverage:
    """What the footage of one listing shows of all that a buyer expects, in the preset's order."""

    category: str
    title: str
    rows: tuple[Row, ...]

    @property
    def counted(self) -> str:
        """How many views are in each state: '3 shown, 1 missing, 15 not checked'."""
        return ", ".join(f"{sum(r.state == s for r in self.rows)} {s}" for s in get_args(State))

    def unmet(self, required: Sequence[str]) -> tuple[Row, ...]:
        """The rows that are missing, of the views that are required."""
        return tuple(r for r in self.rows if r.view in required and r.state == "missing")


def check_required(required: Sequence[str], expected: Expectations) -> None:
    """Raise UsageError for a view that cannot be required, before any footage is looked at."""
    for word in required:
        if word in expected.requirable:
            continue
        if any(view.key == word for view in expected.views):
            message = f"'{word}' cannot be required: nothing here can tell whether it is shown"
            hint = ""
        else:
            message = f"'{word}' is not among the views of {expected.title}"
            hint = did_you_mean(word, expected.requirable)
        known = f"there are: {', '.join(expected.requirable)}"
        raise UsageError(message, where="--require", mend=f"{hint}; {known}" if hint else known)


def require(coverage: Coverage, required: Sequence[str]) -> None:
    """Raise FootageError when the footage lacks a required view: what is near, what to do."""
    unmet = coverage.unmet(required)
    if unmet:
        views = ", ".join(dict.fromkeys(row.view for row in unmet))
        raise FootageError(
            f"this footage does not show what is required: {views}",
            where="--require",
            problems=[Problem(row.name, row.why, row.advice) for row in unmet],
        )


def cover(
    listing: ListingFile,
    analyses: Mapping[str, Analysis],
    expected: Expectations,
    advice: Advice,
    words: Language = ENGLISH,
) -> Coverage:
    """Hold the footage against what a buyer expects.

    `analyses` holds one table per source, by the source's name; `words` is the language
    in which flaws are named.
    """
    looking = _Looking(listing, analyses, expected, advice, words)
    rows = tuple(row for view in expected.views for row in looking.rows(view))
    return Coverage(expected.category, expected.title, rows)


def coverage_as_json(coverage: Coverage) -> dict[str, Any]:
    """The coverage as plain JSON values; times are seconds in the source as displayed."""
    return {
        "category": coverage.category,
        "views": [
            {
                "view": row.view,
                "name": row.name,
                "must": row.must,
                "state": row.state,
                "score": row.score,
                "where": [_stretch_as_json(stretch) for stretch in row.where],
                "nearest": _stretch_as_json(row.nearest) if row.nearest else None,
                "why": row.why,
                "advice": row.advice,
            }
            for row in coverage.rows
        ],
    }


def _stretch_as_json(stretch: Stretch) -> dict[str, Any]:
    return {
        "source": stretch.source,
        "from": round(float(stretch.start), 3),
        "to": round(float(stretch.end), 3),
        "best": round(float(stretch.best), 3),
        "score": stretch.score,
    }


class _Looking:
    """Everything that is looked through while one coverage is made."""

    def __init__(
        self,
        listing: ListingFile,
        analyses: Mapping[str, Analysis],
        expected: Expectations,
        advice: Advice,
        words: Language,
    ) -> None:
        self.listing = listing
        self.footage = {name: analysis.footage for name, analysis in analyses.items()}
        self.reels = {name: Reel(name, analysis) for name, analysis in analyses.items()}
        self.length = Fraction(expected.seconds).limit_denominator(1000)
        self.advice = advice
        self.words = words
        # Several views may have to be looked for among the same windows.
        self.best: Callable[[LookAt], tuple[list[Window], Window | None]] = functools.cache(
            lambda shows: best_windows(list(self.reels.values()), shows, self.length, _ALL_WINDOWS)
        )

    def rows(self, view: View) -> Iterator[Row]:
        """The rows of one view: one, or one for each flaw or certificate."""
        match view.known_by:
            case "hardware" | "stitching":
                yield self._seen_by_detector(view, view.known_by)
            case "flaws":
                yield from self._flaws(view)
            case "certificates":
                yield from self._certificates(view)
            case "includes":
                yield self._included(view)
            case "nobody":
                yield self._for_a_person(view)

    def _seen_by_detector(self, view: View, shows: LookAt) -> Row:
        windows, nearest = self.best(shows)
        row = Row(view.key, view.name, view.must, "missing", advice=view.film)
        if windows:
            return replace(row, state="shown", where=_stretches(windows, shows), advice="")
        if nearest is None:
            return replace(row, why=f"no footage lasts {float(self.length):g} s")
        (near,) = _stretches([nearest], shows)
        why = f"nearest at {near.told}: {', '.join(nearest.faults)}"
        advice = self.advice.against(nearest.faults) or view.film
        return replace(row, nearest=near, why=why, advice=advice)

    def _flaws(self, view: View) -> Iterator[Row]:
        place = f"{self.listing.path.name}: condition.notes"
        for number, note in enumerate(self.listing.condition.notes):
            if note.flaw == "none":  # the note praises a part; there is nothing to be shown
                continue
            row = Row(view.key, note_line(note, self.words), view.must, "missing", advice=view.film)
            if note.flaw in self.advice.not_filmable:
                why = "no camera sees this; its words are shown with the grade"
                yield replace(row, state="not checked", why=why, advice="")
            else:
                yield self._pointed_at(row, note.seen, f"{place}.{number}")

    def _certificates(self, view: View) -> Iterator[Row]:
        row = Row(view.key, view.name, view.must, "missing", advice=view.film)
        if not self.listing.certificates:
            yield replace(row, why="the listing names no certificate", advice="")
        for number, certificate in enumerate(self.listing.certificates):
            named = replace(row, name=f"{view.name}: {certificate.file}")
            place = f"{self.listing.path.name}: certificates.{number}"
            yield self._pointed_at(named, certificate.seen, place)

    def _pointed_at(self, row: Row, seen: Seen | None, entry: str) -> Row:
        """Whether the footage is clean where the listing says that something is to be seen."""
        try:
            place = place_of(seen, self.footage, entry)
        except ListingError:
            # Only an edit comes with less footage than its listing names.
            return replace(row, why="the footage that the listing points at is not used here")
        if place is None:
            return replace(row, why="the listing does not say when the footage shows it")
        reel = self.reels[place.source]
        if place.at is not None:
            window = window_around(reel, "flaw", place.at, self.length)
        else:
            windows, _ = best_windows([reel], "flaw", self.length, most=1)
            window = (
                windows[0] if windows else window_around(reel, "flaw", reel.end / 2, self.length)
            )
        at = place.at if place.at is not None else window.middle.t
        # A time near the end of a file may lie after its last picture.
        best = min(window.moments, key=lambda moment: abs(moment.t - at)).t
        there = Stretch(window.source, window.start, window.end, best, round(window.score, 3))
        if window.faults:
            why = f"the listing points at {there.told}: {', '.join(window.faults)}"
            advice = self.advice.against(window.faults) or row.advice
            return replace(row, nearest=there, why=why, advice=advice)
        brief = ""
        if window.length < self.length:
            seconds = float(window.length)
            brief = f"Hold still on it for longer: its clean view lasts {seconds:.1f} s."
        return replace(row, state="shown", where=(there,), advice=brief)

    def _included(self, view: View) -> Row:
        included = ", ".join(self.listing.includes)
        return Row(
            view.key,
            f"{view.name}: {included}" if included else view.name,
            view.must,
            "not checked",
            why="named, but nothing here can tell whether it is filmed"
            if included
            else "the listing names nothing",
            advice=view.film,
        )

    def _for_a_person(self, view: View) -> Row:
        row = Row(view.key, view.name, view.must, "not checked", advice=view.film)
        if view.look_at is None:
            return row
        windows, _ = self.best(view.look_at)
        if not windows:
            return replace(row, why=f"no stretch seems to show {_LOOK[view.look_at]}")
        where = _stretches(windows, view.look_at)
        return replace(row, where=where, why=f"look where the footage shows {_LOOK[view.look_at]}")


_LOOK: dict[LookAt, str] = {
    "whole": "something whole",
    "hardware": "metal close",
    "stitching": "seams close",
}


def _stretches(windows: Sequence[Window], shows: LookAt) -> tuple[Stretch, ...]:
    """The windows, those that touch joined, best first, the best few of them."""
    joined: list[Stretch] = []
    for window in sorted(windows, key=lambda w: (w.source, w.start)):
        best = max(window.moments, key=lambda m: getattr(m, shows) * m.sharpness * m.exposure)
        score = round(window.score, 3)
        new = Stretch(window.source, window.start, window.end, best.t, score)
        last = joined[-1] if joined else None
        if last and last.source == new.source and new.start <= last.end:
            better = new if new.score > last.score else last
            joined[-1] = replace(better, start=last.start, end=max(last.end, new.end))
        else:
            joined.append(new)
    joined.sort(key=lambda s: (-s.score, s.source, s.start))
    return tuple(joined[:_MOST_STRETCHES])
