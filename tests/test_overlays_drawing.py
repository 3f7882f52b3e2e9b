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
from video_pipeline.overlays.contrast import bare
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.language import ENGLISH, Language, languages
from video_pipeline.overlays.templates import (
    head_of,
    held_still,
    samples,
    template_names,
    templates,
)
from video_pipeline.overlays.theme import theme, theme_names
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
# A callout says nothing itself; tests/test_callouts.py looks at it.
SPEAKING = [name for name in template_names() if name != "flaw-callout"]
SAMPLES = {
    f"{name}/{title}": (name, fields)
    for name in SPEAKING
    for title, fields in samples(name).items()
}
USUAL = {name: next(iter(samples(name).values())) for name in SPEAKING}
# Those that say something in letters.
WRITTEN = [name for name in USUAL if name != "progress-dots"]
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
        if kind.startswith("pictures"):
            continue
        if kind.startswith("lists"):
            fields[name] = [[text] * 6]
        elif kind.startswith("list"):
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
    assert drawing.texts or drawing.template == "progress-dots"
    for box in drawing.texts:
        assert box.x >= drawing.x, box
        assert box.y >= drawing.y, box
        assert box.right <= drawing.x + drawing.width, box
        assert box.bottom <= drawing.y + drawing.height, box


def without_writing(drawing: Drawing) -> np.ndarray:
    """The panel alone: what stands behind the text."""
    assert 'class="writing"' in drawing.svg
    return bare(drawing)


def luminance(colour: np.ndarray) -> float:
    """WCAG 2.2 relative luminance of an sRGB colour, 0..255."""
    c = np.asarray(colour, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a: np.ndarray, b: np.ndarray) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_draws_and_is_told_whole(sample: str) -> None:
    template, fields = SAMPLES[sample]
    for canvas in (TIKTOK, CANVASES["everywhere"]):
        drawing = draw(template, fields, canvas)
        assert_well_placed(drawing, canvas)
        assert not any(box.truncated for box in drawing.texts)


def test_the_samples_use_every_field() -> None:
    for name, header in templates().items():
        used = {field for fields in samples(name).values() for field in fields}
        # A picture is given by whoever draws it; no file of samples can hold one.
        texts = {field for field, kind in header.fields.items() if not kind.startswith("pictures")}
        assert used == texts, name


@pytest.mark.parametrize("where", CANVASES)
@pytest.mark.parametrize("template", WRITTEN)
def test_stands_inside_every_safe_area(template: str, where: str) -> None:
    canvas = CANVASES[where]
    drawing = draw(template, USUAL[template], canvas)
    assert_well_placed(drawing, canvas)
    assert not any(box.truncated for box in drawing.texts)
    # 30 px at 1080 wide is the least that is read on a phone.
    assert min(b.size for b in drawing.texts) >= 30 * 0.88 * min(canvas.width, canvas.height) / 1080


@pytest.mark.parametrize("template", WRITTEN)
def test_text_is_large_enough_for_a_phone(template: str) -> None:
    sizes = [box.size for box in draw(template, USUAL[template], TIKTOK).texts]
    assert min(sizes) >= 30
    if template == "condition-note":
        words = [b.size for b in draw(template, USUAL[template], TIKTOK).texts if "rubs" in b.text]
        assert min(words) >= 38


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("template", WRITTEN)
def test_hostile_text_stays_in_its_place(template: str, name: str) -> None:
    drawing = draw(template, hostile(template, HOSTILE[name]), CANVASES["everywhere"])
    assert_well_placed(drawing, CANVASES["everywhere"])
    written = " ".join(b.text for b in drawing.texts)
    assert not re.search(r"[\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", written)
    assert set(re.findall(r"<(\w+)", drawing.svg)) <= {"svg", "g", "rect", "path", "circle"}
    if name == "word" and drawing.texts:
        assert any(b.truncated and b.text.endswith("…") for b in drawing.texts)


