"""Names: a house's own number for a piece, made safe as the name of a file on every system.

Linux, macOS and Windows differ in which names they take and which they hold to be the same. The
names made here are the same on all three: ASCII letters, digits, '.', '_' and '-', no device of
Windows', nothing that begins or ends with a dot. Two that differ by case alone are one name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 64

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def safe_name(sku: str) -> str:
    """The name of files and folders for a SKU; empty when no letter or digit is left of it.

    Accents go ('é' becomes 'e'), everything else that is no letter, digit, '.', '_' or '-' becomes
    '-'. At most 64 characters, valid as a listing's `sku`. A safe name stays as it is. Different
    SKUs may come to one name: whoever has several compares `same_name`.
    """
    plain = unicodedata.normalize("NFKD", sku).encode("ascii", "replace").decode()
    # What "replace" could not write is '?': an accent, which goes, or a letter, which leaves '-'.
    kept = "".join(
        "" if unicodedata.combining(char) else written
        for char, written in zip(unicodedata.normalize("NFKD", sku), plain, strict=True)
    )
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", kept)
    name = name.lstrip("._-")[:MAX_LENGTH].rstrip(".")
    if _DEVICE.match(name):
        name = f"sku-{name}"[:MAX_LENGTH].rstrip(".")
    return name if re.search(r"[A-Za-z0-9]", name) else ""


def same_name(name: str) -> str:
    """The form that two names share when a file system may hold them to be one."""
    return unicodedata.normalize("NFC", name).casefold()
