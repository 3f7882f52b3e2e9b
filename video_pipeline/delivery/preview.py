"""The preview of a listing: one loop in several formats, each within its bytes, and its stills.

The loop's frames are decoded once and small; every format is encoded from them, a rung of its
ladder at a time until the file fits. A file that is too large never appears. What was made is kept
in the store by all that decided it: a price that changes changes no preview.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import PIL
from PIL import Image

from video_pipeline import graph
from video_pipeline.delivery.taking import key_of, take
from video_pipeline.edit.preview import Loop, Part
from video_pipeline.errors import UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.presets.previews import (
    LOOP_FORMATS,
    LoopBudget,
    LoopFormat,
    PosterFormat,
    Preview,
    Rung,
)
from video_pipeline.store import Store, digest_of
from video_pipeline.toolchain import run

_DEADLINE_S = 180
_MOST_TRIES = 4
_SURE = 0.95  # a rung is expected to fit when its share of the bytes stays below this
_SUFFIX: Mapping[PosterFormat, str] = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}


@dataclass(frozen=True)
class LoopFile:
    """A loop in one format: the rung that it was encoded with, and how many were tried."""

    form: LoopFormat
    file: Path
    width: int
    height: int
    bytes: int
    max_bytes: int
    rung: Rung
    tries: int


@dataclass(frozen=True)
class Poster:
    """The loop's first frame in one format and one width."""

    form: PosterFormat
    file: Path
    width: int
    height: int


@dataclass(frozen=True)
class Strip:
    """Small pictures of the loop in one file, and when each is on show."""

    file: Path
    tile: tuple[int, int]
    columns: int
    starts_s: tuple[float, ...]
    end_s: float


def budgets_from(text: str, formats: Sequence[LoopFormat] = LOOP_FORMATS) -> dict[LoopFormat, int]:
    """What `--max-bytes` says: one number for all formats, or `gif=800k,webp=300k`.

    `k` is 1000 bytes, `M` a million. Raises UsageError for what is no format or no number of bytes.
    """
    if "=" not in text:
        return dict.fromkeys(formats, _bytes(text))
    found: dict[LoopFormat, int] = {}
    for part in text.split(","):
        name, _, number = (word.strip() for word in part.partition("="))
        known: LoopFormat | None = next((f for f in formats if f == name.lower()), None)
        if known is None:
            raise UsageError(
                f"there is no preview format '{name}'",
                where="--max-bytes",
                mend=f"use {', '.join(formats)}",
            )
        found[known] = _bytes(number)
    return found


@contextmanager
def decoded(
    loop: Loop, footage: Mapping[str, Footage], preview: Preview
) -> Iterator[graph.RawFrames]:
    """The loop's frames in the loop's order, decoded into a private file that goes afterwards."""
    with TemporaryDirectory(prefix="video-pipeline-") as scratch:
        size = preview.width, preview.height
        ordered = graph.RawFrames(Path(scratch) / "loop.yuv", *size, preview.rate)
        taken = graph.RawFrames(Path(scratch) / "taken.yuv", *size, preview.rate)
        with ordered.path.open("wb") as write:
            ending = b""
            for number, part in enumerate(loop.parts):
                run(
                    graph.raw_frames(_span(part, footage), taken),
                    deadline_s=_DEADLINE_S,
                    what="taking the preview's frames",
                    where=part.source,
                )
                with taken.path.open("rb") as read:
                    if number == 0:
                        ending = read.read(loop.seam * taken.frame_bytes)
                    shutil.copyfileobj(read, write)
            write.write(ending)
        taken.path.unlink()
        yield ordered


def write_loop(
    frames: graph.RawFrames, form: LoopFormat, budget: LoopBudget, out: Path
) -> LoopFile:
    """Encode the loop into `out`, within its bytes, in a few tries at the most.

    Raises UsageError when even the ladder's last rung is too large; nothing is left then.
    """
    place, tries = 0, 0
    while True:
        rung = budget.ladder[place]
        tries += 1
        run(
            graph.loop_file(frames, form, rung, out),
            deadline_s=_DEADLINE_S,
            what=f"encoding the {form} preview",
        )
        size = out.stat().st_size
        if size <= budget.max_bytes:
            width, height = graph.scaled_size(frames, rung.width)
            return LoopFile(form, out, width, height, size, budget.max_bytes, rung, tries)
        out.unlink()
        if place == len(budget.ladder) - 1:
            raise UsageError(
                f"the {form} preview takes {_told(size)} at its smallest, more than the "
                f"{_told(budget.max_bytes)} that it may",
                where="--max-bytes",
                mend=f"allow more: --max-bytes {form}={-(-size // 1000)}k; or leave the format out "
                "with --formats",
            )
        place = _next(budget, place, size, tries)


