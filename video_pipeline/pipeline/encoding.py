"""Encoding: the pieces of all clips of a job, who encodes each, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from video_pipeline.edit.model import Cut, Edit
from video_pipeline.footage.model import Footage
from video_pipeline.pipeline.preparing import Settings
from video_pipeline.presets.placements import Placement
from video_pipeline.progress import Listener, Step
from video_pipeline.rendering import budget
from video_pipeline.rendering.layers import DrawnOverlays
from video_pipeline.rendering.pieces import Encoded, Piece, encode
from video_pipeline.rendering.rehearsal import Chosen


def pieces_of(
    clips: Sequence[tuple[Edit, Placement, Sequence[Cut], DrawnOverlays]],
    footage: Mapping[str, Footage],
    chosen: Chosen,
) -> list[Piece]:
    """The pieces of all clips in order, each with the cuts as they are made and its overlays."""
    return budget.measured(
        [
            [
                Piece(cut, footage[cut.source], layers, place, encoder)
                for cut, layers in zip(cuts, overlays.layers, strict=True)
            ]
            for edit, place, cuts, overlays in clips
            for encoder in (chosen.for_clip(place, edit.frames),)
        ]
    )


def encode_all(
    pieces: Sequence[Piece], settings: Settings, sku: str, listener: Listener
) -> list[Encoded]:
    """Encode pieces and tell how far it has come."""
    frames = sum(piece.cut.frames for piece in pieces)
    done = 0

    def count(encoded: Encoded) -> None:
        nonlocal done
        done += encoded.frames
        listener(Step("encoding", sku, done, frames))

    listener(Step("encoding", sku, 0, frames))
    return encode(pieces, settings.store, count, settings.jobs)
