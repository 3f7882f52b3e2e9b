"""Reading listings: values come through as written, mistakes come out all at once, by line."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.errors import ListingError
from video_pipeline.geometry import Box
from video_pipeline.handwriting.pages import MAX_LEVELS, read_page
from video_pipeline.handwriting.spelling import did_you_mean, nearest
from video_pipeline.listing.clock import seconds_of
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.overlays.theme import theme_names
from video_pipeline.resources import shipped

GOOD = """\
sku: 0012
item:
  brand: Arden
  model: 1955
  colour: no
  year: 2014
condition:
  grade: very-good
  notes:
    - part: corner
      flaw: corner-wear
      words: "Light: one corner"
      seen: {file: a.mp4, time: 0:12.5, box: [0.1, 0, 0.2, 1]}
    - {part: lining, flaw: odour}
price: {amount: 1290.50, currency: EUR}
certificates:
story:
  owned_since: 2015
audio: {voice: mute, music: m.mp3, beats: {bpm: 92, find: no}}
footage: [raw/]
"""


def write(folder: Path, text: str, name: str = "listing.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(path: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(ListingError) as caught:
        read_listing(path)
    assert caught.value.exit_code == 2
    assert caught.value.problems
    return [(p.where, p.message, p.mend) for p in caught.value.problems]


def the_mistake(path: Path) -> tuple[str, str, str]:
    (only,) = mistakes(path)
    return only


def test_values_come_through_as_written(tmp_path: Path) -> None:
    listing = read_listing(write(tmp_path, GOOD))
    # YAML 1.1 would have made these 10, 1955 (a number) and False.
    assert (listing.sku, listing.item.model, listing.item.colour) == ("0012", "1955", "no")
    assert listing.item.year == 2014
    assert listing.price is not None
    assert listing.price.amount == Decimal("1290.50")
    assert listing.story.owned_since == 2015
    assert listing.audio.voice == "mute"
    assert listing.certificates == ()
    seen = listing.condition.notes[0].seen
    assert seen is not None
    assert (seen.seconds, seen.region) == (Fraction(25, 2), Box(0.1, 0, 0.2, 1))
    assert listing.folder == tmp_path


def test_json_is_read_too(tmp_path: Path) -> None:
    value = {
        "sku": "A-17",
        "item": {"brand": "Arden 😀", "model": "Juno", "year": 2014},
        "condition": {"grade": "good", "notes": []},
        "price": {"amount": 1290.5, "currency": "EUR"},
        "story": {"owned_since": "2015-05-01", "headline": None},
        "audio": {"voice": "mute"},
        "footage": ["a/b.mp4"],
    }
    text = json.dumps(value, indent="\t").replace("a/b", "a\\/b")
    listing = read_listing(write(tmp_path, text, "listing.json"))
    assert listing.item.brand == "Arden 😀"
    assert listing.story.owned_since == date(2015, 5, 1)
    assert listing.footage == ("a/b.mp4",)
    compact = json.dumps(value, separators=(",", ":"))
    assert read_listing(write(tmp_path, compact, "compact.json")).item == listing.item


def test_all_mistakes_are_told_at_once_with_line_and_nearest_word(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """\
sku: A-17
item:
  brnad: Arden
  model: Juno
condition:
  grade: verry good
  notes:
    - part: corner
      flaw: corner ware
      seen: {time: "1:75", box: [0.5, 0, 0.2, 1]}
price:
  amount: 1.290,00
  currency: eur
