"""Objects: the one place that asks a store over the network, by way of fsspec, and how patiently.

What may pass (a server's fault, a connection that breaks, an answer that does not come) is tried
again, each time after a longer wait; what will not pass (no such object, no right to it, no
credentials) is told at once. Everything that is moved is checked: what was fetched by its size and
by the digest that the store keeps of it, what was sent by reading it back where the store keeps
none that can be compared.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import random
import re
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from video_pipeline.errors import PipelineError, RenderError, UsageError
from video_pipeline.replacing import replaced
from video_pipeline.storage.addresses import Address
from video_pipeline.store import file_digest
from video_pipeline.toolchain import disk_error

EXTRA: Final = "pip install 'video-pipeline[remote]'"

_T = TypeVar("_T")
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_SLICE: Final = 1024 * 1024
# What says that the same may go well next time, of the errors that are not OSError.
_BROKEN_OFF: Final = re.compile(
    r"Timeout|Connect|Checksum|Disconnect|Incomplete|Payload|HTTPClient|EndpointConn|ResponseStream|"
    r"ServiceUnavailable|ServiceRequest|ServiceResponse|HttpError|ClientOSError"
)
_NO_CREDENTIALS: Final = re.compile(r"Credential|ClientAuthentication|DefaultCredentials|Token")


class MissingError(RenderError):
    """There is no such object; whoever asked says what that means."""

    kind = "storage"


class UnreachableError(RenderError):
    """A store did not answer, or not usefully, however often it was asked."""

    kind = "storage"


@dataclass(frozen=True)
class Patience:
    """How often a store is asked, how long is waited between, and for one answer; seconds."""

    tries: int = 5
    wait_s: float = 0.5
    longest_s: float = 20.0
    answer_s: float = 30.0

    def pause_s(self, tried: int) -> float:
        """How long to wait after so many tries: doubled each time, and never quite the same.

        Many workers that failed together would otherwise come back together.
        """
        return min(self.longest_s, self.wait_s * 2.0 ** (tried - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


@dataclass(frozen=True)
class Stat:
    """What a store says of an object: its size in bytes, its version, and its MD5 where it knows.

    `version` changes whenever the content does: the etag or generation, or size and time.
    """

    size: int
    version: str
    md5: str | None = None


class Objects:
    """The objects of all stores that may be asked. Nothing is opened before it is asked for."""

    def __init__(self, patience: Patience = Patience()) -> None:
        self.patience = patience

    def stat(self, address: Address) -> Stat:
        """What is known of an object. Raises MissingError, UnreachableError, UsageError."""

        def ask(fs: Any) -> Stat:
            fs.invalidate_cache()
            told = fs.info(address.path)
            if told.get("type") == "directory":
                raise FileNotFoundError(address.path)
            return _stat(told)

        return self._patiently(address, ask)

    def fetch(self, address: Address, part: Path) -> Stat:
        """Copy an object to the file `part`, and say what it was.

        One that changes meanwhile, or comes incomplete or damaged, is fetched again. Raises
        MissingError, UnreachableError, UsageError.
        """
        came: set[str] = set()

        def get(fs: Any) -> Stat:
            before = _stat(fs.info(address.path))
            fs.get_file(address.path, str(part))
            fs.invalidate_cache()
            after = _stat(fs.info(address.path))
            if part.stat().st_size != after.size or before.version != after.version:
                raise ConnectionError("it came incomplete, or was changed meanwhile")
            if _is_md5(after.md5, part) is False:
                # The etag of an encrypted object looks like an MD5 and is none. What comes twice
                # as the same bytes is what is there.
                digest = file_digest(part)
                if digest not in came:
                    came.add(digest)
                    raise ConnectionError("its bytes have not the digest that the store tells")
            return after

        return self._patiently(address, get)

    def send(self, file: Path, address: Address) -> None:
        """Put a file there, whole or not at all, and make sure that it arrived as it is.

        Raises UnreachableError, UsageError.
        """
        if address.protocol == "file":
            with replaced(Path(address.path)) as part:
                shutil.copyfile(file, part)
            return

        def put(fs: Any) -> None:
            fs.put_file(str(file), address.path)
            self._check_arrived(fs, file, address)

        self._patiently(address, put)

    def copy(self, source: Address, target: Address) -> None:
        """Copy within one store, by the store. Raises as `fetch` does."""

        def move(fs: Any) -> None:
            if target.protocol == "file":
                Path(target.path).parent.mkdir(parents=True, exist_ok=True)
            fs.cp_file(source.path, target.path)

        self._patiently(source, move)

    def read(self, address: Address) -> bytes:
        """An object's bytes; for small ones. Raises as `fetch` does."""
        return self._patiently(address, lambda fs: bytes(fs.cat_file(address.path)))

    def write(self, address: Address, content: bytes) -> None:
        """Put some bytes there, whole or not at all. Raises as `send` does."""
        if address.protocol == "file":
            with replaced(Path(address.path)) as part:
                part.write_bytes(content)
            return
        self._patiently(address, lambda fs: fs.pipe_file(address.path, content))

    def remove(self, address: Address) -> None:
        """Remove an object, or everything below an address; nothing where nothing is.

        Raises UnreachableError, UsageError.
        """
        with suppress(MissingError):
            self._patiently(address, lambda fs: fs.rm(address.path, recursive=True))

    def _check_arrived(self, fs: Any, file: Path, address: Address) -> None:
        fs.invalidate_cache()
        there = _stat(fs.info(address.path))
        if there.size == file.stat().st_size and _is_md5(there.md5, file):
            return
        # An encrypted or a large object has an etag that is no MD5, so its bytes are read again.
        digest = hashlib.sha256()
        with fs.open(address.path, "rb", cache_type="none") as sent:
            while some := sent.read(_SLICE):
                digest.update(some)
        if digest.hexdigest() != file_digest(file):
            raise ConnectionError("it did not arrive as it was sent")

    def _patiently(self, address: Address, ask: Callable[[Any], _T]) -> _T:
        """Ask until there is an answer, or until patience ends."""
        tried = 0
        while True:
            try:
                return ask(_opened(address, self.patience.answer_s))
            except PipelineError:
                raise
            except Exception as error:
                final = _final(error, address)
                if final is not None:
                    raise final from error
                tried += 1
                if tried >= self.patience.tries:
                    raise UnreachableError(
                        f"the store does not answer as it should, tried {tried} times: "
                        f"{_told(error)}",
                        where=str(address),
                        mend="try again later; what was finished is kept and used",
                    ) from error
            time.sleep(self.patience.pause_s(tried))


