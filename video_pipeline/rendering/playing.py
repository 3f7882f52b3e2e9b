"""Playing: a clip is decoded from start to end once, and what that showed is kept.

A clip made here is played piece by piece. Every piece begins anew, so it looks the same in whatever
clip it stands: it is played once, for all placements and all later runs, and a strip of small
pictures is taken on the way. That a file holds the pictures of those pieces, all of them and no
other, is read from the file itself, packet by packet; one that does not is played as any stranger's
clip is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import accumulate, islice, pairwise, zip_longest
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline import graph
from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import open_media
from video_pipeline.footage.salvage import packets
from video_pipeline.rendering.pieces import Encoded
from video_pipeline.rendering.sound import Loudness, heard_in
from video_pipeline.store import Store, digest_of
from video_pipeline.toolchain import ffmpeg_version, run

_DEADLINE_S = 900
_COMPLAINTS = ("[warning]", "[error]", "[fatal]", "[panic]")
# What is kept is of another kind when this changes.
_METHOD = 1


@dataclass(frozen=True)
class Stretch:
    """From where to where something lasts, seconds; `end_s` is None for the end of the clip."""

    start_s: float
    end_s: float | None


@dataclass(frozen=True)
class Played:
    """What playing it from start to end showed; `loudness` is None where nothing could be heard."""

    complaint: str
    black: tuple[Stretch, ...]
    still: tuple[Stretch, ...]
    loudness: Loudness | None


@dataclass(frozen=True, eq=False)
class PlayedPiece:
    """What playing one piece showed, in frames of it.

    `coded` is the digest of its coded pictures, `black` the numbers of its black pictures, `runs`
    where each stretch of like pictures begins (one picture is a stretch too), `ends` its first and
    its last picture, small, a row of samples each, `strip` a JPEG of a few pictures side by side.
    """

    frames: int
    complaint: str
    coded: str
    black: NDArray[np.int32]
    runs: NDArray[np.int32]
    ends: NDArray[np.uint8]
    strip: NDArray[np.uint8]

    def pictures(self) -> list[tuple[int, NDArray[np.uint8]]]:
        """What it shows early, in its middle and late: three numbers of pictures, and each picture
        480 pixels high, RGB.
        """
        numbers = _shown(self.frames)
        each = sorted(set(numbers))
        row = np.asarray(cv2.imdecode(self.strip, cv2.IMREAD_COLOR_RGB), np.uint8)
        cells = np.split(row, len(each), axis=1)
        return [(number, cells[each.index(number)]) for number in numbers]


def play(file: Path, *, heard: bool) -> Played:
    """Play a file from start to end; `heard` says whether it has sound that decodes."""
    try:
        log = _log(graph.watched(file, sound=heard))
    except RenderError as error:
        return Played(error.message, (), (), None)
    return Played(
        _complaint(log), tuple(_black(log)), tuple(_still(log)), _loudness(log, file, heard=heard)
    )


def play_pieces(
    pieces: Sequence[Encoded], rate: Fraction, store: Store, jobs: int | None = None
) -> tuple[PlayedPiece, ...]:
    """Play every piece that was not played before, `jobs` side by side; all of them, in order."""
    each = list(dict.fromkeys((piece.path, piece.frames) for piece in pieces))
    with ThreadPoolExecutor(max_workers=jobs or os.cpu_count() or 1) as pool:
        results = pool.map(lambda one: _play_piece(one[0], one[1], rate, store), each)
        played = dict(zip(each, results, strict=True))
    return tuple(played[piece.path, piece.frames] for piece in pieces)


def play_joined(
    clip: Footage, pieces: Sequence[PlayedPiece], rate: Fraction, store: Store
) -> Played:
    """What playing a clip shows that was joined of pieces: their pictures are not decoded again.

    A clip that does not hold just the pictures of these pieces is played like any other.
    """
    heard = clip.audio_stream is not None
    _, *as_played = graph.watched(clip.path, sound=heard)
    parts = [piece.coded for piece in pieces]
    key = digest_of([_METHOD, ffmpeg_version(), *_named(as_played, clip.path, clip.digest), parts])

    def write(out: Path) -> None:
        whole = _coded(clip.path, [piece.frames for piece in pieces]) == parts
        played = (
            _together(clip, pieces, rate, heard=heard) if whole else play(clip.path, heard=heard)
        )
        out.write_text(json.dumps(asdict(played)), encoding="utf-8")

    kept = store.make("played", key, ".json", write)
    said = json.loads(kept.read_text(encoding="utf-8"))
    if said["complaint"]:
        store.drop(kept)  # it may have been the machine's fault: the next run looks once more
    black, still = (tuple(Stretch(**one) for one in said[what]) for what in ("black", "still"))
    loudness = Loudness(**said["loudness"]) if said["loudness"] else None
    return Played(said["complaint"], black, still, loudness)


def _play_piece(path: Path, frames: int, rate: Fraction, store: Store) -> PlayedPiece:
    shown = sorted(set(_shown(frames)))
    strip, ends = Path("strip"), Path("ends")
    _, *as_played = graph.watched_piece(path, shown, frames - 1, strip=strip, ends=ends)
    # A piece is named after all that decided its pictures.
    key = digest_of([_METHOD, ffmpeg_version(), *_named(as_played, path, path.stem), str(rate)])

    def write(out: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
            strip, ends = Path(scratch) / "strip.jpg", Path(scratch) / "ends.yuv"
            log = _log(graph.watched_piece(path, shown, frames - 1, strip=strip, ends=ends))
            edges = np.fromfile(ends, np.uint8)
            # A piece of one picture begins and ends with it.
            edges = np.tile(edges, 2) if frames == 1 else edges
            with out.open("wb") as file:
                np.savez_compressed(
                    file,
                    complaint=_complaint(log),
                    coded="".join(_coded(path, [frames])),
                    black=np.array(re.findall(r"frame:(\d+) pblack:", log), np.int32),
                    runs=np.array([round(t * rate) for t in _begun(log)], np.int32),
                    ends=edges.reshape(2, -1),
                    strip=np.fromfile(strip, np.uint8),
                )

    kept = store.make("played", key, ".npz", write)
    with np.load(kept, allow_pickle=False) as said:
        piece = PlayedPiece(
            frames,
            str(said["complaint"]),
            str(said["coded"]),
            *(said[what] for what in ("black", "runs", "ends", "strip")),
        )
    if piece.complaint:
        store.drop(kept)
    return piece


def _named(command: Sequence[str], path: Path, name: str) -> list[str]:
    """A command as it enters a key, with a file's path replaced by what tells its content."""
    return [name if argument == str(path) else argument for argument in command]


