"""Evidence: what a seller keeps for a dispute, made from a listing and its footage."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from video_pipeline.delivery.evidence import write_evidence
from video_pipeline.delivery.publishing import published
from video_pipeline.edit.keyframes import SHOWN, pick_keyframes
from video_pipeline.errors import UsageError
from video_pipeline.pipeline.bars import within
from video_pipeline.pipeline.preparing import Settings, analyse_all, prepare
from video_pipeline.pipeline.sightings import on_camera, seen_on_camera
from video_pipeline.presets.grades import load_scale
from video_pipeline.progress import Listener, silent

_KEYFRAMES = 4  # of each kind


def make_evidence(
    listing_path: Path,
    output: Path | None,
    settings: Settings,
    *,
    listener: Listener = silent,
) -> Path:
    """Make and sign the evidence of a listing; returns its folder, which is whole or not there.

    Without `output` it is `out/SKU.evidence-TIME`: evidence is never replaced. Raises UsageError
    when there is nothing to sign with or the folder holds anything, ListingError, FootageError.
    """
    identity = settings.identity
    if identity is None:
        raise UsageError(
            "evidence is signed, and there is nothing to sign with",
            where="--sign-with",
            mend="make a key with: video-pipeline identity new 'Your shop'; then give --sign-with "
            "and --sign-chain",
        )
    now = datetime.now(UTC)
    prepared = prepare(listing_path, settings)
    listing = prepared.stated
    folder = output or Path("out") / f"{listing.sku}.evidence-{now:%Y%m%dT%H%M%SZ}"
    identity.check_outside(folder)
    with published(folder, None) as private:
        analyses = analyse_all(prepared.footage, settings, listener)
        prepared = seen_on_camera(prepared, analyses, settings)
        write_evidence(
            private,
            listing=within(listing, prepared.footage),
            footage=prepared.footage,
            frames=(*on_camera(prepared), *pick_keyframes(analyses, SHOWN, _KEYFRAMES)),
            scale=load_scale(listing.condition.scale, settings.presets),
            claims=prepared.claims,
            refusals=prepared.refusals,
            identity=identity,
            now=now,
        )
    return folder
