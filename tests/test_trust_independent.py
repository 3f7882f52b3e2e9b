"""Certificates made here verify with PyJWT, a library of others, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from test_trust_certificates import public_jwk

from video_pipeline.trust.issuing import credential

ISSUER = "https://nord.example/certificates"


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    path = tmp_path / "listing.yaml"
    item = {"brand": "Orsetta", "model": "Pouch", "serial": "OR-2219-0417"}
    page = {"sku": "A-1", "item": item, "condition": {"grade": "very-good"}, "footage": ["x.mp4"]}
    path.write_text(yaml.safe_dump(page), "utf-8")
    return path


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_what_is_made_here_others_believe_and_we_do(
    tmp_path: Path, run_cli: Callable[..., Any], listing: Path, alg: str
) -> None:
    secret, public, presets = tmp_path / "key.json", tmp_path / "nord.json", tmp_path / "presets"
    made = run_cli("keys", "new", secret, "--kid", "nord-1", "--alg", alg, "--public", public)
    assert made.code == 0
    assert secret.stat().st_mode & 0o777 == 0o600
    hidden = json.loads(secret.read_text())["d"]
    assert hidden not in made.out + made.err + public.read_text()
    photo = tmp_path / "front.jpg"
    photo.write_bytes(b"picture")
    issued = run_cli(
        "certificate", "issue", listing, "--key", secret, "--issuer", ISSUER, "--id", "N-1",
        "--check-at", "https://nord.example/c/N-1", "--examined", "2026-11-01", "--photo", photo,
        "--valid-from", "2026-11-01", "--valid-until", "2046-11-01", "-o", tmp_path / "c.jwt",
    )  # fmt: skip
    assert issued.code == 0, issued.err
    assert hidden not in issued.out + issued.err + (tmp_path / "c.jwt").read_text()

    token = (tmp_path / "c.jwt").read_text().strip()
    (jwk,) = jwt.PyJWKSet.from_json(public.read_text()).keys
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["kid"]) == ("vc+jwt", "nord-1")
    content = jwt.decode(token, jwk, algorithms=[alg])
    assert content["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert content["id"] == "https://nord.example/c/N-1"
    assert content["credentialSubject"]["number"] == "N-1"
    assert content["credentialSubject"]["photos"][0].startswith("sha256:")

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token[:-8] + "AAAAAAAA", jwk, algorithms=[alg])

    added = run_cli(
        "issuer", "add", ISSUER, "--name", "Atelier Nord", "--url", "https://nord.example/",
        "--jwks", public, "--presets", presets,
    )  # fmt: skip
    assert added.code == 0, added.err
    words = ("certificate", "verify", tmp_path / "c.jwt", "--listing", listing, "--json")
    assert run_cli(*words).json["state"] == "none"  # without those presets nobody knows them
    judged = run_cli(*words, "--presets", presets)
    assert (judged.code, judged.json["state"]) == (0, "authentic")
    assert "Certificate N-1" in judged.json["badge"]


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_what_others_make_counts_here(
    tmp_path: Path, run_cli: Callable[..., Any], listing: Path, alg: str
) -> None:
    key: Any = (
        ec.generate_private_key(ec.SECP256R1())
        if alg == "ES256"
        else ed25519.Ed25519PrivateKey.generate()
    )
    now = datetime.now(UTC)
    content = credential(
        issuer=ISSUER,
        certificate_id="N-2",
        brand="Orsetta",
        model="Pouch",
        serial="or 2219 0417",
        examined=(now - timedelta(days=2)).date(),
        check_url="https://nord.example/c/N-2",
        valid_from=now - timedelta(days=1),
    )
    token = jwt.encode(content, key, algorithm=alg, headers={"kid": "n", "typ": "vc+jwt"})
    (tmp_path / "c.jwt").write_text(token)
    folder = tmp_path / "presets/issuers"
    folder.mkdir(parents=True)
    (folder / "nord.json").write_text(json.dumps({"keys": [{"kid": "n", **public_jwk(key)}]}))
    page = {"issuer": ISSUER, "name": "Atelier Nord", "url": "https://nord.example/",
            "jwks": "nord.json"}  # fmt: skip
    (folder / "nord.yaml").write_text(yaml.safe_dump(page))
    judged = run_cli(
        "certificate", "verify", tmp_path / "c.jwt", "--listing", listing, "--presets",
        tmp_path / "presets", "--json",
    )  # fmt: skip
    assert (judged.code, judged.json["facts"]["id"]) == (0, "N-2"), judged.out
