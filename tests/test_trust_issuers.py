"""Issuer files: who is trusted, by which keys, and which files are refused at the door."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from joserfc.jwk import ECKey, OKPKey

from video_pipeline import resources
from video_pipeline.errors import ListingError, UsageError
from video_pipeline.trust.issuers import load_issuers, read_issuer
from video_pipeline.trust.issuing import issue, make_key
from video_pipeline.trust.letters import is_plain, lookalike_problem, shown, skeleton, spelled
from video_pipeline.trust.signature import verifying_key
from video_pipeline.trust.wording import load_wording

ES = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")


def key(kid: str = "k-1", **changes: Any) -> dict[str, Any]:
    good = {"kid": kid, "alg": "ES256", "status": "active", **ES.as_dict(private=False)}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def page(**changes: Any) -> dict[str, Any]:
    good = {
        "issuer": "https://examiners.org",
        "name": "Atelier Examiners",
        "url": "https://examiners.org/about",
        "keys": [key()],
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


def write(folder: Path, content: Any, name: str = "own.yaml") -> Path:
    text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def told(error: pytest.ExceptionInfo[ListingError]) -> str:
    return "\n".join(f"{p.where} {p.message} {p.mend}" for p in error.value.problems)


def test_reads_what_the_file_states(tmp_path: Path) -> None:
    ed = {"kid": "k-2", "alg": "EdDSA", "status": "active", **ED.as_dict(private=False)}
    keys = [key(), ed, key("k-0", status="withdrawn", use="sig")]
    issuer = read_issuer(write(tmp_path, page(keys=keys)))
    assert (issuer.id, issuer.name) == ("https://examiners.org", "Atelier Examiners")
    assert {kid: k.algorithm for kid, k in issuer.keys.items()} == {"k-1": "ES256", "k-2": "EdDSA"}
    assert issuer.withdrawn == {"k-0"}
    assert not issuer.test


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (page(keys=[key(), key()]), "two keys are named 'k-1'"),
        (page(keys=[key(), key(status="withdrawn")]), "two keys are named 'k-1'"),
        (page(keys=[key(d="AAAA")]), "secret half"),
        (page(keys=[{"kty": "oct", "k": "c2VjcmV0", "kid": "k-1"}]), "secret half"),
        (page(pem="-----BEGIN PRIVATE KEY-----\nMC4C"), "secret half"),
        (page(keys=[]), "keys"),
        (page(keys=...), "keys"),
        (page(issuer=...), "issuer"),
        (page(issuer="http://examiners.org"), "neither an https address nor a DID"),
        (page(issuer="https://"), "neither an https address nor a DID"),
        (page(issuer="https://a@b.org"), "neither an https address nor a DID"),
        (page(issuer="https://[::1"), "neither an https address nor a DID"),
        (page(issuer="https://еxaminers.org"), "without spaces"),
        (page(issuer="https://examiners.org/a b"), "without spaces"),
        (page(url="ftp://examiners.org"), "not an https address"),
        (page(name="Atеlier Examiners"), "mixes alphabets"),
        (page(name="Αtelier"), "mixes alphabets"),
        (page(name="Сора"), "only look Latin"),
        (page(name="ΕΤΟΡ"), "only look Latin"),
        (page(name="Ａｔｅｌｉｅｒ"), "styled"),
        (page(name="𝐀telier"), "styled"),
        (page(name="Atelıer Ɛxaminers"), "can be mistaken"),
        (page(name="ᎪᏢ"), "can be mistaken"),
        (page(name="Atelier\u200b Examiners"), "cannot be shown"),
        (page(name="Atelier\u202eExaminers"), "cannot be shown"),
        (page(name=" Atelier "), "cannot be shown"),
        (page(name="100"), "no letters"),
        (page(name="100% Genuine Atelier"), "must not promise"),
        (page(name="Guaranteed by Orsetta"), "must not promise"),
        (page(trusted=True), "trusted"),
        (page(test="perhaps"), "test"),
        (page(keys=[key(alg="HS256")]), "alg"),
        (page(keys=[key(alg="none")]), "alg"),
        (page(keys=[key(alg=...)]), "alg"),
        (page(keys=[key(status="maybe")]), "status"),
        (page(keys=[key(status=...)]), "status"),
        (page(keys=[key(alg="Ed25519")]), "needs a key with kty OKP"),
        (page(keys=[key(crv="P-384")]), "crv"),
        (page(keys=[key(y=...)]), "not those of a public key"),
        (page(keys=[key(x=ES.as_dict()["y"])]), "not those of a public key"),
        (page(keys=[key(x="!!")]), "not those of a public key"),
        (page(keys=[key(use="enc")]), "use"),
        (page(keys={"k-1": key()}), "keys"),
        ([page()], "keys and values"),
        ("", "empty"),
        ("issuer: [", "never closed"),
        (yaml.safe_dump(page()) + "issuer: https://evil.test\n", "written twice"),
        ("issuer: !!python/object/apply:os.system ['true']\n", "tag"),
    ],
)
def test_wrong_file_is_refused_with_the_reason(tmp_path: Path, content: Any, says: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ListingError) as error:
        load_issuers(tmp_path)
    assert says in told(error)
    assert error.value.where == str(path)
    assert error.value.exit_code == 2


def test_secret_key_is_never_repeated_in_the_message(tmp_path: Path) -> None:
    secret = str(ES.as_dict(private=True)["d"])
    write(tmp_path, page(keys=[key(d=secret)], surplus=secret))
    with pytest.raises(ListingError) as error:
        load_issuers(tmp_path)
    assert secret not in told(error) + str(error.value)


def test_a_secret_never_becomes_a_verifying_key() -> None:
    with pytest.raises(ValueError, match="secret half"):
        verifying_key("k-1", "ES256", {n: str(v) for n, v in ES.as_dict(private=True).items()})
    with pytest.raises(ValueError, match="must be one of"):
        verifying_key("k-1", "HS256", {"kty": "oct"})


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, page(url="x", name="Atеlier", keys=[key(), key()]))
    with pytest.raises(ListingError) as error:
        load_issuers(tmp_path)
    assert len(error.value.problems) == 3


def test_own_file_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    assert "https://issuer.example/demo" in load_issuers()
    write(tmp_path, page(), "demo.yaml")
    issuers = load_issuers(tmp_path)
    assert "https://examiners.org" in issuers
    assert "https://issuer.example/demo" not in issuers


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (page(name="Somebody Else"), "already names the issuer"),
        (page(issuer="https://other.org"), "looks like"),
        (page(issuer="https://other.org", name="ATELIER EXAMlNERS"), "looks like"),
        (page(issuer="https://other.org", name="Atelier-Exarniners."), "looks like"),
    ],
)
def test_two_files_cannot_be_confused(tmp_path: Path, second: dict[str, Any], says: str) -> None:
    write(tmp_path, page(), "first.yaml")
    write(tmp_path, second, "second.yaml")
    with pytest.raises(ListingError) as error:
        load_issuers(tmp_path)
    assert says in told(error)


def test_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ListingError, match="does not exist"):
        load_issuers(tmp_path / "none")


@pytest.mark.parametrize(
    ("issuer", "test"),
    [
        ("https://issuer.example/a", True),
        ("did:web:issuer.example:a", True),
        ("https://a.test", True),
        ("https://a.invalid/", True),
        ("did:web:localhost", True),
        ("https://example.org", False),
        ("did:web:example.org", False),
        ("https://test.org/a.example", False),
    ],
)
def test_names_that_belong_to_nobody_are_tests(tmp_path: Path, issuer: str, test: bool) -> None:
    assert read_issuer(write(tmp_path, page(issuer=issuer, test=False))).test is test


def test_shipped_issuers_are_public_and_marked() -> None:
    folder = resources.shipped("presets") / "issuers"
    for path in folder.glob("*"):
        text = path.read_text("utf-8")
        assert "PRIVATE" not in text
        assert not any(line.strip().startswith(("d:", "k:")) for line in text.splitlines())
    demo = load_issuers()["https://issuer.example/demo"]
    assert demo.test
    assert "test" in load_wording().words.test_line.casefold()


@pytest.mark.parametrize(
    "name",
    [
        "Entrupy",
        "Real Authentication",
        "Æsir & Søn A/S",
        "Hermès Prüfer 24",
        "Проверка Люкс",
        "Αυθεντικότητα",
        "日本鑑定カード LLC",
        "ブランド鑑定 Tokyo",
        "한국명품감정원 KR",
        "正品鑑定",
    ],
)
def test_honest_names_pass(name: str) -> None:
    assert lookalike_problem(name) is None


def test_skeletons_meet_when_the_eye_is_fooled() -> None:
    for twin in ("Еntruрy", "ENTRUPY", "En trupy", "Éntrupy"):
        assert skeleton(twin) == skeleton("Entrupy")
    assert skeleton("Entrupi") != skeleton("Entrupy")
    assert skeleton("Legit Check") == skeleton("LEGlT CHECK") == skeleton("1egit-check")


def test_strangers_text_is_made_safe_to_print() -> None:
    assert shown("a\x1b[31mb\u202e") == "a\\u001b[31mb\\u202e"
    assert len(shown("x" * 1000)) == 80
    assert shown({"a": "\n"}).isprintable()
    assert spelled("аpple") == "\\u0430pple"
    assert is_plain("Sac à dos 3", 20)
    assert not is_plain("two\nlines", 20)
    assert not is_plain("x" * 21, 20)
    assert not is_plain(True, 20)


def test_keys_are_never_overwritten_and_only_keys_sign(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    make_key(secret, kid="k")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    before = secret.read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        make_key(secret, kid="k")
    assert secret.read_bytes() == before
    for text in ("", "{}", "[]", '{"kty":"EC","alg":"ES256","kid":"k"}', "-----BEGIN"):
        broken = write(tmp_path, text, "broken.json")
        with pytest.raises(UsageError, match="not a key"):
            issue({}, broken)
    with pytest.raises(UsageError, match="not a key"):
        issue({}, tmp_path / "none.json")
