"""Hardware and stitching, seen by a small network that was taught on pictures we made.

The network (see training/README.md, its model card) answers for every cell of 8x8 pixels of a
picture brought to a fixed area: is there metal, is there thread? And for the whole picture: what
does it look like, of the things that ImageNet knows? This module turns the maps into parts, and
all of it into evidence, which vision.judgement weighs: a score asks what a buyer asks, whether a
part is shown large, sharp and light enough to inspect. The network looks at the picture made small,
where a seam can be told but not always its single stitches; so where it sees a seam, the rhythm of
the stitches is looked for in the picture itself (vision.stitching).
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import metadata, resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box
from video_pipeline.interruption import whole
from video_pipeline.vision.detector import Detection, Part, Seen, Tint
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.judgement import judgement_digest, judgements
from video_pipeline.vision.picture import box_of_pixels, grey_of, smaller_side_px
from video_pipeline.vision.sharpness import sharpness
from video_pipeline.vision.starting import starting
from video_pipeline.vision.stitching import stitches_shown

MODEL = "seeing.onnx"
_AREA = 320 * 576  # px the network looks at, whatever the picture's shape
_MULTIPLE = 32  # px, of both edges
_MOST_PARTS = 6
_LIKELY_SEWN = 0.4  # evidence from which a rhythm is worth looking for
_AGREED = 0.5  # of a part's cells must be of one kind for it to be called that
_METAL = Tint((40, 40, 255), "metal, the redder the surer")
_THREAD = Tint((255, 120, 30), "stitching, the bluer the surer")
_FAINT = 1e-4  # added to probabilities of things: below, they all mean no

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """How a map becomes parts.

    low, high   probabilities at which a part is grown, and at which it is begun
    join        cells: pieces nearer than this are one part
    """

    low: float
    high: float
    join: int


HARDWARE = Scale(low=0.25, high=0.5, join=3)
STITCHING = Scale(low=0.25, high=0.5, join=7)
_BESIDE = 0.5  # of the weightiest part: parts that weigh so much carry the score with it


@dataclass(frozen=True)
class Maps:
    """What the network says of every cell, HxW each: probabilities 0..1, and measures.

    kinds   KxHxW, probabilities of the kinds of hardware, given that there is any
    pitch   of the stitches, px of the picture as it was given
    things  what the whole picture looks like: probabilities by name
    """

    hardware: F32
    stitching: F32
    leather: F32
    kinds: F32
    pitch: F32
    things: Mapping[str, float]


@dataclass(frozen=True)
class Learned:
    """Finds hardware and stitching by the shipped network."""

    name: str = "learned"
    legend: tuple[Tint, ...] = (_METAL, _THREAD)

    @property
    def version(self) -> str:
        """Names the weights of both kinds and the library that runs the network."""
        with _runtime():
            runtime = metadata.version("onnxruntime")
        return f"4-{_digest()[:12]}-{judgement_digest()[:12]}-{runtime}"

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        """Look at a BGR picture HxWx3."""
        if min(picture.shape[:2]) < 32:
            return Seen()
        seen, found = parts_and_evidence(picture)
        if found["light"] == 0:  # nothing can be inspected there, whatever was made out
            return seen
        judged = judgements()
        return Seen(
            replace(seen.hardware, score=judged["hardware"].score(found)),
            replace(seen.stitching, score=judged["stitching"].score(found)),
        )

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture with metal tinted red and thread tinted blue, as surely as they were seen."""
        drawn = picture.astype(np.float32) * 0.75
        if min(picture.shape[:2]) >= 32:
            maps = look(picture)
            size = (picture.shape[1], picture.shape[0])
            for values, tint in ((maps.hardware, _METAL), (maps.stitching, _THREAD)):
                share = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)[..., None] * 0.7
                drawn += (np.asarray(tint.colour, dtype=np.float32) - drawn) * share
        return np.asarray(np.clip(drawn, 0, 255), dtype=np.uint8)


def look(picture: NDArray[np.uint8]) -> Maps:
    """Run the network over a BGR picture HxWx3."""
    height, width = picture.shape[:2]
    scale = math.sqrt(_AREA / (height * width))
    size = (_fitting(width * scale), _fitting(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=way), dtype=np.uint8)
    maps, kinds, pitch, things = _session().run(None, {"picture": small})
    named = dict(zip(_names("things"), (float(v) for v in things), strict=True))
    return Maps(maps[0], maps[1], maps[2], kinds, pitch / np.float32(scale), named)


def parts_and_evidence(picture: NDArray[np.uint8]) -> tuple[Seen, dict[str, float]]:
    """The parts in a BGR picture HxWx3 of 32 px or more, scored 0 as yet, and the evidence."""
    maps = look(picture)
    masks = _parts(maps.hardware, HARDWARE)
    metal = tuple(_metal_part(mask, maps, picture.shape) for mask in masks)
    seen_metal = Detection(0.0, metal, _alike(masks, maps.hardware))
    masks = _parts(maps.stitching, STITCHING)
    seams = tuple(_seam_part(mask, maps) for mask in masks)
    seen = Seen(seen_metal, Detection(0.0, seams, _alike(masks, maps.stitching)))
    return seen, evidence(picture, maps, seen)


