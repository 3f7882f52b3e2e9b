"""Evidence: a folder that is sealed by one signature, and can be checked with nothing else.

`manifest.json` lists every file with its SHA-256; `manifest.json.jws` is a detached JWS over its
bytes (RFC 7515, appendix F), and `public-key.json` the JWK that it is checked with. Whoever has
the folder can tell whether anything was changed, lost or added. Whose key it is they can tell only
by holding it against one that they have from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from video_pipeline.errors import UsageError
from video_pipeline.store import file_digest
from video_pipeline.trust.identity import Identity

KIND: Final = "evidence"
MANIFEST: Final = "manifest.json"
SEAL: Final = "manifest.json.jws"
PUBLIC_KEY: Final = "public-key.json"
CERTIFICATES: Final = "signer.pem"
_TYPE: Final = "evidence+jws"
_ALGORITHMS: Final = ("ES256", "ES384", "ES512", "PS256", "Ed25519", "EdDSA")
_MOST_BYTES: Final = 16 * 1024 * 1024
_KINDS: Final[dict[str, Any]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}

Key = ECKey | OKPKey | RSAKey


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was sealed: a file's path in the folder, and what is wrong."""

    file: str
    what: str


@dataclass(frozen=True)
class Verdict:
    """What checking a folder gave: it stands when there are no faults.

    `key` is the key's thumbprint (RFC 7638), `known` whether it is the one that was to be expected,
    or None when nobody said. `made` is the time that the seller's computer wrote, `signer` the name
    in the certificates, both the seller's own word.
    """

    faults: tuple[Fault, ...]
    files: int
    key: str
    signer: str
    made: str
    known: bool | None

    @property
    def stands(self) -> bool:
        """Whether nothing was changed, and the key is not another one than expected."""
        return not self.faults and self.known is not False


def seal(folder: Path, page: Mapping[str, Any], identity: Identity) -> None:
    """Write key, certificates, manifest and signature into `folder`, after all other files.

    `page` is what the manifest says besides its files. Raises UsageError for an unusable key.
    """
    key = _key(identity.key, str(identity.key_file))
    public = {**key.as_dict(private=False), "kid": key.thumbprint()}
    (folder / PUBLIC_KEY).write_text(json.dumps(public, indent=2) + "\n", encoding="utf-8")
    (folder / CERTIFICATES).write_bytes(identity.chain)
    files = {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    text = json.dumps(
        {"kind": KIND, **page, "signer": {"name": identity.name, "key": key.thumbprint()}}
        | {"files": files},
        indent=2,
        ensure_ascii=False,
        default=str,
    )
    content = (text + "\n").encode()
    (folder / MANIFEST).write_bytes(content)
    header = {"alg": identity.algorithm, "kid": key.thumbprint(), "typ": _TYPE}
    signed = jws.serialize_compact(header, content, key, algorithms=list(_ALGORITHMS))
    (folder / SEAL).write_text(jws.detach_content(signed) + "\n", encoding="ascii")


def verify_folder(folder: Path, expected: Path | None = None) -> Verdict:
    """Check a sealed folder with nothing but itself, and with the key in `expected` where given.

    `expected` is a public key as JWK or PEM, or a PEM certificate. Every changed, missing or added
    file is a fault. Raises UsageError when it is no such folder, or the expected key is none.
    """
    manifest, seal_file, key_file = (folder / name for name in (MANIFEST, SEAL, PUBLIC_KEY))
    absent = [file.name for file in (manifest, seal_file, key_file) if not file.is_file()]
    if len(absent) == 3 or not folder.is_dir():
        raise UsageError(
            "this is no folder of evidence",
            where=str(folder),
            mend="name the folder that `video-pipeline evidence` made",
        )
    wanted = _read_key(expected).thumbprint() if expected is not None else None
    if absent:
        faults = [Fault(name, "is missing, so nothing can be proved") for name in absent]
        return Verdict(tuple(faults), 0, "", "", "", None)
    try:
        key = _read_key(key_file)
    except UsageError:
        fault = Fault(PUBLIC_KEY, "was changed: it is no public key")
        return Verdict((fault,), 0, "", "", "", None)
    thumbprint = key.thumbprint()
    known = None if wanted is None else wanted == thumbprint
    content = manifest.read_bytes()
    if not _sealed(content, seal_file, key):
        fault = Fault(
            MANIFEST, f"does not fit its signature: it, {SEAL} or {PUBLIC_KEY} was changed"
        )
        return Verdict((fault,), 0, thumbprint, "", "", known)
    page = json.loads(content)
    if not isinstance(page, dict) or page.get("kind") != KIND:
        raise UsageError(
            "this folder is signed, but it is not evidence", where=str(folder), mend="name another"
        )
    listed: dict[str, str] = page["files"]
    faults = [*_changed(folder, listed), *_added(folder, listed)]
    signer = str(page.get("signer", {}).get("name", ""))
    return Verdict(tuple(faults), len(listed), thumbprint, signer, str(page.get("made")), known)


def _sealed(content: bytes, seal_file: Path, key: Key) -> bool:
    try:
        if seal_file.stat().st_size > _MOST_BYTES or len(content) > _MOST_BYTES:
            return False
        signed = seal_file.read_text(encoding="ascii").strip()
        token = jws.deserialize_compact(signed, key, payload=content, algorithms=list(_ALGORITHMS))
        return bool(token.headers().get("typ") == _TYPE)
    except (JoseError, ValueError, OSError):
        return False


def _changed(folder: Path, listed: Mapping[str, str]) -> Sequence[Fault]:
    faults = []
    for name, digest in listed.items():
        path = folder / name
        if path.is_symlink():
            faults.append(Fault(name, "is a link to another file"))
        elif not path.is_file():
            faults.append(Fault(name, "is missing"))
        elif file_digest(path) != digest:
            faults.append(Fault(name, "was changed"))
    return faults


def _added(folder: Path, listed: Mapping[str, str]) -> Sequence[Fault]:
    ours = {*listed, MANIFEST, SEAL}
    present = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )
    return [Fault(name, "was added") for name in present if name not in ours]


def _read_key(file: Path) -> Key:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(
            "the key cannot be read", where=str(file), mend="check its name"
        ) from error
    try:
        if b"BEGIN CERTIFICATE" in data:
            public = x509.load_pem_x509_certificates(data)[0].public_key()
            data = public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        if b"-----BEGIN" not in data:
            page = json.loads(data)
            names = ("kty", "crv", "x", "y", "n", "e")
            read: Key = _KINDS[page["kty"]].import_key({n: page[n] for n in names if n in page})
            return read
    except (ValueError, KeyError, TypeError, JoseError) as error:
        raise _no_key(str(file)) from error
    return _key(data, str(file))


def _key(pem: bytes, where: str) -> Key:
    for kind in _KINDS.values():
        try:
            key: Key = kind.import_key(pem)
        except (ValueError, TypeError, JoseError):
            continue
        return key
    raise _no_key(where)


def _no_key(where: str) -> UsageError:
    return UsageError(
        "this is not a key that signatures can be checked with",
        where=where,
        mend="give a public key (JWK or PEM) or a certificate (PEM)",
    )
