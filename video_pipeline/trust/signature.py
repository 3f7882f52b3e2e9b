"""Signatures: which signed texts count, and which are refused before any key is tried.

A certificate is a compact JWS (RFC 7515) as W3C "Securing Verifiable Credentials using JOSE and
COSE" lays it out: `typ: vc+jwt`. The mathematics are joserfc's; this module only narrows what
reaches it: two algorithms, four header names, canonical base64url, JSON without double keys. The
key always comes from an issuer file, never from the certificate.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

from video_pipeline.errors import ClaimError
from video_pipeline.trust.letters import shown

MAX_BYTES = 64 * 1024
"""A certificate is a page of text; anything larger is refused unread."""

ALGORITHMS: Mapping[str, tuple[str, str]] = {
    "ES256": ("EC", "P-256"),
    "Ed25519": ("OKP", "Ed25519"),  # RFC 9864
    "EdDSA": ("OKP", "Ed25519"),  # the older name of the same (RFC 8037), here without Ed448
}
"""Algorithm names and the only key type and curve that each may be used with."""

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Names that hold secret numbers in a JWK (RFC 7518)."""

_HEADER_NAMES = frozenset({"alg", "typ", "cty", "kid"})
_KEY_TRICKS = frozenset({"jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256"})
_ASK_ISSUER = "Ask the issuer for the signed certificate file again."
_FOREIGN_FILES = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"RIFF": "a picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or office document",
    b"-----BEGIN": "a key or a web certificate",
}


@dataclass(frozen=True)
class VerifyingKey:
    """One public key of an issuer. `algorithm` is a name of ALGORITHMS."""

    kid: str
    algorithm: str
    key: ECKey | OKPKey


@dataclass(frozen=True)
class Token:
    """A signed text taken apart. Nothing in it is to be believed before `check` has passed."""

    compact: bytes
    algorithm: str
    kid: str
    payload: dict[str, Any]


class _Registry(JWSRegistry):
    """joserfc's registry, without its warning for the older name "EdDSA".

    `take_apart` has bound that name to Ed25519 by then, which is all that the warning asks for.
    """

    def get_alg(self, name: str) -> Any:  # joserfc does not export the type
        if name not in ALGORITHMS:
            raise JoseError(f"{name} is not allowed")
        return self.algorithms[name]


