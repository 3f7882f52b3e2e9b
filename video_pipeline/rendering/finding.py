"""A finding: one thing in which a clip falls short of its placement, in words for a seller."""

from __future__ import annotations

from dataclasses import dataclass

# Rules of the check, the most important first: what keeps a clip from being taken, then what a
# viewer sees or hears, then what a platform mends itself.
RULES = (
    "decoding", "container", "codec", "bytes", "duration", "size", "black", "sound", "frozen",
    "burned in", "safe area", "legibility", "loudness", "true peak", "frame rate", "pixel shape",
    "pixel format", "colour", "colour range", "profile", "level", "bit rate", "sound codec",
    "sound profile", "sample rate", "channels", "sound length", "start", "edit list", "moov first",
    "GOP",
)  # fmt: skip


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
