"""Evidence: a folder and one page that show, in full size, what was filmed and what was stated.

Made for two readers, a lawyer and a buyer. It is private: here the serial number stands whole. The
page is a file of its own, with pictures inside; the frames at the source's full resolution stand
beside it, each named with its file, its exact time and the digest of the raw file.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from video_pipeline import graph
from video_pipeline.delivery.manifest import made_with
from video_pipeline.edit.captions import measures, money
from video_pipeline.edit.keyframes import KeyFrame
from video_pipeline.edit.pointing import located
from video_pipeline.footage.model import Footage
from video_pipeline.geometry import Box
from video_pipeline.listing.clock import clock_of
from video_pipeline.listing.model import ListingFile, Note
from video_pipeline.overlays.language import ENGLISH
from video_pipeline.presets.grades import GradeScale
from video_pipeline.store import file_digest
from video_pipeline.toolchain import run
from video_pipeline.trust.claims import Claim, Refusal, as_facts
from video_pipeline.trust.evidence import seal
from video_pipeline.trust.identity import Identity

PAGE: Final = "evidence.html"
_DEADLINE_S: Final = 180
_ON_PAGE: Final = 1280  # px, the longer side of a picture inside the page
_CLOSE: Final = 900  # px, at most, of a close view, which is shown pixel for pixel


@dataclass(frozen=True)
class Proof:
    """One frame at the source's full resolution: the JPEG, its place in the footage, its words.

    `region` is the part of the picture that is meant, as shares of it.
    """

    file: Path
    source: str
    t: Fraction
    title: str
    words: str = ""
    region: Box | None = None


def write_evidence(
    folder: Path,
    *,
    listing: ListingFile,
    footage: Mapping[str, Footage],
    frames: Sequence[KeyFrame],
    scale: GradeScale,
    claims: Sequence[Claim],
    refusals: Sequence[Refusal],
    identity: Identity,
    now: datetime,
) -> None:
    """Write frames, page, copies of listing and certificates, and seal them, into `folder`.

    Raises RenderError when a frame cannot be taken.
    """
    flaws, unseen = _flaws(folder / "flaws", listing, footage)
    shown = _key_frames(folder / "keyframes", frames, footage)
    shutil.copyfile(listing.path, folder / f"listing{listing.path.suffix}")
    _copy_certificates(folder / "certificates", listing)
    digests = {p.file: file_digest(p.file) for p in (*flaws, *shown)}
    condition = listing.condition
    page = {
        "made": now.isoformat(timespec="seconds"),
        "made_with": made_with(),
        "item": listing.item.model_dump(mode="json", exclude_none=True),
        "sku": listing.sku,
        "condition": {
            "scale": scale.title,
            "scale_owner": scale.owner,
            "grade": scale.grade(condition.grade).words,
            "notes": [n.model_dump(mode="json", exclude_none=True) for n in condition.notes],
        },
        "footage": [
            {"file": name, "sha256": f.digest, "bytes": f.path.stat().st_size}
            for name, f in footage.items()
        ],
        "certificates": {
            "verified": [as_facts(claim) for claim in claims],
            "refused": [asdict(refusal) for refusal in refusals],
        },
        "pictures": [
            {
                "file": proof.file.relative_to(folder).as_posix(),
                "sha256": digests[proof.file],
                "source": proof.source,
                "source_sha256": footage[proof.source].digest,
                "seconds": str(proof.t),
                "title": proof.title,
                "words": proof.words,
            }
            for proof in (*flaws, *shown)
        ],
    }
    text = _template().render(
        page=page,
        listing=listing,
        size=measures(listing.item.size) if listing.item.size else "",
        price=money(listing.price) if listing.price else "",
        scale=scale,
        graded=condition.grade,
        flaws=[_entry(proof, folder, footage, digests) for proof in flaws],
        unseen=unseen,
        shown=[_entry(proof, folder, footage, digests) for proof in shown],
        footage=footage,
        claims=claims,
        refusals=refusals,
        signer=identity.name,
        now=now,
    )
    (folder / PAGE).write_text(text, encoding="utf-8")
    seal(folder, page, identity)


def _flaws(
    folder: Path, listing: ListingFile, footage: Mapping[str, Footage]
) -> tuple[list[Proof], list[tuple[str, str]]]:
    """A frame for every note that points at footage; the others with the reason there is none."""
    places = located(listing, footage)
    proofs: list[Proof] = []
    unseen: list[tuple[str, str]] = []
    for number, note in enumerate(listing.condition.notes):
        title = _title(note)
        place = places.get(number)
        if place is None:
            unseen.append((title, note.words or ""))
            continue
        item = footage[place.source]
        t = place.at if place.at is not None else item.duration / 2
        file = folder / f"flaw-{len(proofs) + 1:02d}.jpg"
        _take(item, t, file)
        region = note.seen.region if note.seen else None
        proofs.append(Proof(file, place.source, t, title, note.words or "", region))
    return proofs, unseen


def _key_frames(
    folder: Path, frames: Sequence[KeyFrame], footage: Mapping[str, Footage]
) -> list[Proof]:
    """Every key frame; a moment picked for two reasons is shown once, with both."""
    reasons: dict[tuple[str, Fraction], list[str]] = {}
    for frame in frames:
        reasons.setdefault((frame.source, frame.t), []).append(frame.shows)
    proofs = []
    for number, ((source, t), shows) in enumerate(reasons.items(), start=1):
        file = folder / f"frame-{number:02d}.jpg"
        _take(footage[source], t, file)
        proofs.append(Proof(file, source, t, ", ".join(shows).capitalize()))
    return proofs


def _take(item: Footage, t: Fraction, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    run(graph.still(item, t, file), deadline_s=_DEADLINE_S, what="taking a still", where=item.name)


def _title(note: Note) -> str:
    part, flaw = ENGLISH.word("part", note.part), ENGLISH.word("flaw", note.flaw)
    if note.flaw == "none":
        return part
    severity = ENGLISH.word("severity", note.severity)
    return f"{part}: {severity.lower()} {flaw[:1].lower()}{flaw[1:]}"


def _copy_certificates(folder: Path, listing: ListingFile) -> None:
    """The certificates' own files, by their place in the listing: names may be alike."""
    for number, entry in enumerate(listing.certificates, start=1):
        path = listing.folder / entry.file if entry.file else None
        if path and path.is_file():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(path, folder / f"{number}-{path.name}")


