"""Certificates: a signed statement about one item, read, verified and typed.

The form is a W3C Verifiable Credential 2.0 (https://www.w3.org/TR/vc-data-model-2.0/) of type
AuthenticityCertificate. Reading fails closed: a certificate that says anything this version does
not understand (a status list, an expiry under another name, a flag) is refused, not trimmed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from video_pipeline.errors import ClaimError
from video_pipeline.trust.issuers import Issuer, signing_key
from video_pipeline.trust.letters import shown, spelled
from video_pipeline.trust.moments import day, moment, text
from video_pipeline.trust.signature import MAX_BYTES, Token, check, take_apart
from video_pipeline.trust.states import Verdict
from video_pipeline.trust.status import StatusEntry, entries_of

CONTEXT = "https://www.w3.org/ns/credentials/v2"
TYPES = frozenset({"VerifiableCredential", "AuthenticityCertificate"})

_NAMES = frozenset(
    {"@context", "type", "id", "issuer", "validFrom", "validUntil", "credentialSubject"}
    | {"name", "description", "credentialStatus"}
)
_SUBJECT_NAMES = frozenset(
    {"id", "type", "number", "brand", "model", "serial", "result", "examined", "checkAt", "photos"}
)
# The words of our own form; an issuer's service brings words of its own.
_VERDICTS: Mapping[str, Verdict] = {"authentic": "authentic", "submitted": "submitted"}
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_PHOTO = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_MOST_PHOTOS = 100
_ASK_ISSUER = "Ask the issuer for a corrected certificate."


@dataclass(frozen=True)
class Subject:
    """The item that a certificate is about; None where the issuer does not say.

    `item_number` is the seller's own number as the issuer keeps it; `photos` are SHA-256 digests
    (hex digits) of the pictures that were examined.
    """

    brand: str
    model: str | None = None
    serial: str | None = None
    item_number: str | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """What an issuer states about one item; whether it fits a listing is the badge's question.

    `result` is the issuer's own word and `verdict` what it means. `status` says where to look
    whether it was taken back. `digest` is the SHA-256 (hex digits) of the file, or of the facts
    that a service answered with; `key_id` is empty for those.
    """

    id: str
    issuer: Issuer
    verdict: Verdict
    result: str
    examined: date
    issued: datetime
    expires: datetime | None
    subject: Subject
    check_url: str
    digest: str
    key_id: str = ""
    status: tuple[StatusEntry, ...] = ()

    @property
    def check_host(self) -> str:
        """The host a buyer is sent to, without 'www.'."""
        return self.host_of(self.check_url)

    @staticmethod
    def host_of(address: str) -> str:
        """The host of an address, as a badge names it."""
        return (urlsplit(address).hostname or "").removeprefix("www.")


def read_certificate(path: Path, issuers: Mapping[str, Issuer]) -> Certificate:
    """Read and verify the certificate file at `path`; raises ClaimError when it does not count."""
    try:
        # A pipe or a device would block or never end.
        if not path.is_file():
            raise ClaimError(
                "the certificate file is not there",
                mend="Put the file beside the listing, or correct its name in the listing.",
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ClaimError(
            "the certificate file cannot be read",
            mend="Check its name in the listing and that you may open it.",
        ) from error
    return verify_certificate(data, issuers)


def verify_certificate(data: bytes, issuers: Mapping[str, Issuer]) -> Certificate:
    """The certificate in `data` (a file's bytes), its signature verified with its issuer's key.

    Raises ClaimError with a plain reason; dates and the listing are not looked at here.
    """
    token = take_apart(data)
    issuer = _issuer(token, issuers)
    check(token, signing_key(issuer, token.kid))
    return _certificate(token, issuer, hashlib.sha256(data).hexdigest())


def _issuer(token: Token, issuers: Mapping[str, Issuer]) -> Issuer:
    named = token.payload.get("issuer")
    if isinstance(named, dict):
        named = named.get("id")
    if not isinstance(named, str):
        raise ClaimError("it does not say who issued it", mend=_ASK_ISSUER)
    issuer = issuers.get(named)
    if issuer is None:
        raise ClaimError(
            f"its issuer is not one you trust: '{spelled(named)}'",
            mend="If you know this issuer, add its file to your folder of issuers.",
        )
    return issuer


def _certificate(token: Token, issuer: Issuer, digest: str) -> Certificate:
    content = token.payload
    _only(content, _NAMES, "it")
    context = content.get("@context")
    if not isinstance(context, list) or not context or context[0] != CONTEXT:
        raise ClaimError(f"it is not of the form {CONTEXT}", mend=_ASK_ISSUER)
    types = content.get("type")
    if not isinstance(types, list) or not all(isinstance(t, str) for t in types):
        raise ClaimError("it does not say what kind of certificate it is", mend=_ASK_ISSUER)
    if set(types) != TYPES:
        raise ClaimError(
            f"it is another kind of credential: {shown(', '.join(types))}", mend=_ASK_ISSUER
        )
    subject = content.get("credentialSubject")
    if not isinstance(subject, dict):
        raise ClaimError("it does not describe one item", mend=_ASK_ISSUER)
    _only(subject, _SUBJECT_NAMES, "its description of the item")
    # The number people read; certificates of the first form had it as their id.
    number = text(subject, "number", 64) if "number" in subject else text(content, "id", 64)
    result = text(subject, "result", 40)
    return Certificate(
        id=number,
        issuer=issuer,
        verdict=_VERDICTS.get(result, "inconclusive"),
        result=result,
        examined=day(subject, "examined"),
        issued=moment(content, "validFrom"),
        expires=moment(content, "validUntil") if "validUntil" in content else None,
        subject=Subject(
            brand=text(subject, "brand", 100),
            model=text(subject, "model", 200),
            serial=text(subject, "serial", 100),
            photos=_photos(subject.get("photos", [])),
        ),
        check_url=public_address(text(subject, "checkAt", 300), "checkAt"),
        digest=digest,
        key_id=token.kid,
        status=entries_of(content["credentialStatus"]) if "credentialStatus" in content else (),
    )


def _only(content: Mapping[str, Any], names: frozenset[str], what: str) -> None:
    if strange := set(content) - names:
        raise ClaimError(
            f"{what} says something this version does not understand: '{shown(min(strange))}'",
            mend="Ask the issuer for a certificate in the plain form.",
        )


def _photos(value: object) -> tuple[str, ...]:
    photos = value if isinstance(value, list) and len(value) <= _MOST_PHOTOS else [None]
    digests = [p for p in photos if isinstance(p, str) and _PHOTO.fullmatch(p)]
    if len(digests) != len(photos):
        raise ClaimError("its 'photos' are not SHA-256 digests ('sha256:…')", mend=_ASK_ISSUER)
    return tuple(digest.removeprefix("sha256:") for digest in digests)


def public_address(value: str, name: str) -> str:
    """An https address on a public host name: it is printed as a QR code for strangers to open.

    Raises ClaimError, naming the field `name`, for any other.
    """
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    clean = re.fullmatch(r"https://[!-~]+", value) and "\\" not in value
    if not clean or not _HOST.fullmatch(host) or "@" in parts.netloc or port is not None:
        raise ClaimError(
            f"its '{name}' is not a plain https address: '{spelled(value)}'", mend=_ASK_ISSUER
        )
    return value
