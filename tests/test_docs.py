"""The pages say what the program does: commands, options, exit codes, links, examples, packages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import click
import pytest
import yaml
from babel import Locale
from PIL import Image

from video_pipeline import cli as door
from video_pipeline import errors
from video_pipeline.edit.coverage import Coverage, Row, State, Stretch, coverage_as_json
from video_pipeline.edit.story import FACTS, read_storyboard
from video_pipeline.listing.model import Listing
from video_pipeline.listing.reading import read_listing
from video_pipeline.overlays.language import languages
from video_pipeline.overlays.templates import template_names
from video_pipeline.presets.coverage import (
    KnownBy,
    LookAt,
    category_names,
    load_expectations,
)
from video_pipeline.presets.grades import load_scale
from video_pipeline.presets.placements import load_placement, placement_names
from video_pipeline.presets.storyboards import storyboard_names
from video_pipeline.resources import shipped
from video_pipeline.trust.badge import verify
from video_pipeline.trust.issuers import load_issuers, read_issuer
from video_pipeline.trust.wording import forbidden, load_wording

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]
ALL_PAGES = [*PAGES, ROOT / "THIRD_PARTY.md"]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _commands() -> dict[str, click.Command]:
    """Every command with its options, also those that load when they are called."""
    found: dict[str, click.Command] = {}
    for name, command in door.cli.commands.items():
        loaded = getattr(command, "loaded", None)
        found[name] = loaded() if loaded else command
    return found


def _parts(command: click.Command) -> list[click.Command]:
    """The command, and the commands that it groups."""
    return [command, *(command.commands.values() if isinstance(command, click.Group) else ())]


def _options(command: click.Command) -> set[str]:
    """The options of a command and of those below it."""
    context = click.Context(command, help_option_names=["-h", "--help"])
    params = [param for part in _parts(command) for param in part.get_params(context)]
    return {
        opt for param in params for opt in (*param.opts, *param.secondary_opts) if opt[0] == "-"
    }


COMMANDS = _commands()
EVERY_OPTION = {
    *(option for command in COMMANDS.values() for option in _options(command)),
    *_options(door.cli),
}


def _blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(page.read_text("utf-8")) if kind == language]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "name", ["README.md", "LICENSE", "THIRD_PARTY.md", "CHANGELOG.md", "CONTRIBUTING.md"]
)
def test_the_standing_pages_are_there(name: str) -> None:
    assert (ROOT / name).read_text("utf-8").strip()


def test_the_licence_is_the_whole_of_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text and "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text and "9. Accepting Warranty" in text


def test_the_changelog_speaks_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] in (ROOT / "CHANGELOG.md").read_text("utf-8")


# Commands, options, exit codes


def _command_lines(page: Path) -> Iterator[list[str]]:
    """Every `video-pipeline …` on a page, in consoles and in running text, as words."""
    text = page.read_text("utf-8")
    shown = [line[2:] for block in _blocks(page, "console") for line in block.splitlines()
             if line.startswith("$ ")]  # fmt: skip
    inline = re.findall(r"`(video-pipeline [^`\n]+)`", _FENCE.sub("", text))
    for line in [*shown, *inline]:
        words = line.split()
        if words[0] == "video-pipeline":
            yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_line_shown_would_be_understood(page: Path) -> None:
    for words in _command_lines(page):
        assert words[0] in COMMANDS, f"{_name(page)} shows a command '{words[0]}'"
        known = _options(COMMANDS[words[0]])
        used = {word.split("=")[0] for word in words[1:] if word.startswith("-")}
        assert used <= known, f"{_name(page)}: {words[0]} has no {sorted(used - known)}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_option_named_exists(page: Path) -> None:
    text = _FENCE.sub("", page.read_text("utf-8"))
    spans = [s for s in re.findall(r"`([^`\n]+)`", text) if not s.startswith(("mypy", "ffmpeg"))]
    named = {m for s in spans for m in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", s)}
    # Options of ffmpeg, in the page about licences of what is run, are not ours.
    assert named <= EVERY_OPTION, f"{_name(page)} names {sorted(named - EVERY_OPTION)}"


def test_the_table_of_commands_is_complete_and_right() -> None:
    rows = re.findall(r"^\| `([a-z]+)[^`]*` \|([^\n]*)", _section("docs/output.md", "Commands"),
                      re.MULTILINE)  # fmt: skip
    assert {name for name, _ in rows} == set(COMMANDS)
    for name, row in rows:
        named = set(re.findall(r"`(--?[a-z][a-z-]*)`", row))
        assert named <= _options(COMMANDS[name]), f"{name}: {named - _options(COMMANDS[name])}"


def test_every_option_is_in_the_docs() -> None:
    text = (ROOT / "docs/output.md").read_text("utf-8")
    missing = {
        f"{name} {max(param.opts, key=len)}"
        for name, command in COMMANDS.items()
        for part in _parts(command)
        for param in part.params
        if isinstance(param, click.Option) and not any(f"`{o}`" in text for o in param.opts)
        and not any(re.search(rf"[`/]{re.escape(o)}`", text) for o in param.opts)
    }  # fmt: skip
    assert not missing


def test_the_readme_shows_every_command() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert not [n for n in COMMANDS if f"`{n}`" not in text and f"video-pipeline {n}" not in text]


def test_json_keys_named_are_keys_that_commands_write() -> None:
    written = "".join(p.read_text("utf-8") for p in (ROOT / "video_pipeline/cli").glob("*.py"))
    shown = _section("docs/output.md", "Commands")
    keys = {
        key for span in re.findall(r"`(\{.*?\})`", shown) for key in re.findall(r'"(\w+)"', span)
    }
    assert keys >= {"clips", "keyframes", "pictures", "ok", "findings", "pieces", "encoded"}
    assert not [key for key in keys if f'"{key}":' not in written]


def test_the_keys_of_coverage_are_named() -> None:
    text = _section("docs/output.md", "Coverage")
    row = Row(
        "zip", "Zip", "should", "shown", (Stretch("a", Fraction(0), Fraction(1), Fraction(0), 1),)
    )
    (view,) = coverage_as_json(Coverage("bag", "a bag", (row,)))["views"]
    assert not [key for key in (*view, *view["where"][0]) if f"`{key}`" not in text]
    assert not [state for state in get_args(State) if f"`{state}`" not in text]
    assert not [word for word in load_expectations("bag").requirable if word not in text]


def test_the_exit_codes_are_those_of_the_errors() -> None:
    rows = dict(re.findall(r"^\| (\d+) \|.*\|([^|]*)\|$", _section("docs/output.md", "Exit codes"),
                           re.MULTILINE))  # fmt: skip
    family = [errors.PipelineError]
    for kind in family:
        family.extend(kind.__subclasses__())
    for kind in family[1:]:
        assert f"`{kind.kind}`" in rows[str(kind.exit_code)]
    assert set(rows) == {"0", "1", "6", "130", *(str(kind.exit_code) for kind in family)}
    named = {code for page in PAGES
             for code in re.findall(r"exit code (\d+)", page.read_text("utf-8"))}  # fmt: skip
    assert named <= set(rows)


def test_make_targets_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:`|^\$ )make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
        assert set(named) <= targets, _name(page)


def _section(page: str, heading: str) -> str:
    text = (ROOT / page).read_text("utf-8")
    found = re.search(rf"^## {heading}.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section '{heading}'"
    return found.group(0)


# Links and paths


@pytest.mark.parametrize("page", ALL_PAGES, ids=_name)
def test_relative_links_resolve(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, _ = target.partition("#")
        there = (page.parent / path).resolve()
        assert there.is_relative_to(ROOT), f"{_name(page)} links out of the repository: {target}"
        assert there.exists(), f"{_name(page)} links to {target}"


@pytest.mark.parametrize("page", ALL_PAGES, ids=_name)
def test_no_page_names_a_path_outside_the_repository(page: Path) -> None:
    text = re.sub(r"https?://\S+", "", page.read_text("utf-8"))
    outside = r"(?<![\w.])/(?:work|tmp|home|root|usr|var|opt|mnt|etc)/\S*|\.\./shared\S*"
    assert not re.findall(outside, text)


@pytest.mark.parametrize("page", ALL_PAGES, ids=_name)
def test_files_of_the_repository_that_are_named_exist(page: Path) -> None:
    tops = r"(?:video_pipeline|overlays|presets|samples|tests|benchmarks|docs|\.ci)/[\w./-]+"
    text = _FENCE.sub("", page.read_text("utf-8"))
    for named in re.findall(rf"`({tops})`", text):
        assert (ROOT / named).exists(), f"{_name(page)} names {named}"


def test_every_room_has_its_place_in_the_design() -> None:
    text = (ROOT / "docs/design.md").read_text("utf-8")
    code = ROOT / "video_pipeline"
    rooms = [p.parent.name for p in code.glob("*/__init__.py") if not p.parent.name.startswith("_")]
    modules = [p.stem for p in code.glob("*.py") if not p.stem.startswith("__")]
    assert not [name for name in (*rooms, *modules) if f"`{name}`" not in text]


# Examples

_LEAST: dict[str, Any] = {
    "sku": "A-1",
    "item": {"brand": "B", "model": "M"},
    "condition": {"grade": "good"},
    "footage": ["take.mp4"],
}


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (page, text)
        for page in ("docs/listing.md", "README.md")
        for text in _blocks(ROOT / page, "yaml")
    ],
)
def test_listing_examples_can_be_read(page: str, text: str, tmp_path: Path) -> None:
    example = yaml.safe_load(text)
    missing = {key: value for key, value in _LEAST.items() if key not in example}
    path = tmp_path / "listing.yaml"
    # As written on the page, with what a part of a listing leaves out put below it.
    path.write_text(text + (yaml.safe_dump(missing) if missing else ""), encoding="utf-8")
    listing = read_listing(path)
    assert set(example) <= set(Listing.model_fields)
    assert listing.sku == example.get("sku", "A-1")


def test_every_field_and_word_of_a_listing_is_explained() -> None:
    text = (ROOT / "docs/listing.md").read_text("utf-8")
    schema = Listing.model_json_schema()
    parts = [schema, *schema["$defs"].values()]
    fields = {name for part in parts for name in part.get("properties", {})}
    words = {word for part in parts for field in part.get("properties", {}).values()
             for word in field.get("enum", [])}  # fmt: skip
    assert "seen" in fields and "sticky-lining" in words
    assert not [f for f in fields if not re.search(rf"\b{f}\b", text)]
    assert not [w for w in words if f"`{w}`" not in text]


def test_a_whole_listing_shows_every_field() -> None:
    whole = yaml.safe_load(_blocks(ROOT / "docs/listing.md", "yaml")[0])
    assert set(whole) == set(Listing.model_fields)
    for name in ("item", "condition", "price", "story", "audio"):
        kind = Listing.model_json_schema()["$defs"][name.capitalize()]
        assert set(whole[name]) == set(kind["properties"]), name


def _preset_examples() -> dict[str, str]:
    """Examples by the path in their first line, without `my-presets/`."""
    found: dict[str, str] = {}
    for page in ("docs/presets.md", "docs/trust.md"):
        for text in _blocks(ROOT / page, "yaml"):
            first = re.match(r"# my-presets/([\w/-]+\.yaml)\n", text)
            assert first, f"{page}: say in the first line where the file stands"
            found[first.group(1)] = text
    return found


def test_preset_examples_can_be_read(tmp_path: Path) -> None:
    kinds = set()
    for name, text in _preset_examples().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind, stem = path.relative_to(tmp_path).parts[0], path.stem
        kinds.add(kind)
        path.write_text(text, encoding="utf-8")
        if kind == "placements":
            # The page shows the lines that differ from the shipped file.
            base = yaml.safe_load(
                (shipped("presets") / "placements/tiktok.yaml").read_text("utf-8")
            )
            assert set(yaml.safe_load(text)) < set(base)
            whole = yaml.safe_dump({**base, **yaml.safe_load(text)})
            path.write_text(whole, encoding="utf-8")
            assert load_placement(stem, tmp_path).burn_in == {"price"}
        elif kind == "storyboards":
            assert read_storyboard(stem, tmp_path).slots
        elif kind == "grades":
            assert load_scale(stem, tmp_path).grades
        elif kind == "coverage":
            assert load_expectations(stem, tmp_path).views
        elif kind == "wording":
            assert load_wording(stem, tmp_path, path.parent.name).words.checked
        else:
            if logo := yaml.safe_load(text).get("logo"):
                Image.new("RGB", (300, 90), "navy").save(path.parent / logo["file"])
            issuer = read_issuer(path)
            assert issuer.keys or issuer.service
    assert kinds == {"placements", "storyboards", "grades", "coverage", "issuers", "wording"}


def test_the_shipped_presets_are_named() -> None:
    text = (ROOT / "docs/presets.md").read_text("utf-8")
    assert not [n for n in (*placement_names(), *category_names()) if f"`{n}`" not in text]
    assert not [word for word in (*get_args(KnownBy), *get_args(LookAt)) if f"`{word}`" not in text]
    figures = yaml.safe_load((shipped("presets") / "placements/tiktok.yaml").read_text("utf-8"))
    named = {n for n, v in figures.items() if isinstance(v, dict)}
    assert not [name for name in named if f"`{name}`" not in text]
    words = (*storyboard_names(), *FACTS, *languages())
    assert not [name for name in words if f"`{name}`" not in text]
    spoken = (ROOT / "README.md").read_text("utf-8")
    names = [Locale.parse(code, sep="-").get_display_name("en") for code in languages()]
    assert not [name for name in names if name not in spoken]


def test_the_shipped_templates_are_named() -> None:
    text = (ROOT / "docs/overlays.md").read_text("utf-8")
    assert template_names()
    assert not [name for name in template_names() if f"`{name}`" not in text]


def test_the_signing_example_makes_a_certificate_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = _blocks(ROOT / "docs/trust.md", "python")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/trust.md", "exec"), {})
    own = tmp_path / "my-presets/issuers"
    assert len(load_issuers(own)) == len(load_issuers()) + 1
    path = tmp_path / "listing.yaml"
    item = {"brand": "ORSETTA", "model": "Cognac Pouch", "serial": "OR 2219 0417"}
    page = {**_LEAST, "item": item, "certificates": [{"file": "certificate.jwt"}]}
    path.write_text(yaml.safe_dump(page), encoding="utf-8")
    now = datetime(2026, 11, 23, tzinfo=UTC)
    claims, refusals = verify(read_listing(path), now=now, issuers_folder=own)
    assert [claim.certificate_id for claim in claims] == ["AN-2026-0001"], refusals


def test_the_badge_is_quoted_as_it_is() -> None:
    listing = read_listing(shipped("samples") / "cognac-pouch/listing.yaml")
    (claim,), _ = verify(listing, now=datetime(2026, 11, 23, tzinfo=UTC))
    text = (ROOT / "docs/trust.md").read_text("utf-8")
    quote = " ".join(line[2:] for line in text.splitlines() if line.startswith("> "))
    for line in claim.lines:
        assert line.rstrip(".") in quote
    assert not forbidden(quote)


# Packages


def _requirements(extra: str) -> tuple[set[str], set[str], set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def names(lines: list[str]) -> set[str]:
        return {_plain(re.match(r"[\w.-]+", line).group(0)) for line in lines}  # type: ignore[union-attr]

    extras = project["optional-dependencies"]
    return names(project["dependencies"]), names(extras["dev"]), names(extras[extra])


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _table(page: str, heading: str) -> set[str]:
    """First cells of a section's table."""
    cells = re.findall(r"^\| ([\w-]+) \|", _section(page, heading), re.MULTILINE)
    return {_plain(cell) for cell in cells} - {"package"}


