"""Credentials: signing a finished mp4 or JPEG with C2PA ("Content Credentials"), offline.

What is claimed stands in a `Statement`: which raw files went in, what was done to them, and the
facts that a seller states. Everything is a capture or drawn by this program, nothing is generated,
so the only source types that can be claimed are those of captures. The library `c2pa-python`
(c2pa-rs) builds the claim, binds it to the file's bytes and signs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

from video_pipeline.errors import RenderError, UsageError
from video_pipeline.trust.essence import essence_of
from video_pipeline.trust.identity import Identity

LABEL: Final = "org.video-pipeline"
"""Our own assertions stand under this label (C2PA 2.2, 6.2.1: reverse domain notation)."""

SOURCE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""The IPTC's list of source types, https://cv.iptc.org/newscodes/digitalsourcetype/."""

MEDIA: Final = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
SIDECAR: Final = ".c2pa"
PROGRAM: Final = "video-pipeline"

# What is put together from several shots is created as "a composite of elements that are all
# captures of real life", which speaks of its pictures, not of music.
_COMPOSITE: Final = "compositeCapture"

Done = Literal[
    "c2pa.trimmed", "c2pa.cropped", "c2pa.resized", "c2pa.orientation", "c2pa.changedSpeed",
    "c2pa.adjustedColor", "c2pa.addedText", "c2pa.drawing", "c2pa.dubbed", "c2pa.transcoded",
]  # fmt: skip
"""Names of actions as C2PA 2.2 to 2.4 give them; how the file began comes before them."""

# Nothing is asked of the network while signing or reading; `thumbnail` would need an encoder.
SETTINGS: Final[dict[str, Any]] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True)
class RawFile:
    """One raw file that went in; `digest` is the SHA-256 of its bytes, `media` its MIME type.

    `put` says what became of it, after its name.
    """

    name: str
    digest: str
    media: str
    put: str = "was put in"


@dataclass(frozen=True)
class Action:
    """One thing that was done, in the specification's word and in plain ones."""

    name: Done
    words: str


@dataclass(frozen=True)
class Statement:
    """What a signed file says of itself; `facts` are our own assertions by their short name.

    A picture of one raw file has that as its parent; everything else is put together.
    """

    title: str
    raw: Sequence[RawFile]
    actions: Sequence[Action]
    facts: Mapping[str, Any] = field(default_factory=dict)


def c2pa_library() -> Any:
    """The library. Raises UsageError with the mend when the extra is not installed."""
    try:
        import c2pa  # noqa: PLC0415 - an extra of 50 MB
    except ImportError as error:
        raise UsageError(
            "Content Credentials need an extra package that is not installed",
            where="c2pa-python",
            mend="install it with: pip install 'video-pipeline[provenance]'",
        ) from error
    return c2pa


def sign_file(file: Path, statement: Statement, identity: Identity) -> bytes:
    """Sign `file` in its place and return the credentials alone, as a sidecar holds them.

    The file is written beside and takes the old one's place when it is whole. Raises UsageError for
    a key or chain that C2PA does not accept, RenderError when the file cannot be signed.
    """
    c2pa = c2pa_library()
    media = MEDIA[file.suffix.lower()]
    part = file.with_name(f".{file.name}.signing")
    try:
        signer = c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(
                identity.algorithm.lower(), identity.chain, identity.key, identity.timestamp
            )
        )
    except c2pa.C2paError as error:
        raise UsageError(
            f"this key and its certificates cannot sign Content Credentials ({error})",
            where=str(identity.key_file),
            mend="the certificate needs the usage 'digital signature' and one purpose, such as "
            "e-mail protection",
        ) from error
    try:
        context = c2pa.Context(c2pa.Settings.from_dict(SETTINGS))
        builder = c2pa.Builder(_manifest(file, statement, media), context=context)
        with file.open("rb") as plain, part.open("w+b") as signed:
            credentials: bytes = builder.sign(signer, media, plain, signed)
        part.replace(file)
        return credentials
    except c2pa.C2paError as error:
        service = identity.timestamp
        raise RenderError(
            f"the file could not be signed ({error})",
            where=file.name,
            mend=f"check that {service} answers, or leave the time-stamp service out"
            if service
            else "check that the certificate is for signing, and has not expired",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _manifest(file: Path, statement: Statement, media: str) -> str:
    """The claim as the library takes it: how the file began, the raw files, the rest."""
    agent = {"name": PROGRAM, "version": version(PROGRAM)}
    labels = [f"raw-{number}" for number in range(1, len(statement.raw) + 1)]
    opened = media.startswith("image/") and len(statement.raw) == 1
    actions = [
        *(_opened if opened else _created)(statement.raw, labels, agent),
        *({"action": a.name, "description": a.words} for a in statement.actions),
    ]
    facts = {
        **statement.facts,
        "sources": [{"file": raw.name, "sha256": raw.digest} for raw in statement.raw],
        "essence": {"sha256": essence_of(file)},
    }
    return json.dumps(
        {
            "claim_generator_info": [agent],
            "title": statement.title,
            "format": media,
            "ingredients": [
                {
                    "title": raw.name,
                    "format": raw.media,
                    "relationship": "parentOf" if opened else "componentOf",
                    "instance_id": f"urn:sha256:{raw.digest}",
                    "label": label,
                }
                for label, raw in zip(labels, statement.raw, strict=True)
            ],
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {"actions": actions, "allActionsIncluded": True},
                },
                *(
                    {"label": f"{LABEL}.{name}", "data": _object(value), "kind": "Json"}
                    for name, value in facts.items()
                ),
            ],
        },
        ensure_ascii=False,
        default=str,
    )


def _opened(
    raw: Sequence[RawFile], labels: Sequence[str], agent: Mapping[str, str]
) -> list[dict[str, Any]]:
    """How a picture of one raw file begins. C2PA 2.4 lets no source type stand here: it is that of
    the file that was opened, its parent.
    """
    return [
        {
            "action": "c2pa.opened",
            "description": f"{raw[0].name} was opened",
            "parameters": {"ingredientIds": [labels[0]]},
            "softwareAgent": agent,
        }
    ]


def _created(
    raw: Sequence[RawFile], labels: Sequence[str], agent: Mapping[str, str]
) -> list[dict[str, Any]]:
    """How a clip or a sheet begins: made anew as a composite, every raw file placed in it."""
    created = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE + _COMPOSITE,
        "description": "its pictures are put together from captures of real life",
        "softwareAgent": agent,
    }
    return [
        created,
        *(
            {
                "action": "c2pa.placed",
                "description": f"{one.name} {one.put}",
                "parameters": {"ingredientIds": [label]},
            }
            for label, one in zip(labels, raw, strict=True)
        ),
    ]


def _object(value: Any) -> Any:
    """An assertion's data is an object; a list stands in one under `all`."""
    return value if isinstance(value, dict) else {"all": value}
