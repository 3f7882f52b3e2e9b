"""Provenance: reading a signed clip or picture: who signed it, what went in, is it intact.

The answer keeps three things apart: whether the file is as it was signed, whether the signer is
one that the reader knows, and what the signer says. Nothing is asked of the network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from video_pipeline.errors import UsageError
from video_pipeline.store import file_digest
from video_pipeline.trust.credentials import (
    LABEL,
    MEDIA,
    SETTINGS,
    SIDECAR,
    SOURCE,
    c2pa_library,
)
from video_pipeline.trust.essence import essence_of
from video_pipeline.trust.letters import shown

State = Literal["intact", "rewrapped", "broken", "absent"]
_MANIFEST: Final = "manifest.json"
_ALLOWED: Final = {"signingCredential.untrusted"}
_OTHER_BYTES: Final = ("assertion.bmffHash.mismatch",), ("assertion.dataHash.mismatch",)
_MOST_SIDECAR: Final = 64 * 1024 * 1024
_WHY: Final = {
    "assertion.bmffHash.mismatch": "the clip's bytes are not those that were signed",
    "assertion.dataHash.mismatch": "the picture's bytes are not those that were signed",
    "assertion.hashedURI.mismatch": "what the signer states was changed",
    "claimSignature.mismatch": "the signature does not fit what it signs",
    "signingCredential.expired": "the signer's certificate had expired",
    "signingCredential.invalid": "the signer's certificate is not one that may sign",
}


@dataclass(frozen=True)
class Provenance:
    """What is known of one file.

    state     `intact`: every signed byte is as it was; `rewrapped`: by the sidecar, pictures and
              sound are those that were signed, in a new wrapping; `broken`; `absent`
    why       one plain sentence on the state
    sidecar   whether the credentials come from the file beside
    signer    the name in the signer's certificate; empty when unknown
    known     whether that certificate leads to one that the reader trusts
    signed    when, by a time-stamp service; empty when none was asked
    made      the source type's last word, such as compositeCapture; empty where none is stated
    raw       name and SHA-256 of every raw file that went in
    actions   what was done: the specification's word, and plain ones
    facts     our own assertions, by short name
    faults    what the library objects to, in the specification's words
    """

    file: str
    state: State
    why: str
    sidecar: bool = False
    signer: str = ""
    known: bool = False
    signed: str = ""
    made: str = ""
    raw: tuple[tuple[str, str], ...] = ()
    actions: tuple[tuple[str, str], ...] = ()
    facts: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()


def read_provenance(file: Path, roots: Path | None = None) -> Provenance:
    """What `file`, or the sidecar beside it, says of itself, and whether that holds.

    `roots` is a PEM file of certificates that the reader trusts. Raises UsageError when the file is
    no mp4 or JPEG, cannot be read, or the extra is missing.
    """
    c2pa = c2pa_library()
    media = MEDIA.get(file.suffix.lower())
    if media is None or not file.is_file():
        raise UsageError(
            "this is no mp4 or JPEG" if file.is_file() else "there is no such file",
            where=str(file),
            mend="name a clip (.mp4) or a picture (.jpg)",
        )
    essence = essence_of(file)  # says in plain words when it is no mp4 or JPEG at all
    context = c2pa.Context(c2pa.Settings.from_dict(_reading(roots)))
    sidecar = file.with_suffix(SIDECAR)
    try:
        with file.open("rb") as opened:
            reader = c2pa.Reader(media, opened, None, context)
            return _held(_told(file, reader), file, essence)
    except c2pa.C2paError.ManifestNotFound:
        pass
    except c2pa.C2paError as error:
        why = f"there are Content Credentials in it, but they cannot be read ({error})"
        return Provenance(file.name, "broken", shown(why, 200))
    if not sidecar.is_file():
        why = (
            "no Content Credentials in it, and no sidecar beside it; apps and platforms often "
            "strip them"
        )
        return Provenance(file.name, "absent", why)
    if sidecar.stat().st_size > _MOST_SIDECAR:
        raise UsageError("the sidecar is too large to be one", where=str(sidecar), mend="remove it")
    try:
        with file.open("rb") as opened:
            reader = c2pa.Reader(media, opened, sidecar.read_bytes(), context)
            told = _told(file, reader, sidecar=True)
    except c2pa.C2paError as error:
        why = f"no Content Credentials in it, and {sidecar.name} cannot be read ({error})"
        return Provenance(file.name, "broken", shown(why, 200), sidecar=True)
    return _belongs(told, essence)


def _reading(roots: Path | None) -> dict[str, Any]:
    if roots is None:
        return SETTINGS
    try:
        pem = roots.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise UsageError(
            "the certificates to trust cannot be read",
            where=str(roots),
            mend="give a PEM file of certificates with --trust",
        ) from error
    # In a chain all but the first, the signer's own, are those that vouch.
    parts = [p for p in pem.split("-----BEGIN CERTIFICATE-----") if "-----END CERTIFICATE" in p]
    chosen = parts[1:] or parts
    if not chosen:
        raise UsageError(
            "there is no certificate in this file",
            where=str(roots),
            mend="give a PEM file of certificates with --trust",
        )
    anchors = "".join(f"-----BEGIN CERTIFICATE-----{part}" for part in chosen)
    return {**SETTINGS, "trust": {"trust_anchors": anchors}}


def _told(file: Path, reader: Any, *, sidecar: bool = False) -> Provenance:
    """What the credentials state and whether the library finds them whole."""
    with reader:
        page = json.loads(reader.json())
        results = (reader.get_validation_results() or {}).get("activeManifest", {})
        state = reader.get_validation_state()
    manifest = page["manifests"][page["active_manifest"]]
    codes = [str(entry.get("code")) for entry in results.get("failure", [])]
    faults = [code for code in codes if code not in _ALLOWED]
    named = manifest.get("signature_info", {})
    data = {entry["label"]: entry.get("data", {}) for entry in manifest.get("assertions", [])}
    listed = data.get("c2pa.actions.v2") or data.get("c2pa.actions") or {}
    done = [action for action in listed.get("actions", []) if "action" in action]
    own = {
        label.removeprefix(f"{LABEL}."): value
        for label, value in data.items()
        if label.startswith(f"{LABEL}.")
    }
    whole = not faults and state in ("Valid", "Trusted")
    why = "; ".join(dict.fromkeys(_WHY.get(code, code) for code in faults))
    return Provenance(
        file=file.name,
        state="intact" if whole else "broken",
        why="every signed byte is as it was when it was signed"
        if whole
        else why or "the library does not accept the signature",
        sidecar=sidecar,
        signer=shown(named.get("common_name") or named.get("issuer") or ""),
        known=state == "Trusted",
        signed=str(named.get("time") or ""),
        made=str(
            next((a["digitalSourceType"] for a in done if "digitalSourceType" in a), "")
        ).removeprefix(SOURCE),
        raw=tuple(
            (
                shown(entry.get("title", "")),
                _digest(str(entry.get("instance_id", ""))),
            )
            for entry in manifest.get("ingredients", [])
        ),
        actions=tuple((str(a["action"]), shown(a.get("description", ""), 300)) for a in done),
        facts=own,
        faults=tuple(dict.fromkeys(faults)),
    )


def _digest(instance: str) -> str:
    """The SHA-256 that we write as an ingredient's name; empty for what other programs write."""
    found = re.fullmatch(r"urn:sha256:([0-9a-f]{64})", instance)
    return found[1] if found else ""