def _entry(
    proof: Proof, folder: Path, footage: Mapping[str, Footage], digests: Mapping[Path, str]
) -> dict[str, Any]:
    with Image.open(proof.file) as picture:
        size = picture.size
        whole = picture.copy()
        close = _close(picture, proof.region) if proof.region else None
    whole.thumbnail((_ON_PAGE, _ON_PAGE))
    return {
        "proof": proof,
        "file": proof.file.relative_to(folder).as_posix(),
        "size": size,
        "seconds": _decimal(proof.t),
        "clock": clock_of(proof.t),
        "digest": digests[proof.file],
        "source_digest": footage[proof.source].digest,
        "picture": _inside(whole),
        "close": _inside(close) if close else "",
    }


def _decimal(t: Fraction) -> str:
    """Seconds as a decimal number where it is one, else as the fraction that they are."""
    exact = Decimal(t.numerator) / Decimal(t.denominator)
    return f"{exact:f}" if Fraction(exact) == t else str(t)


def _close(picture: Image.Image, region: Box) -> Image.Image:
    """What is meant, with a margin, at the source's own pixels unless it is larger than a page."""
    width, height = picture.size
    mx, my = (region.x1 - region.x0) * 0.15, (region.y1 - region.y0) * 0.15
    box = (
        max(0, round((region.x0 - mx) * width)),
        max(0, round((region.y0 - my) * height)),
        min(width, round((region.x1 + mx) * width)),
        min(height, round((region.y1 + my) * height)),
    )
    part = picture.crop(box)
    part.thumbnail((_CLOSE, _CLOSE))
    return part


def _inside(picture: Image.Image) -> str:
    content = BytesIO()
    picture.convert("RGB").save(content, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock_of
    return environment.get_template("evidence.html.j2")
