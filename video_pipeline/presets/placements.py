"""Placements: where a clip will be posted, and what that place asks of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from video_pipeline.presets.consequences import (
    Consequences,
    OwnConsequences,
    load_consequences,
)
from video_pipeline.presets.shelf import Confidence, Figure, Written, names, read_preset

BurnIn = Literal["badge", "logo", "address", "price", "call-to-action"]
"""What a placement may keep out of the picture: a logo is that of a badge's provider, and stands on
its badge alone; an address may be words or a QR code."""
BURNABLE: tuple[BurnIn, ...] = get_args(BurnIn)
PostBy = Literal["hand", "api"]
USUAL = "usual"
"""The set of words of a placement that names none."""
_NOUNS = {
    "badge": "a badge",
    "logo": "a provider's logo",
    "address": "an address",
    "price": "a price",
    "call-to-action": "a call to action",
}
# x264's "ultrafast" is left out: it leaves High profile.
Speed = Literal["superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"]


@dataclass(frozen=True)
class SafeArea:
    """Pixels to keep clear at each edge: the app draws its own buttons there."""

    top: int
    right: int
    bottom: int
    left: int

    @property
    def sides(self) -> tuple[int, int, int, int]:
        """Top, right, bottom and left."""
        return self.top, self.right, self.bottom, self.left

    @property
    def mirrored(self) -> SafeArea:
        """The same with left and right exchanged."""
        return SafeArea(self.top, self.left, self.bottom, self.right)


@dataclass(frozen=True)
class PostLimits:
    """How much text a post may have there; None where no source states a limit.

    The caption's counts its hashtags, in characters or in bytes of UTF-8. `hashtags` is how many,
    `address` whether the text may name an address outside the place.
    """

    title_chars: int | None = None
    caption_chars: int | None = None
    caption_bytes: int | None = None
    hashtags: int | None = None
    alt_chars: int | None = None
    address: bool = True


class Picture(Protocol):
    """What framing has to know of where a picture goes: its size, its rate, what is kept clear."""

    @property
    def width(self) -> int:
        """Pixels across."""
        ...

    @property
    def height(self) -> int:
        """Pixels down."""
        ...

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        ...

    @property
    def safe(self) -> SafeArea:
        """What to keep clear at each edge."""
        ...


@dataclass(frozen=True)
class Placement:
    """One placement from `presets/placements/<name>.yaml`.

    `rate` is the constant frame rate; times in an edit are whole frames of it. Limits that no
    source states are None and are not enforced. `preset` is x264's speed, `max_kbps` the most that
    a second of picture may take; `cover` is (width, height) in pixels.
    `mirrors` says that the app exchanges left and right for languages that are written from right
    to left. `consequences` says what follows here from each state of a certificate. `burn_in` is
    what may stand in the picture of a clip posted by hand, `burn_in_by_api` of one that a program
    posts through the place's API. `wording` is the set of words in which certificates are told
    there, in the picture and beside it (see `trust.wording`). `post` limits the words beside it.
    `limited_by` names the place that `max_s` is of, where that is another one (see
    `pipeline.sharing`).
    """

    name: str
    title: str
    width: int
    height: int
    rate: Fraction
    min_s: float | None
    max_s: float | None
    max_bytes: int | None
    crf: int
    loudness_lufs: float
    true_peak_dbtp: float
    audio_kbps: int
    safe: SafeArea
    burn_in: frozenset[BurnIn]
    cover: tuple[int, int]
    preset: str
    max_kbps: int
    consequences: Consequences
    mirrors: bool = False
    burn_in_by_api: frozenset[BurnIn] = frozenset()
    wording: str = USUAL
    post: PostLimits = PostLimits()
    post_by: PostBy = "hand"
    limited_by: str = ""

    @property
    def badge_allowed(self) -> bool:
        """Whether a verified certificate may stand in the picture."""
        return "badge" in self.burn_in and self.consequences["authentic"] == "badge"

    def posted(self, by: PostBy) -> Placement:
        """The place as it is for clips that are posted so; what it keeps out stays out."""
        if by in ("hand", self.post_by):
            return self
        return replace(self, burn_in=self.burn_in & self.burn_in_by_api, post_by=by)

    def keeps_out(self, what: BurnIn) -> str:
        """Why something may not stand in the picture here, in plain words; empty where it may."""
        allowed = what in self.burn_in
        if what in ("badge", "logo"):
            allowed = allowed and self.badge_allowed
        if allowed:
            return ""
        how = " of a clip posted by API" if self.post_by == "api" else ""
        return f"{self.title} does not allow {_NOUNS[what]} in the picture{how}"

    def clear_of(self, others: Iterable[Placement]) -> Placement:
        """The place with a safe area that keeps clear of what the other places cover, too."""
        sides = [place.safe.sides for place in (self, *others)]
        return replace(self, safe=SafeArea(*map(max, zip(*sides, strict=True))))

    def facing(self, *, rtl: bool) -> Placement:
        """The place as it stands in a language written from right to left, or in any other."""
        if not (rtl and self.mirrors):
            return self
        return replace(self, safe=self.safe.mirrored, mirrors=False)  # once is enough


def placement_names(own: Path | None = None) -> tuple[str, ...]:
    """The placements that can be named, in alphabetical order."""
    return names("placements", own)


def load_placement(name: str, own: Path | None = None) -> Placement:
    """The placement of that name, from the person's presets folder `own` or the shipped ones.

    Raises UsageError for an unknown name, ListingError when the file has mistakes.
    """
    page = read_preset("placements", name, _Page, own)
    return Placement(
        name=name,
        title=page.title,
        width=page.width.value,
        height=page.height.value,
        rate=Fraction(page.rate.value),
        min_s=page.min_s.value,
        max_s=page.max_s.value,
        max_bytes=page.max_bytes.value,
        crf=page.crf.value,
        loudness_lufs=page.loudness_lufs.value,
        true_peak_dbtp=page.true_peak_dbtp.value,
        audio_kbps=page.audio_kbps.value,
        safe=SafeArea(
            top=page.safe.top.value,
            right=page.safe.right.value,
            bottom=page.safe.bottom.value,
            left=page.safe.left.value,
        ),
        burn_in=frozenset(page.burn_in.value),
        burn_in_by_api=frozenset(page.burn_in_by_api.value if page.burn_in_by_api else ()),
        wording=page.wording.value if page.wording else USUAL,
        post=page.post.limits,
        cover=page.cover.value,
        preset=page.preset.value,
        max_kbps=page.max_kbps.value,
        mirrors=page.safe.mirrors.value if page.safe.mirrors else False,
        consequences=load_consequences(own, page.certificate),
    )


@dataclass(frozen=True)
class Sourced:
    """One figure of a placement as its file gives it; None for a limit that no source states."""

    name: str
    value: Any
    source: str
    confidence: Confidence
    note: str | None


def figures(name: str, own: Path | None = None) -> tuple[Sourced, ...]:
    """Every figure of a placement beside its source, in the order of the file's model.

    Raises what `load_placement` raises.
    """
    page = read_preset("placements", name, _Page, own)
    found = {field: getattr(page, field) for field in _Page.model_fields}
    found |= {f"safe.{edge}": getattr(page.safe, edge) for edge in _Safe.model_fields}
    found |= {f"post.{limit}": getattr(page.post, limit) for limit in _Post.model_fields}
    return tuple(
        Sourced(field, figure.value, figure.source, figure.confidence, figure.note)
        for field, figure in found.items()
        if isinstance(figure, Figure)
    )


def about(name: str, own: Path | None = None) -> str:
    """What else there is to know about a placement; empty when its file says nothing more."""
    return read_preset("placements", name, _Page, own).about or ""


def _rate(text: str) -> str:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 120:
        raise ValueError("frames per second such as 30 or 30000/1001")
    return text


def _even(pixels: int) -> int:
    if pixels % 2:
        raise ValueError("an even number of pixels (4:2:0 colour halves both sides)")
    return pixels


Pixels = Annotated[int, Field(ge=16, le=8192), AfterValidator(_even)]
Margin = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class _Safe(Written):
    top: Figure[Margin]
    right: Figure[Margin]
    bottom: Figure[Margin]
    left: Figure[Margin]
    mirrors: Figure[bool] | None = Field(
        default=None, description="Whether the app stands mirrored for languages such as Arabic."
    )


Characters = Annotated[int, Field(ge=10, le=100_000)]
Burned = Annotated[tuple[BurnIn, ...], Field(max_length=len(BURNABLE))]


class _Post(Written):
    title_chars: Figure[Characters] | None = Field(
        default=None, description="The most characters of a title."
    )
    caption_chars: Figure[Characters] | None = Field(
        default=None, description="The most characters of the text beside it, hashtags included."
    )
    caption_bytes: Figure[Characters] | None = Field(
        default=None, description="The same in bytes of UTF-8."
    )
    hashtags: Figure[Annotated[int, Field(ge=0, le=100)]] | None = Field(
        default=None, description="The most hashtags."
    )
    alt_chars: Figure[Characters] | None = Field(
        default=None, description="The most characters of a text for the blind."
    )
    address: Figure[bool] | None = Field(
        default=None, description="Whether the text may name an address outside the place."
    )

    @property
    def limits(self) -> PostLimits:
        stated = {name: getattr(self, name) for name in _Post.model_fields}
        return PostLimits(**{n: figure.value for n, figure in stated.items() if figure})


class _Page(Written):
    """A placement's file as it is written."""

    title: str = Field(description="The place's name, as people say it.")
    checked: date = Field(description="The day on which the sources were last read.")
    about: str | None = Field(default=None, description="What else to know about the place.")
    width: Figure[Pixels]
    height: Figure[Pixels]
    rate: Figure[Annotated[str, AfterValidator(_rate)]]
    min_s: Figure[Seconds | None]
    max_s: Figure[Seconds | None]
    max_bytes: Figure[Annotated[int, Field(gt=0)] | None]
    crf: Figure[Annotated[int, Field(ge=0, le=51)]]
    loudness_lufs: Figure[Annotated[float, Field(ge=-40, le=-5)]]
    true_peak_dbtp: Figure[Annotated[float, Field(ge=-9, le=0)]]
    audio_kbps: Figure[Annotated[int, Field(ge=32, le=512)]]
    safe: _Safe
    burn_in: Figure[Burned] = Field(
        description="What may stand in the picture besides the item, its state and its story."
    )
    burn_in_by_api: Figure[Burned] | None = Field(
        default=None, description="The same for clips that a program posts; left out, nothing."
    )
    wording: Figure[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]] | None = Field(
        default=None,
        description="The folder of wording/ whose words certificates are told in; left out, none.",
    )
    post: _Post = _Post()
    cover: Figure[tuple[Pixels, Pixels]]
    preset: Figure[Speed]
    max_kbps: Figure[Annotated[int, Field(ge=500, le=100_000)]]
    certificate: OwnConsequences = OwnConsequences()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """The safe area leaves room, and the limits do not cross."""
        safe = self.safe
        wide = self.width.value - safe.left.value - safe.right.value
        high = self.height.value - safe.top.value - safe.bottom.value
        if wide < self.width.value / 4 or high < self.height.value / 4:
            raise ValueError("a safe area that leaves at least a quarter of each side clear")
        low, most = self.min_s.value, self.max_s.value
        if low is not None and most is not None and low > most:
            raise ValueError("min_s that is not above max_s")
        return self
