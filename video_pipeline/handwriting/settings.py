"""Settings: `video-pipeline.toml` in the folder where one works, what a person wants every time."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from video_pipeline.errors import ListingError, Problem

SETTINGS: Final = "video-pipeline.toml"


def read_table(folder: Path, table: str, names: Sequence[str]) -> dict[str, str]:
    """One table of a folder's settings, texts by their name; empty when there is none.

    Raises ListingError for a file that cannot be read, or that says anything else in that table
    than texts for `names`.
    """
    file = folder / SETTINGS
    if not file.is_file():
        return {}
    try:
        page = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ListingError(
            f"the file cannot be read: {error}", where=str(file), mend="correct it, or remove it"
        ) from error
    written = page.get(table, {})
    if not isinstance(written, dict):
        raise _mistaken([Problem(table, "is not a table", f"write [{table}]")])
    problems = []
    for name, value in written.items():
        if name not in names or not isinstance(value, str):
            known = "is not known" if name not in names else "is not a text"
            problems.append(Problem(f"{table}.{name}", known, f"use {', '.join(names)}"))
    if problems:
        raise _mistaken(problems)
    return written


def _mistaken(problems: Sequence[Problem]) -> ListingError:
    return ListingError("the settings have mistakes", where=SETTINGS, problems=list(problems))
