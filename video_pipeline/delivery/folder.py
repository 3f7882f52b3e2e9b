"""The output folder: clips with covers, contact sheet, preview, key frames, report, manifest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.delivery.contact_sheet import Entry, read, write_sheet
from video_pipeline.delivery.cover import write_covers
from video_pipeline.delivery.manifest import ClipRecord, write_manifest
from video_pipeline.delivery.posting import Desk, post, post_of, write_post
from video_pipeline.delivery.preview import decoded_once, write_kept_loop
from video_pipeline.delivery.report import (
    ClipPage,
    PostPage,
    best_moments,
    small_picture,
    write_report,
)
from video_pipeline.delivery.signing import Finished, cover_of, plain_of, sheet_of, sign_folder
from video_pipeline.delivery.stills import write_keyframes
from video_pipeline.delivery.taking import keep_stills
from video_pipeline.edit.cover import choose_cover
from video_pipeline.edit.coverage import Coverage
from video_pipeline.edit.keyframes import SHOWN, pick_keyframes
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.edit.preview import choose_loop, left_out_of
from video_pipeline.edit.spoken import as_srt, as_vtt, captions_of
from video_pipeline.footage.hearing import MusicFile
from video_pipeline.footage.model import Footage
from video_pipeline.listing.model import ListingFile
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.presets.previews import Preview
from video_pipeline.rendering.layers import DrawnOverlays
from video_pipeline.rendering.pieces import Encoded
from video_pipeline.rendering.playing import PlayedPiece
from video_pipeline.store import Store, digest_of
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.identity import Identity

_KEYFRAMES = 4  # of each kind


@dataclass(frozen=True)
class Clip:
    """A joined clip and what it was made from."""

    edit: Edit
    placement: Placement
    file: Path
    pieces: tuple[Encoded, ...]
    played: tuple[PlayedPiece, ...]
    overlays: DrawnOverlays
    warnings: tuple[str, ...]


def deliver(
    folder: Path,
    *,
    listing: ListingFile,
    footage: Mapping[str, Footage],
    music: MusicFile | None = None,
    analyses: Mapping[str, Analysis],
    clips: Sequence[Clip],
    coverage: Coverage,
    claims: Sequence[Claim],
    refusals: Sequence[Refusal],
    preview: Preview,
    store: Store,
    own: Path | None = None,
    scale: GradeScale | None = None,
    identity: Identity | None = None,
    desk: Desk | None = None,
) -> None:
    """Write everything that goes with the clips into `folder`, the manifest last.

    `own` is a person's overlays folder. With an `identity` (and the `scale` of the listing's grade)
    every mp4 and JPEG is signed; with a `desk` each clip has its post's words beside it. What
    is taken from the footage is kept in the `store`.
    """
    pages, posts, records, finished = [], [], [], []
    taken: dict[tuple[Path, ...], tuple[Path, tuple[bytes, ...]]] = {}
    for clip in clips:
        if desk is not None:
            words = post(clip.edit, clip.placement, clip.file, desk)
            write_post(words, post_of(clip.file))
            posts.append(PostPage(clip.placement.title, words))
        # Clips of the same pieces look the same, whatever is heard.
        same = tuple(piece.path for piece in clip.pieces)
        if same in taken:
            first, pictures = taken[same]
            shutil.copyfile(sheet_of(first), sheet_of(clip.file))
        else:
            pictures = write_clip_stills(clip, sheet=sheet_of(clip.file))
            taken[same] = clip.file, pictures
        write_captions(clip)
        cover = choose_cover(clip.edit, analyses, clip.placement, own)
        covers = [cover_of(clip.file), plain_of(clip.file)]
        write_covers(
            cover,
            footage[cover.source],
            titled=covers[0],
            plain=covers[1],
            own=own,
            store=store,
        )
        shown = [small_picture(read(file)) for file in covers[: 2 if cover.title else 1]]
        pages.append(
            ClipPage(
                clip.edit, clip.placement.title, pictures, clip.warnings, cover.why, tuple(shown)
            )
        )
        drawn = clip.overlays.digests
        finished.append(
            Finished(clip.edit, clip.placement, clip.file, cover, drawn, clip.overlays.logos)
        )
        records.append(
            ClipRecord(
                clip.edit,
                clip.file.name,
                clip.overlays.digests,
                clip.warnings,
                clip.overlays.legibility,
                clip.overlays.standing,
                cover,
            )
        )
    loop = choose_loop(analyses, preview, left_out_of(clips[0].edit, analyses))
    moving = folder / f"{listing.sku}.preview.webp"
    with decoded_once(loop, footage, preview) as seen:
        write_kept_loop(loop, footage, preview, "webp", moving, store=store, frames=seen)
    frames = pick_keyframes(analyses, SHOWN, _KEYFRAMES)
    wanted = [*((frame.source, frame.t) for frame in frames), *best_moments(coverage)]
    keep_stills(((footage[source], t) for source, t in wanted), store)
    stills = write_keyframes(frames, footage, folder / "keyframes", store) if frames else ()
    write_report(
        folder / f"{listing.sku}.report.html",
        listing=listing,
        footage=footage,
        clips=pages,
        coverage=coverage,
        claims=claims,
        refusals=refusals,
        posts=posts,
        preview=moving,
        store=store,
    )
    unsigned = {}
    if identity is not None and scale is not None:
        unsigned = sign_folder(
            folder,
            identity=identity,
            listing=listing,
            footage=footage,
            music=music,
            clips=finished,
            stills=stills,
            scale=scale,
            claims=claims,
        )
    write_manifest(
        folder,
        sku=listing.sku,
        listing=listing.path,
        footage=list(footage.values()),
        music=music if any(clip.edit.music for clip in clips) else None,
        clips=records,
        coverage=coverage,
        claims=claims,
        refusals=refusals,
        unsigned=unsigned,
        serial=listing.item.serial,
        loop=loop,
        # Of a catalogue's row, the other rows do not count.
        stated=digest_of(listing.model_dump(mode="json", exclude={"path"}))
        if listing.place
        else "",
    )


def write_captions(clip: Clip) -> None:
    """Write what is said in a clip beside it, as SRT and VTT; nothing where nothing is said."""
    captions = captions_of(clip.edit)
    if captions:
        for form, written in ((".srt", as_srt), (".vtt", as_vtt)):
            text = written(captions, clip.edit.rate)
            clip.file.with_suffix(form).write_text(text, encoding="utf-8", newline="\n")


def write_clip_stills(clip: Clip, *, sheet: Path) -> tuple[bytes, ...]:
    """Write the contact sheet of a finished clip: three frames of every cut.

    Returns the middle of each cut as a small JPEG.
    """
    entries = []
    for (first, cut), piece in zip(_starts(clip.edit), clip.played, strict=True):
        for number, picture in piece.pictures():
            at = float((first + number) / clip.edit.rate)
            entries.append(Entry(picture, f"{at:.1f} s  {cut.slot}"))
    write_sheet(entries, sheet, columns=6, height=480)
    return tuple(small_picture(entry.picture) for entry in entries[1::3])


def _starts(edit: Edit) -> Iterator[tuple[int, Cut]]:
    first = 0
    for cut in edit.cuts:
        yield first, cut
        first += cut.frames
