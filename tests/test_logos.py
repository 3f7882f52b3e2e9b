"""A provider's logo: with file and licence or not at all, hostile files, where it stands."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from made_edits import footage
from PIL import Image, ImageDraw
from test_layers import ITEM, claim_of, edit_of

from video_pipeline.edit.burned_in import in_picture
from video_pipeline.edit.captions import badge
from video_pipeline.edit.honesty import words_of
from video_pipeline.edit.model import OverlayUse
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.painting import rasterise
from video_pipeline.overlays.templates import samples
from video_pipeline.overlays.theme import theme_names
from video_pipeline.presets.placements import SafeArea, load_placement, placement_names
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.resources import shipped
from video_pipeline.store import Store
from video_pipeline.trust.badge import marks
from video_pipeline.trust.claims import Claim, as_facts
from video_pipeline.trust.identity import CHAIN_FILE, KEY_FILE
from video_pipeline.trust.issuers import load_issuers, read_issuer
from video_pipeline.trust.logos import Logo, LogoError, read_logo
from video_pipeline.trust.provenance import read_provenance
from video_pipeline.trust.wording import load_wording

LICENCE = "Letter of Nord of 3 March 2026 to our shop"
BADGE = "certification-badge"
RED, BLUE = (190, 20, 40), (20, 60, 160)


def picture(size: tuple[int, int] = (400, 120), ink: Any = RED, form: str = "PNG") -> bytes:
    """A bar of colour at the left half of nothing, and a thin one at the right edge."""
    image = Image.new("RGBA", size)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), fill=ink)
    ImageDraw.Draw(image).rectangle((size[0] - 5, 0, size[0], size[1]), fill=ink)
    made = io.BytesIO()
    (image.convert("RGB") if form == "JPEG" else image).save(made, form)
    return made.getvalue()


def logo(folder: Path, name: str = "nord.png", **how: Any) -> Logo:
    (folder / name).write_bytes(picture(**how))
    return read_logo(folder / name, LICENCE)


def marked(folder: Path, issuer: str = "Nord", digest: str = "aa", ink: Any = RED) -> Claim:
    return replace(claim_of(issuer, digest), logos=(logo(folder, f"{issuer}.png", ink=ink),))


# --- the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_coded_anew_and_small(tmp_path: Path, form: str) -> None:
    secret, exif = "serial OR-2219-0417", Image.Exif()
    exif[0x010E] = secret
    image = Image.open(io.BytesIO(picture((1600, 800), form=form)))
    made = io.BytesIO()
    image.save(made, form, exif=exif)
    (tmp_path / f"logo.{form.lower()}").write_bytes(made.getvalue())
    read = read_logo(tmp_path / f"logo.{form.lower()}", LICENCE)
    assert secret.encode() in made.getvalue() and secret.encode() not in read.png
    assert len(read.png) < 20_000
    kept = Image.open(io.BytesIO(read.png))
    assert (kept.mode, kept.size, kept.info) == ("RGBA", (288, 144), {})
    assert np.asarray(kept, int)[70, 40, :3] == pytest.approx(RED, abs=12)
    assert (read.file, read.licence) == (f"logo.{form.lower()}", LICENCE)


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def png(width: int, height: int, data: bytes) -> bytes:
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x06\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def moving() -> bytes:
    made, frames = io.BytesIO(), [Image.new("RGB", (200, 100), c) for c in ("red", "blue")]
    frames[0].save(made, "WEBP", save_all=True, append_images=frames[1:])
    return made.getvalue()


HOSTILE: dict[str, tuple[str, bytes | None, str]] = {
    "gone": ("x.png", None, "not there"),
    "a program": ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "an SVG"),
    "an SVG called PNG": ("x.png", b"<?xml version='1.0'?>\n<svg><image/></svg>", "an SVG"),
    "a page": ("x.png", b"<html><img src='http://evil.test/'></html>", "can be read"),
    "nothing": ("x.png", b"", "can be read"),
    "cut short": ("x.png", picture()[:200], "can be read"),
    "a broken stream": ("x.png", png(300, 300, b"not deflated"), "can be read"),
    "a bomb": ("x.png", png(60_000, 60_000, zlib.compress(bytes(1000))), "can be read"),
    "a long bomb": ("x.png", png(4000, 4001, zlib.compress(bytes(1000))), "4000 pixels"),
    "heavy": ("x.png", picture() + bytes(1_000_000), "larger than 1 MB"),
    "a GIF": ("x.png", picture(form="GIF"), "can be read"),
    "a TIFF": ("x.png", picture(form="TIFF"), "can be read"),
    "it moves": ("x.webp", moving(), "moves"),
    "a dot": ("x.png", picture((40, 40)), "less than 96"),
    "empty": ("x.png", picture(ink=(0, 0, 0, 0)), "less than 96|nearly white"),
    "white": ("x.png", picture(ink=(255, 255, 255)), "nearly white"),
    "a thread": ("x.png", picture((1600, 20)), "too long"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_may_do_harm_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    file, data, says = HOSTILE[name]
    if data is not None:
        (tmp_path / file).write_bytes(data)
    with pytest.raises(LogoError, match=says) as error:
        read_logo(tmp_path / file, LICENCE)
    assert error.value.mend


# --- the issuer's file ---------------------------------------------------------------------------


def issuer(folder: Path, **said: Any) -> Path:
    page = yaml.safe_load((shipped("presets") / "issuers/demo.yaml").read_text("utf-8"))
    (folder / "issuers").mkdir(exist_ok=True)
    path = folder / "issuers/demo.yaml"
    path.write_text(yaml.safe_dump(page | said), "utf-8")
    return path


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"file": "nord.png"}, "licence"),
        ({"licence": LICENCE}, "file"),
        ({"file": "nord.png", "licence": ""}, "licence"),
        ({"file": "nord.png", "licence": "yes"}, "who allows it, by what"),
        ({"file": "../nord.png", "licence": LICENCE}, "beside this one"),
        ({"file": "https://evil.test/a.png", "licence": LICENCE}, "beside this one"),
        ({"file": "gone.png", "licence": LICENCE}, "gone.png cannot be drawn: it is not there"),
        ("nord.png", "'logo' is 'nord.png'; expected a group of keys"),
    ],
)
def test_file_and_licence_or_no_logo(tmp_path: Path, said: Any, says: str) -> None:
    path = issuer(tmp_path, logo=said)
    (path.parent / "nord.png").write_bytes(picture())
    with pytest.raises(ListingError) as error:
        read_issuer(path)
    (problem,) = error.value.problems
    assert says in problem.message + problem.mend


def test_no_logo_is_shipped() -> None:
    assert [one for one in load_issuers().values() if one.logo] == []
    assert not list((shipped("presets") / "issuers").glob("*.[pjw][npe]*"))


# --- the claim and the badge ---------------------------------------------------------------------


def test_a_dual_mark_shows_both_logos_or_none(tmp_path: Path) -> None:
    nord, sued = marked(tmp_path), marked(tmp_path, "Sued", "bb", BLUE)
    (both,) = marks((nord, sued), load_wording())
    assert both.logos == (*nord.logos, *sued.logos)
    (one,) = marks((nord, claim_of("Sued", "bb")), load_wording())
    assert one.logos == ()
    facts = as_facts(both)
    assert "PNG" not in str(facts)
    assert facts["parts"][0]["logos"] == [
        {"file": "Nord.png", "digest": nord.logos[0].digest, "licence": LICENCE}
    ]
    json.dumps(facts, default=str)


def test_it_is_drawn_from_the_claim_where_the_placement_allows_it(tmp_path: Path) -> None:
    claim, place = marked(tmp_path), load_placement("tiktok")
    use = OverlayUse(BADGE, badge(claim), 0, 60)
    assert use.fields["logos"] == [claim.logos[0].digest]
    assert words_of(use, "proof", place, (claim,)).fields["logos"] == [claim.logos[0].png]
    # What an edit says of logos is not used: neither a picture of its own nor none.
    for lie in ({"logos": ["cd" * 32]}, {"logos": []}):
        forged = replace(use, fields=badge(claim) | lie)
        assert words_of(forged, "proof", place, (claim,)).fields["logos"] == [claim.logos[0].png]
    bare = replace(place, burn_in=place.burn_in - {"logo"})
    assert "logos" not in words_of(use, "proof", bare, (claim,)).fields
    assert "a provider's logo" in bare.keeps_out("logo")
    assert "logo" in in_picture(edit_of((BADGE, badge(claim))))
    assert "logo" not in in_picture(edit_of((BADGE, badge(claim, marked=False))))


def test_no_placement_without_badges_or_by_api_takes_a_logo() -> None:
    for name in placement_names():
        place = load_placement(name)
        assert bool(place.keeps_out("logo")) == bool(place.keeps_out("badge")), name
        assert replace(place, burn_in=place.burn_in - {"badge"}).keeps_out("logo")
    for name in ("tiktok", "douyin", "ebay", "amazon"):
        assert load_placement(name).posted("api").keeps_out("logo")


def badge_with(logos: list[bytes], **how: Any) -> Drawing:
    place = load_placement("tiktok")
    canvas = how.pop("canvas", Canvas(place.width, place.height, place.safe))
    return draw(BADGE, samples(BADGE)["usual"] | {"logos": logos}, canvas, **how)


def box_of(drawing: Drawing, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what has the colour."""
    near = np.abs(drawing.pixels[..., :3].astype(int) - colour).max(axis=2) < 24
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


