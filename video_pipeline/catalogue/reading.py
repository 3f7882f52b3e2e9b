"""Reading a catalogue: every row checked, every mistake told with its row and column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from video_pipeline.catalogue.columns import Mapping_, Stating, column_of, parsed, read_mapping
from video_pipeline.catalogue.model import Catalogue, Entry, digest_of, written
from video_pipeline.catalogue.names import safe_name, same_name
from video_pipeline.catalogue.tables import Row, read_table, refused
from video_pipeline.errors import ListingError, Problem
from video_pipeline.handwriting.pages import Loc, read_page

MAPPING_ENDING: Final = ".mapping.yaml"
_LISTINGS: Final = (".yaml", ".yml", ".json")


def read_catalogue(
    path: Path, *, mapping: Path | None = None, outside: bool = False, presets: Path | None = None
) -> Catalogue:
    """Read a catalogue: a `.csv`, `.xlsx` or `.jsonl` file, or a folder of listing files.

    Without a `mapping`, `NAME.mapping.yaml` beside a file `NAME.csv` counts, where there is one.
    Paths that leave the catalogue's folder are mistakes unless `outside`. `presets` is the
    seller's own folder, for grade scales and names of columns. Nothing but the catalogue is
    opened. Raises ListingError when it cannot be read at all, or the mapping has mistakes; mistakes
    of a row stand in its entry.
    """
    path = path.absolute()
    root = path if path.is_dir() else path.parent
    # A folder may stand behind a link; what its paths must not leave is where it really is.
    inside = None if outside else root.resolve()
    problems: list[Problem] = []
    if path.is_dir():
        if mapping is not None:
            raise refused(path, "a folder of listing files has no columns", "leave the mapping out")
        found = list(_folder(path, inside, presets))
    else:
        beside = path.with_name(path.stem + MAPPING_ENDING)
        told = mapping or (beside if beside.is_file() else None)
        map_ = read_mapping(told) if told else Mapping_()
        found = list(_table(path, map_, inside, presets, problems))
    entries = _named(found)
    if not entries and not problems:
        problems.append(Problem(path.name, "the catalogue is empty", "write a row, or a listing"))
    return Catalogue(
        path, root, entries, (*problems, *(p for entry in entries for p in entry.problems))
    )


def _table(
    path: Path, mapping: Mapping_, root: Path | None, own: Path | None, problems: list[Problem]
) -> Iterator[Entry]:
    table = read_table(path, mapping.sheet)
    known: dict[str, Stating | None] = {}

    def learn(column: str, place: str, *, nested: bool = False) -> None:
        if column in known:
            return
        found = column_of(column, mapping, own, nested=nested)
        if isinstance(found, str):
            where = f"{path.name}, {place}, column '{column}'"
            problems.append(Problem(where, "nobody knows this column", found))
            known[column] = None
        else:
            known[column] = found

    for column in table.columns or ():
        if column:
            learn(column, "row 1")
    _two_of_one(path, known, problems)
    always = [(way, value) for key, value in mapping.always.items() if (way := parsed(key))]
    shared: tuple[tuple[Loc, str], ...] = ()
    for row in table.rows:
        for column, cell in row.cells.items():
            learn(column, row.place, nested=not isinstance(cell, str))
        if len(shared) != len(known):
            shared = tuple((s.way, column) for column, s in known.items() if s is not None)
        yield _entry(path, row, known=known, always=always, columns=shared, root=root, own=own)


def _two_of_one(path: Path, known: Mapping[str, Stating | None], problems: list[Problem]) -> None:
    """Two columns that state the same: which of them counts is not for us to say."""
    first: dict[Loc, str] = {}
    for column, stating in known.items():
        if stating is not None and first.setdefault(stating.way, column) != column:
            message = f"the columns '{first[stating.way]}' and '{column}' state the same"
            problems.append(
                Problem(f"{path.name}, row 1", message, f"write '{column}: ignore' in a mapping")
            )


def _entry(
    path: Path,
    row: Row,
    *,
    known: Mapping[str, Stating | None],
    always: list[tuple[Loc, str]],
    columns: tuple[tuple[Loc, str], ...],
    root: Path | None,
    own: Path | None,
) -> Entry:
    value: dict[str, Any] = {}
    faults = list(row.faults)
    for loc, text in always:
        put(value, loc, text if loc[-1] not in ("footage", "includes") else [text])
    for column, cell in row.cells.items():
        stating = known[column]
        if stating is not None and not put(value, stating.way, stating.value(cell)):
            faults.append((column, "it contradicts another column", "state it once"))
    _close_up(value)
    sku = value.get("sku")
    sku = sku if isinstance(sku, str) else ""
    name = safe_name(sku)
    if name:
        value["sku"] = name  # names the files; the same where it was safe already
    place = f"{path.name}, {row.place}"
    stated = written({"row": value, "sku": sku})
    entry = Entry(
        name or f"~{row.place.replace(' ', '-')}",
        *(sku, place, digest_of(stated), path, root, written(value), columns),
        presets=own,
    )
    problems = [
        Problem(f"{place}, column '{column}'" if column else place, message, mend)
        for column, message, mend in faults
    ]
    if sku and not name:
        message = f"no file can be named after the SKU '{sku[:40]}'"
        problems.append(Problem(place, message, "write one with letters A-Z or digits"))
    return _checked(entry, problems)


def _checked(entry: Entry, problems: list[Problem]) -> Entry:
    """The entry with its mistakes; what could not be read hides what would follow from it."""
    if not problems:
        try:
            entry.checked()
        except ListingError as error:
            problems = list(error.problems) or [Problem(entry.place, error.message, error.mend)]
    return replace(entry, problems=tuple(problems)) if problems else entry


def put(value: dict[str, Any], loc: Loc, inner: object) -> bool:
    """Put a value at its way, making groups and lists; False where something else stands."""
    here: Any = value
    for part, following in zip(loc, [*loc[1:], None], strict=True):
        last = following is None
        fresh: Any = inner if last else ([] if isinstance(following, int) else {})
        if isinstance(part, int):
            if not isinstance(here, list):
                return False
            here.extend([None] * (part + 1 - len(here)))
            if here[part] is None or last:
                here[part] = fresh
        else:
            if not isinstance(here, dict):
                return False
            if part not in here or last:
                here[part] = fresh
        here = here[part]
    return True


def _close_up(value: dict[str, Any]) -> None:
    """Close the gaps of lists: a row with a flaw 2 and no flaw 1 has one note."""
    for loc in (("condition", "notes"), ("certificates",), ("footage",), ("includes",)):
        around: Any = value
        for part in loc[:-1]:
            around = around.get(part) if isinstance(around, dict) else None
        if isinstance(around, dict) and isinstance(around.get(loc[-1]), list):
            around[loc[-1]] = [entry for entry in around[loc[-1]] if entry is not None]


def _folder(folder: Path, root: Path | None, own: Path | None) -> Iterator[Entry]:
    """The listing files directly in a folder, and those named listing.* in the folders in it."""
    inner = (p for p in folder.glob("*/listing.*") if not p.parent.name.startswith("."))
    files = sorted(
        p
        for p in (*folder.iterdir(), *inner)
        if p.suffix.lower() in _LISTINGS
        and not p.name.startswith(".")
        and not p.name.endswith((MAPPING_ENDING, ".schema.json", ".edit.json"))
        and p.is_file()
    )
    for file in files:
        place = file.relative_to(folder).as_posix()
        if root is not None and not file.resolve().is_relative_to(root):
            problem = Problem(place, "this listing is a link out of the folder", "copy it here")
            yield Entry(f"~{safe_name(place)}", "", place, digest_of(place), file, root, "{}",
                        problems=(problem,))  # fmt: skip
            continue
        yield _file(file, place, root, own)


def _file(file: Path, place: str, root: Path | None, own: Path | None) -> Entry:
    broken = Entry(f"~{safe_name(place)}", "", place, digest_of(place), file, root, "{}")
    try:
        page = read_page(file)
    except ListingError as error:
        return replace(broken, problems=error.problems)
    value: Any = page.value if isinstance(page.value, dict) else {}
    sku = value.get("sku")
    sku = sku if isinstance(sku, str) else ""
    stated = written(page.value)
    lines = tuple((loc, f"line {line}") for loc, line in page.lines.items() if loc)
    name = safe_name(sku)
    entry = Entry(
        *(name or broken.name, sku, place, digest_of(stated), file, root, stated),
        presets=own,
    )
    mistakes = [Problem(f"{place}:{m.line}", m.message, m.mend) for m in page.mistakes]
    # The lines are told now; to keep them for every entry would weigh more than the listings.
    told = _checked(replace(entry, columns=lines), mistakes)
    problems = tuple(
        replace(p, where=p.where.replace(", column 'line ", ":").rstrip("'")) for p in told.problems
    )
    return replace(entry, problems=problems)


def _named(entries: list[Entry]) -> tuple[Entry, ...]:
    """The entries under names of their own; those that come to one name are told, each of them."""
    alike: dict[str, list[int]] = defaultdict(list)
    for number, entry in enumerate(entries):
        alike[same_name(entry.name)].append(number)
    for numbers in alike.values():
        if len(numbers) == 1:
            continue
        for copy, number in enumerate(numbers):
            entry = entries[number]
            other = entries[numbers[0] if copy else numbers[1]]
            why = "has the same SKU" if other.sku == entry.sku else f"has the SKU '{other.sku}'"
            problem = Problem(
                entry.place,
                f"{other.place} {why}, and both would be files named '{entry.name}'",
                "give each piece a SKU of its own",
            )
            # '~' is in no safe name, so these stay apart from all others.
            entries[number] = replace(
                entry, name=f"{entry.name}~{copy + 1}", problems=(*entry.problems, problem)
            )
    return tuple(entries)
