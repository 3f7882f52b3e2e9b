"""`overlays preview`: pictures and a page of every look, over footage, and drawn anew on saving."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from video_pipeline.delivery.live import Showing, changes, showing
from video_pipeline.errors import UsageError
from video_pipeline.overlays.drawing import Canvas, draw
from video_pipeline.overlays.scaffold import scaffold
from video_pipeline.overlays.templates import samples
from video_pipeline.overlays.theme import theme_names
from video_pipeline.presets.placements import load_placement

Run = Callable[..., Any]


class Page(HTMLParser):
    """Every address that a page could fetch, and its figures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.figures: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.addresses += re.findall(r"url\(\"?([^\")]*)", text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.addresses += [given[k] or "" for k in ("src", "href", "srcset") if k in given]
        if tag == "figure":
            self.figures.append(given)


def test_pictures_and_one_page_that_fetches_nothing(run_cli: Run, tmp_path: Path) -> None:
    out = tmp_path / "look"
    told = run_cli("overlays", "preview", "label", "price", "-o", out, "--json").json
    looks = [(p["overlay"], p["theme"], p["lang"], p["placements"]) for p in told["pictures"]]
    wanted = [(o, t, "en", ["tiktok"]) for o in ("label", "price") for t in theme_names()]
    assert looks == wanted
    tiktok = load_placement("tiktok")
    canvas = Canvas(tiktok.width, tiktok.height, tiktok.safe)
    for picture in told["pictures"]:
        drawing = draw(
            picture["overlay"],
            samples(picture["overlay"])[picture["sample"]],
            canvas,
            theme=picture["theme"],
        )
        pixels = cv2.imread(str(out / picture["file"]), cv2.IMREAD_UNCHANGED)
        assert pixels is not None
        assert np.array_equal(pixels[..., [2, 1, 0, 3]], drawing.pixels)
        assert picture["box"] == [drawing.x, drawing.y, drawing.width, drawing.height]
    text = (out / "index.html").read_text("utf-8")
    page = Page(text)
    assert len(page.figures) == len(wanted)
    assert page.addresses
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not page.tags & {"script", "link", "iframe", "img"}
    assert "default-src 'none'" in text
    # A second run takes the place of the first; the folder of somebody else it leaves alone.
    assert run_cli("overlays", "preview", "label", "-o", out, "--theme", "street").code == 0
    assert [p.name for p in (out / "label").iterdir()] == ["usual.street.en.tiktok.png"]
    assert not (out / "price").exists()
    (out / "mine.txt").write_text("mine")
    refused = run_cli("overlays", "preview", "label", "-o", out)
    assert refused.code == 2
    assert "mine.txt" in refused.err


def test_placements_of_one_room_share_a_picture_and_can_be_filtered(
    run_cli: Run, tmp_path: Path
) -> None:
    out = tmp_path / "look"
    arguments = ("--placement", "all", "--theme", "minimal", "--lang", "ar", "--lang", "ja")
    told = run_cli("overlays", "preview", "label", "-o", out, *arguments, "--json").json
    for lang in ("ar", "ja"):
        named = [n for p in told["pictures"] if p["lang"] == lang for n in p["placements"]]
        assert len(named) == len(set(named)) > 15
    assert len(told["pictures"]) < 2 * len(named)
    # Arabic apps are mirrored in some places, so that walls differ.
    boxes = {p["lang"]: p["box"] for p in told["pictures"] if "tiktok" in p["placements"]}
    assert boxes["ar"] != boxes["ja"]
    text = (out / "index.html").read_text("utf-8")
    for kind, value in (("placement", "etsy"), ("language", "ar"), ("theme", "minimal")):
        assert f'body:has(#{kind} option[value="{value}"]:checked)' in text
        assert any(value in (f[f"data-{kind}"] or "").split() for f in Page(text).figures)


def test_a_listing_is_shown_over_its_own_footage(
    run_cli: Run, short_listing: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "look"
    listing = short_listing(price={"amount": "1450", "currency": "EUR"})
    told = run_cli(
        "overlays", "preview", "--listing", listing, "--theme", "atelier", "-o", out, "--json"
    ).json
    shown = {(p["overlay"], p["sample"]) for p in told["pictures"]}
    assert {("condition-note", "note-1"), ("price", "price"), ("caption", "usual")} <= shown
    assert ("certification-badge", "claim-1") in shown  # of its verified certificate
    assert told["silent"] == ["certificate-state", "price-drop"]
    page = Page((out / "index.html").read_text("utf-8"))
    assert sum(a.startswith("data:image/jpeg") for a in page.addresses) == 1
    price = next(p for p in told["pictures"] if p["overlay"] == "price")
    tiktok = load_placement("tiktok")
    canvas = Canvas(tiktok.width, tiktok.height, tiktok.safe)
    pixels = cv2.imread(str(out / price["file"]), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.shape == draw("price", {"amount_text": "€1,450"}, canvas).pixels.shape


def test_what_cannot_be_drawn_is_told_in_its_place(run_cli: Run, tmp_path: Path) -> None:
    own = tmp_path / "mine"
    scaffold("care-note", own)
    template = own / "care-note/template.svg.j2"
    template.write_text(template.read_text("utf-8").replace('"heading"', '"headnig"'), "utf-8")
    sample = own / "care-note/sample.yaml"
    # A sample's name is no way out of the folder, and no markup.
    sample.write_text('"../../<b>out</b>": {line: Kept in its box}\n', "utf-8")
    out = tmp_path / "look"
    wanted = ("--overlays", own, "--theme", "atelier", "-o", out)
    told = run_cli("overlays", "preview", "care-note", "label", *wanted)
    assert told.code == 2
    assert "headnig" in told.out
    text = (out / "index.html").read_text("utf-8")
    assert "headnig" in text
    assert "<b>out" not in text
    assert len(Page(text).figures) == 2
    template.write_text(template.read_text("utf-8").replace('"headnig"', '"heading"'), "utf-8")
    assert run_cli("overlays", "preview", "care-note", *wanted).code == 0
    (written,) = (out / "care-note").iterdir()
    assert written.name == "..%2F..%2F%3Cb%3Eout%3C%2Fb%3E.atelier.en.tiktok.png"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("lable",), "no overlay template called 'lable'"),
        (("label", "--theme", "streat"), "no theme called 'streat'"),
        (("label", "--lang", "xx"), "language 'xx'"),
        (("label", "--placement", "tiktik"), "tiktik"),
        (("--placement", "all", "--lang", "all"), "a page opens with 3000 at most"),
        (("label", "--live"), "no folder to watch"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    run_cli: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    refused = run_cli("overlays", "preview", *arguments, "-o", tmp_path / "look")
    assert refused.code == 2
    assert told in refused.err
    assert not (tmp_path / "look").exists()


# --- live ----------------------------------------------------------------------------------------


def asked(shown: Showing | str, path: str, host: str | None = None) -> tuple[int, str]:
    address = urlsplit(shown if isinstance(shown, str) else shown.address)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_the_server_knows_two_addresses_and_its_own_name_alone() -> None:
    with showing() as shown:
        shown.show("<p>one", "1")
        port = urlsplit(shown.address).port
        assert shown.address == f"http://127.0.0.1:{port}/"
        assert asked(shown, "/") == (200, "<p>one")
        assert asked(shown, "/state", f"localhost:{port}") == (200, "1")
        shown.show("<p>two", "2")
        assert asked(shown, "/") == (200, "<p>two")
        for path in ("/../../../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd", "/index.html"):
            assert asked(shown, path)[0] == 404
        # Another site's name that was made to lead here.
        assert asked(shown, "/", f"evil.example:{port}")[0] == 403
        with pytest.raises(UsageError, match="nothing can be shown at port"), showing(port or 0):
            pass
    with pytest.raises(OSError):
        asked(shown, "/")


def test_what_editors_leave_beside_a_file_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    waiting = changes(tmp_path)
    seen = threading.Event()
    threading.Thread(target=lambda: (next(waiting), seen.set()), daemon=True).start()
    time.sleep(0.2)
    (tmp_path / ".a.yaml.swp").write_text("2")
    (tmp_path / "a.yaml~").write_text("2")
    assert not seen.wait(0.8)
    (tmp_path / "a.yaml").write_text("now")
    assert seen.wait(10)


def test_saving_a_template_draws_it_anew_and_ctrl_c_ends_it(
    tmp_path: Path, shared_cache: Path
) -> None:
    own = tmp_path / "mine"
    scaffold("care-note", own)
    command = [
        *(sys.executable, "-m", "video_pipeline", "overlays", "preview", "care-note"),
        *("--theme", "atelier", "--overlays", str(own), "--live"),
    ]
    place = {"PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, **place},
    )  # fmt: skip
    try:
        assert running.stdout is not None
        address = running.stdout.readline().split()[0]
        before, page = asked(address, "/state")[1], asked(address, "/")[1]
        assert "connect-src 'self'" in page
        about = own / "care-note/overlay.yaml"
        template = own / "care-note/template.svg.j2"
        good = template.read_text("utf-8")
        template.write_text(good.replace('"sand"', '"ivory"'), "utf-8")
        assert running.stdout.readline() == "drawn anew\n"
        after = asked(address, "/state")[1]
        assert after != before
        assert after in asked(address, "/")[1]
        # A mistake is told on the page, which goes on.
        about.write_text(about.read_text("utf-8").replace("anchor: bottom", "anchor: botom"))
        assert "overlay.yaml" in running.stdout.readline()
        assert "botom" in asked(address, "/")[1]
        about.write_text(about.read_text("utf-8").replace("anchor: botom", "anchor: bottom"))
        template.write_text(good, "utf-8")
        assert running.stdout.readline() == "drawn anew\n"
        assert asked(address, "/state")[1] == before
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 0
        assert running.stdout.read() == "ended\n"
    finally:
        running.kill()
        running.communicate()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine"]
