"""Labelled footage, read from folders laid out in one of two ways.

- `photos.csv` with `photos/`, `videos.csv` with `videos/`: labels by hand, per photo and per span;
- takes `<name>/take.mp4` with `truth.json`, and `stills/*.jpg` each with a `.json`: exact truth.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box

LONG_SIDE = 960  # px: what the product's analysis looks at
PARTS = ("hardware", "stitching")
WHOLE = ("hero", "whole")  # what synthetic truth calls pictures of a whole bag
_NO_ITEM = ("watch", "jewellery", "texture", "drawing", "print", "logo")  # words of the notes


@dataclass(frozen=True)
class Sample:
    """One labelled picture.

    group       kind of footage: "real photos", "real video", "synthetic takes", "synthetic stills"
    source      who made it: pictures of one source are alike, and are drawn and held out together
    clip        the file it is from; t in seconds, 0 for photos
                both begin with the folder, since two folders may call different things the same
    truth       whether a buyer would say that it shows this part
    boxes       where, when that is known
    arguable    a border case: by the labeller's own word, or a whole bag that the synthetic truth,
                which counts pixels, says to show a part
    distractor  made or labelled to show nothing of either: a mug, a watch, cloth, text
    """

    group: str
    source: str
    clip: str
    t: float
    picture: NDArray[np.uint8]
    truth: dict[str, bool]
    boxes: dict[str, tuple[Box, ...]]
    arguable: bool
    distractor: bool

    def without_picture(self) -> Sample:
        """The same with an empty picture, to be kept while others are looked at."""
        return replace(self, picture=np.empty((0, 0, 3), dtype=np.uint8))


class Labelled:
    """All labelled pictures under some folders; every `every`-th frame of videos.

    A folder that is given twice is read once: a picture must not be held out from itself.
    `unreadable` names the files that were come upon so far and could not be read, or not to their
    end; frames before that count. As text it says what was looked at, for the head of a result.
    """

    def __init__(self, folders: Sequence[Path], every: int) -> None:
        self.folders, self.every = _named(folders), every
        self.unreadable: list[str] = []
        self.pictures = 0

    def __str__(self) -> str:
        told = f"{self.pictures} pictures of {', '.join(self.folders.values())}"
        if self.unreadable:
            told += f"; NOT READ, {len(self.unreadable)}: {', '.join(self.unreadable)}"
        return told

    def __iter__(self) -> Iterator[Sample]:
        self.pictures, self.unreadable = 0, []
        for folder, name in self.folders.items():
            for sample in _under(folder, self.every):
                if isinstance(sample, Path):
                    self.unreadable.append(f"{name}/{sample.relative_to(folder)}")
                    continue
                self.pictures += 1
                source, clip = f"{name}/{sample.source}", f"{name}/{sample.clip}"
                yield replace(sample, source=source, clip=clip)


def _named(folders: Sequence[Path]) -> dict[Path, str]:
    """What each folder is called: its own name, or its whole path where two share one."""
    found = list(dict.fromkeys(folder.resolve() for folder in folders))
    names = [folder.name for folder in found]
    return {f: f.name if names.count(f.name) == 1 else str(f) for f in found}


def _under(folder: Path, every: int) -> Iterator[Sample | Path]:
    """Samples, and the files that should have given some and could not be read."""
    if (folder / "photos.csv").is_file():
        yield from _photos(folder)
    if (folder / "videos.csv").is_file():
        yield from _spans(folder, every)
    for truth in sorted(folder.glob("*/truth.json")):
        yield from _take(truth, every)
    for still in sorted(folder.glob("stills/*.json")):
        yield from _still(still)


def _fit(picture: NDArray[Any]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture, dtype=np.uint8)


def _photos(folder: Path) -> Iterator[Sample | Path]:
    with (folder / "photos.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            photo = folder / "photos" / row["file"]
            picture = _picture(photo)
            if picture is None:
                yield photo
                continue
            boxes: dict[str, tuple[Box, ...]] = {}
            for name in PARTS:
                if row[f"box_{name}"]:
                    boxes[name] = (Box(*(float(v) for v in row[f"box_{name}"].split(","))),)
            truth = {name: row[name] == "1" for name in PARTS}
            yield Sample(
                group="real photos",
                source=_shop(row["file"]),
                clip=row["file"],
                t=0.0,
                picture=_fit(picture),
                truth=truth,
                boxes=boxes,
                arguable="border" in row["note"],
                distractor=not any(truth.values()) and _no_item(row["kind"], row["note"]),
            )


def _picture(path: Path) -> NDArray[Any] | None:
    # A file that is not there is told of by us, once; OpenCV would warn as well.
    return cv2.imread(str(path)) if path.is_file() else None


def _spans(folder: Path, every: int) -> Iterator[Sample | Path]:
    rows: dict[str, list[dict[str, str]]] = {}
    with (folder / "videos.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["file"], []).append(row)
    for name, spans in rows.items():
        video = folder / "videos" / name
        for frame in _frames(video, every):
            if frame is None:
                yield video
                continue
            t, picture = frame
            for span in spans:
                if float(span["t_start"]) <= t < float(span["t_end"]):
                    truth = {n: span[n] == "1" for n in PARTS}
                    yield Sample(
                        group="real video",
                        source=name,
                        clip=name,
                        t=t,
                        picture=_fit(picture),
                        truth=truth,
                        boxes={},
                        arguable="border" in span["note"],
                        distractor=not any(truth.values()) and _no_item(span["kind"], span["note"]),
                    )
                    break


def _frames(path: Path, every: int) -> Iterator[tuple[float, NDArray[Any]] | None]:
    """Seconds and picture of every `every`-th frame; None, and no more, where it can't be read."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            start = None
            for i, frame in enumerate(container.decode(stream)):
                t = float(frame.time or 0)
                start = t if start is None else start
                if i % every == every // 2:
                    picture = frame.to_ndarray(format="bgr24")
                    turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4
                    yield t - start, np.rot90(picture, k=turns)
    except (av.FFmpegError, IndexError):  # IndexError: there is no picture in it
        yield None


