"""Overlays at rest: hostile text, placing, contrast, the QR code, a person's own templates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest
import yaml

from video_pipeline.errors import ListingError, UsageError
from video_pipeline.listing.model import Flaw, Part, Severity
from video_pipeline.overlays.drawing import Canvas, Drawing, draw, rasterise, templates
from video_pipeline.overlays.language import ENGLISH, Language, languages
from video_pipeline.presets.placements import SafeArea
from video_pipeline.resources import shipped

TIKTOK = Canvas(1080, 1920, SafeArea(top=220, right=150, bottom=500, left=60))
CANVASES = {
    "tiktok": TIKTOK,
    "reels": Canvas(1080, 1920, SafeArea(top=269, right=65, bottom=672, left=65)),
    "everywhere": Canvas(1080, 1920, SafeArea(top=288, right=192, bottom=672, left=120)),
    "small": Canvas(720, 1280, SafeArea(top=147, right=101, bottom=333, left=41)),
    "landscape": Canvas(1920, 1080, SafeArea(top=54, right=96, bottom=54, left=96)),
    "portrait": Canvas(1080, 1350, SafeArea(top=60, right=60, bottom=60, left=60)),
}
CHECK_URL = "https://certificates.example.org/c/EX-2025-004417"
USUAL: dict[str, dict[str, Any]] = {
    "hook": {"line": "Bought in Florence, carried twice", "brand": "Maison Orla"},
    "title": {
        "brand": "Maison Orla",
        "model": "Pochette Médium",
        "details": ["Cognac calfskin", "gold-plated hardware", "2014"],
    },
    "label": {"text": "Hardware"},
    "condition-note": {
        "part": "corner",
        "flaw": "corner-wear",
        "severity": "light",
        "words": "Two small rubs on the lower left corner, the leather is not broken.",
        "index": 1,
        "total": 3,
    },
    "grade": {
        "grade": "Very good",
        "scale_title": "House scale",
        "owner": "Example Resale",
        "notes": ["Interior: faint odour"],
    },
    "certification-badge": {
        "lines": [
            "Examined by Example Authentication",
            "Result: authentic",
            "12 March 2025",
            "Certificate EX-2025-004417",
            "Check at certificates.example.org",
            "Not affiliated with Maison Orla.",
        ],
        "certificate_id": "EX-2025-004417",
        "issuer_name": "Example Authentication",
        "brand": "Maison Orla",
        "check_url": CHECK_URL,
    },
    "price": {"amount_text": "€ 1,850"},
    "story-line": {"line": "A collector in Florence", "above": "Previous owner"},
    "end-card": {
        "brand": "Maison Orla",
        "model": "Pochette Médium",
        "grade_text": "Very good",
        "price_text": "€ 1,850",
        "includes": ["dust bag", "box", "strap"],
        "sku": "ORLA-0417",
    },
}
HOSTILE = {
    "jinja": "{{7*7}} {% raw %} {# no #}",
    "markup": "<script>alert(1)</script> </text></svg> <image href='file:///etc'/> &amp; ]]>",
    "filter": "'; drawtext=text=x:[0:v][1:a],overlay=0:0\\,%{pts}",
    "word": "W" * 10_000,
    "long": ("A scratch along the seam that is seen only in low light. " * 6)[:300],
    "hidden": "safe\u202egnihtyna\u202c \u200b\u2066x\u2069 \ufeff\x00\x1b[31m \ud800 end",
    "accents": "Z" + "\u0301" * 40 + "algo Ǻ Ể ŞĞİı Łódź ¿Año? Größe £€¥₺ “a” ‘b’ – — × · …",
    "one": "g",
}


def hostile(template: str, text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, kind in templates()[template].fields.items():
        if kind.startswith("list"):
            fields[name] = [text] * 8
        elif kind.startswith("number"):
            fields[name] = 12
        elif name == "check_url":
            fields[name] = CHECK_URL
        elif template == "condition-note" and name != "words":
            fields[name] = USUAL[template][name]
        else:
            fields[name] = text
    return fields


def assert_well_placed(drawing: Drawing, canvas: Canvas) -> None:
    safe = canvas.safe
    assert drawing.x % 2 == drawing.y % 2 == drawing.width % 2 == drawing.height % 2 == 0
    assert drawing.x >= safe.left
    assert drawing.y >= safe.top
    assert drawing.x + drawing.width <= canvas.width - safe.right
    assert drawing.y + drawing.height <= canvas.height - safe.bottom
    assert drawing.texts
    for box in drawing.texts:
        assert box.x >= drawing.x, box
        assert box.y >= drawing.y, box
        assert box.right <= drawing.x + drawing.width, box
        assert box.bottom <= drawing.y + drawing.height, box


def without_writing(drawing: Drawing) -> np.ndarray:
    """The panel alone: what stands behind the text."""
    bare, count = re.subn(r'<g class="writing".*?</g>', "", drawing.svg, flags=re.S)
    assert count
    return rasterise(bare)


def luminance(colour: np.ndarray) -> float:
    """WCAG 2.2 relative luminance of an sRGB colour, 0..255."""
    c = np.asarray(colour, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a: np.ndarray, b: np.ndarray) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_shipped_template_is_exercised_here() -> None:
    assert set(templates()) == set(USUAL)


@pytest.mark.parametrize("where", CANVASES)
@pytest.mark.parametrize("template", USUAL)
def test_stands_inside_every_safe_area(template: str, where: str) -> None:
    canvas = CANVASES[where]
    drawing = draw(template, USUAL[template], canvas)
    assert_well_placed(drawing, canvas)
    assert not any(box.truncated for box in drawing.texts)
    # 30 px at 1080 wide is the least that is read on a phone.
    assert min(b.size for b in drawing.texts) >= 30 * 0.88 * min(canvas.width, canvas.height) / 1080


@pytest.mark.parametrize("template", USUAL)
def test_text_is_large_enough_for_a_phone(template: str) -> None:
    sizes = [box.size for box in draw(template, USUAL[template], TIKTOK).texts]
    assert min(sizes) >= 30
    if template == "condition-note":
        words = [b.size for b in draw(template, USUAL[template], TIKTOK).texts if "rubs" in b.text]
        assert min(words) >= 38


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("template", USUAL)
def test_hostile_text_stays_in_its_place(template: str, name: str) -> None:
    drawing = draw(template, hostile(template, HOSTILE[name]), CANVASES["everywhere"])
    assert_well_placed(drawing, CANVASES["everywhere"])
    written = " ".join(b.text for b in drawing.texts)
    assert not re.search(r"[\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", written)
    assert set(re.findall(r"<(\w+)", drawing.svg)) <= {"svg", "g", "rect", "path"}
    if name == "word":
        assert any(b.truncated and b.text.endswith("…") for b in drawing.texts)


@pytest.mark.parametrize(
    "text", ["Åjgq Ểẞ" * 30, "क्ष्णू र्कृ ปี่ฐู้ لآچ 漢 👜 " * 12], ids=["latin", "mixed"]
)
@pytest.mark.parametrize("template", USUAL)
def test_writing_touches_no_edge_of_its_drawing(template: str, text: str) -> None:
    drawing = draw(template, hostile(template, text), TIKTOK)
    bare = without_writing(drawing).astype(int)
    # Colour only counts where it is seen: clear pixels carry a fill.
    changed = np.abs((drawing.pixels.astype(int) - bare) * bare[..., 3:]).max(axis=2) > 255
    assert changed.any()
    assert not changed[[0, -1]].any()
    assert not changed[:, [0, -1]].any()


def test_text_is_written_as_it_was_given() -> None:
    drawing = draw("label", {"text": "{{ 7*7 }} <b>&"}, TIKTOK)
    assert [b.text for b in drawing.texts] == ["{{ 7*7 }} <B>&"]


@pytest.mark.parametrize("where", CANVASES)
def test_a_note_of_300_characters_is_shown_whole(where: str) -> None:
    fields = USUAL["condition-note"] | {"words": HOSTILE["long"]}
    drawing = draw("condition-note", fields, CANVASES[where])
    assert not any(b.truncated for b in drawing.texts)
    assert HOSTILE["long"].strip() in " ".join(b.text for b in drawing.texts)


NINETY = {
    "en": "Bought by a jeweller in Lyon and carried to the opera on only two evenings that summer",
    "de": "Von einer Goldschmiedin in Lübeck gekauft und an nur zwei Abenden in die Oper getragen",
    "vi": "Được một nghệ nhân kim hoàn ở Huế mua năm ấy và chỉ mang đi hai buổi tối mùa hè mà thôi",
}


@pytest.mark.parametrize("where", CANVASES)
@pytest.mark.parametrize("code", NINETY)
def test_a_story_line_of_ninety_characters_is_shown_whole(where: str, code: str) -> None:
    line = NINETY[code]
    assert 86 <= len(line) <= 90
    above = "What makes it special, in the words of the one before us"
    drawing = draw("story-line", {"line": line, "above": above}, CANVASES[where])
    assert_well_placed(drawing, CANVASES[where])
    assert not any(b.truncated for b in drawing.texts)
    assert " ".join(b.text for b in drawing.texts) == f"{above.upper()} {line}"


def test_a_story_line_stands_in_the_pixels_down_to_its_descenders() -> None:
    drawing = draw("story-line", {"line": "gypsy jigging", "above": "Åg"}, TIKTOK)
    changed = np.abs(drawing.pixels.astype(int) - without_writing(drawing)).max(axis=2) > 40
    for box in drawing.texts:
        x, y = int(box.x) - drawing.x, int(box.y) - drawing.y
        inked = changed[y : y + int(box.height), x : x + int(box.width)]
        assert inked.mean() > 0.06, box
        ink = drawing.pixels[y : y + int(box.height), x : x + int(box.width)][inked]
        wanted = [int(box.colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(np.median(ink[:, :3], axis=0) - wanted).max() < 60
    # The tails of g, y and p: below the baseline, and with room to the panel's edge.
    rows = np.flatnonzero(changed.any(axis=1))
    assert 30 < drawing.height - rows.max() < 50
    tall = draw("story-line", {"line": "nun", "above": "Åg"}, TIKTOK)
    plain = np.abs(tall.pixels.astype(int) - without_writing(tall)).max(axis=2) > 40
    assert rows.max() - np.flatnonzero(plain.any(axis=1)).max() > 10


def test_a_character_no_font_has_is_named_and_not_drawn_as_a_box() -> None:
    with pytest.raises(UsageError, match=r"U\+1200, ethiopic syllable ha.*U\+0F40") as caught:
        draw("title", {"brand": "ሀ Orla", "model": "ཀ"}, TIKTOK)
    assert caught.value.mend


@pytest.mark.parametrize("behind", [0, 255], ids=["black", "white"])
@pytest.mark.parametrize("template", USUAL)
def test_contrast_over_any_footage(template: str, behind: int) -> None:
    drawing = draw(template, USUAL[template], TIKTOK)
    panel = without_writing(drawing).astype(float)
    alpha = panel[..., 3:] / 255
    seen = panel[..., :3] * alpha + behind * (1 - alpha)
    for box in drawing.texts:
        x, y = int(box.x) - drawing.x, int(box.y) - drawing.y
        area = seen[y : y + int(box.height), x : x + int(box.width)].reshape(-1, 3)
        ink = np.array([int(box.colour[i : i + 2], 16) for i in (1, 3, 5)])
        for extreme in (area.min(axis=0), area.max(axis=0)):
            assert contrast(ink, extreme) >= 4.5, box


@pytest.mark.parametrize("where", ["tiktok", "everywhere", "small"])
def test_the_badge_carries_a_code_that_a_phone_can_read(where: str) -> None:
    canvas = CANVASES[where]
    drawing = draw("certification-badge", USUAL["certification-badge"], canvas)
    picture = np.full((canvas.height, canvas.width, 3), 127, np.uint8)
    alpha = drawing.pixels[..., 3:] / 255
    area = picture[drawing.y : drawing.y + drawing.height, drawing.x : drawing.x + drawing.width]
    area[:] = np.rint(drawing.pixels[..., :3] * alpha + area * (1 - alpha))
    text, corners, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert text == CHECK_URL
    assert np.ptp(corners[0][:, 0]) >= 200 * canvas.width / 1080


def test_the_badge_names_every_fact_even_when_the_lines_do_not() -> None:
    fields = USUAL["certification-badge"] | {"lines": ["Certificate checked"]}
    said = " ".join(b.text for b in draw("certification-badge", fields, TIKTOK).texts)
    for fact in (
        "Example Authentication", "EX-2025-004417", "certificates.example.org",
        "Not affiliated with Maison Orla.",
    ):  # fmt: skip
        assert fact in said


def test_a_badge_without_an_address_has_no_code() -> None:
    fields = {k: v for k, v in USUAL["certification-badge"].items() if k != "check_url"}
    drawing = draw("certification-badge", fields, TIKTOK)
    assert cv2.QRCodeDetector().detect(drawing.pixels[..., :3].copy())[0] is False


def test_an_address_too_long_for_a_code_is_an_error() -> None:
    fields = USUAL["certification-badge"] | {"check_url": "https://example.org/" + "a" * 300}
    with pytest.raises(UsageError, match="too long for a QR code"):
        draw("certification-badge", fields, TIKTOK)


@pytest.mark.parametrize(
    ("kind", "values"),
    [("part", get_args(Part)), ("flaw", get_args(Flaw)), ("severity", get_args(Severity))],
)
def test_every_word_of_the_vocabulary_is_written(kind: str, values: tuple[str, ...]) -> None:
    for value in values:
        assert ENGLISH.word(kind, value)
    for code in languages():
        read = yaml.safe_load(
            (shipped("overlays") / f"i18n/{code}.yaml").read_text(encoding="utf-8")
        )
        assert set(read[kind]) == set(values), code


def test_same_words_same_digest_and_other_words_another() -> None:
    one = draw("price", {"amount_text": "€ 1,850"}, TIKTOK)
    same = draw("price", {"amount_text": "€ 1,850"}, TIKTOK)
    other = draw("price", {"amount_text": "€ 1,851"}, TIKTOK)
    moved = draw("price", {"amount_text": "€ 1,850"}, CANVASES["reels"])
    assert one.digest == same.digest
    assert np.array_equal(one.pixels, same.pixels)
    assert len({one.digest, other.digest, moved.digest}) == 3


@pytest.mark.parametrize(
    ("template", "fields", "message"),
    [
        ("hook", {}, "needs something to write in 'line'"),
        ("hook", {"line": "\u200b \x00"}, "needs something to write in 'line'"),
        ("hook", {"line": "a", "colour": "red"}, "no field 'colour'"),
        ("hook", {"line": ["a"]}, "must be a text"),
        ("title", {"brand": "a", "model": "b", "details": "c"}, "must be a list"),
        ("condition-note", {"part": "corner", "flaw": "scuff", "index": "1"}, "must be a number"),
        ("condition-note", {"part": "wing", "flaw": "scuff"}, "no word for 'wing'"),
        ("../secret", {}, "no overlay template"),
        ("hook.svg", {}, "no overlay template"),
    ],
)
def test_wrong_requests_are_named(template: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        draw(template, fields, TIKTOK)
    assert caught.value.mend


@pytest.mark.parametrize("safe", [SafeArea(900, 10, 1000, 10), SafeArea(0, 1000, 0, 0)])
def test_a_safe_area_without_room_is_an_error(safe: SafeArea) -> None:
    with pytest.raises(UsageError):
        draw("end-card", USUAL["end-card"], Canvas(1080, 1920, safe))


HEAD = "{#---\nsays: x\nanchor: centre\nalign: centre\nfields:\n  line: text\n---#}\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200">'


def test_a_persons_own_template_and_words_come_first(tmp_path: Path) -> None:
    (tmp_path / "hook.svg.j2").write_text(
        HEAD
        + "{% from 'parts/panels.svg.j2' import paper with context %}"
        + "{% set c = sheet.column(40, 40, 320) %}"
        + SVG
        + "{{ paper(400, 200) }}{{ c.text(line, 'text') }}</svg>"
    )
    drawing = draw("hook", {"line": "Mine"}, TIKTOK, own=tmp_path)
    assert (drawing.width, drawing.height, drawing.anchor) == (400, 200, "centre")
    assert_well_placed(drawing, TIKTOK)
    (tmp_path / "i18n").mkdir()
    (tmp_path / "i18n/en.yaml").write_text("part: {corner: Ecke}\n")
    assert Language("en", tmp_path).word("part", "corner") == "Ecke"
    assert ENGLISH.word("part", "corner") == "Corner"
    assert Language("en", tmp_path).word("flaw", "scuff") == "Scuff"  # theirs has no word for it


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<svg/>", "no head"),
        (HEAD + "{{ nobody }}", "'nobody' is undefined"),
        (HEAD + "{{ line.__class__.__mro__ }}", "mistake"),
        (HEAD + "{% if %}", "mistake"),
        (HEAD + SVG + "<text>a</text></svg>", "uses <text>"),
        (HEAD + SVG + "<image href='file:///etc/passwd'/></svg>", "uses <image>"),
        (HEAD + SVG + "<rect fill='url(http://example.org/#a)'/></svg>", "could point outside"),
        (HEAD + "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG + "</svg>", "declarations"),
        (HEAD + SVG, "well-formed"),
        (HEAD + SVG.replace("400", "100%") + "</svg>", "width and height"),
        (HEAD + "{% set c = sheet.column(0, 0, 9) %}{{ c.text(line, 'loud') }}", "no type style"),
        (HEAD + "{{ colour('pink') }}", "no colour 'pink'"),
        (HEAD.replace("centre", "middle", 1) + SVG + "</svg>", "head of the overlay template"),
    ],
)
def test_a_broken_template_is_explained(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "mine.svg.j2").write_text(body)
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        draw("mine", {"line": "a"}, TIKTOK, own=tmp_path)
    assert caught.value.where


def test_a_broken_theme_is_explained(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    text = (shipped("overlays") / "themes/atelier.yaml").read_text(encoding="utf-8")
    wrong = (('"#F7F3EA"', "ivory"), ("enter: 8", "enter: 800"), ("{ font: serif", "{ fnt: serif"))
    for right, written in wrong:
        assert right in text
        text = text.replace(right, written, 1)
    (tmp_path / "themes/atelier.yaml").write_text(text)
    with pytest.raises(ListingError) as caught:
        draw("hook", {"line": "a"}, TIKTOK, own=tmp_path)
    lines = text.splitlines()
    told = caught.value.problems
    assert [lines[int(p.where.partition(":")[2]) - 1].split(":")[0].strip() for p in told] == [
        "paper", "display", "motion",
    ]  # fmt: skip
    assert [(p.message, p.mend) for p in told] == [
        ("'colours.paper' is 'ivory'; expected a colour in quotes, such as \"#1F1A15\"", ""),
        (
            "'styles.display.fnt' is not a key of 'styles.display'; expected one of font, size, "
            "leading, spacing, capitals",
            "did you mean 'font'?",
        ),
        ("'motion.enter' is '800'; expected a number of at most 60", ""),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "message", "mend"),
    [
        (
            "font: sans-bold",
            "font: sans-bolt",
            "'styles.strong.font' is 'sans-bolt'; expected one of serif, sans, sans-medium, "
            "sans-bold",
            "did you mean 'sans-bold'?",
        ),
        (
            "sans:\n    - Inter-Regular.ttf",
            "sans: []\n  spare:\n    - Inter-Regular.ttf",
            "'fonts.sans' is []; expected at least 1 entry",
            "",
        ),
        ("  sans:\n", "  sans\n", "a line without ':' after its key", "key: value"),
    ],
)
def test_a_theme_with_a_wrong_font_is_explained(
    tmp_path: Path, right: str, wrong: str, message: str, mend: str
) -> None:
    (tmp_path / "themes").mkdir()
    text = (shipped("overlays") / "themes/atelier.yaml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "themes/atelier.yaml").write_text(text.replace(right, wrong, 1))
    with pytest.raises(ListingError) as caught:
        draw("hook", {"line": "a"}, TIKTOK, own=tmp_path)
    (told,) = caught.value.problems
    assert told.where.startswith("atelier.yaml:")
    assert message in told.message
    assert mend in told.mend


def test_a_broken_words_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "i18n").mkdir()
    (tmp_path / "i18n/en.yaml").write_text("part:\n  corner: [Ecke]\nflaw: none\n")
    with pytest.raises(ListingError) as caught:
        Language("en", tmp_path).word("part", "corner")
    assert [(p.where, p.message) for p in caught.value.problems] == [
        ("en.yaml:2", "'part.corner' is [Ecke]; expected text"),
        (
            "en.yaml:3",
            "'flaw' is 'none'; expected a group of keys, each on its own indented line",
        ),
    ]
