"""Story lines: a listing's facts in a storyboard's words, never with holes, never evaluated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from footage_tables import table
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError
from test_edit_planning import CLAIM, METAL, RICH, SEAM, WHOLE, condition, note, slots

from video_pipeline.edit.brief import Brief
from video_pipeline.edit.honesty import promising_lines
from video_pipeline.edit.loop import closed
from video_pipeline.edit.model import Edit, OverlayUse
from video_pipeline.edit.planning import plan
from video_pipeline.edit.reel import Reel
from video_pipeline.edit.story import FACTS, Unsaid, read_storyboard, story_line
from video_pipeline.edit.windows import window
from video_pipeline.errors import ListingError
from video_pipeline.listing.model import Listing
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.language import Language, languages
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement
from video_pipeline.presets.storyboards import Storyboard, load_storyboard, storyboard_names
from video_pipeline.trust.claims import Refusal
from video_pipeline.trust.wording import forbidden

ENGLISH = Language()
PAGE: dict[str, Any] = {
    "sku": "S",
    "item": {
        "brand": "Orsetta", "model": "Pouch", "colour": "cognac", "material": "calfskin",
        "year": 2021, "size": {"width_cm": 24, "height_cm": 16.5}, "serial": "OR-2219-0417",
    },
    "condition": {"grade": "good"},
    "price": {"amount": "1250", "currency": "EUR"},
    "story": {
        "headline": "Hand-stitched", "previous_owner": "A collector", "owned_since": "2019-05-30",
        "special": "One of the first",
    },
    "includes": ["dust bag", "box", "strap"],
    "footage": ["a.mp4"],
}  # fmt: skip
WRITTEN = {
    "item.brand": "Orsetta",
    "item.model": "Pouch",
    "item.colour": "cognac",
    "item.material": "calfskin",
    "item.year": "2021",
    "item.size": "W 24 × H 16.5 cm",
    "story.headline": "Hand-stitched",
    "story.previous_owner": "A collector",
    "story.owned_since": "30 May 2019",
    "story.owned_year": "2019",
    "story.special": "One of the first",
    "price": "€1,250",
    "includes": "dust bag, box and strap",
}


def listing(**changes: Any) -> Listing:
    return Listing.model_validate({**PAGE, **changes})


def told(text: str, words: Language = ENGLISH, **changes: Any) -> dict[str, Any] | str:
    """The fields of the line, or why it is not said."""
    line = story_line(text, listing(**changes), words)
    return line.reason if isinstance(line, Unsaid) else line


# --- facts ---------------------------------------------------------------------------------------


def test_every_fact_is_written_as_the_seller_stated_it() -> None:
    assert tuple(WRITTEN) == FACTS
    for fact, said in WRITTEN.items():
        line = told(f"{{{{ {fact} }}}}")
        assert isinstance(line, dict)
        assert {k: v.replace("\u00a0", " ") for k, v in line.items()} == {"line": said}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("fr", ["30 mai 2019", "1 250 €", "dust bag, box et strap", "L 24 × H 16,5 cm"]),
        ("de", ["30. Mai 2019", "1.250 €", "dust bag, box und strap", "B 24 × H 16,5 cm"]),
        ("es", ["30 de mayo de 2019", "1.250 €", "dust bag, box y strap", "ancho 24 × alto 16,5 cm"]),  # noqa: E501
        ("it", ["30 maggio 2019", "1.250 €", "dust bag, box e strap", "L 24 × A 16,5 cm"]),
    ],
)  # fmt: skip
def test_figures_and_dates_follow_the_language(code: str, said: list[str]) -> None:
    facts = ("story.owned_since", "price", "includes", "item.size")
    lines = [told(f"{{{{ {fact} }}}}", Language(code)) for fact in facts]
    plain = [str(line["line"]) for line in lines if isinstance(line, dict)]
    assert [line.replace("\u00a0", " ").replace("\u202f", " ") for line in plain] == said


def test_of_two_lines_the_first_stands_above() -> None:
    line = told("Owned  since\n  {{ story.owned_year }}\n")
    assert line == {"line": "2019", "above": "Owned since"}


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("From {{ story.previous_owner }}", "story.previous_owner"),
        ("{{ item.brand }}, {{ item.year }}", "item.year"),
        ("{{ price }} with {{ includes }}", "price and includes"),
        ("{% if price %}Now with its price{% endif %}", "price"),
        ("{% if not story.special %}Nothing special{% endif %}", "story.special"),
    ],
)
def test_a_line_without_its_facts_is_not_said(text: str, lacking: str) -> None:
    bare = {"item": {"brand": "B", "model": "M"}, "story": {}, "price": None, "includes": []}
    assert told(text, **bare) == f"the listing does not state {lacking}"


def test_a_template_may_ask_whether_a_fact_is_stated() -> None:
    text = "{{ item.model }}{% if item.year is defined %}, {{ item.year }}{% endif %}"
    assert told(text) == {"line": "Pouch, 2021"}
    assert told(text, item={"brand": "B", "model": "M"}) == {"line": "M"}
    only = "{% if item.year is defined %}{{ item.year }}{% endif %}"
    assert told(only, item={"brand": "B", "model": "M"}) == (
        "its text says nothing for this listing"
    )


def test_a_line_too_long_to_be_read_at_a_glance_is_not_cut_but_left_out() -> None:
    fits = "x" * 90
    assert told("{{ story.special }}", story={"special": fits}) == {"line": fits}
    reason = told("Now\n{{ story.special }}", story={"special": fits + "y"})
    assert "91 characters" in reason and "shorten story.special" in reason
    assert "61 characters" in told(f"{'a' * 61}\n{{{{ item.brand }}}}")


# --- what comes from outside is not believed -----------------------------------------------------

HOSTILE = (
    "{{ ''.__class__.__mro__ }}", "{{ item.brand }}", "{% for x in ().__class__ %}{% endfor %}",
    "{# gone #} left", "</text><script>", "a\nb\r\nc", "%s {0} $x \\n", "{{ 7*7 }}",
)  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_what_a_seller_wrote_is_never_evaluated(words: str) -> None:
    line = told("About it\n{{ story.special }}", story={"special": words})
    assert line == {"line": " ".join(words.split()), "above": "About it"}


@settings(deadline=None, max_examples=200)
@given(words=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=90))
def test_any_text_of_a_seller_comes_through_as_written(words: str) -> None:
    said = " ".join(words.split())
    line = story_line(
        "{{ story.special }}", listing().model_copy(update={"story": _story(words)}), ENGLISH
    )
    assert line == {"line": said} if said else isinstance(line, Unsaid)


def _story(words: str) -> Any:
    return listing().story.model_copy(update={"special": words})


WRONG = [
    ("{{ item.serial }}", "names 'item.serial', which is no fact"),
    ("{{ item.yaer }}", "names 'item.yaer', which is no fact of a listing; did you mean 'item.y"),
    ("{{ grade }}", "names 'grade'"),
    ("{{ story }}", "names 'story'"),
    ("{{ item.brand.upper }}", "names 'item.brand.upper'"),
    ("{{ ''.__class__ }}", "does more than name facts"),
    ("{{ item.brand.__class__ }}", "names 'item.brand.__class__'"),
    ("{{ item['brand'] }}", "does more than name facts"),
    ("{{ item.brand | upper }}", "does more than name facts (filter)"),
    ("{% if item.year is odd %}x{% endif %}", "does more than name facts (test)"),
    ("{{ range(9) }}", "does more than name facts"),
    ("{% for x in includes %}{{ x }}{% endfor %}", "does more than name facts"),
    ("{% set x = 1 %}", "does more than name facts"),
    ("{% include 'x' %}", "does more than name facts"),
    ("{{ 'a' * 999999999 }}", "does more than name facts"),
    ("{{ item.brand", "cannot be read as a template"),
    ("{% if item.year %}", "cannot be read as a template"),
    ("Guaranteed, {{ item.brand }}", "promises ('Guarant')"),
    ("100 % {{ item.brand }}", "promises ('100 %')"),
    ("Garanti par nous", "promises ('Garant')"),
    ("Authentic {{ item.brand }}", "says 'Authentic', which is for a verified certificate's badge"),
    ("Verified {{ item.brand }}", "says 'Verified'"),
    ("Echte {{ item.brand }}", "says 'Echte'"),
    ("Vérifié {{ item.brand }}", "says 'Vérifié'"),
    ("{{ item.brand }} ሀ", "holds 'ሀ', which cannot be written"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[text for text, _ in WRONG])
@pytest.mark.parametrize("code", ["", "fr"])
def test_a_text_that_does_more_than_name_facts_is_refused_with_its_line(
    own_board: Callable[..., Path], text: str, said: str, code: str
) -> None:
    own = own_board({"en": "Fine", code: text} if code else text)
    with pytest.raises(ListingError) as caught:
        read_storyboard("own", own, Language(code) if code else None)
    (problem,) = caught.value.problems
    way = f"'slots.0.text{f'.{code}' * bool(code)}'"
    assert f"{problem.message}; {problem.mend}".startswith(f"{way} {said}")
    line = int(problem.where.partition(":")[2])
    assert (code or "text") in (own / "storyboards/own.yaml").read_text().splitlines()[line - 1]


def test_signs_that_the_fonts_lack_are_told_to_who_asks_for_their_language(
    own_board: Callable[..., Path],
) -> None:
    own = own_board({"en": "Fine", "ja": "From \U0010fffd"})
    assert read_storyboard("own", own).slots[0].text == "Fine"
    assert read_storyboard("own", own, Language("en-US")).slots[0].text == "Fine"
    with pytest.raises(ListingError) as caught:
        read_storyboard("own", own, Language("ja"))
    assert "cannot be written" in caught.value.problems[0].message


def test_the_sandbox_holds_even_for_a_text_that_nobody_checked() -> None:
    with pytest.raises(SecurityError):
        told("{{ item.brand.__class__.__mro__ }}")
    with pytest.raises(SecurityError):
        told("{{ item.update(brand='x') }}")


@pytest.fixture
def own_board(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a storyboard `own` whose first slot says `text`."""

    def write(text: Any, **more: Any) -> Path:
        import yaml

        from video_pipeline.resources import shipped

        page = yaml.safe_load((shipped("presets") / "storyboards/showcase.yaml").read_text())
        first = page["slots"][0]
        del first["overlays"]
        page["slots"][0] = {**first, "text": text, **more}
        (tmp_path / "storyboards").mkdir()
        path = tmp_path / "storyboards/own.yaml"
        path.write_text(yaml.safe_dump(page, allow_unicode=True, sort_keys=False, width=999))
        return tmp_path

    return write


