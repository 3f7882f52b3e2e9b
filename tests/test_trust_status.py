"""Status lists: the W3C specification's own examples, and every way in which one is no answer."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.errors import ClaimError
from video_pipeline.trust.issuing import status_list
from video_pipeline.trust.signature import take_apart
from video_pipeline.trust.status import (
    MIN_ENTRIES,
    StatusEntry,
    decode_list,
    encode_list,
    entries_of,
    is_set,
)

# Copied from https://www.w3.org/TR/2025/REC-vc-bitstring-status-list-20250515/.
W3C_ENTRIES = """[{
    "id": "https://example.com/credentials/status/3#94567",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "94567",
    "statusListCredential": "https://example.com/credentials/status/3"
  }, {
    "id": "https://example.com/credentials/status/4#23452",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "suspension",
    "statusListIndex": "23452",
    "statusListCredential": "https://example.com/credentials/status/4"
  }]"""  # example 1
W3C_MESSAGE = """{
    "id": "https://example.com/credentials/status/8#492847",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "message",
    "statusListIndex": "492847",
    "statusSize": 2,
    "statusListCredential": "https://example.com/credentials/status/8",
    "statusMessage": [
        {"status":"0x0", "message":"pending_review"},
        {"status":"0x1", "message":"accepted"},
        {"status":"0x2", "message":"rejected"}
    ],
    "statusReference": "https://example.org/status-dictionary/"
  }"""  # example 2
W3C_LIST = (
    "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"  # examples 3 and 5
)
W3C_JOSE = (
    "eyJraWQiOiJFeEhrQk1XOWZtYmt2VjI2Nm1ScHVQMnNVWV9OX0VXSU4xbGFwVXpPOHJvIiwiYWxnIjoiRVMyNTYifQ."
    "eyJAY29udGV4dCI6WyJodHRwczovL3d3dy53My5vcmcvbnMvY3JlZGVudGlhbHMvdjIiLCJodHRwczovL3d3dy53My5v"
    "cmcvbnMvY3JlZGVudGlhbHMvZXhhbXBsZXMvdjIiXSwiaWQiOiJodHRwczovL2V4YW1wbGUuY29tL2NyZWRlbnRpYWxz"
    "L3N0YXR1cy8zIiwidHlwZSI6WyJWZXJpZmlhYmxlQ3JlZGVudGlhbCIsIkJpdHN0cmluZ1N0YXR1c0xpc3RDcmVkZW50"
    "aWFsIl0sImlzc3VlciI6ImRpZDpleGFtcGxlOjEyMzQ1IiwidmFsaWRGcm9tIjoiMjAyMS0wNC0wNVQxNDoyNzo0MFoi"
    "LCJjcmVkZW50aWFsU3ViamVjdCI6eyJpZCI6Imh0dHBzOi8vZXhhbXBsZS5jb20vc3RhdHVzLzMjbGlzdCIsInR5cGUi"
    "OiJCaXRzdHJpbmdTdGF0dXNMaXN0Iiwic3RhdHVzUHVycG9zZSI6InJldm9jYXRpb24iLCJlbmNvZGVkTGlzdCI6InVI"
    "NHNJQUFBQUFBQUFBLTNCTVFFQUFBRENvUFZQYlF3Zm9BQUFBQUFBQUFBQUFBQUFBQUFBQUlDM0FZYlNWS3NBUUFBQSJ9"
    "fQ.nJCel75umwdFGsNW6GUitEe7qn-ArsxnE_LsKNlRPaBxcVxFkB0sqOXiioV_jbS48l2pWlXfBgbEiCD8OQde3g"
)  # example 5, secured with JOSE


def test_the_entries_of_the_specification() -> None:
    assert entries_of(json.loads(W3C_ENTRIES)) == (
        StatusEntry("revocation", 94567, "https://example.com/credentials/status/3"),
        StatusEntry("suspension", 23452, "https://example.com/credentials/status/4"),
    )
    assert entries_of(json.loads(W3C_ENTRIES)[0])[0].index == 94567
    # A message is neither yes nor no; what is not understood is refused.
    with pytest.raises(ClaimError, match="does not understand"):
        entries_of(json.loads(W3C_MESSAGE))


def test_the_list_of_the_specification() -> None:
    bits = decode_list(W3C_LIST)
    assert bits == bytes(16 * 1024)
    assert not is_set(bits, 94567)
    assert not is_set(bits, 131_071)
    with pytest.raises(ValueError, match="beyond"):
        is_set(bits, 131_072)


def test_the_signed_list_of_the_specification_can_be_read() -> None:
    token = take_apart(W3C_JOSE.encode(), typed=False)
    assert (token.algorithm, token.kid) == ("ES256", "ExHkBMW9fmbkvV266mRpuP2sUY_N_EWIN1lapUzO8ro")
    assert decode_list(token.payload["credentialSubject"]["encodedList"]) == bytes(16 * 1024)
    with pytest.raises(ClaimError, match="another kind of signed text"):
        take_apart(W3C_JOSE.encode())  # a certificate has to say what it is


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, MIN_ENTRIES - 1), max_size=20))
def test_places_are_counted_from_the_left(places: set[int]) -> None:
    """Held against bits written out as text, as section 7.1 draws them."""
    text = ["0"] * MIN_ENTRIES
    for place in places:
        text[place] = "1"
    packed = gzip.compress(int("".join(text), 2).to_bytes(MIN_ENTRIES // 8, "big"))
    bits = decode_list("u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode())
    assert all(is_set(bits, place) for place in places)
    neighbours = {p + d for p in places for d in (-1, 1) if 0 <= p + d < MIN_ENTRIES} - places
    assert not any(is_set(bits, place) for place in neighbours)
    content = status_list(
        issuer="https://a.test",
        address="https://a.test/1",
        purpose="revocation",
        taken_back=places,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        ttl=timedelta(minutes=1),
    )
    assert decode_list(content["credentialSubject"]["encodedList"]) == bits


PACKED = gzip.compress(bytes(16 * 1024), mtime=0)  # else each worker would name the tests anew


@pytest.mark.parametrize(
    ("encoded", "says"),
    [
        (None, "not coded"),
        ("", "not coded"),
        ("u", "not coded"),
        (W3C_LIST[1:], "not coded"),  # without its multibase letter
        ("z" + W3C_LIST[1:], "not coded"),
        (W3C_LIST + "=", "not coded"),
        (W3C_LIST + "\n", "not coded"),
        (W3C_LIST[:-8], "damaged"),
        ("u" + base64.urlsafe_b64encode(b"plain").decode().rstrip("="), "damaged"),
        ("u" + base64.urlsafe_b64encode(PACKED + PACKED).decode().rstrip("="), "damaged"),
        (
            "u"
            + base64.urlsafe_b64encode(PACKED[:-5] + b"\x01" + PACKED[-4:]).decode().rstrip("="),
            "damaged",
        ),
        (encode_list(bytes(16 * 1024 - 1)), "fewer than"),
        (encode_list(bytes(9 * 1024 * 1024)), "more than 8 MB"),
    ],
)
def test_a_list_in_disorder_is_no_answer(encoded: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        decode_list(encoded)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "StatusList2021Entry"},
        {"statusPurpose": "refresh"},
        {"statusPurpose": ["revocation"]},
        {"statusListIndex": 94567},
        {"statusListIndex": "-1"},
        {"statusListIndex": "0x10"},
        {"statusListIndex": "９"},
        {"statusListIndex": "007"},
        {"statusSize": 2},
        {"statusSize": True},
        {"statusListCredential": "file:///etc/passwd"},
        {"statusListCredential": None},
        {"surplus": 1},
    ],
)
def test_an_entry_in_disorder_is_refused(change: dict[str, object]) -> None:
    good = json.loads(W3C_ENTRIES)[0]
    assert entries_of(good)
    with pytest.raises(ClaimError):
        entries_of({**good, **change})


@pytest.mark.parametrize("value", [[], None, "x", [None], [json.loads(W3C_ENTRIES)[0]] * 9])
def test_a_status_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ClaimError):
        entries_of(value)
