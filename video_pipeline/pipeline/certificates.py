"""Certificates by themselves: looking at one, judging one, issuing one, and whom to trust."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml

from video_pipeline.errors import ClaimError, FootageError, ListingError, UsageError
from video_pipeline.listing.reading import read_listing
from video_pipeline.pipeline.preparing import Settings
from video_pipeline.presets.consequences import State
from video_pipeline.replacing import replaced
from video_pipeline.store import file_digest
from video_pipeline.trust.badge import Desk, open_desk
from video_pipeline.trust.certificate import Certificate
from video_pipeline.trust.claims import Claim
from video_pipeline.trust.fetching import UnreachableError, fetch
from video_pipeline.trust.issuers import Issuer, load_issuers
from video_pipeline.trust.issuing import credential, issue
from video_pipeline.trust.keys import did_web_address
from video_pipeline.trust.signature import MAX_BYTES, strict_json, take_apart
from video_pipeline.trust.states import state_of
from video_pipeline.trust.status import StatusEntry
from video_pipeline.trust.wording import load_wording


@dataclass(frozen=True)
class Judged:
    """What a certificate is worth today: for a listing, or by itself when none was given.

    `reason` and `mend` are empty where it counts; `claim` is what a badge may say of it.
    """

    name: str
    state: State
    reason: str = ""
    mend: str = ""
    certificate: Certificate | None = None
    claim: Claim | None = None


def judge_certificate(
    what: str, settings: Settings, *, issuer: str | None = None, listing_path: Path | None = None
) -> Judged:
    """Judge the file `what`, or the number `what` of the issuer whose file is called `issuer`.

    With a listing it is held against the item too. Raises ListingError for broken files of the
    person's own; nothing in a certificate raises.
    """
    listing = read_listing(listing_path, settings.presets) if listing_path else None
    desk = _desk(settings)
    name = f"{issuer} {what}" if issuer else Path(what).name
    certificate: Certificate | None = None
    try:
        certificate = desk.answered(issuer, what) if issuer else desk.standing(Path(what))
        claim = desk.claim(certificate, listing) if listing else None
    except ClaimError as error:
        return Judged(name, state_of(error), error.message, error.mend, certificate)
    return Judged(name, "authentic", certificate=certificate, claim=claim)


def contents_of(path: Path) -> dict[str, Any]:
    """What a certificate file says, believed or not, without the serial number's letters.

    Raises ClaimError when it cannot be read at all.
    """
    try:
        if not path.is_file():  # a pipe would never end
            raise FileNotFoundError(0, "there is no such file")
        with path.open("rb") as file:
            token = take_apart(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise ClaimError(
            f"the certificate file cannot be read: {error.strerror or error}",
            where=str(path),
            mend="Check its name and that you may open it.",
        ) from error
    content = dict(token.payload)
    subject = content.get("credentialSubject")
    if isinstance(subject, dict) and "serial" in subject:
        content["credentialSubject"] = {**subject, "serial": masked(str(subject["serial"]))}
    return {"alg": token.algorithm, "kid": token.kid, **content}


def masked(serial: str) -> str:
    """A serial number as anybody may see it: how long it is, and nothing else."""
    return re.sub(r"\w", "•", serial[:100])


def known_issuers(settings: Settings) -> tuple[Issuer, ...]:
    """The issuers that are trusted, by the names of their files."""
    return tuple(sorted(load_issuers(settings.issuers).values(), key=lambda i: i.file.stem))


def add_issuer(
    issuer: str,
    *,
    presets: Path,
    name: str,
    url: str,
    jwks: str | None = None,
    did_document: Path | None = None,
    file_name: str | None = None,
) -> Path:
    """Write an issuer file into the folder `presets`, with its published keys beside it.

    `jwks` is a file or an https address. For a did:web without a document given, the document is
    asked for. Raises UsageError when the file exists or nothing can be had, ListingError when the
    issuer would not be trusted: then nothing is left behind.
    """
    stem = file_name or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "issuer"
    folder = presets / "issuers"
    page: dict[str, Any] = {"issuer": issuer, "name": name, "url": url}
    published: bytes | None = None
    kind = ""
    if jwks is not None:
        kind, published = "jwks", _document(jwks)
    elif did_document is not None:
        kind, published = "did", _document(str(did_document))
    elif issuer.startswith("did:web:"):
        try:
            kind, published = "did", _document(did_web_address(issuer))
        except ValueError as error:
            raise UsageError(str(error), where=issuer, mend="copy the DID again") from error
    elif not issuer.startswith("did:key:"):
        raise UsageError(
            "the issuer's keys are missing",
            where=issuer,
            mend="add --jwks with a file or an https address, or --did with the DID's document",
        )
    written = [folder / f"{stem}.yaml"]
    if published is not None:
        page[kind] = f"{stem}.{kind}.json"
        written.append(folder / page[kind])
    if there := next((path for path in written if path.exists()), None):
        raise UsageError(
            "a file of that name exists, and issuers are not replaced unseen",
            where=str(there),
            mend="choose another name with --file, or remove it first",
        )
    text = yaml.safe_dump(page, allow_unicode=True, sort_keys=False)
    for path, content in zip(written, (text.encode(), published), strict=False):
        with replaced(path) as part:
            part.write_bytes(content or b"")
    try:
        load_issuers(folder)
    except ListingError:
        for path in written:
            path.unlink()
        raise
    return written[0]


def issue_certificate(
    listing_path: Path,
    *,
    key: Path,
    issuer: str,
    number: str,
    check_at: str,
    examined: date,
    valid_from: date,
    valid_until: date | None,
    photos: Sequence[Path] = (),
    status: StatusEntry | None = None,
) -> str:
    """The text of a signed certificate for the item of a listing.

    Raises UsageError when the listing states no serial number or the key cannot sign, FootageError
    for a photo that cannot be read.
    """
    item = read_listing(listing_path).item
    if not item.serial:
        raise UsageError(
            "the listing states no serial number, so a certificate would be for no item",
            where=listing_path.name,
            mend="add item: serial",
        )
    try:
        digests = [file_digest(photo) for photo in photos]
    except OSError as error:
        raise FootageError(
            f"a photo cannot be read: {error.strerror or error}",
            where=str(error.filename),
            mend="check the names after --photo",
        ) from error
    content = credential(
        issuer=issuer,
        certificate_id=number,
        brand=item.brand,
        model=item.model,
        serial=item.serial,
        examined=examined,
        check_url=check_at,
        valid_from=_start(valid_from),
        valid_until=_start(valid_until) if valid_until else None,
        photos=digests,
        status=(status,) if status else (),
    )
    return issue(content, key)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _desk(settings: Settings) -> Desk:
    return open_desk(
        now=datetime.now(UTC),
        issuers_folder=settings.issuers,
        wording=load_wording(settings.words.code, settings.presets),
        cache=settings.store.folder / "status",
    )


def _document(place: str) -> bytes:
    """A published JSON document, from a file or an address that the person gave."""
    try:
        if re.match(r"https?://", place):
            answer = fetch(place, own=True)
            if answer.status != 200:
                raise UnreachableError(f"it answers with {answer.status}")
            data = answer.body
        else:
            data = Path(place).read_bytes()
        value: Mapping[str, Any] = strict_json(data, "content")
    except (OSError, UnreachableError, ClaimError) as error:
        reason = error.message if isinstance(error, ClaimError) else error
        raise UsageError(
            f"the issuer's keys cannot be had: {reason}",
            where=place,
            mend="ask the issuer for the file, and give its name",
        ) from error
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