def evidence(picture: NDArray[np.uint8], maps: Maps, seen: Seen) -> dict[str, float]:
    """All that speaks for or against a part being shown, by name.

    metal, thread, leather     how much of the map is sure, 0..1
    thread_spread              log odds that thread runs over a tenth of it: the camera is close
    metal_focus, thread_focus  sharpness within `Detection.around`, 0..1, 0 without parts
    focus, light               sharpness and exposure of the picture, 0..1
    rhythm                     of stitches, 0..1; 0 where too little thread was seen to look for it
    looks_like_*               natural logarithm of the probability that the whole is such a thing
    """
    grey = grey_of(picture)
    thread = surest(maps.stitching, 0.01)
    found = {
        "metal": surest(maps.hardware, 0.03),
        "thread": thread,
        "thread_spread": _log_odds(surest(maps.stitching, 0.1)),
        "leather": float(maps.leather.mean()),
        "metal_focus": _focus(grey, seen.hardware.around),
        "thread_focus": _focus(grey, seen.stitching.around),
        "focus": sharpness(grey),
        "light": exposure(grey).score,
        "rhythm": 0.0,
    }
    if thread >= _LIKELY_SEWN:
        seams = seen.stitching.parts
        pitch = seams[0].detail_px if seams else None
        found["rhythm"] = stitches_shown(picture, pitch).score
    for name, p in maps.things.items():
        found[f"looks_like_{name}"] = math.log(p + _FAINT)
    return found


def surest(values: F32, share: float) -> float:
    """The mean of a map's surest cells, that share of all."""
    most = max(1, round(values.size * share))
    return float(np.partition(values.ravel(), -most)[-most:].mean())


def _log_odds(p: float) -> float:
    return math.log((p + 1e-3) / (1 - p + 1e-3))


def _fitting(edge: float) -> int:
    return max(1, round(edge / _MULTIPLE)) * _MULTIPLE


def _parts(values: F32, scale: Scale) -> list[NDArray[np.bool_]]:
    """Masks of the places that are sure somewhere and likely all over, weightiest first."""
    likely = (values >= scale.low).astype(np.uint8)
    joined = cv2.morphologyEx(likely, cv2.MORPH_CLOSE, np.ones((scale.join, scale.join), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    weight = np.bincount(labels.ravel(), weights=(values * likely).ravel(), minlength=count)
    order = sorted(range(1, count), key=lambda i: -weight[i])
    masks = [(labels == i) & (likely > 0) for i in order]
    return [m for m in masks if m.any() and float(values[m].max()) >= scale.high][:_MOST_PARTS]


def _alike(masks: list[NDArray[np.bool_]], values: F32) -> int:
    """How many of the parts, weightiest first, weigh about as much as the first."""
    weights = [float(values[mask].sum()) for mask in masks]
    return sum(weight >= _BESIDE * weights[0] for weight in weights)


def _focus(grey: NDArray[np.uint8], around: Box | None) -> float:
    return sharpness(grey, around) if around else 0.0


def _box(where: NDArray[np.bool_]) -> Box:
    ys, xs = np.nonzero(where)
    edges = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    return box_of_pixels(edges, where.shape)


def _metal_part(where: NDArray[np.bool_], maps: Maps, shape: tuple[int, ...]) -> Part:
    """A part of metal, of the kind that most of its cells agree on, if they do."""
    box, shares = _box(where), maps.kinds[:, where].mean(axis=1)
    best = int(shares.argmax())
    kind = _names("kinds")[best] if shares[best] >= _AGREED else None
    return Part(box, float(maps.hardware[where].max()), kind, smaller_side_px(box, shape))


def _seam_part(where: NDArray[np.bool_], maps: Maps) -> Part:
    """A seam and the pitch of its stitches, as its surest cells tell it."""
    sure = where & (maps.stitching >= float(np.median(maps.stitching[where])))
    pitch = round(float(np.median(maps.pitch[sure])), 1)
    return Part(_box(where), float(maps.stitching[where].max()), None, pitch)


def _runtime() -> AbstractContextManager[None]:
    """Around all that needs onnxruntime itself. Another kind of it fills the same folder."""
    return starting(
        "onnxruntime, which runs the network that sees,",
        mend="uninstall any other kind of it (onnxruntime-gpu, …), then reinstall with: "
        "pip install --force-reinstall 'onnxruntime<1.24'",
    )


def _weights() -> AbstractContextManager[None]:
    """Around all that needs the network's file."""
    return starting(
        f"the network that sees, {MODEL},",
        mend="its file is missing or damaged; "
        "reinstall with: pip install --force-reinstall video-pipeline",
    )


@functools.cache
def _model() -> bytes:
    with _weights():
        return resources.files(__package__).joinpath(MODEL).read_bytes()


@functools.cache
def _digest() -> str:
    return hashlib.sha256(_model()).hexdigest()


@functools.cache
def _session() -> Any:
    with whole(), _runtime():  # cut in two it would say that it is not installed
        import onnxruntime  # noqa: PLC0415  # slow to start, and most commands look at no picture

        options = onnxruntime.SessionOptions()
        open_model = onnxruntime.InferenceSession
    # One core: batches look at several files at once, and a picture is soon seen.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with _weights():
        return open_model(_model(), sess_options=options, providers=["CPUExecutionProvider"])


@functools.cache
def _names(of: str) -> tuple[str, ...]:
    """What the rows of an output mean, as the model itself tells."""
    with _weights():
        return tuple(_session().get_modelmeta().custom_metadata_map[of].split(","))
