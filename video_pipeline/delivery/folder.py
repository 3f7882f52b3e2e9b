"""The output folder: clips with cover, contact sheet, preview, key frames, report, manifest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from video_pipeline import graph
from video_pipeline.analysis.model import Analysis
from video_pipeline.delivery.contact_sheet import Entry, write_sheet
from video_pipeline.delivery.manifest import ClipRecord, write_manifest
from video_pipeline.delivery.posting import Desk, post, post_of, write_post
from video_pipeline.delivery.report import ClipPage, PostPage, small_picture, write_report
from video_pipeline.delivery.signing import cover_of, sheet_of, sign_folder
from video_pipeline.delivery.stills import write_keyframes
from video_pipeline.edit.coverage import Coverage
from video_pipeline.edit.keyframes import SHOWN, pick_keyframes
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.edit.spoken import as_srt, as_vtt, captions_of
from video_pipeline.footage.hearing import MusicFile
from video_pipeline.footage.model import Footage
from video_pipeline.listing.model import ListingFile
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.layers import DrawnOverlays
from video_pipeline.rendering.pieces import Encoded
from video_pipeline.toolchain import run
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.identity import Identity

_DEADLINE_S = 180
_KEYFRAMES = 4  # of each kind
_PREVIEW_WIDTH, _PREVIEW_FPS = 360, 12
_PREVIEW_SHOTS = ("hero", "hardware", "stitching")


@dataclass(frozen=True)
class Clip:
    """A joined clip and what it was made from."""

    edit: Edit
    placement: Placement
    file: Path
    pieces: tuple[Encoded, ...]
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
    scale: GradeScale | None = None,
    identity: Identity | None = None,
    desk: Desk | None = None,
) -> None:
    """Write everything that goes with the clips into `folder`, the manifest last.

    With an `identity` (and the `scale` of the listing's grade) every mp4 and JPEG is signed; with a
    `desk` each clip has its post's words beside it.
    """
    pages, posts = [], []
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
            for of in (cover_of, sheet_of):
                shutil.copyfile(of(first), of(clip.file))
        else:
            pictures = write_clip_stills(
                clip,
                cover=cover_of(clip.file),
                sheet=sheet_of(clip.file),
            )
            taken[same] = clip.file, pictures
        write_captions(clip)
        pages.append(ClipPage(clip.edit, clip.placement.title, pictures, clip.warnings))
    write_preview(clips[0], folder / f"{listing.sku}.preview.webp")
    frames = pick_keyframes(analyses, SHOWN, _KEYFRAMES)
    stills = write_keyframes(frames, footage, folder / "keyframes") if frames else ()
    write_report(
        folder / f"{listing.sku}.report.html",
        listing=listing,
        footage=footage,
        clips=pages,
        coverage=coverage,
        claims=claims,
        refusals=refusals,
        posts=posts,
    )
    unsigned = {}
    if identity is not None and scale is not None:
        unsigned = sign_folder(
            folder,
            identity=identity,
            listing=listing,
            footage=footage,
            clips=[(clip.edit, clip.placement, clip.file) for clip in clips],
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
        clips=[
            ClipRecord(
                clip.edit,
                clip.file.name,
                clip.overlays.digests,
                clip.warnings,
                clip.overlays.legibility,
                clip.overlays.standing,
            )
            for clip in clips
        ],
        coverage=coverage,
        claims=claims,
        refusals=refusals,
        unsigned=unsigned,
        serial=listing.item.serial,
    )


def write_captions(clip: Clip) -> None:
    """Write what is said in a clip beside it, as SRT and VTT; nothing where nothing is said."""
    captions = captions_of(clip.edit)
    if captions:
        for form, written in ((".srt", as_srt), (".vtt", as_vtt)):
            text = written(captions, clip.edit.rate)
            clip.file.with_suffix(form).write_text(text, encoding="utf-8", newline="\n")


def write_clip_stills(clip: Clip, *, cover: Path, sheet: Path) -> tuple[bytes, ...]:
    """Write the pictures of a finished clip, in one pass over it.

    The cover stands for the clip: the middle of the hero shot, with its title. The sheet shows
    three frames of every cut. Returns the middle of each cut as a small JPEG.
    """
    shown = [
        (first + int(cut.frames * share), cut.slot)
        for first, cut in _starts(clip.edit)
        for share in (0.15, 0.5, 0.9)
    ]
    first, cut = next(
        ((f, c) for f, c in _starts(clip.edit) if c.slot == "hero"), next(_starts(clip.edit))
    )
    middle = first + cut.frames // 2
    frames = sorted({middle, *(frame for frame, _ in shown)})
    with tempfile.TemporaryDirectory(prefix="video-pipeline-") as scratch:
        run(
            graph.clip_stills(clip.file, frames, Path(scratch) / "%05d.jpg"),
            deadline_s=_DEADLINE_S,
            what="taking stills",
        )
        files = {frame: Path(scratch) / f"{place:05d}.jpg" for place, frame in enumerate(frames)}
        cover.write_bytes(files[middle].read_bytes())
        entries = [
            Entry(files[frame], f"{float(frame / clip.edit.rate):.1f} s  {slot}")
            for frame, slot in shown
        ]
        write_sheet(entries, sheet, columns=6, height=480)
        return tuple(small_picture(files[frame]) for frame, _ in shown[1::3])


def write_preview(clip: Clip, out: Path) -> None:
    """A small silent loop of the whole piece and its details, for a listing page."""
    second = round(clip.edit.rate)
    spans = [
        (first + (cut.frames - second) // 2, first + (cut.frames + second) // 2)
        for first, cut in _starts(clip.edit)
        if cut.slot in _PREVIEW_SHOTS and cut.frames > second
    ]
    spans = spans[:4] or [(0, min(clip.edit.frames, 3 * second))]
    run(
        graph.loop(clip.file, spans, _PREVIEW_WIDTH, _PREVIEW_FPS, out),
        deadline_s=_DEADLINE_S,
        what="writing the preview",
    )


def _starts(edit: Edit) -> Iterator[tuple[int, Cut]]:
    first = 0
    for cut in edit.cuts:
        yield first, cut
        first += cut.frames