@pytest.mark.parametrize("theme", theme_names())
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_it_stands_small_above_the_name_and_is_not_mirrored(
    tmp_path: Path, theme: str, lang: str
) -> None:
    shown = badge_with([logo(tmp_path).png], theme=theme, lang=lang)
    left, top, right, bottom = box_of(shown, RED)
    assert shown.pictures == 1
    assert bottom - top <= 72 and right - left <= 280
    (title, *_) = shown.texts
    assert title.text.startswith("Examined") and bottom < title.y + title.height - shown.y
    # The broad bar is at the left in the logo, and stays there where everything else is mirrored.
    reds = np.abs(shown.pixels[..., :3].astype(int) - RED).max(axis=2) < 24
    middle = (left + right) // 2
    assert reds[:, :middle].sum() > 4 * reds[:, middle + 3 :].sum()
    assert (left < shown.width / 3) == (lang == "en")
    # The name stays, and so does all else that is said.
    plain = badge_with([], theme=theme, lang=lang)
    assert [box.text for box in shown.texts] == [box.text for box in plain.texts]
    # resvg draws the same from the drawing's SVG.
    again = rasterise(shown.svg)
    assert np.abs(again.astype(int) - shown.pixels).mean() < 1


def test_its_digest_is_in_the_badge_s(tmp_path: Path) -> None:
    red, blue = logo(tmp_path).png, logo(tmp_path, ink=BLUE).png
    digests = {badge_with(logos).digest for logos in ([], [red], [blue], [red, blue])}
    assert len(digests) == 4
    assert badge_with([red]).digest == badge_with([red]).digest


