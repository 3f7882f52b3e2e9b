"""Claims: what an overlay may say about a certificate. Only this package makes one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from video_pipeline.geometry import Box
from video_pipeline.presets.consequences import State
from video_pipeline.trust.logos import Logo


@dataclass(frozen=True)
class Shown:
    """A stretch of footage in which a certificate's own code was read; times in seconds.

    `best` is the look nearest to its middle, and `box` where the code is then. It is a fact beside
    the proof and no part of it: anybody can print a code.
    """

    source: str
    start: Fraction
    end: Fraction
    best: Fraction
    box: Box


@dataclass(frozen=True)
class Claim:
    """One certificate that this run verified, in the words that may be shown.

    `wording` is the full, plain sentence; `lines` the short form for the badge (title line first).
    `check_url` is what the QR code holds, or None. `issued` is the first day of validity,
    `examined` the day the item was examined. `test` marks a certificate of a test issuer, which
    says nothing about a real item; its first line says so. `brand` is the listing's, which is the
    certificate's too; `entry` counts the listing's certificates from 0. Issuers number alike, so
    it is `file_digest` (SHA-256, hex digits) that tells one claim from another. `parts` are the two
    claims that a dual mark stands for, which are of different issuers. `shown` is where the footage
    shows the certificate's code, longest first. `logos` are those of its providers that may be
    drawn.
    """

    certificate_id: str
    issuer: str
    issuer_name: str
    result: str
    issued: date
    expires: date | None
    check_url: str | None
    lines: tuple[str, ...]
    wording: str
    file_digest: str
    key_id: str
    examined: date | None = None
    test: bool = False
    entry: int = 0
    brand: str = ""
    parts: tuple[Claim, ...] = ()
    shown: tuple[Shown, ...] = ()
    logos: tuple[Logo, ...] = ()


def as_facts(claim: Claim) -> dict[str, Any]:
    """A claim as manifests and Content Credentials hold it: a logo is told without its pixels."""
    facts = asdict(claim)
    for one in (facts, *facts["parts"]):
        one["logos"] = [{k: v for k, v in logo.items() if k != "png"} for logo in one["logos"]]
    return facts


@dataclass(frozen=True)
class Refusal:
    """A certificate that gives no badge, and why, in plain words.

    `file` is the file's name alone, or issuer and number: a report must not tell how a seller's
    folders are called. `wording` is what may be said of this state beside the clip, where anything
    may, made of `provider`, `number` and `test`. `shown` is the footage in which it was seen, for
    one that the listing does not name.
    """

    file: str
    reason: str
    mend: str
    state: State = "none"
    wording: str = ""
    shown: Shown | None = None
    provider: str = ""
    number: str = ""
    test: bool = False

    @property
    def warning(self) -> str:
        """What the seller is told of it, with what to do."""
        lead = self.file if self.shown else f"no badge for {self.file}"
        return f"{lead}: {self.reason}. {self.mend}"
