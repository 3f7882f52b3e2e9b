"""Which certificates give a badge and which must not, through the same call as the pipeline's.

Forged tokens are put together by hand from `cryptography`, not by our own signing, so that a
mistake shared by signing and verifying would show.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline import resources
from video_pipeline.errors import ClaimError
from video_pipeline.listing.model import ListingFile
from video_pipeline.trust import certificate as certificates
from video_pipeline.trust.badge import verify
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.issuers import load_issuers
from video_pipeline.trust.issuing import credential, issue, make_key

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ISSUER = "https://atelier.test/issuer"
OTHER = "did:web:kontor.test"


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def es256(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def public_jwk(key: Any) -> dict[str, str]:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw).decode()}
    numbers = key.public_key().public_numbers()
    x, y = (b64(n.to_bytes(32, "big")).decode() for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


class Bench:
    """Two issuers in a folder, their secret keys, and a hand press for any token."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.issuers = folder / "issuers"
        self.issuers.mkdir()
        self.es, self.old, self.stranger = (ec.generate_private_key(ec.SECP256R1()) for _ in "123")
        self.ed, self.ed_stranger = (ed25519.Ed25519PrivateKey.generate() for _ in "12")
        self.other = ec.generate_private_key(ec.SECP256R1())
        active = {"status": "active"}
        self.write_issuer(
            "atelier",
            issuer=ISSUER,
            name="Atelier Examiners",
            keys=[
                {"kid": "es-1", "alg": "ES256", **active, **public_jwk(self.es)},
                {"kid": "ed-1", "alg": "Ed25519", **active, **public_jwk(self.ed)},
                {"kid": "old-1", "alg": "ES256", "status": "withdrawn", **public_jwk(self.old)},
            ],
        )
        self.write_issuer(
            "kontor",
            issuer=OTHER,
            name="Kontor Prüfer",
            keys=[{"kid": "k-1", "alg": "ES256", **active, **public_jwk(self.other)}],
        )
        self.trusted = load_issuers(self.issuers)

    def write_issuer(self, file: str, /, **content: Any) -> None:
        content = {"url": "https://atelier.test/", **content}
        (self.issuers / f"{file}.yaml").write_text(
            yaml.safe_dump(content, allow_unicode=True), "utf-8"
        )

    def content(self, subject: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A good credential with some members changed; `...` takes a member out."""
        good = credential(
            issuer=ISSUER,
            certificate_id="AT-0001",
            brand="Orsetta",
            model="Cognac Pouch",
            serial="OR-2219-0417",
            examined=date(2026, 10, 30),
            check_url="https://check.atelier.test/AT-0001",
            valid_from=datetime(2026, 11, 1, tzinfo=UTC),
            valid_until=datetime(2030, 11, 1, tzinfo=UTC),
        )
        # The first form, in which the number was the id; both are understood.
        good["id"] = good["credentialSubject"].pop("number")
        good["credentialSubject"] |= subject or {}
        good |= changes
        for level in (good, good["credentialSubject"]):
            if isinstance(level, dict):
                for name in [name for name, value in level.items() if value is ...]:
                    del level[name]
        return good

    def header(self, **changes: Any) -> dict[str, Any]:
        good = {"alg": "ES256", "kid": "es-1", "typ": "vc+jwt", "cty": "vc"} | changes
        return {name: value for name, value in good.items() if value is not ...}

    def press(
        self,
        header: dict[str, Any] | bytes | None = None,
        content: Any = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        """A token of any header and content (JSON values or raw bytes), signed by any means."""
        header = self.header() if header is None else header
        content = self.content() if content is None else content
        head = header if isinstance(header, bytes) else json.dumps(header).encode()
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        message = b64(head) + b"." + b64(body)
        return message + b"." + b64((sign or es256(self.es))(message))

    def listing(self, files: list[str], **item: Any) -> ListingFile:
        stated = {"brand": "Orsetta", "model": "Pouch", "serial": "OR-2219-0417"} | item
        return ListingFile.model_validate(
            {
                "sku": "A-1",
                "item": {name: value for name, value in stated.items() if value is not ...},
                "condition": {"grade": "A"},
                "certificates": [{"file": name} for name in files],
                "footage": ["clip.mp4"],
                "path": self.folder / "listing.yaml",
            }
        )

    def judge(
        self, data: bytes, *, now: datetime = NOW, **item: Any
    ) -> tuple[tuple[Claim, ...], tuple[Refusal, ...]]:
        (self.folder / "c.jwt").write_bytes(data)
        return verify(self.listing(["c.jwt"], **item), now=now, issuers_folder=self.issuers)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("trust"))


@dataclass(frozen=True)
class Case:
    """One file, what it is tried with, and what the refusal has to say."""

    make: Callable[[Bench], bytes]
    says: str
    now: datetime = NOW
    item: dict[str, Any] = field(default_factory=dict)


def signed(says: str, subject: dict[str, Any] | None = None, **changes: Any) -> Case:
    """A certificate whose signature is right and whose content is not."""
    return Case(lambda b: b.press(content=b.content(subject, **changes)), says)


def headed(says: str, **changes: Any) -> Case:
    """A certificate whose header is changed, and signed so."""
    return Case(lambda b: b.press(b.header(**changes)), says)


def hmac_with(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


def public_pem(bench: Bench) -> bytes:
    return bench.es.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def tampered(bench: Bench) -> bytes:
    """The serial changed after signing."""
    head, body, seal = bench.press().split(b".")
    text = base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))
    return b".".join([head, b64(text.replace(b"OR-2219-0417", b"OR-9999-0000")), seal])


def trailing_bits(bench: Bench) -> bytes:
    """The same signature bytes, spelled with other unused bits in the last letter."""
    token = bench.press()
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + bytes([alphabet[alphabet.index(token[-1]) + 1]])


DAMAGED = "not a signed certificate"
FORGED = "the signature is not the issuer's"
METHOD = "not signed by an accepted method"
DOUBT = "cannot be read without doubt"
OWN_KEY = "brings its own key"

REFUSED: dict[str, Case] = {
    # whose signature
    "wrong key": Case(lambda b: b.press(sign=es256(b.stranger)), FORGED),
    "wrong Ed25519 key": Case(
        lambda b: b.press(b.header(alg="Ed25519", kid="ed-1"), sign=b.ed_stranger.sign), FORGED
    ),
    "another issuer's key and kid": Case(
        lambda b: b.press(b.header(kid="k-1"), sign=es256(b.other)), "is not known here: 'k-1'"
    ),
    "another issuer's key": Case(lambda b: b.press(sign=es256(b.other)), FORGED),
    "withdrawn key": Case(
        lambda b: b.press(b.header(kid="old-1"), sign=es256(b.old)), "was withdrawn"
    ),
    "unknown kid": headed("is not known here", kid="es-2"),
    "kid in other case": headed("is not known here", kid="ES-1"),
    "no kid": headed("does not say which key", kid=...),
    "kid is a number": headed("does not say which key", kid=1),
    "kid is a path": headed("is not known here", kid="../../../dev/null"),
    "signature of nothing": Case(lambda b: b.press(sign=lambda _: bytes(64)), FORGED),
    "short signature": Case(lambda b: b.press(sign=lambda _: b"\x01"), FORGED),
    "DER signature": Case(
        lambda b: b.press(sign=lambda m: b.es.sign(m, ec.ECDSA(hashes.SHA256()))), FORGED
    ),
    "other certificate's signature": Case(
        lambda b: b".".join(
            b.press().split(b".")[:2]
            + b.press(content=b.content(id="AT-0002")).split(b".")[2:]
        ),
        FORGED,
    ),
    "tampered content": Case(tampered, FORGED),
    "tampered header": Case(
        lambda b: b".".join(
            [b64(json.dumps(b.header(cty=...)).encode()), *b.press().split(b".")[1:]]
        ),
        FORGED,
    ),
    # which method
    "alg none, no signature": Case(
        lambda b: b.press(b.header(alg="none"), sign=lambda _: b""), DAMAGED
    ),
    "alg none": headed(METHOD, alg="none"),
    "alg nOnE": headed(METHOD, alg="nOnE"),
    "alg missing": headed(METHOD, alg=...),
    "alg list": headed(METHOD, alg=["ES256"]),
    "alg ES384": headed(METHOD, alg="ES384"),
    "alg RS256": headed(METHOD, alg="RS256"),
    "HS256, secret is the PEM": Case(
        lambda b: b.press(b.header(alg="HS256"), sign=hmac_with(public_pem(b))), METHOD
    ),
    "HS256, secret is the JWK": Case(
        lambda b: b.press(
            b.header(alg="HS256"), sign=hmac_with(json.dumps(public_jwk(b.es)).encode())
        ),
        METHOD,
    ),
    "EdDSA with the ES256 key's kid": Case(
        lambda b: b.press(b.header(alg="EdDSA"), sign=b.ed.sign), "is for ES256"
    ),
    "ES256 with the Ed25519 key's kid": headed("is for Ed25519", kid="ed-1"),
    # header tricks
    "embedded jwk": Case(
        lambda b: b.press(b.header(jwk=public_jwk(b.stranger)), sign=es256(b.stranger)), OWN_KEY
    ),
    "jku": headed(OWN_KEY, jku="https://evil.test/keys.json"),
    "x5c": headed(OWN_KEY, x5c=["MIIB"]),
    "x5u": headed(OWN_KEY, x5u="file:///etc/passwd"),
    "crit": headed("asks for something unknown: 'crit'", crit=["exp"], exp=1),
    "b64 false": headed("asks for something unknown: 'b64'", b64=False),
    "typ JWT": headed("another kind of signed text", typ="JWT"),
    "typ missing": headed("another kind of signed text", typ=...),
    "typ in other case": headed("another kind of signed text", typ="VC+JWT"),
    "cty JWT": headed("not a credential in plain form", cty="JWT"),
    "double name in header": Case(
        lambda b: b.press(b'{"alg":"none",' + json.dumps(b.header()).encode()[1:]), DOUBT
    ),
    "header is a list": Case(lambda b: b.press(b'["ES256"]'), "not a list of named values"),
    "header in UTF-16": Case(lambda b: b.press(json.dumps(b.header()).encode("utf-16")), DOUBT),
    # the file
    "empty file": Case(lambda _: b"", "the file is empty"),
    "spaces only": Case(lambda _: b" \r\n\t\n", "the file is empty"),
    "noise": Case(lambda _: bytes(range(256)), DAMAGED),
    "PNG": Case(lambda _: b"\x89PNG\r\n\x1a\n" + bytes(64), "the file is a picture"),
    "JPEG": Case(lambda _: b"\xff\xd8\xff\xe0" + bytes(64), "the file is a picture"),
    "PDF": Case(lambda _: b"%PDF-1.7\n%", "the file is a PDF"),
    "PEM": Case(public_pem, "the file is a key"),
    "enormous, signed": Case(
        lambda b: b.press(content=b.content(description="x" * 60_000)), "larger than 64 KB"
    ),
    "enormous, spaces": Case(lambda b: b.press() + b" " * 65_536, "larger than 64 KB"),
    "JSON serialisation": Case(lambda _: b'{"payload":"e30","signatures":[]}', DAMAGED),
    "unsigned credential": Case(lambda b: json.dumps(b.content()).encode(), DAMAGED),
    "two parts": Case(lambda b: b.press().rsplit(b".", 1)[0], DAMAGED),
    "five parts": Case(lambda b: b.press() + b".e30.e30", DAMAGED),
    "padding": Case(lambda b: b.press() + b"==", DAMAGED),
    "wrapped over two lines": Case(lambda b: b.press()[:100] + b"\n" + b.press()[100:], DAMAGED),
    "trailing bits": Case(trailing_bits, "its coding is not clean"),
    "part of impossible length": Case(lambda b: b.press() + b"AAA", "the file is damaged"),
    "disclosures of SD-JWT": Case(lambda b: b.press() + b"~WyJhIl0~", DAMAGED),
    # the content's form
    "content is text": Case(lambda b: b.press(content=b"authentic"), DOUBT),
    "content is a list": Case(
        lambda b: b.press(content=[b.content()]), "not a list of named values"
    ),
    "content is another token": Case(lambda b: b.press(content=b.press()), DOUBT),
    "double name in content": Case(
        lambda b: b.press(
            content=json.dumps(b.content())
            .replace('"result"', '"result": "inconclusive", "result"')
            .encode()
        ),
        DOUBT,
    ),
    "double issuer": Case(
        lambda b: b.press(
            content=b'{"issuer":"https://evil.test",' + json.dumps(b.content()).encode()[1:]
        ),
        DOUBT,
    ),
    "not a number": signed(DOUBT, description=float("nan")),
    "broken UTF-8": Case(lambda b: b.press(content=b'{"id":"\xff"}'), DOUBT),
    "deep nest": Case(lambda b: b.press(content=b"[" * 40_000), DOUBT),
    "huge number": Case(lambda b: b.press(content=b'{"id":' + b"9" * 40_000 + b"}"), DOUBT),
    "no context": signed("not of the form", **{"@context": ...}),
    "context of version 1": signed(
        "not of the form", **{"@context": ["https://www.w3.org/2018/credentials/v1"]}
    ),
    "another type": signed("another kind of credential", type=["VerifiableCredential", "Diploma"]),
    "type is text": signed("what kind of certificate", type="AuthenticityCertificate"),
    "two items": signed("does not describe one item", credentialSubject=[{}, {}]),
    "status list": signed(
        "of a kind that this version does not",
        credentialStatus={"type": "BitstringStatusListEntry"},
    ),
    "expiry by another name": signed("does not understand: 'exp'", exp=1),
    "not final": signed("does not understand: 'final'", {"final": False}),
    "flagged": signed("does not understand: 'flag'", {"flag": "flagged"}),
    # who issued it
    "unknown issuer": signed("not one you trust", issuer="https://evil.test/issuer"),
    "look-alike issuer": signed(
        "not one you trust: 'https://\\u0430telier", issuer="https://аtelier.test/issuer"
    ),
    "issuer with a slash more": signed("not one you trust", issuer=ISSUER + "/"),
    "issuer in capitals": signed("not one you trust", issuer=ISSUER.upper()),
    "issuer by name": signed("not one you trust", issuer="Atelier Examiners"),
    "issuer object without id": signed("who issued it", issuer={"name": "Atelier Examiners"}),
    "issuer is a list": signed("who issued it", issuer=[ISSUER]),
    # what it says
    "inconclusive": signed("'inconclusive', not 'authentic'", {"result": "inconclusive"}),
    "Authentic in capitals": signed("'Authentic', not 'authentic'", {"result": "Authentic"}),
    "authentic and a space": signed("its 'result' is not a plain text", {"result": "authentic "}),
    "authentic in Cyrillic": signed("not 'authentic'", {"result": "аuthentic"}),
    "result true": signed("its 'result' is not a plain text", {"result": True}),
    "result list": signed("its 'result' is not a plain text", {"result": ["authentic"]}),
    "promising id": signed("promises something", id="GUARANTEED-1"),
    "id turns the writing round": signed("its 'id' is not a plain text", id="AT\u202e1000"),
    "id with a line break": signed("its 'id' is not a plain text", id="AT\n1"),
    "id half a pair": signed("its 'id' is not a plain text", id="AT\ud800"),
    "id too long": signed("its 'id' is not a plain text", id="A" * 65),
    # where to check
    "check at http": signed("not a plain https address", {"checkAt": "http://atelier.test/"}),
    "check at script": signed("not a plain https address", {"checkAt": "javascript:alert(1)"}),
    "check at address in disguise": signed(
        "not a plain https address", {"checkAt": "https://atelier.test@evil.test/"}
    ),
    "check at a number": signed("not a plain https address", {"checkAt": "https://127.0.0.1/"}),
    "check at six": signed("not a plain https address", {"checkAt": "https://[::1]/"}),
    "check at broken six": signed("not a plain https address", {"checkAt": "https://[::1/"}),
    "check at localhost": signed("not a plain https address", {"checkAt": "https://localhost/"}),
    "check at look-alike": signed(
        "not a plain https address", {"checkAt": "https://аtelier.test/"}
    ),
    "check at backslash": signed(
        "not a plain https address", {"checkAt": "https://atelier.test\\@evil.test/"}
    ),
    # when
    "expired": Case(
        lambda b: b.press(), "expired on 2030-11-01", now=datetime(2030, 11, 2, tzinfo=UTC)
    ),
    "expired a second ago": Case(
        lambda b: b.press(), "expired on", now=datetime(2030, 11, 1, 0, 0, 1, tzinfo=UTC)
    ),
    "not yet valid": Case(
        lambda b: b.press(), "not valid before 2026-11-01", now=datetime(2026, 10, 31, tzinfo=UTC)
    ),
    "ends before it begins": signed("expired on", validUntil="2026-10-01T00:00:00Z"),
    "examined in the future": signed("still to come", {"examined": "2026-11-22"}),
    "date true": signed("its 'validFrom' is not a plain text", validFrom=True),
    "date a number": signed("its 'validUntil' is not a plain text", validUntil=4102444800),
    "date null": signed("does not state 'validUntil'", validUntil=None),
    "date without zone": signed("'validFrom' is not a date", validFrom="2026-11-01T00:00:00"),
    "day only": signed("'validFrom' is not a date", validFrom="2026-11-01"),
    "month 13": signed("'validFrom' is not a date", validFrom="2026-13-01T00:00:00Z"),
    "30 February": signed("'validUntil' is not a date", validUntil="2028-02-30T00:00:00Z"),
    "hour 25": signed("'validUntil' is not a date", validUntil="2028-02-01T25:00:00Z"),
    "Arabic digits": signed("'validUntil' is not a date", validUntil="٢٠٢٨-02-01T00:00:00Z"),
    "year 9999 far east": signed(
        "'validUntil' is not a date", validUntil="9999-12-31T23:59:59-14:00"
    ),
    "examined with time": signed("'examined' is not a date", {"examined": "2026-10-30T00:00:00Z"}),
    "examined 31 November": signed("'examined' is not a date", {"examined": "2026-11-31"}),
    # which item
    "other serial": signed("another serial number", {"serial": "OR-2219-0418"}),
    "serial of look-alikes": signed("another serial number", {"serial": "ОR-2219-0417"}),
    "part of the serial": signed("another serial number", {"serial": "2219-0417"}),
    "no serial in the listing": Case(
        lambda b: b.press(), "the listing states no serial", item={"serial": ...}
    ),
    "both serials of hyphens": Case(
        lambda b: b.press(content=b.content({"serial": "--"})),
        "the listing states no serial",
        item={"serial": "- -"},
    ),
    "the serial in its number": signed("must not show", id="AT or2219.0417/b"),
    "the serial in wide signs": signed("must not show", id="ＯＲ２２１９０４１７"),
    "the serial in its address": signed(
        "must not show", {"checkAt": "https://atelier.test/?s=OR-2219-0417"}
    ),
    "the serial coded in its address": signed(
        "must not show", {"checkAt": "https://atelier.test/OR%252D2219%2d%30417"}
    ),
    "the serial in its host": signed(
        "must not show", {"checkAt": "https://or-2219-0417.atelier.test/"}
    ),
    "serial a number": signed("its 'serial' is not a plain text", {"serial": 22190417}),
    "other brand": signed("for the brand 'Chanelle'", {"brand": "Chanelle"}),
    "look-alike brand": signed("for the brand", {"brand": "Orsettа"}),
    "brand beginning alike": signed("for the brand", {"brand": "Orsetta Due"}),
}  # fmt: skip
for _name in ("brand", "model", "serial", "result", "examined", "checkAt"):
    REFUSED[f"without {_name}"] = signed(f"does not state '{_name}'", {_name: ...})
    REFUSED[f"{_name} null"] = signed(f"does not state '{_name}'", {_name: None})
    REFUSED[f"{_name} empty"] = signed(f"its '{_name}' is not a plain text", {_name: ""})
    REFUSED[f"{_name} an object"] = signed(f"its '{_name}' is not a plain text", {_name: {}})
for _name, _says in {
    "id": "does not state 'id'",
    "issuer": "who issued it",
    "validFrom": "does not state 'validFrom'",
    "type": "what kind of certificate",
    "credentialSubject": "does not describe one item",
}.items():
    REFUSED[f"without {_name}"] = signed(_says, **{_name: ...})


@pytest.mark.parametrize("name", REFUSED)
def test_gives_no_badge_and_says_why(bench: Bench, name: str) -> None:
    case = REFUSED[name]
    claims, refusals = bench.judge(case.make(bench), now=case.now, **case.item)
    assert claims == ()
    assert [r.file for r in refusals] == ["c.jwt"]
    assert case.says in refusals[0].reason
    assert refusals[0].mend
    # Strangers' signs must not reach a terminal, nor serials a report.
    assert (refusals[0].reason + refusals[0].mend).isprintable()
    assert "2219" not in refusals[0].reason


ACCEPTED: dict[str, Case] = {
    "ES256": Case(lambda b: b.press(), "AT-0001"),
    "Ed25519": Case(
        lambda b: b.press(b.header(alg="Ed25519", kid="ed-1"), sign=b.ed.sign), "AT-0001"
    ),
    "Ed25519 by its older name": Case(
        lambda b: b.press(b.header(alg="EdDSA", kid="ed-1"), sign=b.ed.sign), "AT-0001"
    ),
    "another issuer, a DID": Case(
        lambda b: b.press(
            b.header(kid="k-1"), b.content(issuer=OTHER, id="K 77/é"), es256(b.other)
        ),
        "K 77/é",
    ),
    "spaces and line ends around": Case(lambda b: b" \r\n" + b.press() + b"\r\n\n", "AT-0001"),
    "without cty": headed("AT-0001", cty=...),
    "without end": signed("AT-0001", validUntil=...),
    "issuer as an object": signed("AT-0001", issuer={"id": ISSUER, "name": "Anything"}),
    "further context": signed(
        "AT-0001", **{"@context": [certificates.CONTEXT, "https://atelier.test/v1"]}
    ),
    "types in other order": signed(
        "AT-0001", type=["AuthenticityCertificate", "VerifiableCredential"]
    ),
    "serial written otherwise": signed("AT-0001", {"serial": "or 2219–0417"}),
    "serial in wide signs": Case(
        lambda b: b.press(), "AT-0001", item={"serial": "ＯＲ－２２１９　０４１７"}
    ),
    "brand in capitals": signed("AT-0001", {"brand": "ORSETTA"}),
    "brand without accents": Case(
        lambda b: b.press(content=b.content({"brand": "HERMES"})),
        "AT-0001",
        item={"brand": "Hermès"},
    ),
    "part of the serial in its number": signed("AT-2219-0418", id="AT-2219-0418"),
    "zone other than UTC": signed(
        "AT-0001", validFrom="2026-11-20T21:59:59+10:00", validUntil="2026-11-20T02:00:01-10:00"
    ),
    "in its first moment": Case(
        lambda b: b.press(), "AT-0001", now=datetime(2026, 11, 1, tzinfo=UTC)
    ),
    "in its last moment": Case(
        lambda b: b.press(), "AT-0001", now=datetime(2030, 11, 1, tzinfo=UTC)
    ),
    "examined today in Kiribati": Case(
        lambda b: b.press(content=b.content({"examined": "2026-11-21"})), "AT-0001"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_gives_a_badge(bench: Bench, name: str) -> None:
    case = ACCEPTED[name]
    data = case.make(bench)
    claims, refusals = bench.judge(data, now=case.now, **case.item)
    assert refusals == ()
    assert [claim.certificate_id for claim in claims] == [case.says]
    assert claims[0].file_digest == hashlib.sha256(data).hexdigest()


def test_tables_are_large_enough() -> None:
    assert len(REFUSED) >= 25
    assert len(ACCEPTED) >= 6


def test_claim_states_the_facts(bench: Bench) -> None:
    (claim,), _ = bench.judge(bench.press())
    assert (claim.issuer, claim.issuer_name) == (ISSUER, "Atelier Examiners")
    assert claim.key_id == "es-1"
    assert claim.brand == "Orsetta"
    assert (claim.issued, claim.expires) == (date(2026, 11, 1), date(2030, 11, 1))
    assert claim.examined == date(2026, 10, 30)
    assert claim.check_url == "https://check.atelier.test/AT-0001"
    # ".test" belongs to nobody, so even these issuers are marked.
    assert claim.test
    assert claim.lines == (
        "Test certificate",
        "Examined by Atelier Examiners",
        "Result: authentic",
        "30 October 2026",
        "Certificate AT-0001",
        "Check at check.atelier.test",
        "Not affiliated with Orsetta.",
    )
    assert claim.wording == (
        "Test certificate, it proves nothing. Examined by Atelier Examiners, result authentic on "
        "30 October 2026, certificate AT-0001, check at check.atelier.test. "
        "Not affiliated with Orsetta."
    )
    assert "2219" not in claim.wording + "".join(claim.lines)


def test_real_issuer_is_not_marked_as_test(bench: Bench, tmp_path: Path) -> None:
    entry = yaml.safe_load((bench.issuers / "atelier.yaml").read_text("utf-8"))
    entry["issuer"] = "https://examiners.org"
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(entry), "utf-8")
    (bench.folder / "c.jwt").write_bytes(
        bench.press(content=bench.content(issuer="https://examiners.org"))
    )
    (claim,), _ = verify(bench.listing(["c.jwt"]), now=NOW, issuers_folder=tmp_path)
    assert not claim.test
    assert claim.lines[0] == "Examined by Atelier Examiners"
    assert claim.wording.startswith("Examined by")


def test_each_certificate_is_judged_alone_and_counts_once(bench: Bench) -> None:
    other = bench.press(bench.header(kid="k-1"), bench.content(issuer=OTHER), es256(bench.other))
    names = {"a.jwt": bench.press(), "b.jwt": b"", "again.jwt": bench.press(), "o.jwt": other}
    for name, data in names.items():
        (bench.folder / name).write_bytes(data)
    claims, refusals = verify(bench.listing(list(names)), now=NOW, issuers_folder=bench.issuers)
    assert [claim.issuer for claim in claims] == [ISSUER, OTHER]
    assert [refusal.file for refusal in refusals] == ["b.jwt", "again.jwt"]
    assert "counts once" in refusals[1].reason
    assert [claim.entry for claim in claims] == [0, 3]
    assert claims[0].certificate_id == claims[1].certificate_id  # issuers number alike
    assert claims[0].file_digest != claims[1].file_digest


@pytest.mark.parametrize(
    "file", ["/home/anna/Secret Deals/gone.jwt", "../Anna/gone.jwt", "C:\\Users\\Anna\\gone.jwt"]
)
def test_a_refusal_names_the_file_not_its_folders(bench: Bench, file: str) -> None:
    _, (refusal,) = verify(bench.listing([file]), now=NOW, issuers_folder=bench.issuers)
    assert refusal.file == "gone.jwt"
    assert "nna" not in refusal.reason + refusal.mend


@pytest.mark.parametrize(
    "name", ["missing.jwt", "issuers", "n" * 300, "a\0b", "no/such/folder.jwt"]
)
def test_file_that_is_not_there_is_a_refusal(bench: Bench, name: str) -> None:
    claims, refusals = verify(bench.listing([name]), now=NOW, issuers_folder=bench.issuers)
    assert claims == ()
    assert "certificate file" in refusals[0].reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_does_not_block(bench: Bench) -> None:
    os.mkfifo(bench.folder / "pipe.jwt")
    _, refusals = verify(bench.listing(["pipe.jwt"]), now=NOW, issuers_folder=bench.issuers)
    assert "is not there" in refusals[0].reason


def test_listing_without_certificates_asks_for_nothing(bench: Bench) -> None:
    nowhere = bench.folder / "no-such-folder"
    assert verify(bench.listing([]), now=NOW, issuers_folder=nowhere) == ((), ())


def test_time_needs_a_zone(bench: Bench) -> None:
    with pytest.raises(ValueError, match="time zone"):
        bench.judge(bench.press(), now=datetime(2026, 11, 20))


def test_sample_certificate_verifies_with_the_shipped_issuer(bench: Bench) -> None:
    sample = resources.shipped("samples") / "cognac-pouch" / "certificate.jwt"
    item = bench.listing([str(sample)], brand="ORSETTA")
    (claim,), refusals = verify(item, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert refusals == ()
    assert claim.certificate_id == "DEMO-2026-0417"
    assert claim.lines[0] == "Test certificate"
    assert claim.test


def test_own_key_signs_and_stays_secret(tmp_path: Path, bench: Bench) -> None:
    for alg in ("ES256", "Ed25519"):
        secret = tmp_path / f"{alg}.json"
        public = make_key(secret, kid="mine", alg=alg)
        assert secret.stat().st_mode & 0o077 == 0
        assert "d" not in public
        folder = tmp_path / f"{alg}-issuers"
        folder.mkdir()
        page = {
            "issuer": "https://mine.org",
            "name": "Own House",
            "url": "https://mine.org",
            "keys": [public],
        }
        (folder / "mine.yaml").write_text(yaml.safe_dump(page), "utf-8")
        text = issue(bench.content(issuer="https://mine.org"), secret)
        (bench.folder / "c.jwt").write_text(text, "ascii")
        claims, _ = verify(bench.listing(["c.jwt"]), now=NOW, issuers_folder=folder)
        assert [claim.issuer_name for claim in claims] == ["Own House"]


# --- what nobody thought of -----------------------------------------------------------------


@pytest.fixture(scope="module", params=["es-1", "ed-1"])
def token(request: pytest.FixtureRequest, bench: Bench) -> bytes:
    if request.param == "es-1":
        return bench.press()
    return bench.press(bench.header(alg="Ed25519", kid="ed-1"), sign=bench.ed.sign)


def believed(bench: Bench, data: bytes) -> certificates.Certificate | None:
    try:
        return certificates.verify_certificate(data, bench.trusted)
    except ClaimError as error:
        assert error.message
        assert error.mend
        return None


def test_every_single_changed_letter_is_noticed(bench: Bench, token: bytes) -> None:
    assert believed(bench, token) is not None
    for place, letter in enumerate(token):
        # Neighbours in the alphabet differ in the lowest bits, which the last letter ignores.
        for other in (letter ^ 1, letter ^ 2, letter ^ 0x20):
            assert believed(bench, token[:place] + bytes([other]) + token[place + 1 :]) is None


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_flip_gives_another_claim(bench: Bench, token: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.integers(0, 255).filter(lambda value: value != token[place]))
    assert believed(bench, token[:place] + bytes([letter]) + token[place + 1 :]) is None


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400))
def test_noise_is_refused_without_a_crash(bench: Bench, data: bytes) -> None:
    assert believed(bench, data) is None


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["authentic", "2026-11-01", "2026-11-01T00:00:00Z", "https://a.test/", "A"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_signed_nonsense_is_refused_without_a_crash(bench: Bench, data: st.DataObject) -> None:
    content = bench.content({"photos": []}, name="x")
    entry = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "1",
        "statusListCredential": "https://a.test/1",
    }
    content["credentialStatus"] = [entry]
    level = data.draw(st.sampled_from([content, content["credentialSubject"], entry]))
    name = data.draw(st.sampled_from(sorted(level)))
    level[name] = data.draw(values)
    certificate = believed(bench, bench.press(content=content))
    # Whatever still reads must be of the promised types.
    if certificate is not None:
        subject = certificate.subject
        assert isinstance(certificate.examined, date)
        assert certificate.issued.utcoffset() is not None
        assert certificate.check_url.startswith("https://")
        assert all(
            isinstance(text, str) and text.isprintable()
            for text in (certificate.id, subject.brand, subject.model, subject.serial)
        )


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(["alg", "kid", "typ", "cty", "jwk", "zip", "é"]), value=values)
def test_signed_nonsense_in_the_header_is_refused(bench: Bench, name: str, value: Any) -> None:
    good = bench.header()
    certificate = believed(bench, bench.press(good | {name: value}))
    assert certificate is None or good.get(name) == value


def test_years_later_it_has_expired(bench: Bench) -> None:
    for years in range(0, 40, 3):
        now = NOW + timedelta(days=365 * years)
        claims, _ = bench.judge(bench.press(), now=now)
        assert bool(claims) == (now <= datetime(2030, 11, 1, tzinfo=UTC))
