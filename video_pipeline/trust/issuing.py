"""Issuing: making a key and signing a certificate, for samples, tests and in-house authenticators.

The secret half of a key is written once, readable by its owner only, and never leaves its file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from video_pipeline.errors import UsageError
from video_pipeline.trust.certificate import CONTEXT
from video_pipeline.trust.signature import sign
from video_pipeline.trust.status import MIN_ENTRIES, StatusEntry, encode_list

Method = Literal["ES256", "Ed25519", "EdDSA"]
"""EdDSA is the older name of Ed25519, which most other programs know."""

UNDEFINED_TERMS = "https://www.w3.org/ns/credentials/undefined-terms/v2"
"""W3C's context for words that no other context defines: those that describe the item."""


def make_key(path: Path, *, kid: str, alg: Method = "ES256") -> dict[str, str]:
    """Make a key pair: the secret half goes into the new file `path`, mode 0600.

    The returned public half is one entry of `keys` in an issuer file. Raises UsageError when `path`
    exists: a key that was overwritten can never sign again.
    """
    key: ECKey | OKPKey = (
        ECKey.generate_key("P-256") if alg == "ES256" else OKPKey.generate_key("Ed25519")
    )
    secret = {**key.as_dict(private=True), "kid": kid, "alg": alg}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(
            "a file of that name exists, and keys are never overwritten",
            where=str(path),
            mend="Choose another name for the key file.",
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(secret, file, indent=2)
    public = {name: str(value) for name, value in key.as_dict(private=False).items()}
    return {"kid": kid, "alg": alg, "status": "active", **public}


def credential(
    *,
    issuer: str,
    certificate_id: str,
    brand: str,
    model: str,
    serial: str,
    examined: date,
    check_url: str,
    valid_from: datetime,
    valid_until: datetime | None = None,
    result: str = "authentic",
    photos: Sequence[str] = (),
    status: Sequence[StatusEntry] = (),
) -> dict[str, Any]:
    """The content of a certificate: a W3C Verifiable Credential 2.0. Times need a time zone.

    `photos` are SHA-256 digests (hex digits) of the pictures that were examined; `status` names the
    bits of status lists by which it may be taken back.
    """
    content: dict[str, Any] = {
        "@context": [CONTEXT, UNDEFINED_TERMS],
        "type": ["VerifiableCredential", "AuthenticityCertificate"],
        "id": check_url,
        "issuer": issuer,
        "validFrom": valid_from.isoformat(),
        "credentialSubject": {
            "number": certificate_id,
            "brand": brand,
            "model": model,
            "serial": serial,
            "result": result,
            "examined": examined.isoformat(),
            "checkAt": check_url,
        },
    }
    if photos:
        content["credentialSubject"]["photos"] = [f"sha256:{digest}" for digest in photos]
    if status:
        content["credentialStatus"] = [
            {
                "id": f"{entry.list_address}#{entry.index}",
                "type": "BitstringStatusListEntry",
                "statusPurpose": entry.purpose,
                "statusListIndex": str(entry.index),
                "statusListCredential": entry.list_address,
            }
            for entry in status
        ]
    if valid_until is not None:
        content["validUntil"] = valid_until.isoformat()
    return content


def status_list(
    *,
    issuer: str,
    address: str,
    purpose: Literal["revocation", "suspension"],
    taken_back: Iterable[int],
    valid_from: datetime,
    ttl: timedelta = timedelta(minutes=5),
    entries: int = MIN_ENTRIES,
) -> dict[str, Any]:
    """The content of a Bitstring Status List that is published at `address`.

    `taken_back` are the places of the certificates that do not count any more.
    """
    bits = bytearray(max(entries, MIN_ENTRIES) // 8)
    for index in taken_back:
        bits[index // 8] |= 0x80 >> index % 8
    return {
        "@context": [CONTEXT],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": valid_from.isoformat(),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encode_list(bytes(bits)),
            "ttl": int(ttl.total_seconds() * 1000),
        },
    }


def public_set(public: Mapping[str, str]) -> dict[str, Any]:
    """The public half that `make_key` returned, as a JWK set to hand out."""
    return {"keys": [{name: value for name, value in public.items() if name != "status"}]}


def issue(content: Mapping[str, Any], key_file: Path) -> str:
    """Sign `content` with the key in `key_file` (made by `make_key`); returns the file's text.

    Raises UsageError when `key_file` is not such a key.
    """
    try:
        secret = json.loads(key_file.read_text("utf-8"))
        kind: type[ECKey] | type[OKPKey] = ECKey if secret["kty"] == "EC" else OKPKey
        header = {"alg": str(secret["alg"]), "kid": str(secret["kid"]), "typ": "vc+jwt"}
        members = {name: secret[name] for name in ("kty", "crv", "x", "y", "d") if name in secret}
        key = kind.import_key(members)
        payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return sign(payload, header | {"cty": "vc"}, key) + "\n"
    except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
        raise UsageError(
            "this is not a key that can sign certificates",
            where=str(key_file),
            mend="Give the key file that was made for this issuer.",
        ) from error
