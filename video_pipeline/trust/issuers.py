"""Issuers: whose certificates count, and by which keys.

Every file `presets/issuers/*.yaml` names one issuer. Trust hangs on the exact `issuer` text and
the keys written there, or in the JWK set or DID document that lies beside it; the `name` is only
what buyers read, so it may not look like another one.
A person's own folder is looked up first: a file there replaces the shipped file of that name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from video_pipeline import resources
from video_pipeline.errors import ClaimError, ListingError, Problem
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Loc, Mistake, Page, read_page, refuse
from video_pipeline.trust.fetching import UnreachableError, check_address
from video_pipeline.trust.issuer_form import IN_WORDS, IssuerFile, ServiceForm
from video_pipeline.trust.keys import keys_from_did_document, keys_from_did_key, keys_from_jwks
from video_pipeline.trust.letters import is_plain, lookalike_problem, shown, skeleton, spelled
from video_pipeline.trust.logos import Logo, LogoError, read_logo
from video_pipeline.trust.signature import (
    PRIVATE_MEMBERS,
    VerifyingKey,
    strict_json,
    verifying_key,
)
from video_pipeline.trust.wording import forbidden

_NOUN = "issuer file"
_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class StatusPlaces:
    """Where an issuer's status lists are had.

    `fetch` lets public addresses that a certificate names be asked; `addresses` are the person's
    own, `files` lists that lie beside the issuer file.
    """

    fetch: bool = False
    addresses: tuple[str, ...] = ()
    files: dict[str, Path] = field(default_factory=dict)

    def names(self, address: str) -> bool:
        """Whether the person wrote this address themselves; a way back up is never theirs."""
        if ".." in address or "%2e" in address.lower():
            return False
        return any(
            address == named or (named.endswith("/") and address.startswith(named))
            for named in self.addresses
        )


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
    status: StatusPlaces = StatusPlaces()
    service: ServiceForm | None = None
    logo: Logo | None = None


def signing_key(issuer: Issuer, kid: str) -> VerifyingKey:
    """The issuer's key of that name; raises ClaimError when it has none or withdrew it."""
    if kid in issuer.withdrawn:
        raise ClaimError(
            f"the key '{shown(kid)}' was withdrawn by {issuer.name}",
            mend="Ask the issuer for a certificate signed with a current key.",
        )
    key = issuer.keys.get(kid)
    if key is None:
        raise ClaimError(
            f"it names a key of {issuer.name} that is not known here: '{spelled(kid)}'",
            mend=f"Ask the issuer for its current public key and add it to {issuer.file.name}.",
        )
    return key


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
                # The person's own file is the one to mend, whichever was read first.
                mine, theirs = (other, issuer) if path.parent != own else (issuer, other)
                message = f"'{mine.name}' looks like '{theirs.name}' in {theirs.file.name}"
                mend = "give it a name that cannot be mistaken for the other"
                raise refuse(mine.file, _NOUN, [Mistake(1, message, mend)])
        issuers[issuer.id] = issuer
    return issuers


