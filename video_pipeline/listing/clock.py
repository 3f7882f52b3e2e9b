"""Clock times: a moment in a footage file as a person writes it."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

CLOCK_WORDS: Final = "seconds such as 12.5, or a clock time such as '0:12.5' or '1:02:03'"

_CLOCK = re.compile(
    r"(?:(?:(?P<h>[0-9]{1,3}):)?(?P<m>[0-9]{1,4}):)?(?P<s>[0-9]{1,6}(?:\.[0-9]{1,9})?)"
)


def seconds_of(time: float | str) -> Fraction:
    """Exact seconds of `12.5`, '12.5', '0:12.5' (minutes first) or '1:02:03' (hours first).

    After a colon, minutes and seconds run from 0 to 59. A float counts as the decimal number it
    prints as. Raises ValueError, whose text says what is expected, for anything else.
    """
    found = _CLOCK.fullmatch(str(time).strip())
    if found is None or isinstance(time, bool):
        raise ValueError(CLOCK_WORDS)
    hours, minutes, seconds = found["h"], found["m"], Fraction(found["s"])
    if (minutes is not None and seconds >= 60) or (hours is not None and int(minutes) >= 60):
        raise ValueError(f"{CLOCK_WORDS}, with minutes and seconds below 60")
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds


def clock_of(seconds: Fraction) -> str:
    """Seconds as a person reads them, to a tenth: '0:12.4', '1:02:03.0'."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f"{minutes:02d}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
    return f"{hours}:{clock}" if hours else clock
