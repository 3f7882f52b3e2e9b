"""Content Credentials on real clips: signed, read, and caught when anything was changed."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeClip, Outcome
from footage_tables import table
from PIL import Image

from video_pipeline.delivery.signing import Finished, _check_again, _of_clip
from video_pipeline.edit.cover import choose_cover
from video_pipeline.edit.model import Cut, Edit, Music, Steady
from video_pipeline.errors import ListingError, RenderError, UsageError
from video_pipeline.footage.hearing import probe_music
from video_pipeline.footage.probe import probe
from video_pipeline.geometry import Crop, CropKey
from video_pipeline.handwriting.settings import SETTINGS
from video_pipeline.presets.placements import load_placement
from video_pipeline.store import file_digest
from video_pipeline.toolchain import ffmpeg_path
from video_pipeline.trust.credentials import SOURCE, Action, RawFile, Statement, sign_file
from video_pipeline.trust.essence import essence_of
from video_pipeline.trust.identity import (
    CHAIN_FILE,
    KEY_FILE,
    Identity,
    choose_identity,
    load_identity,
    make_identity,
)
from video_pipeline.trust.provenance import read_provenance

c2pa = pytest.importorskip("c2pa", reason="the extra 'provenance' is not installed")

Run = Callable[..., Outcome]
SERIAL = "OR-2219-0417"
RAW = RawFile("take.mov", "ab" * 32, "video/quicktime")


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity("Atelier Nord", tmp_path_factory.mktemp("identity"))


@pytest.fixture(scope="module")
def plain_clip(make_clip: MakeClip) -> Path:
    return make_clip(
        "clip.mp4", "-f", "lavfi", "-i", "testsrc2=s=180x320:r=30:d=2", "-f", "lavfi", "-i",
        "sine=440:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
        "-movflags", "+faststart",
    )  # fmt: skip


def statement(title: str = "clip.mp4") -> Statement:
    actions = [Action("c2pa.trimmed", "shot 1: 0:02.0–0:04.0 of take.mov")]
    return Statement(title, [RAW], actions, {"condition": {"grade": "Good"}})


@pytest.fixture
def signed(plain_clip: Path, identity: Identity, tmp_path: Path) -> Path:
    """A signed clip with its sidecar in another folder."""
    clip = tmp_path / "clip.mp4"
    shutil.copyfile(plain_clip, clip)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "clip.c2pa").write_bytes(sign_file(clip, statement(), identity))
    return clip


def rewrapped(clip: Path, out: Path, *options: str) -> Path:
    command = [str(ffmpeg_path()), "-v", "error", "-y", "-i", str(clip), *options, str(out)]
    subprocess.run(command, check=True, timeout=60)
    return out


def flipped(clip: Path, at: int) -> Path:
    data = bytearray(clip.read_bytes())
    data[at] ^= 1
    clip.write_bytes(data)
    return clip


def test_a_signed_clip_tells_what_it_was_made_from_and_is_intact(
    signed: Path, identity: Identity
) -> None:
    told = read_provenance(signed)
    assert (told.state, told.signer, told.known) == ("intact", "Atelier Nord", False)
    assert told.raw == (("take.mov", "ab" * 32),)
    assert [name for name, _ in told.actions] == ["c2pa.created", "c2pa.placed", "c2pa.trimmed"]
    assert told.made == "compositeCapture"
    assert told.facts is not None
    assert told.facts["condition"] == {"grade": "Good"}
    assert told.signed == ""
    assert not list(signed.parent.glob(".*"))  # nothing half-made is left
    # The chain that the seller hands out makes the signer one that the reader knows.
    assert read_provenance(signed, identity.key_file.with_name(CHAIN_FILE)).known


def test_another_seller_s_chain_does_not_vouch(signed: Path, tmp_path: Path) -> None:
    make_identity("Atelier Nord", tmp_path / "impostor")  # the same name, another key
    told = read_provenance(signed, tmp_path / "impostor" / CHAIN_FILE)
    assert (told.state, told.known) == ("intact", False)


def test_the_claim_binds_the_clip_and_names_no_generative_source(signed: Path) -> None:
    with c2pa.Reader(str(signed)) as reader:
        page = json.loads(reader.json())
    manifest = page["manifests"][page["active_manifest"]]
    data = {entry["label"]: entry["data"] for entry in manifest["assertions"]}
    assert "c2pa.hash.bmff.v3" in data
    created, placed, *_ = data["c2pa.actions.v2"]["actions"]
    assert created["digitalSourceType"] == f"{SOURCE}compositeCapture"
    assert placed["parameters"]["ingredients"]  # tied to the ingredient by its hash
    text = json.dumps(page).lower()
    assert "algorithmic" not in text and "synthetic" not in text


@pytest.mark.parametrize("where", ["pictures", "index", "statement", "type"])
def test_a_changed_byte_is_caught(signed: Path, where: str) -> None:
    data = signed.read_bytes()
    at = {
        "pictures": data.index(b"mdat") + 400,
        "index": data.index(b"mdhd") + 20,
        "statement": data.index(b"compositeCapture"),
        "type": 10,  # the library leaves this box out of its sums
    }[where]
    if where == "type":
        page = {"files": {signed.name: file_digest(signed)}}
        (signed.parent / "manifest.json").write_text(json.dumps(page))
    told = read_provenance(flipped(signed, at))
    assert told.state == "broken"
    assert told.why


def test_any_byte_is_caught_beside_the_manifest(signed: Path) -> None:
    whole = signed.read_bytes()
    page = {"files": {signed.name: file_digest(signed)}}
    (signed.parent / "manifest.json").write_text(json.dumps(page))
    assert read_provenance(signed).state == "intact"
    chosen = random.Random(7).sample(range(len(whole)), 25)
    for at in chosen:
        signed.write_bytes(whole)
        try:
            state = read_provenance(flipped(signed, at)).state
        except UsageError:  # it is no longer an mp4
            continue
        assert state in ("broken", "absent"), at


def test_after_a_copy_by_ffmpeg_it_is_absent_and_the_sidecar_still_belongs(
    signed: Path, tmp_path: Path
) -> None:
    copy = rewrapped(signed, tmp_path / "copy.mp4", "-c", "copy")
    assert read_provenance(copy).state == "absent"
    shutil.copyfile(tmp_path / "kept" / "clip.c2pa", copy.with_suffix(".c2pa"))
    told = read_provenance(copy)
    assert (told.state, told.sidecar, told.signer) == ("rewrapped", True, "Atelier Nord")
    assert "only the wrapping is new" in told.why


def test_a_sidecar_does_not_belong_to_a_clip_that_was_coded_anew(
    signed: Path, tmp_path: Path
) -> None:
    other = rewrapped(signed, tmp_path / "other.mp4", "-crf", "40")
    shutil.copyfile(tmp_path / "kept" / "clip.c2pa", other.with_suffix(".c2pa"))
    told = read_provenance(other)
    assert told.state == "broken"
    assert "not for these pictures" in told.why


def test_a_damaged_sidecar_is_told(signed: Path, tmp_path: Path) -> None:
    copy = rewrapped(signed, tmp_path / "copy.mp4", "-c", "copy")
    sidecar = (tmp_path / "kept" / "clip.c2pa").read_bytes()
    for content in (b"", b"no credentials", sidecar[:-50]):
        copy.with_suffix(".c2pa").write_bytes(content)
        assert read_provenance(copy).state == "broken"
    at = sidecar.index(b"compositeCapture")
    copy.with_suffix(".c2pa").write_bytes(sidecar[:at] + b"X" + sidecar[at + 1 :])
    told = read_provenance(copy)
    assert told.state == "broken"
    assert "what the signer states was changed" in told.why


def test_a_picture_is_signed_and_its_essence_is_its_own(identity: Identity, tmp_path: Path) -> None:
    picture = tmp_path / "cover.jpg"
    content = io.BytesIO()
    Image.effect_noise((80, 60), 60).convert("RGB").save(content, "JPEG")
    picture.write_bytes(content.getvalue())
    before = essence_of(picture)
    sign_file(picture, statement(picture.name), identity)
    assert essence_of(picture) == before
    assert read_provenance(picture).state == "intact"
    assert read_provenance(flipped(picture, picture.stat().st_size - 40)).state == "broken"


def test_a_time_stamp_service_that_does_not_answer_is_told(
    plain_clip: Path, identity: Identity, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    shutil.copyfile(plain_clip, clip)
    with pytest.raises(RenderError) as caught:
        sign_file(clip, statement(), replace(identity, timestamp="http://127.0.0.1:9/"))
    assert "http://127.0.0.1:9/" in caught.value.mend
    assert clip.read_bytes() == plain_clip.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_without_the_extra_it_says_what_to_install(
    signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(UsageError) as caught:
        read_provenance(signed)
    assert "video-pipeline[provenance]" in caught.value.mend


def test_credentials_of_another_program_are_read_too(
    plain_clip: Path, identity: Identity, tmp_path: Path, run_cli: Run
) -> None:
    clip = tmp_path / "clip.mp4"
    manifest = {
        "claim_generator_info": [{"name": "another", "version": "1"}],
        "ingredients": [{"title": "x.jpg", "format": "image/jpeg", "relationship": "componentOf"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [
                {"action": "c2pa.created", "digitalSourceType": f"{SOURCE}digitalCapture"}]}},
            {"label": "org.video-pipeline.condition", "data": ["not", "ours"], "kind": "Json"},
            {"label": "org.video-pipeline.essence", "data": ["not", "ours"], "kind": "Json"},
        ],
    }  # fmt: skip
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo("es256", identity.chain, identity.key, None))
    with plain_clip.open("rb") as source, clip.open("w+b") as out:
        c2pa.Builder(json.dumps(manifest)).sign(signer, "video/mp4", source, out)
    said = run_cli("provenance", clip)
    assert said.code == 0, said.err
    assert "x.jpg" in said.out and "condition" not in said.out


def test_a_new_identity_keeps_its_key_to_itself(tmp_path: Path) -> None:
    made = make_identity("Atelier Nord", tmp_path / "id")
    assert stat.S_IMODE(made.key_file.stat().st_mode) == 0o600
    assert b"PRIVATE" not in (tmp_path / "id" / CHAIN_FILE).read_bytes()
    assert "PRIVATE" not in repr(made)
    with pytest.raises(UsageError, match="never overwritten"):
        make_identity("Atelier Nord", tmp_path / "id")
    assert load_identity(made.key_file, tmp_path / "id" / CHAIN_FILE).name == "Atelier Nord"


def test_an_identity_that_cannot_sign_is_refused_in_plain_words(tmp_path: Path) -> None:
    one, two = (make_identity(name, tmp_path / name) for name in ("one", "two"))
    with pytest.raises(UsageError, match="for another key"):
        load_identity(one.key_file, tmp_path / "two" / CHAIN_FILE)
    with pytest.raises(UsageError, match="not a secret key"):
        chain = tmp_path / "one" / CHAIN_FILE
        chain.chmod(0o600)
        load_identity(chain, chain)
    two.key_file.chmod(0o644)
    if os.name == "posix":
        with pytest.raises(UsageError, match="may read the signing key") as caught:
            load_identity(two.key_file, tmp_path / "two" / CHAIN_FILE)
        assert "chmod 600" in caught.value.mend


def test_the_settings_file_names_an_identity(tmp_path: Path) -> None:
    make_identity("Atelier Nord", tmp_path / "id")
    assert choose_identity(None, None, None, tmp_path) is None
    settings = tmp_path / SETTINGS
    settings.write_text(f'[sign]\nwith = "id/{KEY_FILE}"\nchain = "id/{CHAIN_FILE}"\n')
    chosen = choose_identity(None, None, None, tmp_path)
    assert chosen is not None
    assert (chosen.name, chosen.timestamp) == ("Atelier Nord", None)
    settings.write_text('[sign]\nwith = "x"\nwhit = 3\n')
    with pytest.raises(ListingError) as caught:
        choose_identity(None, None, None, tmp_path)
    assert [p.where for p in caught.value.problems] == ["sign.whit"]
    with pytest.raises(UsageError, match="needs the key and the chain"):
        choose_identity(tmp_path / "id" / KEY_FILE, None, None, tmp_path)


def test_render_signs_everything_and_the_clip_still_passes_its_check(
    run_cli: Run,
    short_listing: Callable[..., Path],
    short_take: Path,
    tiny_presets: Path,
    tmp_path: Path,
) -> None:
    assert run_cli("identity", "new", "Atelier Nord", "-o", tmp_path / "id").code == 0
    # The footage is named after the serial number, which must come out nowhere.
    take = tmp_path / f"{SERIAL}.mp4"
    shutil.copyfile(short_take, take)
    listing = short_listing()
    listing.write_text(listing.read_text().replace(str(short_take), str(take)))
    options = (
        "--sign-with",
        tmp_path / "id" / KEY_FILE,
        "--sign-chain",
        tmp_path / "id" / CHAIN_FILE,
    )
    out = tmp_path / "out"
    tiny = ("--presets", tiny_presets, "--placement", "tiny")
    done = run_cli("render", listing, "-o", out, *tiny, *options, "--json")
    assert done.code == 0, done.out + done.err
    clip = Path(done.json["clips"][0]["file"])
    manifest = json.loads((out / "manifest.json").read_text())
    assert done.json["clips"][0]["bytes"] == clip.stat().st_size
    checked = run_cli("check", clip, *tiny, "--json")
    assert checked.json["ok"]
    assert len(checked.json["not_checked"]) == 1  # signed or not, it is known by its manifest
    pictures = [p for p in out.rglob("*") if p.suffix in (".mp4", ".jpg")]
    assert len(pictures) > 4
    for path in pictures:
        name = path.relative_to(out).as_posix()
        assert read_provenance(path).state == "intact"
        assert manifest["files"][name] == file_digest(path) != manifest["unsigned"][name]
    assert {p.name for p in out.glob("*.c2pa")} == {
        clip.with_suffix(".c2pa").name,
        f"{clip.stem}.cover.c2pa",
    }
    told = run_cli("provenance", clip, "--json").json
    assert told["raw"] == [{"file": "••••••.mp4", "sha256": file_digest(take)}]
    names = [action["action"] for action in told["actions"]]
    assert names[:2] == ["c2pa.created", "c2pa.placed"]
    assert {"c2pa.trimmed", "c2pa.addedText", "c2pa.resized", "c2pa.transcoded"} <= set(names)
    assert told["facts"]["certificates"]["verified_when_made"][0]["test"] is True
    assert ("c2pa.drawing" in names) is any(
        "flaw-callout" in name for name in manifest["clips"][0]["overlays"]
    )
    # A cover is one frame of one file, and says no more.
    for cover, written in (
        (f"{clip.stem}.cover.jpg", True),
        (f"{clip.stem}.cover-plain.jpg", False),
    ):
        picture = read_provenance(out / cover)
        assert (picture.made, picture.raw) == ("", told_raw(told))
        done = [name for name, _ in picture.actions]
        assert done[:2] == ["c2pa.opened", "c2pa.trimmed"]
        assert ("c2pa.addedText" in done) is written
        assert not {"c2pa.created", "c2pa.placed", "c2pa.dubbed"} & set(done)
    secret = (tmp_path / "id" / KEY_FILE).read_bytes()
    for path in (p for p in out.rglob("*") if p.is_file()):
        content = path.read_bytes()
        assert SERIAL.encode() not in content, path.name
        assert b"PRIVATE KEY" not in content and secret not in content
    said = run_cli("provenance", clip)
    assert said.code == 0
    assert "signed by      Atelier Nord" in said.out
    assert run_cli("provenance", flipped(clip, clip.stat().st_size - 99)).code == 4


def told_raw(told: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((raw["file"], raw["sha256"]) for raw in told["raw"])


@pytest.mark.parametrize(
    ("keep_sound", "heard"),
    [(True, "own sound and the music were mixed"), (False, "the music was brought")],
)
def test_music_is_an_ingredient_and_is_heard(
    keep_sound: bool, heard: str, short_take: Path, make_clip: MakeClip
) -> None:
    song = probe_music(make_clip("song.wav", "-f", "lavfi", "-i", "sine=330:d=4"))
    footage = {"take.mp4": replace(probe(short_take), audio_stream=1)}
    crop = Crop(540, 960, (CropKey(0, 0, 0),))
    cut = Cut(
        *("hero", "take.mp4", Fraction(1), 30, crop, (), "whole", ""), steady=Steady(1.04, 3.0)
    )
    edit = Edit(
        *("bag", "listing.yaml", "showcase", "tiktok", 540, 960, Fraction(30), {}, (cut,)),
        keep_sound=keep_sound,
        music=Music(str(song.path), song.digest, Fraction(0), Fraction(4)),
    )
    analysis = table((4, {"whole": 0.9}))
    cover = choose_cover(edit, {"take.mp4": analysis}, load_placement("tiktok"))
    clip = Finished(edit, load_placement("tiktok"), Path("clip.mp4"), cover, ())
    said = _of_clip(clip, footage, song, {})
    assert [(raw.name, raw.media) for raw in said.raw] == [
        ("take.mp4", "video/mp4"),
        ("song.wav", "audio/wav"),
    ]
    words = {action.name: action.words for action in said.actions}
    assert heard in words["c2pa.dubbed"]
    assert "against the camera's shake" in words["c2pa.cropped"]
    without = _of_clip(replace(clip, edit=replace(edit, music=None)), footage, song, {})
    assert [raw.name for raw in without.raw] == ["take.mp4"]


def test_a_clip_that_signing_makes_too_large_is_told(signed: Path) -> None:
    size = signed.stat().st_size
    place = replace(load_placement("tiktok"), max_bytes=size - 1)
    with pytest.raises(RenderError, match="signed, the clip is larger"):
        _check_again(signed, place, size - 1)


def test_a_key_in_the_output_folder_is_refused(
    run_cli: Run, short_listing: Callable[..., Path], tmp_path: Path
) -> None:
    make_identity("Atelier Nord", tmp_path / "out")
    key, chain = tmp_path / "out" / KEY_FILE, tmp_path / "out" / CHAIN_FILE
    done = run_cli(
        "render", short_listing(), "-o", tmp_path / "out", "--sign-with", key, "--sign-chain", chain
    )
    assert done.code == 2
    assert "keep the key in another folder" in done.err
    assert key.exists()


def test_what_is_not_a_clip_is_told_plainly(run_cli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no clip")
    (tmp_path / "a.txt").write_text("words")
    for name in ("a.mp4", "a.txt", "gone.mp4"):
        done = run_cli("provenance", tmp_path / name)
        assert (done.code, "Traceback" in done.err) == (2, False)
        assert done.err.count("error:") == 1
