"""The head of a template: what it says, where it stands, which fields it takes.

It stands at the top of the file as YAML inside a Jinja comment that opens with `{#---` and closes
with `---#}`:

    says: One line that opens the clip.
    anchor: bottom            # top | bottom | centre, within the safe area
    align: left               # left | centre | right; left when missing
    fields:
      line: text
      brand: text, optional   # text | list | number; an optional one is empty when missing

`claim: true` marks a template that speaks for a certificate: whoever draws it fills it from a
verified claim alone. Without that mark a template may not ask for a claim's facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from video_pipeline.errors import UsageError
from video_pipeline.overlays.typesetting import clean

Kind = Literal["text", "list", "number", "text, optional", "list, optional", "number, optional"]
# The facts of a claim that no other overlay may be given by hand.
_CLAIMED = ("certificate_id", "check_url", "issuer_name")
_EMPTY: dict[str, Any] = {"text": "", "list": (), "number": 0}


class Header(BaseModel):
    """The head of one template, read and checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: str
    anchor: Literal["top", "bottom", "centre"]
    align: Literal["left", "centre", "right"] = "left"
    claim: bool = False
    fields: dict[str, Kind]


@lru_cache(maxsize=64)
def read_header(source: str, where: str) -> Header:
    """Read the head of a template's source. Raises UsageError when it is missing or wrong."""
    start, end = source.find("{#---"), source.find("---#}")
    mend = "Begin the file as the shipped templates do: {#--- says: … anchor: … fields: … ---#}"
    if start != 0 or end < 0:
        raise UsageError("The overlay template has no head.", where=where, mend=mend)
    try:
        header = Header.model_validate(yaml.safe_load(source[len("{#---") : end]))
    except (yaml.YAMLError, ValidationError) as error:
        raise UsageError(
            f"The head of the overlay template has a mistake: {error}", where=where, mend=mend
        ) from error
    for name in _CLAIMED:
        if name in header.fields and not header.claim:
            raise unmarked(f"asks for '{name}'", where)
    return header


def unmarked(does: str, where: str) -> UsageError:
    """The error of a template that speaks for a certificate and does not say so in its head."""
    return UsageError(
        f"The overlay template {does}, which only a template for certificates may do.",
        where=where,
        mend="State 'claim: true' in its head to have it filled from a verified certificate.",
    )


def checked(template: str, header: Header, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields a template asked for: cleaned, complete and of the right kind.

    Raises UsageError naming the field that is unknown, missing, empty or of the wrong kind.
    """
    unknown = sorted(set(fields) - set(header.fields))
    if unknown:
        raise UsageError(
            f"The overlay '{template}' has no field '{unknown[0]}'.",
            mend=f"It takes: {', '.join(header.fields)}.",
        )
    values: dict[str, Any] = {}
    for name, stated in header.fields.items():
        kind, _, optional = stated.partition(", ")
        value = _value(template, name, kind, fields.get(name))
        if value is None and not optional:
            raise UsageError(
                f"The overlay '{template}' needs something to write in '{name}'.",
                mend=f"Fill in '{name}', or leave this overlay out.",
            )
        values[name] = _EMPTY[kind] if value is None else value
    return values


def _value(template: str, name: str, kind: str, given: Any) -> Any:
    """The cleaned value, or None when nothing is left of it."""
    if given is None:
        return None
    if kind == "number" and isinstance(given, int) and not isinstance(given, bool):
        return given
    if kind == "text" and isinstance(given, str | int) and not isinstance(given, bool):
        return clean(str(given)) or None
    if (
        kind == "list"
        and isinstance(given, list | tuple)
        and all(isinstance(v, str) for v in given)
    ):
        return tuple(kept for v in given if (kept := clean(v))) or None
    raise UsageError(
        f"The field '{name}' of the overlay '{template}' must be a {kind}, not {given!r:.60}.",
        mend=f"Write a {kind} there.",
    )
