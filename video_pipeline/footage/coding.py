"""Coding: what ITU-T H.273's numbers, by which files tell their colours, mean in ffmpeg's names."""

from __future__ import annotations

from video_pipeline.footage.model import Colour, Transfer

_TRANSFERS: dict[int, Transfer] = {16: "pq", 18: "hlg"}  # table 3
_PRIMARIES = {  # table 2
    1: "bt709",
    5: "bt470bg",
    6: "smpte170m",
    9: "bt2020",
    11: "smpte431",  # cinema's DCI-P3
    12: "smpte432",  # Display P3
}
_MATRICES = {  # table 4
    1: "bt709",
    5: "bt470bg",
    6: "smpte170m",
    9: "bt2020nc",
    10: "bt2020c",
}
FULL_RANGE = 2  # as ffmpeg counts ranges


def coded_colour(
    primaries: int, transfer: int, matrix: int, *, full_range: bool, usual: tuple[str, str]
) -> Colour:
    """The colour that three numbers tell; what they leave open is as `usual`: primaries, matrix.

    HDR without more is in BT.2020.
    """
    kind = _TRANSFERS.get(transfer, "sdr")
    if kind != "sdr":
        usual = ("bt2020", "bt2020nc")
    return Colour(
        transfer=kind,
        primaries=_PRIMARIES.get(primaries, usual[0]),
        matrix=_MATRICES.get(matrix, usual[1]),
        full_range=full_range,
    )
