"""Posting: what a placement keeps out of the picture is in none, and stands in the words beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from footage_tables import table
from test_edit_planning import RICH, condition, note
from test_layers import NORD, SUED, claim_of

from video_pipeline.delivery.posting import Desk, check_posting, post, post_of, write_post
from video_pipeline.edit.brief import Brief
from video_pipeline.edit.burned_in import address_in, burnable, held_to, in_picture, price_in
from video_pipeline.edit.captions import badge, badges
from video_pipeline.edit.file import read_edit
from video_pipeline.edit.honesty import words_of
from video_pipeline.edit.model import Edit, OverlayUse
from video_pipeline.edit.planning import plan
from video_pipeline.edit.story import read_storyboard
from video_pipeline.errors import ClaimError
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.overlays.language import Language, languages
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.hashtags import hashtags
from video_pipeline.presets.placements import (
    BURNABLE,
    Placement,
    PostBy,
    load_placement,
    placement_names,
)
from video_pipeline.presets.storyboards import storyboard_names
from video_pipeline.resources import shipped
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.wording import forbidden

CLAIM = replace(claim_of("Nord", "aa"), brand="ORSETTA")
ALL = frozenset(BURNABLE)
SAID = {
    "price": {"amount": "1250", "currency": "EUR", "was": "1400"},
    "condition": condition(note(9.0), note(words="Was 900 EUR to mend")),
    "story": {"headline": "Yours for €1,250", "special": "See it at shop.example/17"},
    "includes": ["dust bag", "card of www.shop.example"],
}


@pytest.fixture
def brief(write_listing: Callable[..., Path], tmp_path: Path) -> Callable[..., Brief]:
    def make(
        place: Placement, board: str = "showcase", *, lang: str = "en",
        claims: tuple[Claim, ...] = (CLAIM,), **changes: Any,
    ) -> Brief:  # fmt: skip
        (tmp_path / "take.mp4").touch()
        read = read_listing(write_listing([tmp_path / "take.mp4"], **{**SAID, **changes}))
        words = Language(lang)
        return Brief(
            read, read_storyboard(board, None, words), place.facing(rtl=words.rtl),
            load_scale("house", None, lang), claims, (), words,
        )  # fmt: skip

    return make


def planned(brief: Brief) -> Edit:
    return plan(brief, {"take.mp4": table(*RICH)})


def drawn(edit: Edit, place: Placement, claims: tuple[Claim, ...] = (CLAIM,)) -> list[str]:
    """Every line that the overlays of an edit write on the picture, and what its codes hold."""
    place = place.posted(edit.post_by)
    canvas = Canvas(edit.width, edit.height, place.safe)
    held, _ = held_to(edit, place, names=("ORSETTA", "Cognac Pouch"))
    said = []
    for cut in held.cuts:
        for use in (use for use in cut.overlays if use.follows is None):
            fields = words_of(use, cut.slot, place, claims).fields
            drawing = draw(use.template, fields, canvas, anchor=use.anchor, lang=edit.lang)
            said += [box.text for box in drawing.texts]
            said += [fields["check_url"]] if "check_url" in fields else []
    return said


# --- what may be burned in ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "€1,250", "1 250 €", "CHF 1,250", "Rp 1.250.000", "Only 900 EUR", "US$99.50", "12,000円",
        "1.2k €", "900 euros", "١٬٢٥٠ US$", "٢٥٠ د.إ", "kr 5", "￥980", "1.250,00 kr",
    ],
)  # fmt: skip
def test_a_price_is_known_by_its_looks(text: str) -> None:
    assert price_in(f"Now {text}!")


@pytest.mark.parametrize("text", ["Dark mark, about 2 cm wide", "Made in 2021", "Top 10", "W 24.5"])
def test_what_is_no_price(text: str) -> None:
    assert not price_in(text)


@pytest.mark.parametrize(
    "text",
    ["issuer.example", "https://a.org/x", "www.foo.bar", "shop.com/17", "me@shop.de", "SHOP.COM"],
)
def test_an_address_is_known_by_its_looks(text: str) -> None:
    assert address_in(f"See {text}, now") and not address_in("Calfskin, e.g. here. Mark 2.5 cm.Old")


def test_the_lists_are_what_their_places_ask() -> None:
    lists = {name: load_placement(name) for name in placement_names()}
    assert lists["amazon"].burn_in == frozenset()
    assert lists["ebay"].burn_in == lists["douyin"].burn_in == {"price", "call-to-action"}
    others = set(lists) - {"amazon", "ebay", "douyin"}
    assert all(lists[name].burn_in == ALL for name in others)
    assert all(place.posted("api").burn_in == frozenset() for place in lists.values())
    for name in ("tiktok", "douyin"):
        page = yaml.safe_load((shipped("presets") / f"placements/{name}.yaml").read_text("utf-8"))
        assert page["burn_in_by_api"]["source"].startswith("https://")


@pytest.mark.parametrize("post_by", ["hand", "api"])
@pytest.mark.parametrize("board", storyboard_names())
def test_what_is_kept_out_is_drawn_nowhere(
    brief: Callable[..., Brief], board: str, post_by: PostBy
) -> None:
    """All placements; those of one shape and one list are planned once."""
    seen = set()
    for name in placement_names():
        place = load_placement(name).posted(post_by)
        key = (place.width > place.height, place.burn_in)
        if key in seen:
            continue
        seen.add(key)
        edit = planned(brief(place, board))
        assert edit.post_by == post_by
        lines = drawn(edit, load_placement(name))
        assert held_to(edit, place)[1] == (), "the plan itself obeys"
        templates = {use.template for cut in edit.cuts for use in cut.overlays}
        for what, found in (("price", price_in), ("address", address_in)):
            assert not (place.keeps_out(what) and list(filter(found, lines))), (name, lines)
        assert place.badge_allowed or "certification-badge" not in templates, name
        # A flaw is never kept out, whatever its words look like.
        flaws = [cut for cut in edit.cuts if cut.slot == "flaw"]
        assert any("Scuff" in line or "scuff" in line for line in lines) and flaws, name
    assert len(seen) == (3 if post_by == "hand" else 2)


@pytest.mark.parametrize("lang", ["fr", "ja", "ar"])
def test_no_language_lets_a_price_or_an_address_through(
    brief: Callable[..., Brief], lang: str
) -> None:
    amazon = load_placement("amazon")
    lines = drawn(planned(brief(amazon, "price-reveal", lang=lang)), amazon)
    assert lines and not [line for line in lines if price_in(line) or address_in(line)]


def test_what_falls_away_is_told(brief: Callable[..., Brief]) -> None:
    edit = planned(brief(load_placement("amazon"), "price-reveal"))
    told = {left.slot: left.reason for left in edit.left_out}
    no_price = "Amazon listing does not allow a price in the picture"
    assert (told["opening"], told["price"]) == (no_price, no_price)
    assert told["proof"] == "Amazon listing does not allow a badge in the picture"
    assert any("condition.notes.1.words stays out" in warning for warning in edit.warnings)
    by_api = planned(brief(load_placement("tiktok").posted("api"), "price-reveal"))
    told = {left.slot: left.reason for left in by_api.left_out}
    assert told["price"] == "TikTok does not allow a price in the picture of a clip posted by API"


def test_a_badge_without_an_address_keeps_every_other_fact(
    brief: Callable[..., Brief], store: Any
) -> None:
    place = replace(load_placement("tiktok"), burn_in=ALL - {"address"})
    edit = planned(brief(place, "authentication"))
    (use,) = [u for cut in edit.cuts for u in cut.overlays if u.template == "certification-badge"]
    assert "check_url" not in use.fields
    lines = " ".join(drawn(edit, place))
    for fact in ("Nord", "authentic", "1 May 2026", "2026-1", "Not affiliated"):
        assert fact in lines
    assert not address_in(lines)
    # Hand-written back into the edit, it is not drawn.
    forged = replace(use, fields=badge(CLAIM))
    assert "check_url" not in words_of(forged, "proof", place, (CLAIM,)).fields


def test_a_dual_mark_without_addresses_is_two_badges() -> None:
    dual = replace(NORD, file_digest="dd" * 32, parts=(NORD, SUED))
    assert badges([dual], addressed=True) == (dual,)
    assert badges([dual], addressed=False) == (NORD, SUED)
    place = replace(load_placement("tiktok"), burn_in=ALL - {"address"})
    use = OverlayUse("certification-badge", badge(dual), 0, 60)
    with pytest.raises(ClaimError, match="could not verify"):
        words_of(use, "proof", place, (dual,))
    part = OverlayUse("certification-badge", badge(SUED), 0, 60)
    assert words_of(part, "proof", place, (dual,)).claim == SUED


# --- an edit changed by hand ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "fields", "left"),
    [
        ("price", {"amount_text": "for a song"}, None),
        ("price-drop", {"amount_text": "a", "was_text": "b"}, None),
        ("end-card", {"brand": "B", "model": "M", "price_text": "?"}, {"brand": "B", "model": "M"}),
        ("end-card", {"brand": "€1,250", "model": "M"}, None),
        ("story-line", {"line": "Only 1 250 EUR"}, None),
        ("story-line", {"line": "Soft", "above": "at shop.example"}, {"line": "Soft"}),
        ("label", {"text": "www.shop.example"}, None),
        ("inclusions", {"items": ["box", "€5 off"]}, {"items": ["box"]}),
        ("inclusions", {"items": ["shop.example"]}, None),
        ("label", {"text": "Hardware"}, {"text": "Hardware"}),
        ("title", {"brand": "X", "model": "Pouch.com"}, {"brand": "X", "model": "Pouch.com"}),
    ],
)  # fmt: skip
def test_an_edit_is_held_to_its_placement(
    brief: Callable[..., Brief], template: str, fields: dict[str, Any], left: dict[str, Any] | None
) -> None:
    amazon = load_placement("amazon")
    edit = planned(brief(amazon))
    use = OverlayUse(template, fields, 0, edit.cuts[0].frames)
    tampered = replace(edit, cuts=(replace(edit.cuts[0], overlays=(use,)), *edit.cuts[1:]))
    held, notes = held_to(tampered, amazon, names=("ORSETTA", "Pouch.com"))
    kept = [use.fields for use in held.cuts[0].overlays]
    assert kept == ([left] if left else [])
    assert len(notes) == (left != fields)
    assert all("Amazon listing does not allow" in line for line in notes)
    # Where all is allowed nothing is touched; the same edit posted by a program is held.
    tiktok = load_placement("tiktok")
    assert held_to(tampered, tiktok) == (tampered, ())
    by_api, _ = held_to(replace(tampered, post_by="api"), tiktok, names=("ORSETTA", "Pouch.com"))
    assert by_api.cuts[0].overlays == held.cuts[0].overlays


def test_a_template_s_own_mark_is_heeded(tmp_path: Path, brief: Callable[..., Brief]) -> None:
    own = tmp_path / "own"
    (own / "buy-now").mkdir(parents=True)
    for file in ("template.svg.j2", "overlay.yaml"):
        text = (shipped("overlays") / "label" / file).read_text("utf-8")
        mark = "carries: { text: call-to-action }\n" if file == "overlay.yaml" else ""
        (own / "buy-now" / file).write_text(text + mark, "utf-8")
    edit = planned(brief(load_placement("tiktok")))
    use = OverlayUse("buy-now", {"text": "Message me today"}, 0, 60)
    edit = replace(edit, cuts=(replace(edit.cuts[0], overlays=(use,)),))
    assert "call-to-action" in in_picture(edit, own)
    assert held_to(edit, load_placement("amazon"), own=own)[0].cuts[0].overlays == ()


# --- the words beside the clip -------------------------------------------------------------------


def desk_of(brief: Brief, refusals: tuple[Refusal, ...] = ()) -> Desk:
    return Desk(brief.listing, brief.scale, brief.claims, refusals, brief.words)


def page_of(brief: Brief, name: str, post_by: PostBy = "hand", **more: Any) -> dict[str, Any]:
    edit = replace(planned(brief), post_by=post_by)
    return post(edit, load_placement(name), Path(f"bag.{name}.mp4"), desk_of(brief, **more))


KEYS = {
    "file": str, "sku": str, "placement": str, "lang": str, "post_by": str, "title": str,
    "caption": str, "hashtags": list, "alt_text": str, "product": dict, "in_picture": list,
    "kept_out": list, "ai_generated": dict, "limits": dict, "notes": list,
}  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "money", "flaw", "graded"),
    [
        ("en", "€1,250", "Corner: light scuff. A mark", "Condition: Good"),
        ("fr", "1\u202f250\u00a0€", "Coin\u00a0: éraflure", "État\u00a0: "),
        ("ja", "€1,250", "A mark", "状態："),
    ],
)
def test_the_words_are_those_of_the_listing(
    brief: Callable[..., Brief], lang: str, money: str, flaw: str, graded: str
) -> None:
    made = brief(load_placement("tiktok"), lang=lang)
    page = page_of(made, "tiktok")
    assert {key: type(value) for key, value in page.items()} == KEYS
    caption = page["caption"]
    for said in (money, graded, made.scale.title, CLAIM.wording, "Yours for", made.listing.sku):
        assert said in caption, said
    assert flaw.casefold() in caption.casefold()
    assert flaw.casefold() in page["alt_text"].casefold()
    assert page["title"].startswith("ORSETTA Cognac Pouch")
    assert page["hashtags"] and all(tag.startswith("#") for tag in page["hashtags"])
    assert page["product"]["price"]["amount"] == "1250"
    assert page["product"]["link"] is None
    assert page["in_picture"] == ["badge", "address", "price"]
    assert page["kept_out"] == [] and page["ai_generated"]["value"] is False
    assert not forbidden(json.dumps(page, ensure_ascii=False).replace("generated", ""))


def test_what_is_kept_out_of_the_picture_is_said_beside_it(brief: Callable[..., Brief]) -> None:
    made = brief(load_placement("amazon"), link="https://shop.example/17")
    page = page_of(made, "amazon")
    kept = {(one["what"], one["place"]): one for one in page["kept_out"]}
    assert set(kept) == {
        ("badge", "certificates"), ("price", "price"), ("price", "story.headline"),
        ("address", "story.special"), ("price", "condition.notes.1.words"),
        ("address", "includes.1"),
    }  # fmt: skip
    assert all(one["why"].startswith("Amazon listing does not allow") for one in kept.values())
    assert page["in_picture"] == []
    assert "€1,250" in page["caption"] and "Was 900 EUR to mend" in page["caption"]
    assert page["product"]["link"] == "https://shop.example/17"


def test_posted_by_a_program_the_same_words_hold_what_the_picture_does_not(
    brief: Callable[..., Brief],
) -> None:
    tiktok = load_placement("tiktok")
    by_hand = page_of(brief(tiktok), "tiktok")
    by_api = page_of(brief(tiktok.posted("api")), "tiktok", "api")
    assert by_api["caption"] == by_hand["caption"]
    assert (by_api["in_picture"], by_api["post_by"]) == ([], "api")
    assert {one["what"] for one in by_api["kept_out"]} == {"badge", "price", "address"}


@pytest.mark.parametrize(("name", "apart"), [("ebay", "by this marketplace."), ("amazon", "")])
def test_a_text_names_no_address_where_none_may_stand(
    brief: Callable[..., Brief], name: str, apart: str
) -> None:
    page = page_of(brief(load_placement(name)), name)
    assert not address_in(page["caption"])
    for fact in ("Examined by Nord", "authentic", "2026-1", "Not affiliated with Orsetta.", apart):
        assert fact.casefold() in page["caption"].casefold()
    assert page["product"]["certificates"][0]["check_at"] == CLAIM.check_url
    assert len(page["title"]) <= page["limits"]["title_chars"] <= 150
    assert any("story.special names shop.example/17" in line for line in page["notes"])


def test_promises_of_the_seller_stay_out_of_the_text(brief: Callable[..., Brief]) -> None:
    story = {"headline": "100% guaranteed genuine", "special": "Carried twice"}
    page = page_of(brief(load_placement("tiktok"), story=story), "tiktok")
    assert not forbidden(page["caption"]) and "Carried twice" in page["caption"]
    assert any("story.headline says '100%'" in line for line in page["notes"])


def test_a_text_that_is_too_long_gives_up_its_story_and_never_a_flaw(
    brief: Callable[..., Brief],
) -> None:
    notes = [note(words="x" * 120), note(words="y" * 120)]
    made = brief(load_placement("pinterest"), condition=condition(*notes))
    page = page_of(made, "pinterest")
    assert "x" * 120 in page["caption"] and "Yours for" not in page["caption"]
    assert len(page["caption"]) <= 500 or any("more than Pinterest" in n for n in page["notes"])
    long = [note(words="z" * 280) for _ in range(6)]
    page = page_of(brief(load_placement("pinterest"), condition=condition(*long)), "pinterest")
    assert page["caption"].count("z" * 280) == 6
    assert any("shorten your notes" in line for line in page["notes"])
    assert len(page["alt_text"]) <= 500


def test_the_serial_is_in_no_post(brief: Callable[..., Brief]) -> None:
    made = brief(load_placement("tiktok"), story={"headline": "Number OR-2219-0417"})
    page = page_of(made, "tiktok")
    assert "2219" not in json.dumps(page)


def test_words_that_a_state_allows_are_said(brief: Callable[..., Brief]) -> None:
    made = brief(load_placement("tiktok"), claims=())
    waiting = Refusal("c", "not decided", "wait", "submitted", "Submitted to Nord, number 2026-1.")
    page = page_of(made, "tiktok", refusals=(waiting,))
    assert "Submitted to Nord" in page["caption"]
    assert "Not affiliated with ORSETTA." in page["caption"]


def test_every_language_has_hashtags_and_none_is_a_brand() -> None:
    for lang in languages():
        tags = hashtags("bag", lang)
        assert 1 <= len(tags) <= 3 and len(set(tags)) == len(tags), lang
    assert hashtags("bag", "en", most=1) == ("#bag",)
    assert hashtags("bag", "pl") == ()


def test_check_reads_what_a_clip_shows(brief: Callable[..., Brief], tmp_path: Path) -> None:
    tiktok, clip = load_placement("tiktok"), tmp_path / "bag.tiktok.mp4"
    assert check_posting(clip, tiktok, "api") == []  # nothing beside it, nothing known
    write_post(page_of(brief(tiktok), "tiktok"), post_of(clip))
    assert check_posting(clip, tiktok, "hand") == []
    found = check_posting(clip, tiktok, "api")
    assert [finding.want for finding in found] == [
        "no badge in the picture", "no address in the picture", "no price in the picture",
    ]  # fmt: skip
    assert [f.want for f in check_posting(clip, load_placement("ebay"), "hand")] == [
        "no badge in the picture", "no address in the picture",
    ]  # fmt: skip
    post_of(clip).write_text("[]", "utf-8")
    assert check_posting(clip, tiktok, "api") == []


# --- end to end ----------------------------------------------------------------------------------


@pytest.fixture
def small_places(tmp_path: Path) -> Path:
    """Amazon and TikTok, small and quick to encode."""
    folder = tmp_path / "places"
    (folder / "placements").mkdir(parents=True)
    for name in ("amazon", "tiktok"):
        page = yaml.safe_load((shipped("presets") / f"placements/{name}.yaml").read_text("utf-8"))
        for key in ("width", "height"):
            page[key]["value"] = page[key]["value"] // 4 // 2 * 2
        for edge in ("top", "right", "bottom", "left"):
            page["safe"][edge]["value"] //= 4
        page["min_s"]["value"], page["preset"]["value"], page["crf"]["value"] = 6, "superfast", 30
        (folder / f"placements/{name}.yaml").write_text(yaml.safe_dump(page), "utf-8")
    return folder


def test_a_clip_for_amazon_has_no_price_and_no_address(
    run_cli: Callable[..., Any], short_listing: Callable[..., Path], small_places: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    listing, edit_file = short_listing(), tmp_path / "edit.json"
    common = ("--presets", small_places, "--json")
    planned = run_cli("plan", listing, "--placement", "amazon", "-o", edit_file, *common)
    assert planned.code == 0, planned.err
    page = json.loads(edit_file.read_text("utf-8"))
    assert page["post_by"] == "hand"
    # Written back by hand: the price, and an address.
    card = next(u for c in page["cuts"] for u in c["overlays"] if u["template"] == "end-card")
    card["fields"] |= {"price_text": "€1,250", "includes": ["box", "www.shop.example"]}
    edit_file.write_text(json.dumps(page), "utf-8")
    out = tmp_path / "out"
    done = run_cli("render", edit_file, "-o", out, *common)
    assert done.code == 0, done.err
    (clip,) = done.json["clips"]
    assert sum("Amazon listing does not allow" in warning for warning in clip["warnings"]) >= 2
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    name = Path(clip["file"]).name.replace(".mp4", ".post.json")
    assert name in manifest["files"]
    told = json.loads((out / name).read_text("utf-8"))
    assert (told["in_picture"], told["file"]) == ([], Path(clip["file"]).name)
    shown = tmp_path / "shown.json"
    shown.write_text(json.dumps(manifest["clips"][0]["edit"]), "utf-8")
    lines = drawn(read_edit(shown), load_placement("amazon", small_places), ())
    assert "box" in " ".join(lines)
    assert not [line for line in lines if price_in(line) or address_in(line) or "1,250" in line]
    report = next(out.glob("*.report.html")).read_text("utf-8")
    assert "Kept out of the picture" in report and "For blind buyers" in report
    # A badge written into an edit is refused where none may stand.
    badged = {"template": "certification-badge", "fields": {"claim": "x"}, "first": 0, "last": 40}
    page["cuts"][0]["overlays"] = [badged]
    edit_file.write_text(json.dumps(page), "utf-8")
    refused = run_cli("render", edit_file, "-o", out, *common)
    assert (refused.code, refused.json["error"]["kind"]) == (4, "claim")


def test_an_edit_keeps_who_posts_it(
    run_cli: Callable[..., Any], short_listing: Callable[..., Path], small_places: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    common = ("--presets", small_places, "--json", "--placement", "tiktok")
    by_hand = run_cli("plan", short_listing(), "-o", tmp_path / "a.json", *common).json
    by_api = run_cli(
        "plan", short_listing(), "--post-by", "api", "-o", tmp_path / "b.json", *common
    ).json
    assert (by_hand["post_by"], by_api["post_by"]) == ("hand", "api")

    def templates(edit: dict[str, Any]) -> set[str]:
        return {use["template"] for cut in edit["cuts"] for use in cut["overlays"]}

    assert "certification-badge" in templates(by_hand)
    assert "certification-badge" not in templates(by_api)
    ends = [u for c in by_api["cuts"] for u in c["overlays"] if u["template"] == "end-card"]
    assert not any("price_text" in use["fields"] for use in ends)


def test_what_may_be_burned_in_is_taken_from_the_listing(brief: Callable[..., Brief]) -> None:
    made = brief(load_placement("tiktok"))
    assert burnable(made.listing, load_placement("tiktok")) == (made.listing, ())
    listing, kept = burnable(made.listing, load_placement("amazon"))
    assert listing.price is None and listing.item == made.listing.item
    assert [n.flaw for n in listing.condition.notes] == ["scuff", "scuff"]
    assert [n.words for n in listing.condition.notes] == ["A mark", None]
    assert listing.includes == ("dust bag",) and len(kept) == 5
