"""Tables: the rows of a CSV, XLSX or JSON Lines file, one after the other, as they were written.

A spreadsheet is somebody's working tool, so its habits are known here: a byte-order mark, UTF-16,
semicolons where commas are decimal, a first line `sep=;`, `="00123"` to keep the zeros, empty rows
and columns at the end. A text stays as it is (00123 keeps its zeros), a number is written as its
owner sees it (123.0 is 123), a formula counts as what it came to.
"""

from __future__ import annotations

import csv
import datetime
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from video_pipeline.errors import ListingError, Problem
from video_pipeline.handwriting.spelling import did_you_mean

MAX_BYTES: Final = 200_000_000
_SEPARATORS: Final = ";,\t"
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_ERRORS: Final = frozenset(
    {"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NULL!", "#NUM!", "#GETTING_DATA"}
)
_CSV_UTF8: Final = "save it again as 'CSV UTF-8'"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place ("row 12", "line 7"), its cells by column, what could not be read.

    Cells are text; of JSON Lines also lists and groups of text. Empty cells are left out.
    """

    place: str
    cells: Mapping[str, object]
    faults: tuple[tuple[str, str, str], ...] = ()  # column, message, mend


@dataclass(frozen=True)
class Table:
    """The columns of a table, and its rows, to be read once. JSON Lines have no set columns."""

    columns: tuple[str, ...] | None
    rows: Iterable[Row]


def refused(path: Path, message: str, mend: str = "", place: str = "") -> ListingError:
    """A mistake that leaves nothing of a catalogue to be read."""
    where = f"{path.name}, {place}" if place else path.name
    return ListingError(message, where=str(path), problems=[Problem(where, message, mend)])


def read_table(path: Path, sheet: str | None = None) -> Table:
    """Open a table by the ending of its name. `sheet` names one of a workbook; else the first.

    Raises ListingError when it is none, or cannot be read at all. Rows may raise it later, where a
    file turns out to be damaged.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise refused(path, f"{path} cannot be read: {error.strerror}", "check the name") from None
    if size > MAX_BYTES:
        raise refused(
            path, f"{path.name} is larger than {MAX_BYTES // 10**6} MB", "split it into several"
        )
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            return _csv(path)
        case ".xlsx" | ".xlsm":
            return _workbook(path, sheet)
        case ".jsonl" | ".ndjson":
            return Table(None, _json_lines(path))
    raise refused(
        path,
        f"a catalogue cannot be read from a file ending in '{path.suffix}'",
        "name a .csv, .xlsx or .jsonl file, or a folder of listing files",
    )


