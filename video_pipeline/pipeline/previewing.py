"""Previewing: from a listing to the loop on its page, from what analysis has kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from video_pipeline.delivery.manifest import made_with
from video_pipeline.delivery.preview import (
    LoopFile,
    Poster,
    budgets_from,
    decoded_once,
    write_kept_loop,
    write_posters,
    write_strip,
)
from video_pipeline.delivery.preview_page import write_snippet, write_thumbnails
from video_pipeline.delivery.publishing import MANIFEST, PREVIEW, check_target, published
from video_pipeline.edit.preview import Loop, choose_loop, loop_as_json
from video_pipeline.edit.wishes import Ban, Wishes
from video_pipeline.errors import UsageError
from video_pipeline.pipeline.preparing import Prepared, Settings, analyse_all, prepare
from video_pipeline.pipeline.veiling import open_looks
from video_pipeline.presets.previews import LOOP_FORMATS, LoopFormat, load_preview
from video_pipeline.progress import Listener, Step, silent
from video_pipeline.store import file_digest
from video_pipeline.trust.masking import Mask


@dataclass(frozen=True)
class Previewed:
    """A preview folder: its loop, what was written, and the snippets to paste."""

    folder: Path
    loop: Loop
    files: tuple[LoopFile, ...]
    posters: tuple[Poster, ...]
    strip: Path
    thumbnails: Path
    snippet: Path
    picture_snippet: Path | None


def preview_listing(
    listing_path: Path,
    output: Path | None,
    settings: Settings,
    *,
    formats: Sequence[str] = LOOP_FORMATS,
    max_bytes: str | None = None,
    bans: Sequence[Ban] = (),
    listener: Listener = silent,
) -> Previewed:
    """Write the loop of a listing's footage in every format, with poster, strip and snippet.

    The folder is complete or untouched. Raises UsageError for an unknown format, for bytes that no
    encode fits into, a ban of a file that is not there, and a folder that holds something else.
    """
    wanted = _formats(formats)
    given = budgets_from(max_bytes, wanted) if max_bytes is not None else {}
    figures = load_preview(own=settings.presets).with_budgets(given)
    missing = [form for form in wanted if form not in figures.formats]
    if missing:
        raise UsageError(
            f"the preset says nothing of {', '.join(missing)}",
            where="--formats",
            mend=f"use {', '.join(figures.formats)}",
        )
    prepared = prepare(listing_path, settings)
    sku = prepared.listing.sku
    wishes = Wishes(bans=tuple(bans))
    unknown = [ban for ban in bans if ban.source not in prepared.footage]
    if unknown:
        raise UsageError(
            f"the listing has no footage '{unknown[0].source}'",
            where="--ban",
            mend=f"its files are {', '.join(prepared.footage)}",
        )
    output = output or Path("out") / f"{sku}-preview"
    check_target(output, sku, PREVIEW)
    with published(output, sku, PREVIEW) as folder:
        analyses = analyse_all(prepared.footage, settings, listener)
        analyses = open_looks(analyses, prepared.footage)
        kept_out = {n: wishes.banned_of(f, n) for n, f in prepared.footage.items()}
        loop = choose_loop(analyses, figures, kept_out)
        stem = folder / sku
        files = []
        made_from = (loop, prepared.footage, figures)
        kept = settings.store
        with decoded_once(*made_from) as frames:
            for number, form in enumerate(wanted):
                listener(Step("encoding", f"{sku} preview", number, len(wanted)))
                out = stem.with_name(f"{sku}.preview.{form}")
                files.append(write_kept_loop(*made_from, form, out, store=kept, frames=frames))
            out = stem.with_name(f"{sku}.strip.jpg")
            strip = write_strip(*made_from, out, store=kept, frames=frames)
        posters = write_posters(*made_from, stem, kept)
        thumbnails = stem.with_name(f"{sku}.strip.vtt")
        write_thumbnails(strip, thumbnails)
        snippet = stem.with_name(f"{sku}.preview.html")
        picture = stem.with_name(f"{sku}.picture.html")
        pictures = [file for file in files if file.form != "mp4"]
        for page, loops in ((snippet, files), (picture, pictures)):
            if loops:
                write_snippet(
                    page,
                    item=prepared.listing.item,
                    loops=loops,
                    posters=posters,
                    thumbnails=thumbnails,
                    size=(figures.width, figures.height),
                )
        made = Previewed(
            output, loop, tuple(files), posters, strip.file, thumbnails, snippet,
            picture if pictures else None,
        )  # fmt: skip
        _write_manifest(folder, prepared, made)
        listener(Step("encoding", f"{sku} preview", len(wanted), len(wanted)))
    return _moved(made)


def _formats(words: Sequence[str]) -> tuple[LoopFormat, ...]:
    unknown = [word for word in words if word not in LOOP_FORMATS]
    if unknown or not words:
        raise UsageError(
            f"there is no preview format '{unknown[0]}'" if unknown else "no format is named",
            where="--formats",
            mend=f"use {', '.join(LOOP_FORMATS)}",
        )
    return tuple(form for form in LOOP_FORMATS if form in words)


def _write_manifest(folder: Path, prepared: Prepared, made: Previewed) -> None:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    listing = prepared.listing.path
    mask = Mask(prepared.listing.item.serial)  # footage may be named after the serial number
    manifest: dict[str, Any] = {
        "kind": PREVIEW,
        "sku": prepared.listing.sku,
        "made_with": made_with(),
        "inputs": {
            "listing": {"file": mask.text(listing.name), "sha256": file_digest(listing)},
            "footage": [
                {"file": mask.text(f.name), "sha256": f.digest} for f in prepared.footage.values()
            ],
        },
        "loop": mask.value(loop_as_json(made.loop)),
        "formats": [
            {
                "format": file.form,
                "file": file.file.name,
                "width": file.width,
                "height": file.height,
                "bytes": file.bytes,
                "max_bytes": file.max_bytes,
                "rung": file.rung.model_dump(),
                "tries": file.tries,
            }
            for file in made.files
        ],
        "files": {path.name: file_digest(path) for path in files},
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _moved(made: Previewed) -> Previewed:
    """The same, with every file where it was put in the end."""
    home = made.folder
    return replace(
        made,
        files=tuple(replace(f, file=home / f.file.name) for f in made.files),
        posters=tuple(replace(p, file=home / p.file.name) for p in made.posters),
        strip=home / made.strip.name,
        thumbnails=home / made.thumbnails.name,
        snippet=home / made.snippet.name,
        picture_snippet=home / made.picture_snippet.name if made.picture_snippet else None,
    )
