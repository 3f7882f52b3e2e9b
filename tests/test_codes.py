"""Codes in the footage: read, held against the certificates, shown, never believed."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import segno
import yaml
from conftest import SAMPLE, MakeClip
from numpy.typing import NDArray

from video_pipeline.analysis.scan import analyse
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Box
from video_pipeline.listing.reading import read_listing
from video_pipeline.store import Store
from video_pipeline.trust.badge import verify
from video_pipeline.trust.evidence import MANIFEST
from video_pipeline.trust.identity import CHAIN_FILE, make_identity
from video_pipeline.trust.issuers import load_issuers
from video_pipeline.trust.sightings import Read, sighted
from video_pipeline.vision.codes import codes
from video_pipeline.vision.detectors import detector

OWN = "https://issuer.example/check/DEMO-2026-0417"
OTHER = "https://issuer.example/check/DEMO-2026-0999"
BOX = Box(0.2, 0.2, 0.5, 0.4)


def card(text: str, module: int = 4) -> NDArray[np.uint8]:
    """A white card with a code, grey; a module is so many pixels."""
    rows = segno.make(text, error="m", micro=False).matrix_iter(scale=module, border=4)
    return np.array([[20 if dark else 235 for dark in row] for row in rows], np.uint8)


def on_a_table(code: NDArray[np.uint8], corners: list[tuple[int, int]]) -> NDArray[np.uint8]:
    """The card lying on grained leather so that its corners are seen there, a little soft."""
    grain = np.random.default_rng(7).normal(110, 14, (540, 960))
    table = cv2.GaussianBlur(grain.clip(0, 255).astype(np.uint8), (0, 0), 1.0)
    height, width = code.shape
    flat = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    turn = cv2.getPerspectiveTransform(flat, np.float32(corners))
    laid = cv2.warpPerspective(code, turn, (960, 540), flags=cv2.INTER_AREA)
    there = cv2.warpPerspective(np.full_like(code, 255), turn, (960, 540))
    seen = np.where(there > 127, laid, table).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(seen, (0, 0), 0.7), np.uint8)


@pytest.mark.parametrize(
    "corners",
    [
        [(300, 150), (520, 150), (520, 370), (300, 370)],
        [(380, 110), (560, 200), (470, 380), (290, 290)],
        [(320, 160), (500, 200), (500, 360), (320, 400)],
        [(620, 400), (400, 400), (400, 180), (620, 180)],
    ],
    ids=["straight", "turned", "tilted", "upside-down"],
)
def test_a_code_is_read_where_it_lies(corners: list[tuple[int, int]]) -> None:
    (found,) = codes(on_a_table(card(OWN), corners))
    assert found.text == OWN
    xs, ys = [x / 960 for x, _ in corners], [y / 540 for _, y in corners]
    assert found.box.iou(Box(min(xs), min(ys), max(xs), max(ys))) > 0.5


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\nb", "safe\u202egnp", "x" * 401, "   "])
def test_a_code_that_cannot_be_printed_is_passed_over(text: str) -> None:
    corners = [(200, 20), (700, 20), (700, 520), (200, 520)]
    assert codes(on_a_table(card(text), corners)) == ()
    assert codes(on_a_table(card("plain"), corners))


def test_leather_holds_no_code(shared_cache: Path, short_take: Path) -> None:
    table = analyse(probe(short_take), Store(shared_cache), detector())
    assert not any(m.codes for m in table.moments)


@pytest.fixture(scope="module")
def carded_take(make_clip: MakeClip, short_take: Path, tmp_path_factory: Any) -> Path:
    """The short take with a card laid into it from 3 to 6 s, and another's at 10 s for a second."""
    folder = tmp_path_factory.mktemp("cards")
    for name, text in (("own", OWN), ("other", OTHER)):
        cv2.imwrite(str(folder / f"{name}.png"), card(text))
    return make_clip(
        "carded.mp4", "-i", str(short_take), "-i", str(folder / "own.png"),
        "-i", str(folder / "other.png"), "-filter_complex",
        "[0][1]overlay=x=60+6*t:y=240:enable='between(t,3,6)'[a];"
        "[a][2]overlay=x=90:y=260:enable='between(t,10,11)'",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "24", "-threads", "1", "-an",
    )  # fmt: skip


