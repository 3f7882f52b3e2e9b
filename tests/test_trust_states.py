"""What follows from a certificate's state: dual marks, words, and clips that are not made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_issuer import FakeIssuer, serving
from test_trust_wording import NEVER

from video_pipeline.edit.honesty import words_of
from video_pipeline.edit.model import OverlayUse
from video_pipeline.errors import ListingError
from video_pipeline.presets.consequences import STATES, load_consequences
from video_pipeline.presets.placements import load_placement, placement_names
from video_pipeline.resources import shipped
from video_pipeline.trust.badge import marks
from video_pipeline.trust.claims import Claim
from video_pipeline.trust.wording import Wording, load_wording, read_wording

WORDING = sorted((shipped("presets") / "wording").glob("*.yaml"))


def claim_of(name: str, number: str, *, test: bool = False, day: int = 30) -> Claim:
    return Claim(
        certificate_id=number, issuer=f"https://{name.lower()}.org", issuer_name=f"{name} House",
        result="authentic", issued=date(2026, 11, 1), expires=None,
        check_url=f"https://www.{name.lower()}.org/c/{number}", lines=(), wording=f"By {name}.",
        file_digest=f"{name}{number}", key_id="k", examined=date(2026, 10, day), test=test,
        brand="Orsetta",
    )  # fmt: skip


NORD, SUED, NORD_AGAIN = (
    claim_of("Nord", "N-1"),
    claim_of("Sued", "S-7", day=29),
    claim_of("Nord", "N-2"),
)


def words(name: str = "en") -> Wording:
    return load_wording(name)


def test_two_issuers_give_one_dual_mark() -> None:
    (mark,) = marks((NORD, SUED), words())
    assert mark.lines == (
        "Examined by Nord House and Sued House",
        "Result of both: authentic",
        "Nord House: 30 October 2026, certificate N-1, check at nord.org",
        "Sued House: 29 October 2026, certificate S-7, check at sued.org",
        "Not affiliated with Orsetta.",
    )
    assert mark.parts == (NORD, SUED)
    assert mark.certificate_id == "N-1 + S-7"
    assert mark.check_url is None
    assert mark.file_digest not in (NORD.file_digest, SUED.file_digest)


@pytest.mark.parametrize("path", WORDING, ids=lambda p: p.stem)
def test_a_dual_mark_names_every_fact_and_promises_nothing(path: Path) -> None:
    wording = read_wording(path)
    if wording.words.dual is None:
        assert marks((NORD, SUED), wording) == (NORD, SUED)  # no words for it: two badges
        return
    (mark,) = marks((NORD, SUED), wording)
    said = " ".join(mark.lines)
    days = [wording.written(claim.examined or claim.issued) for claim in (NORD, SUED)]
    facts = ("Nord House", "Sued House", "N-1", "S-7", "nord.org", "sued.org", "Orsetta", *days)
    assert all(fact in said for fact in facts)
    assert wording.words.authentic in said
    assert not any(word in said.casefold() for word in NEVER)
    assert "{" not in said
    submitted = wording.submitted("Nord House", "N-3", test=False)
    assert "Nord House" in submitted and "N-3" in submitted
    assert wording.words.authentic not in submitted


def test_one_issuer_twice_is_one_witness() -> None:
    assert marks((NORD, NORD_AGAIN), words()) == (NORD, NORD_AGAIN)
    (mark, rest) = marks((NORD, NORD_AGAIN, SUED), words())
    assert (mark.parts, rest) == ((NORD, SUED), NORD_AGAIN)
    assert marks((NORD,), words()) == (NORD,)
    assert marks((), words()) == ()


def test_a_test_beside_a_real_one_gives_no_dual_mark() -> None:
    test = claim_of("Demo", "D-1", test=True)
    assert marks((NORD, test), words()) == (NORD, test)
    (mark,) = marks((replace(NORD, test=True), test), words())
    assert mark.lines[0] == "Test certificate"


def test_a_dual_mark_is_drawn_in_its_own_words_only() -> None:
    (mark,) = marks((NORD, SUED), words())
    place = load_placement("tiktok")
    fields = {"claim": mark.file_digest, "lines": ["Guaranteed"], "check_url": "https://evil.test/"}
    said = words_of(OverlayUse("certification-badge", fields, 0, 60), "proof", place, (mark,))
    assert said.fields["lines"] == list(mark.lines)
    assert "check_url" not in said.fields
    assert any(said.fields["certificate_id"] in line for line in mark.lines)


def test_a_dual_mark_has_to_name_every_fact(tmp_path: Path) -> None:
    page = yaml.safe_load((shipped("presets") / "wording/en.yaml").read_text("utf-8"))
    page["dual"] = [line for line in page["dual"] if "{apart}" not in line]
    (tmp_path / "en.yaml").write_text(yaml.safe_dump(page), "utf-8")
    with pytest.raises(ListingError) as error:
        read_wording(tmp_path / "en.yaml")
    assert "'dual' leaves out {apart}" in error.value.problems[0].message


def test_every_state_has_a_consequence_in_every_placement() -> None:
    for name in placement_names():
        assert set(load_placement(name).consequences) == set(STATES)
    usual = load_consequences()
    assert [state for state, what in usual.items() if what == "badge"] == ["authentic"]
    assert usual["revoked"] == "stop"


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"revoked": "badge"}, "revoked"),
        ({"unreachable": "text"}, "unreachable"),
        ({"submitted": "badge"}, "submitted"),
        ({"doubtful": "silent"}, "doubtful"),
    ],
)
def test_no_other_state_can_be_given_a_badge(
    tmp_path: Path, own: dict[str, str], says: str
) -> None:
    with pytest.raises(ListingError) as error:
        load_placement("shop", own_placement(tmp_path, own))
    assert says in error.value.problems[0].message


def own_placement(folder: Path, own: dict[str, str], **figures: Any) -> Path:
    page = yaml.safe_load((shipped("presets") / "placements/tiktok.yaml").read_text("utf-8"))
    for name, value in figures.items():
        page[name] = {**page[name], "value": value}
    page["certificate"] = {
        state: {"value": what, "source": "a test", "confidence": "choice"}
        for state, what in own.items()
    }
    (folder / "placements").mkdir(parents=True, exist_ok=True)
    (folder / "placements/shop.yaml").write_text(yaml.safe_dump(page), "utf-8")
    return folder


@pytest.fixture
def service() -> Iterator[FakeIssuer]:
    with serving() as fake:
        yield fake


@pytest.fixture
def presets(tmp_path: Path, service: FakeIssuer, tiny_presets: Path) -> Path:
    """Presets with a small placement, and the shipped code look-up asked at `service`."""
    folder = tmp_path / "presets"
    (folder / "issuers").mkdir(parents=True)
    (folder / "placements").mkdir()
    tiny = (tiny_presets / "placements/tiny.yaml").read_text("utf-8")
    (folder / "placements/tiny.yaml").write_text(tiny, "utf-8")
    text = (shipped("presets") / "issuers/code-lookup.yaml").read_text("utf-8")
    text = text.replace("https://api.codes.example/v1/codes", service.address)
    (folder / "issuers/code-lookup.yaml").write_text(text, "utf-8")
    return folder


def answer(verdict: str = "authentic", number: str = "CLG1") -> dict[str, Any]:
    return {
        "code": number,
        "verdict": verdict,
        "checked_at": "2026-05-23",
        "product": {"brand": "ORSETTA", "name": "Cognac Pouch", "sold_once": True},
    }


CODE = [{"issuer": "code-lookup", "id": "CLG1", "seen": {"time": 2.0}}]


def test_a_dual_mark_reaches_the_clip_unless_a_result_is_withdrawn_meanwhile(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    presets: Path,
    service: FakeIssuer,
    tmp_path: Path,
) -> None:
    service.answer("/CLG1", answer())
    sample = shipped("samples") / "cognac-pouch/certificate.jwt"
    listing = short_listing(certificates=[{"file": str(sample), "seen": {"time": 2.0}}, *CODE])
    out = tmp_path / "out"
    done = run_cli(
        "render", listing, "--placement", "tiny", "--presets", presets, "-o", out, "--json",
        "--require-badge",
    )  # fmt: skip
    assert done.code == 0, done.out
    assert done.json["clips"][0]["claims"] == ["DEMO-2026-0417 + CLG1"]
    (claim,) = json.loads((out / "manifest.json").read_text())["claims"]
    assert [part["certificate_id"] for part in claim["parts"]] == ["DEMO-2026-0417", "CLG1"]
    # Asked when the clip was begun, and again before it was published.
    assert [path for path, _ in service.asked] == ["/CLG1", "/CLG1"]

    def change(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps(answer("authentic" if len(service.asked) == 3 else "blocked")).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    service.pages["/CLG1"] = change
    done = run_cli(
        "render", listing, "--placement", "tiny", "--presets", presets, "-o", tmp_path / "late",
        "--json",
    )  # fmt: skip
    assert done.code == 4
    assert "counted when the clip was begun and does not any more" in done.json["error"]["message"]
    assert not (tmp_path / "late").exists()


def test_revoked_stops_submitted_is_told_and_a_placement_may_answer_otherwise(
    run_cli: Callable[..., Any],
    short_listing: Callable[..., Path],
    presets: Path,
    service: FakeIssuer,
    tmp_path: Path,
) -> None:
    listing, out = short_listing(certificates=CODE), tmp_path / "out"
    tiny = yaml.safe_load((presets / "placements/tiny.yaml").read_text("utf-8"))
    render = ("render", listing, "--presets", presets, "-o", out, "--json")
    service.answer("/CLG1", answer("blocked"))
    done = run_cli(*render, "--placement", "tiny")
    assert (done.code, done.json["error"]["where"]) == (4, "code-lookup CLG1")
    assert "while this certificate is revoked" in done.json["error"]["message"]
    assert not out.exists()

    issuer = presets / "issuers/code-lookup.yaml"
    pending = issuer.read_text("utf-8").replace("blocked: revoked", "blocked: submitted")
    issuer.write_text(pending, "utf-8")
    assert run_cli(*render, "--placement", "tiny").code == 0
    (refusal,) = json.loads((out / "manifest.json").read_text())["certificates_refused"]
    assert refusal["state"] == "submitted"
    assert refusal["wording"].startswith("Test certificate, it proves nothing. Submitted to Code")
    assert "Beside the clip you may say" in next(out.glob("*.report.html")).read_text()

    figure = {"source": "a test", "confidence": "choice"}
    tiny["certificate"] = {"none": {"value": "stop", **figure}}
    (presets / "placements/strict.yaml").write_text(yaml.safe_dump(tiny), "utf-8")
    bare = short_listing("bare.yaml", certificates=None)
    done = run_cli(
        "render", bare, "--presets", presets, "--placement", "strict", "-o", tmp_path / "o2",
        "--json",
    )  # fmt: skip
    assert done.code == 4
    assert "without a certificate" in done.json["error"]["message"]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"seen": {"time": 1}},
        {"issuer": "entrupy"},
        {"id": "X"},
        {"file": "c.jwt", "issuer": "entrupy", "id": "X"},
        {"file": "c.jwt", "id": "X"},
    ],
)
def test_a_certificate_comes_from_one_place(
    run_cli: Callable[..., Any], short_listing: Callable[..., Path], entry: dict[str, Any]
) -> None:
    done = run_cli("plan", short_listing(certificates=[entry]), "--json")
    assert done.code == 2
    assert "either 'file', or 'issuer' and 'id' together" in done.json["error"]["message"]
