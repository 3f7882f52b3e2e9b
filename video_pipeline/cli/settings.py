"""The options that say where presets, overlays and the cache are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import rich_click as click

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.settings import SETTINGS, read_table
from video_pipeline.listing.model import Hidden
from video_pipeline.overlays.theme import ATELIER, theme_names
from video_pipeline.pipeline import Settings
from video_pipeline.presets.encoders import WISHES, Wish
from video_pipeline.presets.placements import PostBy
from video_pipeline.storage.shared_store import open_store
from video_pipeline.storage.sources import Sources, allowed_places
from video_pipeline.store import USUAL_LIMIT
from video_pipeline.trust.identity import choose_identity
from video_pipeline.vision.detector import Detector
from video_pipeline.vision.detectors import detector as named

Command = TypeVar("Command", bound=Callable[..., Any])

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


def settings_options(command: Command) -> Command:
    """`--presets`, `--overlays` (looked up before the shipped), `--cache` and its limit."""
    command = click.option(
        "--cache",
        type=click.Path(path_type=Path, file_okay=False),
        help="Keep finished pieces here instead of the usual cache folder.",
    )(command)
    command = click.option(
        "--cache-limit",
        metavar="SIZE",
        help=f"Let the cache grow to this size, such as 500MB, or none.  [default: {USUAL_LIMIT}]",
    )(command)
    command = click.option(
        "--overlays", type=_FOLDER, help="Your own overlay templates, by name before the shipped."
    )(command)
    return click.option(
        "--presets", type=_FOLDER, help="Your own presets, by name before the shipped ones."
    )(command)


def presets_option(command: Command) -> Command:
    """`--presets`, for a command that says what there is in them."""
    return click.option("--presets", type=_FOLDER, help="Your own.")(command)


def detector_option(command: Command) -> Command:
    """`--detector NAME`: who looks at the pictures. A mistyped name is told before any work."""
    return click.option(
        "--detector",
        metavar="NAME",
        callback=lambda _context, _option, name: None if name is None else named(name),
        help="Who looks for hardware and stitching: learned (the usual), classical, or the name "
        "that another package brings.",
    )(command)


def language_option(command: Command) -> Command:
    """`--lang CODE`: the language of what is not the seller's own words."""
    return click.option(
        "--lang",
        metavar="CODE",
        help="The language of the words on the picture, such as fr; yours stay as you wrote them.  "
        "[default: en]",
    )(command)


def look_options(command: Command) -> Command:
    """`--theme NAME` and `--reduced-motion`: the look of overlays, and whether they move."""
    command = click.option(
        "--reduced-motion",
        is_flag=True,
        help="Let the words come and go in cuts, without motion.",
    )(command)
    return click.option(
        "--theme",
        metavar="NAME",
        help="The look of the words on the picture: atelier, street, minimal, high-contrast or "
        "one of your own.  [default: the listing's, that of video-pipeline.toml, or atelier]",
    )(command)


def as_filmed_option(command: Command) -> Command:
    """`--as-filmed`: no cut's light is corrected and none is steadied."""
    return click.option(
        "--as-filmed",
        is_flag=True,
        help="Leave the light and the movement of every shot as they were filmed.",
    )(command)


def blur_option(command: Command) -> Command:
    """`--blur WHAT`: what must be masked; the listing says where it is."""
    return click.option(
        "--blur",
        type=click.Choice(get_args(Hidden)),
        multiple=True,
        help="Make nothing unless the listing states under blur: where this is; it is masked.",
    )(command)


def crop_bars_option(command: Command) -> Command:
    """`--crop-bars`: bars around a picture are cut off where they are sure to be bars."""
    return click.option(
        "--crop-bars",
        is_flag=True,
        help="Cut off the bars around a picture, as of a screen recording or a film on an upright "
        "phone.",
    )(command)


