"""The preview of a listing: one loop in several formats, each within its bytes, and its stills.

The loop's frames are decoded once and small; every format is encoded from them, a rung of its
ladder at a time until the file fits. A file that is too large never appears.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from video_pipeline import graph
from video_pipeline.delivery.taking import key_of
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


def write_kept_loop(
    loop: Loop,
    footage: Mapping[str, Footage],
    preview: Preview,
    form: LoopFormat,
    out: Path,
    *,
    store: Store | None = None,
) -> None:
    """Decode the loop and encode it in one format, once: with a store the file is kept there.

    Raises what `write_loop` raises.
    """
    budget = preview.formats[form]

    def write(to: Path) -> None:
        with decoded(loop, footage, preview) as frames:
            write_loop(frames, form, budget, to)

    if store is None:
        write(out)
        return
    frames = graph.RawFrames(Path("frames"), preview.width, preview.height, preview.rate)
    parts = [
        key_of(graph.raw_frames(_span(part, footage), frames), footage[part.source])
        for part in loop.parts
    ]
    ladder = [
        (rung.share, graph.loop_file(frames, form, rung, Path("out"))[1:]) for rung in budget.ladder
    ]
    key = digest_of(["loop", parts, loop.seam, ladder, budget.max_bytes])
    shutil.copyfile(store.make("stills", key, f".{form}", write), out)


def _span(part: Part, footage: Mapping[str, Footage]) -> graph.Span:
    return graph.Span(footage[part.source], part.start, part.frames, part.crop)


def write_posters(
    loop: Loop, footage: Mapping[str, Footage], preview: Preview, stem: Path
) -> tuple[Poster, ...]:
    """The loop's first frame, cut from the source at its full size, in every width and format.

    No width is larger than the footage has pixels for, unless there is none smaller.
    """
    part = loop.parts[0]
    picture = _first_frame(loop, footage[part.source], preview)
    most = part.crop.at(loop.seam, part.frames)[2]
    widths = [w for w in preview.posters if w <= max(most, min(preview.posters))]
    posters = []
    for width in widths:
        height = round(width * preview.height / preview.width)
        small = picture.resize((width, height), Image.Resampling.LANCZOS)
        for form, quality in preview.qualities.items():
            file = stem.with_name(f"{stem.name}.poster-{width}.{_SUFFIX[form]}")
            more = _STILLS[form]
            small.save(file, form.upper(), quality=quality, **more)
            posters.append(Poster(form, file, width, height))
    return tuple(posters)


def write_strip(frames: graph.RawFrames, count: int, preview: Preview, out: Path) -> Strip:
    """Small pictures of the loop's `count` frames, laid out in rows in one JPEG."""
    every, columns = preview.strip_every, preview.strip_columns
    run(
        graph.strip(frames, count, graph.Tiles(preview.strip_width, every, columns), out),
        deadline_s=_DEADLINE_S,
        what="writing the preview's strip",
    )
    starts = [float(Fraction(n, 1) / preview.rate) for n in range(0, count, every)]
    tile = graph.scaled_size(frames, preview.strip_width)
    return Strip(out, tile, min(columns, len(starts)), tuple(starts), float(count / preview.rate))


_STILLS: Mapping[PosterFormat, Mapping[str, object]] = {
    "jpeg": {"optimize": True, "progressive": True},
    "webp": {"method": 4},
    # One thread: the bytes do not depend on how many cores there are.
    "avif": {"speed": 8, "codec": "aom", "max_threads": 1},
}


def _first_frame(loop: Loop, footage: Footage, preview: Preview) -> Image.Image:
    """The footage's own picture that the loop begins with, as its crop shows it."""
    part = loop.parts[0]
    # The frame that is on show there begins less than half a frame later; see graph.shown_until.
    t = part.start + (loop.seam + Fraction(2, 5)) / preview.rate
    with TemporaryDirectory(prefix="video-pipeline-") as scratch:
        file = Path(scratch) / "first.jpg"
        run(
            graph.still(footage, min(t, footage.duration), file),
            deadline_s=_DEADLINE_S,
            what="taking the poster",
            where=part.source,
        )
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