@pytest.mark.parametrize(
    ("page", "run_time", "development", "extra", "heading"),
    [
        (page, *headings, extra, heading)
        for page, headings, extras in (
            (
                "docs/dependencies.md", ("At run time", "For development"),
                {"timeline": "For editing programs", "provenance": "For Content Credentials"},
            ),
            (
                "THIRD_PARTY.md", ("Packages at run time", "Packages for development"),
                {x: f"Packages of the extra `{x}`" for x in ("timeline", "provenance")},
            ),
        )
        for extra, heading in extras.items()
    ],
)  # fmt: skip
def test_packages_are_those_of_the_project(
    page: str, run_time: str, development: str, extra: str, heading: str
) -> None:
    needed, for_work, for_extra = _requirements(extra)
    assert _table(page, heading) == for_extra <= for_work  # the suite tries them too
    # Pillow is used directly and comes with moviepy, which says which versions it can bear.
    assert _table(page, run_time) - {"pillow"} == needed - {"pillow"}
    assert "pillow" in _table(page, run_time)
    assert _table(page, development) == for_work


@pytest.mark.parametrize(
    ("page", "extra", "heading"),
    [
        ("docs/dependencies.md", "remote", "For object stores"),
        ("docs/dependencies.md", "cluster", "For a cluster"),
        ("THIRD_PARTY.md", "remote", "Packages of the extra `remote`"),
        ("THIRD_PARTY.md", "cluster", "Packages of the extra `cluster`"),
    ],
)
def test_packages_of_extras_are_those_of_the_project(page: str, extra: str, heading: str) -> None:
    _, for_work, for_extra = _requirements(extra)
    assert _table(page, heading) == for_extra
    assert for_extra & for_work  # at least one of each is tried by the suite


