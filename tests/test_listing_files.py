"""What stands around a listing: its schema, its draft, the footage it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from video_pipeline.errors import FootageError, ListingError
from video_pipeline.listing.drafting import draft
from video_pipeline.listing.footage_paths import check_seen, footage_of, resolve_footage
from video_pipeline.listing.model import Listing, ListingFile, Seen
from video_pipeline.listing.reading import read_listing
from video_pipeline.listing.schema import SCHEMA_NAME, listing_schema

STATED: dict[str, Any] = {
    "sku": "A-17",
    "item": {"brand": "Arden", "model": "Juno", "size": {"width_cm": 30}},
    "condition": {
        "grade": "very-good",
        "notes": [{"part": "corner", "flaw": "corner-wear", "seen": {"time": "0:12.5"}}],
    },
    "price": {"amount": 1290.5, "currency": "EUR"},
    "certificates": [{"file": "certificate.jwt"}],
    "footage": ["raw/"],
}


def test_schema_takes_a_right_listing_and_refuses_wrong_ones() -> None:
    schema = listing_schema()
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    assert check.is_valid(STATED)
    assert Listing.model_validate(STATED).sku == "A-17"
    for key, wrong in {
        "sku": "../a",
        "footage": [],
        "path": "listing.yaml",
        "colour": "red",
        "price": {"amount": 1, "currency": "eur"},
        "condition": {"grade": "good", "notes": [{"part": "corner", "flaw": "corner ware"}]},
    }.items():
        assert not check.is_valid({**STATED, key: wrong}), key
    assert not check.is_valid({k: v for k, v in STATED.items() if k != "item"})


def test_schema_explains_every_field() -> None:
    schema = listing_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "path" not in schema["properties"]
    bare = [
        f"{name}.{key}"
        for name, model in {"Listing": schema, **schema["$defs"]}.items()
        for key, field in model["properties"].items()
        if not field.get("description") and "$ref" not in str(field)
    ]
    assert bare == []


@pytest.mark.parametrize(
    "folder", ["bag", "Café Noir 2", "...", "日本", "yes", "0012", "a" * 100, "-x-"]
)
def test_draft_reads_back(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    (home / "raw").mkdir(parents=True)
    clips = [home / "raw" / 'IMG: "1" #2.mov', tmp_path / "other.mp4"]
    path = home / "listing.yaml"
    path.write_text(draft(clips, home), encoding="utf-8")
    listing = read_listing(path)
    assert listing.footage == ('raw/IMG: "1" #2.mov', "../other.mp4")
    assert listing.condition.notes == ()
    assert listing.price is None


def test_draft_with_its_comments_taken_off_reads_back_too(tmp_path: Path) -> None:
    """The examples behind # are valid as well: a seller begins by deleting the #."""
    path = tmp_path / "listing.yaml"
    text = draft([], tmp_path).replace("  notes: []\n", "")
    lines = []
    for line in text.splitlines():
        body = line.strip()
        example = line.replace("# ", "", 1)
        is_key = body.startswith("# ") and (":" in body or body.startswith("#   - "))
        prose = body.startswith(("# One", "# a line", "# leave", "# Files", "# part", "# flaw"))
        lines.append(example if is_key and not prose else line)
    path.write_text("\n".join(lines), encoding="utf-8")
    listing = read_listing(path)
    assert listing.item.colour == "cognac"
    assert listing.condition.notes[0].flaw == "corner-wear"
    assert listing.price is not None
    assert listing.certificates
    assert listing.includes == ("Dust bag", "Box")


def test_draft_names_the_schema_only_where_it_lies(tmp_path: Path) -> None:
    assert "yaml-language-server" not in draft([], tmp_path)
    (tmp_path / SCHEMA_NAME).write_text("{}")
    first = draft([], tmp_path).splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_NAME}"


def listing_in(folder: Path, *footage: str, **other: Any) -> ListingFile:
    path = folder / "listing.yaml"
    path.write_text(
        yaml.safe_dump({**STATED, "footage": list(footage), **other}, allow_unicode=True),
        encoding="utf-8",
    )
    return read_listing(path)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop [2]" / "bag"
    for name in (
        "raw/IMG_10.MOV", "raw/IMG_9.mov", "raw/IMG_1.jpg", "raw/._IMG_9.mov", "raw/deep/x.mp4",
        "empty/note.txt", "take [1].mp4", "../outside.mkv",
    ):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def names(paths: tuple[Path, ...]) -> list[str]:
    assert all(p.is_absolute() and p.is_file() for p in paths)
    return [p.name for p in paths]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["raw/"], ["IMG_9.mov", "IMG_10.MOV"]),
        (["raw/*"], ["IMG_9.mov", "IMG_10.MOV"]),
        (["raw/*.jpg"], ["IMG_1.jpg"]),
        (["raw", "raw/IMG_1.jpg"], ["IMG_9.mov", "IMG_10.MOV", "IMG_1.jpg"]),
        (["raw/**"], ["x.mp4", "IMG_9.mov", "IMG_10.MOV"]),
        (["raw/*_10*", "raw"], ["IMG_10.MOV", "IMG_9.mov"]),
        (["take [1].mp4"], ["take [1].mp4"]),
        (["take*"], ["take [1].mp4"]),
        (["../outside.mkv", "./../outside.mkv"], ["outside.mkv"]),
    ],
)
def test_files_folders_and_globs(shop: Path, entries: list[str], expected: list[str]) -> None:
    assert names(resolve_footage(listing_in(shop, *entries))) == expected


