"""Drafting: a listing to fill in, for footage that is already there.

Every placeholder is a valid value, so that a draft can be read (and a clip be tried) at once. None
of them flatters: the grade is the lowest of the house scale and no flaw or price is invented.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

from video_pipeline.listing.model import Category, Flaw, Part, Severity
from video_pipeline.listing.schema import SCHEMA_NAME
from video_pipeline.presets.grades import load_scale, scale_names

_WIDTH: Final = 96

_DRAFT: Final = """\
{schema}# One item for sale. Change every line marked with <<, and fill in what you know;
# a line that begins with # counts as not written. Nothing here is invented for you: what you
# leave out is not shown.

sku: {sku}  # << your own number for it; names the output files

item:
  brand: Brand  # << as on the item
  model: Model  # <<
  category: bag  # {categories}
  # colour: cognac
  # material: smooth calfskin
  # year: 2014
  # size: {{width_cm: 30, height_cm: 22, depth_cm: 12}}
  # serial: "AB1234"  # compared with certificates, never shown

condition:
  scale: house  # {scales}
  grade: {grade}  # << {grades}
  notes: []
  # One entry for each flaw. To begin, delete the line above and the # before these lines.
  # notes:
  #   - part: corner
  #     flaw: corner-wear
  #     severity: light  # {severities}
  #     words: Light wear on one corner
  #     seen: {{time: "0:12.5", box: [0.20, 0.55, 0.45, 0.80]}}  # where the footage shows it
{parts}
{flaws}

# price: {{amount: 1290, currency: EUR}}

# story:
#   headline: One line that opens the clip
#   previous_owner: Whose it was, without a full name
#   owned_since: 2015
#   special: What makes this piece special

# certificates:
#   - file: certificate.jwt
#   - issuer: entrupy  # or a number that the issuer's own service is asked for
#     id: ENTPY12345

# includes: [Dust bag, Box]

# link: https://shop.example/bag-17  # where it is sold; for the post's text

audio:
  voice: keep  # mute makes a silent clip, or leaves only the music
  # music: music.mp3
  # rights: who may use this music, where, and who says so

# Files, folders or globs, relative to this file.
footage:
{footage}
"""


def draft(footage: Sequence[Path], listing_dir: Path) -> str:
    """The text of a commented listing for the given footage files, to be saved in `listing_dir`.

    Paths are written relative to that folder where they can be. Without footage the folder
    `footage/` is named. An editor's schema line comes first when the schema lies in the folder.
    """
    scale = load_scale("house")
    has_schema = (listing_dir / SCHEMA_NAME).is_file()
    paths = [_relative(path, listing_dir) for path in footage] or ["footage/"]
    return _DRAFT.format(
        schema=f"# yaml-language-server: $schema={SCHEMA_NAME}\n" if has_schema else "",
        sku=json.dumps(_sku(listing_dir)),
        categories=", ".join(get_args(Category)),
        scales=", ".join(scale_names()),
        grade=scale.grade_names[-1],
        grades=", ".join(scale.grade_names),
        severities=", ".join(get_args(Severity)),
        parts=_comment("part", get_args(Part)),
        flaws=_comment("flaw", get_args(Flaw)),
        # JSON text is YAML text, whatever quotes or colons a file name holds.
        footage="\n".join(f"  - {json.dumps(path, ensure_ascii=False)}" for path in paths),
    )


def _sku(folder: Path) -> str:
    """The folder's name with everything else than letters, digits, '.', '_' and '-' replaced."""
    plain = unicodedata.normalize("NFKD", folder.resolve().name).encode("ascii", "ignore").decode()
    sku = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("._-")[:64]
    return sku or "item-1"


def _relative(path: Path, folder: Path) -> str:
    try:
        written = os.path.relpath(path, folder)
    except ValueError:  # another drive
        written = str(path.absolute())
    return written.replace(os.sep, "/")


def _comment(name: str, words: Sequence[str]) -> str:
    """All valid words as comment lines of bounded width."""
    lines, line = [], f"  # {name}:"
    for i, word in enumerate(words):
        added = f" {word}" + ("," if i + 1 < len(words) else "")
        if len(line + added) > _WIDTH:
            lines.append(line)
            line = "  #  "
        line += added
    return "\n".join([*lines, line])