@pytest.mark.parametrize(
    "text", ["Åjgq Ểẞ" * 30, "क्ष्णू र्कृ ปี่ฐู้ لآچ 漢 👜 " * 12], ids=["latin", "mixed"]
)
@pytest.mark.parametrize("template", WRITTEN)
def test_writing_touches_no_edge_of_its_drawing(template: str, text: str) -> None:
    drawing = draw(template, hostile(template, text), TIKTOK)
    bare = without_writing(drawing).astype(int)
    # Colour only counts where it is seen: clear pixels carry a fill.
    changed = np.abs((drawing.pixels.astype(int) - bare) * bare[..., 3:]).max(axis=2) > 255
    assert changed.any()
    assert not changed[[0, -1]].any()
    assert not changed[:, [0, -1]].any()


THEMES = theme_names()
PAIRS = (
    ("ink", "paper", "paper_opacity"),
    ("muted", "paper", "paper_opacity"),
    ("ivory", "panel", "panel_opacity"),
    ("sand", "panel", "panel_opacity"),
)


def test_the_pairs_are_all_that_templates_write_with() -> None:
    used = {
        box.colour
        for template, fields in SAMPLES.values()
        for box in draw(template, fields, TIKTOK).texts
    }
    colours = theme().colours
    assert used == {colours[text] for text, _, _ in PAIRS}


@pytest.mark.parametrize("behind", [0, 255], ids=["black", "white"])
@pytest.mark.parametrize("name", THEMES)
def test_every_theme_keeps_its_contrast_over_any_footage(name: str, behind: int) -> None:
    look = theme(name=name)
    least = 7 if name == "high-contrast" else 4.5
    for text, panel, opacity in PAIRS:
        ink, paper = (
            np.array([int(look.colours[c][i : i + 2], 16) for i in (1, 3, 5)], float)
            for c in (text, panel)
        )
        alpha = look.measures[opacity]
        assert contrast(ink, paper * alpha + behind * (1 - alpha)) >= least, (text, panel)


@pytest.mark.parametrize("name", THEMES)
def test_every_template_fits_in_every_theme(name: str) -> None:
    pictures = []
    for where in ("everywhere", "small"):
        for template, fields in SAMPLES.values():
            drawing = draw(template, fields, CANVASES[where], theme=name)
            assert_well_placed(drawing, CANVASES[where])
            assert not any(box.truncated for box in drawing.texts), (template, where)
            pictures.append(drawing.digest)
    usual = [
        draw(template, fields, CANVASES[where]).digest
        for where in ("everywhere", "small")
        for template, fields in SAMPLES.values()
    ]
    assert all(a != b for a, b in zip(pictures, usual, strict=True)) or name == "atelier"


def test_a_theme_of_ones_own_says_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    mine = tmp_path / "themes/mine.yaml"
    mine.write_text("title: Mine\nlike: street\nmeasures: {corner: 9}\n")
    assert theme_names(tmp_path) == tuple(sorted((*THEMES, "mine")))
    made, street = theme(tmp_path, "mine"), theme(name="street")
    assert made.measures == street.measures | {"corner": 9}
    assert (made.colours, made.motion) == (street.colours, street.motion)
    (tmp_path / "themes/atelier.yaml").write_text(
        "title: Ours\nlike: atelier\ncolours: {ink: '#000000'}\n"
    )
    assert theme(tmp_path).colours == theme().colours | {"ink": "#000000"}
    assert theme(tmp_path, "street").colours == street.colours
    for written, told in (
        ("like: stret", "'like' is 'stret'; expected another theme"),
        ("like: mine", "'like' is 'mine'; expected another theme"),
        (
            "like: street\nmotion: {enter: soon}",
            "'motion.enter' is 'soon'; expected a whole number",
        ),
    ):
        mine.write_text(f"title: Mine\n{written}\n")
        with pytest.raises(ListingError) as caught:
            theme(tmp_path, "mine")
        (problem,) = caught.value.problems
        assert problem.where == f"mine.yaml:{written.count(chr(10)) + 2}"
        assert told in problem.message
    with pytest.raises(UsageError, match="no theme called 'stret'") as unknown:
        draw("label", {"text": "a"}, TIKTOK, theme="stret")
    assert "did you mean 'street'?" in unknown.value.mend


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
@pytest.mark.parametrize("template", WRITTEN)
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
        ("fonts", {}, "no overlay template"),
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


