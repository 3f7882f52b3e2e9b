"""The report: one page that holds everything, fetches nothing and runs nothing."""

from __future__ import annotations

import re
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import SAMPLE, MakeClip
from footage_tables import table

from video_pipeline import graph
from video_pipeline.analysis.model import Analysis
from video_pipeline.delivery.contact_sheet import read
from video_pipeline.delivery.report import ClipPage, small_picture, write_report
from video_pipeline.edit.coverage import Coverage, cover
from video_pipeline.edit.model import Candidate, Cut, Edit, LeftOut
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop
from video_pipeline.listing.model import ListingFile
from video_pipeline.presets.coverage import load_advice, load_expectations
from video_pipeline.toolchain import run
from video_pipeline.trust.claims import Refusal

HOSTILE = "<script>alert(1)</script> \"'> <img src=x onerror=y> {{ 7*7 }} & ünï"
FILE = HOSTILE.replace("/", "")  # a file's name holds no slash
REFUSAL = Refusal("other.jwt", "it is for another item", "ask for a new one")


class Page(HTMLParser):
    """What a browser would find in a page: tags, attributes and plain text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def picture(tmp_path: Path, short_take: Path) -> bytes:
    file = tmp_path / "still.jpg"
    run(graph.still(probe(short_take), Fraction(1), file), deadline_s=60, what="taking a still")
    return small_picture(read(file))


def stated(words: str, seen_at: float = 3, **item: Any) -> ListingFile:
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
    note = {"part": "corner", "flaw": "scuff", "words": words, "seen": {"time": seen_at}}
    page["condition"]["notes"] = [note]
    page["item"] |= item
    page["includes"] = [words]
    return ListingFile(**page, path=Path("/nowhere/listing.yaml"))


def covered(listing: ListingFile, analysis: Analysis) -> Coverage:
    name = analysis.footage.name
    return cover(listing, {name: analysis}, load_expectations("bag"), load_advice())


def edit_of(*cuts: Cut, left_out: tuple[LeftOut, ...] = ()) -> Edit:
    return Edit(
        sku="A-1", listing="listing.yaml", storyboard="showcase", placement="tiktok", width=1080,
        height=1920, rate=Fraction(30), sources={}, cuts=cuts, left_out=left_out,
    )  # fmt: skip


def cut_of(words: str, source: str) -> Cut:
    return Cut(
        slot=words, source=source, start=Fraction(1), frames=60, crop=Crop(1080, 1920, ()),
        overlays=(), shows=words, why=words, hold=15,
        runners_up=(Candidate(source, Fraction(2), 0.5, words),),
    )  # fmt: skip


def test_hostile_words_stay_words(tmp_path: Path, short_take: Path, picture: bytes) -> None:
    listing = stated(HOSTILE, model=HOSTILE, brand=HOSTILE)
    edit = edit_of(cut_of(HOSTILE, FILE), left_out=(LeftOut(HOSTILE, HOSTILE, None),))
    write_report(
        tmp_path / "r.html",
        listing=listing,
        footage={FILE: probe(short_take)},
        clips=[ClipPage(edit, HOSTILE, (picture,), (HOSTILE,))],
        coverage=covered(listing, table((6, {"hardware": 0.9}), name=FILE)),
        claims=[],
        refusals=[Refusal(HOSTILE, HOSTILE, HOSTILE)],
    )
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert page.text.lower().count("<script>alert(1)</script>") >= 12
    assert "{{ 7*7 }}" in page.text
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    sources = [v for name, v in page.attributes if name in ("src", "href", "action", "style")]
    assert sources
    assert all(address.startswith("data:image/jpeg;base64,") for address in sources)


def test_the_report_is_one_quiet_file(tmp_path: Path, short_take: Path, picture: bytes) -> None:
    listing, footage = stated("About 2 cm"), probe(short_take)
    blurred = {"hardware": 0.9, "sharpness": 0.1}
    analysis = table((4, {"stitching": 0.9, "whole": 0.9}), (3, blurred), name=footage.name)
    coverage = covered(listing, analysis)
    edit = edit_of(cut_of("hero", footage.name), cut_of("any", footage.name))

    def write(name: str) -> str:
        write_report(
            tmp_path / name,
            listing=listing,
            footage={footage.name: footage},
            clips=[
                ClipPage(edit, title, (picture, picture), ("a warning",))
                for title in ("TikTok", "Instagram Reels")
            ],
            coverage=coverage,
            claims=[],
            refusals=[REFUSAL],
        )
        return (tmp_path / name).read_text(encoding="utf-8")

    text = write("r.html")
    page = Page(text)
    for words in (
        "TikTok, Instagram Reels",
        "held still for 0.5 s",
        "0:01.0–0:02.5",
        "0:02.0 short.mp4: hero",
        load_advice().against(["out of focus"]),
        "It is for another item",
        "Ask for a new one",
        "Look at these yourself",
        "Stitching, close",
        "Corner: light scuff. About 2 cm",
    ):
        assert words in page.text, words
    assert page.text.count("A warning") == 1  # both clips are alike, and told once
    assert page.tags.count("img") == len(edit.cuts) + sum(
        bool(row.where or row.nearest) for row in coverage.rows
    )
    assert not re.findall(r"https?://|url\(|@import", text)
    assert str(listing.item.serial) not in text
    assert str(short_take.parent) not in text
    assert write("s.html") == text  # no time of day, no name of a folder


def test_what_is_to_be_known_of_a_file_is_in_it(
    tmp_path: Path, short_take: Path, make_clip: MakeClip
) -> None:
    """What to do about it stands there too; a file without remarks is not named."""
    sharp = make_clip("sharp.mp4", "-f", "lavfi", "-i", "testsrc2=s=1080x1920:d=0.4")
    footage = {FILE: probe(short_take), "sharp.mp4": probe(sharp)}
    write_report(
        tmp_path / "r.html",
        listing=stated("x"),
        footage=footage,
        clips=[],
        coverage=covered(stated("x"), table((12, {}), name=FILE)),
        claims=[],
        refusals=[],
    )
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    told = page.text[page.text.index("Your footage") :]
    assert told.index(FILE) < told.index("360 x 640 pixels, 12.0 s")
    assert "Only 360 x 640: stitching may not show; film at 1080 x 1920 or more." in told
    assert "sharp.mp4" not in page.text


def test_the_last_instant_of_a_file_has_a_picture(tmp_path: Path, short_take: Path) -> None:
    """A time after the last picture of a file, but before its end, takes the picture before."""
    footage = probe(short_take)
    time = float(footage.duration) - 0.005
    listing = stated("x", seen_at=time)
    coverage = covered(listing, table((12, {}), name=footage.name))
    write_report(
        tmp_path / "r.html",
        listing=listing,
        footage={footage.name: footage},
        clips=[],
        coverage=coverage,
        claims=[],
        refusals=[],
    )
    (flaw,) = [row for row in coverage.rows if row.view == "flaws"]
    assert flaw.state == "shown"
    assert flaw.where[0].best < time
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert page.tags.count("img") == sum(bool(r.where or r.nearest) for r in coverage.rows)


def test_each_clip_of_its_own_cuts_is_told(
    tmp_path: Path, short_take: Path, picture: bytes
) -> None:
    listing, footage = stated("x"), probe(short_take)
    write_report(
        tmp_path / "r.html",
        listing=listing,
        footage={footage.name: footage},
        clips=[
            ClipPage(edit_of(cut_of(slot, footage.name)), title, (picture,), ())
            for slot, title in (("hero", "TikTok"), ("hardware", "Shop"))
        ],
        coverage=covered(listing, table((6, {}), name=footage.name)),
        claims=[],
        refusals=[],
    )
    text = Page((tmp_path / "r.html").read_text(encoding="utf-8")).text
    assert "The clip for TikTok" in text
    assert "The clip for Shop" in text
    assert "Worth knowing" not in text
    assert "Certificates" not in text