def _stat(told: Mapping[str, Any]) -> Stat:
    """What the file systems say, each with names of its own."""
    size = int(told.get("size") or 0)
    etag = next((str(told[k]).strip('"') for k in ("ETag", "etag") if told.get(k)), "")
    content_md5 = told.get("md5Hash") or getattr(told.get("content_settings"), "content_md5", None)
    md5: str | None = None
    if isinstance(content_md5, str):
        md5 = base64.b64decode(content_md5).hex()
    elif content_md5:
        md5 = bytes(content_md5).hex()
    elif "ETag" in told and _MD5.fullmatch(etag):
        md5 = etag
    times = (told.get(k) for k in ("mtime", "LastModified", "last_modified", "updated", "created"))
    version = str(told.get("generation") or etag or next(filter(None, times), ""))
    return Stat(size, f"{version}:{size}", md5)


def _is_md5(md5: str | None, file: Path) -> bool | None:
    if md5 is None:
        return None
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False))
    return found.hexdigest() == md5


def _opened(address: Address, answer_s: float) -> Any:
    """The file system of an address. Raises UsageError where its package is not installed."""
    try:
        import fsspec  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "object stores need a package that is not installed",
            where=str(address),
            mend=f"install it with: {EXTRA}",
        ) from error
    try:
        return fsspec.filesystem(address.protocol, **_options(address.protocol, answer_s))
    except ImportError as error:
        raise UsageError(
            f"{address.protocol}:// needs a package that is not installed ({error.name})",
            where=str(address),
            mend=f"install it with: {EXTRA}",
        ) from error


@cache
def _options(protocol: str, answer_s: float) -> dict[str, Any]:
    """What each file system is opened with: no list kept, deadlines, and no tries of its own."""
    if protocol == "s3":
        return {
            "use_listings_cache": False,
            "config_kwargs": {
                "connect_timeout": min(10.0, answer_s),
                "read_timeout": answer_s,
                "retries": {"total_max_attempts": 1},
            },
        }
    if protocol == "gs":
        return {"use_listings_cache": False, "timeout": answer_s}
    if protocol in ("az", "abfs"):
        return {"use_listings_cache": False, "connection_timeout": answer_s}
    return {}


def _final(error: Exception, address: Address) -> PipelineError | None:
    """The plain error for what no second try will mend; None for what may pass."""
    kinds = " ".join(kind.__name__ for kind in type(error).__mro__)
    if isinstance(error, (FileNotFoundError, IsADirectoryError)):
        return MissingError(
            "there is no such object", where=str(address), mend="check the address, and its bucket"
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return disk_error(error, str(error.filename or address), "--cache")
    if (
        isinstance(error, PermissionError)
        or getattr(error, "status_code", getattr(error, "code", None)) in (401, 403)
        or str(error).startswith("Forbidden")  # as gcsfs says it
    ):
        return UsageError(
            "the store does not allow this",
            where=str(address),
            mend="give the credentials in use the right to read and write there",
        )
    if _NO_CREDENTIALS.search(kinds):
        return UsageError(
            "there are no credentials for this store",
            where=str(address),
            mend="set them as the store's own tools want them, such as AWS_PROFILE, "
            "GOOGLE_APPLICATION_CREDENTIALS or AZURE_STORAGE_ACCOUNT",
        )
    if isinstance(error, OSError) or _BROKEN_OFF.search(kinds):
        return None
    return UsageError(
        f"the store cannot be asked: {_told(error)}", where=str(address), mend="check the address"
    )


def _told(error: Exception) -> str:
    """An error's kind and first line, short; without what follows a '?', which may be signed."""
    line = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {re.sub(r'[?][^ ]*', '', line)[:160]}".rstrip(": ")
