"""Layers: an overlay that speaks for a certificate says what a claim says, or is not drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from footage_tables import footage

from video_pipeline.edit.captions import badge, condition_note, grade
from video_pipeline.edit.honesty import unsaid_notes, words_of
from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.errors import ClaimError, UsageError
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.listing.model import Item, Listing
from video_pipeline.overlays.language import Language
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.layers import DrawnOverlays, draw_overlays
from video_pipeline.resources import shipped
from video_pipeline.store import Store
from video_pipeline.trust.claims import Claim

ITEM = Item(brand="Orsetta", model="Pouch")
BADGE = "certification-badge"


def claim_of(issuer: str, digest: str) -> Claim:
    lines = (
        f"Examined by {issuer}", "Result: authentic", "1 May 2026", "Certificate 2026-1",
        f"Check at {issuer.lower()}.org", "Not affiliated with Orsetta.",
    )  # fmt: skip
    return Claim(
        certificate_id="2026-1", issuer=f"https://{issuer.lower()}.org", issuer_name=issuer,
        result="authentic", issued=date(2026, 5, 1), expires=None,
        check_url=f"https://{issuer.lower()}.org/2026-1", lines=lines, wording=" ".join(lines),
        file_digest=digest * 32, key_id="k", brand="Orsetta",
    )  # fmt: skip


NORD, SUED = claim_of("Nord", "aa"), claim_of("Sued", "bb")


@pytest.fixture(scope="module")
def place(tiny_presets: Path) -> Placement:
    return load_placement("tiny", tiny_presets)


def edit_of(*uses: tuple[str, dict[str, Any]]) -> Edit:
    cut = Cut("proof", "take", Fraction(0), 60, Crop(270, 480, (CropKey(0, 0, 0),)), (), "", "")
    cuts = tuple(replace(cut, overlays=(OverlayUse(name, fields, 0, 60),)) for name, fields in uses)
    return Edit("s", "l.yaml", "showcase", "tiny", 270, 480, Fraction(30), {}, cuts)


def drawn(place: Placement, store: Store, edit: Edit, own: Path | None = None) -> DrawnOverlays:
    return draw_overlays(
        edit, place, footage={"take": footage("take")}, item=ITEM, claims=(NORD, SUED),
        store=store, own=own,
    )  # fmt: skip


def own_template(folder: Path, name: str, *changes: tuple[str, str]) -> None:
    """The shipped badge under another name, changed."""
    (folder / name).mkdir()
    sources = {
        file: (shipped("overlays") / BADGE / file).read_text(encoding="utf-8")
        for file in ("template.svg.j2", "overlay.yaml")
    }
    for old, new in changes:
        assert any(old in source for source in sources.values())
        sources = {file: source.replace(old, new) for file, source in sources.items()}
    for file, source in sources.items():
        (folder / name / file).write_text(source, encoding="utf-8")


@pytest.mark.parametrize("burn_in", [frozenset(), frozenset({"address", "price"})])
def test_a_placement_that_keeps_badges_out_gets_none(
    place: Placement, store: Store, tmp_path: Path, burn_in: Any
) -> None:
    bare = replace(place, burn_in=burn_in)
    own_template(tmp_path, "seal")
    for name in (BADGE, "seal"):
        with pytest.raises(ClaimError, match="does not allow a badge") as caught:
            drawn(bare, store, edit_of((name, badge(NORD))), tmp_path)
        assert caught.value.mend
    assert drawn(bare, store, edit_of(("label", {"text": "Hardware"}))).claims == ()


def test_issuers_that_number_alike_are_not_mixed_up(place: Placement, store: Store) -> None:
    both = drawn(place, store, edit_of((BADGE, badge(SUED)), (BADGE, badge(NORD))))
    assert both.claims == ("2026-1", "2026-1")
    for claim in (NORD, SUED):
        use = OverlayUse(BADGE, badge(claim), 0, 60)
        words = words_of(use, "proof", place, (NORD, SUED))
        assert (words.claim, words.fields["check_url"]) == (claim, claim.check_url)
    assert both.layers[0][0].digest != both.layers[1][0].digest
    (alone,) = drawn(place, store, edit_of((BADGE, badge(NORD)))).layers
    assert alone[0].digest == both.layers[1][0].digest


@pytest.mark.parametrize("name", [BADGE, "seal"])
def test_a_badge_says_what_its_claim_says_whatever_the_edit_says(
    place: Placement, store: Store, tmp_path: Path, name: str
) -> None:
    own_template(tmp_path, "seal")
    lies = badge(NORD) | {
        "check_url": "https://phishing.org/2026-1", "issuer_name": "Orsetta",
        "lines": ["Guaranteed genuine"], "brand": "Nobody",
    }  # fmt: skip
    (lying,) = drawn(place, store, edit_of((name, lies)), tmp_path).layers
    (honest,) = drawn(place, store, edit_of((name, badge(NORD))), tmp_path).layers
    assert lying[0].digest == honest[0].digest


@pytest.mark.parametrize(
    "change",
    [{"certificate_id": "2026-2"}, {"claim": "cc" * 32}, {"claim": None}, {"claim": ["aa" * 32]}],
)
def test_a_badge_for_another_certificate_is_refused(
    place: Placement, change: dict[str, Any]
) -> None:
    fields = badge(NORD) | change
    with pytest.raises(ClaimError, match=f"'{fields['certificate_id']}'"):
        words_of(OverlayUse(BADGE, fields, 0, 60), "proof", place, (NORD, SUED))


@pytest.mark.parametrize(
    ("changes", "does"),
    [
        ((), "asks for 'certificate_id'"),
        ((("certificate_id", "number"),), "asks for 'check_url'"),
        ((("certificate_id", "number"), ("check_url", "address")), "asks for 'issuer_name'"),
        (
            (("certificate_id", "number"), ("check_url", "address"), ("issuer_name", "house")),
            "asks for pictures",
        ),
        (
            (
                ("certificate_id", "number"),
                ("check_url", "address"),
                ("issuer_name", "house"),
                ("pictures, optional", "list, optional"),
            ),
            "draws a QR code",
        ),
    ],
)
def test_a_template_that_speaks_for_a_certificate_has_to_say_so(
    place: Placement, store: Store, tmp_path: Path, changes: tuple[tuple[str, str], ...], does: str
) -> None:
    own_template(tmp_path, "seal", ("claim: true", ""), *changes)
    fields = {
        "lines": ["Examined by nobody"], "number": "1", "house": "Nobody", "brand": "Orsetta",
        "address": "https://phishing.org/",
    }  # fmt: skip
    with pytest.raises(UsageError, match=does) as caught:
        drawn(place, store, edit_of(("seal", fields)), tmp_path)
    assert "seal" in caught.value.where
    assert "claim: true" in caught.value.mend


def test_a_claim_template_gets_no_field_from_the_edit(
    place: Placement, store: Store, tmp_path: Path
) -> None:
    own_template(tmp_path, "seal", ("  lines: list", "  motto: text\n  lines: list"))
    with pytest.raises(UsageError, match="'motto'"):
        drawn(place, store, edit_of(("seal", badge(NORD) | {"motto": "100 %"})), tmp_path)


# --- notes ---------------------------------------------------------------------------------------

NOTES = (
    {"part": "corner", "flaw": "scuff", "severity": "heavy", "words": "Through the leather"},
    {"part": "lining", "flaw": "stain", "severity": "light"},
    {"part": "interior", "flaw": "odour", "severity": "faint", "words": "Of smoke"},
)


@pytest.fixture
def listing() -> Listing:
    return Listing.model_validate(
        {
            "sku": "S", "item": {"brand": "Orsetta", "model": "Pouch"}, "footage": ["a.mp4"],
            "condition": {"grade": "good", "notes": NOTES},
        }
    )  # fmt: skip


def test_notes_that_an_edit_says_are_not_missed(listing: Listing) -> None:
    scuff, *others = listing.condition.notes
    card = grade(listing, load_scale("house"), others)
    said = edit_of(("condition-note", condition_note(scuff, 1, 3)), ("grade-card", card))
    assert unsaid_notes(said, listing) == ()


def test_notes_taken_out_of_an_edit_are_missed(listing: Listing) -> None:
    scuff, stain, odour = listing.condition.notes
    assert len(unsaid_notes(edit_of(("label", {"text": "Corner"})), listing)) == len(NOTES)
    milder = condition_note(scuff, 1, 3) | {"severity": "faint"}
    card = grade(listing, load_scale("house"), [odour])
    edit = edit_of(("condition-note", milder), ("grade-card", card))
    assert unsaid_notes(edit, listing) == (
        "Corner: heavy scuff. Through the leather",
        "Lining: light stain",
    )
    silent = {k: v for k, v in condition_note(scuff, 1, 3).items() if k != "words"}
    edit = edit_of(
        ("condition-note", silent),
        ("condition-note", condition_note(stain, 2, 3)),
        ("grade-card", card),
    )
    assert unsaid_notes(edit, listing) == ("Corner: heavy scuff. Through the leather",)
    assert unsaid_notes(edit_of(("grade-card", {"notes": 3}), ("x", {"notes": [["a"]]})), listing)


def test_notes_are_known_in_the_words_of_a_person(listing: Listing, tmp_path: Path) -> None:
    text = (shipped("overlays") / "i18n/en.yaml").read_text(encoding="utf-8")
    (tmp_path / "i18n").mkdir()
    (tmp_path / "i18n/en.yaml").write_text(text.replace("lining: ", "lining: My "))
    words = Language("en", tmp_path)
    card = grade(listing, load_scale("house"), list(listing.condition.notes), words)
    edit = edit_of(("grade-card", card))
    assert any("my" in line.lower() for line in card["notes"])
    assert unsaid_notes(edit, listing, tmp_path) == ()


def test_notes_are_missed_in_a_language_of_a_person_s_own(listing: Listing, tmp_path: Path) -> None:
    text = (shipped("overlays") / "i18n/en.yaml").read_text(encoding="utf-8")
    (tmp_path / "i18n").mkdir()
    (tmp_path / "i18n/pl.yaml").write_text(text)
    edit = replace(edit_of(("label", {"text": "Corner"})), lang="pl")
    assert len(unsaid_notes(edit, listing, tmp_path)) == len(NOTES)
