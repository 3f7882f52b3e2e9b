"""The badge: which certificates of a listing may be claimed, and in which words.

This is the only place that makes a Claim. A certificate counts when its signature is a trusted
issuer's, its result is 'authentic', it is in its dates, and it is about this very item. Everything
else becomes a Refusal that tells the seller why, and the clip goes without.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

from video_pipeline.errors import ClaimError
from video_pipeline.listing.model import Item, ListingFile
from video_pipeline.trust.certificate import Certificate, read_certificate
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.issuers import Issuer, load_issuers
from video_pipeline.trust.letters import shown
from video_pipeline.trust.wording import Wording, forbidden, load_wording


def verify(
    listing: ListingFile,
    *,
    now: datetime,
    issuers_folder: Path | None = None,
    wording: Wording | None = None,
) -> tuple[tuple[Claim, ...], tuple[Refusal, ...]]:
    """Verify every certificate that `listing` names, as of `now` (with a time zone).

    `issuers_folder` is the person's own folder of issuer files, looked up before the shipped one.
    Returns the claims in the listing's order and a refusal for every other certificate. Nothing
    inside a certificate raises; a broken issuer or wording file raises ListingError.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    if not listing.certificates:
        return (), ()
    issuers = load_issuers(issuers_folder)
    words = wording or load_wording()
    claims: list[Claim] = []
    refusals: list[Refusal] = []
    for number, entry in enumerate(listing.certificates):
        try:
            claim = _claim(listing.folder / entry.file, listing.item, issuers, words, now)
            claim = replace(claim, entry=number)
            if any(_same(claim, earlier) for earlier in claims):
                raise ClaimError(
                    "the listing names this certificate twice; it counts once",
                    mend="Remove the second entry from the listing.",
                )
            claims.append(claim)
        except ClaimError as error:
            # Cuts a path in either spelling; a listing may have been written on another system.
            name = PureWindowsPath(entry.file).name
            refusals.append(Refusal(name, error.message, error.mend))
    return tuple(claims), tuple(refusals)


def _claim(
    path: Path, item: Item, issuers: Mapping[str, Issuer], words: Wording, now: datetime
) -> Claim:
    certificate = read_certificate(path, issuers)
    _check_result(certificate)
    _check_dates(certificate, now)
    _check_item(certificate, item)
    _check_secret(certificate)
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
    until = certificate.valid_until
    return Claim(
        certificate_id=certificate.id,
        issuer=certificate.issuer.id,
        issuer_name=certificate.issuer.name,
        result=certificate.result,
        issued=certificate.valid_from.date(),
        expires=until.date() if until else None,
        check_url=certificate.check_url,
        lines=words.lines(facts, test=test),
        wording=words.sentence(facts, test=test),
        file_digest=certificate.file_digest,
        key_id=certificate.key_id,
        examined=certificate.examined,
        test=test,
        brand=item.brand,
    )


def _check_result(certificate: Certificate) -> None:
    # The issuer's exact word: "Authentic*", "authentic-ish" or a new word is not a yes.
    if certificate.result != "authentic":
        raise ClaimError(
            f"the issuer's result is '{shown(certificate.result)}', not 'authentic'",
            mend="Leave the certificate out, or ask the issuer for a final result.",
        )


def _check_dates(certificate: Certificate, now: datetime) -> None:
    if certificate.valid_from > now:
        raise ClaimError(
            f"it is not valid before {certificate.valid_from.date()}",
            mend="Wait for that day, and check this computer's clock.",
        )
    if certificate.valid_until is not None and certificate.valid_until < now:
        raise ClaimError(
            f"it expired on {certificate.valid_until.date()}",
            mend="Ask the issuer for a new certificate.",
        )
    # The day of examination has no time zone; nowhere on Earth is more than 14 h ahead of UTC.
    if datetime.combine(certificate.examined, datetime.min.time(), UTC).timestamp() > (
        now.timestamp() + 14 * 3600
    ):
        raise ClaimError(
            f"it says the item was examined on {certificate.examined}, which is still to come",
            mend="Ask the issuer about it, and check this computer's clock.",
        )


def _check_item(certificate: Certificate, item: Item) -> None:
    stated = _bare(item.serial or "")
    if not stated:
        raise ClaimError(
            "the listing states no serial, so the certificate could be another item's",
            mend="Add the item's serial number to the listing (item: serial).",
        )
    if _bare(certificate.serial) != stated:
        # The numbers themselves stay out of messages: they help counterfeiters.
        raise ClaimError(
            "it is for another serial number than the one in the listing",
            mend="Compare both with the item; correct the listing or leave the certificate out.",
        )
    if _folded(certificate.brand) != _folded(item.brand):
        raise ClaimError(
            f"it is for the brand '{shown(certificate.brand)}', "
            f"the listing says '{shown(item.brand)}'",
            mend="Correct the brand in the listing or leave the certificate out.",
        )


def _check_secret(certificate: Certificate) -> None:
    # A badge shows the number and the address; neither may give the serial away.
    serial = _signs(certificate.serial)
    for text in (certificate.id, certificate.check_url):
        if serial and serial in _signs(text):
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
