"""The form of an issuer file: who, by which keys, where its status lists and its service are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from video_pipeline.trust.states import Verdict

KeyStatus = Literal["active", "withdrawn"]

SHORT = r"^[\x21-\x7e]+$"
FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
WAY = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,9}$"
RIGHT = r"^\S.{8,298}\S$"
VARIABLE = r"^[A-Z][A-Z0-9_]{1,63}$"
IN_WORDS: Mapping[str, str] = {
    SHORT: "plain letters, digits and signs (ASCII) without spaces",
    FILE_NAME: "the name of a file that lies beside this one",
    RIGHT: "who allows it, by what, and since when, in 10 to 300 letters",
    WAY: "the way to a value of the answer, such as item.status.result.id",
    VARIABLE: "the name of an environment variable, such as ENTRUPY_TOKEN",
}
Short = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=SHORT)]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME)]
_Way = Annotated[str, StringConstraints(pattern=WAY, max_length=200)]
_Said = Annotated[str, StringConstraints(min_length=1, max_length=100)]


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Ways = Annotated[tuple[_Way, ...], BeforeValidator(_listed), Field(min_length=1, max_length=5)]
"""One way to a value, or several of which the first that leads somewhere counts."""


class Form(BaseModel):
    """Base of everything read from an issuer file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyEntry(Form):
    """One public key as it stands in an issuer file: a JWK (RFC 7517) with a status."""

    kid: Short = Field(description="The key's name; certificates refer to it.")
    alg: Literal["ES256", "Ed25519", "EdDSA"] = Field(description="The method it signs by.")
    status: KeyStatus = Field(description="'withdrawn' keys verify nothing any more.")
    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "Ed25519"]
    x: Short
    y: Short | None = None
    use: Literal["sig"] | None = None


class StatusForm(Form):
    """Where the issuer's status lists are had."""

    fetch: bool = Field(False, description="Ask the public https address that a certificate names.")
    addresses: tuple[Short, ...] = Field(
        default=(),
        max_length=20,
        description="Addresses that may be asked although they are in your own network; one that "
        "ends with / stands for all that begin so.",
    )
    files: dict[Short, FileName] = Field(
        default={}, description="Lists that lie beside this file, by their address."
    )


class Secret(Form):
    """What proves to the service who asks. The secret itself stands in the environment."""

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z-]{0,63}$")]
    value: str = Field(max_length=200, description="The header's text, with {secret} in it.")
    variable: Annotated[str, StringConstraints(pattern=VARIABLE)]


class Fields(Form):
    """Where in the answer the facts stand."""

    id: Ways = Field(description="The number that was asked for, as the service repeats it.")
    result: Ways = Field(description="The issuer's word for the result.")
    brand: Ways
    model: Ways | None = None
    serial: Ways | None = None
    item_number: Ways | None = Field(
        None, description="The seller's own number, compared with the listing's sku."
    )
    examined: Ways = Field(description="The day or moment of the examination.")
    expires: Ways | None = None
    number: Ways | None = Field(
        None, description="The number of the certificate, where it has one of its own."
    )


class Condition(Form):
    """What must be so before the result's word counts."""

    path: _Way
    allowed: tuple[_Said | None, ...] = Field(
        min_length=1,
        max_length=20,
        description="Words, true, false, or ~ for null. A value that is left out is none of them.",
    )
    otherwise: Literal["inconclusive", "submitted", "revoked"]
    says: str = Field(min_length=3, max_length=100, description="What the seller is told.")


class ServiceForm(Form):
    """How the issuer's own service is asked, and how its answer is read."""

    address: Short = Field(description="With {id}, the number that is asked for.")
    headers: dict[str, _Said] = Field(default={}, max_length=10)
    secret: Secret | None = None
    seconds: float = Field(8, gt=0, le=30, description="The time limit of the whole call.")
    fields: Fields
    verdicts: dict[_Said, Verdict] = Field(
        min_length=1, description="What each word means. A word that is not here is no yes."
    )
    conditions: tuple[Condition, ...] = Field(default=(), max_length=10)
    identifies: tuple[Literal["serial", "item_number", "id"], ...] = Field(
        min_length=1,
        description="What ties the answer to the item: one of them must fit, none may contradict. "
        "'id' is for codes that stand on the item itself.",
    )
    check_at: Short = Field(description="Where buyers check it, with {id} or {number}.")


class LogoForm(Form):
    """The issuer's own mark, for badges. Nothing is drawn without the right to it."""

    file: FileName = Field(description="A PNG, JPEG or WebP that lies beside this file.")
    licence: Annotated[str, StringConstraints(pattern=RIGHT)] = Field(
        description="Who allows you to show the logo in your clips, by what, and since when.",
    )


class IssuerFile(Form):
    """The form of `presets/issuers/<name>.yaml`."""

    issuer: Short = Field(description="https address or DID, exactly as certificates state it.")
    name: str = Field(min_length=2, max_length=60, description="The name buyers read.")
    url: Short = Field(description="The issuer's web page (https).")
    test: bool = Field(False, description="True for issuers whose certificates prove nothing.")
    keys: list[KeyEntry] = Field(default=[], min_length=1, max_length=20)
    jwks: FileName | None = Field(None, description="A JWK set beside this file.")
    did: FileName | None = Field(None, description="The DID's document beside this file.")
    withdrawn: tuple[Short, ...] = Field(
        default=(), max_length=50, description="Keys of the set or document that count no more."
    )
    logo: LogoForm | None = Field(None, description="Drawn beside the name, small.")
    status: StatusForm = StatusForm(fetch=False)
    service: ServiceForm | None = None