# --- in a clip -----------------------------------------------------------------------------------


@pytest.fixture
def brief(write_listing: Callable[..., Path], tmp_path: Path) -> Callable[..., Brief]:
    def make(
        board: str | Storyboard, *, claims: tuple[Any, ...] = (), lang: str = "en", **changes: Any
    ) -> Brief:
        (tmp_path / "take.mp4").touch()
        stated = {"condition": condition(note(9.0)), **changes}
        read = read_listing(write_listing([tmp_path / "take.mp4"], **stated))
        words = Language(lang)
        storyboard = read_storyboard(board, None, words) if isinstance(board, str) else board
        refusals = () if claims else (Refusal("certificate.jwt", "it expired", "Ask for one."),)
        return Brief(
            read, storyboard, load_placement("tiktok"), load_scale("house", None, lang), claims,
            refusals, words,
        )  # fmt: skip

    return make


def planned(brief: Brief, *segments: tuple[float, dict[str, Any]]) -> Edit:
    return plan(brief, {"take.mp4": table(*(segments or RICH))})


def lines(edit: Edit) -> dict[str, dict[str, Any]]:
    return {
        cut.slot: use.fields
        for cut in edit.cuts
        for use in cut.overlays
        if use.template == "story-line"
    }


def reasons(edit: Edit) -> dict[str, str]:
    return {left.slot: left.reason for left in edit.left_out}