def _encoding(path: Path) -> str:
    """UTF-8 or UTF-16, by the first bytes."""
    with path.open("rb") as file:
        head = file.read(4000)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    pairs = head[: len(head) // 2 * 2]
    # In UTF-16 every other byte of plain words and separators is zero; UTF-8 text has none.
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if pairs and pairs[place::2].count(0) > len(pairs) / 4:
            return name
    return "utf-8-sig"


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text file, ends of lines kept."""
    number = 0
    try:
        with path.open(encoding=_encoding(path), newline="") as file:
            for number, line in enumerate(file, start=1):  # noqa: B007 - told in the error
                yield line
    except UnicodeError:
        raise refused(
            path, "the file is neither UTF-8 nor UTF-16 text", _CSV_UTF8, f"after line {number}"
        ) from None
    except OSError as error:
        raise refused(path, f"{path} cannot be read: {error.strerror}") from None


def _csv(path: Path) -> Table:
    lines = _lines(path)
    first = next(lines, "")
    separator = ""
    if told := re.fullmatch(r'"?sep=(.)"?\s*', first, re.IGNORECASE):
        separator, first = told[1], next(lines, "")
    separator = separator or max(
        _SEPARATORS, key=lambda s: len(next(csv.reader([first], delimiter=s), []))
    )
    reader = csv.reader(chain([first], lines), delimiter=separator, strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise refused(path, f"the line of column names: {error}", "check its quotes") from None
    columns = _columns(path, header)

    def rows() -> Iterator[Row]:
        number = 1
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                message = f"a quote does not fit ({error})"
                mend = 'write a quote inside a quoted cell twice: ""'
                yield Row(f"row {number}", {}, (("", message, mend),))
                continue
            yield from _row(columns, number, [_csv_cell(cell) for cell in cells])

    return Table(columns, rows())


def _csv_cell(cell: str) -> str:
    found = _AS_TEXT.fullmatch(cell.strip())
    return found[1] if found else cell


def _columns(path: Path, header: Sequence[str]) -> tuple[str, ...]:
    """The column names, the empty ones at the end left out."""
    names = [" ".join(name.split()) for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise refused(path, "there are no column names", "write them in the first row", "row 1")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise refused(path, f"there are two columns '{twice[0]}'", "name one otherwise", "row 1")
    return tuple(names)


def _row(
    columns: Sequence[str], number: int, cells: Sequence[str], faults: Iterable[Any] = ()
) -> Iterator[Row]:
    """The row, unless it is empty."""
    kept: dict[str, object] = {}
    told = list(faults)
    for place, cell in enumerate(cells):
        text = cell.strip().strip("\u00a0")
        if not text:
            continue
        column = columns[place] if place < len(columns) else ""
        if not column:
            message = f"'{text[:40]}' stands in column {place + 1}, which has no name"
            mend = "check the separators and quotes of this row, or name the column"
            told.append(("", message, mend))
        elif text in _ERRORS:
            told.append((column, f"the formula came to {text}", "mend the formula"))
        else:
            kept[column] = text
    if kept or told:
        yield Row(f"row {number}", kept, tuple(told))


def _workbook(path: Path, sheet: str | None) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - for these alone

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_BYTES:
                raise refused(path, "the workbook is too large", "keep the one sheet in it")
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            mend = did_you_mean(sheet, names) or f"there are: {', '.join(names)}"
            raise refused(path, f"there is no sheet '{sheet}'", mend)
        found = book.get_sheet_by_name(sheet or names[0])
    except (zipfile.BadZipFile, CalamineError, OSError, IndexError, KeyError) as error:
        raise refused(
            path, f"this cannot be read as a workbook: {error}", "save it again as .xlsx"
        ) from None
    above = (found.start or (0, 0))[0]
    rows = found.iter_rows()
    first = next(rows, [])
    # Rows above the first cell that holds anything are no rows.
    names_of_columns = _columns(path, [_number_as_seen(cell)[0] for cell in first])

    def read() -> Iterator[Row]:
        for number, cells in enumerate(rows, start=above + 2):
            seen = [_number_as_seen(cell) for cell in cells]
            faults = [
                (names_of_columns[i] if i < len(names_of_columns) else "", fault, "make the cell "
                 "text, and write it again")
                for i, (_, fault) in enumerate(seen)
                if fault
            ]  # fmt: skip
            yield from _row(names_of_columns, number, [text for text, _ in seen], faults)

    return Table(names_of_columns, read())


def _number_as_seen(cell: object) -> tuple[str, str]:
    """A cell as its owner reads it, and what is wrong with it."""
    if isinstance(cell, bool):
        return ("true" if cell else "false"), ""
    if isinstance(cell, float):
        return (str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)), ""
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return (cell.date().isoformat() if midnight else cell.isoformat(" ")), ""
    if isinstance(cell, datetime.date):
        return cell.isoformat(), ""
    if isinstance(cell, datetime.time | datetime.timedelta):
        # 0:12 may have been meant as twelve seconds; the workbook says 12 minutes past midnight.
        return "", f"the workbook holds {cell} here as a time of day"
    return str(cell), ""


def _json_lines(path: Path) -> Iterator[Row]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            value = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        except (json.JSONDecodeError, RecursionError) as error:
            said = getattr(error, "msg", "nested too deeply")
            yield Row(place, {}, (("", f"this is not JSON: {said}", "check quotes and commas"),))
            continue
        if not isinstance(value, dict):
            message = 'the line is no object in braces, such as {"sku": "A-1"}'
            yield Row(place, {}, (("", message, "write one object on each line"),))
            continue
        yield Row(place, {k: v for k, v in _texts(value).items() if v not in (None, "")})


def _texts(value: Any) -> Any:
    """JSON as a page holds it: text, lists and groups."""
    if isinstance(value, dict):
        return {str(key): _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value if value is None or isinstance(value, str) else str(value).lower()