@contextmanager
def decoded_once(
    loop: Loop, footage: Mapping[str, Footage], preview: Preview
) -> Iterator[Callable[[], graph.RawFrames]]:
    """What gives the loop's frames, decoded when they are first asked for, and not before."""
    with ExitStack() as stack:
        yield cache(lambda: stack.enter_context(decoded(loop, footage, preview)))


def write_kept_loop(
    loop: Loop,
    footage: Mapping[str, Footage],
    preview: Preview,
    form: LoopFormat,
    out: Path,
    *,
    store: Store,
    frames: Callable[[], graph.RawFrames],
) -> LoopFile:
    """Encode the loop in one format, once: the file and how it came about are kept in the store.

    `frames` are the loop's, asked for only where they are needed. Raises what `write_loop` raises.
    """
    budget = preview.formats[form]
    ladder = [
        (rung.share, graph.loop_file(_stand_in(preview), form, rung, Path("out"))[1:])
        for rung in budget.ladder
    ]
    key = digest_of(["loop", _parts(loop, footage, preview), loop.seam, ladder, budget.max_bytes])
    media = store.path("stills", key, f".{form}")
    if not store.holds(media):
        store.drop(store.path("stills", key, ".json"))

    def write(notes: Path) -> None:
        part = notes.with_suffix(f".{form}")
        try:
            made = write_loop(frames(), form, budget, part)
            store.keep(part, media)
        finally:
            part.unlink(missing_ok=True)
        notes.write_text(json.dumps([budget.ladder.index(made.rung), made.tries]), "utf-8")

    place, tries = json.loads(store.make("stills", key, ".json", write).read_text("utf-8"))
    shutil.copyfile(media, out)
    rung = budget.ladder[place]
    size = graph.scaled_size(_stand_in(preview), rung.width)
    return LoopFile(form, out, *size, out.stat().st_size, budget.max_bytes, rung, tries)


def _parts(loop: Loop, footage: Mapping[str, Footage], preview: Preview) -> list[str]:
    """What decides the loop's frames, as it enters a key."""
    return [
        key_of(graph.raw_frames(_span(part, footage), _stand_in(preview)), footage[part.source])
        for part in loop.parts
    ]


def _stand_in(preview: Preview) -> graph.RawFrames:
    """The loop's frames as a key's commands name them: the file itself goes away."""
    return graph.RawFrames(Path("/frames"), preview.width, preview.height, preview.rate)


def _span(part: Part, footage: Mapping[str, Footage]) -> graph.Span:
    return graph.Span(footage[part.source], part.start, part.frames, part.crop)


def write_posters(
    loop: Loop, footage: Mapping[str, Footage], preview: Preview, stem: Path, store: Store
) -> tuple[Poster, ...]:
    """The loop's first frame, cut from the source at its full size, in every width and format.

    No width is larger than the footage has pixels for, unless there is none smaller. Each is made
    once and kept in the store.
    """
    part = loop.parts[0]
    most = part.crop.at(loop.seam, part.frames)[2]
    widths = [w for w in preview.posters if w <= max(most, min(preview.posters))]
    shown = cache(lambda: _first_frame(loop, footage[part.source], preview, store))
    decided_by = [_parts(loop, footage, preview)[0], loop.seam, PIL.__version__, preview.height]
    posters = []
    for width in widths:
        height = round(width * preview.height / preview.width)
        small = cache(partial(_resized, shown, (width, height)))
        for form, quality in preview.qualities.items():
            file = stem.with_name(f"{stem.name}.poster-{width}.{_SUFFIX[form]}")
            more = _STILLS[form]
            key = digest_of(["poster", decided_by, width, form, quality, more])
            write = partial(_save, small, form, {"quality": quality, **more})
            shutil.copyfile(store.make("stills", key, file.suffix, write), file)
            posters.append(Poster(form, file, width, height))
    return tuple(posters)