FULL = {
    "headline": "Hand-stitched", "previous_owner": "A collector in Florence", "owned_since": 2019,
    "special": "One of the first ones that were ever made, and carried on two evenings only",
}  # fmt: skip


def test_the_story_says_whose_it_was_how_long_and_what_is_special(
    brief: Callable[..., Brief],
) -> None:
    edit = planned(brief("story", story=FULL))
    assert lines(edit) == {
        "owner": {"above": "Previous owner", "line": "A collector in Florence"},
        "since": {"above": "Owned since", "line": "2019"},
        "special": {"above": "What makes it special", "line": FULL["special"]},
    }
    for cut in edit.cuts:
        for use in cut.overlays:
            if use.template == "story-line":
                said = " ".join(use.fields.values())
                assert cut.frames / edit.rate >= Fraction(len(said) - 1, 15)
                assert (use.first, use.last) == (0, cut.frames)


def test_a_story_line_is_held_where_the_view_is_too_short_for_it(
    brief: Callable[..., Brief],
) -> None:
    dark = {"exposure": 0.05, "luma": 0.1}
    parts = [p for n in range(4) for p in ((2.3, [WHOLE, METAL, SEAM, {}][n]), (1, dark))]
    edit = planned(brief("story", story=FULL, condition=condition()), *parts)
    special = next(cut for cut in edit.cuts if cut.slot == "special")
    assert special.hold > 0
    assert special.frames / edit.rate >= 6


