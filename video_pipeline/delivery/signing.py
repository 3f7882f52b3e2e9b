"""Signing: every mp4 and JPEG of an output folder says what it was made from and how.

The last step before the manifest: what is signed may not be touched afterwards. A signed clip is
held against its placement once more. Sidecars stand beside what is posted, since platforms strip
credentials from what they are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from video_pipeline.delivery.stills import Still
from video_pipeline.edit.captions import note_line
from video_pipeline.edit.light import told
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.errors import RenderError
from video_pipeline.footage.model import Footage
from video_pipeline.listing.clock import clock_of
from video_pipeline.listing.model import ListingFile
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.check import check
from video_pipeline.store import file_digest
from video_pipeline.trust.claims import Claim
from video_pipeline.trust.credentials import (
    MEDIA,
    SIDECAR,
    Action,
    RawFile,
    Statement,
    sign_file,
)
from video_pipeline.trust.identity import Identity
from video_pipeline.trust.masking import Mask

_CONTAINERS: Final = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".avi": "video/avi",
    ".mkv": "video/x-matroska", ".webm": "video/webm", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".png": "image/png",
}  # fmt: skip
_SELLERS_RULES: Final = {"duration", "bytes", "black", "frozen", "legibility"}


def sign_folder(
    folder: Path,
    *,
    identity: Identity,
    listing: ListingFile,
    footage: Mapping[str, Footage],
    clips: Sequence[tuple[Edit, Placement, Path]],
    stills: Sequence[Still],
    scale: GradeScale,
    claims: Sequence[Claim],
) -> dict[str, str]:
    """Sign every mp4 and JPEG in `folder`; returns the digests (SHA-256) they had before.

    `clips` are edits with the mp4 made from each, `stills` the key frames. Keys are
    paths in the folder. Raises UsageError for an identity that cannot sign, RenderError
    when a signed clip fails its check.
    """
    facts = _facts(listing, scale, claims)
    unsigned = {}
    made = {path: (edit, place) for edit, place, path in clips}
    covers = {cover_of(path): edit for path, (edit, _) in made.items()}
    sheets = {sheet_of(path): edit for path, (edit, _) in made.items()}
    frames = {still.file: still.frame.source for still in stills}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in MEDIA):
        if path in made:
            edit, place = made[path]
            statement = statement_of(path, edit, footage, facts)
        elif (edit_of := covers.get(path) or sheets.get(path)) is not None:
            statement = statement_of(path, edit_of, footage, facts)
        else:
            sources = [frames[path]] if path in frames else list(footage)
            statement = _of_frames(path, {name: footage[name] for name in sources}, facts)
        statement = _masked(statement, Mask(listing.item.serial))
        unsigned[path.relative_to(folder).as_posix()] = file_digest(path)
        size_before = path.stat().st_size
        credentials = sign_file(path, statement, identity)
        if path in made:
            _check_again(path, place, size_before)
        if path in made or path in covers:
            path.with_suffix(SIDECAR).write_bytes(credentials)
    return unsigned


def statement_of(
    path: Path, edit: Edit, footage: Mapping[str, Footage], facts: Mapping[str, Any]
) -> Statement:
    """What a clip of an edit, or a picture taken from it, says of itself."""
    used = list(dict.fromkeys(cut.source for cut in edit.cuts))
    actions = [
        *(
            action
            for number, cut in enumerate(edit.cuts, 1)
            for action in _of_cut(number, cut, edit.rate, footage[cut.source])
        ),
        Action("c2pa.resized", f"every shot was brought to {edit.width} x {edit.height} pixels"),
        *(
            [
                Action(
                    "c2pa.dubbed",
                    "the footage's own sound was brought to one loudness"
                    if edit.keep_sound and any(footage[n].audio_stream is not None for n in used)
                    else "a silent track; the footage's own sound is not in it",
                )
            ]
            if path.suffix.lower() == ".mp4"
            else []
        ),
        Action("c2pa.transcoded", f"coded anew at {float(edit.rate):g} frames a second"),
    ]
    return Statement(
        path.name, "compositeCapture", [_raw(name, footage[name]) for name in used], actions, facts
    )


def cover_of(clip: Path) -> Path:
    """Where a clip's cover stands."""
    return clip.with_name(f"{clip.stem}.cover.jpg")