def post_by_option(command: Command) -> Command:
    """`--post-by api|hand`: who posts the clip, which decides what may stand in its picture."""
    return click.option(
        "--post-by",
        type=click.Choice(["hand", "api"]),
        help="Posted by your hand, or by a program through the place's API: then no badge, address "
        "or price stands in the picture.  [default: hand]",
    )(command)


def encoder_option(command: Command) -> Command:
    """`--encoder NAME`: who encodes the clips."""
    return click.option(
        "--encoder",
        type=click.Choice(WISHES),
        default="x264",
        show_default=True,
        help="Who encodes: x264, which gives the same bytes again; a hardware encoder, which is "
        "tried first; or auto, the first of those that works here, else x264.",
    )(command)


def require_option(command: Command) -> Command:
    """`--require VIEWS`: what the footage has to show, as a tuple named `required`."""
    return click.option(
        "--require",
        "required",
        metavar="VIEWS",
        default="",
        callback=lambda _context, _option, given: tuple(
            dict.fromkeys(word.strip() for word in given.split(",") if word.strip())
        ),
        help="Fail when the footage does not show these, such as hardware,stitching,flaws.",
    )(command)


def signing_options(command: Command) -> Command:
    """`--sign-with`, `--sign-chain` and `--timestamp`, or what video-pipeline.toml says."""
    command = click.option(
        "--timestamp",
        metavar="URL",
        help="Ask this time-stamp service (RFC 3161) when it was signed.  [default: stay offline]",
    )(command)
    command = click.option(
        "--sign-chain",
        metavar="PEM",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The certificates that belong to the key, its own first.",
    )(command)
    return click.option(
        "--sign-with",
        metavar="PEM",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Sign with this key; `video-pipeline identity new` makes one.  "
        "[default: what video-pipeline.toml names]",
    )(command)


def remote_options(command: Command) -> Command:
    """`--allow-remote` and `--shared-store`: what may stand in object stores."""
    command = click.option(
        "--shared-store",
        metavar="ADDRESS",
        help="Take finished pieces from there, and put those made here there for other machines.",
    )(command)
    return click.option(
        "--allow-remote",
        metavar="ADDRESS",
        multiple=True,
        help="Let listings name footage below this address, such as s3://bucket/footage. May be "
        "given often.  [default: files only]",
    )(command)


def settings_from(
    presets: Path | None,
    overlays: Path | None,
    cache: Path | None,
    detector: Detector | None = None,
    lang: str | None = None,
    *,
    cache_limit: str | None = None,
    as_filmed: bool = False,
    sign_with: Path | None = None,
    sign_chain: Path | None = None,
    timestamp: str | None = None,
    signs: bool = False,
    theme: str | None = None,
    reduced_motion: bool = False,
    post_by: PostBy | None = None,
    blur: tuple[str, ...] = (),
    allow_remote: Sequence[str] = (),
    shared_store: str | None = None,
    crop_bars: bool = False,
    encoder: Wish = "x264",
) -> Settings:
    """The settings that a command line asks for; only a command that `signs` has an identity."""
    store = open_store(cache, cache_limit, shared_store)
    identity = choose_identity(sign_with, sign_chain, timestamp, Path()) if signs else None
    return Settings(
        store,
        presets,
        overlays,
        detector,
        lang,
        as_filmed=as_filmed,
        identity=identity,
        theme=theme,
        usual_theme=usual_theme(overlays),
        reduced_motion=reduced_motion,
        post_by=post_by,
        blur=blur,
        sources=Sources(store, allowed_places(allow_remote)) if allow_remote else None,
        crop_bars=crop_bars,
        encoder=encoder,
    )


def usual_theme(overlays: Path | None) -> str:
    """The look that video-pipeline.toml names, for listings that name none."""
    usual = read_table(Path(), "look", ("theme",)).get("theme", ATELIER)
    if usual not in (known := theme_names(overlays)):
        raise UsageError(
            f"there is no theme called '{usual}'",
            where=f"{SETTINGS}: look.theme",
            mend=f"use one of {', '.join(known)}",
        )
    return usual
