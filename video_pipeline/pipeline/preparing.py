"""Preparing: everything that is found out about a listing before any decision.

The listing is read, its footage opened, its certificates verified, and each moment looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from video_pipeline.analysis.model import Analysis
from video_pipeline.analysis.scan import analyse
from video_pipeline.catalogue.model import Entry
from video_pipeline.edit.model import Edit
from video_pipeline.edit.pointing import located
from video_pipeline.errors import ClaimError, ListingError, Problem
from video_pipeline.footage.model import Footage
from video_pipeline.footage.probe import probe
from video_pipeline.footage.remarks import poor_detail
from video_pipeline.listing.footage_paths import check_seen, resolve_footage
from video_pipeline.listing.model import Listing, ListingFile
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.language import ENGLISH, Language, language
from video_pipeline.overlays.sheet import unwritable
from video_pipeline.overlays.theme import ATELIER, theme_names
from video_pipeline.overlays.theme import theme as read_theme
from video_pipeline.pipeline.bars import trimmed, within
from video_pipeline.pipeline.hearing import Sounds, open_sounds
from video_pipeline.pipeline.live_photos import used_once
from video_pipeline.pipeline.veiling import veiled
from video_pipeline.presets.encoders import Wish
from video_pipeline.presets.placements import USUAL, Placement, PostBy
from video_pipeline.progress import Listener, silent
from video_pipeline.storage.sources import Sources
from video_pipeline.store import Store
from video_pipeline.trust.badge import marks, retold, verify
from video_pipeline.trust.claims import Claim, Refusal
from video_pipeline.trust.identity import Identity
from video_pipeline.trust.masking import public
from video_pipeline.trust.wording import load_wording
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.detectors import detector as usual


@dataclass(frozen=True)
class Settings:
    """Where things are kept and looked up, who looks and in which language; None: what ships.

    `lang` is the language of the words that are not the seller's; None is English, or for an edit
    its own. With `as_filmed` no cut's light is corrected and none is steadied.
    With an `identity`, what is made is signed. `theme` is the look of overlays; None is
    the listing's, else `usual_theme`, or for an edit its own. With `reduced_motion` overlays come
    and go in cuts.
    `blur` names what the listing must state a box for, see `pipeline.veiling`. With `crop_bars`, or
    where the listing says so, bars around a picture are cut off, see `pipeline.bars`.
    `post_by` says who posts the clips; None is by hand, or for an edit as it says. `jobs` is how
    much is done side by side; None is as much as there are cores. `sources` are the object stores
    that footage may come from; None: a listing may name none. `encoder` is who encodes clips, see
    `rendering.rehearsal`.
    """

    store: Store
    presets: Path | None = None
    overlays: Path | None = None
    detector: Detector | None = None
    lang: str | None = None
    as_filmed: bool = False
    identity: Identity | None = None
    theme: str | None = None
    usual_theme: str = ATELIER
    reduced_motion: bool = False
    post_by: PostBy | None = None
    blur: tuple[str, ...] = ()
    crop_bars: bool = False
    jobs: int | None = None
    sources: Sources | None = None
    encoder: Wish = "x264"

    @property
    def issuers(self) -> Path | None:
        """The person's own folder of issuers; a presets folder need not hold every kind."""
        own = self.presets / "issuers" if self.presets else None
        return own if own is not None and own.is_dir() else None

    def theme_of(self, listing: Listing) -> str:
        """The look of a listing's clips."""
        return self.theme or listing.theme or self.usual_theme

    @property
    def words(self) -> Language:
        """The language. Raises UsageError, naming those there are, for one without words."""
        return language(self.lang or ENGLISH.tag, self.overlays)


def dressed(edit: Edit, settings: Settings) -> Edit:
    """The edit in the look, and for the way of posting, that was asked for, or in its own."""
    return replace(
        edit,
        theme=settings.theme or edit.theme,
        reduced_motion=settings.reduced_motion or edit.reduced_motion,
        post_by=settings.post_by or edit.post_by,
    )


@dataclass(frozen=True)
class Prepared:
    """A listing with everything that was found out about it before any decision.

    `listing` is as strangers may read it, the serial number masked in every text, and its
    boxes are of what is left of a picture whose bars were cut off; `stated` is as the seller wrote
    it, for evidence alone. `told` is what the seller should know of the files.
    """

    listing: ListingFile
    footage: Mapping[str, Footage]
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    stated: ListingFile

    def allow(self, placement: Placement) -> None:
        """Raise ClaimError where a certificate's state lets nothing be made for `placement`."""
        for refusal in self.refusals:
            if placement.consequences[refusal.state] == "stop":
                raise ClaimError(
                    f"nothing is made for '{placement.name}' while this certificate is "
                    f"{refusal.state}: {refusal.reason}",
                    where=refusal.file,
                    mend=refusal.mend,
                )
        if not self.listing.certificates and placement.consequences["none"] == "stop":
            raise ClaimError(
                f"nothing is made for '{placement.name}' without a certificate",
                where=self.listing.path.name,
                mend="add one under certificates:, or choose another placement",
            )

    sounds: Sounds = field(default_factory=Sounds)
    told: tuple[str, ...] = ()

    def told_at(self, placement: Placement, settings: Settings) -> Prepared:
        """The same, with its certificates told in the placement's own set of words."""
        if placement.wording == USUAL or not self.listing.certificates:
            return self
        words = load_wording(settings.words.tag, settings.presets, placement.wording)
        claims, refusals = retold(self.claims, self.refusals, words)
        return replace(self, claims=claims, refusals=refusals)


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

    Their bars are cut off as the edit says. Raises FootageError when a file is gone, ListingError
    when one is not what it was.
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
        if source.bars is not None:
            if min(astuple(source.bars)) < 0 or min(source.bars.inside(footage[name].whole)) < 2:
                raise ListingError(
                    f"the bars of '{name}' leave nothing of its picture",
                    where=edit_path.name,
                    problems=[
                        Problem(
                            f"sources.{name}.bars",
                            f"they are cut off a picture of {footage[name].width} x "
                            f"{footage[name].height} pixels",
                            "make them smaller, or write null",
                        )
                    ],
                )
            footage[name] = footage[name].without(source.bars)
    return footage


