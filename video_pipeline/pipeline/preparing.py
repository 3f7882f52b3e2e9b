"""Preparing: everything that is found out about a listing before any decision.

The listing is read, its footage opened, its certificates verified, and each moment looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.analysis.scan import analyse
from video_pipeline.edit.model import Edit
from video_pipeline.edit.pointing import located
from video_pipeline.errors import ClaimError, ListingError, Problem
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.listing.footage_paths import check_seen, resolve_footage
from video_pipeline.listing.model import ListingFile
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.language import ENGLISH, Language, language
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.overlays.theme import ATELIER
from video_pipeline.overlays.theme import theme as read_theme
from video_pipeline.pipeline.hearing import Sounds, open_sounds
from video_pipeline.progress import Listener, silent
from video_pipeline.store import Store
from video_pipeline.trust.badge import verify
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.wording import load_wording
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.detectors import detector as usual


@dataclass(frozen=True)
class Settings:
    """Where things are kept and looked up, who looks and in which language; None: what ships.

    `lang` is the language of the words that are not the seller's; None is English, or for an edit
    its own. With `as_filmed` no cut's light is corrected and none is steadied. `theme` is the look
    of overlays; None is the usual one, or for an edit its own. With `reduced_motion` overlays come
    and go in cuts.
    """

    store: Store
    presets: Path | None = None
    overlays: Path | None = None
    detector: Detector | None = None
    lang: str | None = None
    as_filmed: bool = False
    theme: str | None = None
    reduced_motion: bool = False

    @property
    def words(self) -> Language:
        """The language. Raises UsageError, naming those there are, for one without words."""
        return language(self.lang or ENGLISH.code, self.overlays)


def dressed(edit: Edit, settings: Settings) -> Edit:
    """The edit in the look that was asked for, or in its own."""
    return replace(
        edit,
        theme=settings.theme or edit.theme,
        reduced_motion=settings.reduced_motion or edit.reduced_motion,
    )


@dataclass(frozen=True)
class Prepared:
    """A listing with everything that was found out about it before any decision."""

    listing: ListingFile
    footage: Mapping[str, Footage]
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    sounds: Sounds = field(default_factory=Sounds)


def open_footage(paths: Sequence[Path]) -> dict[str, Footage]:
    """Probe footage files; names them by file name, with a number where two are alike."""
    footage: dict[str, Footage] = {}
    for path in paths:
        found = probe(path)
        name, number = found.name, 1
        while name in footage:
            number += 1
            name = f"{found.path.stem}-{number}{found.path.suffix}"
        footage[name] = found
    return footage


def open_sources(edit: Edit, edit_path: Path) -> dict[str, Footage]:
    """Probe the footage that an edit names, by its own names.

    Raises FootageError when a file is gone, ListingError when one is not what it was.
    """
    home = edit_path.resolve().parent
    wanted = [(home / source.path).resolve() for source in edit.sources.values()]
    footage = dict(zip(edit.sources, open_footage(wanted).values(), strict=True))
    for name, source in edit.sources.items():
        if footage[name].digest != source.digest:
            raise ListingError(
                f"{source.path} is not the file that this edit was made for",
                where=edit_path.name,
                problems=[Problem(name, "its content has changed", "plan it again")],
            )
    return footage


def prepare(listing_path: Path, settings: Settings, *, require_badge: bool = False) -> Prepared:
    """Read a listing, probe its footage and verify its certificates.

    Raises ListingError, FootageError, or ClaimError when a badge is required and not earned.
    """
    listing = read_checked(listing_path, settings)
    paths = resolve_footage(listing)
    check_seen(listing, paths)
    footage = open_footage(paths)
    located(listing, footage)  # a wrong time is told now, not after minutes of looking
    prepared = verified(listing, footage, settings, require_badge=require_badge)
    return replace(prepared, sounds=open_sounds(listing, footage))


def read_checked(listing_path: Path, settings: Settings) -> ListingFile:
    """Read a listing; every word that will be drawn must be in the fonts. Raises ListingError.

    Raises UsageError, naming those there are, for a theme that is not there.
    """
    theme = settings.theme or ATELIER
    read_theme(settings.overlays, theme)
    return read_listing(
        listing_path,
        settings.presets,
        writable=lambda text: unwritable(text, settings.overlays, theme),
    )


def verified(
    listing: ListingFile, footage: Mapping[str, Footage], settings: Settings, *, require_badge: bool
) -> Prepared:
    """A listing whose footage is open, with its certificates verified."""
    words = settings.words
    # A person's presets folder need not hold every kind of preset.
    own = settings.presets / "issuers" if settings.presets else None
    issuers = own if own is not None and own.is_dir() else None
    claims, refusals = verify(
        listing,
        now=datetime.now(UTC),
        issuers_folder=issuers,
        wording=load_wording(words.code, settings.presets) if listing.certificates else None,
    )
    if require_badge and not claims:
        first = refusals[0] if refusals else None
        raise ClaimError(
            f"no certificate could be verified: {first.reason}"
            if first
            else "the listing names no certificate",
            where=first.file if first else listing.path.name,
            mend=first.mend if first else "add one under certificates:, or leave --require-badge",
        )
    return Prepared(listing, footage, claims, refusals)


def analyse_all(
    footage: Mapping[str, Footage], settings: Settings, listener: Listener = silent
) -> dict[str, Analysis]:
    """What each moment of each file shows."""
    seeing = settings.detector or usual()
    return {name: analyse(item, settings.store, seeing, listener) for name, item in footage.items()}
