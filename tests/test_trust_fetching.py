"""Fetching: what is asked, what is not, and that one deadline holds for everything."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from fake_issuer import dripping, enormous, moved, serving

from video_pipeline.trust.fetching import UnreachableError, fetch


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://atelier.org/",
        "http://192.168.0.1/",
        "https://",
        "https:///x",
        "https://user@127.0.0.1/",
        "https://127.0.0.1\\@evil.org/",
        "https://[::1",
        "https://127.0.0.1:99999/",
        "https://127.0.0.1/a b",
        "https://127.0.0.1/\r\nX: y",
        "https://атель.org/",
        "127.0.0.1",
        "",
    ],
)
def test_an_address_that_is_no_plain_https_is_not_asked(address: str) -> None:
    for own in (False, True):
        with pytest.raises(UnreachableError, match="address"):
            fetch(address, own=own)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254",
     "0.0.0.0", "100.64.0.1", "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]",
     "[64:ff9b::a00:1]", "224.0.0.1", "2130706433", "0x7f.1", "127.1"],
)  # fmt: skip
def test_a_stranger_s_address_inside_this_network_is_not_asked(host: str) -> None:
    with pytest.raises(UnreachableError, match=r"own network|no machine named"):
        fetch(f"https://{host}/", within_s=2)


def test_a_name_that_leads_inside_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One public address among the answers does not make the other harmless."""
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in
              ("93.184.215.14", "10.0.0.1")]  # fmt: skip
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
    with pytest.raises(UnreachableError, match="own network"):
        fetch("https://rebinding.org/")


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes calls and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_one_deadline_for_handshakes_and_drips(silent: int) -> None:
    with serving() as fake:
        fake.pages["/drip"] = dripping
        for address in (f"https://127.0.0.1:{silent}/", f"http://127.0.0.1:{silent}/",
                        f"{fake.address}/drip"):  # fmt: skip
            began = time.monotonic()
            with pytest.raises(UnreachableError, match=r"did not answer within 0\.5 s"):
                fetch(address, own=True, within_s=0.5)
            assert time.monotonic() - began < 3
    deadline = time.monotonic() + 5
    while any(t.name == "fetching" for t in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [t for t in threading.enumerate() if t.name == "fetching"]


def test_answers_have_a_size_and_stay_with_their_host() -> None:
    with serving() as fake, serving() as other:
        fake.pages |= {
            "/huge": enormous,
            "/away": moved(f"{other.address}/"),
            "/round": moved("/round"),
            "/here": moved("good?a=1"),
            "/good?a=1": b"yes",
        }
        other.pages["/"] = b"no"
        assert fetch(f"{fake.address}/here", own=True).body == b"yes"
        for way, says in (("huge", "more than"), ("away", "another host"), ("round", "an end")):
            with pytest.raises(UnreachableError, match=says):
                fetch(f"{fake.address}/{way}", own=True, headers={"Authorization": "secret"})
        assert other.asked == []
        assert fetch(f"{fake.address}/gone", own=True).status == 404
    with pytest.raises(UnreachableError, match=r"does not answer"):
        fetch(f"{fake.address}/good", own=True)
