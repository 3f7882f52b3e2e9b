"""Commands about certificates, issuers and keys."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import rich_click as click
from click.exceptions import Exit
from rich.markup import escape

from video_pipeline.cli.output import output_options, people, print_json
from video_pipeline.errors import ClaimError, UsageError
from video_pipeline.pipeline import Settings
from video_pipeline.pipeline.certificates import (
    Judged,
    add_issuer,
    contents_of,
    issue_certificate,
    judge_certificate,
    known_issuers,
    masked,
)
from video_pipeline.replacing import replaced
from video_pipeline.store import Store
from video_pipeline.trust.certificate import Certificate
from video_pipeline.trust.issuing import make_key, public_set
from video_pipeline.trust.letters import shown
from video_pipeline.trust.status import StatusEntry

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE = click.Path(path_type=Path, dir_okay=False)
_PRESETS = click.option("--presets", type=_FOLDER, help="Your own presets, with issuers/ in them.")
_CACHE = click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep fetched status lists here instead of the usual cache folder.",
)
_ISSUER = click.option(
    "--issuer",
    "asked",
    metavar="NAME",
    help="Ask this issuer's service for the number: the name of its file, such as entrupy.",
)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def certificate() -> None:
    """Judge certificates, look into one, or sign one of your own.

    Example: `video-pipeline certificate verify certificate.jwt`.
    """


@certificate.command()
@click.argument("what", metavar="FILE|ID")
@_ISSUER
@click.option("--listing", type=_FILE, help="Hold it against the item of this listing too.")
@_PRESETS
@_CACHE
@output_options
def verify(
    *,
    what: str,
    asked: str | None,
    listing: Path | None,
    presets: Path | None,
    cache: Path | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Say what a certificate is worth today; the exit code is 4 when it earns no badge.

    Example: `video-pipeline certificate verify certificate.jwt --listing listing.yaml`.
    """
    settings = Settings(Store(cache), presets)
    judged = judge_certificate(what, settings, issuer=asked, listing_path=listing)
    if as_json:
        print_json(_judged_json(judged))
    elif judged.reason:
        people.print(f"[red]{judged.state}[/red]  {escape(judged.name)}: {escape(judged.reason)}")
        people.print(f"  {escape(judged.mend)}")
    elif judged.claim:
        people.print(f"[green]authentic[/green]  {escape(judged.claim.wording)}")
    else:
        people.print(f"[green]authentic[/green]  {escape(judged.name)} counts by itself")
        people.print("  add --listing listing.yaml to hold it against the item")
    if judged.reason:
        raise Exit(ClaimError.exit_code)


