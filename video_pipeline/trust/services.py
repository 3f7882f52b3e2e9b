"""Services: asking an issuer's own service for a certificate, as its issuer file describes it.

The answer is believed no further than the file explains it: it has to repeat the number that was
asked for, a word for the result that the file does not explain is never a yes, and every condition
has to hold. Nothing is kept: a result may be withdrawn minutes later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from video_pipeline.errors import ClaimError
from video_pipeline.store import digest_of
from video_pipeline.trust.certificate import Certificate, Subject, public_address
from video_pipeline.trust.fetching import Answer, UnreachableError, fetch
from video_pipeline.trust.issuer_form import Condition, ServiceForm, Ways
from video_pipeline.trust.issuers import Issuer
from video_pipeline.trust.letters import is_plain, shown
from video_pipeline.trust.moments import day, moment
from video_pipeline.trust.signature import strict_json
from video_pipeline.trust.states import UnearnedError, Verdict
from video_pipeline.witness import holds_until

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_ASK: Final = "Ask the issuer about it, or leave the certificate out."
# A clip that was made is not made anew for every question; what it claims is asked again each day.
_BELIEVED: Final = timedelta(hours=24)
_NOTHING: Final = object()
"""What stands where a way leads nowhere; null is something else."""


def ask(issuer: Issuer, number: str) -> Certificate:
    """The certificate of that number, from the issuer's own service.

    Raises UnearnedError when the service cannot be asked, does not know the number, or answers in
    a way that its issuer file does not explain; ClaimError for facts that cannot be shown.
    """
    service = issuer.service
    if service is None:
        raise ClaimError(
            f"{issuer.name} has no service that can be asked for a number",
            mend="Name the signed certificate file instead (file:).",
        )
    if not _NUMBER.fullmatch(number):
        raise ClaimError(
            f"'{shown(number)}' is not the number of a certificate",
            mend="Write it as the issuer does: letters, digits, dots, hyphens.",
        )
    try:
        answer = fetch(
            service.address.replace("{id}", quote(number, safe="")),
            headers=_headers(service),
            own=True,
            within_s=service.seconds,
        )
    except UnreachableError as error:
        raise _unreachable(issuer, str(error)) from error
    holds_until(datetime.now(UTC) + _BELIEVED, f"{issuer.name} is to be asked again")
    return _certificate(_content(answer, issuer), service, issuer, number)


def _headers(service: ServiceForm) -> dict[str, str]:
    headers = dict(service.headers)
    if service.secret:
        secret = os.environ.get(service.secret.variable, "")
        if not secret or not secret.isascii() or not secret.isprintable():
            raise UnearnedError(
                f"the environment variable {service.secret.variable} does not hold the key that "
                "the service asks for",
                state="unreachable",
                mend=f"Set {service.secret.variable} and run it again.",
            )
        headers[service.secret.header] = service.secret.value.replace("{secret}", secret)
    return headers


def _content(answer: Answer, issuer: Issuer) -> dict[str, Any]:
    if answer.status in (404, 410):
        raise UnearnedError(
            f"{issuer.name} does not know this number",
            state="none",
            mend="Compare the number with the certificate.",
        )
    if answer.status in (401, 403):
        raise _unreachable(issuer, "it does not accept the key that asks")
    if answer.status != 200:
        raise _unreachable(issuer, f"it answers with {answer.status}")
    try:
        return strict_json(answer.body, "answer")
    except ClaimError as error:
        raise _unreachable(issuer, "its answer cannot be read") from error


def _certificate(
    content: Mapping[str, Any], service: ServiceForm, issuer: Issuer, number: str
) -> Certificate:
    fields = service.fields
    # Exactly the number that was asked for: services have been seen to answer with the nearest.
    if _at(content, fields.id) != number:
        raise UnearnedError(
            f"{issuer.name} answers for another number than the one that was asked for",
            state="mismatched",
            mend=_ASK,
        )
    verdict, word = _verdict(content, service)
    if verdict != "authentic":
        raise UnearnedError(_told(issuer, verdict, word), state=verdict, mend=_ASK)
    for condition in service.conditions:
        if not _holds(content, condition):
            raise UnearnedError(
                f"{issuer.name}: {condition.says}", state=condition.otherwise, mend=_ASK
            )
    brand = _text(content, fields.brand)
    if brand is None:
        raise UnearnedError(
            f"{issuer.name} does not say for which brand it is", state="inconclusive", mend=_ASK
        )
    shown_number = (_text(content, fields.number) if fields.number else None) or number
    subject = Subject(
        brand=brand,
        model=_text(content, fields.model) if fields.model else None,
        serial=_text(content, fields.serial) if fields.serial else None,
        item_number=_text(content, fields.item_number) if fields.item_number else None,
    )
    examined = _moment(content, fields.examined)
    if examined is None:
        raise UnearnedError(
            f"{issuer.name} does not say when it was examined", state="inconclusive", mend=_ASK
        )
    expires = _moment(content, fields.expires) if fields.expires else None
    check_url = public_address(
        service.check_at.replace("{id}", quote(number, safe="")).replace(
            "{number}", quote(shown_number, safe="")
        ),
        "check_at",
    )
    facts = [issuer.id, shown_number, word, subject.brand, subject.model, subject.serial,
             subject.item_number, examined.isoformat(), expires, check_url]  # fmt: skip
    return Certificate(
        id=shown_number,
        issuer=issuer,
        verdict=verdict,
        result=word,
        examined=examined.date(),
        issued=examined,
        expires=expires,
        subject=subject,
        check_url=check_url,
        digest=digest_of(facts),
    )


def _verdict(content: Mapping[str, Any], service: ServiceForm) -> tuple[Verdict, str]:
    word = _at(content, service.fields.result)
    if not isinstance(word, str):
        return "inconclusive", ""
    return service.verdicts.get(word, "inconclusive"), word


def _told(issuer: Issuer, verdict: Verdict, word: str) -> str:
    match verdict:
        case "submitted":
            return f"{issuer.name} has not decided yet ('{shown(word)}')"
        case "revoked":
            return f"{issuer.name} took the result back ('{shown(word)}')"
        case "expired":
            return f"{issuer.name} says that it has expired ('{shown(word)}')"
        case _:
            return f"the result of {issuer.name} is '{shown(word)}', which is no yes"


def _holds(content: Mapping[str, Any], condition: Condition) -> bool:
    value = _at(content, (condition.path,))
    return any(_is(value, word) for word in condition.allowed)


def _is(value: object, word: str | None) -> bool:
    """Whether an answer's value is what a person wrote: ~, true, false or a word."""
    match word:
        case None:
            return value is None
        case "true":
            return value is True
        case "false":
            return value is False
        case _:
            return isinstance(value, str) and value == word


