"""The gallery: one page of overlays to look at, and a PNG of each.

The page is a file of its own: pictures are inside, nothing is fetched, and it is filtered by style
rules alone; no script runs. A picture that is seen in many places is inside once.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from video_pipeline.delivery.publishing import GALLERY, MANIFEST
from video_pipeline.errors import Problem
from video_pipeline.overlays.exhibits import Exhibit, Wall
from video_pipeline.store import file_digest

PAGE: Final = "index.html"
_FILMED_WIDTH = 480  # px; a frame behind overlays, which is there to be written on


def write_gallery(folder: Path, page: str, shown: Sequence[Exhibit]) -> tuple[str, ...]:
    """Write the page, every picture and a manifest into an empty folder; the names of the files."""
    (folder / PAGE).write_text(page, encoding="utf-8")
    for exhibit in shown:
        if exhibit.png:
            (folder / exhibit.file).parent.mkdir(exist_ok=True)
            (folder / exhibit.file).write_bytes(exhibit.png)
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    manifest = {"kind": GALLERY, "files": {name: file_digest(folder / name) for name in names}}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return tuple(names)


def gallery_page(
    shown: Sequence[Exhibit],
    says: Mapping[str, str],
    *,
    filmed: str = "",
    live: str = "",
    trouble: Sequence[Problem] = (),
) -> str:
    """The page of these exhibits, as HTML.

    `says` tells in one line what each template says, in the order of the page; `filmed` is the
    footage they stand over. With `live`, the folder that is watched, the page asks its server for
    its `state_of` twice a second and loads itself anew when that is another; `trouble` is why
    these exhibits are of before the last change.
    """
    inside = _Pictures()
    sections = [
        {
            "name": name,
            "says": said,
            "exhibits": [_view(e, inside) for e in shown if e.template == name],
        }
        for name, said in says.items()
        if any(e.template == name for e in shown)
    ]
    places = [place for e in shown for place in e.wall.placements]
    kinds: dict[str, list[str]] = {
        "template": [name for name in says if any(e.template == name for e in shown)],
        "theme": [e.theme for e in shown],
        "language": [e.lang for e in shown],
        "placement": places,
    }
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("gallery.html.j2").render(
        title="Overlays",
        count=len(shown),
        wrong=sum(bool(e.problems) for e in shown),
        choices=[{"name": k, "among": list(dict.fromkeys(v))} for k, v in kinds.items()],
        sections=sections,
        pictures=inside.addresses,
        filmed=filmed,
        live=live,
        state=state_of(shown, trouble),
        trouble=trouble,
    )


def state_of(shown: Sequence[Exhibit], trouble: Sequence[Problem] = ()) -> str:
    """A digest of everything that is seen: pictures, places, and what is wrong."""
    seen = hashlib.sha256(repr(tuple(trouble)).encode())
    for e in shown:
        seen.update(repr((e.file, e.box, e.problems)).encode())
        seen.update(e.png)
    return seen.hexdigest()[:16]


class _Pictures:
    """The pictures inside a page, each once."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self._numbers: dict[bytes, int] = {}
        self._films: dict[int, int] = {}

    def number(self, content: bytes, kind: str) -> int:
        """The number of a picture file."""
        digest = hashlib.sha256(content).digest()
        if digest not in self._numbers:
            self._numbers[digest] = len(self.addresses)
            inside = base64.b64encode(content).decode("ascii")
            self.addresses.append(f"data:image/{kind};base64,{inside}")
        return self._numbers[digest]

    def film(self, wall: Wall) -> int | None:
        """The number of what is filmed behind a wall, if anything is."""
        if wall.behind is None:
            return None
        if id(wall) not in self._films:
            height, width = wall.behind.shape[:2]
            size = (_FILMED_WIDTH, max(1, round(_FILMED_WIDTH * height / width)))
            small = cv2.resize(wall.behind, size, interpolation=cv2.INTER_AREA)
            coded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1]
            self._films[id(wall)] = self.number(coded.tobytes(), "jpeg")
        return self._films[id(wall)]


def _view(exhibit: Exhibit, inside: _Pictures) -> dict[str, Any]:
    x, y, width, height = exhibit.box
    canvas = exhibit.wall.canvas
    return {
        "sample": exhibit.sample,
        "theme": exhibit.theme,
        "lang": exhibit.lang,
        "placements": " ".join(exhibit.wall.placements),
        "problems": exhibit.problems,
        "picture": inside.number(exhibit.png, "png") if exhibit.png else None,
        "film": inside.film(exhibit.wall) if exhibit.png else None,
        "label": f"{exhibit.template}, {exhibit.sample}, {exhibit.theme}, {exhibit.lang}",
        # At the size that a picture 1080 wide has.
        "width": width * 1080 / min(canvas.width, canvas.height),
        "height": height * 1080 / min(canvas.width, canvas.height),
        "aspect": f"{canvas.width} / {canvas.height}",
        "left": 100 * x / canvas.width,
        "top": 100 * y / canvas.height,
        "across": 100 * width / canvas.width,
        "down": 100 * height / canvas.height,
    }