footage: raw/
""",
    )
    assert mistakes(path) == [
        (
            "listing.yaml:3",
            "'item.brnad' is not a key of 'item'; expected one of brand, model, category, colour, "
            "material, year, size, serial",
            "did you mean 'brand'?",
        ),
        (
            "listing.yaml:6",
            "'condition.grade' is 'verry good'; expected one of new, like-new, excellent, "
            "very-good, good, fair (scale 'house')",
            "did you mean 'very-good'?",
        ),
        (
            "listing.yaml:9",
            "'condition.notes.0.flaw' is 'corner ware'; expected one of corner-wear, "
            "colour-transfer, handle-darkening, loose-thread, pen-mark, rub-mark, …",
            "did you mean 'corner-wear'?",
        ),
        (
            "listing.yaml:10",
            "'condition.notes.0.seen.time' is '1:75'; expected seconds such as 12.5, or a clock "
            "time such as '0:12.5' or '1:02:03', with minutes and seconds below 60",
            "",
        ),
        (
            "listing.yaml:10",
            "'condition.notes.0.seen.box' is [0.5, 0, 0.2, 1]; expected x0, y0, x1, y1 with x0 "
            "below x1 and y0 below y1",
            "",
        ),
        (
            "listing.yaml:12",
            "'price.amount' is '1.290,00'; expected a number such as 1290 or 1290.50, without "
            "currency sign or thousands separator",
            "",
        ),
        (
            "listing.yaml:13",
            "'price.currency' is 'eur'; expected three capital letters such as EUR, USD, JPY or "
            "CNY",
            "did you mean 'EUR'?",
        ),
        (
            "listing.yaml:14",
            "'footage' is 'raw/'; expected a list, each entry on its own line after '- '",
            "put it on a line of its own as '- raw/'",
        ),
    ]


PIECES = [
    ("year: 2014", "year: 12", "at least 1850", ""),
    ("year: 2014", "year: MMXIV", "expected a whole number", ""),
    ("year: 2014", "year: [2014]", "is [2014]; expected a whole number", ""),
    ("brand: Arden", "brand: ''", "expected some text", ""),
    ("brand: Arden", "brand:", "'item.brand' is empty: the maker's name", "write 'brand: …'"),
    ("brand: Arden", "brand: {a: b}", "is a group of keys; expected text", "in quotes"),
    ("brand: Arden", "brand: " + "x" * 301, "at most 300 characters (there are 301)", ""),
    ("brand: Arden", 'brand: "A\\x07"', "cannot be shown (U+0007)", "delete it"),
    ("  brand: Arden\n", "", "'item.brand' is missing: the maker's name", "in 'item'"),
    ("find: no", "find: maybe", "expected true or false", ""),
    ("grade: very-good", "grade: very-good\n  scale: hous", "'condition.scale' is 'hous'", "house"),
    ("grade: very-good", "grade: A\n  scale: ../house", "'condition.scale' is '../house'", ""),
    ("sku: 0012", "sku: ../etc", "beginning with a letter or digit", ""),
    ("owned_since: 2015", "owned_since: lately", "a date such as 2019-05-31 or a whole", ""),
    ("1290.50", ".nan", "'price.amount' is '.nan'", ""),
    ("1290.50", "NaN", "'price.amount' is 'NaN'; expected a number such as 12.5", ""),
    ("1290.50", "-1", "expected a number of at least 0", ""),
    ("1290.50", "1.23456", "'1.23456', with 5 decimals; EUR has two", "at most two decimals"),
    ("[0.1, 0, 0.2, 1]", "[0.1, 0, 0.2]", "seen.box' ends too early: entry 4 is missing", ""),
    ("[0.1, 0, 0.2, 1]", "[0.1, 0, 0.2, 1.5]", "a number of at most 1", ""),
    ("[raw/]", "[]", "is []; expected at least 1 entry", ""),
    ("[raw/]", "[raw/, ]\nprice: 3", "'price' is written twice, first on line 15", "keep one"),
    ("sku: 0012", "sku: !!python/object:os.system 1", "the tag '!!python/object:os.system'", ""),
    ("sku: 0012", "sku: 0012\n<<: {a: b}", "'<<' (merging)", ""),
    ("sku: 0012", "sku: 0012\n? [a]\n: b", "a key must be a single word", ""),
]


@pytest.mark.parametrize(("right", "wrong", "message", "mend"), PIECES)
def test_one_mistake_in_plain_words(
    tmp_path: Path, right: str, wrong: str, message: str, mend: str
) -> None:
    assert right in GOOD
    text = GOOD.replace(right, wrong, 1)
    told = mistakes(write(tmp_path, text))
    where, said, advice = told[0]
    assert message in said
    assert mend in advice
    line = int(where.removeprefix("listing.yaml:"))
    assert 1 <= line <= text.count("\n")
    if right.strip() != "[raw/]" and right in text.splitlines()[line - 1]:
        pytest.fail("the line shown is not the wrong one")
    assert not any("pydantic" in m or "Input should" in m for _, m, _ in told)


PRICES = [
    ("1.250", "EUR", "'1.250', with three decimals; EUR has two", "write 1250 or 1.25"),
    ("99.995", "EUR", "'99.995', with three decimals", "write 99995 or at most two decimals"),
    ("0.004", "EUR", "'0.004', with three decimals", "write at most two decimals"),
    ("4e-3", "EUR", "'4e-3', with three decimals", "write at most two decimals"),
    ("99.5", "JPY", "'99.5', with one decimal; JPY has none", "write no decimals"),
    ("180.000", "JPY", "with three decimals; JPY has none", "write 180000 or 180"),
    ("1.2500", "KWD", "with four decimals; KWD has three", "write 1.25"),
]
CURRENCIES = [
    ("ZZZ", ""),
    ("EUO", "did you mean 'EUR'?"),
    ("ERU", "did you mean 'EUR'?"),
    ("RMB", "did you mean 'CNY'?"),
    ("DEM", "'DEM' is no longer in use; did you mean 'EUR'?"),
    ("VEF", "'VEF' is no longer in use; did you mean 'VES'?"),
    ("XXX", None),
    ("XAU", None),
]


@pytest.mark.parametrize(("amount", "currency", "message", "mend"), PRICES)
@pytest.mark.parametrize("name", ["listing.yaml", "listing.json"])
def test_an_amount_that_would_have_to_be_rounded(
    tmp_path: Path, name: str, amount: str, currency: str, message: str, mend: str
) -> None:
    if name.endswith("json"):
        text = f"""{{"sku": "A", "item": {{"brand": "A", "model": "B"}},
            "condition": {{"grade": "good"}}, "footage": ["a"],
            "price": {{"currency": "{currency}",
            "amount": {amount}}}}}"""
    else:
        text = GOOD.replace("1290.50, currency: EUR", f"{amount}, currency: {currency}")
    where, said, advice = the_mistake(write(tmp_path, text, name))
    line = int(where.partition(":")[2])
    assert amount in text.splitlines()[line - 1]
    assert message in said
    assert advice == mend


@pytest.mark.parametrize(("currency", "mend"), CURRENCIES)
def test_a_currency_that_nobody_pays_with(tmp_path: Path, currency: str, mend: str | None) -> None:
    path = write(tmp_path, GOOD.replace("currency: EUR", f"currency: {currency}"))
    where, said, advice = the_mistake(path)
    assert where == "listing.yaml:15"
    assert said == (
        f"'price.currency' is '{currency}'; expected the ISO 4217 code of a currency in use, such "
        "as EUR, USD, JPY or CNY"
    )
    assert mend is None or advice == mend


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0", "EUR"),
        ("0.00", "EUR"),
        ("1.25", "EUR"),
        ("99.5", "USD"),
        ("180000", "JPY"),
        ("1.250", "KWD"),
        ('"1290.50"', "CHF"),
        ("99999999999.99", "GBP"),
    ],
)
def test_a_price_comes_through_digit_by_digit(tmp_path: Path, amount: str, currency: str) -> None:
    text = GOOD.replace("1290.50, currency: EUR", f"{amount}, currency: {currency}")
    price = read_listing(write(tmp_path, text)).price
    assert price is not None
    assert (str(price.amount), price.currency) == (amount.strip('"'), currency)


def test_characters_that_no_font_has_are_told_with_their_lines(tmp_path: Path) -> None:
    text = """\