def _at(content: object, ways: Ways) -> object:
    """What stands at the first of `ways` that leads somewhere, else _NOTHING."""
    for way in ways:
        value = content
        for name in way.split("."):
            value = value.get(name, _NOTHING) if isinstance(value, dict) else _NOTHING
        if value is not _NOTHING:
            return value
    return _NOTHING


def _text(content: Mapping[str, Any], ways: Ways) -> str | None:
    value = _at(content, ways)
    if value is _NOTHING or value is None or value == "":
        return None
    if not isinstance(value, str) or not is_plain(value, 200):
        raise UnearnedError(
            f"the service's answer cannot be shown: '{shown(value)}'",
            state="inconclusive",
            mend=_ASK,
        )
    return value


def _moment(content: Mapping[str, Any], ways: Ways) -> datetime | None:
    value = _at(content, ways)
    if value is _NOTHING or value is None:
        return None
    page = {"date": value}
    try:
        return moment(page, "date")
    except ClaimError:
        only: date = day(page, "date")
        return datetime(only.year, only.month, only.day, tzinfo=UTC)


def _unreachable(issuer: Issuer, reason: str) -> UnearnedError:
    holds_until(datetime.now(UTC), f"{issuer.name} could not be asked")
    return UnearnedError(
        f"{issuer.name} could not be asked: {reason}",
        state="unreachable",
        mend="Try again later; not known is not valid.",
    )