def _resized(picture: Callable[[], Image.Image], size: tuple[int, int]) -> Image.Image:
    return picture().resize(size, Image.Resampling.LANCZOS)


def _save(
    picture: Callable[[], Image.Image], form: PosterFormat, options: Mapping[str, Any], to: Path
) -> None:
    picture().save(to, form.upper(), **options)


def write_strip(
    loop: Loop,
    footage: Mapping[str, Footage],
    preview: Preview,
    out: Path,
    *,
    store: Store,
    frames: Callable[[], graph.RawFrames],
) -> Strip:
    """Small pictures of the loop's `frames`, laid out in rows in one JPEG, once."""
    every, columns, count = preview.strip_every, preview.strip_columns, len(loop.order)
    tiles = graph.Tiles(preview.strip_width, every, columns)
    command = graph.strip(_stand_in(preview), count, tiles, Path("out"))
    key = digest_of(["strip", _parts(loop, footage, preview), loop.seam, command[1:]])

    def write(to: Path) -> None:
        run(
            graph.strip(frames(), count, tiles, to),
            deadline_s=_DEADLINE_S,
            what="writing the preview's strip",
        )

    shutil.copyfile(store.make("stills", key, ".jpg", write), out)
    starts = [float(Fraction(n, 1) / preview.rate) for n in range(0, count, every)]
    tile = graph.scaled_size(_stand_in(preview), preview.strip_width)
    return Strip(out, tile, min(columns, len(starts)), tuple(starts), float(count / preview.rate))


_STILLS: Mapping[PosterFormat, Mapping[str, object]] = {
    "jpeg": {"optimize": True, "progressive": True},
    "webp": {"method": 4},
    # One thread: the bytes do not depend on how many cores there are.
    "avif": {"speed": 8, "codec": "aom", "max_threads": 1},
}


def _first_frame(loop: Loop, footage: Footage, preview: Preview, store: Store) -> Image.Image:
    """The footage's own picture that the loop begins with, as its crop shows it."""
    part = loop.parts[0]
    # The frame that is on show there begins less than half a frame later; see graph.shown_until.
    t = part.start + (loop.seam + Fraction(2, 5)) / preview.rate
    with TemporaryDirectory(prefix="video-pipeline-") as scratch:
        file = Path(scratch) / "first.jpg"
        shot = partial(graph.still, footage, min(t, footage.duration))
        take(shot, footage, file, what="taking the poster", store=store)
        with Image.open(file) as whole:
            whole.load()
    x, y, width, height = part.crop.at(loop.seam, part.frames)
    shown: Image.Image = whole.crop((round(x), round(y), round(x + width), round(y + height)))
    across, down = graph.fitted(part.crop, preview.width, preview.height)
    if (across, down) == (preview.width, preview.height):
        return shown
    # Bars, where the piece is wider than the loop: as the loop has them.
    size = (
        round(shown.width * preview.width / across),
        round(shown.height * preview.height / down),
    )
    paper = Image.new("RGB", size, graph.BARS)
    paper.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return paper


def _next(budget: LoopBudget, place: int, size: int, tries: int) -> int:
    """The rung to try after one that came out `size` bytes large: the best that may fit."""
    last = len(budget.ladder) - 1
    if tries >= _MOST_TRIES - 1:
        return last
    wanted = budget.ladder[place].share * _SURE * budget.max_bytes / size
    return next((n for n in range(place + 1, last) if budget.ladder[n].share <= wanted), last)


def _bytes(text: str) -> int:
    scale = {"k": 1_000, "m": 1_000_000}.get(text.strip()[-1:].lower(), 1)
    digits = text.strip()[:-1] if scale > 1 else text.strip()
    try:
        found = int(float(digits) * scale)
    except (ValueError, OverflowError):
        found = 0
    if found <= 0:
        raise UsageError(
            f"'{text}' is no number of bytes",
            where="--max-bytes",
            mend="write one such as 400k, 1.5M or gif=800k,webp=300k",
        )
    return found


def _told(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{-(-size // 1000)} kB"
