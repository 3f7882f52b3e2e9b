"""Make the fonts of this folder that are parts of larger ones: python make.py SOURCES.

SOURCES is a folder with the fonts that README.md names. Needs fontTools 4.68; the program itself
does not run this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset

HERE = Path(__file__).parent
EVERYTHING = range(0x110000)
JOINERS = (0x200C, 0x200D, 0x25CC)

ARABIC = (*range(0x0600, 0x0700), *range(0x0750, 0x0780), 0xFDF2, 0xFDFC, *JOINERS)
HEBREW = (*range(0x0590, 0x0600), *range(0xFB1D, 0xFB50), 0x25CC)
THAI = (*range(0x0E00, 0x0E80), 0x25CC)
DEVANAGARI = (*range(0x0900, 0x0980), *range(0xA8E0, 0xA900), *JOINERS)
GREEK = (*range(0x0370, 0x0400), *range(0x1F00, 0x2000))


def written_by(encoding: str, high: Iterable[int], low: Iterable[int]) -> set[int]:
    """The characters of two bytes that an old encoding has, without those that Latin fonts have."""
    low = tuple(low)
    texts = (bytes((a, b)).decode(encoding, "ignore") for a in high for b in low)
    return {ord(t) for t in texts if len(t) == 1 and ord(t) >= 0x2010}


G1 = range(0xA1, 0xFF)
GB2312_LEVEL_1 = written_by("gb2312", (*range(0xA1, 0xAA), *range(0xB0, 0xD8)), G1)
GB2312 = written_by("gb2312", range(0xA1, 0xF8), G1)
BIG5_LEVEL_1 = written_by("big5", range(0xA1, 0xC7), (*range(0x40, 0x7F), *G1))
JIS_LEVEL_1 = written_by("euc_jp", range(0xA1, 0xD0), G1)
JIS_LEVEL_2 = written_by("euc_jp", range(0xD0, 0xF5), G1)
KS_X_1001 = written_by("euc_kr", range(0xA1, 0xFE), G1)
HANGUL = {c for c in KS_X_1001 if 0xAC00 <= c <= 0xD7A3}
KANA_AND_WIDE = {*range(0x3000, 0x3100), *range(0x31F0, 0x3200), *range(0xFF01, 0xFFEF)}
COMMON = GB2312_LEVEL_1 | BIG5_LEVEL_1 | JIS_LEVEL_1 | HANGUL | KANA_AND_WIDE
CJK_FEATURES = ["locl", "kern", "ccmp", "liga", "mark", "mkmk", "ljmo", "vjmo", "tjmo"]

PARTS: dict[str, tuple[str, Iterable[int], list[str]]] = {
    "NotoSansCJK-Regular.otf": (
        "NotoSansCJK-Regular.ttc", COMMON | GB2312 | JIS_LEVEL_2 | KS_X_1001, CJK_FEATURES
    ),
    "NotoSerifCJK-SemiBold.otf": ("NotoSerifCJK-SemiBold.ttc", COMMON, CJK_FEATURES),
    "NotoSansArabic-Medium.ttf": ("NotoSansArabic-Medium.ttf", ARABIC, ["*"]),
    "NotoNaskhArabic-Medium.ttf": ("NotoNaskhArabic-Medium.ttf", ARABIC, ["*"]),
    "NotoSansHebrew-Medium.ttf": ("NotoSansHebrew-Medium.ttf", HEBREW, ["*"]),
    "NotoSerifHebrew-Regular.ttf": ("NotoSerifHebrew-Regular.ttf", HEBREW, ["*"]),
    "NotoSansThai-Medium.ttf": ("NotoSansThai-Medium.ttf", THAI, ["*"]),
    "NotoSerifThai-Regular.ttf": ("NotoSerifThai-Regular.ttf", THAI, ["*"]),
    "NotoSansDevanagari-Medium.ttf": ("NotoSansDevanagari-Medium.ttf", DEVANAGARI, ["*"]),
    "NotoSerifDevanagari-Regular.ttf": ("NotoSerifDevanagari-Regular.ttf", DEVANAGARI, ["*"]),
    "NotoSerif-Regular.ttf": ("NotoSerif-Regular.ttf", GREEK, ["kern", "ccmp", "mark", "mkmk"]),
    "NotoEmoji-Medium.ttf": ("NotoEmoji_500Medium.ttf", EVERYTHING, ["*"]),
}  # fmt: skip


def main(sources: Path) -> None:
    """Write every part beside this file."""
    for name, (source, characters, features) in PARTS.items():
        options = subset.Options()
        options.layout_features = features
        options.hinting = False
        options.font_number = 0  # of a collection: the Japanese one, with the others under locl
        options.notdef_outline = True
        found = next(sources.rglob(source))
        font = subset.load_font(str(found), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=characters)
        subsetter.subset(font)
        subset.save_font(font, str(HERE / name), options)
        print(f"{(HERE / name).stat().st_size:>9} {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
