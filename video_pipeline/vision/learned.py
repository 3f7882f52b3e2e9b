"""Hardware and stitching, seen by a small network that was taught on pictures we made.

The network (see training/README.md, its model card) answers for every cell of 8x8 pixels of a
picture brought to a fixed area: is there metal, is there thread? This module turns its maps into
parts and scores. A score asks what a buyer asks: is a part shown large, sharp and light enough to
inspect? The network looks at the picture made small, where a seam can be told but not always its
single stitches; so where it sees a seam, the rhythm of the stitches is looked for in the picture
itself (vision.stitching), and both must agree.
"""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from importlib import metadata, resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.geometry import Box
from video_pipeline.vision.detector import Detection, Part, Seen
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.picture import box_of_pixels, grey_of, smaller_side_px
from video_pipeline.vision.sharpness import sharpness
from video_pipeline.vision.stitching import stitches_shown

MODEL = "seeing.onnx"
_AREA = 320 * 568  # px the network looks at, whatever the picture's shape: what it was taught on
_MULTIPLE = 16  # px, of both edges
_CELL = 8  # px
_MOST_PARTS = 6
_SOFT = 0.4  # what is left of the evidence for metal that is out of focus
_LIKELY_SEWN = 0.25  # evidence from which a rhythm is worth looking for
_AGREED = 0.5  # of a part's cells must be of one kind for it to be called that

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """How a map becomes parts and a score.

    low, high   probabilities at which a part is grown, and at which it is begun
    join        cells: pieces nearer than this are one part
    half        the evidence, 0..1, that scores 0.5
    """

    low: float
    high: float
    join: int
    half: float


HARDWARE = Scale(low=0.35, high=0.6, join=3, half=0.5)
STITCHING = Scale(low=0.3, high=0.5, join=7, half=0.4)


@dataclass(frozen=True)
class Maps:
    """What the network says of every cell, HxW each: probabilities 0..1, and measures.

    kinds   KxHxW, probabilities of the kinds of hardware, given that there is any
    pitch   of the stitches, px of the picture as it was given
    """

    hardware: F32
    stitching: F32
    leather: F32
    kinds: F32
    pitch: F32


@dataclass(frozen=True)
class Learned:
    """Finds hardware and stitching by the shipped network."""

    name: str = "learned"

    @property
    def version(self) -> str:
        """Names the weights, the curve and the library that runs them."""
        return f"1-{_digest()[:12]}-{metadata.version('onnxruntime')}"

    def detect(self, picture: NDArray[np.uint8]) -> Seen:
        """Look at a BGR picture HxWx3."""
        if min(picture.shape[:2]) < 32:
            return Seen()
        maps = look(picture)
        grey = grey_of(picture)
        light = exposure(grey).score
        metal = tuple(
            _metal_part(where, maps, picture.shape) for where in _parts(maps.hardware, HARDWARE)
        )
        seams = tuple(_seam_part(where, maps) for where in _parts(maps.stitching, STITCHING))
        shown = evidence(maps.hardware) * light
        if metal:
            shown *= _SOFT + (1 - _SOFT) * sharpness(grey, metal[0].box)
        sewn = evidence(maps.stitching)
        if sewn >= _LIKELY_SEWN:
            sewn *= math.sqrt(stitches_shown(picture).score)
        else:
            sewn = 0.0
        return Seen(
            Detection(_score(shown, HARDWARE), metal), Detection(_score(sewn, STITCHING), seams)
        )

    def explain(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture with metal tinted red and thread tinted blue, as surely as they were seen."""
        drawn = picture.astype(np.float32) * 0.75
        if min(picture.shape[:2]) >= 32:
            maps = look(picture)
            size = (picture.shape[1], picture.shape[0])
            for values, tint in ((maps.hardware, (40, 40, 255)), (maps.stitching, (255, 120, 30))):
                share = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)[..., None] * 0.7
                drawn += (np.asarray(tint, dtype=np.float32) - drawn) * share
        return np.asarray(np.clip(drawn, 0, 255), dtype=np.uint8)


def look(picture: NDArray[np.uint8]) -> Maps:
    """Run the network over a BGR picture HxWx3."""
    height, width = picture.shape[:2]
    scale = math.sqrt(_AREA / (height * width))
    size = (_fitting(width * scale), _fitting(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=way), dtype=np.uint8)
    maps, kinds, pitch = _session().run(None, {"picture": small})
    return Maps(maps[0], maps[1], maps[2], kinds, pitch / np.float32(scale))


def _fitting(edge: float) -> int:
    return max(2, round(edge / _MULTIPLE)) * _MULTIPLE


def evidence(values: F32) -> float:
    """How much of a map is sure: the mean of its surest cells, three in a hundred."""
    most = max(1, round(values.size * 0.03))
    return float(np.partition(values.ravel(), -most)[-most:].mean())


def _score(found: float, scale: Scale) -> float:
    """Straight lines through (0, 0), (half, 0.5) and (1, 1)."""
    if found <= scale.half:
        return 0.5 * found / scale.half
    return min(1.0, 0.5 + 0.5 * (found - scale.half) / (1 - scale.half))


def _parts(values: F32, scale: Scale) -> list[NDArray[np.bool_]]:
    """Masks of the places that are sure somewhere and likely all over, weightiest first."""
    likely = (values >= scale.low).astype(np.uint8)
    joined = cv2.morphologyEx(likely, cv2.MORPH_CLOSE, np.ones((scale.join, scale.join), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    weight = np.bincount(labels.ravel(), weights=(values * likely).ravel(), minlength=count)
    order = sorted(range(1, count), key=lambda i: -weight[i])[:_MOST_PARTS]
    masks = [(labels == i) & (likely > 0) for i in order]
    return [mask for mask in masks if mask.any() and float(values[mask].max()) >= scale.high]


def _box(where: NDArray[np.bool_]) -> Box:
    ys, xs = np.nonzero(where)
    edges = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    return box_of_pixels(edges, where.shape)


def _metal_part(where: NDArray[np.bool_], maps: Maps, shape: tuple[int, ...]) -> Part:
    """A part of metal, of the kind that most of its cells agree on, if they do."""
    box, shares = _box(where), maps.kinds[:, where].mean(axis=1)
    best = int(shares.argmax())
    kind = _kind_names()[best] if shares[best] >= _AGREED else None
    return Part(box, float(maps.hardware[where].max()), kind, smaller_side_px(box, shape))


def _seam_part(where: NDArray[np.bool_], maps: Maps) -> Part:
    """A seam and the pitch of its stitches, as its surest cells tell it."""
    sure = where & (maps.stitching >= float(np.median(maps.stitching[where])))
    pitch = round(float(np.median(maps.pitch[sure])), 1)
    return Part(_box(where), float(maps.stitching[where].max()), None, pitch)


@functools.cache
def _model() -> bytes:
    return resources.files(__package__).joinpath(MODEL).read_bytes()


@functools.cache
def _digest() -> str:
    return hashlib.sha256(_model()).hexdigest()


@functools.cache
def _session() -> Any:
    import onnxruntime  # noqa: PLC0415  # slow to start, and most commands look at no picture

    options = onnxruntime.SessionOptions()
    # One core: batches look at several files at once, and a picture is soon seen.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        _model(), sess_options=options, providers=["CPUExecutionProvider"]
    )


@functools.cache
def _kind_names() -> tuple[str, ...]:
    told = _session().get_modelmeta().custom_metadata_map
    return tuple(told["kinds"].split(","))
