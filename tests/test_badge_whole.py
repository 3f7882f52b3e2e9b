"""A badge is never cut short: a name, a fact or a disclaimer that ends in … is another claim."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.overlays.language import Language, languages
from video_pipeline.presets.placements import load_placement
from video_pipeline.trust.wording import load_wording

LONGEST = "The International Society of Leather Goods Examiners & Sons."  # 60, the most there are
PAIR = ("Nordic House of Handbag Authentication", "Süddeutsche Prüfstelle für Lederwaren")
BRAND = "Maison Orla de Saint-Germain"


def a_logo() -> bytes:
    made = io.BytesIO()
    Image.new("RGBA", (400, 120), "navy").save(made, "PNG")
    return made.getvalue()


LOGO = a_logo()


@pytest.mark.parametrize("place", ["tiktok", "tiktok-shop"])
@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("names", [(LONGEST,), PAIR], ids=["single", "dual"])
def test_nothing_on_a_badge_is_cut_short(names: tuple[str, ...], lang: str, place: str) -> None:
    placement = load_placement(place).facing(rtl=Language(lang).rtl)
    words = load_wording(lang, None, placement.wording)
    facts = [
        {
            "provider": name, "result": words.words.authentic, "date": "30 September 2026",
            "certificate": f"EX-2026-00441{number}", "host": "certificates.example.org",
            "brand": BRAND,
        }
        for number, name in enumerate(names)
    ]  # fmt: skip
    single = len(names) == 1
    lines = words.lines(facts[0], test=True) if single else words.dual_lines(facts, test=True)
    fields = {
        "lines": list(lines or ()), "certificate_id": facts[0]["certificate"], "brand": BRAND,
        "issuer_name": names[0], "logos": [LOGO for _ in names],
        **({"check_url": "https://certificates.example.org/c/EX-2026-004410"} if single else {}),
    }  # fmt: skip
    canvas = Canvas(placement.width, placement.height, placement.safe)
    for theme in ("atelier", "high-contrast"):  # the smallest letters, and the largest
        drawing = draw("certification-badge", fields, canvas, lang=lang, theme=theme)
        cut = [box.text for box in drawing.texts if box.truncated]
        assert not cut, (theme, cut)
