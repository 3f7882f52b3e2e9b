"""Addresses: where something stands that is not on this machine, and which are asked at all.

An address is `s3://bucket/path`, `gs://…`, `az://container/path`, `abfs://…`, or `file:///path` for
a mounted folder. Every other protocol is refused: fsspec knows dozens, of which some run commands
or read archives. An address never carries a name or a password; those come from the environment, as
each store's own tools read them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.spelling import did_you_mean

PROTOCOLS: Final = ("s3", "gs", "az", "abfs", "file", "memory")
"""Those that may be named; `memory` lasts as long as the process and is for trials."""

_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """A place in a store: its protocol, and the bucket with its path, without a last slash."""

    protocol: str
    path: str

    def __str__(self) -> str:
        return f"{self.protocol}://{self.path}"

    def __truediv__(self, name: str) -> Address:
        return Address(self.protocol, f"{self.path.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """The last part of it."""
        return self.path.rpartition("/")[2]

    def is_within(self, place: Address) -> bool:
        """Whether this is `place` or stands below it."""
        return self.protocol == place.protocol and (
            self.path == place.path or self.path.startswith(f"{place.path.rstrip('/')}/")
        )


def is_address(text: str) -> bool:
    """Whether a text is meant as an address: `protocol://`."""
    return _ADDRESS.match(text) is not None


def address_of(text: str, where: str = "") -> Address:
    """The address that a person wrote; a plain path is a mounted folder's.

    Raises UsageError for a protocol that is not asked, for a name or password within, and for what
    no store would take literally. `where` names the option or the line.
    """
    found = _ADDRESS.match(text)
    if not found:
        return Address("file", os.path.abspath(Path(text).expanduser()))  # noqa: PTH100
    protocol, rest = found[1].lower(), found[2]
    first, _, below = rest.partition("/")
    if "@" in first or re.search(r":[^/]", first):
        # What was written may hold a password, so it is not repeated.
        raise UsageError(
            f"this {protocol}:// address carries a name, a password or a port",
            where=where,
            mend="leave it out: credentials and endpoints are read from the environment, "
            "such as AWS_PROFILE and AWS_ENDPOINT_URL",
        )
    if protocol not in PROTOCOLS:
        raise UsageError(
            f"'{protocol}://' is no store that is asked",
            where=where,
            mend=did_you_mean(protocol, PROTOCOLS)
            or f"there are {', '.join(f'{name}://' for name in PROTOCOLS[:-1])}",
        )
    parts = rest.rstrip("/").split("/")
    wrong = [".", "..", *([] if protocol == "file" else [""])]
    odd = any(not c.isprintable() or c in "\\?#*[]" for c in rest)
    named = first or protocol == "file"
    if (
        not named
        or not rest.strip("/")
        or odd
        or "::" in rest
        or any(part in wrong for part in parts[1:])
    ):
        raise UsageError(
            f"'{text.encode('unicode_escape').decode()}' is no plain address",
            where=where,
            mend="write it like s3://bucket/folder/take.mov, without ?, #, *, [ and ..",
        )
    if protocol == "file":
        if first:
            raise UsageError(
                f"'{text}' names another machine",
                where=where,
                mend="write a mounted folder with three strokes: file:///mnt/footage",
            )
        return Address("file", os.path.normpath(f"/{below}"))
    return Address(protocol, rest.rstrip("/"))