def test_where_there_is_no_room_words_come_first(tmp_path: Path) -> None:
    red = logo(tmp_path).png

    def room(height: int) -> Canvas:
        return Canvas(1080, 1080, SafeArea(1080 - height, 0, 0, 0))

    high = badge_with([], canvas=room(1080)).height
    assert badge_with([red], canvas=room(high + 60)).pictures == 1  # a little smaller, with all
    plain = badge_with([red], canvas=room(round(high * 0.9)))
    assert plain.pictures == 0
    assert plain.digest == badge_with([], canvas=room(round(high * 0.9))).digest
    with pytest.raises(UsageError, match="needs"):
        badge_with([red], canvas=room(high // 2))


def test_a_template_shows_no_picture_that_it_was_not_given(tmp_path: Path) -> None:
    (tmp_path / BADGE).mkdir()
    source = (shipped("overlays") / BADGE / "template.svg.j2").read_text("utf-8")
    for forged in ('<g class="picture" data-picture="0"/>', '<image href="file:///etc/passwd"/>'):
        text = source.replace("{{ writing }}", forged + "{{ writing }}")
        (tmp_path / BADGE / "template.svg.j2").write_text(text, "utf-8")
        with pytest.raises(UsageError, match=r"never gave|only shapes"):
            badge_with([], own=tmp_path)
    for given in (["words"], "words", [b"GIF89a"]):
        with pytest.raises(UsageError, match=r"pictures|PNG"):
            badge_with(given)  # type: ignore[arg-type]


def test_layers_tell_which_logos_are_drawn(
    tmp_path: Path, store: Store, tiny_presets: Path
) -> None:
    claim, place = marked(tmp_path), load_placement("tiny", tiny_presets)
    allowed = replace(place, burn_in=place.burn_in | {"logo"})
    without = replace(place, burn_in=place.burn_in - {"logo"})
    for where, logos in ((allowed, claim.logos), (without, ())):
        overlays = draw_overlays(
            edit_of((BADGE, badge(claim))), where, {"take": footage("take")},
            item=ITEM, claims=(claim,), store=store,
        )  # fmt: skip
        assert overlays.logos == logos


def test_a_clip_with_a_logo_says_so_everywhere(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    tiny_presets: Path,
    tmp_path: Path,
) -> None:
    presets = tmp_path / "presets"
    presets.mkdir()
    (presets / "placements").mkdir()
    tiny = (tiny_presets / "placements/tiny.yaml").read_text("utf-8")
    (presets / "placements/tiny.yaml").write_text(tiny, "utf-8")
    path = issuer(presets, logo={"file": "demo-logo.png", "licence": LICENCE})
    (path.parent / "demo-logo.png").write_bytes(picture())
    sample = shipped("samples") / "cognac-pouch/certificate.jwt"
    listing = short_listing(certificates=[{"file": str(sample), "seen": {"time": 2.0}}])
    out = tmp_path / "out"
    render = ("render", listing, "--presets", presets, "--placement", "tiny", "-o", out, "--json")
    assert run_cli("identity", "new", "Shop", "-o", tmp_path / "id").code == 0
    signed = (
        "--sign-with", tmp_path / "id" / KEY_FILE, "--sign-chain", tmp_path / "id" / CHAIN_FILE,
    )  # fmt: skip
    done = run_cli(*render, *signed, "--require-badge")
    assert done.code == 0, done.out
    raw = read_provenance(Path(done.json["clips"][0]["file"]))
    assert "demo-logo.png" in str(raw) and "a provider's logo" in str(raw)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    (told,) = manifest["claims"][0]["logos"]
    assert (told["file"], told["licence"]) == ("demo-logo.png", LICENCE)
    assert set(told) == {"file", "digest", "licence"}
    assert LICENCE in next(out.glob("*.report.html")).read_text("utf-8")
    post = json.loads(next(out.glob("*.post.json")).read_text("utf-8"))
    assert "logo" in post["in_picture"]
    assert "demo-logo.png" not in post["caption"]
