"""Signing: every mp4 and JPEG of an output folder says what it was made from and how.

The last step before the manifest: what is signed may not be touched afterwards. A signed clip is
held against its placement once more. Sidecars stand beside what is posted, since platforms strip
credentials from what they are given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from video_pipeline.delivery.stills import Still
from video_pipeline.edit.captions import note_line
from video_pipeline.edit.corrections import told
from video_pipeline.edit.cover import Cover
from video_pipeline.edit.light import told as light_told
from video_pipeline.edit.model import Cut, Edit
from video_pipeline.errors import RenderError
from video_pipeline.footage.hearing import MusicFile
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Crop
from video_pipeline.light import Light
from video_pipeline.listing.clock import clock_of
from video_pipeline.listing.model import ListingFile
from video_pipeline.presets.grades import GradeScale
from video_pipeline.presets.placements import Placement
from video_pipeline.rendering.check import check
from video_pipeline.rendering.spoken import CAPTION
from video_pipeline.store import file_digest
from video_pipeline.trust.claims import Claim, as_facts
from video_pipeline.trust.credentials import (
    MEDIA,
    SIDECAR,
    Action,
    RawFile,
    Statement,
    sign_file,
)
from video_pipeline.trust.identity import Identity
from video_pipeline.trust.logos import Logo
from video_pipeline.trust.masking import Mask

_CONTAINERS: Final = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".avi": "video/avi",
    ".mkv": "video/x-matroska", ".webm": "video/webm", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".png": "image/png", ".webp": "image/webp", ".mp3": "audio/mpeg", ".m4a": "audio/mp4",
    ".wav": "audio/wav", ".flac": "audio/flac",
}  # fmt: skip
_SELLERS_RULES: Final = {"duration", "bytes", "black", "frozen", "legibility"}


@dataclass(frozen=True)
class Finished:
    """A clip to be signed: the edit it was made from, its cover, the names of the overlays that
    are drawn in it (see `rendering.layers`), and the logos on its badges.
    """

    edit: Edit
    placement: Placement
    file: Path
    cover: Cover
    drawn: Collection[str]
    logos: Collection[Logo] = ()


def sign_folder(
    folder: Path,
    *,
    identity: Identity,
    listing: ListingFile,
    footage: Mapping[str, Footage],
    music: MusicFile | None = None,
    clips: Sequence[Finished],
    stills: Sequence[Still],
    scale: GradeScale,
    claims: Sequence[Claim],
) -> dict[str, str]:
    """Sign every mp4 and JPEG in `folder`; returns the digests (SHA-256) they had before.

    `stills` are the key frames. Keys are paths in the folder. Raises UsageError for an identity
    that cannot sign, RenderError when a signed clip fails its check.
    """
    facts = _facts(listing, scale, claims)
    unsigned = {}
    made = {clip.file: clip.placement for clip in clips}
    statements: dict[Path, Statement] = {}
    for clip in clips:
        statements[clip.file] = _of_clip(clip, footage, music, facts)
        statements[sheet_of(clip.file)] = _of_sheet(clip, footage, facts)
        for picture in (cover_of(clip.file), plain_of(clip.file)):
            titled = picture == cover_of(clip.file)
            statements[picture] = _of_cover(picture, clip.cover, footage, facts, titled=titled)
    for still in stills:
        statements[still.file] = _of_frames(still.file, [still.frame.source], footage, facts)
    in_stills = list(dict.fromkeys(still.frame.source for still in stills)) or list(footage)
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in MEDIA):
        statement = statements.get(path) or _of_frames(path, in_stills, footage, facts)
        statement = _masked(statement, Mask(listing.item.serial))
        unsigned[path.relative_to(folder).as_posix()] = file_digest(path)
        size_before = path.stat().st_size
        credentials = sign_file(path, statement, identity)
        if path in made:
            _check_again(path, made[path], size_before)
        if path in made or path in map(cover_of, made):
            path.with_suffix(SIDECAR).write_bytes(credentials)
    return unsigned


def cover_of(clip: Path) -> Path:
    """Where a clip's cover stands."""
    return clip.with_name(f"{clip.stem}.cover.jpg")


