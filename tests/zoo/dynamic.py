"""Dynamic metadata: what a phone that films in HDR10+ says of every picture (SMPTE ST 2094-40).

No encoder here writes it, so it is put into the stream by hand: a message before each picture's
first slice, as in CTA-861.4, annex S, carried by ITU-T T.35 (ITU-T H.265, D.2.6).
"""

from __future__ import annotations

from pathlib import Path

import av

_PREFIX_SEI = 39
_FIRST_SLICES = range(22)  # a picture's own units (ITU-T H.265, table 7-1)


def hdr10_plus(path: Path) -> None:
    """Write the message before every picture of an HEVC file in mp4."""
    plain = path.with_name(f"plain {path.name}")
    path.rename(plain)
    told = _unit(_message())
    with av.open(str(plain)) as source, av.open(str(path), "w") as out:
        stream = source.streams.video[0]
        copied = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size == 0:
                continue
            changed = av.Packet(_before_slices(bytes(packet), told))
            changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
            changed.duration, changed.is_keyframe = packet.duration, packet.is_keyframe
            changed.stream = copied
            out.mux(changed)


def _before_slices(sample: bytes, told: bytes) -> bytes:
    at = 0
    while (sample[at + 4] >> 1 & 63) not in _FIRST_SLICES:
        at += 4 + int.from_bytes(sample[at : at + 4], "big")
    return sample[:at] + len(told).to_bytes(4, "big") + told + sample[at:]


def _unit(payload: bytes) -> bytes:
    """A prefix SEI with one message of user data registered by T.35 (payload type 4)."""
    body = bytes([4, len(payload)]) + payload + b"\x80"
    guarded, zeros = bytearray(), 0
    for byte in body:  # emulation prevention (ITU-T H.265, 7.4.2)
        if zeros >= 2 and byte <= 3:
            guarded.append(3)
            zeros = 0
        guarded.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes([_PREFIX_SEI << 1, 1]) + bytes(guarded)


def _message() -> bytes:
    """One window, brightest 1000 nits, with a curve of nine anchors that would darken it all."""
    bits = ""

    def put(value: int, width: int) -> None:
        nonlocal bits
        bits += format(value, f"0{width}b")

    put(1, 2)  # windows
    put(400, 27)  # nits of the screen it is meant for
    put(0, 1)
    for _ in range(3):
        put(10_000, 17)  # brightest red, green and blue, of 100,000
    put(2_000, 17)  # mean
    put(9, 4)
    for place, percent in enumerate((1, 5, 10, 25, 50, 75, 90, 95, 99)):
        put(percent, 7)
        put(1_000 * (place + 1), 17)
    put(0, 10)
    put(0, 1)
    put(1, 1)  # a curve
    put(400, 12)
    put(300, 12)
    put(9, 4)
    for anchor in range(9):
        put(100 * (anchor + 1), 10)
    put(0, 1)
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    # The United States, Samsung, ST 2094-40 version 1.
    return bytes([0xB5, 0x00, 0x3C, 0x00, 0x01, 4, 1]) + body
