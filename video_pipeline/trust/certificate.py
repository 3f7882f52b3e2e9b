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
from video_pipeline.trust.issuers import Issuer
from video_pipeline.trust.letters import is_plain, shown, spelled
from video_pipeline.trust.signature import MAX_BYTES, Token, check, take_apart

CONTEXT = "https://www.w3.org/ns/credentials/v2"
TYPES = frozenset({"VerifiableCredential", "AuthenticityCertificate"})

_NAMES = frozenset(
    {"@context", "type", "id", "issuer", "validFrom", "validUntil", "credentialSubject"}
    | {"name", "description"}
)
_SUBJECT_NAMES = frozenset(
    {"id", "type", "brand", "model", "serial", "result", "examined", "checkAt"}
)
_MOMENT = re.compile(
    r"(19|2[01])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-](0\d|1[0-4]):\d\d)", re.ASCII
)
_DAY = re.compile(r"(19|2[01])\d\d-\d\d-\d\d", re.ASCII)
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_ASK_ISSUER = "Ask the issuer for a corrected certificate."


@dataclass(frozen=True)
class Certificate:
    """A statement that `issuer` signed; whether it fits a listing today is the badge's question.

    `result` is the issuer's own word. `file_digest` is the SHA-256 of the file as hex digits.
    """

    id: str
    issuer: Issuer
    key_id: str
    result: str
    brand: str
    model: str
    serial: str
    examined: date
    valid_from: datetime
    valid_until: datetime | None
    check_url: str
    file_digest: str

    @property
    def check_host(self) -> str:
        """The host a buyer is sent to, without 'www.'."""
        return (urlsplit(self.check_url).hostname or "").removeprefix("www.")


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
    if token.kid in issuer.withdrawn:
        raise ClaimError(
            f"the key '{shown(token.kid)}' was withdrawn by {issuer.name}",
            mend="Ask the issuer for a certificate signed with a current key.",
        )
    key = issuer.keys.get(token.kid)
    if key is None:
        raise ClaimError(
            f"it names a key of {issuer.name} that is not known here: '{spelled(token.kid)}'",
            mend=f"Ask the issuer for its current public key and add it to {issuer.file.name}.",
        )
    check(token, key)
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
    valid_until = _moment(content, "validUntil") if "validUntil" in content else None
    return Certificate(
        id=_text(content, "id", 64),
        issuer=issuer,
        key_id=token.kid,
        result=_text(subject, "result", 40),
        brand=_text(subject, "brand", 100),
        model=_text(subject, "model", 200),
        serial=_text(subject, "serial", 100),
        examined=_day(subject, "examined"),
        valid_from=_moment(content, "validFrom"),
        valid_until=valid_until,
        check_url=_address(subject, "checkAt"),
        file_digest=digest,
    )


def _only(content: Mapping[str, Any], names: frozenset[str], what: str) -> None:
    if "credentialStatus" in content:
        raise ClaimError(
            "it can be withdrawn by its issuer, and this version cannot ask whether it was",
            mend="Ask the issuer for a certificate without a status list.",
        )
    if strange := set(content) - names:
        raise ClaimError(
            f"{what} says something this version does not understand: '{shown(min(strange))}'",
            mend="Ask the issuer for a certificate in the plain form.",
        )


def _text(content: Mapping[str, Any], name: str, limit: int) -> str:
    value = content.get(name)
    if value is None:
        raise ClaimError(f"it does not state '{name}'", mend=_ASK_ISSUER)
    if not isinstance(value, str) or not is_plain(value, limit):
        raise ClaimError(
            f"its '{name}' is not a plain text of up to {limit} signs", mend=_ASK_ISSUER
        )
    return value


def _moment(content: Mapping[str, Any], name: str) -> datetime:
    value = _text(content, name, 40)
    if not _MOMENT.fullmatch(value):
        raise _no_date(name, value)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise _no_date(name, value) from error


def _day(content: Mapping[str, Any], name: str) -> date:
    value = _text(content, name, 40)
    if not _DAY.fullmatch(value):
        raise _no_date(name, value)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise _no_date(name, value) from error


def _no_date(name: str, value: str) -> ClaimError:
    return ClaimError(f"its '{name}' is not a date: '{shown(value)}'", mend=_ASK_ISSUER)


def _address(content: Mapping[str, Any], name: str) -> str:
    """An https address on a public host name: it is printed as a QR code for strangers to open."""
    value = _text(content, name, 300)
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
