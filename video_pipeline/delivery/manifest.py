"""The manifest: what went in, what was decided, what came out, each with its digest.

It holds no time of day and no path of the machine, so that the same inputs give the same manifest,
and it never holds the item's serial number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from video_pipeline.delivery.publishing import MANIFEST
from video_pipeline.edit.corrections import told
from video_pipeline.edit.cover import Cover, cover_as_json
from video_pipeline.edit.coverage import Coverage, coverage_as_json
from video_pipeline.edit.file import edit_as_json
from video_pipeline.edit.model import Edit
from video_pipeline.edit.preview import Loop, loop_as_json
from video_pipeline.footage.hearing import MusicFile
from video_pipeline.footage.model import Footage
from video_pipeline.footage.remarks import remarks
from video_pipeline.geometry import Veil
from video_pipeline.rendering.behind import Legibility
from video_pipeline.rendering.check_words import Standing
from video_pipeline.store import file_digest
from video_pipeline.toolchain import ffmpeg_version
from video_pipeline.trust.claims import Claim, Refusal, as_facts
from video_pipeline.trust.masking import Mask

_LIBRARIES = ("av", "jinja2", "moviepy", "numpy", "opencv-python-headless", "resvg-py")


@dataclass(frozen=True)
class ClipRecord:
    """One clip as the manifest tells it."""

    edit: Edit
    file: str
    overlays: Mapping[str, str]
    warnings: tuple[str, ...]
    legibility: Mapping[str, Legibility] = field(default_factory=dict)
    standing: Mapping[str, Standing] = field(default_factory=dict)
    cover: Cover | None = None


def write_manifest(
    folder: Path,
    *,
    sku: str,
    listing: Path,
    footage: Sequence[Footage],
    music: MusicFile | None = None,
    clips: Sequence[ClipRecord],
    coverage: Coverage,
    claims: Sequence[Claim],
    refusals: Sequence[Refusal],
    unsigned: Mapping[str, str] | None = None,
    serial: str | None = None,
    loop: Loop | None = None,
    stated: str = "",
) -> None:
    """Write `manifest.json` into `folder`, after every other file is there.

    `unsigned` has the digests that signed files had before; a signature is new in every run.
    `serial` is masked wherever a person wrote it. `stated` is the digest of a listing that
    has no file of its own.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    manifest: dict[str, Any] = {
        "made_with": made_with(),
        "inputs": {
            "listing": {"file": listing.name, "sha256": stated or file_digest(listing)},
            "footage": [
                {
                    "file": f.name,
                    "sha256": f.digest,
                    "width": f.width,
                    "height": f.height,
                    "duration_s": round(f.duration_s, 3),
                    "codec": f.codec,
                    "transfer": f.colour.transfer,
                    "bars_cropped": asdict(f.bars) if f.bars else None,
                    "masked": [_masked(one) for one in f.veils],
                    "remarks": list(remarks(f)),
                }
                for f in footage
            ],
            "music": {
                "file": music.path.name,
                "sha256": music.digest,
                "duration_s": round(float(music.duration), 3),
            }
            if music
            else None,
        },
        "claims": [as_facts(claim) for claim in claims],
        "certificates_refused": [asdict(refusal) for refusal in refusals],
        "clips": [_clip(record) for record in clips],
        **({"preview": loop_as_json(loop)} if loop else {}),
        "coverage": coverage_as_json(coverage),
    }
    manifest = {
        "sku": sku,
        **Mask(serial).value(manifest),
        "files": {p.relative_to(folder).as_posix(): file_digest(p) for p in files},
    }
    for clip, record in zip(manifest["clips"], clips, strict=True):
        clip["file"] = record.file
    if unsigned:
        manifest["unsigned"] = dict(unsigned)
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def made_with() -> dict[str, str]:
    """The versions of everything that takes part in a pixel."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"video-pipeline": version("video-pipeline"), "ffmpeg": ffmpeg_version(), **libraries}


def _masked(veil: Veil) -> dict[str, Any]:
    """What is masked in a file, and from when to when it is covered where it is."""
    begin, end = veil.followed or (None, None)
    return {
        "what": veil.what,
        "from_s": None if begin is None else round(float(begin), 2),
        "to_s": None if end is None else round(float(end), 2),
    }


def _clip(record: ClipRecord) -> dict[str, Any]:
    edit = edit_as_json(record.edit)
    for source in edit["sources"].values():
        source["path"] = Path(source["path"]).name
    if edit["music"]:
        edit["music"]["path"] = Path(edit["music"]["path"]).name
    edit["listing"] = Path(edit["listing"]).name
    return {
        "placement": record.edit.placement,
        "file": record.file,
        "duration_s": round(record.edit.duration_s, 3),
        "overlays": dict(sorted(record.overlays.items())),
        "legibility": {name: _legible(how) for name, how in sorted(record.legibility.items())},
        "standing": {name: asdict(how) for name, how in sorted(record.standing.items())},
        "warnings": list(record.warnings),
        "cover": cover_as_json(record.cover) if record.cover else None,
        "corrections": [
            {"cut": number, "slot": cut.slot, **asdict(corrections)}
            for number, cut in enumerate(record.edit.cuts, start=1)
            if (corrections := told(cut))
        ],
        "edit": edit,
    }


def _legible(how: Legibility) -> dict[str, Any]:
    """What was measured of an overlay's words: contrasts, and the scrim they stand on."""
    if how.least is None:
        return {"contrast": "4.5 or more over any footage", "scrim": None}
    scrim = how.scrim
    laid = None
    if scrim is not None:
        colour = "black" if scrim.grey == 0 else "white"
        laid = {"colour": colour, "opacity": scrim.strength, "contrast_without": how.least}
    return {"contrast": how.drawn, "scrim": laid}