ABOUT = "says: x\nanchor: centre\nalign: centre\nleast_px: 30\nfields:\n  line: text\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200">'
PLAIN = (
    "{% from 'parts/panels.svg.j2' import paper with context %}"
    "{% set c = sheet.column(40, 40, 320) %}"
    + SVG
    + "{{ paper(400, 200) }}{{ c.text(line, 'text') }}</svg>"
)


def own_template(own: Path, name: str, body: str = PLAIN, about: str = ABOUT) -> Path:
    folder = own / name
    folder.mkdir(parents=True)
    (folder / "template.svg.j2").write_text(body)
    (folder / "overlay.yaml").write_text(about)
    return folder


def test_a_persons_own_template_and_words_come_first(tmp_path: Path) -> None:
    own_template(tmp_path, "hook")
    drawing = draw("hook", {"line": "Mine"}, TIKTOK, own=tmp_path)
    assert (drawing.width, drawing.height, drawing.anchor) == (400, 200, "centre")
    assert_well_placed(drawing, TIKTOK)
    (tmp_path / "i18n").mkdir()
    (tmp_path / "i18n/en.yaml").write_text("part: {corner: Ecke}\n")
    assert Language("en", tmp_path).word("part", "corner") == "Ecke"
    assert ENGLISH.word("part", "corner") == "Corner"
    assert Language("en", tmp_path).word("flaw", "scuff") == "Scuff"  # theirs has no word for it


def test_an_own_folder_overrides_file_by_file(tmp_path: Path) -> None:
    shipped_hook = draw("hook", USUAL["hook"], TIKTOK)
    (tmp_path / "hook").mkdir()
    about = (shipped("overlays") / "hook/overlay.yaml").read_text(encoding="utf-8")
    (tmp_path / "hook/overlay.yaml").write_text(about.replace("anchor: top", "anchor: centre"))
    moved = draw("hook", USUAL["hook"], TIKTOK, own=tmp_path)
    assert moved.anchor == "centre"
    assert np.array_equal(moved.pixels, shipped_hook.pixels)
    assert samples("hook", tmp_path) == samples("hook")
    (tmp_path / "hook/overlay.yaml").unlink()
    (tmp_path / "hook/template.svg.j2").write_text(PLAIN)
    changed = draw("hook", USUAL["hook"], TIKTOK, own=tmp_path)
    assert (changed.anchor, changed.width) == ("top", 400)
    (tmp_path / "hook/template.svg.j2").unlink()
    assert draw("hook", USUAL["hook"], TIKTOK, own=tmp_path).digest == shipped_hook.digest


def test_a_changed_template_is_seen_unless_the_folders_are_held_still(tmp_path: Path) -> None:
    folder = tmp_path / "plate"
    folder.mkdir()
    (folder / "overlay.yaml").write_text(
        "says: A plate.\nanchor: top\nleast_px: 26\nfields: {line: text}\n"
    )
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="80"/>'

    def width(drawn: int) -> int:
        (folder / "template.svg.j2").write_text(drawing.format(drawn))
        return draw("plate", {"line": "x"}, TIKTOK, own=tmp_path).width

    first = width(300)
    with held_still():
        assert [width(300), width(700)] == [first, first]
    assert width(700) > first


def test_a_new_name_is_found_and_folders_that_hold_other_things_are_not(tmp_path: Path) -> None:
    for name in ("seal", "fonts", "Seal_2"):
        own_template(tmp_path, name)
    assert set(template_names(tmp_path)) - set(template_names()) == {"seal"}
    assert templates(tmp_path)["seal"].says == "x"
    assert samples("seal", tmp_path) == {}


def test_an_overlay_stands_only_where_it_may(tmp_path: Path) -> None:
    own_template(tmp_path, "seal", about=ABOUT.replace("centre\n", "centre\nelsewhere: [top]\n", 1))
    for anchor in ("", "centre", "top"):
        assert draw("seal", {"line": "a"}, TIKTOK, own=tmp_path, anchor=anchor).anchor in (
            anchor, "centre",
        )  # fmt: skip
    with pytest.raises(UsageError, match="cannot stand at 'bottom'") as caught:
        draw("seal", {"line": "a"}, TIKTOK, own=tmp_path, anchor="bottom")
    assert caught.value.mend == "It may stand at: centre, top."


