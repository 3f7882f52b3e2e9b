"""Storage, against an S3 server over real HTTP with faults on the way."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from object_store import BUCKET, Weather, served

from video_pipeline.errors import FootageError, PipelineError, RenderError, UsageError
from video_pipeline.storage.addresses import Address, address_of
from video_pipeline.storage.objects import MissingError, Objects, Patience, UnreachableError
from video_pipeline.storage.releases import CURRENT, read_release, release
from video_pipeline.storage.shared_store import SharedStore
from video_pipeline.storage.sources import Sources, allowed_places
from video_pipeline.store import Store, file_digest

QUICK = Patience(tries=3, wait_s=0.02, longest_s=0.05, answer_s=1.0)
HERE = Address("s3", BUCKET)


@pytest.fixture(scope="module")
def server() -> Iterator[Weather]:
    with served() as weather:
        yield weather


@pytest.fixture
def weather(
    server: Weather, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Weather:
    """The server, with credentials in the environment as a person has them."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "quite-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    server.clear()
    if not getattr(request.module, "_made", False):
        s3fs.S3FileSystem().mkdir(BUCKET)
        request.module._made = True  # type: ignore[attr-defined]
    server.clear()
    return server


@pytest.fixture
def place(weather: Weather, request: pytest.FixtureRequest) -> Address:
    """A place in the bucket of the test's own."""
    return HERE / request.node.name.replace("[", "-").strip("]")


def a_file(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ── addresses ──


@pytest.mark.parametrize(
    "text",
    ["s3://house/footage/take 1.mov", "gs://house/a", "az://box/é.mov", "abfs://box/a", "s3://b"],
)
def test_an_address_is_as_it_was_written(text: str) -> None:
    assert str(address_of(text)) == text


def test_a_plain_path_is_a_mounted_folder(tmp_path: Path) -> None:
    assert address_of(str(tmp_path)) == Address("file", str(tmp_path))
    assert address_of("file:///mnt/a/") == Address("file", "/mnt/a")


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/a.mov",
        "ssh://host/a",
        "github://org:repo@main/a",
        "simplecache::s3://house/a",
        "s3://house/a::zip://b",
        "s3://house/../other/a",
        "s3://house//a",
        "s3://house/a?versionId=1",
        "s3://house/*.mov",
        "s3:///a",
        "s3://",
        "s3://house/a\nb",
        "file://host/a",
    ],
)
def test_what_is_no_plain_address_of_a_store_is_refused(text: str) -> None:
    if "::s3" in text:  # not even an address: a file of that name, which is not there
        assert address_of(text).protocol == "file"
        return
    with pytest.raises(UsageError) as refused:
        address_of(text, "--upload")
    assert refused.value.where == "--upload"
    assert refused.value.mend


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as refused:
        address_of("s3://me:hunter2@house/a")
    assert "hunter2" not in f"{refused.value.message}{refused.value.mend}{refused.value.where}"


def test_below_is_by_whole_names() -> None:
    assert address_of("s3://house/a/b").is_within(address_of("s3://house/a"))
    assert not address_of("s3://house/ab").is_within(address_of("s3://house/a"))
    assert not address_of("gs://house/a/b").is_within(address_of("s3://house/a"))


# ── objects ──


@pytest.mark.parametrize("faults", [("500",), ("503", "500"), ("silence",), ("short",)])
def test_what_may_pass_is_tried_again(
    faults: tuple[str, ...], place: Address, weather: Weather, tmp_path: Path
) -> None:
    objects = Objects(QUICK)
    file = a_file(tmp_path, "a.bin", bytes(range(256)) * 500)
    weather.fail("PUT", "a.bin", *(f for f in faults if f != "short"))  # type: ignore[arg-type]
    objects.send(file, place / "a.bin")
    weather.fail("GET", "a.bin", *faults)  # type: ignore[arg-type]
    objects.fetch(place / "a.bin", tmp_path / "b.bin")
    assert file_digest(tmp_path / "b.bin") == file_digest(file)


def test_patience_ends_and_says_so(place: Address, weather: Weather, tmp_path: Path) -> None:
    weather.fail("PUT", "a.bin", *["500"] * 9)  # type: ignore[list-item]
    with pytest.raises(UnreachableError) as told:
        Objects(QUICK).send(a_file(tmp_path, "a.bin", "a"), place / "a.bin")
    assert weather.asked["PUT"] == QUICK.tries
    assert str(place / "a.bin") in told.value.where
    assert "3 times" in told.value.message


