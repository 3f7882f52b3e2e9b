"""Consequences: what follows from a certificate's state, by `presets/certificates/states.yaml`.

A placement may have its own answer for any state, in its file, under `certificate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field

from video_pipeline.presets.shelf import Figure, Written, read_preset

State = Literal[
    "none",  # no certificate, or one that says nothing: forged, damaged, of an unknown issuer
    "submitted",  # the issuer has it and has not decided
    "authentic",
    "inconclusive",  # examined without a yes; also flagged, and every word that nobody explained
    "expired",
    "revoked",  # withdrawn for good or for now
    "mismatched",  # about another item
    "unreachable",  # the issuer or its status list could not be asked
]
Consequence = Literal[
    "badge",  # the badge may be drawn
    "text",  # said in words beside the clip
    "silent",  # nothing is said to buyers; the seller is told
    "stop",  # nothing is rendered
]
STATES: tuple[State, ...] = get_args(State)
Consequences = Mapping[State, Consequence]


class OwnConsequences(Written):
    """What one placement answers otherwise than `states.yaml`."""

    none: Figure[Literal["silent", "stop"]] | None = None
    submitted: Figure[Literal["text", "silent", "stop"]] | None = None
    authentic: Figure[Literal["badge", "text", "silent"]] | None = None
    inconclusive: Figure[Literal["silent", "stop"]] | None = None
    expired: Figure[Literal["silent", "stop"]] | None = None
    revoked: Figure[Literal["silent", "stop"]] | None = None
    mismatched: Figure[Literal["silent", "stop"]] | None = None
    unreachable: Figure[Literal["silent", "stop"]] | None = None


class _States(OwnConsequences):
    about: str | None = Field(default=None, description="What else to know.")
    # Every state has an answer here: none may be left out.
    none: Figure[Literal["silent", "stop"]]
    submitted: Figure[Literal["text", "silent", "stop"]]
    authentic: Figure[Literal["badge", "text", "silent"]]
    inconclusive: Figure[Literal["silent", "stop"]]
    expired: Figure[Literal["silent", "stop"]]
    revoked: Figure[Literal["silent", "stop"]]
    mismatched: Figure[Literal["silent", "stop"]]
    unreachable: Figure[Literal["silent", "stop"]]


def load_consequences(
    own: Path | None = None, placement: OwnConsequences | None = None
) -> Consequences:
    """What follows from each state, a placement's own answers first.

    `own` is the person's presets folder. Raises ListingError when the file has mistakes.
    """
    usual = read_preset("certificates", "states", _States, own)
    chosen: dict[State, Consequence] = {}
    for state in STATES:
        figure = getattr(placement, state) if placement is not None else None
        chosen[state] = (figure or getattr(usual, state)).value
    return chosen
