"""The worst errors as a page of pictures: what to look at before believing a figure.

The page holds pictures of the folder that was measured; it is written where it is asked for, and
is not for passing on when those pictures are not.
"""

from __future__ import annotations

import base64
import heapq
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment
from numpy.typing import NDArray

from benchmarks.detection.footage import Sample
from benchmarks.detection.measures import SHOWN, Judged
from video_pipeline.vision.detector import Detection, Detector

WORST = 24  # of each sort
_SIDE = 300  # px
_PAGE = """<!doctype html><meta charset="utf-8"><title>{{ name }}: the worst errors</title>
<style>
 body { font: 15px/1.4 system-ui, sans-serif; margin: 24px; background: #faf9f7; color: #222 }
 section { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 16px }
 figure { margin: 0; background: #fff; border: 1px solid #ddd; padding: 8px }
 img { max-width: 49%; vertical-align: top } figcaption { padding-top: 6px; word-break: break-all }
</style>
<h1>{{ name }}</h1>
{% for title, errors in sections %}<h2>{{ title }}</h2><section>
{% for e in errors %}<figure><img src="{{ e.shown }}" alt=""> <img src="{{ e.why }}" alt="">
<figcaption><b>{{ "%.2f" | format(e.score) }}</b> {{ e.caption }}</figcaption></figure>
{% else %}<p>none</p>{% endfor %}</section>{% endfor %}"""


@dataclass(frozen=True)
class Wrong:
    """An error for the page: its score, and JPEGs of the picture and of the explanation."""

    score: float
    caption: str
    shown: str
    why: str


class Worst:
    """Keeps the worst errors of one part as they come by, so that no pictures pile up.

    An error is a score on the wrong side of 0.5.
    """

    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, Wrong]] = []
        self._misses: list[tuple[float, int, Wrong]] = []
        self._count = 0

    def offer(self, sample: Sample, judged: Judged, found: Detection, seeing: Detector) -> None:
        """Take it in when it is an error, and among the worst so far."""
        if (judged.score >= SHOWN) == judged.shows:
            return
        heap = self._misses if judged.shows else self._alarms
        badness = -judged.score if judged.shows else judged.score
        if len(heap) >= WORST and badness <= heap[0][0]:
            return
        drawn = sample.picture.copy()
        height, width = drawn.shape[:2]
        for box in (found.around, *found.boxes[:3]) if found.around else ():
            corner = (int(box.x0 * width), int(box.y0 * height))
            other = (int(box.x1 * width), int(box.y1 * height))
            cv2.rectangle(drawn, corner, other, (40, 40, 255), max(2, width // 160))
        caption = f"{sample.clip} {sample.t:.1f} s" + (" (arguable)" if sample.arguable else "")
        why = picture_url(seeing.explain(sample.picture))
        wrong = Wrong(judged.score, caption, picture_url(drawn), why)
        self._count += 1
        (heapq.heappush if len(heap) < WORST else heapq.heapreplace)(
            heap, (badness, self._count, wrong)
        )

    def sections(self, part: str) -> list[tuple[str, list[Wrong]]]:
        """For the page, the worst first."""
        return [
            (f"{part}: {title}", [wrong for *_, wrong in sorted(heap, key=lambda e: -e[0])])
            for title, heap in (("seen where none is shown", self._alarms),
                                ("shown and not seen", self._misses))
        ]  # fmt: skip


def picture_url(picture: NDArray[Any]) -> str:
    """A BGR picture, made small, as a data address."""
    scale = _SIDE / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, code = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(np.asarray(code).tobytes()).decode()


def write_page(name: str, sections: list[tuple[str, list[Wrong]]], path: Path) -> None:
    """Write the page; captions are escaped."""
    html = Environment(autoescape=True).from_string(_PAGE).render(name=name, sections=sections)
    path.write_text(html, encoding="utf-8")
