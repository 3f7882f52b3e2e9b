"""Fetching: the one place where trust asks somebody over the network, and what it refuses to do.

An address may come from a stranger's certificate, so nothing is taken for granted: https only, one
deadline for everything, a bound on the answer's size, no redirect to another host, and no address
inside the person's own network unless the person wrote it. The name is looked up once and that very
address is connected to, so that a second look-up cannot lead elsewhere. Proxies set in the
environment are not used.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from video_pipeline.trust.letters import shown

MAX_ANSWER_BYTES: Final = 2 * 1024 * 1024
WITHIN_S: Final = 8.0
_REDIRECTS = 3
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: any IPv4 address, in disguise
_MOVED = frozenset({301, 302, 303, 307, 308})


class UnreachableError(Exception):
    """No answer that could be used; the text says why, for a seller."""


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status and the body's bytes."""

    status: int
    body: bytes


@dataclass
class _Call:
    """One call in its own thread: its deadline holds for names, handshakes and drips alike."""

    address: str
    headers: Mapping[str, str]
    own: bool
    within_s: float
    answer: Answer | None = None
    error: Exception | None = None
    opened: list[socket.socket] = field(default_factory=list)

    def run(self) -> None:
        try:
            self.answer = _follow(self)
        except Exception as error:  # told by `fetch`, in the thread that asked
            self.error = error


def fetch(
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    own: bool = False,
    within_s: float = WITHIN_S,
) -> Answer:
    """GET `address`; `own` when a person wrote it, who may mean a machine of their own network.

    Redirects are followed on the same host only. Raises UnreachableError.
    """
    call = _Call(address, headers or {}, own, within_s)
    thread = threading.Thread(target=call.run, daemon=True, name="fetching")
    thread.start()
    thread.join(within_s)
    if thread.is_alive():
        for opened in call.opened:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)  # wakes the thread, which then closes it
        raise UnreachableError(f"{_host(address)} did not answer within {within_s:g} s")
    if call.answer is not None:
        return call.answer
    if isinstance(call.error, UnreachableError):
        raise call.error
    raise UnreachableError(
        f"{_host(address)} could not be asked ({type(call.error).__name__})"
    ) from call.error


def check_address(address: str, *, own: bool) -> SplitResult:
    """The parts of an address that may be asked; `own` as for `fetch`.

    Plain http is for a machine that the person named and that is this one. Raises
    UnreachableError.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UnreachableError(f"'{shown(address)}' is not an address") from error
    local = own and host in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise UnreachableError(f"'{shown(address)}' is not an https address")
    if not host or "@" in parts.netloc or not all("!" <= c <= "~" and c != "\\" for c in address):
        raise UnreachableError(f"'{shown(address)}' is not a plain address")
    return parts


def _follow(call: _Call) -> Answer:
    address = call.address
    origin = check_address(address, own=call.own)
    for _ in range(_REDIRECTS + 1):
        status, location, body = _get(address, call)
        if status not in _MOVED:
            return Answer(status, body)
        address = urljoin(address, location)
        there = check_address(address, own=call.own)
        if (there.scheme, there.netloc.lower()) != (origin.scheme, origin.netloc.lower()):
            raise UnreachableError(
                f"{origin.hostname} sends on to another host, {shown(there.hostname)}, "
                "which is not followed"
            )
    raise UnreachableError(f"{origin.hostname} sends on without an end")


def _get(address: str, call: _Call) -> tuple[int, str, bytes]:
    parts = check_address(address, own=call.own)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connected = _connect(host, port, call)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connected = context.wrap_socket(connected, server_hostname=host)
        call.opened.append(connected)
        connection = http.client.HTTPSConnection(host, port, context=context)
    else:
        connection = http.client.HTTPConnection(host, port)
    connection.sock = connected
    way = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with connected, closing(connection):
        usual = {"Accept": "application/json, */*;q=0.5", "Accept-Encoding": "identity"}
        connection.request("GET", way, headers={**usual, **call.headers, "Connection": "close"})
        with connection.getresponse() as answer:
            body = answer.read(MAX_ANSWER_BYTES + 1)
    if len(body) > MAX_ANSWER_BYTES:
        raise UnreachableError(f"{host} answers with more than {MAX_ANSWER_BYTES // 2**20} MB")
    return answer.status, answer.headers.get("Location", ""), body


def _connect(host: str, port: int, call: _Call) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError(f"there is no machine named {shown(host)}") from error
    places = [str(place[4][0]) for place in found]
    if not call.own and not all(_is_public(place) for place in places):
        raise UnreachableError(
            f"{shown(host)} is inside this machine's own network, and the address came from a "
            "certificate"
        )
    refused: OSError | None = None
    for place in places[:3]:
        try:
            connected = socket.create_connection((place, port), timeout=call.within_s)
        except OSError as refusal:
            refused = refusal
            continue
        call.opened.append(connected)
        return connected
    raise UnreachableError(f"{shown(host)} does not answer") from refused


def _is_public(place: str) -> bool:
    address = ipaddress.ip_address(place.partition("%")[0])
    if address in _TRANSLATED:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return address.is_global and not address.is_multicast and (mapped is None or mapped.is_global)


def _host(address: str) -> str:
    return shown(urlsplit(address).hostname or address)
