"""A page that is looked at while it is being made: kept in memory, served to this machine alone.

The server knows two addresses, the page and its state, and opens no file: nothing else can be asked
of it. It answers only to the names of the loopback, so that no other site's page can read it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from video_pipeline.errors import UsageError

_HOST = "127.0.0.1"
_LOOK_EVERY_S, _SETTLED_S = 0.3, 0.1
Stamps = dict[str, tuple[int, int]]


class Showing:
    """The page as it is now. `address` is where a browser finds it."""

    def __init__(self, port: int) -> None:
        self.address = f"http://{_HOST}:{port}/"
        self.names = frozenset(f"{host}:{port}" for host in (_HOST, "localhost"))
        self.page, self.state = b"", b""

    def show(self, page: str, state: str) -> None:
        """Put another page in its place."""
        self.page, self.state = page.encode("utf-8"), state.encode("ascii")


@contextmanager
def showing(port: int = 0) -> Iterator[Showing]:
    """Serve a page until the block ends, at that port or any that is free.

    Raises UsageError when the port is taken.
    """
    try:
        server = _Server((_HOST, port), _Handler)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"nothing can be shown at port {port}: {error}",
            mend="name another with --port, or leave it out",
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield server.shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Take the port, and know the page that is shown there."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = _HOST, int(self.server_address[1])
        self.shown = Showing(self.server_port)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Give the page or its state; anything else is not there."""
        shown = self.server.shown
        if self.headers.get("Host") not in shown.names:
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        known = {"/": ("text/html", shown.page), "/state": ("text/plain", shown.state)}
        if self.path not in known:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        kind, content = known[self.path]
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """A browser that asks twice a second is not worth a line."""


def stamps(folder: Path) -> Stamps:
    """When each file was saved, and how large it is; hidden ones are an editor's own."""
    found: Stamps = {}
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in Path(name).parts) or name.endswith("~"):
            continue
        with suppress(OSError):  # it went while we looked
            status = file.stat()
            found[name] = (status.st_mtime_ns, status.st_size)
    return found


def changes(folder: Path) -> Iterator[None]:
    """Wait until a file of `folder` is saved, comes or goes; again and again, without end.

    The folder is small and may lie on any disk, so it is looked at, not listened to. Files that an
    editor is still writing are waited for.
    """
    before = stamps(folder)
    while True:
        time.sleep(_LOOK_EVERY_S)
        now = stamps(folder)
        if now != before:
            while (settled := _after(folder)) != now:
                now = settled
            before = now
            yield


def _after(folder: Path) -> Stamps:
    time.sleep(_SETTLED_S)
    return stamps(folder)
