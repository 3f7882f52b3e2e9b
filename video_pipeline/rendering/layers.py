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
from video_pipeline.edit.spoken import captions_of
from video_pipeline.errors import UsageError
from video_pipeline.graph import Layer
from video_pipeline.listing.model import Item
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.motion import AlphaClip, animate
from video_pipeline.overlays.theme import CUT
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.spoken import CAPTION, Taken, laid
from video_pipeline.store import Store
from video_pipeline.trust.claims import Claim

_LEAST_REST = 5  # frames; an overlay that cannot rest that long is not worth its coming and going


@dataclass(frozen=True)
class DrawnOverlays:
    """The layers of each cut, the digest of every overlay by its name, and the claims shown.

    `unlaid` is what should be known of captions for which there was no room; mostly nothing.
    """

    layers: tuple[tuple[Layer, ...], ...]
    digests: Mapping[str, str]
    claims: tuple[str, ...]
    unlaid: str = ""


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
    layers: list[list[Layer]] = []
    standing: list[Taken] = []

    def moving(drawing: Drawing) -> AlphaClip:
        motion = CUT if edit.reduced_motion else None
        return animate(drawing, store.folder / "overlays", rate=edit.rate, motion=motion)

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
            clip = moving(drawing)
            standing.append(
                Taken(number - 1, use.first, use.last, clip.x, clip.y, clip.width, clip.height)
            )
            digests[f"{number:02d}-{cut.slot}-{use.template}"] = clip.digest
            row.append(_layer(clip, use, cut))
        layers.append(row)
    captions = captions_of(edit)
    parts, unlaid = laid(captions, edit, standing, canvas, own)
    for part in parts:
        cut, clip = edit.cuts[part.cut], moving(part.drawing)
        use = OverlayUse(CAPTION, {}, part.first, part.last)
        digests[f"{part.cut + 1:02d}-{cut.slot}-{CAPTION}-{part.first}"] = clip.digest
        layers[part.cut].append(_layer(clip, use, cut))
    said = ""
    if unlaid:
        said = (
            f"{len(unlaid)} of {len(captions)} captions are not drawn, where other words stand or "
            "the fonts lack a letter; they are in the .srt and .vtt beside the clip"
        )
    return DrawnOverlays(tuple(map(tuple, layers)), digests, tuple(shown.values()), said)


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
