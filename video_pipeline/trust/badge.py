"""The badge: which certificates of a listing may be claimed, and in which words.

This is the only place that makes a Claim. A certificate counts when it is a trusted issuer's, by
its signature or by its own service, its result is 'authentic', it was not taken back, it is in its
dates, and it is about this very item. Everything else becomes a Refusal that tells the seller why,
with the state that the certificate is in, and the clip goes without.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

from video_pipeline.errors import ClaimError
from video_pipeline.listing.model import Listing, ListingFile, NamedCertificate
from video_pipeline.store import digest_of
from video_pipeline.trust.certificate import Certificate, read_certificate
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.issuers import Issuer, load_issuers
from video_pipeline.trust.letters import shown
from video_pipeline.trust.services import ask
from video_pipeline.trust.states import UnearnedError, state_of
from video_pipeline.trust.status import StatusLists
from video_pipeline.trust.wording import Wording, forbidden, load_wording
from video_pipeline.witness import holds_until


@dataclass(frozen=True)
class Desk:
    """What certificates are held against: trusted issuers, status lists, words, and the moment."""

    issuers: Mapping[str, Issuer]
    lists: StatusLists
    words: Wording

    @property
    def now(self) -> datetime:
        """The moment, with its zone."""
        return self.lists.now

    def standing(self, path: Path) -> Certificate:
        """The certificate file at `path`, which counts by itself today. Raises ClaimError."""
        certificate = read_certificate(path, self.issuers)
        self._check(certificate)
        return certificate

    def answered(self, issuer_name: str, number: str) -> Certificate:
        """What an issuer's own service says of a number, where it counts. Raises ClaimError."""
        certificate = ask(self.issuer(issuer_name), number)
        self._check(certificate)
        return certificate

    def issuer(self, name: str) -> Issuer:
        """The issuer whose file is called `name`. Raises ClaimError."""
        for issuer in self.issuers.values():
            if issuer.file.stem == name:
                return issuer
        raise ClaimError(
            f"there is no issuer file '{shown(name)}.yaml'",
            mend="`video-pipeline issuer list` tells those there are.",
        )

    def claim(self, certificate: Certificate, listing: Listing) -> Claim:
        """The claim that a standing certificate earns for this listing. Raises ClaimError."""
        _check_item(certificate, listing)
        _check_secret(certificate, listing.item.serial or "")
        return _claim(certificate, listing, self.words)

    def _check(self, certificate: Certificate) -> None:
        _check_result(certificate)
        _check_dates(certificate, self.now)
        self.lists.check(certificate.status, certificate.issuer)


def open_desk(
    *,
    now: datetime,
    issuers_folder: Path | None = None,
    wording: Wording | None = None,
    cache: Path | None = None,
) -> Desk:
    """The desk as of `now`, which needs a time zone; arguments as for `verify`."""
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    return Desk(load_issuers(issuers_folder), StatusLists(now, cache), wording or load_wording())


def verify(
    listing: ListingFile,
    *,
    now: datetime,
    issuers_folder: Path | None = None,
    wording: Wording | None = None,
    cache: Path | None = None,
) -> tuple[tuple[Claim, ...], tuple[Refusal, ...]]:
    """Verify every certificate that `listing` names, as of `now` (with a time zone).

    `issuers_folder` is the person's own folder of issuer files, looked up before the shipped one;
    `cache` a folder for fetched status lists. Returns the claims in the listing's order and a
    refusal for every other certificate. Nothing inside a certificate raises; a broken issuer or
    wording file raises ListingError.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    if not listing.certificates:
        return (), ()
    desk = open_desk(now=now, issuers_folder=issuers_folder, wording=wording, cache=cache)
    claims: list[Claim] = []
    refusals: list[Refusal] = []
    for number, entry in enumerate(listing.certificates):
        try:
            claim = replace(desk.claim(_found(entry, listing, desk), listing), entry=number)
            if any(_same(claim, earlier) for earlier in claims):
                raise ClaimError(
                    "the listing names this certificate twice; it counts once",
                    mend="Remove the second entry from the listing.",
                )
            claims.append(claim)
        except ClaimError as error:
            refusals.append(_refusal(entry, error, desk))
    return tuple(claims), tuple(refusals)


def marks(claims: Sequence[Claim], words: Wording) -> tuple[Claim, ...]:
    """What is drawn: the first two claims of different issuers as one dual mark, others alone.

    Two certificates of one issuer are one witness, so they give no dual mark; nor does a test
    certificate beside a real one.
    """
    for number, first in enumerate(claims):
        for second in claims[number + 1 :]:
            if first.issuer != second.issuer and first.test == second.test:
                dual = _dual(first, second, words)
                rest = [claim for claim in claims if claim not in (first, second)]
                return (dual, *rest) if dual else tuple(claims)
    return tuple(claims)


def retold(
    claims: Sequence[Claim], refusals: Sequence[Refusal], words: Wording
) -> tuple[tuple[Claim, ...], tuple[Refusal, ...]]:
    """The same claims and refusals in other words: those of a placement's set."""
    return (
        tuple(_said(claim, words) for claim in claims),
        tuple(
            replace(one, wording=words.submitted(one.provider, one.number, test=one.test))
            if one.wording
            else one
            for one in refusals
        ),
    )


