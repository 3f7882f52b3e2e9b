"""Where the files stand that a person may read and change: `overlays/`, `presets/`, `samples/`.

In a checkout they are the top-level folders; in an installed wheel they travel inside the package.
A person's own folder, when given, is looked up first, file by file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Shelf = Literal["overlays", "presets", "samples"]

_PACKAGE = Path(__file__).resolve().parent


@cache
def shipped(shelf: Shelf) -> Path:
    """The folder of that name that came with this installation."""
    packed = _PACKAGE / "_shipped" / shelf
    return packed if packed.is_dir() else _PACKAGE.parent / shelf


def find(shelf: Shelf, name: str, own: Path | None = None) -> Path | None:
    """The file `name` (a relative path) in the person's `own` folder, else in the shipped one."""
    for folder in (own, shipped(shelf)):
        if folder is not None and (path := folder / name).is_file():
            return path
    return None