@pytest.mark.parametrize("page", ["docs/dependencies.md", "THIRD_PARTY.md"])
def test_packages_for_training_are_those_that_make_train_fetches(page: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = " ".join(project["optional-dependencies"]["training"])
    fetched = re.findall(r"([\w-]+)==", (ROOT / "Makefile").read_text("utf-8"))
    named = {_plain(name) for name in re.findall(r"([\w-]+)>=", declared)}
    heading = "For training" if page.startswith("docs") else "Packages for training"
    assert fetched
    assert _table(page, heading) == named | {_plain(name) for name in fetched}


def test_the_network_s_trunk_comes_with_its_licence() -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text("utf-8")
    (licence,) = _blocks(ROOT / "THIRD_PARTY.md", "text")
    assert "Copyright (c) Soumith Chintala 2016" in licence
    for clause in ("Redistributions of source code", "Redistributions in binary form", "Neither"):
        assert f"* {clause}" in licence
    assert "POSSIBILITY OF SUCH DAMAGE" in licence
    shipped_here = _section("THIRD_PARTY.md", "Shipped in this repository")
    models = [*(ROOT / "video_pipeline").rglob("*.onnx")]
    assert models
    assert all(f"`{m.relative_to(ROOT).as_posix()}`" in shipped_here for m in models)
    # The very file that training reads, by torchvision's own name for it.
    weights = re.search(r"mobilenet_v2-([0-9a-f]{8})\.pth", text)
    assert weights and weights.group(0) in (ROOT / "training/imagenet.py").read_text("utf-8")
    assert f"`{weights.group(1)}" in text


def test_shipped_fonts_are_named_with_their_owners() -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text("utf-8")
    fonts = shipped("overlays") / "fonts"
    assert not [font.name for font in fonts.glob("*.?tf") if font.name not in text]
    for licence in fonts.glob("*-OFL.txt"):
        assert licence.name in text
        owner = r"(?:the|The) (\w+ Project Authors)|Copyright [\d-]+ (\w+) .*"
        owners = re.findall(owner, licence.read_text("utf-8"))
        assert owners
        assert not [name for pair in owners for name in pair if name not in text]
    assert "GNU General Public License" in text


def test_every_benchmark_that_is_cited_is_there() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    for heading in ("Detectors", "encoder", "render"):
        assert heading in results