def test_letters_smaller_than_a_template_allows_are_refused(tmp_path: Path) -> None:
    own_template(tmp_path, "seal", about=ABOUT.replace("least_px: 30", "least_px: 38"))
    assert draw("seal", {"line": "a"}, TIKTOK, own=tmp_path).texts[0].size == 38
    with pytest.raises(UsageError, match=r"letters of 34 pixels.*it needs 38"):
        draw("seal", {"line": "A line that has to shrink"[:22]}, TIKTOK, own=tmp_path)


@pytest.mark.parametrize(
    "include",
    [
        "../secret.svg.j2",
        "parts/../../secret.svg.j2",
        "linked.svg.j2",
        "away/secret.svg.j2",
        "{absolute}",
    ],
)
def test_no_template_reads_outside_its_folder(tmp_path: Path, include: str) -> None:
    own = tmp_path / "own"
    secret = tmp_path / "secret.svg.j2"
    secret.write_text("secret")
    own_template(own, "mine", "{% include '" + include.format(absolute=secret) + "' %}")
    (own / "parts").mkdir()
    (own / "linked.svg.j2").symlink_to(secret)
    (own / "away").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(UsageError, match="outside the overlays folder") as caught:
        draw("mine", {"line": "a"}, TIKTOK, own=own)
    assert caught.value.mend


def test_links_inside_the_folder_and_a_linked_folder_are_followed(tmp_path: Path) -> None:
    own_template(tmp_path / "real", "mine")
    (tmp_path / "real/mine/template.svg.j2").rename(tmp_path / "real/mine/drawn.svg.j2")
    (tmp_path / "real/mine/template.svg.j2").symlink_to("drawn.svg.j2")
    (tmp_path / "own").symlink_to(tmp_path / "real", target_is_directory=True)
    assert draw("mine", {"line": "a"}, TIKTOK, own=tmp_path / "own").width == 400


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ line.__class__.__mro__ }}", "mistake"),
        ("{% if %}", "mistake"),
        ("{% include 'parts/none.svg.j2' %}", "parts/none.svg.j2"),
        (SVG + "<text>a</text></svg>", "uses <text>"),
        (SVG + "<image href='file:///etc/passwd'/></svg>", "uses <image>"),
        (SVG + "<rect fill='url(http://example.org/#a)'/></svg>", "could point outside"),
        ("<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG + "</svg>", "declarations"),
        (SVG, "well-formed"),
        (SVG.replace("400", "100%") + "</svg>", "width and height"),
        ("{% set c = sheet.column(0, 0, 9) %}{{ c.text(line, 'loud') }}", "no type style"),
        ("{{ colour('pink') }}", "no colour 'pink'"),
        (b"\xff", "plain UTF-8"),
    ],
)
def test_a_broken_template_is_explained(tmp_path: Path, body: str | bytes, message: str) -> None:
    folder = own_template(tmp_path, "mine")
    (folder / "template.svg.j2").write_bytes(body if isinstance(body, bytes) else body.encode())
    with pytest.raises(UsageError) as caught:
        draw("mine", {"line": "a"}, TIKTOK, own=tmp_path)
    assert message in caught.value.message + caught.value.mend
    assert caught.value.where
    assert caught.value.mend


def test_a_template_that_says_nothing_of_itself_is_explained(tmp_path: Path) -> None:
    folder = own_template(tmp_path, "mine")
    (folder / "overlay.yaml").unlink()
    with pytest.raises(UsageError, match=r"'mine' has no overlay\.yaml") as caught:
        head_of("mine", tmp_path)
    assert caught.value.mend