@pytest.mark.parametrize("fault", ["403", None])
def test_what_will_not_pass_is_told_at_once(
    fault: str | None, place: Address, weather: Weather
) -> None:
    if fault:
        weather.fail("HEAD", "missing", *[fault] * 9)  # type: ignore[arg-type]
    with pytest.raises(UsageError if fault else MissingError) as told:
        Objects(QUICK).stat(place / "missing.mov")
    assert weather.asked["HEAD"] == 1
    assert told.value.where == str(place / "missing.mov")
    assert told.value.mend


def test_what_arrives_spoilt_is_sent_again(
    place: Address, weather: Weather, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a checksum in the request, the server cannot know.
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    file = a_file(tmp_path, "a.bin", b"what was meant" * 9)
    weather.fail("PUT", "a.bin", "spoilt")
    Objects(QUICK).send(file, place / "a.bin")
    assert weather.asked["PUT"] == 2
    assert Objects(QUICK).read(place / "a.bin") == file.read_bytes()


def test_what_comes_spoilt_is_fetched_again(
    place: Address, weather: Weather, tmp_path: Path
) -> None:
    file = a_file(tmp_path, "a.bin", b"what was meant" * 9)
    Objects(QUICK).send(file, place / "a.bin")
    weather.fail("GET", "a.bin", "spoilt")
    Objects(QUICK).fetch(place / "a.bin", tmp_path / "b.bin")
    assert (tmp_path / "b.bin").read_bytes() == file.read_bytes()


def test_secrets_are_in_no_message(place: Address, weather: Weather, caplog: object) -> None:
    weather.fail("GET", "", *["500"] * 9)  # type: ignore[list-item]
    with pytest.raises(PipelineError) as told:
        Objects(QUICK).read(place / "a.bin")
    said = f"{told.value.message} {told.value.where} {told.value.mend}"
    assert "quite-secret" not in said
    assert "Signature" not in said


# ── sources ──


def test_footage_is_fetched_once_and_keeps_its_name(
    place: Address, weather: Weather, tmp_path: Path
) -> None:
    Objects(QUICK).send(a_file(tmp_path, "x", b"footage" * 99), place / "back/take.MOV")
    weather.clear()
    seen: list[tuple[str, str]] = []

    def sources() -> Sources:
        return Sources(
            Store(tmp_path / "cache"),
            (place,),
            Objects(QUICK),
            lambda address, version: seen.append((address, version)),
        )

    first, again = (sources()(f"{place}/back/take.MOV") for _ in range(2))
    assert first == again
    assert first.parts[-2:] == ("back", "take.MOV")
    assert first.read_bytes() == b"footage" * 99
    assert weather.asked["GET"] == 1
    assert seen[0] == seen[1]
    assert seen[0][0] == f"{place}/back/take.MOV"
    # A new version is another file; what was handed out before stays as it was.
    Objects(QUICK).send(a_file(tmp_path, "x", b"another take"), place / "back/take.MOV")
    assert sources()(f"{place}/back/take.MOV").read_bytes() == b"another take"
    assert seen[2] != seen[0]


def test_the_cache_of_footage_keeps_its_limit_and_drops_the_oldest(
    place: Address, tmp_path: Path
) -> None:
    objects = Objects(QUICK)
    for number in range(4):
        objects.send(a_file(tmp_path, "x", bytes([number]) * 400_000), place / f"{number}.mov")
    for number in range(4):
        store = Store(tmp_path / "cache", "1MB")
        Sources(store, (place,), objects)(f"{place}/{number}.mov")
        del store
    store = Store(tmp_path / "cache", "1MB")
    store.tidy()
    kept = {p.read_bytes()[0] for p in (tmp_path / "cache/sources").glob("*.mov")}
    assert kept == {2, 3}
    assert Sources(store, (place,), objects)(f"{place}/0.mov").read_bytes()[0] == 0


def test_a_listing_may_name_only_what_the_run_allows(place: Address, tmp_path: Path) -> None:
    Objects(QUICK).send(a_file(tmp_path, "x", "x"), place / "others/take.mov")
    sources = Sources(Store(tmp_path), allowed_places([f"{place}/ours"]), Objects(QUICK))
    for named in (f"{place}/others/take.mov", f"{place}/ours2/a.mov", "file:///etc/passwd"):
        with pytest.raises(FootageError, match="may be fetched") as refused:
            sources(named)
        assert "--allow-remote" in refused.value.mend


def test_footage_that_is_not_there_names_its_address(place: Address, tmp_path: Path) -> None:
    sources = Sources(Store(tmp_path), (place,), Objects(QUICK))
    with pytest.raises(FootageError, match=r"no footage 's3://house/.*/gone\.mov'"):
        sources(f"{place}/gone.mov")


def test_two_threads_fetch_one_file_once(place: Address, weather: Weather, tmp_path: Path) -> None:
    Objects(QUICK).send(a_file(tmp_path, "x", b"f" * 100_000), place / "take.mov")
    weather.clear()
    found: list[Path] = []
    sources = Sources(Store(tmp_path / "cache"), (place,), Objects(QUICK))
    threads = [
        threading.Thread(target=lambda: found.append(sources(f"{place}/take.mov")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4
    assert weather.asked["GET"] == 1


# ── the shared store ──


def shared(folder: Path, place: Address) -> SharedStore:
    return SharedStore(folder, place, objects=Objects(QUICK))


def never(_part: Path) -> None:
    raise AssertionError("it was made, and was there")


def test_what_one_machine_made_another_takes(place: Address, tmp_path: Path) -> None:
    one, two = (shared(tmp_path / name, place) for name in ("one", "two"))
    one.make("pieces", "a1", ".mp4", lambda part: part.write_bytes(b"piece"))
    assert two.make("pieces", "a1", ".mp4", never).read_bytes() == b"piece"
    assert (one.put, one.taken, two.put, two.taken) == (1, 0, 0, 1)


def test_what_is_not_shared_stays_here(place: Address, weather: Weather, tmp_path: Path) -> None:
    shared(tmp_path, place).make("overlays", "a1", ".mov", lambda part: part.write_bytes(b"x"))
    assert not weather.asked


def test_a_spoilt_object_is_made_again_and_replaced(
    place: Address, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two, three = (shared(tmp_path / name, place) for name in ("one", "two", "three"))
    one.make("pieces", "a1", ".mp4", lambda part: part.write_bytes(b"piece"))
    there = one.object_of("pieces", "a1", ".mp4")
    objects = Objects(QUICK)
    objects.write(there, objects.read(there)[:-1] + b"X")
    with caplog.at_level(logging.WARNING):
        made = two.make("pieces", "a1", ".mp4", lambda part: part.write_bytes(b"piece"))
    assert made.read_bytes() == b"piece"
    assert "made again" in caplog.text
    assert three.make("pieces", "a1", ".mp4", never).read_bytes() == b"piece"


def test_a_dropped_file_is_not_taken_back(place: Address, tmp_path: Path) -> None:
    one = shared(tmp_path / "one", place)
    one.drop(one.make("pieces", "a1", ".mp4", lambda part: part.write_bytes(b"damaged")))
    assert (
        one.make("pieces", "a1", ".mp4", lambda part: part.write_bytes(b"whole")).read_bytes()
        == b"whole"
    )
    assert shared(tmp_path / "two", place).make("pieces", "a1", ".mp4", never).read_bytes() == (
        b"whole"
    )


def test_a_level_that_does_not_answer_costs_no_clip(
    place: Address, weather: Weather, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weather.fault = lambda _method, _path: "500"
    one = shared(tmp_path, place)
    with caplog.at_level(logging.WARNING):
        for key in ("a1", "a2"):
            made = one.make("pieces", key, ".mp4", lambda part: part.write_bytes(b"piece"))
            assert made.read_bytes() == b"piece"
    assert caplog.text.count("left alone") == 1
    assert sum(weather.asked.values()) == QUICK.tries  # the second piece did not ask


def test_a_level_that_does_not_let_us_in_is_a_mistake_to_mend(
    place: Address, weather: Weather, tmp_path: Path
) -> None:
    weather.fault = lambda _method, _path: "403"
    with pytest.raises(UsageError, match="does not allow"):
        shared(tmp_path, place).make("pieces", "a1", ".mp4", never)


# ── releases ──


def a_folder(folder: Path, **files: str) -> Path:
    """A finished folder with the manifest that goes with it."""
    shutil.rmtree(folder, ignore_errors=True)
    made = [a_file(folder, name.replace("__", "/"), text) for name, text in files.items()]
    digests = {p.relative_to(folder).as_posix(): file_digest(p) for p in made}
    a_file(folder, "manifest.json", json.dumps({"files": digests}))
    return folder


def test_a_release_is_read_back_whole(place: Address, tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "out", clip="a clip", keyframes__one="a still")
    released = release(folder, place, Objects(QUICK))
    assert (released.sent, released.copied) == (3, 0)
    read_release(place, tmp_path / "back", Objects(QUICK))
    names = ("clip", "keyframes/one", "manifest.json")
    for name in names:
        assert (tmp_path / "back" / name).read_bytes() == (folder / name).read_bytes()


def test_the_pointer_is_written_last(place: Address, weather: Weather, tmp_path: Path) -> None:
    release(a_folder(tmp_path / "out", clip="a", cover="b"), place, Objects(QUICK))
    puts = [path.rpartition("/")[2] for method, path in weather.log if method == "PUT"]
    assert puts == ["clip", "cover", "manifest.json", CURRENT]


def test_only_what_changed_is_sent_again(place: Address, weather: Weather, tmp_path: Path) -> None:
    objects = Objects(QUICK)
    release(a_folder(tmp_path / "out", clip="a" * 9000, page="1,250"), place, objects)
    again = release(a_folder(tmp_path / "out", clip="a" * 9000, page="1,100"), place, objects)
    assert (again.sent, again.copied) == (2, 1)  # the page and the manifest
    weather.clear()
    same = release(tmp_path / "out", place, objects)
    assert (same.sent, same.copied) == (0, 0)
    assert not weather.asked["PUT"]
    read_release(place, tmp_path / "back", objects)
    assert (tmp_path / "back/page").read_text() == "1,100"


@pytest.mark.parametrize("broken", range(1, 5))
def test_wherever_an_upload_breaks_off_a_reader_has_the_last_one_whole(
    broken: int, place: Address, weather: Weather, tmp_path: Path
) -> None:
    objects = Objects(QUICK)
    release(a_folder(tmp_path / "old", a="1", b="1", c="1"), place, objects)
    asked = 0

    def fault(method: str, _path: str) -> str | None:
        nonlocal asked
        asked += method == "PUT"
        return "500" if asked >= broken and method == "PUT" else None

    weather.fault = fault  # type: ignore[assignment]
    new = a_folder(tmp_path / "new", a="2", b="2", c="2")
    with pytest.raises(UnreachableError):
        release(new, place, objects)
    read_release(place, tmp_path / "back", objects)
    assert [(tmp_path / "back" / n).read_text() for n in "abc"] == ["1", "1", "1"]
    weather.clear()
    release(new, place, objects)
    read_release(place, tmp_path / "again", objects)
    assert [(tmp_path / "again" / n).read_text() for n in "abc"] == ["2", "2", "2"]


def test_the_last_release_stays_for_those_who_read_it_and_older_ones_go(
    place: Address, tmp_path: Path
) -> None:
    objects = Objects(QUICK)
    made = [
        release(a_folder(tmp_path / "out", clip=str(number)), place, objects).address
        for number in range(3)
    ]
    with pytest.raises(MissingError):
        objects.stat(made[0] / "clip")
    assert objects.read(made[1] / "clip") == b"1"
    assert objects.read(made[2] / "clip") == b"2"


def test_a_folder_that_is_not_as_its_manifest_says_is_not_released(
    place: Address, weather: Weather, tmp_path: Path
) -> None:
    folder = a_folder(tmp_path / "out", clip="a")
    (folder / "clip").write_text("b")
    with pytest.raises(RenderError, match="clip is not the file"):
        release(folder, place, Objects(QUICK))
    assert not weather.asked


def test_a_reader_is_told_of_a_spoilt_file(place: Address, tmp_path: Path) -> None:
    objects = Objects(QUICK)
    released = release(a_folder(tmp_path / "out", clip="a"), place, objects)
    objects.write(released.address / "clip", b"b")
    with pytest.raises(RenderError, match="not what was released"):
        read_release(place, tmp_path / "back", objects)


def test_something_else_at_the_destination_is_not_replaced(place: Address, tmp_path: Path) -> None:
    objects = Objects(QUICK)
    objects.write(place / CURRENT, b"somebody's")
    with pytest.raises(RenderError, match="something else"):
        release(a_folder(tmp_path / "out", clip="a"), place, objects)
    assert objects.read(place / CURRENT) == b"somebody's"


def test_a_mounted_folder_is_a_destination_too(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    objects, mounted = Objects(QUICK), Address("file", str(tmp_path / "mnt"))
    release(a_folder(tmp_path / "out", clip="a", page="1"), mounted, objects)
    again = release(a_folder(tmp_path / "out", clip="a", page="2"), mounted, objects)
    assert (again.sent, again.copied) == (2, 1)
    read_release(mounted, tmp_path / "back", objects)
    assert (tmp_path / "back/page").read_text() == "2"
