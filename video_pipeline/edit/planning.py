"""Planning: a listing, its analysed footage, a storyboard and a placement become an edit.

Slots are opened in the storyboard's order (see `slots`), filled together with lengths that suit
(see `choice`), framed and captioned. What could not be shown is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit import captions, music
from video_pipeline.edit.brief import Brief
from video_pipeline.edit.choice import Choice, Objective, Opening, choose
from video_pipeline.edit.following import trail_of
from video_pipeline.edit.framing import frame_window, softness
from video_pipeline.edit.lengths import target
from video_pipeline.edit.light import matched
from video_pipeline.edit.loop import closed
from video_pipeline.edit.model import Candidate, Cut, Edit, LeftOut, SourceRef
from video_pipeline.edit.onscreen import ringed
from video_pipeline.edit.placing import placed_on, shown_in
from video_pipeline.edit.pointing import Place, located, place_of
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.slots import Draft, Setup, open_slot
from video_pipeline.edit.views import named
from video_pipeline.edit.windows import Window, window
from video_pipeline.edit.wishes import check_wishes
from video_pipeline.errors import FootageError, ListingError, Problem, UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop, Trail
from video_pipeline.overlays.templates import held_still

_RUNNERS_UP = 3
_DETAILS = ("flaw", "hardware", "stitching")  # what the clip is for: these picks count double
_OTHER_VIEW = 0.2  # hooks of two variants share no more of the shorter one than that
_FAR_WORSE = 1.5  # a variant's hook may cost the clip so much
_NOT_PROVEN = (
    "there are too many like views to try all ways to put them together: this is the best clip "
    "that was found"
)


def plan(brief: Brief, analyses: Mapping[str, Analysis]) -> Edit:
    """Choose what to show. `analyses` holds one table per source, by the source's name.

    Raises ListingError when a note points at a file or time that is not there or the wishes cannot
    all be met, FootageError when nothing in the footage can be used.
    """
    table = _Table(brief.burnable, analyses)
    return table.edit(table.best)


def plan_variants(brief: Brief, analyses: Mapping[str, Analysis], most: int) -> tuple[Edit, ...]:
    """Up to `most` edits with different openings and one body, the best first.

    Their bodies are equal, cut by cut, so all pieces but the first are shared. Fewer come back
    when the footage has no other view that could open the clip. Raises as `plan` does.
    """
    if most > 1 and brief.storyboard.loop:
        raise UsageError(
            f"'{brief.storyboard.name}' is a loop: its opening is its end too",
            where="--variants",
            mend="leave it out, or choose another --storyboard",
        )
    table = _Table(brief.burnable, analyses)
    choices = list(table.variants(most))
    notes = table.few_variants(len(choices)) if len(choices) < most else ()
    return tuple(table.edit(choice, notes) for choice in choices)


def check_brief(brief: Brief, footage: Mapping[str, Footage]) -> dict[int, Place]:
    """The place of each condition note that has one, by the note's number.

    Needs no look at the footage. Raises ListingError when the listing points at a file or time that
    is not there, or when the wishes cannot all be met.
    """
    places = located(brief.listing, footage)
    pointed = _pointed(brief, footage, places)
    check_wishes(brief.wishes, brief.storyboard, footage, pointed)
    return places


def _pointed(
    brief: Brief, footage: Mapping[str, Footage], places: Mapping[int, Place]
) -> dict[str, Place]:
    """Where the listing points, by what it says is to be seen there."""
    listing = brief.listing
    notes = listing.condition.notes
    pointed = {f"'{captions.note_line(notes[i], brief.words)}'": p for i, p in places.items()}
    for claim in brief.claims:
        where = f"{listing.path.name}: certificates.{claim.entry}"
        place = place_of(listing.certificates[claim.entry].seen, footage, where)
        if place is not None:
            pointed[f"certificate {claim.certificate_id}"] = place
    return pointed


@dataclass(frozen=True)
class _Shown:
    """One place of the clip by its number, the window it shows, and for how many frames."""

    place: int
    window: Window
    frames: int


class _Table:
    """The editor's table: every setup of one clip, the windows that could fill it, and the best."""

    def __init__(self, brief: Brief, analyses: Mapping[str, Analysis]) -> None:
        self.brief, self.analyses = brief, analyses
        self.footage = {name: analysis.footage for name, analysis in analyses.items()}
        places = check_brief(brief, self.footage)
        self.reels = {
            name: Reel(name, analysis, brief.wishes.banned_of(analysis.footage, name))
            for name, analysis in analyses.items()
        }
        self._check_readable(places)
        self.draft = Draft()
        for slot in brief.storyboard.slots:
            open_slot(slot, brief, self.reels, places, self.draft)
        self.setups = tuple(self.draft.setups)
        rate = brief.placement.rate
        flaws_s = min((s.wanted for s in self.setups if s.slot.needs == "flaw"), default=None)
        openings = [
            Opening(
                name=setup.slot.name,
                windows=setup.windows,
                spans=tuple(setup.span(w, rate, flaws_s) for w in setup.windows),
                optional=setup.optional,
                needed=setup.needed,
                weight=2.0 if setup.slot.needs in _DETAILS else 1.0,
                repeats=setup.repeats,
            )
            for setup in self.setups
        ]
        self.hidden: dict[int, tuple[str, ...]] = {}  # what is said of the words' places
        self.objective = Objective(openings, target(brief.storyboard, brief.placement, brief.score))
        self.best = choose(self.objective)
        if all(pick is None for pick in self.best.picks):
            raise FootageError(
                "nothing in this footage can be used",
                where=", ".join(self.reels),
                mend="film the item in daylight, hold each view still for two seconds"
                + (", or ban less of it" if brief.wishes.bans else ""),
            )
        self._check_pins()

    def variants(self, most: int) -> Iterator[Choice]:
        """The best choice, then the same with other windows in its first place, best first."""
        yield self.best
        first = self._first()
        opening, frames = self.objective.openings[first], self.best.frames[0]
        body = [
            o.windows[k]
            for o, k in zip(
                self.objective.openings[first + 1 :], self.best.picks[first + 1 :], strict=True
            )
            if k is not None
        ]
        taken = [opening.windows[self.best.picks[first] or 0]]
        least = self.objective.worth(self.best.picks) - _FAR_WORSE
        ranked = []
        for k in range(len(opening.windows)):
            picks = self._opened_with(k)
            ranked.append((self.objective.worth(picks), -k, picks))
        for worth, k, picks in sorted(ranked, reverse=True):
            window = opening.windows[-k]
            if len(taken) >= most or worth < least:
                return
            span = self.objective.spans(picks)[0]
            others = [*taken, *body[:1]]
            length = min(frames, max(span.room, span.held))
            if length >= span.shortest and all(
                window.overlap(other) <= _OTHER_VIEW for other in others
            ):
                taken.append(window)
                yield replace(self.best, picks=picks, frames=(length, *self.best.frames[1:]))

    def few_variants(self, found: int) -> tuple[str, ...]:
        """What to say when there are no more variants than those found."""
        if self.setups[self._first()].pin:
            return ("the opening is pinned, so there is one variant",)
        some = f"only {found - 1} other" if found > 1 else "no other"
        return (f"{some} views could open this clip: film the piece from more sides",)

    def _first(self) -> int:
        """The first place that is filled."""
        return next(i for i, pick in enumerate(self.best.picks) if pick is not None)

    def _opened_with(self, k: int) -> tuple[int | None, ...]:
        first = self._first()
        return (*self.best.picks[:first], k, *self.best.picks[first + 1 :])

    def edit(self, choice: Choice, notes: Sequence[str] = ()) -> Edit:
        """The edit of a choice, with everything that is to be said of it, and `notes`."""
        brief, draft = self.brief, self.draft
        filled = [i for i, pick in enumerate(choice.picks) if pick is not None]
        shown = [
            _Shown(i, self.setups[i].windows[choice.picks[i] or 0], frames)
            for i, frames in zip(filled, choice.frames, strict=True)
        ]
        unlooped: tuple[str, ...] = ()
        if brief.storyboard.loop:
            shown, unlooped = self._looped(shown)
        with held_still():
            cuts = tuple(self._cut(choice, one) for one in shown)
        # A loop runs from its last shot into its first, and its light may not step there.
        if not (brief.as_filmed or brief.storyboard.loop):
            flaws = {
                i for i, one in enumerate(shown) if self.setups[one.place].slot.needs == "flaw"
            }
            cuts = matched(cuts, self.analyses, brief.placement.rate, flaws)
        cuts = tuple(music.explained(cuts, self.objective.target.beats, brief.placement.rate))
        sources = {
            name: SourceRef(str(footage.path), footage.digest, footage.bars or None)
            for name, footage in self.footage.items()
            if any(cut.source == name for cut in cuts)
        }
        edit = Edit(
            sku=brief.listing.sku,
            listing=brief.listing.path.name,
            storyboard=brief.storyboard.name,
            placement=brief.placement.name,
            width=brief.placement.width,
            height=brief.placement.height,
            rate=brief.placement.rate,
            sources=sources,
            cuts=cuts,
            left_out=(*draft.left_out, *self._unfilled(choice)),
            keep_sound=brief.listing.audio.voice != "mute" and not brief.storyboard.loop,
            music=brief.score.music if brief.score and not brief.storyboard.loop else None,
            spoken={n: said for n, said in brief.spoken.items() if n in sources and said},
            lang=brief.words.tag,
            as_filmed=brief.as_filmed,
            theme=brief.theme,
            post_by=brief.placement.post_by,
        )
        warnings = (
            *draft.warnings,
            *notes,
            *self._hurried(choice, filled),
            *unlooped,
            *(() if choice.proven else (_NOT_PROVEN,)),
            *dict.fromkeys(self.setups[i].warning for i in filled if self.setups[i].warning),
            *dict.fromkeys(line for one in shown for line in self.hidden[one.place]),
            *softness([cut.crop for cut in cuts], brief.placement),
            *music.warnings(brief.score, brief.storyboard),
            *brief.unburned,
            *(refusal.warning for refusal in brief.refusals),
            *_too_short(edit.duration_s, brief.storyboard.min_s),
        )
        return replace(edit, warnings=warnings)

    def _cut(self, choice: Choice, shown: _Shown) -> Cut:
        setup, brief, picked, frames = (
            self.setups[shown.place], self.brief, shown.window, shown.frames
        )  # fmt: skip
        rate = brief.placement.rate
        live = max(1, min(frames, int(picked.room * rate)))
        view = self._run_on(setup, picked, live)
        footage = self.footage[picked.source]
        chosen = picked in setup.windows  # the ends of a loop are not: they are one stretch
        trail = trail_of(setup.note, view, footage, rate, brief.follow)
        crop = self._framed(setup, view, trail)
        seen = shown_in(
            *(view, setup.need, crop, footage, brief.placement),
            frames=frames, hold=frames - live, box=trail or setup.box,
        )  # fmt: skip
        placed = placed_on(
            *(setup.overlays, seen, brief.placement, frames),
            words=brief.words, theme=brief.theme, claims=brief.claims,
        )  # fmt: skip
        self.hidden[shown.place] = placed.warnings
        return Cut(
            slot=setup.slot.name,
            source=picked.source,
            start=picked.start,
            frames=frames,
            crop=crop,
            overlays=(*placed.overlays, *ringed(trail, frames)),
            shows=captions.note_line(setup.note, brief.words) if setup.note else setup.need,
            why=_why(setup, picked, chosen=chosen),
            runners_up=tuple(self._runners_up(choice, shown.place, live)) if chosen else (),
            hold=frames - live,
        )

    def _looped(self, shown: list[_Shown]) -> tuple[list[_Shown], tuple[str, ...]]:
        """The clip with one stretch for its first and its last shot; said where there is none."""
        if len(shown) < 2:
            return shown, ()
        first, *between, last = shown
        opening, ending = self.setups[first.place], self.setups[last.place]
        slots = self.brief.storyboard.slots
        if (opening.slot.name, ending.slot.name) != (slots[0].name, slots[-1].name):
            return shown, ()  # one of them is missing, and said to be
        if opening.pin or ending.pin:
            return shown, ("the end does not run into the beginning, since one of them is pinned",)
        rate = self.brief.placement.rate
        lengths = Fraction(first.frames) / rate, Fraction(last.frames) / rate
        shortest = tuple(
            Fraction(round(Fraction(s.slot.min_s) * rate)) / rate for s in (opening, ending)
        )
        ends = closed(
            replace(first.window, length=lengths[0]),
            replace(last.window, length=lengths[1]),
            opening.need,
            list(self.reels.values()),
            others=[one.window for one in between],
            shortest=(shortest[0], shortest[1]),
        )
        if ends is not None:
            looped = [
                _Shown(one.place, view, int(view.length * rate))
                for one, view in zip((first, last), ends, strict=True)
            ]
            return [looped[0], *between, looped[1]], ()
        warning = (
            f"the end does not run into the beginning: film the view of the {opening.slot.name} "
            f"shot for {float(sum(shortest)):.0f} s without a pause"
        )
        frames = min(first.frames, last.frames, round(shortest[1] * rate))
        return [first, *between, replace(first, place=last.place, frames=frames)], (warning,)

    def _run_on(self, setup: Setup, view: Window, live: int) -> Window:
        """The window as long as its cut runs."""
        reel = self.reels[view.source]
        length = live / self.brief.placement.rate
        return window(reel, setup.need, reel.at(view.start), length, view.room)

    def _framed(self, setup: Setup, view: Window, trail: Trail | None = None) -> Crop:
        footage = self.footage[view.source]
        push_in = setup.slot.move == "push-in"
        placement = self.brief.placement
        box = trail or setup.box
        return frame_window(view, setup.need, footage, placement, box, push_in=push_in)

    def _runners_up(self, choice: Choice, i: int, live: int) -> Iterator[Candidate]:
        """The windows that would have cost the clip least in this place, and how much."""
        setup = self.setups[i]
        picks = list(choice.picks)
        whole = self.objective.worth(picks)
        loss = []
        for k, other in enumerate(setup.windows):
            if k != choice.picks[i] and other.room * self.brief.placement.rate >= live:
                picks[i] = k
                loss.append((whole - self.objective.worth(picks), k))
        for less, k in sorted(loss)[:_RUNNERS_UP]:
            other = setup.windows[k]
            shown = self._run_on(setup, other, live)
            crop = self._framed(setup, shown)
            told = named(other)
            yield replace(told, reason=f"{told.reason}; {less:.2f} less for the clip", crop=crop)

    def _unfilled(self, choice: Choice) -> Iterator[LeftOut]:
        filled = {
            setup.slot.name
            for setup, pick in zip(self.setups, choice.picks, strict=True)
            if pick is not None
        }
        for name in dict.fromkeys(setup.slot.name for setup in self.setups):
            if name not in filled:
                yield LeftOut(name, "nothing that was not already shown", None)

    def _hurried(self, choice: Choice, filled: Sequence[int]) -> Iterator[str]:
        """What is to be said of a placement's limit that leaves too little time."""
        placement = self.brief.placement
        if placement.max_s is None:
            return
        limits = f"{placement.limited_by or placement.title} allows {placement.max_s:g} s"
        seconds = float(sum(choice.frames) / placement.rate)
        if seconds > placement.max_s:
            yield (
                f"the clip is {seconds:.0f} s long and cannot be posted: {limits}. Join some "
                "notes, or leave seen: off some; their words then stand with the grade"
            )
            return
        wanted = [round(self.setups[i].wanted * placement.rate) for i in filled]
        if any(
            self.setups[i].read and frames < whole
            for i, frames, whole in zip(filled, choice.frames, wanted, strict=True)
        ):
            yield (
                f"the notes take {float(sum(wanted) / placement.rate):.0f} s to read, {limits}: "
                "they stand more briefly than a viewer needs; shorten them"
            )

    def _check_readable(self, places: Mapping[int, Place]) -> None:
        """A file may break off before its stated end: nothing may point behind that."""
        brief = self.brief
        pointed = [
            *_pointed(brief, self.footage, places).items(),
            *((str(pin), Place(pin.source, pin.at)) for pin in brief.wishes.pins),
        ]
        problems = [
            Problem(
                brief.listing.path.name,
                f"{what} is pointed at {float(place.at):g} s, but {place.source} can only be read "
                f"up to {float(self.reels[place.source].end):.1f} s",
                "copy the file from the phone once more, or give an earlier time",
            )
            for what, place in pointed
            if place.at is not None and place.at >= self.reels[place.source].end
        ]
        if problems:
            raise ListingError("some of the footage cannot be read", problems=problems)

    def _check_pins(self) -> None:
        met = {setup.pin for setup in self.setups}
        reasons = {left.slot: left.reason for left in self.draft.left_out}
        problems = [
            Problem(
                str(pin),
                f"the slot '{pin.slot}' stays empty: {reasons.get(pin.slot, 'nothing fills it')}",
                "drop the pin, or mend what keeps the slot empty",
            )
            for pin in self.brief.wishes.pins
            if pin not in met
        ]
        if problems:
            raise ListingError("these wishes cannot all be met", problems=problems)


def _why(setup: Setup, picked: Window, *, chosen: bool) -> str:
    if not chosen:
        return f"one stretch for both ends of the loop: {picked.reason}"
    if setup.note:
        return f"the listing points here: {picked.reason}"
    if setup.pin:
        return f"pinned by you: {picked.reason}"
    return f"best of {len(setup.windows)} for {setup.slot.name}: {picked.reason}"


def _too_short(duration_s: float, wanted_s: float) -> Iterator[str]:
    short = wanted_s - duration_s
    if short > 0.5:
        yield (
            f"the clip is {duration_s:.1f} s long, {short:.1f} s shorter than it should be: film "
            "more steady, close views"
        )
