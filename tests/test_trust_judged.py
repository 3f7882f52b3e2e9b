"""The judged table: which certificates give a badge and which must not, all by the command line.

Tokens are pressed by hand from `cryptography`, lists and services are served by a real server on
this machine, and the two shipped adapters are used as they are, but for their address.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fake_issuer import FakeIssuer, dripping, enormous, moved, serving, web_certificate
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trust_certificates import b64, es256, hmac_with, public_jwk

from video_pipeline.errors import ClaimError
from video_pipeline.resources import shipped
from video_pipeline.trust.issuers import load_issuers
from video_pipeline.trust.issuing import credential, status_list
from video_pipeline.trust.services import ask
from video_pipeline.trust.status import StatusEntry, encode_list

ATELIER, KONTOR = "https://atelier.test/issuer", "https://kontor.test/"
WEB, SERIAL, SKU = "did:web:maison.test", "OR-2219-0417", "bag-17"
TODAY = datetime.now(UTC)
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519, P256 = b"\xed\x01", b"\x80\x24"  # multicodec
FIRST, LATER = 70_000, 70_001
"""Places in the status lists: the first is set, the later is not."""


def multikey(mark: bytes, raw: bytes) -> str:
    number, text = int.from_bytes(mark + raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "z" + text


def raw(key: Any) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )


class World:
    """Trusted issuers of every kind in a presets folder, their secrets, and a service."""

    def __init__(self, folder: Path, fake: FakeIssuer) -> None:
        self.folder, self.fake = folder, fake
        self.presets = folder / "presets"
        self.issuers = self.presets / "issuers"
        self.issuers.mkdir(parents=True)
        self.es, self.kontor, self.stranger, self.old = (
            ec.generate_private_key(ec.SECP256R1()) for _ in range(4)
        )
        self.ed, self.maison = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
        self.point = ec.generate_private_key(ec.SECP256R1())
        self.did_key = f"did:key:{multikey(ED25519, raw(self.ed))}"
        self.did_point = f"did:key:{multikey(P256, raw(self.point))}"
        self.issuer_file(
            "atelier",
            issuer=ATELIER,
            name="Atelier Examiners",
            keys=[
                {"kid": "es-1", "alg": "ES256", "status": "active", **public_jwk(self.es)},
                {"kid": "old-1", "alg": "ES256", "status": "withdrawn", **public_jwk(self.old)},
            ],
            status={
                "fetch": True,
                "addresses": [f"{fake.address}/status/"],
                "files": {
                    "https://atelier.test/status/1": "list-1.jwt",
                    "https://atelier.test/status/2": "list-2.jwt",
                    "https://atelier.test/status/3": "list-3.jwt",
                },
            },
        )
        for name, purpose in (("list-1", "revocation"), ("list-2", "suspension")):
            address = f"https://atelier.test/status/{name[-1]}"
            (self.issuers / f"{name}.jwt").write_bytes(self.bits(address, purpose))
        self.issuer_file("kontor", issuer=KONTOR, name="Kontor Pruefer", jwks="kontor.json")
        self.write(
            "kontor.json",
            {
                "keys": [
                    {"kid": "k-1", **public_jwk(self.kontor), "use": "sig"},
                    {"kid": "k-enc", "kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"},
                    {"kid": "k-2", **public_jwk(self.ed), "alg": "EdDSA", "key_ops": ["verify"]},
                ]
            },
        )
        self.issuer_file("maison", issuer=WEB, name="Maison", did="maison.json")
        method = {"type": "Multikey", "controller": WEB}
        self.write(
            "maison.json",
            {
                "id": WEB,
                "verificationMethod": [
                    {
                        **method,
                        "id": f"{WEB}#sign",
                        "publicKeyMultibase": multikey(ED25519, raw(self.maison)),
                    },
                    {
                        **method,
                        "id": f"{WEB}#login",
                        "publicKeyMultibase": multikey(ED25519, raw(self.ed)),
                    },
                ],
                "assertionMethod": ["#sign"],
                "authentication": ["#login"],
            },
        )
        self.issuer_file("didkey", issuer=self.did_key, name="Anna Examines")
        self.issuer_file("didpoint", issuer=self.did_point, name="Bert Examines")
        self.adapted("entrupy", "https://api.entrupy.com/v2/authentications", "/items")
        self.adapted("code-lookup", "https://api.codes.example/v1/codes", "/codes")
        self.listing = self.write_listing("listing.yaml")
        fake.pages["/status/good"] = self.bits(f"{fake.address}/status/good", "revocation")

    def write(self, name: str, content: Any) -> None:
        (self.issuers / name).write_text(json.dumps(content), "utf-8")

    def issuer_file(self, file: str, /, **content: Any) -> None:
        page = {"url": "https://atelier.test/", **content}
        (self.issuers / f"{file}.yaml").write_text(yaml.safe_dump(page), "utf-8")

    def adapted(self, name: str, theirs: str, ours: str) -> None:
        """A shipped adapter as it is, but for its address and a shorter time limit."""
        text = (shipped("presets") / f"issuers/{name}.yaml").read_text("utf-8")
        assert theirs in text
        text = text.replace(theirs, self.fake.address + ours).replace("seconds: 8", "seconds: 1")
        if "seconds:" not in text:
            text = text.replace("  fields:\n", "  seconds: 1\n  fields:\n")
        (self.issuers / f"{name}.yaml").write_text(text, "utf-8")

    def write_listing(self, name: str, **item: Any) -> Path:
        stated = {"brand": "Orsetta", "model": "Pouch", "serial": SERIAL} | item
        page = {
            "sku": SKU,
            "item": {key: value for key, value in stated.items() if value is not None},
            "condition": {"grade": "very-good"},
            "footage": ["clip.mp4"],
        }
        path = self.folder / name
        path.write_text(yaml.safe_dump(page), "utf-8")
        return path

    def bits(self, address: str, purpose: Any, **changes: Any) -> bytes:
        """A signed status list in which FIRST is set."""
        content = status_list(
            issuer=ATELIER,
            address=address,
            purpose=purpose,
            taken_back=[FIRST],
            valid_from=TODAY - timedelta(days=3),
        )
        content["credentialSubject"] |= changes.pop("subject", {})
        key = changes.pop("key", self.es)
        return self.press({**content, **changes}, sign=es256(key))

    def content(self, subject: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        status = changes.pop("status", ())
        good = credential(
            issuer=ATELIER,
            certificate_id="AT-0001",
            brand="Orsetta",
            model="Pouch",
            serial=SERIAL,
            examined=(TODAY - timedelta(days=9)).date(),
            check_url="https://check.atelier.test/AT-0001",
            valid_from=TODAY - timedelta(days=8),
            valid_until=TODAY + timedelta(days=300),
            photos=["ab" * 32],
            status=status,
        )
        good["credentialSubject"] |= subject or {}
        return {**good, **changes}

    def press(
        self,
        content: Any = None,
        sign: Callable[[bytes], bytes] | None = None,
        **header: Any,
    ) -> bytes:
        head = {"alg": "ES256", "kid": "es-1", "typ": "vc+jwt", "cty": "vc"} | header
        body = content if isinstance(content, bytes) else json.dumps(content or self.content())
        body = body if isinstance(body, bytes) else body.encode()
        message = b64(json.dumps(head).encode()) + b"." + b64(body)
        return message + b"." + b64((sign or es256(self.es))(message))

    def listed(self, address: str, index: int = LATER, purpose: str = "revocation") -> bytes:
        """A certificate whose status stands in the list at `address`."""
        return self.press(self.content(status=[StatusEntry(purpose, index, address)]))

    def served(self, page: bytes) -> bytes:
        """A certificate whose status list is `page`, served by the issuer."""
        name = f"/status/{len(self.fake.pages)}"
        self.fake.pages[name] = page
        return self.listed(self.fake.address + name)

    def item(self, number: str, **changes: Any) -> str:
        """An Entrupy answer as in its reference, with some values changed by their dotted way."""
        answer: dict[str, Any] = {
            "item": {
                "entrupy_id": number,
                "timestamp": {"created_at": "2026-05-23T10:00:00Z"},
                "status": {
                    "result": {"id": "authentic", "final": True},
                    "initial_result": {"id": "authentic", "final": False},
                    "flag": None,
                },
                "activity": {"mode": "standard_authentication"},
                "properties": {"customer_item_id": SKU, "brand_name": "Orsetta"},
                "images": None,
            }
        }
        put(answer["item"], changes)
        self.fake.answer(f"/items/{number}", answer)
        return number

    def code(self, number: str, **changes: Any) -> str:
        answer: dict[str, Any] = {
            "code": number,
            "verdict": "authentic",
            "checked_at": "2026-05-23",
            "product": {"brand": "Orsetta", "name": "Pouch", "sold_once": True},
        }
        put(answer, changes)
        self.fake.answer(f"/codes/{number}", answer)
        return number


def put(answer: dict[str, Any], changes: dict[str, Any]) -> None:
    """Set values by their way, `status__flag`; `...` takes a value out."""
    for way, value in changes.items():
        *around, name = way.split("__")
        level = answer
        for part in around:
            level = level[part]
        if value is ...:
            del level[name]
        else:
            level[name] = value


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving() as fake:
        yield World(tmp_path_factory.mktemp("world"), fake)


@pytest.fixture
def judge(
    world: World, run_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Case], Any]:
    monkeypatch.setenv("ENTRUPY_TOKEN", "s3cret-token")

    def run(case: Case) -> Any:
        made = case.make(world)
        listing = world.write_listing("other.yaml", **case.item) if case.item else world.listing
        if isinstance(made, bytes):
            path = tmp_path / "c.jwt"
            path.write_bytes(made)
            what: list[Any] = [path]
        else:
            what = [made, "--issuer", case.asks]
        return run_cli(
            "certificate", "verify", *what, "--listing", listing, "--presets", world.presets,
            "--cache", tmp_path / "cache", "--json",
        )  # fmt: skip

    return run


@dataclass(frozen=True)
class Case:
    """How a certificate is made (bytes: a file; text: a number asked for) and what is told."""

    make: Callable[[World], bytes | str]
    state: str
    says: str = ""
    asks: str = "entrupy"
    item: dict[str, Any] = field(default_factory=dict)


def past(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat(timespec="seconds")


NO = "none"
MUST_NOT: dict[str, Case] = {
    # signatures and their methods
    "wrong key": Case(lambda w: w.press(sign=es256(w.stranger)), NO, "changed or forged"),
    "another issuer's key": Case(
        lambda w: w.press(sign=es256(w.kontor), kid="k-1"), NO, "not known here"
    ),
    "withdrawn key": Case(lambda w: w.press(sign=es256(w.old), kid="old-1"), NO, "was withdrawn"),
    "alg none": Case(lambda w: w.press(alg="none", sign=lambda _: b"x"), NO, "accepted method"),
    "HS256 by the public key": Case(
        lambda w: w.press(alg="HS256", sign=hmac_with(json.dumps(public_jwk(w.es)).encode())),
        NO,
        "accepted method",
    ),
    "EdDSA by the name of an ES256 key": Case(
        lambda w: w.press(alg="EdDSA", sign=w.ed.sign), NO, "is for ES256"
    ),
    "brings its own key": Case(
        lambda w: w.press(jwk=public_jwk(w.stranger), sign=es256(w.stranger)), NO, "its own key"
    ),
    "tampered payload": Case(
        lambda w: b".".join(
            [
                *w.press().split(b".")[:1],
                b64(json.dumps(w.content({"serial": SERIAL}, name="x")).encode()),
                w.press().split(b".")[2],
            ]
        ),
        NO,
        "changed or forged",
    ),
    "DID's key for logging in": Case(
        lambda w: w.press(w.content(issuer=WEB), w.ed.sign, alg="Ed25519", kid=f"{WEB}#login"),
        NO,
        "not known here",
    ),
    "did:key by a fragment alone": Case(
        lambda w: w.press(w.content(issuer=w.did_key), w.ed.sign, alg="Ed25519", kid="#key"),
        NO,
        "not known here",
    ),
    # the file
    "enormous token": Case(
        lambda w: w.press(w.content(description="x" * 70_000)), NO, "larger than 64 KB"
    ),
    "padding": Case(lambda w: w.press() + b"=", NO, "not a signed certificate"),
    "broken UTF-8": Case(lambda w: w.press(b'{"id": "\xff"}'), NO, "without doubt"),
    "a name twice": Case(
        lambda w: w.press(b'{"issuer": "x", ' + json.dumps(w.content()).encode()[1:]),
        NO,
        "without doubt",
    ),
    "a picture": Case(lambda _: b"\x89PNG\r\n\x1a\n" + bytes(90), NO, "a picture"),
    "unsigned": Case(lambda w: json.dumps(w.content()).encode(), NO, "not a signed certificate"),
    # who
    "unknown issuer": Case(
        lambda w: w.press(w.content(issuer="https://evil.test/")), NO, "not one you trust"
    ),
    "issuer in look-alike letters": Case(
        lambda w: w.press(w.content(issuer=ATELIER.replace("a", "а", 1))), NO, "\\u0430"
    ),
    # when
    "expired": Case(lambda w: w.press(w.content(validUntil=past(1))), "expired", "expired on"),
    "not yet valid": Case(lambda w: w.press(w.content(validFrom=past(-2))), NO, "not valid before"),
    "examined tomorrow": Case(
        lambda w: w.press(w.content({"examined": past(-3)[:10]})), NO, "still to come"
    ),
    # what
    "inconclusive": Case(
        lambda w: w.press(w.content({"result": "inconclusive"})), "inconclusive", "not 'authentic'"
    ),
    "an unknown word": Case(
        lambda w: w.press(w.content({"result": "authentic!"})), "inconclusive", "not 'authentic'"
    ),
    "submitted only": Case(
        lambda w: w.press(w.content({"result": "submitted"})), "submitted", "not 'authentic'"
    ),
    "photos that are no digests": Case(
        lambda w: w.press(w.content({"photos": ["front.jpg"]})), NO, "not SHA-256"
    ),
    # which item
    "other serial": Case(
        lambda w: w.press(w.content({"serial": "OR-1"})), "mismatched", "another serial"
    ),
    "other brand": Case(
        lambda w: w.press(w.content({"brand": "Orsetto"})), "mismatched", "for the brand"
    ),
    "listing without a serial": Case(
        lambda w: w.press(), "mismatched", "states no serial", item={"serial": None}
    ),
    "serial in the number": Case(
        lambda w: w.press(w.content({"number": "AT or22190417"})), NO, "must not show"
    ),
    # taken back
    "revoked, list in a file": Case(
        lambda w: w.listed("https://atelier.test/status/1", FIRST), "revoked", "was withdrawn by"
    ),
    "suspended, list in a file": Case(
        lambda w: w.listed("https://atelier.test/status/2", FIRST, "suspension"),
        "revoked",
        "suspended for now",
    ),
    "revoked, list fetched": Case(
        lambda w: w.listed(f"{w.fake.address}/status/good", FIRST), "revoked", "was withdrawn by"
    ),
    "good in one list, suspended in another": Case(
        lambda w: w.press(
            w.content(
                status=[
                    StatusEntry("revocation", LATER, "https://atelier.test/status/1"),
                    StatusEntry("suspension", FIRST, "https://atelier.test/status/2"),
                ]
            )
        ),
        "revoked",
        "suspended for now",
    ),
    "list is not there": Case(
        lambda w: w.listed(f"{w.fake.address}/status/gone"), "unreachable", "answers with 404"
    ),
    "list's file is gone": Case(
        lambda w: w.listed("https://atelier.test/status/3"), "unreachable", "cannot be read"
    ),
    "list for another purpose": Case(
        lambda w: w.listed("https://atelier.test/status/1", purpose="suspension"),
        "unreachable",
        "does not tell of suspension",
    ),
    "place beyond the list": Case(
        lambda w: w.listed("https://atelier.test/status/1", 131_072), "unreachable", "beyond"
    ),
    "list under another's address": Case(
        lambda w: w.served(w.bits("https://atelier.test/status/9", "revocation")),
        "unreachable",
        "another one than the certificate names",
    ),
    "list signed by a stranger": Case(
        lambda w: w.served(w.bits("x", "revocation", key=w.stranger)), "unreachable", "forged"
    ),
    "list of another issuer": Case(
        lambda w: w.served(w.bits("x", "revocation", issuer=KONTOR)),
        "unreachable",
        "another issuer",
    ),
    "list has expired": Case(
        lambda w: w.served(
            w.bits(
                "x",
                "revocation",
                id=f"{w.fake.address}/status/{len(w.fake.pages)}",
                validUntil=past(1),
            )
        ),
        "unreachable",
        "list has expired",
    ),
    "list too short": Case(
        lambda w: w.served(
            w.bits(
                "x",
                "revocation",
                id=f"{w.fake.address}/status/{len(w.fake.pages)}",
                subject={"encodedList": encode_list(bytes(16_383))},
            )
        ),
        "unreachable",
        "fewer than 131072",
    ),
    "list is no list": Case(
        lambda w: w.served(b"<html>"), "unreachable", "not a signed certificate"
    ),
    "list is enormous": Case(
        lambda w: (
            w.fake.pages.__setitem__("/status/huge", enormous),
            w.listed(f"{w.fake.address}/status/huge"),
        )[1],
        "unreachable",
        "more than 2 MB",
    ),
    "list inside this network, named by the certificate": Case(
        lambda w: w.listed("https://127.0.0.1/status/1"), "unreachable", "own network"
    ),
    "list inside this network, sixth version": Case(
        lambda w: w.listed("https://[::ffff:10.0.0.1]/1"), "unreachable", "own network"
    ),
    "list at the cloud's own address": Case(
        lambda w: w.listed("https://169.254.169.254/latest"), "unreachable", "own network"
    ),
    "list by plain http": Case(
        lambda w: w.listed("http://atelier.test/status/7"), "unreachable", "not an https address"
    ),
    "list in a file of this machine": Case(
        lambda w: w.listed("file:///etc/passwd"), NO, "address of its status list"
    ),
    "list that the issuer's file does not name": Case(
        lambda w: w.press(
            w.content(
                issuer=KONTOR,
                status=[StatusEntry("revocation", 5, f"{w.fake.address}/status/good")],
            ),
            es256(w.kontor),
            kid="k-1",
        ),
        "unreachable",
        "does not say where",
    ),
    "status of an unknown kind": Case(
        lambda w: w.press(w.content(credentialStatus={"type": "StatusList2021Entry"})),
        NO,
        "does not understand",
    ),
    "status with a message": Case(
        lambda w: w.listed("https://atelier.test/status/1", purpose="message"),
        NO,
        "does not understand",
    ),
    # an issuer's own service
    "Entrupy: not final": Case(
        lambda w: w.item("E1", status__result__final=False), "submitted", "not final"
    ),
    "Entrupy: final as a word": Case(
        lambda w: w.item("E2", status__result__final="true"), "submitted", "not final"
    ),
    "Entrupy: final left out": Case(
        lambda w: w.item("E3", status__result__final=...), "submitted", "not final"
    ),
    "Entrupy: flagged": Case(
        lambda w: w.item("E4", status__flag="flagged"), "inconclusive", "flag"
    ),
    "Entrupy: a flag nobody knows": Case(
        lambda w: w.item("E5", status__flag="reviewed"), "inconclusive", "flag"
    ),
    "Entrupy: flag left out": Case(
        lambda w: w.item("E6", status__flag=...), "inconclusive", "flag"
    ),
    "Entrupy: unknown": Case(
        lambda w: w.item("E7", status__result__id="unknown"), "inconclusive", "no yes"
    ),
    "Entrupy: a word nobody knows": Case(
        lambda w: w.item("E8", status__result__id="authentic_plus"), "inconclusive", "no yes"
    ),
    "Entrupy: Authentic in capitals": Case(
        lambda w: w.item("E9", status__result__id="Authentic"), "inconclusive", "no yes"
    ),
    "Entrupy: result true": Case(
        lambda w: w.item("E10", status__result__id=True), "inconclusive", "no yes"
    ),
    "Entrupy: invalid": Case(
        lambda w: w.item("E11", status__result__id="invalid"), "revoked", "took the result back"
    ),
    "Entrupy: authentic, for another number": Case(
        lambda w: w.item("E12", entrupy_id="E99"), "mismatched", "another number"
    ),
    "Entrupy: the number in other case": Case(
        lambda w: w.item("E13", entrupy_id="e13"), "mismatched", "another number"
    ),
    "Entrupy: another item of yours": Case(
        lambda w: w.item("E14", properties__customer_item_id="bag-18"), "mismatched", "bag-18"
    ),
    "Entrupy: no item named": Case(
        lambda w: w.item("E15", properties__customer_item_id=None), "mismatched", "which item"
    ),
    "Entrupy: another brand": Case(
        lambda w: w.item("E16", properties__brand_name="Chanel"), "mismatched", "for the brand"
    ),
    "Entrupy: no day": Case(
        lambda w: w.item("E17", timestamp__created_at=None), "inconclusive", "when"
    ),
    "Entrupy: number not known": Case(lambda _: "E404", NO, "does not know this number"),
    "Entrupy: a number with a way in it": Case(
        lambda _: "../v1/items/E1", NO, "not the number of a certificate"
    ),
    "Entrupy: the key is not accepted": Case(
        lambda w: (w.fake.pages.__setitem__("/items/E401", 401), "E401")[1],
        "unreachable",
        "does not accept the key",
    ),
    "Entrupy: out of order": Case(
        lambda w: (w.fake.pages.__setitem__("/items/E500", 500), "E500")[1],
        "unreachable",
        "answers with 500",
    ),
    "Entrupy: sends on to another host": Case(
        lambda w: (w.fake.pages.__setitem__("/items/E302", moved("https://evil.test/")), "E302")[1],
        "unreachable",
        "another host",
    ),
    "Entrupy: sends on to another port": Case(
        lambda w: (w.fake.pages.__setitem__("/items/E303", moved("http://127.0.0.1:9/")), "E303")[
            1
        ],
        "unreachable",
        "another host",
    ),
    "Entrupy: sends on to a file": Case(
        lambda w: (w.fake.pages.__setitem__("/items/E304", moved("file:///etc/passwd")), "E304")[1],
        "unreachable",
        "not an https address",
    ),
    "Entrupy: sends on for ever": Case(
        lambda w: (w.fake.pages.__setitem__("/items/E305", moved("/items/E305")), "E305")[1],
        "unreachable",
        "without an end",
    ),
    "Entrupy: slow": Case(
        lambda w: (w.fake.pages.__setitem__("/items/ESLOW", dripping), "ESLOW")[1],
        "unreachable",
        "did not answer within 1 s",
    ),
    "Entrupy: enormous": Case(
        lambda w: (w.fake.pages.__setitem__("/items/EHUGE", enormous), "EHUGE")[1],
        "unreachable",
        "more than 2 MB",
    ),
    "Entrupy: not JSON": Case(
        lambda w: (w.fake.pages.__setitem__("/items/EHTML", b"<html>authentic"), "EHTML")[1],
        "unreachable",
        "cannot be read",
    ),
    "Entrupy: a name twice": Case(
        lambda w: (
            w.fake.pages.__setitem__("/items/ETWICE", b'{"item": {}, "item": {}}'),
            "ETWICE",
        )[1],
        "unreachable",
        "cannot be read",
    ),
    "code of a tag that was copied": Case(
        lambda w: w.code("CLG1", product__sold_once=False),
        "inconclusive",
        "more than one item",
        asks="code-lookup",
    ),
    "code that was blocked": Case(
        lambda w: w.code("CLG2", verdict="blocked"), "revoked", "took", asks="code-lookup"
    ),
    "code of another brand": Case(
        lambda w: w.code("CLG3", product__brand="Chanel"), "mismatched", "brand", asks="code-lookup"
    ),
    "an issuer without a service": Case(lambda _: "A1", NO, "no service", asks="atelier"),
    "an issuer nobody wrote": Case(lambda _: "A1", NO, "no issuer file", asks="nobody"),
}


@pytest.mark.parametrize("name", MUST_NOT)
def test_gives_no_badge(judge: Callable[[Case], Any], name: str) -> None:
    case = MUST_NOT[name]
    done = judge(case)
    assert done.code == 4
    assert (done.json["state"], done.json["badge"]) == (case.state, None)
    assert case.says in done.json["reason"]
    assert done.json["mend"]
    assert "s3cret" not in done.out + done.err
    assert SERIAL not in done.out + done.err


MUST: dict[str, Case] = {
    "ES256": Case(lambda w: w.press(), "AT-0001"),
    "key of a JWK set": Case(
        lambda w: w.press(w.content(issuer=KONTOR), es256(w.kontor), kid="k-1"), "AT-0001"
    ),
    "EdDSA key of a JWK set": Case(
        lambda w: w.press(w.content(issuer=KONTOR), w.ed.sign, kid="k-2", alg="EdDSA"), "AT-0001"
    ),
    "did:web": Case(
        lambda w: w.press(w.content(issuer=WEB), w.maison.sign, kid=f"{WEB}#sign", alg="Ed25519"),
        "AT-0001",
    ),
    "did:key, Ed25519": Case(
        lambda w: w.press(
            w.content(issuer=w.did_key),
            w.ed.sign,
            alg="EdDSA",
            kid=f"{w.did_key}#{w.did_key.removeprefix('did:key:')}",
        ),
        "AT-0001",
    ),
    "did:key, P-256": Case(
        lambda w: w.press(
            w.content(issuer=w.did_point),
            es256(w.point),
            kid=f"{w.did_point}#{w.did_point.removeprefix('did:key:')}",
        ),
        "AT-0001",
    ),
    "not taken back, list in a file": Case(
        lambda w: w.listed("https://atelier.test/status/1"), "AT-0001"
    ),
    "not taken back, list fetched": Case(
        lambda w: w.listed(f"{w.fake.address}/status/good"), "AT-0001"
    ),
    "not taken back by two lists": Case(
        lambda w: w.press(
            w.content(
                status=[
                    StatusEntry("revocation", LATER, "https://atelier.test/status/1"),
                    StatusEntry("suspension", LATER, "https://atelier.test/status/2"),
                ]
            )
        ),
        "AT-0001",
    ),
    "of the first form": Case(
        lambda w: w.press(
            {
                **w.content(),
                "id": "OLD-7",
                "credentialSubject": {
                    name: value
                    for name, value in w.content()["credentialSubject"].items()
                    if name not in ("number", "photos")
                },
            }
        ),
        "OLD-7",
    ),
    "Entrupy": Case(lambda w: w.item("ENTPY1"), "ENTPY1"),
    "Entrupy: flag resolved": Case(lambda w: w.item("ENTPY2", status__flag="resolved"), "ENTPY2"),
    "Entrupy: reviewed": Case(lambda w: w.item("ENTPY3", status__flag="reviewed_ok"), "ENTPY3"),
    "Entrupy: brand by its other name": Case(
        lambda w: w.item("ENTPY4", properties__brand_name=..., properties__brand="ORSETTA"),
        "ENTPY4",
    ),
    "Entrupy: sends on within its host": Case(
        lambda w: (
            w.fake.pages.__setitem__("/items/ENTPY5", moved("/items/moved")),
            w.item("moved", entrupy_id="ENTPY5"),
            "ENTPY5",
        )[2],
        "ENTPY5",
    ),
    "the code of a tag": Case(lambda w: w.code("CLG77"), "CLG77", asks="code-lookup"),
}


@pytest.mark.parametrize("name", MUST)
def test_gives_a_badge(judge: Callable[[Case], Any], name: str) -> None:
    done = judge(MUST[name])
    assert done.code == 0, done.out
    assert done.json["state"] == "authentic"
    assert done.json["facts"]["id"] == MUST[name].state
    assert any(MUST[name].state in line for line in done.json["badge"])


def test_the_table_is_large_enough() -> None:
    assert len(MUST_NOT) >= 40
    assert len(MUST) >= 8


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Atelier Examіners"}, "mixes alphabets"),
        ({"name": "Atelier  ExamIners!", "issuer": "https://other.test/"}, "looks like"),
        ({"keys": [], "jwks": "twice.json"}, "two keys are named 'k-1'"),
        ({"keys": [], "jwks": "secret.json"}, "secret half"),
        ({"keys": [], "jwks": "gone.json"}, "gone.json cannot be used"),
        ({"keys": [], "jwks": "../atelier.yaml"}, "beside this one"),
        ({"status": {"addresses": ["file:///tmp/"]}}, "not an https address"),
        ({"status": {"addresses": ["http://atelier.test/"]}}, "not an https address"),
    ],
)
def test_an_issuer_file_that_deceives_stops_everything(
    world: World, tmp_path: Path, run_cli: Callable[..., Any], changes: dict[str, Any], says: str
) -> None:
    own = tmp_path / "presets/issuers"
    own.mkdir(parents=True)
    page = yaml.safe_load((world.issuers / "atelier.yaml").read_text("utf-8"))
    page.pop("status")
    (own / "first.yaml").write_text(yaml.safe_dump(page), "utf-8")
    if "issuer" not in changes:
        (own / "first.yaml").unlink()
    page |= changes
    if page["keys"] == []:
        page.pop("keys")
    (own / "second.yaml").write_text(yaml.safe_dump(page), "utf-8")
    key = {"kid": "k-1", **public_jwk(world.es)}
    (own / "twice.json").write_text(json.dumps({"keys": [key, {**key, "use": "enc"}]}))
    (own / "secret.json").write_text(json.dumps({"keys": [{**key, "d": "c2VjcmV0"}]}))
    path = tmp_path / "c.jwt"
    path.write_bytes(world.press())
    done = run_cli("certificate", "verify", path, "--presets", tmp_path / "presets", "--json")
    assert done.code == 2
    assert says in done.out
    assert "c2VjcmV0" not in done.out + done.err


def test_the_service_hears_the_key_and_its_version_from_the_right_host_only(
    judge: Callable[[Case], Any], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judge(Case(lambda w: w.item("ENTPY9"), "")).code == 0
    path, headers = world.fake.asked[-1]
    assert path == "/items/ENTPY9"
    assert headers["Authorization"] == "Token s3cret-token"
    assert headers["Api-Version"] == "2.0"
    monkeypatch.delenv("ENTRUPY_TOKEN")
    before = len(world.fake.asked)
    done = judge(Case(lambda w: w.item("ENTPY9"), ""))
    assert (done.code, done.json["state"]) == (4, "unreachable")
    assert "ENTRUPY_TOKEN" in done.json["reason"]
    assert len(world.fake.asked) == before


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["authentic", "2026-05-23", "none", SKU, "Orsetta", "\u202e", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whatever_a_service_answers_is_refused_or_of_the_promised_kind(
    world: World, data: st.DataObject
) -> None:
    issuer = next(i for i in load_issuers(world.issuers).values() if i.file.stem == "entrupy")
    world.item("EFUZZ")
    answer = json.loads(cast(bytes, world.fake.pages["/items/EFUZZ"]))
    way = data.draw(
        st.sampled_from(
            ["item", "item entrupy_id", "item status", "item status result", "item timestamp",
             "item status result id", "item status result final", "item status flag",
             "item timestamp created_at", "item properties", "item properties brand_name",
             "item properties customer_item_id"]
        )
    ).split()  # fmt: skip
    level = answer
    for name in way[:-1]:
        level = level[name]
    level[way[-1]] = data.draw(values)
    world.fake.answer("/items/EFUZZ", answer)
    with pytest.MonkeyPatch.context() as around:
        around.setenv("ENTRUPY_TOKEN", "s3cret-token")
        try:
            found = ask(issuer, "EFUZZ")
        except ClaimError as error:
            assert error.message.isprintable()
            assert error.mend
            return
    assert found.verdict == "authentic" == found.result
    assert found.subject.brand.isprintable()
    assert isinstance(found.examined, date)
    assert found.issued.utcoffset() is not None


def test_a_list_is_kept_as_long_as_it_says_and_no_longer(
    world: World, run_cli: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "c.jwt"
    for ttl, asked in ((3_600_000, 1), (0, 2), (None, 2)):
        page = f"/status/ttl-{ttl}"
        address = world.fake.address + page
        world.fake.pages[page] = world.bits(address, "revocation", subject={"ttl": ttl})
        path.write_bytes(world.listed(address))
        for _ in range(2):
            done = run_cli(
                "certificate", "verify", path, "--presets", world.presets, "--cache",
                tmp_path / "cache", "--json",
            )  # fmt: skip
            assert done.json["state"] == "authentic"
        assert [p for p, _ in world.fake.asked].count(page) == asked
    page = "/status/ttl-years"
    world.fake.pages[page] = world.bits(
        world.fake.address + page, "revocation", subject={"ttl": 10**12}
    )
    path.write_bytes(world.listed(world.fake.address + page))
    run_cli("certificate", "verify", path, "--presets", world.presets, "--cache", tmp_path / "long")
    long = json.loads(next((tmp_path / "long/status").glob("*.json")).read_text())
    since, until = (datetime.fromisoformat(long[name]) for name in ("since", "until"))
    assert until - since == timedelta(days=1)
    # What is kept counts no more than what is fetched: it is signed, and held against the key.
    kept = next((tmp_path / "cache/status").glob("*.json"))
    page_kept = json.loads(kept.read_text())
    head, body, seal = page_kept["list"].split(".")
    page_kept["list"] = f"{head}.{body}.{seal[:-4]}AAAA"
    kept.write_text(json.dumps(page_kept))
    path.write_bytes(world.listed(world.fake.address + "/status/ttl-3600000"))
    done = run_cli(
        "certificate", "verify", path, "--presets", world.presets, "--cache", tmp_path / "cache",
        "--json",
    )  # fmt: skip
    assert done.json["state"] == "unreachable"


def test_over_https_with_a_certificate_that_is_believed_or_not(
    world: World, run_cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = web_certificate(tmp_path)
    with serving(files) as fake:
        page = yaml.safe_load((world.issuers / "atelier.yaml").read_text("utf-8"))
        page["status"] = {"addresses": [f"{fake.address}/"]}
        own = tmp_path / "presets/issuers"
        own.mkdir(parents=True)
        (own / "atelier.yaml").write_text(yaml.safe_dump(page), "utf-8")
        fake.pages["/1"] = world.bits(f"{fake.address}/1", "revocation")
        path = tmp_path / "c.jwt"
        path.write_bytes(world.listed(f"{fake.address}/1"))
        words = ("certificate", "verify", path, "--presets", tmp_path / "presets", "--json",
                 "--cache", tmp_path / "cache")  # fmt: skip
        done = run_cli(*words)
        assert (done.json["state"], fake.asked) == ("unreachable", [])
        assert "SSLCertVerificationError" in done.json["reason"]
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        assert run_cli(*words).json["state"] == "authentic"
        assert [p for p, _ in fake.asked] == ["/1"]


def test_nothing_is_asked_unless_listing_or_issuer_want_it(
    world: World, run_cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    path = tmp_path / "c.jwt"
    for token in (world.press(), world.listed("https://atelier.test/status/1")):
        path.write_bytes(token)
        for command in ("verify", "show"):
            done = run_cli("certificate", command, path, "--presets", world.presets, "--json")
            assert done.json["state"] == "authentic"
    # A forged certificate may name any list: it is not asked before the signature is known.
    path.write_bytes(
        world.press(
            world.content(status=[StatusEntry("revocation", 1, "https://spy.test/1")]),
            es256(world.stranger),
        )
    )
    assert run_cli("certificate", "verify", path, "--presets", world.presets).code == 4
    assert run_cli("issuer", "list", "--presets", world.presets).code == 0
