"""The budget: a clip that would be too many bytes for its placement is encoded once more to fit.

The first pass of each piece, at the placement's quality, is kept when it fits. When it doesn't, the
pieces share what the placement allows in the proportion of what they took, and x264's second pass
spends exactly that. So no piece is encoded more than twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.pieces import Encoded, Piece

# A second pass lands within 2 % of what it was given; an mp4's tables take some 20 bytes a frame
# of picture and sound.
_AIM = 0.96
_TABLES_PER_FRAME = 40
# Below this share of the bytes that the quality took (about 12 steps of x264's crf, twice doubled),
# stitches melt.
_WORTH_SEEING = 0.25


def may_exceed(placement: Placement, frames: int) -> bool:
    """Whether a clip of so many frames could be too many bytes at the placement's quality."""
    if placement.max_bytes is None:
        return False
    seconds = frames / float(placement.rate)
    return placement.max_bytes < seconds * (placement.max_kbps + placement.audio_kbps) * 125


def measured(clips: Sequence[Sequence[Piece]]) -> list[Piece]:
    """The pieces of all clips in order, those measured whose clip, or any with the same piece,
    could be too many bytes: so that a piece which two clips share is one piece.
    """
    wanted = {
        piece.key
        for pieces in clips
        if pieces and may_exceed(pieces[0].placement, sum(piece.cut.frames for piece in pieces))
        for piece in pieces
    }
    if not wanted:
        return [piece for pieces in clips for piece in pieces]
    return [replace(piece, measured=piece.key in wanted) for pieces in clips for piece in pieces]


def within(
    pieces: Sequence[Piece], encoded: Sequence[Encoded], sound_bytes: int
) -> list[Piece] | None:
    """The second pass of each piece of one clip; None when the first passes fit, or were not
    measured and can have no second.
    """
    if not all(piece.measured for piece in pieces):
        return None
    placement = pieces[0].placement
    sizes = [one.path.stat().st_size for one in encoded]
    room = _room(pieces, sound_bytes)
    if room is None or sum(sizes) <= room:
        return None
    rate = float(placement.rate)
    return [
        replace(piece, kbps=max(1, int(_AIM * room * size / sum(sizes) * rate / 125 / frames)))
        for piece, size in zip(pieces, sizes, strict=True)
        for frames in (piece.cut.frames,)
    ]


def too_tight(pieces: Sequence[Piece], encoded: Sequence[Encoded], sound_bytes: int) -> str | None:
    """What to leave out when fitting would cost the picture too much; None when it is worth seeing.

    `encoded` are the first passes. Flaws are never named: they have to be shown.
    """
    placement = pieces[0].placement
    sizes = [one.path.stat().st_size for one in encoded]
    room = _room(pieces, sound_bytes)
    if room is None or placement.max_bytes is None or room >= _WORTH_SEEING * sum(sizes):
        return None
    by_slot: Counter[str] = Counter()
    for piece, size in zip(pieces, sizes, strict=True):
        if piece.cut.slot != "flaw":
            by_slot[piece.cut.slot] += size
    dropped: list[str] = []
    left = sum(sizes)
    for slot, size in by_slot.most_common():
        if room >= _WORTH_SEEING * left or len(dropped) == len(by_slot) - 1:
            break
        dropped.append(slot)
        left -= size
    return (
        f"{placement.title} takes {placement.max_bytes / 1e6:g} MB, and so long a clip loses its "
        f"detail there: leave out {', '.join(dropped)}"
    )


def _room(pieces: Sequence[Piece], sound_bytes: int) -> int | None:
    """The bytes that are left for pictures."""
    limit = pieces[0].placement.max_bytes
    if limit is None:
        return None
    frames = sum(piece.cut.frames for piece in pieces)
    return max(1, limit - sound_bytes - _TABLES_PER_FRAME * frames)