sku: A-17
item:
  brand: Arden ሀ
  model: ለሐመ Juno ለ
  colour: red ሠ\ufe0f
  material: calf\u200dskin\ufe0f
  serial: 製造
condition:
  grade: good
  notes:
    - part: corner
      flaw: scuff
    - part: corner
      flaw: stain
      words: |
        On the back.
        Small ረ, see ረ
      seen: {file: 動画.mp4}
story:
  headline: "Für Élise — “100 %” ሰ\u200dሸ"
  previous_owner: ቀበ
includes:
  - Dust bag
  - ተ
  - "\u200b"
footage: [動画.mp4]
"""
    path = write(tmp_path, text)
    assert read_listing(path).item.brand == "Arden ሀ"
    with pytest.raises(ListingError) as caught:
        read_listing(path, writable=unwritable)
    cannot = "cannot be written with the fonts of this installation"
    assert [(p.where, p.message, p.mend) for p in caught.value.problems] == [
        ("listing.yaml:3", f"in 'item.brand', 'ሀ' {cannot}", "take it out"),
        ("listing.yaml:4", f"in 'item.model', 'ለ', 'ሐ', 'መ' {cannot}", "take them out"),
        ("listing.yaml:5", f"in 'item.colour', 'ሠ' {cannot}", "take it out"),
        ("listing.yaml:15", f"in 'condition.notes.1.words', 'ረ' {cannot}", "take it out"),
        ("listing.yaml:20", f"in 'story.headline', 'ሰ', 'ሸ' {cannot}", "take them out"),
        ("listing.yaml:21", f"in 'story.previous_owner', 'ቀ', 'በ' {cannot}", "take them out"),
        ("listing.yaml:24", f"in 'includes.1', 'ተ' {cannot}", "take it out"),
        ("listing.yaml:25", f"in 'includes.2', 'U+200B' {cannot}", "take it out"),
    ]


def test_many_characters_that_no_font_has_are_told_in_part(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("colour: no", "colour: ሀለሐመሠረሰሸቀበ"))
    with pytest.raises(ListingError) as caught:
        read_listing(path, writable=unwritable)
    (told,) = caught.value.problems
    assert "'ሰ', 'ሸ', … cannot be written" in told.message


def test_unwritable_text_in_a_damaged_listing_is_one_mistake_among_others(tmp_path: Path) -> None:
    text = GOOD.replace("model: 1955", "model: [ሀ]").replace("colour: no", "colour: ሀ")
    with pytest.raises(ListingError) as caught:
        read_listing(write(tmp_path, text + "includes: ሀ\n"), writable=unwritable)
    assert [p.where for p in caught.value.problems] == [
        "listing.yaml:4", "listing.yaml:5", "listing.yaml:21",
    ]  # fmt: skip


def test_everything_may_be_as_long_as_it_is_allowed_to_be(tmp_path: Path) -> None:
    words = ("Worn at the seam, as is usual. " * 10)[:300].strip().ljust(300, "!")
    value = {
        "sku": "A",
        "item": dict.fromkeys(("brand", "model", "colour", "material"), words),
        "condition": {
            "grade": "good",
            "notes": [{"part": "corner", "flaw": "scuff", "words": words}] * 12,
        },
        "price": {"amount": 0, "currency": "EUR"},
        "story": dict.fromkeys(("headline", "previous_owner", "special"), words),
        "includes": [words] * 12,
        "footage": ["a.mp4"],
    }
    path = write(tmp_path, json.dumps(value), "listing.json")
    listing = read_listing(path, writable=unwritable)
    assert listing.story.headline == listing.includes[11] == words
    assert [note.words for note in listing.condition.notes] == [words] * 12
    assert listing.price is not None
    assert listing.price.amount == 0


@pytest.mark.parametrize("empty", ["", "price:\ncertificates:\nincludes:\nstory:\n"])
def test_a_listing_may_say_next_to_nothing(tmp_path: Path, empty: str) -> None:
    text = "sku: A\nitem: {brand: A, model: B}\ncondition: {grade: good}\nfootage: [a]\n"
    listing = read_listing(write(tmp_path, text + empty), writable=unwritable)
    assert listing.price is None
    assert listing.certificates == ()
    assert listing.includes == ()
    assert listing.condition.notes == ()
    assert listing.story.headline is None


def test_too_many_entries(tmp_path: Path) -> None:
    text = GOOD + "includes: [" + ", ".join(["dust bag"] * 13) + "]\n"
    assert the_mistake(write(tmp_path, text))[1] == (
        "'includes' is a list of 13; expected at most 12 entries"
    )


SYNTAX = [
    ("sku: A\n\titem: b\n", 2, "indented with a tab"),
    ("sku: A\nitem:\n  brand: Arden: Paris\n", 3, "a second ':'"),
    ("sku: A\nitem:\n  words: @home\n", 3, "a character that YAML keeps for itself"),
    ('sku: A\nitem:\n  brand: "Arden\n  model: b\n', 3, "a quote is opened"),
    ("sku: A\nfootage: [a, b\nitem: x\n", 2, "a bracket is opened"),
    ("sku: A\nitem\nfoo: b\n", 2, "without ':'"),
    ("item:\n    brand: a\n  model: b\n", 3, "indentation"),
    ("sku: *A\n", 1, "starts with '*'"),
    ("sku: !\n  !<\n", 2, "starts with '!'"),
    ("sku: >50 cm\n", 1, "starts with '|' or '>'"),
    ("sku: - a\n", 1, "where no list can begin"),
    ("sku: A\n---\nsku: B\n", 2, "a second document"),
    ("sku: A\nitem: \x00\n", 2, "a character that is not text"),
    ("", 1, "the file is empty"),
    ("# nothing yet\n", 1, "the file is empty"),
    ("- sku: A\n", 1, "must hold keys and values"),
    ("just text\n", 1, "must hold keys and values"),
]


@pytest.mark.parametrize(("text", "line", "words"), SYNTAX)
def test_syntax_in_plain_words(tmp_path: Path, text: str, line: int, words: str) -> None:
    where, message, _ = the_mistake(write(tmp_path, text))
    assert where == f"listing.yaml:{line}"
    assert words in message


def test_json_syntax(tmp_path: Path) -> None:
    path = write(tmp_path, '{"sku": "A",\n "item": }', "listing.json")
    where, message, _ = the_mistake(path)
    assert where == "listing.json:2"
    assert "this is not JSON" in message


def test_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(ListingError) as caught:
        read_listing(tmp_path / "lisitng.yaml")
    assert "there is no file" in caught.value.message
    assert caught.value.mend == "did you mean 'listing.yaml'?"
    with pytest.raises(ListingError, match="is a folder"):
        read_listing(tmp_path)


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "listing.yaml"
    path.write_bytes(b"sku: A\nitem: caf\xe9\n")
    where, message, mend = the_mistake(path)
    assert (where, message) == ("listing.yaml:2", "the file is not UTF-8 text")
    assert "UTF-8" in mend
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_listing(path).sku == "0012"
    path.write_bytes(b"#" * 1_000_001)
    assert "larger than 1 MB" in the_mistake(path)[1]


def bombs() -> dict[str, str]:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
    )
    return {
        "aliases": laughs,
        "cycle": "sku: &a [*a]\n",
        "depth": "sku: " + "[" * 50_000,
        "block depth": "".join(" " * i + "a:\n" for i in range(MAX_LEVELS + 5)),
        "count": "sku: [" + "1," * 400_000 + "]",
    }


@pytest.mark.parametrize("name", bombs())
def test_bombs_are_refused_quickly(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, bombs()[name])
    begin = time.perf_counter()
    _, message, _ = the_mistake(path)
    assert "levels deep" in message or "more than 20,000 values" in message
    assert time.perf_counter() - begin < 10


def test_deep_json_is_refused(tmp_path: Path) -> None:
    assert "levels" in the_mistake(write(tmp_path, "[" * 200_000, "listing.json"))[1]
    text = "[" * 60 + "]" * 60
    assert "levels" in the_mistake(write(tmp_path, text, "listing.json"))[1]


def test_lines_of_keys_and_entries(tmp_path: Path) -> None:
    page = read_page(write(tmp_path, GOOD))
    lines = GOOD.splitlines()
    assert "corner-wear" in lines[page.line(("condition", "notes", 0, "flaw")) - 1]
    assert "odour" in lines[page.line(("condition", "notes", 1)) - 1]
    assert page.line(("item", "no such key")) == page.line(("item",)) == 2


NOISE = st.text(" \t\n:-[]{}'\"*&!|>?%@#,a1\x07é", max_size=8)


@settings(deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 40), NOISE)
def test_a_damaged_listing_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, length: int, noise: str
) -> None:
    """Whatever happens to the file, the seller gets lines and words, never a traceback."""
    text = GOOD[:at] + noise + GOOD[at + length :]
    path = write(tmp_path_factory.getbasetemp(), text)
    try:
        read_listing(path)
    except ListingError as error:
        assert error.problems
        for problem in error.problems:
            assert re.fullmatch(r"listing\.yaml:[0-9]+", problem.where)
            assert problem.message
            assert "Input should" not in problem.message


@settings(deadline=None)
@given(hours=st.integers(0, 99), minutes=st.integers(0, 59), milliseconds=st.integers(0, 59_999))
def test_clock_times_are_exact(hours: int, minutes: int, milliseconds: int) -> None:
    exact = hours * 3600 + minutes * 60 + Fraction(milliseconds, 1000)
    seconds = f"{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
    assert seconds_of(f"{hours}:{minutes:02d}:{seconds}") == exact
    assert seconds_of(f"{hours * 60 + minutes}:{seconds}") == exact
    assert seconds_of(f"{float(exact):.3f}") == exact


@settings(deadline=None)
@given(st.floats(0, 100_000).map(lambda x: round(x, 3)))
def test_float_seconds_count_as_the_decimal_they_print_as(value: float) -> None:
    assert seconds_of(value) == Fraction(str(value))


@settings(deadline=None)
@given(st.text(max_size=12))
def test_a_clock_time_is_a_number_or_a_plain_refusal(text: str) -> None:
    try:
        assert seconds_of(text) >= 0
    except ValueError as error:
        assert "12.5" in str(error)


@pytest.mark.parametrize(
    "bad", ["", "-1", "1:60", "0:61:00", "1:2:3:4", "1e3", "inf", "nan", "٣", "0:12,5", -1.0, True]
)
def test_bad_clock_times(bad: str | float) -> None:
    with pytest.raises(ValueError, match=r"12\.5"):
        seconds_of(bad)


WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz-", min_size=3, max_size=20), min_size=1, max_size=20
)


@settings(deadline=None)
@given(WORDS, st.text(max_size=200))
def test_the_nearest_word_is_a_valid_word(words: list[str], typed: str) -> None:
    found = nearest(typed, words)
    assert found is None or found in words
    assert did_you_mean(typed, words) == (f"did you mean '{found}'?" if found else "")


@settings(deadline=None)
@given(WORDS, st.data())
def test_a_word_in_capitals_or_spaces_is_found_exactly(
    words: list[str], data: st.DataObject
) -> None:
    word = data.draw(st.sampled_from(words))
    found = nearest(word.upper().replace("-", " "), [word])
    assert found == word


@settings(deadline=None)
@given(st.data())
def test_one_slip_of_the_finger_is_found(data: st.DataObject) -> None:
    word = data.draw(st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=20))
    at = data.draw(st.integers(0, len(word) - 1))
    assert nearest(word[:at] + word[at + 1 :], [word, "0000000000"]) == word


def test_a_theme_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    text = (shipped("samples") / "cognac-pouch/listing.yaml").read_text(encoding="utf-8")
    path = write(tmp_path, text + "\ntheme: stret\n")
    with pytest.raises(ListingError) as caught:
        read_listing(path, themes=theme_names())
    (problem,) = caught.value.problems
    assert "'theme' is 'stret'; expected one of atelier" in problem.message
    assert "street" in problem.mend
    assert read_listing(
        write(tmp_path, text + "\ntheme: street\n"), themes=theme_names()
    ).theme == ("street")
