"""The gallery of overlays: drawn with their samples or with a listing, and hung to be looked at."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from video_pipeline import graph
from video_pipeline.delivery.gallery import PAGE, gallery_page, state_of, write_gallery
from video_pipeline.delivery.live import changes, showing
from video_pipeline.delivery.publishing import GALLERY, check_target, published
from video_pipeline.edit.specimens import SPOKEN, specimens
from video_pipeline.edit.story import read_storyboard
from video_pipeline.errors import FootageError, PipelineError, UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.overlays.drawing import Canvas
from video_pipeline.overlays.exhibits import Exhibit, Fields, Picture, Wall, exhibits, told, walls
from video_pipeline.overlays.language import Language, language, languages
from video_pipeline.overlays.templates import Header, head_of, samples, templates
from video_pipeline.overlays.theme import theme, theme_names
from video_pipeline.pipeline.preparing import Prepared, Settings, prepare
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement, placement_names
from video_pipeline.progress import Listener, Step, silent
from video_pipeline.toolchain import run

ALL: Final = "all"
_MOST = 3000  # pictures; a page of more opens nowhere
_STORY = "story"
_DEADLINE_S = 120


@dataclass(frozen=True)
class Looks:
    """What is asked for: names of each kind, `all` for all there are.

    No template named are all of them, and no theme; no language is English.
    """

    templates: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    placements: tuple[str, ...] = ("tiktok",)


@dataclass(frozen=True)
class Gallery:
    """What hangs there. `silent` are the templates that the listing says nothing for."""

    exhibits: tuple[Exhibit, ...]
    says: Mapping[str, str]
    filmed: str
    silent: tuple[str, ...]
    page: Path | None = None


def write_overlays(
    output: Path,
    looks: Looks,
    settings: Settings,
    *,
    listing: Path | None = None,
    listener: Listener = silent,
) -> Gallery:
    """Draw overlays in every look that is asked for: PNGs and one page in the folder `output`.

    With a `listing` they say what it states, over a frame of its footage. What cannot be drawn is
    told on the page, in its place. `output` is complete or untouched. Raises UsageError for a name
    that is none, for more pictures than a page can hold, and when `output` holds anything but an
    earlier gallery; what `prepare` raises for the listing.
    """
    check_target(output, None, kind=GALLERY)
    with published(output, None, kind=GALLERY) as folder:
        hung = _hang(looks, settings, _seen(listing, settings), listener)
        page = gallery_page(hung.exhibits, hung.says, filmed=hung.filmed)
        write_gallery(folder, page, hung.exhibits)
    return Gallery(hung.exhibits, hung.says, hung.filmed, hung.silent, output / PAGE)


@contextmanager
def live_overlays(
    looks: Looks,
    settings: Settings,
    *,
    listing: Path | None = None,
    port: int = 0,
    listener: Listener = silent,
) -> Iterator[tuple[str, Iterator[str]]]:
    """Show the page to a browser of this machine until the block ends; nothing is written.

    Yields its address, and what to wait on: each time a file of the person's overlays folder is
    saved, the page is made anew, and one line says what came of it. A mistake in a file is shown
    on the page and does not end anything. Raises as `write_overlays` does, and UsageError when
    there is no folder to watch or the port is taken.
    """
    own = settings.overlays
    if own is None:
        raise UsageError(
            "there is no folder to watch",
            mend="name your own overlays folder with --overlays; `overlays new` begins one",
        )
    seen = _seen(listing, settings)
    with showing(port) as shown:
        hung = _hang(looks, settings, seen, listener)

        def put(trouble: PipelineError | None = None) -> None:
            wrong = told(trouble) if trouble else ()
            page = gallery_page(
                hung.exhibits, hung.says, filmed=hung.filmed, live=str(own), trouble=wrong
            )
            shown.show(page, state_of(hung.exhibits, wrong))

        def each() -> Iterator[str]:
            nonlocal hung
            for _ in changes(own):
                try:
                    hung = _hang(looks, settings, seen)
                except PipelineError as error:
                    put(error)
                    yield f"{error.where}: {error.message}".removeprefix(": ")
                    continue
                put()
                wrong = sum(bool(e.problems) for e in hung.exhibits)
                yield f"drawn anew{f', {wrong} cannot be drawn' if wrong else ''}"

        put()
        yield shown.address, each()


@dataclass(frozen=True)
class _Seen:
    """A listing, and one frame of its footage: RGB at source resolution."""

    prepared: Prepared
    frame: Picture


def _seen(listing: Path | None, settings: Settings) -> _Seen | None:
    if listing is None:
        return None
    prepared = prepare(listing, settings)
    return _Seen(prepared, _frame(next(iter(prepared.footage.values()))))


def _frame(footage: Footage) -> Picture:
    """The frame in the middle of a take."""
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
        file = Path(scratch) / "frame.jpg"
        run(
            graph.still(footage, footage.duration / 2, file),
            deadline_s=_DEADLINE_S,
            what="taking a still",
            where=footage.name,
        )
        read = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
    if read is None:
        raise FootageError(
            "no frame of it can be shown",
            where=footage.name,
            mend="copy the file from the phone once more",
        )
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)


def _hang(
    looks: Looks, settings: Settings, seen: _Seen | None, listener: Listener = silent
) -> Gallery:
    own = settings.overlays
    heads = _heads(looks.templates, own)
    themes = _chosen(looks.themes or (ALL,), theme_names(own), lambda name: theme(own, name))
    tongues = [language(tag, own) for tag in _chosen(looks.langs or ("en",), languages(own), None)]
    said = {words.tag: _said(heads, words, settings, seen) for words in tongues}
    hung = {words.tag: _walls(looks.placements, words, settings, seen) for words in tongues}
    total = sum(
        len(themes) * len(hung[tag]) * sum(map(len, fields.values()))
        for tag, fields in said.items()
    )
    if total > _MOST:
        raise UsageError(
            f"these would be {total} pictures, and a page opens with {_MOST} at most",
            mend="name one overlay, or fewer of --theme, --lang and --placement",
        )
    drawn = []
    for number, exhibit in enumerate(exhibits(heads, said, themes, hung, own), 1):
        drawn.append(exhibit)
        listener(Step("drawing", "overlays", number, total))
    return Gallery(
        tuple(drawn),
        {name: head.says for name, head in heads.items()},
        next(iter(seen.prepared.footage)) if seen else "",
        tuple(name for name in heads if not any(said[tag].get(name) for tag in said)),
    )


def _heads(names: Sequence[str], own: Path | None) -> dict[str, Header]:
    if not names or ALL in names:
        return templates(own)
    return {name: head_of(name, own) for name in names}


def _chosen(
    names: Sequence[str], there: Sequence[str], check: Callable[[str], Any] | None
) -> tuple[str, ...]:
    """The names asked for, each once; `check` raises for one that is none."""
    if ALL in names:
        return tuple(there)
    for name in names:
        _ = check(name) if check else None
    return tuple(dict.fromkeys(names))


def _walls(
    names: Sequence[str], words: Language, settings: Settings, seen: _Seen | None
) -> tuple[Wall, ...]:
    """Where overlays hang in one language, whose apps may be mirrored."""
    places = [
        load_placement(name, settings.presets).facing(rtl=words.rtl)
        for name in _chosen(names, placement_names(settings.presets), None)
    ]
    canvases = {place.name: Canvas(place.width, place.height, place.safe) for place in places}
    return walls(canvases, (lambda canvas: _filling(seen.frame, canvas)) if seen else None)


def _filling(frame: Picture, canvas: Canvas) -> Picture:
    """The middle of a frame, as large as the canvas."""
    height, width = frame.shape[:2]
    share = min(width / canvas.width, height / canvas.height)
    across, down = round(canvas.width * share), round(canvas.height * share)
    x, y = (width - across) // 2, (height - down) // 2
    cut = frame[y : y + down, x : x + across]
    size = (canvas.width, canvas.height)
    return np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)


def _said(
    heads: Mapping[str, Header], words: Language, settings: Settings, seen: _Seen | None
) -> Fields:
    """What each template says: what the listing states, else its own sample."""
    own = settings.overlays
    if seen is None:
        return {name: samples(name, own) for name in heads}
    listing = seen.prepared.listing
    fields: dict[str, dict[str, Any]] = {name: {} for name in heads}
    stated = specimens(
        listing,
        load_scale(listing.condition.scale, settings.presets, words.tag),
        words,
        story=read_storyboard(_STORY, settings.presets, words),
        claims=seen.prepared.claims,
        refusals=seen.prepared.refusals,
    )
    for specimen in stated:
        if specimen.template in fields:
            fields[specimen.template][specimen.name] = specimen.fields
    return fields | {name: samples(name, own) for name in heads if name not in SPOKEN}
