"""Pieces: one cut with its crop, colour and overlays, encoded alone and kept by what decided it.

A piece's key is the digest of its whole ffmpeg command with every path replaced by the digest of
the file it names, and of ffmpeg's version; of a hardware encoder also what tells its driver from
another. So nothing that changes a pixel is outside the key, and
nothing else is in it: a changed price makes new keys for the pieces that show the price alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from video_pipeline import graph
from video_pipeline.edit.model import Cut
from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.presets.encoders import X264, Encoder
from video_pipeline.presets.placements import Placement
from video_pipeline.store import Store, digest_of
from video_pipeline.toolchain import ffmpeg_version, run, stop_children

# What x264 adds to the name of a log of its first pass. Its fastest presets have no tree; where
# there is one, it is put in place first, so that a log that can be seen is whole.
_TREE, _LOG_PROPER = "-0.log.mbtree", "-0.log"
_LOG = Path("log")  # stands for it in a key


@dataclass(frozen=True)
class Piece:
    """Everything a worker needs to encode one piece: a description and the source.

    A `measured` piece keeps what a second pass would need; one with `kbps` is that second pass.
    Both are x264's alone.
    """

    cut: Cut
    footage: Footage
    layers: tuple[graph.Layer, ...]
    placement: Placement
    encoder: Encoder = X264
    measured: bool = False
    kbps: int | None = None

    def command(self, out: Path, log: Path = _LOG) -> list[str]:
        """The ffmpeg command that encodes this piece to `out`; `log` is for two passes."""
        return graph.piece(
            self.footage,
            self.cut.start,
            self.cut.frames,
            self.cut.hold,
            self.cut.crop,
            light=self.cut.light,
            layers=self.layers,
            placement=self.placement,
            out=out,
            encoder=self.encoder,
            one_of_two=graph.Pass(log, self.kbps) if self.measured else None,
        )

    @property
    def first_pass(self) -> Piece:
        """The piece whose measures this second pass goes by."""
        return replace(self, kbps=None)

    @property
    def key(self) -> str:
        """Digest of everything that decides this piece's pixels."""
        digests = {str(self.footage.path): self.footage.digest}
        digests.update({str(layer.path): layer.digest for layer in self.layers})
        if self.kbps is not None:
            digests[str(_LOG)] = self.first_pass.key
        _, *arguments = self.command(Path("out"))
        driver = [self.encoder.fingerprint] if self.encoder.fingerprint else []
        return digest_of([ffmpeg_version(), *driver, *(digests.get(a, a) for a in arguments)])


@dataclass(frozen=True)
class Encoded:
    """An encoded piece, and whether this run had to encode it."""

    path: Path
    frames: int
    fresh: bool


def encode(
    pieces: Sequence[Piece],
    store: Store,
    done: Callable[[Encoded], None] = lambda _: None,
    jobs: int | None = None,
) -> list[Encoded]:
    """Encode all pieces, `jobs` of them side by side, and return them in order.

    None is as many as there are cores; it is fewer where an encoder takes fewer. Finished pieces in
    the store are taken as they are. `done` is called, in this thread, as each piece is there.
    """
    results: dict[int, Encoded] = {}
    # A piece that stands in several places of a clip is encoded once.
    first_place: dict[str, int] = {}
    keys = [piece.key for piece in pieces]
    for place, key in enumerate(keys):
        first_place.setdefault(key, place)
    stopped = Event()
    limits = [piece.encoder.at_once for piece in pieces if piece.encoder.at_once is not None]
    with ThreadPoolExecutor(max_workers=min([jobs or os.cpu_count() or 1, *limits])) as pool:
        waiting = {
            pool.submit(_encode_one, pieces[place], key, store, stopped): place
            for key, place in first_place.items()
        }
        try:
            while waiting:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    place = waiting.pop(future)
                    results[place] = future.result()
                    done(results[place])
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            stop_children()
            raise
    return [
        results[place]
        if first_place[key] == place
        else replace(results[first_place[key]], fresh=False)
        for place, key in enumerate(keys)
    ]


def _encode_one(piece: Piece, key: str, store: Store, stopped: Event) -> Encoded:
    fresh = False

    def write(part: Path) -> None:
        nonlocal fresh
        fresh = True
        if stopped.is_set():
            raise CancelledError
        own = part.with_suffix("")
        deadline = 120 + 20 * piece.cut.frames / float(piece.placement.rate)
        try:
            run(
                piece.command(part, own if piece.kbps is None else _log(piece.first_pass, store)),
                deadline_s=deadline,
                what=f"encoding the {piece.cut.slot} shot",
                where=piece.footage.name,
            )
            if keeps_log:
                for ending in (_TREE, _LOG_PROPER):
                    if _with(own, ending).is_file():
                        store.keep(_with(own, ending), _with(_log(piece, store), ending))
        except RenderError as error:
            if not piece.encoder.repeats and not error.passing:
                error.mend = f"{piece.encoder.title} worked a moment ago; use --encoder x264"
            raise
        finally:
            for ending in (_TREE, _LOG_PROPER):
                _with(own, ending).unlink(missing_ok=True)

    keeps_log = piece.measured and piece.kbps is None
    if keeps_log and not _has_log(piece, store):
        store.drop(store.path("pieces", key, ".mp4"))
    path = store.make("pieces", key, ".mp4", write)
    return Encoded(path, piece.cut.frames, fresh)


def _has_log(piece: Piece, store: Store) -> bool:
    """Whether what the first pass measured is there as it was written."""
    tree = _with(_log(piece, store), _TREE)
    return store.holds(_with(_log(piece, store), _LOG_PROPER)) and (
        not tree.exists() or store.holds(tree)
    )


def _log(piece: Piece, store: Store) -> Path:
    return store.path("pieces", piece.key, "")


def _with(log: Path, ending: str) -> Path:
    return log.with_name(log.name + ending)