def plain_of(clip: Path) -> Path:
    """Where its cover without the title stands."""
    return clip.with_name(f"{clip.stem}.cover-plain.jpg")


def sheet_of(clip: Path) -> Path:
    """Where a clip's contact sheet stands."""
    return clip.with_name(f"{clip.stem}.sheet.jpg")


def _of_clip(
    clip: Finished,
    footage: Mapping[str, Footage],
    music: MusicFile | None,
    facts: Mapping[str, Any],
) -> Statement:
    """What a clip says of itself: its shots, and what is heard."""
    edit = clip.edit
    played = music if edit.music else None
    raw = _used(edit, footage)
    if played is not None:
        raw.append(RawFile(played.path.name, played.digest, _media(played.path), "plays under it"))
    raw += [_logo(logo) for logo in clip.logos]
    sources = {cut.source for cut in edit.cuts}
    own = edit.keep_sound and any(footage[name].audio_stream is not None for name in sources)
    rate = f"coded anew at {float(edit.rate):g} frames a second"
    actions = [
        *_of_cuts(clip, footage),
        Action("c2pa.dubbed", _heard(own=own, music=played is not None)),
        Action("c2pa.transcoded", rate),
    ]
    return Statement(clip.file.name, raw, actions, facts)


def _of_sheet(
    clip: Finished, footage: Mapping[str, Footage], facts: Mapping[str, Any]
) -> Statement:
    """What a clip's contact sheet says of itself: nothing is heard of it."""
    actions = [*_of_cuts(clip, footage), Action("c2pa.transcoded", "frames of it, as one JPEG")]
    raw = [*_used(clip.edit, footage), *map(_logo, clip.logos)]
    return Statement(sheet_of(clip.file).name, raw, actions, facts)


def _of_cover(
    path: Path,
    cover: Cover,
    footage: Mapping[str, Footage],
    facts: Mapping[str, Any],
    *,
    titled: bool,
) -> Statement:
    """What a cover says of itself: one frame of one file, and what was done to that."""
    item, at = footage[cover.source], clock_of(cover.t)
    size = f"{cover.canvas.width} x {cover.canvas.height} pixels"
    actions = [
        Action("c2pa.trimmed", f"one frame of {cover.source}, at {at}, the rest left out"),
        *_of_picture("the frame", cover.crop, cover.light, item),
        Action("c2pa.resized", f"it was brought to {size}"),
    ]
    if titled and cover.title is not None:
        actions.append(Action("c2pa.addedText", "'title' was written over the picture"))
    actions.append(Action("c2pa.transcoded", "coded as JPEG"))
    return Statement(path.name, [_raw(cover.source, item)], actions, facts)


def _of_frames(
    path: Path, sources: Sequence[str], footage: Mapping[str, Footage], facts: Mapping[str, Any]
) -> Statement:
    """A frame, or a sheet of frames, taken straight from the footage."""
    raw = [_raw(name, footage[name]) for name in sources]
    done = "taken from the footage at its full size, as JPEG"
    return Statement(path.name, raw, [Action("c2pa.transcoded", done)], facts)


def _of_cuts(clip: Finished, footage: Mapping[str, Footage]) -> Iterator[Action]:
    """What was done to the shots of a clip, in its order."""
    edit = clip.edit
    for number, cut in enumerate(edit.cuts, 1):
        yield from _of_cut(number, cut, edit.rate, footage[cut.source])
        yield from _of_overlays(number, cut, clip.drawn)
    yield Action("c2pa.resized", f"every shot was brought to {edit.width} x {edit.height} pixels")


