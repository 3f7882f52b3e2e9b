"""What can go wrong, and whose turn it is to mend it.

    PipelineError                 a person can mend this: one or two plain lines, no traceback
    ├── UsageError          (2)   the command line asks for something that does not exist
    │   └── ListingError    (2)   the listing file has mistakes; all of them are reported at once
    ├── FootageError        (3)   footage is missing, unreadable, unusable, or lacks a view
    ├── ClaimError          (4)   a claim was required that cannot be made
    └── RenderError         (5)   the clip could not be made or did not pass its checks

Any other exception is a bug of ours: the door says so and asks for a report (exit code 1).
Errors are raised where the fact is known, and carry what happened, where, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Problem:
    """One thing to mend: where it stands, what is wrong, what to do."""

    where: str
    message: str
    mend: str = ""


class PipelineError(Exception):
    """The root of everything a person can mend.

    `where` names the file, the time or the line; `mend` says what to do next. Both may be empty.
    `problems` are told one by one, where there are several. `passing` says that the same may go
    well next time: a full disk, a machine that was too busy.
    """

    exit_code: ClassVar[int] = 5
    kind: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        mend: str = "",
        problems: Sequence[Problem] = (),
        passing: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.mend = mend or (problems[0].mend if problems else "")
        self.problems = tuple(problems)
        self.passing = passing


class UsageError(PipelineError):
    """The command line or the Python call asks for something that does not exist."""

    exit_code = 2
    kind = "usage"


class ListingError(UsageError):
    """A listing (or another file written by a person) has mistakes."""

    kind = "listing"


class FootageError(PipelineError):
    """Footage is missing, unreadable, empty, damaged, unusable, or lacks a required view."""

    exit_code = 3
    kind = "footage"


class ClaimError(PipelineError):
    """A claim was required that cannot be made."""

    exit_code = 4
    kind = "claim"


class RenderError(PipelineError):
    """The clip could not be made, stored, or did not pass its checks."""

    exit_code = 5
    kind = "rendering"
