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


def samples(folders: Sequence[Path], every: int) -> Iterator[Sample]:
    """All labelled pictures under the folders; every `every`-th frame of videos.

    A folder that is given twice is read once: a picture must not be held out from itself.
    """
    for folder, name in _named(folders).items():
        for sample in _under(folder, every):
            yield replace(sample, source=f"{name}/{sample.source}", clip=f"{name}/{sample.clip}")


def _named(folders: Sequence[Path]) -> dict[Path, str]:
    """What each folder is called: its own name, or its whole path where two share one."""
    found = list(dict.fromkeys(folder.resolve() for folder in folders))
    names = [folder.name for folder in found]
    return {f: f.name if names.count(f.name) == 1 else str(f) for f in found}


def _under(folder: Path, every: int) -> Iterator[Sample]:
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


def _photos(folder: Path) -> Iterator[Sample]:
    with (folder / "photos.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            picture = cv2.imread(str(folder / "photos" / row["file"]))
            if picture is None:
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


def _spans(folder: Path, every: int) -> Iterator[Sample]:
    rows: dict[str, list[dict[str, str]]] = {}
    with (folder / "videos.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["file"], []).append(row)
    for name, spans in rows.items():
        for t, picture in _frames(folder / "videos" / name, every):
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


def _frames(path: Path, every: int) -> Iterator[tuple[float, NDArray[Any]]]:
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


def _take(path: Path, every: int) -> Iterator[Sample]:
    told = json.loads(path.read_text())
    for t, picture in _frames(path.parent / "take.mp4", every):
        i = min(round(t * told["meta"]["fps"]), len(told["frames"]) - 1)
        yield _told(told["frames"][i], told["meta"]["size"], path, t, picture)


def _still(path: Path) -> Iterator[Sample]:
    told = json.loads(path.read_text())
    picture = cv2.imread(str(path.with_suffix(".jpg")))
    if picture is not None and "shows_hardware" in told:
        yield _told(told, told["size"], path, 0.0, picture)


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