def _held(told: Provenance, file: Path, essence: str) -> Provenance:
    """The library leaves a few bytes out of its sums; our own sum and the manifest's do not."""
    if told.state != "intact":
        return told
    if _signed_essence(told) not in ("", essence):
        return replace(told, state="broken", why="pictures or sound are not those signed")
    if _published_digest(file) not in ("", file_digest(file)):
        why = f"the file is not the one that {_MANIFEST} beside it lists: a byte was changed"
        return replace(told, state="broken", why=why)
    return told


def _belongs(told: Provenance, essence: str) -> Provenance:
    """Whether a sidecar is a file's own: by its bytes, or by what it shows and sounds."""
    lost = "its own Content Credentials are gone"
    if told.state == "intact":
        why = f"{lost}; the sidecar beside it belongs to it, byte for byte"
        return replace(told, why=why)
    signed = _signed_essence(told)
    if told.faults in _OTHER_BYTES and signed == essence:
        why = (
            f"{lost}, but the sidecar beside it belongs to it: pictures and sound are bit for bit "
            "those that were signed, only the wrapping is new"
        )
        return replace(told, state="rewrapped", why=why)
    if told.faults in _OTHER_BYTES:
        why = (
            f"{lost}, and the sidecar beside it is not for these pictures and this sound: another "
            "file's, or the clip was changed or coded anew"
        )
        return replace(told, why=why)
    return replace(told, why=f"{lost}, and the sidecar beside it is damaged: {told.why}")


def _signed_essence(told: Provenance) -> str:
    fact = (told.facts or {}).get("essence")
    return str(fact.get("sha256", "")) if isinstance(fact, dict) else ""


def _published_digest(file: Path) -> str:
    """The digest that the manifest of its output folder lists for the file; empty without one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        page = json.loads((file.parent / _MANIFEST).read_text(encoding="utf-8"))
        return str(page["files"][file.name])
    return ""
