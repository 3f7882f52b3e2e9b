"""Identity: the key and the certificates that a seller signs clips and evidence with.

They come from a certificate authority, or are made here by the seller alone. What is made here
proves that nothing was changed since it was signed with that key; it does not prove whose key it
is, for anybody can make one in any name. The secret key stays in its file, which its owner alone
may read, and is never written anywhere else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from video_pipeline.errors import ListingError, Problem, UsageError
from video_pipeline.handwriting.settings import SETTINGS, read_table
from video_pipeline.trust.letters import is_plain

KEY_FILE: Final = "signing-key.pem"
CHAIN_FILE: Final = "signing-chain.pem"
_TABLE: Final = "sign"
_NAMES: Final = ("with", "chain", "timestamp")
_YEARS: Final = 2
_CLOCKS_DIFFER: Final = timedelta(minutes=10)
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_NEW: Final = "make one with: video-pipeline identity new 'Your shop'"


@dataclass(frozen=True)
class Identity:
    """A key that signs, and the certificates that say whose it is, its own first.

    `key` and `chain` are PEM; `key` is secret, and not part of the text of this value. `algorithm`
    is named as JOSE does (RFC 7518): ES256, ES384, ES512, PS256 or Ed25519. `timestamp` is the
    address of a time-stamp service (RFC 3161), or None to stay offline.
    """

    key_file: Path
    key: bytes
    chain: bytes
    algorithm: str
    timestamp: str | None = None

    def __repr__(self) -> str:
        return f"Identity({self.key_file.name!r}, {self.name!r})"

    @property
    def name(self) -> str:
        """Whom the first certificate names."""
        return _named(x509.load_pem_x509_certificates(self.chain)[0])

    def check_outside(self, folder: Path) -> None:
        """Raise UsageError when the key's file stands in `folder`, which is given to others."""
        if self.key_file.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                "the signing key stands in the output folder, which others will get",
                where=str(self.key_file),
                mend="keep the key in another folder",
            )


def choose_identity(
    key_file: Path | None, chain_file: Path | None, timestamp: str | None, here: Path
) -> Identity | None:
    """The identity that a command line names, else that of `video-pipeline.toml` in `here`.

    None when neither names one. Raises UsageError, or ListingError for mistakes in that file.
    """
    if key_file is None and chain_file is None:
        written = _settings(here)
        if "with" not in written:
            if timestamp is not None:
                raise UsageError(
                    "a time-stamp service is named, but nothing to sign with",
                    where="--timestamp",
                    mend="add --sign-with and --sign-chain",
                )
            return None
        key_file, chain_file = here / written["with"], here / written["chain"]
        timestamp = timestamp or written.get("timestamp")
    if key_file is None or chain_file is None:
        raise UsageError(
            "a signature needs the key and the chain of certificates",
            where="--sign-chain" if chain_file is None else "--sign-with",
            mend="give both --sign-with and --sign-chain",
        )
    return load_identity(key_file, chain_file, timestamp)


def load_identity(key_file: Path, chain_file: Path, timestamp: str | None = None) -> Identity:
    """The identity in a PEM key and a PEM chain. Raises UsageError in plain words."""
    try:
        mode = key_file.stat().st_mode
        key_pem, chain_pem = key_file.read_bytes(), chain_file.read_bytes()
    except OSError as error:
        missing = str(error.filename or key_file)
        raise UsageError("the file cannot be read", where=missing, mend=_NEW) from error
    if os.name == "posix" and mode & 0o077:
        raise UsageError(
            "other people of this computer may read the signing key",
            where=str(key_file),
            mend=f"keep it to yourself: chmod 600 {key_file}",
        )
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(
            "this is not a secret key in PEM form without a password",
            where=str(key_file),
            mend=f"give the key's own file, or {_NEW}",
        ) from error
    try:
        first = x509.load_pem_x509_certificates(chain_pem)[0]
    except ValueError as error:
        raise UsageError(
            "this is not a chain of certificates in PEM form", where=str(chain_file), mend=_NEW
        ) from error
    if first.public_key() != key.public_key():
        raise UsageError(
            "the first certificate of the chain is for another key",
            where=str(chain_file),
            mend="give the chain that came with the key, the key's own certificate first",
        )
    if not first.not_valid_before_utc <= datetime.now(UTC) <= first.not_valid_after_utc:
        raise UsageError(
            f"the certificate is valid from {first.not_valid_before_utc.date()} to "
            f"{first.not_valid_after_utc.date()} only",
            where=str(chain_file),
            mend="get a new one, and check this computer's clock",
        )
    if timestamp is not None and urlsplit(timestamp).scheme not in ("http", "https"):
        raise UsageError(
            "a time-stamp service is an http(s) address", where=timestamp, mend="correct it"
        )
    return Identity(key_file, key_pem, chain_pem, _algorithm(key, key_file), timestamp)


def make_identity(name: str, folder: Path) -> Identity:
    """Make a key and a chain for `name` alone: a root of its own, and a certificate under it.

    Both go into `folder` as new files, the key with mode 0600. The root's key is forgotten, so that
    nothing else can be signed with it. Raises UsageError when files of these names are there.
    """
    if not is_plain(name, 64):
        raise UsageError(
            "the name is not a plain text of 1 to 64 signs", where="NAME", mend="give another name"
        )
    key_file, chain_file = folder / KEY_FILE, folder / CHAIN_FILE
    for file in (key_file, chain_file):
        if file.exists():
            raise UsageError(
                "a file of that name exists, and identities are never overwritten",
                where=str(file),
                mend="use it, or name another folder with --output",
            )
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, own_name = _name(f"{name} (own root)"[:64], name), _name(name, name)
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    # C2PA asks for one purpose in the certificate; e-mail protection is what it takes from
    # certificates that are not of its own list (C2PA 2.2, section 14.5.1.1).
    own = (
        _certificate(own_name, root_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False
        )
        .sign(root_key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (own, root))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(secret)
        chain_file.write_bytes(chain)
    except OSError as error:
        with suppress(OSError):
            chain_file.unlink(missing_ok=True)
        raise UsageError(
            f"the files cannot be written: {error.strerror or error}",
            where=str(folder),
            mend="name another folder with --output",
        ) from error
    return Identity(key_file, secret, chain, "ES256")


def _algorithm(key: object, where: Path) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "Ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "PS256"
    raise UsageError(
        "a key of this kind cannot sign here",
        where=str(where),
        mend="use a key on the curve P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more",
    )


def _settings(here: Path) -> dict[str, str]:
    """What a person's settings say of signing, checked; empty when they say nothing."""
    table = read_table(here, _TABLE, _NAMES)
    if ("with" in table) != ("chain" in table):
        problem = Problem(_TABLE, "needs both 'with' and 'chain'", "add the other")
        raise ListingError("the settings have mistakes", where=SETTINGS, problems=[problem])
    return table


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _named(certificate: x509.Certificate) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(kind):
            return str(attribute.value)
    return certificate.subject.rfc4514_string()