def _said(claim: Claim, words: Wording) -> Claim:
    if claim.parts:
        first, second = (_said(part, words) for part in claim.parts)
        dual = _dual(first, second, words)
        if dual is None:
            return claim
        return replace(claim, lines=dual.lines, wording=dual.wording, parts=dual.parts)
    facts = _facts(claim, words)
    return replace(
        claim,
        lines=words.lines(facts, test=claim.test),
        wording=words.sentence(facts, test=claim.test),
    )


def _dual(first: Claim, second: Claim, words: Wording) -> Claim | None:
    lines = words.dual_lines([_facts(claim, words) for claim in (first, second)], test=first.test)
    if lines is None:
        return None
    return replace(
        first,
        certificate_id=f"{first.certificate_id} + {second.certificate_id}",
        issuer_name=words.both(first.issuer_name, second.issuer_name),
        check_url=None,  # one code cannot lead to two places, and half of the proof is none
        lines=lines,
        wording=f"{first.wording} {second.wording}",
        file_digest=digest_of([first.file_digest, second.file_digest]),
        parts=(first, second),
        # One logo over two names would speak for both.
        logos=(*first.logos, *second.logos) if first.logos and second.logos else (),
    )


def _facts(claim: Claim, words: Wording) -> dict[str, str]:
    host = Certificate.host_of(claim.check_url or "")
    return {
        "provider": claim.issuer_name,
        "result": words.words.authentic,
        "date": words.written(claim.examined or claim.issued),
        "certificate": claim.certificate_id,
        "host": host,
        "brand": claim.brand,
    }


def _found(entry: NamedCertificate, listing: ListingFile, desk: Desk) -> Certificate:
    if entry.file is not None:
        return desk.standing(listing.folder / entry.file)
    return desk.answered(entry.issuer or "", entry.id or "")


def _refusal(entry: NamedCertificate, error: ClaimError, desk: Desk) -> Refusal:
    state = state_of(error)
    if entry.file is not None:
        # Cuts a path in either spelling; a listing may have been written on another system.
        return Refusal(PureWindowsPath(entry.file).name, error.message, error.mend, state)
    refusal = Refusal(f"{entry.issuer} {entry.id}", error.message, error.mend, state)
    if state != "submitted":
        return refusal
    issuer = desk.issuer(entry.issuer or "")
    about = replace(refusal, provider=issuer.name, number=entry.id or "", test=issuer.test)
    return replace(
        about, wording=desk.words.submitted(about.provider, about.number, test=about.test)
    )


def _claim(certificate: Certificate, listing: Listing, words: Wording) -> Claim:
    item = listing.item
    facts = {
        "provider": certificate.issuer.name,
        "result": words.words.authentic,
        "date": words.written(certificate.examined),
        "certificate": certificate.id,
        "host": certificate.check_host,
        "brand": item.brand,
    }
    if promise := forbidden(certificate.id) or forbidden(certificate.check_host):
        raise ClaimError(
            f"its text promises something a badge must not say ('{promise}')",
            mend="Ask the issuer for a certificate with a plain number.",
        )
    test = certificate.issuer.test
    until = certificate.expires
    return Claim(
        certificate_id=certificate.id,
        issuer=certificate.issuer.id,
        issuer_name=certificate.issuer.name,
        result=certificate.result,
        issued=certificate.issued.date(),
        expires=until.date() if until else None,
        check_url=certificate.check_url,
        lines=words.lines(facts, test=test),
        wording=words.sentence(facts, test=test),
        file_digest=certificate.digest,
        key_id=certificate.key_id,
        examined=certificate.examined,
        test=test,
        brand=item.brand,
        logos=(certificate.issuer.logo,) if certificate.issuer.logo else (),
    )