def _of_cut(number: int, cut: Cut, rate: Fraction, item: Footage) -> Iterator[Action]:
    """What was done to one shot, in the order in which it is done."""
    shot = f"shot {number} ({cut.slot})"
    if item.still:
        yield Action("c2pa.trimmed", f"{shot}: the photo {cut.source}, shown for a while")
    else:
        end = clock_of(cut.start + (cut.frames - cut.hold) / rate)
        span = f"{clock_of(cut.start)}–{end}"
        yield Action("c2pa.trimmed", f"{shot}: {span} of {cut.source}, the rest left out")
    yield from _of_picture(shot, cut.crop, cut.light, item)
    if steadied := told(cut).steady:
        yield Action("c2pa.cropped", f"{shot}: {steadied}")
    if cut.hold:
        held = f"{float(cut.hold / rate):.1f} s"
        yield Action("c2pa.changedSpeed", f"{shot}: its last picture held still for {held}")


def _of_picture(what: str, crop: Crop, light: Light, item: Footage) -> Iterator[Action]:
    """How a picture was turned, cut out and lit."""
    if item.rotation or item.mirrored:
        yield Action("c2pa.orientation", f"{what}: turned upright, as the phone marked it")
    if item.bars:
        yield Action("c2pa.cropped", f"{what}: bars around the picture cut off: {item.bars.words}")
    if (crop.width, crop.height) != (item.width, item.height) or not crop.rests:
        moves = "" if crop.rests else ", which moves"
        size = f"{crop.width} x {crop.height} of {item.width} x {item.height} pixels"
        yield Action("c2pa.cropped", f"{what}: a window of {size}{moves}")
    if item.colour.transfer != "sdr":
        yield Action("c2pa.adjustedColor", f"{what}: brought from HDR to SDR")
    if not light.neutral:
        yield Action("c2pa.adjustedColor", f"{what}: light corrected: {light_told(light)}")


def _of_overlays(number: int, cut: Cut, drawn: Collection[str]) -> Iterator[Action]:
    """What was written and drawn over one shot."""
    shot, prefix = f"shot {number} ({cut.slot})", f"{number:02d}-{cut.slot}-"
    for template, ring in dict.fromkeys((u.template, u.follows is not None) for u in cut.overlays):
        if prefix + template not in drawn:
            continue
        if ring:
            yield Action("c2pa.drawing", f"{shot}: '{template}' was drawn over the picture")
        else:
            yield Action("c2pa.addedText", f"{shot}: '{template}' was written over the picture")
    if any(name.startswith(f"{prefix}{CAPTION}-") for name in drawn):
        yield Action("c2pa.addedText", f"{shot}: what is said was written over the picture")


def _heard(*, own: bool, music: bool) -> str:
    if own and music:
        return "the footage's own sound and the music were mixed and brought to one loudness"
    if own:
        return "the footage's own sound was brought to one loudness"
    if music:
        return "the music was brought to one loudness; the footage's own sound is not in it"
    return "a silent track; the footage's own sound is not in it"


def _masked(statement: Statement, mask: Mask) -> Statement:
    """The statement with the serial number in no text; a footage file may be named after it."""
    return replace(
        statement,
        raw=[replace(raw, name=mask.text(raw.name)) for raw in statement.raw],
        actions=[replace(action, words=mask.text(action.words)) for action in statement.actions],
        facts=mask.value(statement.facts),
    )


def _used(edit: Edit, footage: Mapping[str, Footage]) -> list[RawFile]:
    """The raw files of an edit's shots, in the order in which they come."""
    names = dict.fromkeys(cut.source for cut in edit.cuts)
    return [_raw(name, footage[name]) for name in names]


def _raw(name: str, footage: Footage) -> RawFile:
    return RawFile(name, footage.digest, _media(footage.path))


def _logo(logo: Logo) -> RawFile:
    drawn = "is drawn on a badge, a provider's logo"
    return RawFile(logo.file, logo.digest, _media(Path(logo.file)), drawn)


def _media(path: Path) -> str:
    return _CONTAINERS.get(path.suffix.lower(), "application/octet-stream")


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
                {k: v for k, v in as_facts(claim).items() if k not in ("lines", "entry")}
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
