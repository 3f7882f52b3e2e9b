"""Catalogues: many listings in one table, each mistake with its row and column."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.catalogue.names import safe_name
from video_pipeline.catalogue.reading import read_catalogue
from video_pipeline.errors import ListingError
from video_pipeline.pipeline.catalogues import dry_run

HEAD = "sku;brand;model;grade;price;currency;footage"


def table(folder: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    path = folder / "cat.csv"
    path.write_text("\n".join([head, *rows]), encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, separator: str) -> None:
    path = table(
        tmp_path,
        "A-1;É;M;good;1290;EUR;a.mp4".replace(";", separator),
        head=HEAD.replace(";", separator),
        encoding=encoding,
    )
    (entry,) = read_catalogue(path).entries
    assert entry.listing().item.brand == "É"
    assert pickle.loads(pickle.dumps(entry)) == entry


def test_another_encoding_is_told(tmp_path: Path) -> None:
    with pytest.raises(ListingError) as told:
        read_catalogue(table(tmp_path, "A;É;M;good;;;a.mp4", encoding="cp1252"))
    assert "CSV UTF-8" in told.value.problems[0].mend


def test_a_row_costs_itself_alone_and_is_told_by_row_and_column(tmp_path: Path) -> None:
    path = table(tmp_path, "A;B;M;god;;;a.mp4", "B;B;M;good;1250,50;EUR;a.mp4|b.mp4",
                 "C;B;M;good;;;../a.mp4")  # fmt: skip
    found = read_catalogue(path)
    assert [entry.sku for entry in found.ready] == ["B"]
    grade, leaving = found.problems
    assert grade.where == "cat.csv, row 2, column 'grade'" and "'good'" in grade.mend
    assert leaving.where == "cat.csv, row 4, column 'footage'"
    assert len(read_catalogue(path, outside=True).ready) == 2
    assert found.ready[0].listing().footage == ("a.mp4", "b.mp4")


def test_excel_s_zeros_and_colliding_skus(tmp_path: Path) -> None:
    path = table(tmp_path, '"=""00123""";B;M;good;;;a.mp4', "a-1;B;M;good;;;a", "A 1;B;M;good;;;a")
    first, *alike = read_catalogue(path).entries
    assert first.name == "00123"
    assert all(entry.problems for entry in alike)
    assert len({entry.name.casefold() for entry in alike}) == 2


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.mp4").write_bytes(b"x")
    (tmp_path / "in/a.mp4").symlink_to(tmp_path / "out.mp4")
    assert read_catalogue(table(tmp_path / "in", "A;B;M;good;;;a.mp4")).problems
    with pytest.raises(ListingError):
        (read_catalogue(table(tmp_path / "in", "A;B;M;good;;;*.mp4")).entries[0]).listing()


def test_an_unknown_column_is_told_and_a_mapping_mends_it(tmp_path: Path) -> None:
    path = table(tmp_path, "A;B;M;Gut;a.mp4,b.mp4;x", head="Nr;brand;model;Wie;Dateien;Foto")
    assert any("column 'Foto'" in problem.where for problem in read_catalogue(path).problems)
    (tmp_path / "cat.mapping.yaml").write_text(
        "columns:\n  Nr: sku\n  Wie: {to: condition.grade, words: {gut: good}}\n"
        "  Dateien: {to: footage, split: ','}\n  Foto: ignore\nalways: {price.currency: EUR, "
        "price.amount: '5'}\n",
        encoding="utf-8",
    )
    listing = read_catalogue(path).entries[0].listing()
    assert listing.condition.grade == "good" and listing.footage == ("a.mp4", "b.mp4")
    assert listing.price is not None and listing.price.currency == "EUR"


def test_a_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["sku", "brand", "model", "grade", "year", "footage"])
    book.active.append(["00123", "B", "M", "good", 2014.0, "a.mp4"])
    book.active.append([123.0, "B", "M", "good", 2014, "a.mp4"])
    book.save(tmp_path / "cat.xlsx")
    first, second = read_catalogue(tmp_path / "cat.xlsx").entries
    assert (first.sku, second.sku) == ("00123", "123")
    assert first.listing().item.year == 2014


def test_json_lines_and_dry_run(tmp_path: Path) -> None:
    path = tmp_path / "cat.jsonl"
    path.write_text(
        '{"sku": "A", "item": {"brand": "B", "model": "M"}, "condition": {"grade": "good"}, '
        '"footage": ["a.mp4"]}\n{oops\n',
        encoding="utf-8",
    )
    found = dry_run(path)
    assert (found.ready, found.broken) == (0, 2)
    assert any("no footage 'a.mp4'" in problem.message for problem in found.problems)
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert dry_run(path).ready == 1


@given(st.text(max_size=90))
def test_names_are_safe(sku: str) -> None:
    name = safe_name(sku)
    assert name == safe_name(name)
    assert not name or (name[0].isalnum() and name[-1] != "." and len(name) <= 64)
    assert not set(name) & set('/\\:*?"<>| ') and name.isascii()
    assert name.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_five_thousand_rows_stay_light(tmp_path: Path) -> None:
    table(tmp_path, *(f"A-{i};B;M;good;{i};EUR;{i}.mp4" for i in range(5000)))
    code = (
        "import re,sys,pathlib\n"
        "from video_pipeline.catalogue.reading import read_catalogue\n"
        "c=read_catalogue(pathlib.Path(sys.argv[1]))\n"
        "kib=re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]\n"
        "print(len(c.ready), int(kib)//1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "cat.csv"], check=True,
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    ready, megabytes = map(int, done.stdout.split())
    assert ready == 5000
    assert megabytes < 200
