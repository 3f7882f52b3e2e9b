"""Captions: read whatever wrote them, cut as the footage is cut, drawn only where there is room."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from footage_tables import footage
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.analysis.speech import check_model, in_lines
from video_pipeline.edit.file import edit_as_json, read_edit, write_edit
from video_pipeline.edit.model import Cut, Edit, OverlayUse, SourceRef
from video_pipeline.edit.spoken import LEAST_S, as_srt, as_vtt, captions_of
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.listing.model import Item
from video_pipeline.listing.subtitles import Line, read_subtitles
from video_pipeline.presets.placements import load_placement
from video_pipeline.rendering.layers import DrawnOverlays, draw_overlays
from video_pipeline.rendering.spoken import CAPTION
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path

SRT = (
    "1\n00:00:01,500 --> 00:00:04,000\nThe <i>clasp</i>\ncloses well\n\n"
    "2\n0:00:05,0 --> 0:00:06,250\n{\\an8}Bye\n"
)
WANTED = (
    Line(Fraction(3, 2), Fraction(4), "The clasp closes well"),
    Line(Fraction(5), Fraction(25, 4), "Bye"),
)


def file(folder: Path, raw: str | bytes, name: str = "take.srt") -> Path:
    path = folder / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return path


@pytest.mark.parametrize(
    "raw",
    [
        SRT.encode(),
        SRT.encode("utf-8-sig"),
        SRT.encode("utf-16"),
        SRT.replace("\n", "\r\n").encode("utf-8-sig"),
        SRT.replace("\n", "\r").encode(),
        SRT.replace("\n\n", "\n").encode(),  # no empty row between two
        SRT.replace("1\n", "", 1).replace("\n2\n", "\n").encode(),  # no numbers
        b"WEBVTT - made by hand\n\nNOTE what for\n\nSTYLE\n::cue { color: red }\n\n"
        b"intro\n00:01.500 --> 00:04.000 align:start line:0\n<v Ada>The clasp\ncloses&nbsp;well\n\n"
        b"00:00:05.000 --> 00:00:06.250\n<00:00:05.100><c.loud>Bye</c>\n",
    ],
    ids=["plain", "BOM", "UTF-16", "CRLF and BOM", "CR", "close", "unnumbered", "VTT"],
)  # fmt: skip
def test_captions_are_read_whatever_wrote_them(tmp_path: Path, raw: bytes) -> None:
    assert read_subtitles(file(tmp_path, raw)) == WANTED


def test_old_windows_letters_are_read(tmp_path: Path) -> None:
    raw = "1\n00:00:01,0 --> 00:00:02,0\nDéjà vu\n".encode("cp1252")
    assert read_subtitles(file(tmp_path, raw))[0].text == "Déjà vu"


def test_every_bad_time_is_told_by_its_line(tmp_path: Path) -> None:
    bad = (
        "1\n00:00:01,500 -> 00:00:02,000\nlost arrow\n\n"  # no caption at all: nothing to tell
        "2\n00:00:03 --> soon\nhm\n\n3\n00:00:09,000 --> 00:00:07,000\nback\n\n"
        "4\n00:61:00,000 --> 00:62:00,000\nminutes\n\n5\n00:00:20,000 --> 00:00:21,000\nfine\n"
    )
    with pytest.raises(ListingError) as caught:
        read_subtitles(file(tmp_path, bad))
    assert [p.where for p in caught.value.problems] == ["take.srt:6", "take.srt:10", "take.srt:14"]
    assert "ends before" in caught.value.problems[1].message
    assert all("00:00:01,500 -->" in p.mend for p in caught.value.problems)


@pytest.mark.parametrize("raw", [b"", b"hello\n", b"\x00\x01\x02", b"1\n" * 1_100_000])
def test_what_is_no_captions_is_said_to_be_none(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(ListingError):
        read_subtitles(file(tmp_path, raw))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = file(tmp_path_factory.getbasetemp(), b"1\n00:00:01,0 --> 00:00:02,0\n" + raw)
    try:
        assert all(line.text and line.start < line.end for line in read_subtitles(path))
    except ListingError as error:
        assert error.problems


# Cutting them

RATE = Fraction(30)
CROP = Crop(270, 480, (CropKey(0, 0, 0),))


def cut(start: float, frames: int, hold: int = 0, slot: str = "hero") -> Cut:
    return Cut(slot, "take", Fraction(str(start)), frames, CROP, (), "any", "", hold=hold)


def spoken(*cuts: Cut, lines: tuple[Line, ...]) -> Edit:
    source = {"take": SourceRef("take.mp4", "")}
    return Edit("s", "l", "showcase", "tiny", 270, 480, RATE, source, cuts, spoken={"take": lines})


def line(start: float, end: float, text: str) -> Line:
    return Line(Fraction(str(start)), Fraction(str(end)), text)


def read(edit: Edit) -> list[tuple[int, int, str]]:
    return [(c.first, c.last, c.text) for c in captions_of(edit)]


def test_captions_move_with_the_cuts() -> None:
    lines = (line(1, 3, "first"), line(10, 12, "second"))
    assert read(spoken(cut(9, 120), cut(0, 120), lines=lines)) == [
        (30, 90, "second"), (150, 210, "first"),
    ]  # fmt: skip


def test_words_outside_a_cut_are_dropped_and_it_shows() -> None:
    lines = (line(0, 4, "aaaa bbbb cccc dddd"),)
    assert read(spoken(cut(2, 120), lines=lines)) == [(0, 60, "… cccc dddd")]
    assert read(spoken(cut(0, 60), lines=lines)) == [(0, 60, "aaaa bbbb …")]
    assert read(spoken(cut(4, 60), lines=lines)) == []


def test_one_line_over_two_cuts_of_one_take_stays_one() -> None:
    lines = (line(0, 4, "aaaa bbbb cccc dddd"),)
    assert read(spoken(cut(0, 60), cut(2, 60), lines=lines)) == [(0, 120, "aaaa bbbb cccc dddd")]


def test_sound_runs_on_under_a_held_frame_and_so_do_its_words() -> None:
    assert read(spoken(cut(0, 90, hold=60), lines=(line(1, 3, "held"),))) == [(30, 90, "held")]


def test_a_caption_is_never_a_flash() -> None:
    least = LEAST_S * RATE
    # It stands longer where there is time before or after, and is left out where there is none.
    assert read(spoken(cut(0, 90), lines=(line(1, 1.1, "Oh"),))) == [(30, 55, "Oh")]
    assert read(spoken(cut(0, 30), lines=(line(0.9, 1, "Oh"),))) == [(5, 30, "Oh")]
    tight = (line(0, 1, "one"), line(1, 1.2, "two"), line(1.2, 2.4, "three"))
    assert [text for *_, text in read(spoken(cut(0, 72), lines=tight))] == ["one", "three"]
    assert all(last - first >= least for first, last, _ in read(spoken(cut(0, 72), lines=tight)))


def test_a_long_line_is_read_in_turns() -> None:
    text = "and " * 60 + "end"
    found = read(spoken(cut(0, 600), lines=(line(0, 20, text),)))
    assert " ".join(part for *_, part in found) == text
    assert all(len(part) <= 100 for *_, part in found)
    assert all(a[1] == b[0] for a, b in pairwise(found))


times = st.integers(0, 200).map(lambda tenths: Fraction(tenths, 10))
lines_made = st.lists(
    st.builds(
        lambda a, n, t: Line(a, a + n + Fraction(1, 10), t), times, times, st.text(max_size=200)
    ),
    max_size=6,
)  # fmt: skip


@given(lines_made, st.lists(st.tuples(times, st.integers(1, 200)), min_size=1, max_size=4))
def test_captions_always_can_be_read(lines: list[Line], cuts: list[tuple[Fraction, int]]) -> None:
    edit = spoken(*(cut(float(a), n) for a, n in cuts), lines=tuple(lines))
    free = 0
    for caption in captions_of(edit):
        assert free <= caption.first and caption.last <= edit.frames
        assert caption.last - caption.first >= LEAST_S * RATE
        assert caption.text.strip()
        free = caption.last


HOSTILE = "<script>x</script> & 1 < 2 --> \u202eevil\u202c {\\an8} \x07bell"


def test_hostile_words_are_words_in_both_files(tmp_path: Path) -> None:
    captions = captions_of(spoken(cut(0, 120), lines=(line(0, 3, HOSTILE), line(3, 4, "end"))))
    for name, text in (("a.srt", as_srt(captions, RATE)), ("a.vtt", as_vtt(captions, RATE))):
        assert "\u202e" not in text and "\x07" not in text
        path = file(tmp_path, text, name)
        # A reader that is not ours finds two captions, where they belong.
        done = subprocess.run(
            [str(ffmpeg_path()), "-v", "error", "-i", str(path), "-f", "webvtt", "-"],
            check=True, capture_output=True, text=True, timeout=30,
        ).stdout  # fmt: skip
        assert done.count("-->") == 2
        assert "00:03.000 --> 00:04.000" in done
    assert "&lt;script&gt;" in as_vtt(captions, RATE)
    assert as_vtt(captions, RATE).startswith("WEBVTT\n\n")


def test_an_edit_keeps_what_is_said_and_a_slip_in_it_is_told(tmp_path: Path) -> None:
    edit = spoken(cut(0, 30), lines=WANTED)
    write_edit(edit, tmp_path / "edit.json")
    assert read_edit(tmp_path / "edit.json") == edit
    assert edit_as_json(edit)["spoken"]["take"][0]["start"] == "3/2"
    page = (tmp_path / "edit.json").read_text().replace('"text": "Bye"', '"txt": "Bye"')
    (tmp_path / "slip.json").write_text(page)
    with pytest.raises(ListingError) as caught:
        read_edit(tmp_path / "slip.json")
    assert "did you mean 'text'?" in str([p.mend for p in caught.value.problems])


# Drawing them


@pytest.fixture
def drawn(tiny_presets: Path, store: Store) -> Callable[[Edit], DrawnOverlays]:
    place = load_placement("tiny", tiny_presets)

    def draw(edit: Edit) -> DrawnOverlays:
        return draw_overlays(
            edit,
            place,
            {"take": footage("take")},
            item=Item(brand="Orsetta", model="Pouch"),
            claims=(),
            store=store,
        )

    return draw


def noted(edit: Edit) -> Edit:
    """The edit with a condition note on its first cut and nothing on the others."""
    fields = {"part": "corner", "flaw": "scuff", "severity": "light", "words": "At the back. " * 6}
    first, *others = edit.cuts
    use = OverlayUse("condition-note", fields, 0, first.frames)
    return replace(edit, cuts=(replace(first, overlays=(use,)), *others))


def test_captions_stand_inside_the_safe_area_over_every_cut_they_are_heard_in(
    drawn: Callable[[Edit], DrawnOverlays], tiny_presets: Path
) -> None:
    lines = (line(0, 4, "The clasp closes well"), line(5, 7, "Bye"))
    found = drawn(spoken(cut(0, 60), cut(2, 60), cut(4, 100), lines=lines))
    safe = load_placement("tiny", tiny_presets).safe
    assert [len(row) for row in found.layers] == [1, 1, 1]
    (a,), (b,), (c,) = found.layers
    assert (a.path, a.first, a.last) == (b.path, 0, 60)  # one caption, the same on both
    assert (c.first, c.last) == (30, 90)
    assert a.x >= safe.left and a.y >= safe.top
    assert not found.notes
    assert [name for name in found.digests if CAPTION in name]


def test_a_caption_stands_elsewhere_or_not_at_all_where_a_note_is(
    drawn: Callable[[Edit], DrawnOverlays],
) -> None:
    both = noted(
        spoken(cut(0, 90), cut(10, 90), lines=(line(0, 3, "See the corner"), line(10, 12, "Bye")))
    )
    found = drawn(both)
    note, *caption = found.layers[0]
    if caption:  # beside the note, on the other side of the picture
        assert abs(caption[0].y - note.y) > 20
    assert len(found.layers[1]) == 1
    # Where notes stand at the top and at the bottom, it is in the files alone, and that is said.
    first = both.cuts[0]
    (use,) = first.overlays
    full = replace(first, overlays=(replace(use, anchor="top"), replace(use, anchor="bottom")))
    found = drawn(replace(both, cuts=(full, both.cuts[1])))
    assert len(found.layers[0]) == 2
    assert found.notes[0].startswith("1 of 2 captions are not drawn")
    assert len(captions_of(both)) == 2


def test_words_that_no_font_has_stop_nothing(drawn: Callable[[Edit], DrawnOverlays]) -> None:
    found = drawn(spoken(cut(0, 90), lines=(line(0, 3, "\U0001f45c \ue123"),)))
    assert found.layers == ((),)
    assert "the fonts lack a letter" in found.notes[0]


def test_hostile_words_are_drawn_as_words(drawn: Callable[[Edit], DrawnOverlays]) -> None:
    found = drawn(spoken(cut(0, 120), lines=(line(0, 3, HOSTILE),)))
    assert len(found.layers[0]) == 1 and not found.notes


# Speech


def test_words_become_lines_at_pauses_and_full_stops() -> None:
    said = [(0.0, 0.4, " The"), (0.4, 1.0, " clasp."), (1.1, 1.5, " It"), (1.5, 2.0, " shuts"),
            (3.5, 4.0, " well"), *((4 + n / 2, 4.5 + n / 2, " and") for n in range(20)),
            ]  # fmt: skip
    words = [(Fraction(str(a)), Fraction(str(b)), text) for a, b, text in said]
    lines = in_lines(words)
    assert [found.text for found in lines[:2]] == ["The clasp.", "It shuts"]
    assert lines[0].end == 1 and lines[1].start == Fraction("1.1")
    assert all(len(found.text) <= 42 and found.end - found.start <= 5 for found in lines)
    assert " ".join(found.text for found in lines).split() == "".join(t for *_, t in words).split()


def test_a_model_that_is_none_is_told_with_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        check_model(tmp_path)
    assert "model.bin is missing" in caught.value.message
    assert "huggingface.co" in caught.value.mend


def test_without_the_extra_speech_says_how_to_get_it(tmp_path: Path) -> None:
    for part in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / part).write_bytes(b"x")
    if importlib.util.find_spec("faster_whisper"):
        pytest.skip("faster-whisper is installed")
    with pytest.raises(UsageError) as caught:
        check_model(tmp_path)
    assert "pip install 'video-pipeline[speech]'" in caught.value.mend
