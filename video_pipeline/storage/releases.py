"""Releases: a finished folder in an object store, of which a reader sees all or nothing.

A store renames no folders. So every release has a place of its own that is never written twice,
and one small object says which release counts:

    DESTINATION/current.json                  {"release": "9c41…", "manifest": "sha256 …", …}
    DESTINATION/9c41…/manifest.json           the folder's own manifest, with every file's digest
    DESTINATION/9c41…/SKU.tiktok.mp4          the files, under their own names

A reader looks at `current.json` first and reads the release that it names, whose manifest has the
digest that it says. `current.json` is written last, after every file has arrived as it was sent;
whoever is interrupted has changed nothing that a reader sees. A file that the last release has too
is copied by the store. The last release but one stays, for readers that had begun with it; those
before go.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from video_pipeline.errors import RenderError
from video_pipeline.storage.addresses import Address, address_of
from video_pipeline.storage.objects import MissingError, Objects
from video_pipeline.store import file_digest

CURRENT: Final = "current.json"
MANIFEST: Final = "manifest.json"
_FORM: Final = "video-pipeline release 1"
_NAME: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Released:
    """Where a release stands, how many objects were sent, and how many the store copied itself.

    Nothing is sent or copied where this very release counts already.
    """

    address: Address
    sent: int
    copied: int


def release(folder: Path, destination: Address, objects: Objects) -> Released:
    """Put a finished folder at `destination`, whole or not at all.

    Raises RenderError when the folder is not as its manifest says, UnreachableError when the store
    does not answer, UsageError when it does not let us in.
    """
    manifest_file = folder / MANIFEST
    files = _files(manifest_file.read_bytes(), str(manifest_file))
    for name, digest in files.items():
        if file_digest(folder / name) != digest:
            raise RenderError(
                f"{name} is not the file that the manifest has the digest of",
                where=str(folder),
                mend="render it again",
            )
    manifest = file_digest(manifest_file)
    name = manifest[:16]
    here = destination / name
    current = _current(destination, objects)
    if current is not None and current["manifest"] == manifest:
        return Released(here, 0, 0)
    before = _manifest_of(destination, current, objects)
    sent = copied = 0
    for relative, digest in files.items():
        if before.get(relative) == digest and current is not None:
            try:
                objects.copy(destination / current["release"] / relative, here / relative)
                same = objects.stat(here / relative).size == (folder / relative).stat().st_size
            except MissingError:
                same = False
            if same:
                copied += 1
                continue
        objects.send(folder / relative, here / relative)
        sent += 1
    objects.send(manifest_file, here / MANIFEST)
    said = {
        "form": _FORM,
        "release": name,
        "manifest": manifest,
        "files": len(files),
        "previous": current["release"] if current else None,
    }
    objects.write(destination / CURRENT, (json.dumps(said, indent=2) + "\n").encode())
    if current and current.get("previous") not in (None, name, current["release"]):
        objects.remove(destination / str(current["previous"]))
    return Released(here, sent + 1, copied)


def destination_of(upload: str, objects: Objects) -> Address:
    """The address that a person wrote after `--upload`, asked once, before the work.

    Raises as `release` does, when it does not answer, let us in, or holds something else.
    """
    destination = address_of(upload, "--upload")
    _current(destination, objects)
    return destination


def read_release(destination: Address, folder: Path, objects: Objects) -> None:
    """Copy the release that counts into `folder`, which it makes; each file is held to its digest.

    Raises MissingError when there is none, RenderError when a file is not as the manifest says.
    """
    current = _current(destination, objects)
    if current is None:
        raise MissingError("nothing is released here", where=str(destination))
    here = destination / current["release"]
    content = objects.read(here / MANIFEST)
    if hashlib.sha256(content).hexdigest() != current["manifest"]:
        raise _spoilt(here / MANIFEST)
    for relative, digest in _files(content, str(here / MANIFEST)).items():
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        objects.fetch(here / relative, target)
        if file_digest(target) != digest:
            raise _spoilt(here / relative)
    (folder / MANIFEST).write_bytes(content)


def _current(destination: Address, objects: Objects) -> dict[str, Any] | None:
    """What the destination says of itself; None where nothing is. Raises RenderError."""
    try:
        content = objects.read(destination / CURRENT)
    except MissingError:
        return None
    try:
        said = json.loads(content)
        names = said["release"], said["previous"] or said["release"]
        if said["form"] == _FORM and all(map(_NAME.fullmatch, names)) and said["manifest"]:
            return dict(said)
    except (ValueError, KeyError, TypeError):
        pass
    raise RenderError(
        "something else than a release stands here",
        where=str(destination / CURRENT),
        mend="name another destination, or remove this object",
    )


def _manifest_of(
    destination: Address, current: dict[str, Any] | None, objects: Objects
) -> dict[str, str]:
    """The digests of the last release's files; none where they cannot be trusted."""
    if current is None:
        return {}
    try:
        content = objects.read(destination / current["release"] / MANIFEST)
    except MissingError:
        return {}
    if hashlib.sha256(content).hexdigest() != current["manifest"]:
        return {}
    return _files(content, str(destination))


def _files(content: bytes, where: str) -> dict[str, str]:
    """Every file's digest by its name. A name that leads out of the folder is no name of ours."""
    try:
        files = dict(json.loads(content)["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise RenderError("this manifest cannot be read", where=where) from error
    for name in files:
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise RenderError(f"the manifest names '{name}'", where=where)
    return {str(name): str(digest) for name, digest in files.items()}


def _spoilt(address: Address) -> RenderError:
    return RenderError(
        "this object is not what was released", where=str(address), mend="release it again"
    )
