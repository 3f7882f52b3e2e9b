"""Keys as issuers publish them, and the command that begins to trust an issuer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fake_issuer import serving, web_certificate
from test_trust_certificates import public_jwk

from video_pipeline.trust.issuers import StatusPlaces, load_issuers
from video_pipeline.trust.keys import (
    did_web_address,
    jwk_from_multikey,
    keys_from_did_document,
    keys_from_did_key,
    keys_from_jwks,
)

ES = public_jwk(ec.generate_private_key(ec.SECP256R1()))
ED = public_jwk(ed25519.Ed25519PrivateKey.generate())
DID = "did:web:maison.org"
# RFC 8032's first key (its seed is all zeros in W3C's test vectors), and the P-256 example of
# https://w3c-ccg.github.io/did-key-spec/#p-256.
ED_NAME = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
ED_BYTES = bytes.fromhex("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")
P_NAME = "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
P_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI",
    "y": "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU",
}


def test_names_that_are_keys_are_read_as_their_method_says() -> None:
    x = base64.urlsafe_b64encode(ED_BYTES).rstrip(b"=").decode()
    assert jwk_from_multikey(ED_NAME) == {"kty": "OKP", "crv": "Ed25519", "x": x}
    assert jwk_from_multikey(P_NAME) == P_JWK
    assert set(keys_from_did_key(f"did:key:{P_NAME}")) == {f"did:key:{P_NAME}#{P_NAME}"}


@pytest.mark.parametrize(
    "text",
    ["", "z", "6Mk", "z0", "zlll", "m" + ED_NAME[1:], ED_NAME[:-1], ED_NAME + "1", P_NAME[:-1],
     "z" + "1" * 300, "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"],
)  # fmt: skip
def test_other_names_are_no_keys(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|base58"):
        jwk_from_multikey(text)


def test_keys_of_a_set_that_sign() -> None:
    keys = keys_from_jwks(
        {
            "keys": [
                {"kid": "a", **ES, "alg": "ES256", "use": "sig"},
                {"kid": "b", **ED, "alg": "EdDSA", "key_ops": ["verify"]},
                {"kid": "c", **ES, "use": "enc"},
                {"kid": "d", **ES, "key_ops": ["deriveBits"]},
                {"kid": "e", "kty": "RSA", "n": "AQAB", "e": "AQAB"},
            ]
        }
    )
    assert {kid: key.algorithm for kid, key in keys.items()} == {"a": "ES256", "b": "Ed25519"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "not a JWK set"),
        ({"keys": {}}, "not a JWK set"),
        ({"keys": []}, "holds no key"),
        ({"keys": [{**ES}]}, "no name"),
        ({"keys": [{"kid": 1, **ES}]}, "no name"),
        ({"keys": ["a"]}, "no name"),
        ({"keys": [{"kid": "a", **ES}, {"kid": "a", **ED}]}, "two keys are named 'a'"),
        ({"keys": [{"kid": "a", **ES, "d": "AA"}]}, "secret half"),
        ({"keys": [{"kid": "a", "kty": "oct", "k": "AA"}]}, "secret half"),
        ({"keys": [{"kid": "a", **ES, "alg": "HS256"}]}, "another method"),
        ({"keys": [{"kid": "a", **ES, "x": "AA"}]}, "not those of a public key"),
        ({"keys": [{"kid": f"{n}", **ES} for n in range(51)]}, "more than 50"),
    ],
)
def test_a_set_in_disorder_is_refused_whole(value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        keys_from_jwks(value)


def method(name: str, **members: Any) -> dict[str, Any]:
    return {"id": name, "type": "JsonWebKey", "controller": DID, **members}


def test_keys_of_a_document_that_make_statements() -> None:
    keys = keys_from_did_document(
        {
            "id": DID,
            "verificationMethod": [
                method("#one", publicKeyJwk=ES),
                method(f"{DID}#login", publicKeyJwk=ED),
                method("#theirs", publicKeyJwk=ED, controller="did:web:evil.org"),
            ],
            "assertionMethod": [
                f"{DID}#one",
                "#theirs",
                method("#two", publicKeyMultibase=ED_NAME, type="Multikey"),
            ],
        },
        DID,
    )
    assert set(keys) == {f"{DID}#one", f"{DID}#two"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "not the document"),
        ({"id": "did:web:evil.org"}, "not the document"),
        ({"id": DID}, "names no key for statements"),
        ({"id": DID, "assertionMethod": ["#gone"]}, "holds no key"),
        (
            {
                "id": DID,
                "verificationMethod": [
                    method("#a", publicKeyJwk=ES),
                    method("#a", publicKeyJwk=ED),
                ],
                "assertionMethod": ["#a"],
            },
            "two keys are named",
        ),
    ],
)
def test_a_document_in_disorder_is_refused_whole(value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        keys_from_did_document(value, DID)


def test_where_documents_are_published() -> None:
    assert did_web_address("did:web:maison.org") == "https://maison.org/.well-known/did.json"
    assert did_web_address("did:web:a.org:x:y") == "https://a.org/x/y/did.json"
    assert did_web_address("did:web:a.org%3A8443") == "https://a.org:8443/.well-known/did.json"
    for wrong in ("did:web:", "did:web:a.org::x", "did:key:z6", "https://a.org"):
        with pytest.raises(ValueError, match="not a did:web"):
            did_web_address(wrong)


def test_addresses_that_a_person_wrote() -> None:
    places = StatusPlaces(addresses=("https://nas.home/lists/", "https://nas.home/one"))
    assert places.names("https://nas.home/lists/3")
    assert places.names("https://nas.home/one")
    for way in ("/one/more", "/lists", ".evil/", "/lists/../admin", "/lists/%2E%2e/x"):
        assert not places.names("https://nas.home" + way)


def test_a_did_is_asked_for_its_document_once(
    run_cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = web_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    presets = tmp_path / "presets"
    with serving(files) as fake:
        did = "did:web:" + fake.address.removeprefix("https://").replace(":", "%3A")
        words = ("issuer", "add", did, "--name", "Maison", "--url", "https://maison.org/",
                 "--presets", presets, "--json")  # fmt: skip
        refused = run_cli(*words)
        assert (refused.code, list(presets.glob("**/*"))) == (2, [])
        assert "answers with 404" in refused.json["error"]["message"]
        fake.answer(
            "/.well-known/did.json",
            {
                "id": did,
                "verificationMethod": [method("#k", publicKeyJwk=ES, controller=did)],
                "assertionMethod": ["#k"],
            },
        )
        assert run_cli(*words).code == 0
        asked = len(fake.asked)
        (own,) = [i for i in load_issuers(presets / "issuers").values() if i.name == "Maison"]
        assert set(own.keys) == {f"{did}#k"}
        rows = run_cli("issuer", "list", "--presets", presets, "--json").json["issuers"]
        assert {row["file"] for row in rows} == {
            "maison.yaml", "demo.yaml", "entrupy.yaml", "code-lookup.yaml",
        }  # fmt: skip
        assert len(fake.asked) == asked  # nothing is asked to know whom one trusts
        again = run_cli(*words)
        assert (again.code, "not replaced unseen" in again.out) == (2, True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("https://a.org/", "--name", "Atelier"), "keys are missing"),
        (("https://a.org/", "--name", "Atelier", "--jwks", "gone.json"), "cannot be had"),
        (("https://a.org/", "--name", "Atelier", "--jwks", "twice.json"), "two keys are named"),
        (("https://a.org/", "--name", "Atelier", "--jwks", "secret.json"), "secret half"),
        (("https://a.org/", "--name", "Entrupу", "--jwks", "good.json"), "mixes alphabets"),
        (("https://a.org/", "--name", "EN-TRUPY", "--jwks", "good.json"), "looks like 'Entrupy'"),
        (("http://a.org/", "--name", "Atelier", "--jwks", "good.json"), "neither an https"),
        (("did:key:zNo", "--name", "Atelier"), "the DID is no key"),
    ],
)
def test_an_issuer_that_cannot_be_trusted_is_not_written(
    run_cli: Callable[..., Any], tmp_path: Path, given: tuple[str, ...], says: str
) -> None:
    key = {"kid": "a", **ES}
    for name, keys in (("good", [key]), ("twice", [key, key]), ("secret", [{**key, "d": "c2Vj"}])):
        (tmp_path / f"{name}.json").write_text(json.dumps({"keys": keys}))
    done = run_cli(
        "issuer", "add", *given, "--url", "https://a.org/", "--presets", tmp_path / "presets",
        "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 2
    assert says in done.json["error"]["message"]
    assert not [path for path in (tmp_path / "presets").glob("**/*") if path.is_file()]
    assert "c2Vj" not in done.out + done.err


def test_a_did_that_is_a_key_needs_no_more(run_cli: Callable[..., Any], tmp_path: Path) -> None:
    did = f"did:key:{ED_NAME}"
    words = ("issuer", "add", did, "--name", "Anna", "--url", "https://anna.org/", "--file", "anna",
             "--presets", tmp_path)  # fmt: skip
    assert run_cli(*words).code == 0
    assert yaml.safe_load((tmp_path / "issuers/anna.yaml").read_text())["issuer"] == did
    assert set(load_issuers(tmp_path / "issuers")[did].keys) == {f"{did}#{ED_NAME}"}


def test_show_prints_strangers_words_harmlessly_and_no_serial(
    run_cli: Callable[..., Any], tmp_path: Path
) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"ES256","kid":"k","typ":"vc+jwt"}').rstrip(b"=")
    content = {"issuer": "https://evil.org/", "name": "\x1b[31mred\u202e", "credentialSubject": {
        "serial": "OR-2219-0417", "brand": "x"}}  # fmt: skip
    body = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")
    (tmp_path / "c.jwt").write_bytes(head + b"." + body + b".AAAA")
    done = run_cli("certificate", "show", tmp_path / "c.jwt")
    assert done.code == 0
    assert "does not count: its issuer is not one you trust" in done.out
    assert "\x1b[31m" not in done.out and "\u202e" not in done.out
    assert "2219" not in done.out
    gone = run_cli("certificate", "show", tmp_path / "gone.jwt", "--json")
    assert (gone.code, gone.json["error"]["kind"]) == (4, "claim")
