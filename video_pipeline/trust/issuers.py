"""Issuers: whose certificates count, and by which keys.

Every file `presets/issuers/*.yaml` names one issuer. Trust hangs on the exact `issuer` text and
the keys written there; the `name` is only what buyers read, so it may not look like another one.
A person's own folder is looked up first: a file there replaces the shipped file of that name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from video_pipeline import resources
from video_pipeline.errors import ListingError, Problem
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Loc, Mistake, Page, read_page, refuse
from video_pipeline.trust.letters import is_plain, lookalike_problem, skeleton, spelled
from video_pipeline.trust.signature import PRIVATE_MEMBERS, VerifyingKey, verifying_key
from video_pipeline.trust.wording import forbidden

KeyStatus = Literal["active", "withdrawn"]

_NOUN = "issuer file"
_SHORT = r"^[\x21-\x7e]+$"
_IN_WORDS = {_SHORT: "plain letters, digits and signs (ASCII) without spaces"}
_Short = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_SHORT)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyEntry(_Written):
    """One public key as it stands in an issuer file: a JWK (RFC 7517) with a status."""

    kid: _Short = Field(description="The key's name; certificates refer to it.")
    alg: Literal["ES256", "Ed25519", "EdDSA"] = Field(description="The method it signs by.")
    status: KeyStatus = Field(description="'withdrawn' keys verify nothing any more.")
    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "Ed25519"]
    x: _Short
    y: _Short | None = None
    use: Literal["sig"] | None = None


class IssuerFile(_Written):
    """The form of `presets/issuers/<name>.yaml`."""

    issuer: _Short = Field(description="https address or DID, exactly as certificates state it.")
    name: str = Field(min_length=2, max_length=60, description="The name buyers read.")
    url: _Short = Field(description="The issuer's web page (https).")
    test: bool = Field(False, description="True for issuers whose certificates prove nothing.")
    keys: list[KeyEntry] = Field(min_length=1, max_length=20)


@dataclass(frozen=True)
class Issuer:
    """One trusted issuer. `keys` are those in use; `withdrawn` holds the names of the others."""

    id: str
    name: str
    url: str
    test: bool
    keys: dict[str, VerifyingKey]
    withdrawn: frozenset[str]
    file: Path


def load_issuers(own: Path | None = None) -> dict[str, Issuer]:
    """All issuers by their exact id: the files of the `own` folder first, then the shipped ones.

    Raises ListingError, with every mistake found in the file, when an issuer file is wrong: a
    broken file must not silently decide who is trusted.
    """
    issuers: dict[str, Issuer] = {}
    if own is not None and not own.is_dir():
        raise ListingError(
            "the folder of issuers does not exist",
            where=str(own),
            problems=[Problem(str(own), "no such folder", "Make the folder or leave it out.")],
        )
    for path in _files(own):
        issuer = read_issuer(path)
        for other in issuers.values():
            if other.id == issuer.id:
                message = f"{other.file.name} already names the issuer {issuer.id}"
                mend = "keep one of the two, or give yours the same file name to replace it"
                raise refuse(path, _NOUN, [Mistake(1, message, mend)])
            if skeleton(other.name) == skeleton(issuer.name):
                message = f"'{issuer.name}' looks like '{other.name}' in {other.file.name}"
                mend = "give it a name that cannot be mistaken for the other"
                raise refuse(path, _NOUN, [Mistake(1, message, mend)])
        issuers[issuer.id] = issuer
    return issuers


def read_issuer(path: Path) -> Issuer:
    """One issuer file, checked. Raises ListingError with all problems of the file, by line."""
    page = read_page(path, _NOUN)
    if secrets := [_secret(page.line(loc)) for loc in _secrets(page.value, ())]:
        # Told alone: every other mistake can wait, and no value of such a file is repeated.
        raise refuse(path, _NOUN, secrets[:1])
    entry = fill(IssuerFile, page, noun=_NOUN, in_words=_IN_WORDS)
    keys, mistakes = _keys(entry, page)
    mistakes += _identity_mistakes(entry, page)
    if mistakes:
        raise refuse(path, _NOUN, mistakes)
    return Issuer(
        id=entry.issuer,
        name=entry.name,
        url=entry.url,
        test=entry.test or _is_reserved(entry.issuer),
        keys={key.kid: keys[key.kid] for key in entry.keys if key.status == "active"},
        withdrawn=frozenset(key.kid for key in entry.keys if key.status == "withdrawn"),
        file=path,
    )


def _files(own: Path | None) -> list[Path]:
    shipped = resources.shipped("presets") / "issuers"
    chosen: dict[str, Path] = {}
    for folder in (own, shipped):
        if folder is not None:
            for path in sorted(folder.glob("*.yaml")):
                chosen.setdefault(path.name, path)
    return list(chosen.values())


def _keys(entry: IssuerFile, page: Page) -> tuple[dict[str, VerifyingKey], list[Mistake]]:
    keys: dict[str, VerifyingKey] = {}
    mistakes: list[Mistake] = []
    for number, key in enumerate(entry.keys):
        line = page.line(("keys", number))
        if key.kid in keys:
            message = f"two keys are named '{key.kid}': a certificate could mean either"
            mistakes.append(Mistake(line, message, "give every key its own kid"))
            continue
        jwk = key.model_dump(include={"kty", "crv", "x", "y"}, exclude_none=True)
        try:
            keys[key.kid] = verifying_key(key.kid, key.alg, jwk)
        except ValueError as error:
            message = f"the key '{key.kid}' cannot be used: {error}"
            mistakes.append(Mistake(line, message, "copy the public key again from the issuer"))
    return keys, mistakes


def _identity_mistakes(entry: IssuerFile, page: Page) -> Iterator[Mistake]:
    if not entry.issuer.startswith("did:") and not _is_https(entry.issuer):
        yield Mistake(
            page.line(("issuer",)),
            f"'{spelled(entry.issuer)}' is neither an https address nor a DID",
            "copy the issuer's text exactly as its certificates state it",
        )
    if not _is_https(entry.url):
        yield Mistake(page.line(("url",)), "'url' is not an https address", "give its own page")
    line = page.line(("name",))
    if not is_plain(entry.name, 60):
        yield Mistake(line, "the name holds signs that cannot be shown", "type it again")
    elif problem := lookalike_problem(entry.name):
        yield Mistake(
            line,
            f"the name '{spelled(entry.name)}' can be mistaken for another: {problem}",
            "type the name again, in one alphabet",
        )
    elif word := forbidden(entry.name):
        yield Mistake(line, f"a name must not promise ('{word}')", "give the firm's plain name")


def _is_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "https" and bool(host) and "@" not in parts.netloc


def _is_reserved(issuer: str) -> bool:
    """Names that RFC 2606 keeps for examples belong to nobody, so they can only be tests."""
    host = urlsplit(issuer).hostname or issuer.removeprefix("did:web:").split(":")[0]
    return host.rsplit(".", 1)[-1] in {"example", "test", "invalid", "localhost"}


def _secrets(value: object, loc: Loc) -> Iterator[Loc]:
    """Where a secret half of a key stands: a JWK's secret members, or a PEM block."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name in PRIVATE_MEMBERS:
                yield (*loc, name)
            yield from _secrets(member, (*loc, name))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _secrets(member, (*loc, number))
    elif isinstance(value, str) and "PRIVATE KEY" in value:
        yield loc


def _secret(line: int) -> Mistake:
    return Mistake(
        line,
        "it holds the secret half of a key: whoever has this file could forge certificates",
        "make a new key and keep only its public half here; the old one is void",
    )
