"""Layers: the overlays of an edit, drawn, set in motion, and placed on its cuts.

This is where a badge is earned: an overlay that speaks for a certificate is drawn from a claim of
this run, never from what an edit file says about one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from video_pipeline.edit.honesty import words_of
from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.edit.onscreen import call_outs
from video_pipeline.errors import UsageError
from video_pipeline.footage.model import Footage
from video_pipeline.graph import Layer
from video_pipeline.listing.model import Item
from video_pipeline.overlays.drawing import Canvas, Drawing, draw
from video_pipeline.overlays.language import Language
from video_pipeline.overlays.motion import AlphaClip, animate, animate_callout
from video_pipeline.overlays.theme import CUT
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.behind import Legibility, made_legible
from video_pipeline.rendering.check_words import Standing
from video_pipeline.rendering.standing import check_standing
from video_pipeline.store import Store
from video_pipeline.trust.claims import Claim

_LEAST_REST = 5  # frames; an overlay that cannot rest that long is not worth its coming and going


@dataclass(frozen=True)
class DrawnOverlays:
    """The layers of each cut, the digest of every overlay by its name, the claims shown, and how
    well each overlay can be read and where it stands, by its name too.
    """

    layers: tuple[tuple[Layer, ...], ...]
    digests: Mapping[str, str]
    claims: tuple[str, ...]
    legibility: Mapping[str, Legibility] = field(default_factory=dict)
    standing: Mapping[str, Standing] = field(default_factory=dict)


def draw_overlays(
    edit: Edit,
    placement: Placement,
    footage: Mapping[str, Footage],
    *,
    item: Item,
    claims: Sequence[Claim],
    store: Store,
    own: Path | None = None,
) -> DrawnOverlays:
    """Draw every overlay of an edit.

    Raises ClaimError for a badge without a verified claim or on a placement that keeps badges out,
    UsageError for an overlay that cannot be drawn, has no time to be read or lies on another,
    RenderError for one outside the safe area or when the footage behind it cannot be read.
    """
    placement = placement.facing(rtl=Language(edit.lang, own).rtl)
    canvas = Canvas(edit.width, edit.height, placement.safe)
    digests: dict[str, str] = {}
    shown: dict[str, str] = {}  # numbers by digest: two issuers may give the same number
    legibility: dict[str, Legibility] = {}
    standing: dict[str, Standing] = {}
    layers: list[tuple[Layer, ...]] = []
    for number, cut in enumerate(edit.cuts, start=1):
        row = []
        stand: list[tuple[OverlayUse, Drawing]] = []
        for use in (use for use in cut.overlays if use.follows is None):
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
            if edit.reduced_motion:
                drawing = replace(drawing, motion=CUT)
            stand.append((use, drawing))
            check_standing(cut, number, stand, canvas)
            name = f"{number:02d}-{cut.slot}-{use.template}"
            standing[name] = Standing.of(drawing)
            drawing, legibility[name] = made_legible(
                drawing,
                use,
                cut,
                footage[cut.source],
                size=(edit.width, edit.height),
                rate=edit.rate,
                store=store,
            )
            clip = animate(
                drawing,
                store.folder / "overlays",
                rate=edit.rate,
            )
            digests[name] = clip.digest
            _check_time(clip, use, cut)
            row.append(_layer(clip, use))
        for use, callout in call_outs(
            cut, footage, stand, canvas, rate=edit.rate, own=own, theme=edit.theme
        ):
            held = max(0, use.last - max(use.first, cut.frames - cut.hold) + 1)
            folder = store.folder / "overlays"
            clip = animate_callout(callout, folder, rate=edit.rate, held=held)
            digests[f"{number:02d}-{cut.slot}-{use.template}"] = clip.digest
            row.append(_layer(clip, use))
        layers.append(tuple(row))
    return DrawnOverlays(tuple(layers), digests, tuple(shown.values()), legibility, standing)


def _check_time(clip: AlphaClip, use: OverlayUse, cut: Cut) -> None:
    if use.last - use.first < clip.enter + clip.leave + _LEAST_REST:
        raise UsageError(
            f"the overlay '{use.template}' has only {use.last - use.first} frames",
            where=f"cut '{cut.slot}'",
            mend=f"give it at least {clip.enter + clip.leave + _LEAST_REST} frames",
        )


def _layer(clip: AlphaClip, use: OverlayUse) -> Layer:
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
