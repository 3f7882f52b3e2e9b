"""An S3 server for tests, over real HTTP, and a proxy before it that fails on purpose.

The server is moto's, which keeps objects in memory. The proxy stands where the network stands: it
answers with a fault, cuts an answer short, or says nothing, as a test tells it to, and counts.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

import pytest

BUCKET = "house"
Fault = Literal["500", "503", "403", "silence", "short", "spoilt"]


@dataclass
class Weather:
    """What the proxy does: `fault` says it for each request, by its method and path."""

    port: int
    behind: int
    fault: Callable[[str, str], Fault | None] = lambda _method, _path: None
    asked: Counter[str] = field(default_factory=Counter)
    log: list[tuple[str, str]] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, method: str, part: str, *faults: Fault) -> None:
        """The first requests of that method, with `part` in their path, fail so, in turn."""
        left = list(faults)
        lock = threading.Lock()

        def fault(asked: str, path: str) -> Fault | None:
            with lock:
                return left.pop(0) if left and asked == method and part in path else None

        self.fault = fault

    def clear(self) -> None:
        """Nothing fails any more, and counting begins anew."""
        self.fault = lambda _method, _path: None
        self.asked.clear()
        self.log.clear()


@contextmanager
def served() -> Iterator[Weather]:
    """A server and the proxy before it. Skips the test where moto is not installed."""
    server_module = pytest.importorskip(
        "moto.server",
        reason="an S3 server for tests needs: pip install 'moto[s3]' flask flask-cors",
    )
    pytest.importorskip("s3fs", reason="object stores need: pip install s3fs")
    moto = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    _, port = moto.get_host_and_port()
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
    proxy.daemon_threads = True
    weather = Weather(proxy.server_address[1], port)
    proxy.weather = weather  # type: ignore[attr-defined]
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield weather
    finally:
        proxy.shutdown()
        proxy.server_close()
        moto.stop()


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _pass_on(self) -> None:
        weather: Weather = self.server.weather  # type: ignore[attr-defined]
        path = urlsplit(self.path).path
        weather.asked[self.command] += 1
        weather.log.append((self.command, path))
        fault = weather.fault(self.command, path)
        body = self._body()
        if fault in ("500", "503", "403"):
            code = {"500": "InternalError", "503": "SlowDown", "403": "AccessDenied"}[fault]
            said = f"<Error><Code>{code}</Code><Message>on purpose</Message></Error>".encode()
            self._answer(int(fault), [("Content-Type", "application/xml")], said)
            return
        if fault == "silence":
            time.sleep(3)
            self.close_connection = True
            return
        if fault == "spoilt" and self.command == "PUT":
            body = bytes([body[0] ^ 1]) + body[1:]
        behind = http.client.HTTPConnection("127.0.0.1", weather.behind, timeout=20)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        behind.request(self.command, self.path, body, headers)
        answer = behind.getresponse()
        content = answer.read()
        kept = [
            (k, v) for k, v in answer.getheaders() if k.lower() not in (*_HOP, "content-length")
        ]
        if self.command == "HEAD":
            kept.append(("Content-Length", answer.headers.get("Content-Length", "0")))
        if fault == "spoilt" and content:
            content = bytes([content[0] ^ 1]) + content[1:]
        self._answer(answer.status, kept, content, short=fault == "short")

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return whole
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, short: bool = False
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if short else body)
        if short:
            self.close_connection = True

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass_on  # noqa: N815


_HOP = ("connection", "transfer-encoding", "host", "keep-alive")
