"""Commands that prove: provenance, evidence, and the identity to sign with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from click.exceptions import Exit
from platformdirs import user_config_path
from rich.markup import escape

from video_pipeline.cli.output import output_options, people, print_json, progress
from video_pipeline.cli.settings import (
    detector_option,
    settings_from,
    settings_options,
    signing_options,
)
from video_pipeline.pipeline import make_evidence
from video_pipeline.trust.evidence import Verdict, verify_folder
from video_pipeline.trust.identity import CHAIN_FILE, make_identity
from video_pipeline.trust.provenance import Provenance, read_provenance

_FILE = click.Path(path_type=Path, dir_okay=False)
_STATES = {
    "intact": "[green]intact[/green]",
    "rewrapped": "[yellow]pictures and sound intact, wrapping new[/yellow]",
    "broken": "[red]broken[/red]",
    "absent": "[red]absent[/red]",
}


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--trust",
    metavar="PEM",
    type=_FILE,
    help="Certificates that you trust, such as the signing chain that the seller gave you.",
)
@output_options
def provenance(*, file: Path, trust: Path | None, as_json: bool, debug: bool) -> None:
    """Say who signed a clip or picture, what went in, what was done, and whether it is intact.

    The exit code is 4 when it is broken or absent. Nothing is asked of the network.

    Example: `video-pipeline provenance bag.tiktok.mp4`.
    """
    told = read_provenance(file, trust)
    if as_json:
        print_json(_as_json(told))
    else:
        _say(told)
    if told.state in ("broken", "absent"):
        raise Exit(4)


class _Either(click.RichGroup):
    """A group whose first word may also be a listing: then it is for the command `make`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `make` before what is not a command of the group."""
        first = next((word for word in args if not word.startswith("-")), "")
        if first in self.commands:
            args = [first, *args[: args.index(first)], *args[args.index(first) + 1 :]]
        elif args and not {"-h", "--help"} & set(args[:1]):
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Either, subcommand_metavar="LISTING | verify FOLDER")
@output_options
def evidence(*, as_json: bool, debug: bool) -> None:
    """Make a signed folder of proofs for a dispute; `evidence verify FOLDER` checks one.

    It holds every flaw and key frame at the footage's full resolution, with file, exact time and
    the raw file's digest, your words, the grade with its scale, and the certificates. It is
    private: the serial number stands in it whole.

    Example: `video-pipeline evidence listing.yaml`.
    """


@evidence.command()
@click.argument("listing", type=_FILE)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The new folder.  [default: out/SKU.evidence-TIME]",
)
@signing_options
@detector_option
@settings_options
@output_options
def make(*, listing: Path, output: Path | None, as_json: bool, debug: bool, **where: Any) -> None:
    """Make the evidence of a listing; the word `make` may be left out.

    Example: `video-pipeline evidence make listing.yaml`.
    """
    with progress() as listener:
        folder = make_evidence(
            listing, output, settings_from(**where, signs=True), listener=listener
        )
    if as_json:
        print_json({"evidence": str(folder)})
        return
    people.print(f"evidence       {escape(str(folder))}  [yellow]private[/yellow]")
    people.print(f"  page         {escape(str(folder / 'evidence.html'))}")
    people.print("Keep it with the raw footage, and give a copy to somebody else soon: a copy that")
    people.print("another person has held since is what shows when it was made.")


@evidence.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--key",
    type=_FILE,
    help="A public key or certificate that you have from the seller, to hold it against.",
)
@output_options
def verify(*, folder: Path, key: Path | None, as_json: bool, debug: bool) -> None:
    """Check a folder of evidence; name every file that was changed, lost or added.

    The exit code is 4 when it does not stand.

    Example: `video-pipeline evidence verify out/bag-17.evidence`.
    """
    verdict = verify_folder(folder, key)
    if as_json:
        print_json(_verdict_as_json(verdict))
    else:
        _say_verdict(verdict)
    if not verdict.stands:
        raise Exit(4)


@click.group()
@output_options
def identity(*, as_json: bool, debug: bool) -> None:
    """Make a key and certificates of your own to sign with.

    Example: `video-pipeline identity new "Atelier Nord"`.
    """


@identity.command()
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for both files.  [default: your settings folder]",
)
@output_options
def new(*, name: str, output: Path | None, as_json: bool, debug: bool) -> None:
    """Make a key and certificates for NAME, such as your shop.

    What is signed with them is proved not to have changed since. Whose they are is not proved: give
    the certificates to whom you want to be known by.

    Example: `video-pipeline identity new "Atelier Nord"`.
    """
    folder = output or user_config_path("video-pipeline") / "identity"
    made = make_identity(name, folder)
    chain = folder / CHAIN_FILE
    if as_json:
        print_json({"name": made.name, "key": str(made.key_file), "chain": str(chain)})
        return
    people.print(f"key            {escape(str(made.key_file))}  [yellow]secret: keep it[/yellow]")
    people.print(f"certificates   {escape(str(chain))}  may be given to anybody")
    people.print("A signature with them proves that nothing was changed since, not who you are.")
    people.print("To sign every clip, write into video-pipeline.toml where you work:", end="\n\n")
    people.print(
        f'\\[sign]\nwith = "{escape(str(made.key_file.absolute()))}"\n'
        f'chain = "{escape(str(chain.absolute()))}"'
    )


def _as_json(told: Provenance) -> dict[str, Any]:
    return {
        "file": told.file,
        "state": told.state,
        "why": told.why,
        "sidecar": told.sidecar,
        "signer": told.signer,
        "signer_known": told.known,
        "time_stamp": told.signed,
        "source_type": told.made,
        "raw": [{"file": name, "sha256": digest} for name, digest in told.raw],
        "actions": [{"action": name, "words": words} for name, words in told.actions],
        "facts": dict(told.facts or {}),
    }


def _verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "ok": verdict.stands,
        "faults": [{"file": fault.file, "what": fault.what} for fault in verdict.faults],
        "files": verdict.files,
        "key": verdict.key,
        "signer": verdict.signer,
        "made": verdict.made,
        "known": verdict.known,
    }


def _say_verdict(verdict: Verdict) -> None:
    for fault in verdict.faults:
        people.print(f"[red]{escape(fault.file)}[/red] {escape(fault.what)}")
    if not verdict.faults:
        people.print(
            f"[green]intact[/green]: all {verdict.files} files are as they were signed, and none "
            "was added"
        )
    if verdict.signer:
        people.print(f"signed by      {escape(verdict.signer)}, by the signer's own word")
        people.print(f"made           {escape(verdict.made)}, by the seller's own clock")
    if verdict.key:
        words = {
            True: "[green]it is the key that you gave[/green]",
            False: "[red]it is another key than the one that you gave[/red]",
            None: "hold it against one that you know with --key",
        }[verdict.known]
        people.print(f"key            {escape(verdict.key)}; {words}")


def _say(told: Provenance) -> None:
    people.print(f"[bold]{escape(told.file)}[/bold]  {_STATES[told.state]}")
    people.print(f"  {escape(told.why)}")
    if not told.signer:
        return
    known = (
        "a signer you trust"
        if told.known
        else "the name is the signer's own word: no certificate that you trust vouches for it"
    )
    people.print(f"signed by      {escape(told.signer)}; {known}")
    when = told.signed or "not proved: no time-stamp service was asked"
    people.print(f"signed at      {escape(when)}")
    if told.made:  # what was opened has that of the file it was opened from
        people.print(f"source type    {escape(told.made)}")
    for name, digest in told.raw:
        people.print(f"made from      {escape(name)}  {escape(digest and f'sha256 {digest}')}")
    for action, words in told.actions:
        if action != "c2pa.created":
            people.print(f"  {escape(action.removeprefix('c2pa.')):<14} {escape(words)}")
    condition = _fact(told, "condition")
    if condition:
        grade = f"{condition.get('grade')} ({condition.get('scale')})"
        people.print(f"condition      {escape(grade)}, stated by the signer")
        for note in condition.get("notes", []):
            people.print(f"               {escape(str(note))}")
    for claim in _fact(told, "certificates").get("verified_when_made", []):
        people.print(f"certificate    {escape(str(claim.get('wording')))} Stated by the signer.")


def _fact(told: Provenance, name: str) -> dict[str, Any]:
    """One of our own assertions; another program may have written anything under its name."""
    fact = (told.facts or {}).get(name)
    return fact if isinstance(fact, dict) else {}
