"""Moments and days as certificates write them: whole, in one form, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from video_pipeline.errors import ClaimError
from video_pipeline.trust.letters import is_plain, shown

_MOMENT = re.compile(
    r"(19|2[01])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-](0\d|1[0-4]):\d\d)", re.ASCII
)
_DAY = re.compile(r"(19|2[01])\d\d-\d\d-\d\d", re.ASCII)
_ASK_ISSUER = "Ask the issuer for a corrected certificate."


def text(content: Mapping[str, Any], name: str, limit: int) -> str:
    """The plain text that `content` states under `name`; raises ClaimError when there is none."""
    value = content.get(name)
    if value is None:
        raise ClaimError(f"it does not state '{name}'", mend=_ASK_ISSUER)
    if not isinstance(value, str) or not is_plain(value, limit):
        raise ClaimError(
            f"its '{name}' is not a plain text of up to {limit} signs", mend=_ASK_ISSUER
        )
    return value


def moment(content: Mapping[str, Any], name: str) -> datetime:
    """The point in time, with its zone, that `content` states under `name`. Raises ClaimError."""
    value = text(content, name, 40)
    if not _MOMENT.fullmatch(value):
        raise _no_date(name, value)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise _no_date(name, value) from error


def day(content: Mapping[str, Any], name: str) -> date:
    """The day that `content` states under `name`. Raises ClaimError."""
    value = text(content, name, 40)
    if not _DAY.fullmatch(value):
        raise _no_date(name, value)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise _no_date(name, value) from error


def _no_date(name: str, value: str) -> ClaimError:
    return ClaimError(f"its '{name}' is not a date: '{shown(value)}'", mend=_ASK_ISSUER)
