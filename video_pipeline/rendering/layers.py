"""Layers: the overlays of an edit, drawn, set in motion, and placed on its cuts.

This is where a badge is earned: an overlay that speaks for a certificate is drawn from a claim of
this run, never from what an edit file says about one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from video_pipeline.edit.burned_in import held_to
from video_pipeline.edit.honesty import words_of
from video_pipeline.edit.model import Cut, Edit, OverlayUse
from video_pipeline.edit.onscreen import call_outs
from video_pipeline.edit.spoken import captions_of
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
from video_pipeline.rendering.spoken import CAPTION, Taken, laid
from video_pipeline.rendering.standing import check_standing
from video_pipeline.store import Store
from video_pipeline.trust.claims import Claim
from video_pipeline.trust.logos import Logo

_LEAST_REST = 5  # frames; an overlay that cannot rest that long is not worth its coming and going


@dataclass(frozen=True)
class DrawnOverlays:
    """The layers of each cut, the digest of every overlay by its name, the claims shown, and how
    well each overlay can be read, by its name too.

    `notes` are what a person should know of captions and rings for which there was no room.
    `standing` is where each stands, by its name; `logos` are those that badges show.
    """

    layers: tuple[tuple[Layer, ...], ...]
    digests: Mapping[str, str]
    claims: tuple[str, ...]
    legibility: Mapping[str, Legibility] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    standing: Mapping[str, Standing] = field(default_factory=dict)
    logos: tuple[Logo, ...] = ()


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
    """Draw every overlay of an edit, without what the placement keeps out of the picture.

    Raises ClaimError for a badge without a verified claim or on a placement that keeps badges out,
    UsageError for an overlay that cannot be drawn, has no time to be read or lies on another,
    RenderError for one outside the safe area or when the footage behind it cannot be read.
    """
    placement = placement.posted(edit.post_by).facing(rtl=Language(edit.lang, own).rtl)
    edit, _ = held_to(edit, placement, names=(item.brand, item.model), own=own)
    canvas = Canvas(edit.width, edit.height, placement.safe)
    digests: dict[str, str] = {}
    badges: list[tuple[Claim, Drawing]] = []
    legibility: dict[str, Legibility] = {}
    layers: list[list[Layer]] = []
    taken: list[Taken] = []
    standing: dict[str, Standing] = {}
    notes: list[str] = []

    def readable(name: str, drawing: Drawing, use: OverlayUse, cut: Cut) -> AlphaClip:
        drawing, legibility[name] = made_legible(
            drawing,
            use,
            cut,
            footage[cut.source],
            size=(edit.width, edit.height),
            rate=edit.rate,
            store=store,
        )
        clip = animate(drawing, store, rate=edit.rate)
        digests[name] = clip.digest
        _check_time(clip, use, cut)
        return clip

    for number, cut in enumerate(edit.cuts, start=1):
        row = []
        stand: list[tuple[OverlayUse, Drawing]] = []
        for use in (use for use in cut.overlays if use.follows is None):
            words = words_of(use, cut.slot, placement, claims, item=item, own=own)
            drawing = draw(
                use.template,
                words.fields,
                canvas,
                anchor=use.anchor,
                own=own,
                lang=edit.lang,
                theme=edit.theme,
            )
            if words.claim:
                badges.append((words.claim, drawing))
            if edit.reduced_motion:
                drawing = replace(drawing, motion=CUT)
            stand.append((use, drawing))
            check_standing(cut, number, stand, canvas)
            name = f"{number:02d}-{cut.slot}-{use.template}"
            standing[name] = Standing.of(drawing)
            clip = readable(name, drawing, use, cut)
            row.append(_layer(clip, use))
            taken.append(_taken(number - 1, use, clip))
        for use, callout in call_outs(
            cut, footage, stand, canvas, rate=edit.rate, own=own, theme=edit.theme
        ):
            if callout is None:
                notes.append(_unringed(number, cut))
                continue
            held = max(0, use.last - max(use.first, cut.frames - cut.hold) + 1)
            clip = animate_callout(callout, store, rate=edit.rate, held=held)
            digests[f"{number:02d}-{cut.slot}-{use.template}"] = clip.digest
            row.append(_layer(clip, use))
            taken.append(_taken(number - 1, use, clip))
        layers.append(row)
    captions = captions_of(edit)
    parts, unlaid = laid(captions, edit, taken, canvas, own)
    for part in parts:
        cut = edit.cuts[part.cut]
        use = OverlayUse(CAPTION, {}, part.first, part.last)
        name = f"{part.cut + 1:02d}-{cut.slot}-{CAPTION}-{part.first}"
        drawing = replace(part.drawing, motion=CUT) if edit.reduced_motion else part.drawing
        clip = readable(name, drawing, use, cut)
        layers[part.cut].append(_layer(clip, use))
    notes += _unlaid(len(unlaid), len(captions))
    return DrawnOverlays(
        layers=tuple(map(tuple, layers)),
        digests=digests,
        # By digest: two issuers may give the same number.
        claims=tuple({c.file_digest: c.certificate_id for c, _ in badges}.values()),
        legibility=legibility,
        notes=tuple(notes),
        standing=standing,
        logos=_logos(badges),
    )


def _logos(badges: Sequence[tuple[Claim, Drawing]]) -> tuple[Logo, ...]:
    """The logos that badges show; where there was no room, a badge shows none."""
    drawn = [claim for claim, drawing in badges if drawing.pictures]
    return tuple({logo.digest: logo for claim in drawn for logo in claim.logos}.values())


def _unlaid(lost: int, among: int) -> Iterator[str]:
    if lost:
        yield (
            f"{lost} of {among} captions are not drawn, where other words stand or the fonts lack "
            "a letter; they are in the .srt and .vtt beside the clip"
        )


def _unringed(number: int, cut: Cut) -> str:
    return (
        f"no ring is drawn in cut {number} around '{cut.shows}': it would lie on words or outside "
        "the safe area, or it is in sight too briefly; its words say where to look. Film it nearer "
        "to the middle of the picture, for two seconds"
    )


def _taken(cut: int, use: OverlayUse, clip: AlphaClip) -> Taken:
    return Taken(cut, use.first, use.last, clip.x, clip.y, clip.width, clip.height)


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