def test_absolute_paths_and_links_give_each_file_once(shop: Path) -> None:
    (shop / "link.mp4").symlink_to(shop / "take [1].mp4")
    listing = listing_in(shop, str(shop / "raw"), "take [1].mp4", "link.mp4")
    assert names(resolve_footage(listing)) == ["IMG_9.mov", "IMG_10.MOV", "take [1].mp4"]


def test_names_from_a_mac_are_found(shop: Path) -> None:
    (shop / "cafe\u0301.mp4").write_bytes(b"")
    assert len(resolve_footage(listing_in(shop, "caf\u00e9.mp4"))) == 1


@pytest.mark.parametrize(
    ("entry", "message", "mend"),
    [
        ("raw/IMG_09.mov", "there is no footage 'raw/IMG_09.mov'", "did you mean 'IMG_9.mov'?"),
        ("rwa/IMG_9.mov", "there is no footage", "did you mean 'raw'?"),
        ("empty", "the folder 'empty' holds no video", "videos end in .3gp"),
        ("raw/*.mkv", "no video matches 'raw/*.mkv'", ""),
        (".", "holds no video", ""),
        ("http://example.com/a.mp4", "an address or a protocol", "download"),
        ("HTTPS:a.mp4", "an address or a protocol", "download"),
        ("concat:a.mp4|b.mp4", "an address or a protocol", ""),
        ("pipe:0", "an address or a protocol", ""),
        ("file:a.mp4", "an address or a protocol", ""),
        ("~no-such-person/a.mp4", "cannot be read", ""),
        ("/dev/null", "neither a file nor a folder", ""),
        ("a\nb.mp4", "there is no footage", ""),
        ("x" * 299, "cannot be read", ""),
    ],
)
def test_footage_that_is_not_there(shop: Path, entry: str, message: str, mend: str) -> None:
    (shop / "take [1].mp4").rename(shop / "raw" / "deep" / "take.mp4")
    listing = listing_in(shop, "raw/", entry)
    with pytest.raises(FootageError) as caught:
        resolve_footage(listing)
    assert message in caught.value.message
    assert mend in caught.value.mend
    line = int(caught.value.where.removeprefix("listing.yaml:"))
    assert (shop / "listing.yaml").read_text().splitlines()[line - 2].endswith("raw/")


def test_a_flood_of_files_is_refused(shop: Path) -> None:
    (shop / "many").mkdir()
    for i in range(201):
        (shop / "many" / f"{i}.mp4").touch()
    with pytest.raises(FootageError, match="more than 200"):
        resolve_footage(listing_in(shop, "many"))


def test_seen_names_its_file(shop: Path) -> None:
    note = {"part": "corner", "flaw": "scuff"}
    condition = {
        "grade": "good",
        "notes": [
            {**note, "seen": {"file": "IMG_9.mvo", "time": 1}},
            {**note, "seen": {"time": 1}},
            {**note, "seen": {"file": "IMG_10.MOV"}},
            note,
        ],
    }
    listing = listing_in(shop, "raw/", condition=condition)
    with pytest.raises(ListingError) as caught:
        check_seen(listing, resolve_footage(listing))
    told = [(p.message, p.mend) for p in caught.value.problems]
    assert told == [
        (
            "'condition.notes.0.seen.file' is 'IMG_9.mvo'; no footage has that name",
            "did you mean 'IMG_9.mov'?",
        ),
        (
            "'condition.notes.1.seen' has a time but no file, and there are several",
            "add 'file:', such as 'file: IMG_9.mov'",
        ),
    ]
    one = [Path("/x/a.mp4")]
    assert footage_of(Seen(time=1), one) == one[0]
    assert footage_of(Seen(file="b.mp4"), one) is None


ENTRIES = st.text(min_size=1, max_size=30).filter(
    lambda t: t.strip() and "\x00" not in t and "**" not in t
)


@settings(deadline=None)
@given(ENTRIES)
def test_no_entry_escapes_as_anything_but_a_file(tmp_path_factory: Any, entry: str) -> None:
    """Whatever a listing says: existing files with absolute paths, or a plain refusal."""
    folder: Path = tmp_path_factory.getbasetemp()
    stated = {**STATED, "footage": [entry]}
    listing = ListingFile(path=folder / "listing.yaml", **Listing.model_validate(stated).__dict__)
    try:
        paths = resolve_footage(listing)
    except FootageError:
        return
    assert all(p.is_absolute() and p.is_file() for p in paths)