@pytest.fixture
def carded_listing(write_listing: Callable[..., Path], carded_take: Path) -> Path:
    condition = {"scale": "house", "grade": "very-good"}
    return write_listing([carded_take], condition=condition)


def test_the_proof_is_shown_where_the_camera_saw_its_code(
    carded_listing: Path, run_cli: Callable[..., Any], tmp_path: Path
) -> None:
    done = run_cli("plan", carded_listing, "--output", tmp_path / "edit.json")
    assert done.code == 0, done.err
    edit = json.loads((tmp_path / "edit.json").read_text())
    (proof,) = [cut for cut in edit["cuts"] if cut["slot"] == "proof"]
    assert 2.9 <= float(Fraction(proof["start"])) <= 5.5
    (warning,) = [w for w in edit["warnings"] if "another" in w or "DEMO-2026-0999" in w]
    assert warning.startswith("carded.mp4: the code shown at 0:10.")
    assert "does not name" in warning
    assert OTHER not in warning


def test_manifest_and_report_say_where_it_was_shown(
    carded_listing: Path, run_cli: Callable[..., Any], tiny_presets: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = run_cli(
        *("render", carded_listing, "--placement", "tiny", "--presets", tiny_presets),
        *("--output", out),
    )
    assert done.code == 0, done.err
    manifest = json.loads((out / "manifest.json").read_text())
    (shown,) = manifest["claims"][0]["shown"]
    assert shown["source"] == "carded.mp4"
    assert 2.9 < float(Fraction(shown["start"])) < 3.5
    assert 5.5 < float(Fraction(shown["end"])) < 6.1
    (other,) = manifest["certificates_refused"]
    assert other["state"] == "mismatched"
    assert "DEMO-2026-0999" in other["reason"]
    assert any("DEMO-2026-0999" in w for w in manifest["clips"][0]["warnings"])
    page = next(out.glob("*.report.html")).read_text()
    assert "Shown on camera at 0:04." in page
    assert "another certificate" in page
    for text in (json.dumps(manifest), page):
        assert OTHER not in text, "an address that the camera saw is never handed on"


def test_evidence_holds_the_frames_that_show_codes(
    carded_listing: Path, run_cli: Callable[..., Any], tmp_path: Path
) -> None:
    identity = make_identity("Atelier Nord", tmp_path / "identity")
    chain = identity.key_file.with_name(CHAIN_FILE)
    signing = ("--sign-with", identity.key_file, "--sign-chain", chain)
    out = tmp_path / "evidence"
    done = run_cli("evidence", carded_listing, "-o", out, *signing)
    assert done.code == 0, done.err
    page = json.loads((out / MANIFEST).read_text())
    read = {}
    for picture in page["pictures"]:
        if "code" in picture["title"]:
            grey = cv2.imread(str(out / picture["file"]), cv2.IMREAD_GRAYSCALE)
            read[picture["title"]] = [code.text for code in codes(np.asarray(grey, np.uint8))]
    assert read == {"A certificate's code": [OWN], "Another certificate's code": [OTHER]}
    assert page["certificates"]["verified"][0]["shown"][0]["source"] == "carded.mp4"
    html = (out / "evidence.html").read_text()
    assert "shown at 0:04." in html
    assert OTHER not in html


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`matched(texts)`: the sample's claims and refusals for codes seen in `take.mp4`."""
    listing = read_listing(SAMPLE / "listing.yaml")
    claims, _ = verify(listing, now=datetime.now(UTC))
    assert claims

    def match(*texts: str, stated: Any = listing) -> Any:
        reads = [Read("take.mp4", Fraction(n), text, BOX) for n, text in enumerate(texts)]
        return sighted(reads, stated, claims if stated is listing else (), load_issuers())

    return match


@pytest.mark.parametrize(
    "text",
    [
        OWN,
        OWN + "/",
        "http://issuer.example/check/DEMO-2026-0417",
        "HTTPS://Issuer.Example/check/DEMO-2026-0417",
        "https://www.issuer.example/check/DEMO-2026-0417#top",
        OWN.upper(),
        "DEMO-2026-0417",
    ],
)
def test_the_certificates_own_code_is_a_fact_on_its_claim(
    matched: Callable[..., Any], text: str
) -> None:
    (claim,), others = matched(text)
    assert [(s.source, s.best, s.box) for s in claim.shown] == [("take.mp4", 0, BOX)]
    assert not others


@pytest.mark.parametrize(
    ("text", "number", "issuer"),
    [
        (OTHER, "DEMO-2026-0999", "Demo Authentication"),
        ("https://cert.entrupy.com/ABC123", "ABC123", "Entrupy"),
        ("HTTPS://CERT.ENTRUPY.COM/ABC123", "ABC123", "Entrupy"),
    ],
)
def test_a_code_of_another_certificate_of_a_known_issuer_is_told(
    matched: Callable[..., Any], text: str, number: str, issuer: str
) -> None:
    (claim,), (other,) = matched(text, text)
    assert not claim.shown
    assert (other.state, other.shown.start, other.shown.end) == ("mismatched", 0, 1)
    assert f"'{number}' of {issuer}" in other.reason
    assert "http" not in other.warning.lower()


@pytest.mark.parametrize(
    "text",
    [
        "https://issuer.example/",
        "https://issuer.example/check/",
        "https://issuer.example/check/a/b",
        "https://issuer.example/check/" + "9" * 65,
        "https://issuer.example:8443/check/DEMO-2026-0999",
        "https://me@issuer.example/check/DEMO-2026-0999",
        "https://issuer.example.evil.example/check/DEMO-2026-0999",
        "https://іssuer.example/check/DEMO-2026-0999",
        "https://issuer.example/CHECK/DEMO-2026-0999",
        "https://cert.entrupy.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "WIFI:S:home;T:WPA;P:secret;;",
        "https://[",
        "demo-2026-0417",
    ],
)
def test_any_other_code_is_nobodys_business(matched: Callable[..., Any], text: str) -> None:
    (claim,), others = matched(text)
    assert not claim.shown
    assert not others


def test_reads_are_joined_into_stretches_the_longest_first(matched: Callable[..., Any]) -> None:
    none = "nothing"
    (claim,), _ = matched(OWN, OWN, none, none, OWN, OWN, OWN, OWN)
    assert [(s.start, s.end, s.best) for s in claim.shown] == [(4, 7, 5), (0, 1, 0)]


def test_a_certificate_that_counts_no_more_is_not_another(
    matched: Callable[..., Any], tmp_path: Path
) -> None:
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text())
    page["certificates"] = [
        {"issuer": "entrupy", "id": "ABC123"},
        {"file": str(SAMPLE / "certificate.jwt")},
    ]
    (tmp_path / "listing.yaml").write_text(yaml.safe_dump(page))
    listing = read_listing(tmp_path / "listing.yaml")
    claims, others = matched("https://cert.entrupy.com/ABC123", OWN, stated=listing)
    assert claims == others == ()
    _, others = matched("https://cert.entrupy.com/ABC124", stated=listing)
    assert len(others) == 1


def test_the_table_keeps_codes(carded_take: Path, shared_cache: Path) -> None:
    table = analyse(probe(carded_take), Store(shared_cache), detector())
    at = {code.text: float(m.t) for m in table.moments for code in m.codes}
    assert set(at) == {OWN, OTHER}
    assert at[OWN] == pytest.approx(6, abs=0.3)
    assert at[OTHER] == pytest.approx(11, abs=0.3)


def test_a_listing_with_a_file_certificate_is_rendered_without_the_network(
    carded_listing: Path,
    run_cli: Callable[..., Any],
    tiny_presets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even asked for a name: codes on camera, badge, stills, report and all."""
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("the network is closed")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    done = run_cli(
        *("render", carded_listing, "--placement", "tiny", "--presets", tiny_presets),
        *("--output", tmp_path / "out", "--require-badge"),
    )
    assert done.code == 0, done.err
    assert asked == []
    with pytest.raises(OSError, match="closed"):
        socket.create_connection(("issuer.example", 443))