def read_issuer(path: Path) -> Issuer:
    """One issuer file, checked. Raises ListingError with all problems of the file, by line."""
    page = read_page(path, _NOUN)
    if secrets := [_secret(page.line(loc)) for loc in _secrets(page.value, ())]:
        # Told alone: every other mistake can wait, and no value of such a file is repeated.
        raise refuse(path, _NOUN, secrets[:1])
    entry = fill(IssuerFile, page, noun=_NOUN, in_words=IN_WORDS)
    keys, mistakes = _keys(entry, page)
    mistakes += _identity_mistakes(entry, page)
    mistakes += _asking_mistakes(entry, page)
    logo = _logo(entry, page, mistakes)
    if mistakes:
        raise refuse(path, _NOUN, mistakes)
    withdrawn = frozenset(
        {key.kid for key in entry.keys if key.status == "withdrawn"} | set(entry.withdrawn)
    )
    return Issuer(
        id=entry.issuer,
        name=entry.name,
        url=entry.url,
        test=entry.test or _is_reserved(entry.issuer),
        keys={kid: key for kid, key in keys.items() if kid not in withdrawn},
        withdrawn=withdrawn,
        file=path,
        status=StatusPlaces(
            entry.status.fetch,
            entry.status.addresses,
            {address: path.parent / name for address, name in entry.status.files.items()},
        ),
        service=entry.service,
        logo=logo,
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
    for name, found in _published(entry, page, mistakes):
        if twice := set(found) & set(keys):
            message = f"two keys are named '{min(twice)}': a certificate could mean either"
            mistakes.append(Mistake(page.line((name,)), message, "keep one of the two"))
        keys |= found
    if not keys and entry.service is None and not mistakes:
        message = "it has neither keys nor a service, so nothing of this issuer can be verified"
        mend = "add keys:, jwks:, did: or service:"
        mistakes.append(Mistake(page.line(("keys",)), message, mend))
    return keys, mistakes


def _published(
    entry: IssuerFile, page: Page, mistakes: list[Mistake]
) -> Iterator[tuple[str, dict[str, VerifyingKey]]]:
    """The keys in the files beside the issuer file, and the key that a did:key is."""
    try:
        if entry.issuer.startswith("did:key:"):
            yield "issuer", keys_from_did_key(entry.issuer)
    except ValueError as error:
        mistakes.append(Mistake(page.line(("issuer",)), f"the DID is no key: {error}", "copy it"))
    for name, file in (("jwks", entry.jwks), ("did", entry.did)):
        if file is None:
            continue
        try:
            value = read_published(page.path.parent / file)
            if name == "jwks":
                yield name, keys_from_jwks(value)
            else:
                yield name, keys_from_did_document(value, entry.issuer)
        except (ValueError, OSError, ClaimError) as error:
            reason = error.message if isinstance(error, ClaimError) else error
            if isinstance(error, OSError):
                reason = error.strerror or "it is not there"
            mistakes.append(
                Mistake(
                    page.line((name,)),
                    f"{file} cannot be used: {reason}",
                    "get it again from the issuer",
                )
            )


def _logo(entry: IssuerFile, page: Page, mistakes: list[Mistake]) -> Logo | None:
    if entry.logo is None:
        return None
    try:
        return read_logo(page.path.parent / entry.logo.file, entry.logo.licence)
    except LogoError as error:
        message = f"the logo {entry.logo.file} cannot be drawn: {error}"
        mistakes.append(Mistake(page.line(("logo", "file")), message, error.mend))
        return None


def read_published(path: Path) -> dict[str, object]:
    """A JSON document that an issuer published. Raises OSError, ClaimError or ValueError."""
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError("it is larger than 1 MB")
    value = strict_json(data, "content")
    if next(_secrets(json.loads(data), ()), None) is not None:
        raise ValueError("it holds the secret half of a key, which is void now")
    return value


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


def _asking_mistakes(entry: IssuerFile, page: Page) -> Iterator[Mistake]:
    """Addresses that may not be asked, and templates that leave out what they are for."""
    for number, address in enumerate(entry.status.addresses):
        yield from _address_mistake(address, page.line(("status", "addresses", number)))
    if entry.service is None:
        return
    service = entry.service
    line = page.line(("service", "address"))
    yield from _address_mistake(service.address.replace("{id}", "A"), line)
    if service.address.count("{id}") != 1 or "{id}" in urlsplit(service.address).netloc:
        yield Mistake(line, "'address' has to hold {id} once, behind the host", "write it there")
    bare = service.check_at.replace("{id}", "A").replace("{number}", "A")
    if bare == service.check_at or not _is_https(bare) or "{" in bare:
        message = "'check_at' is not an https address with {id} or {number} in it"
        yield Mistake(page.line(("service", "check_at")), message, "give the page for buyers")
    if service.secret and service.secret.value.count("{secret}") != 1:
        message = "'value' has to hold {secret} once; the secret itself never stands in this file"
        yield Mistake(page.line(("service", "secret", "value")), message, "write: Token {secret}")
    for word in service.identifies:
        if word != "id" and getattr(service.fields, word) is None:
            message = f"'identifies' names {word}, which 'fields' does not"
            yield Mistake(page.line(("service", "identifies")), message, f"add fields: {word}")


def _address_mistake(address: str, line: int) -> Iterator[Mistake]:
    try:
        check_address(address, own=True)
    except UnreachableError as error:
        yield Mistake(line, str(error), "give an https address")


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