def _shown(frames: int) -> tuple[int, ...]:
    """The pictures of a piece that its strip shows: early in it, in its middle, and late."""
    return tuple(int(frames * share) for share in (0.15, 0.5, 0.9))


def _coded(file: Path, counts: Sequence[int]) -> list[str]:
    """The digests of a file's coded pictures, so many at a time, and of any that are left.

    Each has the decoder's header in it.
    """
    with open_media(file) as container:
        stream = container.streams.video[0]
        header = stream.codec_context.extradata or b""
        pictures = (bytes(packet) for packet in packets(container, stream) if packet.size)
        digests = []
        for count in counts:
            digest = hashlib.sha256(header)
            for picture in islice(pictures, count):
                digest.update(len(picture).to_bytes(4, "big") + picture)
            digests.append(digest.hexdigest())
        return digests + [hashlib.sha256(picture).hexdigest() for picture in pictures]


def _together(
    clip: Footage, pieces: Sequence[PlayedPiece], rate: Fraction, *, heard: bool
) -> Played:
    """What the pieces showed, as stretches of the whole clip; its sound is played now."""
    log = ""
    if heard:
        try:
            log = _log(graph.watched(clip.path, picture=False, sound=True))
        except RenderError as error:
            return Played(error.message, (), (), None)
    *firsts, total = accumulate((piece.frames for piece in pieces), initial=0)
    black: list[int] = []
    runs: list[int] = []
    before: PlayedPiece | None = None
    for first, piece in zip(firsts, pieces, strict=True):
        black += [first + int(number) for number in piece.black]
        goes_on = before is not None and _alike(before.ends[1], piece.ends[0])
        runs += [first + int(number) for number in piece.runs[1 if goes_on else 0 :]]
        before = piece
    complaint = next(filter(None, (*(p.complaint for p in pieces), _complaint(log))), "")
    return Played(
        complaint,
        tuple(_dark(black, total, rate)),
        tuple(_standing(runs, total, rate)),
        _loudness(log, clip.path, heard=heard),
    )


def _alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether nothing moves between two pictures, as ffmpeg's freezedetect tells it."""
    if one.shape != other.shape:
        return False
    apart = np.abs(one.astype(np.int16) - other).mean() / 256
    return bool(apart <= graph.STILL_NOISE)


def _dark(black: Sequence[int], total: int, rate: Fraction) -> Iterator[Stretch]:
    """Stretches of black pictures; at the end of a clip the last one's time is their end."""
    breaks = [n for n, (a, b) in enumerate(pairwise(black), start=1) if b != a + 1]
    for first, last in pairwise([0, *breaks, len(black)] if black else []):
        start, end = black[first], min(black[last - 1] + 1, total - 1)
        if float((end - start) / rate) >= graph.BLACK_S:
            yield Stretch(float(start / rate), float(end / rate))


def _standing(runs: Sequence[int], total: int, rate: Fraction) -> Iterator[Stretch]:
    """Stretches of like pictures that are long enough to be told."""
    for start, end in pairwise([*runs, total]):
        if float((end - 1 - start) / rate) >= graph.STILL_S:
            yield Stretch(float(start / rate), float(end / rate) if end < total else None)


def _log(command: Sequence[str]) -> str:
    return run(command, deadline_s=_DEADLINE_S, what="playing the clip").stderr


def _complaint(log: str) -> str:
    return next((line for line in log.splitlines() if any(c in line for c in _COMPLAINTS)), "")


def _loudness(log: str, file: Path, *, heard: bool) -> Loudness | None:
    if heard:
        with suppress(RenderError):
            return heard_in(log, file)
    return None


def _black(log: str) -> Iterator[Stretch]:
    for found in re.finditer(r"black_start:([\d.]+) black_end:([\d.]+)", log):
        yield Stretch(float(found.group(1)), float(found.group(2)))


def _begun(log: str) -> list[float]:
    return [float(t) for t in re.findall(r"freeze_start: ([\d.e+-]+)", log)]


def _still(log: str) -> Iterator[Stretch]:
    """Stretches without movement; one that lasts to the end of the clip is told no end."""
    ends = [float(t) for t in re.findall(r"freeze_end: ([\d.e+-]+)", log)]
    for start, end in zip_longest(_begun(log), ends):
        yield Stretch(start, end)
