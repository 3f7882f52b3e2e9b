"""An issuer's service on this machine, behind real HTTP or HTTPS, for tests: a true seam.

`pages` maps a path to what is answered: bytes (200), a status, or a function that answers by hand.
`asked` keeps every request with its headers.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Page = bytes | int | Callable[[BaseHTTPRequestHandler], None]


class FakeIssuer:
    """The pages of a service, and what was asked of it."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.address = ""

    def answer(self, path: str, content: Any) -> None:
        """Answer `path` with JSON."""
        self.pages[path] = json.dumps(content).encode()


def moved(there: str) -> Page:
    """A page that sends on to another address."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", there)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return send


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A page that never ends: one byte now and then, each in time for a limit on single reads."""
    handler.send_response(200)
    handler.end_headers()
    stop = threading.Event()
    with suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            stop.wait(0.1)


def enormous(handler: BaseHTTPRequestHandler) -> None:
    """A page of 3 MB."""
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        handler.wfile.write(b'{"code": "' + b"x" * 3_000_000 + b'"}')


@contextmanager
def serving(certificate: tuple[Path, Path] | None = None) -> Iterator[FakeIssuer]:
    """A running service on 127.0.0.1; over HTTPS where a certificate and its key are given."""
    fake = FakeIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append((self.path, dict(self.headers)))
            page = fake.pages.get(self.path, 404)
            if callable(page):
                page(self)
                return
            body = page if isinstance(page, bytes) else b""
            self.send_response(200 if isinstance(page, bytes) else page)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # a client that hung up, or that does not believe the certificate

    server = Quiet(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    fake.address = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def web_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake issuer")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "web.pem", folder / "web.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
