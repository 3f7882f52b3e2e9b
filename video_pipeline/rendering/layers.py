"""Layers: the overlays of an edit, drawn, set in motion, and placed on its cuts.

This is where a badge is earned: an overlay that speaks for a certificate is drawn from a claim of
this run, never from what an edit file says about one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from video_pipeline.edit.honesty import words_of
from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.errors import UsageError
from video_pipeline.graph import Layer
from video_pipeline.listing.model import Item
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.overlays.motion import AlphaClip, animate
from video_pipeline.overlays.theme import CUT
from video_pipeline.presets.placements import Placement
from video_pipeline.store import Store
from video_pipeline.trust.claims import Claim

_LEAST_REST = 5  # frames; an overlay that cannot rest that long is not worth its coming and going


@dataclass(frozen=True)
class DrawnOverlays:
    """The layers of each cut, the digest of every overlay by its name, and the claims shown."""

    layers: tuple[tuple[Layer, ...], ...]
    digests: Mapping[str, str]
    claims: tuple[str, ...]


def draw_overlays(
    edit: Edit,
    placement: Placement,
    *,
    item: Item,
    claims: Sequence[Claim],
    store: Store,
    own: Path | None = None,
) -> DrawnOverlays:
    """Draw every overlay of an edit.

    Raises ClaimError for a badge without a verified claim or on a placement that keeps badges out,
    UsageError for an overlay that cannot be drawn or has no time to be read.
    """
    canvas = Canvas(edit.width, edit.height, placement.safe)
    digests: dict[str, str] = {}
    shown: dict[str, str] = {}  # numbers by digest: two issuers may give the same number
    layers: list[tuple[Layer, ...]] = []
    for number, cut in enumerate(edit.cuts, start=1):
        row = []
        for use in cut.overlays:
            words = words_of(use, cut.slot, placement, claims, item=item, own=own)
            if words.claim:
                shown[words.claim.file_digest] = words.claim.certificate_id
            drawing = draw(
                use.template,
                words.fields,
                canvas,
                anchor=use.anchor,
                own=own,
                lang=edit.lang,
                theme=edit.theme,
            )
            clip = animate(
                drawing,
                store.folder / "overlays",
                rate=edit.rate,
                motion=CUT if edit.reduced_motion else None,
            )
            digests[f"{number:02d}-{cut.slot}-{use.template}"] = clip.digest
            row.append(_layer(clip, use, cut))
        layers.append(tuple(row))
    return DrawnOverlays(tuple(layers), digests, tuple(shown.values()))


def _layer(clip: AlphaClip, use: OverlayUse, cut: Cut) -> Layer:
    if use.last - use.first < clip.enter + clip.leave + _LEAST_REST:
        raise UsageError(
            f"the overlay '{use.template}' has only {use.last - use.first} frames",
            where=f"cut '{cut.slot}'",
            mend=f"give it at least {clip.enter + clip.leave + _LEAST_REST} frames",
        )
    return Layer(
        path=clip.path,
        digest=clip.digest,
        x=clip.x,
        y=clip.y,
        enter=clip.enter,
        leave=clip.leave,
        first=use.first,
        last=use.last,
    )
