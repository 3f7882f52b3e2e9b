"""Whether a badge's code is still read after a platform's encoding: `python -m benchmarks.badge`.

The sample is rendered as anybody would render it, in each theme, and every finished clip is encoded
again whole, smaller and with few bits. Told is of how many of the frames that show the badge fully
(between its coming and its going) zxing-cpp reads the address that the certificate names.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2

from video_pipeline.edit.model import Edit
from video_pipeline.overlays.theme import theme, theme_names
from video_pipeline.pipeline.preparing import Settings
from video_pipeline.pipeline.rendering import render_listing
from video_pipeline.resources import shipped
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path
from video_pipeline.vision.codes import codes

AGAIN = ((720, 1200), (540, 600))  # the shorter side in pixels, kbit/s


def shown_fully(edit: Edit, look: str) -> Iterator[tuple[int, str]]:
    """Frames of the clip in which a badge is at rest, with the address that its code holds."""
    motion, begin = theme(None, look).motion, 0
    for cut in edit.cuts:
        for use in cut.overlays:
            if "check_url" in use.fields:
                for frame in range(use.first + motion.enter, use.last - motion.leave):
                    yield begin + frame, use.fields["check_url"]
        begin += cut.frames


def encoded_again(clip: Path, edit: Edit, side: int, kbps: int, out: Path) -> None:
    """What a platform makes of it: fewer pixels, and so many bits a second and no more."""
    scale = side / min(edit.width, edit.height)
    width, height = (round(edge * scale / 2) * 2 for edge in (edit.width, edit.height))
    subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", "-i", str(clip), "-an",
         "-vf", f"scale={width}:{height}", "-c:v", "libx264", "-preset", "veryfast",
         "-b:v", f"{kbps}k", "-maxrate", f"{kbps}k", "-bufsize", f"{kbps}k",
         "-pix_fmt", "yuv420p", str(out)],
        check=True,
    )  # fmt: skip


def read(clip: Path, wanted: dict[int, str]) -> int:
    """In how many of the `wanted` frames the code is read, and says what it should."""
    video, found, number = cv2.VideoCapture(str(clip)), 0, 0
    while True:
        more, frame = video.read()
        if not more:
            return found
        if number in wanted:
            texts = [code.text for code in codes(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))]
            found += texts == [wanted[number]]
        number += 1


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, render, encode, read, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    sample = shipped("samples") / "cognac-pouch" / "listing.yaml"
    parser.add_argument("listing", nargs="?", type=Path, default=sample)
    parser.add_argument("--placement", default="tiktok,etsy")
    parser.add_argument("--theme", default=",".join(theme_names()))
    asked = parser.parse_args(words)
    print("| placement | theme | frames | 720p, 1.2 Mbit/s | 540p, 0.6 Mbit/s |")
    print("|---|---|---:|---:|---:|")
    for look in asked.theme.split(","):
        with tempfile.TemporaryDirectory() as scratch:
            settings = Settings(Store(), theme=look, jobs=1)
            settings.store.begin()
            out = Path(scratch) / "out"
            for clip in render_listing(asked.listing, out, asked.placement.split(","), settings):
                wanted = dict(shown_fully(clip.edit, look))
                told = []
                for side, kbps in AGAIN:
                    again = Path(scratch) / "again.mp4"
                    encoded_again(clip.file, clip.edit, side, kbps, again)
                    number = read(again, wanted)
                    told.append(f"{number} ({100 * number / len(wanted):.1f} %)")
                row = " | ".join([clip.placement, look, str(len(wanted)), *told])
                print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