def take_apart(data: bytes, limit: int = MAX_BYTES, *, typed: bool = True) -> Token:
    """Split a certificate file's bytes (at most `limit`) into header and payload.

    `typed` asks for the header `typ: vc+jwt`, which status lists may leave out, as W3C's own
    examples do.

    Raises ClaimError, in plain words, for everything that is not a signed certificate of the
    agreed form. Does not look at the signature: see `check`.
    """
    if len(data) > limit:
        raise ClaimError(f"the file is larger than {limit // 1024} KB", mend=_ASK_ISSUER)
    compact = data.strip(b" \t\r\n")
    if not compact:
        raise ClaimError("the file is empty", mend=_ASK_ISSUER)
    for start, kind in _FOREIGN_FILES.items():
        if data.startswith(start):
            raise ClaimError(
                f"the file is {kind}, not a signed certificate",
                mend="A picture proves nothing by itself. Ask the issuer for the signed file.",
            )
    if not re.fullmatch(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", compact):
        raise ClaimError(
            "the file is not a signed certificate (three parts with dots between, on one line)",
            mend=_ASK_ISSUER,
        )
    head, body, seal = compact.split(b".")
    header = strict_json(_decode(head), "header")
    _decode(seal)
    algorithm, kid = _check_header(header, typed=typed)
    return Token(compact, algorithm, kid, strict_json(_decode(body), "content"))


def check(token: Token, key: VerifyingKey) -> None:
    """Verify that `key` signed `token`; raises ClaimError when it did not."""
    if ALGORITHMS[token.algorithm] != ALGORITHMS[key.algorithm]:
        raise ClaimError(
            f"it is signed by the method {token.algorithm}, but the issuer's key "
            f"'{shown(key.kid)}' is for {key.algorithm}",
            mend="Do not use this certificate; ask the issuer about it.",
        )
    try:
        jws.deserialize_compact(token.compact, key.key, registry=_Registry())
    except (JoseError, ValueError) as error:
        raise ClaimError(
            "the signature is not the issuer's: the certificate was changed or forged",
            mend="Do not use this certificate; ask the issuer for a fresh copy.",
        ) from error


def sign(payload: bytes, header: Mapping[str, str], key: ECKey | OKPKey) -> str:
    """`payload` as a compact JWS under `header`, signed with the private `key`."""
    return jws.serialize_compact(dict(header), payload, key, registry=_Registry())


def verifying_key(kid: str, algorithm: str, jwk: Mapping[str, str]) -> VerifyingKey:
    """A public key from its JWK members (kty, crv, x, and y for P-256).

    Raises ValueError, in plain words, when it holds secret parts, does not fit `algorithm` or is
    not a key at all.
    """
    if PRIVATE_MEMBERS & set(jwk):
        raise ValueError("it holds the secret half of a key")
    if algorithm not in ALGORITHMS:
        raise ValueError(f"the method must be one of {', '.join(ALGORITHMS)}")
    kty, curve = ALGORITHMS[algorithm]
    if (jwk.get("kty"), jwk.get("crv")) != (kty, curve):
        raise ValueError(f"{algorithm} needs a key with kty {kty} and crv {curve}")
    members = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
    kind: type[ECKey] | type[OKPKey] = ECKey if kty == "EC" else OKPKey
    try:
        return VerifyingKey(kid, algorithm, kind.import_key(dict(members)))
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError("its numbers are not those of a public key") from error


def _check_header(header: dict[str, Any], *, typed: bool) -> tuple[str, str]:
    if tricks := _KEY_TRICKS & set(header):
        raise ClaimError(
            f"it brings its own key ('{min(tricks)}'), which anyone can make",
            mend="Do not use this certificate; keys come from the issuer's own file only.",
        )
    if strange := set(header) - _HEADER_NAMES:
        raise ClaimError(
            f"its header asks for something unknown: '{shown(min(strange))}'", mend=_ASK_ISSUER
        )
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise ClaimError(
            f"it is not signed by an accepted method (ES256 or Ed25519): '{shown(algorithm)}'",
            mend="Do not use this certificate; ask the issuer for one signed by ES256 or Ed25519.",
        )
    if header.get("typ", None if typed else "vc+jwt") != "vc+jwt":
        raise ClaimError(
            f"it is another kind of signed text ('{shown(header.get('typ'))}'), "
            "not a certificate ('vc+jwt')",
            mend=_ASK_ISSUER,
        )
    if header.get("cty", "vc") != "vc":
        raise ClaimError(
            "its content is not a credential in plain form (cty 'vc')", mend=_ASK_ISSUER
        )
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise ClaimError("it does not say which key signed it ('kid')", mend=_ASK_ISSUER)
    return algorithm, kid


def _decode(part: bytes) -> bytes:
    """Canonical base64url only: otherwise one signature could be spelled in several ways."""
    try:
        data = base64.b64decode(part + b"=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ClaimError("the file is damaged (its coding is broken)", mend=_ASK_ISSUER) from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != part:
        raise ClaimError("the file is damaged (its coding is not clean)", mend=_ASK_ISSUER)
    return data


def strict_json(data: bytes, part: str) -> dict[str, Any]:
    """A JSON object in UTF-8 that can be read in one way only; raises ClaimError, naming `part`."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("a name stands twice")
        return members

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ClaimError(
            f"its {part} cannot be read without doubt (broken, too deep, or a name stands twice)",
            mend=_ASK_ISSUER,
        ) from error
    if not isinstance(value, dict):
        raise ClaimError(f"its {part} is not a list of named values", mend=_ASK_ISSUER)
    return value