def test_facts_that_are_missing_are_said_and_leave_no_hole(brief: Callable[..., Brief]) -> None:
    edit = planned(brief("story", story={"special": "One of the first"}))
    assert set(lines(edit)) == {"special"}
    assert not {"owner", "since"} & set(slots(edit))
    assert reasons(edit)["owner"] == "the listing does not state story.previous_owner"
    assert reasons(edit)["since"] == "the listing does not state story.owned_year"


def test_a_slot_that_must_be_there_stays_without_its_words(
    brief: Callable[..., Brief], own_board: Callable[..., Path]
) -> None:
    board = read_storyboard("own", own_board("{{ story.special }}", must="must"))
    edit = planned(brief(board, story={}))
    assert slots(edit)[0] == "hook"
    assert edit.cuts[0].overlays == ()
    assert reasons(edit)["hook"] == "the listing does not state story.special"


def test_the_price_comes_last_or_not_at_all(brief: Callable[..., Brief]) -> None:
    edit = planned(brief("price-reveal"))
    templates = [use.template for cut in edit.cuts for use in cut.overlays]
    assert templates[-2:] == ["price", "end-card"]
    order = [templates.index(name) for name in ("condition-note", "grade-card", "price")]
    assert order == sorted(order)
    assert lines(edit) == {"opening": {"line": "First the condition, then the price"}}
    without = planned(brief("price-reveal", price=None))
    assert not {"opening", "price"} & set(slots(without))
    assert reasons(without)["opening"] == "the listing does not state price"
    assert reasons(without)["price"] == "the listing has nothing for its price"


