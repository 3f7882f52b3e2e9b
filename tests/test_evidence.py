"""Evidence for disputes: whole, in full size, and any change to it is named."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SAMPLE, Outcome
from joserfc import jws
from joserfc.jwk import ECKey
from PIL import Image

from video_pipeline.errors import UsageError
from video_pipeline.footage.probe import probe
from video_pipeline.store import file_digest
from video_pipeline.trust.evidence import MANIFEST, PUBLIC_KEY, SEAL, seal, verify_folder
from video_pipeline.trust.identity import CHAIN_FILE, KEY_FILE, Identity, make_identity

Run = Callable[..., Outcome]
SERIAL = "OR-2219-0417"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity("Atelier Nord", tmp_path_factory.mktemp("identity"))


@pytest.fixture
def sealed(identity: Identity, tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    (folder / "flaws").mkdir(parents=True)
    (folder / "flaws" / "flaw-01.jpg").write_bytes(b"a picture")
    (folder / "evidence.html").write_text("a page")
    seal(folder, {"made": "2026-11-25T12:00:00+00:00"}, identity)
    return folder


def signing(identity: Identity) -> tuple[str | Path, ...]:
    chain = identity.key_file.with_name(CHAIN_FILE)
    return ("--sign-with", identity.key_file, "--sign-chain", chain)


def test_the_evidence_of_a_listing(
    run_cli: Run,
    short_listing: Callable[..., Path],
    short_take: Path,
    identity: Identity,
    tmp_path: Path,
) -> None:
    out = tmp_path / "evidence"
    listing = short_listing()
    done = run_cli("evidence", listing, "-o", out, *signing(identity), "--json")
    assert done.code == 0, done.out + done.err
    assert done.json == {"evidence": str(out)}
    page = json.loads((out / MANIFEST).read_text())
    assert page["item"]["serial"] == SERIAL
    assert page["footage"][0]["sha256"] == file_digest(short_take)
    flaw = next(p for p in page["pictures"] if p["file"].startswith("flaws/"))
    assert (flaw["seconds"], flaw["source"]) == ("47/5", short_take.name)
    assert flaw["words"] == "Dark mark"
    assert flaw["source_sha256"] == file_digest(short_take)
    footage = probe(short_take)
    for picture in page["pictures"]:
        file = out / picture["file"]
        with Image.open(file) as opened:
            assert opened.size == (footage.width, footage.height)
        assert picture["sha256"] == file_digest(file) == page["files"][picture["file"]]
    assert any(p["file"].startswith("keyframes/") for p in page["pictures"])
    assert page["condition"]["scale_owner"] == "the seller"
    assert page["certificates"]["verified"][0]["certificate_id"] == "DEMO-2026-0417"
    assert (out / "listing.yaml").read_bytes() == listing.read_bytes()
    copied = out / "certificates" / "1-certificate.jwt"
    assert copied.read_bytes() == (SAMPLE / "certificate.jwt").read_bytes()

    html = (out / "evidence.html").read_text()
    for said in (SERIAL, "Very good", "Dark mark", "exactly 9.4 s", file_digest(short_take)):
        assert said in html
    # Nothing is fetched, no script runs: the page is a file of its own.
    assert not re.search(r"<script|https?://|src=\"(?!data:)", html)
    pictures = re.findall(r"data:image/jpeg;base64,([^\"]+)", html)
    assert len(pictures) == len(page["pictures"]) + 1  # and the flaw's marked part
    assert all(base64.b64decode(picture)[:2] == b"\xff\xd8" for picture in pictures)
    assert not any(b"PRIVATE" in p.read_bytes() for p in out.rglob("*") if p.is_file())

    checked = run_cli("evidence", "verify", out, "--json")
    assert (checked.code, checked.json["ok"], checked.json["faults"]) == (0, True, [])
    assert run_cli("evidence", "--json", "verify", out).json == checked.json  # in either order
    # Evidence is never replaced.
    assert run_cli("evidence", listing, "-o", out, *signing(identity)).code == 2
    assert run_cli("evidence", "verify", out).code == 0


def test_evidence_without_a_key_says_how_to_make_one(
    run_cli: Run, short_listing: Callable[..., Path], tmp_path: Path
) -> None:
    done = run_cli("evidence", short_listing(), cwd=tmp_path)
    assert done.code == 2
    assert "video-pipeline identity new" in done.err
    assert not (tmp_path / "out").exists()


def test_what_was_sealed_stands_with_nothing_but_the_folder(sealed: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(sealed, moved)
    verdict = verify_folder(moved)
    assert verdict.stands
    assert (verdict.signer, verdict.known) == ("Atelier Nord", None)
    assert verdict.files == 4  # two files, the key, the certificates


def test_the_seal_is_a_detached_signature_that_any_library_checks(sealed: Path) -> None:
    head, body, _ = (sealed / SEAL).read_text().strip().split(".")
    assert body == ""
    assert json.loads(base64.urlsafe_b64decode(head + "==="))["alg"] == "ES256"
    key = ECKey.import_key(json.loads((sealed / PUBLIC_KEY).read_text()))
    assert not key.is_private
    content = (sealed / MANIFEST).read_bytes()
    signed = (sealed / SEAL).read_text().strip()
    assert jws.deserialize_compact(signed, key, payload=content, algorithms=["ES256"])


NAMES = ("flaws/flaw-01.jpg", "evidence.html", "signer.pem", PUBLIC_KEY, MANIFEST, SEAL)


@pytest.mark.parametrize("name", NAMES)
def test_every_changed_file_is_named(sealed: Path, name: str) -> None:
    data = bytearray((sealed / name).read_bytes())
    data[len(data) // 2] ^= 1
    (sealed / name).write_bytes(data)
    verdict = verify_folder(sealed)
    assert not verdict.stands
    told = " ".join(f"{fault.file} {fault.what}" for fault in verdict.faults)
    assert name in told


@pytest.mark.parametrize("name", NAMES)
def test_every_missing_file_is_named(sealed: Path, name: str) -> None:
    (sealed / name).unlink()
    verdict = verify_folder(sealed)
    assert [fault.file for fault in verdict.faults] == [name]
    assert not verdict.stands


@pytest.mark.parametrize("name", ["new.jpg", "flaws/flaw-02.jpg", "deep/er/x", ".hidden"])
def test_every_added_file_is_named(sealed: Path, name: str) -> None:
    (sealed / name).parent.mkdir(parents=True, exist_ok=True)
    (sealed / name).write_text("x")
    verdict = verify_folder(sealed)
    assert [(fault.file, fault.what) for fault in verdict.faults] == [(name, "was added")]
    assert not verdict.stands


def test_a_link_in_place_of_a_file_is_named(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "same").write_bytes((sealed / "evidence.html").read_bytes())
    (sealed / "evidence.html").unlink()
    (sealed / "evidence.html").symlink_to(tmp_path / "same")
    assert [f.file for f in verify_folder(sealed).faults] == ["evidence.html"]


def test_a_folder_sealed_anew_by_another_is_told_by_the_key(
    sealed: Path, identity: Identity, tmp_path: Path
) -> None:
    known = identity.key_file.with_name(CHAIN_FILE)
    assert verify_folder(sealed, known).known is True
    kept = tmp_path / "kept.json"
    shutil.copyfile(sealed / PUBLIC_KEY, kept)
    impostor = make_identity("Atelier Nord", tmp_path / "impostor")
    for name in (MANIFEST, SEAL, PUBLIC_KEY, "signer.pem"):
        (sealed / name).unlink()
    (sealed / "evidence.html").write_text("another page")
    seal(sealed, {"made": "2026-11-25T12:00:00+00:00"}, impostor)
    assert verify_folder(sealed).stands  # the folder alone cannot tell
    for key in (known, kept):
        verdict = verify_folder(sealed, key)
        assert (verdict.stands, verdict.known) == (False, False)


def test_a_signature_without_a_key_is_none(sealed: Path) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"evidence+jws"}').rstrip(b"=").decode()
    (sealed / SEAL).write_text(f"{head}..")
    assert not verify_folder(sealed).stands


def test_what_is_no_evidence_is_told(tmp_path: Path, run_cli: Run) -> None:
    with pytest.raises(UsageError, match="no folder of evidence"):
        verify_folder(tmp_path)
    done = run_cli("evidence", "verify", tmp_path / "gone")
    assert done.code == 2
    assert KEY_FILE not in done.err