def prepare(
    stated: Path | ListingFile, settings: Settings, *, require_badge: bool = False
) -> Prepared:
    """Read a listing, or take one that was read, probe its footage and verify its certificates.

    Raises ListingError, FootageError, or ClaimError when a badge is required and not earned.
    """
    listing = stated if isinstance(stated, ListingFile) else read_checked(stated, settings)
    paths, of_pairs = used_once(listing, resolve_footage(listing, settings.sources))
    check_seen(listing, paths)
    footage = open_footage(paths)
    located(listing, footage)  # a wrong time is told now, not after minutes of looking
    crop = settings.crop_bars or listing.crop_bars
    footage, of_bars = trimmed(footage, settings.store, asked=crop)
    poor = (
        f"the clip {name}: {said}" for name, item in footage.items() if (said := poor_detail(item))
    )
    prepared = verified(listing, footage, settings, require_badge=require_badge)
    return replace(
        prepared, sounds=open_sounds(listing, footage), told=(*of_pairs, *of_bars, *poor)
    )


def read_checked(listing_path: Path, settings: Settings) -> ListingFile:
    """Read a listing; every word that will be drawn must be in the fonts. Raises ListingError.

    Raises UsageError, naming those there are, for a theme that is not there.
    """
    return read_listing(listing_path, settings.presets, *_looks(settings))


def entry_checked(entry: Entry, settings: Settings) -> ListingFile:
    """The listing of a catalogue's entry, checked as `read_checked` does."""
    return entry.listing(*_looks(settings))


def _looks(
    settings: Settings,
) -> tuple[Callable[[str, str | None], Iterable[str]], tuple[str, ...]]:
    """What cannot be written in the look a listing names, and which looks there are."""
    usual = settings.theme or settings.usual_theme
    read_theme(settings.overlays, usual)

    def writable(text: str, named: str | None) -> Iterable[str]:
        return unwritable(text, settings.overlays, settings.theme or named or usual)

    return writable, tuple(theme_names(settings.overlays))


def verified(
    stated: ListingFile, footage: Mapping[str, Footage], settings: Settings, *, require_badge: bool
) -> Prepared:
    """A listing whose footage is open, with its certificates verified."""
    listing = within(stated, footage)
    words = settings.words
    wording = load_wording(words.tag, settings.presets) if listing.certificates else None
    claims, refusals = verify(
        listing,
        now=datetime.now(UTC),
        issuers_folder=settings.issuers,
        wording=wording,
        cache=settings.store.folder / "status",
    )
    if wording is not None:
        claims = tuple(_seen_first(claim, listing) for claim in marks(claims, wording))
    if require_badge and not claims:
        first = refusals[0] if refusals else None
        raise ClaimError(
            f"no certificate could be verified: {first.reason}"
            if first
            else "the listing names no certificate",
            where=first.file if first else listing.path.name,
            mend=first.mend if first else "add one under certificates:, or leave --require-badge",
        )
    masked = veiled(listing, footage, settings.store, settings.blur)
    return Prepared(public(listing), masked, claims, refusals, stated)


def _seen_first(claim: Claim, listing: ListingFile) -> Claim:
    """A dual mark stands where the footage shows either of its certificates."""
    seen = [part.entry for part in claim.parts if listing.certificates[part.entry].seen]
    return replace(claim, entry=seen[0]) if seen else claim


def still_claimed(prepared: Prepared, settings: Settings) -> None:
    """Ask once more, at the moment of publishing, for every certificate that is claimed.

    Results are withdrawn and lists change while a clip is made. Raises ClaimError when a claim
    can no longer be made as it was.
    """
    if not prepared.claims:
        return
    again = verified(prepared.stated, prepared.footage, settings, require_badge=False)
    known = {claim.file_digest for claim in again.claims}
    for claim in prepared.claims:
        if claim.file_digest not in known:
            refusal = again.refusals[0] if again.refusals else None
            raise ClaimError(
                f"the certificate {claim.certificate_id} counted when the clip was begun and does "
                f"not any more: {refusal.reason if refusal else 'its facts have changed'}",
                where=refusal.file if refusal else prepared.listing.path.name,
                mend=refusal.mend if refusal else "render it again",
            )


def analyse_all(
    footage: Mapping[str, Footage], settings: Settings, listener: Listener = silent
) -> dict[str, Analysis]:
    """What each moment of each file shows."""
    seeing = settings.detector or usual()
    return {name: analyse(item, settings.store, seeing, listener) for name, item in footage.items()}
