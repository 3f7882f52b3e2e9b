"""Status: whether a certificate was taken back, by W3C Bitstring Status List 1.0.

https://www.w3.org/TR/2025/REC-vc-bitstring-status-list-20250515/. An issuer publishes one signed
list of bits for many certificates; a certificate says which bit is its own. The list comes from a
file beside the issuer file, or over the network where the issuer file allows it, and is kept for as
long as its `ttl` says. A list that cannot be had, or is not in order, means "not known", never
"valid". Narrower than the specification: the list has to be signed by the certificate's own issuer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from video_pipeline.errors import ClaimError, PipelineError
from video_pipeline.replacing import replaced
from video_pipeline.trust.fetching import MAX_ANSWER_BYTES, UnreachableError, fetch
from video_pipeline.trust.issuers import Issuer, signing_key
from video_pipeline.trust.letters import shown
from video_pipeline.trust.moments import moment
from video_pipeline.trust.signature import check, take_apart
from video_pipeline.trust.states import UnearnedError
from video_pipeline.witness import holds_until

MIN_ENTRIES: Final = 131_072
"""Shorter lists give away whose certificate is asked about, and are refused (section 3.2)."""

_MAX_LIST_BYTES = 8 * 1024 * 1024  # 67 million certificates
_MOST_TTL = timedelta(hours=24)
_PURPOSES = {"revocation": "withdrawn", "suspension": "suspended for now"}
_ENTRY_NAMES = frozenset(
    {"id", "type", "statusPurpose", "statusListIndex", "statusListCredential", "statusSize"}
    | {"statusReference", "statusMessage"}
)
_MOST_ENTRIES = 8
_ASK_ISSUER = "Ask the issuer for a corrected certificate."


@dataclass(frozen=True)
class StatusEntry:
    """The bit that tells of a certificate: `purpose` revocation or suspension, `index` from 0."""

    purpose: str
    index: int
    list_address: str


def entries_of(value: object) -> tuple[StatusEntry, ...]:
    """The entries of a `credentialStatus`, one or a list; raises ClaimError for any other kind."""
    entries = value if isinstance(value, list) else [value]
    if not 0 < len(entries) <= _MOST_ENTRIES:
        raise ClaimError("its status cannot be read", mend=_ASK_ISSUER)
    return tuple(_entry(entry) for entry in entries)


def decode_list(encoded: object) -> bytes:
    """The bits of an `encodedList`: multibase base64url of gzip (section 3.4).

    Raises ValueError when it is coded otherwise, too short for anybody's privacy, or enormous.
    """
    if not isinstance(encoded, str) or not re.fullmatch(r"u[A-Za-z0-9_-]+", encoded, re.ASCII):
        raise ValueError("its bits are not coded as base64url ('u…')")
    try:
        packed = base64.b64decode(
            encoded[1:].encode() + b"=" * (-len(encoded[1:]) % 4), b"-_", validate=True
        )
        unpacker = zlib.decompressobj(31)  # gzip, with its checksum
        bits = unpacker.decompress(packed, _MAX_LIST_BYTES + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("its bits are damaged") from error
    if len(bits) > _MAX_LIST_BYTES:
        raise ValueError("it unpacks to more than 8 MB")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("its bits are damaged")
    if len(bits) * 8 < MIN_ENTRIES:
        raise ValueError(f"it has fewer than {MIN_ENTRIES} entries")
    return bits


def encode_list(bits: bytes) -> str:
    """`bits` as an `encodedList`."""
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(bits) + packer.flush()
    return "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def is_set(bits: bytes, index: int) -> bool:
    """The bit at `index`, counted from the left of the first byte. Raises ValueError beyond."""
    if index >= len(bits) * 8:
        raise ValueError("the certificate's place is beyond its end")
    return bool(bits[index // 8] & (0x80 >> index % 8))


@dataclass(frozen=True)
class StatusLists:
    """Where lists are had: `cache` is a folder for fetched ones, None keeps none."""

    now: datetime
    cache: Path | None = None

    def check(self, entries: Sequence[StatusEntry], issuer: Issuer) -> None:
        """Raise UnearnedError when the certificate was taken back, or when that is not known."""
        for entry in entries:
            try:
                taken_back = is_set(self._bits(entry, issuer), entry.index)
            except (UnreachableError, ValueError, ClaimError) as error:
                holds_until(self.now, f"{issuer.name}'s status list could not be had")
                reason = error.message if isinstance(error, PipelineError) else str(error)
                raise UnearnedError(
                    f"whether {issuer.name} took it back is not known: {reason}",
                    state="unreachable",
                    mend="Try again later, or ask the issuer for its status list as a file; "
                    "not known is not valid.",
                ) from error
            if taken_back:
                raise UnearnedError(
                    f"it was {_PURPOSES[entry.purpose]} by {issuer.name}",
                    state="revoked",
                    mend="Do not use it; ask the issuer why.",
                )

    def _bits(self, entry: StatusEntry, issuer: Issuer) -> bytes:
        address = entry.list_address
        if address in issuer.status.files:
            return self._read(_bytes(issuer.status.files[address]), entry, issuer)[0]
        own = issuer.status.names(address)
        if not own and not issuer.status.fetch:
            raise UnreachableError(
                f"{issuer.file.name} does not say where its status lists are had ('status:')"
            )
        kept = self._kept(address)
        if kept is not None:
            bits, ttl = self._read(kept, entry, issuer)
            holds_until(self.now + ttl, f"the status list of {issuer.name} is to be had anew")
            return bits
        answer = fetch(address, own=own)
        if answer.status != 200:
            raise UnreachableError(f"the list's address answers with {answer.status}")
        bits, ttl = self._read(answer.body, entry, issuer)
        self._keep(address, answer.body, ttl)
        holds_until(self.now + ttl, f"the status list of {issuer.name} is to be had anew")
        return bits

    def _read(self, data: bytes, entry: StatusEntry, issuer: Issuer) -> tuple[bytes, timedelta]:
        """The bits of a signed list and how long they may be kept."""
        token = take_apart(data, MAX_ANSWER_BYTES, typed=False)
        content = token.payload
        named = content.get("issuer")
        if (named.get("id") if isinstance(named, dict) else named) != issuer.id:
            raise ValueError("its status list is another issuer's")
        check(token, signing_key(issuer, token.kid))
        subject = content.get("credentialSubject")
        if not isinstance(subject, dict) or subject.get("type") != "BitstringStatusList":
            raise ValueError("what it names is not a status list")
        types = content.get("type")
        if not isinstance(types, list) or "BitstringStatusListCredential" not in types:
            raise ValueError("what it names is not a status list")
        if content.get("id", entry.list_address) != entry.list_address:
            raise ValueError("the list is another one than the certificate names")
        purposes = subject.get("statusPurpose")
        if entry.purpose not in (purposes if isinstance(purposes, list) else [purposes]):
            raise ValueError(f"the list does not tell of {entry.purpose}")
        if "credentialStatus" in content:
            raise ValueError("the list can be taken back itself, which is not understood")
        if "validFrom" in content and moment(content, "validFrom") > self.now:
            raise ValueError("the list is not valid yet")
        if "validUntil" in content:
            until = moment(content, "validUntil")
            if until < self.now:
                raise ValueError("the list has expired")
            holds_until(until, f"the status list of {issuer.name} has expired")
        return decode_list(subject.get("encodedList")), _ttl(subject)

    def _file(self, address: str) -> Path | None:
        name = hashlib.sha256(address.encode()).hexdigest()
        return self.cache / f"{name}.json" if self.cache else None

    def _kept(self, address: str) -> bytes | None:
        file = self._file(address)
        try:
            page = json.loads(file.read_text("utf-8")) if file else {}
            until, since = (datetime.fromisoformat(page[name]) for name in ("until", "since"))
            # A clock that was put back must not make a list live longer.
            return page["list"].encode() if since <= self.now <= until else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _keep(self, address: str, data: bytes, ttl: timedelta) -> None:
        file = self._file(address)
        if file is None or not ttl:
            return
        page = {
            "address": address,
            "since": self.now.isoformat(),
            "until": (self.now + ttl).isoformat(),
            "list": data.decode("ascii"),
        }
        with replaced(file, "--cache") as part:
            part.write_text(json.dumps(page), "utf-8")


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_ANSWER_BYTES:
            raise UnreachableError(f"{path.name} is larger than {MAX_ANSWER_BYTES // 2**20} MB")
        return path.read_bytes()
    except OSError as error:
        raise UnreachableError(f"the list's file {path.name} cannot be read") from error


def _entry(entry: object) -> StatusEntry:
    if not isinstance(entry, dict) or entry.get("type") != "BitstringStatusListEntry":
        raise ClaimError(
            "it can be withdrawn by its issuer in a way that this version does not understand",
            mend="Ask the issuer for one with a W3C Bitstring Status List, or without a status.",
        )
    purpose, size = entry.get("statusPurpose"), entry.get("statusSize", 1)
    strange = set(entry) - _ENTRY_NAMES
    known = isinstance(purpose, str) and purpose in _PURPOSES
    if not known or size != 1 or isinstance(size, bool) or strange:
        raise ClaimError(
            f"its status is of a kind that this version does not understand: '{shown(purpose)}'",
            mend="Ask the issuer for one whose status tells of revocation or suspension.",
        )
    index, address = entry.get("statusListIndex"), entry.get("statusListCredential")
    if not isinstance(index, str) or not re.fullmatch(r"0|[1-9]\d{0,9}", index, re.ASCII):
        raise ClaimError("its place in the status list is not a number", mend=_ASK_ISSUER)
    if not isinstance(address, str) or not re.fullmatch(r"https?://[!-~]{1,500}", address):
        raise ClaimError("the address of its status list is none", mend=_ASK_ISSUER)
    return StatusEntry(str(purpose), int(index), address)


def _ttl(subject: Mapping[str, Any]) -> timedelta:
    ttl = subject.get("ttl")
    if ttl is None:  # "no default value is assumed", section 2.2: asked anew each time
        return timedelta(0)
    if not isinstance(ttl, int) or isinstance(ttl, bool) or ttl < 0:
        raise ValueError("how long the list may be kept ('ttl') is not a number")
    return min(timedelta(milliseconds=min(ttl, 10**9)), _MOST_TTL)
