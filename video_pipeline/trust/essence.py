"""Essence: the digest of what a file shows and sounds, whatever it is wrapped in.

A signature covers a file's bytes, and copying a clip into a new wrapping (`ffmpeg -c copy`, many
messengers) breaks it though no picture has changed. The digest of the coded packets, which such a
copy leaves alone, tells then whether a sidecar belongs to a clip. New coding changes it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import av

from video_pipeline.errors import UsageError

_JPEG = b"\xff\xd8"
_SCAN = 0xDA


def essence_of(file: Path) -> str:
    """SHA-256 of an mp4's coded pictures and sound, or of a JPEG without its notes; hex digits.

    Raises UsageError when the file cannot be read as one of them.
    """
    try:
        with file.open("rb") as opened:
            start = opened.read(2)
        return _picture(file.read_bytes()) if start == _JPEG else _clip(file)
    except (OSError, ValueError, IndexError, av.FFmpegError) as error:
        raise UsageError(
            "this is neither an mp4 nor a JPEG that can be read",
            where=str(file),
            mend="name a clip or a picture",
        ) from error


def _clip(file: Path) -> str:
    """Each stream has a digest of its own: a new wrapping may interleave them anew."""
    with av.open(str(file), format="mp4") as container:
        streams = [s for s in container.streams if s.type in ("video", "audio")]
        kinds = {s.index: s.type for s in streams}
        digests = {index: hashlib.sha256() for index in kinds}
        for packet in container.demux(streams):
            if packet.size:
                digests[packet.stream.index].update(bytes(packet))
    told = sorted((kinds[index], digest.hexdigest()) for index, digest in digests.items())
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _picture(data: bytes) -> str:
    """A JPEG's tables and scan. Application notes and comments (APPn, COM) are left out."""
    digest, at = hashlib.sha256(), 2
    while data[at + 1] != _SCAN:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at] != 0xFF or length < 2:
            raise ValueError("not a JPEG")
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            digest.update(data[at : at + 2 + length])
        at += 2 + length
    digest.update(data[at:])
    return digest.hexdigest()
