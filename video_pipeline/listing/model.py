"""The listing: what the seller states about one item, as typed and checked values.

These are the only models that read a person's file, so they are pydantic models; every field's
description becomes the text an editor shows while the listing is being written.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from video_pipeline.geometry import Box
from video_pipeline.listing.clock import seconds_of

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Sku = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000)]
Share = Annotated[float, Field(ge=0, le=1)]
Year = Annotated[int, Field(ge=1850, le=2100)]


def _clock(time: float | str | None) -> float | str | None:
    if time is not None:
        seconds_of(time)
    return time


def _with_area(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    if not (x0 < x1 and y0 < y1):
        raise ValueError("x0, y0, x1, y1 with x0 below x1 and y0 below y1")
    return box


def _year(value: object) -> object:
    """A bare number is a year; pydantic would read it as seconds since 1970."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


Category = Literal["bag", "wallet", "belt", "shoes", "watch", "jewellery", "clothing", "accessory"]
Hidden = Literal["serial", "address", "name", "other"]
Severity = Literal["faint", "light", "moderate", "heavy"]
Part = Literal[
    "whole", "front", "back", "side", "base", "corner", "edge", "handle", "strap", "chain",
    "clasp", "hardware", "zip", "stitching", "glazing", "lining", "interior", "pocket", "stamp",
    "sole", "upper", "heel", "dial", "bracelet", "collar", "cuff", "accessory",
]  # fmt: skip
Flaw = Literal[
    "scratch", "hairline", "scuff", "rub-mark", "corner-wear", "piping-exposed", "crease",
    "patina", "handle-darkening", "discoloration", "fading", "colour-transfer", "water-stain",
    "pen-mark", "stain", "spotting", "peeling", "cracking", "split-edge", "tarnish",
    "plating-loss", "brassing", "loose-thread", "missing-stitch", "broken-zip", "missing-part",
    "loss-of-structure", "odour", "sticky-lining", "repair", "none",
]  # fmt: skip


class Stated(BaseModel):
    """Base of everything read from a listing: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Size(Stated):
    """Outer measures as the seller took them."""

    width_cm: float | None = Field(default=None, gt=0, le=500, description="Width in centimetres.")
    height_cm: float | None = Field(
        default=None, gt=0, le=500, description="Height in centimetres."
    )
    depth_cm: float | None = Field(default=None, gt=0, le=500, description="Depth in centimetres.")
    label: Text | None = Field(default=None, description="A size as printed: 'M', '38', 'Medium'.")


class Item(Stated):
    """The thing for sale."""

    brand: Text = Field(description="The maker's name, as on the item.")
    model: Text = Field(description="The model's name.")
    category: Category = Field(default="bag", description="What kind of thing it is.")
    colour: Text | None = Field(default=None, description="Colour in the seller's words.")
    material: Text | None = Field(default=None, description="Material in the seller's words.")
    year: Year | None = Field(default=None, description="Year of making or purchase.")
    size: Size | None = Field(default=None, description="Measures.")
    serial: Text | None = Field(
        default=None,
        description="Serial number or date code. Compared with certificates, never shown.",
    )


class Seen(Stated):
    """Where the camera saw something."""

    file: Text | None = Field(
        default=None, description="A footage file's name, when there are several."
    )
    time: Annotated[float | str | None, AfterValidator(_clock)] = Field(
        default=None, description="Seconds (12.5) or clock time ('0:12.5') in that file."
    )
    box: Annotated[tuple[Share, Share, Share, Share], AfterValidator(_with_area)] | None = Field(
        default=None,
        description="x0, y0, x1, y1 as shares of the picture, 0..1, from the top left.",
    )

    @property
    def seconds(self) -> Fraction | None:
        """`time` as exact seconds from the file's start."""
        return None if self.time is None else seconds_of(self.time)

    @property
    def region(self) -> Box | None:
        """`box` as a box."""
        return None if self.box is None else Box(*self.box)


class Note(Stated):
    """One honest remark on the item's condition."""

    part: Part = Field(description="Which part of the item.")
    flaw: Flaw = Field(description="What is to be seen there.")
    severity: Severity = Field(default="light", description="How strong it is.")
    words: Text | None = Field(
        default=None, description="The seller's own words, shown as written."
    )
    seen: Seen | None = Field(default=None, description="Where the footage shows it.")


class Blur(Stated):
    """Something in the footage that is masked in everything that is made."""

    what: Hidden = Field(default="serial", description="What it is that nobody shall read.")
    seen: Seen = Field(description="Where the footage shows it: a time and a box around it.")

    @model_validator(mode="after")
    def _pointed_at(self) -> Self:
        if self.seen.time is None or self.seen.box is None:
            raise ValueError("a 'seen' with time and box: what is masked is what you point at")
        return self


class Condition(Stated):
    """The grade and everything a buyer should know before paying."""

    scale: Text = Field(default="house", description="A grade scale under presets/grades/.")
    grade: Text = Field(description="A grade of that scale.")
    notes: tuple[Note, ...] = Field(default=(), max_length=12, description="One entry per flaw.")


