"""Sightings: codes that the footage shows, held against the certificates of the listing.

A code is printed by anybody, so one on camera proves nothing and earns nothing. A certificate's own
code is a fact beside its claim, and a view worth showing; a code of another certificate of an
issuer that is known here is told, for a mixed-up card is a mistake that a buyer would find. Every
other code is nobody's business: it is passed over. No address is ever opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import quote, unquote, urlsplit

from video_pipeline.errors import ClaimError
from video_pipeline.geometry import Box
from video_pipeline.listing.clock import clock_of
from video_pipeline.listing.model import ListingFile
from video_pipeline.trust.certificate import read_certificate
from video_pipeline.trust.claims import Claim, Refusal, Shown
from video_pipeline.trust.issuers import Issuer
from video_pipeline.trust.letters import shown as plainly

_TOGETHER_S = Fraction(3, 2)  # a hand may cover the code, or the focus go, for that long
_MOST_NUMBER = 64  # characters, as in a certificate
_HELD = "{id}"


@dataclass(frozen=True)
class Read:
    """A code that one look at the footage read: in which source, when (seconds), what and where."""

    source: str
    t: Fraction
    text: str
    box: Box


def sighted(
    reads: Iterable[Read],
    listing: ListingFile,
    claims: Sequence[Claim],
    issuers: Mapping[str, Issuer],
) -> tuple[tuple[Claim, ...], tuple[Refusal, ...]]:
    """The claims with where the footage shows them, and a refusal for every other certificate.

    `reads` are in time order within each source. A certificate that the listing names is never
    "another", whether it counts or not.
    """
    known = _known(listing, claims, issuers)
    forms = _forms(known, issuers)
    own: dict[tuple[str, str], list[Read]] = {}
    others: dict[tuple[str, str], list[Read]] = {}
    for read in reads:
        named = _named(read.text, known, forms)
        if named is not None:
            (own if named in known else others).setdefault(named, []).append(read)
    found = {named: _stretches(of) for named, of in own.items()}
    refusals = tuple(
        _another(number, issuers[issuer], stretch)
        for (issuer, number), of in others.items()
        for stretch in _stretches(of)[:1]
    )
    return tuple(_with(claim, found) for claim in claims), refusals


def _known(
    listing: ListingFile, claims: Sequence[Claim], issuers: Mapping[str, Issuer]
) -> dict[tuple[str, str], str]:
    """Where to check each certificate that the listing names, by issuer and number; or ''."""
    known = {(c.issuer, c.certificate_id): c.check_url or "" for c in _alone(claims)}
    for entry in listing.certificates:
        if entry.file is None:
            issuer = next((i for i in issuers.values() if i.file.stem == entry.issuer), None)
            if issuer is not None and issuer.service is not None:
                address = issuer.service.check_at.replace(_HELD, quote(entry.id or "", safe=""))
                known.setdefault((issuer.id, entry.id or ""), address)
            continue
        try:  # an expired one gives no badge, but its card is no other certificate's
            certificate = read_certificate(listing.folder / entry.file, issuers)
        except ClaimError:
            continue
        known.setdefault((certificate.issuer.id, certificate.id), certificate.check_url)
    return known


def _forms(
    known: Mapping[tuple[str, str], str], issuers: Mapping[str, Issuer]
) -> list[tuple[str, str, str]]:
    """How addresses of issuers' certificates are built: issuer, what stands before, and after.

    Only an address that holds its certificate's number tells where another's number would stand.
    """
    patterns = [
        (issuer.id, form.check_at.replace("{number}", _HELD))
        for issuer in issuers.values()
        if (form := issuer.service) is not None
    ]
    for (issuer_id, number), address in known.items():
        before, held, after = address.rpartition(quote(number, safe=""))
        if held:
            patterns.append((issuer_id, f"{before}{_HELD}{after}"))
    forms = []
    for issuer_id, pattern in dict.fromkeys(patterns):
        before, held, after = _address(pattern).partition(_HELD)
        if held and _HELD not in after and "/" in before.removeprefix("https://"):
            forms.append((issuer_id, before, after))
    return forms


def _named(
    text: str, known: Mapping[tuple[str, str], str], forms: Sequence[tuple[str, str, str]]
) -> tuple[str, str] | None:
    """Issuer and number of the certificate that a code speaks of; None for any other code."""
    # Codes hold capitals in fewer modules, and some are printed so.
    shouted = text == text.upper()
    for (issuer, number), address in known.items():
        if text == number or (address and _same(text, _address(address), shouted=shouted)):
            return issuer, number
    address = _address(text)
    for issuer, before, after in forms:
        if not (_begins(address, before, shouted=shouted) and address.endswith(after)):
            continue
        number = unquote(address[len(before) : len(address) - len(after)])
        if not 0 < len(number) <= _MOST_NUMBER or set(number) & set("/?#& "):
            continue
        for mine in known:
            same = mine[1] == number or (shouted and mine[1].upper() == number.upper())
            if mine[0] == issuer and same:
                return mine
        return issuer, number
    return None


def _address(text: str) -> str:
    """An address as it is compared: scheme and host in small letters (RFC 3986, 6.2.2.1).

    http counts as https, 'www.' as nothing, and so does a stroke at the end. '' for anything else.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or port or "@" in parts.netloc:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"https://{host.removeprefix('www.')}{parts.path.rstrip('/')}{query}"


def _same(text: str, wanted: str, *, shouted: bool) -> bool:
    address = _address(text)
    return address == wanted or (shouted and address.upper() == wanted.upper() != "")


def _begins(address: str, before: str, *, shouted: bool) -> bool:
    return address.startswith(before) or (shouted and address.upper().startswith(before.upper()))


def _stretches(reads: Sequence[Read]) -> tuple[Shown, ...]:
    """Reads of one certificate as stretches, longest first."""
    runs: list[list[Read]] = []
    for read in reads:
        last = runs[-1][-1] if runs else None
        if last and last.source == read.source and read.t - last.t <= _TOGETHER_S:
            runs[-1].append(read)
        else:
            runs.append([read])
    found = []
    for run in runs:
        start, end = run[0].t, run[-1].t
        best = min(run, key=lambda read: abs(read.t - (start + end) / 2))
        found.append(Shown(run[0].source, start, end, best.t, best.box))
    return tuple(sorted(found, key=lambda s: (s.start - s.end, s.source, s.start)))


def _with(claim: Claim, found: Mapping[tuple[str, str], tuple[Shown, ...]]) -> Claim:
    if claim.parts:
        parts = tuple(_with(part, found) for part in claim.parts)
        return replace(claim, parts=parts, shown=tuple(s for part in parts for s in part.shown))
    return replace(claim, shown=found.get((claim.issuer, claim.certificate_id), ()))


def _alone(claims: Sequence[Claim]) -> Iterable[Claim]:
    for claim in claims:
        yield from claim.parts or (claim,)


def _another(number: str, issuer: Issuer, stretch: Shown) -> Refusal:
    return Refusal(
        stretch.source,
        f"the code shown at {clock_of(stretch.best)} belongs to certificate "
        f"'{plainly(number, _MOST_NUMBER)}' of {issuer.name}, which the listing does not name",
        "Compare the card in the footage with the item; name its certificate in the listing, or "
        "leave that stretch out with --ban.",
        "mismatched",
        shown=stretch,
    )
