"""The judged gallery: twenty awkward listings, in every overlay, at three placements.

Each listing is read as a seller's file and goes through the words that planning would give it. No
glyph may lie outside its line, its overlay or the safe area, and none may be missing: asked of the
outlines that shaping gave, and of the pixels.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from awkward_listings import AWKWARD
from numpy.typing import NDArray

from video_pipeline.edit.specimens import SPOKEN, Specimen, specimens
from video_pipeline.edit.story import read_storyboard
from video_pipeline.listing.model import ListingFile
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.language import language
from video_pipeline.overlays.painting import rasterise
from video_pipeline.overlays.templates import samples, template_names
from video_pipeline.overlays.theme import theme, theme_names
from video_pipeline.overlays.typesetting import clean
from video_pipeline.pipeline.preparing import Settings, read_checked
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement
from video_pipeline.store import Store
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.wording import load_wording

PLACEMENTS = ("tiktok", "amazon", "etsy")
# Of a wide letter's ink so much may hang over the edge of its line, in ems: an f, a j, a swash.
HANG_EMS = 0.16
_NEAR = 0.5  # drawings are looked at from a little further away: a quarter of the work
_AROUND = 24  # pixels looked at outside a drawing
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@pytest.mark.parametrize("name", AWKWARD)
def test_every_overlay_of_an_awkward_listing_is_whole(name: str, tmp_path: Path) -> None:
    lang, page = AWKWARD[name]
    listing = read(page, tmp_path)
    words = language(lang)
    shown = list(said_of(listing, lang))
    assert {specimen.template for specimen in shown} == set(template_names())
    for place in PLACEMENTS:
        placement = load_placement(place).facing(rtl=words.rtl)
        canvas = Canvas(placement.width, placement.height, placement.safe)
        # Of several notes or cards one stands for all where the room is another.
        each = shown if place == PLACEMENTS[0] else {s.template: s for s in shown}.values()
        for specimen in each:
            drawing = draw(specimen.template, specimen.fields, canvas, lang=lang)
            judge(drawing, specimen, canvas, lang)


@pytest.mark.parametrize("look", [look for look in theme_names() if look != "atelier"])
@pytest.mark.parametrize("name", ["german", "arabic", "one-word"])
def test_the_other_looks_hold_them_too(name: str, look: str, tmp_path: Path) -> None:
    lang, page = AWKWARD[name]
    placement = load_placement("tiktok").facing(rtl=language(lang).rtl)
    canvas = Canvas(placement.width, placement.height, placement.safe)
    # One of each template: whatever differs between two of one differs in `atelier` as well.
    for specimen in {s.template: s for s in said_of(read(page, tmp_path), lang)}.values():
        drawing = draw(specimen.template, specimen.fields, canvas, lang=lang, theme=look)
        judge(drawing, specimen, canvas, lang, look)


def test_a_word_of_ten_thousand_characters_in_an_edit(tmp_path: Path) -> None:
    # A listing may not hold one; an edit, which a person may change by hand, may.
    placement = load_placement("tiktok")
    canvas = Canvas(placement.width, placement.height, placement.safe)
    for specimen in said_of(read(AWKWARD["one-letter"][1], tmp_path), "en"):
        if specimen.template in ("progress-dots", "flaw-callout"):
            continue
        fields = {key: longer(value) for key, value in specimen.fields.items()}
        if specimen.template in ("condition-note", "certification-badge"):
            fields |= {k: specimen.fields[k] for k in ("part", "flaw", "severity", "check_url")
                       if k in specimen.fields}  # fmt: skip
        drawing = draw(specimen.template, fields, canvas)
        judge(drawing, Specimen(specimen.template, "", {}), canvas, "en")
        assert any(box.truncated for box in drawing.texts)


def test_the_judge_sees_what_is_wrong() -> None:
    placement = load_placement("tiktok")
    canvas = Canvas(placement.width, placement.height, placement.safe)
    specimen = Specimen("hook", "hook", {"line": "Hand-stitched"})
    drawing = draw("hook", specimen.fields, canvas)
    judge(drawing, specimen, canvas, "en")
    (line,) = drawing.texts
    places = re.findall(r"matrix\([^)]*\)", drawing.svg)
    *scale, x, y = places[3].split(" ")
    last = places[-1].split(" ")[-2]
    outline = re.findall(r' d="([^"]*)"', drawing.svg)[3]
    box = theme().face("display", None).faces[0].outline(0)
    for wrong, told in (
        (replace(drawing, svg=drawing.svg.replace(outline, box)), "a box in place"),
        (replace(drawing, svg=drawing.svg.replace(outline, "M0 0L9 0Z")), "without ink"),
        (moved(drawing, places[3], [*scale, x, "-30)"]), "outside the overlay"),
        (moved(drawing, places[-1], [*scale, f"{float(last) + 32}", y]), "beside its line"),
        (replace(drawing, texts=(replace(line, text="Hand-stiched"),)), "'Hand-stitched'"),
        (replace(drawing, x=drawing.x + 500), "hook/hook"),
    ):
        with pytest.raises(AssertionError, match=told):
            judge(wrong, specimen, canvas, "en")


def moved(drawing: Drawing, there: str, here: list[str]) -> Drawing:
    return replace(drawing, svg=drawing.svg.replace(there, " ".join(here)))


def longer(value: Any) -> Any:
    if isinstance(value, str):
        return "Wg" * 5000
    return [longer(v) for v in value] if isinstance(value, list) else value


# --- from a seller's file to fields --------------------------------------------------------------


def read(page: dict[str, Any], folder: Path) -> ListingFile:
    path = folder / "listing.yaml"
    path.write_text(yaml.safe_dump(page, allow_unicode=True), encoding="utf-8")
    return read_checked(path, Settings(Store(folder / "cache")))


def said_of(listing: ListingFile, lang: str) -> Iterator[Specimen]:
    """What overlays say of the listing, with the certificates of an awkward provider."""
    words, wording = language(lang), load_wording(lang)
    brand, provider = listing.item.brand, listing.item.model[:60]
    facts = {
        "provider": provider,
        "result": wording.words.authentic,
        "date": wording.written(date(2025, 3, 12)),
        "certificate": "EX-2025-004417",
        "host": "certificates.example.org",
        "brand": brand,
    }
    claim = Claim(
        "EX-2025-004417", "did:web:example.org", provider, "authentic", date(2025, 3, 12), None,
        "https://certificates.example.org/c/EX-2025-004417", wording.lines(facts, test=False),
        wording.sentence(facts, test=False), "0" * 64, "key-1", brand=brand,
    )  # fmt: skip
    state = wording.submitted(provider, "EX-2025-004417", test=False)
    stated = specimens(
        listing,
        load_scale("house", lang=lang),
        words,
        story=read_storyboard("story", language=words),
        claims=[claim],
        refusals=[Refusal("certificate.jwt", "", "", "submitted", state)],
    )
    found = list(stated)
    yield from found
    said = {specimen.template for specimen in found}
    special = listing.story.special or ""
    if "story-line" not in said:  # its facts are too long for the story's lines
        yield Specimen("story-line", "by hand", {"line": special, "above": brand})
    if "price-drop" not in said:
        price = next(s.fields["amount_text"] for s in found if s.template == "price")
        yield Specimen("price-drop", "by hand", {"amount_text": price, "was_text": price})
    if "measurements" not in said:
        sides = [listing.item.model[:20]] * 3
        yield Specimen("measurements", "by hand", {"sides": sides, "size": special})
    yield Specimen("caption", "spoken", {"text": special})
    for template in set(template_names()) - SPOKEN - {"caption"}:
        yield from (Specimen(template, n, fields) for n, fields in samples(template).items())


# --- the judge -----------------------------------------------------------------------------------


def judge(
    drawing: Drawing, specimen: Specimen, canvas: Canvas, lang: str, look: str = "atelier"
) -> None:
    what = f"{specimen.template}/{specimen.name} on {canvas.width}x{canvas.height}"
    safe = canvas.safe
    assert drawing.x >= safe.left, what
    assert drawing.y >= safe.top, what
    assert drawing.x + drawing.width <= canvas.width - safe.right, what
    assert drawing.y + drawing.height <= canvas.height - safe.bottom, what
    for line in drawing.texts:
        assert drawing.x <= line.x, f"{what}: {line.text!r}"
        assert drawing.y <= line.y, f"{what}: {line.text!r}"
        assert line.right <= drawing.x + drawing.width + 0.01, f"{what}: {line.text!r}"
        assert line.bottom <= drawing.y + drawing.height + 0.01, f"{what}: {line.text!r}"
        for face in faces(look):
            shaped = face.shape(line.text, lang=lang)
            assert all(glyph.gid for glyph in shaped.glyphs), f"{what}: {line.text!r}"
    said_whole(drawing, specimen, what)
    drawn_whole(drawing, what)


def said_whole(drawing: Drawing, specimen: Specimen, what: str) -> None:
    """Every word of the fields stands there, unless its block ends in an ellipsis."""
    if specimen.template in ("progress-dots", "flaw-callout"):
        return
    told = squashed("".join(line.text for line in drawing.texts))
    cut = any(line.truncated for line in drawing.texts)
    for key, value in specimen.fields.items():
        if key in ("part", "flaw", "severity", "check_url", "index", "total"):
            continue
        for text in [value] if isinstance(value, str) else value:
            assert cut or squashed(clean(text)) in told, f"{what}: {text!r}"


def squashed(text: str) -> str:
    """The letters alone, for comparing what was broken into lines and written in capitals."""
    return re.sub(r"[\s·\u200c\u200d]", "", text.upper()).casefold()


def drawn_whole(drawing: Drawing, what: str) -> None:
    """Every outline has ink, all of it inside its line's box and the drawing; none is a box."""
    root = ET.fromstring(drawing.svg)
    across = float(str(root.get("viewBox")).split()[2])
    unit = drawing.width / across * _NEAR  # pixels looked at for one of design
    outlines = list(glyphs(root, np.eye(3)))
    assert bool(outlines) == bool(drawing.texts), what
    if not outlines:
        return
    ink = writing_alone(root, unit)
    height, width = ink.shape
    inside = np.zeros_like(ink)
    inside[_AROUND : height - _AROUND, _AROUND : width - _AROUND] = True
    assert not (ink & ~inside).any(), f"{what}: ink outside the overlay"
    boxes = np.zeros_like(ink)
    for line in drawing.texts:
        hang = HANG_EMS * line.size
        left, top, right, bottom = (
            edge * _NEAR + _AROUND
            for edge in (line.x - hang - drawing.x, line.y - drawing.y,
                         line.right + hang - drawing.x, line.bottom - drawing.y)
        )  # fmt: skip
        box = np.s_[int(top) : int(np.ceil(bottom)) + 1, int(left) : int(np.ceil(right)) + 1]
        boxes[box] = True
        assert ink[box].any(), f"{what}: {line.text!r} is not there"
    stray = np.argwhere(ink & ~boxes)
    assert not len(stray), (
        f"{what}: ink beside its line at {((stray[0] - _AROUND) / unit).tolist()}"
    )
    for outline, place in outlines:
        assert outline not in empty_boxes(), f"{what}: a box in place of a letter"
        x0, y0, x1, y1 = extent(outline, place) * unit + _AROUND
        area = ink[int(y0) : int(np.ceil(y1)) + 1, int(x0) : int(np.ceil(x1)) + 1]
        assert area.any(), f"{what}: a letter without ink at {x0 - _AROUND:.0f}, {y0 - _AROUND:.0f}"


