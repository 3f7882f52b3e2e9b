"""Sightings: what the codes in the footage say of the listing's certificates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from video_pipeline.analysis.model import Analysis
from video_pipeline.edit.keyframes import KeyFrame
from video_pipeline.pipeline.preparing import Prepared, Settings
from video_pipeline.trust.issuers import load_issuers
from video_pipeline.trust.sightings import Read, sighted


def seen_on_camera(
    prepared: Prepared, analyses: Mapping[str, Analysis], settings: Settings
) -> Prepared:
    """The same with where the footage shows each certificate, and which others it shows."""
    if not prepared.listing.certificates:
        return prepared
    reads = [
        Read(source, moment.t, code.text, code.box)
        for source, analysis in analyses.items()
        for moment in analysis.moments
        for code in moment.codes
    ]
    if not reads:
        return prepared
    issuers = load_issuers(settings.issuers)
    claims, others = sighted(reads, prepared.stated, prepared.claims, issuers)
    return replace(prepared, claims=claims, refusals=(*prepared.refusals, *others))


def on_camera(prepared: Prepared) -> tuple[KeyFrame, ...]:
    """One frame for each certificate whose code the footage shows, the listing's or another."""
    own = [(claim.shown[0], "a certificate's code") for claim in prepared.claims if claim.shown]
    others = [(r.shown, "another certificate's code") for r in prepared.refusals if r.shown]
    return tuple(KeyFrame(s.source, s.best, what, 1.0, s.box) for s, what in (*own, *others))
