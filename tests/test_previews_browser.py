"""The preview in a real browser: every format opens, loops without a jump, and holds its place.

It runs where Chromium is installed (Debian's package `chromium`). The page is served from this
machine, since a browser keeps the pixels of local files to itself.
"""

from __future__ import annotations

import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from video_pipeline.pipeline import Previewed

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
_DEADLINE_S = 150

# Grey pictures of a loop's frames as the browser shows them, and how far neighbours are apart.
_PROBE = """
const canvas = new OffscreenCanvas(120, 150), pen = canvas.getContext("2d",
  {willReadFrequently: true});
function grey(picture) {
  pen.drawImage(picture, 0, 0, 120, 150);
  const p = pen.getImageData(0, 0, 120, 150).data, g = new Float32Array(p.length / 4);
  for (let i = 0; i < g.length; i++) g[i] = (p[4*i] + p[4*i+1] + p[4*i+2]) / 3;
  return g;
}
function apart(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length;
}
function steps(shown) { return shown.map((g, i) => apart(g, shown[(i + 1) % shown.length])); }
async function image(name, type) {
  const element = new Image();
  element.src = name;
  await element.decode();
  const decoder = new ImageDecoder({type, data: (await fetch(name)).body});
  await decoder.tracks.ready; await decoder.completed;
  const track = decoder.tracks.selectedTrack, shown = [];
  for (let i = 0; i < track.frameCount; i++) {
    const {image} = await decoder.decode({frameIndex: i});
    shown.push(grey(image)); image.close();
  }
  return {width: element.naturalWidth, height: element.naturalHeight, frames: track.frameCount,
          forever: track.repetitionCount === Infinity, steps: steps(shown)};
}
async function video(name, count) {
  const element = document.createElement("video");
  element.muted = true; element.preload = "auto";
  // Whole in memory: the test's server cannot send parts of a file, and seeking asks for them.
  element.src = URL.createObjectURL(await (await fetch(name)).blob());
  await new Promise((done, failed) => {
    element.oncanplaythrough = done;
    element.onerror = () => failed(new Error("the video does not open"));
  });
  const ready = element.readyState, length = element.duration, shown = [];
  for (let i = 0; i < count; i++) {
    const seeked = new Promise(done => { element.onseeked = done; });
    element.currentTime = (i + 0.5) * length / count;
    await seeked;
    shown.push(grey(element));
  }
  return {width: element.videoWidth, height: element.videoHeight, ready, duration: length,
          steps: steps(shown)};
}
async function told(work) {
  let answer;
  try { answer = await work(); } catch (error) { answer = {error: String(error)}; }
  await fetch("/told", {method: "POST", body: JSON.stringify(answer)});
}
"""


class _Desk(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, a page to probe it, and takes what the page tells."""

    def __init__(self, *a: Any, page: str, told: queue.Queue[Any], **k: Any) -> None:
        self.page, self.told = page, told
        super().__init__(*a, **k)

    def do_GET(self) -> None:
        if self.path != "/probe":
            super().do_GET()
            return
        body = self.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        pass


@contextmanager
def _served(folder: Path, page: str) -> Iterator[tuple[str, queue.Queue[Any]]]:
    told: queue.Queue[Any] = queue.Queue()
    desk = partial(_Desk, directory=str(folder), page=page, told=told)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), desk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/probe", told
        server.shutdown()


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., Any]:
    """A function that opens a page beside a folder's files and returns what the page tells."""

    def opened(folder: Path, body: str, script: str, *flags: str) -> Any:
        page = (
            '<!doctype html><html><head><meta charset="utf-8"><style>body{margin:0}</style></head>'
            f"<body>{body}<script>{_PROBE}\ntold(async () => {{{script}}});</script></body></html>"
        )
        with _served(folder, page) as (address, told):
            browser = subprocess.Popen(
                [
                    str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                    "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
                    "--remote-debugging-port=0", f"--user-data-dir={tmp_path / 'profile'}",
                    *flags, address,
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            try:
                return told.get(timeout=_DEADLINE_S)
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
                browser.wait()

    return opened


def test_every_format_opens_and_loops_without_a_jump(
    made_preview: Previewed, browse: Callable[..., Any]
) -> None:
    files = {file.form: file for file in made_preview.files}
    loop = made_preview.loop
    count = len(loop.order) // 2
    answer = browse(
        made_preview.folder,
        "",
        f"""return {{
          avif: await image("{files["avif"].file.name}", "image/avif"),
          webp: await image("{files["webp"].file.name}", "image/webp"),
          gif: await image("{files["gif"].file.name}", "image/gif"),
          mp4: await video("{files["mp4"].file.name}", {count})}};""",
    )
    assert set(answer) == set(files), answer
    for form, seen in answer.items():
        file = files[form]
        assert file.file.stat().st_size <= file.max_bytes
        assert (seen["width"], seen["height"]) == (file.width, file.height), form
        every = 2 if form == "mp4" else file.rung.every
        assert len(seen["steps"]) == len(loop.order) // every
        opening = (loop.parts[0].frames - loop.seam) // every - 1
        neighbours = [*seen["steps"][:opening], *seen["steps"][-(loop.seam // every) : -1]]
        assert seen["steps"][-1] <= max(neighbours) * 1.1, form
        assert max(seen["steps"]) > 4 * seen["steps"][-1], form
        if form == "mp4":
            assert seen["ready"] >= 3
            assert seen["duration"] == pytest.approx(loop.duration_s, abs=0.01)
        else:
            assert seen["forever"], form


_HELD = """
  await new Promise(done => addEventListener("load", done));
  await new Promise(done => setTimeout(done, 1500));
  const box = document.querySelector(".listing-preview").getBoundingClientRect();
  const clip = document.querySelector("video"), still = document.querySelector("img");
  return {width: box.width, height: box.height, playing: !clip.paused && clip.readyState > 2,
          loops: clip.loop, muted: clip.muted, source: clip.currentSrc,
          clip: getComputedStyle(clip).display, still: still.getClientRects().length,
          picture: still.currentSrc};
"""


@pytest.mark.parametrize("calm", [False, True])
def test_the_pasted_snippet_plays_or_rests_as_asked(
    made_preview: Previewed, browse: Callable[..., Any], *, calm: bool
) -> None:
    flags = ["--force-prefers-reduced-motion"] if calm else []
    snippet = made_preview.snippet.read_text("utf-8")
    seen = browse(made_preview.folder, snippet, _HELD, *flags)
    assert (seen["width"], seen["height"]) == (480, 600), seen
    if calm:
        assert seen["clip"] == "none"
        assert seen["still"] == 1
        assert "poster" in seen["picture"]
        assert not seen["source"], "no video is fetched for who wants no motion"
    else:
        assert seen["playing"] and seen["loops"] and seen["muted"]
        assert seen["source"].endswith(".preview.mp4")
        assert seen["still"] == 0