def glyphs(
    element: ET.Element, outer: NDArray[np.float64], *, writing: bool = False
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Every outline that is written, with where it stands in the drawing."""
    place = outer @ matrix(element.get("transform", ""))
    writing = writing or element.get("class") == "writing"
    if writing and element.tag.endswith("path"):
        yield str(element.get("d")), place
    for child in element:
        yield from glyphs(child, place, writing=writing)


def matrix(transform: str) -> NDArray[np.float64]:
    numbers = [float(n) for n in _NUMBER.findall(transform)]
    if not transform:
        return np.eye(3)
    if transform.startswith("translate"):
        numbers = [1, 0, 0, 1, *numbers, 0][:6]
    else:
        assert transform.startswith("matrix"), transform
    a, b, c, d, e, f = numbers
    return np.array([[a, c, e], [b, d, f], [0, 0, 1]])


@lru_cache(maxsize=8192)
def hull(outline: str) -> NDArray[np.float64]:
    points = np.array([float(n) for n in _NUMBER.findall(outline)]).reshape(-1, 2)
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    return np.array([[x0, x1, x0, x1], [y0, y0, y1, y1], [1, 1, 1, 1]])


def extent(outline: str, place: NDArray[np.float64]) -> NDArray[np.float64]:
    """x0, y0, x1, y1 of an outline in the drawing, in design pixels."""
    corners = (place @ hull(outline))[:2]
    return np.concatenate([corners.min(1), corners.max(1)])


def writing_alone(root: ET.Element, unit: float) -> NDArray[np.bool_]:
    """Where the letters have ink, with some room around the drawing, where none may be."""
    keep_writing(root)
    _, _, across, down = map(float, str(root.get("viewBox")).split())
    around = _AROUND / unit
    root.set("viewBox", f"{-around} {-around} {across + 2 * around} {down + 2 * around}")
    root.set("width", str(round(across * unit) + 2 * _AROUND))
    root.set("height", str(round(down * unit) + 2 * _AROUND))
    return np.asarray(rasterise(ET.tostring(root, encoding="unicode"))[..., 3] > 24)


def keep_writing(element: ET.Element) -> None:
    """Take away every shape but the letters."""
    for child in list(element):
        if child.get("class") == "writing":
            # A line of a mirrored drawing stands in a group that turns it back.
            for rule in [e for e in child if not e.tag.endswith(("path", "}g"))]:
                child.remove(rule)
        elif child.tag.endswith("}g"):
            keep_writing(child)
        else:
            element.remove(child)


@lru_cache(maxsize=8)
def faces(look: str) -> tuple[Any, ...]:
    """The typefaces of a look, each once."""
    styles = theme(name=look).styles
    return tuple({id(f): f for f in (theme(name=look).face(s, None) for s in styles)}.values())


@lru_cache(maxsize=1)
def empty_boxes() -> frozenset[str]:
    """What each font draws for a character that it lacks."""
    every = (face for look in theme_names() for typeface in faces(look) for face in typeface.faces)
    return frozenset(outline for face in every if (outline := face.outline(0)))