def test_a_price_reveal_says_what_the_listing_states_and_nothing_else(
    brief: Callable[..., Brief],
) -> None:
    item = {"brand": "Orsetta", "model": "Pouch"}
    without = planned(brief("price-reveal", item=item, includes=[]))
    bare = {use.template for cut in without.cuts for use in cut.overlays}
    assert "price" in bare
    assert not bare & {"measurements", "inclusions", "price-drop"}
    stated = brief(
        "price-reveal",
        price={"amount": "1250", "currency": "EUR", "was": "1400"},
        includes=["Dust bag", "Box"],
        item={**item, "size": {"width_cm": 24, "height_cm": 16}},
    )
    edit = planned(stated)
    said = {use.template: use.fields for cut in edit.cuts for use in cut.overlays}
    assert said["price-drop"] == {"amount_text": "€1,250", "was_text": "€1,400"}
    assert said["inclusions"] == {"items": ["Dust bag", "Box"]}
    assert "price" not in said
    assert said["measurements"] == {"sides": ["W 24\u00a0cm", "H 16\u00a0cm"]}
    assert reasons(without)["measurements"] == "the listing has nothing for its measurements"


def test_the_condition_comes_first_in_a_flaw_tour(brief: Callable[..., Brief]) -> None:
    edit = planned(brief("flaw-tour"))
    assert slots(edit)[:3] == ["opening", "flaw", "condition"]
    flaw = edit.cuts[1]
    assert all(flaw.frames >= cut.frames for cut in edit.cuts if cut.slot in ("hero", "hardware"))


def test_only_a_claim_speaks_of_how_a_piece_was_checked(brief: Callable[..., Brief]) -> None:
    with_one = planned(brief("authentication", claims=(CLAIM,)))
    proof = next(cut for cut in with_one.cuts if cut.slot == "proof")
    assert proof.overlays[0].fields["lines"] == list(CLAIM.lines)
    assert lines(with_one) == {}
    # Whoever examined the piece did not grade its condition: the two do not touch.
    order = slots(with_one)
    assert abs(order.index("proof") - order.index("condition")) > 1
    without = planned(brief("authentication"))
    assert "proof" not in slots(without)
    assert "it expired" in reasons(without)["proof"]
    assert not any(u.template == "certification-badge" for c in without.cuts for u in c.overlays)


# Footage that is poor, short or of one kind tempts to stretch what there is.
TAKES: dict[str, tuple[tuple[float, dict[str, Any]], ...]] = {
    "rich": RICH,
    "one view": ((12, WHOLE),),
    "broken": ((4, WHOLE), (0.5, {"exposure": 0.1}), (4, WHOLE), (2, {})),
}
SHORT = ((7, WHOLE), (3, {}))


@pytest.mark.parametrize(
    ("name", "take"),
    [*((name, "short") for name in storyboard_names()), *(("showcase", take) for take in TAKES)],
)
def test_no_flaw_is_shorter_than_the_hero_or_than_its_note(
    brief: Callable[..., Brief], name: str, take: str
) -> None:
    made = brief(name, story=FULL, condition=condition(note(1.0), note(9.0, "Word " * 20), note()))
    edit = planned(made, *TAKES.get(take, SHORT))
    flaws = [cut for cut in edit.cuts if cut.slot == "flaw"]
    assert len(flaws) == 2
    beauty = {slot.name for slot in made.storyboard.slots if slot.beauty}
    assert "hero" in beauty
    shortest = min(cut.frames for cut in flaws)
    assert all(cut.frames <= shortest for cut in edit.cuts if cut.slot in beauty)
    assert max(cut.frames for cut in flaws) / edit.rate >= Fraction(99, 15)
    notes = [use.fields["notes"] for cut in edit.cuts for use in cut.overlays
             if use.template == "grade-card"]  # fmt: skip
    assert notes == [["Corner: light scuff. A mark"]]


# --- the loop ------------------------------------------------------------------------------------