def _check_result(certificate: Certificate) -> None:
    # The issuer's exact word: "Authentic*", "authentic-ish" or a new word is not a yes.
    if certificate.verdict != "authentic":
        raise UnearnedError(
            f"the issuer's result is '{shown(certificate.result)}', not 'authentic'",
            state=certificate.verdict,
            mend="Leave the certificate out, or ask the issuer for a final result.",
        )


def _check_dates(certificate: Certificate, now: datetime) -> None:
    if certificate.issued > now:
        holds_until(certificate.issued, f"the certificate {shown(certificate.id)} has become valid")
        raise ClaimError(
            f"it is not valid before {certificate.issued.date()}",
            mend="Wait for that day, and check this computer's clock.",
        )
    if certificate.expires is not None and certificate.expires < now:
        raise UnearnedError(
            f"it expired on {certificate.expires.date()}",
            state="expired",
            mend="Ask the issuer for a new certificate.",
        )
    if certificate.expires is not None:
        holds_until(certificate.expires, f"the certificate {shown(certificate.id)} has expired")
    # The day of examination has no time zone; nowhere on Earth is more than 14 h ahead of UTC.
    if datetime.combine(certificate.examined, datetime.min.time(), UTC).timestamp() > (
        now.timestamp() + 14 * 3600
    ):
        raise ClaimError(
            f"it says the item was examined on {certificate.examined}, which is still to come",
            mend="Ask the issuer about it, and check this computer's clock.",
        )


def _check_item(certificate: Certificate, listing: Listing) -> None:
    """All that the issuer says of the item has to be so, and something has to tie it to this."""
    item, subject = listing.item, certificate.subject
    service = certificate.issuer.service if not certificate.key_id else None
    ties = service.identifies if service else ("serial",)
    stated = _bare(item.serial or "")
    if "serial" in ties and len(ties) == 1 and not stated:
        raise UnearnedError(
            "the listing states no serial, so the certificate could be another item's",
            state="mismatched",
            mend="Add the item's serial number to the listing (item: serial).",
        )
    if subject.serial is not None and stated and _bare(subject.serial) != stated:
        # The numbers themselves stay out of messages: they help counterfeiters.
        raise UnearnedError(
            "it is for another serial number than the one in the listing",
            state="mismatched",
            mend="Compare both with the item; correct the listing or leave the certificate out.",
        )
    if subject.item_number is not None and subject.item_number != listing.sku:
        raise UnearnedError(
            f"it is for your item '{shown(subject.item_number)}', the listing's sku is "
            f"'{listing.sku}'",
            state="mismatched",
            mend="Compare both; correct the listing or leave the certificate out.",
        )
    if _folded(subject.brand) != _folded(item.brand):
        raise UnearnedError(
            f"it is for the brand '{shown(subject.brand)}', the listing says '{shown(item.brand)}'",
            state="mismatched",
            mend="Correct the brand in the listing or leave the certificate out.",
        )
    tied = {
        "serial": bool(stated) and subject.serial is not None,
        "item_number": subject.item_number is not None,
        "id": True,
    }
    if not any(tied[tie] for tie in ties):
        raise UnearnedError(
            "nothing in it tells which item it is for",
            state="mismatched",
            mend="Give the issuer the item's serial number or your own number for it (sku).",
        )


def _check_secret(certificate: Certificate, stated: str) -> None:
    # A badge shows the number and the address; neither may give the serial away.
    for serial in {_signs(certificate.subject.serial or ""), _signs(stated)} - {""}:
        if any(serial in _signs(text) for text in (certificate.id, certificate.check_url)):
            raise ClaimError(
                "its number or the address to check it at holds the item's serial number, "
                "which a badge must not show",
                mend="Ask the issuer for a certificate with a number and an address of its own.",
            )


def _signs(text: str) -> str:
    """Letters and digits alone: however a serial is spaced, dotted or coded for an address."""
    for _ in range(3):  # an address may be coded more than once
        text = unquote(text)
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _bare(serial: str) -> str:
    """A serial as people compare it: without case, spaces and hyphens (of any width)."""
    text = unicodedata.normalize("NFKC", serial).casefold()
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Pd")


def _folded(brand: str) -> str:
    """A brand without case, accents and doubled spaces: HERMES and Hermès are one."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", brand).casefold())
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())


def _same(one: Claim, other: Claim) -> bool:
    return (one.issuer, one.certificate_id) == (other.issuer, other.certificate_id)