@certificate.command("show")
@click.argument("what", metavar="FILE|ID")
@_ISSUER
@_PRESETS
@_CACHE
@output_options
def show_certificate(
    *,
    what: str,
    asked: str | None,
    presets: Path | None,
    cache: Path | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Print what a certificate says, and whether that counts. Serial numbers are masked.

    Example: `video-pipeline certificate show certificate.jwt`.
    """
    judged = judge_certificate(what, Settings(Store(cache), presets), issuer=asked)
    said: dict[str, Any] = {}
    if not asked:
        said = contents_of(Path(what))
    elif judged.certificate:
        said = _facts(judged.certificate)
    if as_json:
        print_json({**_judged_json(judged), "says": said})
        return
    people.print(f"[bold]{escape(judged.name)}[/bold]  {judged.state}")
    if judged.reason:
        people.print(f"  does not count: {escape(judged.reason)}")
    for name, value in said.items():
        people.print(f"  {escape(shown(name)):<20} {escape(_line(value))}")


@certificate.command("issue")
@click.argument("listing", type=_FILE)
@click.option("--key", required=True, type=_FILE, help="Your signing key, made by `keys new`.")
@click.option("--issuer", required=True, metavar="ADDRESS", help="Your address or DID, as issuer.")
@click.option("--id", "number", required=True, metavar="NUMBER", help="The certificate's number.")
@click.option("--check-at", required=True, metavar="ADDRESS", help="Where buyers can check it.")
@click.option("--examined", required=True, type=_DAY, help="The day you examined the item.")
@click.option("--valid-from", type=_DAY, help="Its first day.  [default: today]")
@click.option("--valid-until", type=_DAY, help="Its end; without, it has none.")
@click.option("--photo", "photos", type=_FILE, multiple=True, help="A picture you examined.")
@click.option("--status-list", metavar="ADDRESS", help="Where you publish what you took back.")
@click.option("--status-index", type=click.IntRange(0), help="Its place in that list.")
@click.option("-o", "--output", type=_FILE, default=Path("certificate.jwt"), show_default=True)
@click.option("--force", is_flag=True, help="Replace an earlier file.")
@output_options
def issue_one(
    *,
    listing: Path,
    key: Path,
    issuer: str,
    number: str,
    check_at: str,
    examined: datetime,
    valid_from: datetime | None,
    valid_until: datetime | None,
    photos: tuple[Path, ...],
    status_list: str | None,
    status_index: int | None,
    output: Path,
    force: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Sign a certificate for the item of a listing, with a key of your own.

    Example: `video-pipeline certificate issue listing.yaml --key key.json …`; see docs/trust.md.
    """
    if (status_list is None) != (status_index is None):
        raise UsageError(
            "a status list needs both its address and a place in it",
            where="--status-list",
            mend="give --status-list and --status-index together",
        )
    _free(output, force=force)
    status = None
    if status_list is not None and status_index is not None:
        status = StatusEntry("revocation", status_index, status_list)
    text = issue_certificate(
        listing,
        key=key,
        issuer=issuer,
        number=number,
        check_at=check_at,
        examined=examined.date(),
        valid_from=valid_from.date() if valid_from else _today(),
        valid_until=valid_until.date() if valid_until else None,
        photos=photos,
        status=status,
    )
    with replaced(output) as part:
        part.write_text(text, encoding="ascii")
    if as_json:
        print_json({"certificate": str(output)})
    else:
        people.print(f"signed {escape(str(output))}")


@click.group()
def issuer() -> None:
    """Say whose certificates count here, or add an issuer that you know.

    Example: `video-pipeline issuer list`.
    """


@issuer.command("list")
@_PRESETS
@output_options
def list_issuers(*, presets: Path | None, as_json: bool, debug: bool) -> None:
    """Say whose certificates count here.

    Example: `video-pipeline issuer list --presets my-presets`.
    """
    known = known_issuers(Settings(Store(), presets))
    if as_json:
        rows = [
            {
                "file": i.file.name,
                "issuer": i.id,
                "name": i.name,
                "url": i.url,
                "test": i.test,
                "keys": sorted(i.keys),
                "withdrawn": sorted(i.withdrawn),
                "service": i.service is not None,
            }
            for i in known
        ]
        print_json({"issuers": rows})
        return
    for i in known:
        by = [*(["its own service"] if i.service else []), *sorted(i.keys)]
        test = "  (test: proves nothing)" if i.test else ""
        people.print(f"{i.file.stem:<16} {escape(i.name)}{test}")
        people.print(f"{'':<16} {escape(i.id)}; verified by {escape(', '.join(by) or 'nothing')}")


@issuer.command("add")
@click.argument("issuer", metavar="ADDRESS|DID")
@click.option("--name", required=True, help="The name that buyers read.")
@click.option("--url", required=True, help="The issuer's web page (https).")
@click.option("--jwks", metavar="FILE|ADDRESS", help="Its published keys, a JWK set.")
@click.option("--did", type=_FILE, help="The DID's document; a did:web is asked for without it.")
@click.option("--file", "file_name", metavar="NAME", help="Call the issuer's file this.")
@click.option(
    "--presets",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Your own presets folder.",
)
@output_options
def add(
    *,
    issuer: str,
    name: str,
    url: str,
    jwks: str | None,
    did: Path | None,
    file_name: str | None,
    presets: Path,
    as_json: bool,
    debug: bool,
) -> None:
    """Trust an issuer from now on. Check its keys by another way than the one they came.

    Example: `video-pipeline issuer add did:web:atelier.org --name Atelier …`; see docs/trust.md.
    """
    file = add_issuer(
        issuer,
        presets=presets,
        name=name,
        url=url,
        jwks=jwks,
        did_document=did,
        file_name=file_name,
    )
    if as_json:
        print_json({"issuer": str(file)})
    else:
        people.print(f"wrote {escape(str(file))}")
        people.print("  its certificates count from now on, wherever you name these presets")


@click.group()
def keys() -> None:
    """Make a key to sign certificates with.

    Example: `video-pipeline keys new signing-key.json --kid atelier-2026`.
    """


@keys.command("new")
@click.argument("file", type=_FILE)
@click.option("--kid", required=True, metavar="NAME", help="The key's name in certificates.")
@click.option("--alg", type=click.Choice(["ES256", "EdDSA"]), default="ES256", show_default=True)
@click.option("--public", type=_FILE, help="Write the public half here, as a JWK set.")
@click.option("--force", is_flag=True, help="Replace an earlier public half; never a key.")
@output_options
def new_key(
    *,
    file: Path,
    kid: str,
    alg: Literal["ES256", "EdDSA"],
    public: Path | None,
    force: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Make a signing key: the secret half goes into FILE, for you alone; the public is printed.

    Example: `video-pipeline keys new signing-key.json --kid atelier-2026 --public atelier.json`.
    """
    if public is not None:
        _free(public, force=force)
    shared = public_set(make_key(file, kid=kid, alg=alg))
    if public is not None:
        with replaced(public, "--public") as part:
            part.write_text(json.dumps(shared, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json({"key": str(file), "public": shared})
        return
    people.print(f"the secret half is in {escape(str(file))}: give it to nobody, and keep a copy")
    people.print("the public half, for everybody who shall trust your certificates:")
    people.print(escape(json.dumps(shared, indent=2)))


def _free(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise UsageError("this file exists", where=str(path), mend="add --force to replace it")


def _today() -> date:
    return datetime.now(UTC).date()


def _line(value: Any) -> str:
    return shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 400)


def _judged_json(judged: Judged) -> dict[str, Any]:
    return {
        "certificate": judged.name,
        "state": judged.state,
        "reason": judged.reason,
        "mend": judged.mend,
        "badge": list(judged.claim.lines) if judged.claim else None,
        "facts": _facts(judged.certificate) if judged.certificate else None,
    }


def _facts(found: Certificate) -> dict[str, Any]:
    return {
        "id": found.id,
        "issuer": found.issuer.id,
        "result": found.result,
        "examined": found.examined.isoformat(),
        "issued": found.issued.isoformat(),
        "expires": found.expires.isoformat() if found.expires else None,
        "brand": found.subject.brand,
        "model": found.subject.model,
        "serial": masked(found.subject.serial) if found.subject.serial else None,
        "photos": list(found.subject.photos),
        "check_at": found.check_url,
    }