def _take(path: Path, every: int) -> Iterator[Sample | Path]:
    told = json.loads(path.read_text())
    take = path.parent / "take.mp4"
    for frame in _frames(take, every):
        if frame is None:
            yield take
            continue
        t, picture = frame
        i = min(round(t * told["meta"]["fps"]), len(told["frames"]) - 1)
        yield _told(told["frames"][i], told["meta"]["size"], path, t, picture)


def _still(path: Path) -> Iterator[Sample | Path]:
    told = json.loads(path.read_text())
    if "shows_hardware" not in told:
        return
    still = path.with_suffix(".jpg")
    picture = _picture(still)
    yield still if picture is None else _told(told, told["size"], path, 0.0, picture)


def _told(
    frame: dict[str, Any], size: list[int], path: Path, t: float, picture: NDArray[Any]
) -> Sample:
    width, height = size
    boxes = {}
    for name in PARTS:
        found = []
        for part in frame.get(name, {}).get("boxes", ()):
            x, y, w, h = part["box"]
            if w > 0 and h > 0:
                found.append(Box(x / width, y / height, (x + w) / width, (y + h) / height))
        boxes[name] = tuple(found)
    truth = {name: bool(frame[f"shows_{name}"]) for name in PARTS}
    take = path.name == "truth.json"
    clip = path.parent.name if take else path.stem
    parts_of_it = sum(frame.get(name, {}).get("frac", 0.0) for name in PARTS)
    return Sample(
        group="synthetic takes" if take else "synthetic stills",
        source=clip if take else clip.split("_")[0],
        clip=clip,
        t=t,
        picture=_fit(picture),
        truth=truth,
        boxes=boxes,
        # Its truth counts pixels: a small clasp on a whole bag may pass, and no buyer would agree.
        arguable=any(truth.values()) and (frame.get("label") or frame.get("kind")) in WHOLE,
        distractor="distractor" in (frame.get("label"), frame.get("kind")) and parts_of_it < 0.002,
    )


def _no_item(kind: str, note: str) -> bool:
    """Is it, by the label, a picture of something else than a bag or a garment for sale?"""
    return kind == "other" or any(word in note for word in _NO_ITEM)


def _shop(file: str) -> str:
    """The source of a photo by its name; LX and LC are whole bags and crops of one shop."""
    return {"LC": "LX"}.get(file[:2], file[:2])