def test_a_loop_ends_where_it_begins_and_says_nothing_but_the_condition(
    brief: Callable[..., Brief],
) -> None:
    edit = planned(brief("silent-loop"), (6, WHOLE), *RICH[1:])
    first, last = edit.cuts[0], edit.cuts[-1]
    assert first.source == last.source
    assert last.start + last.frames / edit.rate == first.start
    words = {use.template for cut in edit.cuts for use in cut.overlays}
    assert words == {"condition-note", "grade-card"}
    assert not any("beginning" in warning for warning in edit.warnings)


def test_a_loop_prefers_a_stretch_that_is_not_shown_between() -> None:
    reel = Reel("take.mp4", table((5, WHOLE), (4, METAL), (6, {**WHOLE, "whole": 0.8})))
    wanted = (
        window(reel, "whole", 0, Fraction(2), Fraction(2)),
        window(reel, "whole", 20, Fraction(2), Fraction(2)),
    )
    flaw = window(reel, "flaw", 10, Fraction(3), Fraction(3))
    for others, expected in (([flaw], 9), ([], 0)):
        first, last = closed(
            *wanted, "whole", [reel], others=others, shortest=(Fraction(2), Fraction(1))
        ) or pytest.fail("no loop")
        assert last.start >= expected
        assert last.end == first.start
        assert (first.length, last.length) == (2, 2)
        assert not first.faults and not last.faults


def test_a_loop_gives_way_down_to_its_shortest_and_no_further() -> None:
    def ends(seconds: float) -> tuple[Any, Any] | None:
        reel = Reel("take.mp4", table((seconds, WHOLE), (5, {"exposure": 0.1, "luma": 0.1})))
        view = window(reel, "whole", 0, Fraction(2), Fraction(2))
        shortest = (Fraction(3, 2), Fraction(1))
        return closed(view, view, "whole", [reel], others=[], shortest=shortest)

    assert [w.length for w in ends(4.2) or ()] == [2, 2]
    assert [w.length for w in ends(3.4) or ()] == [2, 1]
    assert [w.length for w in ends(2.8) or ()] == [Fraction(3, 2), 1]
    assert ends(2.5) is None


def test_a_loop_that_cannot_be_closed_shows_its_beginning_again_and_says_so(
    brief: Callable[..., Brief],
) -> None:
    edit = planned(brief("silent-loop"), (2.2, WHOLE), *RICH[1:4])
    assert edit.cuts[-1].start == edit.cuts[0].start
    assert any("film the view of the hero shot for 3 s without a pause" in w for w in edit.warnings)


# --- languages and law ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", storyboard_names())
def test_every_board_says_its_lines_in_every_language(name: str) -> None:
    said: dict[str, list[str]] = {}
    read_storyboard(name)  # the texts of all languages are held against the rules
    for code in languages():
        for slot in load_storyboard(name, None, code).slots:
            if slot.text:
                fields = story_line(slot.text, listing(), Language(code))
                assert not isinstance(fields, Unsaid), fields
                line = " / ".join(fields.values())
                assert "{" not in line
                assert not forbidden(line)
                said.setdefault(slot.name, []).append(line)
    assert all(len(set(lines)) == len(languages()) for lines in said.values())
    assert bool(said) == (name in ("flaw-tour", "price-reveal", "story"))


@pytest.mark.parametrize("template", ["story-line", "certificate-state"])
def test_a_promise_written_into_an_edit_by_hand_is_warned_of(
    brief: Callable[..., Brief], template: str
) -> None:
    made = brief("story", story=FULL)
    edit = planned(made)
    assert promising_lines(edit, made.listing) == ()
    use = OverlayUse(template, {"line": "Guaranteed genuine"}, 0, 60)
    cuts = (replace(edit.cuts[0], overlays=(use,)), *edit.cuts[1:])
    (warning,) = promising_lines(replace(edit, cuts=cuts), made.listing)
    assert "'Guarant'" in warning
    # The seller's own words are warned of once, where they stand in the listing.
    sellers = brief("story", story={"special": "Guaranteed"})
    assert promising_lines(planned(sellers), sellers.listing) == ()
