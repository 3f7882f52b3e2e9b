"""Issuing: making a key and signing a certificate, for samples, tests and in-house authenticators.

The secret half of a key is written once, readable by its owner only, and never leaves its file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from video_pipeline.errors import UsageError
from video_pipeline.trust.certificate import CONTEXT
from video_pipeline.trust.signature import sign


def make_key(path: Path, *, kid: str, alg: Literal["ES256", "Ed25519"] = "ES256") -> dict[str, str]:
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
) -> dict[str, Any]:
    """The content of a certificate: a W3C Verifiable Credential 2.0. Times need a time zone."""
    content: dict[str, Any] = {
        "@context": [CONTEXT],
        "type": ["VerifiableCredential", "AuthenticityCertificate"],
        "id": certificate_id,
        "issuer": issuer,
        "validFrom": valid_from.isoformat(),
        "credentialSubject": {
            "brand": brand,
            "model": model,
            "serial": serial,
            "result": result,
            "examined": examined.isoformat(),
            "checkAt": check_url,
        },
    }
    if valid_until is not None:
        content["validUntil"] = valid_until.isoformat()
    return content


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