class NamedCertificate(Stated):
    """A certificate: a signed file, or a number that the issuer's own service is asked for."""

    file: Text | None = Field(
        default=None, description="Path of the signed certificate, relative to the listing."
    )
    issuer: Text | None = Field(
        default=None,
        description="The issuer's file under presets/issuers, without .yaml, to be asked for `id`.",
    )
    id: Text | None = Field(default=None, description="The certificate's number at that issuer.")
    seen: Seen | None = Field(
        default=None, description="Where the footage shows certificate or tag."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        by_number = self.issuer is not None and self.id is not None
        partly = (self.issuer is None) != (self.id is None)
        if partly or (self.file is not None) == by_number:
            raise ValueError("either 'file', or 'issuer' and 'id' together")
        return self


class Price(Stated):
    """What the seller asks."""

    amount: Decimal = Field(
        ge=0, max_digits=14, description="The amount, with no more decimals than the currency has."
    )
    currency: Currency = Field(description="ISO 4217 code in use: EUR, USD, JPY, CNY.")
    was: Decimal | None = Field(
        default=None,
        gt=0,
        max_digits=14,
        description="What you asked for it before, in the same currency; above the amount.",
    )


class Story(Stated):
    """What makes this piece special, in the seller's words."""

    headline: Text | None = Field(default=None, description="One line that opens the clip.")
    previous_owner: Text | None = Field(
        default=None, description="Whose it was, without a full name."
    )
    owned_since: Annotated[date | Year | None, BeforeValidator(_year)] = Field(
        default=None, description="Year or date of purchase."
    )
    special: Text | None = Field(default=None, description="What is special about it.")


class Beats(Stated):
    """Where the beats of the music fall: stated, or to be found."""

    bpm: float | None = Field(default=None, ge=30, le=300, description="Beats a minute.")
    first: Annotated[float | str, AfterValidator(_clock)] = Field(
        default=0.0, description="When the first bar of the music begins: 0.35 or '0:01.2'."
    )
    times: tuple[float, ...] = Field(
        default=(),
        max_length=5000,
        description="When each beat falls, seconds; the first one begins a bar.",
    )
    find: bool = Field(default=False, description="Listen for them; needs the extra [beats].")
    bar: int = Field(default=4, ge=1, le=16, description="Beats to a bar.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.bpm is not None) + bool(self.times) + self.find != 1:
            raise ValueError("one of bpm, times and find: true, and not two of them")
        if self.times and (self.times[0] < 0 or list(self.times) != sorted(set(self.times))):
            raise ValueError("times in rising order, none below 0")
        return self


class Audio(Stated):
    """What is heard, and what is read of it."""

    voice: Literal["keep", "duck", "mute"] = Field(
        default="keep",
        description="The footage's own sound: in front, low under the music, or not at all.",
    )
    music: Text | None = Field(
        default=None, description="A file of music, relative to the listing."
    )
    rights: Text | None = Field(
        default=None, description="Who may use the music, where, and who says so. Never shown."
    )
    beats: Beats | None = Field(default=None, description="Cuts fall on them where they can.")
    captions: dict[str, Text] = Field(
        default={},
        description="For a footage file's name, a .srt or .vtt of what is said in it.",
    )
    speech: Text | None = Field(
        default=None,
        description="A folder with a faster-whisper model that writes captions; needs [speech].",
    )

    @model_validator(mode="after")
    def _under_music(self) -> Self:
        if self.music is None:
            if self.voice == "duck":
                raise ValueError("music for 'voice: duck', which lays the voice under it")
            if self.beats is not None or self.rights is not None:
                raise ValueError("music where it has beats or rights")
        return self


class Listing(Stated):
    """One item for sale and the footage that shows it."""

    sku: Sku = Field(description="Your own number for it; names the output files.")
    item: Item
    condition: Condition
    certificates: tuple[NamedCertificate, ...] = Field(default=(), max_length=4)
    price: Price | None = None
    story: Story = Story()
    blur: tuple[Blur, ...] = Field(
        default=(), max_length=12, description="What is masked in every picture."
    )
    crop_bars: bool = Field(
        default=False,
        description="Cut off the bars around a picture, as of a screen recording.",
    )
    audio: Audio = Audio()
    includes: tuple[Text, ...] = Field(
        default=(), max_length=12, description="Dust bag, box, strap …"
    )
    theme: Text | None = Field(
        default=None,
        description="The look of the words on the picture; --theme overrules it.",
    )
    link: Link | None = Field(
        default=None,
        description="The page where it is sold; for the post's text, never in the picture.",
    )
    footage: tuple[Text, ...] = Field(
        min_length=1, description="Files, folders or globs, relative to this file."
    )


class ListingFile(Listing):
    """A listing together with the file it was read from (not part of the file's schema)."""

    path: Path
    place: str = Field(default="", exclude=True)  # in a catalogue, which is no page with lines

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent
