"""A finding: one thing in which a clip falls short of its placement, in words for a seller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from video_pipeline.errors import RenderError

# Rules of the check, the most important first: what keeps a clip from being taken, then what a
# viewer sees or hears, then what a platform mends itself.
RULES = (
    "decoding", "container", "codec", "bytes", "duration", "size", "black", "sound", "frozen",
    "burned in", "safe area", "legibility", "loudness", "true peak", "frame rate", "pixel shape",
    "pixel format", "colour", "colour range", "profile", "level", "bit rate", "sound codec",
    "sound profile", "sample rate", "channels", "sound length", "start", "edit list", "moov first",
    "GOP",
)  # fmt: skip

# Those that depend on what the seller gave, not on how a clip was made.
SELLERS_RULES = frozenset(("duration", "bytes", "black", "frozen", "legibility"))


@dataclass(frozen=True)
class Finding:
    """One rule that a file breaks: what the placement wants, what the file has, how to mend it."""

    rule: str
    want: str
    got: str
    mend: str

    @property
    def rank(self) -> int:
        """How important it is, 0 the most."""
        return RULES.index(self.rule)


def judged(findings: Sequence[Finding], file: Path) -> list[str]:
    """Findings about the seller's material, as warnings. Raises RenderError for our own faults."""
    for finding in findings:
        if finding.rule not in SELLERS_RULES:
            raise RenderError(
                f"the finished clip failed its check of {finding.rule}: wanted {finding.want}, "
                f"got {finding.got}",
                where=file.name,
                mend="run with --debug and report this",
            )
    return [f"{f.rule}: wanted {f.want}, got {f.got}; {f.mend}" for f in findings]
