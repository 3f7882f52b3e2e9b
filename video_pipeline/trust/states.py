"""States: where a certificate stands today, and the error that says why it earns no badge."""

from __future__ import annotations

from typing import Literal

from video_pipeline.errors import ClaimError
from video_pipeline.presets.consequences import State

Verdict = Literal["authentic", "inconclusive", "submitted", "revoked", "expired"]
"""What an issuer's word for a result may mean; one that nobody explained is 'inconclusive'."""


class UnearnedError(ClaimError):
    """A certificate that earns no badge, with the state that it is in.

    'none' stands for everything that says nothing at all: forged, damaged, of an unknown issuer.
    """

    def __init__(self, message: str, *, state: State, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.state: State = state


def state_of(error: ClaimError) -> State:
    """The state that an error tells of; 'none' where it does not say."""
    return error.state if isinstance(error, UnearnedError) else "none"
