"""Placements: where a clip will be posted, and what that place asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

BurnIn = Literal["none", "text", "badge"]


@dataclass(frozen=True)
class SafeArea:
    """Pixels to keep clear at each edge: the app draws its own buttons there."""

    top: int
    right: int
    bottom: int
    left: int


@dataclass(frozen=True)
class Placement:
    """One placement from `presets/placements/<name>.yaml`.

    `rate` is the constant frame rate; times in an edit are whole frames of it. Limits that no
    source states are None and are not enforced.
    """

    name: str
    title: str
    width: int
    height: int
    rate: Fraction
    min_s: float | None
    max_s: float | None
    max_bytes: int | None
    crf: int
    loudness_lufs: float
    true_peak_dbtp: float
    audio_kbps: int
    safe: SafeArea
    burn_in: BurnIn
    cover: tuple[int, int]
