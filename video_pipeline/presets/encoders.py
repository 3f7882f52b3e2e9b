"""Encoders: what can turn pictures into H.264 here, and what is known of those that are hardware.

x264 is the usual one: it runs everywhere and gives the same bytes again. The others are quicker
where a machine has them, and no two drivers give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from video_pipeline.presets.shelf import Figure, Written, read_preset

Hardware = Literal["nvenc", "videotoolbox", "qsv", "vaapi"]
HARDWARE: tuple[Hardware, ...] = get_args(Hardware)
"""In the order in which `auto` tries them."""
Wish = Literal["auto", "x264", "nvenc", "videotoolbox", "qsv", "vaapi"]
WISHES: tuple[Wish, ...] = get_args(Wish)


@dataclass(frozen=True)
class Encoder:
    """An encoder, for hardware from `presets/encoders/<name>.yaml`.

    `speed` is the encoder's own word; `quality_at_20` is its own figure where a placement's crf is
    20, and `quality_per_crf` what every further step of crf adds. `at_once` is how many pieces it
    takes side by side. `refusals` are what ffmpeg says when it cannot be used, and what that
    means. `fingerprint` tells one driver's work from another's, once it has been rehearsed.
    """

    name: str
    title: str
    needs: str = ""
    speed: str = ""
    quality_at_20: float = 20
    quality_per_crf: float = 1
    at_once: int | None = None
    refusals: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""

    @property
    def repeats(self) -> bool:
        """Whether the same pictures give the same bytes on every machine."""
        return self == X264

    def quality(self, crf: int) -> int:
        """The encoder's own figure for a placement's quality."""
        return round(self.quality_at_20 + self.quality_per_crf * (crf - 20))


X264 = Encoder("x264", "x264")


def load_encoder(name: Hardware, own: Path | None = None) -> Encoder:
    """What is known of a hardware encoder, from the person's presets folder `own` or the shipped.

    Raises ListingError when its file has mistakes.
    """
    page = read_preset("encoders", name, _Page, own)
    return Encoder(
        name,
        page.title,
        page.needs,
        page.speed.value,
        page.quality_at_20.value,
        page.quality_per_crf.value,
        page.at_once.value,
        tuple((refusal.says, refusal.means) for refusal in page.refusals),
    )


class _Refusal(Written):
    says: str = Field(min_length=3, description="A part of what ffmpeg says.")
    means: str = Field(min_length=3, description="What that means, in plain words.")


class _Page(Written):
    """An encoder's file as it is written."""

    title: str = Field(description="The encoder's name, as people say it.")
    checked: date = Field(description="The day on which the sources were last read.")
    needs: str = Field(description="What a machine must have.")
    speed: Figure[Annotated[str, Field(pattern=r"^[a-z0-9]{0,12}$")]]
    quality_at_20: Figure[Annotated[float, Field(ge=0, le=100)]]
    quality_per_crf: Figure[Annotated[float, Field(ge=-10, le=10)]]
    at_once: Figure[Annotated[int, Field(ge=1, le=64)]]
    refusals: tuple[_Refusal, ...] = ()