def test_mistakes_in_what_a_template_says_are_told_by_line(tmp_path: Path) -> None:
    about = ABOUT.replace("anchor: centre", "anchor: middle").replace("line: text", "line: texts")
    folder = own_template(tmp_path, "mine", about=about.replace("least_px", "smallest"))
    with pytest.raises(ListingError) as caught:
        head_of("mine", tmp_path)
    told = [(p.where, p.message) for p in caught.value.problems]
    assert [where for where, _ in told] == [f"overlay.yaml:{n}" for n in (1, 2, 4, 6)]
    assert "'least_px' is missing: the least height of its letters" in told[0][1]
    assert "'anchor' is 'middle'; expected one of top, centre, bottom" in told[1][1]
    assert "'smallest' is not a key" in told[2][1]
    assert "'fields.line' is 'texts'; expected one of text, " in told[3][1]
    (folder / "overlay.yaml").write_text(ABOUT)
    (folder / "sample.yaml").write_text("usual:\n  line: a\nother:\n  lin: b\nthird: c\n")
    with pytest.raises(ListingError) as caught:
        samples("mine", tmp_path)
    assert [(p.where, p.message, p.mend) for p in caught.value.problems] == [
        (
            "sample.yaml:4",
            "'other.lin' is not a key of 'other'; expected one of line",
            "did you mean 'line'?",
        ),
        (
            "sample.yaml:5",
            "'third' is 'c'; expected a group of keys, each on its own indented line",
            "",
        ),
    ]


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


@pytest.mark.parametrize("template", WRITTEN)
def test_a_drawing_in_arabic_is_the_english_one_mirrored(template: str, tmp_path: Path) -> None:
    """With the same words, so that all widths are the same."""
    (tmp_path / "i18n").mkdir()
    (tmp_path / "i18n/ar.yaml").write_bytes((shipped("overlays") / "i18n/en.yaml").read_bytes())
    canvas = Canvas(1080, 1920, SafeArea(top=220, right=150, bottom=500, left=150))
    fields = {k: v for k, v in USUAL[template].items() if k != "includes"}  # joined otherwise
    left, right = (draw(template, fields, canvas, own=tmp_path, lang=lang) for lang in ("en", "ar"))
    assert (right.width, right.height, right.y) == (left.width, left.height, left.y)
    assert right.x == canvas.width - left.x - left.width
    for a, b in zip(left.texts, right.texts, strict=True):
        assert (b.text, b.y, b.width) == (a.text, a.y, pytest.approx(a.width))
        assert b.x == pytest.approx(canvas.width - a.right)
    # Panels, bars, rules and dots are each other's mirror picture; a QR code is not.
    if template != "certification-badge":
        assert np.array_equal(without_writing(left), without_writing(right)[:, ::-1])


def test_a_mirrored_badge_has_its_code_on_the_other_side_and_readable() -> None:
    drawing = draw("certification-badge", USUAL["certification-badge"], TIKTOK, lang="ar")
    text, corners, _ = cv2.QRCodeDetector().detectAndDecode(drawing.pixels[..., :3].copy())
    assert text == CHECK_URL
    assert corners[0][:, 0].max() < drawing.width / 2
    # Turned back about its own middle, not mirrored: no corner square at the lower right.
    code = draw("certification-badge", USUAL["certification-badge"], TIKTOK).pixels[..., :3]
    _, there, _ = cv2.QRCodeDetector().detectAndDecode(code.copy())
    assert np.allclose(there[0] - there[0][0], corners[0] - corners[0][0], atol=2)


def test_what_is_counted_and_listed_is_said_as_the_language_says_it() -> None:
    note = draw("condition-note", USUAL["condition-note"], TIKTOK, lang="ar")
    counter = note.texts[0]
    assert counter.text == "1 من 3"
    assert counter.right < note.x + note.width / 2  # where a line ends
    english = draw("condition-note", USUAL["condition-note"], TIKTOK)
    assert english.texts[0].text == "1 / 3"
    fields = USUAL["end-card"] | {"includes": ["A", "B", "C"]}
    for lang, joined in (("en", "With A, B and C"), ("de", "A, B und C"), ("ar", "A وB وC")):
        said = [box.text for box in draw("end-card", fields, TIKTOK, lang=lang).texts]
        assert any(joined in text for text in said), said
