"""Scanning: one low-resolution pass over a footage file, in time order, in bounded memory.

About ten frames a second are looked at; no more than two small pictures are held at a time. The
table is kept in the store under the digests of the footage and of everything that looked at it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from video_pipeline.analysis.model import Analysis, Moment
from video_pipeline.analysis.tracks import Look, steadied
from video_pipeline.errors import FootageError
from video_pipeline.footage.decode import frames
from video_pipeline.footage.model import Footage
from video_pipeline.footage.salvage import Damage
from video_pipeline.geometry import Box
from video_pipeline.progress import Listener, Step, silent
from video_pipeline.store import Store, digest_of
from video_pipeline.vision import codes as reader
from video_pipeline.vision.codes import Code, codes
from video_pipeline.vision.detector import Detector, Seen
from video_pipeline.vision.exposure import exposure
from video_pipeline.vision.fingerprint import fingerprint
from video_pipeline.vision.light import light_change
from video_pipeline.vision.motion import camera_motion, is_cut
from video_pipeline.vision.picture import grey_of
from video_pipeline.vision.sharpness import sharpness
from video_pipeline.vision.subject import Subject, subject

SCAN_VERSION = "15"  # of the table: another number for other rows, or for other values in them
LONG_SIDE = 960  # px: the smallest at which single stitches can still be told in a close-up
EVERY = Fraction(1, 10)  # s
# The detector is the dear part: it looks again after so many looks, waits a little longer while the
# camera rests or nobody would be shown this, and looks at once where nothing leads on from the look
# before.
_DETECT_EVERY, _DETECT_AT_REST = 4, 8
_AT_REST = 0.04  # of the picture: what moved less since the detector looked is still there
# What is softer, worse lit or faster is never offered (edit.reel), only told of.
_WORTH_SHARPNESS, _WORTH_EXPOSURE, _WORTH_MOTION = 0.35, 0.35, 0.9
_SAME_SHOT = 0.3  # confidence of camera motion: two pictures that match so well are no cut
_LEAST_CONFIDENCE = 0.05  # of camera motion: below, the two pictures have no match
# Pictures too blurred or too badly lit to be offered are not searched for details: blind looks.
_LEAST_SHARPNESS, _LEAST_EXPOSURE = 0.05, 0.1
_CODES_EVERY = 2  # looks: 0.7 % of all looking, 2.4 % where the footage is noisy
_SMALL = 192  # px, long side, for motion and cuts


def analyse(
    footage: Footage, store: Store, detector: Detector, listener: Listener = silent
) -> Analysis:
    """The table of a footage file, from the store or made now with that detector.

    Raises FootageError when hardly anything in it can be decoded.
    """
    key = digest_of(
        [
            *(SCAN_VERSION, footage.picture_digest, detector.name, detector.version),
            *(LONG_SIDE, str(EVERY)),
            # Another version of these may decode, scale or measure a picture a little differently.
            *(av.__version__, cv2.__version__, np.__version__, reader.VERSION),
        ]
    )

    def write(part: Path) -> None:
        damage: Damage = []
        moments = _scan(footage, detector, listener, damage)
        table = {"moments": [_as_json(m) for m in moments], "damage": [str(t) for t in damage]}
        part.write_text(json.dumps(table), encoding="utf-8")

    path = store.make("analysis", key, ".json", write)
    table = json.loads(path.read_text(encoding="utf-8"))
    moments = tuple(_from_json(row) for row in table["moments"])
    return Analysis(footage, moments, tuple(Fraction(t) for t in table["damage"]))


def _wait(worth: bool, lost: bool, moved: float) -> int:
    """How many looks the detector lets pass: none where nobody knows what it would see now."""
    if not worth or not (lost or moved >= _AT_REST):
        return _DETECT_AT_REST
    return 0 if lost else _DETECT_EVERY


def _scan(footage: Footage, detector: Detector, listener: Listener, damage: Damage) -> list[Moment]:
    looks: list[Look] = []
    moments: list[Moment] = []
    before: NDArray[np.uint8] | None = None
    last_t = Fraction(0)
    last_move = (0.0, 0.0)
    stands_out, lost = Subject(None, 0.0), True
    since_detected, moved = _DETECT_AT_REST, (0.0, 0.0)
    for t, picture in frames(footage, long_side=LONG_SIDE, every_s=EVERY, damage=damage):
        small = _shrunk(picture)
        grey = grey_of(picture)
        cut, motion, shake = False, 0.0, 0.0
        shift: tuple[float, float] | None = None
        if before is not None:
            dx, dy, confidence = camera_motion(grey_of(before), grey_of(small))
            cut = confidence < _SAME_SHOT and is_cut(before, small)
            step_s = max(float(t - last_t), 1e-3)
            matched = confidence > _LEAST_CONFIDENCE
            if matched and not cut:
                shift = (dx, dy * small.shape[1] / small.shape[0])
            # Without a match between the two pictures nothing is known but that they differ.
            move = (dx / step_s, dy / step_s) if matched else (1.0, 1.0)
            motion = float(np.hypot(*move))
            shake = float(np.hypot(move[0] - last_move[0], move[1] - last_move[1]))
            last_move = move
            if cut:
                motion, shake, last_move = 0.0, 0.0, (0.0, 0.0)
        moved = _onwards(moved, shift)
        light = exposure(grey)
        focus = sharpness(grey)
        blind = focus < _LEAST_SHARPNESS or light.score < _LEAST_EXPOSURE
        worth = _worth(focus, light.score, motion if shift is not None else 0.0)
        lost = lost or shift is None
        wait = _wait(worth, lost, float(np.hypot(*moved)))
        seen: Seen | None = None
        if blind:
            since_detected = _DETECT_AT_REST
        elif since_detected >= wait:
            seen = detector.detect(picture)
            since_detected, moved, lost = 1, (0.0, 0.0), False
        else:
            since_detected += 1
        if seen is not None or blind or shift is None:
            stands_out = subject(picture)
        looks.append(Look(t, seen, shift, blind))
        moments.append(
            Moment(
                t=t,
                sharpness=focus,
                luma=light.luma,
                exposure=light.score,
                motion=motion,
                shake=shake,
                whole=stands_out.whole,
                subject=stands_out.box,
                hardware=0.0,
                hardware_boxes=(),
                stitching=0.0,
                stitching_boxes=(),
                cut=cut,
                fingerprint=fingerprint(grey_of(small)),
                light=_relit(before, small, shift),
                codes=() if blind or len(moments) % _CODES_EVERY else codes(grey),
            )
        )
        before, last_t = small, t
        listener(Step("looking", footage.name, float(t), footage.duration_s))
    return _judged(footage, moments, looks)


def _judged(footage: Footage, moments: list[Moment], looks: list[Look]) -> list[Moment]:
    """The moments with what was seen at each, held against what was seen beside it."""
    if footage.still:  # looked at once, and the same at every moment
        moments, looks = _held(footage, moments[0], looks[0])
    if len(moments) < 3:
        raise FootageError(
            "hardly any picture in this file can be decoded",
            where=footage.name,
            mend="copy it from the phone once more, or film it again",
        )
    return [
        replace(
            moment,
            hardware=seen.hardware.score,
            hardware_boxes=tuple(part.box for part in seen.hardware.carrying),
            stitching=seen.stitching.score,
            stitching_boxes=tuple(part.box for part in seen.stitching.carrying),
        )
        for moment, seen in zip(moments, steadied(looks), strict=True)
    ]


def _held(footage: Footage, moment: Moment, look: Look) -> tuple[list[Moment], list[Look]]:
    times = [i * EVERY for i in range(int(footage.duration / EVERY))]
    return [replace(moment, t=t) for t in times], [replace(look, t=t) for t in times]


def _onwards(moved: tuple[float, float], shift: tuple[float, float] | None) -> tuple[float, float]:
    return moved if shift is None else (moved[0] + shift[0], moved[1] + shift[1])


def _worth(sharp: float, lit: float, motion: float) -> bool:
    """Whether a moment may be offered; without a match nobody knows how fast the camera moved."""
    return sharp >= _WORTH_SHARPNESS and lit >= _WORTH_EXPOSURE and motion <= _WORTH_MOTION


def _relit(
    before: NDArray[np.uint8] | None, now: NDArray[np.uint8], shift: tuple[float, float] | None
) -> tuple[float, float, float] | None:
    return None if before is None or shift is None else light_change(before, now, shift)


def _shrunk(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = _SMALL / max(width, height)
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _as_json(moment: Moment) -> dict[str, Any]:
    def box(value: Box | None) -> list[float] | None:
        return value.as_list() if value else None

    return {
        "t": str(moment.t),
        "sharpness": round(moment.sharpness, 4),
        "luma": round(moment.luma, 4),
        "exposure": round(moment.exposure, 4),
        "motion": round(moment.motion, 4),
        "shake": round(moment.shake, 4),
        "whole": round(moment.whole, 4),
        "subject": box(moment.subject),
        "hardware": round(moment.hardware, 4),
        "hardware_boxes": [box(b) for b in moment.hardware_boxes],
        "stitching": round(moment.stitching, 4),
        "stitching_boxes": [box(b) for b in moment.stitching_boxes],
        "cut": moment.cut,
        "fingerprint": f"{moment.fingerprint:016x}",
        "light": [round(stops, 4) for stops in moment.light] if moment.light else None,
        "codes": [[code.text, box(code.box)] for code in moment.codes],
    }


def _from_json(row: dict[str, Any]) -> Moment:
    return Moment(
        **{
            **row,
            "t": Fraction(row["t"]),
            "subject": Box(*row["subject"]) if row["subject"] else None,
            "hardware_boxes": tuple(Box(*b) for b in row["hardware_boxes"]),
            "stitching_boxes": tuple(Box(*b) for b in row["stitching_boxes"]),
            "fingerprint": int(row["fingerprint"], 16),
            "light": tuple(row["light"]) if row["light"] else None,
            "codes": tuple(Code(text, Box(*b)) for text, b in row["codes"]),
        }
    )