def sheet_of(clip: Path) -> Path:
    """Where a clip's contact sheet stands."""
    return clip.with_name(f"{clip.stem}.sheet.jpg")


def _of_cut(number: int, cut: Cut, rate: Fraction, item: Footage) -> Iterator[Action]:
    """What was done to one shot, in the order in which it is done."""
    shot = f"shot {number} ({cut.slot})"
    if item.still:
        yield Action("c2pa.trimmed", f"{shot}: the photo {cut.source}, shown for a while")
    else:
        end = clock_of(cut.start + (cut.frames - cut.hold) / rate)
        span = f"{clock_of(cut.start)}–{end}"
        yield Action("c2pa.trimmed", f"{shot}: {span} of {cut.source}, the rest left out")
    if item.rotation or item.mirrored:
        yield Action("c2pa.orientation", f"{shot}: turned upright, as the phone marked it")
    if (cut.crop.width, cut.crop.height) != (item.width, item.height) or not cut.crop.rests:
        moves = "" if cut.crop.rests else ", which moves"
        size = f"{cut.crop.width} x {cut.crop.height} of {item.width} x {item.height} pixels"
        yield Action("c2pa.cropped", f"{shot}: a window of {size}{moves}")
    if item.colour.transfer != "sdr":
        yield Action("c2pa.adjustedColor", f"{shot}: brought from HDR to SDR")
    if not cut.light.neutral:
        yield Action("c2pa.adjustedColor", f"{shot}: light corrected: {told(cut.light)}")
    if cut.hold:
        held = f"{float(cut.hold / rate):.1f} s"
        yield Action("c2pa.changedSpeed", f"{shot}: its last picture held still for {held}")
    for template in dict.fromkeys(use.template for use in cut.overlays):
        yield Action("c2pa.addedText", f"{shot}: '{template}' was written over the picture")


def _of_frames(path: Path, footage: Mapping[str, Footage], facts: Mapping[str, Any]) -> Statement:
    """A frame, or a sheet of frames, taken straight from the footage."""
    return Statement(
        path.name,
        "digitalCapture" if len(footage) == 1 else "compositeCapture",
        [_raw(name, item) for name, item in footage.items()],
        [Action("c2pa.transcoded", "taken from the footage at its full size, as JPEG")],
        facts,
    )


def _masked(statement: Statement, mask: Mask) -> Statement:
    """The statement with the serial number in no text; a footage file may be named after it."""
    return replace(
        statement,
        raw=[replace(raw, name=mask.text(raw.name)) for raw in statement.raw],
        actions=[replace(action, words=mask.text(action.words)) for action in statement.actions],
        facts=mask.value(statement.facts),
    )


def _raw(name: str, footage: Footage) -> RawFile:
    media = _CONTAINERS.get(footage.path.suffix.lower(), "application/octet-stream")
    return RawFile(name, footage.digest, media)


def _facts(listing: ListingFile, scale: GradeScale, claims: Sequence[Claim]) -> dict[str, Any]:
    """The seller's statements: never the serial number, and the grade with its scale."""
    condition = listing.condition
    return {
        "condition": {
            "stated_by": "the seller",
            "scale": scale.title,
            "scale_owner": scale.owner,
            "grade": scale.grade(condition.grade).words,
            "notes": [note_line(note) for note in condition.notes],
        },
        "certificates": {
            "verified_when_made": [
                {k: v for k, v in asdict(claim).items() if k not in ("lines", "entry")}
                for claim in claims
            ]
        },
    }


def _check_again(path: Path, place: Placement, size_before: int) -> None:
    """Raise RenderError when signing has spoiled what was right, or made the clip too large."""
    most = place.max_bytes
    if most is not None and size_before <= most < path.stat().st_size:
        raise RenderError(
            f"signed, the clip is larger than the {most} bytes that {place.title} takes",
            where=path.name,
            mend="make it a little shorter, or leave the signature out",
        )
    for finding in check(path, place):
        if finding.rule not in _SELLERS_RULES:
            raise RenderError(
                f"the signed clip failed its check of {finding.rule}: wanted {finding.want}, got "
                f"{finding.got}",
                where=path.name,
                mend="run with --debug and report this",
            )
