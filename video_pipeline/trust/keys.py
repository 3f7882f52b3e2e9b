"""Keys as issuers publish them: JWK sets (RFC 7517), did:web documents and did:key names.

A document is taken as a whole or not at all: one that names two keys alike, or holds a secret half,
is refused. Keys of other kinds than ours are passed over, since issuers keep them for other uses.
Sources: https://www.w3.org/TR/did-1.0/, https://w3c-ccg.github.io/did-method-key/,
https://w3c-ccg.github.io/did-method-web/, https://www.w3.org/TR/cid-1.0/#Multikey.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import ec

from video_pipeline.trust.letters import shown
from video_pipeline.trust.signature import PRIVATE_MEMBERS, VerifyingKey, verifying_key

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519, _P256 = b"\xed\x01", b"\x80\x24"  # the multicodec table's marks for public keys
_METHODS = {("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "Ed25519"}
_MOST_KEYS = 50


def keys_from_jwks(value: object) -> dict[str, VerifyingKey]:
    """The signing keys of a JWK set, by kid.

    Raises ValueError, in plain words, when it is none, holds a secret or no key that can be used,
    or names two keys alike.
    """
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is not a JWK set ('keys' with a list of keys)")
    named: list[tuple[str, Mapping[str, Any]]] = []
    for key in listed[: _MOST_KEYS + 1]:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or not key["kid"]:
            raise ValueError("one of its keys has no name ('kid')")
        named.append((key["kid"], key))
    return _usable(named)


def keys_from_did_document(value: object, did: str) -> dict[str, VerifyingKey]:
    """The keys by which the document of `did` lets statements be made (`assertionMethod`), by id.

    Raises ValueError as `keys_from_jwks` does, and when the document is another one's.
    """
    if not isinstance(value, dict) or value.get("id") != did:
        raise ValueError(f"it is not the document of {shown(did)}")
    methods = _objects(value.get("verificationMethod"))
    asserting = value.get("assertionMethod")
    if not isinstance(asserting, list):
        raise ValueError("it names no key for statements ('assertionMethod')")
    wanted = {_whole(did, name) for name in asserting if isinstance(name, str)}
    chosen = [m for m in methods if _whole(did, m.get("id")) in wanted]
    chosen += _objects(asserting)
    named: list[tuple[str, Mapping[str, Any]]] = []
    for method in chosen[: _MOST_KEYS + 1]:
        if method.get("controller", did) != did:
            continue  # somebody else's key
        name = _whole(did, method.get("id"))
        if "publicKeyJwk" in method and isinstance(method["publicKeyJwk"], dict):
            named.append((name, method["publicKeyJwk"]))
        elif isinstance(method.get("publicKeyMultibase"), str):
            named.append((name, jwk_from_multikey(method["publicKeyMultibase"])))
    return _usable(named)


def keys_from_did_key(did: str) -> dict[str, VerifyingKey]:
    """The one key that a `did:key:…` is, under the only name the method gives it.

    Raises ValueError when it is not a P-256 or Ed25519 key.
    """
    text = did.removeprefix("did:key:")
    return _usable([(f"{did}#{text}", jwk_from_multikey(text))])


def did_web_address(did: str) -> str:
    """Where the document of a `did:web:…` is published. Raises ValueError for another DID."""
    host, *path = did.removeprefix("did:web:").split(":")
    if not did.startswith("did:web:") or not host or any(not part for part in path):
        raise ValueError(f"{shown(did)} is not a did:web")
    way = "/".join(path) if path else ".well-known"
    return f"https://{unquote(host)}/{way}/did.json"


def jwk_from_multikey(text: str) -> dict[str, str]:
    """The JWK members of a multibase (base58btc) public key. Raises ValueError."""
    data = _from_base58(text[1:]) if text.startswith("z") else b""
    mark, raw = data[:2], data[2:]
    if mark == _ED25519 and len(raw) == 32:
        return {"kty": "OKP", "crv": "Ed25519", "x": _b64(raw)}
    if mark == _P256:
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
        except ValueError as error:
            raise ValueError("its numbers are not those of a public key") from error
        numbers = key.public_numbers()
        x, y = (_b64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    raise ValueError("it is not a P-256 or Ed25519 key in base58 ('z…')")


def _usable(named: list[tuple[str, Mapping[str, Any]]]) -> dict[str, VerifyingKey]:
    if len(named) > _MOST_KEYS:
        raise ValueError(f"it holds more than {_MOST_KEYS} keys")
    if any(PRIVATE_MEMBERS & set(key) for _, key in named):
        raise ValueError("it holds the secret half of a key")
    keys: dict[str, VerifyingKey] = {}
    names = [name for name, _ in named]
    for name, key in named:
        if names.count(name) > 1:
            raise ValueError(f"two keys are named '{shown(name)}': a certificate could mean either")
        method = _METHODS.get((str(key.get("kty")), str(key.get("crv"))))
        if method is None or key.get("use", "sig") != "sig" or not _verifies(key.get("key_ops")):
            continue
        if key.get("alg", method) not in (method, *(["EdDSA"] * (method == "Ed25519"))):
            raise ValueError(f"the key '{shown(name)}' is for another method than its kind")
        members = {part: str(key[part]) for part in ("kty", "crv", "x", "y") if part in key}
        keys[name] = verifying_key(name, method, members)
    if not keys:
        raise ValueError("it holds no key for ES256 or Ed25519")
    return keys


def _verifies(uses: object) -> bool:
    return uses is None or (isinstance(uses, list) and "verify" in uses)


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _whole(did: str, name: object) -> str:
    """A key's name in a DID document, in full: '#key-1' is short for it."""
    text = name if isinstance(name, str) else ""
    return did + text if text.startswith("#") else text


def _from_base58(text: str) -> bytes:
    if not text or len(text) > 200 or not set(text) <= set(_BASE58):
        raise ValueError("it is not written in base58")
    number = 0
    for letter in text:
        number = number * 58 + _BASE58.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
